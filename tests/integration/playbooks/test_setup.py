# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""setup.yml on the lab: what a run does, what check mode foretells, what a second run leaves alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lab.daemon.api import client
from lab.handle import LabHandle
from lab.playbook.run import Run


def made(run: Run) -> list[tuple[str, str, Any]]:
    """What changed, by host and module, with the difference that was shown: equal for a run and its prediction.

    Sorted, since two hosts finish a task in either order.
    """
    changes = [
        (r.host, r.action, [i.get("diff") for i in r.result.get("results", [r.result])]) for r in run.changed_tasks
    ]
    return sorted(changes, key=lambda change: change[:2])


@dataclass(frozen=True)
class First:
    """The first runs in a VPC: check mode, for real, and again; and what was there after the first and the second."""

    foretold: Run
    foretold_holders: dict[str, str]
    done: Run
    holders: dict[str, str]
    who: str | None
    again: Run
    again_actions: list[str]


@pytest.fixture(scope="module")
def first(session_lab: LabHandle) -> First:
    session_lab.reset()
    assert session_lab.who() is None
    foretold = session_lab.playbook("setup.yml", check=True)
    foretold_holders = session_lab.holders()
    done = session_lab.playbook("setup.yml", arguments=("--diff",))
    holders, who = session_lab.holders(), session_lab.who()
    mark = session_lab.control.mark()
    again = session_lab.playbook("setup.yml")
    problems = session_lab.control.problems()
    assert not problems, problems
    return First(foretold, foretold_holders, done, holders, who, again, session_lab.control.actions(mark))


def test_setup_makes_the_overlay_answer(first: First, session_lab: LabHandle) -> None:
    """The four steps, in the order 4, 2, 3, 1: the address is up before a packet can arrive."""
    assert first.done.ok, first.done.output
    assert [r.action.rpartition(".")[2] for r in first.done.changed_tasks if r.host == "node1"] == [
        "overlay_iam_policy",
        "source_dest_check",
        "overlay_interface",
        "overlay_route",
    ]
    assert first.who == "node1"
    assert set(first.holders) == set(session_lab.world.route_table_ids)
    assert set(first.holders.values()) == {"node1"}
    (overlay,) = first.done.overlay_ip_result["overlays"]
    assert (overlay["before"], overlay["after"]) == ([None], ["node1"])
    assert {t["route_table_id"] for t in overlay["tables"]} == set(session_lab.world.route_table_ids)


def test_a_second_setup_changes_nothing_on_any_host(first: First) -> None:
    assert first.again.ok, first.again.output
    assert set(first.again.changed.values()) == {0}
    assert [a for a in first.again_actions if not a.startswith(("Describe", "Get", "List"))] == []


def test_check_mode_foretells_the_first_run(first: First) -> None:
    assert first.foretold.ok, first.foretold.output
    assert first.foretold.overlay_ip_result is None
    assert first.foretold_holders == {}
    assert made(first.foretold) == made(first.done) != []


def test_setup_after_a_failover_changes_nothing(ready: LabHandle) -> None:
    """Promise 1: a healthy route is never moved by a re-run."""
    ready.move("node2")
    again = ready.playbook("setup.yml")
    assert again.ok, again.output
    assert set(again.changed.values()) == {0}
    assert set(ready.holders().values()) == {"node2"}


def test_setup_heals_a_blackhole_and_a_table_that_was_added(ready: LabHandle) -> None:
    """A new route follows the healthy ones, so that a table added after a failover does not split the overlay."""
    first, second = ready.world.route_table_ids[:2]
    ready.move("node2", tables=[first])
    ready.ec2.delete_route(RouteTableId=second, DestinationCidrBlock=f"{ready.lab.overlay}/32")
    run = ready.playbook("setup.yml")
    assert run.ok, run.output
    assert ready.holders() == {first: "node2", second: "node2"}


def test_setup_refuses_a_node_that_cannot_be_reached(ready: LabHandle) -> None:
    ready.crash("node2")
    ready.control.clear()
    run = ready.playbook("setup.yml")
    assert not run.ok
    assert "node2 cannot be reached: " in run.told
    assert "Nothing was changed." in run.told
    assert ready.control.calls() == []


def test_somebody_elses_route_in_its_place_is_refused_before_anything_is_changed(lab: LabHandle) -> None:
    ec2 = client(lab.world, "ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=lab.world.vpc_id)
    table = lab.world.route_table_ids[0]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=f"{lab.lab.overlay}/32", GatewayId=gateway)
    mark = lab.control.mark()
    run = lab.playbook("setup.yml")
    assert not run.ok
    told = f"{lab.lab.overlay}/32 in {table} points at {gateway}, which is no node. Delete that route, or let setup"
    assert told in " ".join(run.output.split())
    assert set(run.changed.values()) == {0}
    assert [a for a in lab.control.actions(mark) if not a.startswith(("Describe", "Get", "List"))] == []
    run = lab.playbook("setup.yml", overlay_ip_takeover_foreign=True)
    assert run.ok, run.output
    assert set(lab.holders().values()) == {"node1"}
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=lab.world.vpc_id)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
