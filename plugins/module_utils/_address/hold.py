# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold overlay IPs on this node, or give them up: read, plan, apply, and tell.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from .._base import net
from .._base.deployment import USUAL
from . import plan, source
from .kept import Kept
from .live import Live, NodeError
from .persist import store
from .persist.store import Change, Host, Owner, PersistError, Tree
from .plan import ABSENT, AUTO, Decision, Held, Link, Node, Overlay, Request, Step
from .source import Turn


class Disk(Host, Protocol):
    """The node's configuration: :class:`.persist.host.LocalHost`."""

    def apply(self, changes: Sequence[Change]) -> None: ...


def run(
    params: Mapping[str, Any], live: Live, disk: Disk, *, check: bool, engine: Kept | None = None
) -> dict[str, Any]:
    """Do what the options of ``overlay_interface`` say, or with ``check`` only foretell it.

    Args:
        params: the options.
        live: the live addresses.
        disk: the node's configuration.
        check: change nothing.
        engine: what a failover engine holds here, whose guard must not be in the way.

    Returns:
        The result of the module, ``diff`` included.

    Raises:
        AddressError, PlanError, PersistError, NodeError: each a sentence for the user.
    """
    request = Request(
        tuple(net.host(text) for text in params["addresses"]),
        params["interface"],
        params["label"],
        params["state"],
        params.get("deployment", USUAL),
    )
    tree = Tree(disk)
    keep = params["persistent"] and request.state != ABSENT
    node = _node(tree, live)
    if request.label == AUTO and store.flushes_labels(tree.host, _link(request, node), params["persistence"], keep):
        request = replace(request, label="")
    steering = source.steer(plan.plan(request, node), node, present=request.state != ABSENT)
    decisions = steering.decisions
    steps = [step for decision in decisions for step in decision.steps]
    ours = [replace(d.overlay, deployment=request.deployment) for d in decisions]
    kept = _save(tree, ours, node, params["persistence"] if keep else None)
    changes = tree.changes()
    foretold = source.after(node, steering.turns)
    after = tuple(plan.apply_to(node.held, steps))
    if not check:
        if engine is not None and request.state == ABSENT:
            engine.release(request.addresses)
        elif engine is not None:
            engine.follow(decision.overlay for decision in decisions)
        try:
            _apply(live, disk, steps, changes, steering.turns, files_last=keep)
        except (NodeError, PersistError) as exc:
            partly = exc.changed
            with suppress(NodeError):
                exc.changed = partly or live.held() != node.held
            if keep and isinstance(exc, PersistError):
                raise PersistError(f"{_unkept(decisions, partly)}: {exc}", changed=exc.changed) from exc
            raise
        after = live.held() if steps or changes else node.held
    addresses = {d.overlay.address for d in decisions}
    turned = source.lines(addresses, node), source.lines(addresses, foretold)
    return {
        "changed": bool(steps or changes or steering.turns),
        "addresses": [_shown(d.overlay, after, kept.get(d.overlay.address), tree, node) for d in decisions],
        "before": [_place(h) for d in decisions for h in d.before],
        "persistence": _persistence(tree, kept, addresses),
        "warnings": list(steering.warnings),
        "diff": _diff(decisions, after, changes, turned),
    }


def _node(tree: Tree, live: Live) -> Node:
    saved = tuple(overlay for _method, _path, overlay in store.saved(tree))
    leased, reserved = store.own_addresses(tree.host), tuple(store.foreign_labels(tree))
    return Node(live.links(), live.held(), live.routes(), saved, live.rules(), leased=leased, reserved=reserved)


def _link(request: Request, node: Node) -> Link | None:
    """The interface of the IPv4 addresses, the only ones that have labels."""
    name = node.default.get(4) if request.interface == AUTO else request.interface
    return next((link for link in node.links if link.name == name), None)


def _apply(
    live: Live, disk: Disk, steps: Sequence[Step], changes: Sequence[Change], turns: Sequence[Turn], *, files_last: bool
) -> None:
    """Files go before live addresses and come after them: a manager that acts in between undoes nothing.

    How replies leave comes after the addresses, whichever way they go: no address depends on it.
    """
    if files_last:
        live.apply(steps)
        try:
            live.steer(turns)
        finally:
            disk.apply(changes)
        return
    disk.apply(changes)
    try:
        live.apply(steps)
        live.steer(turns)
    except NodeError as exc:
        exc.changed = bool(changes)
        raise


def _save(tree: Tree, overlays: Iterable[Overlay], node: Node, persistence: str | None) -> dict[str, tuple[str, Owner]]:
    """Put the files into the tree, or with None take them out; address -> method in effect and owner."""
    kept = {}
    for overlay in overlays:
        if persistence is None:
            store.erase(tree, overlay.address)
            continue
        link = next(link for link in node.links if link.name == overlay.interface)
        owner = store.owner_for(tree.host, link, persistence)
        kept[overlay.address] = (store.save(tree, overlay, owner), owner)
    return kept


def _unkept(decisions: Iterable[Decision], partly: bool) -> str:
    """What is true where the files, or some of them, could not be written: the address serves, until a reboot."""
    later = "may not" if partly else "will not"
    return f"{', '.join(d.overlay.cidr for d in decisions)} is up now, but {later} be after a reboot"


def _shown(
    overlay: Overlay, held: Iterable[Held], kept: tuple[str, Owner] | None, tree: Tree, node: Node
) -> dict[str, Any]:
    here = next((h for h in held if h.address == overlay.address), None)
    return {
        "address": overlay.cidr,
        "interface": here.interface if here else overlay.interface,
        "label": here.label if here else overlay.label,
        "live": here is not None,
        "persistent": kept is not None and bool(store.read_now(tree, overlay.address, node.links)),
        "method": kept[0] if kept else "",
        "table": overlay.way.table if overlay.way else plan.MAIN,
        "gateway": overlay.way.gateway if overlay.way else "",
    }


def _place(overlay: Overlay) -> dict[str, str]:
    return {"address": overlay.cidr, "interface": overlay.interface, "label": overlay.label}


def _persistence(tree: Tree, kept: Mapping[str, tuple[str, Owner]], addresses: set[str]) -> dict[str, Any]:
    owners = [owner for _method, owner in kept.values()]
    return {
        "method": owners[0].method if owners else "",
        "owner": owners[0].why if owners else "",
        "files": store.files(tree, addresses),
    }


def _diff(
    decisions: Iterable[Decision], after: Iterable[Held], changes: Iterable[Change], turned: tuple[str, str]
) -> list[dict[str, str]]:
    """Live addresses first, then the rules of their replies, then each file."""
    before = [h for d in decisions for h in d.before]
    now = [h for d in decisions for h in after if h.address == d.overlay.address]
    live = {"before_header": "live addresses", "after_header": "live addresses"}
    diffs = [{**live, "before": _lines(before), "after": _lines(now)}] if _lines(before) != _lines(now) else []
    if turned[0] != turned[1]:
        header = {"before_header": "routing policy rules", "after_header": "routing policy rules"}
        diffs.append({**header, "before": turned[0], "after": turned[1]})
    for change in changes:
        header = {"before_header": change.path, "after_header": change.path}
        diffs.append({**header, "before": change.before or "", "after": change.after or ""})
    return diffs


def _lines(held: Iterable[Held]) -> str:
    return "".join(
        f"{h.cidr} dev {h.interface}{f' label {h.label}' if h.label else ''}{' deprecated' if h.deprecated else ''}\n"
        for h in sorted(held, key=lambda h: (h.cidr, h.interface))
    )
