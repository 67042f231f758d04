# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, or may become wrong, and how to mend it.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

ERROR, WARNING, INFO = "error", "warning", "info"
NOT_SEEN = "not_seen"
"""The id of a finding that the caller may not look at something: no proof that it is well."""


@dataclass(frozen=True)
class Finding:
    """``severity``: error (the overlay IP does not or would not work), warning, info."""

    id: str
    severity: str
    message: str
    remedy: str


def as_dicts(found: Iterable[Finding]) -> list[dict[str, str]]:
    """As the modules return them, errors first."""
    return [asdict(f) for f in sorted(found, key=lambda f: (ERROR, WARNING, INFO).index(f.severity))]
