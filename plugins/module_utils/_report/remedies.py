# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a report as the status page shows them: what each is about, and the commands that its remedy names.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from .._base import command
from .._base.finding import ERROR
from .._inventory.holders import Dict, by_engine
from . import outside


def findings(
    report: Dict, overlays: Sequence[Dict], nodes: Mapping[str, Dict], inventory: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """All of them, each once, with what it is about and the commands that its remedy names."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    several = len(report["overlays"]) > 1
    only = overlays[0] if len(overlays) == 1 else None  # of a node's finding nobody knows which one of several it is
    first = {"overlay_ip_group": report["pair"]} if report.get("pair") else {}
    play = partial(_play, first=first, inventory=inventory)
    places: list[tuple[str, Dict | None, Sequence[Dict]]] = [
        *((o["destination"], page, o["findings"]) for o, page in zip(report["overlays"], overlays)),
        *((name, only, node["findings"]) for name, node in report["nodes"].items()),
        *((finding.get("node") or "earlier inventory", None, [finding]) for finding in report["orphans"]),
        *((where, None, found) for where, found in outside.findings(report)),
    ]
    for where, overlay, found in places:
        for finding in found:
            key = (finding["id"], finding["message"])
            if key in told:
                told[key]["where"].append(where)
                continue
            told[key] = {
                "severity": finding["severity"],
                "id": finding["id"],
                "message": finding["message"],
                "remedy": finding["remedy"][:1].upper() + finding["remedy"][1:],
                "where": [where],
                "commands": list(_commands(finding["remedy"], overlay, nodes, play, where, several=several)),
            }
    for one in told.values():
        one["message"] = _with_names(one["message"], nodes)
        known = overlays[0]["destination"] if not several and overlays else ""  # there is no other one
        apart = [where for where in one["where"] if where not in one["message"] and where != known]
        one["about"] = " · ".join(filter(None, (report.get("pair"), named(apart))))
        yield one


def unlooked(name: str, why: str) -> dict[str, Any]:
    """That a pair is not on the page at all, since its inventory is wrong, as a finding."""
    return {
        "severity": ERROR,
        "id": "pair_not_looked_at",
        "message": f"{name} could not be looked at: {why}",
        "remedy": "Mend its inventory, and look again. It is not among the overlay IPs below.",
        "where": [name],
        "about": "",
        "commands": [],
    }


def _with_names(message: str, nodes: Mapping[str, Dict]) -> str:
    """AWS knows instances, people nodes: each id of one has the name of the node beside it, unless that is there."""
    for name, node in nodes.items():
        instance = node["instance_id"]
        if instance and name not in message:
            parts = re.split(rf"\b{re.escape(instance)}\b", message)
            message = f"{instance} ({name})".join(parts)
    return message


def _play(name: str, *, first: Mapping[str, str], inventory: Sequence[str], **then: str) -> str:
    """The command that runs one of the collection's playbooks."""
    return command.playbook(f"aws_ha.overlay_ip.{name}", first, then, inventory)


def _commands(
    remedy: str,
    overlay: Dict | None,
    nodes: Mapping[str, Dict],
    play: Callable[..., str],
    where: str,
    *,
    several: bool,
) -> Iterator[dict[str, str]]:
    """What can be copied: the playbook that a remedy names, and what stands in it between backticks.

    A switchover is offered of one overlay IP alone: of a node's finding it may be any of several. A command that cannot
    be written, since a name in it would be no plain word for what reads it, is none.
    """
    for given in _quoted(remedy, [*nodes, where]):
        node = next((name for name in nodes if _on(name, remedy)), where if where in nodes else "")
        yield {"at": f"on {node}" if node else "", "command": given}
    words = remedy.lower()
    plays = []
    if "reach.yml" in words:
        plays.append(("", play("reach")))
    if re.search(r"\brun setup\b", words) and "switchover" not in words:
        plays.append(("", play("setup")))
    if "switchover" in words and overlay:
        only = {"overlay": overlay["destination"]} if several else {}
        plays += [(at, play("switchover", target=name, **only)) for name, at in _targets(overlay, nodes)]
    yield from ({"at": at, "command": written} for at, written in plays if written)


def _quoted(remedy: str, names: Sequence[str]) -> list[str]:
    """What stands between backticks, but not what a name has between its own."""
    for name in names:
        if "`" in name:
            remedy = remedy.replace(name, "")
    return re.findall(r"`([^`]+)`", remedy)


def _on(name: str, remedy: str) -> bool:
    """Whether a remedy says "on NAME": one name may begin another one, as db does db-standby and db.example.com."""
    return re.search(rf"\bon {re.escape(name)}(?![\w-]|\.\w)", remedy) is not None


def _targets(overlay: Dict, nodes: Mapping[str, Dict]) -> list[tuple[str, str]]:
    """The nodes that may be given an overlay IP: the one that the engine has it on, else all that are well; with when.

    Where tables disagree and no engine decides, nobody but a person knows which node has the newest data. So each
    says which it is for, also where it is the only one, and who is not among them.
    """
    well = [name for name, node in nodes.items() if node["ready"] == "yes"]
    holder = by_engine(overlay)
    if holder in well:
        return [(holder, f"to {holder}, where the engine has it")]
    without = "".join(f"; {name} {node['could']}" for name, node in nodes.items() if name not in well)
    return [(name, f"where {name} shall have it{without}") for name in well]


def led(overlay: Dict) -> list[str]:
    """Where its tables lead, those that work."""
    return [table["holder"] for table in overlay["tables"] if table["holder"] and table["state"] == "active"]


def named(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + " …" * (len(names) > most)
