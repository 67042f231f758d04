# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With just `purpose: reach`, routes there and back are made and the path is seen; with anything taken out, not."""

from __future__ import annotations

from typing import Any

from integration.policies.stage import OVERLAY, Denied, Stage, play, without_one

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import back, job, look, path
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.ec2 import TransitGateways
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.owners import Owners
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.plan import Want
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab import outside
from lab.endpoint.control import Control

CLIENT = "10.20.1.5"
#: The system of a client is asked for by the same action as the nodes, and a client of another account is not seen.


class Routing:
    """All that transit_gateway_route, transit_gateway_return_route and overlay_path_info call for reach.yml."""

    def __init__(self, stage: Stage) -> None:
        self.stage, control = stage, Control(stage.endpoint.url)
        self.ec2: Any = stage.endpoint.client("ec2", stage.world.owner_admin.credentials())
        self.made = outside.build(self.ec2, stage.world, control)
        group = self.ec2.create_security_group(GroupName="app", Description="x", VpcId=self.made.clients_vpc)["GroupId"]
        interface = {"SubnetId": self.made.clients_subnet, "PrivateIpAddress": CLIENT, "Groups": [group]}
        self.ec2.create_network_interface(**interface)
        nodes = self.ec2.describe_network_interfaces(NetworkInterfaceIds=list(stage.interfaces))["NetworkInterfaces"]
        rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
        for one in {g["GroupId"] for node in nodes for g in node["Groups"]}:
            self.ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=rule)
        self.tables = tuple(self.made.tables)

    def lead_astray(self) -> None:
        """There and back, a route that leads nowhere: it is to be replaced."""
        self.clear()
        for table in self.tables:
            self.ec2.create_transit_gateway_route(
                TransitGatewayRouteTableId=table, DestinationCidrBlock=OVERLAY, Blackhole=True
            )
        for table in self.stage.world.route_table_ids:
            self.ec2.create_route(
                RouteTableId=table, DestinationCidrBlock=outside.CLIENTS, NetworkInterfaceId=self.stage.interfaces[0]
            )

    def clear(self) -> None:
        """No route there or back."""
        for table in self.tables:
            wanted = [{"Name": "route-search.exact-match", "Values": [OVERLAY]}]
            if self.ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=wanted)["Routes"]:
                self.ec2.delete_transit_gateway_route(TransitGatewayRouteTableId=table, DestinationCidrBlock=OVERLAY)
        found = self.ec2.describe_route_tables(RouteTableIds=list(self.stage.world.route_table_ids))["RouteTables"]
        for table in found:
            if any(route.get("DestinationCidrBlock") == outside.CLIENTS for route in table["Routes"]):
                self.ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=outside.CLIENTS)

    def written(self, ec2: Ec2) -> None:
        """Make or replace."""
        self._there(ec2, "present")
        self._back(ec2, "present")

    def seen(self, ec2: Ec2) -> None:
        """The path, of which nothing may be unseen."""
        request = look.Request(f"{CLIENT}/32", OVERLAY, tuple(self.stage.instances))
        found = look.scene(ec2, Owners(TransitGateways(ec2.aws)), request)
        if found.unseen:
            raise Denied(found.unseen[0].why)
        assert path.paths(found)

    def removed(self, ec2: Ec2) -> None:
        """Delete."""
        self._there(ec2, "absent")
        self._back(ec2, "absent")

    def _there(self, ec2: Ec2, state: str) -> None:
        gateways = TransitGateways(ec2.aws)
        vpc_id = ec2.instances(self.stage.instances[:1])[0].vpc_id
        target = gateways.attachment_of(vpc_id, self.tables)
        want = Want((OVERLAY,), target, state, "always", vpc_id)
        job.run(gateways, job.Request(want, self.tables, wait_timeout=5))

    def _back(self, ec2: Ec2, state: str) -> None:
        gateway = TransitGateways(ec2.aws).gateway_of(self.tables[0])
        want = Want((outside.CLIENTS,), gateway, state)
        tables = back.serving(ec2, self.stage.instances, 0, {})
        job.run(back.ReturnRoutes(ec2), job.Request(want, tables, wait_timeout=5))


def test_the_policy_of_transit_gateways_is_enough_and_minimal(stage: Stage) -> None:
    routing = Routing(stage)
    document = stage.rendered(
        stage.world.owner_admin,
        purpose="reach",
        transit_gateway_route_table_ids=routing.tables,
        vpc_id=stage.world.vpc_id,
        network_interface_ids=stage.interfaces,
    )
    judged = stage.judged()
    stage.grant(document)
    run = (routing.written, routing.seen, routing.removed)
    play(judged, *run)
    routing.lead_astray()
    play(judged, *run)

    refused: dict[str, bool] = {}
    for taken, rest in without_one(document):
        routing.clear()
        stage.grant(rest)
        for before in (routing.clear, routing.lead_astray):
            before()
            try:
                play(judged, *run)
            except Denied as err:
                refused[taken] = refused.get(taken, False) or f"{taken} " in str(err)
    outside.remove(routing.ec2)
    elements = {taken for taken, _rest in without_one(document)}
    assert len(elements) > 15
    assert {one for one in elements if not refused.get(one)} == set()
