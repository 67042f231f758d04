# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay IPs that follow an application: what is told, and what that hinders. Other resources: test_engines.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import movers

KINDS = {"msl": "promotable", "rsc": "msl", "other": ""}


def told(
    *,
    role: str = "Promoted",
    follows: str | None = None,
    kinds: dict[str, str] | None = KINDS,
    unclear: str = "",
    wanted: str = "Promoted",
    **model: Any,
) -> list[dict[str, Any]]:
    """What is found of one overlay IP, bound to `msl` in a role (or to nothing); `follows`, `wanted`: what it shall."""
    overlay: dict[str, Any] = {"destination": "192.0.2.1/32", "unclear": unclear}
    overlay["bound"] = {"follows": "msl", "role": role, "bond": "c"} if role else None
    overlay["follows"] = {"resource": follows, "role": wanted} if follows else None
    views = [{"engine": "e", "kinds": kinds}]
    nodes = {"a": {"reachable": False, "failover": []}, "b": {"reachable": True, "failover": views}}
    found = list(movers.findings(nodes, {"overlays": [overlay], "failover": "pacemaker", **model}))
    assert {name for name, _finding in found} <= {"b"}
    return [finding for _name, finding in found]


@pytest.mark.parametrize(
    ("role", "move_role", "hinders", "remedy"),
    [
        ("Promoted", False, ["move"], "move that role, and the address follows; -e overlay_ip_move_role=true has the"),
        ("Promoted", True, [], "move that role"),
        ("Unpromoted", False, ["move"], "move the promoted one, and this goes where that is not; overlay=ADDRESS"),
        ("Unpromoted", True, ["move"], "move the promoted one"),
    ],
)
def test_what_follows_is_no_move_of_its_own(role: str, move_role: bool, hinders: list[str], remedy: str) -> None:
    (finding,) = told(role=role, move_role=move_role)
    assert (finding["id"], finding["severity"], finding["hinders"]) == ("follows_application", "info", hinders)
    assert finding["message"] == f"192.0.2.1/32 follows the {role.lower()} instance of msl."
    assert finding["remedy"].startswith(remedy)


@pytest.mark.parametrize(
    ("wanted", "kinds", "message", "remedy"),
    [
        ("rsc", KINDS, "shall follow rsc, which has no promoted instance.", "name msl, in which it is, as"),
        (
            "other",
            KINDS,
            "shall follow other, which has no promoted instance.",
            "name what can be promoted (msl) as overlay_ips.follows.resource, or give it role: Started to be",
        ),
        ("none", KINDS, "shall follow none, which the cluster does not have.", "name what can be promoted (msl) as"),
        ("msl", {}, "which the cluster does not have.", "name what can be promoted (there is nothing of the kind) as"),
        (
            "msl",
            None,
            "which the cluster does not have.",
            "name what can be promoted (there is nothing of the kind) as",
        ),
    ],
)
def test_what_cannot_be_followed_hinders_setup(
    wanted: str, kinds: dict[str, str] | None, message: str, remedy: str
) -> None:
    (finding,) = told(role="", follows=wanted, kinds=kinds)
    assert (finding["id"], finding["severity"], finding["hinders"]) == ("follows_nothing", "error", ["setup"])
    assert message in finding["message"]
    assert finding["remedy"].startswith(remedy)


@pytest.mark.parametrize(("wanted", "what"), [("msl", "can be promoted"), ("rsc", "is in msl")])
def test_what_can_be_promoted_is_followed_in_one_of_its_roles(wanted: str, what: str) -> None:
    """Beside any of its instances, a move of the address could demote one."""
    (finding,) = told(role="", follows=wanted, wanted="Started")
    assert (finding["id"], finding["severity"], finding["hinders"]) == ("follows_nothing", "error", ["setup"])
    assert finding["message"] == (
        f"192.0.2.1/32 shall follow {wanted} with role: Started, which {what}, and runs on several nodes."
    )
    assert finding["remedy"] == "name msl with role: Promoted, or role: Unpromoted, in overlay_ips.follows."
    assert told(role="", follows="other", wanted="Started") == []


def test_what_is_in_a_promotable_clone_is_not_said_to_be_followed_as_started() -> None:
    (finding,) = told(role="", follows="rsc")
    assert finding["remedy"] == "name msl, in which it is, as overlay_ips.follows.resource."


@pytest.mark.parametrize(("role", "move_role"), [("", False), ("Promoted", True)])
def test_what_a_move_would_take_along_nobody_knows(role: str, move_role: bool) -> None:
    """Whatever it follows, and whatever was asked for."""
    why = "col_db binds the promoted instance of msl to what is moved with it"
    finding = told(role=role, move_role=move_role, unclear=why)[-1]
    assert (finding["id"], finding["severity"], finding["hinders"]) == ("move_unclear", "info", ["move"])
    assert finding["message"] == f"A move of 192.0.2.1/32 could move more than the address: {why}."
    assert finding["remedy"].startswith("move the application by the cluster's own means")


def test_what_is_not_promoted_is_followed_where_it_runs() -> None:
    (finding,) = told(role="Started")
    assert (finding["message"], finding["hinders"]) == ("192.0.2.1/32 follows msl.", [])
    assert finding["remedy"] == "a switchover moves that, and the address follows."


@pytest.mark.parametrize(
    ("chosen", "target", "holder", "message"),
    [
        (["192.0.2.1"], "b", "b", "192.0.2.2/32 is apart_from 192.0.2.1, which is on b."),
        (["192.0.2.1"], "a", "b", None),
        (["192.0.2.1"], None, "b", None),
        (["192.0.2.1", "192.0.2.2"], "a", "b", None),
    ],
)
def test_what_gives_way_is_not_moved_to_the_other_one(
    chosen: list[str], target: str | None, holder: str, message: str | None
) -> None:
    """`chosen`: what a request names. Both of them to one node is no request that can be done."""
    overlays = [
        {"address": "192.0.2.1", "destination": "192.0.2.1/32", "apart_from": None},
        {"address": "192.0.2.2", "destination": "192.0.2.2/32", "apart_from": "192.0.2.1"},
    ]
    both = len(chosen) == 2
    nodes = {"b": {"reachable": True, "failover": [{"engine": "pacemaker", "holders": {"192.0.2.1": holder}}]}}
    model = {
        "overlays": overlays if both else overlays[1:],
        "failover": "pacemaker",
        "target": target,
        "nodes": {"a": {"cluster_name": "a"}, "b": {"cluster_name": "b"}},
    }
    found = [finding for _name, finding in movers.findings(nodes, model)]
    wanted = "192.0.2.2/32 is apart_from 192.0.2.1, which is to be moved there, too." if both else message
    assert [one["message"] for one in found] == ([wanted] if wanted else [])
    assert all(one["hinders"] == ["move"] and "overlay=192.0.2.1" in one["remedy"] for one in found)


@pytest.mark.parametrize("failover", ["none", "pacemaker"])
@pytest.mark.parametrize(("target", "told_of"), [("b", True), ("a", False), (None, False)])
def test_what_the_guides_keep_apart_needs_no_word_in_the_inventory(
    failover: str, target: str | None, told_of: bool
) -> None:
    """ERS is moved alone, and its group's constraint names the group of ASCS."""
    by: dict[str, Any] = {"moves": "route", "resource": "ip_ERS", "agent": "x", "top": "grp_ERS", "engine": "pacemaker"}
    by |= {"through": True, "follows": "", "role": ""}
    overlay = {"address": "192.0.2.2", "destination": "192.0.2.2/32", "firmly_apart": ["grp_ASCS"], "moved_by": by}
    other = {"name": "ip_ASCS", "top": "grp_ASCS", "moves": "route", "destinations": ["192.0.2.1/32"]}
    view = {"engine": "pacemaker", "holders": {"192.0.2.1": "b", "192.0.2.2": "a"}, "movers": [other]}
    nodes = {"b": {"reachable": True, "failover": [view]}}
    names = {name: {"cluster_name": name} for name in ("a", "b")}
    model = {"overlays": [overlay], "failover": failover, "target": target, "nodes": names}
    found = [one for _name, one in movers.findings(nodes, model) if one["id"] == "apart"]
    message = "192.0.2.2/32 is kept by the cluster away from 192.0.2.1, which is on b."
    assert [(one["message"], one["hinders"]) for one in found] == ([(message, ["move"])] if told_of else [])


def test_nothing_is_told_of_one_that_follows_nothing_or_what_is_there() -> None:
    assert told(role="") == []
    assert told(role="", follows="msl") == []
    assert told(role="", follows="none", failover="none") == []
