# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every alert fires where it should and nowhere else, by Prometheus's own promtool; and the runbook has each.

A case is a list of series, and how many alerts fire after ten minutes of them. Metrics come every minute, and are fresh
where the case does not say when they were written.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.variables import VARIABLES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report.readiness import while_
from unit import alert_cases, alert_clock_cases, alert_silent_cases
from unit.alert_series import fresh
from unit.promtool import ROOT, promtool

RULES = ROOT / "extensions" / "prometheus" / "overlay_ip.rules.yml"
RUNBOOK = ROOT / "docs" / "runbook.md"
ALL: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
CASES = [*alert_cases.CASES, *alert_silent_cases.CASES, *alert_clock_cases.CASES]
LATER = [*alert_cases.LATER, *alert_clock_cases.LATER]
ALERTS = [rule for rule in ALL if "alert" in rule]
RECORDS = [rule for rule in ALL if "record" in rule]


def judged(tmp_path: Path, minutes: int, cases: list[tuple[str, str, list[tuple[str, str]], int]]) -> str:
    """What promtool says of cases, empty where all are as they should be."""
    tests = [
        {
            "name": f"{alert}: {what}",
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in fresh(given)],
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
    assert f"SUCCESS: {len(ALL)} rules found" in done.stdout


def test_every_alert_fires_where_it_should_and_nowhere_else(tmp_path: Path) -> None:
    for first in range(0, len(CASES), 40):  # promtool makes a database for each
        assert judged(tmp_path, 10, CASES[first : first + 40]) == ""
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
        r"ansible-playbook \w+\.yml|aws-overlay-ip{{ if .*? end }} \w+|systemctl status|CloudTrail",
        alert["annotations"]["description"],
    )
    section = str(alert["annotations"]["runbook_url"]).partition("#")[2]
    headings = [line[3:].strip().lower() for line in RUNBOOK.read_text().splitlines() if line.startswith("## ")]
    assert section == alert["alert"].lower()
    assert section in headings
    known = {family.name for family in metrics.FAMILIES}
    assert set(re.findall(r"overlay_ip_\w+", alert["expr"])) <= known
    assert set(re.findall(r"overlay_ip:\w+", alert["expr"])) <= {rule["record"] for rule in RECORDS}


def test_the_codes_that_are_counted_are_told_from_zero_on() -> None:
    (rule,) = (alert for alert in ALERTS if alert["alert"] == "OverlayIpCredentials")
    found = re.search(r'code=~"([^"]+)"', rule["expr"])
    assert found
    assert set(found[1].split("|")) == metrics.CREDENTIALS


def test_the_interval_of_the_nodes_is_one_that_the_rules_hold_for() -> None:
    """Two runs and a slow one within what counts as fresh."""
    (interval,) = (variable for variable in VARIABLES if variable.name == "overlay_ip_metrics_interval")
    (fresh_ones,) = (rule for rule in RECORDS if rule["record"] == "overlay_ip:fresh")
    assert "< 300" in fresh_ones["expr"]
    assert 2 * float(interval.high or 0) + 60 <= 300


def test_the_runbook_says_how_soon_each_fires() -> None:
    """By the node's interval, a scrape and an evaluation, and `for`; some wait until something is old or silent."""
    told = {
        name: (severity, waits, latest)
        for name, severity, waits, latest in re.findall(
            r"^\| \[(OverlayIp\w+)\]\(#\w+\) \| (\w+) \| (.+?) \| (.+?) \|$", RUNBOOK.read_text(), re.MULTILINE
        )
    }
    interval = next(int(str(v.default)) for v in VARIABLES if v.name == "overlay_ip_metrics_interval")
    until = {
        "NobodyTells": 300,
        "NodeSilent": 300,
        "HolderSilent": 300,
        "MetricsStale": 600,
        "PeerSilent": interval + 300,
        "NotReady": interval + 600,
    }
    for alert in ALERTS:
        name = str(alert["alert"])
        waits = _seconds(alert.get("for", "0s"))
        latest = until.get(name.removeprefix("OverlayIp"), interval) + 2 * 15 + waits
        of_fleet = re.search(r"node_reachable == 0|_findings", alert["expr"])
        wanted = (while_(waits) if waits else "-", "-" if of_fleet else while_(latest))
        assert told[name] == (alert["labels"]["severity"], *wanted), name


def test_no_clock_is_compared_with_another_ones() -> None:
    """Of what a node wrote by its clock, only when all of it was written is compared with Prometheus's."""
    compared = {what for rule in ALL for what in re.findall(r"time\(\) - ([^ ()]+)", rule["expr"])}
    assert compared == {"overlay_ip:told_at", "max"}  # of that
    for rule in ALL:
        ages = [family.name for family in metrics.FAMILIES if family.name.endswith("_timestamp_seconds")]
        named = {name for name in ages if re.search(rf"{name}\b", rule["expr"])}
        assert (
            not named
            or rule.get("record")
            in (
                "overlay_ip:clock_ahead",
                "overlay_ip:told_at",
                "overlay_ip:move_age",
                "overlay_ip:ended",
            )
            or rule["alert"] == "OverlayIpClockWrong"
        ), rule


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    headings = {line[3:].strip() for line in RUNBOOK.read_text().splitlines() if line.startswith("## OverlayIp")}
    assert headings == {alert["alert"] for alert in ALERTS}


def test_every_metric_is_documented() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert [family.name for family in metrics.FAMILIES if f"`{family.name}`" not in page] == []


@pytest.mark.parametrize(("deployment", "program"), [("overlay-ip", ""), ("database", "-database")])
def test_what_is_to_be_run_is_the_program_of_the_deployment(tmp_path: Path, deployment: str, program: str) -> None:
    (rule,) = (alert for alert in ALERTS if alert["alert"] == "OverlayIpNotReady")
    labels = {"deployment": deployment, "node": "n1", "vpc_id": "vpc-1", "check": "endpoint"}
    told = {
        name: re.sub(r"{{ \$labels\.(\w+) }}", lambda m: labels[m[1]], re.sub(r"{{ if .*?{{ end }}", program, text))
        for name, text in rule["annotations"].items()
    }
    assert f"aws-overlay-ip{program} check there" in told["description"]
    series = f"overlay_ip_ready{{{','.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}"
    wanted = {"exp_labels": {**labels, **rule["labels"]}, "exp_annotations": told}
    test = {
        "interval": "1m",
        "input_series": [{"series": series, "values": "0x20"}],
        "alert_rule_test": [{"eval_time": "10m", "alertname": rule["alert"], "exp_alerts": [wanted]}],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "tests": [test]}))
    done = promtool("test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_rule_forgets_of_which_deployment_something_is() -> None:
    """Two on the same nodes, or nodes of the same name, are never taken together. A clock is its machine's."""
    for rule in ALL:
        for words in re.findall(r"\b(?:by|on) \(([^)]*)\)(?! group_left \(\) \(node_time_seconds)", rule["expr"]):
            assert "deployment" in words.split(", "), rule


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
