# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""200 pairs on an endpoint with EC2's rules, routes alone: one look, a plan, its waves; the exact number of calls.

Time is virtual, so that EC2's rate costs none; a bucket like EC2's stands in front of the endpoint and throttles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.rate import BURST, RATE, seconds_for_all
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet import job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet.plan import Move, Request, plan, waves
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import write
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Action
from lab.fixtures import trusted
from unit.clock import VirtualClock
from unit.many_pairs import AWAY, HOME, PAIRS, TABLES, Fleet, destination


class Throttled(Ec2):
    """EC2 that refuses a write for which its bucket has no token."""

    def __init__(self, ec2: Ec2, clock: VirtualClock) -> None:
        super().__init__(ec2.aws)
        self.clock, self.tokens, self.at, self.refused = clock, 50.0, clock.now, 0

    def write(self, action: Action, *, dry_run: bool = False) -> None:
        now = self.clock.now
        self.tokens, self.at = min(50.0, self.tokens + (now - self.at) * 5.0), now
        if self.tokens < 1:
            self.refused += 1
            raise AwsError("RequestLimitExceeded", "no token")
        self.tokens -= 1
        super().write(action, dry_run=dry_run)


def moves(found: Sequence[Move]) -> list[job.Move]:
    return [job.Move(m.pair, m.interface, m.tables) for m in found]


@pytest.fixture(scope="module")
def _fleet() -> Iterator[Fleet]:
    with trusted() as endpoint:
        yield Fleet(endpoint)


@pytest.fixture
def fleet(_fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setattr(job, "Writer", partial(write.Writer, workers=1))  # virtual time knows one caller
    _fleet.rest()
    return _fleet


def test_a_zone_is_left_in_waves_within_the_bucket(fleet: Fleet) -> None:
    clock = VirtualClock()
    ec2 = Throttled(fleet.lab.ec2(), clock)
    pairs = fleet.pairs(ec2)
    # A filter takes 200 values: two calls for 400 instances; a page of tables holds 100.
    assert Counter(fleet.lab.calls()) == {"DescribeInstances": 2, "DescribeRouteTables": 1, "DescribeSubnets": 1}
    assert plan(pairs, Request(AWAY), asked=True).moves == ()
    made = plan(pairs, Request(HOME), asked=True)
    assert (len(made.moves), made.left, made.adrift) == (PAIRS, {}, {})
    in_waves = waves(made.moves)
    assert [len(wave) for wave in in_waves] == [24] * 8 + [8]

    fleet.lab.control.clear()
    tokens: dict[str, float] = {}
    for wave in in_waves:
        began = clock.now
        result = job.run(ec2, moves(wave), 60, clock=clock, tokens=tokens)
        assert {name: of["error"] for name, of in result["pairs"].items()} == {m.pair: "" for m in wave}
        tokens = result["tokens"]
        assert clock.now - began <= BURST / RATE + 0.1
    assert Counter(fleet.lab.calls()) == {"ReplaceRoute": PAIRS * TABLES, "DescribeRouteTables": 2 * len(in_waves)}
    assert ec2.refused == 0, "EC2 refused no call"
    assert clock.now == pytest.approx(seconds_for_all(PAIRS * TABLES), rel=0.01), "as fast as the rate allows"
    for number, (_one, other) in enumerate(fleet.interfaces):
        assert set(fleet.lab.truth(destination(number)).values()) == {other}

    fleet.lab.control.clear()
    assert plan(fleet.pairs(ec2), Request(HOME), asked=True).moves == (), "run again: nothing is left"
    assert "ReplaceRoute" not in fleet.lab.calls()


def test_what_is_wrong_with_one_hinders_no_other(fleet: Fleet) -> None:
    clock = VirtualClock()
    wave = plan(fleet.pairs(fleet.lab.ec2()), Request(HOME), asked=True).moves[:5]
    (first, second, third, *_rest) = moves(wave)
    gone = job.Move("gone", first.network_interface_id, {"10.0.5.5/32": first.tables[destination(0)]})
    nowhere = job.Move("nowhere", first.network_interface_id, {"192.168.99.1/32": ["rtb-0123456789abcdef0"]})
    twin = job.Move("twin", third.network_interface_id, first.tables)
    fleet.lab.control.fault(
        "error", code="UnauthorizedOperation", status=403, times=1, match={"action": "ReplaceRoute"}
    )
    result = job.run(fleet.lab.ec2(), [first, second, gone, nowhere, twin, third], 5, clock=clock)
    errors = {name: of["error"] for name, of in result["pairs"].items()}
    assert (errors["pair1"], errors["pair2"]) == ("", "")
    assert errors["pair0"].startswith("Not done in rtb-")
    assert errors["gone"].startswith("Overlay IP 10.0.5.5/32 lies inside the CIDR 10.0.0.0/16")
    assert errors["nowhere"] == "None of its route tables exists. Nothing was changed."
    assert errors["twin"] == "pair0 has the same overlay IP in the same route table. Nothing was changed."
    assert result["changed"] is True
    assert [r["action"] for r in result["pairs"]["pair1"]["routes"]] == ["replace", "replace"]
    assert set(fleet.lab.truth(destination(1)).values()) == {fleet.interfaces[1][1]}


def test_check_mode_foretells_and_writes_nothing(fleet: Fleet) -> None:
    ec2 = fleet.lab.ec2()
    wave = plan(fleet.pairs(ec2), Request(HOME), asked=True).moves[:3]
    fleet.lab.control.clear()
    result = job.run(ec2, moves(wave), 5, check=True, clock=VirtualClock())
    assert fleet.lab.calls() == ["DescribeRouteTables"]
    assert result["changed"] is True
    after = {r["after"]["network_interface_id"] for r in result["pairs"]["pair0"]["routes"]}
    assert after == {fleet.interfaces[0][1]}
    assert result["diff"]["before"]["pair0"] != result["diff"]["after"]["pair0"]


def test_another_mover_of_one_pair_is_yielded_to(fleet: Fleet) -> None:
    """He takes its leading table whenever we have written it: that pair is his, and the others are ours."""
    clock = VirtualClock()
    leading = fleet.lab.tables[0]
    rival = fleet.lab.world.nodes[0].network_interface_ids[0]

    class Rival(Ec2):
        def tables(self, *args: Any, **kwargs: Any) -> Any:
            if fleet.lab.truth(destination(0))[leading] == fleet.interfaces[0][1]:
                fleet.lab.client.replace_route(
                    RouteTableId=leading, DestinationCidrBlock=destination(0), NetworkInterfaceId=rival
                )
            return super().tables(*args, **kwargs)

    wave = plan(fleet.pairs(fleet.lab.ec2()), Request(HOME), asked=True).moves[:3]
    result = job.run(Rival(fleet.lab.ec2().aws), moves(wave), 10, clock=clock)
    errors = {name: of["error"] for name, of in result["pairs"].items()}
    assert "was moved to" in errors["pair0"]
    assert (errors["pair1"], errors["pair2"]) == ("", "")
    assert set(fleet.lab.truth(destination(0)).values()) == {rival}, "one holder in every table"
