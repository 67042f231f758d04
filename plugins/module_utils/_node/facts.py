# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node knows about itself: who it is in EC2, what it holds, what configures it, what threatens it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .._address import agents, iproute, named, netlink, packages, replies, tools
from .._address.live import NodeError
from .._address.persist import store
from .._address.persist.store import Host, Owner, Tree
from .._address.plan import AUTO, Link, Node
from .._aws.imds import Imds, ImdsError
from .._base import net as base_net
from .._base.deployment import USUAL, Deployment
from .._base.finding import ERROR, WARNING, Finding, as_dicts
from .._engine import registry
from .._engine.view import ADDRESS, ROUTE
from . import history, moves, proof, record

_LAST = 5
"""Moves that are told."""
_JITTER = 1.0  # seconds by which a clock that is kept may be set back


def describe(host: Host, imds: Imds | None, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``overlay_node_info`` returns.

    Raises:
        AddressError: one of ``params["addresses"]`` is not an address.
        PersistError: a file of the node cannot be read.
    """
    tree, deployment = Tree(host), Deployment(params.get("deployment", USUAL))
    node, why = _read(tree)
    identity, error = _identity(imds, node)
    shown = _addresses(tree, node, params["addresses"], deployment)
    link = _link(params["interface"], node)
    owner = store.owner_for(host, link) if link else None
    release = host.read("/etc/os-release") or ""
    source = packages.source(release)
    engines = registry.seen(host, deployment)
    findings = _findings(host, link, owner, shown or [], params["persistent"], _moved(engines))
    if node is not None:
        findings += replies.findings(host, node, {entry["address"] for entry in shown or () if entry["live"]})
    else:
        findings.append(Finding("addresses_unreadable", ERROR, why, f"Get iproute2 {source.sentence}."))
    return {
        "identity": identity,
        "identity_error": error,
        "tool": {"name": tools.name(), "package": source.package, "remedy": source.sentence},
        "pyroute2": {"version": netlink.VERSION},
        "iproute2": {"version": iproute.version()},
        "addresses": shown,
        "interface": {"name": link.name, "method": owner.method, "owner": owner.why, "source": owner.source}
        if link and owner
        else None,
        "metrics_units": [
            kind for kind in ("service", "timer") if host.read(deployment.metrics_unit(kind)) is not None
        ],
        "failover_engines": registry.running(host, deployment),
        "failover": engines,
        "record": record.of(tree, node.held if node else (), deployment),
        "others": record.others(tree, deployment),
        "moves": _moves(host, deployment),
        "proof": _proof(host, deployment),
        "findings": as_dicts(findings),
    }


def _moves(host: Host, deployment: Deployment) -> list[moves.Record]:
    """The last moves on record; none where they cannot be read, which is no reason to tell nothing else."""
    try:
        return moves.parsed(host.read(f"{deployment.state}/{history.NAME}") or "")[-_LAST:]
    except store.PersistError:
        return []


def _proof(host: Host, deployment: Deployment) -> dict[str, Any] | None:
    """What the program checked last, and how many seconds ago; None where it did not, or that cannot be read."""
    try:
        known = proof.parsed(host.read(f"{deployment.memory[0]}/{proof.NAME}") or "")
    except store.PersistError:
        return None
    seconds = time.time() - known[0] if known else -math.inf
    # Made in the future: the clock was set back since, and nobody knows when it was.
    return {"seconds": round(max(0.0, seconds)), "checks": known[1]} if known and seconds > -_JITTER else None


def _read(tree: Tree) -> tuple[Node | None, str]:
    """The live state, or why it cannot be read."""
    try:
        with tools.opened(tree.host.read("/etc/os-release") or "") as live:
            saved = tuple(overlay for _method, _path, overlay in store.saved(tree))
            return Node(live.links(), live.held(), live.routes(), saved, live.rules()), ""
    except NodeError as exc:
        return None, str(exc)


def _identity(imds: Imds | None, node: Node | None) -> tuple[dict[str, Any] | None, str]:
    """Who the node is in EC2, or why that is unknown."""
    if imds is None:
        return None, "not asked for"
    names = {link.mac.lower(): link.name for link in node.links} if node else {}
    try:
        found = {
            "instance_id": imds.instance_id(),
            "region": imds.region(),
            "role_name": imds.role_name(),
            "interfaces": [{**i, "name": names.get(i["mac"])} for i in imds.interfaces()],
        }
    except ImdsError as exc:
        return None, str(exc)
    return found, ""


def _addresses(
    tree: Tree, node: Node | None, asked: Sequence[str], deployment: Deployment
) -> list[dict[str, Any]] | None:
    if node is None:
        return None
    cidrs = [base_net.host(text) for text in asked] or [o.cidr for o in node.saved if o.deployment == deployment.name]
    return [_address(tree, node, cidr) for cidr in dict.fromkeys(cidrs)]


def _address(tree: Tree, node: Node, cidr: str) -> dict[str, Any]:
    address = cidr.partition("/")[0]
    here = next((h for h in node.held if h.address == address), None)
    files, read = store.files(tree, {address}), store.read_now(tree, address, node.links)
    return {
        "address": here.cidr if here else cidr,
        "live": here is not None,
        "interface": here.interface if here else "",
        "label": here.label if here else "",
        "persistent": bool(read),
        "files": files,
        "unread": [] if read else files,
    }


def _link(name: str, node: Node | None) -> Link | None:
    if node is None:
        return None
    wanted = node.default.get(4) or node.default.get(6) if name == AUTO else name
    return next((link for link in node.links if link.name == wanted), None)


def _moved(engines: Sequence[Mapping[str, Any]]) -> set[str]:
    """The addresses that an engine brings up and takes down: no file is to keep them."""
    return {
        destination
        for view in engines
        for mover in view["movers"]
        if mover["moves"] in (ROUTE, ADDRESS)
        for destination in mover["destinations"]
    }


def _findings(
    host: Host,
    link: Link | None,
    owner: Owner | None,
    shown: Sequence[Mapping[str, Any]],
    persistent: bool,
    moved: set[str],
) -> list[Finding]:
    if link is None or owner is None:
        return []
    kept = {store.method_of(entry["files"]) for entry in shown if entry["persistent"]}
    methods = kept or ({owner.method} if persistent else set())
    found = agents.findings(host, link.name, owner.method, methods)
    found += named.findings(host, [entry["address"] for entry in shown])
    lost = [entry for entry in shown if persistent and entry["live"] and not entry["persistent"]]
    lost = [entry for entry in lost if entry["address"] not in moved]
    unread = sorted({path for entry in lost for path in entry["unread"]})
    if lost:
        why = f"{owner.why} does not read {', '.join(unread)}" if unread else "no file of this node keeps it"
        message = f"{', '.join(entry['address'] for entry in lost)} would be gone after a reboot: {why}."
        remedy = "Run setup (with overlay_ip_persistence=auto), or say that a cluster manager owns it."
        found.append(Finding("not_persistent", WARNING, message, remedy))
    labels = [
        e["label"] for e in shown if e["live"] and e["label"] and e["interface"] == link.name and not e["persistent"]
    ]
    if labels and store.flushes_labels(host, link, "auto", keep=False):
        message = f"'ifup {link.name}' would delete what has the label {', '.join(labels)}: no alias file names it."
        found.append(Finding("label_without_file", WARNING, message, "Let label be auto, or empty, and run setup."))
    return found
