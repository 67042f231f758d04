# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of a packet to an overlay IP and of the answer back: every hop, the rule that decides it, who drops it.

Pure. For each node as holder: a move rewrites the routes inside the VPC, and nothing outside of it, so that all the
rest must be right for the standby, too, and before the failover.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .._base import net
from .._base.finding import ERROR, INFO, NOT_SEEN, WARNING, Finding, as_dicts
from .model import Host, Scene, Tunnel
from .path_back import back
from .path_hops import ALTERNATIVES, BACK, NODES, NOWHERE, THERE, VPN, Hop
from .path_there import into_node, there

NO_WAY = "no_way"
_SEEN = "It arrives, and so does the answer, as far as this could be seen."
_PARTLY = "Nothing that could be seen drops it; what was not seen is named above."


def paths(scene: Scene) -> list[dict[str, Any]]:
    """What ``overlay_path_info`` returns: one path per node as holder."""
    return [_path(scene, node) for node in scene.nodes]


def _path(scene: Scene, node: Host) -> dict[str, Any]:
    hops = list(_hops(scene, node))
    dropped = [hop for hop in hops if hop.passes is False]
    return {
        "source": scene.source.name,
        "address": net.bare(scene.overlay),
        "holder": node.name,
        "attachment": scene.transit.near.kind if scene.transit else None,
        "works": not dropped,
        "side": (dropped[0].side or None) if dropped else None,
        "hops": [
            {"direction": h.direction, "side": h.side, "where": h.where, "rule": h.rule, "passes": h.passes}
            for h in hops
        ],
        "findings": as_dicts(dict.fromkeys(_findings(scene, node, hops))),
    }


def _hops(scene: Scene, node: Host) -> Iterator[Hop]:
    impossible = _impossible(scene)
    if impossible is None:
        for hop in there(scene, node):
            yield hop
            if hop.translates:  # what is said of the source's address holds no more
                return
        yield from back(scene, node)
        return
    yield impossible
    if impossible.passes is None:
        yield from into_node(scene, node)


def _findings(scene: Scene, node: Host, hops: Sequence[Hop]) -> Iterator[Finding]:
    for hop in hops:
        if hop.passes is False:
            yield Finding(hop.id, ERROR, f"{hop.where}: {hop.rule}.", hop.remedy)
        elif hop.passes is None and hop.id != NOT_SEEN:
            yield Finding("not_looked_at", INFO, f"{hop.where}: {hop.rule}.", hop.remedy)
        elif hop.passes and hop.warning:
            yield Finding(hop.id, WARNING, f"{hop.where}: {hop.warning}.", hop.remedy)
    remedy = "Grant it (overlay_iam_policy with purpose: reach), or name a role that may see it."
    for one in scene.unseen:
        message = f"Not seen: {one.what}, since {one.why.rstrip('.')}."
        yield Finding(NOT_SEEN, WARNING, message, one.remedy or remedy)
    if scene.source.network_interface_id in scene.targets - {node.network_interface_id}:
        message = f"{scene.source.name} is a node itself: while it has {scene.overlay} up as well, it reaches itself."
        yield Finding("reaches_itself", WARNING, message, "Set overlay_ip_exclusive to true (docs/reach.md).")


def lines(scene: Scene, found: Sequence[dict[str, Any]]) -> list[str]:
    """The paths as a person reads them; they end with whose side the fault is on."""
    nowhere = _impossible(scene)
    if nowhere and nowhere.id == NO_WAY:
        message = f"{nowhere.where}: {nowhere.rule}."
        warned = [one for path in found for one in path["findings"] if one["severity"] == WARNING]
        return list(dict.fromkeys([message, f"To do: {nowhere.remedy}", *(_warning(one) for one in warned)]))
    said = []
    for path in found:
        said.append(f"{scene.source.name} to {scene.overlay}, held by {path['holder']}:")
        for direction, title in ((THERE, "there"), (BACK, "back ")):
            hops = [hop for hop in path["hops"] if hop["direction"] == direction]
            said += [f"  {title}  {_mark(hop)} {hop['where']}: {hop['rule']}" for hop in hops]
        said += [f"  {_warning(one)}" for one in path["findings"] if one["severity"] == WARNING]
        if path["works"]:
            said.append(f"  {_PARTLY if any(hop['passes'] is None for hop in path['hops']) else _SEEN}")
        else:
            first = next(hop for hop in path["hops"] if hop["passes"] is False)
            said.append(f"  It is dropped ({path['side']}), first at {first['where']}.")
            said += [f"  To do: {f['remedy']}" for f in path["findings"] if f["severity"] == ERROR]
        said += [f"  To look at: {f['remedy']}" for f in path["findings"] if f["id"] == "not_looked_at"]
    sides = list(dict.fromkeys(path["side"] for path in found if path["side"]))
    holders = [path["holder"] for path in found if path["works"]]
    if not sides:
        said.append(f"No fault was seen, whoever of {', '.join(p['holder'] for p in found)} holds it.")
    else:
        only = f" It works while {', '.join(holders)} holds it, and not after a move." if holders else ""
        said.append(f"The fault is on this side: {', '.join(sides)}.{only}")
    return said


def _warning(finding: dict[str, str]) -> str:
    return f"Warning: {finding['message']} {finding['remedy']}"


def _mark(hop: dict[str, Any]) -> str:
    return {True: "ok  ", False: "DROP", None: "?   "}[hop["passes"]]


# --- what cannot work -------------------------------------------------------------------------------------------------


def _impossible(scene: Scene) -> Hop | None:
    """Why no way to the VPC could carry an overlay IP: a peering, a virtual private gateway, or none was found."""
    if scene.tunnel and scene.tunnel.lacks:
        return _no_block(scene, scene.tunnel)
    if scene.transit or scene.elsewhere or scene.source_vpc == scene.vpc_id:
        return None
    source = scene.source.name
    if scene.peering_id:
        rule = f"a peering carries what is addressed to the VPC's own CIDR, and {scene.overlay} lies outside it"
        return Hop(THERE, NODES, f"peering {scene.peering_id}", rule, False, "peering", ALTERNATIVES)
    if scene.vgw_id:
        rule = f"it delivers what is addressed to the VPC's own CIDR, and {scene.overlay} lies outside it"
        where = f"virtual private gateway {scene.vgw_id}"
        return Hop(THERE, NODES, where, rule, False, "virtual_private_gateway", ALTERNATIVES)
    remedy = (
        f"Correct from; or name the attachment of {source}'s network in transit_gateway_attachment_id"
        " (overlay_ip_path_attachment), if it comes by a transit gateway, or look from client_vpn:cvpn-endpoint-..., if"
        f" by a Client VPN. {ALTERNATIVES}"
    )
    where = f"the way from {source} to {scene.vpc_id}"
    if scene.unseen:
        what = ", ".join(one.what for one in scene.unseen)
        return Hop(THERE, NOWHERE, where, f"not found, and not looked at: {what}", None, NOT_SEEN)
    known = f"{source} lies in {scene.source_vpc}, and no" if scene.source_vpc else "no"
    rule = f"{known} way was found; looked at: {', '.join(scene.looked_at)}"
    return Hop(THERE, NOWHERE, where, rule, False, NO_WAY, remedy)


def _no_block(scene: Scene, way: Tunnel) -> Hop:
    """An endpoint's clients have an address of a family only where its subnets have one.

    Client VPN administrator guide, "IPv6 considerations".
    """
    rule = f"it has no {way.lacks} block, so that who comes in by it has no {way.lacks} address"
    remedy = (
        f"Give {way.subnet_id} an {way.lacks} block, and {way.endpoint_id} {way.lacks} for its traffic; or leave"
        f" {scene.overlay} out of the destinations."
    )
    return Hop(THERE, VPN, f"subnet {way.subnet_id} of {way.endpoint_id}", rule, False, "no_address_family", remedy)
