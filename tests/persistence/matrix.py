# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows and columns of the table, and what a cell of it is: an event, and what is left of the addresses after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from persistence.events import AMAZON_FILES, EVENTS, Event
from persistence.stage import OVERLAY4, OWN4, PREFIX6, Sight, Stage

SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13", "forky": "Debian 14 (testing)"}


@dataclass(frozen=True)
class Row:
    """One way of keeping an address: on a distribution, with a stack, by a method."""

    suite: str
    stack: str
    method: str

    @property
    def id(self) -> str:
        return f"{self.suite}-{self.stack}-{self.method}"

    @property
    def labelled(self) -> bool:
        """Whether the label comes back: a NetworkManager profile cannot hold one."""
        return self.method != "networkmanager_profile"


NATIVE = {
    "networkd": "networkd",
    "netplan": "networkd",
    "amazon": "networkd",
    "networkmanager": "networkmanager",
    "ifupdown": "ifupdown",
}
OTHERS: dict[str, tuple[str, ...]] = {
    "networkmanager": ("networkmanager_profile", "systemd_unit"),
    "amazon": (),  # the same networkd as above, but for the drop-in's place
}
ROWS = [
    Row(suite, stack, method)
    for suite in SUITES
    for stack, native in NATIVE.items()
    for method in (native, *OTHERS.get(stack, ("systemd_unit",)))
]


_WIPED = {"reconfigure": "46", "render": "46", "apply": "46", "link": "6"}
#: What does not survive, and is documented so. A unit does not hear of what a manager does to a link in between; with
#: ifupdown nobody hears of a link that goes down, at which the kernel drops IPv6 addresses.
LOST: dict[tuple[str, str], dict[str, str]] = {
    ("networkd", "systemd_unit"): _WIPED,
    ("netplan", "systemd_unit"): _WIPED,
    ("networkmanager", "systemd_unit"): {"reconfigure": "46", "up": "46", "downup": "46", "render": "46", "link": "46"},
    ("ifupdown", "systemd_unit"): {"downup": "6", "link": "6"},
    ("ifupdown", "ifupdown"): {"link": "6"},
}


@dataclass(frozen=True)
class Cell:
    """What an event left: of IPv4, of IPv6, of the label; which address comes first; what the DHCP server was asked."""

    event: str
    title: str
    kept4: bool
    kept6: bool
    label: str
    own_first: bool
    dhcp: dict[str, int]


@contextmanager
def staged(row: Row, directory: Path) -> Iterator[Stage]:
    """A node of the row, booted, with its own addresses."""
    amazon = row.stack == "amazon"
    stage = Stage(directory, row.suite, "networkd" if amazon else row.stack, AMAZON_FILES if amazon else None)
    try:
        if amazon:
            stage.remove("/etc/systemd/network/10-eth0.network")
            stage.link("/etc/systemd/system/multi-user.target.wants/policy-routes.service", "../policy-routes.service")
        stage.node.boot()
        sight = stage.settle()
        assert sight.settled, sight
        yield stage
    finally:
        left = stage.close()
    assert left == [], left


def cell(row: Row, stage: Stage, event: Event) -> Cell:
    """Let it happen and look; what the event took away is put back before the next one."""
    before = stage.dhcp_messages()
    lost = expected_loss(row, event)
    event.happen(stage)
    sight = stage.settle(lambda s: own_sources(s) and (s.overlay4 or "4" in lost) and (s.overlay6 or "6" in lost))
    assert own_sources(sight), sight
    seen = stage.dhcp_messages() - before
    if not (sight.overlay4 and sight.overlay6):
        stage.hold(persistence=row.method)
        stage.settle()
    return Cell(event.name, event.title, sight.overlay4, sight.overlay6, sight.label, sight.own_first, dict(seen))


def expected_loss(row: Row, event: Event) -> str:
    """Which families an event takes away: "", "4", "6" or "46"."""
    return LOST.get((row.stack, row.method), {}).get(event.name, "")


def own_sources(sight: Sight) -> bool:
    """Whether the node talks to the world from its own addresses."""
    return sight.source4 == OWN4 and sight.source6.startswith(PREFIX6)


def install(row: Row, stage: Stage) -> dict[str, Any]:
    """Bring the overlays up and keep them, on a running node: at once live, and nobody was disturbed."""
    before = stage.dhcp_messages()
    result = stage.hold(persistence="auto" if row.method == NATIVE[row.stack] else row.method)
    sight = stage.settle()
    assert result["changed"], result
    assert {a["method"] for a in result["addresses"]} == {row.method}, result
    assert sight.overlay4, sight
    assert sight.overlay6, sight
    assert sight.label == "eth0:1", sight
    assert sight.own_first, sight
    assert own_sources(sight), sight
    assert stage.dhcp_messages() == before, "a DHCP lease was renewed or asked for"
    assert stage.hold(persistence=row.method)["changed"] is False
    assert stage.read() == result["persistence"]["files"]
    own_addresses_are_safe(stage, sight)
    return result


def own_addresses_are_safe(stage: Stage, sight: Sight) -> None:
    """The node's own addresses are neither taken nor removed, whoever has set them."""
    own6 = next(address for address in sight.addresses if address.startswith(PREFIX6))
    for address in (OWN4, own6):
        for state in ("present", "absent"):
            sentence = stage.refusal(addresses=[address], state=state)
            assert f"{address}/" in sentence, sentence
            assert "it is this node's own address, not an overlay IP" in sentence, sentence
    assert set(stage.look().addresses) == set(sight.addresses)


def events(row: Row, names: Iterable[str] | None = None) -> list[Event]:
    """The columns of a row."""
    wanted = None if names is None else set(names)
    return [event for event in EVENTS[row.stack] if wanted is None or event.name in wanted]


def as_dict(row: Row, files: list[str], cells: list[Cell]) -> dict[str, Any]:
    """For the JSON file."""
    return {**asdict(row), "files": files, "cells": [asdict(c) for c in cells]}


__all__ = ["OVERLAY4", "ROWS", "Cell", "Row", "as_dict", "cell", "events", "install", "own_sources", "staged"]
