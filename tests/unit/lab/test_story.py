# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's sentences, from what the modules return."""

from __future__ import annotations

from typing import Any

import pytest

from lab.playbook.run import Run, TaskResult
from lab.probe.report import Sample, analyse
from lab.story import changes, in_short, listed, verdict

NAMES = {"i-1": "node1", "eni-1": "node1", "i-2": "node2", "eni-2": "node2"}


def run(*results: tuple[str, str, dict[str, Any]]) -> Run:
    tasks = [
        TaskResult(host, "A task", f"aws_ha.overlay_ip.{module}", "changed", item) for host, module, item in results
    ]
    return Run(0, "", 1.0, tuple(tasks))


def end(interface_id: str | None) -> dict[str, Any]:
    return {"network_interface_id": interface_id, "instance_id": None, "state": "active"}


def route(action: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    item = {
        "route_table_id": "rtb-1",
        "destination": "192.0.2.1/32",
        "action": action,
        "before": before,
        "after": after,
    }
    return {"changed": True, "routes": [item]}


def address(live: bool, persistent: bool, label: str = "eth0:1") -> dict[str, Any]:
    found = {"address": "192.0.2.1/32", "label": label, "live": live, "persistent": persistent}
    return {"changed": True, "addresses": [found]}


@pytest.mark.parametrize(
    ("results", "lines"),
    [
        ([], []),
        ([("node1", "overlay_page", {"changed": True, "path": "/tmp/x.html"})], ["page        /tmp/x.html"]),
        (
            [("node1", "overlay_route", route("replace", end("eni-1"), end("eni-2")))],
            ["route       rtb-1: 192.0.2.1/32 node1 -> node2"],
        ),
        (
            [("node1", "overlay_route", route("create", None, end("eni-9")))],
            ["route       rtb-1: 192.0.2.1/32 nowhere -> eni-9"],
        ),
        (
            [("node1", "overlay_route", route("replace", end(None), end("eni-1")))],
            ["route       rtb-1: 192.0.2.1/32 a dead interface -> node1"],
        ),
        ([("node1", "overlay_route", route("none", end("eni-1"), end("eni-1")))], []),
        (
            [
                ("node1", "overlay_interface", address(True, True)),
                ("node2", "overlay_interface", address(True, True, "")),
            ],
            ["address     192.0.2.1/32 is up on node1 (eth0:1) and node2 (no label), and kept for the next boot"],
        ),
        (
            [("node1", "overlay_interface", address(True, False))],
            ["address     192.0.2.1/32 is up on node1 (eth0:1)"],
        ),
        (
            [("node1", "overlay_interface", address(False, False))],
            ["address     192.0.2.1/32 is gone from node1 (eth0:1)"],
        ),
        (
            [
                (
                    "node1",
                    "source_dest_check",
                    {
                        "changed": True,
                        "interfaces": [
                            {"instance_id": "i-1", "before": True, "after": False},
                            {"instance_id": "i-2", "before": False, "after": False},
                        ],
                    },
                )
            ],
            ["check       the source/destination check is off on node1"],
        ),
        (
            [
                (
                    "node1",
                    "overlay_iam_policy",
                    {"changed": True, "role_name": "r1", "policy": {"Version": "2012-10-17"}},
                )
            ],
            ["permission  the roles r1 may move the route, and nothing else"],
        ),
        ([("node1", "somebody_elses_module", {"changed": True})], []),
    ],
)
def test_changes(results: list[tuple[str, str, dict[str, Any]]], lines: list[str]) -> None:
    assert changes(run(*results), NAMES) == lines


def test_the_items_of_a_loop_are_told_without_those_that_changed_nothing() -> None:
    idle = {**route("none", end("eni-1"), end("eni-1")), "changed": False}
    loop = {"results": [idle, route("delete", end("eni-2"), None)]}
    assert changes(run(("node1", "overlay_route", loop)), NAMES) == ["route       rtb-1: 192.0.2.1/32 node2 -> nowhere"]


@pytest.mark.parametrize(
    ("who", "words", "lost"),
    [
        (["node1", "node2"], ["before", "after"], "lost    0 of 2 packets; the address was silent for 0 ms"),
        (["node1", None, "node2"], ["before", "after"], "lost    1 of 3 packets; the address was silent for 2 ms"),
        ([None, None], [], "lost    2 of 2 packets; the address was silent for 1 ms"),
    ],
)
def test_verdict(who: list[str | None], words: list[str], lost: str) -> None:
    lines = verdict(analyse("192.0.2.1", 0.0, [Sample(number / 1000, name) for number, name in enumerate(who)]))
    assert [line.split()[0] for line in lines[:-1]] == words
    assert lines[-1] == lost


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_listed(words: list[str], text: str) -> None:
    assert listed(words) == text


def test_in_short() -> None:
    who = ["node1", None, "node2"]
    report = analyse("192.0.2.1", 0.0, [Sample(number / 1000, name) for number, name in enumerate(who)])
    assert (
        in_short(report)
        == "node1 answered before, node2 answers after; 1 of 3 packets were lost; the address was silent for 2 ms"
    )
