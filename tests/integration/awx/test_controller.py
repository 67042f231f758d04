# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/controller.yml with the real awx.awx, against a stand-in for AWX's REST endpoints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from awx import survey
from awx.checkout import AWX_COLLECTION, COLLECTIONS, ROOT, environment, run
from awx.controller import TOKEN, Controller, serve

INVENTORY = """\
overlay_nodes:
  hosts:
    node1: {overlay_ip_instance_id: i-0aaaaaaaaaaaaaaa1}
    node2: {overlay_ip_instance_id: i-0aaaaaaaaaaaaaaa2}
  vars:
    overlay_ip_region: eu-central-1
    overlay_ips: [{address: 192.168.10.15}, 192.168.11.0/28]
"""
FLEET = """\
overlay_pairs:
  children:
    a: {hosts: {a1: , a2: }, vars: {overlay_ips: [{address: 192.168.10.15}]}}
    b: {hosts: {b1: , b2: }, vars: {overlay_ips: [192.168.10.16]}}
"""
PLAYBOOKS = ["setup.yml", "switchover.yml", "status.yml", "teardown.yml", "respond.yml", "evacuate.yml", "fleet.yml"]
BY_ALERT = ["respond", "setup (by alert)", "switchover (by alert)"]
TEMPLATES = ["setup", "switchover", "switchover (dry run)", "status", "teardown", *BY_ALERT]
ONE_AT_A_TIME = "Overlay IP one at a time"


def apply(controller: Controller, folder: Path, inventory: str = INVENTORY, token: str = TOKEN) -> tuple[int, str]:
    """Run the playbook against this controller; return the exit status and the output."""
    (folder / "inventory.yml").write_text(inventory, encoding="utf-8")
    with serve(controller) as url:
        env = environment(
            folder,
            ANSIBLE_COLLECTIONS_PATH=f"{COLLECTIONS}:{AWX_COLLECTION}",
            CONTROLLER_HOST=url,
            CONTROLLER_OAUTH_TOKEN=token,
        )
        done = run(["ansible-playbook", "-i", str(folder / "inventory.yml"), "playbooks/controller.yml"], ROOT, env)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Controller, str, str, int]:
    """The controller after two runs, both outputs, and how many writes the first run took."""
    folder = tmp_path_factory.mktemp("controller")
    controller = Controller(PLAYBOOKS)
    code, first = apply(controller, folder)
    assert code == 0, first
    writes = len(controller.writes)
    code, second = apply(controller, folder)
    assert code == 0, second
    return controller, first, second, writes


def template(controller: Controller, name: str) -> dict[str, Any]:
    return controller.named("job_templates", f"Overlay IP {name}")


def test_second_run_changes_nothing(twice: tuple[Controller, str, str, int]) -> None:
    controller, first, second, writes = twice
    assert re.search(r"changed=[1-9]", first)
    assert re.search(r"changed=0 ", second), second
    assert len(controller.writes) == writes


def test_every_template_is_there_and_locked_down(twice: tuple[Controller, str, str, int]) -> None:
    controller = twice[0]
    assert sorted(t["name"] for t in controller.objects["job_templates"].values()) == sorted(
        f"Overlay IP {name}" for name in TEMPLATES
    )
    for name in TEMPLATES:
        made = template(controller, name)
        assert made["allow_simultaneous"] is False, name
        assert made["prevent_instance_group_fallback"] is True, name
        assert made["job_slice_count"] == 1, name
        assert made["ask_variables_on_launch"] is False, name
        assert made["ask_job_type_on_launch"] is False, name
        assert made["timeout"] > 0, name
        assert controller.names("job_templates", made, "instance_groups") == [ONE_AT_A_TIME], name
        assert made["job_type"] == ("check" if "dry run" in name else "run"), name


def test_one_job_at_a_time(twice: tuple[Controller, str, str, int]) -> None:
    assert twice[0].named("instance_groups", ONE_AT_A_TIME)["max_concurrent_jobs"] == 1


def test_the_choices_come_from_the_inventory(twice: tuple[Controller, str, str, int]) -> None:
    controller = twice[0]
    made = template(controller, "switchover")
    spec = controller.surveys["job_templates", made["id"]]["spec"]
    assert {q["variable"]: (q["choices"], q["default"]) for q in spec} == {
        "target": (["node1", "node2"], "node2"),
        "overlay": (["all", "192.168.10.15", "192.168.11.0/28"], "all"),
        "expected_active": (["any", "node1", "node2"], "any"),
        "overlay_ip_break_lease": (["false", "true"], "false"),
    }


def test_every_survey_that_we_ship_is_taken_and_not_regretted(twice: tuple[Controller, str, str, int]) -> None:
    surveys = twice[0].surveys
    assert len(surveys) == 5  # switchover, its dry run, by alert, the workflow, respond
    for spec in surveys.values():
        survey.check(spec)
        assert survey.advice(spec) == []


def test_what_alerts_start_asks_once_more_whatever_is_sent_with_the_launch(
    twice: tuple[Controller, str, str, int],
) -> None:
    """It stands in the template. What decides takes one variable, and is told by nobody to be in earnest."""
    controller = twice[0]
    always = {name: json.loads(template(controller, name).get("extra_vars") or "{}") for name in TEMPLATES}
    by_alert = {"overlay_ip_by_alert": True}
    assert {name: given for name, given in always.items() if given} == dict.fromkeys(BY_ALERT[1:], by_alert)
    assert {template(controller, name)["playbook"] for name in BY_ALERT} == {
        "respond.yml",
        "setup.yml",
        "switchover.yml",
    }
    (question,) = controller.surveys["job_templates", template(controller, "respond")["id"]]["spec"]
    assert (question["variable"], question["required"]) == ("overlay_ip_alerts", True)
    assert question["max"] >= 100 * 10 * 256 * 6  # alerts, labels, characters, each encoded as %uXXXX at most


def test_the_workflow_waits_for_an_approval(twice: tuple[Controller, str, str, int]) -> None:
    controller = twice[0]
    steps = {node["identifier"]: node for node in controller.objects["workflow_job_template_nodes"].values()}
    kind = "workflow_job_template_nodes"
    assert controller.names(kind, steps["dry-run"], "success_nodes") == ["approval"]
    assert controller.names(kind, steps["approval"], "success_nodes") == ["switchover"]
    assert steps["dry-run"]["unified_job_template"] == template(controller, "switchover (dry run)")["id"]
    assert steps["switchover"]["unified_job_template"] == template(controller, "switchover")["id"]
    approval = controller.named("workflow_approval_templates", "Overlay IP switchover: approve")
    assert steps["approval"]["related"]["unified_job_template"] == approval["url"]
    assert approval["timeout"] == 1800


def test_operators_may_launch_switchover_and_status_alone(twice: tuple[Controller, str, str, int]) -> None:
    controller = twice[0]

    def may(team: str) -> set[str]:
        number = controller.named("teams", f"Overlay IP {team}")["id"]
        return {
            name
            for name in TEMPLATES
            for role in template(controller, name)["summary_fields"]["object_roles"].values()
            if number in controller.associated.get(("roles", role["id"], "teams"), [])
        }

    assert may("operators") == {"switchover", "switchover (dry run)", "status"}
    assert may("alerts") == set(BY_ALERT)


@pytest.mark.long
def test_an_inventory_of_many_pairs_gets_the_buttons_that_serve_them_all(tmp_path: Path) -> None:
    controller = Controller(PLAYBOOKS)
    code, output = apply(controller, tmp_path, FLEET)
    assert code == 0, output
    made = {t["name"]: t for t in controller.objects["job_templates"].values()}
    assert {name: (t["playbook"], t["job_type"], t["forks"]) for name, t in made.items()} == {
        "Overlay IP fleet status": ("fleet.yml", "run", 50),
        "Overlay IP evacuate": ("evacuate.yml", "run", 50),
        "Overlay IP evacuate (dry run)": ("evacuate.yml", "check", 50),
    }
    assert not controller.objects.get("workflow_job_templates")
    assert len(controller.surveys) == 2
    for spec in controller.surveys.values():
        survey.check(spec)
        assert survey.advice(spec) == []
        assert [q["variable"] for q in spec["spec"]] == ["zone", "from", "overlay_ip_break_lease"]
    operators = controller.named("teams", "Overlay IP operators")["id"]
    for one in made.values():
        roles = [role["id"] for role in one["summary_fields"]["object_roles"].values()]
        assert any(operators in controller.associated.get(("roles", role, "teams"), []) for role in roles), one["name"]


@pytest.mark.parametrize(
    ("inventory", "token", "said"),
    [
        pytest.param("all: {hosts: {other: }}\n", TOKEN, "has 0 hosts in the group", id="no nodes"),
        pytest.param(INVENTORY, "wrong", "Invalid authentication", id="wrong token"),
    ],
)
def test_refused(tmp_path: Path, inventory: str, token: str, said: str) -> None:
    code, output = apply(Controller(PLAYBOOKS), tmp_path, inventory, token)
    assert code != 0
    assert said in " ".join(output.split())
