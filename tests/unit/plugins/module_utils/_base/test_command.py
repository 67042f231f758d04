# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command says what was meant, whatever the names in it are: read by a shell, and by Ansible as it reads -e."""

from __future__ import annotations

import re
import shlex

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.splitter import parse_kv
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import command

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.lists(
    st.sampled_from(["db", " ", "'", '"', "\\", "=", "@", "`id`", "{", "}", "%", "#", "\n", "\u202e", "é"]), min_size=1
).map("".join)


def read(argument: str) -> dict[str, str]:
    """As Ansible reads what follows -e."""
    if argument[0] in "[{":
        return dict(DataLoader().load(argument))
    return dict(parse_kv(argument))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("node1", "-e target=node1"),
        ("db.example.com", "-e target=db.example.com"),
        ("fd00::1", "-e target=fd00::1"),
        ("@x", "-e target=@x"),
        ("db 1", """-e '{"target": "db 1"}'"""),
        ("a=b", """-e '{"target": "a=b"}'"""),
        ("a'b", """-e '{"target": "a'"'"'b"}'"""),
        ("a\\tb", """-e '{"target": "a\\\\tb"}'"""),
        ("`id`", """-e '{"target": "\\u0060id\\u0060"}'"""),
        ("a{1}", """-e '{"target": "a{1}"}'"""),
        ("", """-e '{"target": ""}'"""),
        ("x{{ lookup('pipe', 'id') }}", ""),
        ("{% set x = 1 %}", ""),
        ("{#", ""),
        ("#jinja2: variable_start_string:'[%'\n[% 1 %]", ""),
    ],
)
def test_an_extra_variable(value: str, written: str) -> None:
    assert command.argument("target", value) == written


@given(names)
def test_what_is_written_arrives_or_nothing_is_written(value: str) -> None:
    written = command.argument("target", value)
    if command.is_template(value):
        assert written == ""
        return
    option, argument = shlex.split(written)
    assert (option, read(argument)) == ("-e", {"target": value})
    assert not re.search(r"[`\n\u202e]", written)


def test_a_playbook() -> None:
    first, then = {"overlay_ip_group": "my pair"}, {"target": "node2", "overlay": "192.168.10.15/32"}
    assert command.playbook("switchover.yml", first, then, ["it's.yml"]) == (
        """ansible-playbook -i 'it'"'"'s.yml' -e '{"overlay_ip_group": "my pair"}' switchover.yml -e target=node2"""
        " -e overlay=192.168.10.15/32"
    )
    assert command.playbook("setup.yml", {}) == "ansible-playbook setup.yml"
    assert command.playbook("setup.yml", {"overlay_ip_group": "{{ x }}"}) == ""
    assert command.playbook("setup.yml", {}, {"target": "{{ x }}"}) == ""


@pytest.mark.parametrize("host", ["node1", "db-1.example.com", "fd00::1", "10.0.0.1"])
def test_a_module_runs_on_one_node(host: str) -> None:
    assert command.ad_hoc(host, "m", "a=1 b=2") == f"ansible {host} -b -m m -a 'a=1 b=2'"


SEVERAL = ["db 1", "a:b", "a,b", "*", "!x", "~x", "@x", "-x", "a[0]", "$(id)", "{{ x }}", "", "a/b"]


@pytest.mark.parametrize("host", SEVERAL)
def test_what_names_several_hosts_or_an_option_is_no_node(host: str) -> None:
    assert command.ad_hoc(host, "m", "a=1") == ""


@given(names)
def test_a_module_that_is_run_here_gets_what_was_meant_or_is_not_written(value: str) -> None:
    text = command.local("m", {"state": "absent", "description": value})
    if not text:
        assert command.is_template(value) or re.search(r"[\"'`\\]|[^ -~]", value)
        return
    assert "`" not in text
    assert "\n" not in text
    *start, arguments = shlex.split(text)
    assert start == ["ansible", "localhost", "-m", "m", "-a"]
    assert parse_kv(arguments) == {"state": "absent", "description": value}


def test_a_list_and_words_are_written_as_people_would() -> None:
    text = command.local("m", {"addresses": "10.99.0.6/32,10.99.0.7/32", "description": "of node1, node2"})
    assert text == "ansible localhost -m m -a 'addresses=10.99.0.6/32,10.99.0.7/32 description=\"of node1, node2\"'"
    assert command.local("m", {"description": "{{ lookup('pipe', 'id') }}"}) == ""
