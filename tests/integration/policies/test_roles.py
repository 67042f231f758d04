# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that call AWS, from an inventory to the policy and the route; no node has to be up for that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.policies.stage import Stage
from integration.policies.test_shared_vpc import owners_role

from lab.playbook.run import Run, run_playbook
from lab.world import Keys

Play = Callable[..., Run]

ROLES = ["overlay_iam_policy", "source_dest_check", "overlay_route"]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run roles over the nodes of a stage with more variables and keys."""

    def run(stage: Stage, keys: Keys, roles: list[str], *, check: bool = False, **variables: Any) -> Run:
        aws = {"endpoint_url": stage.endpoint.url, "access_key": keys.access_key, "secret_key": keys.secret_key}
        hosts = {node.name: {"overlay_ip_instance_id": node.instance_id} for node in stage.world.nodes}
        shared = {
            "overlay_ip_region": stage.world.region,
            "overlay_ips": [{"address": "192.168.10.15"}],
            **variables,
            "overlay_ip_aws": {**aws, **variables.get("overlay_ip_aws", {})},
        }
        inventory, playbook = tmp_path / "hosts.json", tmp_path / "play.json"
        inventory.write_text(json.dumps({"overlay_nodes": {"hosts": hosts, "vars": shared}}))
        names = [f"aws_ha.overlay_ip.{role}" for role in roles]
        playbook.write_text(json.dumps([{"hosts": "overlay_nodes", "gather_facts": False, "roles": names}]))
        return run_playbook(str(playbook), inventory, check=check)

    return run


def inline(stage: Stage, role: str) -> dict[str, Any]:
    """The inline policies of a node's role."""
    names = stage.iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: stage.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def test_all_tables_of_the_vpc_where_none_is_named(stage: Stage, play: Play) -> None:
    every = stage.rendered(vpc_id=stage.world.vpc_id)
    foretold = play(stage, stage.world.admin, ROLES[:1], check=True)
    assert foretold.ok, foretold.output
    assert [inline(stage, role) for role in stage.profiles] == [{}, {}]
    done = play(stage, stage.world.admin, ROLES[:1])
    assert done.ok, done.output
    assert [inline(stage, role) for role in stage.profiles] == [{"overlay-ip": every}] * 2
    for run in (foretold, done):
        (result,) = run.of("overlay_iam_policy")
        assert [item["actions"] for item in result.result["results"]] == [["PutRolePolicy"]] * 2
    again = play(stage, stage.world.admin, ROLES[:1])
    assert set(again.changed.values()) == {0}

    gone = play(stage, stage.world.admin, ROLES[:1], overlay_iam_policy_state="absent")
    assert gone.ok, gone.output
    assert [inline(stage, role) for role in stage.profiles] == [{}, {}]


def test_a_managed_policy_for_the_named_tables_under_another_name(stage: Stage, play: Play) -> None:
    overlays = [
        {"address": f"10.99.0.{number}", "route_table_ids": [table]} for number, table in enumerate(stage.tables, 1)
    ]
    settings = {
        "overlay_ips": overlays,
        "overlay_ip_iam_managed": True,
        "overlay_ip_iam_policy_name": "move-route",
    }
    arn = f"arn:aws:iam::{stage.world.account_id}:policy/move-route"
    run = play(stage, stage.world.admin, ROLES[:1], **settings)
    assert run.ok, run.output
    for role in stage.profiles:
        (held,) = stage.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert held["PolicyArn"] == arn
    version = stage.iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == stage.rendered(route_table_ids=stage.tables)

    run = play(stage, stage.world.admin, ROLES[:1], **settings, overlay_iam_policy_state="absent")
    assert run.ok, run.output
    assert stage.iam.list_policies(Scope="Local")["Policies"] == []


def test_a_shared_vpc_set_up_by_its_operator(shared: Stage, play: Play) -> None:
    """Routes as the owner's role, everything else as oneself; the nodes may become the role for nodes, no more."""
    nodes_role = str(shared.world.routing_role_arn)
    keys = shared.judged_keys()
    shared.grant(
        shared.rendered(
            purpose="operator",
            route_role_arn=owners_role(shared, "operators", "routes"),
            network_interface_ids=shared.interfaces,
            node_roles=shared.profiles,
            node_instance_profiles=shared.profiles,
        )
    )
    overlays = [{"address": "192.168.10.15", "route_table_ids": list(shared.tables)}]
    node_aws = {"assume_role_arn": nodes_role}
    refused = play(shared, keys, ROLES, overlay_ips=overlays, overlay_ip_node_aws=node_aws)
    assert not refused.ok
    assert "ec2:DescribeRouteTables on * is not permitted" in refused.output

    owner = shared.world.owner_account_id
    run = play(
        shared,
        keys,
        ROLES,
        overlay_ips=overlays,
        overlay_ip_node_aws=node_aws,
        overlay_ip_aws={"assume_role_arn": f"arn:aws:iam::{owner}:role/operators"},
    )
    assert run.ok, run.output
    assert shared.holders(shared.world.owner_admin) == {shared.interfaces[0]}
    document = {"overlay-ip": shared.rendered(route_role_arn=nodes_role)}
    assert [inline(shared, role) for role in shared.profiles] == [document] * 2
