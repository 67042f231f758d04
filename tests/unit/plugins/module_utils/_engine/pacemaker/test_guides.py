# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters for HANA, and for ASCS and ERS (ENSA2), structured as in the guides of vendors: what is seen, and migrated.

`recorded/guides` is what pcs 0.11 and crmsh 4.4 made of tests/integration/failover/guides, which has the commands;
test_4_shells.py there makes them anew.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import cib, fencing, replace

GUIDES = Path(__file__).with_name("recorded") / "guides"
OURS = "ocf:aws_ha:overlay-ip"
ASCS, ERS = "192.168.10.15/32", "192.168.10.16/32"


def configuration(name: str) -> Element:
    return replace.read((GUIDES / f"{name}.xml").read_text())


@pytest.mark.parametrize(
    ("name", "resource", "agent", "follows"),
    [
        ("hana.pcs", "hana-oip", "ocf:heartbeat:aws-vpc-move-ip", "SAPHana_HDB_00-clone"),
        ("hana.crm", "rsc_ip_HDB_HDB00", "ocf:suse:aws-vpc-move-ip", "mst_SAPHana_HDB_HDB00"),
    ],
)
def test_hana(name: str, resource: str, agent: str, follows: str) -> None:
    root = configuration(name)
    (mover,) = cib.movers(root)
    assert (mover.name, mover.agent, mover.moves, mover.top) == (resource, agent, "route", resource)
    assert mover.destinations == (ASCS,)
    assert (mover.follows, mover.role) == (follows, "Promoted")
    assert cib.kinds(root)[follows] == "promotable"


@pytest.mark.parametrize(
    ("name", "groups", "bond"),
    [
        ("ensa2.pcs", ("grp_S4H_ASCS20", "grp_S4H_ERS29"), "colocation-grp_S4H_ERS29-grp_S4H_ASCS20--5000"),
        ("ensa2.crm", ("grp_HA1_ASCS00", "grp_HA1_ERS10"), "col_sap_HA1_no_both"),
    ],
)
def test_ascs_and_ers(name: str, groups: tuple[str, str], bond: str) -> None:
    first, second = cib.movers(configuration(name))
    assert (first.top, second.top) == groups
    assert (first.destinations, second.destinations) == ((ASCS,), (ERS,))
    assert (dict(first.apart), dict(second.apart)) == ({}, {groups[0]: bond})
    assert (first.follows, second.follows) == ("", "")
    assert (first.firmly, second.firmly) == ((), groups[:1])


@pytest.mark.parametrize(
    ("name", "devices", "instances"),
    [
        ("hana.pcs", {"clusterfence": "stonith:fence_aws"}, {"hana1": "i-0aaaaaaaa", "hana2": "i-0bbbbbbbb"}),
        ("hana.crm", {"res_AWS_STONITH": "stonith:external/ec2"}, {}),
        ("ensa2.pcs", {"rsc_fence_aws": "stonith:fence_aws"}, {"ascs": "i-0aaaaaaaa", "ers": "i-0bbbbbbbb"}),
        ("ensa2.crm", {"stonith-sbd": "stonith:external/sbd"}, {}),
    ],
)
def test_fencing(name: str, devices: dict[str, str], instances: dict[str, str]) -> None:
    root = configuration(name)
    assert {device["name"]: device["agent"] for device in fencing.told(root)["devices"]} == devices
    assert fencing.told(root)["enabled"]
    assert fencing.instances(root) == instances
    assert fencing.unfenced(root, ["other"]) == (["other"] if instances else [])


@pytest.mark.parametrize("name", [path.name.removesuffix(".xml") for path in sorted(GUIDES.glob("*.xml"))])
@pytest.mark.parametrize("called", ["", "rsc_overlay"])
def test_each_is_migrated_in_its_place_and_back(name: str, called: str) -> None:
    """All of them one after another; the group's order and every constraint stay, but for a name that is asked for."""
    before = root = configuration(name)
    done = []
    for number, mover in enumerate(cib.movers(before)):
        old, new = replace.found(root, mover.name), f"{called}{number}" if called else mover.name
        made = replace.made(
            old, OURS, {"destination": mover.destinations[0]}, [("start", 0, 30), ("monitor", 10, 20)], new
        )
        done.append((root, old, new))
        root = replace.placed(root, mover.name, made)
    after = cib.movers(root)
    assert {mover.agent for mover in after} == {OURS}
    assert {mover.deployment for mover in after} == {Deployment().name}
    for one, other in zip(cib.movers(before), after, strict=True):
        assert (one.top if one.top != one.name else other.name, one.follows, dict(one.apart), one.destinations) == (
            (other.top, other.follows, dict(other.apart), other.destinations)
        )
    names = [[child.get("id") for child in group.iterfind("primitive")] for group in root.iter("group")]
    were = [[child.get("id") for child in group.iterfind("primitive")] for group in before.iter("group")]
    assert [len(group) for group in names] == [len(group) for group in were]
    if not called:
        assert names == were
    for _root, old, new in reversed(done):
        root = replace.placed(root, new, old)
    assert replace.shown(root) == replace.shown(before)
