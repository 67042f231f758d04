# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a finding on the status page is: AWS has ids, people have names, and among many pairs one asks which."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page
from unit.status_reports import OVERLAY, WELL, report

OTHER = "192.168.10.16/32"
SPLIT, HOLE = ((1, "active"), (2, "active")), ((1, "blackhole"), (1, "blackhole"))
STOPPED = ("stopped", "running")


def told(given: dict[str, Any], which: str) -> list[tuple[str, str]]:
    """Message and about of the findings with this id."""
    return [(f["message"], f["about"]) for f in page.page([given], "")["findings"] if f["id"] == which]


def ids(given: dict[str, Any]) -> list[str]:
    return [str(node["instance_id"]) for node in page.page([given], "")["nodes"]]


def test_an_instance_has_the_name_of_its_node() -> None:
    given = report({OVERLAY: SPLIT}, names=("db", "db-standby"))
    first, second = ids(given)
    message = f"{OVERLAY} is split: its route tables point at {first} (db), {second} (db-standby)."
    assert told(given, "split") == [(message, "")]


def test_a_name_that_is_told_is_not_told_twice() -> None:
    given = report({OVERLAY: SPLIT}, names=("db1", "db2"))
    first, _second = ids(given)
    finding = {"id": "x", "severity": "error", "message": f"db1 is {first}.", "remedy": "See to it."}
    given["nodes"]["db1"]["findings"].append(finding)
    assert told(given, "x") == [(f"db1 is {first}.", "")]


def test_a_finding_says_of_which_pair_and_overlay_ips_it_is() -> None:
    one = report({OVERLAY: HOLE}, states=STOPPED)
    message = f"Instance {ids(one)[0]} (node1) is stopped, not running."
    assert told(one, "target_not_running") == [(message, "")]  # there is no other one
    assert told({**one, "pair": "sap"}, "target_not_running") == [(message, "sap")]
    two = report({OVERLAY: HOLE, OTHER: HOLE}, states=STOPPED)
    assert told(two, "target_not_running") == [(message, f"{OVERLAY}, {OTHER}")]
    many = report({f"192.168.10.{n}/32": HOLE for n in range(15, 20)}, states=STOPPED)
    (one_of_many,) = told({**many, "pair": "sap"}, "target_not_running")
    assert one_of_many[1] == f"sap · {OVERLAY}, {OTHER}, 192.168.10.17/32 …"


def test_a_node_is_named_where_its_finding_does_not_name_it() -> None:
    finding = {"id": "x", "severity": "warning", "message": "The clock is wrong.", "remedy": "Mend it."}
    assert told(report({OVERLAY: WELL}, extra={"node2": [finding]}), "x") == [("The clock is wrong.", "node2")]


def test_pairs_of_which_nothing_is_known_are_told_of() -> None:
    """That all others are well is not that all are."""
    wrong = {"ers": "overlay_ips is missing: name them.", "hana": "It has one node."}
    made = page.page([report()], "", (), wrong)
    assert made["verdict"] == "bad"
    assert made["headline"] == f"{OVERLAY} is held by node1, and 2 pairs could not be looked at"
    assert made["summary"].endswith("all is well, and 2 pairs could not be looked at")
    assert [finding["message"] for finding in made["findings"]] == made["lines"][-2:]
    assert made["lines"][-2] == "ers could not be looked at: overlay_ips is missing: name them."
    alone = page.page([report()], "", (), {"ers": "No."})
    assert alone["headline"].endswith(", and 1 pair could not be looked at")


def test_where_nothing_could_be_looked_at_nothing_is_called_well() -> None:
    made = page.page([], "", (), {"ers": "No."})
    assert (made["headline"], made["summary"]) == ("1 pair could not be looked at", "1 pair could not be looked at")
