# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failover engines say of themselves."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import seen as views
from unit.fake_host import FakeHost

STANDING = "/run/aws-overlay-ip/keepalived.json"
MON = """<pacemaker-result api-version="2.25" request="crm_mon --output-as=xml"><summary>
<current_dc present="true" with_quorum="{quorum}"/></summary><resources>
<resource id="fence" resource_agent="stonith:fence_aws" role="Started"><node name="n2" id="2"/></resource>
{resources}</resources></pacemaker-result>"""
ON = '<resource id="{0}" resource_agent="ocf:aws_ha:overlay-ip" role="Started"><node name="{1}" id="1"/></resource>'
NOT_ONE = "not started, or not on one node"
OFF = '<resource id="a" resource_agent="ocf:heartbeat:aws-vpc-move-ip" role="Stopped"/>'


@pytest.mark.parametrize(
    ("standing", "view"),
    [
        ('{"state": "MASTER", "held": true}', {"engine": "keepalived", "state": "MASTER", "holder": "self"}),
        ('{"state": "FAULT"}', {"engine": "keepalived", "state": "FAULT", "holder": ""}),
        (None, {"engine": "keepalived", "state": "UNKNOWN", "holder": ""}),
    ],
)
def test_keepalived(standing: str | None, view: dict[str, str]) -> None:
    host = FakeHost({STANDING: standing} if standing else {}, units=["keepalived.service"])
    assert views(host) == [view]


@pytest.mark.parametrize(
    ("text", "state", "holder"),
    [
        (MON.format(quorum="true", resources=ON.format("a", "n1")), "started on n1", "n1"),
        (MON.format(quorum="true", resources=OFF), NOT_ONE, ""),
        (MON.format(quorum="true", resources=ON.format("a", "n1") + ON.format("b", "n2")), NOT_ONE, ""),
        (MON.format(quorum="false", resources=ON.format("a", "n1")), "no quorum", ""),
        (None, "does not answer", ""),
    ],
)  # fmt: skip
def test_pacemaker(text: str | None, state: str, holder: str) -> None:
    command = ("crm_mon", "--one-shot", "--output-as=xml")
    host = FakeHost(units=["pacemaker.service"], outputs={command: text} if text else {})
    assert views(host) == [{"engine": "pacemaker", "state": state, "holder": holder}]


def test_a_node_without_an_engine() -> None:
    assert views(FakeHost()) == []


@pytest.mark.parametrize(
    ("units", "expected"),
    [([], []), (["keepalived.service"], ["keepalived"]), (["pacemaker.service", "corosync.service"], ["pacemaker"])],
)
def test_which_run(units: list[str], expected: list[str]) -> None:
    assert registry.running(FakeHost(units=units)) == expected
