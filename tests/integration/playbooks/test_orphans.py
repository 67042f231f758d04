# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier inventory left: named by setup and status with the command that removes it, or removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.daemon import process
from lab.handle import LabHandle
from lab.playbook.run import Run

GONE = "192.168.10.77"
NODES = ("node1", "node2")


def orphans(run: Run) -> list[str]:
    return [finding["id"] for finding in run.overlay_ip_result["orphans"]]


def told(run: Run) -> str:
    """What setup and status said of it, whatever the width of the terminal."""
    return " ".join(run.output.split())


def left(lab: LabHandle, address: str) -> list[str]:
    """Where an address is up or kept by a file."""
    slug = address.replace(".", "-")
    up = [node for node in NODES if lab.exec(node, "ip", "-o", "address", "show", "to", address).stdout]
    return up + [node for node in NODES if lab.exec(node, "find", "/etc", "-name", f"aws-overlay-ip-*{slug}*").stdout]


@pytest.fixture
def shrunk(lab: LabHandle) -> LabHandle:
    """A lab that was set up with two overlay IPs, one of which the inventory then lost."""
    both = [{"address": lab.lab.overlay}, {"address": GONE, "home": "node2"}]
    run = lab.playbook("setup.yml", overlay_ips=both)
    assert run.ok, run.output
    assert set(lab.holders(GONE).values()) == {"node2"}
    return lab


def test_a_removed_overlay_ip_is_named_and_left_alone(shrunk: LabHandle) -> None:
    lab, one = shrunk, [{"address": shrunk.lab.overlay}]
    holders = lab.holders(GONE)
    run = lab.playbook("setup.yml", overlay_ips=one)
    assert run.ok, run.output
    assert sum(run.changed.values()) == 0
    assert lab.holders(GONE) == holders
    region = lab.world.region
    for table in lab.world.route_table_ids:
        command = f"aws ec2 delete-route --region {region} --route-table-id {table} --destination-cidr-block {GONE}/32"
        assert f"{table} still routes {GONE}/32 to node2" in told(run)
        assert f"`{command}`" in told(run)
    for node in NODES:
        assert f"{node} still has {GONE}" in told(run)
        assert f"ansible {node} -b -m aws_ha.overlay_ip.overlay_interface -a 'addresses={GONE} state=absent'" in told(
            run
        )
    status = lab.playbook("status.yml", overlay_ips=one)
    assert sorted(orphans(status)) == ["orphan_address"] * 2 + ["orphan_route"] * len(lab.world.route_table_ids)
    assert "left by an earlier inventory:" in status.output


def test_a_removed_overlay_ip_is_removed_on_request_and_the_other_one_serves_on(shrunk: LabHandle) -> None:
    lab, one = shrunk, [{"address": shrunk.lab.overlay}]
    foretold = lab.playbook("setup.yml", check=True, overlay_ips=one, overlay_ip_orphans="remove")
    assert foretold.ok, foretold.output
    assert lab.holders(GONE)
    with lab.probe() as probe:
        run = lab.playbook("setup.yml", overlay_ips=one, overlay_ip_orphans="remove")
    assert run.ok, run.output
    # Two hosts finish a task in either order.
    made, before = (sorted((t.host, t.action) for t in r.changed_tasks) for r in (run, foretold))
    assert made == before
    assert [t.action.rpartition(".")[2] for t in run.changed_tasks] == ["overlay_route"] + ["overlay_interface"] * 2
    assert lab.holders(GONE) == {}
    assert left(lab, GONE) == []
    assert probe.report.lost == 0
    assert sum(lab.playbook("setup.yml", overlay_ips=one, overlay_ip_orphans="remove").changed.values()) == 0
    assert orphans(lab.playbook("status.yml", overlay_ips=one)) == []


@pytest.mark.long
def test_a_renamed_overlay_ip_is_set_up_beside_the_old_one(lab: LabHandle) -> None:
    assert lab.playbook("setup.yml", overlay_ips=[{"address": GONE}]).ok
    run = lab.playbook("setup.yml")
    assert run.ok, run.output
    assert lab.who() == "node1"
    assert lab.who(GONE) == "node1"  # nothing is taken from anybody who still uses it
    assert f"node1 still has {GONE}" in told(run)


@pytest.mark.long
def test_a_table_that_is_named_no_more(lab: LabHandle) -> None:
    first, other = lab.world.route_table_ids[:2]
    assert lab.playbook("setup.yml").ok
    named: list[dict[str, Any]] = [{"address": lab.lab.overlay, "route_table_ids": [first]}]
    run = lab.playbook("setup.yml", overlay_ips=named)
    assert run.ok, run.output
    assert f"{other} still routes {lab.lab.overlay}/32 to node1, and is not to any more" in told(run)
    assert other in lab.holders()
    run = lab.playbook("setup.yml", overlay_ips=named, overlay_ip_orphans="remove")
    assert run.ok, run.output
    assert lab.holders() == {first: "node1"}
    assert orphans(lab.playbook("status.yml", overlay_ips=named)) == []


@pytest.mark.long
@pytest.mark.parametrize("orphans", ["report", "remove"])
def test_teardown_sees_to_it_too(shrunk: LabHandle, orphans: str) -> None:
    lab, one = shrunk, [{"address": shrunk.lab.overlay}]
    run = lab.playbook("teardown.yml", overlay_ips=one, overlay_ip_orphans=orphans)
    assert run.ok, run.output
    assert lab.holders() == {}
    assert left(lab, lab.lab.overlay) == []
    removed = orphans == "remove"
    assert (lab.holders(GONE) == {}) is removed
    assert left(lab, GONE) == ([] if removed else [*NODES, *NODES])
    assert (f"node1 still has {GONE}" in told(run)) is not removed
    assert lab.playbook("setup.yml").ok


def test_a_route_of_somebody_else_is_left_alone(shrunk: LabHandle) -> None:
    lab = shrunk
    lab.move("client1", GONE)
    run = lab.playbook("setup.yml", overlay_ips=[{"address": lab.lab.overlay}], overlay_ip_orphans="remove")
    assert run.ok, run.output
    assert set(lab.holders(GONE).values()) == {"client1"}
    assert left(lab, GONE) == []


def test_a_node_that_was_replaced_is_refused_before_anything_is_changed(lab: LabHandle) -> None:
    """The inventory has an instance that the node is not: what was there before it."""
    old = lab.world.machine("client1").instance_id
    real = lab.world.machine("node2").instance_id
    inventory = lab.directory.inventory
    text = inventory.read_text()
    assert real in text
    inventory.write_text(text.replace(real, old))
    try:
        lab.control.clear("calls")
        run = lab.playbook("setup.yml")
        status = lab.playbook("status.yml")
    finally:
        inventory.write_text(text)
    assert not run.ok
    assert f"node2 is {real}, but the inventory says {old}: the node was replaced." in run.told
    assert f"Set overlay_ip_instance_id of node2 to {real}" in run.told
    assert "Nothing was changed." in run.told
    assert {action for action in lab.control.actions() if not action.startswith("Describe")} == set()
    assert "wrong_instance" in orphans(status)


@pytest.fixture(scope="module")
def wide() -> Iterator[LabHandle]:
    """A lab whose nodes have two interfaces."""
    directory, lab = process.up("light", ["--extra-interfaces=1"])
    try:
        yield LabHandle(directory, lab)
    finally:
        process.down(directory)


@pytest.mark.long
def test_another_interface_is_told_with_the_switchover_that_moves_the_route(wide: LabHandle) -> None:
    first, second = wide.world.machine("node1").network_interface_ids
    assert wide.playbook("setup.yml").ok
    sentence = f"{wide.lab.overlay}/32 still goes to {first} of node1, whose interface is {second} now."
    command = "`ansible-playbook switchover.yml -e target=node1` moves it."
    with wide.probe() as probe:
        for name in ("setup.yml", "status.yml"):
            run = wide.playbook(name, overlay_ip_device_index=1)
            assert run.ok, run.output
            assert f"{sentence} {command}" in told(run)
        assert wide.holders() == dict.fromkeys(wide.world.route_table_ids, "node1")
        moved = wide.playbook("switchover.yml", target="node1", overlay_ip_device_index=1)
        assert moved.ok, moved.output
    assert probe.report.lost == 0
    status = wide.playbook("status.yml", overlay_ip_device_index=1)
    assert orphans(status) == ["arrives_elsewhere"] * 2  # both checks are off, so that it works all the same
    assert "Set `interface: eth1` of this overlay IP, and run setup." in told(status)
    assert status.overlay_ip_result["healthy"], status.output
