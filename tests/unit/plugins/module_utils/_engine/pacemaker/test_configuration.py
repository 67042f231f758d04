# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part is tried on a copy first. The cluster's own tools are stand-ins; on real nodes: tests/integration/failover."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import configuration, replace

CIB = (
    '<cib epoch="1"><configuration><resources><group id="g"><primitive id="ip"/><primitive id="app"/></group>'
    '<clone id="c"><group id="h"><primitive id="deep"/></group></clone></resources>'
    '<constraints><rsc_location id="old"/></constraints></configuration></cib>'
)
PART = '<configuration><resources><primitive id="ip" type="x"/></resources></configuration>'


class Cluster:
    """cibadmin. `refuses`: what it does not take; `writes`: what it was told, of a copy and of the cluster."""

    def __init__(self, refuses: str = "", code: int = 78, *, only_live: bool = False) -> None:
        self.refuses, self.code, self.only_live = refuses, code, only_live
        self.writes: list[tuple[bool, str]] = []

    def __call__(self, argv: Sequence[str], stdin: str = "") -> tuple[int, str]:
        copy = Path(argv[1].removeprefix("CIB_file=")) if argv[0] == "env" else None
        words = " ".join(argv[2:] if copy else argv)
        if "--query" in words:
            return (0, CIB)
        self.writes.append((copy is not None, "merge" if stdin else words.partition("@id=")[2].strip("']")))
        if self.refuses and self.refuses in words and not (copy and self.only_live):
            return (self.code, "  1 <cib>\n 12 </cib>\nCall failed: it is wrong")
        if copy and stdin:
            copy.write_text(CIB.replace('"1"', '"2"').replace('id="ip"', 'id="ip" type="x"'))
        return (0, "")


def test_it_is_tried_on_a_copy_and_what_goes_goes_first() -> None:
    cluster = Cluster()
    change = configuration.planned(cluster, [PART], ["old", "older"])
    assert not change.empty
    assert cluster.writes == [(True, "old"), (True, "older"), (True, "merge")]
    cluster.writes.clear()
    configuration.carry_out(cluster, [PART], ["old", "older"], change)
    assert cluster.writes == [(False, "old"), (False, "older"), (False, "merge")]


def test_where_only_the_count_of_changes_differs_nothing_does() -> None:
    before, after = (ElementTree.fromstring(CIB.replace('"1"', f'"{n}"')) for n in (1, 2))
    assert configuration.Change(before, after).empty
    assert configuration.planned(Cluster(), [], []).empty


@pytest.mark.parametrize(
    ("refuses", "state"), [("--modify", "Nothing was changed."), ("--delete", "Nothing was changed.")]
)
def test_what_the_cluster_would_refuse_is_known_before_anything_is_changed(refuses: str, state: str) -> None:
    cluster = Cluster(refuses)
    with pytest.raises(configuration.ConfigurationError) as refusal:
        configuration.planned(cluster, [PART], ["old"])
    assert str(refusal.value) == f"The cluster does not take it (Call failed: it is wrong). {state}"
    assert not refusal.value.changed
    assert all(copy for copy, _what in cluster.writes)


def test_what_fails_on_the_way_says_that_something_was_done() -> None:
    cluster = Cluster("--modify", only_live=True)
    change = configuration.planned(cluster, [PART], ["old"])
    with pytest.raises(configuration.ConfigurationError, match="Run this again when the cause is mended") as refusal:
        configuration.carry_out(cluster, [PART], ["old"], change)
    assert refusal.value.changed


@pytest.mark.parametrize("code", [105, 6])
def test_a_constraint_that_is_gone_already_is_passed_over(code: int) -> None:
    cluster = Cluster("--delete", code)
    configuration.carry_out(cluster, [PART], ["old"], configuration.planned(cluster, [PART], ["old"]))
    assert cluster.writes[-1] == (False, "merge")


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("ip", ["resources", "group", "primitive"]),
        ("deep", ["resources", "clone", "group", "primitive"]),
        ("new", ["resources", "primitive"]),
    ],
)
def test_a_primitive_goes_where_the_cluster_has_it(name: str, way: list[str]) -> None:
    """Beside its group it would be a second one, which the cluster refuses."""
    part = PART.replace('id="ip"', f'id="{name}"')
    (resources,) = ElementTree.fromstring(configuration.placed(part, ElementTree.fromstring(CIB))).iter("resources")
    found = [one.tag for one in resources.iter()]
    assert found == way
    assert [one.attrib["id"] for one in resources.iter("primitive")] == [name]


BY_HAND = (
    '<cib><configuration><resources><primitive id="ip">'
    '<instance_attributes id="ip-where"><rule id="r"/></instance_attributes>'
    '<instance_attributes id="ip-instance_attributes"><nvpair id="ip-instance_attributes-d" name="d" value="1"/>'
    '</instance_attributes><operations><op id="ip-monitor-300s" name="monitor" interval="300s"/>'
    '<op id="ip-monitor-10" name="monitor" interval="10"/><op id="ip-start-0s" name="start" interval="0s"/>'
    "</operations></primitive></resources></configuration></cib>"
)
OF_SETUP = (
    '<configuration><resources><primitive id="ip"><instance_attributes id="ip-options">'
    '<nvpair id="ip-d" name="d" value="2"/><nvpair id="ip-e" name="e" value="3"/></instance_attributes>'
    '<meta_attributes id="ip-meta"><nvpair id="ip-m" name="m" value="4"/></meta_attributes><operations>'
    '<op id="ip-start" name="start" interval="1s"/><op id="ip-monitor" name="monitor" interval="10s"/>'
    '<op id="ip-stop" name="stop" interval="0s"/></operations></primitive></resources></configuration>'
)


def test_what_a_shell_has_made_is_known_by_the_names_that_it_gave() -> None:
    """Beside its own sets and operations there would be ours: the cluster would have each monitor twice."""
    tree = ElementTree.fromstring(configuration.placed(OF_SETUP, ElementTree.fromstring(BY_HAND)))
    assert [one.attrib["id"] for one in tree.iter() if one.tag not in ("configuration", "resources", "operations")] == [
        "ip",
        "ip-instance_attributes",
        "ip-instance_attributes-d",
        "ip-e",
        "ip-meta",
        "ip-m",
        "ip-start-0s",
        "ip-monitor-10",
        "ip-stop",
    ]


def test_no_cluster_answers() -> None:
    with pytest.raises(replace.ReplaceError, match="The cluster does not answer"):
        configuration.planned(lambda argv, stdin="": (1, "no"), [], [])
