# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back in the tables of all nodes: the exact calls, in order, and nobody else's route is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import transit_gateway_return_route
from unit import transit_lab
from unit.aws_lab import AwsLab, Run, actions, run_module, warnings
from unit.transit_lab import CLIENTS, ON_PREMISES, Transit

INSTANCES, TABLES, GATEWAYS = "DescribeInstances", "DescribeRouteTables", "DescribeTransitGatewayRouteTables"


@pytest.fixture
def transit(aws: AwsLab) -> Iterator[Transit]:
    built = transit_lab.build(aws)
    yield built
    transit_lab.remove(built)


@pytest.fixture
def tables(aws: AwsLab) -> list[str]:
    """Those that serve node1 (the main one) and node2."""
    return [aws.world.route_table_ids[0], aws.world.route_table_ids[2]]


@pytest.fixture
def play(transit: Transit, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "destinations": [CLIENTS],
            "transit_gateway_id": transit.gateway,
            "instance_ids": [m.instance_id for m in transit.aws.world.nodes],
            "wait_timeout": 3,
            **transit.aws.options(),
            **params,
        }
        chosen = {name: value for name, value in chosen.items() if value is not None}
        return run_module(transit_gateway_return_route, capsys, check=check, **chosen)

    return run


def there(transit: Transit, destination: str = CLIENTS) -> dict[str, str]:
    """Per table that has such a route, what it leads to."""
    return {t: target for t, target in where(transit, destination).items() if target}


def where(transit: Transit, destination: str) -> dict[str, str | None]:
    snapshot = transit.aws.endpoint.snapshot(transit.aws.world.vpc_id)
    return {
        t.route_table_id: next((r.target for r in t.routes if r.destination == destination), None)
        for t in snapshot.tables
    }


def test_the_tables_of_the_nodes_get_the_way_back(transit: Transit, play: Run, tables: list[str]) -> None:
    result = play(destinations=[CLIENTS, ON_PREMISES])
    assert transit.aws.calls() == [INSTANCES, TABLES, TABLES, *["CreateRoute"] * 4, TABLES]
    assert actions(result) == ["create"] * 4
    for network in (CLIENTS, ON_PREMISES):
        assert there(transit, network) == dict.fromkeys(tables, transit.gateway)
    assert result["routes"][0]["after"]["transit_gateway_id"] == transit.gateway
    again = play(destinations=[CLIENTS, ON_PREMISES])
    assert (again["changed"], actions(again)) == (False, ["none"] * 4)


def test_the_gateway_is_found_by_one_of_its_tables(transit: Transit, play: Run, tables: list[str]) -> None:
    keys = transit.aws.options(transit.aws.world.owner_admin)
    result = play(
        transit_gateway_id=None, transit_gateway_route_table_id=transit.tables[0],
        instance_ids=None, route_table_ids=tables, **keys,
    )  # fmt: skip
    assert transit.aws.calls() == [GATEWAYS, TABLES, "CreateRoute", "CreateRoute", TABLES]
    assert result["transit_gateway_id"] == transit.gateway


def test_what_leads_elsewhere_is_somebody_elses(transit: Transit, play: Run, tables: list[str]) -> None:
    client = transit.client
    client.create_route(RouteTableId=tables[1], DestinationCidrBlock=CLIENTS, NetworkInterfaceId=transit.aws.eni(1))
    assert actions(play()) == ["create", "kept"]
    assert actions(play(state="absent")) == ["delete", "kept"]
    assert there(transit) == {tables[1]: transit.aws.eni(1)}
    assert actions(play(takeover="always")) == ["create", "replace"]
    assert there(transit) == dict.fromkeys(tables, transit.gateway)


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("start", [(), (0,), (0, 1)])
def test_check_mode_foretells_the_run(
    transit: Transit, play: Run, tables: list[str], start: tuple[int, ...], state: str
) -> None:
    for number in start:
        transit.client.create_route(
            RouteTableId=tables[number], DestinationCidrBlock=CLIENTS, TransitGatewayId=transit.gateway
        )
    before = there(transit)
    foretold = play(check=True, state=state)
    assert there(transit) == before
    done = play(state=state)
    for result in (foretold, done):
        del result["api_calls"]
    assert foretold == done


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"destinations": []}, "destinations is empty: name at least one network."),
        ({"destinations": ["10.20.0.1/16"]}, "'10.20.0.1/16' has host bits set"),
        ({"instance_ids": None, "route_table_ids": []}, "instance_ids or route_table_ids is empty: name the nodes, or"),
        ({"instance_ids": []}, "instance_ids or route_table_ids is empty: name the nodes, or"),
        ({"interfaces": {"i-1": "second"}}, "interfaces has 'second' for i-1: write the id of an interface"),
        ({"route_table_ids": ["rtb-1"]}, "parameters are mutually exclusive: instance_ids|route_table_ids"),
        ({"transit_gateway_id": None}, "one of the following is required: transit_gateway_id, transit_gateway_route"),
    ],
)
def test_bad_input_ends_in_a_sentence(play: Run, options: dict[str, Any], sentence: str) -> None:
    result = play(**options)
    assert result["failed"] is True
    assert result["msg"].startswith(sentence)


def test_a_table_that_is_not_there_ends_in_a_sentence(transit: Transit, play: Run) -> None:
    table, keys = "tgw-rtb-0123456789abcdef0", transit.aws.options(transit.aws.world.owner_admin)
    told = play(transit_gateway_id=None, transit_gateway_route_table_id=table, **keys)["msg"]
    assert told.startswith(
        f"DescribeTransitGatewayRouteTables: Transit Gateway Route Table {table} was deleted or does"
    )
    gone = play(transit_gateway_id=None, transit_gateway_route_table_id=table, state="absent", **keys)
    assert (gone["changed"], gone["transit_gateway_id"], set(actions(gone))) == (False, None, {"none"})
    told = f"{table} does not exist any more, so that its gateway is not known: the routes are kept. Name transit"
    assert told in " ".join(warnings(gone))
