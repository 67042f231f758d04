# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent: signed as AWS publishes it, and byte for byte what botocore sends for the same call."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import http
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import answer, sign
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from unit import botocore_oracle
from unit.botocore_oracle import Signer

KEYS = sign.Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
DATE = {"Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z"}
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx"
    "7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6"
    "d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = "application/x-www-form-urlencoded"
HASHED = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"


@pytest.mark.parametrize(
    ("headers", "body", "signature"),
    [
        ({}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            {"X-Amz-Security-Token": TOKEN},
            b"",
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        ),
        (
            {"Content-Type": FORM},
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            {"Content-Type": FORM, "Content-Length": "13", "X-Amz-Content-Sha256": HASHED},
            b"Param1=value1",
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        ),
    ],
    ids=["post-vanilla", "post-sts-header-before", "post-x-www-form-urlencoded", "the same with its payload's hash"],
)
def test_published_vectors(headers: dict[str, str], body: bytes, signature: str) -> None:
    """AWS's Signature Version 4 test suite, the POST requests without a query string."""
    line = sign.authorization(KEYS, "service", "us-east-1", "POST", "/", {**DATE, **headers}, body)
    assert line.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ")
    assert line.endswith(f", Signature={signature}")


def sent(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, params: Mapping[str, Any], signer: Signer
) -> botocore_oracle.Sent:
    """The request that our client would send."""
    seen: list[botocore_oracle.Sent] = []

    def ask(place: http.Place, method: str, path: str, headers: Any, body: bytes, _limits: Any) -> http.Answer:
        kept = {name: value for name, value in headers.items() if name not in ("Host", "User-Agent")}
        signed = {name: headers[name] for name in headers if name in _SIGNED}
        assert method == "POST"
        seen.append(
            botocore_oracle.Sent(f"{place.origin}{path}", kept, body, sign.canonical(method, path, signed, body))
        )
        raise http.NoAnswer("the end")

    with monkeypatch.context() as patched:
        patched.setattr(http.Place, "ask", ask)
        patched.setattr(time, "time", lambda: float(signer.at))
        wire = Wire(
            AwsOptions(
                region=signer.region,
                access_key=signer.access_key,
                secret_key=signer.secret_key,
                session_token=signer.session_token,
                endpoint_url=signer.endpoint_url,
                aws_config={"retries": {"total_max_attempts": 1}},
            )
        )
        with pytest.raises(Exception, match="the end"):
            wire.call(service, operation, **params)
    return seen[0]


_SIGNED = ("Host", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token")

ROUTE = {"RouteTableId": "rtb-1", "DestinationCidrBlock": "192.168.10.15/32"}
ROUTE_IPV6 = {"RouteTableId": "rtb-1", "DestinationIpv6CidrBlock": "fd00:1234::15/128"}
ODD = "ä ü~*'()!&=+%/?#[]@:;,\"<>\\`{|}^-._\t\n€🦊"
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "DescribeRouteTables", {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}], "MaxResults": 100}),
    (
        "ec2",
        "DescribeRouteTables",
        {
            "Filters": [{"Name": "route-table-id", "Values": [f"rtb-{i}" for i in range(200)]}],
            "MaxResults": 100,
            "NextToken": ODD,
        },
    ),
    ("ec2", "DescribeRouteTables", {"RouteTableIds": ["rtb-1", "rtb-2"], "DryRun": False}),
    ("ec2", "DescribeRouteTables", {}),
    ("ec2", "ReplaceRoute", {**ROUTE, "NetworkInterfaceId": "eni-1"}),
    ("ec2", "ReplaceRoute", {"DryRun": True, **ROUTE_IPV6, "NetworkInterfaceId": "eni-1"}),
    ("ec2", "CreateRoute", {**ROUTE, "NetworkInterfaceId": "eni-1"}),
    ("ec2", "CreateRoute", {"DryRun": True, **ROUTE_IPV6, "NetworkInterfaceId": "eni-1"}),
    ("ec2", "DeleteRoute", ROUTE),
    ("ec2", "DeleteRoute", {"DryRun": True, **ROUTE_IPV6}),
    ("ec2", "DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["eni-1", "eni-2"]}),
    ("ec2", "DescribeInstances", {"InstanceIds": ["i-1"]}),
    ("ec2", "DescribeSubnets", {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]}),
    ("ec2", "DescribeSubnets", {"Filters": [{"Name": "tag:Name", "Values": [ODD]}], "NextToken": "abc=="}),
    (
        "ec2",
        "DescribeManagedPrefixLists",
        {"Filters": [{"Name": "prefix-list-id", "Values": ["pl-1"]}], "MaxResults": 100},
    ),
    ("ec2", "GetManagedPrefixListEntries", {"PrefixListId": "pl-1", "TargetVersion": 2, "MaxResults": 100}),
    (
        "ec2",
        "ModifyManagedPrefixList",
        {
            "PrefixListId": "pl-1",
            "CurrentVersion": 7,
            "AddEntries": [{"Cidr": "192.0.2.1/32", "Description": ODD}, {"Cidr": "2001:db8::1/128"}],
            "RemoveEntries": [{"Cidr": "192.0.2.2/32"}],
        },
    ),
    ("ec2", "CreateRoute", {"RouteTableId": "rtb-1", "DestinationPrefixListId": "pl-1", "NetworkInterfaceId": "eni-1"}),
    ("ec2", "ModifyNetworkInterfaceAttribute", {"NetworkInterfaceId": "eni-1", "SourceDestCheck": {"Value": False}}),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::222222222222:role/routing", "RoleSessionName": "overlay-ip"}),
    ("sts", "GetCallerIdentity", {}),
]
WHO = [
    Signer(),
    Signer(session_token=TOKEN),
    Signer(region="cn-north-1", secret_key="a/b+c d=ü"),
    Signer(endpoint_url="http://127.0.0.1:4566"),
    Signer(endpoint_url="https://ec2.example:443", session_token="a b//+=="),
    Signer(endpoint_url="http://[fd00::1]:80/lab/~x"),
    Signer(at=0),
    Signer(at=1_440_938_160 + 12 * 3600 + 301),
    Signer(at=4_102_444_799),
]


@pytest.mark.parametrize("who", WHO, ids=range(len(WHO)))
@pytest.mark.parametrize(("service", "operation", "params"), CALLS)
def test_what_botocore_sends(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, params: dict[str, Any], who: Signer
) -> None:
    assert sent(monkeypatch, service, operation, params, who) == botocore_oracle.request(
        service, operation, params, who
    )


ANY = st.characters(codec="utf-8")
TEXT = st.text(ANY, max_size=30)
LISTS = st.lists(TEXT, min_size=1, max_size=4)
FILTERS = st.lists(st.fixed_dictionaries({"Name": TEXT, "Values": LISTS}), min_size=1, max_size=3)
ANY_CALL = st.one_of(
    st.tuples(
        st.just("ec2"),
        st.sampled_from(["DescribeRouteTables", "DescribeSubnets"]),
        st.fixed_dictionaries(
            {}, optional={"Filters": FILTERS, "NextToken": TEXT, "DryRun": st.booleans(), "MaxResults": st.integers()}
        ),
    ),
    st.tuples(st.just("ec2"), st.just("DescribeInstances"), st.fixed_dictionaries({"InstanceIds": LISTS})),
    st.tuples(
        st.just("ec2"), st.just("DescribeNetworkInterfaces"), st.fixed_dictionaries({"NetworkInterfaceIds": LISTS})
    ),
    st.tuples(
        st.just("ec2"),
        st.sampled_from(["CreateRoute", "ReplaceRoute"]),
        st.fixed_dictionaries(
            {"RouteTableId": TEXT, "NetworkInterfaceId": TEXT},
            optional={"DryRun": st.booleans(), "DestinationCidrBlock": TEXT, "DestinationIpv6CidrBlock": TEXT},
        ),
    ),
    st.tuples(st.just("sts"), st.just("AssumeRole"), st.fixed_dictionaries({"RoleArn": TEXT, "RoleSessionName": TEXT})),
)


@given(
    call=ANY_CALL,
    at=st.integers(0, 4_102_444_799),
    secret=st.text(ANY, min_size=1, max_size=50),
    # What a header cannot carry can be no token: neither client says anything else of it than nonsense.
    token=st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
)
def test_whatever_is_asked_for(call: tuple[str, str, dict[str, Any]], at: int, secret: str, token: str | None) -> None:
    service, operation, params = call
    who = Signer(secret_key=secret, session_token=token, at=at)
    with pytest.MonkeyPatch.context() as monkeypatch:
        ours = sent(monkeypatch, service, operation, params, who)
    assert ours == botocore_oracle.request(service, operation, params, who)


def test_every_call_that_is_made_of_ec2_is_among_these() -> None:
    """The table above holds what `Ec2` and the lists can ask for, and the client what is in the table."""
    made = {operation for _service, operation, _params in CALLS}
    room = Path(__file__).parents[6] / "plugins/module_utils/_route"
    trees = [ast.parse((room / name).read_text()) for name in ("ec2.py", "lists.py", "entries.py")]
    words = {n.value for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    verbs = ("Describe", "Create", "Replace", "Delete", "Modify", "Get")
    asked = {word for word in words if isinstance(word, str) and word.isalpha() and word.startswith(verbs)}
    assert asked - {*verbs} <= made
    assert set(answer.ANSWERS) == made
