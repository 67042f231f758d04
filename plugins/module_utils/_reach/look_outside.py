# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read by what a source outside of the nodes' VPC comes in: a transit gateway, a peering, a virtual private gateway.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from .._aws.errors import AwsError
from .._base import net
from .._route.ec2 import Ec2
from .._route.plan import PlanError, Table
from . import look_gateways, look_near, look_source, look_vpc, model
from .look_near import Around
from .look_vpc import Vpc
from .model import Attached, Beside, Elsewhere, Net, Scene, Transit, in_part, longest, subnet_of
from .owners import Owners, Raw, Sight

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
    client = _client_vpc(ec2, request, found, every, attached, sight)
    if client:
        source = look_source.located(ec2, request, found.source, client, sight)
        found = replace(found, source=source, source_vpc=client.vpc_id, source_tables=tuple(client.tables))
    told = frozenset(raw["TransitGatewayId"] for raw in (*own, *theirs) if look_near.table(raw))
    around = Around(ec2, owners, request, theirs, sight, every, told, found.account_id)
    answering = _answering(request, found)
    own = sorted(own, key=lambda raw: raw["TransitGatewayId"] not in answering)  # the one first that gets the answers
    near = named or look_near.near(around, found, own)
    vgw_id = _vgw(request, mine)
    if near is None or isinstance(near, Elsewhere):
        if found.source_vpc is None and answering:  # then no peering and no virtual private gateway gets them
            peering_id = vgw_id = ""
        if near and not (peering_id or vgw_id):
            found = replace(found, elsewhere=_with_nets(around, near, own, mine))
            return _with_others(around, found, own, mine, client)
        looked = _looked_at(own, theirs, mine)
        return replace(found, peering_id=peering_id, vgw_id=vgw_id, looked_at=looked)
    far = next(raw for raw in own if raw["TransitGatewayId"] == near["TransitGatewayId"])
    if found.source_vpc is None:
        found = replace(found, source_vpc=look_near.own_vpc(around, near, named=bool(named)))
        found = _with_parts(ec2, request, found, every, sight)
    transit = _transit(around, request, near, far, named=bool(named))
    found = replace(found, transit=_with_ends(around, transit, near, far, mine, client), peering_id=peering_id)
    return _with_others(around, found, own, mine, client)


def _with_others(around: Around, found: Scene, own: Sequence[Raw], mine: Vpc, client: Vpc | None) -> Scene:
    """With what other gateways do that a table leads to."""
    nets = {**mine.nets, **(client.nets if client else {})}
    return look_gateways.others(around, found, own, nets, lambda raws: _details(around, raws))


def _answering(request: Wanted, found: Scene) -> set[str]:
    """The transit gateways that the tables of the nodes send the answers to."""
    return model.led_to((node.net.table for node in found.nodes if node.net), request.source)


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
    tables = sorted({t for raw in own if (t := look_near.table(raw))})
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


def _client_vpc(
    ec2: Ec2, request: Wanted, found: Scene, every: Subnets, attached: Mapping[str, str], sight: Sight
) -> Vpc | None:
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
    tables = _tables(ec2, vpc_id, sight)
    return Vpc(
        vpc_id, look_vpc.completed(ec2, vpc_id, every[vpc_id], tables, sight), tables, account_id=found.account_id
    )


def _tables(ec2: Ec2, vpc_id: str, sight: Sight) -> list[Table]:
    none: list[Table] = []
    what = f"the route tables of {vpc_id}"
    return sight.ask(what, lambda: look_vpc.opened(ec2, ec2.tables(vpc_id=vpc_id), sight), none)


def _with_parts(ec2: Ec2, request: Wanted, found: Scene, every: Subnets, sight: Sight) -> Scene:
    """With the subnets of the source's VPC that lie in it, where it is as wide as that: a call."""
    parts = in_part(every.get(found.source_vpc or "", {}), request.source)
    if not parts or not found.source_vpc:
        return found
    tables = _tables(ec2, found.source_vpc, sight)
    nets = look_vpc.routed({one.subnet_id: one for one in parts}, tables)
    return replace(found, source_tables=tuple(tables), source_nets=tuple(nets[i] for i in sorted(nets)))


def _vgw(request: Wanted, mine: Vpc) -> str:
    routes = (longest(t.routes, request.source) for t in mine.tables)
    return next((r.target for r in routes if r and r.target.startswith("vgw-")), "")


def _with_nets(around: Around, near: Elsewhere, own: Sequence[Raw], mine: Vpc) -> Elsewhere:
    """With the subnets of the nodes' attachment."""
    far = next(raw for raw in own if raw["TransitGatewayAttachmentId"] == near.far.attachment_id)
    end = around.attached(far, _details(around, [far]), mine.nets)
    _note_hidden(end, "each node", _ROUTES, around.sight)
    return replace(near, far=end)


def _transit(around: Around, request: Wanted, near: Raw, far: Raw, *, named: bool) -> Transit:
    """What the tables of both ends do, these without their subnets."""
    one, other, owners = around.attached(near), around.attached(far), around.owners
    try:
        there = owners.longest(far, one.table_id, request.overlay) if one.table_id else None
        back = owners.longest(far, other.table_id, request.source) if other.table_id else None
    except AwsError as err:
        around.sight.missed(
            f"the routes of {' and '.join(sorted({e.table_id for e in (one, other) if e.table_id}))}", err
        )
        return Transit(one, other, unseen=err.message)
    way = Transit(
        one,
        other,
        there,
        back,
        around.onward(far, there, request.overlay, near),
        around.onward(far, back, request.source, near),
        around.parts(far, one.table_id, request.overlay),
        around.parts(far, other.table_id, request.source),
    )
    return way if named else replace(way, beside=_beside(around, request, way, near, far))


def _beside(around: Around, request: Wanted, way: Transit, near: Raw, far: Raw) -> tuple[Beside, ...]:
    """The other attachments that the answers go to, in equal part, with what their tables do: a call for each such."""
    answers = way.back_on.route if way.back_on else way.back
    led = around.led_to(answers)
    found = []
    for raw in led if any(raw is near for raw in led) else ():
        end = around.attached(raw)
        if raw is near or (end.table_id == way.near.table_id and end.table_id):
            continue
        there, unseen = around.longest(far, end.table_id, request.overlay) if end.table_id else (None, None)
        found.append(Beside(end, there, around.onward(far, there, request.overlay, raw), unseen or ""))
    return tuple(found)


def _with_ends(around: Around, transit: Transit, near: Raw, far: Raw, mine: Vpc, client: Vpc | None) -> Transit:
    """With the subnets of both attachments. Those of a VPC that cannot be seen at all are not missed."""
    details, nets = _details(around, [near, far]), {**mine.nets, **(client.nets if client else {})}
    ends = [around.attached(raw, details, nets) for raw in (near, far)]
    if client:
        _note_hidden(ends[0], "each client", "", around.sight)
    _note_hidden(ends[1], "each node", _ROUTES, around.sight)
    return replace(transit, near=ends[0], far=ends[1])


_ROUTES = ", and that their route tables have the route of the overlay IP"


def _note_hidden(end: Attached, whose: str, more: str, sight: Sight) -> None:
    """In a shared VPC a participant sees what is shared with it; the subnets of the attachment need not be."""
    if end.hidden:
        what = f"the subnets {', '.join(end.hidden)} of {end.attachment_id}"
        remedy = f"Let the owner of that VPC see that there is one in the zone of {whose}{more}."
        sight.add(what, "they are not shared with this account", remedy)


def _details(around: Around, raws: Sequence[Raw]) -> dict[str, Raw]:
    """The VPC attachments among these with their subnets and options, by id."""
    vpcs = {raw["ResourceId"]: raw for raw in raws if raw["ResourceType"] == "vpc"}
    found: dict[str, Raw] = {}
    for vpc_id, raw in sorted(vpcs.items()):
        what = f"the subnets of {raw['TransitGatewayAttachmentId']}"
        nothing: list[Raw] = []
        listed = around.sight.ask(what, lambda at=raw, of=vpc_id: around.owners.vpc_attachments(at, of), nothing)  # type: ignore[misc]
        found.update({one["TransitGatewayAttachmentId"]: one for one in listed})
    return found
