# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Corosync is given where a member has another address than the running cluster knows: it was replaced."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from unit.test_bonds import VALUES
from unit.test_hostile_names import rendered

MARK = VALUES["pacemaker_mark"]


def conf(*members: tuple[str, str]) -> str:
    nodes = "".join(
        f"  node {{\n    name: {name}\n    nodeid: {number}\n    ring0_addr: {address}\n  }}\n"
        for number, (name, address) in enumerate(members, 1)
    )
    return f"{MARK}\nnodelist {{\n{nodes}}}\n"


class Members:
    """The nodes of an inventory: what the cluster calls each, its address now, and whether it has a configuration."""

    def __init__(self, had: str, *nodes: tuple[str, str, bool]) -> None:
        content = {"content": base64.b64encode(had.encode()).decode()}
        self.model = {"nodes": {f"n-{name}": {"cluster_name": name} for name, _address, _has in nodes}}
        self.hostvars = {
            f"n-{name}": {"pacemaker_ring": address, "pacemaker_conf": content if has else {}}
            for name, address, has in nodes
        }
        known = {**VALUES, "overlay_ip_model": self.model, "hostvars": self.hostvars, "pacemaker_conf": {}}
        self._templar = Templar(loader=DataLoader(), variables=known)

    def said(self, name: str) -> Any:
        return self._templar.template(VALUES[name])

    def written(self, leaving: list[str]) -> str:
        return rendered(
            "pacemaker/templates/corosync.conf.j2",
            overlay_ip_model=self.model,
            hostvars=self.hostvars,
            pacemaker_order=self.said("pacemaker_order"),
            pacemaker_numbers=self.said("pacemaker_numbers"),
            pacemaker_left_out=leaving,
            pacemaker_mark=MARK,
            pacemaker_transport="knet",
            pacemaker_corosync_token=1000,
        )


A, B, C = ("a", "10.0.1.10"), ("b", "10.0.2.10"), ("c", "10.0.3.10")
NUMBERS = r"nodeid: (\d)\n +ring0_addr: (\S+)"


@pytest.mark.parametrize(
    ("had", "nodes", "leaving"),
    [
        (conf(A, B), [(*A, True), (*B, True)], []),
        (conf(A, B), [(*A, True), ("b", "10.0.2.60", False)], ["b"]),
        (conf(A, B), [("a", "10.0.1.60", False), (*B, True)], ["a"]),
        (conf(A, B, C), [(*A, True), (*B, True), ("c", "10.0.3.60", False)], ["c"]),
        (conf(A, B), [(*A, True), (*C, False)], ["c"]),
        ("", [(*A, False), (*B, False)], []),
    ],
)
def test_whom_it_knows_by_an_address_that_is_no_more(
    had: str, nodes: list[tuple[str, str, bool]], leaving: list[str]
) -> None:
    assert Members(had, *nodes).said("pacemaker_readdressed") == leaving


def test_the_rest_keeps_its_numbers_and_is_no_pair_meanwhile() -> None:
    """Also at a new node, whose own inventory order may be another one."""
    members = Members(conf(B, A), ("a", "10.0.1.10", True), ("b", "10.0.2.60", False))
    assert members.said("pacemaker_order") == ["n-b", "n-a"]
    without, whole = members.written(["b"]), members.written([])
    assert re.findall(NUMBERS, without) == [("2", "10.0.1.10")]
    assert "two_node" not in without
    assert "wait_for_all: 1" in without, "switched on again it would cost the holder its quorum"
    assert re.findall(NUMBERS, whole) == [("1", "10.0.2.60"), ("2", "10.0.1.10")]
    assert "two_node: 1" in whole


def test_who_is_in_the_place_of_another_gets_a_number_that_nobody_had() -> None:
    """Pacemaker would take it for the other one, in standby as that was."""
    members = Members(conf(A, B), (*A, True), (*C, False))
    without, whole = members.written(["c"]), members.written([])
    assert re.findall(NUMBERS, without) == [("1", "10.0.1.10")]
    assert re.findall(NUMBERS, whole) == [("1", "10.0.1.10"), ("3", "10.0.3.10")]
    assert members.said("pacemaker_gone") == ["b"]
    again = Members(whole, (*A, True), (*C, True))
    assert again.said("pacemaker_gone") == []
    assert again.said("pacemaker_readdressed") == []
    assert again.written([]) == whole
    assert re.findall(NUMBERS, Members("", (*A, False), (*C, False)).written([])) == [
        ("1", "10.0.1.10"),
        ("2", "10.0.3.10"),
    ]


def test_nobody_is_left_out_unless_the_task_says_so() -> None:
    """The template asks for a variable of its task: a role's variable of that name would leave members out for ever."""
    assert "pacemaker_left_out" not in VALUES
    pair = Members(conf(A, B), (*A, True), (*B, True))
    assert "two_node: 1" in pair.written([])
