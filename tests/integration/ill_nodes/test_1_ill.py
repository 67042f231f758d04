# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ill node keeps two promises: the address is up where routes point here, and letting go always works.

A telling choice; `make ill` plays every fault with every command.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ill.cells import OCF_ERR_GENERIC, Ill, ill

from drill.bed import Bed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

CHOICE = [
    *(("full /run", command) for command in ("notify MASTER", "watch", "notify BACKUP")),
    *(("broken configuration", command) for command in ("give-up",)),
    *(("portal", command) for command in ("take", "monitor")),
    *(("no file descriptors", command) for command in ("notify BACKUP",)),
    ("no memory", "show"),
    *(("Python is gone", command) for command in ("notify STOP",)),
    *(("clock an hour behind", command) for command in ("take",)),
    ("metadata silent", "take"),
    ("proxy sends a page", "watch"),
    ("hang", "take"),
    ("hang", "notify BACKUP"),
    ("drip", "notify FAULT"),
    *(("journal hangs", command) for command in ("notify BACKUP",)),
    *((fault, "stop") for fault in ("hang", "broken configuration")),
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


@pytest.mark.parametrize(("fault", "command"), CHOICE)
def test_an_ill_node_keeps_its_word(node: Ill, fault: str, command: str) -> None:
    cell = node.cell(fault, command)
    assert cell.wrong == [], cell


@pytest.mark.parametrize("command", ["start", "monitor"])
@pytest.mark.parametrize("fault", ["hang", "drip"])
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
