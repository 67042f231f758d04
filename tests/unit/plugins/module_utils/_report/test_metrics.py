# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of a fleet, as the status playbook writes them."""

from __future__ import annotations

from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import moves
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import metrics
from unit import status_reports
from unit.move_records import NOON, OVERLAY, record
from unit.promtool import promtool

V6 = "2001:db8::15/128"
MODEL: dict[str, Any] = {
    "deployment": "database",
    "nodes": {"n1": {}, "n2": {}},
    "overlays": [
        {"destination": OVERLAY, "vpc_id": "vpc-1", "node_addresses": [OVERLAY]},
        {"destination": V6, "vpc_id": None, "node_addresses": []},
    ],
}


def finding(severity: str) -> dict[str, str]:
    return {"id": "x", "severity": severity, "message": "", "remedy": ""}


def table(holder: str | None, state: str | None = "active") -> dict[str, Any]:
    return {"route_table_id": "rtb-1", "holder": holder, "state": state if holder else None}


REPORT: dict[str, Any] = {
    "overlays": [
        {"destination": OVERLAY, "vpc_id": None, "tables": [table("n1"), table("n1")], "findings": [finding("error")]},
        {"destination": V6, "vpc_id": "vpc-2", "tables": [table("n2", "blackhole"), table(None)], "findings": []},
    ],
    "nodes": {
        "n1": {"reachable": True, "addresses": [OVERLAY], "findings": [finding("warning"), finding("info")]},
        "n2": {"reachable": False, "addresses": [], "findings": []},
    },
    "moves": [
        record(NOON - 60),
        record(NOON - 90, done=False, until=moves.stamp(NOON - 30)),
        record(NOON - 10, node="n9"),
    ],
}


def test_what_aws_does_not_tell_has_no_sample() -> None:
    """Of the overlay IP; that it could not be read is told of the nodes."""
    first, second = REPORT["overlays"]
    unread = {**second, "tables": [], "unread": "no answer", "findings": [finding("error")]}
    n2 = {**REPORT["nodes"]["n2"], "asked": False}
    nodes = {"n1": {**REPORT["nodes"]["n1"], "clock_offset": -40.0, "clock_within": 1.0}, "n2": n2}
    page = metrics.text(MODEL, {**REPORT, "overlays": [first, unread], "nodes": nodes}, NOON)
    told = [line for line in page.splitlines() if not line.startswith("#")]
    assert {line.partition("{")[0] for line in told if V6 in line} == {"overlay_ip_findings"}
    n1 = '{deployment="database",node="n1"'
    wanted = {f"overlay_ip_tables_readable{n1}}} 0", f"overlay_ip_node_clock_offset_seconds{n1}}} -40"}
    assert wanted <= set(told), told
    assert not [line for line in told if "verified" in line or ("reachable" in line and '"n2"' in line)]
    assert [line for line in told if "overlay_ip_holder" in line and OVERLAY in line]


def test_two_pairs_may_have_one_address_where_aws_does_not_tell_their_vpcs() -> None:
    """In two accounts, say, on the day when neither can be asked: there are samples all the same."""
    unread = {**REPORT["overlays"][1], "vpc_id": None, "tables": [], "unread": "no answer", "findings": []}
    model = {**MODEL, "overlays": [{**one, "vpc_id": None} for one in MODEL["overlays"]]}
    pairs = [
        (model, {**REPORT, "overlays": [unread], "nodes": {name: REPORT["nodes"]["n1"]}, "moves": []})
        for name in ("a1", "b1")
    ]
    told = metrics.text_of_many(pairs, NOON).splitlines()
    assert [
        f'overlay_ip_tables_readable{{deployment="database",node="{name}"}} 0' in told for name in ("a1", "b1")
    ] == [
        True,
        True,
    ]
    assert not [line for line in told if V6 in line]


def test_the_time_of_a_move_is_by_the_clock_of_the_file() -> None:
    page = metrics.text(MODEL, {**REPORT, "moves": [record(NOON - 3600, ahead=-3540.0)]}, NOON)
    assert f'overlay_ip_last_move_timestamp_seconds{{deployment="database",node="n1"}} {int(NOON - 60)}\n' in page


def test_a_fleet() -> None:
    page = metrics.text(MODEL, REPORT, NOON)
    found = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    n1 = f'{{deployment="database",node="n1",vpc_id="vpc-1",destination="{OVERLAY}"}}'
    n2 = f'{{deployment="database",node="n2",vpc_id="vpc-2",destination="{V6}"}}'
    wanted = {
        f"overlay_ip_holder{n1}": "1",
        f"overlay_ip_held_tables{n1}": "2",
        f"overlay_ip_address_up{n1}": "1",
        f"overlay_ip_tables_consistent{n1}": "1",
        f"overlay_ip_holder{n2}": "0",
        f"overlay_ip_blackhole_tables{n2}": "1",
        f"overlay_ip_missing_tables{n2}": "1",
        f"overlay_ip_tables{n2}": "2",
        f"overlay_ip_tables_consistent{n2}": "0",
        f'overlay_ip_findings{{deployment="database",vpc_id="vpc-1",destination="{OVERLAY}",severity="error"}}': "1",
        'overlay_ip_node_findings{deployment="database",node="n1",severity="warning"}': "1",
        'overlay_ip_node_findings{deployment="database",node="n1",severity="error"}': "0",
        'overlay_ip_node_reachable{deployment="database",node="n2"}': "0",
        'overlay_ip_last_move_success{deployment="database",node="n1"}': "0",
        'overlay_ip_last_move_timestamp_seconds{deployment="database",node="n1"}': str(int(NOON - 30)),
        'overlay_ip_metrics_timestamp_seconds{deployment="database",node="n2"}': str(int(NOON)),
    }
    assert {series: found.get(series) for series in wanted} == wanted
    assert not [series for series in found if "address_up" in series and ('"n2"' in series or V6 in series)]
    assert 'overlay_ip_last_move_success{deployment="database",node="n2"}' not in found
    done = promtool("check", "metrics", stdin=page)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_pairs_that_cannot_be_told_apart_cost_nobody_else_the_metrics() -> None:
    def pair(name: str, number: int, deployment: str = "overlay-ip") -> tuple[dict[str, Any], dict[str, Any]]:
        told = status_reports.report(names=(f"{name}1", f"{name}2"), pair=number)
        overlays = [{"destination": o["destination"], "vpc_id": None, "node_addresses": []} for o in told["overlays"]]
        return {"deployment": deployment, "overlays": overlays}, told

    told = {"a": pair("a", 1), "b": pair("b", 2), "c": pair("c", 3, "queue"), "d": pair("c", 3, "queue")}
    found = metrics.rivals(told, NOON)
    assert list(found) == ["a", "b", "c", "d"]
    assert found["b"].startswith(
        "a and b have an overlay IP of one VPC, or a node, in common and the same overlay_ip_name"
    )
    apart = {"a": told["a"], "c": told["c"]}
    assert metrics.rivals(apart, NOON) == {}
    assert metrics.text_of_many(apart.values(), NOON)
