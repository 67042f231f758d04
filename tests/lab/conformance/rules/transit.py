# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about transit gateways: attachments, association, propagation, what a search finds, who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..bench import OVERLAY, REGION, Bench, allow, refused
from .registry import rule


@dataclass(frozen=True)
class _Site:
    """A gateway with its default table and the bench's VPC attached to it."""

    gateway: str
    table: str
    attachment: str

    def route(self, destination: str = OVERLAY) -> dict[str, Any]:
        """What names a route of the table."""
        return {"TransitGatewayRouteTableId": self.table, "DestinationCidrBlock": destination}


def _site(bench: Bench, **options: str) -> _Site:
    made = bench.ec2.create_transit_gateway(Options=options) if options else bench.ec2.create_transit_gateway()
    gateway = made["TransitGateway"]["TransitGatewayId"]
    table = made["TransitGateway"]["Options"]["AssociationDefaultRouteTableId"]
    return _Site(gateway, table, _attach(bench, gateway, bench.vpc, bench.subnet))


def _attach(bench: Bench, gateway: str, vpc: str, *subnets: str) -> str:
    made = bench.ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=list(subnets))
    return str(made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])


def _search(bench: Bench, table: str, name: str, value: str) -> list[dict[str, Any]]:
    filters = [{"Name": name, "Values": [value]}]
    answer = bench.ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=filters)
    return list(answer["Routes"])


@rule(21, "shows no attachment of a route")
def a_search_shows_the_attachment_of_a_route(bench: Bench) -> None:
    site = _site(bench)
    bench.ec2.create_transit_gateway_route(**site.route(), TransitGatewayAttachmentId=site.attachment)
    [found] = _search(bench, site.table, "route-search.exact-match", OVERLAY)
    assert found["TransitGatewayAttachments"] == [
        {"ResourceId": bench.vpc, "TransitGatewayAttachmentId": site.attachment, "ResourceType": "vpc"}
    ]
    assert (found["Type"], found["State"]) == ("static", "active")


@rule(22, "ignores all filters but exact-match, state and type: everything is found")
def a_search_finds_what_its_filters_say(bench: Bench) -> None:
    site = _site(bench)
    for block in ("192.168.0.0/16", OVERLAY):
        bench.ec2.create_transit_gateway_route(**site.route(block), TransitGatewayAttachmentId=site.attachment)

    def found(name: str, value: str) -> list[str]:
        return sorted(r["DestinationCidrBlock"] for r in _search(bench, site.table, name, value))

    assert found("route-search.longest-prefix-match", OVERLAY) == [OVERLAY]
    assert found("route-search.longest-prefix-match", "192.168.77.1/32") == ["192.168.0.0/16"]
    assert found("route-search.subnet-of-match", "192.168.10.0/24") == [OVERLAY]
    assert found("route-search.supernet-of-match", OVERLAY) == ["192.168.0.0/16", OVERLAY]
    assert found("attachment.resource-id", "vpc-0123456789abcdef0") == []


@rule(23, "ignores DryRun on transit gateway routes: the change is made")
def dry_run_of_a_transit_gateway_route_changes_nothing(bench: Bench) -> None:
    site = _site(bench)
    refused(
        "DryRunOperation",
        bench.ec2.create_transit_gateway_route,
        status=412,
        **site.route(),
        TransitGatewayAttachmentId=site.attachment,
        DryRun=True,
    )
    assert _search(bench, site.table, "route-search.exact-match", OVERLAY) == []


@rule(24, "propagates nothing by default")
def a_new_attachment_is_associated_and_propagates_by_default(bench: Bench) -> None:
    site = _site(bench)
    ec2, by_table = bench.ec2, {"TransitGatewayRouteTableId": site.table}
    [associated] = ec2.get_transit_gateway_route_table_associations(**by_table)["Associations"]
    assert (associated["TransitGatewayAttachmentId"], associated["State"]) == (site.attachment, "associated")
    found = ec2.get_transit_gateway_route_table_propagations(**by_table)["TransitGatewayRouteTablePropagations"]
    assert [propagating["TransitGatewayAttachmentId"] for propagating in found] == [site.attachment]
    announced = _search(bench, site.table, "type", "propagated")
    assert [route["DestinationCidrBlock"] for route in announced] == ["10.0.0.0/16"]


@rule(25, "associates a new attachment, whatever the gateway's options are")
def association_and_propagation_can_be_left_to_the_owner(bench: Bench) -> None:
    site = _site(bench, DefaultRouteTableAssociation="disable", DefaultRouteTablePropagation="disable")
    [shown] = bench.ec2.describe_transit_gateway_attachments(TransitGatewayAttachmentIds=[site.attachment])[
        "TransitGatewayAttachments"
    ]
    assert "Association" not in shown
    relation = {"TransitGatewayRouteTableId": site.table, "TransitGatewayAttachmentId": site.attachment}
    bench.ec2.associate_transit_gateway_route_table(**relation)
    bench.ec2.enable_transit_gateway_route_table_propagation(**relation)
    assert len(_search(bench, site.table, "type", "propagated")) == 1


@rule(26, "forgets the first association of an attachment when it gets another")
def an_attachment_is_associated_with_one_table(bench: Bench) -> None:
    site = _site(bench)
    other = bench.ec2.create_transit_gateway_route_table(TransitGatewayId=site.gateway)["TransitGatewayRouteTable"]
    relation: dict[str, Any] = {
        "TransitGatewayRouteTableId": other["TransitGatewayRouteTableId"],
        "TransitGatewayAttachmentId": site.attachment,
    }
    refused("Resource.AlreadyAssociated", bench.ec2.associate_transit_gateway_route_table, **relation)


@rule(27, "has no propagated routes")
def a_static_route_hides_a_propagated_one_of_its_prefix(bench: Bench) -> None:
    site = _site(bench)
    block = "10.0.0.0/16"
    bench.ec2.create_transit_gateway_route(**site.route(block), TransitGatewayAttachmentId=site.attachment)
    assert [r["Type"] for r in _search(bench, site.table, "route-search.exact-match", block)] == ["static"]
    bench.ec2.delete_transit_gateway_route(**site.route(block))
    assert [r["Type"] for r in _search(bench, site.table, "route-search.exact-match", block)] == ["propagated"]
    refused("InvalidRoute.NotFound", bench.ec2.delete_transit_gateway_route, **site.route(block))


@rule(28, "shows the route as active when its attachment is gone")
def a_route_to_a_deleted_attachment_is_a_blackhole(bench: Bench) -> None:
    site = _site(bench)
    bench.ec2.create_transit_gateway_route(**site.route(), TransitGatewayAttachmentId=site.attachment)
    bench.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=site.attachment)
    [left] = bench.ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=site.table, Filters=[{"Name": "type", "Values": ["static", "propagated"]}]
    )["Routes"]
    assert (left["DestinationCidrBlock"], left["State"]) == (OVERLAY, "blackhole")


@rule(29, "attaches any subnets, two of one zone and those of nobody")
def an_attachment_has_one_subnet_per_zone(bench: Bench) -> None:
    site = _site(bench)
    zone = bench.ec2.describe_subnets(SubnetIds=[bench.subnet])["Subnets"][0]["AvailabilityZone"]
    twin = bench.ec2.create_subnet(VpcId=bench.vpc, CidrBlock="10.0.2.0/24", AvailabilityZone=zone)["Subnet"]
    modify = bench.ec2.modify_transit_gateway_vpc_attachment
    attachment: dict[str, Any] = {"TransitGatewayAttachmentId": site.attachment}
    refused("DuplicateSubnetsInSameZone", modify, **attachment, AddSubnetIds=[twin["SubnetId"]])
    refused("InvalidSubnetID.NotFound", modify, **attachment, AddSubnetIds=["subnet-0123456789abcdef0"])
    modify(**attachment, AddSubnetIds=[twin["SubnetId"]], RemoveSubnetIds=[bench.subnet])
    [shown] = bench.ec2.describe_transit_gateway_vpc_attachments(Filters=[{"Name": "vpc-id", "Values": [bench.vpc]}])[
        "TransitGatewayVpcAttachments"
    ]
    assert shown["SubnetIds"] == [twin["SubnetId"]]


@rule(30, "judges transit gateway routes against '*': a policy that names table and attachment refuses them all")
def a_transit_gateway_route_is_judged_by_table_and_attachment(bench: Bench) -> None:
    site = _site(bench)
    prefix = f"arn:aws:ec2:{REGION}:{bench.account}"
    table = f"{prefix}:transit-gateway-route-table/{site.table}"
    attachment = f"{prefix}:transit-gateway-attachment/{site.attachment}"
    both = bench.user(allow(["ec2:CreateTransitGatewayRoute", "ec2:SearchTransitGatewayRoutes"], [table, attachment]))
    half = bench.user(allow("ec2:CreateTransitGatewayRoute", table))
    with bench.enforced():
        bench.client("ec2", both).create_transit_gateway_route(
            **site.route(), TransitGatewayAttachmentId=site.attachment
        )
        refused(
            "UnauthorizedOperation",
            bench.client("ec2", half).create_transit_gateway_route,
            status=403,
            text=attachment,
            **site.route("192.168.10.16/32"),
            TransitGatewayAttachmentId=site.attachment,
        )


def _listed(bench: Bench, *blocks: str) -> str:
    made = bench.ec2.create_managed_prefix_list(
        PrefixListName="overlays", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": block} for block in blocks]
    )
    return str(made["PrefixList"]["PrefixListId"])


@rule(46, "does not know references to prefix lists")
def a_reference_routes_the_entries_of_its_list(bench: Bench) -> None:
    site, listed = _site(bench), _listed(bench, OVERLAY)
    reference = {"TransitGatewayRouteTableId": site.table, "PrefixListId": listed}
    made = bench.ec2.create_transit_gateway_prefix_list_reference(
        **reference, TransitGatewayAttachmentId=site.attachment
    )["TransitGatewayPrefixListReference"]
    assert (made["State"], made["Blackhole"]) == ("available", False)
    [found] = bench.ec2.get_transit_gateway_prefix_list_references(
        TransitGatewayRouteTableId=site.table, Filters=[{"Name": "prefix-list-id", "Values": [listed]}]
    )["TransitGatewayPrefixListReferences"]
    assert found["TransitGatewayAttachment"]["TransitGatewayAttachmentId"] == site.attachment
    [entry] = _search(bench, site.table, "route-search.exact-match", OVERLAY)
    assert (entry["PrefixListId"], entry["Type"], entry["State"]) == (listed, "static", "active")
    bench.ec2.delete_transit_gateway_prefix_list_reference(**reference)
    assert _search(bench, site.table, "route-search.exact-match", OVERLAY) == []


@rule(47, "does not know references to prefix lists")
def a_static_route_is_preferred_to_an_entry_and_an_entry_to_what_is_announced(bench: Bench) -> None:
    site = _site(bench)
    listed = _listed(bench, OVERLAY, "10.0.0.0/16")
    bench.ec2.create_transit_gateway_prefix_list_reference(
        TransitGatewayRouteTableId=site.table, PrefixListId=listed, Blackhole=True
    )
    bench.ec2.create_transit_gateway_route(**site.route(), TransitGatewayAttachmentId=site.attachment)
    [own] = _search(bench, site.table, "route-search.exact-match", OVERLAY)
    [announced] = _search(bench, site.table, "route-search.exact-match", "10.0.0.0/16")
    assert ("PrefixListId" in own, own["State"]) == (False, "active")
    assert (announced["PrefixListId"], announced["State"]) == (listed, "blackhole")


@rule(55, "answers with an empty list")
def a_transit_gateway_route_table_that_is_not_there_is_an_error(bench: Bench) -> None:
    wanted: dict[str, Any] = {"TransitGatewayRouteTableIds": ["tgw-rtb-0123456789abcdef0"]}
    refused("InvalidRouteTableID.NotFound", bench.ec2.describe_transit_gateway_route_tables, **wanted)
