# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an alert is still true: what was not looked at is not well."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import look
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response.alerts import Alert

ACTIVE, DEAD = {"state": "active"}, {"state": "blackhole"}
WELL = "every route table has a route that works."


@pytest.mark.parametrize(
    ("overlays", "said"),
    [
        ([{"tables": [ACTIVE]}], WELL),
        ([{"tables": [ACTIVE, DEAD]}], ""),
        ([{"tables": []}], ""),
        ([{"tables": [], "unread": "no answer"}], ""),
        ([{"tables": [ACTIVE]}, {"tables": [], "unread": "no answer"}], ""),
        ([], ""),
    ],
)
def test_what_was_not_read_is_not_well(overlays: list[dict[str, Any]], said: str) -> None:
    report = {"overlays": [{"destination": f"{n}", **one} for n, one in enumerate(overlays)], "nodes": {}}
    for name in ("OverlayIpNobodyServes", "OverlayIpTableDead"):
        assert look.over(Alert(name), report) == said


def test_a_check_that_was_not_read_is_not_off() -> None:
    alert = Alert("OverlayIpNotReady", check="source_dest_check")
    for name, said in (
        ("not_read", ""),
        ("not_looked_at", ""),
        ("other", "the source/destination check is off everywhere."),
    ):
        report = {"overlays": [{"destination": "1", "findings": [{"id": name}]}], "nodes": {}}
        assert look.over(alert, report) == said
