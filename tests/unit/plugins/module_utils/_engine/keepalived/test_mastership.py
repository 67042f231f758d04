# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keepalived's side of the node's program: what it does to address and route."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.names import STANDING
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    BACKUP,
    FAULT,
    MASTER,
    STOP,
    Standing,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route
from unit.keepalived_world import DEAD, HELD, MINE, PEER, World


def test_a_new_master_takes_over_and_remembers_it(world: World) -> None:
    world.routes = [PEER, PEER]
    assert world.notify(MASTER)
    assert world.deeds == ["address up", "take"]
    assert world.store.read() == Standing(MASTER, 1000.0, held=True)


def test_a_master_that_cannot_reach_aws_does_not_claim_to_be_one(world: World) -> None:
    world.unreadable = True
    assert not world.notify(MASTER)
    assert not world.watch()
    assert not world.address


def test_a_backup_that_cannot_reach_aws_cannot_become_master(world: World) -> None:
    world.notify(BACKUP)
    assert world.watch()
    world.unreadable = True
    assert not world.watch()


def test_a_master_that_holds_the_route_stays_it_when_aws_cannot_be_read(world: World) -> None:
    world.notify(MASTER)
    world.unreadable = True
    assert world.watch()
    assert world.address


def test_a_master_whose_first_try_failed_tries_again_at_the_next_check(world: World) -> None:
    world.routes, world.refuses = [PEER, PEER], True
    assert not world.notify(MASTER)
    world.refuses = False
    assert world.watch()
    assert world.store.read().held


def test_a_master_that_is_overruled_steps_down_and_leaves_the_route_alone(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    world.deeds.clear()
    assert not world.watch()
    assert not world.watch()
    assert world.notify(FAULT)
    assert world.routes == [PEER, PEER]
    assert not world.address
    # Still in a partition: backup for no longer than the silence lasts, then master. The route stays where it works.
    assert world.notify(BACKUP)
    world.clock.now += 3.1
    assert not world.notify(MASTER)
    assert world.routes == [PEER, PEER]
    why = "Not taking the route back: it works at the node that took it, which was not heard since."
    assert world.told[-1] == why
    # Not working there any more, it is taken back.
    world.routes = [DEAD, DEAD]
    world.told.clear()
    assert world.notify(MASTER)
    assert (world.routes, world.told) == ([MINE, MINE], [])


@pytest.mark.parametrize(
    ("silence", "why"), [(AwsError("Unreachable", "No answer."), "No answer."), (TimeoutError(), "timeout error.")]
)
def test_who_was_overruled_and_cannot_read_leaves_the_route_where_it_is(
    world: World, silence: Exception, why: str
) -> None:
    world.store.write(Standing(BACKUP, world.clock.now, lost=world.clock.now))
    world.clock.now += 3.1
    world.routes, world.unreadable, world.silence = [PEER, PEER], True, silence
    assert not world.notify(MASTER)
    assert world.told == [f"Not taking the route back while the routes cannot be looked at: {why}"]
    assert not world.watch()
    world.unreadable = False
    assert not world.watch(), "it works at the other node"
    assert world.routes == [PEER, PEER]


@pytest.mark.parametrize(("silence", "why"), [(ValueError("So."), "So."), (TimeoutError(), "timeout error.")])
def test_every_failure_says_why(world: World, silence: Exception, why: str) -> None:
    world.notify(MASTER)
    world.unreadable, world.silence = True, silence
    world.told.clear()
    world.watch()
    world.notify(STOP)
    world.store.write(HELD)
    world.notify(BACKUP)
    world.notify(MASTER)
    assert world.told == [
        f"The routes cannot be looked at: {why} As for this node, it stays the master, and its address up.",
        f"The routes cannot be looked at: {why} The address goes down all the same.",
        f"Handing the route over failed: {why} The other node takes it itself.",
        f"Taking over failed: {why}",
    ]


def test_who_may_not_look_says_so_once_and_again_for_another_reason(world: World) -> None:
    world.notify(MASTER)
    world.told.clear()
    world.unreadable, world.silence = True, AwsError("UnauthorizedOperation", "Not allowed.")
    for _look in range(3):
        assert world.watch()
    then = "As for this node, it stays the master, and its address up."
    told = [f"The routes cannot be looked at: Not allowed. {then}"]
    assert world.told == told
    world.silence = AwsError("Unreachable", "No answer.")
    for _look in range(2):
        assert world.watch()
    told.append(f"The routes cannot be looked at: No answer. {then}")
    assert world.told == told
    world.unreadable = False
    for _look in range(2):
        assert world.watch()
    told.append("All route tables are as they should be again.")
    assert world.told == told
    world.unreadable = True
    assert world.watch()
    assert world.told == [*told, told[1]]


@pytest.mark.parametrize("state", [BACKUP, MASTER])
def test_who_is_throttled_has_reached_aws_and_may_be_the_master(world: World, state: str) -> None:
    """In a large fleet the checks themselves may use up EC2's reads: that must not keep a node from taking over."""
    world.unreadable, world.silence = True, AwsError("RequestLimitExceeded", "Throttled.")
    world.store.write(Standing(state))
    assert world.watch()
    assert world.deeds == []
    assert world.told == ["The routes cannot be looked at: Throttled. As for this node, it may still be the master."]
    world.silence = AwsError("Unreachable", "No answer.")
    assert not world.watch()


def test_once_the_other_node_was_heard_again_its_death_counts(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    world.watch()
    world.notify(FAULT)
    world.notify(BACKUP)
    world.clock.now += 60
    assert world.notify(MASTER)
    assert world.routes == [MINE, MINE]


@pytest.mark.parametrize("state", [BACKUP, FAULT])
def test_who_is_no_longer_the_master_hands_the_route_over_before_it_lets_go(world: World, state: str) -> None:
    world.notify(MASTER)
    world.deeds.clear()
    world.notify(state)
    assert world.deeds == ["hand over to n2", "address down"]
    assert world.told[-1] == "Handed the route over to n2."


@pytest.mark.parametrize("others", [(), ("n2", "n3")])
def test_nobody_is_chosen_for_the_route_where_there_is_not_one_other_node(
    world: World, others: tuple[str, ...]
) -> None:
    world.others = others
    world.notify(MASTER)
    world.deeds.clear()
    world.told.clear()
    world.notify(BACKUP)
    assert (world.deeds, world.told) == (["address down"], [])


def test_the_address_goes_down_when_handing_over_fails(world: World) -> None:
    world.notify(MASTER)
    world.unreadable = True
    world.notify(BACKUP)
    assert not world.address


def test_a_backup_to_which_the_route_was_given_by_hand_serves(world: World) -> None:
    world.notify(BACKUP)
    assert world.watch()
    assert world.deeds == ["address up"]


@pytest.mark.parametrize("routes", [[PEER, PEER], [DEAD, DEAD], [None, None], [MINE, PEER]])
def test_a_backup_looks_on_whatever_else_the_routes_say(world: World, routes: list[Route | None]) -> None:
    world.routes = list(routes)
    world.notify(BACKUP)
    assert world.watch()
    assert (world.deeds, world.routes) == ([], routes)


def test_a_node_in_fault_does_not_serve_though_the_route_points_here(world: World) -> None:
    world.notify(FAULT)
    assert world.watch()
    assert world.deeds == []


def test_a_master_in_order_is_left_alone(world: World) -> None:
    world.notify(MASTER)
    world.deeds.clear()
    written = (world.directory / STANDING).stat().st_ino
    assert world.watch()
    assert world.deeds == []
    assert (world.directory / STANDING).stat().st_ino == written


def test_five_minutes_count_from_the_first_time_that_it_was_overruled(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    assert not world.watch()
    assert world.store.read() == Standing(MASTER, 1000.0, held=False, lost=1000.0)
    world.clock.now += 200
    assert not world.watch()
    assert world.store.read().lost == 1000.0
    world.clock.now += 100
    assert world.watch()
    assert world.routes == [MINE, MINE]


def test_a_notification_during_a_check_wins(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    world.while_reading = lambda: world.store.write(Standing(FAULT, 1001.0))
    assert world.watch()
    assert world.store.read() == Standing(FAULT, 1001.0)


@pytest.mark.parametrize("routes", [[MINE, DEAD], [None, None], [MINE, PEER], [DEAD, DEAD]])
def test_a_master_mends_what_is_dead_missing_or_split(world: World, routes: list[Route | None]) -> None:
    world.notify(MASTER)
    world.routes = routes
    assert world.watch()
    assert world.routes == [MINE, MINE]


def test_a_master_brings_back_an_address_that_something_took_away(world: World) -> None:
    world.notify(MASTER)
    world.address = False
    assert world.watch()
    assert world.address


def test_a_fault_during_the_takeover_wins(world: World) -> None:
    world.routes = [PEER, PEER]
    world.meanwhile = lambda: world.store.write(Standing(FAULT, 1001.0))
    assert not world.notify(MASTER)
    assert not world.address
    assert world.store.read() == Standing(FAULT, 1001.0)


def test_a_node_that_is_stopped_serves_until_the_other_has_taken_the_route(world: World) -> None:
    world.notify(MASTER)
    began = world.clock.now
    world.notify(STOP)
    assert world.clock.now - began == pytest.approx(3.0, abs=0.2)
    assert not world.address


def test_a_node_that_is_stopped_goes_at_once_when_the_route_has_left(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    began = world.clock.now
    world.notify(STOP)
    assert world.clock.now == began
    assert not world.address


def test_a_backup_that_is_stopped_does_not_ask_aws(world: World) -> None:
    world.notify(BACKUP)
    world.notify(STOP)
    assert world.reads == 0


@pytest.mark.parametrize("routes", [[MINE, PEER], [PEER, MINE]])
def test_a_backup_keeps_an_address_that_some_table_still_leads_to(world: World, routes: list[Route | None]) -> None:
    world.notify(BACKUP)
    world.routes, world.address = routes, True
    world.deeds.clear()
    world.told.clear()
    assert world.watch()
    assert (world.deeds, world.told) == ([], [])


def test_what_is_wrong_with_a_table_is_told_once_and_that_it_is_mended(world: World) -> None:
    world.notify(MASTER)
    world.gone = ["rtb-9"]
    world.told.clear()
    world.watch()
    world.watch()
    assert [line.startswith("rtb-9 ") for line in world.told] == [True]
    world.gone = []
    world.watch()
    world.watch()
    assert world.told[1:] == ["All route tables are as they should be again."]


def test_a_takeover_tells_at_once_which_tables_it_could_not_move(world: World) -> None:
    world.routes, world.gone = [PEER, PEER], ["rtb-9"]
    assert world.notify(MASTER)
    assert "rtb-9 is gone." in world.told


def test_a_takeover_without_a_problem_does_not_say_that_all_is_well(world: World) -> None:
    """It did not look at tables that setup does not know; the check does."""
    world.notify(BACKUP)
    world.gone = ["rtb-9"]
    world.watch()
    world.gone = []
    world.told.clear()
    assert world.notify(MASTER)
    assert world.told == []
    world.watch()
    assert world.told == ["All route tables are as they should be again."]


def test_who_was_not_overruled_takes_over_without_looking_first(world: World) -> None:
    world.routes = [PEER, PEER]
    assert world.notify(MASTER)
    assert world.reads == 0


def test_what_a_takeover_left_is_told_to_be_mended(world: World) -> None:
    world.gone = ["rtb-9"]
    world.notify(MASTER)
    assert "rtb-9 is gone." in world.told
    world.gone = []
    assert world.watch()
    assert world.told[-1] == "All route tables are as they should be again."


def test_a_master_brings_its_address_back_though_nothing_can_be_read(world: World) -> None:
    world.notify(MASTER)
    world.address, world.unreadable = False, True
    assert world.watch()
    assert world.address


def test_what_a_takeover_could_not_mend_is_not_said_to_be_mended(world: World) -> None:
    """A table that is denied makes every check try again: told once, and never that all is well."""
    world.gone = ["rtb-9"]
    world.notify(MASTER)
    world.gone = []
    world.told.clear()
    take = world.take

    def partly(deadline: Deadline) -> dict[str, Any]:
        return {**take(deadline), "problems": ["rtb-1 is denied."]}

    world.take = partly  # type: ignore[method-assign]
    for _check in range(3):
        world.routes = [MINE, None]
        assert world.watch()
    assert world.told == ["rtb-1 is denied."]


@pytest.mark.parametrize("state", [STOP, FAULT, BACKUP])
def test_who_is_no_longer_the_master_brings_no_address_up_at_the_end(world: World, state: str) -> None:
    """The notification came while a check was about to bring the address up, and is through already."""
    world.notify(MASTER)
    world.address = False

    def brought_up() -> bool:
        world.address = True
        world.store.write(Standing(state, world.clock.now))
        return True

    world.up = brought_up  # type: ignore[method-assign]
    assert not world.watch()
    assert not world.address
    assert world.told[-1] == "No longer the master: letting go again."


def test_a_takeover_that_was_killed_and_served_all_the_same_is_over(world: World) -> None:
    """The guard waits for its end."""
    world.notify(MASTER)
    world.store.memory.write("taking", "")
    assert world.watch()
    assert not world.store.memory.killed
