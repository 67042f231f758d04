# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is bound to what by a cluster's colocations: alone, in sets, by tags and by templates; and what a move takes
along.

Pacemaker Explained, Colocation Constraints and Resource Sets: in a set each member is beside the one before it, unless
`sequential` is false; each set is beside the one that is listed after it, the first member of the one beside the last
member of the other where the set is sequential. With a score below zero, each is away from all before it. A tag or a
template stands for its members, none of which is bound to another one. The application may be many bonds away: the
address beside a file system, and that beside the promoted instance. A move of the one is then a move of the other.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter
from xml.etree.ElementTree import Element

from ..view import NOTHING
from . import orders
from .places import Places, members_of, named, resolved, score, sequential

PROMOTED, UNPROMOTED, STARTED = "Promoted", "Unpromoted", "Started"
_ROLES = {PROMOTED: PROMOTED, "Master": PROMOTED, UNPROMOTED: UNPROMOTED, "Slave": UNPROMOTED}
"""The words up to 2.0 are still known by later versions."""
_ANY = (NOTHING, STARTED)
_BESIDE = "-follows-started"
"""How setup names the constraint by which an overlay IP is beside what is not promoted. Others' are theirs: guides bind
much in this way, and such a resource is moved as it always was."""
_Found = tuple[float, str, str, str]
_NOWHERE: _Found = (0.0, NOTHING, NOTHING, NOTHING)
_RSC, _OTHER = attrgetter("rsc"), attrgetter("other")
_FIRM = -1000
"""Guides give resources a stickiness of up to 1000, and keep ERS away from ASCS with -5000."""


@dataclass(frozen=True)
class Bond:
    """One resource that is beside another one, or away from it.

    Attributes:
        name: the constraint's id.
        rsc: what depends on the other one, if it is in this role; empty for any.
        other: where it wants to be, or not to be, if that is in this role; empty for any.
        score: how much; below zero it is away from it.
        clear: whether that is all that the constraint says.
    """

    name: str
    rsc: str
    role: str
    other: str
    other_role: str
    score: float
    clear: bool = True


@dataclass(frozen=True)
class Judgement:
    """What a resource follows, and what a move of it would take along.

    Attributes:
        follows: the resource whose promoted, or unpromoted, instance it wants to be beside; empty for nothing.
        role: PROMOTED, UNPROMOTED or STARTED; empty for nothing.
        bond: the id of the first constraint on the way to it.
        unclear: why nobody can say what a move of it would take along, as a part of a sentence; empty where one can.
        apart: the ids of the constraints that keep it away from another resource, by what that one is in.
        firmly: those of them that outweigh a usual stickiness: moved to their node it would leave again.
    """

    follows: str = NOTHING
    role: str = NOTHING
    bond: str = NOTHING
    unclear: str = NOTHING
    apart: Mapping[str, str] | None = None
    firmly: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Step:
    """A box that is reached from the overlay IP: how, by which first constraint, and by how strong a chain.

    `along`: it comes along, since something on the way is bound to what is moved, or it is itself (`bound`); else the
    overlay IP is bound to it.
    """

    box: str
    along: bool = False
    bound: bool = False
    score: float = float("inf")
    first: str = NOTHING


def judged(top: str, root: Element | None) -> Judgement:
    """Of everything that is in a box, which is moved as one.

    Args:
        top: the outermost group, clone or bundle, or the primitive that is in none.
        root: the configuration.
    """
    places, bonds = Places(root), list(bonds_of(root))
    walk = _Walk(top, places)
    walk.go(bonds)
    _score, follows, role, bond_name = max(walk.found or walk.beside, key=lambda one: one[0], default=_NOWHERE)
    together = walk.moved(-_FIRM)
    away = [bond for bond in bonds if bond.score < 0 and places.top(bond.rsc) in together]
    apart = {places.top(bond.other): bond.name for bond in away}
    firmly: dict[str, None] = {}
    for other in (places.top(bond.other) for bond in away if bond.score <= _FIRM):
        there = _Walk(other, places)
        there.go([] if places.clone(other) else bonds)  # who is beside an instance is not where each one is
        firmly.update(dict.fromkeys(one for one in there.moved(-_FIRM) if one not in together))
    unclear = walk.unclear(orders.restarted(walk.moved(0), root))
    return Judgement(follows, role, bond_name, unclear, apart, tuple(firmly))


class _Walk:
    """From the overlay IP along all bonds.

    Attributes:
        found: what it follows, each as score, resource, role, and the first constraint on the way.
        beside: the same, where no role is named, and setup has made the constraint.
    """

    def __init__(self, top: str, places: Places) -> None:
        self._top, self._places = top, places
        self.found: list[_Found] = []
        self.beside: list[_Found] = []
        self._taken: list[tuple[str, str]] = []
        self._unread: list[str] = []
        self._moved: dict[str, float] = {}

    def go(self, bonds: Sequence[Bond]) -> None:
        """All the way."""
        seen: set[tuple[str, bool, bool]] = set()
        steps = deque([_Step(self._top)])
        while steps:
            step = steps.popleft()
            if step.bound or step.box == self._top or not self._places.clone(step.box):
                self._moved[step.box] = max(step.score, self._moved.get(step.box, 0))
            key = (step.box, step.along, step.bound)
            if key not in seen:
                seen.add(key)
                steps.extend(on for bond in bonds if bond.score >= 0 for on in self._next(step, bond))
        for bond in bonds:
            self._yields(bond)
        self._pushed(bonds)

    def moved(self, least: float) -> list[str]:
        """The boxes that are moved with it, itself among them, by bonds of at least that score."""
        return [box for box, weight in self._moved.items() if weight >= least]

    def unclear(self, restarted: Mapping[str, str]) -> str:
        """See :class:`Judgement`. `restarted`: what orders bring, as :func:`.orders.restarted` has it."""
        where = {self._places.top(other) for _score, other, _role, _first in self.found}
        promoted = {self._places.top(other): other for _score, other, role, _first in self.found if role == PROMOTED}
        why = [f"it is in {self._top}, which has a promoted instance"] if self._places.promotable(self._top) else []
        why += [f"{name} says of it what cannot be judged" for name in self._unread]
        why += [says for rsc, says in self._taken if self._places.top(rsc) not in where]
        why += [
            f"{name} stops {rsc}, which has a promoted instance, whenever what is moved is stopped"
            for rsc, name in restarted.items()
            if rsc not in where
        ]
        why += [f"it follows the promoted instances of {' and '.join(promoted.values())}"] if len(promoted) > 1 else []
        return (why or [NOTHING])[0]

    def _next(self, step: _Step, bond: Bond) -> Iterator[_Step]:
        """Where one constraint leads from one box; what is bound in it is in its place by that alone."""
        from_here, to_here = (self._places.top(name) == step.box for name in (bond.rsc, bond.other))
        if from_here == to_here:
            return
        clone = self._places.clone(step.box) and step.box != self._top
        if from_here and not (clone and bond.role):
            yield from self._onward(step, bond)
        # What is beside any instance of a clone that has no promoted one has the choice, and is not taken along.
        if to_here and not bond.other_role and (step.bound or not clone):
            yield from self._back(step, bond)

    def _onward(self, step: _Step, bond: Bond) -> Iterator[_Step]:
        self._unread += [] if bond.clear else [bond.name]
        way = (min(step.score, bond.score), bond.other, bond.other_role, step.first or bond.name)
        if bond.score == 0:
            return
        if not bond.other_role:
            self.beside += [(way[0], bond.other, STARTED, way[3])] if bond.name.endswith(_BESIDE) else []
            if self._places.promotable(self._places.top(bond.other)):
                # The address's place counts where the cluster chooses which of them is promoted.
                says = f"{bond.name} binds what is moved to {bond.other}, whose promoted instance may come along"
                self._taken.append((bond.other, says))
            yield _Step(self._places.top(bond.other), step.along, False, way[0], way[3])
        elif step.along:
            self._taken.append((bond.other, _taken(bond.other, bond.other_role, bond.name)))
        else:
            self.found.append(way)

    def _back(self, step: _Step, bond: Bond) -> Iterator[_Step]:
        self._unread += [] if bond.clear else [bond.name]
        box = self._places.top(bond.rsc)
        if bond.score == 0:
            return
        if bond.role or self._places.promotable(box):
            self._taken.append((bond.rsc, _taken(bond.rsc, bond.role or PROMOTED, bond.name)))
        else:
            yield _Step(box, True, True, min(step.score, bond.score), step.first or bond.name)

    def _yields(self, bond: Bond) -> None:
        """Whether a promoted instance gives way to what is moved, by a score below zero.

        Only what may never be beside it is stopped itself: where the constraint says so of the other one, that is.
        """
        if bond.score >= 0:
            return
        rsc, other = (self._places.top(name) for name in (bond.rsc, bond.other))
        gives_way = f"{bond.name} keeps what is moved away from {{}}, whose promoted instance may give way"
        if rsc in self._moved and self._places.promotable(other) and bond.score > -float("inf"):
            self._taken.append((bond.other, gives_way.format(bond.other)))
        if other in self._moved and self._places.promotable(rsc):
            self._taken.append((bond.rsc, gives_way.format(bond.rsc)))

    def _pushed(self, bonds: Sequence[Bond]) -> None:
        """What gives way to what is moved, and may have a promoted instance come with it, or give way in turn.

        What is moved may be the one that says so: then the other one's own bonds count; or the other one is, and then
        those to it. Where the first is firm, nothing is moved to what follows a promoted instance: see `firmly`.
        """
        for says, at in ((_RSC, _OTHER), (_OTHER, _RSC)):
            ahead = [
                (self._places.top(at(bond)), bond.score) for bond in bonds if bond.score < 0 and self._has(says, bond)
            ]
            seen: set[tuple[str, bool]] = set()
            while ahead:
                box, first = ahead.pop()
                if box in self._moved or (box, first > _FIRM) in seen or self._places.clone(box):
                    continue
                seen.add((box, first > _FIRM))
                for bond in (one for one in bonds if one.score and self._places.top(says(one)) == box):
                    far = at(bond)
                    if not self._places.promotable(self._places.top(far)):
                        ahead.append((self._places.top(far), first))
                    elif bond.score < 0 or says is _OTHER or (bond.other_role == PROMOTED and first > _FIRM):
                        why = f"{bond.name} binds {far}, which has a promoted instance, to {box}, which may give way"
                        self._taken.append((far, why + " to what is moved"))

    def _has(self, which: Callable[[Bond], str], bond: Bond) -> bool:
        return self._places.top(which(bond)) in self._moved


def _taken(rsc: str, role: str, name: str) -> str:
    return f"{name} binds the {role.lower()} instance of {rsc} to what is moved with it"


def bonds_of(root: Element | None) -> Iterator[Bond]:
    """All colocations, those of sets one by one."""
    for one in root.iter("rsc_colocation") if root is not None else ():
        sets = [resolved(member, root) for member in one.iterfind("resource_set")]
        if not sets:
            for rsc, other in product(named(one.get("rsc", ""), root), named(one.get("with-rsc", ""), root)):
                yield _bond(one, rsc, one.get("rsc-role", ""), other, one.get("with-rsc-role", ""), one)
        for each in sets:
            yield from _within(one, each, root)
        for each, after in zip(sets, sets[1:]):
            yield from _between(one, each, after, root)


def _within(one: Element, each: Element, root: Element | None) -> Iterator[Bond]:
    """The members of a set, whose own score goes before the constraint's."""
    if not sequential(each):
        return
    members, role, said = members_of(each, root), each.get("role", ""), each if each.get("score") else one
    if score(said.get("score", "INFINITY")) < 0:
        pairs = [(member, before) for n, member in enumerate(members) for before in members[:n]]
    else:
        pairs = [(member, before) for before, member in zip(members, members[1:])]
    for member, before in pairs:
        yield _bond(one, member, role, before, role, said, each)


def _between(one: Element, each: Element, after: Element, root: Element | None) -> Iterator[Bond]:
    """A set and the one that is listed after it, on which it depends."""
    first, last = members_of(each, root), members_of(after, root)
    ours, theirs = first[:1] if sequential(each) else first, last[-1:] if sequential(after) else last
    for rsc, other in product(ours, theirs):
        yield _bond(one, rsc, each.get("role", ""), other, after.get("role", ""), one, each, after)


def _bond(one: Element, rsc: str, role: str, other: str, other_role: str, said: Element, *sets: Element) -> Bond:
    """`said`: what gives the score; without one it is infinite."""
    text = said.get("score", "INFINITY")
    known = all(word in _ANY or word in _ROLES for word in (role, other_role))
    plain = one.get("node-attribute", "#uname") == "#uname" and one.find(".//rule") is None
    clear = known and plain and bool(score(text) or re.fullmatch(r"[+-]?0+", text))
    clear = clear and all(each.get("ordering", "group") == "group" for each in sets)
    roles = (_ROLES.get(word, NOTHING) for word in (role, other_role))
    return Bond(one.get("id", ""), rsc, next(roles), other, next(roles), score(text), clear)
