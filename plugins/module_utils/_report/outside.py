# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what overlay IPs are reached from outside of the VPC, as the inventory declares it, and whether that works.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .._inventory.holders import Dict

_NAMES = {"transit_gateway": "Transit gateway", "load_balancer": "Load balancer", "client_vpn": "Client VPN"}
_IDS = ("route_table_ids", "name", "address", "client_vpn_endpoint_id", "attachment_id", "vpc_id")
"""What of an entry says which one it is, the best first."""
_OURS = {"load_balancer": "its clients", "client_vpn": "its clients"}
"""Whose clients have no network of their own in the VPC."""


def ways(report: Dict) -> list[dict[str, Any]]:
    """Each entry of `overlay_ip_reach` with its clients' networks, for the page.

    Args:
        report: of `status`, with `reach`, the model's, and `paths`, what overlay_path_info said of each look, by the
            loop of the role reach. Both may be missing.
    """
    return [_way(entry, report.get("paths") or ()) for entry in report.get("reach") or ()]


def findings(report: Dict) -> Iterator[tuple[str, list[Dict]]]:
    """What is wrong with the way from each client's network."""
    for result in report.get("paths") or ():
        client = result["item"][1]["from"]
        yield f"from {client}", [finding for path in result.get("paths") or () for finding in path["findings"]]


def lines(report: Dict) -> list[str]:
    """The same as text, as status prints it."""
    return [line for one in report.get("paths") or () for line in one.get("lines") or [str(one.get("msg") or "")]]


def _way(entry: Dict, results: Sequence[Dict]) -> dict[str, Any]:
    mine = [result for result in results if result["item"][0] == entry]
    looked = list(dict.fromkeys(look["from"] for look in entry.get("looks") or ()))
    ids = next((value for value in (entry.get(key) for key in _IDS) if value), "")
    return {
        "via": _NAMES.get(entry["via"], entry["via"]),
        "about": ids if isinstance(ids, str) else ", ".join(ids),
        "carries": ", ".join(entry.get("destinations") or ()),
        "clients": [
            {
                "network": _OURS.get(client.partition(":")[0], client),
                **_judged([result for result in mine if result["item"][1]["from"] == client]),
            }
            for client in entry.get("clients") or looked
        ],
    }


def _judged(results: Sequence[Dict]) -> dict[str, str]:
    """What was seen of the way from one network, or of all ways by one thing: its colour, and words."""
    paths = [path for result in results for path in result.get("paths") or ()]
    if not paths:
        return {"kind": "to", "says": "not looked at"}
    lost = {path["holder"] for path in paths if not path["works"]}
    well = [holder for holder in dict.fromkeys(path["holder"] for path in paths) if holder not in lost]
    if not lost:
        return {"kind": "ok", "says": "reaches it"}
    if not well:
        return {"kind": "bad", "says": "does not reach it"}
    return {"kind": "warn", "says": f"reaches only {', '.join(well)}"}
