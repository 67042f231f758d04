# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which attachment of a transit gateway a source comes: what is its own, and what lies between.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._aws.errors import AwsError
from .._base import net
from .._route.ec2 import Ec2
from .._route.plan import PlanError
from . import look_source, look_vpc, model
from .model import Attached, Elsewhere, Net, Onward, Scene
from .owners import Owners, Raw, Sight
from .plan import PROPAGATED, TransitRoute

OWN, BETWEEN, UNKNOWN = "own", "between", "unknown"
"""What a route for the source leads to: its own network, something that may send it on, or one of both."""


@dataclass
class Around:
    """What is attached to the gateways beside the nodes' VPC, as far as it was seen.

    ``every`` are the subnets of these VPCs that can be seen, by VPC and id; ``told`` are the gateways of which somebody
    sees the associations, which is their owner.
    """

    ec2: Ec2
    owners: Owners
    request: look_source.Wanted
    theirs: Sequence[Raw]
    sight: Sight
    every: Mapping[str, Mapping[str, Net]] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    account_id: str = ""
    _blocks: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    def led_to(self, route: TransitRoute | None) -> list[Raw]:
        """The attachments that a route leads to, without those that were not seen."""
        by_id = {raw["TransitGatewayAttachmentId"]: raw for raw in self.theirs}
        return [by_id[one] for one in (route.targets if route else ()) if one in by_id]

    def whose(self, route: TransitRoute | None) -> str:
        """Whether what a route for the source leads to is its own network; empty: that was not seen.

        What a VPC announces is its own; a static route may lead to a VPC that inspects, whatever its prefix.
        """
        raw = next(iter(self.led_to(route)), None)
        if raw is None or route is None:
            return ""
        if raw["ResourceType"] == model.FIREWALL:
            return BETWEEN
        if raw["ResourceType"] != "vpc" or route.kind == PROPAGATED:
            return OWN
        own = self.in_block(raw["ResourceId"])
        if own is None:
            return BETWEEN if model.inspects(route) else UNKNOWN
        return OWN if own else BETWEEN

    def empty(self, route: TransitRoute) -> bool:
        """Whether what a route leads to is seen to have no network that the source lies in."""
        return all(
            raw["ResourceType"] == model.FIREWALL or self.in_block(raw["ResourceId"]) is False
            for raw in self.led_to(route)
        )

    def in_block(self, vpc_id: str) -> bool | None:
        """Whether the source lies in the CIDR blocks of a VPC; None where they are not seen."""
        source = self.request.source
        if not (nets := self.every.get(vpc_id)):
            return None
        if any(one.holds(source) for one in nets.values()):
            return True
        if vpc_id not in self._blocks:
            self._blocks[vpc_id] = self._read(vpc_id)
        known = self._blocks[vpc_id]
        return None if known is None else any(net.covers(block, source) for block in known)

    def _read(self, vpc_id: str) -> tuple[str, ...] | None:
        try:
            return look_vpc.blocks(self.ec2.tables(vpc_id=vpc_id))
        except AwsError as err:
            if not (err.denied or err.code.endswith(".NotFound")):
                raise
            return None

    def onward(self, far: Raw, route: TransitRoute | None, wanted: str, *ends: Raw) -> Onward | None:
        """What the table of an attachment between does, where a route leads to one that is none of the ``ends``."""
        seen = self.led_to(route)
        if not seen or any(one is end for one in seen for end in ends) or not (table_id := table(seen[0])):
            return None
        after, unseen = self.longest(far, table_id, wanted)
        return Onward(seen[0]["TransitGatewayAttachmentId"], table_id, after) if unseen is None else None

    def longest(self, by: Raw, table_id: str, wanted: str) -> tuple[TransitRoute | None, str | None]:
        """The route of a table for an address or a network, and why it was not seen; None: it was."""
        try:
            return self.owners.longest(by, table_id, wanted), None
        except AwsError as err:
            self.sight.missed(f"the routes of {table_id}", err)
            return None, err.message

    def parts(self, far: Raw, table_id: str | None, wanted: str) -> tuple[TransitRoute, ...]:
        """The routes of a table for parts of a network: a call, where it has parts."""
        if table_id is None or ipaddress.ip_network(wanted).num_addresses == 1:
            return ()
        at, nothing = table_id, list[TransitRoute]()
        what = f"the routes of {table_id}"
        return tuple(self.sight.ask(what, lambda: self.owners.inner(far, at, wanted), nothing))

    def attached(
        self, raw: Raw, details: Mapping[str, Raw] | None = None, nets: Mapping[str, Net] | None = None
    ) -> Attached:
        """An attachment with what is known of it: ``details`` by id, and the subnets that can be seen."""
        detail: Mapping[str, Any] = (details or {}).get(raw["TransitGatewayAttachmentId"], {})
        options, nets = detail.get("Options", {}), nets or {}
        return Attached(
            attachment_id=raw["TransitGatewayAttachmentId"],
            gateway_id=raw["TransitGatewayId"],
            kind=raw["ResourceType"],
            resource_id=raw["ResourceId"],
            owner_id=raw.get("TransitGatewayOwnerId", ""),
            table_id=table(raw),
            untold=table(raw) is None and raw["TransitGatewayId"] not in self.told,
            nets=tuple(nets[i] for i in detail.get("SubnetIds", ()) if i in nets),
            hidden=tuple(i for i in detail.get("SubnetIds", ()) if i not in nets),
            unread=raw["ResourceType"] == "vpc" and not detail,
            appliance=options.get("ApplianceModeSupport") == "enable",
            referencing=options.get("SecurityGroupReferencingSupport") != "disable",
        )


def table(raw: Raw) -> str | None:
    """The table that routes what comes in by an attachment."""
    table_id = raw.get("Association", {}).get("TransitGatewayRouteTableId")
    return str(table_id) if table_id else None


def near(around: Around, found: Scene, own: Sequence[Raw]) -> Raw | Elsewhere | None:
    """The source's attachment: its VPC's, or the one that the nodes' table sends the answers to.

    A VPC that has not the source itself, such as one that inspects, is not the source's: its table says where it goes
    from there.
    """
    if found.source_vpc:
        return _of_vpc(around, found, found.source_vpc)
    source = around.request.source
    otherwise: Elsewhere | None = None
    for far in own:
        far_table = table(far)
        if not far_table:
            if around.attached(far).untold:
                what = f"the association of {far['TransitGatewayAttachmentId']}"
                around.sight.add(what, f"only the owner of {far['TransitGatewayId']} sees it", _ROLE)
            continue
        back = _ask(around, far, far_table)
        if back is None:
            end = far["TransitGatewayAttachmentId"]
            parts = tuple(one for one in _parts(around, far, far_table) if set(one.targets) - {end})
            otherwise = otherwise or (Elsewhere(None, far_table, around.attached(far), parts=parts) if parts else None)
            continue
        whose = around.whose(back)
        if whose == OWN:
            return around.led_to(back)[0]
        onward = around.onward(far, back, source)
        empty = whose == BETWEEN and around.empty(back)
        elsewhere = Elsewhere(back, far_table, around.attached(far), onward, empty=empty)
        if whose == BETWEEN and onward and not elsewhere.lost and around.whose(onward.route) == OWN:
            return around.led_to(onward.route)[0]
        if whose == UNKNOWN and (onward is None or onward.ends or onward.leads(elsewhere.far.attachment_id)):
            return around.led_to(back)[0]
        if elsewhere.lost or whose:
            otherwise = otherwise or elsewhere
        else:
            what = f"{back.target}, to which {far_table} sends the answers"
            around.sight.add(what, "it is not shown to this account")
    return otherwise


_ROLE = "Name a role of the account that owns it (assume_role_arn in overlay_ip_reach)."


def _ask(around: Around, far: Raw, table_id: str) -> TransitRoute | None:
    return around.sight.ask(
        f"the routes of {table_id}", lambda: around.owners.longest(far, table_id, around.request.source), None
    )


def _parts(around: Around, far: Raw, table_id: str) -> tuple[TransitRoute, ...]:
    return around.parts(far, table_id, around.request.source)


def _of_vpc(around: Around, found: Scene, vpc_id: str) -> Raw | None:
    """The attachment of a VPC to the gateway that the source's table sends the packets to, else any."""
    mine = [raw for raw in around.theirs if raw["ResourceId"] == vpc_id]
    routes = found.source.net.table if found.source.net else None
    route = model.longest(routes.routes, found.overlay) if routes else None
    chosen = (raw for raw in mine if route and raw["TransitGatewayId"] == route.target)
    return next(chosen, None) or next(iter(mine), None)


def own_vpc(around: Around, attachment: Raw, *, named: bool) -> str | None:
    """The VPC of the source's attachment, where the source lies in it; None: beyond it.

    Raises:
        PlanError: it lies in that VPC, and in none of its subnets: it is nobody's.
    """
    if attachment["ResourceType"] != "vpc":
        return None
    vpc_id, wanted = attachment["ResourceId"], ipaddress.ip_network(around.request.source)
    nets = around.every.get(vpc_id, {})
    blocks = [ipaddress.ip_network(b) for one in nets.values() for b in (one.cidr, *one.more) if b]
    partial = look_vpc.partial(nets, around.account_id)
    if not blocks or partial or any(wanted.overlaps(one) for one in blocks):
        return str(vpc_id)
    inside = around.in_block(vpc_id)
    if not inside:
        return None if inside is False or named else str(vpc_id)
    same = ", ".join(sorted(str(one) for one in blocks if one.version == wanted.version))
    raise PlanError(
        f"{around.request.name} belongs to nothing: the transit gateway leads to {vpc_id} for it, and none of its"
        f" subnets ({same or 'none of this family'}) has it. Correct from."
    )
