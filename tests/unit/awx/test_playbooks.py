# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which playbooks an operator would see in AWX: stray YAML with a `hosts:` line would show up as well."""

from __future__ import annotations

import pytest

from awx.checkout import ROOT, tracked_files
from awx.playbooks import offered

PLAY = "- name: x\n  hosts: all\n"


@pytest.mark.parametrize(
    ("path", "text", "listed"),
    [
        pytest.param("a.yml", PLAY, True, id="a play"),
        pytest.param("deep/down/a.yaml", "- hosts: all\n", True, id="anywhere, any suffix"),
        pytest.param("a.yml", "- import_playbook: b.yml\n", True, id="an import"),
        pytest.param("rulebook.yml", "- name: x\n  hosts: all\n  sources: []\n", True, id="a rulebook too"),
        pytest.param("inventory.yml", "group:\n  hosts:\n    a:\n", True, id="an inventory too"),
        pytest.param("a.yml", "- name: hosts: all\n", False, id="the word inside a line"),
        pytest.param("roles/r/tasks/main.yml", PLAY, False, id="below roles"),
        pytest.param("group_vars/all.yml", PLAY, False, id="below group_vars"),
        pytest.param(".github/a.yml", PLAY, False, id="below a hidden folder"),
        pytest.param("a.txt", PLAY, False, id="another suffix"),
    ],
)
def test_the_rule(path: str, text: str, listed: bool) -> None:
    assert offered([(path, text)]) == ([path] if listed else [])


def test_the_exact_list() -> None:
    yaml = [path for path in tracked_files() if path.endswith((".yml", ".yaml"))]
    texts = [(path, (ROOT / path).read_text(encoding="utf-8")) for path in yaml]
    assert offered(texts) == [
        "evacuate.yml",
        "fleet.yml",
        "history.yml",
        "migrate.yml",
        "path.yml",
        "playbooks/controller.yml",
        "playbooks/drill.yml",
        "playbooks/evacuate.yml",
        "playbooks/fleet.yml",
        "playbooks/history.yml",
        "playbooks/migrate.yml",
        "playbooks/path.yml",
        "playbooks/reach.yml",
        "playbooks/respond.yml",
        "playbooks/setup.yml",
        "playbooks/status.yml",
        "playbooks/switchover.yml",
        "playbooks/teardown.yml",
        "reach.yml",
        "respond.yml",
        "setup.yml",
        "status.yml",
        "switchover.yml",
        "teardown.yml",
    ]
