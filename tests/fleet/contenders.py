# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who fails over: our program under keepalived, Pacemaker's stock agent, and the loop that everybody writes first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from fleet.endpoint import Endpoint, Pair
from fleet.program import Program
from fleet.world import World

CHECK = 10.0  # seconds: overlay_ip_route_interval, after which keepalived's check tries again
READ_TIMEOUT = 60.0  # seconds: botocore's and the CLI's default
CLI = 0.6  # seconds that the AWS CLI takes to start

Failover = Callable[[World, Endpoint, Pair], None]


def overlay_ip(
    program: Program, seconds: float, routes: int = 0, check: float = CHECK, *, once: bool = False, first: int = 0
) -> Failover:
    """Our program: keepalived says MASTER, and its check mends what is left to do, until all is well.

    Args:
        program: which version.
        seconds: overlay_ip_timeout.
        routes: overlay_ip_fleet.
        check: overlay_ip_route_interval.
        first: so many pairs are not told, so that they come first.
        once: under Pacemaker: a start that fails is not tried again on this node until somebody cleans up.
    """

    def failover(world: World, endpoint: Endpoint, pair: Pair) -> None:
        told = routes if pair.number >= first else 0
        while True:
            node, deadline = program.new_node(world, endpoint, pair, seconds, told)
            try:
                node.take(deadline)
            except program.failures:
                if once:
                    return
            while True:
                world.sleep(check)
                if pair.back is not None:  # it would see that all is well; the checks of all nodes are `background`
                    return
                node, _deadline = program.new_node(world, endpoint, pair, seconds, told)
                with suppress(*program.failures):  # what cannot be read changes nothing
                    node.tables()
                    break

    return failover


def loop(world: World, endpoint: Endpoint, pair: Pair) -> None:
    """`for table in tables: client.replace_route(...)`, begun again a second later where that raised."""
    pair.up = True
    while not all(_replace(world, endpoint, pair, table) for table in pair.tables):
        world.sleep(1.0)


def stock_agent(world: World, endpoint: Endpoint, pair: Pair) -> None:
    """`start` of ocf:heartbeat:aws-vpc-move-ip: look at each table, move each, look again, a second's sleep each time.

    The first call that fails ends it, and Pacemaker does not start it there again until somebody cleans up. The address
    comes after the routes.
    """
    for table in pair.tables:
        _describe(world, endpoint, table)
        world.sleep(1.0)
    for table in pair.tables:
        world.sleep(CLI)
        if not _replace(world, endpoint, pair, table):
            return
        world.sleep(1.0)
    pair.up = True
    pair.note(world.now)
    for table in pair.tables:
        _describe(world, endpoint, table)
        world.sleep(1.0)


def _describe(world: World, endpoint: Endpoint, table: str) -> bool:
    world.sleep(CLI)
    return _standard(world, endpoint, {"Action": "DescribeRouteTables", "RouteTableId": table})


def _replace(world: World, endpoint: Endpoint, pair: Pair, table: str) -> bool:
    where = {"RouteTableId": table, "DestinationCidrBlock": pair.destination, "NetworkInterfaceId": pair.new}
    return _standard(world, endpoint, {"Action": "ReplaceRoute", **where})


def _standard(world: World, endpoint: Endpoint, form: dict[str, str]) -> bool:
    """The SDK's standard retry mode: three attempts, between them a random part of 1 and of 2 seconds."""
    for attempt in range(3):
        if attempt:
            world.sleep(min(20.0, world.random.random() * 2 ** (attempt - 1)))
        got = endpoint.call(form, READ_TIMEOUT)
        if got is not None and got[0] == 200:
            return True
    return False
