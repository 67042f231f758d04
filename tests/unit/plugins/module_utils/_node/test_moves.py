# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of moves as values: what one holds, how many there are, since when, and how they are told."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics, moves
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import history, page
from unit.move_records import NOON, OVERLAY, record, table


def test_the_tables_of_a_record() -> None:
    routes: list[dict[str, Any]] = [
        {
            "route_table_id": "rtb-1",
            "destination": OVERLAY,
            "action": "replace",
            "before": {"network_interface_id": "eni-2", "instance_id": "i-2", "state": "blackhole"},
            "after": {"network_interface_id": "eni-1", "instance_id": "i-1", "state": "active"},
            "error": None,
        },
        {
            "route_table_id": "rtb-2",
            "destination": OVERLAY,
            "action": "create",
            "before": None,
            "after": {"network_interface_id": None, "instance_id": None, "state": "active", "target": "tgw-1"},
            "error": {"code": "MovedElsewhere", "message": "..."},
        },
    ]
    names = {"eni-1": "n1", "eni-2": "n2", "tgw-1": "tgw-1"}
    assert moves.tables(routes, lambda eni: names.get(eni or "")) == [
        table(),
        {**table("rtb-2", "MovedElsewhere"), "action": "create", "from": None, "to": "tgw-1"},
    ]


def test_a_record_is_bounded() -> None:
    many = [table(f"rtb-{n}") for n in range(moves.MOST_TABLES + 3)]
    made = record(tables=many, error="x" * 5000, requests={"ReplaceRoute": ["i"] * 500})
    assert (len(made["tables"]), made["left_out"]) == (moves.MOST_TABLES, 3)
    assert (len(made["error"]), len(made["requests"]["ReplaceRoute"])) == (1000, 50)
    assert made["from"] == ["n2"]
    assert made["seconds"] == {"address": 0.01, "all": 0.432}
    assert "left_out" not in record()
    assert "in 203 route tables" in moves.line(made)


def test_records_are_written_and_read() -> None:
    text = moves.added(moves.added("", [record()]), [record(NOON + 60, to="n2")])
    assert text.count("\n") == 2
    assert [r["to"] for r in moves.parsed(text)] == ["n1", "n2"]
    assert moves.parsed(text)[0] == record()


def test_the_oldest_go() -> None:
    text = moves.added("", [record(NOON + n) for n in range(moves.MOST + 2)])
    found = moves.parsed(text)
    assert len(found) == moves.MOST
    assert found[0]["time"] == moves.stamp(NOON + 2)


def test_the_file_has_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(json.dumps(record(), sort_keys=True)) + 1
    monkeypatch.setattr(moves, "LARGEST", 3 * size)
    assert len(moves.added("", [record(NOON + n) for n in range(5)])) == 3 * size
    monkeypatch.setattr(moves, "LARGEST", 1)
    assert len(moves.parsed(moves.added("", [record(NOON + n) for n in range(5)]))) == 1


def test_a_failure_that_is_met_again_is_counted() -> None:
    """keepalived's check tries again every two seconds: an hour of that must not push everything else out."""
    text = moves.added("", [record(done=False, error="denied") for _n in range(3)])
    text = moves.added(text, [record(NOON + 9, done=False, error="denied")])
    (found,) = moves.parsed(text)
    assert (found["times"], found["until"], found["time"]) == (4, moves.stamp(NOON + 9), moves.stamp(NOON))
    assert moves.line(found).endswith("; denied; 4 times, the last at 2026-01-31T12:00:09.000Z")
    assert len(moves.parsed(moves.added(text, [record(done=False, error="else")]))) == 2
    assert len(moves.parsed(moves.added(text, [record(), record()]))) == 3, "what was done is never counted together"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 10**5,
        "{}",
        json.dumps({**record(), "done": "yes"}),
        json.dumps({**record(), "time": "yesterday"}),
        json.dumps({**record(), "tables": [1]}),
        json.dumps({**record(), "tables": [{"destination": OVERLAY}]}),
        json.dumps({**record(), "seconds": {"all": "x"}}),
        json.dumps({**record(), "from": [None]}),
        json.dumps({**record(), "to": None}),
        json.dumps({**record(), "times": "x"}),
    ],
)
def test_what_is_no_record_is_left_out(line: str) -> None:
    assert moves.parsed(f"{line}\n{json.dumps(record())}\n{line}") == [record()]


def test_a_record_of_somebody_else_gets_its_time_here() -> None:
    raw = {key: value for key, value in record().items() if key not in ("time", "node")}
    found = moves.made({**raw, "seconds": {"all": 2.5}}, "n7", NOON)
    assert found is not None
    assert (found["time"], found["node"]) == ("2026-01-31T11:59:57.500Z", "n7")


@pytest.mark.parametrize("wrong", [{"seconds": None}, {"seconds": {"all": "x"}}, {"tables": 5}, {"done": 1}, {"by": 1}])
def test_what_is_no_record_is_refused(wrong: dict[str, Any]) -> None:
    assert moves.made({**record(), **wrong}, "n1", NOON) is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {},
            "2026-01-31T12:00:00.000Z 192.168.10.15/32: n2 -> n1 in 2 route tables, 0.43 s, by keepalived;"
            " keepalived made this node the master",
        ),
        (
            {
                "tables": [],
                "by": "operator",
                "who": "anna",
                "why": "",
                "done": False,
                "error": "It\nfailed.",
                "seconds": {},
            },
            "2026-01-31T12:00:00.000Z the overlay IPs: nobody -> n1 FAILED, by operator (anna); It failed",
        ),
        (
            {"tables": [{**table(), "from": None}], "why": ""},
            "2026-01-31T12:00:00.000Z 192.168.10.15/32: nobody -> n1 in 1 route table, 0.43 s, by keepalived",
        ),
    ],
)
def test_a_record_for_people(more: dict[str, Any], told: str) -> None:
    assert moves.line(record(**more)) == told


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", NOON - 5400),
        ("24h", NOON - 86400),
        (" 7d ", NOON - 7 * 86400),
        ("1w", NOON - 7 * 86400),
        ("30s", NOON - 30),
        ("03:12", NOON - 31680),
        ("3:12", NOON - 31680),
        ("03:12:30", NOON - 31650),
        ("23:00", NOON - 46800),  # of yesterday
        ("2026-01-31T12:00:00Z", NOON),
        ("2026-01-31 12:00", NOON),
        ("2026-01-31T13:00:00+01:00", NOON),
        ("2026-01-31", NOON - 43200),
        ("13:00+01:00", NOON),
        ("13:30:30+01:30", NOON + 30 - 86400),  # that is to come
        ("9:00-02:00", NOON - 3600),
        ("11:59Z", NOON - 60),
        ("01:00+14:00", NOON - 3600),  # of a day that began there at 10:00 here
    ],
)
def test_since(text: str, seconds: float) -> None:
    assert moves.since(text, NOON) == seconds


@pytest.mark.parametrize(
    "text", ["", "yesterday", "5", "25:00", "2026-13-01", "1y", "-5m", "03:00+2", "03:00+25:00", "03:00 CET"]
)
def test_since_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=rf"since is '{re.escape(text)}': write a time such as 2026-01-31T03:00"):
        moves.since(text, NOON)


@pytest.mark.parametrize(
    "text", ["2026-02-01", "2026-01-31T12:00:01Z", "2026-01-31T12:30", "9999-12-31T23:59:59-23:59"]
)
def test_since_a_time_that_is_yet_to_come(text: str) -> None:
    why = re.escape(f"since is '{text}', which is yet to come (it is 2026-01-31T12:00:00Z): write a time such as ")
    with pytest.raises(ValueError, match=why):
        moves.since(text, NOON)


def test_later() -> None:
    again = {**record(NOON - 60), "times": 2, "until": moves.stamp(NOON + 5)}
    found = [record(NOON - 1), again, record(NOON), record(NOON + 1)]
    assert moves.later(found, NOON) == found[1:]


HALF = "\ud800"
HUGE = int("9" * 400)
LINE_KEYS = [*record(), "left_out", "times", "until"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 3, HUGE, -HUGE])
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from([HALF, "2026-01-31T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["all", "x", HALF]), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(LINE_KEYS), JSON, max_size=3))
@example({"times": 3})
@example({"times": 3, "until": "never"})
@example({"times": True, "until": "2026-01-31T12:00:00Z"})
@example({"left_out": None})
@example({"seconds": {"all": HUGE}})
@example({"seconds": {"all": float("nan")}})
@example({"seconds": {"all": float("inf")}})
@example({"why": HALF})
@example({"requests": {"ReplaceRoute": [1]}})
@example({"requests": {HALF: []}})
@example({"tables": [{**table(), "from": HALF}]})
def test_whatever_is_a_record_can_be_told(odd: dict[str, Any]) -> None:
    """A line of a node's file may be anything; one that counts as a record stops nothing that reports."""
    text = json.dumps({**record(), **odd})
    found = moves.parsed(text)
    assert len(moves.parsed(moves.added(f"{text}\n", [record()]))) == len(found) + 1
    told = [*map(moves.line, found), *history.last_lines(history.last({"n1": {"moves": found}}))]
    shown = list(page._moves(found, "2026-01-31T12:00:00Z"))
    answers = {"n1": {"moves": found, "clock_offset": [0.0, 0.1]}}
    model = {"nodes": {"n1": {}}, "region": "eu-west-1"}
    told += history.lines(history.report(model, answers, "", NOON))
    for one in found:
        metrics_of = metrics._moves(metrics.Seen(Config("n1", ()), NOON, last=one), {})
        told += [str(sample.value) for sample in metrics_of]
    json.dumps([told, shown, found], ensure_ascii=False, allow_nan=False).encode("utf-8")


@pytest.mark.parametrize(
    "odd",
    [
        {"times": 3},
        {"times": 3, "until": "never"},
        {"left_out": None},
        {"left_out": HUGE},
        {"seconds": {"all": HUGE}},
        {"seconds": {"all": True}},
        {"why": HALF},
        {"requests": {"ReplaceRoute": "id"}},
    ],
)
def test_what_cannot_be_told_is_no_record(odd: dict[str, Any]) -> None:
    assert moves.parsed(json.dumps({**record(), **odd})) == []


def test_a_reason_that_is_no_text_is_kept_as_far_as_it_is() -> None:
    made = record(why=f"disk {HALF} died")
    assert made["why"] == "disk ? died"
    assert moves.valid(made)
