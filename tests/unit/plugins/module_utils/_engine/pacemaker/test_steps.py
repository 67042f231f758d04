# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migration as people type it. That pcs and crmsh take it: tests/integration/failover/test_4_shells.py."""

from __future__ import annotations

import shlex
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import replace, steps

OLD = (
    '<primitive id="ip" class="ocf" provider="heartbeat" type="aws-vpc-move-ip"><operations>'
    '<op id="ip-m" name="monitor" interval="60s" timeout="60s" on-fail="restart"/></operations>'
    '<meta_attributes id="m"><nvpair id="m-p" name="priority" value="5"/></meta_attributes></primitive>'
)
PATCH = """\
<diff format="2">
  <change operation="delete" path="/cib/primitive[@id=&apos;ip&apos;]"/>
</diff>
"""
PATCHED = (
    'cibadmin --patch --xml-text \'<diff format="2"><change operation="delete"'
    ' path="/cib/primitive[@id=&apos;ip&apos;]" /></diff>\''
)
CRM = (
    "echo 'primitive ip ocf:aws_ha:overlay-ip params destination=192.0.2.1/32"
    " meta priority=5 op monitor interval=10s timeout=20s on-fail=restart' | crm configure load update -"
)
LOOK = (
    "crm_resource --locate --resource {}  # on n1? If not: cibadmin --replace --scope configuration --xml-file"
    " before-ip.xml, the refresh once more, and only then the rest"
)


def both(name: str = "ip", old: str = OLD, destination: str = "192.0.2.1/32") -> tuple[Element, Element]:
    before = replace.read(old)
    new = replace.made(before, "ocf:aws_ha:overlay-ip", {"destination": destination}, [("monitor", 10, 20)], name)
    return before, new


def test_the_steps_in_order() -> None:
    kept, wait = "cibadmin --query --scope configuration > before-ip.xml", "crm_resource --wait"
    refresh = "crm_resource --refresh --force --resource ip"
    assert steps.steps(*both(), PATCH, "n1", "") == {
        "pcs": [
            "pcs property set maintenance-mode=true",
            wait,
            kept,
            PATCHED,
            refresh,
            wait,
            LOOK.format("ip"),
            "crm_attribute --type crm_config --name maintenance-mode --delete",
            wait,
        ],
        "crm": [
            "crm configure property maintenance-mode=true",
            wait,
            kept,
            CRM,
            refresh,
            wait,
            LOOK.format("ip"),
            "crm_attribute --type crm_config --name maintenance-mode --delete",
            wait,
        ],
    }


def test_what_would_be_put_back_is_kept_in_maintenance() -> None:
    for lines in steps.steps(*both(), PATCH, "n1", "").values():
        kept, begun, done = (
            next(n for n, line in enumerate(lines) if word in line)
            for word in ("--query", "maintenance-mode=true", "--refresh")
        )
        assert begun < kept < done


def test_maintenance_is_given_back_as_it_was() -> None:
    within = steps.steps(*both(), PATCH, "n1", "true")
    assert not [line for shell in within.values() for line in shell if "maintenance" in line]
    was = steps.steps(*both(), PATCH, "n1", "false")
    assert was["pcs"][-2] == "pcs property set maintenance-mode=false"
    assert was["crm"][-2] == "crm configure property maintenance-mode=false"


def test_the_patch_is_one_word_of_a_shell() -> None:
    (line,) = (line for line in steps.steps(*both(), PATCH, "n1", "")["pcs"] if "--patch" in line)
    *_begin, text = shlex.split(line)
    (change,) = ElementTree.fromstring(text)
    assert change.attrib == {"operation": "delete", "path": "/cib/primitive[@id='ip']"}


@pytest.mark.parametrize(
    ("name", "old", "destination"),
    [
        ("other", OLD, "192.0.2.1/32"),  # crmsh renames nothing that runs
        ("ip", OLD.replace("<nvpair", '<rule id="r" score="1"/><nvpair'), "192.0.2.1/32"),
        ("ip", OLD.replace("</operations>", "</operations><utilization id='u'/>"), "192.0.2.1/32"),
        ("ip", OLD.replace("</primitive>", "<meta_attributes id='second'/></primitive>"), "192.0.2.1/32"),
        ("ip", OLD, "it's"),
    ],
    ids=["renamed", "a rule", "utilization", "two sets", "an apostrophe"],
)
def test_what_crmsh_would_lose_is_a_patch_there_too(name: str, old: str, destination: str) -> None:
    said = steps.steps(*both(name, old, destination), PATCH, "n1", "")
    assert PATCHED in said["crm"]
    assert not [line for line in said["crm"] if "load update" in line]


def test_a_new_name_lets_the_cluster_forget_the_old_one() -> None:
    said = steps.steps(*both("vip"), PATCH, "n1", "")["pcs"]
    assert [line.rpartition(" ")[2] for line in said if "--refresh" in line] == ["ip", "vip"]
    assert LOOK.format("vip") in said


def test_values_with_blanks_are_quoted() -> None:
    (line,) = (line for line in steps.steps(*both(destination="a b"), PATCH, "n1", "")["crm"] if "load" in line)
    assert 'params destination="a b" meta' in line
