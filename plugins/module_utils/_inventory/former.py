# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes by which the pair's addresses were reached before, and that another route of the inventory replaces.

An address that had a route of its own is carried by a prefix now, or the other way round. The longest prefix wins (VPC
user guide, "Route priority"), so that the order is: first the other route, to where the packets go already; it is read
back; then the former one is deleted. A deletion that uncovers a route to the same interface loses nothing. A prefix may
have carried more than the inventory knows: it is left over, as any other (`_report.orphans`), until that is asked for.

A managed prefix list is like a prefix, and a static route of one address is preferred to an entry of a list. Between a
list and a prefix around its entries, and between two lists, there is no such order to rely on: that is refused.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .._base import net
from .holders import Dict, node_of

_ACTIVE = "active"


@dataclass(frozen=True)
class Former:
    """A route that is replaced, in one table.

    Attributes:
        route_table_id: the table.
        destination: what it carries.
        network_interface_id: where it leads.
        holder: the node of that, else the interface, or whatever it leads to.
        by: the overlay IPs of the inventory that replace it.
        narrow: it is one address that a prefix is to carry; else a prefix, of whose addresses each has its own route.
        active: packets go there.
        ready: what replaces it is there, so that its deletion loses nothing.
        direct: it is known which of the two AWS prefers; else the one cannot follow the other.
    """

    route_table_id: str
    destination: str
    network_interface_id: str | None
    holder: str
    by: tuple[str, ...]
    narrow: bool
    active: bool
    ready: bool
    direct: bool


def routed(records: Iterable[Dict], wanted: Iterable[Dict]) -> set[str]:
    """The prefixes that nodes have on record as routed by this deployment, and that the inventory has no more.

    A prefix alone tells not whose it is: 10.0.0.0/8 may lead to a firewall. One that carried an address which the
    inventory has no more is not replaced by what it has: `orphans` tells of it.

    Args:
        records: of each node what `overlay_node_info` returns as C(record).
        wanted: the model's overlays.
    """
    records = list(records)
    addresses = {address for overlay in wanted for address in overlay["node_addresses"]}
    entries = [one for record in records for one in _entries(record)]
    kept = {a for one in entries for a in one["addresses"]}
    kept |= {one["address"] for record in records for key in ("live", "saved") for one in record.get(key, ())}
    hosts = {f"{bare}/{128 if ':' in bare else 32}" for bare in (address.partition("/")[0] for address in kept)}
    known = {d for record in records for d in record.get("routed", ())} | {one["destination"] for one in entries}
    gone = known - {overlay["destination"] for overlay in wanted}
    in_list = {d: {a for one in entries if one["destination"] == d for a in one["addresses"]} for d in gone}
    left = hosts - addresses
    return {d for d in gone if not any(net.covers(d, a) or (net.is_list(d) and a in in_list[d]) for a in left)}


def _entries(record: Dict) -> Iterator[Dict]:
    program = record.get("program") or {}
    for key in ("overlays", "left"):
        yield from program.get(key, ())


def former(overlays: Sequence[Dict], nodes: Mapping[str, Dict], seen: Iterable[Dict], known: set[str]) -> list[Former]:
    """The routes that are replaced.

    Args:
        overlays: the model's.
        nodes: the model's.
        seen: what `overlay_route_info` saw of them.
        known: what the nodes have on record, by :func:`routed`.
    """
    seen = list(seen)
    wanted = {overlay["destination"]: overlay for overlay in overlays}
    own = {
        (overlay["destination"], route["route_table_id"]): route
        for overlay in seen
        for route in overlay["routes"]
        if route["state"] == _ACTIVE
    }
    beside: dict[tuple[str, str], list[str]] = {}
    for overlay in seen:
        for route in overlay.get("beside", ()) if overlay["destination"] in wanted else ():
            beside.setdefault((route["route_table_id"], route["destination"]), []).append(overlay["destination"])
    found: dict[tuple[str, str], Former] = {}
    for overlay in seen:
        destination = overlay["destination"]
        for route in overlay.get("beside", ()) if destination in wanted else ():
            other, table = route["destination"], route["route_table_id"]
            narrow = other in wanted[destination]["node_addresses"]
            listed = net.is_list(other) or net.is_list(destination)
            if other in wanted or not (narrow or (other in known and (listed or net.covers(other, destination)))):
                continue
            by: tuple[str, ...] = (destination,)
            if not narrow:
                by = tuple(beside[table, other] if listed else (d for d in wanted if net.covers(other, d)))
            to = route["network_interface_id"]
            there = [own.get((d, table)) for d in by]
            found[table, other] = Former(
                table,
                other,
                to,
                node_of(route, nodes) or "nobody",
                by,
                narrow,
                route["state"] == _ACTIVE,
                # Where it is one of ours that is uncovered, the packets must go on to the same interface.
                all(r and (not narrow or route["state"] != _ACTIVE or r["network_interface_id"] == to) for r in there),
                narrow or not listed or all(d in wanted[d]["node_addresses"] for d in by),
            )
    return [found[key] for key in sorted(found)]


def led(overlay: Dict, rows: Iterable[Former], nodes: Mapping[str, Dict]) -> set[str]:
    """To which nodes the packets for an overlay IP go by what it replaces."""
    return {r.holder for r in rows if overlay["destination"] in r.by and r.active and r.holder in nodes}


def refused(rows: Iterable[Former], nodes: Mapping[str, Dict], homes: Mapping[str, str]) -> Iterator[str]:
    """Why setup does not begin, a sentence each: something would go elsewhere than it goes.

    Args:
        rows: what is replaced.
        nodes: the model's.
        homes: of each overlay IP the node that holds it, or that it would be given to.
    """
    for row in rows:
        where = f"{row.route_table_id} routes {row.destination} to {row.holder}"
        if not row.direct:
            yield (
                f"{where}, and {row.by[0]} is to replace it, and of the two AWS does not say which it prefers: take"
                " `route` out of the entries, run setup with overlay_ip_orphans=remove, then give them the new one."
            )
            continue
        if not row.active or row.ready or (not row.narrow and row.holder not in nodes):
            continue
        if row.holder not in nodes:
            yield (
                f"{where}, which is no node, and {row.by[0]} is to carry it: delete that route, or take"
                f" {net.bare(row.destination)} out of overlay_ips."
            )
        elif other := next((d for d in row.by if homes[d] != row.holder), None):
            yield (
                f"{where}, and {other}, which replaces it, {'is held by' if row.narrow else 'goes to'} {homes[other]}:"
                f" with the inventory as it was, switch over to one node; or, where {other} has its route already,"
                f" switch over to {row.holder}."
            )


def finding(row: Former) -> dict[str, str]:
    """As status tells one that a prefix is to carry; of a prefix `orphans` tells."""
    return {
        "id": "former_route",
        "severity": "warning",
        "message": f"{row.route_table_id} still routes {row.destination} to {row.holder}, and {row.by[0]} is to carry"
        " it: a move would leave it behind.",
        "remedy": "Run setup: it deletes that route when the other one is there.",
    }
