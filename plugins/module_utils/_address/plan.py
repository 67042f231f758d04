# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address goes on which interface under which label, and the steps that lead there. Pure.

The kernel tells addresses apart by (address, prefix, interface): the same /32 may sit on two interfaces, and a /24 of
it beside the /32. One overlay IP must sit in one place, so the planner looks at all of them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import count

from .._base import net
from .._base.deployment import USUAL
from . import own

AUTO = "auto"
PRESENT, ABSENT = "present", "absent"
ADD, DELETE, DEPRECATE = "add", "delete", "deprecate"

LABEL_MAX = 15
"""Bytes of a label: IFNAMSIZ less its terminator (the kernel answers ERANGE past that)."""

MAIN = 254
"""The number of the main routing table."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,15}")
_PLAIN_LABEL = re.compile(r"[A-Za-z0-9_.@-]+:[A-Za-z0-9_.-]+")


class PlanError(ValueError):
    """The request cannot be carried out on this node. The text is a whole sentence with the remedy."""


@dataclass(frozen=True)
class Way:
    """By which table and gateway replies from an overlay IP leave. ``ours``: the table is, with its default route;
    else a program of the cloud or the distribution fills it."""

    table: int
    gateway: str
    ours: bool = True


@dataclass(frozen=True)
class Overlay:
    """An address where it shall be. ``label`` is empty for none; IPv6 has none. ``way``: of its replies, None where
    they leave by the main default route. ``deployment``: whose it is."""

    address: str
    prefixlen: int
    interface: str
    label: str = ""
    way: Way | None = None
    deployment: str = USUAL

    @property
    def family(self) -> int:
        """4 or 6."""
        return net.family(self.address)

    @property
    def cidr(self) -> str:
        """As an interface shows it: 192.168.10.15/32."""
        return f"{self.address}/{self.prefixlen}"


@dataclass(frozen=True)
class Link:
    """A network interface of the node."""

    index: int
    name: str
    mac: str = ""
    up: bool = True


@dataclass(frozen=True)
class Route:
    """A default route. ``gateway`` and ``source`` are empty where it names none."""

    family: int
    interface: str
    metric: int = 0
    gateway: str = ""
    source: str = ""
    table: int = MAIN


@dataclass(frozen=True)
class Rule:
    """A routing policy rule: packets from ``source``, an address or a network, are routed by ``table``."""

    source: str
    table: int
    priority: int

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.source else 4


@dataclass(frozen=True)
class Held(Overlay):
    """An address that is live. ``permanent``: without a lifetime, so not from DHCP. ``deprecated``: IPv6 only, never
    chosen as a source address."""

    permanent: bool = True
    deprecated: bool = False


@dataclass(frozen=True)
class Step:
    """One change of the live configuration."""

    action: str
    overlay: Overlay


@dataclass(frozen=True)
class Node:
    """What was read on the node: links, live addresses, default routes of all tables, the overlays that its
    configuration files hold, the rules that go by the source, the addresses that a DHCP client says are its own, and
    labels of files that are somebody else's.

    ``strict``: whether an address may be known as the node's own by its default routes, too. Not for the node's own
    program: what it holds was judged by setup, and a node that has lost its own address must still hold and let go.
    """

    links: tuple[Link, ...]
    held: tuple[Held, ...]
    routes: tuple[Route, ...] = ()
    saved: tuple[Overlay, ...] = ()
    rules: tuple[Rule, ...] = ()
    leased: frozenset[str] = frozenset()
    reserved: tuple[str, ...] = ()
    strict: bool = True

    @property
    def default(self) -> dict[int, str]:
        """Family -> the interface of the main table's default route that wins (the lowest metric)."""
        by_metric = sorted((r for r in self.routes if r.table == MAIN), key=lambda route: route.metric)
        return {route.family: route.interface for route in reversed(by_metric)}


@dataclass(frozen=True)
class Request:
    """The options of the module: canonical host prefixes, interface or auto, label, auto or empty, state, owner."""

    addresses: tuple[str, ...]
    interface: str = AUTO
    label: str = AUTO
    state: str = PRESENT
    deployment: str = USUAL


@dataclass(frozen=True)
class Decision:
    """One overlay, where it was live, and what to do. With state absent, ``overlay`` says where it was."""

    overlay: Overlay
    before: tuple[Held, ...]
    steps: tuple[Step, ...]


def plan(request: Request, node: Node) -> list[Decision]:
    """Decide for every address of the request, in order.

    Raises:
        PlanError: no such interface, no default route, a label that cannot be, or an address of the node's own.
    """
    if request.label not in (AUTO, "") and sum(net.family(a) == 4 for a in request.addresses) > 1:
        raise PlanError(
            f"label '{request.label}' is for one IPv4 address, but addresses names several:"
            " use label=auto, or one task for each address."
        )
    _refuse_others(request, node)
    decisions: list[Decision] = []
    for cidr in dict.fromkeys(request.addresses):
        decision = _absent(cidr, request, node) if request.state == ABSENT else _present(cidr, request, node)
        decisions.append(decision)
        # The next address must not be given the label that this one has just taken.
        node = replace(node, saved=(*node.saved, decision.overlay))
    return decisions


def _refuse_others(request: Request, node: Node) -> None:
    """What another deployment keeps here is its own to change."""
    for saved in node.saved:
        if saved.deployment != request.deployment and saved.cidr in request.addresses:
            raise PlanError(
                f"{saved.address} is kept on this node by the deployment '{saved.deployment}', not by"
                f" '{request.deployment}': one address belongs to one of them. Take it out of one inventory's"
                " overlay_ips, or set overlay_ip_name."
            )


def apply_to(held: Iterable[Held], steps: Iterable[Step]) -> list[Held]:
    """The live addresses after ``steps``, as check mode foretells them."""
    after = list(held)
    for step in steps:
        key = (step.overlay.cidr, step.overlay.interface)
        after = [h for h in after if (h.cidr, h.interface) != key]
        if step.action != DELETE:
            o = step.overlay
            after.append(Held(o.address, o.prefixlen, o.interface, o.label, deprecated=o.family == 6))
    return after


def _present(cidr: str, request: Request, node: Node) -> Decision:
    address, _slash, length = cidr.partition("/")
    interface = _interface(request.interface, net.family(address), node)
    before = _holders(address, node)
    here = next((h for h in before if (h.cidr, h.interface) == (cidr, interface)), None)
    label = _label(address, interface, request.label, here, node)
    overlay = Overlay(address, int(length), interface, label)
    steps: list[Step] = []
    if here is None:
        steps.append(Step(ADD, overlay))
    elif here.label != label and (request.label != AUTO or here.label):  # `replace` leaves a label as it is
        steps += [Step(DELETE, here), Step(ADD, overlay)]
    elif here.family == 6 and not here.deprecated:
        steps.append(Step(DEPRECATE, overlay))
    # Added before the others are deleted: the node holds the address at every moment.
    steps += [Step(DELETE, h) for h in before if h is not here]
    return Decision(overlay, before, tuple(steps))


def _absent(cidr: str, request: Request, node: Node) -> Decision:
    """Nowhere on this node, whatever ``interface`` says: that only names the place for the report."""
    address, _slash, length = cidr.partition("/")
    before = _holders(address, node)
    known = [o for o in (*before, *node.saved) if o.address == address]
    interface = known[0].interface if known else "" if request.interface == AUTO else request.interface
    overlay = Overlay(address, int(length), interface, known[0].label if known else "")
    return Decision(overlay, before, tuple(Step(DELETE, h) for h in before))


def _holders(address: str, node: Node) -> tuple[Held, ...]:
    """Every place where the address is live. The node's own: hands off."""
    found = tuple(h for h in node.held if h.address == address)
    for held in found:
        ways = [route for route in node.routes if route.table == MAIN] if node.strict else []
        why = own.why(held, node.held, ways, node.leased)
        if why:
            by_hand = f" If somebody put it there by hand: ip address delete {held.cidr} dev {held.interface}."
            raise PlanError(
                f"{held.cidr} on {held.interface} {why}: it is this node's own address, not an overlay IP."
                f" Choose an overlay IP outside the VPC's CIDRs.{by_hand if own.guessed(why) else ''}"
            )
    return found


def _interface(name: str, family: int, node: Node) -> str:
    if name == AUTO:
        # An IPv6 overlay works on a node that has no IPv6 default route: VPC routes decide what reaches it.
        found = node.default.get(family) or node.default.get(4 if family == 6 else 6)
        if not found:
            raise PlanError("interface=auto, but this node has no default route: name the interface.")
        name = found
    names = [link.name for link in node.links]
    if name not in names:
        raise PlanError(f"interface '{name}' does not exist on this node: it has {', '.join(names)}.")
    if not _PLAIN_NAME.fullmatch(name):
        raise PlanError(
            f"interface '{name}' has characters that configuration files do not take: give it a plain name."
        )
    return name


def _label(address: str, interface: str, option: str, here: Held | None, node: Node) -> str:
    """IPv6 has no label. ``auto`` keeps what there is: live first, then the file's, else the next free IF:n.

    A live label that iproute2 would refuse in a file (another interface's name, odd characters) is not kept.
    """
    if net.family(address) == 6:
        return ""
    if option != AUTO:
        return _checked_label(option, address, interface, node)
    saved = next((s.label for s in node.saved if s.address == address and s.interface == interface and s.label), "")
    if here is not None and (not here.label or _fits(here.label, interface)):
        return here.label or saved
    others = {o.label for o in (*node.held, *node.saved) if o.address != address}
    return saved or _free_label(interface, others | set(node.reserved))


def _checked_label(label: str, address: str, interface: str, node: Node) -> str:
    if not label:
        return ""
    if len(label.encode()) > LABEL_MAX:
        raise PlanError(f"label '{label}' has {len(label.encode())} bytes; the kernel takes {LABEL_MAX}: shorten it.")
    if not _fits(label, interface):
        raise PlanError(f"label '{label}' must be '{interface}:' and letters or digits, such as '{interface}:1'.")
    taken = next((o for o in (*node.held, *node.saved) if o.label == label and o.address != address), None)
    if taken:
        raise PlanError(f"label '{label}' is already that of {taken.cidr}: choose another, or label=auto.")
    return label


def _fits(label: str, interface: str) -> bool:
    return label.startswith(f"{interface}:") and _PLAIN_LABEL.fullmatch(label) is not None


def _free_label(interface: str, used: Collection[str]) -> str:
    """The first free ``IF:n``; none where the interface's name leaves no room for it."""
    number = next(n for n in count(1) if f"{interface}:{n}" not in used)
    label = f"{interface}:{number}"
    return label if len(label.encode()) <= LABEL_MAX else ""
