# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook did, in sentences for somebody who has never seen Ansible: from the modules' own return values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lab.playbook.run import Run
from lab.probe.report import Report
from lab.probe.text import clock

#: The machines' names by instance id and by interface id.
Names = Mapping[str, str]


def changes(run: Run, names: Names) -> list[str]:
    """One line per step that changed something, in the order in which it was done."""
    lines: list[str] = []
    done: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for result in run.changed_tasks:
        module = result.action.rpartition(".")[2]
        items = result.result.get("results", [result.result])
        done.setdefault(module, []).extend((result.host, item) for item in items if item.get("changed"))
    for module, items in done.items():
        if module in _TELL:
            lines += _TELL[module](items, names)
    return lines


def _permission(items: Sequence[tuple[str, dict[str, Any]]], _names: Names) -> Iterator[str]:
    given = [item["role_name"] for _host, item in items if item["policy"]]
    taken = [item["role_name"] for _host, item in items if not item["policy"]]
    if given:
        yield f"permission  the roles {listed(given)} may move the route, and nothing else"
    if taken:
        yield f"permission  taken from the roles {listed(taken)} again"


def _check(items: Sequence[tuple[str, dict[str, Any]]], names: Names) -> Iterator[str]:
    interfaces = [interface for _host, item in items for interface in item["interfaces"]]
    for enabled, meaning in ((False, "off"), (True, "on again")):
        changed = [i for i in interfaces if i["before"] != i["after"] and i["after"] is enabled]
        if changed:
            machines = listed(dict.fromkeys(names.get(i["instance_id"], i["instance_id"]) for i in changed))
            yield f"check       the source/destination check is {meaning} on {machines}"


def _address(items: Sequence[tuple[str, dict[str, Any]]], _names: Names) -> Iterator[str]:
    for live, text in ((True, "is up on"), (False, "is gone from")):
        holders: dict[str, list[str]] = {}
        kept = all(a["persistent"] for _host, item in items for a in item["addresses"])
        for host, item in sorted(items, key=lambda pair: pair[0]):
            for address in item["addresses"]:
                if address["live"] is live:
                    holders.setdefault(address["address"], []).append(f"{host} ({address['label'] or 'no label'})")
        for address, hosts in holders.items():
            yield f"address     {address} {text} {listed(hosts)}" + (
                ", and kept for the next boot" if live and kept else ""
            )


def _route(items: Sequence[tuple[str, dict[str, Any]]], names: Names) -> Iterator[str]:
    for _host, item in items:
        for route in item["routes"]:
            if route["action"] in ("create", "replace", "delete"):
                before, after = (_holder(route[side], names) for side in ("before", "after"))
                yield f"route       {route['route_table_id']}: {route['destination']} {before} -> {after}"


def _page(items: Sequence[tuple[str, dict[str, Any]]], _names: Names) -> Iterator[str]:
    yield from (f"page        {item['path']}" for _host, item in items)


def _holder(end: Mapping[str, Any] | None, names: Names) -> str:
    if end is None:
        return "nowhere"
    return names.get(end["network_interface_id"]) or end["network_interface_id"] or "a dead interface"


_TELL: Mapping[str, Callable[[Sequence[tuple[str, dict[str, Any]]], Names], Iterator[str]]] = {
    "overlay_iam_policy": _permission,
    "source_dest_check": _check,
    "overlay_interface": _address,
    "overlay_route": _route,
    "overlay_page": _page,
}


def verdict(report: Report) -> list[str]:
    """Who answered before and after, how many packets were lost, and for how long."""
    lines = []
    for position, holder in enumerate(report.holders):
        when = ("before", "after")[min(position, 1)]
        period = f"{clock(report, holder.first)} - {clock(report, holder.last)}"
        lines.append(f"{when:<8}{holder.who} answered {holder.answers} packets ({period})")
    lines.append(f"lost    {report.lost} of {report.sent} packets; the address was silent for {report.gap_ms:.0f} ms")
    return lines


def in_short(report: Report) -> str:
    """The verdict in one sentence."""
    before, after = report.who[0], report.who[-1]
    loss = f"{report.lost} of {report.sent} packets were lost; the address was silent for {report.gap_ms:.0f} ms"
    return f"{before} answered before, {after} answers after; {loss}"


def listed(words: Sequence[str] | Mapping[str, None]) -> str:
    """a, b and c."""
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last
