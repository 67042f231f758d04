# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes' engines say, brought into the model: what a cluster calls the nodes, and who moves the overlay IPs.

A cluster's names are its own (`uname -n`, upper case, fully qualified). People read the inventory's; every command,
constraint and fencing device is given the cluster's.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._base import net
from .._base.deployment import Deployment
from .._engine.view import SELF
from .holders import Dict

MOVING = ("route", "address")
NONE, STARTED = "none", "Started"
_BOND = ("follows", "role", "bond")
_TOLD = ("engine", "agent", "moves", "top", "follows", "role", "through")


def heed(model: dict[str, Any], views: Mapping[str, Sequence[Dict]]) -> None:
    """Fill in, by what the nodes' engines say (`overlay_node_info`'s C(failover), by node).

    Each node gets `cluster_name`. Each overlay gets `resource`, what the cluster calls it; `top`, what that is in;
    `bound`: None, or the resource (`follows`) whose instance in a `role` it follows there, by the constraint `bond`;
    `moved_with`: what the cluster is asked to move where it moves the overlay, which is what it is beside, or `top`;
    `unclear`: why nobody can say what a move of it would take along, or which of two that move it is to be asked;
    `firmly_apart`: the resources to whose node no move of it is for long;
    `apart_by`: what the operators' own constraint is called by which it leaves the node of another; empty for none;
    `moved_by`: None, or what else than setup's own moves it: `resource` and what the view has of it, as `engine` and
    `agent`; `engine_holder`: the node on which its cluster has it, empty where none says so; `engine_node`: the same,
    or the only node that says of itself that it has it, as keepalived does. `mover` is the engine that has to make a
    move: the chosen one, or the one that moves an overlay already.
    """
    for name, cluster_name in cluster_names(model["nodes"], views).items():
        model["nodes"][name]["cluster_name"] = cluster_name
    names = {node["cluster_name"]: name for name, node in model["nodes"].items()}
    for overlay in model["overlays"]:
        if not overlay:  # a mistake, which is told
            continue
        movers = list(_movers(overlay, views))
        ours = [mover for mover in movers if mover["ours"]]
        others = [mover for mover in movers if not mover["ours"]]
        overlay["moved_by"] = _told(others[0]) if others else None
        name = Deployment(model["deployment"]).resources + net.slug(overlay["address"])
        resource = (ours or others or [{"name": name, "top": name, "follows": ""}])[0]
        overlay["resource"], overlay["top"] = resource["name"], resource["top"]
        overlay["bound"] = {key: resource[key] for key in _BOND} if resource["follows"] else None
        overlay["moved_with"] = resource["follows"] if resource.get("role") == STARTED else resource["top"]
        overlay["unclear"] = _rivals(others) or resource.get("unclear", "")
        overlay["apart"] = dict(resource.get("apart", {}))
        overlay["firmly_apart"] = list(resource.get("firmly", ()))
        overlay["engine_holder"] = names.get(_holder(overlay, views), "")
        overlay["engine_node"] = overlay["engine_holder"] or _master(overlay, views)
        if others and not ours:
            overlay["home"] = overlay["engine_holder"] or overlay["home"]
    for overlay in model["overlays"]:
        if overlay:
            overlay["apart_by"] = _apart_by(overlay, model["overlays"])
    through = [o["moved_by"]["engine"] for o in model["overlays"] if o and o["moved_by"] and o["moved_by"]["through"]]
    chosen = model.get("failover", NONE)
    model["mover"] = chosen if chosen != NONE else (through or [NONE])[0]


def cluster_names(nodes: Mapping[str, Dict], views: Mapping[str, Sequence[Dict]]) -> dict[str, str]:
    """What the cluster calls each node; the inventory's name where nobody says another.

    Who is asked says it; who is not is known by the instance id that fencing has, by a name that differs in case or
    domain alone, or because one name and one node are left over: but not one that answered and knows of no cluster.
    """
    members: dict[str, str] = {}
    given = {name: node.get("cluster_name") for name, node in nodes.items()}
    found: dict[str, str] = {name: known for name, known in given.items() if known and known != name}
    for name, told in views.items():
        for view in told:
            members.update({**view.get("members", {}), **{k: v for k, v in members.items() if v}})
            if name in nodes and view.get("name"):
                found.setdefault(name, view["name"])
    for alike in (_instance, _same, _short):
        for name, node in nodes.items():
            free = [member for member in members if member not in found.values() and alike(name, node, member, members)]
            if name not in found and len(free) == 1:
                found[name] = free[0]
    left = [name for name in nodes if name not in found and _may_be(name, views)]
    free = [member for member in members if member not in found.values()]
    if len(left) == len(free) == 1:
        found[left[0]] = free[0]
    return {name: found.get(name, name) for name in nodes}


def called(nodes: Mapping[str, Dict], word: str) -> str | None:
    """The node that a person means: by the inventory's name, the cluster's, or the instance id."""
    if word in nodes:
        return word
    for is_it in (
        lambda name, node: word == node["instance_id"],
        lambda name, node: word == node.get("cluster_name"),
        lambda name, node: word.lower() in (name.lower(), str(node.get("cluster_name")).lower()),
    ):
        found = [name for name, node in nodes.items() if is_it(name, node)]
        if len(found) == 1:
            return found[0]
    return None


def _may_be(name: str, views: Mapping[str, Sequence[Dict]]) -> bool:
    return name not in views or any(view.get("members") for view in views[name])


def _instance(name: str, node: Dict, member: str, members: Mapping[str, str]) -> bool:
    return bool(node["instance_id"]) and members[member] == node["instance_id"]


def _same(name: str, node: Dict, member: str, members: Mapping[str, str]) -> bool:
    return member.lower() == name.lower()


def _short(name: str, node: Dict, member: str, members: Mapping[str, str]) -> bool:
    return member.lower().partition(".")[0] == name.lower().partition(".")[0]


def _movers(overlay: Dict, views: Mapping[str, Sequence[Dict]]) -> Iterator[dict[str, Any]]:
    """What moves it, each once, whoever of the nodes says it. Of another deployment's `shared_address` tells."""
    wanted, said = {overlay["destination"], *overlay["node_addresses"]}, []
    for told in views.values():
        for view in told:
            for mover in view.get("movers", ()):
                if mover["deployment"] and not mover["ours"]:
                    continue
                routes = mover["ours"] and mover["moves"] == MOVING[0]
                if routes and overlay["destination"] not in mover["destinations"]:
                    continue  # of an address that another route carries now
                one = {**mover, "engine": view["engine"]}
                if mover["moves"] in MOVING and wanted & set(mover["destinations"]) and one not in said:
                    said.append(one)
                    yield one


def _apart_by(overlay: Dict, overlays: Sequence[Dict]) -> str:
    """Setup's own constraints have its own names, and are its own to change."""
    other = next((o for o in overlays if o and o["address"] == overlay.get("apart_from")), None)
    others = (other["resource"], other["top"]) if other else ()
    found = [bond for name, bond in overlay["apart"].items() if name in others and not bond.endswith("-apart-from")]
    return found[0] if found else ""


def _rivals(others: Sequence[Dict]) -> str:
    """Two that would be moved one by one: where they are in one box, one move is a move of both."""
    found = list(dict.fromkeys((mover["engine"], mover["top"]) for mover in others))
    return f"{' and '.join(top for _engine, top in found)} move it, each by itself" if len(found) > 1 else ""


def _told(mover: Dict) -> dict[str, Any]:
    return {"resource": mover["name"], **{key: mover[key] for key in _TOLD}}


def _holder(overlay: Dict, views: Mapping[str, Sequence[Dict]]) -> str:
    """The node to which its engine has given it, by the engine's name; empty where nobody says."""
    slug = net.slug(overlay["address"])
    said = (view.get("holders", {}).get(slug, "") for told in views.values() for view in told)
    return next((name for name in said if name), "")


def _master(overlay: Dict, views: Mapping[str, Sequence[Dict]]) -> str:
    """The only node whose running engine says that the node itself has it; empty where none does, or several do."""
    slug = net.slug(overlay["address"])
    said = {
        name
        for name, told in views.items()
        for view in told
        if view.get("running", True) and view.get("holders", {}).get(slug, view.get("holder")) == SELF
    }
    return said.pop() if len(said) == 1 else ""
