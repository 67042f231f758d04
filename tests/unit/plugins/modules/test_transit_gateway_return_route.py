# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back in the tables of all nodes: the exact calls, in order, and nobody else's route is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
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
        (
            {"destinations": [CLIENTS, "0.0.0.0/0"]},
            "destinations has 0.0.0.0/0, the default route: with it the nodes would answer everybody by the transit",
        ),
        ({"destinations": ["::/0"]}, "destinations has ::/0, the default route: with it the nodes would answer"),
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


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("network", ["10.0.0.0/16", "10.0.1.0/24", "10.0.77.1"])
def test_what_the_vpc_routes_locally_is_refused(transit: Transit, play: Run, network: str, check: bool) -> None:
    """Before anything of the others is written, and without waiting for what cannot be."""
    result = play(check=check, destinations=[CLIENTS, network], wait_timeout=60)
    assert (result["failed"], result["changed"], result["routes"]) == (True, False, [])
    where = f"{network if '/' in network else network + '/32'} lies in {transit.aws.world.vpc_id} itself (10.0.0.0/16)"
    assert result["msg"].startswith(f"{where}, which the VPC routes locally and to nowhere else: leave it out of")
    assert there(transit) == {}
    assert transit.aws.calls() == [INSTANCES, TABLES, TABLES]


def test_what_holds_the_vpc_is_a_network_like_all_others(transit: Transit, play: Run, tables: list[str]) -> None:
    assert actions(play(destinations=["10.0.0.0/8"])) == ["create"] * 2
    assert there(transit, "10.0.0.0/8") == dict.fromkeys(tables, transit.gateway)
    assert actions(play(destinations=["10.0.0.0/8", "10.0.0.0/16"], state="absent")) == ["delete", "none"] * 2


def test_a_table_that_is_not_shown_ends_in_a_sentence(
    transit: Transit, play: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another account owns the VPC, and its main table is not shown."""
    every = Ec2.tables
    monkeypatch.setattr(Ec2, "tables", lambda self, *a, **k: [t for t in every(self, *a, **k) if not t.main])
    told = play(check=True)["msg"]
    subnet = transit.aws.world.nodes[0].subnet_id
    assert told.startswith(f"The route table of {subnet} ({transit.aws.world.vpc_id}) is not shown to this caller: set")


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
