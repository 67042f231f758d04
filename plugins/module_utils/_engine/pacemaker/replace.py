# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One primitive in the place of another, in a cluster's configuration: its group, order and constraints stay. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from .cib import agent_of

_REFERENCES = ("rsc", "with-rsc", "first", "then")
"""How constraints name resources; sets of them do by `resource_ref`, tags by `obj_ref`."""
_STARTED = "Started"
_OWN = ("id", "name", "interval", "timeout", "role")
_UNITS = {"": 1, "s": 1, "sec": 1, "ms": 1e-3, "msec": 1e-3, "m": 60, "min": 60, "h": 3600, "hr": 3600}


class ReplaceError(ValueError):
    """It cannot be replaced. The text is a whole sentence with the remedy."""


def read(text: str) -> Element:
    """A configuration with its comments. Raises ReplaceError."""
    try:
        builder = ElementTree.TreeBuilder(insert_comments=True)
        return ElementTree.fromstring(text, ElementTree.XMLParser(target=builder))
    except ElementTree.ParseError as exc:
        raise ReplaceError(f"What the cluster says cannot be read ({exc}): see that it runs on this node.") from exc


def shown(root: Element) -> str:
    """As text, indented, so that two of them can be compared by people."""
    tidy = copy.deepcopy(root)
    tidy.tail = None  # what comes after it, where it is a part
    ElementTree.indent(tidy)
    return ElementTree.tostring(tidy, encoding="unicode") + "\n"


def found(root: Element, name: str) -> Element:
    """The primitive of that name. Raises ReplaceError: there is none, or it is none that can be replaced."""
    for primitive in root.iter("primitive"):
        if primitive.get("id") == name:
            if primitive.get("template"):
                raise ReplaceError(
                    f"{name} is made of the template {primitive.get('template')}: write it out as a primitive first."
                )
            return primitive
    raise ReplaceError(f"The cluster has no primitive {name}: look at its configuration.")


def made(
    old: Element, agent: str, options: Mapping[str, str], operations: Sequence[tuple[str, int, int]], name: str
) -> Element:
    """A primitive of another agent, with the meta attributes and all else that the old one has beside its parameters.

    Args:
        old: the one whose place it takes.
        agent: `class:provider:type`.
        options: its instance attributes.
        operations: name, interval and timeout in seconds of each. What else the old one's say of them stays, and so do
            those of another role.
        name: of the new one.

    Raises:
        ReplaceError: the old one has two of the same name whose words cannot be merged, or shares another one's.
    """
    if (shared := old.find("operations[@id-ref]")) is not None:
        raise ReplaceError(
            f"{old.get('id')} has its operations from another one ({shared.get('id-ref')}): write them out first."
        )
    kind, provider, type_ = agent.split(":")
    new = Element("primitive", {"id": name, "class": kind, "provider": provider, "type": type_})
    attributes = ElementTree.SubElement(new, "instance_attributes", {"id": f"{name}-options"})
    for key, value in options.items():
        ElementTree.SubElement(attributes, "nvpair", {"id": f"{name}-{key}", "name": key, "value": value})
    for child in old:
        if child.tag not in ("instance_attributes", "operations"):
            new.append(copy.deepcopy(child))
    before = list(old.iterfind("./operations/op"))
    listed = ElementTree.SubElement(new, "operations")
    for what, interval, timeout in operations:
        same = [op for op in before if op.get("name") == what]
        own_role = [op for op in same if op.get("role", _STARTED) == _STARTED]
        kept = _merged(own_role, old.get("id", ""))
        own = {"id": f"{name}-{what}", "name": what, "interval": f"{interval}s", "timeout": f"{timeout}s"}
        op = ElementTree.SubElement(listed, "op", {**own, **kept})
        op.extend(copy.deepcopy(child) for child in (own_role[0] if own_role else ()))
        others = [op for op in same if op.get("role", _STARTED) != _STARTED]
        if any(_seconds(op.get("interval", "0")) == interval for op in others):
            raise ReplaceError(
                f"{old.get('id')} has a {what} of another role every {interval} s, as the new one is to have it for"
                " its own: give that another interval, then run this again."
            )
        listed.extend(copy.deepcopy(op) for op in others)
    return new


def _merged(operations: Sequence[Element], name: str) -> dict[str, str]:
    """What all of one kind say beside how often and how long, which may be disabled, or end in a standby."""
    said = [{key: value for key, value in op.attrib.items() if key not in _OWN} for op in operations]
    odd = sorted({key for one in said for key in one if any(other.get(key) != one[key] for other in said)})
    if any(_inside(other) != _inside(one) for one, other in zip(operations, operations[1:])):
        odd.append("the attributes inside them")
    if odd:
        every = " and ".join(op.get("interval", "0") for op in operations)
        raise ReplaceError(
            f"{name} has {len(said)} operations {operations[0].get('name')} (interval {every}) that differ in"
            f" {' and '.join(odd)}: leave one of them, then run this again."
        )
    return said[0] if said else {}


def _inside(op: Element) -> set[tuple[str, ...]]:
    """The attributes that are written as elements, `OCF_CHECK_LEVEL` for one, whatever their ids are."""
    return {
        (one.tag, *(value for key, value in sorted(one.attrib.items()) if key != "id"))
        for one in op.iter()
        if one is not op
    }


def _seconds(text: str) -> float:
    """Of an interval as Pacemaker Explained, Resource Operations, has it; -1 for what is none."""
    found = re.fullmatch(r"\s*(\d+)\s*([a-z]*)\s*", text.lower())
    return int(found[1]) * _UNITS.get(found[2], -1) if found else -1


def placed(root: Element, name: str, primitive: Element) -> Element:
    """The whole with the primitive in that one's place, and with its name wherever that one is named.

    Raises:
        ReplaceError: the new name is another resource's already, or a constraint means the old one by a pattern.
    """
    new = copy.deepcopy(root)
    called = primitive.get("id", "")
    if called != name and any(one.get("id") == called for one in new.iter()):
        raise ReplaceError(f"The cluster has something called {called} already: choose another name.")
    old = found(new, name)
    parent = next(one for one in new.iter() if old in list(one))
    at = list(parent).index(old)
    parent.remove(old)
    parent.insert(at, copy.deepcopy(primitive))
    for one in new.iter() if called != name else ():
        for key in _REFERENCES:
            if one.get(key) == name:
                one.set(key, called)
        if one.tag in ("resource_ref", "obj_ref") and one.get("id") == name:
            one.set("id", called)
        if one.tag == "acl_permission" and one.get("reference") == name:
            one.set("reference", called)
        if (pattern := one.get("rsc-pattern")) and _meant(pattern, name) and not _meant(pattern, called):
            raise ReplaceError(
                f"The constraint {one.get('id')} means {name} by the pattern {pattern}, which does not mean {called}:"
                " choose a name that it means, or leave the name as it is."
            )
    return new


def _meant(pattern: str, name: str) -> bool:
    """POSIX's extended expressions are Python's where they are this simple; what is none means all, to be safe."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return True


def agent(root: Element, name: str) -> str:
    """`class:provider:type` of a primitive. Raises ReplaceError."""
    return agent_of(found(root, name), root)
