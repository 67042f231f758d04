# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that look at many pairs, and move their routes, from options to answer; test_two_hundred has the many."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_fleet_info, overlay_fleet_route
from unit.aws_lab import OVERLAY, AwsLab, run_module

OTHER = "192.168.10.16/32"


def look(aws: AwsLab, capsys: pytest.CaptureFixture[str], **parts: Any) -> dict[str, Any]:
    """Look at the pair of both nodes."""
    pair = {"name": "a", "instance_ids": [aws.instance(1), aws.instance(2)]}
    part = {"destinations": [OVERLAY.partition("/")[0]], **parts}
    answer = run_module(overlay_fleet_info, capsys, pairs=[{**pair, "parts": [part]}], **aws.options())
    return answer


def test_what_is_seen_of_a_pair_is_what_overlay_route_info_sees(
    aws: AwsLab, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.point(1)
    answer = look(aws, capsys)
    assert aws.calls() == ["DescribeInstances", "DescribeRouteTables", "DescribeSubnets"]
    (overlay,) = answer["pairs"]["a"]["overlays"]
    assert overlay["holder"] == {"network_interface_id": aws.eni(1), "instance_id": aws.instance(1)}
    assert (overlay["destination"], overlay["consistent"]) == (OVERLAY, True)
    assert sorted(route["route_table_id"] for route in overlay["routes"]) == aws.tables
    (network,) = answer["pairs"]["a"]["networks"]
    assert {subnet["zone_id"] for subnet in network["subnets"]} == {"euc1-az1", "euc1-az2"}
    assert {i["instance_id"] for i in network["instances"]} == {aws.instance(1), aws.instance(2)}


def test_a_table_or_an_instance_that_is_gone_is_told(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    aws.point(1)
    gone = "rtb-0123456789abcdef0"
    answer = look(aws, capsys, route_table_ids=[aws.tables[0], gone])
    assert aws.calls() == ["DescribeInstances", *["DescribeRouteTables"] * 2, "DescribeSubnets"]
    (overlay,) = answer["pairs"]["a"]["overlays"]
    assert [route["route_table_id"] for route in overlay["routes"]] == [aws.tables[0]]
    assert f"Route table {gone} does not exist." in {f["message"] for f in overlay["findings"]}
    pair = {"name": "b", "instance_ids": ["i-0123456789abcdef0"], "parts": [{"destinations": [OVERLAY]}]}
    answer = run_module(overlay_fleet_info, capsys, pairs=[pair], **aws.options())
    assert answer["pairs"]["b"]["overlays"][0]["holder"] is None


def move(aws: AwsLab, node: int, pair: str = "a", destination: str = OVERLAY) -> dict[str, Any]:
    return {"pair": pair, "network_interface_id": aws.eni(node), "tables": {destination: aws.tables}}


def test_each_pair_to_its_own_target(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    aws.point(1)
    aws.point(2, destination=OTHER)
    moves = [move(aws, 2), move(aws, 1, "b", OTHER)]
    answer = run_module(overlay_fleet_route, capsys, moves=moves, **aws.options())
    assert aws.calls() == ["DescribeRouteTables", *["ReplaceRoute"] * 6, "DescribeRouteTables"]
    assert {name: of["error"] for name, of in answer["pairs"].items()} == {"a": "", "b": ""}
    assert set(aws.truth().values()) == {aws.eni(2)}
    assert set(aws.truth(OTHER).values()) == {aws.eni(1)}
    assert answer["bucket"]["left"]["ReplaceRoute"] == pytest.approx(42, abs=1.5)
    assert answer["changed"] is True
    again = run_module(overlay_fleet_route, capsys, moves=moves, **aws.options())
    assert (again["changed"], again["api_calls"]) == (False, {"DescribeRouteTables": 1})


def test_it_waits_for_what_an_earlier_call_has_taken(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    aws.point(1)
    bucket = {"at": time.time(), "left": {"ReplaceRoute": -1.0}}
    began = time.monotonic()
    answer = run_module(overlay_fleet_route, capsys, moves=[move(aws, 2)], bucket=bucket, **aws.options())
    assert time.monotonic() - began > 0.6, "four tokens at 4.9 a second"
    assert answer["pairs"]["a"]["error"] == ""


def test_what_was_moved_elsewhere_meanwhile_is_left_there(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    aws.point(2)
    aws.point(2, destination=OTHER)
    moved = {**move(aws, 1), "network_interface_id": aws.eni(1, 1), "expected_holder": aws.instance(1)}
    held = {**move(aws, 1, "b", OTHER), "expected_holder": aws.instance(2)}
    answer = run_module(overlay_fleet_route, capsys, moves=[moved, held], **aws.options())
    assert answer["pairs"]["a"]["error"].startswith(f"Refused: {OVERLAY} in {aws.tables[0]} points at")
    assert answer["pairs"]["b"]["error"] == ""
    assert set(aws.truth().values()) == {aws.eni(2)}
    assert set(aws.truth(OTHER).values()) == {aws.eni(1)}


def test_a_pair_that_is_given_twice_is_refused(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    answer = run_module(overlay_fleet_route, capsys, moves=[move(aws, 1), move(aws, 2)], **aws.options())
    assert answer["failed"] is True
    assert answer["msg"] == "moves has a more than once: give each pair once."
    assert aws.calls() == []
