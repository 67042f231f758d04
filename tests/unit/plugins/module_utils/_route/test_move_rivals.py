# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several movers at once: the tables never stay split, and whoever did not get them all says so.

The model runs the movers one call at a time and lets the test choose whose call is next, so that every interleaving
of their calls can be played. Each mover really runs `_route.move`, with its waits, on one virtual clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import move, plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import DELETE, Want
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.write import Writer
from unit.clock import VirtualClock
from unit.ec2_model import OVERLAY, Cloud, ModelEc2, SharedClock, Stage

A, B, C = "eni-a", "eni-b", "eni-c"
TABLES = ("rtb-1", "rtb-2", "rtb-3")


@dataclass
class Rivals:
    """Movers named after their target, on one cloud; ``outcomes`` by target, killed ones have none."""

    start: Mapping[str, str | None]
    choose: Callable[[Sequence[str]], str]
    wait_timeout: float = 60.0
    staleness: Callable[[], float] = lambda: 0.0
    latency: Callable[[], float] = lambda: 0.0
    outcomes: dict[str, move.Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.cloud = Cloud.of(self.start)
        self.stage = Stage(self.clock, self.choose)

    def add(self, target: str, order: Sequence[str] = TABLES) -> None:
        """A mover that writes the tables in this order."""
        tables = [table for table in order if table in self.start]

        def job(clock: SharedClock) -> None:
            ec2: Any = ModelEc2(self.cloud, clock, target, staleness=self.staleness, latency=self.latency)
            want, read = Want((OVERLAY,), target), ec2.tables(tables)

            def reread() -> Any:
                return ec2.tables(tables, missing_ok=True)

            writer = Writer(ec2, clock, workers=1)
            actions = plan.plan(read, want)
            self.outcomes[target] = move.carry_out(ec2, actions, read, want, reread, self.wait_timeout, writer)

        self.stage.add(target, job)

    def judge(self) -> None:
        """Run them all; the promise of the module docstring."""
        self.stage.run()
        truth = self.cloud.truth
        assert len(set(truth.values())) == 1, f"split: {truth}"
        (holder,) = set(truth.values())
        for target, outcome in self.outcomes.items():
            if target != holder and not self.had_them_all(target):
                assert outcome.errors, f"{target} lost to {holder} and does not say so"
            if outcome.errors:
                assert {err.code for err in outcome.errors.values()} == {"MovedElsewhere"}
                assert len(outcome.errors) == len(truth), "the loser names every table"
        assert not [a for _name, a in self.cloud.writes if a.kind == DELETE]

    def had_them_all(self, target: str) -> bool:
        """Whether every table pointed there at one time: then the other one came later, and nobody lied."""
        return any(set(state.values()) == {target} for state in [self.start, *self.cloud.states])


def schedules(first: int, second: int) -> Iterator[tuple[str, ...]]:
    """Every order of so many turns of A and B."""
    total = first + second
    for places in itertools.combinations(range(total), first):
        yield tuple(A if turn in places else B for turn in range(total))


def follow(schedule: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """Choose by the schedule where it names somebody who is ready; after its end the first."""
    left = iter(schedule)

    def choose(ready: Sequence[str]) -> str:
        wanted = next(left, ready[0])
        return wanted if wanted in ready else ready[0]

    return choose


STARTS = {
    "both at A": (A, A, A),
    "both at B": (B, B, B),
    "elsewhere": (C, C, C),
    "none": (None, None, None),
    "split": (A, B, A),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("tables", [2, 3])
def test_every_interleaving_of_two_movers(start: tuple[str | None, ...], tables: int) -> None:
    """Each mover reads, writes every table and reads: all orders of these calls."""
    names = TABLES[:tables]
    calls = tables + 2
    for schedule in schedules(calls, calls):
        rivals = Rivals(dict(zip(names, start, strict=False)), follow(schedule))
        rivals.add(A, names)
        rivals.add(B, names[::-1])
        rivals.judge()


class Tape:
    """Decisions that hypothesis wrote down beforehand, since the movers' threads may not ask it; then zeros."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._left = iter(numbers)

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[next(self._left, 0) % len(choices)]


TAPES = st.lists(st.integers(0, 11), max_size=120).map(Tape)


@settings(max_examples=500)
@given(start=st.tuples(*[st.sampled_from([A, B, C, None])] * 3), tape=TAPES)
def test_any_rhythm_of_three_movers(start: tuple[str | None, ...], tape: Tape) -> None:
    """Some calls take seconds, and the movers write in any order."""
    rivals = Rivals(
        dict(zip(TABLES, start, strict=True)), tape.pick, latency=lambda: tape.pick([0.0, 0.0, 0.0, 0.3, 2.0, 7.0])
    )
    for target in (A, B, C):
        rivals.add(target, tape.pick(list(itertools.permutations(TABLES))))
    rivals.judge()


@settings(max_examples=500)
@given(start=st.sampled_from([A, B]), tape=TAPES)
def test_two_opposite_movers_whose_reads_are_stale(start: str, tape: Tape) -> None:
    """Reads up to half of SETTLE old, each table's on its own."""
    rivals = Rivals(
        dict.fromkeys(TABLES, start),
        tape.pick,
        staleness=lambda: tape.pick([0.0, 0.0, 0.2, 0.49 * move.SETTLE]),
        latency=lambda: tape.pick([0.0, 0.0, 0.3, 1.5]),
    )
    rivals.add(A, tape.pick(list(itertools.permutations(TABLES))))
    rivals.add(B, tape.pick(list(itertools.permutations(TABLES))))
    rivals.judge()


@pytest.mark.parametrize("killed", [A, B])
@pytest.mark.parametrize("start", [(A, A, A), (C, C, C)], ids=["both at A", "elsewhere"])
def test_one_of_two_is_killed(start: tuple[str, ...], killed: str) -> None:
    """SIGKILL at any call, in many interleavings: the other one leaves no split, unless it had all and was gone."""
    survivor = B if killed == A else A
    for turn, schedule in itertools.product(range(1, 7), itertools.islice(schedules(5, 5), 0, None, 5)):
        rivals = Rivals(dict(zip(TABLES, start, strict=True)), follow(schedule))
        rivals.add(A, TABLES)
        rivals.add(B, TABLES[::-1])
        rivals.stage.kill(killed, turn)
        rivals.stage.run()
        if len(set(rivals.cloud.truth.values())) > 1:
            assert rivals.had_them_all(survivor)
            assert rivals.outcomes[survivor].errors == {}
        again = Rivals(rivals.cloud.truth, follow(()))
        again.add(survivor)
        again.judge()
        assert set(again.cloud.truth.values()) == {survivor}, "one more run finishes"


def test_a_short_wait_timeout_leaves_no_split_either() -> None:
    for schedule in schedules(4, 4):
        rivals = Rivals(dict.fromkeys(TABLES[:2], C), follow(schedule), wait_timeout=0)
        rivals.add(A, TABLES[:2])
        rivals.add(B, TABLES[1::-1])
        rivals.judge()


def test_the_loser_names_the_winner() -> None:
    rivals = Rivals(dict.fromkeys(TABLES, C), follow([A, A, B, B, B, B, A, A, A, A, A, A]))
    rivals.add(A, TABLES[::-1])
    rivals.add(B, TABLES)
    rivals.judge()
    (loser,) = (o for o in rivals.outcomes.values() if o.errors)
    winner = next(iter(rivals.cloud.truth.values()))
    assert loser.errors[TABLES[0], OVERLAY].message == (
        f"{OVERLAY} in {TABLES[0]} was moved to {winner} by somebody else at the same time. "
        "Look at the status before you try again."
    )
