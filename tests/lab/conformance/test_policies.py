# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy evaluation, without an endpoint: conditions, documents and their verdicts, table by table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.endpoint.answers import LabUnsupported
from lab.endpoint.iam.conditions import OPERATORS, arn_match, glob_match, holds
from lab.endpoint.iam.documents import Document, Question, Verdict, decide, parse

CONTEXT = {
    "ec2:region": ("eu-central-1",),
    "ec2:vpc": ("arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1",),
    "aws:tagkeys": ("Name", "owner"),
    "aws:sourceip": ("203.0.113.9",),
    "aws:securetransport": ("true",),
    "aws:currenttime": ("2026-11-23T08:00:00Z",),
    "aws:username": ("alice",),
    "s3:max-keys": ("10",),
}

YES: list[tuple[str, str, Any]] = [
    ("StringEquals", "ec2:Region", "eu-central-1"),
    ("StringEquals", "EC2:REGION", "eu-central-1"),
    ("StringEquals", "ec2:Region", ["us-east-1", "eu-central-1"]),
    ("StringNotEquals", "ec2:Region", "us-east-1"),
    ("StringNotEquals", "absent:key", "x"),
    ("StringEqualsIgnoreCase", "ec2:Region", "EU-central-1"),
    ("StringNotEqualsIgnoreCase", "ec2:Region", "US-east-1"),
    ("StringLike", "ec2:Region", "eu-*-?"),
    ("StringNotLike", "ec2:Region", "us-*"),
    ("StringEqualsIfExists", "absent:key", "x"),
    ("StringLikeIfExists", "ec2:Region", "eu-*"),
    ("ArnEquals", "ec2:Vpc", "arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1"),
    ("ArnEquals", "ec2:Vpc", "arn:aws:ec2:*:111122223333:vpc/*"),
    ("ArnLike", "ec2:Vpc", "arn:*:ec2:*:*:vpc/vpc-?"),
    ("ArnNotEquals", "ec2:Vpc", "arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-2"),
    ("ArnNotLike", "ec2:Vpc", "arn:aws:ec2:us-*:*:vpc/*"),
    ("Bool", "aws:SecureTransport", True),
    ("Bool", "aws:SecureTransport", "true"),
    ("BoolIfExists", "absent:key", "true"),
    ("Null", "absent:key", "true"),
    ("Null", "ec2:Region", False),
    ("NumericLessThan", "s3:max-keys", "11"),
    ("NumericGreaterThanEquals", "s3:max-keys", 10),
    ("NumericNotEquals", "s3:max-keys", "9"),
    ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
    ("DateLessThan", "aws:CurrentTime", "2027-01-01"),
    ("IpAddress", "aws:SourceIp", ["198.51.100.0/24", "203.0.113.0/24"]),
    ("NotIpAddress", "aws:SourceIp", "198.51.100.0/24"),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["Name", "owner", "more"]),
    ("ForAllValues:StringEquals", "absent:key", "x"),
    ("ForAnyValue:StringEquals", "aws:TagKeys", "owner"),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", "owner"),
    ("StringEquals", "aws:username", "${aws:username}"),
    ("StringLike", "aws:username", "${absent:key, 'al'}*"),
]

NO: list[tuple[str, str, Any]] = [
    ("StringEquals", "ec2:Region", "eu-central-*"),
    ("StringEquals", "ec2:Region", "EU-central-1"),
    ("StringEquals", "absent:key", "x"),
    ("StringNotEquals", "ec2:Region", ["us-east-1", "eu-central-1"]),
    ("StringNotEqualsIgnoreCase", "ec2:Region", "EU-CENTRAL-1"),
    ("StringLike", "absent:key", "*"),
    ("StringNotLike", "ec2:Region", "eu-*"),
    ("StringEqualsIfExists", "ec2:Region", "us-east-1"),
    ("ArnEquals", "ec2:Vpc", "arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-2"),
    ("ArnLike", "ec2:Vpc", "arn:aws:ec2:*"),
    ("ArnLike", "ec2:Region", "*"),
    ("ArnNotLike", "ec2:Vpc", "arn:aws:ec2:*:*:vpc/*"),
    ("Bool", "aws:SecureTransport", False),
    ("Bool", "absent:key", "false"),
    ("Null", "absent:key", "false"),
    ("Null", "ec2:Region", "true"),
    ("NumericLessThan", "s3:max-keys", "10"),
    ("NumericEquals", "ec2:Region", "10"),
    ("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
    ("IpAddress", "aws:SourceIp", "198.51.100.0/24"),
    ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ("ForAllValues:StringEquals", "aws:TagKeys", "Name"),
    ("ForAnyValue:StringEquals", "aws:TagKeys", "colour"),
    ("ForAnyValue:StringEquals", "absent:key", "x"),
    ("ForAnyValue:StringNotEquals", "absent:key", "x"),
    ("StringEquals", "aws:username", "${absent:key}"),
]


@pytest.mark.parametrize(("operator", "key", "value"), YES)
def test_condition_holds(operator: str, key: str, value: Any) -> None:
    assert holds({operator: {key: value}}, CONTEXT)


@pytest.mark.parametrize(("operator", "key", "value"), NO)
def test_condition_does_not_hold(operator: str, key: str, value: Any) -> None:
    assert not holds({operator: {key: value}}, CONTEXT)


def test_every_operator_of_every_key_must_hold() -> None:
    right, wrong = {"ec2:Region": "eu-central-1"}, {"aws:username": "bob"}
    assert holds({"StringEquals": right, "Bool": {"aws:SecureTransport": "true"}}, CONTEXT)
    assert not holds({"StringEquals": {**right, **wrong}}, CONTEXT)
    assert not holds({"StringLike": right, "StringEquals": wrong}, CONTEXT)
    assert holds({}, CONTEXT)


@pytest.mark.parametrize(
    "operator", ["StringMatches", "stringequals", "ForSomeValues:StringEquals", "NullIfExists", ""]
)
def test_an_unknown_operator_is_an_error_and_no_guess(operator: str) -> None:
    with pytest.raises(LabUnsupported, match="condition operator"):
        holds({operator: {"ec2:Region": "eu-central-1"}}, CONTEXT)


def test_the_tables_above_leave_no_operator_out() -> None:
    tried = {operator.rpartition(":")[2].removesuffix("IfExists") for operator, dummy, dummy in YES + NO}
    # The rest differ from a tried one in a comparison sign or a decoding.
    rest = {"NumericLessThanEquals", "NumericGreaterThan", "DateEquals", "DateNotEquals", "DateLessThanEquals"}
    assert OPERATORS - tried == {*rest, "DateGreaterThanEquals", "BinaryEquals"}


@pytest.mark.parametrize(
    ("glob", "value", "matches"),
    [
        ("ec2:*Route", "ec2:ReplaceRoute", True),
        ("ec2:?reateRoute", "ec2:CreateRoute", True),
        ("ec2:Replace", "ec2:ReplaceRoute", False),
        ("a.c", "abc", False),
        ("[*]", "*", True),
        ("[*]", "x", False),
    ],
)
def test_glob(glob: str, value: str, matches: bool) -> None:
    assert glob_match(glob, value) is matches


def test_a_wildcard_in_an_arn_stays_in_its_part() -> None:
    assert not arn_match("arn:aws:ec2:*:vpc/vpc-1", "arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1")


def _policy(*statements: dict[str, Any]) -> Document:
    return parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


ALLOW = {"Effect": "Allow", "Action": "ec2:ReplaceRoute", "Resource": "arn:aws:ec2:*:*:route-table/rtb-1"}
ASKED = Question("ec2:ReplaceRoute", "arn:aws:ec2:eu-central-1:111122223333:route-table/rtb-1", CONTEXT)


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([ALLOW], Verdict.ALLOW),
        ([{**ALLOW, "Action": "EC2:replaceroute"}], Verdict.ALLOW),
        ([{**ALLOW, "Action": ["ec2:Create*", "ec2:R?placeRoute"]}], Verdict.ALLOW),
        ([{**ALLOW, "Action": "ec2:DeleteRoute"}], Verdict.SILENT),
        ([{**ALLOW, "Resource": "arn:aws:ec2:*:*:route-table/rtb-2"}], Verdict.SILENT),
        ([{**ALLOW, "Resource": "arn:aws:ec2:*:*:ROUTE-TABLE/rtb-1"}], Verdict.SILENT),
        ([{**ALLOW, "Resource": "arn:aws:ec2:${ec2:Region}:*:route-table/rtb-1"}], Verdict.ALLOW),
        ([{**ALLOW, "Resource": "arn:aws:ec2:${absent:key}:*:route-table/rtb-1"}], Verdict.SILENT),
        ([{**ALLOW, "Condition": {"StringEquals": {"ec2:Region": "us-east-1"}}}], Verdict.SILENT),
        ([ALLOW, {**ALLOW, "Effect": "Deny"}], Verdict.DENY),
        ([{**ALLOW, "Effect": "Deny"}, ALLOW], Verdict.DENY),
        ([ALLOW, {**ALLOW, "Effect": "Deny", "Condition": {"Null": {"ec2:Region": "true"}}}], Verdict.ALLOW),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], Verdict.ALLOW),
        ([{"Effect": "Allow", "NotAction": "ec2:*", "Resource": "*"}], Verdict.SILENT),
        ([{"Effect": "Allow", "Action": "*", "NotResource": ALLOW["Resource"]}], Verdict.SILENT),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::bucket"}], Verdict.ALLOW),
        ([], Verdict.SILENT),
    ],
)
def test_verdicts(statements: list[dict[str, Any]], verdict: Verdict) -> None:
    assert decide([_policy(*statements)], ASKED) is verdict


def test_a_deny_in_one_document_beats_the_allow_of_another() -> None:
    assert decide([_policy(ALLOW), _policy({**ALLOW, "Effect": "Deny"})], ASKED) is Verdict.DENY


@pytest.mark.parametrize("statement", [{**ALLOW, "Actoin": "x"}, {**ALLOW, "Effect": "allow"}])
def test_a_misspelt_statement_is_an_error(statement: dict[str, Any]) -> None:
    with pytest.raises(LabUnsupported, match="policy statement"):
        _policy(statement)
