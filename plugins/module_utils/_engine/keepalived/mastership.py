# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keepalived on a node: what its notifications and its check script do with address and route.

Mastership follows the route, and the route follows mastership; where they disagree:

* A master that finds its route at the other node has been overruled (by hand, or by the other side of a partition):
  it steps down. One whose route is dead, missing or split mends it.
* Having been overruled, it does not take the route back while that is healthy elsewhere and it has not heard the other
  node since: in a partition the two would take it from each other for ever. Where a switchover has told it that this
  was no partition, and the other node is lost before it was ever heard, it takes it.
* Who is no longer the master hands the route over before it lets go of the address. Without that, a healed partition
  leaves the route at a node that has given the address up, and nothing ever changes it.
* "Cannot read" never takes the address from a master; but who cannot reach AWS does not become one. Who is throttled
  has reached it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..._aws.pace import Clock, Deadline
from ..._base import words
from ..._route.plan import ACTIVE, Route
from ..memory import POLL, READING
from ..node import Addresses, Holder, Seen
from .standing import ADOPT, BACKUP, FAULT, MASTER, ORDERED, STOP, Standing, Store, entered

FINE, TAKE, AWAY, LOST = VERDICTS = ("fine", "take", "away", "lost")
"""In order of weight: with several overlay IPs the heaviest verdict counts."""

HOLD = 300.0
"""Seconds for which an overruled node leaves a healthy route alone, without having heard the other node."""
LINGER = 3.0
"""Seconds for which a node that is stopped in order keeps the address, until the other one has taken the route."""
IDLE = 30.0
"""Seconds after which a backup takes down an address that no route leads to: until then it may be a switchover's, which
brings it up before it moves the route."""
BEGINNING = 15.0
"""Seconds for which who begins while another node holds the overlay IP is no master: until then that one is heard."""
_MOVE = "move"


def judge(standing: Standing, routes: Sequence[Route | None], mine: str, peers: Collection[str], now: float) -> str:
    """What a master should do about one overlay IP, whose route in each table (by table id) is given.

    No table decides alone: what is somebody else's, or points at an interface that is no node's, is left alone as long
    as another table points here.
    """
    here = [r for r in routes if r and r.network_interface_id == mine and r.state == ACTIVE]
    away = [r for r in routes if r and r.state == ACTIVE and r.network_interface_id not in (None, mine)]
    if here and all(r in here or (r is not None and r.foreign) for r in routes):
        return FINE
    if here:
        # As in a move, the first table leads: a move that is under way elsewhere has written it.
        lead = routes[0]
        elsewhere = bool(lead and lead in away and lead.network_interface_id in peers)
    else:
        elsewhere = bool(away) and (len(away) == len(routes) or any(r.network_interface_id in peers for r in away))
    if elsewhere and standing.held:
        return LOST
    if elsewhere and standing.lost is not None and now - standing.lost < HOLD:
        return AWAY
    return TAKE


class Keepalived:
    """Keepalived's side of the node's program.

    Args:
        local: the node's addresses.
        node: makes the part that calls AWS, when it is needed.
        store: where the standing is kept.
        log: told what happened, in sentences.
        advert: seconds between two adverts.
        clock: the time.
        others: there are other instances on the node, or were until now.
    """

    def __init__(
        self,
        local: Addresses,
        node: Callable[[], Holder],
        store: Store,
        log: Callable[[str], None],
        advert: float,
        clock: Clock = time,
        *,
        others: bool = False,
    ) -> None:
        self._local, self._make_node, self._store, self._log = local, node, store, log
        self._advert, self._clock, self._others = advert, clock, others
        self._move, self._reading = store.memory.own(_MOVE), store.memory.own(READING)

    def notify(self, state: str, deadline: Deadline, since: float) -> bool:
        """Keepalived has entered a state: act on it. Returns whether this node is as the state wants it.

        Args:
            state: one of STATES, ADOPT or ORDERED.
            deadline: for all of it.
            since: when it did, on the monotonic clock.
        """
        if state == ADOPT:
            self._write(Standing(since=since, adopted=True, lost=self._lost_already()))
            return True
        if state == ORDERED:
            with self._locked(deadline) as alone:  # a look that is under way writes what it has found
                if alone:
                    self._write(replace(self._store.read(), ordered=True))
            return alone
        if state in (BACKUP, FAULT) and self._store.read().adopted:
            return self._keep_on(state, since)
        if state != MASTER:
            try:
                self._let_go(state, deadline, since)
            finally:
                self._local.down()
            return True
        self._write(entered(self._store.read(), state, since, self._advert))
        with self._locked(deadline) as alone:
            return alone and self._become_holder(deadline)

    def _lost_already(self) -> float | None:
        """Of several instances one may begin at the node that is not the holder, or hear another one's farewell.

        What works at the other node is left there.
        """
        if not self._others:
            return None
        now = self._clock.monotonic()
        try:
            away = self._verdict(Standing(lost=now), self._make_node().tables()) == AWAY
        except Exception as exc:  # nothing is known
            self._log(f"The routes cannot be looked at: {_why(exc)}")
            return None
        return now if away else None

    def _keep_on(self, state: str, since: float) -> bool:
        """Not yet the master since setup began keepalived: the routes say whether the address is to be up here."""
        self._write(entered(self._store.read(), state, since, self._advert))
        try:
            mine = self._make_node().mine()
            here = any(one.held_by(mine) for one in self._make_node().tables())
        except Exception as exc:  # whatever keeps us from looking takes the address from nobody
            self._log(f"The routes cannot be looked at: {_why(exc)} The address stays as it is.")
            return True
        if not here:
            self._local.down()
        return True

    def _let_go(self, state: str, deadline: Deadline, since: float) -> None:
        """What comes before the address goes down."""
        before = self._store.read()
        self._write(entered(before, state, since, self._advert))
        if state == STOP:
            if before.held:
                self._linger(Deadline(min(LINGER, deadline.left), self._clock))
        elif before.state == MASTER or (not before.state and self._local.live()):
            with self._locked(deadline):  # a takeover that is under way ends first
                self._hand_over(deadline)

    def watch(self, deadline: Deadline) -> bool:
        """Whether this node may be, or become, the master: keepalived asks every few seconds."""
        with self._store.memory.locked(Deadline(0, self._clock), self._clock) as alone:
            if not alone:  # a notification is at work; it will have found out more than we could
                return True
            standing = self._store.read()
            try:
                seen = self._make_node().tables()
                verdict = self._verdict(standing, seen)
            except Exception as exc:  # whatever keeps us from looking never takes the address from a master
                return self._unread(standing, exc)
            around = self._around(deadline, seen)
            problems = {self._reading: (), **{one.destination: one.problems for one in seen}, **around}
            self._tell(problems, mended=verdict == FINE)
            if standing.state != MASTER:
                self._serve_or_not(standing, verdict, seen)
                return not (verdict == AWAY and self._begins(standing))
            if self._store.read() != standing:  # a notification knows more
                return True
            if verdict == LOST:
                self._log("Overruled: the route was moved to another node. Stepping down.")
                self._write(replace(self._store.read(), held=False, lost=self._clock.monotonic()))
            if verdict in (LOST, AWAY):
                return False
            if verdict == FINE:
                return self._settle()
            return self._take(deadline)

    def _begins(self, standing: Standing) -> bool:
        """Whether setup has just begun this instance, while another node held the overlay IP."""
        since = self._clock.monotonic() - BEGINNING
        return self._others and standing.adopted and standing.lost is not None and standing.lost > since

    def _around(self, deadline: Deadline, seen: Sequence[Seen]) -> Mapping[str, Iterable[str]]:
        try:
            return self._make_node().around(self._store.memory, deadline, seen)
        except Exception:  # it is told, and decides nothing
            return {}

    def _unread(self, standing: Standing, exc: Exception) -> bool:
        """What keeps us from looking takes no address from a master. Without a standing, the address shows it."""
        stays = standing.held if standing.state == MASTER else not standing.state and bool(self._local.live())
        if not stays and getattr(exc, "throttled", False):  # AWS can be reached: the next look may tell
            self._cannot_look(exc, "it may still be the master")
            return True
        if stays and self._local.up():  # whatever took it away: as far as is known, packets arrive here
            self._log("The address was brought up.")
        then = "it stays the master, and its address up" if stays else "it cannot be the master until they can"
        self._cannot_look(exc, then)
        return stays

    def _cannot_look(self, exc: Exception, then: str) -> None:
        """Told once, and again once it is another reason."""
        text = f"The routes cannot be looked at: {_why(exc)} As for this node, {then}."
        self._tell({self._reading: (text,)}, mended=False)

    def _serve_or_not(self, standing: Standing, verdict: str, seen: Sequence[Seen]) -> None:
        """What a backup does: the routes, not the engine, say where packets arrive."""
        memory, idle = self._store.memory, None
        held = verdict == FINE and standing.state == BACKUP
        if held:
            self._local.up()  # given to us by hand, or not handed over: serve, until the other one steps down
        elif not any(one.held_by(self._make_node().mine()) for one in seen) and self._local.live():
            now = self._clock.monotonic()
            idle = now if standing.idle is None else standing.idle
            if standing.held or memory.killed or now - idle >= IDLE:  # left behind, and nobody's who is about to move
                self._local.down()
                self._log("The address was up here while no route points here: taken down.")
                idle = None
        after = replace(standing, held=held, idle=idle)
        if after != standing and self._store.read() == standing:
            self._write(after)
        memory.forget()

    @contextmanager
    def _locked(self, deadline: Deadline) -> Iterator[bool]:
        with self._store.memory.locked(deadline, self._clock) as alone:
            if not alone:
                who = self._store.memory.holder()
                self._log(f"The lock of this program was held until the deadline by {who}: end it if it hangs.")
            yield alone

    def _write(self, standing: Standing) -> None:
        why = self._store.write(standing)
        if why:
            self._log(why)

    def _tell(self, problems: Mapping[str, Iterable[str]], *, mended: bool) -> None:
        """Say what is wrong with single tables, once; what a takeover could not mend stays so until `mended`."""
        for text in self._store.memory.news({**problems, **({self._move: ()} if mended else {})}):
            self._log(text)

    def _become_holder(self, deadline: Deadline) -> bool:
        standing = self._store.read()
        if standing.lost is not None and self._away(standing):
            return False
        return self._take(deadline)

    def _take(self, deadline: Deadline) -> bool:
        try:
            with self._store.memory.taking():
                result = self._make_node().take(deadline)
        except Exception as exc:  # whatever it was: keepalived must hear that this node cannot be the master
            self._log(f"Taking over failed: {_why(exc)}")
            return False
        self._tell({self._move: result.get("problems", ())}, mended=False)
        return self._settle(sorted({r["route_table_id"] for r in result.get("routes", ()) if not self._came(r)}))

    def _came(self, route: Mapping[str, Any]) -> bool:
        """Whether a table followed a takeover."""
        return bool((route["after"] or {}).get("network_interface_id") == self._make_node().mine())

    def _settle(self, missed: Sequence[str] = ()) -> bool:
        """All tables but the `missed` point here: keep the address up whatever took it away, and remember it.

        Returns whether this node still is the master; a notification says that meanwhile it is not.
        """
        if self._store.read().state == MASTER and self._local.up():
            self._log("The address was brought up.")
        standing = self._store.read()
        if standing.state != MASTER:
            self._log("No longer the master: letting go again.")
            self._local.down()
            return False
        settled = replace(standing, held=True, lost=None, missed=tuple(missed), ordered=False)
        if settled != standing:
            self._write(settled)
        self._store.memory.forget()
        return True

    def _hand_over(self, deadline: Deadline) -> None:
        """Best effort: the other node takes the route itself too, and its check finds what is left."""
        peers = sorted(self._local.peers)
        try:
            if len(peers) == 1:
                self._make_node().hand_over(peers[0], deadline)
                self._log(f"Handed the route over to {peers[0]}.")
        except Exception as exc:
            self._log(f"Handing the route over failed: {_why(exc)} The other node takes it itself.")

    def _linger(self, deadline: Deadline) -> None:
        """Serve on until the other node has taken the route."""
        try:
            while not deadline.over and self._verdict(Standing(), self._make_node().tables()) == FINE:
                self._clock.sleep(POLL)
        except Exception as exc:  # the address goes down in any case
            self._log(f"The routes cannot be looked at: {_why(exc)} The address goes down all the same.")

    def _away(self, standing: Standing) -> bool:
        """Whether the route works at the node that took it, or may: what cannot be read is left there."""
        try:
            away = self._verdict(standing, self._make_node().tables()) == AWAY
        except Exception as exc:  # the next check tries again
            self._log(f"Not taking the route back while the routes cannot be looked at: {_why(exc)}")
            return True
        if away:
            self._log("Not taking the route back: it works at the node that took it, which was not heard since.")
        return away

    def _verdict(self, standing: Standing, seen: Sequence[Seen]) -> str:
        mine, peers = self._make_node().mine(), set(self._local.peers.values())
        now = self._clock.monotonic()
        return heaviest(judge(standing, _led(standing, one), mine, peers, now) for one in seen)


def _led(standing: Standing, seen: Seen) -> list[Route | None]:
    """The routes, the leading table's first. What did not follow this node's takeover tells nothing of another's."""
    return [route for _table, route in sorted(seen.routes, key=lambda one: one[0].route_table_id in standing.missed)]


def heaviest(verdicts: Iterable[str]) -> str:
    """The verdict that counts."""
    return max(verdicts, key=VERDICTS.index, default=FINE)


def _why(exc: Exception) -> str:
    """Whatever it was, as a sentence."""
    return f"{words.error(exc).rstrip('.')}."
