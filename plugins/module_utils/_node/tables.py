# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which route tables this node answers for, and what is to be said of the others. No table decides alone.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .._route import plan
from .._route.plan import ACTIVE, Route, Table
from .model import VPC, Config, Overlay


@dataclass(frozen=True)
class Seen:
    """One overlay IP in what was read.

    Attributes:
        overlay: of the configuration.
        tables: those that this node answers for and that are there, by id.
        gone: those that it answers for and that are not there any more.
        fresh: those that serve a subnet of the VPC and that setup did not know, where every table shall have the route.
        former: those whose route leads to an interface by which this node received before: they count as leading here.
    """

    overlay: Overlay
    tables: tuple[Table, ...]
    gone: tuple[str, ...] = ()
    fresh: tuple[Table, ...] = ()
    former: tuple[str, ...] = ()

    @property
    def destination(self) -> str:
        """The overlay IP."""
        return self.overlay.destination

    @property
    def routes(self) -> list[tuple[Table, Route | None]]:
        """Per table the route, or None."""
        return [(table, table.static(self.destination)) for table in self.tables]

    def held_by(self, interface: str) -> list[Table]:
        """The tables whose route points there and works."""
        return [t for t, r in self.routes if r and r.network_interface_id == interface and r.state == ACTIVE]

    @property
    def problems(self) -> list[str]:
        """What is to be told of tables that keep nobody from serving, a sentence each."""
        told = []
        if self.gone:
            told.append(f"{', '.join(self.gone)} does not exist any more: run setup, so that nobody asks for it.")
        if self.former:
            told.append(
                f"{', '.join(self.former)} sends {self.destination} to an interface by which this node is to receive no"
                " more: run switchover to this node, which moves it."
            )
        for table in self.fresh:
            where = ", ".join(table.subnet_ids) or "subnets without a table of their own"
            told.append(
                f"{table.route_table_id} ({where}) has no route to {self.destination}: clients there cannot reach it;"
                " run setup, which adds it."
            )
        for table, route in self.routes:
            if route and route.foreign:
                told.append(
                    f"{table.route_table_id} routes {self.destination} to {route.target}, which is somebody else's: it"
                    " is left alone; find out who made it."
                )
        return told


def seen(config: Config, overlay: Overlay, read: Iterable[Table]) -> Seen:
    """Sort what was read: of the whole VPC where every table shall have the route, else the named tables.

    A file of 1.0.0 names no tables where the user named none: those that have the route are the ones that setup knew.
    """
    by_id = {table.route_table_id: table for table in read}
    former = tuple(
        name
        for name, table in sorted(by_id.items())
        if (route := table.static(overlay.destination)) and route.network_interface_id in config.former
    )
    by_id = {name: _here(table, config) for name, table in by_id.items()}
    serving = plan.serving(by_id.values()) if overlay.every else []
    named: Sequence[str] = overlay.route_table_ids
    if not named:
        carrying = [t.route_table_id for t in serving if t.static(overlay.destination)]
        named = carrying or [t.route_table_id for t in serving]
    fresh = tuple(t for t in serving if t.route_table_id not in named)
    tables = [by_id[name] for name in named if name in by_id]
    if config.iam_scope == VPC:
        tables, fresh = [*tables, *fresh], ()
    return Seen(
        overlay,
        tuple(sorted(tables, key=lambda t: t.route_table_id)),
        tuple(name for name in named if name not in by_id),
        tuple(t for t in fresh if not t.static(overlay.destination)),
        former,
    )


def carried(config: Config) -> list[Overlay]:
    """Of what the inventory has no more, that whose addresses other overlay IPs of the inventory carry now."""
    mine = {address for overlay in config.overlays for address in overlay.addresses}
    return [overlay for overlay in config.left if overlay.addresses and mine.issuperset(overlay.addresses)]


def _here(table: Table, config: Config) -> Table:
    """With the routes to a former interface of this node as if they led to the present one."""
    if not config.former:
        return table
    return replace(
        table,
        routes=tuple(
            replace(r, network_interface_id=config.network_interface_id)
            if r.network_interface_id in config.former
            else r
            for r in table.routes
        ),
    )
