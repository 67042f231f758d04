# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a master should do by what the routes say, and what keepalived's word makes of the past."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.mastership import (
    AWAY,
    FINE,
    LOST,
    TAKE,
    heaviest,
    judge,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    BACKUP,
    FAULT,
    MASTER,
    STOP,
    Standing,
    entered,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route
from unit.keepalived_world import DEAD, FOREIGN, HELD, MINE, OVERLAY, OVERRULED, PEER, TAKING, THIRD, to


@pytest.mark.parametrize(
    ("standing", "routes", "verdict"),
    [
        (HELD, [MINE, MINE], FINE),
        (TAKING, [MINE, MINE], FINE),
        (HELD, [PEER, PEER], LOST),
        (HELD, [PEER, MINE], LOST),  # the first table leads
        (HELD, [MINE, PEER], TAKE),
        (HELD, [DEAD, DEAD], TAKE),
        (HELD, [None, None], TAKE),
        (HELD, [to("eni-me", "blackhole")], TAKE),
        (HELD, [Route(OVERLAY, "nat-1")], TAKE),  # no interface: nobody holds it
        (TAKING, [PEER, PEER], TAKE),
        # No table decides alone: what is somebody else's is left alone while another table points here ...
        (HELD, [FOREIGN, MINE], FINE),
        (TAKING, [MINE, FOREIGN], FINE),
        (HELD, [FOREIGN, MINE, None], TAKE),
        (HELD, [THIRD, MINE], TAKE),  # an interface that is no node's does not overrule
        (HELD, [THIRD, THIRD], LOST),  # unless it has all
        (HELD, [THIRD, None], TAKE),
        (HELD, [None, PEER], LOST),  # none points here: a table at the peer says who has it
        (HELD, [DEAD, PEER], LOST),
        (OVERRULED, [PEER, PEER], AWAY),
        (OVERRULED, [DEAD, DEAD], TAKE),
        (Standing(MASTER, lost=200.0 - 299.9), [PEER], AWAY),
        (Standing(MASTER, lost=200.0 - 300.0), [PEER], TAKE),  # five minutes: long enough ago
    ],
)
def test_judgement(standing: Standing, routes: list[Route | None], verdict: str) -> None:
    assert judge(standing, routes, "eni-me", {"eni-peer"}, now=200.0) == verdict


@pytest.mark.parametrize(
    ("silence", "advert", "lost"),
    [
        (2.89, 1.0, None),
        (2.9, 1.0, 50.0),
        (4.5, 1.0, 50.0),
        (4.51, 1.0, None),
        (0.59, 0.2, 50.0),  # three short adverts
        (1.4, 0.2, None),
        (6.0, 2.0, 50.0),
        (8.4, 2.0, 50.0),
        (5.8, 2.0, None),
    ],
)
def test_silence_is_three_to_four_adverts(silence: float, advert: float, lost: float | None) -> None:
    assert entered(Standing(BACKUP, lost=50.0), MASTER, now=silence, advert=advert).lost == lost


def test_the_heaviest_verdict_counts() -> None:
    assert heaviest([FINE, LOST, TAKE]) == LOST
    assert heaviest([TAKE, FINE]) == TAKE
    assert heaviest([]) == FINE


@pytest.mark.parametrize(
    ("before", "state", "lost"),
    [
        (Standing(BACKUP, since=97.0, lost=50.0), MASTER, 50.0),  # three adverts of silence: nobody was heard
        (Standing(BACKUP, since=95.6, lost=50.0), MASTER, 50.0),
        (Standing(BACKUP, since=95.4, lost=50.0), MASTER, None),  # later than silence takes: the other one was heard
        (Standing(BACKUP, since=98.0, lost=50.0), MASTER, None),  # sooner: it said farewell
        (Standing(FAULT, since=10.0, lost=50.0), BACKUP, 50.0),
        (Standing(MASTER, since=10.0, lost=50.0), FAULT, 50.0),
        (Standing(MASTER, since=10.0, lost=50.0), STOP, None),
    ],
)
def test_what_was_lost_counts_until_the_other_node_is_heard(before: Standing, state: str, lost: float | None) -> None:
    assert entered(before, state, now=100.0, advert=1.0) == Standing(state, 100.0, held=False, lost=lost)
