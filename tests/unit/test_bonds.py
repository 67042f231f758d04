# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The constraints of the overlay IPs: how one follows an application, leaves another one's node, prefers its home and
keeps off members that are no candidates; what setup writes, in which words, what it removes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import cib
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import FOLLOWERS, NAMES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import clusters
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import Given
from unit.inventory import GOOD
from unit.test_hostile_names import rendered

VARS = Path(__file__).parents[2] / "roles/pacemaker/vars/main.yml"
IP, READERS = "192.168.10.15", "192.168.10.16"
FIRST, SECOND = f"overlay-ip-{IP}-follows-", f"overlay-ip-{READERS}-follows-"
_GIVEN = [{"slug": a, "resource": f"overlay-ip-{a}"} for a in (IP, READERS)]
_SAID = [
    *("pacemaker_roles", "pacemaker_followers", "pacemaker_givers", "pacemaker_tops", "pacemaker_homed"),
    *("pacemaker_never", "pacemaker_undiscovered"),
]
UPGRADED, OLD = '<cib validate-with="pacemaker-3.9">', '<cib crm_feature_set="3.16.2" validate-with="pacemaker-2.10">'


def _values() -> dict[str, Any]:
    """The role's variables as templates; since 2.19 Ansible wants to be told that they may be."""
    loader: Any = DataLoader()
    try:
        return dict(loader.load_from_file(str(VARS), trusted_as_template=True))
    except TypeError:
        return dict(loader.load_from_file(str(VARS)))


VALUES = _values()


class Role:
    """The role's variables for two overlay IPs that follow in these roles (None: nothing).

    `bond`: the constraint by which the first one is bound in the cluster already; `whole`: the cluster's configuration;
    `members`: what the cluster calls its members, the nodes as the inventory does; `nodes`: how many; `more`: what
    else the entry of the second one has.
    """

    def __init__(
        self,
        first: str | None = "Promoted",
        second: str | None = "Unpromoted",
        bond: str = "",
        whole: str = UPGRADED,
        members: tuple[str, ...] = (),
        nodes: int = 2,
        **more: Any,
    ) -> None:
        wanted = ((IP, first), (READERS, second))
        follows = [{"resource": "msl", "role": role} if role else None for _address, role in wanted]
        overlays: list[dict[str, Any]] = [
            {"address": a, "follows": one} for (a, _role), one in zip(wanted, follows, strict=True)
        ]
        overlays[1].update(more)
        hosts = {f"node{n}": {"overlay_ip_instance_id": f"i-0123456789abcdef{n}"} for n in range(1, nodes + 1)}
        groups = {"overlay_nodes": list(hosts)}
        given = Given(
            {**GOOD, "overlay_ips": overlays, "overlay_ip_failover": "pacemaker"},
            hosts,
            groups,
            NAMES,
            followers=FOLLOWERS,
        )
        self.model = inventory_model.model(given)
        if bond:
            self.model["overlays"][0]["bound"] = {"follows": "msl", "role": "Promoted", "bond": bond}
        self._values = VALUES
        views = {"node1": [{"members": dict.fromkeys(members, ""), "given": list(_GIVEN)}]}
        whole_one = {"stdout": whole}
        known = {**self._values, "overlay_ip_model": self.model, "pacemaker_whole": whole_one, "pacemaker_views": views}
        self.operations: list[list[Any]] = []
        self._templar = Templar(loader=DataLoader(), variables=known)

    def said(self, name: str) -> Any:
        """One variable."""
        return self._templar.template(self._values[name])

    def constraints(self) -> list[dict[str, str]]:
        """What it writes into the cluster."""
        shown = rendered(
            "pacemaker/templates/resources.xml.j2",
            overlay_ip_model=self.model,
            pacemaker_interface="eth0",
            pacemaker_stock=False,
            pacemaker_vpc_move_ip_options={},
            pacemaker_resource_api_interval=60,
            pacemaker_resource_agent="overlay-ip",
            pacemaker_operations=self.operations,
            pacemaker_prefix="overlay-ip-",
            pacemaker_program_options={},
            **{name: self.said(name) for name in _SAID},
        )
        self.root = ElementTree.fromstring(shown)
        return [{"tag": one.tag, **one.attrib} for one in self.root.iterfind("./constraints/*")]

    def follows(self) -> list[dict[str, str]]:
        """Those by which something is followed."""
        return [one for one in self.constraints() if "-follows-" in one["id"]]


@pytest.mark.parametrize(("whole", "promoted"), [(UPGRADED, "Promoted"), (OLD, "Master"), ("<cib>", "Promoted")])
def test_the_promoted_one_is_followed_in_the_words_of_the_schema(whole: str, promoted: str) -> None:
    role, rsc = Role(second=None, whole=whole), f"overlay-ip-{IP}"
    order = {"tag": "rsc_order", "first": "msl", "then": rsc, "kind": "Optional", "symmetrical": "false"}
    assert role.follows() == [
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
    instance, preferred, up, down = role.follows()
    assert (instance["with-rsc"], instance["score"], "with-rsc-role" in instance) == ("msl", "INFINITY", False)
    assert (preferred["with-rsc"], preferred["score"], preferred["with-rsc-role"]) == ("msl", "2000", unpromoted)
    assert (up["first"], up["first-action"], up["then-action"]) == ("msl", "start", "start")
    assert (down["first"], down["first-action"], down["then"]) == (f"overlay-ip-{READERS}", "stop", "msl")
    (mover,) = (m for m in cib.movers(role.root) if m.follows)
    assert (mover.name, mover.role) == (f"overlay-ip-{READERS}", "Unpromoted")
    assert {one.unclear for one in cib.movers(role.root)} == {""}


def test_what_somebody_else_has_bound_stands() -> None:
    assert [one["id"] for one in Role(second=None, bond="col_ip_DB").follows()] == []
    assert len(Role(second=None, bond=f"{FIRST}promoted").follows()) == 3


def test_what_is_not_promoted_is_followed_wherever_it_runs_and_the_address_is_there_first() -> None:
    role, rsc = Role(first=None, follows={"resource": "grp_ERS", "role": "started"}), f"overlay-ip-{READERS}"
    beside, before = role.follows()
    assert beside == {
        "tag": "rsc_colocation",
        "id": f"{SECOND}started",
        "rsc": rsc,
        "with-rsc": "grp_ERS",
        "score": "INFINITY",
    }
    assert (before["first"], before["then"], before["kind"]) == (rsc, "grp_ERS", "Optional")
    (mover,) = (m for m in cib.movers(role.root) if m.follows)
    assert (mover.name, mover.follows, mover.role) == (rsc, "grp_ERS", "Started")
    (view,) = [{"engine": "pacemaker", "movers": cib.told(role.root, clusters.Deployment())}]
    clusters.heed(role.model, {"node1": [view]})
    assert [o["moved_with"] for o in role.model["overlays"]] == [f"overlay-ip-{IP}", "grp_ERS"]


def test_one_leaves_the_node_of_the_other() -> None:
    role = Role(first=None, second=None, apart_from=IP)
    colocation, order = (one for one in role.constraints() if "-apart-" in one["id"])
    rsc, other = f"overlay-ip-{READERS}", f"overlay-ip-{IP}"
    assert colocation == {
        "tag": "rsc_colocation",
        "id": f"{rsc}-apart-from",
        "rsc": rsc,
        "with-rsc": other,
        "score": "-5000",
    }
    assert {key: value for key, value in order.items() if key != "tag"} == {
        "id": f"{rsc}-apart-order",
        "first": other,
        "first-action": "start",
        "then": rsc,
        "then-action": "stop",
        "kind": "Optional",
        "symmetrical": "false",
    }


@pytest.mark.parametrize(("bond", "ours"), [("col_ASCS_ERS", 0), (f"overlay-ip-{READERS}-apart-from", 2)])
def test_where_the_operators_have_bound_them_apart_that_stands(bond: str, ours: int) -> None:
    """As in the guides: between the groups that the overlay IPs are in."""
    role = Role(first=None, second=None, apart_from=IP)
    role.constraints()
    made = cib.told(role.root, clusters.Deployment())
    for mover, group in zip(made, ("grp_ASCS", "grp_ERS"), strict=True):
        mover["top"] = group
    made[1]["apart"] = {"grp_ASCS": bond}
    clusters.heed(role.model, {"node1": [{"engine": "pacemaker", "movers": made}]})
    found = [one for one in role.constraints() if "-apart-" in one["id"]]
    assert len(found) == ours
    assert all({"grp_ASCS", "grp_ERS"} <= set(one.values()) for one in found)


def scores(role: Role, tag: str = "prefers") -> dict[str, list[tuple[str, str]]]:
    found = [one for one in role.constraints() if f"-{tag}-" in one["id"]]
    return {
        rsc: [(o["node"], o["score"]) for o in found if o["rsc"] == rsc]
        for rsc in dict.fromkeys(o["rsc"] for o in found)
    }


def test_of_several_nodes_the_home_comes_first_then_the_order_of_the_inventory() -> None:
    role = Role(first=None, second=None, nodes=3, home="node2")
    assert scores(role) == {
        f"overlay-ip-{IP}": [("node1", "3"), ("node2", "2"), ("node3", "1")],
        f"overlay-ip-{READERS}": [("node2", "3"), ("node1", "2"), ("node3", "1")],
    }


def test_what_follows_has_no_home_of_its_own() -> None:
    assert list(scores(Role())) == []


@pytest.mark.parametrize(("whole", "discovery"), [(UPGRADED, "never"), ('<cib validate-with="pacemaker-1.2">', None)])
def test_a_member_that_is_no_node_never_runs_one(whole: str, discovery: str | None) -> None:
    """A majority maker: the agent is not even there, and asking it would be a failure."""
    role = Role(first=None, second=None, whole=whole, members=("node1", "node2", "witness"))
    assert scores(role, "never") == {f"overlay-ip-{a}": [("witness", "-INFINITY")] for a in (IP, READERS)}
    assert {one.get("resource-discovery") for one in role.constraints() if "-never-" in one["id"]} == {discovery}
    assert scores(Role(first=None, second=None, members=("node1", "node2")), "never") == {}


def located(*names: str) -> str:
    return UPGRADED + "".join(f'<rsc_location id="{one}" rsc="r"/>\n' for one in names)


@pytest.mark.parametrize(
    ("there", "members", "never"),
    [
        # SAP3 may be node3, whose name nobody has said.
        ([], ("node1", "node2", "SAP3", "witness"), []),
        # Who was kept off before stays so,
        ([f"overlay-ip-{IP}-never-witness"], ("node1", "node2", "SAP3", "witness"), ["witness"]),
        # until it is known as a node, as it is when that is asked again.
        ([f"overlay-ip-{IP}-never-node3"], ("node1", "node2", "node3", "witness"), ["witness"]),
        ([], (), []),
    ],
)
def test_nobody_is_kept_off_as_long_as_a_node_has_no_name(
    there: list[str], members: tuple[str, ...], never: list[str]
) -> None:
    role = Role(first=None, second=None, nodes=3, whole=located(*there), members=members)
    assert role.said("pacemaker_never") == never
    assert {node for found in scores(role, "never").values() for node, _score in found} == set(never)
    gone = [one for one in role.said("pacemaker_bonds") if one not in role.said("pacemaker_bonds_wanted")]
    assert gone == [one for one in there if one.endswith("node3")]


def test_a_constraint_of_the_operators_that_is_called_as_setup_would_call_it_stays() -> None:
    """Setup says no place for what was migrated, and has a name of its own."""
    role = Role(first=None, second=None, whole=located("vip-prefers-db1", "vip-never-x", "vip-apart-from"))
    role.model["overlays"][0]["resource"] = role.model["overlays"][0]["top"] = "vip"
    assert role.said("pacemaker_bonds") == ["vip-apart-from"]


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
    there += [f"{FIRST.removesuffix('-follows-')}-{kind}" for kind in ("apart-from", "never-witness", "prefers-gone")]
    removed = [*removed, *there[-3:]]
    role = Role(first, second, whole=UPGRADED + "".join(f'<rsc_colocation id="{one}" rsc="r"/>\n' for one in there))
    found = [one for one in role.said("pacemaker_bonds") if one not in role.said("pacemaker_bonds_wanted")]
    assert found == removed


def test_what_people_would_type_in_the_place_of_a_playbook() -> None:
    """Of two that are moved by themselves, or by the role that they follow; names are the cluster's."""
    alone, role = Role(first=None, second=None), Role(second=None, bond=f"{FIRST}promoted")
    for one in (alone, role):
        one.model["target"] = "node2"
        one.model["nodes"]["node2"]["cluster_name"] = "SAPDB2"
    first, second = (f"overlay-ip-{a}" for a in (IP, READERS))
    assert alone.said("pacemaker_typed_for_move") == {
        "pcs": [
            *(f"pcs resource move {one} SAPDB2" for one in (first, second)),
            "crm_resource --wait",
            *(f"pcs resource clear {one}" for one in (first, second)),
        ],
        "crm": [
            *(f"crm resource move {one} SAPDB2" for one in (first, second)),
            "crm_resource --wait",
            *(f"crm resource clear {one}" for one in (first, second)),
        ],
    }
    assert role.said("pacemaker_typed_for_move") == {
        "pcs": [
            f"pcs resource move {second} SAPDB2",
            "crm_resource --move --promoted --node SAPDB2 --resource msl",
            "crm_resource --wait",
            f"pcs resource clear {second}",
            "pcs resource clear msl",
        ],
        "crm": [
            f"crm resource move {second} SAPDB2",
            "crm_resource --move --promoted --node SAPDB2 --resource msl",
            "crm_resource --wait",
            f"crm resource clear {second}",
            "crm resource clear msl",
        ],
    }
    assert alone.said("pacemaker_typed_for_teardown") == {
        "pcs": [f"pcs resource delete {one}" for one in (first, second)],
        "crm": [
            *(f"crm resource stop {one}" for one in (first, second)),
            "crm_resource --wait",
            *(f"crm configure delete {one}" for one in (first, second)),
        ],
    }


@pytest.mark.parametrize(
    ("cleared", "said"),
    [
        (None, "No constraint was left behind."),
        ({"rc": 0, "stderr": "", "cmd": ["crm_resource"]}, "No constraint was left behind."),
        (
            {"results": [{"rc": 0}, {"rc": 102, "stderr": "Not connected\n", "cmd": ["crm_resource", "--clear"]}]},
            "The constraint that asked for it could not be taken away (Not connected): `crm_resource --clear` there, or"
            " it ends by itself in some minutes.",
        ),
        (
            {"rc": 1, "stderr": "", "cmd": ["crm_resource", "--clear"]},
            "The constraint that asked for it could not be taken away (it does not say why): `crm_resource --clear`"
            " there, or it ends by itself in some minutes.",
        ),
    ],
)
def test_what_a_move_leaves_behind_is_said(cleared: dict[str, Any] | None, said: str) -> None:
    known = {**VALUES, **({"pacemaker_cleared": cleared} if cleared else {})}
    templar = Templar(loader=DataLoader(), variables=known)
    assert templar.template(VALUES["pacemaker_left_behind"]) == said
