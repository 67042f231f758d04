# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users gave, judged: kinds, bounds, slips; a sentence for each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.registry import NAMES
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import model as inventory_model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.model import Given
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.values import (
    InventoryError,
    mistakes,
    parsed,
    slips,
    unknown,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.variables import BY_NAME, VARIABLES, Variable

NODES: dict[str, dict[str, Any]] = {"node1": {}, "node2": {}}


@pytest.mark.parametrize(
    ("name", "raw", "sentence"),
    [
        ("overlay_ip_vrrp_id", 0, "overlay_ip_vrrp_id is 0: write a whole number from 1 to 255."),
        ("overlay_ip_vrrp_id", 300, "overlay_ip_vrrp_id is 300: write a whole number from 1 to 255."),
        ("overlay_ip_vrrp_id", "abc", "overlay_ip_vrrp_id is 'abc': write a whole number from 1 to 255."),
        ("overlay_ip_vrrp_id", "51.5", "overlay_ip_vrrp_id is '51.5': write a whole number from 1 to 255."),
        (
            "overlay_ip_advert_interval",
            0.01,
            "overlay_ip_advert_interval is 0.01: write a number from 0.2 to 40.95 (seconds).",
        ),
        (
            "overlay_ip_advert_interval",
            "fast",
            "overlay_ip_advert_interval is 'fast': write a number from 0.2 to 40.95 (seconds).",
        ),
        (
            "overlay_ip_advert_interval",
            float("nan"),
            "overlay_ip_advert_interval is 'nan': write a number from 0.2 to 40.95 (seconds).",
        ),
        (
            "overlay_ip_advert_interval",
            "1e999",
            "overlay_ip_advert_interval is 1e999: write a number from 0.2 to 40.95 (seconds).",
        ),
        (
            "overlay_ip_check_interval",
            0,
            "overlay_ip_check_interval is 0: write a whole number from 1 to 3600 (seconds).",
        ),
        ("overlay_ip_timeout", 0, "overlay_ip_timeout is 0: write a whole number from 2 to 600 (seconds)."),
        ("overlay_ip_timeout", 100000, "overlay_ip_timeout is 100000: write a whole number from 2 to 600 (seconds)."),
        (
            "overlay_ip_route_interval",
            -3,
            "overlay_ip_route_interval is -3: write a whole number from 1 to 3600 (seconds).",
        ),
        (
            "overlay_ip_corosync_token",
            "abc",
            "overlay_ip_corosync_token is 'abc': write a whole number from 400 to 300000 (milliseconds).",
        ),
        (
            "overlay_ip_corosync_token",
            10,
            "overlay_ip_corosync_token is 10: write a whole number from 400 to 300000 (milliseconds).",
        ),
        ("overlay_ip_check_user", "no body", "overlay_ip_check_user is 'no body': write a user's name."),
        *(
            (
                "overlay_ip_check_unit",
                value,
                f"overlay_ip_check_unit is '{value}': write the name of a systemd service, such as postgresql.service.",
            )
            for value in ("my app", "-H host", "../app", "app';id;'", "app@", "app@.service", "a" * 241, "%n")
        ),
        (
            "overlay_ips",
            "192.168.10.15",
            "overlay_ips is a string, it must be a list: write [a, b], or one line with a dash for each.",
        ),
        ("overlay_ip_aws", [1], "overlay_ip_aws is a list, it must be a dictionary: write {key: value}."),
        ("overlay_ip_region", ["a"], "overlay_ip_region is a list, it must be a text: write one value."),
        (
            "overlay_ip_exclusive",
            {"a": 1},
            "overlay_ip_exclusive is a dictionary, it must be true or false: write one value.",
        ),
        (
            "overlay_ip_tame_agents",
            ["nm-cloud-setup"],
            "overlay_ip_tame_agents has 'nm-cloud-setup': choose of nm_cloud_setup, cloud_netconfig, "
            "amazon_ec2_net_utils.",
        ),
        ("overlay_ip_iam", "maybe", "overlay_ip_iam is 'maybe': choose one of apply, render."),
    ],
)
def test_what_cannot_be_right_is_one_sentence(name: str, raw: Any, sentence: str) -> None:
    with pytest.raises(InventoryError) as refused:
        parsed(BY_NAME[name], raw)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("overlay_ip_vrrp_id", "255", 255),
        ("overlay_ip_vrrp_id", 1, 1),
        ("overlay_ip_advert_interval", "0.2", 0.2),
        ("overlay_ip_advert_interval", 40.95, 40.95),
        ("overlay_ip_exclusive", "Yes", True),
        ("overlay_ip_exclusive", False, False),
        ("overlay_ip_tame_agents", "nm_cloud_setup, cloud_netconfig", ["nm_cloud_setup", "cloud_netconfig"]),
        ("overlay_ip_check_user", "svc-app$", "svc-app$"),
        ("overlay_ip_check_unit", "postgresql", "postgresql"),
        ("overlay_ip_check_unit", "postgresql@16-main.service", "postgresql@16-main.service"),
        ("overlay_ip_check_unit", "dev-x\\x2dy.service", "dev-x\\x2dy.service"),
    ],
)
def test_what_is_right_has_its_kind(name: str, raw: Any, value: Any) -> None:
    assert parsed(BY_NAME[name], raw) == value
    assert type(parsed(BY_NAME[name], raw)) is type(value), "a file says 2, not 2.0"


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda v: v.name)
def test_an_empty_answer_means_the_default(variable: Variable) -> None:
    assert parsed(variable, None) == parsed(variable, "") == variable.default


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda v: v.name)
def test_the_default_is_allowed(variable: Variable) -> None:
    if variable.default not in (None, ""):
        assert parsed(variable, variable.default) == variable.default


def test_a_mistake_of_one_node_names_it_and_one_of_all_names_the_variable() -> None:
    hosts: dict[str, Any] = {
        "node1": {"overlay_ip_vrrp_id": 0, "overlay_ip_exclusive": "x"},
        "node2": {"overlay_ip_vrrp_id": 0},
    }
    assert mistakes({}, hosts) == [
        "overlay_ip_exclusive of node1 is 'x': write true or false.",
        "overlay_ip_vrrp_id is 0: write a whole number from 1 to 255.",
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("overlay_ip_exlusive", "overlay_ip_exlusive is unknown: did you mean overlay_ip_exclusive?"),
        ("overlay_ip", "overlay_ip is unknown: did you mean overlay_ips?"),
        ("overlay_ip_zzz", "overlay_ip_zzz is unknown: docs/variables.md lists all there are."),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, sentence: str) -> None:
    assert unknown([name]) == [sentence]


def test_known_names_and_those_of_others_are_fine() -> None:
    assert unknown([*BY_NAME, "overlay_ip_awx_prefix", "overlay_ip_model", "ansible_host", "overlays"]) == []


@pytest.mark.parametrize(
    ("extra", "meant"), [("taget", "target"), ("expected_actve", "expected_active"), ("overlays", "overlay")]
)
def test_a_slip_in_an_extra_variable_is_told(extra: str, meant: str) -> None:
    assert slips([extra, "awx_job_id", "target", "mine"]) == [
        f"The extra variable {extra} is unknown: did you mean {meant}?"
    ]


def test_all_mistakes_are_told_at_once() -> None:
    groups = {"overlay_nodes": ["node1", "node2"]}
    play = {
        "overlay_ips": "192.168.10.15",
        "overlay_ip_vrrp_id": 0,
        "overlay_ip_check_command": "/bin/true",
        "overlay_ip_exlusive": True,
    }
    with pytest.raises(InventoryError) as refused:
        inventory_model.judged(Given(play, NODES, groups, NAMES, "eu-central-1", ["taget"], play), switchover=True)
    assert str(refused.value) == (
        "overlay_ip_exlusive is unknown: did you mean overlay_ip_exclusive? "
        "The extra variable taget is unknown: did you mean target? "
        "overlay_ips is a string, it must be a list: write [a, b], or one line with a dash for each. "
        "overlay_ip_vrrp_id is 0: write a whole number from 1 to 255. "
        "target is not set: say where to move to, for example -e target=node2."
    )


def test_every_mistake_in_every_entry_is_told() -> None:
    overlays = [
        {"address": "192.168.10.15", "home": "node9", "route_table_ids": ["rtb-1", "rtb-2"], "hom": "node1"},
        5,
        {"vpc_id": "vpc-x"},
        "192.168.10.300",
    ]
    nodes = {"node1": {"overlay_ip_instance_id": "i-x", "overlay_ip_network_interface_id": "eni-x"}, "node2": {}}
    play = {"overlay_ips": overlays, "overlay_ip_probe": {"host": "client1", "port": 70000}, "overlay": "10.0.0.1"}
    given = Given(play, nodes, {"overlay_nodes": ["node1", "node2"]}, NAMES, "nowhere")
    with pytest.raises(InventoryError) as refused:
        inventory_model.judged(given, switchover=True)
    assert [sentence.split(" ", 1)[0] for sentence in refused.value.sentences] == [
        "overlay_ip_instance_id",
        "overlay_ip_network_interface_id",
        "overlay_ips[0]",
        "overlay_ips[0].home",
        "overlay_ips[0].route_table_ids",
        "overlay_ips[0].route_table_ids",
        "overlay_ips[1]",
        "overlay_ips[2]",
        "overlay_ips[2].vpc_id",
        "overlay_ips[3].address:",
        "overlay_ip_region",
        "overlay_ip_probe.port",
        "target",
    ]


def test_without_a_mistake_there_is_the_model() -> None:
    play = {"overlay_ips": ["192.168.10.15"], "target": "node9"}
    groups = {"overlay_nodes": ["node1", "node2"]}
    nodes = {"node1": {"overlay_ip_instance_id": "i-0123456789abcdef0"}, "node2": {}}
    read = inventory_model.judged(Given(play, nodes, groups, NAMES, "eu-central-1"))
    assert read == inventory_model.model(Given(play, nodes, groups, NAMES, "eu-central-1"))
    assert "target" not in read, "who asks for no switchover is not asked for its target"


def test_what_only_the_model_notices_is_told_with_the_rest_and_nothing_twice() -> None:
    groups = {"overlay_nodes": ["node1", "node2"]}

    def told(**play: Any) -> str:
        with pytest.raises(InventoryError) as refused:
            inventory_model.judged(Given(play, NODES, groups, NAMES, "eu-central-1"))
        return str(refused.value)

    both = told(overlay_ips=[{"address": "192.168.10.15", "home": "node9"}], overlay_ip_vrrp_id=0)
    assert both == (
        "overlay_ip_vrrp_id is 0: write a whole number from 1 to 255. "
        "overlay_ips[0].home is 'node9', which is no node: choose one of node1, node2."
    )
    assert told(overlay_ips="192.168.10.15").count("overlay_ips") == 1


def test_a_check_that_outlasts_its_interval_is_refused() -> None:
    play = {
        "overlay_ips": ["192.168.10.15"],
        "overlay_ip_check_command": "/bin/true",
        "overlay_ip_check_timeout": 5,
        "overlay_ip_check_interval": 2,
    }
    groups = {"overlay_nodes": ["node1", "node2"]}
    with pytest.raises(InventoryError, match="make the timeout no longer than the interval"):
        inventory_model.judged(Given(play, NODES, groups, NAMES, "eu-central-1"))


@pytest.mark.parametrize(
    "play",
    [
        pytest.param({"overlay_ip_check_timeout": 2, "overlay_ip_check_interval": 2}, id="as long as the interval"),
        pytest.param({"overlay_ip_check_interval": 1}, id="the default gives way"),
        pytest.param({"overlay_ip_check_timeout": 5, "overlay_ip_check_command": ""}, id="no check"),
    ],
)
def test_a_check_that_fits_is_fine(play: dict[str, Any]) -> None:
    play = {"overlay_ips": ["192.168.10.15"], "overlay_ip_check_command": "/bin/true", **play}
    groups = {"overlay_nodes": ["node1", "node2"]}
    assert inventory_model.judged(Given(play, NODES, groups, NAMES, "eu-central-1"))["overlays"]


@pytest.mark.parametrize(("fleet", "seconds"), [(49, 15), (600, 138), (2600, 587)])
def test_a_deadline_that_ends_before_a_nodes_turn_is_refused(fleet: int, seconds: int) -> None:
    def judged(given: int) -> Any:
        play = {"overlay_ips": ["192.168.10.15"], "overlay_ip_fleet": fleet, "overlay_ip_timeout": given}
        groups = {"overlay_nodes": ["node1", "node2"]}
        return inventory_model.judged(Given(play, NODES, groups, NAMES, "eu-central-1"))

    with pytest.raises(
        InventoryError, match=f"overlay_ip_fleet is {fleet} .* make overlay_ip_timeout {seconds + 1} or"
    ):
        judged(seconds)
    assert judged(seconds + 1)["overlays"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("overlay_ip", "did you mean overlay_ips?"),
        ("overlay_ip_", "did you mean overlay_ips?"),
        ("overlay_ipx", "did you mean overlay_ips?"),
        ("overlay_ip_x", "docs/variables.md lists all there are."),
    ],
)
def test_hardly_more_than_the_prefix_means_the_list(name: str, hint: str) -> None:
    assert unknown([name]) == [f"{name} is unknown: {hint}"]
