# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role pacemaker says that people would type in the place of each playbook."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from unit.test_bonds import VALUES

A, B = "overlay-ip-192.168.10.15", "overlay-ip-192.168.10.16"
OVERLAYS = [
    {"address": "192.168.10.15", "resource": A, "moved_with": "grp_A", "bound": None},
    {
        "address": "192.168.10.16",
        "resource": B,
        "moved_with": B,
        "bound": {"follows": "msl", "role": "Promoted", "bond": "b"},
    },
]
MODEL = {
    "overlays": OVERLAYS,
    "target": "node2",
    "nodes": {name: {"cluster_name": name.upper()} for name in ("node1", "node2")},
    "failover": "pacemaker",
    "mover": "pacemaker",
    "deployment": "overlay-ip",
}


def typed(door: str, **known: Any) -> dict[str, list[str]]:
    """The commands of both shells."""
    given = {"192-168-10-15": A, "192-168-10-16": B}
    variables = {**VALUES, "overlay_ip_model": MODEL, "pacemaker_given": given, **known}
    said = Templar(loader=DataLoader(), variables=variables).template(VALUES[f"pacemaker_typed_for_{door}"])
    assert isinstance(said, dict)
    return said


def test_what_the_inventory_has_no_more_is_deleted_after_what_is_set_up() -> None:
    compared = {"commands": {"pcs": ["pcs first"], "crm": ["crm first"]}}
    found = {"orphans": {"resources": ["192-168-10-16"]}}
    assert typed("setup", pacemaker_compared=compared, orphans_found=found, overlay_ip_orphans="remove") == {
        "pcs": ["pcs first", f"pcs resource delete {B}"],
        "crm": ["crm first", f"crm resource stop {B}", "crm_resource --wait", f"crm configure delete {B}"],
    }
    assert typed("setup", pacemaker_compared=compared, orphans_found=found) == compared["commands"]
    assert typed("setup") == {"pcs": [], "crm": []}


def test_a_move_names_groups_and_roles() -> None:
    assert typed("move") == {
        "pcs": [
            "pcs resource move grp_A NODE2",
            "crm_resource --move --promoted --node NODE2 --resource msl",
            "crm_resource --wait",
            "pcs resource clear grp_A",
            "pcs resource clear msl",
        ],
        "crm": [
            "crm resource move grp_A NODE2",
            "crm_resource --move --promoted --node NODE2 --resource msl",
            "crm_resource --wait",
            "crm resource clear grp_A",
            "crm resource clear msl",
        ],
    }


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ({"stdout": "Pacemaker 2.1.5\nWritten by Andrew Beekhof"}, "--promoted"),
        ({"stdout": "Pacemaker 3.0.1\nWritten by"}, "--promoted"),
        ({"stdout": "", "stderr": "Pacemaker 2.0.5\nWritten by Andrew Beekhof"}, "--master"),  # and it ends with 64
        ({"stdout": "Pacemaker 1.1.24\nWritten by"}, "--master"),
        ({"stdout": "", "stderr": ""}, "--promoted"),
    ],
)
def test_a_role_is_named_as_the_tools_of_that_version_name_it(said: dict[str, str], option: str) -> None:
    variables = {**VALUES, "pacemaker_version": said}
    assert Templar(loader=DataLoader(), variables=variables).template(VALUES["pacemaker_role_option"]) == option


def test_a_move_of_a_role_is_asked_for_as_the_tools_name_it() -> None:
    said = typed("move", pacemaker_version={"stdout": "", "stderr": "Pacemaker 2.0.5"})
    assert "crm_resource --move --master --node NODE2 --resource msl" in said["pcs"]
    assert "crm_resource --move --master --node NODE2 --resource msl" in said["crm"]


def test_teardown_deletes_what_setup_has_given() -> None:
    assert typed("teardown", pacemaker_given={"192-168-10-15": A})["pcs"] == [f"pcs resource delete {A}"]


@pytest.mark.parametrize("made_here", [True, False])
def test_another_engine_takes_over_without_a_stop(made_here: bool) -> None:
    has = {"stdout": f'<primitive id="{A}" class="ocf"/>' + ("" if made_here else '<primitive id="db" class="ocf"/>')}
    left = {"content": "TUFSSw=="}  # MARK
    said = typed("detach", pacemaker_has=has, pacemaker_left=left, pacemaker_mark="MARK")
    assert said["pcs"][:2] == ["pcs property set maintenance-mode=true", "crm_resource --wait"]
    assert said["crm"][:2] == ["crm configure property maintenance-mode=true", "crm_resource --wait"]
    assert said["pcs"][2:] == said["crm"][2:]
    if made_here:
        assert [line.split("  #")[0] for line in said["pcs"][2:]] == [
            "systemctl disable --now pacemaker corosync",
            "rm -f /var/lib/pacemaker/cib/cib* /etc/corosync/corosync.conf /etc/corosync/authkey",
        ]
    else:
        bonds, primitive, refresh, end = said["pcs"][2:]
        assert bonds.startswith("cibadmin --delete-all --force --xpath \"//constraints/*[starts-with(@id, '" + A)
        assert f"@with-rsc='{A}'" in bonds
        assert bonds.count('"') == 2
        assert primitive == f"cibadmin --delete --xpath \"//primitive[@id='{A}']\""
        assert refresh == f"crm_resource --refresh --force --resource {A}"
        assert end == "crm_attribute --type crm_config --name maintenance-mode --delete"
