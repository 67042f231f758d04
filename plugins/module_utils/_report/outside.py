# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what overlay IPs are reached from outside of the VPC, as the inventory declares it, and whether that works.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .._base.finding import ERROR, NOT_SEEN, WARNING
from .._inventory.holders import Dict

_NAMES = {"transit_gateway": "Transit gateway", "load_balancer": "Load balancer", "client_vpn": "Client VPN"}
_IDS = ("route_table_ids", "name", "address", "client_vpn_endpoint_id", "attachment_id", "vpc_id")
"""What of an entry says which one it is, the best first."""
_OURS = {"load_balancer": "its clients", "client_vpn": "its clients"}
"""Whose clients have no network of their own in the VPC."""
_PLACES = {
    "vpc": "another VPC",
    "vpn": "on-premises, by VPN",
    "direct-connect-gateway": "on-premises, by Direct Connect",
    "connect": "by Connect",
    "peering": "beyond another transit gateway",
}
"""Where a network is, by the kind of its attachment to the transit gateway."""
_BALANCER = {"no_load_balancer": "does not exist", "target_unhealthy": "finds its target unhealthy"}
"""What is said of a load balancer itself, by the finding."""


def ways(report: Dict) -> list[dict[str, Any]]:
    """Each entry of `overlay_ip_reach` with its clients' networks, for the page.

    Args:
        report: of `status`, with `reach`, the model's, and what the role reach saw, by its loops: `paths`, what
            overlay_path_info said of each look, and `balancers`, what overlay_load_balancer said of each. All of them
            may be missing.
    """
    return [_way(entry, report) for entry in report.get("reach") or ()]


def findings(report: Dict) -> Iterator[tuple[str, list[Dict]]]:
    """What is wrong with the way from each client's network, and with each load balancer."""
    for result in report.get("paths") or ():
        client = result["item"][1]["from"]
        yield f"from {client}", [finding for path in result.get("paths") or () for finding in path["findings"]]
    for result in report.get("balancers") or ():
        yield f"load balancer {result['item']['name']}", list(result.get("findings") or ())


def lines(report: Dict) -> list[str]:
    """The same as text, as status prints it."""
    looked = [*(report.get("paths") or ()), *(report.get("balancers") or ())]
    return [line for one in looked for line in one.get("lines") or [str(one.get("msg") or "")]]


def _way(entry: Dict, report: Dict) -> dict[str, Any]:
    mine = [result for result in report.get("paths") or () if result["item"][0] == entry]
    balancer: Dict = next((one for one in report.get("balancers") or () if one["item"] == entry), {})
    looked = list(dict.fromkeys(look["from"] for look in entry.get("looks") or ()))
    ids = next((value for value in (entry.get(key) for key in _IDS) if value), "")
    return {
        "via": _NAMES.get(entry["via"], entry["via"]),
        "about": ids if isinstance(ids, str) else ", ".join(ids),
        "carries": str(balancer.get("dns_name") or ", ".join(entry.get("destinations") or ())),
        "clients": [
            _client(client, [result for result in mine if result["item"][1]["from"] == client], balancer)
            for client in entry.get("clients") or looked
        ],
    }


def _client(client: str, results: Sequence[Dict], balancer: Dict) -> dict[str, str]:
    paths = [path for result in results for path in result.get("paths") or ()]
    network = _OURS.get(client.partition(":")[0], client)
    return {"network": network, "place": _place(paths), **_worse(_judged(paths), balancer)}


def _place(paths: Sequence[Dict]) -> str:
    """Where the client's network is, as far as that was seen."""
    kinds = {path.get("attachment") for path in paths} - {None}
    return ", ".join(sorted(_PLACES.get(str(kind), str(kind)) for kind in kinds))


def _judged(paths: Sequence[Dict]) -> dict[str, str]:
    """What was seen of the way from one network, or of all ways by one thing: its colour, and words."""
    if not paths:
        return {"kind": "to", "says": "not looked at"}
    lost = {path["holder"] for path in paths if not path["works"]}
    well = [holder for holder in dict.fromkeys(path["holder"] for path in paths) if holder not in lost]
    if not lost and any(finding["id"] == NOT_SEEN for path in paths for finding in path["findings"]):
        return {"kind": "warn", "says": "reaches it, as far as this could be looked at"}
    if not lost:
        return {"kind": "ok", "says": "reaches it"}
    if not well:
        return {"kind": "bad", "says": "does not reach it"}
    return {"kind": "warn", "says": f"reaches only {', '.join(well)}"}


def _worse(seen: dict[str, str], balancer: Dict) -> dict[str, str]:
    """The same with what is wrong with the load balancer itself, where there is one."""
    by_severity: dict[str, list[str]] = {}
    for finding in balancer.get("findings") or ():
        by_severity.setdefault(finding["severity"], []).append(finding["id"])
    if ERROR in by_severity:
        says = next((_BALANCER[one] for one in by_severity[ERROR] if one in _BALANCER), "is not well")
        return {"kind": "bad", "says": says}
    if WARNING in by_severity and seen["kind"] in ("ok", "to"):
        return {"kind": "warn", "says": f"{seen['says']}, but is not as declared"}
    return seen
