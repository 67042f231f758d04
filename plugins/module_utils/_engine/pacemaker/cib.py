# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which resource of a cluster moves which address, and what the cluster calls its nodes: from its configuration. Pure.

The configuration's XML is the same from Pacemaker 1.1 to 3.0 in what is read here: primitives, alone or in groups,
clones (`master` up to 1.1) and bundles, templates, and sets of instance attributes. The parameters are those of the
agents' own metadata, ClusterLabs/resource-agents; `address` is what aws-vpc-move-ip calls `ip` in its old versions.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..._base import net
from ..._base.deployment import Deployment, of_launcher, of_resource
from ..view import ADDRESS, NAMED, NOTHING, ROUTE
from . import bonds, places

OURS = "ocf:aws_ha:overlay-ip"
STOCK = "aws-vpc-move-ip"

_AGENTS = {
    # What each moves, and the parameters in which it names the address.
    "overlay-ip": (ROUTE, ("destination",)),
    STOCK: (ROUTE, ("ip", "address")),
    "IPaddr2": (ADDRESS, ("ip",)),
    "IPaddr": (ADDRESS, ("ip",)),
    "IPv6addr": (ADDRESS, ("ipv6addr",)),
    "awsvip": (ADDRESS, ("secondary_private_ip",)),
    "awseip": (NAMED, ("private_ip_address",)),  # a public address: it needs the other one here
    "aws-vpc-route53": (NAMED, ("ip",)),  # a name: who moves the address is somebody else
}
PROMOTABLE = "promotable"


@dataclass(frozen=True)
class Mover:
    """A resource that moves an address, or only names it.

    Attributes:
        name: the primitive's.
        agent: `class:provider:type`, whatever the version's own way to write it.
        moves: ROUTE, ADDRESS (on the node alone) or NAMED (neither).
        destinations: the addresses, as destinations of routes.
        tables: the route tables that it writes; empty where it says none.
        interface: the node's interface; empty for its own choice.
        top: the outermost group, clone or bundle that it is in, or itself.
        follows: the resource whose promoted, or unpromoted, instance it wants to be beside; empty for nothing.
        role: PROMOTED or UNPROMOTED, whatever the version's own word for it, or STARTED; empty for nothing.
        bond: the id of the constraint that says so, or the first one on the way to it.
        deployment: the name of the one whose setup, or migration, has given it to the cluster; empty for none.
        unclear: why nobody can say what a move of it would take along; empty where one can.
        apart: the ids of the constraints that keep it away from another resource, by what that one is in.
        firmly: those of them to whose node no move of it is for long.
    """

    name: str
    agent: str
    moves: str
    destinations: tuple[str, ...]
    tables: tuple[str, ...]
    interface: str
    top: str
    follows: str
    role: str
    bond: str
    deployment: str
    unclear: str = NOTHING
    apart: Mapping[str, str] = field(default_factory=dict)
    firmly: tuple[str, ...] = ()


def parsed(text: str | None) -> Element | None:
    """The XML; None where there is none that can be read."""
    try:
        return ElementTree.fromstring(text) if text else None
    except ElementTree.ParseError:
        return None


def movers(root: Element | None) -> list[Mover]:
    """The resources that move an address or name one, in the order of the configuration."""
    found = []
    for primitive, top in primitives(root):
        mover = _mover(primitive, top, root)
        found += [mover] if mover else []
    return found


def told(root: Element | None, deployment: Deployment) -> list[dict[str, Any]]:
    """The same, as the node tells it. `ours`: the deployment's; `through`: the cluster can be asked to move it."""
    return [
        {
            **asdict(mover),
            "destinations": list(mover.destinations),
            "tables": list(mover.tables),
            "firmly": list(mover.firmly),
            "ours": mover.deployment == deployment.name,
            "through": True,
        }
        for mover in movers(root)
    ]


def names(root: Element | None) -> list[str]:
    """The nodes as the cluster calls them, those that run guests' or remote resources alone left out."""
    nodes = root.findall(".//nodes/node") if root is not None else []
    return [node.get("uname", "") for node in nodes if node.get("type", "member") in ("member", "normal")]


def kinds(root: Element | None) -> dict[str, str]:
    """What may be followed: PROMOTABLE clones (`master` up to 1.1) and promotable bundles, and all the rest, by name.

    The rest has the name of the promotable clone that it is in, or nothing: people take the one for the other.
    """
    found: dict[str, str] = {}
    for child in places.tops(root):
        promotable = places.promotable(child)
        found[child.get("id", "")] = PROMOTABLE if promotable else NOTHING
        inside = [one for one in child.iter() if one.tag in ("group", "primitive") and one is not child]
        found.update({one.get("id", ""): child.get("id", "") if promotable else NOTHING for one in inside})
    return found


def options(primitive: Element, root: Element | None) -> dict[str, str]:
    """A primitive's parameters, those of its template included, without those that hold for single nodes only."""
    found: dict[str, str] = {}
    for source in (template(primitive, root), primitive):
        for attributes in source.findall("instance_attributes") if source is not None else ():
            if attributes.find("rule") is None:
                found.update({pair.get("name", ""): pair.get("value", "") for pair in attributes.findall("nvpair")})
    return found


def agent_of(primitive: Element, root: Element | None) -> str:
    """`class:provider:type`, or without provider where the class has none."""
    made = template(primitive, root)
    source = made if made is not None else primitive
    return ":".join(part for part in (source.get(key) for key in ("class", "provider", "type")) if part)


def slug(destination: str) -> str:
    """As the inventory writes an address: /32 and /128 go without saying."""
    return net.slug(re.sub(r"/32$|/128$", "", destination))


def primitives(root: Element | None) -> Iterator[tuple[Element, str]]:
    """Every primitive with the outermost box that it is in."""
    for child in places.tops(root):
        yield from ((primitive, child.get("id", "")) for primitive in child.iter("primitive"))


def template(primitive: Element, root: Element | None) -> Element | None:
    """What a primitive takes the rest of itself from; None for nothing."""
    name = primitive.get("template")
    if not name or root is None:
        return None
    return next((one for one in root.iter("template") if one.get("id") == name), None)


def _mover(primitive: Element, top: str, root: Element | None) -> Mover | None:
    agent, given = agent_of(primitive, root), options(primitive, root)
    known = _AGENTS.get(agent.rpartition(":")[2]) if agent.startswith("ocf:") else None
    moves, keys = known or (NAMED, tuple(given))
    found = tuple(dict.fromkeys(one for key in keys if (one := _destination(given.get(key, "")))))
    if not found:
        return None
    name, listed = primitive.get("id", ""), re.split(r"[,\s]+", given.get("routing_table", ""))
    judged = bonds.judged(top, root)
    return Mover(
        name=name,
        agent=agent,
        moves=moves,
        destinations=found,
        tables=tuple(table for table in listed if table),
        interface=given.get("interface", "") or given.get("nic", ""),
        top=top,
        follows=judged.follows,
        role=judged.role,
        bond=judged.bond,
        deployment=_deployment(agent, name, given, slug(found[0])) if moves == ROUTE else NOTHING,
        unclear=judged.unclear,
        apart=dict(judged.apart or {}),
        firmly=judged.firmly,
    )


def _deployment(agent: str, name: str, given: Mapping[str, str], of: str) -> str:
    """Our agent says whose program it calls; the stock one is setup's where it has the name that setup gives."""
    if agent == OURS:
        made = of_launcher(given.get("program") or Deployment().launcher)
    else:
        made = of_resource(name)
        made = made if made and name == made.resources + of else None
    return made.name if made else NOTHING


def _destination(text: str) -> str:
    """An address as a destination, or a managed prefix list; what is neither is nothing."""
    try:
        return net.routed(text) if net.is_list(text) or re.search(r"[0-9A-Fa-f][.:]", text) else NOTHING
    except net.AddressError:
        return NOTHING
