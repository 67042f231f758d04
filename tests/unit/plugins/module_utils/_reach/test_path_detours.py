# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds no more once a packet has gone by something between: the sender's zone, and the source's address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import path
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import (
    Attached,
    Elsewhere,
    Entry,
    Filter,
    Host,
    Net,
    Onward,
    Scene,
    Transit,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.plan import TransitRoute
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table

OVERLAY, SOURCE = "192.168.10.15/32", "10.20.1.5/32"
ALL = Filter("acl-1", (Entry("0.0.0.0/0", number=1),), (Entry("0.0.0.0/0", number=1),))
NONE = Filter("acl-0")
LOCAL = Route("10.0.0.0/16", "local", origin="CreateRouteTable")
TO_NODE = Route(OVERLAY, "eni-1", network_interface_id="eni-1")
BACK = Route("10.20.0.0/16", "tgw-1")


def net(name: str, zone: str, *routes: Route, acl: Filter = ALL) -> Net:
    return Net(f"subnet-{name}", f"10.0.{ord(name)}.0/24", zone, Table(f"rtb-{name}", "vpc-1", "", routes=routes), acl)


NODE, IN_A, IN_B = net("n", "a", LOCAL, TO_NODE, BACK), net("a", "a", LOCAL, TO_NODE), net("b", "b", LOCAL, TO_NODE)
CLIENT = replace(net("c", "a", Route(OVERLAY, "tgw-1")), cidr="10.20.1.0/24")
THEIRS = Route("10.20.0.0/16", "local", origin="CreateRouteTable")
OF_CLIENT = replace(net("x", "a", THEIRS), cidr="10.20.8.0/24")
OF_B = replace(net("y", "b", THEIRS), cidr="10.20.9.0/24")
THERE_NOW = TransitRoute(OVERLAY, "tgw-attach-1", resource_type="vpc", resource_id="vpc-1")
BACK_NOW = TransitRoute("10.20.0.0/16", "tgw-attach-2", resource_type="vpc", resource_id="vpc-2")
BETWEEN = TransitRoute("0.0.0.0/0", "tgw-attach-3", resource_type="vpc", resource_id="vpc-3")


def scene(**more: Any) -> Scene:
    node = Host("node1", "10.0.110.10/32", more.pop("node", NODE), network_interface_id="eni-1")
    far = Attached("tgw-attach-1", "tgw-1", "vpc", "vpc-1", table_id="t1", nets=more.pop("into", (IN_A, IN_B)))
    near = Attached("tgw-attach-2", "tgw-1", "vpc", "vpc-2", table_id="t2", nets=more.pop("out", (OF_CLIENT, OF_B)))
    way = Transit(near, far, more.pop("there", THERE_NOW), more.pop("back", BACK_NOW))
    source = Host("client", SOURCE, more.pop("client", CLIENT), network_interface_id="eni-9")
    return Scene(
        OVERLAY, "vpc-1", (node,), source, "vpc-2", transit=way, targets=frozenset({"eni-1"}), own=frozenset({"eni-1"}),
        **more,
    )  # fmt: skip


def judged(one: Scene) -> tuple[list[str], list[str]]:
    """The ids of what drops, and where it could not be seen."""
    [found] = path.paths(one)
    unseen = [hop["where"] for hop in found["hops"] if hop["passes"] is None]
    return [f["id"] for f in found["findings"] if f["severity"] == "error"], unseen


def test_in_order() -> None:
    assert judged(scene()) == ([], [])


def test_the_zone_of_a_subnet_does_not_count_where_a_firewall_sends_it_on() -> None:
    """A firewall's endpoint in another zone, where the attachment has its only subnet."""
    by_endpoint = net("n", "z", LOCAL, TO_NODE, Route("10.20.0.0/16", "vpce-1"))
    assert judged(scene(node=by_endpoint)) == (
        [],
        ["route table rtb-n of subnet-n (z)", "attachment tgw-attach-1 (vpc vpc-1) in z"],
    )
    direct = net("n", "z", LOCAL, TO_NODE, BACK)
    assert judged(scene(node=direct))[0] == ["no_attachment_subnet"]
    same_zone = net("n", "a", LOCAL, TO_NODE, Route("10.20.0.0/16", "vpce-1"))
    closed = replace(IN_A, acl=Filter("acl-2", (Entry(SOURCE, number=1),), (Entry(OVERLAY, number=1),)))
    assert judged(scene(node=same_zone, into=(closed,)))[0] == []
    assert judged(scene(into=(closed,)))[0] == ["network_acl"]
    client = replace(CLIENT, zone="z", table=Table("rtb-c", "vpc-2", "", routes=(Route(OVERLAY, "vpce-2"),)))
    assert judged(scene(client=client))[0] == []


def test_a_nat_gateway_ends_what_can_be_said_of_the_address() -> None:
    table = Table("rtb-c", "vpc-2", "", routes=(Route("0.0.0.0/0", "nat-1"),))
    further = Table("rtb-d", "vpc-2", "", routes=(Route(OVERLAY, "tgw-1"),))
    one = scene(client=replace(CLIENT, table=table), source_tables=(table, further), back=None)
    assert judged(one) == ([], ["route table rtb-c of subnet-c (a)"])
    [found] = path.paths(one)
    assert "Look from the address of nat-1, which is what comes out of it." in str(found["findings"])
    assert found["hops"][-1]["direction"] == "there"
    assert judged(replace(one, source_tables=(table,)))[0] == ["no_route", "no_return_route"]


@pytest.mark.parametrize(
    ("bad", "direct", "between"),
    [
        ({"into": (replace(IN_A, table=Table("rtb-a", "vpc-1", "", routes=(LOCAL,))), IN_B)}, ["no_overlay_route"], []),
        ({"into": (IN_A, replace(IN_B, table=Table("rtb-b", "vpc-1", "", routes=(LOCAL,))))}, [], []),
        ({"into": (replace(IN_A, table=Table("rtb-a", "vpc-1", "", routes=(LOCAL,))),)}, ["no_overlay_route"],
         ["no_overlay_route"]),
        ({"into": (IN_A, replace(IN_B, acl=NONE))}, [], []),
        ({"out": (OF_CLIENT, replace(OF_B, acl=NONE))}, [], []),
    ],
)  # fmt: skip
def test_by_which_zone_it_comes_out_of_a_gateway_is_not_known_after_something_between(
    bad: dict[str, Any], direct: list[str], between: list[str]
) -> None:
    """A fault of the zone that it need not come by is no drop, and one of the other zone is not passed over."""
    assert judged(scene(**bad)) == (direct, [])
    found, unseen = judged(scene(**bad, there=BETWEEN, back=BETWEEN))
    assert found == between
    assert len(unseen) == 2 + (0 if between else 1), unseen  # both tables of the gateway, and that one


def test_what_may_have_the_source_itself_does_not_lead_its_answers_back() -> None:
    """Its table leads back to the nodes: what it does with the network's own packets is not asked there."""
    far = Attached("tgw-attach-1", "tgw-1", "vpc", "vpc-1")
    onward = Onward("tgw-attach-3", "t3", replace(BACK_NOW, target="tgw-attach-1"))
    assert Elsewhere(BETWEEN, "t1", far, onward).lost == ""
    assert Elsewhere(BETWEEN, "t1", far, onward, empty=True).lost.endswith("leads back to the nodes")


@pytest.mark.parametrize(("known", "found"), [(True, ["security_group"]), (False, [])])
def test_a_group_counts_for_who_may_be_in_a_vpc(known: bool, found: list[str]) -> None:
    """Behind a VPN nobody has a security group; a source that could not be placed may have one."""
    one = scene()
    way = one.transit
    assert way
    groups = Filter("sg-1", (Entry("sg-clients"),), (Entry("0.0.0.0/0"),))
    nodes = tuple(replace(node, groups=groups) for node in one.nodes)
    one = replace(one, nodes=nodes, source=Host("client", SOURCE), source_vpc=None)
    elsewhere = Elsewhere(BETWEEN, "t1", way.far)
    one = one if known else replace(one, transit=None, elsewhere=elsewhere)
    assert judged(one)[0] == found
    own = replace(one, nodes=tuple(replace(node, group_ids=("sg-clients",)) for node in nodes))
    assert judged(own)[0] == ["security_group"]  # a group of the nodes' VPC itself


def test_what_this_gateway_does_decides_nothing_where_another_one_that_is_not_seen_gets_it() -> None:
    """As one of another account: neither its attachments nor its tables are shown."""
    astray = net("n", "z", LOCAL, TO_NODE, Route("10.20.0.0/16", "tgw-9"))
    assert judged(scene(node=astray, back=None)) == ([], ["route table rtb-n of subnet-n (z)"])
    client = replace(net("c", "z", Route(OVERLAY, "tgw-9")), cidr="10.20.1.0/24")
    wrong, unseen = judged(scene(client=client, there=None))
    assert (wrong, unseen[:3]) == (
        [],
        [
            "route table rtb-c of subnet-c (z)",
            "attachment tgw-attach-2 (vpc vpc-2) in z",
            "transit gateway route table t2",
        ],
    )


@pytest.mark.parametrize("source", ["10.0.3.10/32", "10.0.0.0/16"])
def test_a_propagated_route_for_a_part_of_the_vpc_does_not_win(source: str) -> None:
    propagated = Route("10.0.3.0/24", "vgw-1", origin="EnableVgwRoutePropagation")
    node = Host("node1", "10.0.110.10/32", net("n", "a", LOCAL, TO_NODE, propagated), network_interface_id="eni-1")
    one = Scene(OVERLAY, "vpc-1", (node,), Host("x", source), "vpc-1", targets=frozenset({"eni-1"}))
    [found] = path.paths(one)
    [hop] = [hop for hop in found["hops"] if hop["where"].startswith("route table rtb-n")]
    assert (hop["rule"], hop["passes"]) == (f"{source} is local", True)
    assert [f for f in found["findings"] if f["id"] == "part_elsewhere"] == []
