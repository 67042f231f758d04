# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Alertmanager says, from its message to values: the event filter, the one word, and what is shown to people."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import alerts

ROOT = Path(__file__).parents[5]
FILTER = runpy.run_path(str(ROOT / "extensions/eda/plugins/event_filter/alerts.py"))
HOSTILE = "{{ lookup('pipe', 'touch /tmp/x') }}{% raw %}\n$(id) `id` ' \" \\ %7B"


def message(*told: Any) -> dict[str, Any]:
    """An event of the webhook, with what Alertmanager sends (version 4), shortened."""
    payload = {"version": "4", "receiver": "overlay_ip", "status": "firing", "alerts": list(told)}
    return {"payload": payload, "meta": {"endpoint": "overlay-ip", "headers": {"User-Agent": HOSTILE}}}


def alert(status: str = "firing", **labels: Any) -> dict[str, Any]:
    return {"status": status, "labels": labels, "annotations": {"summary": HOSTILE}, "fingerprint": "0123456789abcdef"}


def filtered(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = FILTER["main"](event)
    return found


def test_an_alert_from_the_message_to_its_values() -> None:
    raw = alert(
        alertname="OverlayIpNotReady",
        severity="warning",
        overlay_ip_action="setup",
        node="node2",
        check="source_dest_check",
        deployment="database",
        instance="10.0.1.11:9100",
    )
    event = filtered(message(raw))
    assert event["asks"] is True
    assert event["meta"] == {"endpoint": "overlay-ip"}
    (read,) = alerts.read(event["overlay_ip_alerts"])
    assert read == alerts.Alert(
        "OverlayIpNotReady", action="setup", node="node2", check="source_dest_check", deployment="database"
    )
    assert read.title == "OverlayIpNotReady node2 source_dest_check"


def test_every_label_that_is_read_comes_through_the_filter() -> None:
    words = {name: f"x{number}" for number, name in enumerate(FILTER["LABELS"])}
    (read,) = alerts.read(filtered(message(alert(**{**words, "severity": "critical"})))["overlay_ip_alerts"])
    seen = {value for value in vars(read).values() if isinstance(value, str)}
    assert seen == {*words.values()} - {words["severity"]}
    assert read.critical


@pytest.mark.parametrize(
    ("raw", "asks"),
    [
        (alert(overlay_ip_action="setup"), True),
        (alert("resolved", overlay_ip_action="setup"), False),
        (alert(alertname="DiskFull"), False),
        ({"labels": {"overlay_ip_action": "setup"}}, False),
        ({"status": "firing", "labels": "x"}, False),
        ({"status": "firing", "labels": {"overlay_ip_action": {"a": "b"}}}, False),
        ("x", False),
    ],
)
def test_what_asks_for_something(raw: Any, asks: bool) -> None:
    assert filtered(message(raw))["asks"] is asks


@pytest.mark.parametrize(
    "event", [{}, {"payload": None}, {"payload": []}, {"payload": {"alerts": {}}}, {"payload": "x", "meta": 1}]
)
def test_what_is_no_message_asks_for_nothing(event: dict[str, Any]) -> None:
    assert filtered(event) == {"meta": {}, "asks": False}


@given(st.dictionaries(st.sampled_from(FILTER["LABELS"]), st.text(max_size=300)), st.sampled_from(["firing", "x"]))
def test_nothing_that_a_label_holds_can_be_a_template_or_leave_its_quotes(labels: dict[str, str], status: str) -> None:
    """What is handed on has percent-encoded bytes alone; a template engine returns it as it is; and it comes back."""
    word = filtered(message(alert(status, **labels)))["overlay_ip_alerts"]
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", word)
    env = NativeEnvironment()
    assert env.from_string("{{ event.word }}").render(event={"word": word}) == word
    assert env.from_string(word).render() == word
    (told,) = json.loads(unquote(word))
    assert told["labels"] == {name: value[:256] for name, value in labels.items()}
    (read,) = alerts.read(word)
    assert re.fullmatch(r"[A-Za-z0-9 _.,:/@+?-]*", read.title)


def test_a_hostile_label_is_shown_and_does_nothing() -> None:
    (read,) = alerts.read(filtered(message(alert(alertname=HOSTILE)))["overlay_ip_alerts"])
    assert read.title == "?? lookup??pipe?, ?touch /tmp/x?? ???? raw ?????id? ?id? ? ? ? ?7B"
    assert alerts.shown("x" * 101) == "x" * 97 + "..."


@pytest.mark.parametrize("text", ["", "x", "%5B", quote("{}"), quote('["x"]'), quote("[" * 100_000), "{{ 7 * 7 }}"])
def test_what_is_no_list_of_alerts_is_told(text: str) -> None:
    with pytest.raises(alerts.AlertsError, match=r"^overlay_ip_alerts is no list of alerts, percent-encoded: let the "):
        alerts.read(text)


def test_other_kinds_and_too_many_are_told() -> None:
    with pytest.raises(alerts.AlertsError, match="overlay_ip_alerts is a list, not a percent-encoded text"):
        alerts.read([{}])
    number = type("_AnsibleTaggedInt", (int,), {})(750)
    with pytest.raises(alerts.AlertsError, match="overlay_ip_alerts is a number, not a percent-encoded text"):
        alerts.read(number)
    with pytest.raises(alerts.AlertsError, match="has 101 alerts, more than 100: set max_alerts"):
        alerts.read(quote(json.dumps([{}] * 101)))
    assert len(alerts.read(quote(json.dumps([{}] * 100)))) == 100
    assert alerts.read(quote("[{}]")) == [alerts.Alert(firing=False)]


@pytest.mark.parametrize("label", ["target", "holder"])
def test_a_node_whose_name_is_a_template_is_no_extra_variable(label: str) -> None:
    """It may be anybody's tag, and the rulebook gives it to the playbook, whose Ansible would run it."""
    name = "x{{ lookup('pipe', 'id') }}"
    given = alerts.Alert("X", action="switchover", deployment="overlay-ip", target="node2", holder="node1")
    model = {"nodes": {"node1": {}, "node2": {}, name: {}}, "overlays": [], "deployment": "overlay-ip"}
    assert alerts.refused(given, model, ("switchover",)) == ""
    named = replace(given, target=name) if label == "target" else replace(given, holder=name)
    refused = alerts.refused(named, model, ("switchover",))
    assert refused.startswith(f"its label overlay_ip_{label} is ")
    assert refused.endswith(", a template for Ansible: give that node another name.")
    assert "{{" not in refused
