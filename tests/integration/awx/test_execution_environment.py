# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution environment gets from this collection, and an installation that asks no server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from awx.checkout import ROOT, clone, environment, run


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collections path after `ansible-galaxy collection install -r` as AWX does it, every server out of reach."""
    project = clone(tmp_path_factory.mktemp("project"))
    folder = tmp_path_factory.mktemp("installed")
    env = environment(folder, ANSIBLE_GALAXY_SERVER="http://127.0.0.1:9/", ANSIBLE_COLLECTIONS_PATH=str(folder))
    command = ["ansible-galaxy", "collection", "install", "-r", "collections/requirements.yml", "-p", str(folder)]
    done = run(command, project, env)
    assert done.returncode == 0, done.stdout
    return folder


def test_installs_offline_and_runs_by_its_full_name(installed: Path, tmp_path: Path) -> None:
    """Away from any checkout. The playbook starts, and says what is wrong with an empty inventory."""
    env = environment(tmp_path, ANSIBLE_COLLECTIONS_PATH=str(installed))
    done = run(["ansible-playbook", "aws_ha.overlay_ip.status"], tmp_path, env)
    assert "no host in the group 'overlay_nodes'" in " ".join(done.stdout.split())


def test_without_the_installation_the_full_name_is_unknown(tmp_path: Path) -> None:
    """The control of the test above."""
    env = environment(tmp_path, ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    done = run(["ansible-playbook", "aws_ha.overlay_ip.status"], tmp_path, env)
    assert done.returncode != 0
    assert "no host in the group" not in done.stdout


def test_the_installed_collection_is_for_users(installed: Path) -> None:
    """Neither tests nor tools of the checkout come along, and everything that users are told of does."""
    collection = installed / "ansible_collections/aws_ha/overlay_ip"
    there = {path.name for path in collection.iterdir()}
    assert not there & {"tests", "tools", "requirements", "collections", "Makefile", "ansible.cfg", ".ci"}
    assert {"plugins", "roles", "playbooks", "extensions", "docs", "meta", "requirements.txt", "bindep.txt"} <= there


def test_introspect_shows_our_dependencies(installed: Path, tmp_path: Path) -> None:
    done = run(["ansible-builder", "introspect", str(installed)], tmp_path, environment(tmp_path))
    assert done.returncode == 0, done.stdout
    shown = yaml.safe_load(done.stdout[done.stdout.index("python:") :])
    assert [entry.split(">")[0] for entry in shown["python"]] == ["boto3", "botocore"]
    assert sorted(entry.split()[0] for entry in shown["system"]) == ["openssh-client", "openssh-clients"]


def test_no_upper_bounds_and_no_ansible_core() -> None:
    """An execution environment mixes many collections: ours must not stand in their way."""
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert not [line for line in lines if "<" in line or "==" in line or "ansible" in line]


def test_the_example_definition_builds_a_context(tmp_path: Path) -> None:
    definition = ROOT / "docs/execution-environment.yml"
    command = [
        "ansible-builder",
        "create",
        "-f",
        str(definition),
        "-c",
        "context",
        "--output-filename",
        "Containerfile",
    ]
    done = run(command, tmp_path, environment(tmp_path))
    assert done.returncode == 0, done.stdout
    containerfile = (tmp_path / "context/Containerfile").read_text()
    assert "ansible-core>=2.17" in containerfile
    wanted = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text())
    assert [c["name"] for c in wanted["collections"]] == ["aws_ha.overlay_ip"]
