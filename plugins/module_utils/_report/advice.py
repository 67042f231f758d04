# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remedies that depend on who had an overlay IP, which AWS alone does not know: as the guard of alerts judges it.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from typing import Any

from .._inventory import undecided
from .._inventory.holders import Dict

_UNROUTED = ("route_missing", "blackhole")


def advise(report: dict[str, Any], model: Dict) -> None:
    """Write into the findings of routes that do not work what mends them: setup, or a switchover and never setup."""
    homes = {overlay["destination"]: overlay.get("home") for overlay in model["overlays"]}
    for overlay in report["overlays"]:
        standing = undecided.of(overlay, model["nodes"], homes.get(overlay["destination"]), report["moves"])
        overlay["findings"] = [_advised(finding, standing) for finding in overlay["findings"]]


def _advised(finding: Dict, standing: undecided.Standing) -> Dict:
    if finding["id"] not in _UNROUTED:
        return finding
    return {**finding, "remedy": _remedy(finding, standing)}


def _remedy(finding: Dict, standing: undecided.Standing) -> str:
    dead = finding["id"] == "blackhole"
    if standing.disputed:
        return "Run switchover to the node that shall hold it: it moves every table, and creates what is absent."
    if standing.homeless:
        home = f"the home node, {standing.home}" if standing.home else "the home node"
        if not dead and standing.last is None:
            return (
                f"Where it is new, run setup: it gives it to {home}. Where a node has its data, run switchover to the"
                " one that has the newest."
            )
        started = ", or start the instance" if dead else ""
        return f"Run switchover to the node that has the newest data{started}: setup would give it to {home}."
    if standing.leads:
        what = "it heals what is dead" if dead else "it creates what is absent"
        return f"Run setup: {what}, to {standing.leads[0]} as the other tables, and moves nothing that works."
    if dead:
        return "Run switchover to a running node, or start the instance."
    return f"Run setup: it creates what is absent, to {standing.engine or standing.home}, which had it last."
