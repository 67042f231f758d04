# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transit gateway's route table does with a packet, in either direction.

Pure. Rules: transit gateway guide, "Route tables" and "Transit gateway appliance scenario": what comes out of an
attachment is routed by the table that it is associated with, so that what was sent to a VPC that inspects comes on only
by the table of that VPC's attachment.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._base.finding import NOT_SEEN
from .model import FIREWALL, Attached, Onward, Transit
from .path_hops import BACK, GATEWAY, Hop, elsewhere, in_part, partly, widest
from .plan import TransitRoute


@dataclass(frozen=True)
class AtGateway:
    """What a transit gateway route table is asked, and what it says; ``onward`` and ``parts`` as in `model.Transit`.

    ``id`` and ``remedy`` are those of a finding where it does not lead to ``target``. ``sender`` is the attachment by
    which it comes in.
    """

    direction: str
    table_id: str
    wanted: str
    route: TransitRoute | None
    onward: Onward | None
    target: Attached
    sender: Attached
    id: str
    remedy: str
    parts: tuple[TransitRoute, ...] = ()
    unseen: str = ""

    @property
    def where(self) -> str:
        return f"transit gateway route table {self.table_id}"


def unassociated(direction: str, attached: Attached) -> Hop:
    """No table is known that routes what comes in by an attachment."""
    where = f"attachment {attached}"
    if attached.untold:
        rule = f"by which table it is routed was not seen: the owner of {attached.gateway_id} sees that"
        remedy = f"Name a role of the account that owns {attached.gateway_id} (assume_role_arn in overlay_ip_reach)."
        return Hop(direction, GATEWAY, where, rule, None, "", remedy)
    if attached.kind == "peering":  # with a core network, say
        rule = "it is associated with no route table; a policy table may be what routes it, which is not looked at"
        return Hop(direction, GATEWAY, where, rule, None, "", f"See what routes it at {attached.gateway_id}.")
    rule, remedy = "it is associated with no route table", "Associate it with one."
    return Hop(direction, GATEWAY, where, rule, False, "no_association", remedy)


def gateway_route(way: Transit, asked: AtGateway) -> Hop:
    """Whether the table of an attachment leads to the other one."""
    route, wanted, target = asked.route, asked.wanted, asked.target.attachment_id
    unseen = asked.unseen or way.unseen
    if unseen:
        return Hop(asked.direction, GATEWAY, asked.where, f"not looked at: {unseen}", None, NOT_SEEN)
    part = in_part(asked.parts, wanted, target)
    if route is None:
        dropped = Hop(asked.direction, GATEWAY, asked.where, f"no route for {wanted}", False, asked.id, asked.remedy)
        return partly(dropped, part, wanted) if part else dropped
    if target in route.targets:
        right = (*route.targets, way.far.attachment_id)  # what is the nodes' VPC's own is not the clients'
        warning = elsewhere(asked.parts, wanted, *right)
        remedy = f"Look from an address in it. {asked.remedy}" if asked.direction == BACK else asked.remedy
        shown = _shown(route, wanted, target)
        return Hop(asked.direction, GATEWAY, asked.where, shown, True, "part_elsewhere", remedy, warning)
    if not target and set(route.targets) - {asked.sender.attachment_id}:
        return _not_attached(asked, route)
    found = None
    if route.targets and asked.sender.attachment_id not in route.targets:
        found = _another_way(asked, route) or _past(asked, route)
    if found:
        return partly(found, part, wanted) if part and found.passes is False else found
    shown = _shown(route, wanted, route.target)
    dropped = Hop(asked.direction, GATEWAY, asked.where, shown, False, asked.id, asked.remedy)
    return partly(dropped, part, wanted) if part else dropped


def _shown(route: TransitRoute, wanted: str, target: str | None) -> str:
    others = [one for one in route.targets if one != target]
    more = f", in equal part to {', '.join(others)}" if others else ""
    told = f"{route.destination} -> {target or 'nowhere'} ({route.kind}, {route.state}){more}"
    return f"{told}{widest(route.destination, wanted)}"


def _not_attached(asked: AtGateway, route: TransitRoute) -> Hop:
    """A gateway to which the receiver is not attached leads to something that may lead on, such as a peered one."""
    rule = (
        f"{_shown(route, asked.wanted, route.target)}, {_called(route)}: whether it comes from there to {asked.wanted}"
        " cannot be seen from here"
    )
    remedy = f"See whether {route.resource_id} leads on. If not: {asked.remedy}"
    return Hop(asked.direction, GATEWAY, asked.where, rule, None, "", remedy)


def _another_way(asked: AtGateway, route: TransitRoute) -> Hop | None:
    """A network outside may have several ways to the gateway: the answer need not take the one that the packet took."""
    there = Attached(route.target or "", asked.target.gateway_id, route.resource_type, route.resource_id)
    if asked.direction != BACK or not (asked.target.premises and there.premises):
        return None
    rule = (
        f"{_shown(route, asked.wanted, route.target)}, another way than {asked.target}: whether {asked.wanted} is"
        " behind it, too, cannot be seen from here"
    )
    remedy = f"See whether {asked.wanted} is behind {there}, too. If not: {asked.remedy}"
    return Hop(asked.direction, GATEWAY, asked.where, rule, None, "", remedy)


def _past(asked: AtGateway, route: TransitRoute) -> Hop | None:
    """What goes to another attachment comes on from there only if the table of that one leads on.

    None where it does not, and what is attached is no VPC: then nothing inspects there, and the route is wrong.
    """
    onward, wanted = asked.onward, asked.wanted
    leads = onward.leads(asked.target.attachment_id, asked.sender.attachment_id) if onward else None
    by_itself = asked.direction == BACK and asked.target.premises  # as a VPC with tunnels of its own may send it there
    if onward is None or leads is not False or (by_itself and onward.ends):
        return inspected(asked.direction, asked.table_id, route, wanted, onward)
    if route.resource_type not in ("vpc", FIREWALL):
        return None
    after = onward.route
    there = f"{after.destination} -> {after.target or 'nowhere'} ({after.state})" if after else f"no route for {wanted}"
    rule = (
        f"{route.destination} -> {route.target}, {_called(route)}, and from there it does not come on:"
        f" {onward.table_id} has {there}"
    )
    remedy = f"{asked.remedy} Or, if {route.resource_id} shall inspect it, make the route in {onward.table_id}."
    return Hop(asked.direction, GATEWAY, asked.where, rule, False, asked.id, remedy)


def _called(route: TransitRoute) -> str:
    """What is attached there."""
    known = {"vpc": "another VPC", FIREWALL: "a firewall"}
    return f"{known.get(route.resource_type, route.resource_type)} ({route.resource_id})"


def inspected(direction: str, table_id: str, route: TransitRoute, wanted: str, onward: Onward | None = None) -> Hop:
    """What goes to another VPC, or out of the gateway, may come on from there, or not."""
    where = f"transit gateway route table {table_id}"
    what = "an inspection VPC?" if route.resource_type == "vpc" else "does it inspect, and send it back?"
    rule = f"{route.destination} -> {route.target}, leads to {_called(route)}: {what}"
    leads = ", and that the table of that attachment leads on"
    if onward:
        leads = f": {onward.table_id} {'does not lead on' if onward.ends else 'leads on'}"
    remedy = (
        f"See in {route.resource_id} that what comes in for {wanted} is let through and sent back to the transit"
        f" gateway{leads}. If nothing inspects there, a route is missing."
    )
    return Hop(
        direction, GATEWAY, where, f"{rule} What it does with {wanted} cannot be seen from here", None, "", remedy
    )
