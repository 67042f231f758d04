# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ill node keeps two promises: the address is up where routes point here, and letting go always works.

A telling choice; `make ill` plays every fault with every command.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ill.cells import Ill, ill

from drill.bed import Bed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

CHOICE = [
    *(("full /run", command) for command in ("notify MASTER", "watch", "notify BACKUP", "give-up")),
    *(("broken configuration", command) for command in ("notify STOP", "give-up")),
    *(("portal", command) for command in ("take", "watch", "monitor")),
    ("hang", "take"),
    ("hang", "notify BACKUP"),
    ("drip", "notify FAULT"),
]


@pytest.fixture(scope="module")
def node(pair: Bed) -> Iterator[Ill]:
    with ill(pair) as made:
        yield made


@pytest.mark.parametrize(("fault", "command"), CHOICE)
def test_an_ill_node_keeps_its_word(node: Ill, fault: str, command: str) -> None:
    cell = node.cell(fault, command)
    assert cell.wrong == [], cell
