# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keepalived's side of the node's program: what it decides, and what it does to address and route."""

from __future__ import annotations

import errno
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import keepalived as ka
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import (
    AWAY,
    BACKUP,
    FAULT,
    FINE,
    IDLE,
    LOST,
    MASTER,
    STOP,
    TAKE,
    Keepalived,
    Standing,
    Store,
    entered,
    heaviest,
    judge,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.tables import Seen
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table

OVERLAY = "192.168.10.15/32"


def to(eni: str, state: str = "active") -> Route:
    return Route(OVERLAY, eni, state, network_interface_id=eni)


THIRD, FOREIGN = to("eni-third"), Route(OVERLAY, "tgw-1")
MINE, PEER, DEAD = to("eni-me"), to("eni-peer"), to("eni-peer", "blackhole")
HELD = Standing(MASTER, held=True)
TAKING = Standing(MASTER)
OVERRULED = Standing(MASTER, lost=100.0)


@pytest.mark.parametrize(
    ("standing", "routes", "verdict"),
    [
        (HELD, [MINE, MINE], FINE),
        (TAKING, [MINE, MINE], FINE),
        (HELD, [PEER, PEER], LOST),
        (HELD, [PEER, MINE], LOST),  # the first table leads
        (HELD, [MINE, PEER], TAKE),
        (HELD, [DEAD, DEAD], TAKE),
        (HELD, [None, None], TAKE),
        (HELD, [to("eni-me", "blackhole")], TAKE),
        (HELD, [Route(OVERLAY, "nat-1")], TAKE),  # no interface: nobody holds it
        (TAKING, [PEER, PEER], TAKE),
        # No table decides alone: what is somebody else's is left alone while another table points here ...
        (HELD, [FOREIGN, MINE], FINE),
        (TAKING, [MINE, FOREIGN], FINE),
        (HELD, [FOREIGN, MINE, None], TAKE),
        (HELD, [THIRD, MINE], TAKE),  # an interface that is no node's does not overrule
        (HELD, [THIRD, THIRD], LOST),  # unless it has all
        (HELD, [THIRD, None], TAKE),
        (HELD, [None, PEER], LOST),  # none points here: a table at the peer says who has it
        (HELD, [DEAD, PEER], LOST),
        (OVERRULED, [PEER, PEER], AWAY),
        (OVERRULED, [DEAD, DEAD], TAKE),
        (Standing(MASTER, lost=200.0 - 299.9), [PEER], AWAY),
        (Standing(MASTER, lost=200.0 - 300.0), [PEER], TAKE),  # five minutes: long enough ago
    ],
)
def test_judgement(standing: Standing, routes: list[Route | None], verdict: str) -> None:
    assert judge(standing, routes, "eni-me", {"eni-peer"}, now=200.0) == verdict


@pytest.mark.parametrize(
    ("silence", "advert", "lost"),
    [
        (2.89, 1.0, None),
        (2.9, 1.0, 50.0),
        (4.5, 1.0, 50.0),
        (4.51, 1.0, None),
        (0.59, 0.2, 50.0),  # three short adverts
        (1.4, 0.2, None),
        (6.0, 2.0, 50.0),
        (8.4, 2.0, 50.0),
        (5.8, 2.0, None),
    ],
)
def test_silence_is_three_to_four_adverts(silence: float, advert: float, lost: float | None) -> None:
    assert entered(Standing(BACKUP, lost=50.0), MASTER, now=silence, advert=advert).lost == lost


def test_the_heaviest_verdict_counts() -> None:
    assert heaviest([FINE, LOST, TAKE]) == LOST
    assert heaviest([TAKE, FINE]) == TAKE
    assert heaviest([]) == FINE


@pytest.mark.parametrize(
    ("before", "state", "lost"),
    [
        (Standing(BACKUP, since=97.0, lost=50.0), MASTER, 50.0),  # three adverts of silence: nobody was heard
        (Standing(BACKUP, since=95.6, lost=50.0), MASTER, 50.0),
        (Standing(BACKUP, since=95.4, lost=50.0), MASTER, None),  # later than silence takes: the other one was heard
        (Standing(BACKUP, since=98.0, lost=50.0), MASTER, None),  # sooner: it said farewell
        (Standing(FAULT, since=10.0, lost=50.0), BACKUP, 50.0),
        (Standing(MASTER, since=10.0, lost=50.0), FAULT, 50.0),
        (Standing(MASTER, since=10.0, lost=50.0), STOP, None),
    ],
)
def test_what_was_lost_counts_until_the_other_node_is_heard(before: Standing, state: str, lost: float | None) -> None:
    assert entered(before, state, now=100.0, advert=1.0) == Standing(state, 100.0, held=False, lost=lost)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds


@dataclass
class World:
    """A node and its AWS: every deed is written down in order."""

    directory: Path
    routes: list[Route | None] = field(default_factory=lambda: [MINE, MINE])
    deeds: list[str] = field(default_factory=list)
    address: bool = False
    unreadable: bool = False
    refuses: bool = False
    meanwhile: Any = None
    while_reading: Any = None
    reads: int = 0
    others: tuple[str, ...] = ("n2",)
    told: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    # as Local
    @property
    def config(self) -> Config:
        return Config("n1", (Overlay(OVERLAY, (OVERLAY,)),), peers=dict.fromkeys(self.others, "eni-peer"))

    @property
    def peers(self) -> dict[str, str]:
        return dict(self.config.peers)

    def up(self) -> bool:
        changed, self.address = not self.address, True
        self.deeds += ["address up"] if changed else []
        return changed

    def down(self) -> bool:
        changed, self.address = self.address, False
        self.deeds += ["address down"] if changed else []
        return changed

    # as Node
    def mine(self) -> str:
        return "eni-me"

    def live(self) -> dict[str, str]:
        return {OVERLAY: "eth0"} if self.address else {}

    def tables(self) -> list[Seen]:
        self.reads += 1
        if self.unreadable:
            raise AwsError("Unreachable", "no answer")
        if self.while_reading:
            self.while_reading()
        tables = [Table(f"rtb-{i}", "vpc-1", "1", routes=(r,) if r else ()) for i, r in enumerate(self.routes)]
        return [Seen(self.config.overlays[0], tuple(tables), gone=tuple(self.gone))]

    def take(self, deadline: Deadline) -> dict[str, Any]:
        if self.unreadable or self.refuses:
            raise AwsError("Unreachable", "no answer")
        self.up()
        self.deeds.append("take")
        self.routes = [MINE for dummy in self.routes]
        if self.meanwhile:
            self.meanwhile()
        return {"problems": [f"{table} is gone." for table in self.gone]}

    def hand_over(self, peer: str, deadline: Deadline) -> dict[str, Any]:
        if self.unreadable:
            raise AwsError("Unreachable", "no answer")
        if MINE in self.routes:
            self.deeds.append(f"hand over to {peer}")
            self.routes = [PEER for dummy in self.routes]
        return {}

    @property
    def store(self) -> Store:
        return Store(Memory(self.directory))

    @property
    def keepalived(self) -> Keepalived:
        local: Any = self
        return Keepalived(local, lambda: local, self.store, self.told.append, 1.0, self.clock)

    def notify(self, state: str) -> bool:
        return self.keepalived.notify(state, Deadline(10, self.clock), self.clock.now)

    def watch(self) -> bool:
        return self.keepalived.watch(Deadline(10, self.clock))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "run")


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
    written = (world.directory / ka.STANDING).stat().st_ino
    assert world.watch()
    assert world.deeds == []
    assert (world.directory / ka.STANDING).stat().st_ino == written


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


def test_a_takeover_waits_for_the_one_that_is_under_way(world: World) -> None:
    world.routes = [PEER, PEER]
    with world.store.memory.locked(Deadline(1, world.clock), world.clock) as alone:
        assert alone
        assert not world.notify(MASTER)
    assert world.clock.now - 1000.0 == pytest.approx(10, abs=0.2)
    assert world.deeds == []


def test_a_check_does_not_disturb_a_takeover_that_is_under_way(world: World) -> None:
    world.notify(MASTER)
    world.routes = [PEER, PEER]
    with world.store.memory.locked(Deadline(1, world.clock), world.clock) as alone:
        assert alone
        assert world.watch()
    assert world.clock.now == 1000.0


@pytest.mark.parametrize(
    "text", ["", "[]", "5", '{"state": 5}', '{"since": NaN}', '{"held": "yes"}', '{"x": 1}', "[" * 10**5]
)
def test_a_standing_that_is_none_counts_as_absent(tmp_path: Path, text: str) -> None:
    (tmp_path / "keepalived.json").write_text(text)
    assert Store(Memory(tmp_path)).read() == Standing()


@pytest.fixture
def no_place(tmp_path: Path) -> Path:
    """A directory that cannot be made: a file is in its way, as good as a full or read-only file system."""
    (tmp_path / "run").touch()
    return tmp_path / "run"


def test_without_a_place_for_the_standing_everything_is_done_all_the_same(no_place: Path) -> None:
    world = World(no_place, routes=[PEER, PEER])
    assert world.notify(MASTER)
    assert world.deeds == ["address up", "take"]
    assert world.watch()
    for state in (BACKUP, FAULT, STOP):
        world.up()
        assert world.notify(state)
        assert not world.address
    assert any("going on without it" in line for line in world.told)


def test_a_node_that_forgot_what_it_was_hands_over_what_it_holds(no_place: Path) -> None:
    world = World(no_place, address=True)
    assert world.notify(BACKUP)
    assert world.deeds == ["hand over to n2", "address down"]


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


def test_who_was_not_overruled_takes_over_without_looking_first(world: World) -> None:
    world.routes = [PEER, PEER]
    assert world.notify(MASTER)
    assert world.reads == 0


@pytest.mark.parametrize("state", [BACKUP, FAULT])
def test_what_a_killed_takeover_brought_up_goes_down_at_the_next_check(world: World, state: str) -> None:
    """It was killed between address and route."""
    world.notify(state)
    killed = world.store.memory.taking()
    killed.__enter__()
    world.routes, world.address = [PEER, PEER], True
    world.deeds.clear()
    assert world.watch()
    assert world.deeds == ["address down"]
    world.address = True  # the next one is somebody else's
    assert world.watch()
    assert world.address


def test_an_address_that_came_before_its_route_is_given_time(world: World) -> None:
    """A switchover brings it up first, on a node whose keepalived looks on."""
    world.notify(BACKUP)
    world.routes, world.address = [PEER, PEER], True
    for _second in range(int(IDLE) - 1):
        assert world.watch()
        world.clock.now += 1.0
    assert world.address
    world.clock.now += 1.0
    assert world.watch()
    assert not world.address


def test_idleness_counts_from_the_last_time_that_a_route_pointed_here(world: World) -> None:
    world.notify(BACKUP)
    for route in (PEER, MINE, PEER):
        world.routes, world.address = [route, PEER], True
        assert world.watch()
        world.clock.now += IDLE - 1
    assert world.watch()
    assert world.address


def test_what_a_backup_served_with_goes_down_as_soon_as_the_routes_have_left(world: World) -> None:
    """No switchover brought it up, which would be about to move them here."""
    world.notify(BACKUP)
    world.routes = [MINE, MINE]
    assert world.watch()
    assert world.address
    world.routes = [PEER, PEER]
    assert world.watch()
    assert not world.address
    world.address = True  # the next one is a switchover's
    assert world.watch()
    assert world.address


def full(*_arguments: object, **_more: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_standing_that_cannot_be_renewed_is_none(world: World) -> None:
    """Else a backup on a full disk would believe for ever that it is a master that was overruled."""
    world.notify(MASTER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        world.routes = [PEER, PEER]
        world.notify(BACKUP)
    assert world.store.read() == Standing()
    assert world.watch()
    world.routes = [DEAD, DEAD]
    assert world.notify(MASTER)


def test_a_node_that_forgot_what_it_was_keeps_its_address_while_nothing_can_be_read(no_place: Path) -> None:
    world = World(no_place, address=True, unreadable=True)
    assert world.watch()
    assert world.address
    world.address = False
    assert not world.watch()


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


def test_who_holds_the_lock_is_named(world: World) -> None:
    with world.store.memory.locked(Deadline(1, world.clock), world.clock):
        assert not world.notify(MASTER)
    assert any(f"process {os.getpid()} (`" in line for line in world.told)


@pytest.mark.parametrize(
    "text",
    [
        "{not json",
        *[json.dumps({"state": "MASTER", "lost": lost}) for lost in ("soon", True, math.nan, math.inf, [1])],
        *[json.dumps({"state": "MASTER", "since": since}) for since in ("now", False, math.nan, None)],
        '{"state": 1}',
        '{"state": "MASTER", "held": 1}',
        '{"state": "MASTER", "idle": "x"}',
        '{"state": "MASTER", "more": 1}',
    ],
)
def test_a_standing_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    store = Store(Memory(tmp_path))
    (tmp_path / "keepalived.json").write_text(text)
    assert store.read() == Standing()
