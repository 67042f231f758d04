# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people would type. That pcs and crmsh take it: tests/integration/failover/test_4_shells.py."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import commands

OURS = (
    '<primitive id="ip" class="ocf" provider="aws_ha" type="overlay-ip"><instance_attributes id="a">'
    '<nvpair id="a-d" name="destination" value="192.0.2.1/32"/>'
    '<nvpair id="a-i" name="api_interval" value="{interval}"/>'
    '</instance_attributes><meta_attributes id="m"><nvpair id="m-s" name="resource-stickiness" value="{stay}"/>'
    '</meta_attributes><operations><op id="ip-start" name="start" interval="0s" timeout="{start}s"/></operations>'
    "</primitive>"
)
FENCING = (
    '<primitive id="f" class="stonith" type="fence_aws"><instance_attributes id="f-a">'
    '<nvpair id="f-m" name="pcmk_host_map" value="n1:i-1;n2:i-2;"/></instance_attributes></primitive>'
)


def root(resources: str = "", constraints: str = "", **properties: str) -> ElementTree.Element:
    pairs = "".join(f'<nvpair id="p-{k}" name="{k.replace("_", "-")}" value="{v}"/>' for k, v in properties.items())
    return ElementTree.fromstring(
        f'<configuration><crm_config><cluster_property_set id="p">{pairs}</cluster_property_set></crm_config>'
        f"<resources>{resources}</resources><constraints>{constraints}</constraints></configuration>"
    )


def inner(shell: str, lines: list[str]) -> list[str]:
    """What is done on the copy, without what says that it is one."""
    copy = {"pcs": "pcs -f overlay-ip.xml ", "crm": "crm -c overlay-ip "}[shell]
    return [f"{shell} {line.removeprefix(copy)}" for line in lines if line.startswith(copy)]


def ours(interval: int = 60, stay: int = 100, start: int = 30) -> str:
    return OURS.format(interval=interval, stay=stay, start=start)


def test_nothing_differs() -> None:
    assert commands.commands(root(ours()), root(ours())) == {"pcs": [], "crm": []}


@pytest.mark.parametrize(
    ("before", "after", "pcs", "crm"),
    [
        (
            root(),
            root(ours()),
            "pcs resource create ip ocf:aws_ha:overlay-ip destination=192.0.2.1/32 api_interval=60"
            " op start interval=0s timeout=30s meta resource-stickiness=100",
            "crm configure primitive ip ocf:aws_ha:overlay-ip params destination=192.0.2.1/32 api_interval=60"
            " op start interval=0s timeout=30s meta resource-stickiness=100",
        ),
        (
            root(),
            root(FENCING),
            "pcs stonith create f fence_aws pcmk_host_map='n1:i-1;n2:i-2;'",
            "crm configure primitive f stonith:fence_aws params pcmk_host_map='n1:i-1;n2:i-2;'",
        ),
        (
            root(ours()),
            root(ours(interval=30)),
            "pcs resource update ip api_interval=30",
            "crm resource param ip set api_interval 30",
        ),
        (
            root(ours()),
            root(f'<group id="g">{ours(stay=7)}</group>'),  # wherever it is
            "pcs resource meta ip resource-stickiness=7",
            "crm resource meta ip set resource-stickiness 7",
        ),
        (
            root(ours()),
            root(ours(start=40)),
            "pcs resource update ip op start interval=0s timeout=40s",
            'cibadmin --modify --xml-text \'<op id="ip-start" name="start" interval="0s" timeout="40s"/>\'',
        ),
        (
            root(FENCING),
            root(FENCING.replace("i-2", "i-3")),
            "pcs stonith update f pcmk_host_map='n1:i-1;n2:i-3;'",
            "crm resource param f set pcmk_host_map 'n1:i-1;n2:i-3;'",
        ),
        (
            root(stonith_enabled="false"),
            root(stonith_enabled="true"),
            "pcs property set stonith-enabled=true",
            "crm configure property stonith-enabled=true",
        ),
    ],
)
def test_each_change(before: ElementTree.Element, after: ElementTree.Element, pcs: str, crm: str) -> None:
    assert commands.commands(before, after) == {"pcs": [pcs], "crm": [crm]}


@pytest.mark.parametrize(
    ("bond", "pcs", "crm"),
    [
        (
            '<rsc_colocation id="c" rsc="e" with-rsc="a" score="-5000"/>',
            "pcs constraint colocation add e with a -- -5000 id=c",
            "crm configure colocation c -5000: e a",
        ),
        (
            '<rsc_colocation id="c" rsc="ip" with-rsc="db" with-rsc-role="Master" score="INFINITY"/>',
            "pcs constraint colocation add ip with master db INFINITY id=c",
            "crm configure colocation c inf: ip db:Master",
        ),
        (
            '<rsc_order id="o" first="a" first-action="start" then="e" then-action="stop" kind="Optional"'
            ' symmetrical="false"/>',
            "pcs constraint order start a then stop e kind=Optional symmetrical=false id=o",
            "crm configure order o Optional: a:start e:stop symmetrical=false",
        ),
        (
            '<rsc_order id="o" first="a" then="e"/>',
            "pcs constraint order start a then start e kind=Mandatory id=o",
            "crm configure order o Mandatory: a:start e:start",
        ),
        (
            '<rsc_location id="l" rsc="ip" node="n1" score="3"/>',
            "pcs constraint location add l ip n1 3",
            "crm configure location l ip 3: n1",
        ),
        (
            '<rsc_location id="l" rsc="ip" node="w" score="-INFINITY" resource-discovery="never"/>',
            "pcs constraint location add l ip w -- -INFINITY resource-discovery=never",
            "crm configure location l ip resource-discovery=never -inf: w",
        ),
    ],
)
def test_each_constraint(bond: str, pcs: str, crm: str) -> None:
    name = ElementTree.fromstring(bond).attrib["id"]
    gone = f"pcs constraint delete {name}", f"crm configure delete {name}"
    assert commands.commands(root(), root("", bond)) == {"pcs": [pcs], "crm": [crm]}
    assert commands.commands(root("", bond), root()) == {"pcs": [gone[0]], "crm": [gone[1]]}
    other = bond.replace(' rsc="', ' rsc="x').replace(' first="', ' first="x')
    changed = commands.commands(root("", other), root("", bond))
    assert {shell: inner(shell, lines) for shell, lines in changed.items()} == {
        "pcs": [gone[0], pcs],
        "crm": [gone[1], crm],
    }


def test_what_is_bound_no_more_goes_first_and_what_is_new_is_there_before_it_is_bound() -> None:
    old, new = (f'<rsc_location id="{name}" rsc="ip" node="n" score="1"/>' for name in ("old", "new"))
    found = inner("pcs", commands.commands(root("", old), root(ours(), new))["pcs"])
    assert [line.split()[1:3] for line in found] == [
        ["constraint", "delete"],
        ["resource", "create"],
        ["constraint", "location"],
    ]


def test_what_is_new_is_put_in_at_once_with_what_binds_it() -> None:
    """A resource that is there first may start on a node where it must never be."""
    bond = '<rsc_location id="l" rsc="ip" node="w" score="-INFINITY"/>'
    found = commands.commands(root(ours(start=40)), root(ours(interval=30), bond))
    assert found == {
        "pcs": [
            "pcs cluster cib overlay-ip.before.xml",
            "cp overlay-ip.before.xml overlay-ip.xml",
            "pcs -f overlay-ip.xml resource update ip api_interval=30",
            "pcs -f overlay-ip.xml resource update ip op start interval=0s timeout=30s",
            "pcs -f overlay-ip.xml constraint location add l ip w -- -INFINITY",
            "pcs cluster cib-push overlay-ip.xml diff-against=overlay-ip.before.xml",
        ],
        "crm": [
            "crm cib new overlay-ip force",
            "crm -c overlay-ip resource param ip set api_interval 30",
            "CIB_shadow=overlay-ip cibadmin --modify --xml-text"
            ' \'<op id="ip-start" name="start" interval="0s" timeout="30s"/>\'',
            "crm -c overlay-ip configure location l ip -inf: w",
            "crm cib commit overlay-ip",
            "crm cib delete overlay-ip",
        ],
    }
    for lines in commands.commands(root(), root(ours(), bond)).values():
        (created,) = (n for n, line in enumerate(lines) if " create ip " in line or " primitive ip " in line)
        assert all("overlay-ip.xml" in line or "-c overlay-ip" in line for line in lines[created:-2])
