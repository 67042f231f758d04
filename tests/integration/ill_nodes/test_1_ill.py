# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ill node keeps two promises: the address is up where routes point here, and letting go always works.

A telling choice, a longer one with `make long`; `make ill` plays every fault with every command.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ill.cells import OCF_ERR_GENERIC, Ill, ill

from drill.bed import Bed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

CHOICE = [
    ("full /run", "notify MASTER"),
    ("full /run", "notify BACKUP"),
    ("broken configuration", "give-up"),
    ("portal", "take"),
    ("Python is gone", "notify STOP"),
    ("clock an hour behind", "take"),
    ("metadata silent", "take"),
    ("hang", "notify BACKUP"),
    ("broken configuration", "stop"),
]
MORE = [
    ("full /run", "watch"),
    ("portal", "monitor"),
    ("no file descriptors", "notify BACKUP"),
    ("no memory", "show"),
    ("proxy sends a page", "watch"),
    ("hang", "take"),
    ("drip", "notify FAULT"),
    ("journal hangs", "notify BACKUP"),
    ("hang", "stop"),
]
SHORT = 6  # seconds in place of the agent's own timeouts; `make ill` has those


@pytest.fixture(scope="module")
def node(pair: Bed) -> Iterator[Ill]:
    with ill(pair) as made:
        yield made


def test_a_typing_error_does_not_take_the_node_s_own_address(node: Ill) -> None:
    own = node.own_address
    code, said, _up = node.run(f"give-up {own}")
    assert (code, node.own_address) == (2, own)
    assert "is not an overlay IP of this node" in said


@pytest.mark.parametrize(
    ("fault", "command"), [*CHOICE, *(pytest.param(*cell, marks=pytest.mark.long) for cell in MORE)]
)
def test_an_ill_node_keeps_its_word(node: Ill, fault: str, command: str) -> None:
    cell = node.cell(fault, command)
    assert cell.wrong == [], cell


@pytest.mark.parametrize(
    ("fault", "command"),
    [
        ("hang", "start"),
        ("drip", "monitor"),
        pytest.param("hang", "monitor", marks=pytest.mark.long),
        pytest.param("drip", "start", marks=pytest.mark.long),
    ],
)
def test_the_agent_ends_before_the_cluster_ends_it(node: Ill, fault: str, command: str) -> None:
    cell = node.cell(fault, command, granted=SHORT)
    assert cell.wrong == [], cell


def test_what_a_killed_takeover_brought_up_goes_down_at_keepalived_s_next_check(node: Ill) -> None:
    assert node.kill_between("take")
    assert node.run("watch")[2] is False


def test_what_a_killed_start_brought_up_goes_down_by_pacemaker_s_next_steps(node: Ill) -> None:
    """A monitor that fails, so that the cluster stops it there."""
    assert node.kill_between("start")
    code, _said, _up = node.run("monitor")
    assert code == OCF_ERR_GENERIC
    code, _said, up = node.run("stop")
    assert (code, up) == (0, False)
