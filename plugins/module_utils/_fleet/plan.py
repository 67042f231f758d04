# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an evacuation moves: of all pairs what is held in a zone, or by a node, to a peer elsewhere; in which waves.

A wave is as many routes as EC2's bucket holds, and pairs are never split between two. While the nodes of one are seen
to, the bucket fills for the next one; so EC2's rate and the nodes, whichever is slower, say how long all takes.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .._aws.rate import BURST, RATE
from .._inventory.holders import Dict
from .._report import engines, readiness

NODES = 4.0
"""Seconds that a wave takes beside EC2's rate, with a fork for each of its nodes: an estimate, for who has to wait."""


class RequestError(Exception):
    """What is asked for cannot be: a sentence with the variable, its value and the remedy."""


@dataclass(frozen=True)
class Request:
    """What to leave: a zone, by its name or its id, or a node."""

    zone: str = ""
    node: str = ""

    def __str__(self) -> str:
        return self.zone or self.node


@dataclass(frozen=True)
class Pair:
    """What is known of a pair.

    Attributes:
        name: its group.
        model: the inventory's.
        report: the status, of `_report.status`.
        hosts: what its nodes said, as `overlay_node_info` returns it.
        account: whose bucket its routes are written from: account and Region, or whatever stands for them.
    """

    name: str
    model: Dict
    report: Dict
    hosts: Mapping[str, Dict] = field(default_factory=dict)
    account: str = ""

    @property
    def places(self) -> dict[str, Dict]:
        """Where AWS says that its nodes are."""
        return {name: place for network in self.report["networks"] for name, place in network["nodes"].items()}

    @property
    def engine(self) -> str:
        """What has to make a move."""
        return str(self.model.get("mover", "none"))


@dataclass(frozen=True)
class Move:
    """What is to be done for one pair.

    Attributes:
        pair: its name.
        target: the node that gets everything.
        interface: the network interface by which the target receives.
        sources: the nodes that held it.
        destinations: the overlay IPs that move.
        tables: the route tables of each of them.
        holder: the instance that held it, where it was one: another one in its place was moved there meanwhile.
        routes: how many routes do not lead to the target yet.
        account: as in `Pair`.
    """

    pair: str
    target: str
    interface: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    routes: int
    account: str
    holder: str = ""


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        moves: one for each pair that can be moved, in the inventory's order.
        left: the pairs that hold something there and cannot be moved, and why.
        adrift: what nobody holds who is a node, by pair: it is in no zone, and cannot be evacuated.
        ask: the nodes that have to be asked before anything is moved.
    """

    moves: tuple[Move, ...]
    left: Mapping[str, str]
    adrift: Mapping[str, str]
    ask: tuple[str, ...]


def plan(pairs: Sequence[Pair], request: Request, *, asked: bool) -> Plan:
    """Work it out; before the nodes were ``asked``, by what AWS alone says.

    Raises:
        RequestError: no node is in such a zone, or is called so.
    """
    _check(pairs, request)
    moves: list[Move] = []
    left: dict[str, str] = {}
    adrift: dict[str, str] = {}
    ask: list[str] = []
    taken: dict[tuple[str, str], str] = {}
    for pair in pairs:
        away = [name for name in pair.model["nodes"] if _leaves(pair, name, request)]
        held = _held(pair, away)
        lost = [o["destination"] for o in pair.report["overlays"] if not _holders(o) & pair.model["nodes"].keys()]
        if lost:
            adrift[pair.name] = f"{', '.join(lost)}: no node holds it"
        if not held:
            continue
        routes = {(table["route_table_id"], o["destination"]): pair.name for o in held for table in o["tables"]}
        rival = next((taken[key] for key in routes if key in taken), "")
        taken.update({**routes, **taken})
        target = ""
        why = f"{rival} has the same overlay IP in the same route table" if rival else _unable(pair, asked=asked)
        if not why:
            able, why = _targets(pair, away, request, asked=asked)
            ask += [*able, *(away if pair.engine != "none" else ())]
            target = next(iter(able), "")
        if target:
            moves.append(_move(pair, target, away, held))
        else:
            left[pair.name] = why
    return Plan(tuple(moves), left, adrift, tuple(dict.fromkeys(ask)))


def waves(moves: Sequence[Move]) -> list[list[Move]]:
    """The moves in waves, in their order: of each account as many routes as its bucket holds, of a pair all."""
    found: list[list[Move]] = []
    last: dict[str, tuple[int, int]] = {}
    for move in moves:
        number, used = last.get(move.account, (0, 0))
        if used and used + move.routes > BURST:
            number, used = number + 1, 0
        last[move.account] = number, used + move.routes
        found += [[] for _more in range(number + 1 - len(found))]
        found[number].append(move)
    return found


def seconds(moves: Sequence[Move], nodes: float = NODES) -> float:
    """How long it takes: a wave begins when the bucket has its tokens, and its nodes take so many seconds."""
    now, buckets = 0.0, dict[str, tuple[float, float]]()
    for wave in waves(moves):
        begin, after = now, now
        for account in dict.fromkeys(move.account for move in wave):
            calls = sum(move.routes for move in wave if move.account == account)
            tokens, at = buckets.get(account, (float(BURST), 0.0))
            tokens = min(float(BURST), tokens + (begin - at) * RATE)
            written = begin + max(0.0, (calls - tokens) / RATE)
            buckets[account] = tokens + (written - begin) * RATE - calls, written
            after = max(after, written)
        now = after + nodes
    return now


def zones(pairs: Sequence[Pair]) -> dict[str, str]:
    """The zones of all nodes, by their ids, with the names that this account has for them."""
    places = [place for pair in pairs for place in pair.places.values() if place.get("zone")]
    return {str(place.get("zone_id") or place["zone"]): str(place["zone"]) for place in places}


def _check(pairs: Sequence[Pair], request: Request) -> None:
    nodes = {name for pair in pairs for name in pair.model["nodes"]}
    if request.node and request.node not in nodes:
        raise RequestError(
            f"from is '{request.node}', which is no node of these pairs: give a node's name in the inventory."
        )
    known = zones(pairs)
    if request.zone and request.zone not in (*known, *known.values()):
        have = ", ".join(f"{zone} ({name})" for zone, name in sorted(known.items())) or "none that could be read"
        raise RequestError(f"zone is '{request.zone}', in which no node is: the nodes' zones are {have}.")


def _leaves(pair: Pair, name: str, request: Request) -> bool:
    """Whether a node is where nothing shall be held any more."""
    place = pair.places.get(name, {})
    return name == request.node or bool(request.zone and request.zone in (place.get("zone"), place.get("zone_id")))


def _holders(overlay: Dict) -> set[str]:
    return {table["holder"] for table in overlay["tables"] if table["holder"]}


def _held(pair: Pair, away: Sequence[str]) -> list[Dict]:
    """What is held there, in one table at least. keepalived may have put them together: they move together."""
    held = [o for o in pair.report["overlays"] if _holders(o) & set(away)]
    together = pair.engine == "keepalived" and not (pair.model.get("keepalived") or {}).get("apart")
    return list(pair.report["overlays"]) if held and together else held


def _unable(pair: Pair, *, asked: bool) -> str:
    """Why a pair has to be moved by itself; empty where it need not be."""
    model = pair.model
    if model["api_from"] == "node":
        return "overlay_ip_api_from is node, and an evacuation calls AWS from the controller: run switchover for it"
    hooks = [f"overlay_ip_{name}" for name in ("pre_tasks", "post_tasks") if model[name]]
    if hooks:
        return f"it has {' and '.join(hooks)}, which a switchover of this pair alone runs: run switchover for it"
    behind = [o["destination"] for o in pair.report["overlays"] for f in o["findings"] if f["id"] == "former_route"]
    if behind:
        return f"an address of {behind[0]} has a route of its own, which would be left behind: run setup for it"
    foreign = [f for o in pair.report["overlays"] for f in o["findings"] if f["id"] == "not_an_interface"]
    if foreign and not model.get("takeover_foreign"):
        return f"{foreign[0]['message']} {foreign[0]['remedy']}".rstrip(".")
    for overlay in model["overlays"] if asked else ():
        if overlay.get("bound"):
            return f"{overlay['address']} follows {overlay['bound']['follows']}: run switchover for it"
        if overlay.get("unclear"):
            return f"a move of {overlay['address']} could move more than that: {overlay['unclear']}"
        if by := overlay.get("moved_by"):
            return f"{overlay['address']} is moved by {by['resource']} of {by['engine']}: run switchover for it"
    return ""


def _targets(pair: Pair, away: Sequence[str], request: Request, *, asked: bool) -> tuple[list[str], str]:
    """The nodes that could take it, and why the others could not."""
    refused = {name: _refused(pair, name, away, request, asked=asked) for name in pair.model["nodes"]}
    others = {name: why for name, why in refused.items() if name not in away}
    if not others:
        return [], f"all its nodes are in {request}" if request.zone else f"{request} is its only node"
    able = [name for name, why in others.items() if not why]
    return able, "; ".join(f"{name} cannot take it: {why}" for name, why in others.items() if why)


def _refused(pair: Pair, name: str, away: Sequence[str], request: Request, *, asked: bool) -> str:
    place = pair.places.get(name, {})
    if not place.get("state"):
        return "AWS knows no such instance"
    if request.zone and not place.get("zone"):
        return "its zone is not known"
    if not place.get("network_interface_id"):
        return "it has no interface with that device index"
    ready = readiness.of(pair.report["nodes"][name], place)
    if ready.answer == readiness.NO or (asked and ready.answer == readiness.UNKNOWN):
        return ready.why
    return next(_hindering(pair, name, away), "") if asked else ""


def _hindering(pair: Pair, name: str, away: Sequence[str]) -> Iterator[str]:
    """What the nodes say against it."""
    said = (pair.hosts.get(name, {}).get("identity") or {}).get("instance_id")
    named = pair.model["nodes"][name]["instance_id"]
    if said and named and said != named:
        yield f"it is {said}, but the inventory says {named}: the node was replaced"
    for node in (name, *away):
        if refused := pair.hosts.get(node, {}).get("at_work", {}).get("refused"):
            yield str(refused)
    yield from engines.hindered(pair.report, engines.MOVE, name, pair.model.get("failover", "none"))


def _move(pair: Pair, target: str, away: Sequence[str], held: Sequence[Dict]) -> Move:
    led = [(table["holder"], overlay["destination"]) for overlay in held for table in overlay["tables"]]
    sources = [name for name in away if any(name == holder for holder, _destination in led)]
    return Move(
        pair=pair.name,
        target=target,
        interface=pair.places[target]["network_interface_id"],
        sources=tuple(sources),
        destinations=tuple(overlay["destination"] for overlay in held),
        tables={o["destination"]: tuple(table["route_table_id"] for table in o["tables"]) for o in held},
        routes=sum(holder != target for holder, _destination in led),
        account=pair.account,
        holder=str(pair.places[sources[0]]["instance_id"]) if len(sources) == 1 else "",
    )
