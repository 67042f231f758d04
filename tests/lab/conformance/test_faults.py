# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand, and the list of calls: each effect as a client meets it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from lab.endpoint import Endpoint, boto_client
from lab.endpoint.control import Control, ControlError
from lab.endpoint.faults import EFFECTS
from lab.world import World

from .bench import OVERLAY


@pytest.fixture
def ec2(endpoint: Endpoint) -> Any:
    """The administrator's client; tries once."""
    return endpoint.client("ec2")


def _retrying(endpoint: Endpoint, attempts: int = 3, **config: Any) -> Any:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return boto_client("ec2", endpoint.url, endpoint.region, endpoint.admin, retries=retries, **config)


def _timed(call: Callable[[], Any]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def _move(client: Any, world: World, node: int) -> None:
    client.replace_route(
        RouteTableId=world.main_route_table_id,
        DestinationCidrBlock=OVERLAY,
        NetworkInterfaceId=world.nodes[node].network_interface_ids[0],
    )


def _holder(client: Any, world: World) -> str:
    routes = client.describe_route_tables(RouteTableIds=[world.main_route_table_id])["RouteTables"][0]["Routes"]
    return next(str(r["InstanceId"]) for r in routes if r.get("DestinationCidrBlock") == OVERLAY)


@pytest.fixture
def routed(ec2: Any, world: World) -> World:
    """The world with an overlay route to node1."""
    ec2.create_route(
        RouteTableId=world.main_route_table_id,
        DestinationCidrBlock=OVERLAY,
        NetworkInterfaceId=world.nodes[0].network_interface_ids[0],
    )
    return world


# --- effects ----------------------------------------------------------------------------------------------------------


def test_throttle_is_503_and_absorbed_by_retries(endpoint: Endpoint, control: Control, ec2: Any) -> None:
    control.fault("throttle", times=2)
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs()
    assert caught.value.response["Error"]["Code"] == "RequestLimitExceeded"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    mark = control.mark()
    assert _retrying(endpoint).describe_vpcs()
    assert [(c["code"], c["attempt"]) for c in control.calls(mark)] == [("RequestLimitExceeded", 1), ("", 2)]


def test_error_is_any_code_and_status(control: Control, ec2: Any) -> None:
    control.fault("error", times=1, code="IncorrectState", status=400, message="not now")
    with pytest.raises(ClientError, match=r"IncorrectState.*not now"):
        ec2.describe_vpcs()
    assert ec2.describe_vpcs()


def test_delay_comes_before_the_deed_and_delay_response_after(
    endpoint: Endpoint, control: Control, ec2: Any, routed: World
) -> None:
    changes: list[float] = []
    endpoint.subscribe(lambda: changes.append(time.monotonic()))
    for do, early in (("delay", False), ("delay_response", True)):
        changes.clear()
        control.fault(do, match={"action": "ReplaceRoute"}, times=1, seconds=0.4)
        started = time.monotonic()
        assert _timed(lambda: _move(ec2, routed, 1)) >= 0.4
        assert (changes[0] - started < 0.4) is early, do


def test_drop_is_a_closed_connection_and_retried(endpoint: Endpoint, control: Control, ec2: Any) -> None:
    control.fault("drop", times=2)
    with pytest.raises(ConnectionClosedError):
        ec2.describe_vpcs()
    assert _retrying(endpoint).describe_vpcs()
    assert [(c["status"], c["applied"]) for c in control.calls(action="DescribeVpcs")] == [
        (0, False),
        (0, False),
        (200, True),
    ]


def test_hang_lasts_until_the_client_gives_up(endpoint: Endpoint, control: Control) -> None:
    control.fault("hang", times=1)
    client = _retrying(endpoint, attempts=1, read_timeout=0.5)
    with pytest.raises(ReadTimeoutError):
        client.describe_vpcs()
    assert client.describe_vpcs()


def test_lose_response_has_done_the_deed(endpoint: Endpoint, control: Control, ec2: Any, routed: World) -> None:
    control.fault("lose_response", match={"action": "ReplaceRoute"}, times=1)
    with pytest.raises(ConnectionClosedError):
        _move(ec2, routed, 1)
    assert _holder(ec2, routed) == routed.nodes[1].instance_id
    [call] = control.calls(action="ReplaceRoute")
    assert (call["status"], call["applied"], call["faults"]) == (0, True, ["lose_response"])


def test_a_lost_create_answer_makes_the_retry_fail(endpoint: Endpoint, control: Control, world: World) -> None:
    """What a client has to expect where EC2 refuses a repeated create, and not where it accepts one (disputed)."""
    for refuse in (True, False):
        control.settings(refuse_same_target=refuse)
        control.fault("lose_response", match={"action": "CreateRoute"}, times=1)
        create = {
            "RouteTableId": world.main_route_table_id,
            "DestinationCidrBlock": OVERLAY,
            "NetworkInterfaceId": world.nodes[0].network_interface_ids[0],
        }
        client = _retrying(endpoint)
        if refuse:
            with pytest.raises(ClientError, match="RouteAlreadyExists"):
                client.create_route(**create)
        else:
            assert client.create_route(**create)["Return"]
        client.delete_route(RouteTableId=world.main_route_table_id, DestinationCidrBlock=OVERLAY)


def test_stale_answers_with_a_past_state_and_creates_and_deletes_are_part_of_it(
    endpoint: Endpoint, control: Control, ec2: Any, routed: World
) -> None:
    time.sleep(0.3)  # so that the past is a moment apart
    _move(ec2, routed, 1)
    control.fault("stale", times=1, seconds=0.2)
    assert _holder(ec2, routed) == routed.nodes[0].instance_id
    assert _holder(ec2, routed) == routed.nodes[1].instance_id
    control.fault("stale", times=1, seconds=60)
    assert _routes(ec2, routed) == {"10.0.0.0/16"}
    time.sleep(0.3)
    ec2.delete_route(RouteTableId=routed.main_route_table_id, DestinationCidrBlock=OVERLAY)
    control.fault("stale", times=1, seconds=0.2)
    assert _routes(ec2, routed) == {"10.0.0.0/16", OVERLAY}
    assert _routes(ec2, routed) == {"10.0.0.0/16"}


def _routes(client: Any, world: World) -> set[str]:
    [table] = client.describe_route_tables(RouteTableIds=[world.main_route_table_id])["RouteTables"]
    return {route["DestinationCidrBlock"] for route in table["Routes"]}


def test_propagation_delay_is_a_setting_that_the_fabric_reads(endpoint: Endpoint, control: Control) -> None:
    assert endpoint.propagation_delay == 0
    assert control.settings(propagation_delay=1.5)["propagation_delay"] == 1.5
    assert endpoint.propagation_delay == 1.5


# --- matching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, True),
        ({"action": "DescribeVpcs"}, True),
        ({"action": "DescribeSubnets"}, False),
        ({"service": "ec2"}, True),
        ({"service": "iam"}, False),
        ({"region": "eu-central-1"}, True),
        ({"region": "us-east-1"}, False),
        ({"mutating": False}, True),
        ({"mutating": True}, False),
        ({"caller": "operator"}, True),
        ({"caller": "node1"}, False),
        ({"action": "DescribeVpcs", "caller": "operator", "mutating": False}, True),
        ({"action": "DescribeVpcs", "caller": "somebody"}, False),
    ],
)
def test_a_rule_meets_what_it_matches(
    endpoint: Endpoint, control: Control, world: World, match: dict[str, Any], hit: bool
) -> None:
    control.fault("throttle", match=match)
    client = endpoint.client("ec2", world.operator.credentials())
    if hit:
        with pytest.raises(ClientError, match="RequestLimitExceeded"):
            client.describe_vpcs()
    else:
        assert client.describe_vpcs()
    control.clear("faults")
    assert client.describe_vpcs()


def test_callers_are_matched_by_key_arn_or_name(endpoint: Endpoint, control: Control, world: World) -> None:
    client = endpoint.client("ec2", world.operator.credentials())
    arn = endpoint.client("sts", world.operator.credentials()).get_caller_identity()["Arn"]
    for caller in (world.operator.access_key, arn, world.operator_name):
        control.fault("throttle", match={"caller": caller}, times=1)
        with pytest.raises(ClientError, match="RequestLimitExceeded"):
            client.describe_vpcs()


def test_skip_and_times_count_matching_calls(control: Control, ec2: Any) -> None:
    control.fault("throttle", match={"action": "DescribeVpcs"}, skip=1, times=2)
    seen = []
    for dummy in range(5):
        ec2.describe_subnets()  # does not match, and so does not count
        try:
            ec2.describe_vpcs()
            seen.append("ok")
        except ClientError as error:
            seen.append(error.response["Error"]["Code"])
    assert seen == ["ok", "RequestLimitExceeded", "RequestLimitExceeded", "ok", "ok"]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"do": "explode"}, "a fault's 'do' is one of throttle"),
        ({"do": "drop", "seconds": 1}, "a drop fault has no seconds"),
        ({"do": "throttle", "match": {"colour": "red"}}, "match.colour"),
        ({}, "a fault's 'do' is one of"),
    ],
)
def test_a_wrong_rule_is_refused_and_says_why(control: Control, rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ControlError, match=complaint):
        control.faults([{"do": "throttle"}, rule])


def test_a_refused_list_adds_none_of_its_rules(control: Control, ec2: Any) -> None:
    with pytest.raises(ControlError):
        control.faults([{"do": "throttle"}, {"do": "explode"}])
    assert ec2.describe_vpcs()


@pytest.mark.parametrize("do", EFFECTS)
def test_every_effect_reaches_iam_and_sts_too(endpoint: Endpoint, control: Control, do: str) -> None:
    options: dict[str, Any] = {"seconds": 0.1} if "seconds" in EFFECTS[do] else {}
    control.fault(do, times=1, match={"service": "sts"}, **options)
    client = boto_client("sts", endpoint.url, endpoint.region, endpoint.admin, read_timeout=5)
    with contextlib.suppress(ClientError, ConnectionClosedError):
        client.get_caller_identity()
    [call] = control.calls(action="GetCallerIdentity")
    assert call["faults"] == [do]


# --- the list of calls ------------------------------------------------------------------------------------------------


def test_the_list_says_who_asked_what_and_what_came_of_it(endpoint: Endpoint, control: Control, routed: World) -> None:
    mark, before = control.mark(), time.time()
    operator = endpoint.client("ec2", routed.operator.credentials())
    _move(operator, routed, 1)
    with pytest.raises(ClientError):
        operator.stop_instances(InstanceIds=[routed.nodes[0].instance_id])
    done, refused = control.calls(mark)
    assert done["action"] == "ReplaceRoute"
    assert done["service"] == "ec2"
    assert done["region"] == "eu-central-1"
    assert done["caller"] == f"arn:aws:iam::{routed.account_id}:user/operator"
    assert done["access_key"] == routed.operator.access_key
    assert done["attempt"] == 1
    assert done["params"] == {
        "RouteTableId": routed.main_route_table_id,
        "DestinationCidrBlock": OVERLAY,
        "NetworkInterfaceId": routed.nodes[1].network_interface_ids[0],
    }
    assert (done["status"], done["code"], done["applied"]) == (200, "", True)
    assert before <= done["time"] <= time.time()
    assert (refused["status"], refused["code"], refused["applied"]) == (403, "UnauthorizedOperation", False)
    assert control.actions(mark, code="UnauthorizedOperation") == ["StopInstances"]


def test_no_secret_is_in_the_list(endpoint: Endpoint, control: Control, world: World) -> None:
    keys = world.operator.credentials()
    endpoint.client("ec2", keys).describe_vpcs()
    assert keys.secret_key not in str(control.calls())
    assert "Signature" not in str(control.calls())


def test_unknown_pages_and_settings_are_refused(control: Control) -> None:
    with pytest.raises(ControlError, match="unknown setting 'colour'"):
        control.settings(colour="red")
    with pytest.raises(ControlError, match="takes a value like"):
        control.settings(refuse_same_target=3)
    with pytest.raises(ControlError, match="there are GET /_lab/calls"):
        control._get("nonsense")
