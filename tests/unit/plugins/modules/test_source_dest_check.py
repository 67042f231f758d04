# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with EC2's rules: the exact calls, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import source_dest_check
from unit.aws_lab import AwsLab, run_module

Run = Callable[..., dict[str, Any]]
WRITE = "ModifyNetworkInterfaceAttribute"


@pytest.fixture
def run(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run source_dest_check as the operator; every check is on before."""
    for node in (1, 2):
        for index in (0, 1):
            aws.client.modify_network_interface_attribute(
                NetworkInterfaceId=aws.eni(node, index), SourceDestCheck={"Value": True}
            )
    aws.control.clear("calls")

    def play(check: bool = False, **params: Any) -> dict[str, Any]:
        return run_module(source_dest_check, capsys, check=check, **{**aws.options(), **params})

    return play


def truth(aws: AwsLab) -> dict[str, bool]:
    interfaces = aws.endpoint.snapshot(aws.world.vpc_id).interfaces
    return {i.network_interface_id: i.source_dest_check for i in interfaces}


def test_one_interface_of_each_instance(aws: AwsLab, run: Run) -> None:
    result = run(instance_ids=[aws.instance(1), aws.instance(2)])
    assert aws.calls() == ["DescribeInstances", WRITE, WRITE]
    assert result["changed"] is True
    assert result["interfaces"] == [
        {"network_interface_id": aws.eni(n), "instance_id": aws.instance(n), "before": True, "after": False}
        for n in (1, 2)
    ]
    assert result["api_calls"] == {"DescribeInstances": 1, WRITE: 2}
    assert result["diff"] == {
        "before": {aws.eni(1): True, aws.eni(2): True},
        "after": {aws.eni(1): False, aws.eni(2): False},
    }
    assert {eni for eni, on in truth(aws).items() if not on} == {aws.eni(1), aws.eni(2)}


def test_a_second_run_only_reads(aws: AwsLab, run: Run) -> None:
    run(instance_ids=[aws.instance(1)])
    aws.control.clear("calls")
    assert run(instance_ids=[aws.instance(1)])["changed"] is False
    assert aws.calls() == ["DescribeInstances"]


def test_by_interface_and_only_what_differs(aws: AwsLab, run: Run) -> None:
    run(network_interface_ids=[aws.eni(1)])
    aws.control.clear("calls")
    result = run(network_interface_ids=[aws.eni(2, 1), aws.eni(1)])
    assert aws.calls() == ["DescribeNetworkInterfaces", WRITE]
    assert [i["network_interface_id"] for i in result["interfaces"]] == [aws.eni(2, 1), aws.eni(1)]
    assert [i["before"] for i in result["interfaces"]] == [True, False]


@pytest.mark.parametrize(("params", "indexes"), [({"device_index": 1}, [1]), ({"all_interfaces": True}, [0, 1])])
def test_which_interfaces(aws: AwsLab, run: Run, params: dict[str, Any], indexes: list[int]) -> None:
    run(instance_ids=[aws.instance(1)], **params)
    assert {eni for eni, on in truth(aws).items() if not on} == {aws.eni(1, index) for index in indexes}


def test_on_again(aws: AwsLab, run: Run) -> None:
    run(network_interface_ids=[aws.eni(1)])
    result = run(network_interface_ids=[aws.eni(1)], enabled=True)
    assert (result["changed"], truth(aws)[aws.eni(1)]) == (True, True)


def test_check_mode_foretells_the_run(aws: AwsLab, run: Run) -> None:
    wanted = {"instance_ids": [aws.instance(1), aws.instance(2)], "all_interfaces": True}
    foretold = run(check=True, **wanted)
    assert aws.calls() == ["DescribeInstances"]
    done = run(**wanted)
    for result in (foretold, done):
        del result["api_calls"]
    assert foretold == done


def test_a_refusal_tells_what_is_done_and_what_not(aws: AwsLab, run: Run) -> None:
    aws.control.fault("error", skip=1, times=9, code="UnauthorizedOperation", status=403, match={"action": WRITE})
    result = run(instance_ids=[aws.instance(1), aws.instance(2)])
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["msg"].startswith(f"{aws.eni(2)} is unchanged: ModifyNetworkInterfaceAttribute is not permitted")
    assert [i["after"] for i in result["interfaces"]] == [False, True]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "one of the following is required: network_interface_ids, instance_ids"),
        (
            {"network_interface_ids": ["eni-0123456789abcdef0"]},
            "DescribeNetworkInterfaces: The networkInterface ID 'eni-0123456789abcdef0' does not exist "
            "(InvalidNetworkInterfaceID.NotFound)",
        ),
        (
            {"instance_ids": ["i-0123456789abcdef0"]},
            "DescribeInstances: The instance ID 'i-0123456789abcdef0' does not exist (InvalidInstanceID.NotFound)",
        ),
    ],
)
def test_bad_input(run: Run, params: dict[str, Any], sentence: str) -> None:
    assert run(**params)["msg"] == sentence


def test_a_device_index_that_is_not_there(aws: AwsLab, run: Run) -> None:
    assert run(instance_ids=[aws.instance(1)], device_index=5)["msg"] == (
        f"Instance {aws.instance(1)} has no network interface with device index 5; it has 0, 1: "
        "correct instance_id or device_index."
    )
    assert WRITE not in aws.calls()
