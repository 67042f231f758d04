# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read by what a source outside of the nodes' VPC comes in: a transit gateway, a peering, a virtual private gateway.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .._aws.errors import AwsError
from .._base import net
from .._route.ec2 import Ec2
from .._route.plan import PlanError, Table
from . import look_source, look_vpc, model
from .look_vpc import Vpc
from .model import Attached, Elsewhere, Net, Onward, Scene, Transit, longest, subnet_of
from .owners import Owners, Raw, Sight
from .plan import TransitRoute

Subnets = Mapping[str, Mapping[str, Net]]
"""By VPC, its subnets by id."""


class Wanted(look_source.Wanted, Protocol):
    """What of a request is asked here, see `look.Request`."""

    @property
    def overlay(self) -> str:
        """A prefix."""

    @property
    def transit_gateway_attachment_id(self) -> str:
        """The source's attachment, where it was named."""


def outside(ec2: Ec2, owners: Owners, request: Wanted, found: Scene, mine: Vpc, sight: Sight) -> Scene:
    """With the source, and the way by which it comes. Raises AwsError and PlanError."""
    own = owners.attachments(mine.vpc_id, sight)
    theirs = _theirs(owners, own, mine, sight)
    named = _named(request, theirs, mine, sight)
    peering_id, peer_vpc = "", ""
    if named is None:
        peering_id, peer_vpc = sight.ask("peering connections", lambda: _peering(ec2, request, mine), ("", ""))
    attached = _attached_vpcs([named] if named else theirs)
    wanted = sorted({*attached, peer_vpc} - {""})
    nothing: dict[str, dict[str, Net]] = {}
    every = sight.ask("subnets of other VPCs", lambda: look_vpc.subnets_of(ec2, wanted), nothing)
    client = _client_vpc(ec2, request, every, attached, sight)
    if client:
        source = look_source.located(ec2, request, found.source, client, sight)
        found = replace(found, source=source, source_vpc=client.vpc_id)
    near = named or _near(owners, request, found, own, theirs, sight)
    vgw_id = _vgw(request, mine)
    if isinstance(near, Elsewhere) and not (peering_id or vgw_id):
        return replace(found, elsewhere=_with_nets(owners, near, own, mine, sight))
    if near is None or isinstance(near, Elsewhere):
        looked = _looked_at(own, theirs, mine)
        return replace(found, peering_id=peering_id, vgw_id=vgw_id, looked_at=looked)
    far = next(raw for raw in own if raw["TransitGatewayId"] == near["TransitGatewayId"])
    if found.source_vpc is None and near["ResourceType"] == "vpc":
        found = replace(found, source_vpc=near["ResourceId"])
        _has_subnet(request, near["ResourceId"], every.get(near["ResourceId"], {}))
    transit = _transit(owners, request, near, far, theirs, sight)
    return replace(found, transit=_with_ends(owners, transit, near, far, mine, client, sight), peering_id=peering_id)


def _theirs(owners: Owners, own: Sequence[Raw], mine: Vpc, sight: Sight) -> list[Raw]:
    """What else is attached to the gateways."""
    found: list[Raw] = []
    for far in own:
        what = f"the attachments of {far['TransitGatewayId']}"
        found += sight.ask(what, lambda far=far: owners.all_of(far), [])  # type: ignore[misc]
    return [raw for raw in found if raw["ResourceId"] != mine.vpc_id]


def _named(request: Wanted, theirs: Sequence[Raw], mine: Vpc, sight: Sight) -> Raw | None:
    named = request.transit_gateway_attachment_id
    near = next((raw for raw in theirs if raw["TransitGatewayAttachmentId"] == named), None)
    if named and near is None:
        unseen = f" ({sight.unseen[0].why})" if sight.unseen else ""
        raise PlanError(
            f"{named} is no attachment of a transit gateway that {mine.vpc_id} is attached to, as far as could be"
            f" seen{unseen}: correct transit_gateway_attachment_id."
        )
    return near


def _attached_vpcs(theirs: Sequence[Raw]) -> dict[str, str]:
    """The VPCs among attachments, each with its attachment."""
    return {raw["ResourceId"]: raw["TransitGatewayAttachmentId"] for raw in theirs if raw["ResourceType"] == "vpc"}


def _looked_at(own: Sequence[Raw], theirs: Sequence[Raw], mine: Vpc) -> tuple[str, ...]:
    """Where a source was looked for, for who wonders why it was not found."""
    gateways = sorted({raw["TransitGatewayId"] for raw in own})
    vpcs = sorted(_attached_vpcs(theirs))
    tables = sorted({t for raw in own if (t := _table(raw))})
    return (
        f"the blocks of {mine.vpc_id} ({', '.join(mine.cidrs)})",
        f"the subnets of what is attached to {', '.join(gateways)} ({', '.join(vpcs) or 'no other VPC'})"
        if gateways
        else f"transit gateways ({mine.vpc_id} is attached to none)",
        *([f"the routes of {', '.join(tables)}"] if tables else []),
        "active peering connections",
        f"routes of {mine.vpc_id} to a virtual private gateway",
    )


def _peering(ec2: Ec2, request: Wanted, mine: Vpc) -> tuple[str, str]:
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
        blocks += [b["Ipv6CidrBlock"] for b in other.get("Ipv6CidrBlockSet", ())]
        if any(b and net.family(b) == net.family(request.source) and net.within(request.source, b) for b in blocks):
            return raw["VpcPeeringConnectionId"], other["VpcId"]
    return "", ""


def _client_vpc(ec2: Ec2, request: Wanted, every: Subnets, attached: Mapping[str, str], sight: Sight) -> Vpc | None:
    """The VPC of the source, where one of these is it. Raises PlanError where several have it."""
    holding = sorted(vpc_id for vpc_id, nets in every.items() if subnet_of(nets, request.source))
    if len(holding) > 1:
        ways = [f"{one} ({attached.get(one, 'by a peering, which cannot carry it')})" for one in holding]
        raise PlanError(
            f"{request.name} lies in a subnet of {' and of '.join(ways)}: which of them is meant? Name its attachment"
            " in transit_gateway_attachment_id (path.yml: -e overlay_ip_path_attachment=tgw-attach-...)."
        )
    if not holding:
        return None
    [vpc_id] = holding
    none: list[Table] = []
    tables = sight.ask(
        f"the route tables of {vpc_id}", lambda: look_vpc.opened(ec2, ec2.tables(vpc_id=vpc_id), sight), none
    )
    return Vpc(vpc_id, look_vpc.completed(ec2, vpc_id, every[vpc_id], tables, sight), tables)


def _has_subnet(request: Wanted, vpc_id: str, nets: Mapping[str, Net]) -> None:
    """Raise PlanError where a VPC can be seen, and none of its subnets has anything of the source."""
    wanted = ipaddress.ip_network(request.source)
    blocks = [ipaddress.ip_network(b) for one in nets.values() for b in (one.cidr, *one.more) if b]
    if blocks and not any(wanted.overlaps(one) for one in blocks):
        same = ", ".join(sorted(str(one) for one in blocks if one.version == wanted.version))
        raise PlanError(
            f"{request.name} belongs to nothing: the transit gateway leads to {vpc_id} for it, and none of its subnets"
            f" ({same or 'none of this family'}) has it. Correct from."
        )


def _near(
    owners: Owners, request: Wanted, found: Scene, own: Sequence[Raw], theirs: Sequence[Raw], sight: Sight
) -> Raw | Elsewhere | None:
    """The source's attachment: its VPC's, or the one that the nodes' table sends the answers to.

    A VPC to which more than a VPC's block is sent, such as one that inspects, is not the source's: its table says
    where it goes from there.
    """
    if found.source_vpc:
        mine = [raw for raw in theirs if raw["ResourceId"] == found.source_vpc]
        table = found.source.net.table if found.source.net else None
        route = longest(table.routes, found.overlay) if table else None
        chosen = (raw for raw in mine if route and raw["TransitGatewayId"] == route.target)
        return next(chosen, None) or next(iter(mine), None)
    by_id = {raw["TransitGatewayAttachmentId"]: raw for raw in theirs}
    otherwise: Elsewhere | None = None
    for far in own:
        if not (table_id := _table(far)):
            continue
        what = f"the routes of {table_id}"
        back = sight.ask(what, lambda far=far, at=table_id: owners.longest(far, at, request.source), None)  # type: ignore[misc]
        if back is None:
            continue
        onward = _onward(owners, far, back, theirs, request.source, sight)
        elsewhere = Elsewhere(back, table_id, _attached(far, {}, {}), onward)
        after = onward.route if onward else back
        if after and after.target in by_id and not model.inspects(after) and not elsewhere.lost:
            return by_id[after.target]
        if elsewhere.lost or model.inspects(back):
            otherwise = otherwise or elsewhere
        else:
            sight.add(f"{back.target}, to which {table_id} sends the answers", "it is not shown to this account")
    return otherwise


def _onward(
    owners: Owners, far: Raw, route: TransitRoute | None, theirs: Sequence[Raw], wanted: str, sight: Sight
) -> Onward | None:
    """What the table of a VPC between does, where a route leads to one and that can be seen."""
    between = next((r for r in theirs if route and r["TransitGatewayAttachmentId"] == route.target), None)
    if route is None or between is None or not model.inspects(route) or not (table_id := _table(between)):
        return None
    try:
        return Onward(between["TransitGatewayAttachmentId"], table_id, owners.longest(far, table_id, wanted))
    except AwsError as err:
        sight.missed(f"the routes of {table_id}", err)
        return None


def _vgw(request: Wanted, mine: Vpc) -> str:
    routes = (longest(t.routes, request.source) for t in mine.tables)
    return next((r.target for r in routes if r and r.target.startswith("vgw-")), "")


def _with_nets(owners: Owners, near: Elsewhere, own: Sequence[Raw], mine: Vpc, sight: Sight) -> Elsewhere:
    """With the subnets of the nodes' attachment."""
    far = next(raw for raw in own if raw["TransitGatewayAttachmentId"] == near.far.attachment_id)
    end = _attached(far, _details(owners, [far], sight), mine.nets)
    _note_hidden(end, "each node", _ROUTES, sight)
    return replace(near, far=end)


def _transit(owners: Owners, request: Wanted, near: Raw, far: Raw, theirs: Sequence[Raw], sight: Sight) -> Transit:
    """What the tables of both ends do, these without their subnets."""
    ends = [_attached(raw, {}, {}) for raw in (near, far)]
    try:
        there = owners.longest(far, ends[0].table_id, request.overlay) if ends[0].table_id else None
        back = owners.longest(far, ends[1].table_id, request.source) if ends[1].table_id else None
    except AwsError as err:
        sight.missed(f"the routes of {' and '.join(sorted({e.table_id for e in ends if e.table_id}))}", err)
        return Transit(ends[0], ends[1], unseen=err.message)
    between = [raw for raw in theirs if raw is not near]
    there_on = _onward(owners, far, there, between, request.overlay, sight)
    back_on = _onward(owners, far, back, between, request.source, sight)
    return Transit(ends[0], ends[1], there, back, there_on, back_on)


def _with_ends(
    owners: Owners, transit: Transit, near: Raw, far: Raw, mine: Vpc, client: Vpc | None, sight: Sight
) -> Transit:
    """With the subnets of both attachments. Those of a VPC that cannot be seen at all are not missed."""
    details, nets = _details(owners, [near, far], sight), {**mine.nets, **(client.nets if client else {})}
    ends = [_attached(raw, details, nets) for raw in (near, far)]
    if client:
        _note_hidden(ends[0], "each client", "", sight)
    _note_hidden(ends[1], "each node", _ROUTES, sight)
    return replace(transit, near=ends[0], far=ends[1])


_ROUTES = ", and that their route tables have the route of the overlay IP"


def _note_hidden(end: Attached, whose: str, more: str, sight: Sight) -> None:
    """In a shared VPC a participant sees what is shared with it; the subnets of the attachment need not be."""
    if end.hidden:
        what = f"the subnets {', '.join(end.hidden)} of {end.attachment_id}"
        remedy = f"Let the owner of that VPC see that there is one in the zone of {whose}{more}."
        sight.add(what, "they are not shared with this account", remedy)


def _details(owners: Owners, raws: Sequence[Raw], sight: Sight) -> dict[str, Raw]:
    """The VPC attachments among these with their subnets and options, by id."""
    vpcs = {raw["ResourceId"]: raw for raw in raws if raw["ResourceType"] == "vpc"}
    found: dict[str, Raw] = {}
    for vpc_id, raw in sorted(vpcs.items()):
        what = f"the subnets of {raw['TransitGatewayAttachmentId']}"
        listed: list[Raw] = sight.ask(what, lambda at=raw, of=vpc_id: owners.vpc_attachments(at, of), [])  # type: ignore[misc]
        found.update({one["TransitGatewayAttachmentId"]: one for one in listed})
    return found


def _attached(raw: Raw, details: Mapping[str, Raw], nets: Mapping[str, Net]) -> Attached:
    detail: Mapping[str, Any] = details.get(raw["TransitGatewayAttachmentId"], {})
    options = detail.get("Options", {})
    return Attached(
        attachment_id=raw["TransitGatewayAttachmentId"],
        gateway_id=raw["TransitGatewayId"],
        kind=raw["ResourceType"],
        resource_id=raw["ResourceId"],
        owner_id=raw.get("TransitGatewayOwnerId", ""),
        table_id=_table(raw),
        nets=tuple(nets[i] for i in detail.get("SubnetIds", ()) if i in nets),
        hidden=tuple(i for i in detail.get("SubnetIds", ()) if i not in nets),
        unread=raw["ResourceType"] == "vpc" and not detail,
        appliance=options.get("ApplianceModeSupport") == "enable",
        referencing=options.get("SecurityGroupReferencingSupport") != "disable",
    )


def _table(raw: Raw) -> str | None:
    """The table that routes what comes in by an attachment."""
    table_id = raw.get("Association", {}).get("TransitGatewayRouteTableId")
    return str(table_id) if table_id else None
