# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inspection VPC that is reached by a route of any length: what a static route leads to need not be the end."""

from __future__ import annotations

from typing import Any

import pytest

from unit.aws_lab import OVERLAY, Run
from unit.path_site import BOTH, CLIENT, FAR, Site, wrong
from unit.plugins.modules.test_overlay_path_info_between import EVERYTHING, Between, between, onward
from unit.transit_lab import CLIENTS, ON_PREMISES

__all__ = ["between"]  # a fixture

pytest_plugins = ("unit.path_play",)
NARROW = ["192.168.0.0/16", "192.168.10.0/24", OVERLAY]


def told(result: dict[str, Any], route: str) -> list[tuple[str, bool | None]]:
    """Of both nodes together, what is said of a route of a gateway's table."""
    [found] = {
        tuple((hop["direction"], hop["passes"]) for hop in path["hops"] if hop["rule"].startswith(route))
        for path in result["paths"]
    }
    return list(found)


@pytest.mark.parametrize("narrow", NARROW)
@pytest.mark.parametrize("source", [CLIENT, FAR])
def test_there(site: Site, play: Run, between: Between, source: str, narrow: str) -> None:
    onward(site, between.table)
    site.transit.point(between.attachment, destination=narrow)
    result = play(**{"from": source})
    site.transit.point(None, destination=narrow)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert told(result, f"{narrow} -> {between.attachment}, leads to another VPC ({between.vpc}): an") == [
        ("there", None)
    ]
    assert f"sent back to the transit gateway: {between.table} leads on." in str(result["lines"])


@pytest.mark.parametrize("narrow", NARROW)
def test_there_and_not_on(site: Site, play: Run, between: Between, narrow: str) -> None:
    site.transit.point(site.transit.clients, between.table, destination=CLIENTS)
    site.transit.point(between.attachment, destination=narrow)
    result = play()
    site.transit.point(None, destination=narrow)
    assert wrong(result) == {holder: ["no_static_route"] for holder in BOTH}
    assert f"and from there it does not come on: {between.table} has no route for {OVERLAY}" in str(result["lines"])


@pytest.mark.parametrize(
    ("source", "narrow"),
    [(CLIENT, CLIENTS), (CLIENT, "10.20.1.0/24"), (FAR, ON_PREMISES), (FAR, "172.20.3.0/24"), (FAR, "172.16.0.0/12")],
)
def test_back(site: Site, play: Run, between: Between, source: str, narrow: str) -> None:
    """Of a source behind a VPN, the table of that VPC tells by what it comes; that may be named as well."""
    transit = site.transit
    onward(site, between.table)
    transit.point(between.attachment, destination=narrow)
    end = transit.clients if source == CLIENT else transit.vpn
    found, named = play(**{"from": source}), play(**{"from": source}, transit_gateway_attachment_id=end)
    network = f"{source}/32" if source == CLIENT else source
    transit.point(transit.nodes, between.table, destination=network)
    lost = play(**{"from": source}, transit_gateway_attachment_id=end)
    transit.point(None, destination=narrow)
    transit.point(None, between.table, destination=network)
    for result in (found, named):
        assert wrong(result) == {holder: [] for holder in BOTH}
        assert told(result, f"{narrow} -> {between.attachment}, leads to another VPC") == [("back", None)]
        assert {path["attachment"] for path in result["paths"]} == {"vpc" if source == CLIENT else "vpn"}
    assert wrong(lost) == {holder: ["no_return_route"] for holder in BOTH}


def test_back_and_not_on(site: Site, play: Run, between: Between) -> None:
    """What is not on in the gateway may leave from that VPC by itself, where it is no other VPC's."""
    site.transit.point(site.transit.nodes, between.table)
    for narrow in (CLIENTS, ON_PREMISES):
        site.transit.point(between.attachment, destination=narrow)
    vpn = {"transit_gateway_attachment_id": site.transit.vpn}
    inside, beyond, named = play(), play(**{"from": FAR}), play(**{"from": FAR}, **vpn)
    for narrow in (CLIENTS, ON_PREMISES):
        site.transit.point(None, destination=narrow)
    assert wrong(inside) == {holder: ["no_return_route"] for holder in BOTH}
    assert wrong(beyond) == wrong(named) == {holder: [] for holder in BOTH}
    rule = f"{ON_PREMISES} -> {between.attachment}, leads to another VPC"
    assert told(beyond, rule) == told(named, rule) == [("back", None)]


@pytest.mark.parametrize("static", ["10.0.0.0/8", "10.20.0.0/15", CLIENTS])
@pytest.mark.parametrize("source", [CLIENT, "10.20.1.0/24", "10.20.0.0/17", CLIENTS])
def test_a_vpc_that_has_the_source_is_the_end_of_the_answers_whatever_the_route(
    site: Site, play: Run, between: Between, static: str, source: str
) -> None:
    """Its table leads everything on, as that of a VPC whose way out is another one."""
    transit = site.transit
    onward(site, between.table)
    transit.point(transit.clients, destination=static)
    result = play(**{"from": source})
    transit.point(None, destination=static)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert told(result, f"{static} -> {transit.clients} (static, active)") == [("back", True)]
    assert {path["attachment"] for path in result["paths"]} == {"vpc"}


def test_an_address_of_that_vpcs_block_that_no_subnet_has_is_nobodys(site: Site, play: Run) -> None:
    site.transit.point(site.transit.clients, destination="10.20.128.0/17")
    result = play(**{"from": "10.20.200.9"})
    site.transit.point(None, destination="10.20.128.0/17")
    assert result["msg"].startswith("10.20.200.9 belongs to nothing: the transit gateway leads to vpc-"), result["msg"]


def test_a_network_beyond_the_vpc_that_was_named(site: Site, play: Run, between: Between) -> None:
    """As behind a VPC with tunnels of its own."""
    transit = site.transit
    transit.point(transit.nodes, between.table)
    transit.point(between.attachment, destination=ON_PREMISES)
    result = play(**{"from": FAR}, transit_gateway_attachment_id=between.attachment)
    transit.point(None, between.table)
    dropped = play(**{"from": FAR}, transit_gateway_attachment_id=between.attachment)
    transit.point(None, destination=ON_PREMISES)
    assert wrong(result) == {holder: [] for holder in BOTH}
    beyond = f"there  ?    the network of {FAR} beyond {between.attachment} (vpc {between.vpc}): it lies outside of"
    assert beyond in str(result["lines"])
    assert wrong(dropped) == {holder: ["no_static_route"] for holder in BOTH}


def test_what_is_hairpinned_outside_may_come_back(site: Site, play: Run) -> None:
    """Both VPCs send everything to a firewall behind the VPN, whose table knows them: that is a way, and not seen."""
    transit, own = site.transit, site.transit.tables[0]
    transit.point(None, own)
    for end in (transit.clients, transit.vpn):
        site.ec2.disable_transit_gateway_route_table_propagation(
            TransitGatewayRouteTableId=own, TransitGatewayAttachmentId=end
        )
    transit.point(transit.vpn, own, destination=EVERYTHING)
    transit.point(transit.clients, transit.tables[1], destination=CLIENTS)
    result = play()
    transit.point(None, transit.tables[1])
    dropped = play()
    transit.point(None, own, destination=EVERYTHING)
    assert wrong(result) == {holder: [] for holder in BOTH}
    assert told(result, f"{EVERYTHING} -> {transit.vpn}, leads to vpn (") == [("there", None), ("back", None)]
    assert wrong(dropped) == {holder: ["no_static_route"] for holder in BOTH}


def test_a_firewall_without_a_vpc_sends_back_what_it_lets_through(site: Site, play: Run) -> None:
    transit, own = site.transit, site.transit.tables[0]
    firewall = site.aws.control.attach(transit.gateway, "network-function", "fw-0123456789abcdef0", [])
    for destination in (OVERLAY, CLIENTS, ON_PREMISES):
        transit.point(firewall, destination=destination)
    looped = play()
    assert wrong(looped) == {holder: ["no_static_route", "no_return_route"] for holder in BOTH}
    assert "a firewall (fw-0123456789abcdef0), and from there it does not come on" in str(looped["lines"])
    made = site.ec2.create_transit_gateway_route_table(TransitGatewayId=transit.gateway)["TransitGatewayRouteTable"]
    where = {
        "TransitGatewayRouteTableId": made["TransitGatewayRouteTableId"],
        "TransitGatewayAttachmentId": firewall,
    }
    site.ec2.disassociate_transit_gateway_route_table(**{**where, "TransitGatewayRouteTableId": own})
    site.ec2.associate_transit_gateway_route_table(**where)
    onward(site, made["TransitGatewayRouteTableId"])
    for source, kind in ((CLIENT, "vpc"), (FAR, "vpn")):
        result = play(**{"from": source})
        assert wrong(result) == {holder: [] for holder in BOTH}
        assert {path["attachment"] for path in result["paths"]} == {kind}
        assert "leads to a firewall (fw-0123456789abcdef0): does it inspect, and send it back?" in str(result["lines"])
    for destination in (OVERLAY, CLIENTS, ON_PREMISES):
        transit.point(None, destination=destination)
