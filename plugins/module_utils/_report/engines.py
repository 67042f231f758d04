# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the failover engines say, beside what AWS and the nodes say: what is wrong, what it hinders, whether it rests.

Knows no engine: each says of itself what hinders what. Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .._base import net
from .._base.deployment import Deployment
from .._inventory.holders import Dict
from . import movers

SELF, MOVE, TEARDOWN, _CHECK_FAILED = "self", "move", "teardown", "engine_check_failed"
MIGRATE = "migrate"
_ADDED = "resource_roams"
"""What is a trouble only where setup adds something to the engine."""
_KEPT_OFF = "resource_kept_off"
"""What is right of a member of a cluster that the inventory does not have."""
_NOT_MIGRATION = (
    *("moved_by_another", movers.FOLLOWS, movers.UNCLEAR, _ADDED),
    *("maintenance_mode", "engine_check_failed"),
)
_RESTLESS = frozenset({"engine_disagrees", "engine_absent", "address_astray", "address_missing"})


def findings(
    model: Dict, nodes: Mapping[str, Dict], overlays: Sequence[Dict], strangers: Collection[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """What is wrong with the engines, by the node that it is about; what several nodes tell is told once.

    Args:
        model: the inventory's.
        nodes: the report's: `reachable`, `addresses`, `failover`.
        overlays: the report's: `destination`, `holder`.
        strangers: nodes whose engine is another inventory's: what it says of its overlay IPs is not compared.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in nodes}
    for name, finding in [*movers.findings(nodes, model), *_told(nodes, model, strangers)]:
        if finding["message"] not in {other["message"] for told in found.values() for other in told}:
            found[name].append(finding)
    for name, node in nodes.items():
        # What an engine says of the others matters where they do not say it themselves.
        own = [f for f in found[name] if f["id"] == "engine_stopped"]
        found[name] = [f for f in found[name] if f not in own[1:]]
        if node["reachable"]:
            found[name] += [
                *_absent(name, node, model),
                *_compared(name, node, model, () if name in strangers else overlays),
            ]
    return found


def hindered(report: Dict, door: str, target: str | None = None, chosen: str = "") -> list[str]:
    """What must be mended before `door` (setup, move, teardown), as sentences; a move goes to `target`.

    An engine that is not the `chosen` one is to let go: of it only what hinders that counts.
    """
    if door == MIGRATE:
        return _hindering_migration(report)
    sentences = []
    for finding in _of_engines(report):
        there = finding["node"] in ("", target)
        other = chosen and finding.get("engine", chosen) != chosen and not finding.get("moves")
        if other and (door == MOVE or not finding.get("ours", True)):  # nothing is asked of it
            continue
        if (TEARDOWN if other else door) in finding["hinders"] and (there or door != MOVE):
            way_out = ", or give another target." if door == MOVE and finding["node"] else "."
            sentences.append(sentence(finding).removesuffix(".") + way_out)
    return sentences


def _hindering_migration(report: Dict) -> list[str]:
    """Every trouble does, but those that it is about: the other resource, and maintenance, which it gives back."""
    away = [f"{name} cannot be asked." for name, node in report["nodes"].items() if not node["reachable"]]
    found = [f for f in _of_engines(report) if f["hinders"] and f["id"] not in _NOT_MIGRATION]
    return [*away, *map(sentence, found)]


def harmless(report: Dict, door: str) -> list[str]:
    """What else the engines say of themselves, as sentences."""
    if door == MIGRATE:
        return []
    return [sentence(finding) for finding in _of_engines(report) if door not in finding["hinders"]]


def unrest(report: Dict) -> list[str]:
    """Why the engine is not yet at rest, or does not agree with the routes; empty where it is and does.

    A standby where the application fails is no unrest: it is told, and cannot be waited for.
    """
    found = [f"{o['destination']} is not routed to one node." for o in report["overlays"] if not o["holder"]]
    holders = {o["holder"] for o in report["overlays"]}
    waiting: list[str] = []
    for name, node in report["nodes"].items():
        if not node["reachable"]:
            found.append(f"{name} cannot be asked.")
        for finding in node["findings"]:
            if finding["severity"] == "error" and (finding["id"] in _RESTLESS or "hinders" in finding):
                idle = finding["id"] == _CHECK_FAILED and name not in holders
                (waiting if idle else found).append(sentence(finding) if "hinders" in finding else finding["message"])
    return [*found, *waiting] if found else []


def sentence(finding: Dict) -> str:
    """A finding for people. What an engine says of itself is written so that the remedy follows a colon."""
    if "hinders" in finding:
        return f"{finding['message'].removesuffix('.')}: {finding['remedy']}"
    return f"{finding['message']} {finding['remedy']}"


def _of_engines(report: Dict) -> Iterator[Dict]:
    yield from (f for node in report["nodes"].values() for f in node["findings"] if "hinders" in f)


def inventory_words(text: str, model: Dict) -> str:
    """A sentence of the cluster's with the inventory's names of the nodes. Commands keep the cluster's."""
    for name, node in model["nodes"].items():
        if (known := node.get("cluster_name") or name) != name:
            text = name.join(re.split(rf"(?<![\w.-]){re.escape(known)}(?![\w-]|\.\w)", text))
    return text


def _name(known: str, model: Dict) -> str:
    """The inventory's name of a node that the engine calls so."""
    return next((name for name, node in model["nodes"].items() if known and node.get("cluster_name") == known), known)


def concerns(view: Dict, model: Dict) -> bool:
    """Whether an engine has to do with these overlay IPs: others that run here do something else."""
    return view.get("configured", True) or view["engine"] == model.get("failover", "none") or _moves(view, model)


def _moves(view: Dict, model: Dict) -> bool:
    """Whether it moves one of them by what is not setup's own."""
    return any(o.get("moved_by") and o["moved_by"]["engine"] == view["engine"] for o in model["overlays"])


def _told(nodes: Mapping[str, Dict], model: Dict, strangers: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The engines' own findings, each with the node that it belongs to: first what a node says of itself."""
    told = [
        (name, _finding(finding, view, model, strange=name in strangers))
        for name, node in nodes.items()
        for view in node["failover"]
        if concerns(view, model)
        for finding in view.get("findings", ())
        if finding["id"] != _ADDED or view["engine"] == model.get("failover", "none")
    ]
    for own in (True, False):
        for name, finding in told:
            if (finding["node"] == SELF) is own:
                about = name if finding["node"] == SELF else _name(finding["node"], model)
                if finding["id"] == _KEPT_OFF and about not in nodes:
                    continue
                yield about if about in nodes else name, {**finding, "node": about}


def _finding(finding: Dict, view: Dict, model: Dict, *, strange: bool) -> dict[str, Any]:
    """As it is told to people: `moves`, where a move is made by this engine though it is not the chosen one."""
    said = {
        **finding,
        "message": inventory_words(finding["message"], model),
        "engine": view["engine"],
        "ours": view.get("configured", True) and not strange,
    }
    return {**said, "moves": True} if _moves(view, model) and not said["ours"] else said


def _absent(name: str, node: Dict, model: Dict) -> Iterator[dict[str, Any]]:
    engine = model.get("failover", "none")
    if engine != "none" and engine not in {view["engine"] for view in node["failover"]}:
        message = f"overlay_ip_failover is {engine}, but it is not set up on {name}."
        yield {"id": "engine_absent", "severity": "error", "message": message, "remedy": "Run setup."}


def views(model: Dict, nodes: Mapping[str, Dict], overlay: Dict) -> list[dict[str, Any]]:
    """What each engine says of an overlay IP, beside AWS: node, engine, state, the holder that it takes, agrees."""
    of = next(o for o in model["overlays"] if o["destination"] == overlay["destination"])
    return [
        {
            "node": name,
            "engine": view["engine"],
            "state": _state(view, of["address"]),
            "holder": (says := _says(name, view, of["address"], model)),
            "agrees": not any(_disagreement(name, view, overlay, says, of["address"])),
        }
        for name, node in nodes.items()
        for view in node["failover"]
        if _answers_for(view, of, model)
    ]


def _says(name: str, view: Dict, address: str, model: Dict) -> str:
    """Whom an engine on a node takes for the holder, by the inventory's name; empty for nobody."""
    says: str = view.get("holders", {}).get(net.slug(address), view["holder"])
    return name if says == SELF else _name(says, model)


def _state(view: Dict, address: str) -> str:
    """What it says of one overlay IP, for people."""
    state: str = view.get("states", {}).get(net.slug(address), view["state"])
    return state


def _compared(name: str, node: Dict, model: Dict, overlays: Sequence[Dict]) -> Iterator[dict[str, Any]]:
    wanted = {overlay["destination"]: overlay for overlay in model["overlays"]}
    program = Deployment(model["deployment"]).program
    for view in node["failover"]:
        for overlay in overlays:
            of = wanted[overlay["destination"]]
            if not _answers_for(view, of, model):
                continue
            says = _says(name, view, of["address"], model)
            yield from _disagreement(name, view, overlay, says, of["address"])
            astray = [address for address in of["node_addresses"] if address in node["addresses"]]
            if astray and says != name:
                yield _astray(name, {**view, "state": _state(view, of["address"])}, astray, overlay, program)


def _answers_for(view: Dict, overlay: Dict, model: Dict) -> bool:
    """Whether an engine has anything to say of one overlay."""
    by = overlay.get("moved_by")
    if by and by["engine"] == view["engine"]:
        return bool(view.get("running", True) and by["through"] and by["moves"] == "route")
    return bool(view.get("configured", True)) or view["engine"] == model.get("failover", "none")


def _disagreement(name: str, view: Dict, overlay: Dict, says: str, address: str) -> Iterator[dict[str, Any]]:
    """An engine that takes another node for the holder than AWS does."""
    holder = overlay["holder"]
    if not view.get("running", True) or says == holder or (not says and holder != name):
        return
    yield {
        "id": "engine_disagrees",
        "severity": "error",
        "message": f"{view['engine']} on {name} ({_state(view, address)}) takes {says or 'nobody'} for the holder of"
        f" {overlay['destination']}, but AWS routes it to {holder or 'no single node'}.",
        "remedy": "Wait a moment and look again; if it stays, run the switchover to the node that shall have it.",
    }


def _astray(name: str, view: Dict, addresses: Sequence[str], overlay: Dict, program: str) -> dict[str, Any]:
    """An address on a node to which its engine has not given it."""
    served = overlay["holder"] == name
    return {
        "id": "address_astray",
        "severity": "error",
        "message": f"{', '.join(addresses)} is up on {name}, where {view['engine']} says {view['state']}"
        f"{', though AWS routes it there' if served else ''}.",
        "remedy": f"See to {view['engine']} there (journalctl -u {view.get('unit', view['engine'])}), then run setup."
        if served
        else f"Run `{program} give-up` on {name}.",
    }
