# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""respond.yml on the lab: what alerts may start, once, and not while a takeover is under way. It only decides."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from lab.handle import LabHandle
from lab.playbook.run import Run

TURNS = "/var/lib/aws-overlay-ip/turns.json"
LOCK = "/var/lib/aws-overlay-ip/.turns.lock"
MEMORY = "/run/aws-overlay-ip"
NODES = ("node1", "node2")
OVERLAY = "192.168.10.15/32"
DEAD = {"alertname": "OverlayIpTableDead", "severity": "critical", "overlay_ip_action": "setup", "destination": OVERLAY}


def respond(lab: LabHandle, *alerts: dict[str, str], check: bool = False, **more: Any) -> Run:
    """Run it, in earnest unless something else is asked for."""
    word = quote(json.dumps([{"status": "firing", "labels": labels} for labels in alerts]))
    variables = {"overlay_ip_response_dry_run": False, **more}
    return lab.playbook("respond.yml", overlay_ip_alerts=word, check=check, **variables)


def verdict(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.custom["_run"]["overlay_ip_response"]
    return found


def forget(lab: LabHandle) -> None:
    for node in NODES:
        lab.exec(node, "rm", "-rf", TURNS, MEMORY)


def lose_a_table(lab: LabHandle) -> None:
    lab.ec2.delete_route(RouteTableId=lab.world.route_table_ids[-1], DestinationCidrBlock=OVERLAY)


def test_setup_is_started_once_in_ten_minutes_whoever_asks(ready: LabHandle) -> None:
    forget(ready)
    lose_a_table(ready)
    dry = respond(ready, DEAD, overlay_ip_response_dry_run="")  # what AWX sends where nobody has answered
    assert "dry run: would start setup; nothing was started." in dry.output
    assert (verdict(dry)["do"], set(dry.changed.values())) == ("", {0})
    assert respond(ready, DEAD, check=True).ok
    assert [ready.exec(node, "test", "-e", TURNS).returncode for node in NODES] == [1, 1]

    first = respond(ready, DEAD, {**DEAD, "alertname": "OverlayIpConfigDiffers"})
    assert first.ok, first.output
    assert verdict(first) == {"do": "setup", "request": {}}
    assert f"OverlayIpConfigDiffers {OVERLAY}: the same setup is for it." in first.output
    assert [c["action"] for c in ready.control.calls() if not c["action"].startswith("Describe")] == ["DeleteRoute"]
    # One node's disk is lost: the other one still knows.
    ready.exec("node1", "rm", TURNS)
    again = respond(ready, DEAD)
    assert verdict(again)["do"] == ""
    assert f"nothing is started: setup, for OverlayIpTableDead {OVERLAY}, was started" in again.output
    # And where nobody can know, nothing is started either.
    ready.exec("node2", "sh", "-c", f"echo nonsense > {TURNS}")
    unknown = respond(ready, DEAD)
    assert verdict(unknown)["do"] == ""
    assert "node2 does not tell when something was last started" in unknown.output
    forget(ready)


def test_where_a_node_cannot_keep_the_turn_nothing_is_started(ready: LabHandle) -> None:
    """The node fails, the other one goes on: its verdict is what ansible-rulebook and AWX hand on."""
    forget(ready)
    lose_a_table(ready)
    ready.exec("node2", "sh", "-c", f"rm -f {LOCK} && mkdir -p {LOCK}")
    try:
        run = respond(ready, DEAD)
        assert not run.ok
        assert "nothing is started: the turn cannot be kept at node2." in run.told
        assert "overlay_ip_response" not in run.custom.get("_run", {})
    finally:
        ready.exec("node2", "rmdir", LOCK)
    forget(ready)


def test_a_page_that_cannot_be_written_hinders_nothing(ready: LabHandle) -> None:
    forget(ready)
    lose_a_table(ready)
    run = respond(ready, DEAD, overlay_ip_page="/nowhere/page.html", overlay_ip_metrics_file="/nowhere/overlay.prom")
    assert run.ok, run.output
    assert verdict(run)["do"] == "setup"
    assert "overlay_ip_page is '/nowhere/page.html'" in run.output
    written = "could not be written, which hinders nothing else: overlay_ip_metrics_file is '/nowhere/overlay.prom'"
    assert written in " ".join(run.output.split())  # each is tried, whether or not the other one can be written
    told = ready.playbook("status.yml", overlay_ip_metrics_file="/nowhere/overlay.prom").told
    why = "/nowhere/overlay.prom cannot be written: there is no folder /nowhere. Name a file in a folder that is there"
    assert f"overlay_ip_metrics_file is '/nowhere/overlay.prom': {why}" in told
    forget(ready)


def test_a_takeover_that_is_under_way_is_not_disturbed(ready: LabHandle) -> None:
    forget(ready)
    lose_a_table(ready)
    ready.exec("node2", "sh", "-c", f"mkdir -m 700 {MEMORY} && touch {MEMORY}/taking")
    run = respond(ready, DEAD)
    assert "nothing is started: A takeover is under way on node2." in run.output
    assert (verdict(run)["do"], set(run.changed.values())) == ("", {0})
    forget(ready)


def test_what_an_alert_has_started_asks_once_more(ready: LabHandle) -> None:
    """A takeover may have begun since the alert was judged. People are not asked: they know what they do."""
    ready.exec("node2", "sh", "-c", f"mkdir -m 700 {MEMORY} && touch {MEMORY}/taking")
    requests: dict[str, dict[str, Any]] = {"setup.yml": {}, "switchover.yml": {"target": "node2"}}
    for name, request in requests.items():
        run = ready.playbook(name, overlay_ip_by_alert=True, **request)
        assert not run.ok
        assert "node2: a takeover is under way. An alert starts nothing meanwhile. Nothing was changed." in run.told
        assert set(run.changed.values()) == {0}
    forget(ready)


def test_a_switchover_must_be_allowed_and_gets_the_inventorys_own_names(ready: LabHandle) -> None:
    forget(ready)
    labels = {"alertname": "DatabaseDown", "overlay_ip_action": "switchover", "severity": "critical"}
    labels |= {"overlay_ip_target": "node2", "overlay_ip_holder": "node1"}
    named = {"deployment": "overlay-ip", "vpc_id": ready.world.vpc_id}  # of no overlay IP: then whose nodes they are
    refused = respond(ready, labels)
    assert not refused.ok
    assert "refused: overlay_ip_response_actions does not have switchover" in refused.told
    whose = respond(ready, labels, overlay_ip_response_actions=["switchover"])
    assert "it has neither the label destination nor the label deployment" in whose.told
    assert ready.control.calls() == []  # nobody was asked anything
    labels |= named
    allowed = respond(ready, labels, overlay_ip_response_actions=["switchover"])
    request = {"target": "node2", "expected_active": "node1", "overlay": "all"}
    assert verdict(allowed) == {"do": "switchover", "request": request}
    done = ready.playbook("switchover.yml", **verdict(allowed)["request"])
    assert done.ok, done.output
    forget(ready)
    late = respond(ready, labels, overlay_ip_response_actions=["switchover"])
    assert "nothing is started: node2 has it already." in late.output


def test_what_is_no_list_of_alerts_ends_in_a_sentence(ready: LabHandle) -> None:
    run = ready.playbook("respond.yml", overlay_ip_alerts="nonsense")
    assert not run.ok
    assert "overlay_ip_alerts is no list of alerts, percent-encoded: let the rulebook" in run.told
    assert "Nothing was started." in run.told
    short = respond(ready, DEAD, overlay_ip_response_pause=10)
    assert "overlay_ip_response_pause is 10: write a whole number from 600 to 86400 (seconds)." in short.told
