# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a managed prefix list is told, and told again. Why one cannot be used: _inventory/test_listed.py."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import entries
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.facts import PrefixList

LISTED = PrefixList(
    "pl-0123456789abcdef0", "overlays", 6, 5, 7, "create-complete", "", "1", (("2001:db8::5/128", "ours"),)
)


@pytest.mark.parametrize("listed", [LISTED, PrefixList("pl-0123456789abcdef1", owner_id="AWS")])
def test_what_a_module_returns_is_read_again(listed: PrefixList) -> None:
    told = entries.shown(listed)
    assert told is not None
    assert entries.of_shown(told) == listed
    assert told["address_family"] == f"IPv{listed.family}"


def test_of_no_list_nothing_is_shown() -> None:
    assert entries.shown(None) is None


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "10.99.0.0"), (3, "10.99.0.0, 10.99.0.1, 10.99.0.2"), (5, "10.99.0.0, 10.99.0.1, 10.99.0.2, 2 more")],
)
def test_of_many_the_first_are_named(count: int, told: str) -> None:
    assert entries.named([f"10.99.0.{number}/32" for number in range(count)]) == told


def test_weight_and_what_was_added() -> None:
    assert (LISTED.weight, PrefixList("pl-0123456789abcdef1").weight) == (5, 1)
    assert entries.added_by(LISTED, "ours") == ["2001:db8::5/128"]
    assert entries.added_by(PrefixList("pl-01234567", entries=(("10.99.0.5/32", ""),)), "") == []
    assert entries.lacking(LISTED, ["2001:db8::5/128", "2001:db8::6/128", "2001:db8::6/128"]) == ["2001:db8::6/128"]
