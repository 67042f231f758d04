# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard: what alerts may start now, and why not.

One message of Alertmanager starts one playbook at most. Every alert in it gets a sentence. The rules, the first that
speaks decides (tests/unit has them as a table):

 1. It is resolved, or names no action: nothing to do.
 2. It names what is unknown or not allowed, or does not say whose it is: refused.
 3. It is not true any more, or AWS could not be asked, and nobody knows.
 4. It is of what people may have meant, an engine that does not run, or must not take over; or setup does not mend it.
 5. The engine is at work, or cannot be asked: nothing is started meanwhile.
 6. What it names would refuse to run.
 7. Something was started for the overlay IP lately.
 8. It is a dry run.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._base import command
from .._inventory.model import ALL
from . import look
from .alerts import ACTIONS, SETUP, STATUS, SWITCHOVER, Alert, refused

Dict = Mapping[str, Any]
NOTHING = ""


@dataclass(frozen=True)
class Settings:
    """What the inventory says.

    Attributes:
        allowed: the actions that may start by themselves.
        dry_run: whether to say only what would be started.
        pause: seconds between two things that are started for one overlay IP.
    """

    allowed: tuple[str, ...] = (STATUS, SETUP)
    dry_run: bool = True
    pause: float = 600.0


@dataclass(frozen=True)
class Seen:
    """How things are.

    Attributes:
        report: the status.
        hindered: what would make setup refuse to run, as `_report.engines.hindered` tells it.
        asked: by node, what `overlay_turn` returned; `unreachable` or `failed`, with `msg`, where it could not.
    """

    report: Dict
    hindered: Sequence[str]
    asked: Mapping[str, Dict]


@dataclass(frozen=True)
class Verdict:
    """What is to be done, and what is told.

    Attributes:
        do: the playbook to start, or NOTHING.
        request: its extra variables: names and addresses of the inventory, and nothing that came with the alert.
        destinations: the overlay IPs whose turn it takes.
        nodes: those that must keep the turn; the first decides.
        what: what is started, and why, for people.
        lines: a sentence for each alert.
        refused: whether one was refused, or could not be judged, and nothing is done.
        pending: whether a look is needed before anything can be said of some alert.
    """

    do: str = NOTHING
    request: Mapping[str, str] | None = None
    destinations: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    what: str = ""
    lines: tuple[str, ...] = ()
    refused: bool = False
    pending: bool = False


def judge(alerts: Sequence[Alert], model: Dict, settings: Settings, seen: Seen | None) -> Verdict:
    """What the alerts of one message start.

    Args:
        alerts: as they came.
        model: the inventory's.
        settings: what may be started.
        seen: how things are; None where nobody has looked yet: then the verdict says only whether to look.
    """
    lines: list[str] = []
    waiting: list[Alert] = []
    wrong = False
    for alert in sorted(alerts, key=_rank):
        sentence = "resolved." if not alert.firing else "" if alert.action else "it names no action."
        if not sentence and (why := refused(alert, model, settings.allowed)):
            sentence, wrong = f"refused: {why}", True
        if sentence:
            lines.append(f"{alert.title}: {sentence}")
        else:
            waiting.append(alert)
    if seen is None or not waiting:
        return Verdict(lines=tuple(lines), refused=wrong and not waiting, pending=bool(waiting))
    chosen: Verdict | None = None
    for alert in waiting:
        verdict = _one(alert, model, settings, seen)
        if verdict.do and chosen:
            same = (verdict.do, verdict.request) == (chosen.do, chosen.request)
            text = f"the same {verdict.do} is for it." if same else f"not now: one thing at a time, {chosen.do} first."
            lines.append(f"{alert.title}: {text}")
            continue
        wrong = wrong or verdict.refused
        lines += verdict.lines
        if verdict.do:
            chosen = verdict
    if chosen is None:
        return Verdict(lines=tuple(lines), refused=wrong)
    if settings.dry_run:
        lines = [*lines, f"dry run: would start {_command(chosen)}; nothing was started."]
        return Verdict(lines=tuple(lines))
    return Verdict(chosen.do, chosen.request, chosen.destinations, chosen.nodes, chosen.what, tuple(lines))


def _rank(alert: Alert) -> tuple[bool, int]:
    """The grave ones first, and of those what mends most."""
    order = ACTIONS.index(alert.action) if alert.action in ACTIONS else -1
    return not alert.critical, -order


def _command(verdict: Verdict) -> str:
    return " ".join([verdict.do, *(command.argument(name, value) for name, value in (verdict.request or {}).items())])


def _one(alert: Alert, model: Dict, settings: Settings, seen: Seen) -> Verdict:
    """What one alert starts; its line says why nothing."""

    def no(why: str, *, refusal: bool = False) -> Verdict:
        return Verdict(
            lines=(f"{alert.title}: {'refused: ' if refusal else 'nothing is started: '}{why}",), refused=refusal
        )

    destinations = _destinations(alert, seen.report)
    if why := look.unread(destinations, seen.report):
        return replace(no(why), refused=True)
    if why := look.elsewhere(alert, seen.report):
        return no(why, refusal=True)
    if alert.action == STATUS:
        return Verdict(lines=(f"{alert.title}: status, which was looked at just now.",))
    if why := look.over(alert, seen.report) or _moved(alert, seen.report):
        return no(why)
    if why := look.at_people(alert, model):
        return no(why)
    if work := look.at_work(seen.report, seen.asked, model["failover"]):
        return no(" ".join(work))
    if why := _cannot(alert, model, seen):
        return no(why)
    if why := _no_turn(destinations, settings.pause, seen):
        return no(why)
    request = {}
    if alert.action == SWITCHOVER:
        request = {"target": alert.target, "expected_active": alert.holder, "overlay": alert.destination or ALL}
    nodes = tuple(name for name, turn in seen.asked.items() if "turns" in turn)
    what = f"{alert.action}, for {alert.title}"
    return Verdict(alert.action, request, destinations, nodes, what, (f"{alert.title}: {alert.action}.",))


def _destinations(alert: Alert, report: Dict) -> tuple[str, ...]:
    """The overlay IPs that the action is for: setup mends all."""
    every = tuple(overlay["destination"] for overlay in report["overlays"])
    return (alert.destination,) if alert.action != SETUP and alert.destination else every


def _moved(alert: Alert, report: Dict) -> str:
    """Why a switchover has become pointless, or wrong: the playbook would refuse it, too."""
    if alert.action != SWITCHOVER:
        return ""
    wanted = _destinations(alert, report)
    tables = [
        table for overlay in report["overlays"] if overlay["destination"] in wanted for table in overlay["tables"]
    ]
    if tables and all(t["holder"] == alert.target and t["state"] == "active" for t in tables):
        return f"{alert.target} has it already."
    others = sorted(
        {t["holder"] or "what is no node" for t in tables if t["state"] == "active"} - {alert.target, alert.holder}
    )
    if others:
        return f"it is with {', '.join(others)}, not with {alert.holder}: somebody moved it meanwhile."
    return ""


def _cannot(alert: Alert, model: Dict, seen: Seen) -> str:
    """Why the playbook would not come to an end."""
    away = [name for name, node in seen.report["nodes"].items() if not node["reachable"]]
    if alert.action == SETUP and away:
        return f"setup needs every node, and {', '.join(away)} cannot be asked."
    if alert.action == SWITCHOVER and alert.target in away:
        return f"{alert.target} cannot be asked."
    if alert.action == SETUP and seen.hindered:
        return " ".join(seen.hindered)
    return look.homeless(seen.report, model) if alert.action == SETUP else ""


def _no_turn(destinations: Sequence[str], pause: float, seen: Seen) -> str:
    """Why it is not its turn: the youngest of what was started for one of these overlay IPs, or that nobody knows."""
    failed = {n: t for n, t in seen.asked.items() if "turns" not in t and not t.get("unreachable")}
    for name, turn in failed.items():
        return f"{name} does not tell when something was last started: {turn.get('msg') or 'no answer'}"
    told = [turn for asked in seen.asked.values() for turn in asked.get("turns", ())]
    if not any("turns" in asked for asked in seen.asked.values()):
        return "no node tells when something was last started."
    recent = [t for t in told if t["destination"] in destinations and t["age"] < pause]
    if not recent:
        return ""
    last = min(recent, key=lambda turn: float(turn["age"]))
    age = float(last["age"])
    return (
        f"{last['what']}, was started {age:.0f} s ago: not more than once in {pause:.0f} s for"
        f" {last['destination']}, hence not before {pause - age:.0f} s from now."
    )
