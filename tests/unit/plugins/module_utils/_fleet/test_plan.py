# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an evacuation moves, what it names, and in which waves: decided by reports of the real code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.rate import BURST, seconds_for_all
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet import told, work
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet.plan import (
    Move,
    Pair,
    Plan,
    Request,
    RequestError,
    plan,
    seconds,
    waves,
)
from unit.status_reports import WELL, Leads, instance, report

A, B, C = "eu-central-1a", "eu-central-1b", "eu-central-1c"
AT_2: Leads = ((2, "active"), (2, "active"))
SPLIT: Leads = ((1, "active"), (2, "active"))
GONE: Leads = ((1, "blackhole"), (1, "blackhole"))


def pair(
    number: int = 1,
    leads: Leads | dict[str, Leads] = WELL,
    *,
    hosts: dict[str, Any] | None = None,
    model: dict[str, Any] | None = None,
    **made: Any,
) -> Pair:
    """Pair N with the nodes nN-a and nN-b, its own overlay IP, and what is said besides."""
    names = (f"n{number}-a", f"n{number}-b")
    where = leads if isinstance(leads, dict) else {f"192.168.20.{number}/32": leads}
    engine = made.pop("engine", None)
    seen = report(where, names=names, pair=number, engine=engine, **{"zones": (A, B, C), **made})
    for network in seen["networks"]:
        for place in network["nodes"].values():
            place["zone_id"] = {A: "euc1-az2", B: "euc1-az3", C: "euc1-az1"}[place["zone"]] if place["zone"] else None
    nodes = {
        name: {"instance_id": instance(n, pair=number).instance_id, "network_interface_id": None, "device_index": 0}
        for n, name in enumerate(names, 1)
    }
    known = {
        "nodes": nodes,
        "overlays": [
            {
                "address": d.partition("/")[0],
                "destination": d,
                "node_addresses": [d],
                "interface": "auto",
                "label": "auto",
            }
            for d in where
        ],
        "failover": engine or "none",
        "mover": engine or "none",
        "deployment": "overlay-ip",
        "api_from": "controller",
        "pre_tasks": None,
        "post_tasks": None,
        "exclusive": engine is not None,
        "persistent": engine is None,
        "takeover_foreign": False,
        "keepalived": {"apart": True},
        **(model or {}),
    }
    answered = {name: {"addresses": [], "at_work": {"refused": ""}} for name in names}
    return Pair(f"pair{number}", known, seen, {**answered, **(hosts or {})}, "0")


def test_what_is_held_in_the_zone_goes_to_the_peer_elsewhere() -> None:
    made = plan([pair(1), pair(2, AT_2), pair(3, GONE, states=("stopped", "running"))], Request(A), asked=True)
    assert [(m.pair, m.sources, m.target, m.routes) for m in made.moves] == [
        ("pair1", ("n1-a",), "n1-b", 2),
        ("pair3", ("n3-a",), "n3-b", 2),
    ]
    assert made.moves[0].interface == instance(2, pair=1).interfaces[0].network_interface_id
    assert made.moves[0].destinations == ("192.168.20.1/32",)
    assert made.moves[0].tables == {
        "192.168.20.1/32": tuple(t["route_table_id"] for t in pair(1).report["overlays"][0]["tables"])
    }
    assert (made.left, made.adrift, made.ask) == ({}, {}, ("n1-b", "n3-b"))


@pytest.mark.parametrize("zone", ["eu-central-1b", "euc1-az3"])
def test_pairs_in_both_directions_by_the_zones_name_or_id(zone: str) -> None:
    made = plan([pair(1), pair(2, AT_2), pair(3, AT_2, zones=(B, A, C))], Request(zone), asked=True)
    assert [(m.pair, m.target) for m in made.moves] == [("pair2", "n2-a")]
    assert plan([pair(3, WELL, zones=(B, A, C))], Request(zone), asked=True).moves[0].target == "n3-b"


def test_what_is_half_moved_is_finished() -> None:
    (move,) = plan([pair(1, SPLIT)], Request(A), asked=True).moves
    assert move.holder == instance(1, pair=1).instance_id
    assert (move.routes, move.sources, move.target) == (1, ("n1-a",), "n1-b")
    assert plan([pair(1, AT_2)], Request(A), asked=True).moves == (), "run again: nothing is left"


def test_from_a_node_whatever_its_zone() -> None:
    made = plan([pair(1, zones=(A, A, A)), pair(2)], Request(node="n1-a"), asked=True)
    assert [(m.pair, m.target) for m in made.moves] == [("pair1", "n1-b")]


def test_only_what_is_held_there_of_a_pair_that_is_held_apart() -> None:
    leads = {"192.168.20.1/32": WELL, "192.168.21.1/32": AT_2}
    (move,) = plan([pair(1, leads)], Request(A), asked=True).moves
    assert move.destinations == ("192.168.20.1/32",)
    together = pair(1, leads, engine="keepalived", model={"keepalived": {"apart": False}})
    (move,) = plan([together], Request(A), asked=True).moves
    assert (move.destinations, move.routes) == (("192.168.20.1/32", "192.168.21.1/32"), 2)
    cluster = pair(1, leads, engine="pacemaker", model={"keepalived": {}})
    (move,) = plan([cluster], Request(A), asked=True).moves
    assert move.destinations == ("192.168.20.1/32",), "a cluster moves each by itself"
    old = pair(1, leads, engine="keepalived", model={"keepalived": {}})
    assert len(plan([old], Request(A), asked=True).moves[0].destinations) == 2


def test_a_node_without_a_peer_cannot_be_left() -> None:
    alone = pair(1)
    del alone.model["nodes"]["n1-b"]
    assert plan([alone], Request(node="n1-a"), asked=True).left == {"pair1": "n1-a is its only node"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"zones": (A, A, C)}, "all its nodes are in eu-central-1a"),
        ({"states": ("running", "stopped")}, "n1-b cannot take it: its instance is stopped"),
        ({"checks": (False, True)}, "n1-b cannot take it: its source/destination check is on"),
        (
            {"away": ("n1-b",)},
            "n1-b cannot take it: ssh: connect to host 10.0.2.10 port 22: No route to host",
        ),
        ({"hosts": {"n1-b": {"at_work": {"refused": "bob is at work there."}}}}, "bob is at work there."),
        ({"hosts": {"n1-b": {"identity": {"instance_id": "i-0"}}}}, "it is i-0, but the inventory says"),
        ({"model": {"api_from": "node"}}, "overlay_ip_api_from is node"),
        ({"model": {"post_tasks": "x.yml"}}, "it has overlay_ip_post_tasks"),
    ],
)
def test_what_cannot_be_moved_is_named(changed: dict[str, Any], why: str) -> None:
    made = plan([pair(1, **changed), pair(2)], Request(A), asked=True)
    assert [m.pair for m in made.moves] == ["pair2"], "and hinders no other"
    assert list(made.left) == ["pair1"]
    assert why in made.left["pair1"]


@pytest.mark.parametrize(
    ("unknown", "why"),
    [
        ({"state": None}, "AWS knows no such instance"),
        ({"zone": None, "zone_id": None}, "its zone is not known"),
        ({"network_interface_id": None}, "it has no interface with that device index"),
    ],
)
def test_what_aws_does_not_tell_of_a_target(unknown: dict[str, Any], why: str) -> None:
    blind = pair(1)
    blind.places["n1-b"].update(unknown)  # type: ignore[attr-defined]
    assert plan([blind], Request(A), asked=False).left == {"pair1": f"n1-b cannot take it: {why}"}
    other = plan([blind], Request(node="n1-a"), asked=False).left
    assert other == ({} if "zone" in unknown else {"pair1": f"n1-b cannot take it: {why}"})


def test_maintenance_and_whoever_follows_an_application_are_named() -> None:
    trouble = {
        "id": "maintenance",
        "severity": "warning",
        "message": "The cluster is in maintenance mode.",
        "remedy": "end it.",
        "node": "",
        "hinders": ["move"],
        "engine": "pacemaker",
    }
    held = pair(1, engine="pacemaker")
    held.report["nodes"]["n1-b"]["findings"].append(trouble)
    bound = pair(2, engine="pacemaker")
    bound.model["overlays"][0]["bound"] = {"follows": "hana"}
    other = pair(3)
    other.model["overlays"][0]["moved_by"] = {"resource": "ip", "engine": "pacemaker"}
    left = plan([held, bound, other], Request(A), asked=True).left
    unclear = pair(3, engine="pacemaker")
    unclear.model["overlays"][0]["unclear"] = "col_db says of it what cannot be judged"
    why = plan([unclear], Request(A), asked=True).left["pair3"]
    assert "could move more than that: col_db says of it what cannot be judged" in why
    assert "The cluster is in maintenance mode" in left["pair1"]
    assert "follows hana" in left["pair2"]
    assert "is moved by ip of pacemaker" in left["pair3"]


def test_an_address_that_would_be_left_behind_is_named() -> None:
    behind = pair(1)
    behind.report["overlays"][0]["findings"].append({"id": "former_route", "severity": "warning", "message": ""})
    assert plan([behind], Request(A), asked=False).left == {
        "pair1": "an address of 192.168.20.1/32 has a route of its own, which would be left behind: run setup for it"
    }


@pytest.mark.parametrize("engine", ["none", "keepalived", "pacemaker"])
def test_a_route_of_somebody_elses_is_named_before_an_engine_moves_around_it(engine: str) -> None:
    of = pair(1, engine=engine)
    said = {"message": "192.168.20.1/32 in rtb-1 points at igw-1, which is no node.", "remedy": "Find out who made it."}
    of.report["overlays"][0]["findings"].append({"id": "not_an_interface", "severity": "error", **said})
    why = "192.168.20.1/32 in rtb-1 points at igw-1, which is no node. Find out who made it"
    assert plan([of], Request(A), asked=False).left == {"pair1": why}
    allowed = replace(of, model={**of.model, "takeover_foreign": True})
    assert plan([allowed], Request(A), asked=False).left == {}


def test_before_the_nodes_are_asked_only_aws_counts() -> None:
    away = pair(1, away=("n1-a", "n1-b"))
    made = plan([away, pair(2, engine="keepalived")], Request(A), asked=False)
    assert made.ask == ("n1-b", "n2-b", "n2-a"), "a node that is left is asked where an engine is to be told of it"
    assert made.left == {}
    bound = pair(3)
    bound.model["overlays"][0]["bound"] = {"follows": "hana"}
    assert plan([bound], Request(A), asked=False).ask == ("n3-b",), "what its cluster says is not known yet"


def test_what_no_node_holds_is_told_and_left_alone() -> None:
    made = plan([pair(1, ((None, ""), (None, ""))), pair(2)], Request(A), asked=True)
    assert made.adrift == {"pair1": "192.168.20.1/32: no node holds it"}
    assert [m.pair for m in made.moves] == ["pair2"]


def test_two_pairs_with_one_route_are_not_moved_both() -> None:
    first, second = pair(1), pair(1)
    second = Pair("twin", second.model, second.report, second.hosts, "0")
    made = plan([first, second], Request(A), asked=True)
    assert [m.pair for m in made.moves] == ["pair1"]
    assert made.left == {"twin": "pair1 has the same overlay IP in the same route table"}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request("eu-west-1a"), r"zone is 'eu-west-1a', in which no node is: .* euc1-az2 \(eu-central-1a\)"),
        (Request(node="n9"), "from is 'n9', which is no node"),
    ],
)
def test_a_request_that_means_nobody(request_: Request, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        plan([pair(1)], request_, asked=False)


def move(name: str, routes: int, account: str = "0") -> Move:
    return Move(name, "b", "eni-1", ("a",), ("d",), {"d": ("t",)}, routes, account)


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([2] * 24, [24]),
        ([2] * 25, [24, 1]),
        ([30, 30, 18, 48, 1], [1, 2, 1, 1]),
        ([100, 1], [1, 1]),
        ([], []),
    ],
)
def test_a_wave_is_a_bucket_full_and_splits_no_pair(routes: list[int], expected: list[int]) -> None:
    made = waves([move(str(n), count) for n, count in enumerate(routes)])
    assert [len(wave) for wave in made] == expected
    assert [m.pair for wave in made for m in wave] == [str(n) for n in range(len(routes))]


def test_each_account_has_its_own_bucket() -> None:
    moves = [move("a", BURST), move("b", BURST, "1"), move("c", 1), move("d", 1, "1")]
    assert [[m.pair for m in wave] for wave in waves(moves)] == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("count", [1, 24, 25, 100, 300])
def test_how_long_it_takes_is_ec2s_rate_or_the_nodes(count: int) -> None:
    moves = [move(str(n), 2) for n in range(count)]
    assert seconds(moves, 0.0) == pytest.approx(seconds_for_all(2 * count))
    many = len(waves(moves))
    assert seconds(moves, 20.0) == pytest.approx(20.0 * many), "the bucket is full again when the nodes are done"
    assert seconds(moves, 1.0) >= max(seconds_for_all(2 * count), many)


def test_what_people_read() -> None:
    request = Request("euc1-az2")
    pairs = [pair(1), pair(2, AT_2), pair(3, zones=(A, A, C)), pair(4, ((None, ""), (None, "")))]
    made = plan(pairs, request, asked=True)
    wrong = {"pair9": "AWS could not be asked: no."}
    assert told.foretold(request, made, 5, wrong) == [
        "euc1-az2: 2 of 5 pairs hold something there",
        "1 pair can be moved: 2 routes in 1 wave, about 4 s (EC2 takes them all at once)",
        "  wave 1: pair1: 192.168.20.1/32 n1-a -> n1-b, 2 routes",
        "cannot be moved, or not wholly:",
        "  pair3: all its nodes are in euc1-az2",
        "could not be looked at:",
        "  pair9: AWS could not be asked: no.",
        "not held by any node of their pair, and left alone (see status):",
        "  pair4: 192.168.20.4/32: no node holds it",
    ]
    assert told.became(request, made, {"pair1": {"error": ""}}, {}, 3.4)[:2] == [
        "euc1-az2: 1 of 2 pairs moved in 3 s",
        "  pair1: 192.168.20.1/32 n1-a -> n1-b, 2 routes",
    ]
    assert (
        told.became(request, made, {}, {}, 1.0)[2]
        == "  pair1: it was not begun, or its target was lost meanwhile; run again"
    )
    ended = told.result(request, made, {"pair1": {"error": "Not done in rtb-1."}}, wrong)
    assert ended["moved"] == {}
    assert ended["left"] == {"pair1": "Not done in rtb-1.", "pair3": made.left["pair3"], **wrong}


def test_the_shares_of_the_nodes() -> None:
    plain, exclusive = pair(1), pair(2, model={"exclusive": True})
    engine = pair(3, engine="keepalived")
    dead = pair(4, engine="keepalived", hosts={"n4-a": {"unreachable": True, "msg": "no"}})
    pairs = {p.name: p for p in (plain, exclusive, engine, dead)}
    made = plan(list(pairs.values()), Request(A), asked=True)
    shares = work.shares(made.moves, pairs)
    assert shares["hosts"] == ["n1-b", "n2-b", "n3-b", "n4-b", "n3-a"], "who does not answer is not waited for"
    assert (shares["batches"], shares["after"]) == ([5], ["n2-a"])
    mine = {share["name"]: share["mine"] for share in shares["nodes"]}
    assert mine["n1-b"]["part"] == "target"
    assert mine["n3-a"]["part"] == "source"
    assert mine["n1-b"]["model"]["target"] == "n1-b"
    assert mine["n1-b"]["interface_calls"] == [{"interface": "auto", "label": "auto", "addresses": ["192.168.20.1/32"]}]
    assert mine["n1-b"]["move"] == {
        "pair": "pair1",
        "network_interface_id": made.moves[0].interface,
        "tables": {d: list(t) for d, t in made.moves[0].tables.items()},
        "expected_holder": instance(1, pair=1).instance_id,
        "takeover_foreign": False,
    }


def test_a_plan_of_nobody() -> None:
    nobody = Plan((), {}, {}, ())
    assert told.foretold(Request("z"), nobody, 1, {}) == ["z: 0 of 1 pair hold something there"]
    assert work.shares((), {}) == {"hosts": [], "batches": [], "after": [], "nodes": []}
