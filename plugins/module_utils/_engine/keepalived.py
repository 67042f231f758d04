# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keepalived on a node: what its notifications and its check script do with address and route.

Mastership follows the route, and the route follows mastership; where they disagree:

* A master that finds its route at the other node has been overruled (by hand, or by the other side of a partition):
  it steps down. One whose route is dead, missing or split mends it.
* Having been overruled, it does not take the route back while that is healthy elsewhere and it has not heard the other
  node since: in a partition the two would take it from each other for ever.
* Who is no longer the master hands the route over before it lets go of the address. Without that, a healed partition
  leaves the route at a node that has given the address up, and nothing ever changes it.
* "Cannot read" never takes the address from a master; but who cannot reach AWS does not become one.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .._address.persist.tree import Host
from .._aws.errors import AwsError
from .._aws.pace import Clock, Deadline
from .._route.plan import ACTIVE, Route, Table
from .node import Addresses, Holder

NAME = "keepalived"
DIRECTORY = Path("/run/aws-overlay-ip")
STANDING = "keepalived.json"

MASTER, BACKUP, FAULT, STOP = STATES = ("MASTER", "BACKUP", "FAULT", "STOP")
FINE, TAKE, AWAY, LOST = VERDICTS = ("fine", "take", "away", "lost")
"""In order of weight: with several overlay IPs the heaviest verdict counts."""

HOLD = 300.0
"""Seconds for which an overruled node leaves a healthy route alone, without having heard the other node."""
LINGER = 3.0
"""Seconds for which a node that is stopped in order keeps the address, until the other one has taken the route."""
_POLL = 0.1
_EARLY, _LATE = 0.1, 0.5  # seconds by which a notification may seem to come early or late


@dataclass(frozen=True)
class Standing:
    """What keepalived said last, and what came of it. Times are of the monotonic clock.

    Attributes:
        state: one of STATES, or empty.
        since: when it was said.
        held: the route was seen to be all here since then.
        lost: when the route was found to have been taken away; None if it was not, or the other node was heard since.
    """

    state: str = ""
    since: float = 0.0
    held: bool = False
    lost: float | None = None


def running(host: Host) -> bool:
    """See :class:`.registry.Engine`."""
    return host.active("keepalived.service")


def seen(host: Host) -> dict[str, Any]:
    """See :class:`.registry.Engine`."""
    standing = host.read(str(DIRECTORY / STANDING))
    state = str(json.loads(standing).get("state", "")) if standing else ""
    return {"engine": NAME, "state": state or "UNKNOWN", "holder": "self" if state == MASTER else ""}


def judge(standing: Standing, routes: Sequence[Route | None], mine: str, now: float) -> str:
    """What a master should do about one overlay IP, whose route in each table (by table id) is given."""
    if all(route and route.network_interface_id == mine and route.state == ACTIVE for route in routes):
        return FINE
    # As in a move, the first table leads: a move that is under way elsewhere has written it.
    lead = routes[0]
    elsewhere = bool(lead and lead.state == ACTIVE and lead.network_interface_id not in (None, mine))
    if elsewhere and standing.held:
        return LOST
    if elsewhere and standing.lost is not None and now - standing.lost < HOLD:
        return AWAY
    return TAKE


def entered(before: Standing, state: str, now: float, advert: float) -> Standing:
    """The standing after keepalived has said `state`.

    A backup that hears nobody becomes master after three adverts and a bit. One that did so later, or sooner (at the
    other one's farewell), has heard the other node, so that what happened before no longer counts. Being stopped is an
    order from outside, and begins a new page, too.
    """
    silence = now - before.since
    deaf = 3 * advert - _EARLY <= silence <= 4 * advert + _LATE
    heard = before.state == BACKUP and state == MASTER and not deaf
    return Standing(state, now, lost=None if heard or state == STOP else before.lost)


class Store:
    """The standing, in a directory that a reboot empties."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._file = directory / STANDING
        self._lock = directory / "lock"
        directory.mkdir(mode=0o755, exist_ok=True)

    def read(self) -> Standing:
        """The standing; an empty one where none was written yet."""
        try:
            return Standing(**json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Standing()

    def write(self, standing: Standing) -> None:
        """Write it in one step."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(asdict(standing)), encoding="utf-8")
        draft.replace(self._file)

    @contextmanager
    def locked(self, deadline: Deadline, clock: Clock = time) -> Iterator[bool]:
        """Be the only one who moves routes on this node; yields False where another still does at the deadline."""
        with self._lock.open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if deadline.over:
                        yield False
                        return
                    clock.sleep(_POLL)
                else:
                    yield True
                    return


class Keepalived:
    """Keepalived's side of the node's program.

    Args:
        local: the node's addresses.
        node: makes the part that calls AWS, when it is needed.
        store: where the standing is kept.
        log: told what happened, in sentences.
        advert: seconds between two adverts.
        clock: the time.
    """

    def __init__(
        self,
        local: Addresses,
        node: Callable[[], Holder],
        store: Store,
        log: Callable[[str], None],
        advert: float,
        clock: Clock = time,
    ) -> None:
        self._local, self._make_node, self._store, self._log = local, node, store, log
        self._advert, self._clock = advert, clock

    def notify(self, state: str, deadline: Deadline, since: float) -> bool:
        """Keepalived has entered a state: act on it. Returns whether this node is as the state wants it.

        Args:
            state: one of STATES.
            deadline: for all of it.
            since: when it did, on the monotonic clock.
        """
        before = self._store.read()
        self._store.write(entered(before, state, since, self._advert))
        if state == MASTER:
            with self._store.locked(deadline, self._clock) as alone:
                return alone and self._become_holder(deadline)
        try:
            if state in (BACKUP, FAULT) and before.state == MASTER:
                with self._store.locked(deadline, self._clock):  # a takeover that is under way ends first
                    self._hand_over(deadline)
            elif state == STOP and before.held:
                self._linger(Deadline(min(LINGER, deadline.left), self._clock))
        finally:
            self._local.down()
        return True

    def watch(self, deadline: Deadline) -> bool:
        """Whether this node may be, or become, the master: keepalived asks every few seconds."""
        with self._store.locked(Deadline(0, self._clock), self._clock) as alone:
            if not alone:  # a notification is at work; it will have found out more than we could
                return True
            standing = self._store.read()
            try:
                verdict = self._verdict(standing)
            except AwsError as err:
                self._log(f"AWS cannot be asked: {err.message}")
                return standing.state == MASTER and standing.held
            if standing.state == BACKUP and verdict == FINE:
                self._local.up()  # given to us by hand, or not handed over: serve, until the other one steps down
            if standing.state != MASTER:
                return True
            if self._store.read() != standing:  # a notification came meanwhile, and knows more
                return True
            if verdict == LOST:
                self._log("Overruled: the route was moved to another node. Stepping down.")
                self._store.write(replace(standing, held=False, lost=self._clock.monotonic()))
            if verdict in (LOST, AWAY):
                return False
            if verdict == FINE:
                self._settle()
                return True
            return self._take(deadline)

    def _become_holder(self, deadline: Deadline) -> bool:
        standing = self._store.read()
        if standing.lost is not None and self._verdict(standing) == AWAY:
            self._log("Not taking the route back: it works at the node that took it, which was not heard since.")
            return False
        return self._take(deadline)

    def _take(self, deadline: Deadline) -> bool:
        try:
            self._make_node().take(deadline)
        except Exception as exc:  # whatever it was: keepalived must hear that this node cannot be the master
            self._log(f"Taking over failed: {exc}")
            return False
        if self._store.read().state != MASTER:
            self._log("No longer the master: letting go again.")
            self._local.down()
            return False
        self._settle()
        return True

    def _settle(self) -> None:
        """All tables point here: keep the address up whatever took it away, and remember that it was so."""
        if self._local.up():
            self._log("The address was brought up.")
        standing = self._store.read()
        if not standing.held or standing.lost is not None:
            self._store.write(replace(standing, held=True, lost=None))

    def _hand_over(self, deadline: Deadline) -> None:
        """Best effort: the other node takes the route itself too, and its check finds what is left."""
        peers = list(self._local.peers)
        try:
            if len(peers) == 1:
                self._make_node().hand_over(peers[0], deadline)
                self._log(f"Handed the route over to {peers[0]}.")
        except Exception as exc:
            self._log(f"Handing the route over failed: {exc}")

    def _linger(self, deadline: Deadline) -> None:
        """Serve on until the other node has taken the route."""
        try:
            while not deadline.over and self._verdict(Standing()) == FINE:
                self._clock.sleep(_POLL)
        except AwsError as err:
            self._log(f"AWS cannot be asked: {err.message}")

    def _verdict(self, standing: Standing) -> str:
        node = self._make_node()
        now = self._clock.monotonic()
        return heaviest(
            judge(standing, _by_table(tables, overlay.destination), node.mine(), now)
            for overlay, tables in node.tables()
        )


def heaviest(verdicts: Iterable[str]) -> str:
    """The verdict that counts."""
    return max(verdicts, key=VERDICTS.index, default=FINE)


def _by_table(tables: Iterable[Table], destination: str) -> list[Route | None]:
    return [table.static(destination) for table in sorted(tables, key=lambda table: table.route_table_id)]
