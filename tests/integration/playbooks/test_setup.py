# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""setup.yml and teardown.yml on the lab: what a run does, what check mode foretells, what a second run leaves alone."""

from __future__ import annotations

from typing import Any

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


def test_setup_makes_the_overlay_answer(lab: LabHandle) -> None:
    """The four steps, in the order 4, 2, 3, 1: the address is up before a packet can arrive."""
    assert lab.who() is None
    run = lab.playbook("setup.yml")
    assert run.ok, run.output
    assert [r.action.rpartition(".")[2] for r in run.changed_tasks if r.host == "node1"] == [
        "overlay_iam_policy",
        "source_dest_check",
        "overlay_interface",
        "overlay_route",
    ]
    assert lab.who() == "node1"
    assert set(lab.holders().values()) == {"node1"}
    (overlay,) = run.overlay_ip_result["overlays"]
    assert (overlay["before"], overlay["after"]) == ([None], ["node1"])
    assert {t["route_table_id"] for t in overlay["tables"]} == set(lab.world.route_table_ids)


def test_a_second_setup_changes_nothing_on_any_host(lab: LabHandle) -> None:
    assert lab.playbook("setup.yml").ok
    lab.control.clear()
    again = lab.playbook("setup.yml")
    assert again.ok, again.output
    assert set(again.changed.values()) == {0}
    assert [a for a in lab.control.actions() if not a.startswith(("Describe", "Get", "List"))] == []


def test_check_mode_foretells_the_first_run(lab: LabHandle) -> None:
    foretold = lab.playbook("setup.yml", check=True)
    assert foretold.ok, foretold.output
    assert foretold.overlay_ip_result is None
    assert lab.holders() == {}
    done = lab.playbook("setup.yml", arguments=("--diff",))
    assert made(foretold) == made(done)


def test_setup_after_a_failover_changes_nothing(lab: LabHandle) -> None:
    """Promise 1: a healthy route is never moved by a re-run."""
    assert lab.playbook("setup.yml").ok
    lab.move("node2")
    again = lab.playbook("setup.yml")
    assert again.ok, again.output
    assert set(again.changed.values()) == {0}
    assert set(lab.holders().values()) == {"node2"}


def test_setup_heals_a_blackhole_and_a_table_that_was_added(lab: LabHandle) -> None:
    """A new route follows the healthy ones, so that a table added after a failover does not split the overlay."""
    assert lab.playbook("setup.yml").ok
    first, second = lab.world.route_table_ids[:2]
    lab.move("node2", tables=[first])
    lab.ec2.delete_route(RouteTableId=second, DestinationCidrBlock=f"{lab.lab.overlay}/32")
    run = lab.playbook("setup.yml")
    assert run.ok, run.output
    assert lab.holders() == {first: "node2", second: "node2"}


def test_setup_refuses_a_node_that_cannot_be_reached(lab: LabHandle) -> None:
    lab.crash("node2")
    lab.control.clear()
    run = lab.playbook("setup.yml")
    assert not run.ok
    assert "node2 cannot be reached: " in run.told
    assert "Nothing was changed." in run.told
    assert lab.control.calls() == []


def test_exclusive_setup_brings_the_address_up_on_the_holder_only(lab: LabHandle) -> None:
    assert lab.playbook("setup.yml", overlay_ip_exclusive=True).ok
    assert lab.lab.overlay in lab.exec("node1", "ip", "addr").stdout
    assert lab.lab.overlay not in lab.exec("node2", "ip", "addr").stdout
    assert lab.who() == "node1"


def test_teardown_removes_what_setup_made_and_nothing_else(lab: LabHandle) -> None:
    other = {"RouteTableId": lab.world.route_table_ids[0], "DestinationCidrBlock": "203.0.113.0/24"}
    lab.ec2.create_route(**other, NetworkInterfaceId=lab.world.machine("client1").network_interface_ids[0])
    before = lab.exec("node1", "ip", "-4", "addr").stdout
    assert lab.playbook("setup.yml").ok
    run = lab.playbook("teardown.yml")
    assert run.ok, run.output
    assert lab.holders() == {}
    assert lab.holders("203.0.113.0/24") == {other["RouteTableId"]: "client1"}
    assert lab.exec("node1", "ip", "-4", "addr").stdout == before
    assert lab.exec("node1", "sh", "-c", "find /etc -name '*overlay*'").stdout == ""
    for node in lab.world.nodes:
        assert lab.iam.list_role_policies(RoleName=node.role_name)["PolicyNames"] == []
        (interface,) = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[node.network_interface_ids[0]])[
            "NetworkInterfaces"
        ]
        assert interface["SourceDestCheck"] is True
    again = lab.playbook("teardown.yml")
    assert again.ok, again.output
    assert set(again.changed.values()) == {0}
