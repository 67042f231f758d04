# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a path depends on: from the nodes' VPC to the source, by the fewest calls.

What cannot be read, because it is another account's or not permitted, is left out, and the path says so.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._aws.errors import AwsError
from .._base import net
from .._route.ec2 import SUBNETS_PAGE, Ec2
from .._route.plan import PlanError, Table
from . import model
from .ec2 import TransitGateways
from .interfaces import Named
from .model import ANY, Attached, Elsewhere, Entry, Filter, Host, Net, Ports, Scene, Transit, Tunnel, longest, subnet_of
from .plan import TransitRoute

_TCP = {"6", "tcp", "-1", "all"}


@dataclass(frozen=True)
class Request:
    """The options of ``overlay_path_info``, canonical: ``source`` and ``overlay`` are prefixes.

    ``called`` is what the source is called, by default its address. ``tunnel`` is by what it comes into its subnet, and
    ``group_ids`` are the security groups that it has there.
    """

    source: str
    overlay: str
    instance_ids: tuple[str, ...]
    device_index: int = 0
    port: int | None = None
    transit_gateway_attachment_id: str = ""
    called: str = ""
    tunnel: Tunnel | None = None
    group_ids: tuple[str, ...] = ()
    interfaces: Named = field(default_factory=dict)


@dataclass
class _Vpc:
    """A VPC as far as it was read."""

    vpc_id: str
    nets: dict[str, Net] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    cidrs: tuple[str, ...] = ()


def scene(ec2: Ec2, gateways: TransitGateways, request: Request) -> Scene:
    """Read it. Raises AwsError and PlanError."""
    instances = _instances(ec2, request)
    vpc_id = instances[0]["VpcId"]
    mine = _vpc(ec2, vpc_id)
    nodes = [_node(raw, request.interfaces.get(raw["InstanceId"], request.device_index), mine) for raw in instances]
    inside = any(net.family(c) == net.family(request.source) and net.within(request.source, c) for c in mine.cidrs)
    source = Host(request.called or _short(request.source), request.source)
    found = Scene(request.overlay, vpc_id, tuple(nodes), source, port=request.port, tunnel=request.tunnel)
    found = replace(found, targets=frozenset(n.network_interface_id for n in nodes))
    if inside:
        found = replace(found, source=_source(ec2, request, mine), source_vpc=vpc_id)
    else:
        found = _outside(ec2, gateways, request, found, mine)
    return _with_groups(ec2, found)


# --- the nodes' VPC ---------------------------------------------------------------------------------------------------


def _instances(ec2: Ec2, request: Request) -> list[dict[str, Any]]:
    answer = ec2.aws.call("ec2", "DescribeInstances", InstanceIds=list(request.instance_ids))
    found = {raw["InstanceId"]: raw for group in answer["Reservations"] for raw in group["Instances"]}
    chosen = [found[i] for i in request.instance_ids if i in found]
    vpcs = sorted({raw.get("VpcId", "none") for raw in chosen})
    if len(vpcs) != 1 or vpcs == ["none"]:
        raise PlanError(f"The nodes are in {' and '.join(vpcs)}: name instances of one VPC in instance_ids.")
    return chosen


def _node(raw: Mapping[str, Any], which: int | str, mine: _Vpc) -> Host:
    interface = _interface(raw, which)
    if interface is None:
        what, option = (
            (f"with device index {which}", "device_index") if isinstance(which, int) else (which, "interfaces")
        )
        raise PlanError(f"{raw['InstanceId']} has no network interface {what}: correct {option}.")
    return Host(
        name=_name(raw) or raw["InstanceId"],
        address=_host(interface["PrivateIpAddress"]),
        net=mine.nets.get(interface["SubnetId"]),
        group_ids=tuple(g["GroupId"] for g in interface.get("Groups", ())),
        network_interface_id=interface["NetworkInterfaceId"],
        running=raw["State"]["Name"] == "running",
        source_dest_check=bool(interface.get("SourceDestCheck", True)),
    )


def _interface(raw: Mapping[str, Any], which: int | str) -> Mapping[str, Any] | None:
    attached = (i for i in raw.get("NetworkInterfaces", ()) if i.get("Attachment"))
    return next((i for i in attached if which in (i["Attachment"]["DeviceIndex"], i["NetworkInterfaceId"])), None)


def _vpc(ec2: Ec2, vpc_id: str) -> _Vpc:
    """Subnets, route tables and network ACLs of a VPC: three calls."""
    tables = ec2.tables(vpc_id=vpc_id)
    nets = _nets(ec2, [vpc_id])
    return _Vpc(vpc_id, _completed(ec2, vpc_id, nets, tables), tables, tables[0].local_cidrs)


def _nets(ec2: Ec2, vpc_ids: Sequence[str]) -> dict[str, Net]:
    """The subnets of VPCs, without what is in effect in them."""
    pages = ec2.aws.pages(
        "ec2", "DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": list(vpc_ids)}], MaxResults=SUBNETS_PAGE
    )
    return {
        raw["SubnetId"]: Net(raw["SubnetId"], raw["CidrBlock"], raw["AvailabilityZone"])
        for page in pages
        for raw in page["Subnets"]
    }


def _completed(ec2: Ec2, vpc_id: str, nets: Mapping[str, Net], tables: Sequence[Table]) -> dict[str, Net]:
    main = next((t for t in tables if t.main), None)
    table_of = {subnet_id: t for t in tables for subnet_id in t.subnet_ids}
    acl_of = _acls(ec2, vpc_id)
    return {i: replace(n, table=table_of.get(i, main), acl=acl_of.get(i)) for i, n in nets.items()}


def _acls(ec2: Ec2, vpc_id: str) -> dict[str, Filter]:
    """By subnet; without them where the caller may not see them, since most VPCs allow everything there."""
    try:
        pages = list(ec2.aws.pages("ec2", "DescribeNetworkAcls", Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]))
    except AwsError as err:
        if not err.denied:
            raise
        return {}
    found: dict[str, Filter] = {}
    for raw in (raw for page in pages for raw in page["NetworkAcls"]):
        sides = {egress: tuple(_acl_entries(raw["Entries"], egress)) for egress in (True, False)}
        acl = Filter(raw["NetworkAclId"], sides[False], sides[True])
        found.update({a["SubnetId"]: acl for a in raw.get("Associations", ()) if a.get("SubnetId")})
    return found


def _acl_entries(raws: Iterable[Mapping[str, Any]], egress: bool) -> Iterable[Entry]:
    for raw in raws:
        peer = raw.get("CidrBlock") or raw.get("Ipv6CidrBlock")
        last = raw["RuleNumber"] > 32766  # the one that denies everything
        if raw["Egress"] is egress and peer and str(raw["Protocol"]) in _TCP and not last:
            span = raw.get("PortRange") or {}
            ports = (span.get("From", ANY[0]), span.get("To", ANY[1])) if str(raw["Protocol"]) != "-1" else ANY
            yield Entry(peer, ports, raw["RuleAction"] == "allow", raw["RuleNumber"])


def _with_groups(ec2: Ec2, found: Scene) -> Scene:
    """With the security groups of all ends: one call."""
    ends = [*found.nodes, found.source]
    wanted = sorted({group for end in ends for group in end.group_ids})
    if not wanted:
        return found
    try:
        pages = list(ec2.aws.pages("ec2", "DescribeSecurityGroups", GroupIds=wanted))
    except AwsError as err:
        if not err.denied:
            raise
        return found
    groups = {raw["GroupId"]: raw for page in pages for raw in page["SecurityGroups"]}
    done = [replace(end, groups=_together(end.group_ids, groups)) for end in ends]
    return replace(found, nodes=tuple(done[:-1]), source=done[-1])


def _together(group_ids: Sequence[str], groups: Mapping[str, Mapping[str, Any]]) -> Filter | None:
    """The groups of one interface: what any of them allows."""
    mine = [groups[i] for i in group_ids if i in groups]
    if not mine:
        return None
    sides = [
        tuple(entry for raw in mine for rule in raw.get(key, ()) for entry in _permissions(rule))
        for key in ("IpPermissions", "IpPermissionsEgress")
    ]
    return Filter(", ".join(raw["GroupId"] for raw in mine), sides[0], sides[1])


def _permissions(rule: Mapping[str, Any]) -> Iterable[Entry]:
    if str(rule.get("IpProtocol")) not in _TCP:
        return
    ports: Ports = (rule.get("FromPort", ANY[0]), rule.get("ToPort", ANY[1]))
    ports = ANY if ports[0] == -1 or str(rule["IpProtocol"]) == "-1" else ports
    for key, name in (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("UserIdGroupPairs", "GroupId"),
        ("PrefixListIds", "PrefixListId"),
    ):
        yield from (Entry(peer[name], ports) for peer in rule.get(key, ()) if peer.get(name))


# --- the source -------------------------------------------------------------------------------------------------------


def _source(ec2: Ec2, request: Request, vpc: _Vpc) -> Host:
    """The source in a VPC that can be seen, with the interface that has this address, if one has."""
    source = Host(request.called or _short(request.source), request.source, subnet_of(vpc.nets, request.source))
    if request.tunnel:
        return replace(source, group_ids=request.group_ids)
    answer = ec2.aws.call(
        "ec2",
        "DescribeNetworkInterfaces",
        Filters=[
            {"Name": "vpc-id", "Values": [vpc.vpc_id]},
            {"Name": "addresses.private-ip-address", "Values": [_short(request.source)]},
        ],
    )
    raw = next(iter(answer["NetworkInterfaces"]), None)
    if raw is None:
        return source
    groups = tuple(g["GroupId"] for g in raw.get("Groups", ()))
    return replace(source, group_ids=groups, network_interface_id=raw["NetworkInterfaceId"])


def _outside(ec2: Ec2, gateways: TransitGateways, request: Request, found: Scene, mine: _Vpc) -> Scene:
    """A source outside of the nodes' VPC: by transit gateway, peering, or virtual private gateway."""
    own = gateways.attachments(resource_id=mine.vpc_id)
    found = replace(found, attached=tuple(raw["TransitGatewayId"] for raw in own))
    theirs = [
        raw for far in own for raw in gateways.all_of(far["TransitGatewayId"]) if raw["ResourceId"] != mine.vpc_id
    ]
    peering_id, peer_vpc = _peering(ec2, request, mine)
    vpcs = {raw["ResourceId"] for raw in theirs if raw["ResourceType"] == "vpc"} | ({peer_vpc} if peer_vpc else set())
    client = _client_vpc(ec2, request, sorted(vpcs), peer_vpc)
    if client:
        found = replace(found, source=_source(ec2, request, client), source_vpc=client.vpc_id)
    near = _near(gateways, request, found, own, theirs)
    vgw_id = _vgw(request, mine)
    if isinstance(near, Elsewhere) and not (peering_id or vgw_id):
        return replace(found, elsewhere=_with_nets(gateways, near, mine))
    if near is None or isinstance(near, Elsewhere):
        return replace(found, peering_id=peering_id, vgw_id=vgw_id)
    far = next(raw for raw in own if raw["TransitGatewayId"] == near["TransitGatewayId"])
    if found.source_vpc is None and near["ResourceType"] == "vpc":
        found = replace(found, source_vpc=near["ResourceId"])
    nets = {**mine.nets, **(client.nets if client else {})}
    return replace(found, transit=_transit(gateways, request, near, far, nets), peering_id=peering_id)


def _with_nets(gateways: TransitGateways, near: Elsewhere, mine: _Vpc) -> Elsewhere:
    """With the subnets of the nodes' attachment."""
    details = {raw["TransitGatewayAttachmentId"]: raw for raw in gateways.vpc_attachments(mine.vpc_id)}
    ids = details.get(near.far.attachment_id, {}).get("SubnetIds", ())
    return replace(near, far=replace(near.far, nets=tuple(mine.nets[i] for i in ids if i in mine.nets)))


def _peering(ec2: Ec2, request: Request, mine: _Vpc) -> tuple[str, str]:
    """The peering of the nodes' VPC to the VPC that holds the source, and that VPC."""
    pages = ec2.aws.pages(
        "ec2", "DescribeVpcPeeringConnections", Filters=[{"Name": "status-code", "Values": ["active"]}]
    )
    for raw in (raw for page in pages for raw in page["VpcPeeringConnections"]):
        sides = [raw["RequesterVpcInfo"], raw["AccepterVpcInfo"]]
        other = next((s for s in sides if s["VpcId"] != mine.vpc_id), None)
        if other is None or all(s["VpcId"] != mine.vpc_id for s in sides):
            continue
        blocks = [b["CidrBlock"] for b in other.get("CidrBlockSet", ())] or [other.get("CidrBlock", "")]
        if any(b and net.family(b) == net.family(request.source) and net.within(request.source, b) for b in blocks):
            return raw["VpcPeeringConnectionId"], other["VpcId"]
    return "", ""


def _client_vpc(ec2: Ec2, request: Request, vpc_ids: Sequence[str], peer_vpc: str) -> _Vpc | None:
    """The VPC of the source, where one of these is it and can be seen."""
    for vpc_id in sorted(vpc_ids, key=lambda v: v != peer_vpc):
        nets = _nets(ec2, [vpc_id])
        if subnet_of(nets, request.source):
            tables = ec2.tables(vpc_id=vpc_id)
            return _Vpc(vpc_id, _completed(ec2, vpc_id, nets, tables), tables)
    return None


def _near(
    gateways: TransitGateways,
    request: Request,
    found: Scene,
    own: Sequence[Mapping[str, Any]],
    theirs: Sequence[Mapping[str, Any]],
) -> Mapping[str, Any] | Elsewhere | None:
    """The source's attachment: as named, its VPC's, or the one that the nodes' table sends the answers to.

    A VPC to which more than a VPC's block is sent, such as one that inspects, is not the source's.
    """
    named = request.transit_gateway_attachment_id
    if named:
        near = next((raw for raw in theirs if raw["TransitGatewayAttachmentId"] == named), None)
        if near is None:
            raise PlanError(
                f"{named} is no attachment of a transit gateway that {found.vpc_id} is attached to: correct"
                " transit_gateway_attachment_id."
            )
        return near
    if found.source_vpc:
        mine = [raw for raw in theirs if raw["ResourceId"] == found.source_vpc]
        table = found.source.net.table if found.source.net else None
        route = longest(table.routes, found.overlay) if table else None
        chosen = (raw for raw in mine if route and raw["TransitGatewayId"] == route.target)
        return next(chosen, None) or next(iter(mine), None)
    for far in own:
        table_id = far.get("Association", {}).get("TransitGatewayRouteTableId")
        route_back = _longest(gateways, table_id, request.source) if table_id else None
        if table_id and route_back and model.inspects(route_back):
            return Elsewhere(route_back, table_id, _attached(far, {}, {}))
        by_id = {raw["TransitGatewayAttachmentId"]: raw for raw in theirs}
        if route_back and route_back.target in by_id:
            return by_id[route_back.target]
    return None


def _vgw(request: Request, mine: _Vpc) -> str:
    routes = (longest(t.routes, request.source) for t in mine.tables)
    return next((r.target for r in routes if r and r.target.startswith("vgw-")), "")


def _transit(
    gateways: TransitGateways,
    request: Request,
    near: Mapping[str, Any],
    far: Mapping[str, Any],
    nets: Mapping[str, Net],
) -> Transit:
    details = {
        raw["TransitGatewayAttachmentId"]: raw
        for vpc in sorted({raw["ResourceId"] for raw in (near, far) if raw["ResourceType"] == "vpc"})
        for raw in gateways.vpc_attachments(vpc)
    }
    ends = [_attached(raw, details, nets) for raw in (near, far)]
    there = back = None
    try:
        there = _longest(gateways, ends[0].table_id, request.overlay) if ends[0].table_id else None
        back = _longest(gateways, ends[1].table_id, request.source) if ends[1].table_id else None
    except AwsError as err:
        if not err.denied:
            raise
        return Transit(ends[0], ends[1], unseen=err.message)
    return Transit(ends[0], ends[1], there, back)


def _attached(raw: Mapping[str, Any], details: Mapping[str, Mapping[str, Any]], nets: Mapping[str, Net]) -> Attached:
    detail = details.get(raw["TransitGatewayAttachmentId"], {})
    return Attached(
        attachment_id=raw["TransitGatewayAttachmentId"],
        gateway_id=raw["TransitGatewayId"],
        kind=raw["ResourceType"],
        resource_id=raw["ResourceId"],
        table_id=raw.get("Association", {}).get("TransitGatewayRouteTableId"),
        nets=tuple(nets[i] for i in detail.get("SubnetIds", ()) if i in nets),
        appliance=detail.get("Options", {}).get("ApplianceModeSupport") == "enable",
    )


def _longest(gateways: TransitGateways, table_id: str, wanted: str) -> TransitRoute | None:
    found = gateways.search(table_id, "route-search.longest-prefix-match", [wanted]).routes
    return next(iter(found.values()), None)


def _short(prefix: str) -> str:
    """A single address without its prefix length."""
    parsed = ipaddress.ip_network(prefix)
    return str(parsed.network_address) if parsed.num_addresses == 1 else prefix


def _host(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _name(raw: Mapping[str, Any]) -> str:
    return next((tag["Value"] for tag in raw.get("Tags", ()) if tag["Key"] == "Name"), "")
