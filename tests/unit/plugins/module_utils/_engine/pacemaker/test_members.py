# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a cluster that are no candidates, and members that nobody fences: what the view tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import view as pacemaker

RECORDED = Path(__file__).with_name("recorded") / "2.1.5"
IP = "overlay-ip-192.168.10.15"


def told(monitor: str, configuration: str | None = None) -> dict[str, Any]:
    return pacemaker.told(monitor, configuration, pacemaker.COMMANDS[""], "node1")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"{IP}-never-node2", ["resource_kept_off"]),
        ("operators-never-node2", ["resource_banned"]),
        ("operators-own", ["resource_banned"]),
        (f"cli-ban-{IP}", ["resource_banned"]),
    ],
)
def test_how_setup_keeps_one_away_from_a_member_is_told_as_its_own(name: str, found: list[str]) -> None:
    """Whether it is right the report knows, which has the inventory."""
    text = (RECORDED / "ban2.xml").read_text().replace(f"cli-ban-{IP}-on-node2", name)
    assert [finding["id"] for finding in told(text)["findings"]] == found


@pytest.mark.parametrize(
    ("hosts", "bare"),
    [
        ("node1:i-11111111;node2:i-22222222;witness:i-33333333", ""),
        ("node1:i-11111111 node2=i-22222222", "witness"),
        ("node1:i-11111111", "node2 and witness"),
    ],
)
def test_a_member_that_no_device_names_is_told(hosts: str, bare: str) -> None:
    members = "".join(f'<node id="{n}" uname="{name}"/>' for n, name in enumerate(("node1", "node2", "witness"), 1))
    device = (
        '<primitive id="fence" class="stonith" type="fence_aws"><instance_attributes id="a">'
        f'<nvpair id="m" name="pcmk_host_map" value="{hosts}"/></instance_attributes></primitive>'
    )
    configuration = f"<configuration><nodes>{members}</nodes><resources>{device}</resources></configuration>"
    view = told((RECORDED / "rest.xml").read_text(), configuration)
    assert view["fencing"]["devices"] == [{"name": "fence", "agent": "stonith:fence_aws"}]
    wanted = f"No fencing device names {bare}: if that is lost, nothing fails over."
    assert [(f["message"], f["hinders"], f["severity"]) for f in view["findings"]] == (
        [(wanted, [], "warning")] if bare else []
    )
