# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two operators at once: each pair of what can be done, with random offsets, and what must hold afterwards.

``python -m world.operators ENGINE ROUNDS REPORT [PAIR...]`` plays all pairs in turns, adds a line of JSON to the report
for each round, and counts it in docs/operators.json, of which `world.page` writes a table.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drill.bed import Bed, DrillError, bed
from lab.daemon import process
from lab.daemon.ssh import end_masters
from lab.handle import LabHandle
from lab.playbook.run import CHECKOUT, PROGRAMS, Run, run_playbook

SUMS = CHECKOUT / "docs/operators.json"
ENGINES = ("none", "exclusive", "keepalived", "pacemaker")
NODES = ("node1", "node2")
SWITCHOVER, BACK, SETUP, TEARDOWN, FAILOVER = "switchover", "switchover back", "setup", "teardown", "failover"
"""``back``: to the node that holds them when the round begins; ``failover``: nobody's who asked, by the engine."""
PAIRS = (
    (SWITCHOVER, BACK),
    (SWITCHOVER, SWITCHOVER),
    (SWITCHOVER, SETUP),
    (SWITCHOVER, TEARDOWN),
    (SWITCHOVER, FAILOVER),
    (SETUP, SETUP),
    (SETUP, TEARDOWN),
    (SETUP, FAILOVER),
    (TEARDOWN, TEARDOWN),
    (TEARDOWN, FAILOVER),
)
_JOBS = (4711, 4712)
_LEASE = "cat /run/aws-overlay-ip/lease.json 2>/dev/null"
_BUSY = "is at work for somebody else"
#: No sentence for a person: what a task says where nobody thought of it.
_RAW = re.compile(r"non-zero return code|Traceback|Action failed|MODULE FAILURE|undefined", re.IGNORECASE)
_OFFSET = {"none": 6.0, "exclusive": 6.0, "keepalived": 15.0, "pacemaker": 20.0}
_REST = 120.0


class Pair:
    """Two nodes of the lab, set up with an engine or without one."""

    def __init__(self, engine: str, lab: LabHandle | Bed) -> None:
        self.engine, self._lab = engine, lab

    @property
    def variables(self) -> dict[str, Any]:
        """What every playbook is given."""
        if isinstance(self._lab, Bed):
            return self._lab.variables()
        return {"overlay_ip_exclusive": self.engine == "exclusive"}

    def play(self, playbook: str, **more: Any) -> Run:
        """Run a playbook to its end, whatever that is."""
        return run_playbook(
            playbook, self._lab.directory.inventory, extra_vars={**self.variables, **more}, timeout=900.0
        )

    def killed(self, playbook: str, node: str) -> str:
        """Kill a playbook with its children once it has the node's lease; what it had said until then."""
        variables = json.dumps({**self.variables, "overlay_ip_break_lease": True})
        inventory = str(self._lab.directory.inventory)
        with tempfile.TemporaryFile("w+") as said:
            argv = [str(PROGRAMS / "ansible-playbook"), "-i", inventory, playbook, "-e", variables]
            run = subprocess.Popen(argv, cwd=CHECKOUT, stdout=said, stderr=said, start_new_session=True)
            try:
                here = f"{run.pid}/"
                await_("yes", lambda: "yes" if here in self.shell(node, _LEASE) else "", _REST)
            finally:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
            said.seek(0)
            return said.read()

    def shell(self, node: str, script: str) -> str:
        """What a script says on a node."""
        said = self._lab.exec(node, "sh", "-c", script, timeout=60.0)
        return said if isinstance(said, str) else said.stdout.strip()

    def tables(self) -> dict[str, str | None]:
        """Of each table the node that an active route leads to; None where there is no route."""
        world, found = self._lab.lab.world, {}
        names = {m.instance_id: m.name for m in world.nodes}
        for raw in self._lab.ec2.describe_route_tables(RouteTableIds=list(world.route_table_ids))["RouteTables"]:
            routes = [r for r in raw["Routes"] if r.get("DestinationCidrBlock") == f"{self._lab.lab.overlay}/32"]
            found[raw["RouteTableId"]] = names.get(routes[0].get("InstanceId", "")) if routes else None
        return found

    def addresses(self) -> tuple[str, ...]:
        """The nodes on which the address is up."""
        return tuple(n for n in NODES if self.shell(n, f"ip -o address show to {self._lab.lab.overlay}"))

    @property
    def holder(self) -> str | None:
        """The one node of all tables."""
        found = set(self.tables().values())
        return found.pop() if len(found) == 1 else None

    def wrong(self) -> str:
        """What is not consistent where the overlay IP is set up; empty where all is well."""
        tables, addresses, holder = self.tables(), self.addresses(), self.holder
        both = NODES if self.engine == "none" else (holder,)
        if holder is None or addresses != both:
            return f"tables {tables}, addresses {addresses}"
        if isinstance(self._lab, Bed):
            try:
                self._lab.rest(holder, 0.0)
            except DrillError as err:
                return str(err)
        return ""

    def left(self) -> str:
        """What teardown has left; empty where nothing is."""
        places = "/usr/sbin/aws-overlay-ip /etc/aws-overlay-ip /usr/lib/aws-overlay-ip /run/aws-overlay-ip"
        files = {n: found for n in NODES if (found := self.shell(n, f"ls -d {places} 2>/dev/null"))}
        routes = {table: node for table, node in self.tables().items() if node}
        return " ".join(str(what) for what in (routes, self.addresses(), files) if what)

    def leases(self) -> str:
        """What says that somebody is at work."""
        return "".join(self.shell(n, _LEASE) for n in NODES)

    def fail(self) -> None:
        """Let the engine fail over; without one somebody's monitor moves the route."""
        holder = self.holder or NODES[0]
        if isinstance(self._lab, Bed):
            self._lab.kill_application(holder)
        else:
            self._lab.move(next(n for n in NODES if n != holder))

    def part(self) -> None:
        """What only the bed has bound to the overlay IP would have teardown refused in every round."""
        if isinstance(self._lab, Bed):
            self._lab.part()

    def mend(self) -> None:
        """As it was before the round: set up, well, at rest."""
        end_masters(self._lab.directory)
        if isinstance(self._lab, Bed):
            for node in NODES:
                self._lab.start_application(node)
        if self.leases() or not await_("", self.wrong, 20.0):
            run = self.play("setup.yml", overlay_ip_break_lease=True)
            assert run.ok, run.output
        if isinstance(self._lab, Bed):
            self._lab.join()
        assert await_("", self.wrong, _REST), self.wrong()

    def problems(self) -> list[Any]:
        """What the endpoint could not do."""
        return list(self._lab.control.problems())


def await_(wanted: str, read: Callable[[], str], seconds: float) -> bool:
    """Whether it reads so within that time."""
    end = time.monotonic() + seconds
    while read() != wanted:
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


@contextmanager
def pair(engine: str) -> Iterator[Pair]:
    """A pair that is set up and at rest."""
    if engine in ("none", "exclusive"):
        directory, lab = process.up("light", ["--tables=2"])
        try:
            made = Pair(engine, LabHandle(directory, lab))
            made.mend()
            yield made
        finally:
            process.down(directory)
    else:
        with bed(engine) as real:
            yield Pair(engine, real)


@dataclass
class Actor:
    """One of two operators, or the engine."""

    name: str
    target: str = ""
    job: int = 0
    run: Run | None = None
    told: str = ""
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, of: Pair, delay: float) -> None:
        """Begin after so many seconds."""
        self.threads = [threading.Thread(target=self._act, args=(of, delay))]
        self.threads[0].start()

    def _act(self, of: Pair, delay: float) -> None:
        time.sleep(delay)
        if self.name == FAILOVER:
            of.fail()
            return
        more = {"target": self.target} if self.target else {}
        self.run = of.play(f"{self.name.split()[0]}.yml", awx_job_id=self.job, **more)

    def wait(self) -> None:
        """Until it is through."""
        for thread in self.threads:
            thread.join()
        self.told = re.sub(r"\s+", " ", self.run.told) if self.run else ""

    @property
    def ok(self) -> bool:
        """Whether it succeeded; an engine's work shows in the routes."""
        return self.run is None or self.run.ok

    @property
    def refused(self) -> bool:
        """Whether it was told that somebody else is at work, before it changed anything."""
        return not self.ok and _BUSY in self.told and not sum(self.run.changed.values() if self.run else ())


def play(of: Pair, names: tuple[str, str], rng: random.Random) -> dict[str, Any]:
    """One round: both at once. Returns what came of it; ``faults`` is empty where all held."""
    of.mend()
    if TEARDOWN in names:
        of.part()
    holder = of.holder or NODES[0]
    other = next(n for n in NODES if n != holder)
    targets = {SWITCHOVER: other, BACK: holder}
    actors = [Actor(name, targets.get(name, ""), job) for name, job in zip(names, _JOBS, strict=True)]
    delay = rng.uniform(0.0, _OFFSET[of.engine]) * rng.choice((0, 1, 1))
    delays = [0.0, delay] if rng.random() < 0.5 else [delay, 0.0]
    for actor, seconds in zip(actors, delays, strict=True):
        actor.start(of, seconds)
    for actor in actors:
        actor.wait()
    faults = [*_truth(of, actors), *_state(of, actors)]
    return {
        "engine": of.engine,
        "pair": list(names),
        "delays": [round(seconds, 2) for seconds in delays],
        "ok": [actor.ok for actor in actors],
        "refused": [actor.refused for actor in actors],
        "told": [actor.told[:1500] for actor in actors],
        "holder": [holder, of.holder],
        "faults": faults,
    }


def _truth(of: Pair, actors: list[Actor]) -> Iterator[str]:
    """What they said that was not so, or was no sentence."""
    for actor, rival in (actors, reversed(actors)):
        if actor.ok:
            continue
        if _RAW.search(actor.told) or not actor.told:
            yield f"{actor.name} was told no sentence: {actor.told or (actor.run and actor.run.output[-1500:])}"
        if _BUSY in actor.told and f"awx-job/{rival.job}" not in actor.told:
            yield f"{actor.name} was not told who is at work: {actor.told}"
        if "Nothing was changed" in actor.told and not actor.refused and _BUSY in actor.told:
            yield f"{actor.name} says that nothing was changed, and changed something: {actor.told}"
    if not any(actor.ok for actor in actors if actor.name != FAILOVER) and FAILOVER not in [a.name for a in actors]:
        yield f"both failed: {[actor.told for actor in actors]}"


def _state(of: Pair, actors: list[Actor]) -> Iterator[str]:
    """What is not consistent in the end, or not what they said."""
    if lease := of.leases():
        yield f"a lease was left: {lease}"
    done = [actor for actor in actors if actor.ok and actor.name != FAILOVER]
    gone = [actor for actor in done if actor.name == TEARDOWN]
    if isinstance(of._lab, Bed):
        for node in NODES:
            of._lab.start_application(node)
    if gone and len(gone) == len(done):
        if left := of.left():
            yield f"teardown has left {left}"
        return
    if gone and not of.left():  # the other one was through before
        return
    if not await_("", of.wrong, _REST):
        yield f"not consistent: {of.wrong()}"
    engine_moved = FAILOVER in [actor.name for actor in actors]
    targets = {actor.target for actor in done if actor.target}
    if targets and not engine_moved and of.holder not in targets:
        yield f"{targets} was said to have it, and {of.holder} has"
    status = of.play("status.yml").overlay_ip_result
    if not status["healthy"] or {o["holder"] for o in status["overlays"]} != {of.holder}:
        found = [f["message"] for n in (*status["nodes"].values(), *status["overlays"]) for f in n["findings"]]
        yield f"status says {[o['holder'] for o in status['overlays']]}: {found}"


def count(kept: list[dict[str, Any]], result: dict[str, Any]) -> list[dict[str, Any]]:
    """The sums of all rounds with one more: how many ended in which way, and each fault in words."""
    key = (result["engine"], "+".join(result["pair"]))
    zero = {"engine": key[0], "pair": key[1], "rounds": 0, "both": 0, "refused": 0, "failed": 0, "faults": []}
    sums = {(one["engine"], one["pair"]): one for one in kept}
    one = {**sums.get(key, zero)}
    ok, refused = result.get("ok", ()), result.get("refused", ())
    one["rounds"] += 1
    one["both"] += all(ok) and bool(ok)
    one["refused"] += any(refused)
    one["failed"] += any(not good and not kept_out for good, kept_out in zip(ok, refused, strict=True))
    one["faults"] = [*one["faults"], *(text[:300] for text in result["faults"])]
    names = ["+".join(pair) for pair in PAIRS]
    sums[key] = one
    return [sums[k] for k in sorted(sums, key=lambda k: (ENGINES.index(k[0]), names.index(k[1])))]


def _played(engine: str, names: tuple[str, str]) -> int:
    """The rounds of earlier runs: each round has offsets of its own."""
    kept = json.loads(SUMS.read_text()) if SUMS.exists() else []
    return sum(one["rounds"] for one in kept if (one["engine"], one["pair"]) == (engine, "+".join(names)))


def main() -> None:
    """Play all pairs in turns."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit("ended"))  # by way of the lab's removal
    engine, rounds, report = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    pairs = [p for p in PAIRS if not sys.argv[4:] or "+".join(p) in sys.argv[4:]]
    with pair(engine) as of:
        for number in range(rounds):
            for names in pairs:
                try:
                    result = play(of, names, random.Random(f"{engine} {names} {_played(engine, names)}"))
                except (AssertionError, DrillError, OSError) as err:
                    result = {"engine": engine, "pair": list(names), "faults": [f"{type(err).__name__}: {err}"[-3000:]]}
                with report.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({"round": number, "time": time.strftime("%H:%M:%S"), **result}) + "\n")
                with SUMS.open("a+", encoding="utf-8") as sums:
                    fcntl.flock(sums, fcntl.LOCK_EX)  # engines may be played side by side
                    sums.seek(0)
                    kept = json.loads(sums.read() or "[]")
                    sums.truncate(0)
                    sums.write(json.dumps(count(kept, result), indent=1) + "\n")
        if problems := of.problems():
            sys.exit(f"The endpoint could not do: {problems}")


if __name__ == "__main__":
    main()
