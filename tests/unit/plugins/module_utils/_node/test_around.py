# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others changed about a node in AWS: looked at now and then, told once, and a reason for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import memory as engine_memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import around
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from unit.node_script import play, read
from unit.node_script import replace as replaced
from unit.script import Call

HERE = {"NetworkInterfaceId": "eni-me", "VpcId": "vpc-1", "SubnetId": "subnet-1", "SourceDestCheck": False}
ATTACHED = {**HERE, "Attachment": {"InstanceId": "i-1", "DeviceIndex": 0}}


def look(found: dict[str, Any] | None = None, error: str = "") -> Call:
    answer = {"NetworkInterfaces": [found] if found else []}
    return Call("ec2", "DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["eni-me"]}, answer, error)


def dry(table: str, error: str = "DryRunOperation") -> Call:
    return replaced(table, error=error, DryRun=True)


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 6000.0  # the tenth number of a table: that of the first of two
        monkeypatch.setattr(engine_memory.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(around.time, "time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def looked(directory: Path, *calls: Call, sees: bool = True) -> dict[str, list[str]]:
    def run(node: Node) -> dict[str, list[str]]:
        node.config = replace(node.config, sees_interfaces=sees)
        seen = node.tables()
        return node.around(Memory(directory), Deadline(1), seen)

    found, _deeds, _address = play(run, read("eni-me", "eni-me"), *calls)
    return dict(found)


def test_a_node_that_is_as_it_was(tmp_path: Path, clock: Clock) -> None:
    assert looked(tmp_path, look(ATTACHED), dry("rtb-1")) == {"interface": [], "permission": []}


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            look({**ATTACHED, "SourceDestCheck": True}),
            "The source/destination check of eni-me was switched on, so",
        ),
        (look(HERE), "eni-me, this node's network interface, is attached to no instance, so that no packet"),
        (look(error="InvalidNetworkInterfaceID.NotFound"), "eni-me, this node's network interface, does not exist any"),
        (look(error="UnauthorizedOperation"), "This node's role may not look at eni-me any more"),
    ],
)
def test_what_was_changed_is_told_with_the_remedy(tmp_path: Path, clock: Clock, call: Call, told: str) -> None:
    (sentence,) = looked(tmp_path, call, dry("rtb-1"))["interface"]
    assert sentence.startswith(told)
    assert "run setup" in sentence


def test_a_policy_that_was_edited_is_told(tmp_path: Path, clock: Clock) -> None:
    (sentence,) = looked(tmp_path, dry("rtb-1", "UnauthorizedOperation"), sees=False)["permission"]
    assert sentence.startswith("This node may not move the route in rtb-1 any more, and could not take over: run setup")


@pytest.mark.parametrize("error", ["RequestLimitExceeded", "InternalError", "Unreachable"])
def test_what_is_not_known_is_not_told(tmp_path: Path, clock: Clock, error: str) -> None:
    assert "interface" not in looked(tmp_path, look(error=error), dry("rtb-1"))


def test_each_is_looked_at_in_its_own_time_and_another_table_each_time(tmp_path: Path, clock: Clock) -> None:
    assert looked(tmp_path, look(ATTACHED), dry("rtb-1")).keys() == {"interface", "permission"}
    clock.now += around.INTERFACE - 1
    assert looked(tmp_path) == {}
    clock.now += 1
    assert looked(tmp_path, look(ATTACHED)).keys() == {"interface"}
    clock.now += around.PERMISSION
    assert looked(tmp_path, look(ATTACHED), dry("rtb-2")).keys() == {"interface", "permission"}


def test_without_the_permission_it_does_not_look(tmp_path: Path, clock: Clock) -> None:
    assert looked(tmp_path, dry("rtb-1"), sees=False) == {"permission": []}


def test_a_clock_of_another_life_makes_it_due(tmp_path: Path, clock: Clock) -> None:
    memory = Memory(tmp_path)
    assert memory.due("x", 60)
    assert not memory.due("x", 60)
    clock.now = 10.0  # /dev/shm, say, which a container keeps
    assert memory.due("x", 60)
    memory.write("x.last", "nonsense")
    assert memory.due("x", 60)
