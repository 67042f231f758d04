# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_ip_exclusive: the address is up on the holder alone, and on nobody less while a move fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from integration.playbooks.mend import switch_on, up

from lab.handle import LabHandle
from lab.playbook.run import Run


@pytest.fixture(scope="module")
def setup(session_lab: LabHandle) -> Run:
    """The run of setup that made it."""
    session_lab.reset()
    return session_lab.playbook("setup.yml", overlay_ip_exclusive=True)


@pytest.fixture
def exclusive(session_lab: LabHandle, setup: Run) -> Iterator[LabHandle]:
    """The lab, set up so, with node1 as the holder."""
    assert setup.ok, setup.output
    session_lab.control.clear()
    switch_on(session_lab)
    if up(session_lab) != ["node1"] or set(session_lab.holders().values()) != {"node1"}:
        run = session_lab.playbook("switchover.yml", target="node1", overlay_ip_exclusive=True)
        assert run.ok, run.output
    session_lab.control.clear()
    yield session_lab
    problems = session_lab.control.problems()
    assert not problems, problems


def test_setup_brings_the_address_up_on_the_holder_only(exclusive: LabHandle) -> None:
    assert up(exclusive) == ["node1"]
    assert exclusive.who() == "node1"


def test_a_move_takes_the_address_along(exclusive: LabHandle) -> None:
    with exclusive.probe() as probe:
        run = exclusive.playbook("switchover.yml", target="node2", overlay_ip_exclusive=True)
    assert run.ok, run.output
    assert probe.report.lost == 0
    assert up(exclusive) == ["node2"]


def test_what_cannot_go_back_is_named_and_keeps_its_address(exclusive: LabHandle) -> None:
    """The permission is lost for good: one table points at node2, and there a packet must find its address."""
    tables = len(exclusive.world.route_table_ids)
    # The address has to be brought up, and so everything is asked once more beforehand.
    exclusive.control.fault(
        "error",
        match={"action": "ReplaceRoute"},
        skip=2 * tables + 1,
        code="UnauthorizedOperation",
        status=403,
        message="You are not authorized.",
    )
    run = exclusive.playbook("switchover.yml", target="node2", overlay_ip_exclusive=True)
    assert not run.ok
    assert "Going back failed too" in run.told
    (moved,) = (table for table, holder in exclusive.holders().items() if holder == "node2")
    overlay = exclusive.lab.overlay
    assert f"What points, or may point, at node2: {overlay}/32 in {moved}." in run.told
    assert "No route was moved" not in run.told
    assert up(exclusive) == ["node1", "node2"]


def test_a_dead_old_holder_stops_nobody_and_is_reported(exclusive: LabHandle) -> None:
    exclusive.crash("node1")
    run = exclusive.playbook("switchover.yml", target="node2", overlay_ip_exclusive=True)
    assert run.ok, run.output
    assert exclusive.who() == "node2"
    assert "node1 still may have the address up" in run.output
