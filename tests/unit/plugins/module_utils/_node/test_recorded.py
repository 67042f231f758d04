# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of each move, whoever asks for it and however it ends; none of what moved nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import moves, recorded
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import CommandError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.limit import Expired
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.recorded import CALLER, Origin, Recorded, called
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import JobError
from unit.node_script import OVERLAY, play, read, replace
from unit.script import Call

ORIGIN = Origin("keepalived", "notify MASTER", "keepalived made this node the master")


def kept(*calls: Call, command: str = "take", up: bool = False) -> tuple[list[moves.Record], Any]:
    records: list[moves.Record] = []

    def run(node: Node) -> Any:
        made = Recorded(node, ORIGIN, records.append)
        try:
            return made.take(Deadline(0.5)) if command == "take" else made.hand_over(command, Deadline(0.5))
        except (JobError, CommandError) as exc:
            return exc

    return records, play(run, *calls, up=up)[0]


def test_a_takeover() -> None:
    (record,), result = kept(
        read("eni-peer", "eni-peer"), replace("rtb-1"), replace("rtb-2"), read("eni-me", "eni-me"),
    )  # fmt: skip
    assert result["changed"]
    assert moves.valid(record)
    assert {
        name: record[name] for name in ("node", "by", "who", "command", "why", "done", "error", "reason", "to")
    } == {
        "node": "n1",
        "by": "keepalived",
        "who": "",
        "command": "notify MASTER",
        "why": "keepalived made this node the master",
        "done": True,
        "error": "",
        "reason": "",
        "to": "n1",
    }
    assert record["from"] == ["n2"]
    here = {"destination": OVERLAY, "action": "replace", "to": "n1", "error": None}
    assert record["tables"] == [
        {**here, "route_table_id": "rtb-1", "from": "n2"},
        {**here, "route_table_id": "rtb-2", "from": "n2"},
    ]
    assert list(record["seconds"]) == ["read", "write", "verify", "address", "all"]


def test_what_was_here_already_is_no_move() -> None:
    assert kept(read("eni-me", "eni-me"), up=True)[0] == []


def test_a_takeover_that_failed() -> None:
    (record,), failed = kept(read(error="UnauthorizedOperation"))
    assert (record["done"], record["tables"], record["to"]) == (False, [], "n1")
    assert record["error"] == str(failed)


def test_a_table_that_was_refused_is_the_reason() -> None:
    (record,), _failed = kept(
        read("eni-peer", "eni-peer"), replace("rtb-1", error="UnauthorizedOperation"),
        replace("rtb-2", error="UnauthorizedOperation"), read("eni-peer", "eni-peer"),
    )  # fmt: skip
    assert (record["done"], record["reason"]) == (False, "UnauthorizedOperation")
    assert [table["error"] for table in record["tables"]] == ["UnauthorizedOperation"] * 2


def test_handing_over() -> None:
    (record,), _result = kept(
        read("eni-me", "eni-me"), replace("rtb-1", "eni-peer"), replace("rtb-2", "eni-peer"),
        read("eni-peer", "eni-peer"), command="n2",
    )  # fmt: skip
    assert (record["from"], record["to"], record["done"]) == (["n1"], "n2", True)
    assert kept(command="n9")[0] == [], "a name that is wrong moves nothing"


class Broken:
    """A node that fails in some way."""

    def __init__(self, failure: BaseException) -> None:
        self.failure = failure

    class config:
        name = "n1"

    def take(self, _deadline: object) -> Any:
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "reason", "error"),
    [
        (Expired(), "Deadline", "Its deadline passed."),
        (MemoryError(), "MemoryError", "memory error"),
        (KeyError("x"), "KeyError", "'x'"),
        (JobError("No.", {}), "NotTaken", "No."),
        (JobError("No.", {"routes": None}), None, None),  # a record that cannot be made
    ],
)
def test_whatever_ends_it_is_recorded_and_raised(failure: BaseException, reason: str | None, error: str) -> None:
    records: list[moves.Record] = []
    node: Any = Broken(failure)
    with pytest.raises(type(failure)):
        Recorded(node, ORIGIN, records.append).take(Deadline(1))
    assert [(r["reason"], r["error"]) for r in records] == ([(reason, error)] if reason else [])


def test_a_record_that_cannot_be_kept_fails_nothing() -> None:
    def full(_record: object) -> None:
        raise OSError("full")

    result, _deeds, _address = play(
        lambda node: Recorded(node, ORIGIN, full).take(Deadline(0.5)),
        read("eni-peer", "eni-peer"), replace("rtb-1"), replace("rtb-2"), read("eni-me", "eni-me"),
    )  # fmt: skip
    assert result["changed"]


@pytest.mark.parametrize(
    ("environment", "origin"),
    [
        ({CALLER: "pacemaker:start"}, Origin("pacemaker", "take", "the cluster starts it here")),
        (
            {CALLER: "pacemaker:monitor"},
            Origin("pacemaker", "take", "heal: its monitor found tables that lead elsewhere"),
        ),
        ({CALLER: "pacemaker:x"}, Origin("pacemaker", "take")),
        ({CALLER: "somebody", "USER": "root"}, Origin("operator", "take", who="root")),
        ({"SUDO_USER": "anna", "USER": "root"}, Origin("operator", "take", who="anna")),
        ({"LOGNAME": "a\nb", "USER": "bert"}, Origin("operator", "take", who="bert")),
        ({}, Origin("operator", "take", who="root")),
    ],
)
def test_who_calls(environment: dict[str, str], origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded.os, "environ", environment)
    assert called("take") == origin
