# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a cluster fences whom: devices as people write them, in every spelling, and SBD by a watchdog alone."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import cib, fencing

A, B = "i-11111111", "i-22222222"


def device(agent: str, name: str = "dev", **options: str) -> str:
    kind, type_ = agent.split(":")
    pairs = "".join(f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>' for key, value in options.items())
    attributes = f'<instance_attributes id="{name}-a">{pairs}</instance_attributes>'
    return f'<primitive id="{name}" class="{kind}" type="{type_}">{attributes}</primitive>'


def cluster(*devices: str, **properties: str) -> cib.Element | None:
    pairs = "".join(f'<nvpair id="p-{key}" name="{key}" value="{value}"/>' for key, value in properties.items())
    settings = f'<crm_config><cluster_property_set id="p">{pairs}</cluster_property_set></crm_config>'
    return cib.parsed(f"<configuration>{settings}<resources>{''.join(devices)}</resources></configuration>")


@pytest.mark.parametrize(
    ("devices", "bare", "instances"),
    [
        ([device("stonith:fence_aws", pcmk_host_map=f"A:{A};B:{B}")], ["C"], {"A": A, "B": B}),
        (
            [device("stonith:fence_aws", pcmk_host_map=f"A={A} B={B} C=i-33333333;")],
            [],
            {"A": A, "B": B, "C": "i-33333333"},
        ),
        # In other letters than the cluster's: names of nodes are compared without case.
        ([device("stonith:fence_aws", pcmk_host_map=f"a:{A};b:{B};c:x")], [], {"a": A, "b": B}),
        # A device for each node.
        (
            [
                device("stonith:fence_aws", "one", pcmk_host_list="A", plug=A),
                device("stonith:fence_aws", "two", pcmk_host_list="B", port=B),
            ],
            ["C"],
            {"A": A, "B": B},
        ),
        ([device("stonith:fence_ipmilan", pcmk_host_list="A,B C")], [], {}),
        # These find their nodes by themselves: by a tag, by a slot, by a list that the agent makes.
        ([device("stonith:external/ec2", tag="pacemaker", profile="cluster")], [], {}),
        ([device("stonith:external/sbd", pcmk_delay_max="15")], [], {}),
        ([device("stonith:fence_sbd", devices="/dev/sdb")], [], {}),
        ([device("stonith:fence_aws", region="eu-central-1")], [], {}),
        # One that finds its nodes by itself beside one for a single node.
        ([device("stonith:fence_sbd"), device("stonith:fence_aws", "two", pcmk_host_map=f"A:{A}")], [], {"A": A}),
        (["<clone id='c'>" + device("stonith:fence_aws", pcmk_host_map=f"A:{A}") + "</clone>"], ["B", "C"], {"A": A}),
        ([], [], {}),
    ],
)
def test_whom_nobody_fences(devices: list[str], bare: list[str], instances: dict[str, str]) -> None:
    root = cluster(*devices)
    assert fencing.unfenced(root, ["A", "B", "C"]) == bare
    assert fencing.instances(root) == instances
    assert len(fencing.told(root)["devices"]) == len(devices)


@pytest.mark.parametrize(
    ("have", "wait", "sure"),
    [
        ("true", "10s", True),
        ("true", "-1", True),
        ("true", "0", False),
        ("true", "0s", False),
        ("false", "10s", False),
        ("", "10", False),
    ],
)
def test_a_watchdog_is_enough_where_the_cluster_waits_for_it(have: str, wait: str, sure: bool) -> None:
    properties = {"have-watchdog": have, "stonith-watchdog-timeout": wait}
    root = cluster(device("stonith:fence_aws", pcmk_host_map=f"A:{A}"), **properties)
    assert fencing.watchdog(root) is sure
    assert fencing.unfenced(root, ["A", "B"]) == ([] if sure else ["B"])
    assert fencing.told(cluster())["watchdog"] is False


@pytest.mark.parametrize(
    ("value", "enabled"), [("true", True), ("", True), ("false", False), ("off", False), ("0", False)]
)
def test_whether_it_fences_at_all(value: str, enabled: bool) -> None:
    properties = {"stonith-enabled": value} if value else {}
    assert fencing.told(cluster(**properties))["enabled"] is enabled


def test_the_device_of_setup_is_known_by_its_name() -> None:
    assert fencing.told(cluster(device("stonith:fence_aws", fencing.OURS)))["devices"] == [
        {"name": "overlay-ip-fencing", "agent": "stonith:fence_aws"}
    ]
