# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node's configuration file says, as values.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._address.plan import AUTO
from .._base.deployment import USUAL

TABLES, VPC = SCOPES = ("tables", "vpc")
"""What the node's policy lets it write: the tables that setup named, or every table of the VPC."""


@dataclass(frozen=True)
class Overlay:
    """One overlay IP.

    Attributes:
        destination: its prefix, or the managed prefix list that has its addresses.
        addresses: the host addresses that go with it.
        interface, label: where they go.
        route_table_ids: the tables that this node is responsible for: those that the user named, or those that served
            a subnet of the VPC when setup ran. Empty in files of 1.0.0 where the user named none.
        vpc_id: the VPC.
        every: every table of the VPC shall have the route: one that appears is seen.
    """

    destination: str
    addresses: tuple[str, ...]
    interface: str = AUTO
    label: str = AUTO
    route_table_ids: tuple[str, ...] = ()
    vpc_id: str | None = None
    every: bool = False


@dataclass(frozen=True)
class Config:
    """The node's configuration file, checked.

    Attributes:
        name: this node's name.
        network_interface_id: where its routes point; None is asked of the instance metadata by `device_index`.
        peers: the other nodes' names and network interfaces.
        aws: options of the modules of the collection, by name: region, endpoint_url ...
        timeout: seconds for one command, all in all.
        advert: seconds between two adverts of keepalived.
        iam_scope: one of SCOPES.
        former: interfaces of this node by which it received before, and to which routes still led when setup ran.
        deployment: whose it is.
        sees_interfaces: the node's policy lets it look at its interface, so that it does.
        fleet: how many routes of the account may move at the same time; 0: nobody told.
        apart: with keepalived each overlay IP is watched, and moves, by itself; else all of them together.
        left: overlay IPs that the inventory has no more, and that nobody took away yet. Nothing is done with them by
            itself; by their name they can be given up, and a cluster that still has them is served.
    """

    name: str
    overlays: tuple[Overlay, ...]
    aws: Mapping[str, Any] = field(default_factory=dict)
    network_interface_id: str | None = None
    device_index: int = 0
    peers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 20.0
    advert: float = 1.0
    iam_scope: str = TABLES
    former: tuple[str, ...] = ()
    deployment: str = USUAL
    sees_interfaces: bool = False
    left: tuple[Overlay, ...] = ()
    fleet: int = 0
    apart: bool = False
