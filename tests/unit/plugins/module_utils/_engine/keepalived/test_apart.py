# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay IPs that move apart: each has its standing, its lock and its verdict, whatever becomes of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.health import Look
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import mastership as ka
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import names
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import view as keepalived_view
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.health import health
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import (
    ADOPT,
    BACKUP,
    FAULT,
    MASTER,
    ORDERED,
    STOP,
    Standing,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import parts
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from unit.fake_host import FakeHost
from unit.keepalived_world import DEAD, MINE, PEER, World

USUAL = Deployment()
ONE, OTHER = "192.168.10.15", "192.168.10.16"


@pytest.fixture
def apart(tmp_path: Path) -> World:
    return World(tmp_path, part=ONE)


def test_what_the_other_node_holds_when_both_begin_is_left_there(apart: World) -> None:
    """One daemon begins first, and hears nobody: at first it is no master, and later takes nothing that works."""
    apart.routes = [PEER, PEER]
    apart.notify(ADOPT)
    apart.notify(FAULT)
    assert not apart.watch()
    apart.clock.now += ka.BEGINNING
    assert apart.watch()
    apart.notify(BACKUP)
    apart.clock.now += 3.06
    assert not apart.notify(MASTER)
    assert not apart.watch()
    assert apart.deeds == []
    apart.notify(FAULT)
    assert apart.watch()
    apart.notify(BACKUP)
    apart.clock.now += 60.0  # it has heard the other node meanwhile, and now no more
    assert apart.notify(MASTER)
    assert apart.deeds == ["address up", "take"]


def test_who_begins_waits_for_nobody_where_nothing_works_elsewhere(apart: World) -> None:
    apart.routes = [PEER, PEER]
    apart.notify(ADOPT)
    apart.notify(FAULT)
    apart.routes = [DEAD, DEAD]
    assert apart.watch()


def test_what_this_node_holds_is_kept(apart: World) -> None:
    apart.address = True
    apart.notify(ADOPT)
    apart.notify(BACKUP)
    assert apart.notify(MASTER)
    assert apart.deeds == ["take"]


def moved_away(world: World) -> None:
    """A switchover has moved the route; this node's check finds that, and it steps down."""
    world.notify(MASTER)
    world.routes = [PEER, PEER]


def stepped_down(world: World) -> None:
    assert not world.watch()
    world.notify(FAULT)
    assert world.watch()
    world.notify(BACKUP)
    world.clock.now += 3.06  # nobody is heard: the new holder was lost at once


@pytest.mark.parametrize("before_the_look", [True, False])
def test_after_a_switchover_what_the_new_holder_leaves_is_taken_at_once(apart: World, before_the_look: bool) -> None:
    moved_away(apart)
    if before_the_look:
        assert apart.notify(ORDERED)
    stepped_down(apart)
    if not before_the_look:
        assert apart.notify(ORDERED)
    assert apart.notify(MASTER)
    assert apart.deeds == ["address up", "take", "address down", "address up", "take"]
    assert apart.store.read() == Standing(MASTER, apart.clock.now, held=True)


def test_an_order_counts_once(apart: World) -> None:
    """In a partition the other one takes it back, and then neither disturbs the other."""
    moved_away(apart)
    apart.notify(ORDERED)
    stepped_down(apart)
    assert apart.notify(MASTER)
    apart.routes = [PEER, PEER]
    stepped_down(apart)
    assert not apart.notify(MASTER)
    assert apart.routes == [PEER, PEER]


def test_an_order_that_was_taken_back_counts_no_more(apart: World) -> None:
    moved_away(apart)
    apart.notify(ORDERED)
    apart.routes = [MINE, MINE]
    assert apart.watch()
    assert not apart.store.read().ordered


def test_an_order_waits_for_a_look_that_is_under_way(apart: World) -> None:
    moved_away(apart)
    with apart.store.memory.locked(Deadline(0)) as alone:
        assert alone
        assert not apart.notify(ORDERED)
    assert not apart.store.read().ordered


def test_together_the_holder_begins_and_nothing_is_asked(world: World) -> None:
    world.routes = [PEER, PEER]
    world.notify(ADOPT)
    assert world.reads == 0
    assert world.store.read().lost is None


def test_what_cannot_be_read_is_not_taken_for_elsewhere(apart: World) -> None:
    apart.routes, apart.unreadable = [PEER, PEER], True
    assert apart.notify(ADOPT)
    assert apart.store.read().lost is None


def test_each_has_a_standing_of_its_own(tmp_path: Path) -> None:
    one, other = World(tmp_path, part=ONE), World(tmp_path, part=OTHER, routes=[PEER, PEER])
    one.notify(MASTER)
    other.notify(BACKUP)
    assert sorted(file.name for file in tmp_path.glob("keepalived*")) == [
        f"keepalived-{ONE}.json",
        f"keepalived-{OTHER}.json",
    ]
    assert (one.store.read().state, other.store.read().state) == (MASTER, BACKUP)
    assert names.standing(ONE) == f"keepalived-{ONE}.json"


def test_a_takeover_of_one_holds_up_no_other(tmp_path: Path) -> None:
    one, other, all_of_them = (Memory(tmp_path, part=part) for part in (ONE, OTHER, ""))
    with one.locked(Deadline(0)) as alone, one.taking():
        assert alone
        assert not other.killed
        assert all_of_them.moving
        with other.locked(Deadline(0)) as also:
            assert also
        with Memory(tmp_path, part=ONE).locked(Deadline(0)) as twice:
            assert not twice
    assert not all_of_them.moving


def test_who_is_stopped_serves_each_until_the_other_node_has_it_but_never_after_the_deadline(tmp_path: Path) -> None:
    worlds = [World(tmp_path, part=part) for part in (ONE, OTHER)]
    for world in worlds:
        world.clock = worlds[0].clock
        world.notify(MASTER)
    began = worlds[0].clock.now
    deadline = Deadline(5, worlds[0].clock)
    for world in worlds:
        world.keepalived.notify(STOP, deadline, began)
    assert began + ka.LINGER < worlds[0].clock.now < began + 5.5
    assert not any(world.address for world in worlds)


def test_the_configuration_says_what_moves_by_itself() -> None:
    overlays = tuple(Overlay(f"{a}/32", (f"{a}/32",), vpc_id="vpc-1") for a in (ONE, OTHER))
    wide = Overlay("2001:db8::/64", (), vpc_id="vpc-1")
    together, alone = Config("n1", overlays), Config("n1", (*overlays, wide), apart=True)
    assert parts(together) == {"": together}
    assert {word: part.overlays for word, part in parts(alone).items()} == {
        ONE: overlays[:1],
        OTHER: overlays[1:],
        "2001-db8---64": (wide,),
    }


def view(first: str, second: str, journal: str = "") -> dict[str, Any]:
    config = {"name": "node2", "apart": True, "overlays": [{"destination": f"{a}/32"} for a in (ONE, OTHER)]}
    files = {USUAL.config: json.dumps(config)}
    for part, state in ((ONE, first), (OTHER, second)):
        files[f"{USUAL.memory[0]}/{names.standing(part)}"] = json.dumps({"state": state})
    unit = names.unit(USUAL)
    asked = ("journalctl", "--unit", unit, "--output=cat", "--lines=300", "--no-pager")
    return keepalived_view.seen(FakeHost(files, [unit], {asked: journal}), USUAL)


def test_it_says_which_it_is_the_master_of() -> None:
    seen = view("MASTER", "BACKUP")
    assert seen["state"] == f"BACKUP of {OTHER}, MASTER of {ONE}"
    assert (seen["holder"], seen["holders"]) == ("", {ONE: "self", OTHER: ""})
    assert seen["states"] == {ONE: "MASTER", OTHER: "BACKUP"}
    assert seen["findings"] == []
    assert view("MASTER", "MASTER")["state"] == "MASTER"


def test_a_fault_of_one_is_told_of_that_one() -> None:
    journal = (
        f"VRRP_Script(overlay_ip_route_{OTHER}) failed (exited with status 1)\n"
        f"VRRP_Script(overlay_ip_route_{ONE}) succeeded\n"
    )
    (found,) = view("MASTER", "FAULT", journal)["findings"]
    assert found["message"] == (
        f"keepalived is in FAULT on node2 for {OTHER}: `aws-overlay-ip watch` failed (exited with status 1)."
    )


def test_an_application_that_fails_is_a_fault_of_each() -> None:
    journal = "VRRP_Script(overlay_ip_application) failed (exited with status 1)\n"
    found = view("FAULT", "FAULT", journal)["findings"]
    assert [f["id"] for f in found] == ["engine_check_failed"] * 2


def test_what_works_here_is_not_lost(apart: World) -> None:
    apart.routes = [MINE, PEER]
    apart.notify(ADOPT)
    assert apart.store.read().lost is None


def test_at_a_glance_the_worst_of_them_counts() -> None:
    config = json.dumps({"apart": True, "overlays": [{"destination": f"{a}/32"} for a in (ONE, OTHER)]})
    assert keepalived_view.parts(config) == {ONE: ONE, OTHER: OTHER}
    assert keepalived_view.parts(config.replace("true", "false")) == {}
    files = {names.conf(USUAL): names.MARK, USUAL.config: config}
    said = {names.standing(ONE): '{"state": "MASTER"}', names.standing(OTHER): '{"state": "FAULT"}'}
    look = Look(
        USUAL, lambda name: said.get(name, ""), 1.0, 1000.0, lambda path: files.get(path, ""), lambda *_argv: None
    )
    found = health(look)
    assert found is not None
    assert found.able is False
