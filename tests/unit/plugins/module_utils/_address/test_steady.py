# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What need not be asked of overlay_interface: exactly what it would find as it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import steady, tools
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.kept import Kept
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.live import NodeError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from unit.plugins.module_utils._address.test_hold import Node

CALL: dict[str, Any] = {
    "addresses": ["192.168.10.15"],
    "interface": "auto",
    "label": "auto",
    "persistent": True,
    "persistence": "auto",
}


@pytest.fixture
def node() -> Node:
    node = Node()
    node.run(**CALL)
    return node


def is_steady(node: Node, run: Path, **options: Any) -> bool:
    return steady.steady({**CALL, **options}, node.live, node.disk, "overlay-ip", Kept(str(run)))


@pytest.mark.parametrize(
    ("options", "still"),
    [
        ({}, True),
        ({"addresses": ["192.168.10.16"]}, False),
        ({"addresses": ["192.168.10.15", "192.168.10.16"]}, False),
        ({"label": "eth0:77"}, False),
        ({"persistent": False}, False),  # the file would go
        ({"interface": "eth9"}, False),  # there is none: the module says so
        ({"addresses": ["nonsense"]}, False),
    ],
)
def test_what_would_do_nothing(node: Node, tmp_path: Path, options: dict[str, Any], still: bool) -> None:
    assert is_steady(node, tmp_path, **options) is still


def test_a_file_that_is_gone_is_written_again(node: Node, tmp_path: Path) -> None:
    for path in node.files():
        del node.disk.files[path]
    assert not is_steady(node, tmp_path)


def test_what_a_guard_would_put_elsewhere(node: Node, tmp_path: Path) -> None:
    """The module would write that anew."""
    (held,) = (one for one in node.live.held() if one.address == "192.168.10.15")
    Kept(str(tmp_path)).keep([Overlay(held.address, held.prefixlen, held.interface, held.label)])
    assert is_steady(node, tmp_path)
    Kept(str(tmp_path)).keep([Overlay(held.address, held.prefixlen, "eth7", "")])
    assert not is_steady(node, tmp_path)


def test_it_changes_nothing(node: Node, tmp_path: Path) -> None:
    before = dict(node.disk.files), node.live.held()
    is_steady(node, tmp_path, addresses=["192.168.10.16"])
    assert (node.disk.files, node.live.held()) == before


def test_a_node_that_cannot_be_read_is_asked(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(_release: str) -> Any:
        raise NodeError("neither is there")

    monkeypatch.setattr(tools, "opened", unread)
    assert steady.of_node([CALL], node.disk, Deployment()) == []
