# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets a packet through: network ACLs in their order, security groups, and rules for parts of a network."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import decide
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import ANY, Entry, Ports

PEER, OTHERS = "10.20.0.0/16", "10.0.0.0/8"
SSH, WEB = (22, 22), (443, 443)
EPHEMERAL = (32768, 65535)
DEFAULT = "no rule but the last: deny everything"


@pytest.mark.parametrize(
    ("entries", "ports", "every", "passes", "rule"),
    [
        ([], WEB, False, False, DEFAULT),
        ([Entry("0.0.0.0/0", number=100)], WEB, False, True, "rule 100: allow all ports 0.0.0.0/0"),
        ([Entry(OTHERS, WEB, number=100)], WEB, False, True, f"rule 100: allow port 443 {OTHERS}"),
        ([Entry(OTHERS, SSH, number=100)], WEB, False, False, DEFAULT),
        (
            [Entry("10.20.1.0/24", number=100)],
            WEB,
            False,
            False,
            f"{DEFAULT} (10.20.1.0/24 alone is let through, by rule 100: allow all ports 10.20.1.0/24)",
        ),
        ([Entry("::/0", number=100)], WEB, False, False, DEFAULT),
        # The first that matches decides, by number and not by place.
        (
            [Entry(OTHERS, number=200), Entry(PEER, WEB, False, 100)],
            WEB,
            False,
            False,
            f"rule 100: deny port 443 {PEER}",
        ),
        (
            [Entry(OTHERS, number=90), Entry(PEER, WEB, False, 100)],
            WEB,
            False,
            True,
            f"rule 90: allow all ports {OTHERS}",
        ),
        # Any port will do where none is named; the answer needs all of the client's.
        (
            [Entry(PEER, (0, 442), False, 1), Entry(PEER, WEB, number=2)],
            ANY,
            False,
            True,
            f"rule 2: allow port 443 {PEER}",
        ),
        ([Entry(PEER, (1024, 65535), number=1)], EPHEMERAL, True, True, f"rule 1: allow ports 1024-65535 {PEER}"),
        ([Entry(PEER, (49152, 65535), number=1)], EPHEMERAL, True, False, DEFAULT),
        (
            [Entry(PEER, (32768, 49151), number=1), Entry(PEER, (49152, 65535), number=2)],
            EPHEMERAL,
            True,
            True,
            f"rule 1: allow ports 32768-49151 {PEER}",
        ),
        (
            [Entry(PEER, (40000, 40000), False, 1), Entry(PEER, number=2)],
            EPHEMERAL,
            True,
            False,
            f"rule 1: deny port 40000 {PEER}",
        ),
    ],
)
def test_network_acls(entries: list[Entry], ports: Ports, every: bool, passes: bool, rule: str) -> None:
    assert decide.acl_decides(entries, PEER, ports, every=every) == (passes, rule)


@pytest.mark.parametrize(
    ("entries", "ports", "passes"),
    [
        ([], WEB, False),
        ([Entry(OTHERS, WEB)], WEB, True),
        ([Entry(OTHERS, (400, 500))], WEB, True),
        ([Entry(OTHERS, SSH)], WEB, False),
        ([Entry(OTHERS, SSH)], ANY, True),
        ([Entry("10.20.1.0/24", WEB)], WEB, False),
        ([Entry("sg-clients", WEB)], WEB, True),
        ([Entry("sg-others", WEB)], WEB, False),
        ([Entry("pl-1", WEB)], WEB, None),
        ([Entry("pl-1", SSH)], WEB, False),
        ([Entry("pl-1", WEB), Entry(OTHERS, WEB)], WEB, True),
    ],
)
def test_security_groups(entries: list[Entry], ports: Ports, passes: bool | None) -> None:
    assert decide.groups_decide(entries, PEER, ports, ["sg-clients"])[0] is passes


@pytest.mark.parametrize(
    ("groups", "passes"), [(None, None), ((), False), (("sg-clients",), False), (("sg-app",), True)]
)
def test_groups_of_a_peer_that_may_not_be_known(groups: tuple[str, ...] | None, passes: bool | None) -> None:
    assert decide.groups_decide([Entry("sg-app", WEB)], PEER, WEB, groups)[0] is passes
    assert decide.groups_decide([Entry("sg-app", SSH)], PEER, WEB, groups)[0] is False


HALVES = ("10.20.0.0/17", "10.20.128.0/17")


@pytest.mark.parametrize(
    ("entries", "passes", "part"),
    [
        ([Entry(HALVES[0], WEB, number=1), Entry(HALVES[1], WEB, number=2)], True, ""),
        ([Entry(HALVES[0], WEB, number=1), Entry(HALVES[1], SSH, number=2)], False, None),
        ([Entry(HALVES[0], WEB, False, 1), Entry(PEER, WEB, number=2)], True, f"{HALVES[0]}: rule 1: deny port 443"),
        ([Entry(HALVES[0], SSH, False, 1), Entry(PEER, WEB, number=2)], True, ""),
        ([Entry(PEER, WEB, number=1), Entry(HALVES[0], WEB, False, 2)], True, ""),
        ([Entry("10.20.7.0/24", WEB, False, 1), Entry(OTHERS, number=2)], True, "10.20.7.0/24: rule 1: deny port 443"),
        ([Entry("10.20.7.0/24", number=1), Entry("10.20.0.0/20", number=2), Entry(HALVES[0], number=3)], False, None),
    ],
)
@pytest.mark.parametrize("every", [True, False])
def test_acl_rules_for_parts_of_a_network(entries: list[Entry], passes: bool, part: str | None, every: bool) -> None:
    assert decide.acl_decides(entries, PEER, WEB, every=every)[0] is passes
    told = decide.acl_part(entries, PEER, WEB, every=every)
    assert told.startswith(part) and bool(told) is bool(part) if part is not None else told


def test_group_rules_for_parts_of_a_network_count_together() -> None:
    both = [Entry(one, WEB) for one in HALVES]
    assert decide.groups_decide(both, PEER, WEB) == (True, f"allow port 443 {HALVES[0]} and allow port 443 {HALVES[1]}")
    assert decide.groups_decide([both[0], Entry(HALVES[1], SSH)], PEER, WEB)[0] is False
    part = f"no rule allows all of {PEER}, only a part of it: allow port 443 {HALVES[0]}"
    assert decide.groups_decide([both[0]], PEER, WEB) == (False, part)
