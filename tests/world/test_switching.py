# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another failover engine, by the one variable and setup: never two at once, and no packet lost on any way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from upgrade.pack import PackBed, stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]

UNITS = {"keepalived": "keepalived.service", "pacemaker": "pacemaker.service"}
WAYS = ("keepalived", "pacemaker", "keepalived", "none", "pacemaker", "none")
"""Every change of one engine for another, one after the other on one pair."""


@pytest.fixture(scope="module")
def pair() -> Iterator[PackBed]:
    """Two full nodes that were set up without an engine; node2 holds, which is not the home."""
    with stage("none") as bed:
        bed.play("setup.yml")
        bed.play("switchover.yml", target="node2")
        yield bed
        problems = bed.control.problems()
    assert not problems, problems


def changed(bed: PackBed, engine: str, verb: str) -> dict[str, int]:
    """When a unit was last started (`Active`) or ended (`Inactive`) on each node, in microseconds of one clock."""
    key = f"{verb}EnterTimestampMonotonic"
    show = ("systemctl", "show", "--value", f"--property={key}", UNITS[engine])
    return {node: int(bed.exec(node, *show) or 0) for node in bed.nodes}


def running(bed: PackBed) -> set[str]:
    """The engines that run on any node."""
    show = ("systemctl", "show", "--value", "--property=ActiveState")
    return {name for name, unit in UNITS.items() for node in bed.nodes if bed.exec(node, *show, unit) == "active"}


def rest(bed: PackBed, holder: str) -> None:
    """At rest on the holder, however that is with this engine."""
    if bed.engine == "none":
        bed.wait(lambda view: view.holder == holder and set(view.addresses) == set(bed.nodes), 30, "rest")
    else:
        bed.rest(holder)


@pytest.mark.parametrize(
    "number", range(len(WAYS)), ids=[f"{a} to {b}" for a, b in zip(("none", *WAYS), WAYS, strict=False)]
)
def test_a_change_of_engines_loses_nothing(pair: PackBed, number: int) -> None:
    old, new = ("none", *WAYS)[number : number + 2]
    assert pair.engine == old
    with pair.probe() as probe:
        probe.wait_for("node2")
        pair.engine = new
        run = pair.play("setup.yml")
        rest(pair, "node2")
    assert probe.report.lost == 0, f"{probe.report}\n{run.output}"
    assert probe.report.who == ("node2",), run.output
    assert running(pair) == {new} - {"none"}
    if "none" not in (old, new):
        assert max(changed(pair, old, "Inactive").values()) < min(changed(pair, new, "Active").values())
    again = pair.play("setup.yml")
    assert sum(again.changed.values()) == 0, [(t.host, t.task) for t in again.changed_tasks]
    status = pair.play("status.yml").overlay_ip_result
    assert status["orphans"] == []
    assert status["healthy"]


def test_teardown_ends_an_engine_that_the_inventory_has_no_more(pair: PackBed) -> None:
    pair.engine = "keepalived"
    pair.play("setup.yml")
    rest(pair, "node2")
    pair.engine = "none"
    pair.play("teardown.yml")
    view = pair.view()
    assert (view.addresses, set(view.tables.values()), running(pair)) == ((), {None}, set())
    for node in pair.nodes:
        assert (
            pair.exec(node, "find", "/usr/sbin/aws-overlay-ip", "/etc/keepalived/keepalived.conf", "-type", "f") == ""
        )
