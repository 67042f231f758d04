# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reach.yml and path.yml on the lab: what the inventory declares is made, looked at, explained and removed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Place
from lab import outside
from lab.fabric.netns import answers
from lab.handle import LabHandle
from lab.outside import CLIENTS, ON_PREMISES, Outside
from lab.probe import HTTP_PORT
from lab.world import wait_for

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

    def permit(self, *without: str) -> None:
        """Give the operator what ``purpose: reach`` has, but for these actions."""
        world, made = self.lab.world, self.outside
        document = policy_document.reach(Place("aws", world.region), world.owner_account_id, made.tables, [made.nodes])
        taken = {f"ec2:{action}" for action in without}
        statements = [{**one, "Action": sorted({*one["Action"]} - taken)} for one in document["Statement"]]
        text = json.dumps({**document, "Statement": statements})
        self.lab.iam.put_user_policy(UserName=world.operator_name, PolicyName="reach", PolicyDocument=text)

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


@contextmanager
def opened(lab: LabHandle) -> Iterator[None]:
    """The nodes' security groups let everybody in."""
    interfaces = [node.network_interface_ids[0] for node in lab.world.nodes]
    found = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=interfaces)["NetworkInterfaces"]
    groups = {group["GroupId"] for interface in found for group in interface["Groups"]}
    everyone = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    for group in groups:
        lab.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everyone)
    lab.control.clear()
    yield
    for group in groups:
        lab.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=everyone)


@pytest.fixture
def site(ready: LabHandle) -> Iterator[Site]:
    """With the operator's own rights and those of ``purpose: reach``, and the clients' side in order."""
    made = outside.build(ready.owner_ec2, ready.world, ready.control)
    ready.owner_ec2.create_route(
        RouteTableId=made.clients_table, DestinationCidrBlock=OVERLAY, TransitGatewayId=made.gateway
    )
    world, built = ready.world, Site(ready, made)
    built.permit()
    with opened(ready):
        yield built
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

    own = lab.playbook("reach.yml", overlay_ip_reach=[{**entry, "clients": ["10.0.0.0/16"]} for entry in site.reach])
    assert f"10.0.0.0/16 lies in {lab.world.vpc_id} itself (10.0.0.0/16), which the VPC routes locally" in own.told
    assert (site.static(), site.back()) == ([None, None], set())

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
    assert f"{CLIENTS} (another VPC): reaches only node1." in text
    assert f"{ON_PREMISES} (on-premises, by VPN): reaches only node1." in text

    left = lab.playbook("status.yml", overlay_ip_reach=[])  # as if the entry had been taken out of the inventory
    assert left.ok, left.output
    for table in made.tables:
        assert (
            f"Left over: {table} sends {OVERLAY} to {lab.world.vpc_id}, and overlay_ip_reach names that" in left.output
        )

    wide = [{**entry, "destinations": [OVERLAY, "192.168.11.0/24"]} for entry in site.reach]
    done = lab.playbook("teardown.yml", overlay_ip_reach=wide)
    assert done.ok, done.output
    assert (site.static(), site.back()) == ([None, None], set())
    told = done.output[done.output.index("Tell what was removed, and what stays") :]
    assert f"Kept in {', '.join(made.tables)}: 192.168.11.0/24, which may lead to overlay IPs of others" in told
    assert "the way back to" not in told  # remove_return_routes


def test_what_may_not_be_looked_at_fails_a_strict_status(site: Site) -> None:
    lab, made = site.lab, site.outside
    for table in made.tables:
        lab.owner_ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=table, DestinationCidrBlock=OVERLAY, TransitGatewayAttachmentId=made.nodes
        )
    for table in lab.world.route_table_ids:
        for network in (CLIENTS, ON_PREMISES):
            lab.owner_ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, TransitGatewayId=made.gateway)
    strict: dict[str, Any] = {"overlay_ip_reach": site.reach, "overlay_ip_status_strict": True}
    seen = lab.playbook("status.yml", **strict)
    assert seen.ok, seen.output
    site.permit("SearchTransitGatewayRoutes")
    unseen = lab.playbook("status.yml", **strict)
    assert not unseen.ok
    assert "Not seen: the routes of tgw-rtb-" in unseen.output
    assert "Something is wrong with the overlay IPs, or could not be looked at." in unseen.output


def test_bad_requests_end_in_a_sentence(ready: LabHandle) -> None:
    assert "from is not set: say where to look from, for example -e from=10.20.1.5." in ready.playbook("path.yml").told
    assert "from is '10.20'" in explain(ready, "10.20").told
    other = explain(ready, "10.20.1.5", overlay="192.168.10.1").told  # with which 192.168.10.15 begins
    assert (
        "overlay is '192.168.10.1', which is no overlay IP of the family of from (IPv4); overlay_ips has 192.168"
        in other
    )
    assert "overlay_ip_reach is not set: say by what" in ready.playbook("reach.yml").told
    empty = ready.playbook("reach.yml", overlay_ip_reach=[]).told
    assert "overlay_ip_reach is empty, so that there is nothing to make (status names what an earlier" in empty
    wrong = ready.playbook("reach.yml", overlay_ip_reach=[{"via": "peering"}]).told
    told = "overlay_ip_reach[0].via is 'peering': choose one of transit_gateway, load_balancer, client_vpn."
    assert f"{told} Nothing was changed." in wrong


def test_a_load_balancer_from_the_declaration_to_the_teardown(ready: LabHandle, tmp_path: Path) -> None:
    lab, world = ready, ready.world
    interfaces = [
        policy_document.Ec2Ref(node.network_interface_ids[0], world.account_id, world.vpc_id) for node in world.nodes
    ]
    balancers = policy_document.Balancers(["sap-ascs"], interfaces)
    document = policy_document.reach(Place("aws", world.region), "", (), (), balancers=balancers)
    lab.iam.put_user_policy(UserName=world.operator_name, PolicyName="reach", PolicyDocument=json.dumps(document))
    lab.control.settings(balancer_second=0.1)
    listener = {"port": 3600, "target_port": HTTP_PORT, "idle_timeout": 3900}
    subnets = [node.subnet_id for node in world.nodes]
    reach = [{"via": "load_balancer", "name": "sap-ascs", "subnets": subnets, "listeners": [listener]}]

    foretold = lab.playbook("reach.yml", check=True, overlay_ip_reach=reach)
    assert foretold.ok, foretold.output
    assert "Load balancer sap-ascs does not exist. Run reach.yml" in foretold.output

    with opened(lab):
        made = lab.playbook("reach.yml", overlay_ip_reach=reach)
        assert made.ok, made.output
        name = made.overlay_ip_result["load_balancers"]["sap-ascs"]
        assert name.endswith(".elb.eu-central-1.amazonaws.com")
        assert made.overlay_ip_result["wrong"] == []
        assert "sap-ascs (10.0.1.200) to 192.168.10.15/32, held by node2:" in made.output
        assert "No fault was seen, whoever of node1, node2 holds it." in made.output
    lab.settle()
    again = lab.playbook("reach.yml", overlay_ip_reach=reach)
    assert (again.ok, again.changed_tasks) == (True, []), again.output

    [address, _other] = [
        i["PrivateIpAddress"]
        for i in lab.ec2.describe_network_interfaces()["NetworkInterfaces"]
        if i["Description"].startswith("ELB net/sap-ascs/")
    ]
    wait_for(lambda: answers(lab.lab.machine("client1").netns, address, 3600), "the load balancer to answer", 10)
    elb = lab.client("elbv2")
    [group] = elb.describe_target_groups()["TargetGroups"]
    elb.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckIntervalSeconds=30)
    page = tmp_path / "status.html"
    status = lab.playbook("status.yml", overlay_ip_reach=reach, overlay_ip_page=str(page))
    assert status.ok, status.output
    shown = page.read_text()
    assert "From outside, by Load balancer sap-ascs. its clients: " in shown
    assert "Load balancer sap-ascs is not as declared: target group sap-ascs-3600." in shown
    assert f"Load balancer sap-ascs, {name}, active:" in status.output
    assert f"  port 3600 to 192.168.10.15:{HTTP_PORT}: healthy, idle connections are kept 3900 s" in status.output
    assert "Load balancer sap-ascs is not as declared: target group sap-ascs-3600. Run reach.yml" in status.output

    setup = lab.playbook("setup.yml", check=True, overlay_ip_reach=reach)
    assert setup.ok, setup.output
    assert "Load balancer sap-ascs is not as declared: target group sap-ascs-3600. Run reach.yml" in setup.output

    done = lab.playbook("teardown.yml", overlay_ip_reach=reach)
    assert done.ok, done.output
    assert elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"] == []
    lab.control.settings(balancer_second=1.0)
    lab.iam.delete_user_policy(UserName=world.operator_name, PolicyName="reach")


@pytest.mark.long
def test_a_client_vpn_from_the_declaration_to_the_teardown(ready: LabHandle) -> None:
    lab, world = ready, ready.world
    lab.control.settings(client_vpn=0.1)
    subnets = [node.subnet_id for node in world.nodes]
    endpoint = outside.client_vpn(lab.owner_ec2, *subnets)
    vpns = policy_document.ClientVpns(world.owner_account_id, [endpoint], subnets)
    document = policy_document.reach(Place("aws", world.region), "", (), (), vpns=vpns)
    lab.iam.put_user_policy(UserName=world.operator_name, PolicyName="reach", PolicyDocument=json.dumps(document))
    reach = [{"via": "client_vpn", "endpoint_id": endpoint}]

    def routes() -> list[str]:
        found = lab.owner_ec2.describe_client_vpn_routes(ClientVpnEndpointId=endpoint)["Routes"]
        return [one["TargetSubnet"] for one in found if one["DestinationCidr"] == OVERLAY]

    setup = lab.playbook("setup.yml", check=True, overlay_ip_reach=reach)
    assert setup.ok, setup.output
    warned = setup.output.index(f"Warning: authorization rules of {endpoint}: none for {OVERLAY}. Authorise ")
    assert warned < setup.output.index("overlay_iam_policy : ")  # its first change
    assert "Warning: source/destination check" not in setup.output  # setup's own business
    with opened(lab):
        made = lab.playbook("reach.yml", overlay_ip_reach=reach)
        assert made.ok, made.output
        assert made.overlay_ip_result["wrong"] == []
        assert [one["action"] for one in made.overlay_ip_result["client_vpns"][endpoint]] == ["create", "create"]
        assert routes() == subnets
        again = lab.playbook("reach.yml", overlay_ip_reach=reach)
        assert (again.ok, again.changed_tasks) == (True, []), again.output
        path = explain(lab, f"client_vpn:{endpoint}", overlay_ip_reach=reach)
        assert path.output.count("No fault was seen, whoever of node1, node2 holds it.") == 2
        lab.owner_ec2.delete_client_vpn_route(
            ClientVpnEndpointId=endpoint, DestinationCidrBlock=OVERLAY, TargetVpcSubnetId=subnets[1]
        )
        status = lab.playbook("status.yml", overlay_ip_reach=reach, overlay_ip_status_strict=True)
        assert not status.ok
        assert f"routes of {endpoint} by {subnets[1]}: no route for {OVERLAY}" in status.output
        assert "The fault is on this side: Client VPN." in status.output
    done = lab.playbook("teardown.yml", overlay_ip_reach=reach)
    assert done.ok, done.output
    assert routes() == []
    lab.iam.delete_user_policy(UserName=world.operator_name, PolicyName="reach")
