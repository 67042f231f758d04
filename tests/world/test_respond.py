# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An alert while an engine is really at work: nothing is started. When it rests, what is still wrong is mended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from drill.bed import Bed, bed
from lab.playbook.run import Run

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SLOW = 40.0
"""Seconds that a takeover takes: its write is delayed, and a look at everything fits into it."""


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Two full nodes at rest on node1."""
    with bed(request.param) as made:
        made.play("setup.yml", overlay_ip_timeout=120)
        made.rest("node1")
        yield made
        problems = made.control.problems()
    assert not problems, problems


def respond(pair: Bed) -> Run:
    labels = {"alertname": "OverlayIpConfigDiffers", "severity": "warning", "overlay_ip_action": "setup"}
    labels |= {"deployment": "overlay-ip", "vpc_id": pair.lab.world.vpc_id, "destination": f"{pair.lab.overlay}/32"}
    word = quote(json.dumps([{"status": "firing", "labels": labels}]))
    return pair.play("respond.yml", overlay_ip_alerts=word, overlay_ip_response_dry_run=False)


def leave(pair: Bed) -> None:
    """node1 is to give it up, in an orderly way."""
    if pair.engine == "keepalived":
        pair.exec("node1", "systemctl", "stop", "keepalived")
    else:
        pair.exec("node1", "crm_standby", "--node", "node1", "--update", "on")


def come_back(pair: Bed) -> None:
    if pair.engine == "keepalived":
        pair.exec("node1", "systemctl", "start", "keepalived")
    else:
        pair.exec("node1", "crm_standby", "--node", "node1", "--delete")


def test_nothing_is_started_while_a_takeover_is_under_way(pair: Bed) -> None:
    mark = pair.control.mark()
    pair.control.fault("delay", match={"service": "ec2", "action": "ReplaceRoute"}, seconds=SLOW)
    gone = threading.Thread(target=leave, args=(pair,))
    gone.start()
    deadline = time.monotonic() + SLOW
    while not _taking(pair):
        assert time.monotonic() < deadline, "no takeover began"
        time.sleep(0.2)
    run = respond(pair)
    assert "nothing is started: " in run.output
    assert "A takeover is under way on node2." in run.output
    if pair.engine == "pacemaker":
        assert "pacemaker is in a transition (S_TRANSITION_ENGINE on" in run.output
    assert set(run.changed.values()) == {0}
    assert pair.view().holder != "node2", "the takeover was over before anybody looked"
    gone.join()
    pair.heal()
    pair.wait(lambda view: view.at_rest and view.holder == "node2", 180, "node2 as the holder")
    assert [call["caller"] for call in pair.writes(mark) if call["status"] == 200] != []
    come_back(pair)
    pair.rest(seconds=180)
    again = respond(pair)
    assert "to be started: setup, for OverlayIpConfigDiffers" in again.output


def _taking(pair: Bed) -> bool:
    return pair.exec("node2", "sh", "-c", "ls /run/aws-overlay-ip/taking 2>/dev/null") != ""


def test_setup_gives_back_what_was_deleted_to_whom_the_engine_names(pair: Bed) -> None:
    """All routes are gone while node2 serves, which is not the home: the data is where the engine says.

    A cluster keeps it at node2. keepalived's master cannot mend what its policy does not let it create, so it steps
    down, and the other one cannot either: setup follows whoever is the master when it looks.
    """
    if pair.view().holder != "node2":
        pair.play("switchover.yml", target="node2")
    pair.rest("node2", seconds=180)
    for table in pair.view().tables:
        pair.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=f"{pair.lab.overlay}/32")
    assert set(pair.view().tables.values()) == {None}
    if pair.engine == "pacemaker":
        run = respond(pair)
        assert "to be started: setup, for OverlayIpConfigDiffers" in run.output
    pair.play("setup.yml", overlay_ip_by_alert=pair.engine == "pacemaker")
    end = pair.rest("node2" if pair.engine == "pacemaker" else None, seconds=180)
    assert end.at_rest
    assert end.addresses == (end.holder,)
