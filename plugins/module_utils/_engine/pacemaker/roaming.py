# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster may move a resource for no other reason than that something was added to it. Pure.

Without resource-stickiness, and without a preference for a node, Pacemaker places a resource anew at each transition,
by how many others each node has (Pacemaker Explained: Resource Meta-Attributes, and Placement Strategy). Its default
is 0, that of clones 1; `pcs cluster setup` writes 1 into rsc_defaults, and guides a good deal more.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from . import cib, places
from .cib import NOTHING, Mover

_STICKINESS = "resource-stickiness"


def roams(mover: Mover | None, root: Element | None) -> bool:
    """Whether neither a stickiness nor a preference keeps it where it is.

    Args:
        mover: the resource; None where the configuration does not have it.
        root: the configuration.
    """
    if root is None or mover is None or mover.follows:
        return False
    chain = _chain(mover, root)
    names = {one.get("id", NOTHING) for one in chain}
    if any(one.tag in places.CLONES for one in chain) or _preferred(names, root):
        return False
    own = [one for box in chain for one in _given(box)]
    given = own or [one for box in root.iter("rsc_defaults") for one in _given(box)]
    return not any(places.score(text.strip()) > 0 for text in given)


def _chain(mover: Mover, root: Element) -> list[Element]:
    """What gives it meta attributes: itself, its template, the boxes that it is in, and what is in these with it."""
    itself = next((one for one, _top in cib.primitives(root) if one.get("id") == mover.name), None)
    if itself is None:
        return []
    boxes = [box for tag in places.BOXES for box in root.iter(tag) if itself in list(box.iter("primitive"))]
    made = cib.template(itself, root)
    beside = (one for box in boxes for one in box.iter("primitive") if one is not itself)
    return [itself, *boxes, *beside, *([made] if made is not None else [])]


def _preferred(names: set[str], root: Element) -> bool:
    """Whether a constraint says where it is to be, or beside what, alone or in a set; a pattern may mean it."""
    for one in (one for tag in ("rsc_location", "rsc_colocation") for one in root.iter(tag)):
        of = {one.get("rsc", NOTHING), *(ref.get("id", NOTHING) for ref in one.iter("resource_ref"))}
        scores = [
            part.get("score") for part in (one, *one.iter("rule"), *one.iter("resource_set")) if part.get("score")
        ]
        wanted = any(places.score((score or NOTHING).strip()) > 0 for score in scores or ["INFINITY"])
        if wanted and (of & names or one.get("rsc-pattern")):
            return True
    return False


def _given(box: Element) -> list[str]:
    """The stickiness that it has; a set with a rule may hold at some times only, and counts."""
    pairs = (pair for attributes in box.findall("meta_attributes") for pair in attributes.findall("nvpair"))
    return [pair.get("value", NOTHING) for pair in pairs if pair.get("name") == _STICKINESS]
