# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes that another route of the inventory replaces: where new ones go, what is refused, what may be deleted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import former, settling
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.former import Former

NET, APP, DB = "10.99.0.0/28", "10.99.0.5/32", "10.99.0.6/32"
NODES = {f"node{n}": {"instance_id": f"i-{n}", "network_interface_id": None} for n in (1, 2)}


def overlay(destination: str = NET, *addresses: str, home: str = "node1") -> dict[str, Any]:
    made = {"destination": destination, "address": destination, "node_addresses": list(addresses or (APP, DB))}
    return {**made, "home": home, "route_table_ids": [], "vpc_id": None, "interface": "auto", "label": "auto"}


def model(*overlays: dict[str, Any]) -> dict[str, Any]:
    return {"nodes": NODES, "overlays": list(overlays or (overlay(),))}


def to(node: object, table: str = "a", state: str | None = "active", **more: str) -> dict[str, Any]:
    ids = {"network_interface_id": f"eni-{node}", "instance_id": f"i-{node}"} if state else {}
    return {"route_table_id": f"rtb-{table}", "state": state, **ids, **more}


def none(table: str = "a") -> dict[str, Any]:
    return to(0, table, None)


def seen(*routes: dict[str, Any], of: str = NET, beside: Any = ()) -> dict[str, Any]:
    return {"destination": of, "routes": list(routes), "beside": list(beside)}


def home(of: dict[str, Any], looked: list[dict[str, Any]], known: Any = ()) -> list[str]:
    return [one["home"] for one in settling.settled(of, looked, known)]


def test_nothing_beside_is_nothing_former() -> None:
    assert settling.replaced(model(), [seen(to(1))]) == []
    assert settling.replaced(model(), [seen(to(1), beside=[to(1, destination="10.99.0.7/32")])]) == [], "not ours"
    assert settling.replaced(model(), []) == []


def test_what_is_no_overlay_ip_of_the_inventory_replaces_nothing() -> None:
    assert settling.replaced(model(), [seen(to(1), of="10.0.0.0/8", beside=[to(1, destination=APP)])]) == []


def test_a_new_prefix_goes_where_the_addresses_are() -> None:
    beside = [to(2, table, destination=d) for table in "ab" for d in (APP, DB)]
    looked = [seen(none("a"), none("b"), beside=beside)]
    assert home(model(), looked) == ["node2"]
    assert [call["home"] for call in settling.setup_calls(model(), looked)] == ["node2"]
    assert settling.held_calls(model(), looked, "node2")[0]["addresses"] == [APP, DB]
    assert settling.held_calls(model(), looked, "node1") == []


@pytest.mark.parametrize(
    "beside",
    [
        [to(2, destination=APP), to(1, destination=DB)],
        [to(2, destination=APP, state="blackhole")],
        [to(9, destination=APP)],
        [to(2, destination="10.0.0.0/8")],  # nobody knows whose it is
    ],
    ids=["split", "dead", "no node", "a prefix that nobody has on record"],
)
def test_else_it_goes_home(beside: list[dict[str, Any]]) -> None:
    assert home(model(), [seen(none(), beside=beside)]) == ["node1"]


def test_its_own_route_says_it_before_a_former_one_does() -> None:
    assert home(model(), [seen(to(1), beside=[to(2, destination=APP)])]) == ["node1"]


def test_the_way_back_follows_the_prefix_too_where_it_is_on_record() -> None:
    singles = model(overlay(APP, APP), overlay(DB, DB))
    looked = [seen(none(), of=d, beside=[to(2, destination=NET)]) for d in (APP, DB)]
    assert home(singles, looked) == ["node1", "node1"]
    assert home(singles, looked, {NET}) == ["node2", "node2"]
    (row,) = settling.replaced(singles, looked, {NET})
    assert (row.by, row.narrow, row.ready) == ((APP, DB), False, False)
    assert settling.parting([row], whole=True) == [], "it may have carried more: orphans sees to it"


def test_a_prefix_is_replaced_by_all_that_it_covers_in_whichever_tables_they_are() -> None:
    singles = model(overlay(APP, APP), overlay(DB, DB))
    looked = [seen(to(1, "a"), of=APP), seen(to(1, "a"), to(1, "b"), of=DB, beside=[to(1, "b", destination=NET)])]
    (row,) = settling.replaced(singles, looked, {NET})
    assert row.by == (APP, DB)


def ready(own: dict[str, Any], *beside: dict[str, Any]) -> list[bool]:
    return [row.ready for row in settling.replaced(model(), [seen(own, beside=beside)])]


def test_a_deletion_that_uncovers_the_same_loses_nothing() -> None:
    assert ready(to(1), to(1, destination=APP), to(1, destination=DB)) == [True, True]
    assert ready(none(), to(1, destination=APP)) == [False]
    assert ready(to(1, state="blackhole"), to(1, destination=APP)) == [False]
    assert ready(to(2), to(1, destination=APP)) == [False]
    assert ready(to(2), to(1, destination=APP, state="blackhole")) == [True], "nobody is served by it"


def test_each_table_counts_by_itself() -> None:
    beside = [to(1, table, destination=APP) for table in "ab"]
    rows = settling.replaced(model(), [seen(to(1, "a"), none("b"), beside=beside)])
    assert [(row.route_table_id, row.ready) for row in rows] == [("rtb-a", True), ("rtb-b", False)]
    assert settling.parting(rows) == [
        {"network_interface_id": "eni-1", "destinations": [APP], "route_table_ids": ["rtb-a"]}
    ]
    assert settling.parting(rows, whole=True)[0]["route_table_ids"] == ["rtb-a", "rtb-b"]


def refusals(looked: list[dict[str, Any]], of: dict[str, Any] | None = None, known: Any = ()) -> list[str]:
    of = of or model()
    rows = settling.replaced(of, looked, known)
    homes = {one["destination"]: one["home"] for one in settling.settled(of, looked, known)}
    return list(former.refused(rows, NODES, homes))


def test_what_is_split_is_refused() -> None:
    told = refusals([seen(none(), beside=[to(1, destination=APP), to(2, destination=DB)])])
    assert told == [
        f"rtb-a routes {DB} to node2, and {NET}, which replaces it, is held by node1: with the inventory as it was,"
        f" switch over to one node; or, where {NET} has its route already, switch over to node2."
    ]


def test_a_prefix_that_is_split_is_refused_too_but_not_one_that_leads_to_no_node() -> None:
    singles = model(overlay(APP, APP))
    split = [to(1, "a", destination=NET), to(2, "b", destination=NET)]
    assert refusals([seen(none("a"), none("b"), of=APP, beside=split)], singles, {NET}) == [
        f"rtb-b routes {NET} to node2, and {APP}, which replaces it, goes to node1: with the inventory as it was,"
        f" switch over to one node; or, where {APP} has its route already, switch over to node2."
    ]
    away = [to(9, "a", destination=NET)]
    assert refusals([seen(none("a"), of=APP, beside=away)], singles, {NET}) == []


def test_what_leads_to_no_node_is_refused() -> None:
    gateway = {**to(1, destination=APP), "network_interface_id": None, "instance_id": None, "target": "tgw-1"}
    assert refusals([seen(to(1), beside=[gateway])]) == [
        f"rtb-a routes {APP} to tgw-1, which is no node, and {NET} is to carry it: delete that route, or take 10.99.0.5"
        " out of overlay_ips."
    ]


def test_what_loses_nothing_is_not_refused() -> None:
    assert refusals([seen(to(2), beside=[to(2, destination=APP)])]) == []
    assert refusals([seen(none(), beside=[to(2, destination=APP)])]) == []
    assert refusals([seen(to(1), beside=[to(2, destination=APP, state="blackhole")])]) == []


LIST, SECOND = "pl-0123456789abcdef0", "pl-0123456789abcdef1"


def test_a_list_goes_where_the_addresses_are_and_their_routes_are_deleted() -> None:
    of = model(overlay(LIST))
    looked = [seen(none(), of=LIST, beside=[to(2, destination=APP), to(2, destination=DB)])]
    assert home(of, looked) == ["node2"]
    assert refusals(looked, of) == []
    looked = [seen(to(2), of=LIST, beside=[to(2, destination=APP), to(2, destination="10.99.0.9/32")])]
    (row,) = settling.replaced(of, looked)
    assert (row.destination, row.by, row.narrow, row.ready, row.direct) == (APP, (LIST,), True, True, True)
    assert settling.parting([row])[0]["destinations"] == [APP]


def test_the_way_back_from_a_list() -> None:
    singles = model(overlay(APP, APP), overlay(DB, DB))
    looked = [seen(none(), of=APP, beside=[to(2, destination=LIST)]), seen(to(1), of=DB)]
    assert home(singles, looked) == ["node1", "node1"]
    assert home(singles, looked, {LIST}) == ["node2", "node1"], "the list has APP alone"
    others = [seen(none(), of="10.97.0.0/16", beside=[to(2, destination=LIST)])]
    (row,) = settling.replaced(singles, looked + others, {LIST})
    assert (row.by, row.narrow, row.direct) == ((APP,), False, True), "what is not the inventory's does not count"
    assert refusals(looked, singles, {LIST}) == []


@pytest.mark.parametrize(
    ("wanted", "earlier"), [(LIST, NET), (NET, LIST), (LIST, SECOND)], ids=["to a list", "from a list", "two lists"]
)
def test_between_a_list_and_another_network_single_addresses_are_the_bridge(wanted: str, earlier: str) -> None:
    of = model(overlay(wanted))
    for own in (none(), to(1)):
        looked = [seen(own, of=wanted, beside=[to(1, destination=earlier)])]
        assert refusals(looked, of) == [], "nobody knows whose it is"
        assert refusals(looked, of, {earlier}) == [
            f"rtb-a routes {earlier} to node1, and {wanted} is to replace it, and of the two AWS does not say which it"
            " prefers: take `route` out of the entries, run setup with overlay_ip_orphans=remove, then give them the"
            " new one."
        ]


def record(*entries: tuple[str, ...], live: Any = (), routed: Any = ()) -> dict[str, Any]:
    overlays = [{"destination": one[0], "addresses": list(one[1:])} for one in entries]
    saved = [{"address": address} for address in live]
    return {"program": {"overlays": overlays, "left": []}, "saved": saved, "live": [], "routed": list(routed)}


@pytest.mark.parametrize(
    ("records", "known"),
    [
        ([record()], set()),
        ([record((NET, APP))], {NET}),
        ([record(routed=[NET, APP])], {NET}),
        ([record((NET, APP), (APP, APP))], {NET}),
        ([record((NET, APP, "10.99.0.9/32"))], set()),
        ([record(routed=[NET], live=["10.99.0.9/32"])], set()),
        ([record(routed=[NET], live=[APP, "10.98.0.1/32"])], {NET}),
        ([{"program": None, "saved": [], "live": []}, record(routed=[NET])], {NET}),
    ],
)
def test_which_prefix_is_known_as_routed_by_an_earlier_inventory(records: list[Any], known: set[str]) -> None:
    assert former.routed(records, model(overlay(APP, APP), overlay(DB, DB))["overlays"]) == known


@pytest.mark.parametrize(
    ("records", "known"),
    [
        ([record((LIST, APP, DB))], {LIST}),
        ([record(routed=[LIST])], {LIST}),
        ([record((LIST, APP, "10.99.0.9/32"))], set()),
        ([record((LIST, APP), ("10.99.0.9/32", "10.99.0.9/32"))], {LIST, "10.99.0.9/32"} - {"10.99.0.9/32"}),
    ],
)
def test_which_list_is_known_as_routed_by_an_earlier_inventory(records: list[Any], known: set[str]) -> None:
    assert former.routed(records, model(overlay(APP, APP), overlay(DB, DB))["overlays"]) == known


def test_ipv6_is_known_too() -> None:
    six, one, other = "2001:db8::/124", "2001:db8::5/128", "2001:db8::6/128"
    wanted = [overlay(one, one)]
    assert former.routed([record(routed=[six], live=["2001:db8::5"])], wanted) == {six}
    assert former.routed([record(routed=[six], live=[other])], wanted) == set()


def test_how_it_is_told() -> None:
    row = Former("rtb-a", APP, "eni-2", "node2", (NET,), True, True, False, True)
    told = former.finding(row)
    assert (told["id"], told["severity"]) == ("former_route", "warning")
    assert told["message"] == (
        f"rtb-a still routes {APP} to node2, and {NET} is to carry it: a move would leave it behind."
    )


@pytest.mark.parametrize(
    ("routes", "node"),
    [
        ([none("a"), none("b")], "node2"),
        ([to(1, "a", "blackhole"), none("b")], "node2"),
        ([to(1, "a"), none("b")], "node1"),
        ([to(1, "a"), to(2, "b")], "node1"),
    ],
    ids=["no route", "none that works", "a route that works", "split: no route is new there, and home is as it was"],
)
def test_where_no_route_works_the_engine_says_where(routes: list[dict[str, Any]], node: str) -> None:
    made = model()
    made["overlays"] = [{**o, "engine_node": "node2"} for o in made["overlays"]]
    assert home(made, [seen(*routes)]) == [node]
