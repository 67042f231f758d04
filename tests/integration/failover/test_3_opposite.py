# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two overlay IPs on opposite nodes, as ASCS and ERS have them, in a cluster that setup makes."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drill.bed import DrillError
from drill.opposite import ERS, Opposite, opposite
from lab.playbook.run import run_playbook

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
import build_agent

pytestmark = [pytest.mark.lab, pytest.mark.slow]

PRIMITIVE = (
    '<primitive id="by-hand" class="ocf" provider="aws_ha" type="overlay-ip"><instance_attributes id="by-hand-a">'
    '<nvpair id="by-hand-d" name="destination" value="{}/32"/></instance_attributes><operations>'
    '<op id="by-hand-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive>'
)


@pytest.fixture(scope="module")
def two() -> Iterator[Opposite]:
    with opposite() as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


def test_where_the_first_comes_the_second_goes(two: Opposite) -> None:
    """A planned move of one: the cluster moves the other away, and no packet of the first is lost."""
    with two.probe(two.ascs, 1000.0) as probe:
        run = two.play("switchover.yml", target="node2", overlay=two.ascs)
        two.apart("node2", "node1")
    assert "-> node2 in 2 route tables" in run.output
    assert probe.report.lost == 0, probe.report
    assert "cli-" not in two.constraints()
    status = two.play("status.yml").overlay_ip_result
    assert status["healthy"], status
    assert {o["destination"]: o["holder"] for o in status["overlays"]} == {
        f"{two.ascs}/32": "node2",
        f"{ERS}/32": "node1",
    }


@pytest.mark.long
@pytest.mark.parametrize(
    ("overlay", "said"),
    [
        ("all", f"{ERS}/32 is apart_from 192.168.10.15, which is to be moved there, too"),
        (ERS, f"{ERS}/32 is apart_from 192.168.10.15, which is on node2"),
    ],
)
def test_the_second_is_not_moved_to_the_first(two: Opposite, overlay: str, said: str) -> None:
    two.apart("node2", "node1")
    before = two.constraints()
    with pytest.raises(DrillError) as refusal:
        two.play("switchover.yml", target="node2", overlay=overlay)
    assert said in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)
    assert two.constraints() == before


@pytest.mark.long
def test_setup_again_changes_nothing_and_moves_nothing_home(two: Opposite) -> None:
    run = two.play("setup.yml")
    assert sum(run.changed.values()) == 0, run.output
    two.apart("node2", "node1")


@pytest.mark.long
@pytest.mark.parametrize(
    ("playbook", "more", "said"),
    [
        (
            "setup.yml",
            {"overlay_ip_resource_api_interval": 30},
            f"crm resource param overlay-ip-{ERS} set api_interval 30",
        ),
        (
            "switchover.yml",
            {"target": "node1", "overlay": "192.168.10.15"},
            "pcs resource move overlay-ip-192.168.10.15 node1",
        ),
        ("teardown.yml", {}, f"crm configure delete overlay-ip-{ERS}"),
    ],
)
def test_commands_are_shown_and_nothing_is_done(two: Opposite, playbook: str, more: dict[str, Any], said: str) -> None:
    """Only that, where the inventory asks for it; check mode shows them beside what else would be done."""
    before = two.exec("node1", "cibadmin", "--query", "--scope", "configuration")
    two.control.clear("calls")
    run = two.play(playbook, overlay_ip_cluster_commands=True, **more)
    assert said in run.output
    assert sum(run.changed.values()) == 0, run.output
    done = {call["action"] for call in two.control.calls()}
    assert {action for action in done if not action.startswith(("Describe", "Get", "List"))} <= {"AssumeRole"}
    checked = run_playbook(
        playbook,
        two.directory.inventory,
        extra_vars={**two.variables(), **more},
        check=True,
        arguments=("--diff",),
    )
    assert checked.ok, checked.output
    assert said in checked.output
    assert two.exec("node1", "cibadmin", "--query", "--scope", "configuration") == before
    two.apart("node2", "node1")


@pytest.mark.long
def test_each_in_a_group_of_its_own(two: Opposite) -> None:
    two.home()
    two.group()
    two.apart("node1", "node2")
    two.play("setup.yml")
    assert 'rsc="grp_ERS" with-rsc="grp_ASCS" score="-5000"' in two.constraints()
    assert f'rsc="overlay-ip-{ERS}"' not in two.constraints()
    assert sum(two.play("setup.yml").changed.values()) == 0
    two.play("switchover.yml", target="node2", overlay=two.ascs)
    two.apart("node2", "node1")


@pytest.mark.long
def test_a_node_that_is_lost(two: Opposite) -> None:
    """Both are on what is left; when the node is back the second one leaves the first.

    Fencing leaves it off: one that is switched on again at once may be back before anything is taken over.
    """
    setting = ("crm_attribute", "--type", "crm_config", "--name", "stonith-action")
    two.home()
    two.exec("node2", *setting, "--update", "off")
    with two.probe(two.ascs, 1000.0) as first, two.probe(ERS, 1000.0) as second:
        first.wait_for("node1")
        second.wait_for("node2")
        two.crash("node1")
        two.apart("node2", "node2", seconds=120.0)
        two.exec("node2", *setting, "--delete")
        two.back("node1")
        two.apart("node2", "node1")
    assert [first.report.who, second.report.who] == [("node1", "node2"), ("node2", "node1")]
    status = two.play("status.yml").overlay_ip_result
    assert status["healthy"], status


@pytest.mark.long
def test_the_health_of_each_is_its_own(two: Opposite) -> None:
    two.exec(
        "node1",
        "crm_resource",
        "--resource",
        f"overlay-ip-{ERS}",
        "--meta",
        "--set-parameter",
        "target-role",
        "--parameter-value",
        "Stopped",
    )
    two.exec("node1", "crm_resource", "--wait", "--timeout=60s", timeout=90.0)
    status = two.play("status.yml").overlay_ip_result
    assert not status["healthy"]
    bad = [f["message"] for node in status["nodes"].values() for f in node["findings"] if f["severity"] == "error"]
    assert any(ERS in message for message in bad), bad
    assert not any(two.ascs in message for message in bad), bad
    two.exec("node1", "crm_resource", "--resource", f"overlay-ip-{ERS}", "--meta", "--delete-parameter", "target-role")
    two.spread()


@pytest.mark.long
def test_teardown_takes_what_keeps_them_apart_along_and_leaves_the_groups(two: Opposite) -> None:
    two.group()
    two.play("teardown.yml")
    assert "overlay-ip-" not in two.constraints()
    resources = two.exec("node1", "cibadmin", "--query", "--scope", "resources")
    assert "rsc_ASCS" in resources
    assert "overlay-ip-192" not in resources


@pytest.mark.long
def test_nodes_without_ansible_unpack_the_tarball_or_install_the_deb_and_configure_it(
    two: Opposite, tmp_path: Path
) -> None:
    """After teardown nothing of the collection is on the nodes; the rest is done by hand, as its README says."""
    world, address = two.lab.world, two.ascs
    packed = {
        name: base64.b64encode(pack(tmp_path, build_agent.files(), 0).read_bytes()).decode()
        for name, pack in (("node1", build_agent.deb), ("node2", build_agent.tarball))
    }
    ways = {"node1": "cat > /run/a.deb && dpkg -i /run/a.deb", "node2": "tar -C / -xz"}
    two.by_hand(address)
    for machine in world.nodes:
        assert two.exec(machine.name, "ls", "/usr/sbin/aws-overlay-ip") == ""
        two.exec(machine.name, "sh", "-c", f"base64 -d | {ways[machine.name]}", stdin=packed[machine.name])
        peer = next(one for one in world.nodes if one is not machine)
        tables = [word for table in world.route_table_ids for word in ("--table", table)]
        said = two.exec(
            machine.name,
            "aws-overlay-ip-configure",
            *(address, "--name", machine.name, "--endpoint-url", two.lab.node_endpoint_url),
            *("--peer", f"{peer.name}={peer.network_interface_ids[0]}", *tables),
        )
        assert "files were written" in said
        checked = json.loads(two.exec(machine.name, "aws-overlay-ip", "check"))
        assert checked["ready"], checked
        shown = json.loads(two.exec(machine.name, "aws-overlay-ip", "show"))
        assert [one["destination"] for one in shown["overlays"]] == [f"{address}/32"], shown
        assert "destination" in two.exec(machine.name, "crm_resource", "--show-metadata", "ocf:aws_ha:overlay-ip")
    two.exec("node1", *("cibadmin", "--create", "--scope", "resources", "--xml-text", PRIMITIVE.format(address)))
    two.exec("node1", "crm_resource", "--wait", "--timeout=60s", timeout=90.0)
    holder = two.place(address)[0]
    two.rest_at(address, holder)
    other = "node2" if holder == "node1" else "node1"
    two.exec("node1", "crm_resource", "--move", "--resource", "by-hand", "--node", other)
    two.rest_at(address, other)
    setting = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
    two.exec(other, *setting, "--update", "true")
    two.exec(other, "crm_resource", "--wait", "--timeout=60s", timeout=90.0)
    for action, up in (("check", True), ("stop", False), ("start", True), ("check", True)):
        forced = two.exec(other, "crm_resource", f"--force-{action}", "--resource", "by-hand")
        assert "returned 0 (ok)" in forced, forced
        assert bool(two.exec(other, "ip", "-o", "address", "show", "to", address)) is up
    two.exec(other, *setting, "--delete")
    two.rest_at(address, other)


@pytest.mark.long
def test_setup_over_what_was_installed_by_hand_takes_it_as_it_is(two: Opposite) -> None:
    """The resource keeps its name and stays where it is, and the packages' files are theirs, teardown included.

    One that the cluster may move at will is refused first: what setup adds would be enough to move it.
    """
    two.exec("node1", "crm_resource", "--clear", "--resource", "by-hand")
    stick = ("crm_resource", "--meta", "--resource", "by-hand", "--parameter-value", "100")
    with pytest.raises(DrillError) as refusal:
        two.play("setup.yml")
    assert "by-hand has no resource-stickiness" in str(refusal.value)
    two.exec("node1", *stick, "--set-parameter", "resource-stickiness")
    before = two.exec("node1", "cibadmin", "--query", "--xpath", "//primitive[@id='by-hand']")
    holder = two.place(two.ascs)[0]
    with two.probe(two.ascs, 1000.0) as probe:
        two.play("setup.yml")
        assert sum(two.play("setup.yml").changed.values()) == 0
    assert (probe.report.lost, [one.who for one in probe.report.holders]) == (0, [holder])
    assert two.exec("node1", "cibadmin", "--query", "--xpath", "//primitive[@id='by-hand']") == before
    assert two.play("status.yml").overlay_ip_result["healthy"]
    assert two.exec("node1", "sh", "-c", "dpkg -V aws-overlay-ip 2>&1") == ""
    two.play("teardown.yml")
    for node in two.nodes:
        assert two.exec(node, "ls", "/usr/lib/ocf/resource.d/aws_ha") == "overlay-ip"
        assert two.exec(node, "ls", "/usr/sbin/aws-overlay-ip") == ""
    assert two.exec("node1", "sh", "-c", "dpkg -V aws-overlay-ip 2>&1") == ""
