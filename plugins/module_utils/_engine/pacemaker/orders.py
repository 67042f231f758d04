# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster's orders stop and start again with what is moved.

Pacemaker Explained, Ordering Constraints: a mandatory order that is symmetrical, which is the default of both, stops
the second one before the first one stops, and a move is a stop and a start. In a set each member is after the one
before it, unless `sequential` is false, and each set is after the one that is listed before it. An order whose second
part is a promotion or demotion alone leaves what is promoted as it is (seen with 2.1.5).

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from xml.etree.ElementTree import Element

from .places import YES, Places, members_of, named, resolved, score, sequential

_RUNS = ("start", "stop")


def restarted(moved: Iterable[str], root: Element | None) -> dict[str, str]:
    """The promotable clones that are stopped with one of the moved boxes, each with the last constraint on the way."""
    places = Places(root)
    found: dict[str, str] = {}
    pairs = [(places.top(first), places.top(then), name) for first, then, name in _pairs(root)]
    ahead = list(moved)
    seen = set(ahead)
    while ahead:
        here = ahead.pop(0)
        for then, name in [(then, name) for first, then, name in pairs if first == here and then not in seen]:
            seen.add(then)
            ahead.append(then)
            if places.promotable(then):
                found[then] = name
    return found


def _pairs(root: Element | None) -> Iterator[tuple[str, str, str]]:
    """First, then, and the constraint's name."""
    for one in root.iter("rsc_order") if root is not None else ():
        if not _binding(one):
            continue
        name, sets = one.get("id", ""), [resolved(each, root) for each in one.iterfind("resource_set")]
        if not sets and one.get("then-action", one.get("first-action", "start")) in _RUNS:
            first, then = (named(one.get(which, ""), root) for which in ("first", "then"))
            yield from ((*pair, name) for pair in product(first, then))
        for each in sets:
            inside = members_of(each, root) if sequential(each) and each.get("action", "start") in _RUNS else ()
            yield from ((*pair, name) for pair in zip(inside, inside[1:]))
        for before, after in zip(sets, sets[1:]):
            if after.get("action", "start") in _RUNS:
                yield from ((*pair, name) for pair in product(members_of(before, root), members_of(after, root)))


def _binding(one: Element) -> bool:
    """Mandatory and symmetrical; the score is the kind of the versions up to 1.0."""
    kind = one.get("kind", "Mandatory" if score(one.get("score", "INFINITY")) else "Optional")
    return kind.lower() == "mandatory" and one.get("symmetrical", "true").lower() in YES
