# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others change about a running pair in AWS: who notices, how soon, what is mended, and what is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from drill.bed import Bed, bed
from lab.daemon.api import client
from world.tables import every_table, journal

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SOON = 60.0
"""Seconds within which a node looks at its interface; twice as long on a busy machine."""


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Two full nodes at rest on node1, which may look at their interfaces, and look often at the routes."""
    with bed(request.param) as made:
        made.play("setup.yml", **every_table(made, overlay_ip_iam_see_interfaces=True))
        made.rest("node1")
        yield made
        problems = made.control.problems()
    assert not problems, problems


def told(pair: Bed, node: str, text: str, seconds: float = 2 * SOON) -> float:
    """Wait until a node's journal says it; how long that took."""
    began = time.monotonic()
    while text not in journal(pair, node):
        assert time.monotonic() < began + seconds, (text, journal(pair, node)[-2000:])
        time.sleep(1)
    return time.monotonic() - began


def finding(pair: Bed, name: str) -> bool:
    """Whether status tells it."""
    result = pair.play("status.yml", **every_table(pair, overlay_ip_iam_see_interfaces=True)).overlay_ip_result
    found = [f["id"] for overlay in result["overlays"] for f in overlay["findings"]]
    return name in found + [f["id"] for node in result["nodes"].values() for f in node["findings"]]


def forget(pair: Bed, node: str, name: str) -> None:
    """Let a look be due now."""
    pair.exec(node, "rm", "-f", f"/run/aws-overlay-ip/{name}.last")


def test_the_check_that_infrastructure_code_switches_on_again(pair: Bed) -> None:
    """terraform-provider-aws does exactly that with an instance's primary interface."""
    (interface,) = pair.lab.world.nodes[0].network_interface_ids[:1]
    pair.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": True})
    told(pair, "node1", f"The source/destination check of {interface} was switched on, so that no packet")
    assert finding(pair, "source_dest_check_on") or finding(pair, "source_dest_check")
    with pair.probe() as probe:
        pair.play("setup.yml", **every_table(pair, overlay_ip_iam_see_interfaces=True))
        probe.wait_for("node1")
    pair.rest("node1")
    assert (
        pair.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]["SourceDestCheck"]
        is False
    )


def test_a_policy_that_is_taken_away(pair: Bed) -> None:
    """The holder serves on, and says that it could not take over any more; setup gives the policy again."""
    iam = client(pair.lab.world, "iam")
    name = "overlay-ip"
    document = iam.get_role_policy(RoleName=pair.roles["node1"], PolicyName=name)["PolicyDocument"]
    reading = [s for s in document["Statement"] if "ec2:DescribeRouteTables" in str(s["Action"])]
    text = json.dumps({**document, "Statement": reading})
    with pair.probe() as probe:
        probe.wait_for("node1")
        iam.put_role_policy(RoleName=pair.roles["node1"], PolicyName=name, PolicyDocument=text)
        forget(pair, "node1", "permission")
        told(pair, "node1", "This node may not move the route in rtb-")
        assert pair.view().holder == "node1"
        pair.play("setup.yml", **every_table(pair, overlay_ip_iam_see_interfaces=True))
    assert probe.report.lost == 0, probe.report
    pair.rest("node1")


def _lose(pair: Bed) -> str:
    table = pair.lab.world.route_table_ids[-1]
    pair.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=f"{pair.lab.overlay}/32")
    return str(table)


def _dead(pair: Bed) -> str:
    table = pair.lab.world.route_table_ids[-1]
    client1 = pair.lab.world.machine("client1").network_interface_ids[0]
    pair.ec2.replace_route(
        RouteTableId=table, DestinationCidrBlock=f"{pair.lab.overlay}/32", NetworkInterfaceId=client1
    )
    return str(table)


@pytest.mark.parametrize(("change", "mended"), [(_lose, False), (_dead, True)], ids=["deleted", "pointed elsewhere"])
def test_the_route_of_one_table(pair: Bed, change: Callable[[Bed], str], mended: bool) -> None:
    """The node's policy lets it replace a route, and not create one: what was deleted is told, and setup's to mend."""
    table = change(pair)
    end = time.monotonic() + 2 * SOON

    def holder() -> str:
        (raw,) = pair.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        routes = [r for r in raw["Routes"] if r.get("DestinationCidrBlock") == f"{pair.lab.overlay}/32"]
        return pair.instances.get(routes[0].get("InstanceId", ""), "?") if routes else ""

    if mended:
        while holder() != "node1":
            assert time.monotonic() < end, journal(pair, "node1")[-2000:]
            time.sleep(0.5)
    else:
        told(pair, "node1", table)
        assert holder() == ""
        assert pair.view().addresses == ("node1",)  # who still serves where a route leads
        pair.play("setup.yml", **every_table(pair, overlay_ip_iam_see_interfaces=True))
        assert holder() == "node1"
    pair.rest("node1")
