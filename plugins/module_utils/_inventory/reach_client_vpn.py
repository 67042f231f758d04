# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of `overlay_ip_reach` that is a Client VPN endpoint: what `client_vpn_route` is called with.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._base import net
from .reading import EVERYTHING, Heard, address, hold_all, is_id, listed, narrow, text
from .shared import ranges
from .values import InventoryError

KEYS = ("via", "endpoint_id", "destinations", "subnets", "access_group_ids")


def client_vpn(where: str, item: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entry, whole. Raises InventoryError: every mistake in it."""
    heard = Heard()
    endpoint_id = heard("", _endpoint, where, item)
    subnets = heard([], listed, item, "subnets", where)
    for one in subnets:
        heard(None, is_id, "subnet", one, where + ".subnets")
    groups = heard([], listed, item, "access_group_ids", where)
    chosen = heard([], _destinations, where, item, overlays)
    heard.tell()
    return {
        "via": item["via"],
        "client_vpn_endpoint_id": endpoint_id,
        "destinations": chosen,
        "subnet_ids": subnets,
        "access_group_ids": groups,
        "assume_role_arn": None,
        "looks": _looks(endpoint_id, chosen, overlays),
    }


def _endpoint(where: str, item: Mapping[str, Any]) -> str:
    endpoint_id = text(item, "endpoint_id")
    if endpoint_id is None:
        raise InventoryError(
            f"{where} has no endpoint_id: name the Client VPN endpoint, for example cvpn-endpoint-0123456789abcdef0."
        )
    is_id("cvpn-endpoint", endpoint_id, where + ".endpoint_id")
    return endpoint_id


def _destinations(where: str, item: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the entry names, which must hold the overlay IPs of its families; else the overlay IPs of IPv4."""
    known = [one for o in overlays if o.get("destination") for one in ranges(o)]
    called = f"{where}.destinations"
    given = narrow(called, listed(item, "destinations", where), EVERYTHING)
    named = [address(called, net.destination, one) for one in given]
    families = {net.family(one) for one in named} or {4}
    wanted = [one for one in known if net.family(one) in families]
    if not named and known and not wanted:
        raise InventoryError(
            f"{where} has no destinations, and no overlay IP is IPv4: name those of IPv6 that the endpoint shall carry."
        )
    hold_all(f"{where}.destinations", named or wanted, wanted)
    return named or wanted


def _looks(endpoint_id: str, chosen: Sequence[str], overlays: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What status and reach look at: from the endpoint to the overlay IPs of its destinations, by family."""
    known = [one for o in overlays if o.get("destination") for one in ranges(o)]
    within = [one for one in known if any(_holds(block, one) for block in chosen)]
    by_family = ([one for one in within if net.family(one) == family] for family in (4, 6))
    return [{"from": f"client_vpn:{endpoint_id}", "addresses": same} for same in by_family if same]


def _holds(block: str, one: str) -> bool:
    return net.family(block) == net.family(one) and net.within(one, block)
