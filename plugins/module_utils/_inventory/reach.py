# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of `overlay_ip_reach`: who outside of the VPC shall reach the overlay IPs, and by what.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._base import net
from .._reach.plan import EVERYBODY
from . import reach_balancer, reach_client_vpn
from .reading import EVERYTHING, Heard, address, hold_all, is_id, listed, narrow, text
from .shared import ranges
from .values import InventoryError, absent, flag

TRANSIT_GATEWAY, LOAD_BALANCER, CLIENT_VPN = "transit_gateway", "load_balancer", "client_vpn"
WAYS = (TRANSIT_GATEWAY, LOAD_BALANCER, CLIENT_VPN)
KEYS = (
    *("via", "route_table_ids", "attachment_id", "vpc_id", "destinations", "prefix_list_ids", "clients"),
    *("assume_role_arn", "remove_return_routes", "remove_shared_routes"),
)
_ROLE = r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+"


def reach(listed_ones: Sequence[Any] | None, overlays: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries, each whole. Raises InventoryError: every mistake in every entry."""
    heard = Heard()
    read = [heard({}, _entry, f"overlay_ip_reach[{n}]", item, overlays) for n, item in enumerate(listed_ones or [])]
    for key in ("client_vpn_endpoint_id", "name"):
        heard(None, _once, key, read)
    heard.tell()
    return read


def reached(read: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the entries declare: by transit gateway route table all their destinations, by Client VPN endpoint all."""
    found: dict[str, dict[str, Any]] = {TRANSIT_GATEWAY: {}, CLIENT_VPN: {}}
    for entry in read:
        for table in entry.get("route_table_ids") or ():
            found[TRANSIT_GATEWAY].setdefault(table, []).extend(entry["destinations"])
        if entry.get("client_vpn_endpoint_id"):
            keys = ("destinations", "subnet_ids", "access_group_ids")
            found[CLIENT_VPN][entry["client_vpn_endpoint_id"]] = {key: entry[key] for key in keys}
    return found


def _once(key: str, read: Sequence[Mapping[str, Any]]) -> None:
    """Refuse two entries for one thing: each would remove what the other one has made."""
    seen: dict[str, int] = {}
    for number, entry in enumerate(read):
        first = seen.setdefault(entry[key], number) if entry.get(key) else number
        if first != number:
            raise InventoryError(
                f"overlay_ip_reach[{number}] is about {entry[key]}, as overlay_ip_reach[{first}] is: make one entry of"
                " them."
            )


def _entry(where: str, item: Any, overlays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise InventoryError(
            f"{where} is {item!r}, not a dictionary: write {{via: transit_gateway, route_table_ids: [...]}}."
        )
    via = text(item, "via")
    if via not in WAYS:
        raise InventoryError(f"{where}.via is '{via or ''}': choose one of {', '.join(WAYS)}.")
    keys = {LOAD_BALANCER: reach_balancer.KEYS, CLIENT_VPN: reach_client_vpn.KEYS}.get(via, KEYS)
    if via == CLIENT_VPN and "clients" in item:
        raise InventoryError(
            f"{where} has clients, which a Client VPN endpoint gives their addresses itself: leave it out, and name who"
            " may in access_group_ids (without them, all clients of the endpoint may)."
        )
    unknown = sorted(set(map(str, item)) - set(keys))
    if unknown:
        raise InventoryError(*(f"{where} has the unknown key '{k}': the keys are {', '.join(keys)}." for k in unknown))
    if via == LOAD_BALANCER:
        return reach_balancer.balancer(where, item, overlays)
    if via == CLIENT_VPN:
        return reach_client_vpn.client_vpn(where, item, overlays)
    heard = Heard()
    clients = heard([], _networks, where, item, "clients")
    lists = heard([], _prefix_lists, where, item)
    # What a list holds is its owner's business: the looks show whether the overlay IPs are in it.
    alone = bool(lists) and absent(item.get("destinations"))
    chosen = [] if alone else heard([], _destinations, where, item, overlays)
    heard(None, _apart, where, clients, chosen, overlays)
    attachment, vpc_id, role = text(item, "attachment_id"), text(item, "vpc_id"), text(item, "assume_role_arn")
    heard(None, is_id, "vpc", vpc_id, where + ".vpc_id")
    heard(None, is_id, "tgw-attach", attachment, where + ".attachment_id")
    if attachment and vpc_id:
        heard(None, _refuse, f"{where} has attachment_id and vpc_id: keep one of them.")
    if role and not re.fullmatch(_ROLE, role):
        shape = "arn:aws:iam::123456789012:role/NAME"
        heard(None, _refuse, f"{where}.assume_role_arn is '{role}', not the ARN of a role: such an ARN is {shape}.")
    shared = heard(False, flag, item.get("remove_shared_routes"), where + ".remove_shared_routes")
    read = {
        "via": via,
        "route_table_ids": heard([], _tables, where, item),
        "attachment_id": attachment,
        "vpc_id": vpc_id,
        "destinations": chosen,
        "prefix_list_ids": lists,
        "clients": clients,
        "assume_role_arn": role,
        "remove_return_routes": heard(False, flag, item.get("remove_return_routes"), where + ".remove_return_routes"),
        "removed": _removed(chosen, lists, overlays, shared),
        "looks": _looks(clients, overlays),
    }
    heard.tell()
    return {**read, "stays": list(_stays(read))}


def _stays(entry: Mapping[str, Any]) -> Iterator[str]:
    """What teardown leaves of an entry, and what removes it: it is told at the end."""
    again = "If nobody needs it, run teardown with {}: true in this entry of overlay_ip_reach, or {} with state=absent."
    if kept := entry["removed"]["kept"]:
        remedy = again.format("remove_shared_routes", "transit_gateway_route")
        where = ", ".join(entry["route_table_ids"])
        yield f"Kept in {where}: {', '.join(kept)}, which may lead to overlay IPs of others, too. {remedy}"
    if entry["clients"] and not entry["remove_return_routes"]:
        remedy = again.format("remove_return_routes", "transit_gateway_return_route")
        yield (
            f"Kept in the route tables of the nodes: the way back to {', '.join(entry['clients'])}, which others may"
            f" need, and so may the connection to the nodes. {remedy}"
        )


def _removed(
    chosen: Sequence[str], lists: Sequence[str], overlays: Sequence[Mapping[str, Any]], shared: bool
) -> dict[str, list[str]]:
    """What teardown removes, and what it keeps.

    A prefix that is wider than an overlay IP, or a list, may lead others' overlay IPs as well, also ones that have no
    route at this moment: that nobody else needs it, only a person knows.
    """
    own = [one for one in chosen if shared or one in {r for o in overlays if o.get("destination") for r in ranges(o)}]
    return {
        "destinations": own,
        "prefix_list_ids": list(lists) if shared else [],
        "kept": [] if shared else [*(one for one in chosen if one not in own), *lists],
    }


def _tables(where: str, item: Mapping[str, Any]) -> list[str]:
    heard, tables = Heard(), listed(item, "route_table_ids", where)
    if not tables:
        raise InventoryError(
            f"{where} has no route_table_ids: name the transit gateway route tables of the clients' attachments, for"
            " example [tgw-rtb-0123456789abcdef0]."
        )
    for table in tables:
        heard(None, is_id, "tgw-rtb", table, where + ".route_table_ids")
    heard.tell()
    return tables


def _prefix_lists(where: str, item: Mapping[str, Any]) -> list[str]:
    heard, lists = Heard(), listed(item, "prefix_list_ids", where)
    for one in lists:
        heard(None, is_id, "pl", one, where + ".prefix_list_ids")
    heard.tell()
    return lists


def _networks(where: str, item: Mapping[str, Any], name: str) -> list[str]:
    called = f"{where}.{name}"
    given = narrow(called, listed(item, name, where), EVERYBODY if name == "clients" else EVERYTHING)
    return [address(called, net.destination, one) for one in given]


def _destinations(where: str, item: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> list[str]:
    """The overlay IPs; or what the entry names, which must hold all of them."""
    wanted = [one for o in overlays if o.get("destination") for one in ranges(o)]
    if absent(item.get("destinations")) or item["destinations"] == []:
        return wanted
    chosen = _networks(where, item, "destinations")
    hold_all(f"{where}.destinations", chosen, wanted)
    return chosen


def _apart(
    where: str, clients: Sequence[str], destinations: Sequence[str], overlays: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse clients that would have to be at both ends: in an overlay IP, or behind the very prefix that leads there.

    A network around an overlay IP is none of these: the longest prefix decides at each end.
    """
    mine = [str(o["destination"]) for o in overlays if o.get("destination")]
    for client in clients:
        if held := next((one for one in mine if net.covers(one, client)), None):
            raise InventoryError(
                f"{where}.clients has {client}, which lies in the overlay IP {held} itself: name the networks that"
                " reach it from elsewhere."
            )
        if client in destinations:
            raise InventoryError(
                f"{where} has {client} in clients and in destinations, so that the transit gateway would send the"
                " answers back to the nodes: name narrower destinations, or the overlay IPs alone (leave them out)."
            )


def _looks(clients: Sequence[str], overlays: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What status and reach look at: from each client's network to the overlay IPs of its family."""
    looks = []
    for client in clients:
        every = (one for o in overlays if o.get("destination") for one in ranges(o))
        same = [one for one in every if net.family(one) == net.family(client)]
        looks += [{"from": client, "addresses": same}] if same else []
    return looks


def _refuse(sentence: str) -> None:
    raise InventoryError(sentence)
