# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What entries of overlay_ips say of a cluster: what an overlay IP follows, and from what it is kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from unit.inventory import read, refusal


@pytest.mark.parametrize(
    ("given", "follows"),
    [
        ({"resource": "msl_DB"}, {"resource": "msl_DB", "role": "Promoted"}),
        ({"resource": "msl_DB", "role": "master"}, {"resource": "msl_DB", "role": "Promoted"}),
        ({"resource": "a.b-c", "role": "Slave"}, {"resource": "a.b-c", "role": "Unpromoted"}),
        ({"resource": "msl_DB", "role": "UNPROMOTED"}, {"resource": "msl_DB", "role": "Unpromoted"}),
        ({"resource": "grp_ASCS", "role": "started"}, {"resource": "grp_ASCS", "role": "Started"}),
        (None, None),
        ("", None),
    ],
)
def test_what_an_overlay_ip_follows(given: Any, follows: Any) -> None:
    overlays = [{"address": "192.168.10.15", "follows": given}]
    assert read(overlay_ips=overlays, overlay_ip_failover="pacemaker")["overlays"][0]["follows"] == follows


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("msl_DB", "overlay_ips[0].follows is 'msl_DB': write {resource: SAPHana_HDB_00-clone, role: Promoted}."),
        ({"role": "Promoted"}, "overlay_ips[0].follows is {'role': 'Promoted'}: write {resource: "),
        ({"resource": "a", "score": 1}, "overlay_ips[0].follows is {'resource': 'a', 'score': 1}: write {resource: "),
        ({"resource": "a b"}, "overlay_ips[0].follows.resource is 'a b', which no resource can be called: write {"),
        ({"resource": "1a"}, "overlay_ips[0].follows.resource is '1a', which no resource can be called: write {"),
        ({"resource": "a", "role": "Stopped"}, "overlay_ips[0].follows.role is 'Stopped': choose one of Promoted, Unp"),
    ],
)
def test_what_it_cannot_follow(given: Any, sentence: str) -> None:
    overlays = [{"address": "192.168.10.15", "follows": given}]
    assert sentence in refusal(overlay_ips=overlays, overlay_ip_failover="pacemaker")


@pytest.mark.parametrize("engine", ["none", "keepalived"])
def test_an_engine_that_knows_of_no_application_is_refused(engine: str) -> None:
    overlays = ["192.168.10.16", {"address": "192.168.10.15", "follows": {"resource": "msl_DB"}}]
    assert (
        f"overlay_ips[1] has follows, and overlay_ip_failover is {engine}: an overlay IP follows an application by"
        " pacemaker alone; set overlay_ip_failover to that, or leave follows out."
    ) in refusal(overlay_ips=overlays, overlay_ip_failover=engine)


ASCS, ERS = "192.168.10.15", "192.168.10.16"


@pytest.mark.parametrize(
    ("apart_from", "more", "sentence"),
    [
        (
            "192.168.10.17",
            {},
            f"overlay_ips[1].apart_from is '192.168.10.17', which is no other overlay IP of overlay_ips:"
            f" choose one of {ASCS}.",
        ),
        (
            ERS,
            {},
            f"overlay_ips[1].apart_from is '{ERS}', which is no other overlay IP of overlay_ips: choose one of {ASCS}.",
        ),
        ("here", {}, "overlay_ips[1].apart_from: 'here' is not"),
        (
            ASCS,
            {"follows": {"resource": "grp_ERS", "role": "Started"}},
            "overlay_ips[1] has follows and apart_from: it is",
        ),
    ],
)
def test_from_what_it_cannot_be_apart(apart_from: str, more: dict[str, Any], sentence: str) -> None:
    overlays = [{"address": ASCS}, {"address": ERS, "apart_from": apart_from, **more}]
    assert sentence in refusal(overlay_ips=overlays, overlay_ip_failover="pacemaker")


def test_one_of_two_gives_way() -> None:
    overlays = [{"address": ASCS}, {"address": ERS, "apart_from": f"{ASCS}/32"}]
    assert [o["apart_from"] for o in read(overlay_ips=overlays, overlay_ip_failover="pacemaker")["overlays"]] == [
        None,
        ASCS,
    ]
    each = [{"address": ASCS, "apart_from": ERS}, {"address": ERS, "apart_from": ASCS}]
    assert f"overlay_ips[0].apart_from is '{ERS}', which is apart_from {ASCS} itself: only the one that" in refusal(
        overlay_ips=each, overlay_ip_failover="pacemaker"
    )


@pytest.mark.parametrize("engine", ["none", "keepalived"])
def test_who_knows_of_no_such_thing_keeps_nothing_apart(engine: str) -> None:
    overlays = [{"address": ASCS}, {"address": ERS, "apart_from": ASCS}]
    assert f"overlay_ips[1] has apart_from, and overlay_ip_failover is {engine}" in refusal(
        overlay_ips=overlays, overlay_ip_failover=engine
    )
