# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists in playbooks/vars have the shape that both readers want: our playbook, and infra.aap_configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx.checkout import AWX_COLLECTION, ROOT, environment, run

# Which module an item of each list goes to. The roles that infra.aap_configuration's dispatch runs read an item's keys
# by the names of that module's options, never by an alias (releases 2.11, 3.0, 3.1 and a state of January 2025); a
# workflow's steps they read from simplified_workflow_nodes.
MODULES = {
    "controller_execution_environments": "execution_environment",
    "controller_instance_groups": "instance_group",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_teams": "team",
    "controller_roles": "role",
}
STEPS, STEP = "simplified_workflow_nodes", "workflow_job_template_node"
# Options that dispatch does not read: superseded by credentials.
UNREAD = {"job_template": {"credential", "vault_credential"}}


def lists() -> dict[str, list[dict[str, Any]]]:
    """The items of each module, as they are written; of templates, what they are combined from."""
    found: dict[str, Any] = {}
    for name in ("objects", "templates"):
        text = (ROOT / f"playbooks/vars/controller_{name}.yml").read_text(encoding="utf-8")
        found.update(yaml.safe_load(text))
    shared, switchover = found["overlay_ip_awx_template"], found["overlay_ip_awx_switchover"]
    evacuate = found["overlay_ip_awx_evacuate"]
    plain = [*found["overlay_ip_awx_templates"], *found["overlay_ip_awx_fleets"]]
    found["controller_templates"] = [
        *({**shared, **one} for one in plain),
        *({**shared, **switchover, **one} for one in found["overlay_ip_awx_switchovers"]),
        *({**shared, **evacuate, **one} for one in found["overlay_ip_awx_evacuations"]),
    ]
    found["controller_workflows"] = found["overlay_ip_awx_workflows"]
    found["controller_roles"] = [*found["overlay_ip_awx_roles"], *found["overlay_ip_awx_fleet_roles"]]
    steps = [step for workflow in found["controller_workflows"] for step in workflow.pop(STEPS)]
    assert {name for name in found if name.startswith("controller_")} == set(MODULES)
    return {**{module: found[name] for name, module in MODULES.items()}, STEP: steps}


def played() -> dict[str, set[str]]:
    """What our playbook hands to each module."""
    (play,) = yaml.safe_load((ROOT / "playbooks/controller.yml").read_text(encoding="utf-8"))
    handed: dict[str, set[str]] = {}
    for task in play["tasks"]:
        for name, given in task.items():
            if name.startswith("awx.awx."):
                handed.setdefault(name.removeprefix("awx.awx."), set()).update(given)
    return handed


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The options of each module in awx.awx."""
    folder: Path = tmp_path_factory.mktemp("doc")
    names = [f"awx.awx.{module}" for module in (*MODULES.values(), STEP)]
    done = run(
        ["ansible-doc", "--json", *names], folder, environment(folder, ANSIBLE_COLLECTIONS_PATH=str(AWX_COLLECTION))
    )
    assert done.returncode == 0, done.stdout
    documented = json.loads(done.stdout[done.stdout.index("{\n") :])
    return {name.removeprefix("awx.awx."): about["doc"]["options"] for name, about in documented.items()}


@pytest.mark.parametrize("module", [*MODULES.values(), STEP])
def test_keys(module: str, options: dict[str, dict[str, Any]]) -> None:
    """Every key is an option that dispatch reads and that our playbook hands on; no required one is missing."""
    items = lists()[module]
    assert items
    for item in items:
        assert set(item) <= set(options[module]) - UNREAD.get(module, set()), item
        assert set(item) <= played()[module], item
    # The workflow that a step belongs to is given by its place in the list.
    required = {name for name, option in options[module].items() if option.get("required")} - {"workflow_job_template"}
    assert all(required <= set(item) for item in items)
