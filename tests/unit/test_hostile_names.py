# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in an inventory is refused by name, or arrives in every file as it is: read by that format's parser."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import pytest
from ansible.plugins.filter.core import FilterModule
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.text import ip_replace, mark, marked
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Link, Node, PlanError, Request
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import NAMES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import Given, InventoryError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import config, install
from unit.inventory import GOOD

ROLES = Path(__file__).parents[2] / "roles"
QUOTES, MARKS = ['"', "'", "\\", "`id`", "$(id)"], ["<", ">", "&", "]]>", "{", "}", "{{", ";", "#", "!", "%s"]
PARTS = [*QUOTES, *MARKS, "\n", " ", "\u202e"]
#: What breaks out of some format, among letters that do not.
hostile = st.lists(st.sampled_from([*PARTS, "node", "1", "-", ".", "é"]), min_size=1, max_size=6).map("".join)
printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=30) | hostile
XML = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20
) | hostile.filter(lambda text: "\n" not in text)
quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def rendered(template: str, **variables: Any) -> str:
    """A role's template, as Ansible's options have it."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False)
    environment.filters.update(FilterModule().filters())
    return environment.from_string((ROLES / template).read_text()).render(**variables)


def model(names: list[str], **variables: Any) -> dict[str, Any]:
    hosts = {name: {"overlay_ip_instance_id": f"i-0123456789abcdef{n}"} for n, name in enumerate(names)}
    chosen = {**GOOD, **variables}
    return inventory_model.judged(Given(chosen, hosts, {"overlay_nodes": names}, NAMES, names=set(chosen)))


@quick
@given(hostile)
@example("node2;rm -rf /")
@example("fd00::1")
@example("node2\n}")
def test_a_node_s_name_is_refused_or_arrives(name: str) -> None:
    assume(name != "node1")
    try:
        read = model(["node1", name], overlay_ip_failover="pacemaker")
    except InventoryError as err:
        assert repr(name) in str(err)  # noqa: PT017
        assert "write its address into ansible_host" in str(err)  # noqa: PT017
        return
    nics = {n: {"node_program_nic": {"ipv4": ["10.0.1.10"]}} for n in read["nodes"]}
    text = rendered(
        "pacemaker/templates/corosync.conf.j2",
        overlay_ip_model=read,
        hostvars=nics,
        pacemaker_mark="# ours",
        pacemaker_transport="knet",
        pacemaker_corosync_token=1000,
        pacemaker_order=list(read["nodes"]),
        pacemaker_numbers={node["cluster_name"]: 1 for node in read["nodes"].values()},
    )
    assert re.findall(r"^    name: (.*)$", text, re.MULTILINE) == ["node1", name]
    known = ("starts", "route_interval", "timeout", "check_command", "check_unit", "advert_interval", "looks")
    engine = dict.fromkeys((*known, "tracks", "tracked"), 1)
    conf = rendered(
        "keepalived/templates/keepalived.conf.j2",
        inventory_hostname=name,
        node_program_nic={"name": "eth0", "ipv4": ["10.0.1.10"]},
        keepalived_peers=["10.0.2.10"],
        keepalived_instances=read["keepalived"]["instances"],
        keepalived_removed=[],
        **{f"keepalived_{key}": value for key, value in engine.items()},
    )
    assert re.findall(r"^  router_id (.*)$", conf, re.MULTILINE) == [name]
    fencing = ElementTree.fromstring(
        rendered(
            "pacemaker/templates/fencing.xml.j2",
            overlay_ip_model=read,
            pacemaker_fencing_delay=5,
            pacemaker_delays="",
            pacemaker_order=["node1", name],
        )
    )
    (hosts,) = (pair.attrib["value"] for pair in fencing.iter("nvpair") if pair.attrib["name"] == "pcmk_host_map")
    assert [part.partition(":")[0] for part in hosts.split(";") if part] == ["node1", name]


def test_without_an_engine_a_node_may_have_any_name() -> None:
    """It is written nowhere then."""
    assert list(model(["node1", "fd00::1"])["nodes"]) == ["node1", "fd00::1"]


@pytest.mark.parametrize(
    ("name", "example"),
    [("node 2", """, for example -e '{"target": "node 2"}'"""), ("x{{ lookup('pipe', 'id') }}", "")],
)
def test_the_example_of_a_target_is_one_that_ansible_takes_for_it(name: str, example: str) -> None:
    hosts = {one: {"overlay_ip_instance_id": f"i-0123456789abcdef{n}"} for n, one in enumerate(("node1", name))}
    told = Given(dict(GOOD), hosts, {"overlay_nodes": list(hosts)}, NAMES)
    with pytest.raises(InventoryError) as refused:
        inventory_model.model(told, switchover=True)
    assert str(refused.value) == f"target is not set: say where to move to{example}."


@quick
@given(st.dictionaries(printable, XML, max_size=4))
@example({'x"/><primitive id="evil': "1"})
@example({"monapi": '"/><evil/>'})
def test_a_parameter_of_the_agent_is_refused_or_arrives(options: dict[str, str]) -> None:
    try:
        read = model(["node1", "node2"], overlay_ip_failover="pacemaker", overlay_ip_vpc_move_ip_options=options)
    except InventoryError as err:
        strange = [key for key in options if not re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", key)]
        assert all(f"the key '{key}'" in str(err) for key in strange)  # noqa: PT017
        assert strange
        return
    shown = rendered(
        "pacemaker/templates/resources.xml.j2",
        overlay_ip_model=read,
        pacemaker_interface="eth0",
        pacemaker_stock=True,
        pacemaker_vpc_move_ip_options=options,
        pacemaker_resource_api_interval=60,
        pacemaker_resource_agent="aws-vpc-move-ip",
        pacemaker_operations=[],
        pacemaker_prefix="overlay-ip-",
        pacemaker_program_options={},
        pacemaker_followers=[],
        pacemaker_givers=[],
        pacemaker_homed=[],
    )
    (attributes,) = ElementTree.fromstring(shown).iter("instance_attributes")
    found = {pair.attrib["name"]: pair.attrib["value"] for pair in attributes}
    assert {key: found[key] for key in options} == options
    assert len({pair.attrib["id"] for pair in attributes}) == len(found)


@quick
@given(hostile)
def test_what_the_program_is_told_arrives(text: str) -> None:
    """The configuration is JSON; the launcher has the interpreter's path and the addresses, for a shell."""
    read = model(["node1", "node2"])
    nics = {name: {"network_interface_id": "eni-1", "name": "eth0", "vpc_id": "vpc-1"} for name in read["nodes"]}
    aws = {"region": text, "aws_config": {"user_agent_extra": text}}
    content = config.content(read, "node1", nics, {"aws": aws})
    assert json.loads(json.dumps(content))["aws"]["region"] == text
    launcher = install.started_by(text, text, [text])
    lines = launcher.split("why=\n")[0] + 'printf "%s\\0" "$python" "$start" "$addresses"\n'
    done = subprocess.run(["/bin/sh", "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:3] == [text, f"{text}/{install.START}", text]
    assert shlex.quote(text) in launcher


@quick
@given(hostile, hostile)
@example("eth0", "eth0:1; reboot")
@example("eth0'; reboot; '", "")
def test_an_interface_and_a_label_are_refused_or_arrive(name: str, label: str) -> None:
    """In every stack's file they are words of a command line, or stand by themselves."""
    label = f"{name}:{label}" if label and len(label) % 2 else label
    node = Node(links=(Link(1, "lo"), Link(2, name)), held=(), routes=())
    try:
        (decision,) = plan.plan(Request(("192.0.2.1/32",), name, label), node)
    except PlanError as err:
        assert f"'{name}'" in str(err) or f"'{label}'" in str(err)  # noqa: PT017
        return
    words = ["/sbin/ip", "address", "replace", "192.0.2.1/32", "dev", name, *(["label", label] if label else [])]
    assert shlex.split(ip_replace(decision.overlay)) == words
    assert marked(mark(decision.overlay)) == decision.overlay
