# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard where AWS could not be asked about some overlay IP: nothing is started for what nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import guard
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response.alerts import Alert
from unit.plugins.module_utils._response.test_guard import (
    GAP,
    GONE,
    LOOK,
    NOT_READY,
    OTHER,
    OURS,
    QUIET,
    REAL,
    TABLE_DEAD,
    model,
)
from unit.status_reports import OVERLAY, report


def unread(*destinations: str) -> guard.Seen:
    """A report in which AWS told nothing of these; all other tables lack a route."""
    made = report({OVERLAY: GAP, OTHER: GAP}, engine=None)
    for overlay in made["overlays"]:
        if overlay["destination"] in destinations:
            overlay.update(tables=[], holder=None, vpc_id=None, unread="no credentials were found.")
    return guard.Seen(made, (), QUIET)


@pytest.mark.parametrize(
    ("alert", "away", "says"),
    [
        (TABLE_DEAD, (OVERLAY, OTHER), True),
        (TABLE_DEAD, (OTHER,), True),  # setup would touch it, too
        (NOT_READY, (OVERLAY,), True),
        (GONE, (OVERLAY,), True),
        (GONE, (OTHER,), False),
        (replace(GONE, destination="", **OURS), (OTHER,), True),
        (LOOK, (OVERLAY,), True),
        (LOOK, (OTHER,), False),
        (Alert("Try", True, "status"), (OTHER,), True),
    ],
)
def test_nothing_is_started_for_what_aws_told_nothing_of(alert: Alert, away: tuple[str, ...], says: bool) -> None:
    verdict = guard.judge([alert], model("none", OVERLAY, OTHER), REAL, unread(*away))
    assert verdict.refused is says
    if says:
        why = "nothing is started: AWS could not be asked: no credentials were found."
        assert (verdict.do, verdict.lines) == ("", (f"{alert.title}: {why}",))


def test_what_aws_told_of_is_started_beside_what_it_told_nothing_of() -> None:
    verdict = guard.judge([LOOK, GONE], model("none", OVERLAY, OTHER), REAL, unread(OTHER))
    assert (verdict.do, verdict.refused) == ("switchover", False)
    alone = guard.judge([TABLE_DEAD, GONE], model("none", OVERLAY, OTHER), REAL, unread(OTHER))
    assert (alone.do, alone.refused, len(alone.lines)) == ("switchover", False, 2)
