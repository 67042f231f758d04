# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""evacuate.yml and fleet.yml on five pairs whose packets move. tests/unit has 200 pairs, routes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from integration.playbooks.five_pairs import AWAY, HOME, PAIRS, Fleet

from lab.daemon import process
from lab.handle import LabHandle
from lab.lab_fixtures import require_root

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.long]

LOOK = {"DescribeInstances": 1, "DescribeRouteTables": 1, "DescribeSubnets": 1}
MOVED = range(1, PAIRS)
#: Seconds that ssh waits for a node that is gone, by Ansible's default.
TIMEOUT = 10


@pytest.fixture(scope="module")
def _fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    require_root()
    directory, lab = process.up("light", [f"--count={2 * PAIRS}"])
    try:
        yield Fleet(LabHandle(directory, lab), tmp_path_factory.mktemp("fleet") / "inventory.yml")
    finally:
        process.down(directory)


@pytest.fixture
def fleet(_fleet: Fleet) -> Iterator[Fleet]:
    """The five pairs, as prepared. A test that made the endpoint itself fail has failed."""
    _fleet.write()
    _fleet.prepare()
    yield _fleet
    problems = _fleet.lab.control.problems()
    assert not problems, problems


def calls(fleet: Fleet) -> Counter[str]:
    found = Counter(fleet.lab.control.actions(service="ec2"))
    fleet.lab.control.clear("calls")
    return found


def test_a_zone_is_left_without_a_lost_packet(fleet: Fleet) -> None:
    foretold = fleet.play("evacuate.yml", zone=HOME, check=True)
    assert foretold.ok, foretold.output
    assert f"{HOME}: 4 of 5 pairs hold something there" in foretold.output
    assert "4 pairs can be moved: 8 routes in 1 wave" in foretold.output
    assert "wave 1: pair1: 192.168.20.1/32 node1 -> node2, 2 routes" in foretold.output
    assert sum(foretold.changed.values()) == 0
    assert calls(fleet) == LOOK, "it only looked"
    assert foretold.overlay_ip_result is None

    with ExitStack() as stack:
        probes = [stack.enter_context(fleet.lab.probe(fleet.address(pair), rate=200)) for pair in (1, 2, 3, 4, 5)]
        run = fleet.play("evacuate.yml", zone=HOME)
    assert run.ok, run.output
    # One look at all, and of the wave one read before the writes and one after them.
    assert calls(fleet) == {**LOOK, "DescribeRouteTables": 3, "ReplaceRoute": 8}
    for pair, probe in enumerate(probes, 1):
        assert probe.report.lost == 0, pair
        assert probe.report.who == (fleet.nodes(pair) if pair in MOVED else ("node10",))
    result = run.overlay_ip_result
    assert result["left"] == {}
    assert result["moved"]["pair1"] == {"overlays": ["192.168.20.1/32"], "from": ["node1"], "to": "node2"}
    assert set(result["moved"]) == {f"pair{pair}" for pair in MOVED}
    records = fleet.play("history.yml", overlay_ip_group="pair1").overlay_ip_result["moves"]
    assert [(r["by"], r["to"], r["done"]) for r in records] == [("evacuate", "node2", True)]

    again = fleet.play("evacuate.yml", zone=HOME)
    assert again.ok, again.output
    assert f"{HOME}: 0 of 5 pairs hold something there" in again.output
    assert "ReplaceRoute" not in calls(fleet)

    back = fleet.play("evacuate.yml", {"from": "node4"})
    assert back.ok, back.output
    assert fleet.holder(2) == {"node3"}
    assert fleet.holder(1) == {"node2"}, "nothing else"


def test_a_zone_that_is_dead_is_left_without_waiting_for_it(fleet: Fleet) -> None:
    for pair in range(1, PAIRS + 1):
        fleet.lab.crash(fleet.nodes(pair)[0])
    run = fleet.play("evacuate.yml", zone=HOME)
    assert run.ok, run.output
    assert [fleet.holder(pair) for pair in MOVED] == [{fleet.nodes(pair)[1]} for pair in MOVED]
    assert [fleet.lab.who(fleet.address(pair)) for pair in MOVED] == [fleet.nodes(pair)[1] for pair in MOVED]
    assert not [r for r in run.results if r.status == "unreachable"], "no dead node was asked"
    shown = fleet.play("fleet.yml")
    assert shown.ok, shown.output
    assert shown.seconds < 6 * TIMEOUT


def test_what_cannot_be_moved_is_named_and_moved_the_next_time(fleet: Fleet, tmp_path: Path) -> None:
    fleet.lab.crash("node2")
    fleet.lab.set_source_dest_check("node4", True)
    fleet.lab.control.fault("error", code="InternalError", status=500, times=50, match={"action": "ReplaceRoute"})
    stuck = fleet.play("evacuate.yml", zone=HOME, overlay_ip_wait_timeout=1)
    assert not stuck.ok
    left = stuck.overlay_ip_result["left"]
    assert left["pair1"].startswith("node2 cannot take it: ")
    assert left["pair2"] == "node4 cannot take it: its source/destination check is on"
    assert left["pair3"].startswith("Not done in rtb-")
    assert set(left) == {"pair1", "pair2", "pair3", "pair4"}
    assert fleet.holder(3) == {"node5"}, "where it was"

    fleet.lab.control.clear("faults")
    half = fleet.play("evacuate.yml", zone=HOME)
    assert not half.ok
    assert set(half.overlay_ip_result["left"]) == {"pair1", "pair2"}
    assert set(half.overlay_ip_result["moved"]) == {"pair3", "pair4"}

    fleet.lab.boot("node2")
    fleet.lab.set_source_dest_check("node4", False)
    whole = fleet.play("evacuate.yml", zone=HOME)
    assert whole.ok, whole.output
    assert set(whole.overlay_ip_result["moved"]) == {"pair1", "pair2"}

    page, metrics = tmp_path / "page.html", tmp_path / "overlay_ip.prom"
    shown = fleet.play("fleet.yml", overlay_ip_page=str(page), overlay_ip_metrics_file=str(metrics))
    assert shown.ok, shown.output
    assert "pair1  192.168.20.1/32" in shown.output
    assert shown.overlay_ip_result["pairs"]["pair1"]["overlays"] == {"192.168.20.1/32": "node2"}
    assert all(f"192.168.20.{pair}/32" in page.read_text() for pair in range(1, PAIRS + 1))
    assert metrics.read_text().count("# TYPE overlay_ip_holder ") == 1
    assert metrics.read_text().count("overlay_ip_holder{") == 2 * PAIRS


def test_an_address_that_is_up_at_the_holder_alone_goes_down_where_it_was(fleet: Fleet) -> None:
    fleet.write(overlay_ip_exclusive=True)
    run = fleet.play("evacuate.yml", zone=HOME)
    assert run.ok, run.output
    for node, up in (("node1", False), ("node2", True), ("node10", True), ("node9", False)):
        shown = fleet.lab.exec(node, "ip", "-o", "address", "show", "dev", "eth0").stdout
        assert ("192.168.20." in shown) is up, node


def test_a_request_that_means_nothing_changes_nothing(fleet: Fleet) -> None:
    requests: tuple[tuple[dict[str, str], str], ...] = (
        ({}, "Neither zone nor from is set"),
        ({"zone": AWAY, "from": "node1"}, f"zone is '{AWAY}' and from 'node1': give one of them."),
        ({"zone": "euc1-az9"}, "zone is 'euc1-az9', in which no node is: the nodes' zones are euc1-az1"),
        ({"from": "node99"}, "from is 'node99', which is no node"),
        ({"zone": HOME, "overlay_ip_group": "nobody"}, "The inventory has no host in the group 'nobody'"),
        ({"zone": HOME, "overlay_ip_wait_timeout": "long"}, "overlay_ip_wait_timeout is 'long'"),
    )
    for extra, said in requests:
        run = fleet.play("evacuate.yml", extra)
        assert not run.ok
        assert said in run.told, run.output
        assert "Nothing was changed." in run.told
    assert "ReplaceRoute" not in calls(fleet)
