# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's own moves: the order of address and route, and what is left when a move fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import check as node_check
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import ConfigError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.job import JobError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.told import condensed
from unit.node_script import ONE, OVERLAY, TABLES, named, play, read, replace, take
from unit.script import Call


def test_the_address_is_up_before_anything_is_asked_of_aws() -> None:
    result, deeds, address = play(
        take, read("eni-peer", "eni-peer"), replace("rtb-1"), replace("rtb-2"), read("eni-me", "eni-me"),
    )  # fmt: skip
    assert deeds == ["up", "DescribeRouteTables", "ReplaceRoute", "ReplaceRoute", "DescribeRouteTables"]
    assert result["changed"]
    assert result["consistent"]
    assert address.is_up


def test_a_node_that_has_everything_reads_once_and_writes_nothing() -> None:
    result, deeds, _address = play(take, read("eni-me", "eni-me"), up=True)
    assert deeds == ["DescribeRouteTables"]
    assert not result["changed"]


def test_a_node_that_cannot_read_takes_its_address_down_again() -> None:
    result, deeds, address = play(take, read(error="UnauthorizedOperation"))
    assert isinstance(result, JobError)
    assert "was not taken over: " in str(result)
    assert deeds == ["up", "DescribeRouteTables", "down"]
    assert not address.is_up


def test_an_address_that_was_up_before_stays() -> None:
    _result, _deeds, address = play(take, read(error="UnauthorizedOperation"), up=True)
    assert address.is_up


def test_where_some_table_was_moved_its_clients_are_served() -> None:
    result, _deeds, address = play(
        take, read("eni-peer", "eni-peer"), replace("rtb-1"), replace("rtb-2", error="UnauthorizedOperation"),
        read("eni-me", "eni-peer"),
    )  # fmt: skip
    assert [route["route_table_id"] for route in result["routes"] if route["error"]] == ["rtb-2"]
    assert result["problems"] == ["ReplaceRoute: refused (UnauthorizedOperation)."]
    assert address.is_up


NET, LIST = "192.168.10.0/28", "pl-0123456789abcdef0"


def carrying(run: Callable[[Node], Any], route: str = NET) -> Callable[[Node], Any]:
    """On a node that setup has told of a prefix or list, and whose address still has its own route."""

    def told(node: Node) -> Any:
        single = node.config.overlays[0]
        shared = Overlay(route, (OVERLAY,), route_table_ids=TABLES)
        other = Overlay("192.168.10.9/32", ("192.168.10.9/32",), route_table_ids=TABLES)  # whose address is gone
        node.config = node.local.config = dataclasses.replace(node.config, overlays=(shared,), left=(single, other))
        return run(node)

    return told


def to_me(table: str, destination: str, eni: str = "eni-me") -> Call:
    params = {"RouteTableId": table, named(destination): destination, "NetworkInterfaceId": eni}
    return Call("ec2", "ReplaceRoute", params, {"Return": True})


@pytest.mark.parametrize("route", [NET, LIST])
def test_what_setup_is_bringing_over_to_one_route_is_taken_with_it(route: str) -> None:
    """Nobody looks into a list for it."""
    result, _deeds, address = play(
        carrying(take, route),
        read("eni-peer", "eni-peer", destination=route), to_me("rtb-1", route), to_me("rtb-2", route),
        read("eni-me", "eni-me", destination=route),
        read("eni-peer", None),
        read("eni-peer", tables=ONE), to_me("rtb-1", OVERLAY), read("eni-me", tables=ONE),
    )  # fmt: skip
    moved = [(r["route_table_id"], r["destination"]) for r in result["routes"]]
    assert moved == [("rtb-1", route), ("rtb-2", route), ("rtb-1", OVERLAY)]
    assert address.is_up


def test_that_it_cannot_be_looked_at_hinders_no_takeover() -> None:
    result, _deeds, address = play(
        carrying(take),
        read("eni-peer", "eni-peer", destination=NET), to_me("rtb-1", NET), to_me("rtb-2", NET),
        read("eni-me", "eni-me", destination=NET),
        read(error="UnauthorizedOperation"),
    )  # fmt: skip
    assert result["consistent"]
    assert address.is_up


def test_of_what_is_brought_over_only_what_points_here_is_handed_over() -> None:
    play(
        carrying(lambda node: node.hand_over("n2", Deadline(0.5))),
        read("eni-me", "eni-me", destination=NET), to_me("rtb-1", NET, "eni-peer"), to_me("rtb-2", NET, "eni-peer"),
        read("eni-peer", "eni-peer", destination=NET),
        read("eni-third", "eni-me"),
        read("eni-me", tables=("rtb-2",)), to_me("rtb-2", OVERLAY, "eni-peer"), read("eni-peer", tables=("rtb-2",)),
    )  # fmt: skip


def test_handing_over_moves_what_points_here() -> None:
    play(
        lambda node: node.hand_over("n2", Deadline(0.5)),
        read("eni-me", "eni-me"), replace("rtb-1", "eni-peer"), replace("rtb-2", "eni-peer"),
        read("eni-peer", "eni-peer"),
    )  # fmt: skip


def test_handing_over_leaves_alone_what_a_third_has() -> None:
    with pytest.raises(Exception, match="not at the expected holder eni-me"):
        play(lambda node: node.hand_over("n2", Deadline(0.5)), read("eni-third", "eni-me"))


def test_handing_over_to_a_stranger_is_refused() -> None:
    with pytest.raises(ConfigError, match="n9 is no peer of this node: it has n2"):
        play(lambda node: node.hand_over("n9", Deadline(0.5)))


@pytest.mark.parametrize(
    ("holders", "holder", "consistent", "mine"),
    [
        (("eni-me", "eni-me"), "n1", True, True),
        (("eni-peer", "eni-peer"), "n2", True, False),
        (("eni-third", "eni-third"), "eni-third", True, False),
        (("eni-me", "eni-peer"), None, False, False),
        ((None, None), None, True, False),
    ],
)
def test_show(holders: tuple[str | None, ...], holder: str | None, consistent: bool, mine: bool) -> None:
    (shown,), _deeds, _address = play(lambda node: node.show(), read(*holders), up=True)
    assert (shown["holder"], shown["consistent"], shown["mine"]) == (holder, consistent, mine)
    assert shown["addresses"] == [{"address": OVERLAY, "interface": "eth0"}]


def interface(check: bool) -> dict[str, Any]:
    return {"NetworkInterfaceId": "eni-me", "VpcId": "vpc-1", "SubnetId": "subnet-1", "SourceDestCheck": check}


def look(check: bool = False, error: str = "") -> Call:
    params = {"NetworkInterfaceIds": ["eni-me"]}
    return Call("ec2", "DescribeNetworkInterfaces", params, {"NetworkInterfaces": [interface(check)]}, error)


def dry(table: str, error: str = "DryRunOperation") -> Call:
    return replace(table, error=error, DryRun=True)


@pytest.mark.parametrize(
    ("calls", "answers"),
    [
        ([read("eni-me", tables=ONE), read("eni-me", tables=ONE), dry("rtb-1"), look()], [True, True, True, True]),
        ([read("eni-me", tables=ONE), read("eni-me", tables=ONE), dry("rtb-1"), look(True)], [True, True, True, False]),
        (
            [read("eni-me", tables=ONE), read("eni-me", tables=ONE), dry("rtb-1"), look(error="UnauthorizedOperation")],
            [True, True, True, None],
        ),
        (
            [read("eni-me", tables=ONE), read("eni-me", tables=ONE), dry("rtb-1", "UnauthorizedOperation"), look()],
            [True, True, False, True],
        ),
        ([read(error="Unreachable", tables=ONE)], [True, False]),
    ],
)
def test_readiness(calls: list[Call], answers: list[bool | None]) -> None:
    def check(node: Node) -> list[dict[str, Any]]:
        node.config = Config("n1", (Overlay(OVERLAY, (OVERLAY,), route_table_ids=ONE),), network_interface_id="eni-me")
        return node_check.run(node, Deadline(1))

    checks, _deeds, _address = play(check, *calls)
    assert [c["ok"] for c in checks] == [True, *answers]  # Python runs it


FOREIGN = {"DestinationCidrBlock": OVERLAY, "GatewayId": "tgw-1", "State": "active", "Origin": "CreateRoute"}


def foreign(call: Call, table: str = "rtb-1") -> Call:
    """The same answer, with somebody else's route in one table."""
    raw = [{**t, "Routes": [FOREIGN]} if t["RouteTableId"] == table else t for t in call.answer["RouteTables"]]
    return Call(call.service, call.operation, call.params, {"RouteTables": raw})


def test_a_table_that_is_gone_ends_no_failover() -> None:
    filters = [{"Name": "route-table-id", "Values": list(TABLES)}]
    params = {"Filters": filters, "MaxResults": 100}
    only = read("eni-peer", tables=ONE).answer
    result, deeds, address = play(
        take, Call("ec2", "DescribeRouteTables", params, only), replace("rtb-1"), read("eni-me", tables=ONE),
    )  # fmt: skip
    assert deeds == ["up", "DescribeRouteTables", "ReplaceRoute", "DescribeRouteTables"]
    assert result["consistent"]
    assert address.is_up


def test_somebody_elses_route_is_left_alone_and_told_while_another_table_is_taken() -> None:
    result, _deeds, address = play(
        take, foreign(read("eni-peer", "eni-peer")), replace("rtb-2"), foreign(read("eni-peer", "eni-me")),
    )  # fmt: skip
    assert result["problems"] == [f"rtb-1 routes {OVERLAY} to tgw-1, which is somebody else's: it is left alone."]
    assert address.is_up


def test_where_no_table_can_be_taken_the_node_does_not_look_as_if_it_had() -> None:
    result, deeds, address = play(
        take, read("eni-peer", "eni-peer"), replace("rtb-1", error="UnauthorizedOperation"),
        replace("rtb-2", error="UnauthorizedOperation"), read("eni-peer", "eni-peer"),
    )  # fmt: skip
    assert isinstance(result, JobError)
    assert str(result).startswith(f"{OVERLAY} was not taken over: ")
    assert deeds[-1] == "down"
    assert not address.is_up


def test_a_move_that_breaks_off_keeps_the_address() -> None:
    """No thread to be had, or no memory: some tables may point here by then."""

    def run(node: Node) -> Any:
        write = node.ec2.write

        def broken(action: Any, *, dry_run: bool = False) -> None:
            if action.route_table_id == "rtb-2":
                raise RuntimeError("can't start new thread")
            write(action, dry_run=dry_run)

        node.ec2.write = broken  # type: ignore[method-assign]
        return take(node)

    result, _deeds, address = play(run, read("eni-peer", "eni-peer"), replace("rtb-1"))
    assert str(result).startswith(f"{OVERLAY} may point here by now, so that it is served here: the move broke off (")
    assert "the move broke off (can't start new thread): which tables it moved is unknown." in str(result)
    assert address.is_up


def test_many_tables_with_one_trouble_are_one_sentence() -> None:
    def route(table: str, text: str) -> dict[str, Any]:
        return {"route_table_id": table, "error": {"code": "X", "message": text.format(table)} if text else None}

    routes = [route(f"rtb-{n}", "It is denied in {0}.") for n in range(5)]
    routes += [route("rtb-8", ""), route("rtb-9", "{0} is gone."), route("rtb-1", "It is denied in {0}.")]
    assert condensed(routes) == ["It is denied in rtb-0, rtb-1, rtb-2 and 2 more tables.", "rtb-9 is gone."]
    assert condensed(routes[:3]) == ["It is denied in rtb-0, rtb-1, rtb-2."]
