# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRRP instances of a deployment, and their numbers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.instances import (
    collisions,
    instances,
    number,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.values import InventoryError
from unit.inventory import read, refusal

FIRST, SECOND = "192.168.10.15", "192.168.10.16"
APART: dict[str, Any] = {"overlay_ip_failover": "keepalived", "overlay_ip_keepalived_together": False}
USUAL = Deployment()


def overlay(address: str, home: str = "node1", vrrp_id: int | None = None) -> dict[str, Any]:
    return {"address": address, "destination": f"{address}/32", "home": home, "vrrp_id": vrrp_id}


def test_all_together_have_one_as_in_every_version() -> None:
    found = instances(USUAL, [overlay(FIRST), overlay(SECOND, "node2")], apart=False)
    assert found == [
        {
            "name": "overlay_ip",
            "part": "",
            "words": "",
            "address": "",
            "number": 51,
            "home": "node1",
            "file": "keepalived.json",
        }
    ]
    assert instances(USUAL, [overlay(FIRST)], apart=False, given=7)[0]["number"] == 7


def test_apart_each_has_its_own() -> None:
    found = instances(USUAL, [overlay(FIRST), overlay(SECOND, "node2", 9)], apart=True)
    assert found[1] == {
        "name": "overlay_ip_192.168.10.16",
        "part": "_192.168.10.16",
        "words": " 192.168.10.16",
        "address": SECOND,
        "number": 9,
        "home": "node2",
        "file": "keepalived-192.168.10.16.json",
    }
    assert (found[0]["home"], found[0]["number"]) == ("node1", number(USUAL, f"{FIRST}/32"))


def test_a_number_is_always_the_same_and_one_that_vrrp_knows() -> None:
    assert number(USUAL) == 51
    # As version 1.1.0 makes it: both nodes of a pair need the same one, also while one is upgraded.
    assert (number(Deployment("sap")), number(USUAL, f"{FIRST}/32")) == (85, 71)
    found = {number(USUAL, f"192.168.10.{host}/32") for host in range(256)}
    assert min(found) >= 1
    assert max(found) <= 255
    assert len(found) > 100


def test_who_has_the_number_of_another_is_named() -> None:
    numbers = [{"number": n} for n in (1, 2, 1, 2, 3, 1)]
    assert list(collisions(numbers)) == [(0, 2), (1, 3), (0, 5)]


def test_a_number_that_two_would_have_is_refused() -> None:
    two = [{"address": FIRST, "vrrp_id": 7}, {"address": SECOND, "vrrp_id": 7}]
    assert refusal(overlay_ips=two, **APART) == (
        "overlay_ips[1] (192.168.10.16) has the VRRP number 7, as has overlay_ips[0] (192.168.10.15): give one of them"
        " another vrrp_id, from 1 to 255."
    )
    assert read(overlay_ips=two, overlay_ip_failover="keepalived")["keepalived"]["apart"] is False


@pytest.mark.parametrize("wrong", [0, 256, "seven"])
def test_a_number_that_vrrp_does_not_know_is_refused(wrong: object) -> None:
    assert f"overlay_ips[0].vrrp_id is {wrong if isinstance(wrong, int) else repr(wrong)}" in refusal(
        overlay_ips=[{"address": FIRST, "vrrp_id": wrong}]
    )


def test_one_number_for_all_and_one_for_each_disagree() -> None:
    assert "overlay_ip_vrrp_id is 60 and overlay_ip_keepalived_together false" in refusal(
        overlay_ip_vrrp_id=60, **APART
    )
    assert read(overlay_ip_vrrp_id=60, overlay_ip_failover="keepalived")["keepalived"]["instances"][0]["number"] == 60


def test_another_engine_has_none_apart() -> None:
    assert read(**{**APART, "overlay_ip_failover": "none"})["keepalived"]["apart"] is False
    assert read(**APART)["keepalived"]["apart"] is True
    with pytest.raises(InventoryError, match=r"192\.168\.10\.99"):
        read(switchover=True, target="node2", overlay="192.168.10.99", **APART)
