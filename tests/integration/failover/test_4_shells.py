# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pcs and crmsh themselves: what the commands come to that setup shows, and what both say of the agent.

Debian's, in a tree of their own, on a copy of a configuration: no cluster runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import (
    cib,
    commands,
    configuration,
    replace,
    steps,
)
from lab.nodes.full_call import call
from lab.nodes.full_rootfs import rootfs
from unit.test_bonds import IP, Role

pytestmark = [pytest.mark.lab, pytest.mark.long]

AGENT = Path(__file__).parents[3] / "roles/pacemaker/files/overlay-ip"
IN_PLACE = "/usr/lib/ocf/resource.d/aws_ha/overlay-ip"
GUIDES = Path(__file__).with_name("guides")
RECORDED = Path(__file__).parents[2] / "unit/plugins/module_utils/_engine/pacemaker/recorded/guides"
#: A promotable clone and a group, as an application has them, and fencing.
BASE = """\
<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
<configuration><crm_config><cluster_property_set id="p">
<nvpair id="p-stonith-enabled" name="stonith-enabled" value="true"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="node1"/><node id="2" uname="node2"/><node id="3" uname="node3"/>
<node id="4" uname="witness"/></nodes><resources>
<primitive id="fence" class="stonith" type="fence_aws"><instance_attributes id="fence-a">
<nvpair id="fence-r" name="region" value="eu-central-1"/></instance_attributes></primitive>
<clone id="msl"><meta_attributes id="msl-m"><nvpair id="msl-p" name="promotable" value="true"/></meta_attributes>
<primitive id="rsc_DB" class="ocf" provider="pacemaker" type="Stateful"/></clone>
<group id="grp_ERS"><primitive id="rsc_ERS" class="ocf" provider="pacemaker" type="Dummy"/></group>
</resources><constraints/></configuration><status/></cib>
"""


@pytest.fixture
def shells(tmp_path: Path) -> Any:
    """Calls a command line in the tree of the shells; the place of the test is /parcel there."""
    tree = rootfs("shells")
    (tmp_path / "overlay-ip").write_text(AGENT.read_text())

    def said(line: str) -> str:
        done = call(tree, tmp_path, f"install -D -m 755 /parcel/overlay-ip {IN_PLACE}; {line}")
        return done.stdout + done.stderr

    return said


def plain(root: Element) -> dict[str, Any]:
    """What a configuration comes to: of primitives what they are told, of constraints their attributes."""

    def pairs(parent: Element | None) -> dict[str, str]:
        return {p.attrib["name"]: p.attrib["value"] for p in parent.iterfind("nvpair")} if parent is not None else {}

    found: dict[str, Any] = {}
    for primitive in root.iter("primitive"):
        operations = {(op.attrib["name"], op.get("interval"), op.get("timeout")) for op in primitive.iter("op")}
        kind = tuple(primitive.get(key) for key in ("class", "provider", "type"))
        told = pairs(primitive.find("instance_attributes")), pairs(primitive.find("meta_attributes"))
        found[primitive.attrib["id"]] = (kind, *told, operations)
    for tag in ("rsc_colocation", "rsc_order", "rsc_location"):
        for bond in root.iter(tag):
            said = {k: v for k, v in bond.attrib.items() if v not in ("start", "false", "Started") or k == "id"}
            found[bond.attrib["id"]] = (tag, {**said, "symmetrical": bond.get("symmetrical", "true")})
    return found


def wanted(role: Role) -> Element:
    """The configuration after setup with these overlay IPs."""
    role.operations = [["start", 0, 30], ["stop", 0, 20], ["monitor", 10, 20]]
    role.operations += [["migrate_to", 0, 20], ["migrate_from", 0, 30]]
    role.constraints()
    after = ElementTree.fromstring(BASE)
    for part in ("resources", "constraints"):
        place = after.find(f".//{part}")
        assert place is not None
        place.extend(role.root.iterfind(f"./{part}/*"))
    return after


def merged(shells: Any, tmp_path: Path, part: str) -> str:
    """What setup, which merges this, would change of what the shell has made, or have the cluster complain of."""
    there = ElementTree.parse(tmp_path / "cib.xml").getroot()
    (tmp_path / "part.xml").write_text(configuration.placed(part, there))
    merge = (
        "cp cib.xml merged.xml && CIB_file=/parcel/merged.xml cibadmin --modify --allow-create --scope configuration"
    )
    compare = "crm_diff --original cib.xml --new merged.xml --no-version"
    verify = "crm_verify --verbose --xml-file merged.xml 2>&1 | grep ' error:'"
    return str(shells(f"cd /parcel; {merge} --xml-file part.xml && {compare}; {verify}"))


ROLES: dict[str, dict[str, Any]] = {
    "apart, of three nodes and a witness": {
        "first": None,
        "second": None,
        "apart_from": IP,
        "nodes": 3,
        "members": ("node1", "node2", "node3", "witness"),
    },
    "following roles": {},
    "following a group": {"first": None, "follows": {"resource": "grp_ERS", "role": "Started"}},
}


@pytest.mark.parametrize("shell", ["pcs", "crm"])
@pytest.mark.parametrize("case", ROLES)
def test_the_commands_that_are_shown_come_to_what_setup_makes(
    shells: Any, tmp_path: Path, shell: str, case: str
) -> None:
    role = Role(**ROLES[case])
    after = wanted(role)
    there, back = ElementTree.fromstring(BASE), ElementTree.fromstring(BASE)
    empty = re.search(r"<cib [^>]*>", shells("cibadmin --empty"))  # with the numbers of these versions
    assert empty
    (tmp_path / "cib.xml").write_text(re.sub(r"<cib [^>]*>", empty[0], BASE))
    for before, goal in ((there, after), (after, back)):
        # Pacemaker's tools take the file for the cluster; crm_shadow(8) alone writes to none. On the way back bonds go.
        put = "cp /var/lib/pacemaker/cib/shadow.overlay-ip cib.xml"
        lines = [put if " cib commit " in line else line for line in commands.commands(before, goal)[shell]]
        (tmp_path / "lines").write_text("".join(f"{line}\n" for line in lines))
        said = shells("cd /parcel; export CIB_file=/parcel/cib.xml; sh -ex lines")
        got = plain(ElementTree.parse(tmp_path / "cib.xml").getroot())
        if goal is after:
            assert {key: got.get(key) for key in plain(after)} == plain(after), said
            assert merged(shells, tmp_path, ElementTree.tostring(role.root, encoding="unicode")) == ""
    assert not [name for name in got if name.startswith("overlay-ip-") and got[name][0].__class__ is str], said


def test_what_pcs_and_crm_say_of_the_agent(shells: Any) -> None:
    for line in ("pcs resource describe ocf:aws_ha:overlay-ip", "crm ra info ocf:aws_ha:overlay-ip"):
        said = shells(line)
        for word in ("Overlay IP of an AWS VPC", "destination", "api_interval", "config", "program", "trace_ra", "/32"):
            assert word in said, said


@pytest.mark.parametrize("name", [path.name for path in sorted(GUIDES.iterdir())])
def test_what_is_recorded_of_the_guides_is_what_the_shells_make(shells: Any, tmp_path: Path, name: str) -> None:
    lines = []
    for line in (GUIDES / name).read_text().splitlines():
        shell = "pcs -f /parcel/cib.xml" if name.endswith(".pcs") else "CIB_file=/parcel/cib.xml crm --force"
        lines.append(f"{shell} {line}")
    provider = "/usr/lib/ocf/resource.d"  # SUSE's own is not in Debian
    lines = [f"mkdir -p {provider}/suse", f"cp {provider}/heartbeat/aws-vpc-move-ip {provider}/suse", *lines]
    (tmp_path / "lines").write_text("\n".join(["cibadmin --empty >/parcel/cib.xml", *lines]))
    said = shells("sh -ex /parcel/lines")
    got, recorded = (ElementTree.parse(path).getroot() for path in (tmp_path / "cib.xml", RECORDED / f"{name}.xml"))
    assert plain(got) == plain(recorded), said
    assert [group.attrib["id"] for group in got.iter("group")] == [g.attrib["id"] for g in recorded.iter("group")]


@pytest.mark.parametrize("called", ["", "rsc_overlay"])
@pytest.mark.parametrize("name", [path.name for path in sorted(GUIDES.iterdir())])
def test_a_migration_by_hand_comes_to_what_the_playbook_makes(
    shells: Any, tmp_path: Path, name: str, called: str
) -> None:
    """The exchange itself, which is all that differs between the shells; the first of the overlay IPs of each guide."""
    empty = re.search(r"<cib [^>]*>", shells("cibadmin --empty"))
    assert empty
    before = replace.read(re.sub(r"<cib [^>]*>", empty[0], (RECORDED / f"{name}.xml").read_text()))
    mover = cib.movers(before)[0]
    options = {"destination": mover.destinations[0], "api_interval": "60"}
    operations = [("start", 0, 30), ("stop", 0, 20), ("monitor", 10, 20)]
    old = replace.found(before, mover.name)
    new = replace.made(old, "ocf:aws_ha:overlay-ip", options, operations, called or mover.name)
    after = replace.placed(before, mover.name, new)
    for path, root in (("before.xml", before), ("after.xml", after)):
        (tmp_path / path).write_text(replace.shown(root))
    patch = shells("cd /parcel; crm_diff --original before.xml --new after.xml --no-version")
    typed = steps.steps(old, new, patch, "n1", "")
    assert ("load update" in " ".join(typed["crm"])) is (not called)
    for lines in typed.values():
        (exchange,) = (line for line in lines if "--patch" in line or "load update" in line)
        (tmp_path / "line").write_text(exchange)
        said = shells("cd /parcel; cp before.xml cib.xml; CIB_file=/parcel/cib.xml; export CIB_file; sh -e line")
        got = ElementTree.parse(tmp_path / "cib.xml").getroot()
        assert plain(got) == plain(after), said
        assert grouped(got) == grouped(after), said


def grouped(root: Element) -> list[list[str]]:
    """The primitives of each group, in order."""
    return [[one.attrib["id"] for one in group.iterfind("primitive")] for group in root.iter("group")]
