# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The constraints by which an overlay IP follows an application: what setup writes, in which words, what it removes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import cib
from unit.inventory import read
from unit.test_hostile_names import rendered

VARS = Path(__file__).parents[2] / "roles/pacemaker/vars/main.yml"
IP, READERS = "192.168.10.15", "192.168.10.16"
FIRST, SECOND = f"overlay-ip-{IP}-follows-", f"overlay-ip-{READERS}-follows-"
UPGRADED, OLD = '<cib validate-with="pacemaker-3.9">', '<cib crm_feature_set="3.16.2" validate-with="pacemaker-2.10">'


def _values() -> dict[str, Any]:
    """The role's variables as templates; since 2.19 Ansible wants to be told that they may be."""
    loader: Any = DataLoader()
    try:
        return dict(loader.load_from_file(str(VARS), trusted_as_template=True))
    except TypeError:
        return dict(loader.load_from_file(str(VARS)))


class Role:
    """The role's variables for two overlay IPs that follow in these roles (None: nothing).

    `bond`: the constraint by which the first one is bound in the cluster already; `whole`: the cluster's configuration.
    """

    def __init__(
        self, first: str | None = "Promoted", second: str | None = "Unpromoted", bond: str = "", whole: str = UPGRADED
    ) -> None:
        wanted = ((IP, first), (READERS, second))
        follows = [{"resource": "msl", "role": role} if role else None for _address, role in wanted]
        overlays = [{"address": a, "follows": one} for (a, _role), one in zip(wanted, follows, strict=True)]
        self.model = read(overlay_ips=overlays, overlay_ip_failover="pacemaker")
        if bond:
            self.model["overlays"][0]["bound"] = {"follows": "msl", "role": "Promoted", "bond": bond}
        self._values = _values()
        known = {**self._values, "overlay_ip_model": self.model, "pacemaker_whole": {"stdout": whole}}
        self._templar = Templar(loader=DataLoader(), variables=known)

    def said(self, name: str) -> Any:
        """One variable."""
        return self._templar.template(self._values[name])

    def constraints(self) -> list[dict[str, str]]:
        """What it writes into the cluster."""
        shown = rendered(
            "pacemaker/templates/resources.xml.j2",
            overlay_ip_model=self.model,
            node_program_nic={"name": "eth0"},
            pacemaker_stock=False,
            pacemaker_vpc_move_ip_options={},
            pacemaker_resource_api_interval=60,
            pacemaker_resource_agent="overlay-ip",
            pacemaker_operations=[],
            pacemaker_prefix="overlay-ip-",
            pacemaker_program_options={},
            pacemaker_roles=self.said("pacemaker_roles"),
            pacemaker_followers=self.said("pacemaker_followers"),
        )
        self.root = ElementTree.fromstring(shown)
        return [{"tag": one.tag, **one.attrib} for one in self.root.iterfind("./constraints/*")]


@pytest.mark.parametrize(("whole", "promoted"), [(UPGRADED, "Promoted"), (OLD, "Master"), ("<cib>", "Promoted")])
def test_the_promoted_one_is_followed_in_the_words_of_the_schema(whole: str, promoted: str) -> None:
    role, rsc = Role(second=None, whole=whole), f"overlay-ip-{IP}"
    order = {"tag": "rsc_order", "first": "msl", "then": rsc, "kind": "Optional", "symmetrical": "false"}
    assert role.constraints() == [
        {
            "tag": "rsc_colocation",
            "id": f"{FIRST}promoted",
            "rsc": rsc,
            "with-rsc": "msl",
            "with-rsc-role": promoted,
            "score": "INFINITY",
        },
        {**order, "id": f"{FIRST}promote", "first-action": "promote", "then-action": "start"},
        {**order, "id": f"{FIRST}demote", "first-action": "demote", "then-action": "stop"},
    ]
    (mover,) = (m for m in cib.movers(role.root) if m.follows)
    assert (mover.name, mover.follows, mover.role, mover.bond) == (rsc, "msl", "Promoted", f"{FIRST}promoted")


@pytest.mark.parametrize(("whole", "unpromoted"), [(UPGRADED, "Unpromoted"), (OLD, "Slave")])
def test_readers_prefer_the_other_instance(whole: str, unpromoted: str) -> None:
    role = Role(first=None, whole=whole)
    instance, preferred, up, down = role.constraints()
    assert (instance["with-rsc"], instance["score"], "with-rsc-role" in instance) == ("msl", "INFINITY", False)
    assert (preferred["with-rsc"], preferred["score"], preferred["with-rsc-role"]) == ("msl", "2000", unpromoted)
    assert (up["first"], up["first-action"], up["then-action"]) == ("msl", "start", "start")
    assert (down["first"], down["first-action"], down["then"]) == (f"overlay-ip-{READERS}", "stop", "msl")
    (mover,) = (m for m in cib.movers(role.root) if m.follows)
    assert (mover.name, mover.role) == (f"overlay-ip-{READERS}", "Unpromoted")


def test_what_somebody_else_has_bound_stands() -> None:
    assert [one["id"] for one in Role(second=None, bond="col_ip_DB").constraints()] == []
    assert len(Role(second=None, bond=f"{FIRST}promoted").constraints()) == 3


@pytest.mark.parametrize(
    ("first", "second", "removed"),
    [
        ("Promoted", "Unpromoted", []),
        (None, None, [*(FIRST + k for k in ("promoted", "promote", "demote")), SECOND + "unpromoted"]),
        ("Unpromoted", "Unpromoted", [FIRST + k for k in ("promoted", "promote", "demote")]),
    ],
)
def test_what_is_followed_no_more_is_let_go_and_nothing_else(
    first: str | None, second: str | None, removed: list[str]
) -> None:
    there = [*(FIRST + k for k in ("promoted", "promote", "demote")), SECOND + "unpromoted", "col-follows-x"]
    role = Role(first, second, whole=UPGRADED + "".join(f'<rsc_colocation id="{one}" rsc="r"/>\n' for one in there))
    found = [one for one in role.said("pacemaker_bonds") if one not in role.said("pacemaker_bonds_wanted")]
    assert found == removed
