# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad requests: one sentence that names variable, value and remedy, and nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from lab.handle import LabHandle

further = pytest.mark.long  # the sentences are the unit tests'


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({}, "target is not set"),
        pytest.param({"target": ""}, "target is not set", marks=further),
        pytest.param({"target": None}, "target is not set", marks=further),
        ({"target": "node9"}, "target is 'node9', which is no node: choose one of node1, node2"),
        ({"target": "node2", "overlay": "192.0.2.1"}, "overlay is '192.0.2.1', which is not in overlay_ips"),
        pytest.param(
            {"target": "node2", "expected_active": "x"}, "expected_active is 'x', which is no node", marks=further
        ),
        ({"target": "node2", "overlay_ips": [{"address": "10.0.5.5"}]}, "lies inside the CIDR 10.0.0.0/16"),
        pytest.param(
            {"target": "node2", "overlay_ips": [{"address": "192.168.10.15/24"}]},
            "the network is 192.168.10.0/24",
            marks=further,
        ),
        pytest.param(
            {"target": "node2", "overlay_ips": ["192.168.10.15", "192.168.10.15/32"]},
            "has the same address as",
            marks=further,
        ),
        pytest.param(
            {"target": "node2", "overlay_ips": [{"address": "192.168.10.9", "home": "n"}]},
            "which is no node",
            marks=further,
        ),
        pytest.param(
            {"target": "node2", "overlay_ip_region": "nowhere"},
            "overlay_ip_region is 'nowhere', which is no region",
            marks=further,
        ),
        (
            {
                "target": "node2",
                "overlay_ips": [{"address": "192.168.10.9", "route_table_ids": ["rtb-0123456789abcdef0"]}],
            },
            "Route table rtb-0123456789abcdef0 does not exist in vpc-",
        ),
    ],
)
def test_bad_requests_change_nothing(ready: LabHandle, extra: dict[str, Any], told: str) -> None:
    ready.control.clear("calls")
    before = [ready.exec(node, "ip", "-4", "addr").stdout for node in ("node1", "node2")]
    run = ready.playbook("switchover.yml", **extra)
    assert not run.ok
    assert told in run.told, run.output
    assert "Traceback" not in run.output
    assert [a for a in ready.control.actions() if not a.startswith("Describe")] == []
    assert [ready.exec(node, "ip", "-4", "addr").stdout for node in ("node1", "node2")] == before


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"overlay_ip_region": ""}, "overlay_ip_region is not set, nor is AWS_REGION"),
        ({"overlay_ip_aws": {}}, "No AWS credentials were found: set AWS_PROFILE"),
        ({"overlay_ip_aws": {"access_key": "AKIAWRONG", "secret_key": "wrong"}}, "does not accept the credentials"),
    ],
)
def test_setup_refuses_what_it_lacks(ready: LabHandle, extra: dict[str, Any], told: str) -> None:
    if "overlay_ip_aws" in extra:
        extra["overlay_ip_aws"]["endpoint_url"] = ready.world.endpoint_url
    run = ready.playbook("setup.yml", **extra)
    assert not run.ok
    assert told in run.told, run.output
    assert "Traceback" not in run.output
    assert [a for a in ready.control.actions() if not a.startswith("Describe")] == []


def test_setup_refuses_a_node_with_neither_pyroute2_nor_ip(ready: LabHandle) -> None:
    away = {"/usr/lib/python3/dist-packages/pyroute2": "/root/pyroute2", "/usr/bin/ip": "/root/ip"}
    away["/usr/sbin/ip"] = "/root/sbin-ip"
    there = [path for path in away if ready.exec("node2", "test", "-e", path).returncode == 0]
    for path in there:
        ready.exec("node2", "mv", path, away[path])
    try:
        run = ready.playbook("setup.yml")
    finally:
        for path in there:
            ready.exec("node2", "mv", away[path], path)
    assert not run.ok
    assert "node2 has neither pyroute2 nor an `ip` that can be used" in run.told, run.output
    assert "Traceback" not in run.output
    assert [a for a in ready.control.actions() if not a.startswith("Describe")] == []
