# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One primitive in the place of another, in the recorded configuration of a real pair."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import replace

RECORDED = Path(__file__).with_name("recorded") / "2.1.5/existing.configuration.xml"
AGENT = "ocf:aws_ha:overlay-ip"
OPERATIONS = [("start", 0, 30), ("monitor", 10, 20)]


def root() -> Element:
    return replace.read(RECORDED.read_text())


def made(name: str = "rsc_ip_DB", old: Element | None = None) -> Element:
    before = replace.found(root(), "rsc_ip_DB") if old is None else old
    return replace.made(before, AGENT, {"destination": "192.168.10.15/32"}, OPERATIONS, name)


def members(of: Element) -> list[str | None]:
    return [one.get("id") for one in of.iter("primitive")]


def test_it_takes_the_place_and_the_name() -> None:
    after = replace.placed(root(), "rsc_ip_DB", made())
    assert members(after) == members(root())
    assert [one.get("id") for one in next(after.iter("group"))] == ["rsc_data_DB", "rsc_ip_DB", "rsc_listener_DB"]
    assert replace.agent(root(), "rsc_ip_DB") == "ocf:heartbeat:aws-vpc-move-ip"
    assert replace.agent(after, "rsc_ip_DB") == AGENT
    (attributes,) = replace.found(after, "rsc_ip_DB").findall("instance_attributes")
    assert [(pair.get("name"), pair.get("value")) for pair in attributes] == [("destination", "192.168.10.15/32")]
    # Back again it is what it was.
    again = replace.placed(after, "rsc_ip_DB", replace.found(root(), "rsc_ip_DB"))
    assert replace.shown(again) == replace.shown(root())


def test_what_it_has_beside_its_parameters_stays() -> None:
    old = replace.read(
        '<primitive id="a" class="ocf" provider="heartbeat" type="aws-vpc-move-ip"><instance_attributes id="x"/>'
        '<meta_attributes id="m"><nvpair id="p" name="priority" value="5"/></meta_attributes><utilization id="u"/>'
        '<operations><op id="o" name="start" interval="0" timeout="180" on-fail="fence"/>'
        '<op id="q" name="notify" interval="0"/></operations></primitive>'
    )
    new = made("a", old)
    assert [child.tag for child in new] == ["instance_attributes", "meta_attributes", "utilization", "operations"]
    assert [dict(op.attrib) for op in new.iter("op")] == [
        {"id": "a-start", "name": "start", "interval": "0s", "timeout": "30s", "on-fail": "fence"},
        {"id": "a-monitor", "name": "monitor", "interval": "10s", "timeout": "20s"},
    ]


def with_operations(*operations: str) -> Element:
    listed = "".join(f'<op id="o{n}" name="monitor" {said}/>' for n, said in enumerate(operations))
    return replace.read(f'<primitive id="a" class="ocf"><operations>{listed}</operations></primitive>')


_OURS = {"id": "a-monitor", "name": "monitor", "interval": "10s", "timeout": "20s"}


@pytest.mark.parametrize(
    ("operations", "kept"),
    [
        (['interval="60" on-fail="standby"', 'interval="10" on-fail="standby"'], [{**_OURS, "on-fail": "standby"}]),
        (['interval="60"', 'interval="10" role="Started"'], [_OURS]),
        (
            ['interval="60" on-fail="fence"', 'interval="11s" role="Stopped" enabled="false"'],
            [
                {**_OURS, "on-fail": "fence"},
                {"id": "o1", "name": "monitor", "interval": "11s", "role": "Stopped", "enabled": "false"},
            ],
        ),
    ],
)
def test_operations_are_told_apart_by_role_too(operations: list[str], kept: list[dict[str, str]]) -> None:
    new = made("a", with_operations(*operations))
    assert [dict(op.attrib) for op in new.iter("op") if op.get("name") == "monitor"] == kept


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        (
            ['interval="60s" on-fail="standby"', 'interval="10s" enabled="false"'],
            r"a has 2 operations monitor \(interval 60s and 10s\) that differ in enabled and on-fail: leave",
        ),
        (['interval="60s" on-fail="standby"', 'interval="10s"'], "that differ in on-fail"),
        (['interval="60s"', 'interval="10000ms" role="Stopped"'], "a has a monitor of another role every 10 s"),
    ],
)
def test_two_that_cannot_be_merged_are_refused(operations: list[str], told: str) -> None:
    with pytest.raises(replace.ReplaceError, match=told):
        made("a", with_operations(*operations))


def nested(*levels: str) -> Element:
    """Monitors with attributes inside; none where the level is empty."""
    ops = "".join(
        f'<op id="o{n}" name="monitor" interval="{n}s">'
        + (
            f'<instance_attributes id="i{n}"><nvpair id="v{n}" name="OCF_CHECK_LEVEL" value="{level}"/>'
            if level
            else ""
        )
        + ("</instance_attributes>" if level else "")
        + "</op>"
        for n, level in enumerate(levels)
    )
    return replace.read(f'<primitive id="a" class="ocf"><operations>{ops}</operations></primitive>')


@pytest.mark.parametrize("levels", [("20",), ("20", "20")])
def test_what_is_inside_an_operation_stays(levels: tuple[str, ...]) -> None:
    (op,) = (op for op in made("a", nested(*levels)).iter("op") if op.get("name") == "monitor")
    assert [(one.get("id"), one.get("value")) for one in op.iter("nvpair")] == [("v0", "20")]


@pytest.mark.parametrize("levels", [("20", "10"), ("", "20"), ("20", "")])
def test_two_that_differ_inside_are_refused(levels: tuple[str, ...]) -> None:
    with pytest.raises(replace.ReplaceError, match="that differ in the attributes inside them: leave one of them"):
        made("a", nested(*levels))


def test_operations_of_another_one_are_refused() -> None:
    old = replace.read('<primitive id="a" class="ocf"><operations id-ref="b-ops"/></primitive>')
    with pytest.raises(replace.ReplaceError, match=r"^a has its operations from another one \(b-ops\): write them out"):
        made("a", old)


@pytest.mark.parametrize(
    ("text", "seconds"), [("10", 10), ("10s", 10), ("1min", 60), ("10000ms", 10), ("2h", 7200), ("P1D", -1), ("", -1)]
)
def test_how_often(text: str, seconds: float) -> None:
    assert replace._seconds(text) == seconds


NAMED = """<configuration><resources><primitive id="ip" class="ocf" provider="x" type="y"/>
<primitive id="db" class="ocf" provider="x" type="y"/></resources><constraints>
<rsc_location id="l" rsc="ip" node="ip" score="1"/>
<rsc_colocation id="c" rsc="ip" with-rsc="db"/><rsc_colocation id="d" rsc="db" with-rsc="ip"/>
<rsc_order id="o" first="ip" then="db"/><rsc_order id="p" first="db" then="ip"/>
<rsc_order id="s"><resource_set id="s-0"><resource_ref id="db"/><resource_ref id="ip"/></resource_set></rsc_order>
</constraints><tags><tag id="t"><obj_ref id="ip"/></tag></tags><!-- a word of ours --></configuration>"""


def test_a_new_name_is_written_wherever_the_old_one_was() -> None:
    before = replace.read(NAMED)
    new = replace.made(replace.found(before, "ip"), AGENT, {}, [], "vip")
    text = replace.shown(replace.placed(before, "ip", new))
    assert '"ip"' not in text.replace('node="ip"', "")
    for expected in (
        'rsc="vip" node="ip"',
        'rsc="vip" with-rsc="db"',
        'rsc="db" with-rsc="vip"',
        'first="vip" then="db"',
        'first="db" then="vip"',
        '<resource_ref id="vip" />',
        '<obj_ref id="vip" />',
        "<!-- a word of ours -->",
    ):
        assert expected in text


def test_who_may_see_to_it_and_where_it_is_to_be_go_along_or_the_name_is_refused() -> None:
    acl = '<acls><acl_role id="r"><acl_permission id="p" kind="write" reference="ip"/></acl_role></acls>'
    pattern = '<rsc_location id="l2" rsc-pattern="^(v|)ip" node="n" score="1"/>'
    before = replace.read(NAMED.replace("</constraints>", f"{pattern}</constraints>{acl}"))
    text = replace.shown(replace.placed(before, "ip", replace.made(replace.found(before, "ip"), AGENT, {}, [], "vip")))
    assert 'kind="write" reference="vip"' in text
    with pytest.raises(replace.ReplaceError, match=r"constraint l2 means ip by the pattern .* does not mean overlay"):
        replace.placed(before, "ip", replace.made(replace.found(before, "ip"), AGENT, {}, [], "overlay"))
    replace.placed(before, "ip", replace.made(replace.found(before, "ip"), AGENT, {}, [], "ip"))


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(replace.ReplaceError, match="has something called cln_app already: choose another name"):
        replace.placed(root(), "rsc_ip_DB", made("cln_app"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<a><primitive id="ip" template="t"/></a>', "made of the template t"),
        ("<a/>", "has no primitive ip"),
    ],
)
def test_what_cannot_be_replaced(text: str, told: str) -> None:
    with pytest.raises(replace.ReplaceError, match=told):
        replace.found(replace.read(text), "ip")


def test_what_is_no_configuration() -> None:
    with pytest.raises(replace.ReplaceError, match="cannot be read"):
        replace.read("Connection refused")
