# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read in an answer: the same as botocore reads, as far as we read; and nothing in what is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import answer
from unit import botocore_oracle

SERVICES = dict.fromkeys(answer.ANSWERS, "ec2") | {"AssumeRole": "sts", "GetCallerIdentity": "sts"}


def pruned(told: Mapping[str, Any], fields: answer.Fields) -> dict[str, Any]:
    """Of what botocore read, what we read."""
    return {f.name: _pruned(told[f.name], f.kind) for f in fields.values() if f.name in told}


def _pruned(value: Any, kind: Any) -> Any:
    if isinstance(kind, list):
        return [pruned(item, kind[0]) for item in value]
    return pruned(value, kind) if isinstance(kind, Mapping) else value


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(lambda d: d.strftime("%Y-%m-%dT%H:%M:%SZ"))


def values(shape: Any, known: answer.Fields | None, depth: int = 0) -> st.SearchStrategy[str]:
    """XML for a shape of botocore's model; what we require is always there, everything else may be, also unknown."""
    if shape.type_name == "structure":
        return _structures(shape, known, depth)
    if shape.type_name == "list":
        inner = values(shape.member, known, depth + 1)
        return st.lists(inner, max_size=2).map(lambda items: "".join(f"<item>{item}</item>" for item in items))
    leaves: dict[str, st.SearchStrategy[str]] = {
        "boolean": st.sampled_from(["true", "false"]),
        "integer": st.integers(0, 10**6).map(str),
        "long": st.integers(0, 10**6).map(str),
        "timestamp": MOMENT,
        "double": st.just("1.5"),
    }
    return leaves.get(shape.type_name, TEXT.map(escape))


@st.composite
def _structures(draw: st.DrawFn, shape: Any, known: answer.Fields | None, depth: int) -> str:
    parts = []
    for name, member in shape.members.items():
        tag = member.serialization.get("name", name)
        field = (known or {}).get(tag)
        if field is None and draw(st.integers(0, 9)) > 0:  # much that nobody reads: some of it will do
            continue
        if field is not None and not field.required and draw(st.booleans()):
            continue
        kind = field.kind if field else None
        inner = kind[0] if isinstance(kind, list) else kind if isinstance(kind, Mapping) else None
        if field is None and depth > 3:
            continue
        parts.append(f"<{tag}>{draw(values(member, inner, depth + 1))}</{tag}>")
    draw(st.randoms(use_true_random=False)).shuffle(parts)
    return "\n  ".join(parts)


@st.composite
def answers(draw: st.DrawFn) -> tuple[str, bytes]:
    """An operation, and an answer to it."""
    operation = draw(st.sampled_from(sorted(answer.ANSWERS)))
    shape = botocore_oracle.output_shape(SERVICES[operation], operation)
    inside = draw(values(shape, answer.ANSWERS[operation])) if shape else "<return>true</return>"
    if SERVICES[operation] == "sts":
        inside = f"<{operation}Result>{inside}</{operation}Result>"
        namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    else:
        inside = f"<requestId>1-2</requestId>{inside}"
        namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
    whole = f'<{operation}Response xmlns="{namespace}">{inside}</{operation}Response>'
    return operation, f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}'.encode()


@given(answers())
@settings(max_examples=300)
def test_the_same_as_botocore_reads(told: tuple[str, bytes]) -> None:
    operation, body = told
    theirs = botocore_oracle.parsed(SERVICES[operation], operation, body)
    assert answer.parse(operation, body) == pruned(theirs, answer.ANSWERS[operation])


@pytest.mark.parametrize("operation", answer.ANSWERS)
def test_what_we_read_is_in_the_sdks_model(operation: str) -> None:
    """Names, nesting and kinds."""

    def check(fields: answer.Fields, shape: Any) -> None:
        tags = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        for tag, field in fields.items():
            name, member = tags[tag]
            assert field.name == name
            if isinstance(field.kind, list):
                assert member.type_name == "list"
                check(field.kind[0], member.member)
            elif isinstance(field.kind, Mapping):
                assert member.type_name == "structure"
                check(field.kind, member)
            else:
                kinds = {
                    "boolean": answer._boolean,
                    "integer": int,
                    "long": int,
                    "string": str,
                    "timestamp": answer.moment,
                }
                assert field.kind is kinds[member.type_name]

    if answer.ANSWERS[operation]:
        check(answer.ANSWERS[operation], botocore_oracle.output_shape(SERVICES[operation], operation))


TABLES = (
    '<?xml version="1.0" encoding="UTF-8"?><DescribeRouteTablesResponse '
    'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">{}</DescribeRouteTablesResponse>'
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<DescribeRouteTablesResponse><routeTableSet>&b;</routeTableSet></DescribeRouteTablesResponse>"
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<DescribeRouteTablesResponse><nextToken>&x;</nextToken><routeTableSet/></DescribeRouteTablesResponse>"
)
XHTML = (
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Log in</title></head><body><p>Hello</p></body></html>'
)
NOT_ANSWERS = [
    ("", "nothing"),
    (" \n", "nothing"),
    (XHTML, "a page of HTML"),
    (XHTML.partition("?>")[2].partition(">")[2], "a page of HTML"),
    ("<html><body><p>Log in<br></body></html>", "a page of HTML"),
    ("<!doctype html><html><br></html>", "a page of HTML"),
    ('{"message": "no"}', "something that is no whole XML"),
    (TABLES.format("")[:-10], "something that is no whole XML"),
    (BOMB, "XML with a document type"),
    (OUTSIDE, "XML with a document type"),
    ("<a>" * 40 + "</a>" * 40, "XML that is nested too deeply"),
    ("<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>", "<DescribeSubnetsResponse>"),
    (TABLES.format("<requestId>1</requestId>"), "<DescribeRouteTablesResponse> without <routeTableSet>"),
    (
        TABLES.format("<routeTableSet><item><vpcId>vpc-1</vpcId></item></routeTableSet>"),
        "<item> without <routeTableId>",
    ),
]


@pytest.mark.parametrize(("text", "what"), NOT_ANSWERS)
def test_what_is_no_answer(text: str, what: str) -> None:
    with pytest.raises(answer.Unreadable) as told:
        answer.parse("DescribeRouteTables", text.encode())
    assert str(told.value) == what


def test_a_number_that_is_none() -> None:
    body = (
        "<DescribeNetworkInterfacesResponse><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId>"
        "<attachment><deviceIndex>first</deviceIndex></attachment></item></networkInterfaceSet>"
        "</DescribeNetworkInterfacesResponse>"
    )
    with pytest.raises(answer.Unreadable, match=r"^<deviceIndex> with 'first'$"):
        answer.parse("DescribeNetworkInterfaces", body.encode())


@pytest.mark.parametrize("size", [1, 10, 60, 119])
@pytest.mark.parametrize("operation", ["ReplaceRoute", "DescribeRouteTables"])
def test_a_part_of_an_answer_is_none(operation: str, size: int) -> None:
    whole = TABLES.format("<routeTableSet/>").replace("DescribeRouteTables", operation).encode()
    answer.parse(operation, whole)
    with pytest.raises(answer.Unreadable):
        answer.parse(operation, whole[:size])


@pytest.mark.parametrize(
    "body",
    [
        "<Response><Errors><Error><Code>DryRunOperation</Code><Message>Yes &amp; no</Message></Error></Errors>"
        "<RequestID>1</RequestID></Response>",
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        "<Code> DryRunOperation </Code><Message>Yes &amp; no</Message></Error></ErrorResponse>",
    ],
)
def test_errors_of_both_protocols(body: str) -> None:
    assert answer.parse_error(body.encode()) == ("DryRunOperation", "Yes & no")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (XHTML, "a page of HTML"),
        ("<Response/>", "<Response>"),
        ("<Response><Errors><Error><Code/></Error></Errors></Response>", "<Response>"),
        ("<Fault><Error><Code>x</Code></Error></Fault>", "<Fault>"),
    ],
)
def test_what_is_no_error(body: str, what: str) -> None:
    with pytest.raises(answer.Unreadable) as told:
        answer.parse_error(body.encode())
    assert str(told.value) == what


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            b"<ReplaceRouteResponse><requestId>12ab-34</requestId><return>true</return></ReplaceRouteResponse>",
            "12ab-34",
        ),
        (b"<Response><Errors>" + b"x" * 3000 + b"</Errors><RequestID>9f</RequestID></Response>", "9f"),
        (b"<R><ResponseMetadata><RequestId>aa-bb</RequestId></ResponseMetadata></R>", "aa-bb"),
        (b"<requestId>a b</requestId>", ""),
        (b"<requestId></requestId>", ""),
        (b"<requestId>" + b"a" * 5000, "a" * 64),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_the_id_of_a_request(body: bytes, found: str) -> None:
    assert answer.request_id(body) == found
