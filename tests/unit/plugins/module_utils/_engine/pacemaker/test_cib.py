# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who moves which address, by the configuration. `existing` is recorded from a real pair with 2.1.5; the others are
written as the schema of Pacemaker 1.1 to 3.0 has them (`master` is 1.1's own).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import cib, fencing

RECORDED = Path(__file__).with_name("recorded") / "2.1.5/existing.configuration.xml"


def primitive(agent: str, name: str = "rsc", extra: str = "", **options: str) -> str:
    kind, provider, type_ = agent.split(":")
    pairs = "".join(f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>' for key, value in options.items())
    attributes = f'<instance_attributes id="{name}-a">{pairs}</instance_attributes>' if options else ""
    return (
        f'<primitive id="{name}" class="{kind}" provider="{provider}" type="{type_}" {extra}>{attributes}</primitive>'
    )


def movers(resources: str, constraints: str = "") -> list[cib.Mover]:
    return cib.movers(
        cib.parsed(
            f"<configuration><resources>{resources}</resources><constraints>{constraints}</constraints></configuration>"
        )
    )


def test_the_recorded_one() -> None:
    (mover,) = cib.movers(cib.parsed(RECORDED.read_text()))
    assert mover == cib.Mover(
        name="rsc_ip_DB",
        agent="ocf:heartbeat:aws-vpc-move-ip",
        moves="route",
        destinations=("192.168.10.15/32",),
        tables=("rtb-810055ffc24a93b46", "rtb-7e4329e93ac2d4193"),
        interface="eth0",
        top="grp_DB",
        follows="",
        role="",
        bond="",
        deployment="",
    )


def test_the_names_of_the_nodes_and_their_instances() -> None:
    root = cib.parsed(RECORDED.read_text())
    assert cib.names(root) == ["SAPDB1.corp.example", "SAPDB2.corp.example"]
    assert fencing.instances(root) == {
        "SAPDB1.corp.example": "i-d7306cc802e88f69b",
        "SAPDB2.corp.example": "i-8c2efdbc12ed95371",
    }


@pytest.mark.parametrize(
    "text",
    [
        "A:i-11111111;B:i-22222222",
        "A=i-11111111 B=i-22222222",
        "A:i-11111111; B:i-22222222;",
        "A:i-11111111\tB=i-22222222;C:7",
    ],
)
def test_every_spelling_of_the_map_of_hosts(text: str) -> None:
    device = primitive("stonith:x:fence_aws", pcmk_host_map=text)
    found = fencing.instances(cib.parsed(f"<resources>{device}</resources>"))
    assert found == {"A": "i-11111111", "B": "i-22222222"}


@pytest.mark.parametrize(
    ("agent", "options", "moves"),
    [
        ("ocf:heartbeat:aws-vpc-move-ip", {"ip": "192.0.2.1", "routing_table": "rtb-1"}, "route"),
        ("ocf:heartbeat:aws-vpc-move-ip", {"address": "192.0.2.1", "routing_table": "rtb-1"}, "route"),
        ("ocf:suse:aws-vpc-move-ip", {"address": "192.0.2.1", "routing_table": "rtb-1"}, "route"),
        ("ocf:aws_ha:overlay-ip", {"destination": "192.0.2.1/32"}, "route"),
        ("ocf:heartbeat:IPaddr2", {"ip": "192.0.2.1", "cidr_netmask": "32"}, "address"),
        ("ocf:heartbeat:awsvip", {"secondary_private_ip": "192.0.2.1"}, "address"),
        ("ocf:heartbeat:awseip", {"elastic_ip": "198.51.100.1", "private_ip_address": "192.0.2.1"}, "named"),
        ("ocf:heartbeat:aws-vpc-route53", {"ip": "192.0.2.1", "fullname": "db.example."}, "named"),
        ("ocf:home:grown", {"service": "192.0.2.1"}, "named"),
    ],
)
def test_each_agent(agent: str, options: dict[str, str], moves: str) -> None:
    (mover,) = movers(primitive(agent, **options))
    assert (mover.agent, mover.moves, mover.destinations) == (agent, moves, ("192.0.2.1/32",))


def test_a_managed_prefix_list_is_a_destination_too() -> None:
    (mover,) = movers(primitive("ocf:aws_ha:overlay-ip", destination="pl-0123456789abcdef0"))
    assert (mover.moves, mover.destinations) == ("route", ("pl-0123456789abcdef0",))


@pytest.mark.parametrize(
    ("agent", "options"),
    [
        ("ocf:pacemaker:Dummy", {"name": "pl-nonsense"}),
        ("ocf:heartbeat:aws-vpc-route53", {"ip": "local"}),
        ("ocf:heartbeat:aws-vpc-move-ip", {"ip": "192.0.2.300"}),
        ("ocf:heartbeat:awsvip", {"api_delay": "3"}),
        ("ocf:pacemaker:Dummy", {}),
        ("ocf:pacemaker:Dummy", {"passwd": "cafe", "fd": "1"}),
    ],
)
def test_what_names_no_address(agent: str, options: dict[str, str]) -> None:
    assert movers(primitive(agent, **options)) == []


@pytest.mark.parametrize("box", ["group", "clone", "master", "bundle"])
def test_what_it_is_in(box: str) -> None:
    ip = primitive("ocf:heartbeat:aws-vpc-move-ip", ip="192.0.2.1")
    assert movers(f'<{box} id="box">{ip}</{box}>')[0].top == "box"
    assert movers(ip)[0].top == "rsc"
    assert movers(f'<clone id="all"><group id="g">{ip}</group></clone>')[0].top == "all"


def test_a_template_gives_agent_and_parameters() -> None:
    template = (
        '<template id="t" class="ocf" provider="heartbeat" type="aws-vpc-move-ip"><instance_attributes id="ta">'
        '<nvpair id="r" name="routing_table" value="rtb-1 rtb-2"/></instance_attributes></template>'
    )
    own = '<instance_attributes id="a"><nvpair id="i" name="ip" value="192.0.2.1"/></instance_attributes>'
    (mover,) = movers(f'{template}<primitive id="rsc" template="t">{own}</primitive>')
    assert (mover.agent, mover.tables) == ("ocf:heartbeat:aws-vpc-move-ip", ("rtb-1", "rtb-2"))
    assert movers('<primitive id="rsc" template="gone"/>') == []


@pytest.mark.parametrize(
    ("role", "score", "bound", "follows"),
    [
        ("Master", "INFINITY", "rsc", ("msl", "Promoted", "c")),
        ("Promoted", "+INFINITY", "g", ("msl", "Promoted", "c")),
        ("Promoted", "2000", "rsc", ("msl", "Promoted", "c")),
        ("Slave", "2000", "rsc", ("msl", "Unpromoted", "c")),
        ("Unpromoted", "1", "rsc", ("msl", "Unpromoted", "c")),
        ("Promoted", "0", "rsc", ("", "", "")),
        ("Promoted", "-INFINITY", "rsc", ("", "", "")),
        ("Promoted", "-1", "rsc", ("", "", "")),
        ("Promoted", "none", "rsc", ("", "", "")),
        ("Started", "INFINITY", "rsc", ("", "", "")),
        ("Master", "INFINITY", "other", ("", "", "")),
    ],
)
def test_what_it_follows(role: str, score: str, bound: str, follows: tuple[str, str, str]) -> None:
    ip = f'<group id="g">{primitive("ocf:heartbeat:aws-vpc-move-ip", ip="192.0.2.1")}</group>'
    bond = f'<rsc_colocation id="c" rsc="{bound}" with-rsc="msl" with-rsc-role="{role}" score="{score}"/>'
    (mover,) = movers(ip, bond)
    assert (mover.follows, mover.role, mover.bond) == follows


def test_of_two_bonds_the_stronger_counts_and_without_a_score_it_is_infinite() -> None:
    ip = primitive("ocf:heartbeat:aws-vpc-move-ip", ip="192.0.2.1")
    weak = '<rsc_colocation id="a" rsc="rsc" with-rsc="x" with-rsc-role="Slave" score="2000"/>'
    (mover,) = movers(ip, weak + '<rsc_colocation id="b" rsc="rsc" with-rsc="y" with-rsc-role="Master"/>')
    assert (mover.follows, mover.role, mover.bond) == ("y", "Promoted", "b")


KINDS = """
<primitive id="p" class="ocf" provider="heartbeat" type="Dummy"/>
<clone id="c"><primitive id="c-p" class="ocf" provider="heartbeat" type="Dummy"/></clone>
<clone id="m"><meta_attributes id="mm"><nvpair id="mn" name="promotable" value="true"/></meta_attributes>
  <group id="m-g"><primitive id="m-p" class="ocf" provider="pacemaker" type="Stateful"/></group></clone>
<clone id="n"><meta_attributes id="nm"><nvpair id="nn" name="promotable" value="false"/></meta_attributes>
  <primitive id="n-p" class="ocf" provider="pacemaker" type="Stateful"/></clone>
<master id="old"><primitive id="old-p" class="ocf" provider="pacemaker" type="Stateful"/></master>
<bundle id="b"><podman image="i" promoted-max="1"/><primitive id="b-p" class="ocf" provider="x" type="y"/></bundle>
<bundle id="d"><docker image="i"/></bundle>
<template id="t" class="ocf" provider="heartbeat" type="Dummy"/>
"""


def test_what_may_be_followed() -> None:
    kinds = cib.kinds(cib.parsed(f"<configuration><resources>{KINDS}</resources></configuration>"))
    assert kinds == {
        "p": "",
        "c": "",
        "c-p": "",
        "m": "promotable",
        "m-g": "m",
        "m-p": "m",
        "n": "",
        "n-p": "",
        "old": "promotable",
        "old-p": "old",
        "b": "promotable",
        "b-p": "b",
        "d": "",
    }
    assert cib.kinds(None) == {}


@pytest.mark.parametrize(
    ("agent", "name", "options", "deployment"),
    [
        (cib.OURS, "any", {"destination": "192.0.2.1"}, "overlay-ip"),
        ("ocf:heartbeat:aws-vpc-move-ip", "overlay-ip-192.0.2.1", {"ip": "192.0.2.1"}, "overlay-ip"),
        ("ocf:heartbeat:aws-vpc-move-ip", "overlay-ip-192.0.2.2", {"ip": "192.0.2.1"}, ""),
        ("ocf:heartbeat:IPaddr2", "overlay-ip-192.0.2.1", {"ip": "192.0.2.1"}, ""),
        (
            "ocf:aws_ha:overlay-ip",
            "any",
            {"destination": "192.0.2.1", "program": "/usr/sbin/aws-overlay-ip-sap"},
            "sap",
        ),
        (cib.OURS, "any", {"destination": "192.0.2.1", "program": "/usr/local/sbin/other"}, ""),
        ("ocf:heartbeat:aws-vpc-move-ip", "sap-overlay-ip-192.0.2.1", {"ip": "192.0.2.1"}, "sap"),
        ("ocf:heartbeat:aws-vpc-move-ip", "sap-overlay-ip-192.0.2.2", {"ip": "192.0.2.1"}, ""),
        ("ocf:heartbeat:aws-vpc-move-ip", "x-overlay-ip-192.0.2.1", {"ip": "192.0.2.1"}, ""),
    ],
)
def test_whose_it_is(agent: str, name: str, options: dict[str, str], deployment: str) -> None:
    assert movers(primitive(agent, name, **options))[0].deployment == deployment


def test_a_prefix_and_ipv6() -> None:
    found = movers(
        primitive("ocf:aws_ha:overlay-ip", "overlay-ip-192.0.2.0-28", destination="192.0.2.0/28")
        + primitive("ocf:aws_ha:overlay-ip", destination="fd00::1/128")
    )
    assert [mover.destinations[0] for mover in found] == ["192.0.2.0/28", "fd00::1/128"]
    assert [cib.slug(mover.destinations[0]) for mover in found] == ["192.0.2.0-28", "fd00--1"]


@pytest.mark.parametrize("text", [None, "", "<cib", "<cib/>", "<constraints/>"])
def test_a_configuration_that_says_nothing(text: Any) -> None:
    root = cib.parsed(text)
    assert (cib.movers(root), cib.names(root), fencing.instances(root)) == ([], [], {})


def test_guests_are_no_nodes() -> None:
    nodes = '<node id="1" uname="a" type="normal"/><node id="2" uname="b"/><node id="g" uname="c" type="remote"/>'
    assert cib.names(cib.parsed(f"<configuration><nodes>{nodes}</nodes></configuration>")) == ["a", "b"]


def test_what_holds_for_one_node_alone_is_not_taken() -> None:
    rule = (
        '<instance_attributes id="x"><rule id="r"/><nvpair id="n" name="ip" value="192.0.2.9"/></instance_attributes>'
    )
    text = primitive("ocf:heartbeat:aws-vpc-move-ip", ip="192.0.2.1").replace("</primitive>", rule + "</primitive>")
    assert movers(text)[0].destinations == ("192.0.2.1/32",)
