# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every alert fires where it should and nowhere else, by Prometheus's own promtool; and the runbook has each.

A case is a list of series, and how many alerts fire after ten minutes of them. Metrics come every minute.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics
from unit.promtool import ROOT, promtool

RULES = ROOT / "extensions" / "prometheus" / "overlay_ip.rules.yml"
RUNBOOK = ROOT / "docs" / "runbook.md"
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]

O = 'vpc_id="vpc-1",destination="192.168.10.15/32"'  # noqa: E741
N1, N2 = f'{O},node="n1",instance="10.0.1.10:9100"', f'{O},node="n2",instance="10.0.2.10:9100"'
CTL = f'{O},instance="controller:9100"'


def tables(labels: str, total: str, blackhole: str, missing: str) -> list[tuple[str, str]]:
    names = ("tables", "blackhole_tables", "missing_tables")
    return [
        (f"overlay_ip_{name}{{{labels}}}", values)
        for name, values in zip(names, (total, blackhole, missing), strict=True)
    ]


def both(total: str, blackhole: str, missing: str) -> list[tuple[str, str]]:
    """What both nodes see."""
    return [*tables(N1, total, blackhole, missing), *tables(N2, total, blackhole, missing)]


def one(name: str, labels: str, values: str) -> tuple[str, str]:
    return f"overlay_ip_{name}{{{labels}}}", values


#: (alert, what it is, series, how many fire). Before ten minutes a value is of that minute: "0x9 1" is 1 from then on.
CASES: list[tuple[str, str, list[tuple[str, str]], int]] = [
    ("OverlayIpNobodyServes", "all tables are black holes", both("2x20", "0x5 2x9", "0x20"), 1),
    ("OverlayIpNobodyServes", "one is, and the other has no route", both("2x20", "1x20", "1x20"), 1),
    ("OverlayIpNobodyServes", "the holder died, and only the other node tells", tables(N2, "2x20", "2x20", "0x20"), 1),
    ("OverlayIpNobodyServes", "one of two tables works", both("2x20", "1x20", "0x20"), 0),
    ("OverlayIpNobodyServes", "it was mended at once", both("2x20", "0x9 0 0", "0x8 2 0x9"), 0),
    ("OverlayIpNobodyServes", "AWS cannot be read: nothing is known", [one("tables_readable", 'node="n1"', "0x20")], 0),
    ("OverlayIpTableDead", "one of two has no route", both("2x20", "0x20", "1x20"), 1),
    ("OverlayIpTableDead", "one of two is a black hole", both("2x20", "1x20", "0x20"), 1),
    ("OverlayIpTableDead", "all are: nobody serves is told alone", both("2x20", "2x20", "0x20"), 0),
    ("OverlayIpTableDead", "all is well", both("2x20", "0x20", "0x20"), 0),
    ("OverlayIpTableDead", "for a moment, while setup adds it", both("2x20", "0x20", "0x8 1 0x9"), 0),
    (
        "OverlayIpSplit",
        "two holders",
        [one("tables_consistent", N1, "1x5 0x14"), one("missing_tables", N1, "0x20")],
        1,
    ),
    ("OverlayIpSplit", "one", [one("tables_consistent", N1, "1x20"), one("missing_tables", N1, "0x20")], 0),
    (
        "OverlayIpSplit",
        "a missing route is told as that",
        [one("tables_consistent", N1, "0x20"), one("missing_tables", N1, "1x20")],
        0,
    ),
    (
        "OverlayIpSplit",
        "while a move is under way",
        [one("tables_consistent", N1, "1x9 0 1"), one("missing_tables", N1, "0x20")],
        0,
    ),
    ("OverlayIpTwoHolders", "two", [one("holder", N1, "1x20"), one("holder", N2, "0x3 1x16")], 1),
    ("OverlayIpTwoHolders", "one", [one("holder", N1, "1x20"), one("holder", N2, "0x20")], 0),
    (
        "OverlayIpTwoHolders",
        "the node and the controller tell the same",
        [one("holder", N1, "1x20"), one("holder", f'{CTL},node="n1"', "1x20")],
        0,
    ),
    (
        "OverlayIpTwoHolders",
        "two VPCs have the same address",
        [one("holder", N1, "1x20"), one("holder", N2.replace("vpc-1", "vpc-2"), "1x20")],
        0,
    ),
    (
        "OverlayIpTwoHolders",
        "the old holder's metrics are a minute old",
        [one("holder", N1, "1x9 0"), one("holder", N2, "0x8 1x9")],
        0,
    ),
    ("OverlayIpAddressMissing", "here", [one("held_tables", N1, "1x20"), one("address_up", N1, "1x5 0x14")], 1),
    ("OverlayIpAddressMissing", "at the standby", [one("held_tables", N1, "0x20"), one("address_up", N1, "0x20")], 0),
    ("OverlayIpAddressMissing", "it is up", [one("held_tables", N1, "2x20"), one("address_up", N1, "1x20")], 0),
    (
        "OverlayIpMoveFailed",
        "just now",
        [one("last_move_success", 'node="n1"', "0x20"), one("last_move_timestamp_seconds", 'node="n1"', "60x20")],
        1,
    ),
    (
        "OverlayIpMoveFailed",
        "it succeeded",
        [one("last_move_success", 'node="n1"', "1x20"), one("last_move_timestamp_seconds", 'node="n1"', "60x20")],
        0,
    ),
    (
        "OverlayIpMoveFailed",
        "long ago",
        [one("last_move_success", 'node="n1"', "0x20"), one("last_move_timestamp_seconds", 'node="n1"', "-4000x20")],
        0,
    ),
    ("OverlayIpStatusError", "of an overlay IP", [one("findings", f'{CTL},severity="error"', "2x20")], 1),
    ("OverlayIpStatusError", "of a node", [one("node_findings", 'node="n1",severity="error"', "1x20")], 1),
    (
        "OverlayIpStatusError",
        "warnings alone",
        [one("findings", f'{CTL},severity="warning"', "2x20"), one("findings", f'{CTL},severity="error"', "0x20")],
        0,
    ),
    (
        "OverlayIpNotReady",
        "two things",
        [one("ready", f'node="n1",check="{c}"', "1x2 0x17") for c in ("permission", "address")],
        2,
    ),
    ("OverlayIpNotReady", "it is", [one("ready", 'node="n1",check="permission"', "1x20")], 0),
    ("OverlayIpNotReady", "for a moment", [one("ready", 'node="n1",check="endpoint"', "1x7 0 0 0 1")], 0),
    ("OverlayIpPeerSilent", "for long", [one("peer_heard", 'node="n1",engine="pacemaker"', "1x2 0x17")], 1),
    (
        "OverlayIpPeerSilent",
        "it becomes the master and steps down in turn, and knows nothing in between",
        [one("peer_heard", 'node="n1",engine="keepalived"', "1x2 0 _ 0 _x3 0 0 _ 0x5")],
        1,
    ),
    (
        "OverlayIpPeerSilent",
        "now and then",
        [one("peer_heard", 'node="n1",engine="keepalived"', "0 0 0 1 0 0 0 1 0 0 0")],
        0,
    ),
    ("OverlayIpPeerSilent", "a master cannot know", [one("ready", 'node="n1",check="keepalived"', "1x20")], 0),
    ("OverlayIpTablesUnreadable", "for long", [one("tables_readable", 'node="n1"', "1x2 0x17")], 1),
    ("OverlayIpTablesUnreadable", "for a moment", [one("tables_readable", 'node="n1"', "1x8 0x17")], 0),
    ("OverlayIpTablesUnreadable", "it can", [one("tables_readable", 'node="n1"', "1x20")], 0),
    ("OverlayIpCredentials", "expired", [one("api_errors_total", 'node="n1",code="ExpiredToken"', "0x4 1x15")], 1),
    ("OverlayIpCredentials", "certificate", [one("api_errors_total", 'node="n1",code="Tls"', "0+1x20")], 1),
    ("OverlayIpCredentials", "none lately", [one("api_errors_total", 'node="n1",code="AuthFailure"', "7x20")], 0),
    (
        "OverlayIpCredentials",
        "a role that may not look, by design",
        [one("api_errors_total", 'node="n1",code="UnauthorizedOperation"', "0+1x20")],
        0,
    ),
    (
        "OverlayIpConfigDiffers",
        "while setup writes one after the other",
        [one("config_info", f'{N1},hash="a"', "1x20"), one("config_info", f'{N2},hash="b"', "_x4 1x15")],
        0,
    ),
    (
        "OverlayIpConfigDiffers",
        "one hash",
        [one("config_info", f'{N1},hash="a"', "1x40"), one("config_info", f'{N2},hash="a"', "1x40")],
        0,
    ),
    ("OverlayIpMetricsStale", "never again", [one("metrics_timestamp_seconds", 'node="n1"', "-200x20")], 1),
    ("OverlayIpMetricsStale", "each minute", [one("metrics_timestamp_seconds", 'node="n1"', "0+60x20")], 0),
    ("OverlayIpThrottled", "often", [one("api_throttles_total", 'node="n1"', "0+5x20")], 1),
    ("OverlayIpThrottled", "now and then", [one("api_throttles_total", 'node="n1"', "0x5 1x5 2x9")], 0),
    ("OverlayIpNodeUnreachable", "for a moment", [one("node_reachable", 'node="n1"', "1x5 0x14")], 0),
    ("OverlayIpNodeUnreachable", "it answers", [one("node_reachable", 'node="n1"', "1x40")], 0),
    (
        "OverlayIpMoved",
        "just now",
        [one("last_move_success", 'node="n1"', "1x20"), one("last_move_timestamp_seconds", 'node="n1"', "500x20")],
        1,
    ),
    (
        "OverlayIpMoved",
        "a while ago",
        [one("last_move_success", 'node="n1"', "1x20"), one("last_move_timestamp_seconds", 'node="n1"', "100x20")],
        0,
    ),
    (
        "OverlayIpMoved",
        "it failed",
        [one("last_move_success", 'node="n1"', "0x20"), one("last_move_timestamp_seconds", 'node="n1"', "500x20")],
        0,
    ),
]
#: Those that wait longer: after half an hour.
LATER: list[tuple[str, str, list[tuple[str, str]], int]] = [
    (
        "OverlayIpConfigDiffers",
        "two hashes for long",
        [one("config_info", f'{N1},hash="a"', "1x40"), one("config_info", f'{N2},hash="b"', "1x40")],
        1,
    ),
    ("OverlayIpNodeUnreachable", "for long", [one("node_reachable", 'node="n1"', "0x40")], 1),
]


def judged(tmp_path: Path, minutes: int, cases: list[tuple[str, str, list[tuple[str, str]], int]]) -> str:
    """What promtool says of cases, empty where all are as they should be."""
    tests = [
        {
            "name": f"{alert}: {what}",
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in given],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)',
                    "eval_time": f"{minutes}m",
                    "exp_samples": [{"labels": "{}", "value": count}],
                }
            ],
        }
        for alert, what, given, count in cases
    ]
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "30s", "tests": tests}))
    done = promtool("test", "rules", str(file))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_rules_are_rules() -> None:
    done = promtool("check", "rules", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(ALERTS)} rules found" in done.stdout


def test_every_alert_fires_where_it_should_and_nowhere_else(tmp_path: Path) -> None:
    assert judged(tmp_path, 10, CASES) == ""
    assert judged(tmp_path, 30, LATER) == ""


def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    """What promtool is asked can fail."""
    alert, what, given, count = CASES[0]
    assert "FAILED" in judged(tmp_path, 10, [(alert, what, given, count + 1)])


def test_every_alert_is_tried_both_ways() -> None:
    for wanted in (True, False):
        tried = {alert for alert, _what, _given, count in (*CASES, *LATER) if bool(count) is wanted}
        assert tried == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert re.search(
        r"ansible-playbook \w+\.yml|aws-overlay-ip \w+|systemctl status|CloudTrail", alert["annotations"]["description"]
    )
    section = str(alert["annotations"]["runbook_url"]).partition("#")[2]
    headings = [line[3:].strip().lower() for line in RUNBOOK.read_text().splitlines() if line.startswith("## ")]
    assert section == alert["alert"].lower()
    assert section in headings
    known = {family.name for family in metrics.FAMILIES}
    assert set(re.findall(r"overlay_ip_\w+", alert["expr"])) <= known


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    headings = {line[3:].strip() for line in RUNBOOK.read_text().splitlines() if line.startswith("## OverlayIp")}
    assert headings == {alert["alert"] for alert in ALERTS}


def test_every_metric_is_documented() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert [family.name for family in metrics.FAMILIES if f"`{family.name}`" not in page] == []


def test_every_action_that_an_alert_names_is_one_that_may_be_started_without_asking_more() -> None:
    """A switchover needs labels that these rules cannot know; what comes and goes by design starts nothing."""
    actions = {alert["alert"]: alert["labels"].get("overlay_ip_action", "") for alert in ALERTS}
    assert set(actions.values()) == {"", "status", "setup"}
    assert {name for name, action in actions.items() if action == "setup"} == {
        "OverlayIpNobodyServes",
        "OverlayIpTableDead",
        "OverlayIpAddressMissing",
        "OverlayIpNotReady",
        "OverlayIpConfigDiffers",
    }
    assert not [a["alert"] for a in ALERTS if a["labels"]["severity"] == "info" and "overlay_ip_action" in a["labels"]]
