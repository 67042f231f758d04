# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of the time that interfaces had, and what they get back."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import tracking
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.tracking import Record

KEY = "aws_ha.overlay_ip/eni-1"


@pytest.mark.parametrize(
    ("needed", "now", "before", "kept"),
    [
        (3900, 350, None, "was=350 needs=3900"),
        (3900, None, None, None),
        (3900, 5000, None, "was=5000 needs=3900"),
        (3900, 432_000, None, None),
        (3900, 3900, "was=350 needs=3900", "was=350 needs=3900"),
        (5000, 3900, "was=350 needs=3900", "was=350 needs=5000 set=3900/5000"),
        (3900, 6000, "was=350 needs=6000", "was=350 needs=3900 set=3900/6000"),
        (3900, 6000, "was=350 needs=3900 set=3900/6000", "was=350 needs=3900 set=3900/6000"),
        (0, 350, None, None),
        (0, 3900, "was=350 needs=3900", None),
        (3900, 350, "by hand", "was=350 needs=3900"),
    ],
)
def test_what_is_kept(needed: int, now: int | None, before: str | None, kept: str | None) -> None:
    tags = {KEY: before} if before else {}
    assert tracking.kept(needed, {"eni-1": now}, tags) == ({KEY: kept} if kept else {})


@pytest.mark.parametrize(
    ("record", "now", "others", "back"),
    [
        ("was=350 needs=3900", 3900, 0, 350),
        ("was=350 needs=3900", 3900, 1000, 1000),
        ("was=350 needs=3900", 3900, 3900, None),
        ("was=350 needs=3900", 3900, 6000, None),
        ("was=350 needs=3900", 7200, 0, None),
        ("was=350 needs=3900", None, 0, None),
        ("was=0 needs=3900", 3900, 0, None),
        ("was=5000 needs=3900", 5000, 0, None),
        ("was=3900 needs=3900", 3900, 0, None),
        ("was=350 needs=3900 set=3900/6000", 6000, 0, 350),
        ("was=350 needs=3900 set=3900/6000", 6000, 3900, 3900),
        ("was=350 needs=6000 set=3900/6000", 3900, 0, 350),  # the call that was to raise it has failed
        ("was=350 needs=6000 set=3900/6000", 5000, 0, None),
        ("by hand", 3900, 0, None),
    ],
)
def test_what_is_given_back(record: str, now: int | None, others: int, back: int | None) -> None:
    found = tracking.given_back({KEY: record}, {"eni-1": now}, {"eni-1": others} if others else {})
    assert found == ({"eni-1": back} if back else {})


def test_an_interface_that_is_gone_gets_nothing() -> None:
    assert tracking.given_back({KEY: "was=350 needs=3900"}, {}, {}) == {}


def test_the_most_that_is_needed() -> None:
    tags = {KEY: "was=350 needs=3900", "aws_ha.overlay_ip/eni-2": "was=350 needs=100", "aws_ha.overlay_ip": "sap"}
    assert tracking.records(tags) == {"eni-1": Record(350, 3900), "eni-2": Record(350, 100)}
    assert tracking.needs(tags, {"eni-2": 500, "eni-3": 1}) == {"eni-1": 3900, "eni-2": 500, "eni-3": 1}


def test_a_tag_holds_the_record_of_many_times() -> None:
    tags = {KEY: "was=350 needs=1000"}
    for needed in range(1001, 1100):
        tags = tracking.kept(needed, {"eni-1": 1000}, tags)
    assert len(tags[KEY]) <= 256
    assert tracking.given_back(tags, {"eni-1": 1099}, {}) == {"eni-1": 350}
