# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two operators at once, each pair 20 times (OPERATORS_ROUNDS): who won, who was refused, and what is so afterwards."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator

import pytest

from world import operators

pytestmark = [pytest.mark.lab, pytest.mark.slow]

ROUNDS = int(os.environ.get("OPERATORS_ROUNDS", "20"))


@pytest.fixture(scope="module", params=operators.ENGINES)
def pair(request: pytest.FixtureRequest) -> Iterator[operators.Pair]:
    with operators.pair(request.param) as made:
        yield made
        problems = made.problems()
    assert not problems, problems


@pytest.mark.parametrize("names", operators.PAIRS, ids="+".join)
def test_two_at_once(pair: operators.Pair, names: tuple[str, str]) -> None:
    """The rest state is consistent, both were told the truth, and no lease is left."""
    for number in range(ROUNDS):
        result = operators.play(pair, names, random.Random(f"{pair.engine} {names} {number}"))
        assert result["faults"] == [], json.dumps(result, indent=2)


def test_who_is_killed_locks_nobody_out(pair: operators.Pair) -> None:
    """Ctrl-C ends a playbook without its last task: the next one on the same machine goes on at once."""
    pair.mend()
    node = pair.holder or ""
    lease = {"run": "1/1", "machine": "another", "what": "Set up", "who": "ops@ctl", "since": 0, "until": 1e9}
    place = "/run/aws-overlay-ip"
    pair.shell(node, f"mkdir -p -m 700 {place}; echo '{json.dumps(lease)}' > {place}/lease.json")
    refused = pair.play("switchover.yml", target=node)
    assert not refused.ok
    assert f"{node} is at work for somebody else: 'Set up' by ops@ctl" in refused.told
    killed = pair.killed("setup.yml", node)
    assert "Set up the overlay IPs" in pair.leases(), killed
    done = pair.play("switchover.yml", target=node)
    assert done.ok, done.output
    assert pair.leases() == ""
