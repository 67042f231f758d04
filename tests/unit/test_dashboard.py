# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard for Grafana: of its schema, with queries that Prometheus understands and our metrics answer.

No Grafana is at hand here: how it looks was seen by nobody. What can be wrong in a file of JSON is tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.exposition import Sample, text
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.health import Health
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from unit.move_records import record
from unit.promtool import ROOT, promtool

FILE = ROOT / "extensions" / "grafana" / "overlay_ip.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ANNOTATIONS: list[dict[str, Any]] = DASHBOARD["annotations"]["list"]
VARIABLES: list[dict[str, Any]] = DASHBOARD["templating"]["list"]
COLUMNS = 24
#: What Grafana's schema leaves to the data source: Prometheus's annotations have these.
OF_PROMETHEUS = {"titleFormat", "textFormat", "useValueForTime"}
RULES = ROOT / "extensions" / "prometheus" / "overlay_ip.rules.yml"
#: Those that count what is wrong, and how many there are in the world with faults.
FAULTS = {
    "Without service": 1,
    "Split": 1,
    "Could not take over": 1,
    "Hear no other node": 1,
}
NOW = 3600.0
DESTINATION, OTHER, THIRD = "192.168.10.15/32", "192.168.10.16/32", "192.168.10.17/32"


def expressions() -> Iterator[tuple[str, str]]:
    """Every query and where it is, with the variables set as if all was chosen."""
    asked = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
    asked += [(annotation["name"], annotation["expr"]) for annotation in ANNOTATIONS]
    for title, expression in asked:
        filled = re.sub(r"\$(deployment|vpc_id|destination|node)\b", ".*", expression).replace("$__rate_interval", "5m")
        assert "$" not in filled
        yield title, filled


def world(*, well: bool) -> list[dict[str, str]]:
    """The series of two nodes, as they write them, and of the status playbook: `well`, or with a fault of each kind."""
    overlays = tuple(Overlay(d, (d,), route_table_ids=("a", "b"), vpc_id="vpc-1") for d in (DESTINATION, OTHER, THIRD))
    seen = []
    for name, other, mine in (("n1", "n2", "eni-1"), ("n2", "n1", "eni-2")):
        config = Config(name, overlays, network_interface_id=mine, peers={other: "eni-x"}, aws={"region": "r"})
        rows: dict[str, list[str | None]] = {
            DESTINATION: ["eni-1", "eni-1"],
            OTHER: ["eni-1", "eni-1"] if well else ["eni-1", "eni-2"],
            THIRD: ["eni-2", "eni-2"] if well else [None, None],
        }
        told = [
            {
                "destination": d,
                "held": holders.count(mine),
                "routes": [{"route": {"network_interface_id": h, "state": "active"} if h else None} for h in holders],
            }
            for d, holders in rows.items()
        ]
        seen.append(
            metrics.Seen(
                config, NOW, told, [DESTINATION], NOW - 1, [{"check": "address", "ok": well or name == "n1"}], NOW - 60,
                {"pacemaker": Health(able=True, heard=well or name == "n2")},
                {"calls": {"DescribeRouteTables": 9}, "errors": {"Unreachable": 1}, "takeovers": {"keepalived": 2}},
                record(NOW - 900), NOW - 7000, "1.1.0",
            )
        )  # fmt: skip
    samples = [sample for one in seen for sample in metrics.samples(one)]
    n1 = metrics.whose("overlay-ip", "n1", ["vpc-1"])
    of_fleet = {"deployment": "overlay-ip", "vpc_id": "vpc-1", "destination": DESTINATION, "severity": "error"}
    samples += [
        Sample(metrics.FINDINGS, of_fleet, 0.0),
        Sample(metrics.NODE_FINDINGS, {**n1, "severity": "error"}, 0.0),
        Sample(metrics.REACHABLE, n1, 1.0),
        Sample(metrics.CLOCK, n1, 0.2),
        Sample(metrics.ENDED, {**n1, "node": "n0"}, NOW),
    ]
    lines = [line for line in text(samples, metrics.FAMILIES).splitlines() if not line.startswith("#")]
    alert = 'ALERTS{alertname="OverlayIpSplit",alertstate="firing",deployment="overlay-ip"} 1'
    series = [line.rsplit(" ", 1) for line in [*lines, alert]]
    time = {"series": "node_time_seconds", "values": "0+60x120"}
    return [*({"series": name, "values": f"{value}x120"} for name, value in series), time]


def answered(tmp_path: Path, asked: list[tuple[str, float]], *, well: bool, at: str = "1h") -> str:
    """What promtool says against these values of these expressions; empty where it says nothing.

    All of it was told at one hour, and nothing since.
    """
    wanted = [
        {"expr": expression, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for expression, value in asked
    ]
    tests = [{"interval": "1m", "input_series": world(well=well), "promql_expr_test": wanted}]
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "tests": tests}))
    done = promtool("test", "rules", str(file))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def is_there(expression: str) -> tuple[str, float]:
    return f"count({expression}) > bool 0", 1


def test_every_query_is_understood(tmp_path: Path) -> None:
    rules = [{"record": f"query:{i}", "expr": expression} for i, (_title, expression) in enumerate(expressions())]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(rules)} rules found" in done.stdout
    file.write_text(json.dumps({"groups": [{"name": "d", "rules": [{"record": "x", "expr": "sum(by node) (x)"}]}]}))
    assert promtool("check", "rules", str(file)).returncode != 0


def test_every_query_has_an_answer(tmp_path: Path) -> None:
    """Against what nodes and controller write, so that a label that is misspelt, or gone, is seen."""
    asked = dict(expressions())
    assert set(FAULTS) <= set(asked)
    assert answered(tmp_path, [is_there(e) for title, e in expressions() if title not in FAULTS], well=True) == ""
    assert answered(tmp_path, [(asked[title], number) for title, number in FAULTS.items()], well=False) == ""
    assert answered(tmp_path, [(asked[title], 0.0) for title in FAULTS], well=True) == ""
    assert answered(tmp_path, [is_there('overlay_ip_holder{destinations="192.168.10.15/32"}')], well=True) != ""


def test_what_is_old_is_counted_nowhere(tmp_path: Path) -> None:
    """Neither as a fault nor as none: the tile says that nothing was told."""
    tiles = {panel["title"]: panel for panel in PANELS if panel["type"] == "stat"}
    ages = {"Oldest metrics", "Last move"}
    asked = {title: expression for title, expression in expressions() if title in tiles and title not in ages}
    assert set(asked) == {"Overlay IPs", "Tables that do not work", *FAULTS}
    young, old = "1h4m", "1h12m"
    for well in (True, False):
        assert answered(tmp_path, [is_there(e) for e in asked.values()], well=well, at=young) == ""
        nothing = [(f"absent({e})", 1.0) for e in asked.values()]
        assert answered(tmp_path, nothing, well=well, at=old) == ""
    assert {tiles[title]["fieldConfig"]["defaults"]["noValue"] for title in asked} == {"nothing told"}
    assert all(target["instant"] for title in asked for target in tiles[title]["targets"])


def test_the_metrics_on_it_are_ours_and_all_of_them() -> None:
    asked = " ".join(expression for _title, expression in expressions())
    assert set(re.findall(r"overlay_ip_\w+", asked)) == {family.name for family in metrics.FAMILIES}
    for variable in VARIABLES[1:]:
        (family, label) = re.fullmatch(r"label_values\((\w+).*, (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
        assert (family, label == variable["name"]) in {(family.name, True) for family in metrics.FAMILIES}


def misnamed(title: str, expression: str, legend: str) -> list[str]:
    """The labels in a query, and in the legend of its answer, that what is written does not have."""
    written: dict[str, set[str]] = {}
    for one in world(well=True):
        name, _brace, labels = one["series"].partition("{")
        written.setdefault(name, set()).update(re.findall(r'(\w+)="', labels), {"job", "instance"})
    written["ALERTS"] |= {"vpc_id", "destination", "node"}
    written["overlay_ip:told"] = written["overlay_ip_config_info"] - {"hash"}
    for rule in ("fresh", "told_at", "move_age", "clock_ahead"):
        written[f"overlay_ip:{rule}"] = written["overlay_ip_metrics_timestamp_seconds"]
    of_all = set().union(*(written[name] for name in re.findall(r"\b(?:overlay_ip[\w:]+|ALERTS)", expression)))
    found = [
        f"{title}: {name} has no {label}"
        for name, selector in re.findall(r"([\w:]+){([^}]*)}", expression)
        for label in re.findall(r'(\w+)(?:=|!=|=~|!~)"', selector)
        if label not in written[name]
    ]
    kept = [set(words.split(", ")) for words in re.findall(r"\bby \(([^)]*)\)", expression)]
    found += [f"{title}: nothing has {label}" for label in sorted(set().union(*kept) - of_all)]
    # What goes on after the outermost aggregation.
    outer = kept[0] if re.match(r"\w+ by \(", expression) else of_all
    return found + [f"{title}: no {label} is left" for label in re.findall(r"{{(\w+)}}", legend) if label not in outer]


def test_every_label_is_one_that_is_written() -> None:
    """`by` a label that is none still answers, with everything in one."""
    asked = [(p["title"], t["expr"], t.get("legendFormat", "")) for p in PANELS for t in p["targets"]]
    asked += [(a["name"], a["expr"], a["titleFormat"] + a["textFormat"]) for a in ANNOTATIONS]
    assert [wrong for one in asked for wrong in misnamed(*one)] == []
    (failed,) = (e for t, e, _legend in asked if t == "Moves that failed" and "reason" in e)
    assert "by (deployment, node, reason) (increase(overlay_ip_takeover_failures_total{" in failed
    wrong = misnamed("x", failed.replace("reason", "code"), "{{reason}}")
    assert wrong == ["x: nothing has code", "x: no reason is left"]
    assert misnamed("x", 'overlay_ip_holder{check="y"}', "") == ["x: overlay_ip_holder has no check"]


def test_it_says_what_each_panel_is_and_nothing_lies_on_something() -> None:
    assert {"uid", "title"} <= set(DASHBOARD)
    assert "id" not in DASHBOARD  # of one Grafana alone
    everything = DASHBOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= COLUMNS
        assert not cells & taken
        taken |= cells
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".") or "OverlayIp" in panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    alerts = (ROOT / "extensions" / "prometheus" / "overlay_ip.rules.yml").read_text()
    for named in re.findall(r"OverlayIp[A-Z]\w+", FILE.read_text()):
        assert f"alert: {named}\n" in alerts


def lost(told: Any, back: Any, path: str = "") -> Iterator[str]:
    """What of a value is not there any more, or is another one, after it went through the schema's types."""
    if isinstance(told, dict):
        for key, value in told.items():
            where = f"{path}/{key}"
            yield from lost(value, back[key], where) if isinstance(back, dict) and key in back else [where]
    elif isinstance(told, list):
        same = isinstance(back, list) and len(back) == len(told)
        found = (
            [lost(one, other, f"{path}/{i}") for i, (one, other) in enumerate(zip(told, back, strict=True))]
            if same
            else [[path]]
        )
        yield from (where for each in found for where in each)
    elif told != back:
        yield path


def through_the_schema(dashboard: dict[str, Any]) -> list[str]:
    """What Grafana's own types do not know."""
    models, encoder, plugins = (
        pytest.importorskip(f"grafana_foundation_sdk.{name}", reason="requirements/test.txt has it")
        for name in ("models.dashboard", "cog.encoder", "cog.plugins")
    )
    plugins.register_default_plugins()
    back = json.loads(encoder.JSONEncoder().encode(models.Dashboard.from_json(dashboard)))
    return [where for where in lost(dashboard, back) if where.rpartition("/")[2] not in OF_PROMETHEUS]


def test_it_is_of_grafanas_schema() -> None:
    assert through_the_schema(DASHBOARD) == []


def test_what_is_not_is_noticed() -> None:
    wrong = {
        **DASHBOARD,
        "panels": [{**PANELS[0], "gridPosition": {}, "options": {"graphMod": "none"}}],
        "refreh": "1m",
    }
    assert through_the_schema(wrong) == ["/panels/0/options/graphMod", "/panels/0/gridPosition", "/refreh"]


def test_the_worlds_have_every_metric() -> None:
    """They are written by the program's own code."""
    names = {line["series"].partition("{")[0] for line in world(well=True)}
    assert names == {family.name for family in metrics.FAMILIES} | {"ALERTS", "node_time_seconds"}
