# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A move among many others: it tries at once, and waits for its turn where AWS throttles it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import pace
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.rate import seconds_for_all
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job
from unit.clock import VirtualClock
from unit.ec2_model import OVERLAY, Cloud, ModelEc2
from unit.one_mover import T1, T2, T3, A, B

ROUTES = 600
NEED = seconds_for_all(ROUTES)
MIDDLE = NEED * (pace.CUSHION + 0.5)
"""When a node whose chance is a half begins."""


class Asked:
    """What was asked, and when; ``script`` says what befalls it."""

    def __init__(self, *script: str, until: float = 0.0, fleet: int = ROUTES) -> None:
        self.clock, self.cloud = VirtualClock(), Cloud.of({T1: A, T2: A, T3: A})
        self.seen: list[tuple[str, str, float]] = []
        self._left, self._until = list(script), until
        self.ec2: Any = ModelEc2(self.cloud, self.clock, fault=self._fault)
        self.fleet = fleet

    def _fault(self, name: str, table: str) -> str:
        self.seen.append((name.removesuffix("Route").removesuffix("RouteTables"), table, round(self.clock.now, 1)))
        if name == "ReplaceRoute" and self.clock.now < self._until:
            return "throttle"
        return self._left.pop(0) if self._left else ""

    def move(self, seconds: float = 150.0) -> dict[str, Any]:
        tables = tuple(self.cloud.truth)
        request = job.Request((OVERLAY,), tables, network_interface_id=B, wait_timeout=seconds, fixed=True,
                              fleet=self.fleet)  # fmt: skip
        return job.run(self.ec2, request, self.clock)

    @property
    def order(self) -> list[tuple[str, str]]:
        return [(name, table) for name, table, _at in self.seen]


@pytest.fixture(autouse=True)
def _half(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "chance", lambda: 0.5)


def test_alone_it_is_as_quick_as_ever_but_for_the_one_that_goes_ahead() -> None:
    told, untold = Asked(), Asked(fleet=0)
    assert told.move()["consistent"]
    assert untold.move()["consistent"]
    assert sorted(told.order) == sorted(untold.order)
    assert told.order[:2] == [("Describe", ""), ("Replace", T1)]
    assert told.clock.now < 1.0


def test_who_is_throttled_is_silent_until_its_turn_and_looks_before_it_writes() -> None:
    asked = Asked(until=1.0)
    assert asked.move()["consistent"]
    assert asked.order[:4] == [("Describe", ""), ("Replace", T1), ("Describe", ""), ("Replace", T1)]
    assert sorted(asked.order[4:]) == [("Describe", ""), ("Replace", T2), ("Replace", T3)]
    assert asked.seen[2][2] == pytest.approx(MIDDLE, abs=0.2)
    assert len(asked.cloud.writes) == 3


def test_a_read_that_is_throttled_says_so_too_and_costs_no_token_of_the_writes() -> None:
    asked = Asked("throttle")
    assert asked.move()["consistent"]
    assert asked.order[:3] == [("Describe", ""), ("Describe", ""), ("Replace", T1)]
    assert asked.seen[1][2] == pytest.approx(MIDDLE, abs=0.2)


def test_what_is_half_done_goes_on_soon() -> None:
    asked = Asked("", "", "throttle")  # the first table was moved, one of the others not
    assert asked.move()["consistent"]
    assert 1.0 < asked.clock.now < pace.SOON + NEED * pace.PART


def test_its_turn_never_comes_after_its_deadline() -> None:
    asked = Asked(until=1e6)
    with pytest.raises(job.JobError, match="RequestLimitExceeded"):
        asked.move(seconds=20.0)
    assert asked.clock.now < 21.0
    assert asked.cloud.truth == {T1: A, T2: A, T3: A}
    assert len([name for name, _table in asked.order if name == "Replace"]) <= 3


def test_a_read_that_is_throttled_to_the_end_is_told() -> None:
    asked = Asked(*["throttle"] * 999)
    with pytest.raises(AwsError, match="RequestLimitExceeded"):
        asked.move(seconds=20.0)
    assert 20.0 <= asked.clock.now < 21.0
