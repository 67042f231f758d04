# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move of an address would take along, wherever the cluster says so: sets, chains, bonds of the group's other
members, tags and templates, and the application that is bound to the address.
"""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import bonds, cib

_DUMMY = 'class="ocf" provider="pacemaker" type="Dummy"'
_PROMOTABLE = '<meta_attributes id="{0}m"><nvpair id="{0}p" name="promotable" value="true"/></meta_attributes>'


def plain(name: str, more: str = "") -> str:
    return f'<primitive id="{name}" {_DUMMY} {more}/>'


def promotable(name: str) -> str:
    return f'<clone id="{name}">{_PROMOTABLE.format(name)}{plain(name + "-one")}</clone>'


IP = (
    '<primitive id="ip" class="ocf" provider="heartbeat" type="aws-vpc-move-ip"><instance_attributes id="a">'
    '<nvpair id="i" name="ip" value="192.0.2.1"/></instance_attributes></primitive>'
)
RESOURCES = (
    IP
    + "".join(plain(name) for name in ("fs", "db", "x"))
    + "".join(promotable(name) for name in ("msl", "other"))
    + f'<clone id="cln">{plain("cln-one")}</clone><group id="app">{plain("app1")}{plain("app2")}</group>'
)
GROUPED = RESOURCES.replace(IP, f'<group id="g">{IP}{plain("data")}</group>')


def col(rsc: str, other: str, role: str = "", rsc_role: str = "", **more: str) -> str:
    said = {"rsc": rsc, "with-rsc": other, "with-rsc-role": role, "rsc-role": rsc_role, **more}
    text = " ".join(f'{key}="{value}"' for key, value in said.items() if value)
    return f'<rsc_colocation id="c-{rsc}-{other}" {text}/>'


def sets(*each: str, score: str = "INFINITY") -> str:
    return f'<rsc_colocation id="s" score="{score}">{"".join(each)}</rsc_colocation>'


def one_set(*names: str, **more: str) -> str:
    text = " ".join(f'{key}="{value}"' for key, value in more.items())
    refs = "".join(f'<resource_ref id="{name}"/>' for name in names)
    return f'<resource_set id="set-{"-".join(names)}" {text}>{refs}</resource_set>'


def mover(constraints: str, resources: str = RESOURCES, more: str = "") -> cib.Mover:
    text = (
        f"<configuration><resources>{resources}</resources><constraints>{constraints}</constraints>{more}"
        "</configuration>"
    )
    (found,) = cib.movers(cib.parsed(text))
    return found


def order(first: str, then: str, **more: str) -> str:
    said = {"first": first, "then": then, **{key.replace("_", "-"): value for key, value in more.items()}}
    text = " ".join(f'{key}="{value}"' for key, value in said.items())
    return f'<rsc_order id="o-{first}-{then}" {text}/>'


def ordered(*each: str, kind: str = "Mandatory") -> str:
    return f'<rsc_order id="o" kind="{kind}">{"".join(each)}</rsc_order>'


MASTER = one_set("msl", role="Master")
ANY_MSL = "{} binds what is moved to msl, whose promoted instance may come along"
AWAY = "{} keeps what is moved away from msl, whose promoted instance may give way"
PUSHED = "{} binds msl, which has a promoted instance, to db, which may give way to what is moved"
BY_MSL = "{} binds the promoted instance of msl to what is moved with it"


@pytest.mark.parametrize(
    ("constraints", "bond"),
    [
        (col("ip", "msl", "Master"), "c-ip-msl"),
        # Chains, over primitives, groups and clones.
        (col("ip", "db") + col("db", "msl", "Promoted"), "c-ip-db"),
        (col("ip", "app") + col("app1", "msl", "Promoted"), "c-ip-app"),
        (col("ip", "app2") + col("app", "fs") + col("fs", "msl", "Promoted", score="100"), "c-ip-app2"),
        (col("ip", "cln") + col("cln", "msl", "Promoted"), "c-ip-cln"),
        # crm: colocation s inf: ip fs msl:Master; pcs: constraint colocation set ip fs set msl role=Master
        (sets(one_set("ip", "fs"), MASTER), "s"),
        (sets(one_set("fs", "ip"), MASTER), "s"),
        (sets(one_set("fs", "db", "ip", sequential="false"), MASTER), "s"),
        (sets(one_set("ip"), one_set("fs", "db", sequential="false"), MASTER), "s"),
        (sets(one_set("ip", score="500"), MASTER), "s"),
        (col("ip", "db") + sets(one_set("db", "fs"), MASTER, score="2000"), "c-ip-db"),
        (sets(one_set("ip"), '<resource_set id-ref="set-msl"/>') + sets(one_set("fs"), MASTER, score="-1"), "s"),
        # What comes along is bound to the same one.
        (col("ip", "msl", "Promoted") + col("db", "ip") + col("db", "msl", "Promoted"), "c-ip-msl"),
        # Readers, who are beside any instance, and are no reason to leave the promoted one alone.
        (col("ip", "msl", "Promoted") + col("x", "msl"), "c-ip-msl"),
        # It is not moved without that one, whatever else binds the two.
        (col("ip", "msl", "Promoted") + sets(one_set("ip"), one_set("msl"), score="-1"), "c-ip-msl"),
    ],
)
def test_what_it_follows_however_far(constraints: str, bond: str) -> None:
    found = mover(constraints)
    assert (found.follows, found.role, found.bond, found.unclear) == ("msl", "Promoted", bond, "")


@pytest.mark.parametrize("who", ["g", "ip", "data"])
def test_the_bond_of_each_member_binds_the_group(who: str) -> None:
    found = mover(col(who, "msl", "Promoted"), GROUPED)
    assert (found.follows, found.role, found.top, found.unclear) == ("msl", "Promoted", "g", "")
    assert mover(col(who, "db") + col("db", "msl", "Slave"), GROUPED).role == "Unpromoted"


@pytest.mark.parametrize(
    "constraints",
    [
        "",
        col("ip", "db"),
        col("db", "ip"),
        col("app", "ip") + col("x", "app2"),
        col("ip", "cln") + col("msl", "cln", "", "Master"),
        col("app", "ip") + col("app", "cln") + col("msl", "cln", "", "Master"),
        col("ip", "msl", "Master", score="0"),
        # What may never be beside the promoted one goes nowhere, and that stays.
        col("ip", "msl", "Master", score="-INFINITY"),
        col("ip", "db") + col("db", "msl", "Promoted", score="-INFINITY"),
        # What gives way, and follows the one that it gives way to, or has none.
        col("db", "ip", score="-5000") + col("db", "msl", "Promoted"),
        col("ip", "db", score="-5000") + col("msl", "db", "", "Promoted"),
        col("ip", "db", score="-5000") + col("db", "msl"),
        col("ip", "cln", score="-5000") + col("cln", "msl", "Promoted"),
        # As setup binds one for readers, and another one away from it.
        col("ip", "db", score="-5000") + col("db", "msl") + col("db", "msl", "Unpromoted", score="2000"),
        # It is not moved to that one's node at all.
        col("ip", "db", score="-5000") + col("db", "msl", "Promoted"),
        # What is away from it is not moved.
        col("x", "msl", "Promoted", score="-5000") + col("msl", "x", score="-1"),
        col("ip", "cln") + col("cln", "msl", "Promoted", score="-5000"),
        sets(one_set("msl", role="Master"), one_set("fs")),
        sets(one_set("ip", "msl", sequential="false")),
        sets(one_set("msl", "ip"), score="0"),
        sets(one_set("db", "fs"), one_set("ip", "app")),
    ],
)
def test_what_is_moved_as_it_always_was(constraints: str) -> None:
    found = mover(constraints)
    assert (found.follows, found.role, found.bond, found.unclear) == ("", "", "", "")


@pytest.mark.parametrize(
    ("constraints", "unclear"),
    [
        (col("msl", "ip", "", "Master"), BY_MSL.format("c-msl-ip")),
        (col("msl", "ip"), BY_MSL.format("c-msl-ip")),
        (col("msl-one", "ip"), BY_MSL.format("c-msl-one-ip").replace("of msl", "of msl-one")),
        (col("db", "ip") + col("msl", "db", "", "Promoted"), BY_MSL.format("c-msl-db")),
        (col("ip", "db") + col("msl", "db", "", "Promoted"), BY_MSL.format("c-msl-db")),
        (col("cln", "ip") + col("msl", "cln", "", "Promoted"), BY_MSL.format("c-msl-cln")),
        # What is moved with it is bound to the promoted one; whether that follows nobody has tried.
        (col("db", "ip") + col("db", "msl", "Promoted"), BY_MSL.format("c-db-msl")),
        # pcs: constraint colocation set ip fs set ...: each is beside the one before it.
        (sets(MASTER, one_set("fs", "ip")), BY_MSL.format("s")),
        (sets(one_set("ip", "msl")), BY_MSL.format("s")),
        (
            col("ip", "msl", "Master") + col("other", "ip", "", "Master"),
            BY_MSL.format("c-other-ip").replace("msl", "other"),
        ),
        (
            col("ip", "msl", "Master", score="2000") + col("ip", "other", "Master"),
            "it follows the promoted instances of msl and other",
        ),
        # No role: the place of the address counts where the cluster chooses which instance is promoted.
        (col("ip", "msl"), ANY_MSL.format("c-ip-msl")),
        (col("ip", "msl", "Started", "Started", score="100"), ANY_MSL.format("c-ip-msl")),
        (col("ip", "msl") + col("msl", "db", "", "Promoted"), ANY_MSL.format("c-ip-msl")),
        (sets(one_set("msl", "ip")), ANY_MSL.format("s")),
        (sets(one_set("ip"), one_set("msl")), ANY_MSL.format("s")),
        (col("ip", "db") + col("db", "msl"), ANY_MSL.format("c-db-msl")),
        (col("db", "ip") + col("db", "msl", score="1"), ANY_MSL.format("c-db-msl")),
        (col("ip", "cln") + col("cln", "msl"), ANY_MSL.format("c-cln-msl")),
        # Away from it, by what can be outweighed; and the other way round by whatever score.
        *((col("ip", "msl", role, score="-5000"), AWAY.format("c-ip-msl")) for role in ("", "Master", "Slave")),
        (col("ip", "app") + col("app2", "msl", "Promoted", score="-1"), AWAY.format("c-app2-msl")),
        (col("db", "ip") + col("db", "msl", "Promoted", score="-1"), AWAY.format("c-db-msl")),
        *(
            (col("msl", "ip", "", role, score=score), AWAY.format("c-msl-ip"))
            for role in ("", "Promoted")
            for score in ("-1", "-INFINITY")
        ),
        (sets(one_set("msl", "x", "ip"), score="-5000"), AWAY.format("s")),
        # What gives way has one come with it, or give way in turn.
        *(
            (col("ip", "db", score=score) + col("db", "msl", "Promoted", score=other), PUSHED.format("c-db-msl"))
            for score in ("-500", "-5000", "-INFINITY")
            for other in ("-5000", "-INFINITY")
        ),
        (col("ip", "db", score="-999") + col("db", "msl", "Promoted"), PUSHED.format("c-db-msl")),
        (
            col("ip", "db", score="-999") + col("ip", "db", score="-5000") + col("db", "msl", "Promoted"),
            PUSHED.format("c-db-msl"),
        ),
        (col("ip", "fs", score="-999") + col("fs", "db") + col("db", "msl", "Master"), PUSHED.format("c-db-msl")),
        (col("db", "ip", score="-1") + col("msl", "db", "", "Promoted"), PUSHED.format("c-msl-db")),
        (col("db", "ip", score="-1") + col("msl", "db", "", "Promoted", score="-1"), PUSHED.format("c-msl-db")),
        (sets(one_set("db", "ip"), MASTER, score="-5000"), PUSHED.format("s")),
        (col("ip", "db", score="much"), "c-ip-db says of it what cannot be judged"),
        (col("ip", "db", "Stopped"), "c-ip-db says of it what cannot be judged"),
        (col("db", "ip", **{"node-attribute": "site"}), "c-db-ip says of it what cannot be judged"),
        (
            col("ip", "db").replace("/>", '><lifetime><rule id="r"/></lifetime></rsc_colocation>'),
            "c-ip-db says of it what cannot be judged",
        ),
        (sets(one_set("ip", "db", ordering="listed")), "s says of it what cannot be judged"),
    ],
)
def test_what_would_come_along_nobody_knows(constraints: str, unclear: str) -> None:
    assert mover(constraints).unclear == unclear


STOPS = "{} stops msl, which has a promoted instance, whenever what is moved is stopped"


@pytest.mark.parametrize(
    ("constraints", "bond"),
    [
        (order("ip", "msl"), "o-ip-msl"),
        (order("ip", "msl-one", kind="Mandatory", symmetrical="true"), "o-ip-msl-one"),
        (order("ip", "msl", first_action="stop", then_action="start"), "o-ip-msl"),
        (order("ip", "msl", score="1"), "o-ip-msl"),
        # What it stands on, and what comes along.
        (order("ip", "db") + order("db", "cln") + order("cln", "msl"), "o-cln-msl"),
        (col("app", "ip") + order("app1", "msl"), "o-app1-msl"),
        (col("ip", "fs") + order("fs", "msl"), "o-fs-msl"),
        (ordered(one_set("ip", "db", "msl")), "o"),
        (ordered(one_set("db", "ip", sequential="false"), one_set("msl")), "o"),
    ],
)
def test_what_orders_stop_with_it(constraints: str, bond: str) -> None:
    assert mover(constraints).unclear == STOPS.format(bond)


@pytest.mark.parametrize(
    "constraints",
    [
        order("ip", "msl", kind="Optional"),
        order("ip", "msl", kind="Serialize"),
        order("ip", "msl", score="0"),
        order("ip", "msl", symmetrical="false"),
        order("ip", "msl", first_action="start", then_action="promote"),
        order("ip", "cln") + order("cln", "msl", first_action="start", then_action="promote"),
        order("msl", "ip", first_action="promote", then_action="start"),
        order("x", "msl"),
        col("ip", "cln") + order("cln", "msl"),
        ordered(one_set("ip", "msl"), kind="Optional"),
        ordered(one_set("ip", "msl", sequential="false")),
        ordered(one_set("ip"), one_set("msl", action="promote")),
        ordered(one_set("msl"), one_set("ip")),
        # It is not moved without that one.
        col("ip", "msl", "Promoted") + order("ip", "msl"),
        order("ip", "msl") + col("ip", "msl", "Unpromoted"),
    ],
)
def test_what_orders_leave_as_it_is(constraints: str) -> None:
    assert mover(constraints).unclear == ""


def test_what_can_be_promoted_itself_is_not_moved_as_a_whole() -> None:
    inside = f'<clone id="pro">{_PROMOTABLE.format("pro")}<group id="g">{IP}</group></clone>'
    assert mover("", inside).unclear == "it is in pro, which has a promoted instance"


def test_a_tag_and_a_template_stand_for_their_members() -> None:
    tag = '<tags><tag id="t"><obj_ref id="fs"/><obj_ref id="ip"/></tag></tags>'
    assert mover(col("t", "msl", "Promoted"), more=tag).follows == "msl"
    assert mover(sets(one_set("t"), MASTER), more=tag).unclear == ""
    made = RESOURCES + f'<template id="tpl" {_DUMMY}/><primitive id="made" template="tpl"/>'
    assert mover(col("tpl", "ip") + col("msl", "made", "", "Promoted"), made).unclear == BY_MSL.format("c-msl-made")


def test_by_setups_own_bond_it_is_beside_what_is_not_promoted_unless_that_follows() -> None:
    own = '<rsc_colocation id="ip-follows-started" rsc="ip" with-rsc="app" score="INFINITY"/>'
    found = mover(own)
    assert (found.follows, found.role, found.bond) == ("app", "Started", "ip-follows-started")
    found = mover(own + col("app", "msl", "Promoted"))
    assert (found.follows, found.role, found.bond) == ("msl", "Promoted", "ip-follows-started")


@pytest.mark.parametrize(
    ("constraints", "resources", "apart"),
    [
        (col("ip", "db", score="-5000"), RESOURCES, {"db": "c-ip-db"}),
        (col("g", "app", score="-5000"), GROUPED, {"app": "c-g-app"}),
        (col("data", "app2", score="-5000"), GROUPED, {"app": "c-data-app2"}),
        (sets(one_set("db", "x", "ip"), score="-5000"), RESOURCES, {"db": "s", "x": "s"}),
        (sets(one_set("ip"), one_set("app"), score="-INFINITY"), RESOURCES, {"app": "s"}),
        (col("db", "ip", score="-5000"), RESOURCES, {}),
    ],
)
def test_what_it_is_kept_away_from(constraints: str, resources: str, apart: dict[str, str]) -> None:
    found = mover(constraints, resources)
    assert (dict(found.apart), found.follows, found.unclear) == (apart, "", "")


@pytest.mark.parametrize(("weight", "firmly"), [("-999", ()), ("-1000", ("app",)), ("-INFINITY", ("app",))])
def test_from_what_it_is_kept_for_good(weight: str, firmly: tuple[str, ...]) -> None:
    found = mover(col("ip", "app2", score=weight))
    assert (found.firmly, list(found.apart)) == (firmly, ["app"])


def test_what_it_is_beside_is_kept_apart_with_what_is_beside_that() -> None:
    """Followed as `Started`, or bound by hand; not with a bond that yields to the distance."""
    made = RESOURCES + f'<group id="ascs">{plain("fsA")}</group>' + plain("ipA") + plain("weak")
    guide = col("app", "ascs", score="-5000")
    for bound in (col("ip", "app"), col("app", "ip"), col("ip", "db") + col("db", "app1")):
        found = mover(guide + bound + col("ipA", "ascs") + col("weak", "ascs", score="999"), made)
        assert (dict(found.apart), found.firmly, found.unclear) == ({"ascs": "c-app-ascs"}, ("ascs", "ipA"), "")
    assert mover(guide + col("ip", "app", score="999"), made).firmly == ()
    # Of a clone there is more than one place.
    assert mover(col("ip", "cln", score="-5000") + col("ipA", "cln"), made).firmly == ("cln",)


def test_who_is_beside_whom_in_sets() -> None:
    """Pacemaker Explained, Colocating Sets of Resources: its examples, one by one."""

    def pairs(text: str) -> list[tuple[str, str]]:
        return [(bond.rsc, bond.other) for bond in bonds.bonds_of(cib.parsed(f"<constraints>{text}</constraints>"))]

    assert pairs(sets(one_set("A", "B", "C", "D"))) == [("B", "A"), ("C", "B"), ("D", "C")]
    unordered = one_set("A", "B", "C", sequential="false")
    assert pairs(sets(unordered, one_set("D"))) == [("A", "D"), ("B", "D"), ("C", "D")]
    chain = sets(one_set("A", "B"), one_set("C", "D", "E", sequential="false"), one_set("F", "G", role="Promoted"))
    assert pairs(chain) == [
        *[("B", "A"), ("G", "F")],
        *[("A", "C"), ("A", "D"), ("A", "E"), ("C", "G"), ("D", "G"), ("E", "G")],
    ]
    assert pairs(sets(one_set("A", "B", "C"), score="-1")) == [("B", "A"), ("C", "A"), ("C", "B")]
