# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else moves an overlay IP: what is not setup's own, or an application that the overlay IP follows.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._base import net
from .._inventory.holders import Dict

SETUP, MOVE, TEARDOWN = "setup", "move", "teardown"
FOLLOWS, UNCLEAR = "follows_application", "move_unclear"
PROMOTED, STARTED, PROMOTABLE = "Promoted", "Started", "promotable"


def findings(nodes: Mapping[str, Dict], model: Dict) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of every overlay IP, each with the node that is the first to tell it.

    Args:
        nodes: the report's: `reachable`, `failover`.
        model: the inventory's, after :func:`.clusters.heed`.
    """
    teller = next((name for name, node in nodes.items() if node["reachable"]), None)
    kinds = [view["kinds"] for node in nodes.values() for view in node["failover"] if view.get("kinds") is not None]
    if teller is None:
        return
    for overlay in model["overlays"]:
        if by := overlay.get("moved_by"):
            yield teller, _moved_by(overlay["destination"], by, model)
        elif bound := overlay.get("bound"):
            yield teller, _bound(overlay["destination"], bound, model)
        if why := overlay.get("unclear"):
            yield teller, _unclear(overlay["destination"], why, model)
        for other in dict.fromkeys(filter(None, [overlay.get("apart_from"), *_kept_from(overlay, nodes)])):
            yield from ((teller, one) for one in _apart(overlay, other, nodes, model))
        if overlay.get("follows") and model.get("failover", "none") != "none":
            yield from ((teller, one) for one in _unfit(overlay, kinds[0] if kinds else {}, model))


def _moved_by(destination: str, by: Dict, model: Dict) -> dict[str, Any]:
    """Two that move one address take it from each other."""
    where = f", in {by['top']}" if by["top"] != by["resource"] else ""
    message = f"{destination} is moved by {by['resource']} ({by['agent']}{where}) of {by['engine']} already."
    hinders, severity = [TEARDOWN], "info"
    if model.get("failover", "none") != "none":
        hinders, severity = [SETUP, MOVE, TEARDOWN], "error"
        remedy = (
            "replace that by `migrate.yml`, or set overlay_ip_failover=none, so that status and switchover work through"
            " it."
            if by["moves"] == "route" and by["through"]
            else f"take it out of {by['engine']}, or set overlay_ip_failover=none."
        )
    elif not by["through"]:
        hinders, severity = [MOVE, TEARDOWN], "warning"
        remedy = f"move it by {by['engine']}'s own means, or take it out of there first."
    elif by["follows"]:
        hinders = [*_hindering(by, model), TEARDOWN]
        remedy = f"it follows {_instance(by)}: {_way(by)}"
    else:
        remedy = "status and switchover work through it; take it out of the cluster before teardown."
    return _finding("moved_by_another", severity, message, remedy, hinders, model)


def _kept_from(overlay: Dict, nodes: Mapping[str, Dict]) -> list[str]:
    """The addresses from whose resources, or groups, a constraint of anybody's keeps it for good."""
    tops = overlay.get("firmly_apart") or ()
    told = (mover for node in nodes.values() for view in node["failover"] for mover in view.get("movers", ()))
    away = [mover for mover in told if mover["moves"] == "route" and {mover["name"], mover["top"]} & set(tops)]
    return [net.bare(destination) for mover in away for destination in mover["destinations"]]


def _apart(overlay: Dict, other: str, nodes: Mapping[str, Dict], model: Dict) -> Iterator[dict[str, Any]]:
    """It leaves the node of another one: a move of both to one node, or of this one to the other's, ends elsewhere."""
    target = model.get("target")
    if not target or (model.get("failover", "none") == "none" and not overlay.get("moved_by")):
        return
    says = {view.get("holders", {}).get(net.slug(other)) for node in nodes.values() for view in node["failover"]}
    both = other in {one["address"] for one in model["overlays"]}
    if both or model["nodes"][target].get("cluster_name", target) in says:
        where = "which is to be moved there, too" if both else f"which is on {target}"
        word = "apart_from" if overlay.get("apart_from") == other else "kept by the cluster away from"
        message = f"{overlay['destination']} is {word} {other}, {where}."
        remedy = f"move {other} alone (overlay={other}), and this one gives way by itself."
        yield _finding("apart", "info", message, remedy, [MOVE], model)


def _bound(destination: str, bound: Dict, model: Dict) -> dict[str, Any]:
    """It is where the application is, and no move of it alone is a move."""
    return _finding(
        FOLLOWS, "info", f"{destination} follows {_instance(bound)}.", _way(bound), _hindering(bound, model), model
    )


def _unclear(destination: str, why: str, model: Dict) -> dict[str, Any]:
    """A move could take an application along that nobody has asked for: a takeover of a database takes long."""
    message = f"A move of {destination} could move more than the address: {why}."
    remedy = "move the application by the cluster's own means, and look with status where the address is then."
    return _finding(UNCLEAR, "info", message, remedy, [MOVE], model)


def _hindering(bound: Dict, model: Dict) -> list[str]:
    """A switchover may have the engine move the role; a role that is left to the others nobody can move."""
    if bound["role"] == STARTED:
        return []
    return [] if model.get("move_role") and bound["role"] == PROMOTED else [MOVE]


def _instance(bound: Dict) -> str:
    if bound["role"] == STARTED:
        return str(bound["follows"])
    return f"the {bound['role'].lower()} instance of {bound['follows']}"


def _way(bound: Dict) -> str:
    if bound["role"] == STARTED:
        return "a switchover moves that, and the address follows."
    if bound["role"] == PROMOTED:
        return "move that role, and the address follows; -e overlay_ip_move_role=true has the cluster do it, and waits."
    return "move the promoted one, and this goes where that is not; overlay=ADDRESS names another overlay IP alone."


def _unfit(overlay: Dict, kinds: Mapping[str, str], model: Dict) -> Iterator[dict[str, Any]]:
    """What the inventory wants it to follow, and cannot be followed."""
    wanted = overlay["follows"]["resource"]
    kind, able = kinds.get(wanted), [name for name, kind in kinds.items() if kind == PROMOTABLE]
    started = overlay["follows"]["role"] == STARTED
    if started and kind:
        clone, what = (wanted, "can be promoted") if kind == PROMOTABLE else (kind, f"is in {kind}")
        message = f"{overlay['destination']} shall follow {wanted} with role: Started, which {what}"
        message += ", and runs on several nodes."
        remedy = f"name {clone} with role: Promoted, or role: Unpromoted, in overlay_ips.follows."
        yield _finding("follows_nothing", "error", message, remedy, [SETUP], model)
        return
    if kind == PROMOTABLE or (started and kind is not None):
        return
    message = f"{overlay['destination']} shall follow {wanted}, which " + (
        "the cluster does not have." if kind is None else "has no promoted instance."
    )
    remedy = (
        f"name {kind}, in which it is, as overlay_ips.follows.resource."
        if kind
        else f"name what can be promoted ({', '.join(able) or 'there is nothing of the kind'}) as"
        " overlay_ips.follows.resource."
    )
    if kind == "":
        remedy = remedy.removesuffix(".") + ", or give it role: Started to be wherever it runs."
    yield _finding("follows_nothing", "error", message, remedy, [SETUP], model)


def _finding(name: str, severity: str, message: str, remedy: str, hinders: list[str], model: Dict) -> dict[str, Any]:
    """As an engine's own, of the one that was chosen."""
    return {
        "id": name,
        "severity": severity,
        "message": message,
        "remedy": remedy,
        "node": "",
        "hinders": hinders,
        "engine": model.get("failover", "none"),
    }
