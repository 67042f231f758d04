# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reach.yml and path.yml on the lab: what the inventory declares is made, looked at, explained and removed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from lab import outside
from lab.handle import LabHandle
from lab.outside import CLIENTS, ON_PREMISES, Outside

OVERLAY = "192.168.10.15/32"


@dataclass
class Site:
    lab: LabHandle
    outside: Outside

    @property
    def reach(self) -> list[dict[str, Any]]:
        return [
            {
                "via": "transit_gateway",
                "route_table_ids": list(self.outside.tables),
                "clients": [CLIENTS, ON_PREMISES],
                "remove_return_routes": True,
            }
        ]

    def static(self) -> list[str | None]:
        """Per transit gateway route table, the attachment that the overlay IP leads to."""
        return [self._static(table) for table in self.outside.tables]

    def _static(self, table: str) -> str | None:
        filters = [{"Name": "route-search.exact-match", "Values": [OVERLAY]}]
        found = self.lab.owner_ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=filters)
        return next((r["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"] for r in found["Routes"]), None)

    def back(self) -> set[str]:
        """The tables with a way back to both networks."""
        found = self.lab.owner_ec2.describe_route_tables(RouteTableIds=list(self.lab.world.route_table_ids))
        return {
            table["RouteTableId"]
            for table in found["RouteTables"]
            if {CLIENTS, ON_PREMISES}
            <= {r.get("DestinationCidrBlock") for r in table["Routes"] if "TransitGatewayId" in r}
        }


@pytest.fixture
def site(ready: LabHandle) -> Iterator[Site]:
    """With the operator's own rights and those of ``purpose: reach``, and the clients' side in order."""
    made = outside.build(ready.owner_ec2, ready.world, ready.control)
    ready.owner_ec2.create_route(
        RouteTableId=made.clients_table, DestinationCidrBlock=OVERLAY, TransitGatewayId=made.gateway
    )
    world = ready.world
    document = policy_document.reach(Place("aws", world.region), world.owner_account_id, made.tables, [made.nodes])
    ready.iam.put_user_policy(UserName=world.operator_name, PolicyName="reach", PolicyDocument=json.dumps(document))
    groups = {
        g["GroupId"]
        for node in world.nodes
        for i in ready.ec2.describe_network_interfaces(NetworkInterfaceIds=[node.network_interface_ids[0]])[
            "NetworkInterfaces"
        ]
        for g in i["Groups"]
    }
    everyone = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    for group in groups:
        ready.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everyone)
    ready.control.clear()
    yield Site(ready, made)
    for group in groups:
        ready.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=everyone)
    ready.iam.delete_user_policy(UserName=world.operator_name, PolicyName="reach")
    ready.delete_routes(keep=OVERLAY)
    outside.remove(ready.owner_ec2)


def explain(lab: LabHandle, source: str, **more: Any) -> Any:
    """path.yml from there: `from` is no name that Python lets us write."""
    request: dict[str, Any] = {"from": source, **more}
    return lab.playbook("path.yml", **request)


def test_from_the_declaration_to_the_teardown(site: Site, tmp_path: Path) -> None:
    lab, made = site.lab, site.outside
    foretold = lab.playbook("reach.yml", check=True, overlay_ip_reach=site.reach)
    assert foretold.ok, foretold.output
    assert (site.static(), site.back()) == ([None, None], set())
    assert "The fault is on this side: transit gateway." in foretold.output  # as things are

    run = lab.playbook("reach.yml", overlay_ip_reach=site.reach)
    assert run.ok, run.output
    assert site.static() == [made.nodes] * 2
    assert site.back() == {lab.world.route_table_ids[0]}  # the main one serves both nodes
    assert run.overlay_ip_result["wrong"] == []

    path = explain(lab, "10.20.1.5", overlay_ip_path_port=3600)
    assert path.ok, path.output
    assert "No fault was seen, whoever of node1, node2 holds it." in path.output
    assert [p["holder"] for p in path.overlay_ip_result["paths"]["192.168.10.15"]] == ["node1", "node2"]

    lab.owner_ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=made.nodes, RemoveSubnetIds=[lab.world.nodes[1].subnet_id]
    )
    page = tmp_path / "status.html"
    more: dict[str, Any] = {"overlay_ip_status_strict": True, "overlay_ip_page": str(page)}
    status = lab.playbook("status.yml", overlay_ip_reach=site.reach, **more)
    assert not status.ok
    assert f"it has no subnet in {lab.world.nodes[1].availability_zone}" in status.output
    assert "It works while node1 holds it, and not after a move." in status.output
    text = page.read_text()
    assert f"<h1>{OVERLAY} is held by node1, but not reached from everywhere</h1>" in text
    assert f"From outside, by Transit gateway {made.tables[0]}" in text
    assert "10.20.0.0/16: reaches only node1." in text

    done = lab.playbook("teardown.yml", overlay_ip_reach=site.reach)
    assert done.ok, done.output
    assert (site.static(), site.back()) == ([None, None], set())


def test_bad_requests_end_in_a_sentence(ready: LabHandle) -> None:
    assert "from is not set: say where to look from, for example -e from=10.20.1.5." in ready.playbook("path.yml").told
    assert "from is '10.20'" in explain(ready, "10.20").told
    assert "overlay_ip_reach is not set: say by what" in ready.playbook("reach.yml").told
    wrong = ready.playbook("reach.yml", overlay_ip_reach=[{"via": "load_balancer"}]).told
    assert "overlay_ip_reach[0].via is 'load_balancer': choose one of transit_gateway. Nothing was changed." in wrong
