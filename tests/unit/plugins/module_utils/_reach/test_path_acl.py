# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network ACLs a packet meets, as the transit gateway guide has it: the whole table, and what is not certain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import path_acl
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import ANY, Attached, Entry, Filter, Net
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.path_acl import ARRIVES, ENTERS, LEAVES, Leg

FROM, TO = "10.20.1.5/32", "192.168.10.15/32"
CLIENT, CLIENTS_OWN = Net("subnet-c", "10.20.1.0/24", "a"), Net("subnet-ca", "10.20.9.0/28", "a")
NODE, NODES_OWN = Net("subnet-n", "10.0.1.0/24", "a"), Net("subnet-na", "10.0.9.0/28", "a")
OTHER_ZONE = Net("subnet-nb", "10.0.9.16/28", "b")
LEG = Leg("there", ("mine", "theirs"), (FROM, TO), (3600, 3600), CLIENT, NODE)


def attached(*nets: Net, **more: object) -> Attached:
    return replace(Attached("tgw-attach-1", "tgw-1", "vpc", "vpc-1", nets=nets), **more)  # type: ignore[arg-type]


def told(leg: Leg) -> list[tuple[str, str, str, str]]:
    return [(one.point, one.subnet.subnet_id, "out" if one.outbound else "in", one.peer) for one in path_acl.asked(leg)]


OUT, IN = (LEAVES, "subnet-c", "out", TO), (ARRIVES, "subnet-n", "in", FROM)


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        pytest.param(LEG, [OUT, IN], id="within-a-vpc"),
        pytest.param(replace(LEG, receiver=CLIENT), [], id="within-a-subnet"),
        pytest.param(
            replace(LEG, out=attached(CLIENTS_OWN), into=attached(NODES_OWN)),
            [OUT, (ENTERS, "subnet-ca", "in", FROM), (ARRIVES, "subnet-na", "out", TO), IN],
            id="different-subnets",
        ),
        pytest.param(
            replace(LEG, out=attached(CLIENT), into=attached(NODE)),
            [OUT, (ENTERS, "subnet-c", "in", FROM)],
            id="same-subnets",
        ),
        pytest.param(
            replace(LEG, sender=None, out=attached(), into=attached(NODES_OWN, OTHER_ZONE)),
            [(ARRIVES, "subnet-na", "out", TO), (ARRIVES, "subnet-nb", "out", TO), IN],
            id="from-outside-by-any-zone",
        ),
        pytest.param(replace(LEG, sender=None, into=attached(NODE)), [], id="from-outside-by-its-own-subnet"),
        pytest.param(
            replace(LEG, out=attached(CLIENT), into=attached(NODES_OWN, OTHER_ZONE, appliance=True)),
            [
                OUT,
                (ENTERS, "subnet-c", "in", FROM),
                (ARRIVES, "subnet-na", "out", TO),
                (ARRIVES, "subnet-nb", "out", TO),
                IN,
            ],
            id="appliance-mode-knows-no-zone",
        ),
        pytest.param(replace(LEG, receiver=None, out=attached(OTHER_ZONE)), [OUT], id="no-way-in-its-zone"),
    ],
)
def test_the_table(leg: Leg, expected: list[tuple[str, str, str, str]]) -> None:
    assert told(leg) == expected
    assert not any(one.unsure for one in path_acl.asked(leg))


@pytest.mark.parametrize(
    ("leg", "unsure"),
    [
        (replace(LEG, unknown=True), True),
        (replace(LEG, into=attached(unread=True)), True),
        (replace(LEG, into=attached(hidden=("subnet-x",))), False),  # which is not the node's: that is seen
        (replace(LEG, into=attached(NODE, hidden=("subnet-x",))), True),
    ],
)
def test_what_may_come_by_the_very_subnet_is_no_drop(leg: Leg, unsure: bool) -> None:
    """The ACL of the node's subnet lets nothing in: a drop, unless the packet may come out of the gateway there."""
    acl = Filter("acl-1", outbound=(Entry("0.0.0.0/0", ANY, number=1),))
    closed = replace(leg, sender=None, receiver=replace(NODE, acl=acl))
    [one] = [hop for hop in path_acl.judged(closed, ARRIVES) if hop.where.startswith("network ACL acl-1")]
    assert one.passes is (None if unsure else False)
    assert ("if it comes in by this very subnet: that was not seen" in one.rule) is unsure
    opened = replace(acl, inbound=(Entry("10.20.0.0/16", ANY, number=1),))
    [one] = path_acl.judged(replace(closed, receiver=replace(NODE, acl=opened)), ARRIVES)
    assert one.passes is True


def test_an_acl_that_was_not_shown_is_not_seen() -> None:
    hops = list(path_acl.judged(LEG, LEAVES, ENTERS, ARRIVES))
    assert [(hop.where, hop.rule, hop.passes, hop.id) for hop in hops] == [
        ("network ACL of subnet-c (a), outbound", "was not seen", None, "not_seen"),
        ("network ACL of subnet-n (a), inbound", "was not seen", None, "not_seen"),
    ]
