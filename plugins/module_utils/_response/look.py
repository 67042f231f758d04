# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the failover engine is at work, and whether an alert is still true, by a look at everything.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .._inventory import undecided
from .alerts import SETUP, STATUS, SWITCHOVER, Alert, shown

Dict = Mapping[str, Any]
_ENGINES = ("keepalived", "pacemaker")
"""What OverlayIpNotReady has as its check where it tells of an engine."""
_MENDED = ("source_dest_check", "permission")
"""What it has as its check where setup mends it; more in docs/runbook.md."""
_CHECK_ON = ("source_dest_check_on", "standby_source_dest_check_on")


def at_work(report: Dict, asked: Mapping[str, Dict], failover: str) -> list[str]:
    """Why nothing should be started now, as sentences; empty where the engine rests, or there is none.

    Args:
        report: the status, as `_report.status.report` makes it.
        asked: by node, what `overlay_turn` returned there.
        failover: the engine that is chosen; `none`.
    """
    found = [f"A takeover is under way on {name}." for name, turn in asked.items() if turn.get("moving")]
    found += [str(sentence) for turn in asked.values() for sentence in turn.get("busy") or ()]
    if failover == "none":
        return found
    nodes = report["nodes"]
    away = [name for name, node in nodes.items() if not node["reachable"]]
    found += [f"{name} cannot be asked: {failover} may be taking over from it." for name in away]
    views = [(name, view) for name, node in nodes.items() for view in node["failover"] if view["engine"] == failover]
    running = {name for name, view in views if view.get("running", True)}
    if running:
        found += [s for overlay in report["overlays"] for s in _disagreeing(overlay, running, failover)]
    return list(dict.fromkeys(found))


def _disagreeing(overlay: Dict, running: set[str], failover: str) -> Iterator[str]:
    """What the engine says of an overlay IP, beside where its routes lead.

    A route that is missing or dead says nothing: that is what is to be mended.
    """
    destination = overlay["destination"]
    views = [view for view in overlay["engines"] if view["engine"] == failover and view["node"] in running]
    says = sorted({view["holder"] for view in views if view["holder"]})
    if not says:
        states = ", ".join(f"{view['node']}: {view['state']}" for view in views)
        yield f"{failover} names nobody as the holder of {destination} ({states})."
    elif len(says) > 1:
        yield f"{failover} names {' and '.join(says)} as holders of {destination}."
    else:
        others = [t for t in overlay["tables"] if t["state"] == "active" and t["holder"] not in (None, says[0])]
        for table in others[:1]:
            yield (
                f"{failover} takes {says[0]} for the holder of {destination}, and {table['route_table_id']} leads to"
                f" {table['holder']}."
            )


def unread(destinations: Collection[str], report: Dict) -> str:
    """Why nothing can be said of these overlay IPs, as a sentence; empty where AWS told of all of them."""
    why = [o["unread"] for o in report["overlays"] if o["destination"] in destinations and o.get("unread")]
    return f"AWS could not be asked: {why[0].rstrip('.')}." if why else ""


def over(alert: Alert, report: Dict) -> str:
    """Why there is nothing left to do, as a sentence; empty where it is still so, or a look cannot tell."""
    if alert.name in ("OverlayIpNobodyServes", "OverlayIpTableDead"):
        concerned = [o for o in report["overlays"] if alert.destination in ("", o["destination"])]
        tables = [table for overlay in concerned for table in overlay["tables"]]
        unread = any(overlay.get("unread") for overlay in concerned)
        if tables and not unread and all(table["state"] == "active" for table in tables):
            return "every route table has a route that works."
    if alert.name == "OverlayIpAddressMissing":
        ids = {f["id"] for name, n in report["nodes"].items() if alert.node in ("", name) for f in n["findings"]}
        reachable = all(n["reachable"] for name, n in report["nodes"].items() if alert.node in ("", name))
        if reachable and "address_missing" not in ids:
            return "the address is up."
    if alert.name == "OverlayIpNotReady" and alert.check == "source_dest_check":
        ids = {finding["id"] for overlay in report["overlays"] for finding in overlay["findings"]}
        if not ids & {*_CHECK_ON, "not_looked_at", "not_read"} and report["overlays"]:
            return "the source/destination check is off everywhere."
    return ""


def homeless(report: Dict, model: Dict) -> str:
    """Why setup could give an overlay IP to another node than had it, as a sentence; empty where it could not.

    Where no route works, setup follows the engine, else it takes the home node. Without an engine that names one, only
    the last move on record tells who had it.
    """
    homes = {o["destination"]: o.get("home") for o in model["overlays"] if o}
    for overlay in report["overlays"]:
        destination = overlay["destination"]
        standing = undecided.of(overlay, model["nodes"], homes.get(destination), report.get("moves") or ())
        if standing.split:
            nodes = " and ".join(standing.leads)
            return f"{destination} is split between {nodes}: setup does not choose. Start switchover."
        if not standing.homeless:
            continue
        last = standing.last
        told = f"the last move on record was to {last['to']}" if last else "no node has a move of it on record"
        return (
            f"no route of {destination} leads to a node of the inventory, no engine names its holder, and {told}: setup"
            f" would give it to the home node, {standing.home}, which may not have the data. Start switchover to the"
            " node that has it."
        )
    return ""


def at_people(alert: Alert, model: Dict) -> str:
    """Why it is for people, as a sentence: setup does not mend it, or an engine does not run, which somebody may want.

    keepalived is in FAULT while its check of the application fails, and Pacemaker's node may be in standby. Setup would
    start what was stopped on purpose, and mend nothing of the rest, once in every pause. Nor does it write a policy
    where somebody else attaches what it prints, or where the nodes' own permissions are what it works with.
    """
    if alert.action != SETUP:
        return ""
    if alert.check == "permission":
        if model["api_from"] == "node":
            return "setup writes no policy with overlay_ip_api_from: node. That is for people."
        if model["iam"] == "render":
            return "setup prints the policy, and attaches none, with overlay_ip_iam: render. That is for people."
    if alert.check not in _ENGINES:
        others = alert.name == "OverlayIpNotReady" and alert.check not in ("", *_MENDED)
        return f"setup does not mend what the check {shown(alert.check)} finds. That is for people." if others else ""
    return (
        f"{alert.check} does not run there, or may not take over: by somebody's will, or because the application is"
        " down. That is for people."
    )


def elsewhere(alert: Alert, report: Dict) -> str:
    """Why the alert is of another VPC, or may be, as a sentence; empty where it is of ours.

    A deployment has a VPC where all of its overlay IPs are in one. What tells of it then has that as a label.
    """
    where = {overlay["destination"]: overlay.get("vpc_id") for overlay in report["overlays"]}
    if alert.destination:
        vpc = where.get(alert.destination)
        if alert.vpc_id and vpc and alert.vpc_id != vpc:
            return f"{alert.destination} is in {vpc} by this inventory, and the alert is of another VPC."
        if alert.action == SWITCHOVER and not vpc and not alert.deployment:
            return (
                f"nobody knows in which VPC {alert.destination} of this inventory is, so that the alert may be of"
                " another one: write the label deployment."
            )
        return ""
    known = set(where.values())
    if alert.vpc_id and alert.vpc_id not in known and len(known - {None}) > 1 and alert.action != STATUS:
        return "the overlay IPs of this inventory are in several VPCs, and the alert is of none of them."
    vpc = known.pop() if len(known) == 1 else None
    if not vpc or alert.vpc_id == vpc or alert.action == STATUS:
        return ""
    if alert.vpc_id:
        return f"the overlay IPs of this inventory are in {vpc}, and the alert is of another VPC."
    return (
        "it has neither the label destination nor the label vpc_id, so that it may be of another inventory, whose"
        f" nodes have the same names: write vpc_id={vpc} if it is of this one."
    )
