# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router's program: what the kernel must hold for a VPC, and the commands that lead from one to the next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.endpoint.snapshot import InterfaceSnap, RouteSnap, Subnet, TableSnap, TransitSnap, VpcSnapshot
from lab.fabric.firewall import check_script, cut_script, severed_script
from lab.fabric.program import MAIN, Program, Route, addresses, batches, program, table_numbers

PORTS = {"eni-1": "node1.0", "eni-2": "node2.0"}
NUMBERS = {"subnet-1": 100, "subnet-2": 101}
ULA1, ULA2 = "fd00:a115:0:1::a00:10a/128", "fd00:a115:0:1::a00:20a/128"


def interface(number: int, *, checked: bool = True, subnet: int = 0) -> InterfaceSnap:
    address = f"10.0.{number}.10" if not subnet else f"10.0.{subnet}.{10 * number}"
    mac = f"02:00:00:00:00:{number:02x}"
    return InterfaceSnap(f"eni-{number}", f"subnet-{subnet or number}", (address,), mac, checked, f"i-{number}", 0)


def vpc(*routes: RouteSnap) -> VpcSnapshot:
    local = RouteSnap("10.0.0.0/16", None, "local", "active")
    return VpcSnapshot(
        vpc_id="vpc-1",
        cidrs=("10.0.0.0/16",),
        subnets=(Subnet("subnet-1", "10.0.1.0/24", "rtb-1"), Subnet("subnet-2", "10.0.2.0/24", "rtb-2")),
        tables=(TableSnap("rtb-1", (local, *routes)), TableSnap("rtb-2", (local,))),
        interfaces=(interface(1), interface(2)),
        instances=(),
    )


def to_interface(destination: str, interface_id: str) -> RouteSnap:
    return RouteSnap(destination, interface_id, interface_id, "active")


def table(routes: Program, number: int) -> dict[str, str]:
    return {route.destination: route.how for route in routes.routes if route.table == number}


LOCAL = {
    "0.0.0.0/0": "blackhole",
    "::/0": "blackhole",
    "10.0.0.0/16": "blackhole",
    "fd00:a115:0:1::/64": "blackhole",
    "10.0.1.10/32": "dev node1.0",
    "10.0.2.10/32": "dev node2.0",
    ULA1: "dev node1.0",
    ULA2: "dev node2.0",
}


def test_every_subnet_reaches_the_machines_of_the_vpc_and_nothing_else() -> None:
    result = program(vpc(), PORTS, NUMBERS)
    assert table(result, 100) == LOCAL
    assert table(result, 101) == LOCAL
    assert result.rules == {("node1.0", 100), ("node2.0", 101)}


def test_a_transit_gateway_is_entered_in_the_zones_of_its_attachment_alone() -> None:
    back = RouteSnap("172.20.0.0/16", None, "tgw-1", "active")
    elsewhere = RouteSnap("172.21.0.0/16", None, "tgw-2", "active")
    plain = vpc(back, elsewhere)
    tables = (plain.tables[0], TableSnap("rtb-2", plain.tables[0].routes))
    subnets = tuple(replace(s, zone=zone) for s, zone in zip(plain.subnets, "ab", strict=True))
    seen = replace(plain, tables=tables, subnets=subnets, transit=TransitSnap("tgw-1", ("subnet-1",), (), ()))
    out, drop = {"172.20.0.0/16": "via 169.254.100.2 dev tgw onlink"}, {"172.21.0.0/16": "blackhole"}
    result = program(seen, PORTS, NUMBERS, gateway=True)
    assert table(result, 100) == {**LOCAL, **out, **drop}
    assert table(result, 101) == {**LOCAL, "172.20.0.0/16": "blackhole", **drop}
    # What comes out of it is routed by the table of the attachment subnet.
    assert result.rules == {("node1.0", 100), ("node2.0", 101), ("tgw", 100)}
    assert table(program(seen, PORTS, NUMBERS), 100) == {**LOCAL, "172.20.0.0/16": "blackhole", **drop}


def test_the_routers_own_sockets_reach_the_machines_but_no_overlay() -> None:
    result = program(vpc(to_interface("192.168.10.15/32", "eni-1")), PORTS, NUMBERS)
    assert table(result, MAIN) == {key: how for key, how in LOCAL.items() if key not in ("0.0.0.0/0", "::/0")}


@pytest.mark.parametrize(
    ("route", "how"),
    [
        (to_interface("192.168.10.15/32", "eni-2"), "via 10.0.2.10 dev node2.0 onlink"),
        (to_interface("192.168.0.0/16", "eni-1"), "via 10.0.1.10 dev node1.0 onlink"),
        (to_interface("2001:db8::1/128", "eni-2"), "via fe80::ec2 dev node2.0 onlink"),
        (to_interface("192.168.10.15/32", "eni-unplugged"), "blackhole"),
        (RouteSnap("0.0.0.0/0", None, "igw-1", "active"), "blackhole"),
        (to_interface("10.0.2.10/32", "eni-1"), "dev node2.0"),
    ],
    ids=["host", "network", "ipv6", "not plugged in", "gateway", "the local route wins"],
)
def test_a_route_of_the_table(route: RouteSnap, how: str) -> None:
    result = program(vpc(route), PORTS, NUMBERS)
    assert table(result, 100)[route.destination] == how
    assert table(result, 101).get(route.destination) == LOCAL.get(route.destination), "another table's route leaked"


def test_a_prefix_list_is_no_kernel_route() -> None:
    assert table(program(vpc(RouteSnap("pl-1", "eni-1", "eni-1", "active")), PORTS, NUMBERS), 100) == LOCAL


def test_an_unplugged_machine_is_a_hole_in_the_vpc() -> None:
    result = program(vpc(to_interface("192.168.10.15/32", "eni-1")), {"eni-2": "node2.0"}, NUMBERS)
    gone = {"10.0.1.10/32", ULA1}
    expected = {key: how for key, how in LOCAL.items() if key not in gone} | {"192.168.10.15/32": "blackhole"}
    assert table(result, 100) == expected
    assert result.rules == {("node2.0", 101)}


def test_the_check_follows_the_attribute() -> None:
    snapshot = replace(vpc(), interfaces=(interface(1, checked=False), interface(2)))
    assert program(snapshot, PORTS, NUMBERS).checked == {"node2.0"}


def test_machines_of_one_subnet_find_each_other_through_the_router() -> None:
    snapshot = replace(vpc(), interfaces=(interface(1, subnet=1), interface(2, subnet=1)))
    assert program(snapshot, PORTS, NUMBERS).proxies == {("node1.0", "10.0.1.20"), ("node2.0", "10.0.1.10")}


def test_an_interface_with_ipv6_gets_no_other_address() -> None:
    own = replace(interface(1), private_ips=("10.0.1.10", "2600:1f14::a"))
    assert addresses(own) == ("10.0.1.10", "2600:1f14::a")


def test_a_subnet_keeps_its_number_when_others_come() -> None:
    first = table_numbers(vpc(), {})
    more = replace(vpc(), subnets=(Subnet("subnet-0", "10.0.9.0/24", "rtb-1"), *vpc().subnets))
    assert {subnet: table_numbers(more, first)[subnet] for subnet in first} == first
    assert len(set(table_numbers(more, first).values())) == 3


def test_no_subnet_gets_a_table_that_the_kernel_asks_for_everyone() -> None:
    subnets = tuple(Subnet(f"subnet-{n}", f"10.0.{n}.0/24", "rtb-1") for n in range(200))
    numbers = table_numbers(replace(vpc(), subnets=subnets), {})
    assert len(set(numbers.values()) - set(range(256))) == 200


def moved(target: str) -> Program:
    return program(vpc(to_interface("192.168.10.15/32", target)), PORTS, NUMBERS)


def test_a_move_is_one_replacement() -> None:
    assert batches(moved("eni-1"), moved("eni-2")) == {
        4: ["route replace 192.168.10.15/32 via 10.0.2.10 dev node2.0 onlink table 100"],
        6: [],
    }


def test_a_route_that_turns_into_a_hole_is_replaced_not_deleted() -> None:
    assert batches(moved("eni-1"), moved("eni-gone"))[4] == ["route replace blackhole 192.168.10.15/32 table 100"]


def test_a_route_that_is_gone_is_deleted() -> None:
    assert batches(moved("eni-1"), program(vpc(), PORTS, NUMBERS))[4] == ["route delete 192.168.10.15/32 table 100"]


def test_nothing_is_done_twice() -> None:
    assert batches(moved("eni-1"), moved("eni-1")) == {4: [], 6: []}


def test_what_a_vanished_port_took_along_is_made_again() -> None:
    again = batches(moved("eni-1").without("node1.0"), moved("eni-1"))
    assert "route replace 192.168.10.15/32 via 10.0.1.10 dev node1.0 onlink table 100" in again[4]
    assert not any("node2.0" in line for line in again[4] + again[6])


def test_a_port_is_not_taken_for_one_that_begins_like_it() -> None:
    assert not Route(100, "10.0.1.10/32", "dev node1.10").uses("node1.1")


def test_scripts_of_the_firewall() -> None:
    assert check_script(
        Program(checked=frozenset({"a.0"}), owned=frozenset({("a.0", "10.0.1.1"), ("a.0", "::2")}))
    ) == (
        'flush set inet vpc checked\nadd element inet vpc checked { "a.0" }\n'
        'flush set inet vpc owned4\nadd element inet vpc owned4 { "a.0" . 10.0.1.1 }\n'
        'flush set inet vpc owned6\nadd element inet vpc owned6 { "a.0" . ::2 }\n'
    )
    assert cut_script(()) == "flush set inet vpc cut\n"
    assert severed_script([("a.0", "b.0")]) == (
        'flush set inet vpc severed\nadd element inet vpc severed { "a.0" . "b.0", "b.0" . "a.0" }\n'
    )
