# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node does with its overlay IPs by itself: take over, give up, show, check. Used by the node's own program.

Reading, planning, writing and verifying routes is `_route.job`'s, as in the module; here is the order of address and
route: an address is up before a packet can arrive, and it goes down whatever AWS says.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from .._aws.errors import AwsError
from .._aws.imds import Imds
from .._aws.options import ATTEMPTS, AwsOptions, options
from .._aws.pace import Clock, Deadline, Turns
from .._aws.wire.client import Wire, endless
from .._base import words
from .._engine.memory import Memory
from .._route import job, move, plan
from .._route.ec2 import Ec2
from .._route.plan import ACTIVE, NONE, Action, PlanError, Table
from .._route.told import condensed
from . import around, tables
from .config import CommandError, ConfigError
from .local import Local
from .model import VPC, Overlay
from .tables import Seen


class Node:
    """This node, with the overlays of its configuration.

    Args:
        local: its configuration, whose overlays are meant, and its addresses.
        ec2: makes the EC2 side, when it is first needed: the address comes first. By default our own client, with the
            keys of the instance.
        imds: the instance metadata.
        left: the seconds that are left for everything: no call to AWS outlives them.
        tell: hears what people should know although it went on.
        clock: the time.
    """

    def __init__(
        self,
        local: Local,
        ec2: Callable[[AwsOptions], Ec2] | None = None,
        imds: Imds | None = None,
        left: Callable[[], float] = endless,
        tell: Callable[[str], None] = lambda text: None,
        clock: Clock = time,
    ) -> None:
        self._left, self._clock = left, clock
        self.local = local
        self.config = local.config
        self._imds = imds or Imds(left=left)
        self._tell = tell
        self._make_ec2 = ec2 or (lambda opts: Ec2(Wire(opts, left, tell, self._imds)))
        self._made: Ec2 | None = None
        self._mine = local.config.network_interface_id

    # -- commands ------------------------------------------------------------------------------------------------

    def take(self, deadline: Deadline) -> dict[str, Any]:
        """Bring the addresses up, then move every table here and verify it.

        A table that is gone, refused or somebody else's is told in `problems`; an overlay IP is taken as long as one
        table that this node answers for points here. Where none does, its addresses go down again if this brought them
        up, but never while some table may point here: unknown keeps the address.

        Raises:
            JobError: some overlay IP was not taken; the result says which tables are how.
            ConfigError, ImdsError, AddressError, PlanError of `_address`: nothing was moved.
        """
        began = time.monotonic()
        brought_up = self.local.up()
        address = time.monotonic() - began
        for trouble in self.local.troubles:
            self._tell(trouble)
        try:
            mine = self.mine()
            moves = self._move(mine, deadline)
        except Exception:  # before any write
            if brought_up:
                self.local.down()
            raise
        result = self._result(moves)
        result["phases"]["address"] = address
        taken = {d for m in moves for d in m.destinations if m.points_at(d, mine) and not m.lost(d)}
        missed = [o.destination for o in self.config.overlays if o.destination not in taken]
        if missed:
            unknown = {d for m in moves for d in m.destinations if m.may_point_at(d, mine)}
            if brought_up:
                self.local.down([d for d in missed if d not in unknown])
            raise job.JobError(_not_taken(missed, unknown, moves), result)
        result["changed"] = result["changed"] or brought_up
        return result

    def hand_over(self, peer: str, deadline: Deadline) -> dict[str, Any]:
        """Send what points here to the peer; a route that somebody else has by now is left alone.

        Raises:
            CommandError: no such peer. JobError: not in every table.
        """
        peers = self.config.peers
        if peer not in peers:
            raise CommandError(f"{peer} is no peer of this node: it has {', '.join(peers) or 'none'}.")
        moves = self._move(peers[peer], deadline, expected_holder=self.mine())
        failed = [m.failure for m in moves if m.failure]
        if failed:
            raise job.JobError(" ".join(dict.fromkeys(map(str, failed))), self._result(moves))
        return self._result(moves)

    def show(self, seen: Sequence[Seen] = (), live: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Per overlay, who holds the route in which table, and whether its addresses are up here.

        Args:
            seen: what was read just now; else the tables are read.
            live: the addresses that are up, with their interfaces; None: it is looked.

        Raises:
            AwsError: the tables cannot be read.
            AddressError: it cannot be told which addresses are up.
        """
        live = self.local.live() if live is None else live
        return [self._shown(one, live) for one in seen or self.tables()]

    def tables(self) -> list[Seen]:
        """Each overlay with its route tables, read once for all overlays that share them.

        Raises:
            AwsError: they cannot be read, or none of them is there.
        """
        read: dict[tuple[tuple[str, ...], str | None], list[Table]] = {}
        found = []
        for overlay in self.config.overlays:
            key = ((), overlay.vpc_id) if overlay.every else (overlay.route_table_ids, None)
            if key not in read:
                read[key] = self._read(*key)
            found.append(tables.seen(self.config, overlay, read[key]))
            if not found[-1].tables:
                self.ec2.tables(found[-1].gone or overlay.route_table_ids)  # says that they do not exist
        return found

    def refused(self, deadline: Deadline, seen: Sequence[Seen] = (), only: int | None = None) -> dict[str, AwsError]:
        """Ask by DryRun whether this node may move its routes: route table -> why not.

        Args:
            deadline: for all of it.
            seen: what was read just now; else the tables are read.
            only: one table alone, by its number, which may be beyond the last one; None for all.

        Raises:
            AwsError: the tables cannot be read, or nothing can be asked.
        """
        actions = [
            Action(NONE, table.route_table_id, one.destination, None, self.mine())
            for one in seen or self.tables()
            for table in one.tables
        ]
        if only is not None and actions:
            actions = [actions[only % len(actions)]]
        errors = move.permitted(self.ec2, actions, deadline.left)
        return {table: err for (table, _destination), err in errors.items()}

    def around(self, memory: Memory, deadline: Deadline, seen: Sequence[Seen]) -> dict[str, list[str]]:
        """What others changed about this node in AWS: see :func:`.around.look`."""
        return around.look(self, memory, deadline, seen)

    def mine(self) -> str:
        """This node's network interface.

        Raises:
            ImdsError: not configured, and the instance metadata does not answer.
            ConfigError: the instance has no such interface.
        """
        if self._mine is None:
            index = self.config.device_index
            found = [i["network_interface_id"] for i in self._imds.interfaces() if i["device_number"] == index]
            if not found:
                raise ConfigError(f"This instance has no network interface with device index {index}: correct it.")
            self._mine = found[0]
        return self._mine

    @property
    def ec2(self) -> Ec2:
        """The EC2 side, made when it is first needed."""
        if self._made is None:
            self._made = self._make_ec2(options(self.config.aws))
        return self._made

    def asked(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """How often it has asked AWS, by operation, and which errors it met, by code, if it has asked at all."""
        aws = self._made.aws if self._made else None
        return (aws.calls, getattr(aws, "errors", {})) if aws else ({}, {})

    def name_of(self, network_interface_id: str | None) -> str | None:
        """The node that an interface belongs to; the interface itself where it is nobody's that we know."""
        names = {eni: name for name, eni in self.config.peers.items()}
        names[self.mine()] = self.config.name
        return names.get(network_interface_id, network_interface_id) if network_interface_id else None

    # -- parts ---------------------------------------------------------------------------------------------------

    def _move(self, eni: str, deadline: Deadline, expected_holder: str | None = None) -> list[_Move]:
        """One job for all overlays that share their tables; what one of them meets keeps no other from being moved."""
        groups: dict[tuple[tuple[str, ...], str | None], list[str]] = {}
        for overlay, (ids, vpc_id) in self._where():
            groups.setdefault((ids, vpc_id), []).append(overlay.destination)
        moves = []
        for (ids, vpc_id), destinations in chain(groups.items(), self._carried(expected_holder)):
            request = job.Request(
                destinations=tuple(destinations),
                route_table_ids=ids,
                vpc_id=vpc_id,
                network_interface_id=eni,
                expected_holder=expected_holder,
                wait_timeout=deadline.left,
                foreign=plan.LEAVE,
                missing_ok=True,
                fixed=True,
                fleet=self.config.fleet,
            )
            moves.append(_Move.of(self.ec2, request, self._clock))
        return moves

    def _carried(self, holder: str | None) -> Iterator[tuple[tuple[tuple[str, ...], None], list[str]]]:
        """What setup is bringing over to another route still has its own in these tables, which counts until then.

        Only what is there is moved, and of a `holder` only what it has; where nobody can look, it is left.
        """
        for overlay in tables.carried(self.config):
            try:
                read = self._read(*(((), overlay.vpc_id) if overlay.every else (overlay.route_table_ids, None)))
            except AwsError:
                continue
            routes = [(table.route_table_id, table.static(overlay.destination)) for table in read]
            ids = tuple(name for name, route in routes if route and (holder is None or route.held_by(holder)))
            if ids:
                yield (ids, None), [overlay.destination]

    def _where(self) -> list[tuple[Overlay, tuple[tuple[str, ...], str | None]]]:
        """Each overlay with the tables to move, by id, or the VPC whose serving tables are all to be moved."""
        if self.config.iam_scope == VPC:
            return [(o, ((), o.vpc_id) if o.every else (o.route_table_ids, None)) for o in self.config.overlays]
        if all(o.route_table_ids for o in self.config.overlays):
            return [(o, (o.route_table_ids, None)) for o in self.config.overlays]
        return [(s.overlay, (tuple(t.route_table_id for t in s.tables), None)) for s in self.tables()]

    def _read(self, ids: tuple[str, ...], vpc_id: str | None) -> list[Table]:
        """The tables; asked for again, a few times, where AWS throttles. Raises AwsError."""
        turns = Turns()
        for left in reversed(range(ATTEMPTS)):
            try:
                return self.ec2.tables(vpc_id=vpc_id) if vpc_id else self.ec2.tables(ids, missing_ok=True)
            except AwsError as err:
                pause = turns.soon()
                if not err.throttled or not left or pause >= self._left():
                    raise
            self._clock.sleep(pause)
        raise AssertionError

    def _result(self, moves: Sequence[_Move]) -> dict[str, Any]:
        return {
            "changed": any(m.result.get("changed") for m in moves),
            "consistent": all(m.result.get("consistent", False) for m in moves),
            "routes": [route for m in moves for route in m.routes],
            "problems": list(dict.fromkeys(text for m in moves for text in m.problems())),
            "api_calls": dict(self.ec2.aws.calls),
            "requests": next((m.result["requests"] for m in reversed(moves) if "requests" in m.result), {}),
            "phases": _summed(m.result.get("seconds", {}) for m in moves),
        }

    def _shown(self, seen: Seen, live: Mapping[str, str]) -> dict[str, Any]:
        held = seen.held_by(self.mine())
        holders = {r.network_interface_id if r else None for _table, r in seen.routes}
        alone = holders.pop() if len(holders) == 1 else None
        works = all(route and route.state == ACTIVE for _table, route in seen.routes)
        return {
            "destination": seen.destination,
            "addresses": [{"address": a, "interface": live.get(a)} for a in seen.overlay.addresses],
            "holder": self.name_of(alone),
            "consistent": plan.consistent(seen.tables, seen.destination),
            "active": works,
            "mine": len(held) == len(seen.tables),
            "partly_mine": bool(held),
            "held": len(held),
            "routes": [{"route_table_id": t.route_table_id, "route": move.shown(r)} for t, r in seen.routes],
            "problems": seen.problems,
        }


@dataclass(frozen=True)
class _Move:
    """What came of one job: its result, also of one that failed, and why it did.

    ``unknown``: it broke off where nobody foresaw it, perhaps between two writes.
    """

    destinations: tuple[str, ...]
    result: dict[str, Any]
    failure: Exception | None = None
    unknown: bool = False

    @classmethod
    def of(cls, ec2: Ec2, request: job.Request, clock: Clock = time) -> _Move:
        """Do the job; what AWS or the plan refuses is part of the answer."""
        try:
            return cls(request.destinations, job.run(ec2, request, clock))
        except job.JobError as err:
            return cls(request.destinations, err.result, err)
        except (AwsError, PlanError) as err:  # nothing was changed
            return cls(request.destinations, {}, err)
        except Exception as err:  # no thread to be had, or no memory
            why = job.JobError(f"the move broke off ({words.error(err)}): which tables it moved is unknown.", {})
            return cls(request.destinations, {}, why, unknown=True)

    @property
    def routes(self) -> list[dict[str, Any]]:
        """Per table and destination, before and after."""
        return list(self.result.get("routes", ()))

    def points_at(self, destination: str, interface: str) -> bool:
        """Whether some table sends it there now."""
        return any(_eni(r) == interface for r in self._of(destination))

    def may_point_at(self, destination: str, interface: str) -> bool:
        """Whether some table does, or could not be read after the write."""
        return self.unknown or any(_eni(r) == interface or _code(r) == move.UNREAD for r in self._of(destination))

    def lost(self, destination: str) -> bool:
        """Whether another mover won."""
        return any(_code(r) == plan.MOVED_ELSEWHERE for r in self._of(destination))

    def problems(self) -> list[str]:
        """What is wrong with single tables, a sentence for each reason; why nothing was done where nothing was."""
        found = condensed(self.routes)
        found += [
            f"{r['route_table_id']} routes {r['destination']} to {r['before']['target']}, which is somebody else's: it"
            " is left alone."
            for r in self.routes
            if r["action"] == plan.KEPT and r["before"] and r["before"].get("target")
        ]
        return found or ([f"{str(self.failure).rstrip('.')}."] if self.failure else [])

    def _of(self, destination: str) -> list[dict[str, Any]]:
        return [r for r in self.routes if r["destination"] == destination]


def _summed(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Seconds by phase, of moves that came one after another."""
    total: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0.0) + value
    return total


def _eni(route: Mapping[str, Any]) -> str | None:
    shown = route["after"] or {}
    return shown.get("network_interface_id") if shown.get("state") != plan.BLACKHOLE else None


def _code(route: Mapping[str, Any]) -> str:
    return str((route["error"] or {}).get("code", ""))


def _not_taken(missed: Sequence[str], unknown: Collection[str], moves: Sequence[_Move]) -> str:
    why = dict.fromkeys(text for m in moves if set(m.destinations) & set(missed) for text in m.problems())
    told = []
    if here := [d for d in missed if d in unknown]:
        told.append(f"{', '.join(here)} may point here by now, so that it is served here")
    if rest := [d for d in missed if d not in unknown]:
        told.append(f"{', '.join(rest)} was not taken over")
    return f"{'; '.join(told)}: {' '.join(why) or 'no table of this node is there.'}"
