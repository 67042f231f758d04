# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook history as it is, where nodes do not answer: that nothing was read is not that nothing moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from lab.playbook.run import Run
from unit.many_pairs import Fleet
from unit.test_evacuate import fleet, house, inventory, play

__all__ = ["fleet", "house"]

AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
HISTORY = "ansible_collections/aws_ha/overlay_ip/plugins/modules/overlay_history.py"
#: What stands in for the module: no record, and a clock that agrees.
MODULE = """#!/usr/bin/python
# WANT_JSON
import json
import time

print(json.dumps({"changed": False, "moves": [], "clock": time.time()}))
"""


def history(fleet: Fleet, house: Path, folder: Path, *away: str, **extra: Any) -> Run:
    """A run for the first of two pairs, of which some nodes do not answer."""
    (house / HISTORY).write_text(MODULE)
    path = inventory(fleet, folder, 2)
    whole = json.loads(path.read_text())
    hosts = whole["overlay_pairs"]["children"]["first"]["children"]["pair0"]["hosts"]
    for name in away:
        hosts[name].update(AWAY)
    path.write_text(json.dumps(whole))
    run = play(house, path, "history", overlay_ip_group="pair0", **extra)
    assert "Traceback" not in run.output
    return run


def test_no_node_answers(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    run = history(fleet, house, tmp_path, "n0a", "n0b")
    assert not run.ok
    assert (
        "nothing was read: no node could be asked; n0a: cannot be asked, so that what it has on record is" in run.told
    )
    assert "0 moves" not in run.output


def test_one_of_two_answers(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    run = history(fleet, house, tmp_path, "n0a")
    assert run.ok, run.output
    assert "0 moves on record, without what n0a has" in run.output


def test_a_time_that_yaml_has_made_a_number_of(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    run = history(fleet, house, tmp_path, since=yaml.safe_load("12:30"))
    assert not run.ok
    assert "since is '750': write a time such as 2026-01-31T03:00 or 03:00 (UTC, or with" in run.told
    assert "in YAML in quotes, else it is a number" in run.told


def test_a_time_that_is_yet_to_come(fleet: Fleet, house: Path, tmp_path: Path) -> None:
    run = history(fleet, house, tmp_path, since="2999-01-01T03:00")
    assert not run.ok
    assert "since is '2999-01-01T03:00', which is yet to come (it is 20" in run.told
