# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what overlay IPs are reached from outside of the VPC, as the inventory declares it, and whether that works.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._base.finding import ERROR, WARNING
from .._inventory.holders import Dict

_NAMES = {"transit_gateway": "Transit gateway", "load_balancer": "Load balancer", "client_vpn": "Client VPN"}
_IDS = ("name", "route_table_ids", "attachment_id", "client_vpn_endpoint_id")
"""What of an entry says which one it is, the best first."""
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
    return [
        _balancer(entry, report) if entry["via"] == "load_balancer" else _gateway(entry, report)
        for entry in report.get("reach") or ()
    ]


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


def _gateway(entry: Dict, report: Dict) -> dict[str, Any]:
    seen = {look["from"]: result for look, result in _looks(entry, report)}
    return {
        **_called(entry),
        "carries": ", ".join(entry.get("destinations") or ()),
        "clients": [
            {"network": client, "place": _place(seen.get(client)), **_judged(seen.get(client))}
            for client in entry.get("clients") or ()
        ],
    }


def _balancer(entry: Dict, report: Dict) -> dict[str, Any]:
    """A load balancer: its clients are whoever connects to it."""
    itself: Dict = next((one for one in report.get("balancers") or () if one["item"] == entry), {})
    ports = [f"{one['protocol']} {one['port']}" for one in entry["listeners"]]
    clients = [
        {"network": f"to {look['address'].removesuffix('/32')}", "place": "", **_worse(_judged(result), itself)}
        for look, result in _looks(entry, report)
    ]
    return {**_called(entry), "carries": str(itself.get("dns_name") or ", ".join(ports)), "clients": clients}


def _called(entry: Dict) -> dict[str, str]:
    ids = next((value for value in (entry.get(key) for key in _IDS) if value), "")
    return {
        "via": _NAMES.get(entry["via"], str(entry["via"])),
        "about": ids if isinstance(ids, str) else ", ".join(ids),
    }


def _looks(entry: Dict, report: Dict) -> Iterator[tuple[Dict, Dict | None]]:
    """From where to where was looked at for an entry, and what was seen; what was not looked at is None."""
    seen = {(one["item"][1]["from"], one["item"][1]["address"]): one for one in report.get("paths") or ()
            if one["item"][0] == entry}  # fmt: skip
    for look in entry.get("looks") or (one["item"][1] for one in seen.values()):
        yield look, seen.get((look["from"], look["address"]))


def _place(result: Mapping[str, Any] | None) -> str:
    """Where the client's network is, as far as that was seen."""
    kinds = {path.get("attachment") for path in (result or {}).get("paths") or ()} - {None}
    return ", ".join(sorted(_PLACES.get(str(kind), str(kind)) for kind in kinds))


def _judged(result: Mapping[str, Any] | None) -> dict[str, str]:
    """What was seen of the way from one network: its colour, and words."""
    paths = (result or {}).get("paths") or ()
    if not paths:
        return {"kind": "to", "says": "not looked at"}
    well = {path["holder"] for path in paths} - {path["holder"] for path in paths if not path["works"]}
    if len(well) == len({path["holder"] for path in paths}):
        return {"kind": "ok", "says": "reaches it"}
    if not well:
        return {"kind": "bad", "says": "does not reach it"}
    return {"kind": "warn", "says": f"reaches only {', '.join(sorted(well))}"}


def _worse(seen: dict[str, str], balancer: Mapping[str, Any]) -> dict[str, str]:
    """The same with what is wrong with the load balancer itself."""
    by_severity: dict[str, list[str]] = {}
    for finding in balancer.get("findings") or ():
        by_severity.setdefault(finding["severity"], []).append(finding["id"])
    if ERROR in by_severity:
        says = next((_BALANCER[one] for one in by_severity[ERROR] if one in _BALANCER), "is not well")
        return {"kind": "bad", "says": says}
    if WARNING in by_severity and seen["kind"] in ("ok", "to"):
        return {"kind": "warn", "says": f"{seen['says']}, but is not as declared"}
    return seen
