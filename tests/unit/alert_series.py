# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes and the status playbook tell, as series of promtool's tests."""

from __future__ import annotations

import re

O = 'vpc_id="vpc-1",destination="192.168.10.15/32"'  # noqa: E741
N1, N2 = f'{O},node="n1",instance="10.0.1.10:9100"', f'{O},node="n2",instance="10.0.2.10:9100"'
CTL = f'{O},instance="controller:9100"'
DEPLOYMENT = 'deployment="'
USUAL, OTHER = f'{DEPLOYMENT}overlay-ip"', f'{DEPLOYMENT}database"'
#: The same node, as another deployment on it tells of another overlay IP.
OTHERS_N1 = f'vpc_id="vpc-1",destination="192.168.10.16/32",node="n1",instance="10.0.1.10:9100",{OTHER}'


def tables(labels: str, total: str, blackhole: str, missing: str) -> list[tuple[str, str]]:
    names = ("tables", "blackhole_tables", "missing_tables")
    return [one(name, labels, values) for name, values in zip(names, (total, blackhole, missing), strict=True)]


def both(total: str, blackhole: str, missing: str) -> list[tuple[str, str]]:
    """What both nodes see."""
    return [*tables(N1, total, blackhole, missing), *tables(N2, total, blackhole, missing)]


def one(name: str, labels: str, values: str) -> tuple[str, str]:
    """A series; of the usual deployment, where its labels do not say of which."""
    return f"overlay_ip_{name}{{{labels if DEPLOYMENT in labels else f'{USUAL},{labels}'}}}", values


def held(n1: str, n2: str) -> list[tuple[str, str]]:
    """The tables that lead to each node."""
    return [one("held_tables", N1, n1), one("held_tables", N2, n2)]


def node(
    labels: str, written: str, nodes: str = "2x40", holder: str = "", config: str = "1x40"
) -> list[tuple[str, str]]:
    """What a node tells of itself; `written` is when."""
    target = labels.split(",", 2)[2]
    told = [
        one("metrics_timestamp_seconds", target, written),
        one("config_info", f'{labels},hash="a"', config),
        one("nodes", labels, nodes),
    ]
    return [*told, one("holder", labels, holder)] if holder else told


def looks(labels: str, leads: str, *, blackhole: str = "0x40") -> list[tuple[str, str]]:
    """What a node sees of two tables that lead to one place; `leads`: how many lead to itself."""
    told = [one("held_tables", labels, leads), one("tables_consistent", labels, "1x40")]
    return [*tables(labels, "2x40", blackhole, "0x40"), *told]


def of_fleet(n1: str) -> list[tuple[str, str]]:
    """What the status playbook tells besides: how many tables lead to the first node; to the second one none."""
    told = []
    for name, leads in (("n1", n1), ("n2", "0x40")):
        labels = f'{O},node="{name}",instance="controller:9100"'
        told += [one("held_tables", labels, leads), one("tables_consistent", labels, "1x40")]
    return told


def fleet(written: str, n1: str, n2: str) -> list[tuple[str, str]]:
    """What the status playbook tells: which node is the holder."""
    told = []
    for name, holder in (("n1", n1), ("n2", n2)):
        labels = f'node="{name}",instance="controller:9100"'
        told += [one("metrics_timestamp_seconds", labels, written), one("node_reachable", labels, "1x40")]
        told += [one("holder", f"{O},{labels}", holder), *tables(f"{O},{labels}", "2x40", "0x40", "0x40")]
    return told


#: Written each minute; that, and gone after three minutes.
EACH, GONE = "0+60x40", "0+60x3 stale"
#: Of a series of such a node.
ONE_GONE = "1x3 stale"


def fresh(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The series, and, where they do not say when they were written, that they were each minute."""
    if any("metrics_timestamp" in series for series, _values in given):
        return given
    told: dict[str, str] = {}
    for series, _values in given:
        if "last_move" in series:
            told |= dict([one("metrics_timestamp_seconds", series.partition("{")[2].rstrip("}"), "0+60x40")])
        found = re.search(
            r'vpc_id="[^"]*",destination="[^"]*"(?:,node="[^"]*")?,instance="[^"]*"(?:,node="[^"]*")?', series
        )
        if found and "node=" in found[0]:
            target = found[0].split(",", 2)[2]
            told |= dict([one("metrics_timestamp_seconds", target, "0+60x40")])
            if CTL.rpartition(",")[2] in target:
                told |= dict([one("node_reachable", target, "1x40")])
            elif not any("config_info" in name for name, _values in given):
                told |= dict([one("config_info", f'{found[0]},hash="a"', "1x40")])
    return [*given, *told.items()]
