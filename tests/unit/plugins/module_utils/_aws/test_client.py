# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients with our bounds, and one sentence for whatever the SDK raises."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as ex
import botocore.parsers
import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import client as aws_client
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions, options

USER = "arn:aws:iam::111111111111:user/operator"
TABLE = "arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-1"
FOREIGN = "arn:aws:ec2:eu-central-1:222222222222:route-table/rtb-1"
HINT = "allow this action on this ARN (overlay_iam_policy with state=rendered prints the policy)."
URL = "https://ec2.eu-central-1.amazonaws.com/"


def answer(code: str, message: str = "") -> ex.ClientError:
    return ex.ClientError({"Error": {"Code": code, "Message": message}}, "ReplaceRoute")


def denial(arn: str, action: str = "ec2:ReplaceRoute") -> str:
    return (
        f"You are not authorized to perform this operation. User: {USER} is not authorized to perform: {action} on "
        f"resource: {arn} because no identity-based policy allows the {action} action. "
        "Encoded authorization failure message: abc"
    )


@pytest.mark.parametrize(
    ("raised", "code", "sentence"),
    [
        (
            answer("UnauthorizedOperation", denial(TABLE)),
            "UnauthorizedOperation",
            f"ec2:ReplaceRoute on {TABLE} is not permitted for {USER}: {HINT}",
        ),
        (
            answer("UnauthorizedOperation", denial("*", "ec2:DescribeRouteTables")),
            "UnauthorizedOperation",
            f"ec2:DescribeRouteTables on * is not permitted for {USER}: {HINT}",
        ),
        (
            answer("UnauthorizedOperation", denial(FOREIGN)),
            "UnauthorizedOperation",
            f"ec2:ReplaceRoute on {FOREIGN} is not permitted for {USER}: it belongs to account 222222222222 (a shared "
            "VPC): set assume_role_arn to a role of that account.",
        ),
        (
            answer("AccessDenied", f"User: {USER} is not authorized to perform: iam:PutRolePolicy on resource: role node because no identity-based policy allows the iam:PutRolePolicy action"),  # noqa: E501
            "AccessDenied",
            f"iam:PutRolePolicy on role node is not permitted for {USER}: {HINT}",
        ),
        (
            answer("AccessDenied", f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/routing"),  # noqa: E501
            "AccessDenied",
            f"sts:AssumeRole on arn:aws:iam::222222222222:role/routing is not permitted for {USER}: allow it to the "
            "caller, and name the caller in the role's trust policy (docs/iam.md).",
        ),
        (
            answer("UnauthorizedOperation", "You are not authorized to perform this operation."),
            "UnauthorizedOperation",
            "ReplaceRoute is not permitted for these credentials: You are not authorized to perform this operation.",
        ),
        (
            answer("RequestExpired", "Request has expired."),
            "RequestExpired",
            "The AWS credentials have expired (RequestExpired): log in again or renew the session, and run once more.",
        ),
        (
            answer("ExpiredToken"),
            "ExpiredToken",
            "The AWS credentials have expired (ExpiredToken): log in again or renew the session, and run once more.",
        ),
        (
            answer("AuthFailure"),
            "AuthFailure",
            "AWS does not accept the credentials (AuthFailure): check the access key, its secret and the clock.",
        ),
        (
            answer("InvalidClientTokenId"),
            "InvalidClientTokenId",
            "AWS does not accept the credentials (InvalidClientTokenId): check the access key, its secret and the "
            "clock.",
        ),
        (
            answer("RequestLimitExceeded", "Request limit exceeded."),
            "RequestLimitExceeded",
            "ReplaceRoute was throttled by AWS (RequestLimitExceeded): other tools use up the account's request rate.",
        ),
        (
            answer("OptInRequired"),
            "OptInRequired",
            "ReplaceRoute: the account is not subscribed to EC2 in this region.",
        ),
        (
            answer("InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-1' does not exist."),
            "InvalidRouteTableID.NotFound",
            "ReplaceRoute: The routeTable ID 'rtb-1' does not exist (InvalidRouteTableID.NotFound)",
        ),
        (answer("IncorrectState"), "IncorrectState", "ReplaceRoute: refused (IncorrectState)"),
        (answer("503"), "ServiceUnavailable", "ReplaceRoute failed with HTTP status 503."),
        (
            ex.NoRegionError(),
            "NoRegion",
            "No region is set: set overlay_ip_region (or the option region, or AWS_REGION) to the region of the VPC, "
            "for example eu-central-1.",
        ),
        (
            ex.NoCredentialsError(),
            "NoCredentials",
            "No AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, attach an "
            "AWS credential to the job template, or run on an instance with an instance profile.",
        ),
        (
            ex.ProfileNotFound(profile="nobody"),
            "NoCredentials",
            "The config profile (nobody) could not be found: set profile to one of ~/.aws/config.",
        ),
        (
            ex.SSLError(endpoint_url=URL, error=ValueError("self-signed certificate")),
            "Tls",
            f"ReplaceRoute: the endpoint's certificate was refused (SSL validation failed for {URL} self-signed "
            "certificate): check aws_ca_bundle.",
        ),
        (
            ex.ReadTimeoutError(endpoint_url=URL),
            "Unreachable",
            f'ReplaceRoute got no answer from AWS (Read timeout on endpoint URL: "{URL}"): check the network and the '
            "endpoint.",
        ),
        (
            ex.EndpointConnectionError(endpoint_url=URL),
            "Unreachable",
            f'ReplaceRoute got no answer from AWS (Could not connect to the endpoint URL: "{URL}"): check the network '
            "and the endpoint.",
        ),
        (
            ex.ConnectionClosedError(endpoint_url=URL),
            "Unreachable",
            "ReplaceRoute got no answer from AWS (Connection was closed before we received a valid response from "
            f'endpoint URL: "{URL}".): check the network and the endpoint.',
        ),
        (
            botocore.parsers.ResponseParserError("Unable to parse"),
            "InternalError",
            "ReplaceRoute was answered with something unreadable.",
        ),
        (
            ex.ParamValidationError(report="bad"),
            "ParamValidationError",
            "ReplaceRoute: Parameter validation failed:\nbad",
        ),
    ],
)  # fmt: skip
def test_every_error_is_one_sentence(raised: Exception, code: str, sentence: str) -> None:
    err = aws_client.explain(raised, "ReplaceRoute")
    assert (err.code, err.message, err.operation) == (code, sentence, "ReplaceRoute")


def test_an_explained_error_is_not_explained_again() -> None:
    err = AwsError("X", "Said already.")
    assert aws_client.explain(err, "ReplaceRoute") is err


@pytest.mark.parametrize(
    ("code", "transient", "busy", "denied"),
    [
        ("RequestLimitExceeded", True, True, False),
        ("InternalError", True, True, False),
        ("Unavailable", True, True, False),
        ("Unreachable", True, False, False),
        ("UnauthorizedOperation", False, False, True),
        ("InvalidRouteTableID.NotFound", False, False, False),
        ("AuthFailure", False, False, False),
    ],
)
def test_what_may_go_away(code: str, transient: bool, busy: bool, denied: bool) -> None:
    err = AwsError(code, "")
    assert (err.transient, err.busy, err.denied) == (transient, busy, denied)


def test_secrets_are_not_shown() -> None:
    opts = AwsOptions(access_key="AKIAEXAMPLE", secret_key="s3cr3t", session_token="t0k3n")
    assert "s3cr3t" not in repr(opts)
    assert "t0k3n" not in repr(opts)


def test_empty_options_count_as_absent() -> None:
    assert options({"region": "eu-central-1", "profile": "", "access_key": None, "other": 1}) == AwsOptions(
        region="eu-central-1"
    )


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"access_key": "A"}, "access_key and secret_key belong together: set both, or neither."),
        ({"secret_key": "S"}, "access_key and secret_key belong together: set both, or neither."),
        (
            {"access_key": "A", "secret_key": "S", "profile": "p"},
            "profile and access_key exclude each other: set only one of them.",
        ),
    ],
)
def test_contradictions(params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AwsError) as refused:
        Aws(AwsOptions(**params))
    assert str(refused.value) == sentence


def config_of(**aws_config: Any) -> Any:
    opts = AwsOptions(region="eu-central-1", access_key="A", secret_key="S", aws_config=aws_config or None)
    return Aws(opts).client("ec2").meta.config


def test_our_bounds_are_set_and_the_callers_win() -> None:
    ours = config_of()
    assert (ours.connect_timeout, ours.read_timeout) == (aws_client.CONNECT_TIMEOUT, aws_client.READ_TIMEOUT)
    assert ours.retries == {"mode": "standard", "total_max_attempts": aws_client.ATTEMPTS}
    theirs = config_of(read_timeout=30, retries={"mode": "legacy", "max_attempts": 9})
    assert theirs.read_timeout == 30
    assert theirs.retries["mode"] == "legacy"
    assert theirs.connect_timeout == aws_client.CONNECT_TIMEOUT


def test_the_worst_call_costs_seconds() -> None:
    assert aws_client.ATTEMPTS * (aws_client.CONNECT_TIMEOUT + aws_client.READ_TIMEOUT) < 30


def test_the_user_agent_names_us() -> None:
    client = Aws(AwsOptions(region="eu-central-1", access_key="A", secret_key="S")).client("ec2")
    assert client.meta.config.user_agent.startswith(f"aws_ha.overlay_ip/{aws_client.VERSION} ")


@pytest.mark.parametrize(
    ("operation", "method"),
    [
        ("DescribeRouteTables", "describe_route_tables"),
        ("ReplaceRoute", "replace_route"),
        ("ModifyNetworkInterfaceAttribute", "modify_network_interface_attribute"),
        ("GetRolePolicy", "get_role_policy"),
    ],
)
def test_an_operation_is_found_in_the_sdk(operation: str, method: str) -> None:
    assert aws_client._method(operation) == method


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_partitions(region: str, partition: str) -> None:
    assert Aws(AwsOptions(region=region)).partition == partition
