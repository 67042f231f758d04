# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster's constraints name: the boxes that resources are in, the members of sets, tags and templates.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

CLONES = ("clone", "master", "bundle")
BOXES = ("group", *CLONES)
YES = ("true", "yes", "on", "1", "y")


def score(text: str) -> float:
    """Pacemaker Explained, Scores; nothing where the text is none."""
    word = text.lower().replace("infinity", "inf")
    return float(word) if re.fullmatch(r"[+-]?(inf|\d+)", word) else 0.0


def promotable(box: Element) -> bool:
    """`promotable` is a meta attribute of the clone since 2.0; a bundle says how many of it are promoted."""
    if box.tag == "bundle":
        return any(int(one.get(key) or 0) > 0 for one in box for key in ("promoted-max", "masters"))
    said = {
        pair.get("name"): pair.get("value", "").lower()
        for attributes in box.findall("meta_attributes")
        for pair in attributes.findall("nvpair")
    }
    return box.tag == "master" or (box.tag == "clone" and said.get("promotable") in YES)


def tops(root: Element | None) -> Iterator[Element]:
    """The outermost boxes of a configuration, or of its resources, and the primitives that are in none."""
    resources = root if root is None or root.tag == "resources" else root.find(".//resources")
    yield from (one for one in (resources if resources is not None else ()) if one.tag in ("primitive", *BOXES))


class Places:
    """What each resource is in. One that the configuration does not have is in itself."""

    def __init__(self, root: Element | None) -> None:
        self._boxes: dict[str, Element] = {}
        for child in tops(root):
            inside = (one for one in child.iter() if one.tag in ("primitive", *BOXES))
            self._boxes.update({one.get("id", ""): child for one in inside})

    def top(self, name: str) -> str:
        """The outermost box, or itself."""
        return self._boxes[name].get("id", "") if name in self._boxes else name

    def clone(self, top: str) -> bool:
        """Whether it may run on several nodes at once."""
        return top in self._boxes and self._boxes[top].tag in CLONES

    def promotable(self, top: str) -> bool:
        """Whether one of its instances is promoted."""
        return top in self._boxes and promotable(self._boxes[top])


def sequential(each: Element) -> bool:
    """Whether each member depends on the one before it."""
    return each.get("sequential", "true").lower() in YES


def members_of(each: Element, root: Element | None) -> Sequence[str]:
    """Of a set, in its order, with what tags and templates stand for."""
    return [name for ref in each.iterfind("resource_ref") for name in named(ref.get("id", ""), root)]


def resolved(each: Element, root: Element | None) -> Element:
    """A set may be another one's, by `id-ref`."""
    wanted = each.get("id-ref")
    found = (one for one in root.iter("resource_set") if one.get("id") == wanted) if wanted and root is not None else ()
    return next(iter(found), each)


def named(name: str, root: Element | None) -> list[str]:
    """What a name stands for: the members of a tag, what is made of a template, or itself."""
    if root is None:
        return [name]
    tags = [one.get("id", "") for tag in root.iter("tag") if tag.get("id") == name for one in tag.iterfind("obj_ref")]
    made = [one.get("id", "") for one in root.iter("primitive") if one.get("template") == name]
    return tags or made or [name]
