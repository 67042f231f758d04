# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""200 route tables of 500 routes, 64 clients at once: no error, no torn read, no lost write."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lab.endpoint import Endpoint
from lab.endpoint.control import Control

from .bench import Bench

TABLES, ROUTES, CLIENTS = 200, 500, 64
#: Writes and reads of each client in the storm.
ROUNDS = 6


def _destination(number: int) -> str:
    return f"192.{168 + number // 65536}.{number // 256 % 256}.{number % 256}/32"


@pytest.fixture(scope="module")
def full() -> Iterator[tuple[Bench, list[str], list[str]]]:
    """An endpoint with all tables full, two interfaces to point at, and its tables' ids.

    Only the first table is filled over the API: 100,000 calls would measure the clients.
    """
    with Endpoint() as endpoint:
        bench = Bench(endpoint.url, endpoint.admin, Control(endpoint.url))
        interfaces = [bench.interface(), bench.interface()]
        create = bench.ec2.create_route_table
        tables = [create(VpcId=bench.vpc)["RouteTable"]["RouteTableId"] for dummy in range(TABLES)]
        for number in range(ROUTES - 1):
            bench.ec2.create_route(
                RouteTableId=tables[0], DestinationCidrBlock=_destination(number), NetworkInterfaceId=interfaces[0]
            )
        assert bench.control is not None
        for table in tables[1:]:
            bench.control.copy_routes(tables[0], table)
        yield bench, tables, interfaces
        assert endpoint.problems == []


def test_all_of_it_in_one_answer(full: tuple[Bench, list[str], list[str]]) -> None:
    bench, dummy, dummy = full
    started = time.monotonic()
    seen = 0
    for page in bench.ec2.get_paginator("describe_route_tables").paginate(
        Filters=[{"Name": "vpc-id", "Values": [bench.vpc]}], PaginationConfig={"PageSize": 100}
    ):
        seen += sum(len(table["Routes"]) for table in page["RouteTables"])
    assert seen == TABLES * ROUTES + 1  # each with its local route; and the main table's
    assert time.monotonic() - started < 40


def test_a_storm_loses_and_tears_nothing(full: tuple[Bench, list[str], list[str]]) -> None:
    """Each client owns three tables and moves two routes of each; all read all the time. A table never has more or
    fewer routes than before, and in the end every route is where its owner put it last."""
    bench, tables, interfaces = full
    own = [tables[client::CLIENTS] for client in range(CLIENTS)]
    moved = [_destination(0), _destination(ROUTES - 2)]
    ready = threading.Barrier(CLIENTS)

    def storm(client: int) -> dict[tuple[str, str], str]:
        ec2 = bench.client("ec2", bench.keys)
        last: dict[tuple[str, str], str] = {}
        ready.wait(timeout=60)
        for number in range(ROUNDS):
            table, target = own[client][number % len(own[client])], interfaces[(number + client) % 2]
            for destination in moved:
                ec2.replace_route(RouteTableId=table, DestinationCidrBlock=destination, NetworkInterfaceId=target)
                last[table, destination] = target
            assert _holders(ec2, table, moved) == {destination: last[table, destination] for destination in moved}
        return last

    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = list(pool.map(storm, range(CLIENTS)))
    seconds = time.monotonic() - started
    for last in outcomes:
        for table in {table for table, dummy in last}:
            assert _holders(bench.ec2, table, moved) == {destination: last[table, destination] for destination in moved}
    assert seconds < 120
    assert bench.control is not None
    calls = bench.control.calls(action="ReplaceRoute")
    assert len(calls) == CLIENTS * ROUNDS * len(moved)
    assert {call["status"] for call in calls} == {200}


def test_racing_creates_have_one_winner(full: tuple[Bench, list[str], list[str]]) -> None:
    """64 clients create the same route with their own targets: one is told that it did, and its target is there."""
    bench, dummy, interfaces = full
    table = bench.ec2.create_route_table(VpcId=bench.vpc)["RouteTable"]["RouteTableId"]
    ready = threading.Barrier(CLIENTS)

    def race(client: int) -> str:
        ec2, target = bench.client("ec2", bench.keys), interfaces[client % 2]
        ready.wait(timeout=60)
        try:
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=_destination(0), NetworkInterfaceId=target)
        except ec2.exceptions.ClientError as error:
            return str(error.response["Error"]["Code"])
        return target

    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = list(pool.map(race, range(CLIENTS)))
    [winner] = [outcome for outcome in outcomes if outcome in interfaces]
    assert outcomes.count("RouteAlreadyExists") == CLIENTS - 1
    assert _holders(bench.ec2, table, [_destination(0)]) == {_destination(0): winner}


def _holders(ec2: Any, table: str, destinations: list[str]) -> dict[str, str]:
    """The targets of ``destinations``; a read is whole: as many routes as ever, and each with its target."""
    [found] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    routes = found["Routes"]
    assert len(routes) in (2, ROUTES)
    assert all("NetworkInterfaceId" in r or r["GatewayId"] == "local" for r in routes)
    return {
        r["DestinationCidrBlock"]: r["NetworkInterfaceId"] for r in routes if r["DestinationCidrBlock"] in destinations
    }
