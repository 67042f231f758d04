# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a VPC: nothing lies over another, nothing leaves its frame, and every route has its arrow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.finding import ERROR, INFO, WARNING, Finding
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page, topology
from unit.status_reports import OVERLAY, VPC, Leads, balanced, reached, report

LEADS: dict[str, dict[str, Leads]] = {
    "well": {OVERLAY: ((1, "active"), (1, "active"))},
    "split": {OVERLAY: ((1, "active"), (2, "active"))},
    "many": {f"192.168.10.{n}/32": ((n % 2 + 1, "active"),) * 9 for n in range(10, 19)},
    "none": {OVERLAY: ((None, "active"),)},
    "outside": {OVERLAY: ((1, "active"), (1, "active"))},
    "far": {OVERLAY: ((1, "active"),)},
    "long": {"2001:db8:1234:5678:9abc:def0:1234:5678/128": ((1, "blackhole"),)},
}


#: From where it is reached, and whether it works with each node as the holder.
CLIENTS: dict[str, dict[str, Sequence[bool] | None]] = {
    "outside": {"10.20.0.0/16": (True, True), "172.20.0.0/16": (True, False), "10.9.0.0/16": (False, False)},
    "far": {f"2001:db8:1234:5678:{n}::/80": None for n in range(7)},
}


def pictures(leads: str) -> dict[str, Any]:
    told = report(LEADS[leads], names=("node1", "n" * 60))
    if leads in CLIENTS:
        told = reached(told, CLIENTS[leads])
    (drawn,) = page.page([told], "", ())["pictures"]
    return {name: drawn[name] for name in ("wide", "narrow")}


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


@pytest.mark.parametrize("leads", LEADS)
@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_nothing_lies_over_another(leads: str, shape: str) -> None:
    drawn = pictures(leads)[shape]
    for kinds in (("zone", "table", "overlay"), ("row", "node", "client"), ("subnet",)):
        boxes = [box for box in drawn.boxes if box["kind"].split()[0] in kinds]
        assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
    for box in drawn.boxes:
        assert 0 <= box["x"] <= box["x"] + box["w"] <= drawn.width
        assert 0 <= box["y"] <= box["y"] + box["h"] <= drawn.height


@pytest.mark.parametrize("leads", LEADS)
@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_every_text_has_the_room_that_it_needs(leads: str, shape: str) -> None:
    drawn = pictures(leads)[shape]
    for text in drawn.texts:
        wide = len(text["text"]) * text["size"] * (0.6 if "mono" in text["kind"] else 0.5)
        left = text["x"] - wide if text["end"] else text["x"]
        assert left >= 0, text
        assert left + wide <= drawn.width, text


@pytest.mark.parametrize(
    ("leads", "arrows"),
    [
        ("well", [("ok", f"{OVERLAY[:-3]} to node1")] * 2),
        (
            "far",
            [
                *[("to", f"2001:db8:1234:5678:{n}::/80 not looked at") for n in range(4)],
                ("to", "3 more networks some not looked at"),
                ("ok", f"{OVERLAY[:-3]} to node1"),
            ],
        ),
        ("split", [("warn", f"{OVERLAY[:-3]} to node1"), ("warn", f"{OVERLAY[:-3]} to {'n' * 60}")]),
        ("none", []),
        ("long", [("bad", "2001:db8:1234:5678:9abc:def0:1234:5678 to node1")]),
        ("many", [("ok", "5 overlay IPs to node1"), ("ok", f"4 overlay IPs to {'n' * 60}")]),
    ],
)
def test_an_arrow_for_every_row_that_leads_somewhere(leads: str, arrows: list[tuple[str, str]]) -> None:
    for drawn in pictures(leads).values():
        assert [(a["kind"], a["title"]) for a in drawn.arrows if a["title"]] == arrows


def test_tables_that_say_the_same_are_one_card_where_there_are_many() -> None:
    assert [text["text"] for text in pictures("many")["wide"].texts if "route tables" in text["text"]] == [
        "9 route tables"
    ]


def test_a_target_that_is_no_node_is_drawn_too() -> None:
    told = report()
    for table in told["overlays"][0]["tables"]:
        table["holder"] = "i-0stranger"
    told["overlays"][0]["holder"] = "i-0stranger"
    (drawn,) = page.page([told], "", ())["pictures"]
    assert "i-0stranger" in [text["text"] for text in drawn["wide"].texts]
    assert len([arrow for arrow in drawn["wide"].arrows if arrow["title"]]) == 2


def test_an_arrow_starts_at_its_table_and_ends_at_its_node() -> None:
    drawn = pictures("well")["wide"]
    node = next(box for box in drawn.boxes if box["title"] == "node1")
    for arrow in [a for a in drawn.arrows if a["title"]]:
        numbers = [int(n) for n in re.findall(r"-?\d+", arrow["d"])]
        assert numbers[0] == topology.WIDE.tables[0] + topology.WIDE.tables[1] - 5
        assert numbers[-2] == node["x"] - 2
        assert node["y"] < numbers[-1] < node["y"] + node["h"]


def test_from_where_it_is_reached_stands_above_the_vpc() -> None:
    for drawn in pictures("outside").values():
        (vpc,) = [box for box in drawn.boxes if box["kind"] == "vpc"]
        (gateway,) = [box for box in drawn.boxes if box["kind"] == "table gateway"]
        assert gateway["y"] + gateway["h"] < vpc["y"]
        assert [(a["kind"], a["title"]) for a in drawn.arrows if a["title"]][:3] == [
            ("ok", "10.20.0.0/16 reaches it"),
            ("warn", "172.20.0.0/16 reaches only node1"),
            ("bad", "10.9.0.0/16 does not reach it"),
        ]
    for drawn in pictures("well").values():
        assert [box["y"] for box in drawn.boxes if box["kind"] == "vpc"] == [1]


def test_many_networks_are_told_as_a_number() -> None:
    texts = [text["text"] for text in pictures("far")["wide"].texts]
    assert "3 more networks" in texts
    assert "some not looked at" in texts
    assert texts.count("not looked at") == 4


@pytest.mark.parametrize(
    ("works", "wrong", "kind", "says"),
    [
        ((True, True), (), "ok", "reaches it"),
        ((True, False), (), "warn", "reaches only node1"),
        ((False, False), (), "bad", "does not reach it"),
        (None, (), "to", "not looked at"),
        ((True, True), (("differs", WARNING),), "warn", "reaches it, but is not as declared"),
        ((False, False), (("differs", WARNING),), "bad", "does not reach it"),
        ((True, True), (("target_unhealthy", ERROR), ("differs", WARNING)), "bad", "finds its target unhealthy"),
        (None, (("no_load_balancer", ERROR),), "bad", "does not exist"),
        ((True, True), (("other", ERROR),), "bad", "is not well"),
        ((True, True), (("target_not_measured", INFO),), "ok", "reaches it"),
    ],
)
def test_a_load_balancer_is_drawn_with_what_is_known_of_it(
    works: Sequence[bool] | None, wrong: Sequence[tuple[str, Any]], kind: str, says: str
) -> None:
    told = balanced(
        report(), works, *(Finding(name, grave, f"It is {name}.", "Run reach.yml.") for name, grave in wrong)
    )
    shown = page.page([told], "", ())
    (drawn,) = shown["pictures"]
    texts = {text["full"]: text["kind"] for text in drawn["wide"].texts}
    assert {"Load balancer", "sap-ascs", "its clients"} <= set(texts)
    assert texts[says] == f"says {kind}"
    assert drawn["wide"].words[-2:] == ["From outside, by Load balancer sap-ascs.", f"its clients: {says}."]
    assert {finding["id"] for finding in shown["findings"]} >= {name for name, _grave in wrong}
    assert ("but not reached from everywhere" in shown["headline"]) is (
        ERROR in {grave for _name, grave in wrong} or False in (works or ())
    )


def test_where_a_network_is_stands_below_it() -> None:
    told = reached(report(), {"10.20.0.0/16": (True, True), "172.20.0.0/16": (True, True), "10.9.0.0/16": None})
    (drawn,) = page.page([told], "", ())["pictures"]
    texts = [text["text"] for text in drawn["wide"].texts]
    assert {"another VPC", "on-premises, by VPN"} <= set(texts)
    assert "172.20.0.0/16 (on-premises, by VPN): reaches it." in drawn["wide"].words
    assert "10.9.0.0/16: not looked at." in drawn["wide"].words


def test_a_thing_whose_clients_have_no_network_of_their_own() -> None:
    endpoint = "cvpn-endpoint-0a1b2c3d4e5f60718"
    look: dict[str, Any] = {"from": f"client_vpn:{endpoint}", "addresses": [OVERLAY]}
    vpn: dict[str, Any] = {"client_vpn_endpoint_id": endpoint, "route_table_ids": [], "looks": [look]}
    told = reached(report(), {look["from"]: (True, False)}, via="client_vpn", **vpn)
    del told["reach"][0]["clients"]
    (drawn,) = page.page([told], "", ())["pictures"]
    assert drawn["wide"].words[-2:] == [
        f"From outside, by Client VPN {endpoint}.",
        "its clients: reaches only node1.",
    ]
    [result] = told["paths"]
    by_another_subnet = [{**path, "works": True} for path in result["paths"]]
    result["paths"] += by_another_subnet
    (again,) = page.page([told], "", ())["pictures"]
    assert again["wide"].words[-1] == "its clients: reaches only node1."  # node2 not by all of its subnets


def test_what_was_not_permitted_to_be_looked_at_is_no_good_news() -> None:
    told = reached(report(), {"10.20.0.0/16": (True, True)})
    unseen = {
        "id": "not_seen",
        "severity": "warning",
        "message": "Not seen: the routes of tgw-rtb-1.",
        "remedy": "Grant it.",
    }
    for path in told["paths"][0]["paths"]:
        path["findings"] = [unseen]
    (drawn,) = page.page([told], "", ())["pictures"]
    assert drawn["wide"].words[-1] == "10.20.0.0/16 (another VPC): reaches it, as far as this could be looked at."


def test_the_picture_in_words() -> None:
    words = pictures("long")["narrow"].words
    assert words[0] == "VPC vpc-0f3b2c1d4e5a60718 with 10.0.0.0/16."
    assert words[1].endswith("leads 2001:db8:1234:5678:9abc:def0:1234:5678 to node1, which cannot receive.")
    assert words[2].startswith("node1, holder, is in eu-central-1a: holds 2001:db8")


@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_the_vpc_is_named(shape: str) -> None:
    (title,) = [text["text"] for text in pictures("well")[shape].texts if text["text"].startswith("VPC")]
    assert title == f"VPC {VPC}"
