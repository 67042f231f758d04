# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The register of the rules: each is a check of AWS's behaviour that any endpoint can be put to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..bench import Bench

Check = Callable[[Bench], None]


@dataclass(frozen=True)
class Rule:
    """A rule: its number in the list, its check, and what stock moto does in its place."""

    number: int
    check: Check
    stock_moto: str

    @property
    def name(self) -> str:
        """For test ids: ``03_duplicates_are_refused``."""
        return f"{self.number:02d}_{self.check.__name__}"


_RULES: list[Rule] = []


def rule(number: int, stock_moto: str) -> Callable[[Check], Check]:
    """Register a check."""

    def register(check: Check) -> Check:
        _RULES.append(Rule(number, check, stock_moto))
        return check

    return register


def all_rules() -> list[Rule]:
    """All registered rules, by number."""
    return sorted(_RULES, key=lambda one: one.number)
