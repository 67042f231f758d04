# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder for the metrics that no timer would write to is refused by setup, by the role's own tasks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lab.playbook.run import run_playbook
from unit.promtool import ROOT

ROLE = {"name": "aws_ha.overlay_ip.metrics", "tasks_from": "preflight.yml"}
PLAY = [{"hosts": "overlay_nodes", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": ROLE}]}]


def test_a_folder_that_is_a_link_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    play, inventory = tmp_path / "play.yml", tmp_path / "inventory.json"
    play.write_text(json.dumps(PLAY))
    given = {
        "overlay_ip_region": "eu-central-1",
        "overlay_ips": [{"address": "192.168.10.15", "route_table_ids": ["rtb-0123456789abcdef0"]}],
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
    }
    hosts = {
        name: {"overlay_ip_instance_id": f"i-{n:017x}", "overlay_ip_metrics_directory": str(where)}
        for n, (name, where) in enumerate({"node1": folder, "node2": link, "node3": tmp_path / "none"}.items())
    }
    inventory.write_text(json.dumps({"overlay_nodes": {"hosts": hosts, "vars": given}}))
    house = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    done = run_playbook(str(play), inventory, environment=house, cwd=tmp_path)
    assert done.told == (
        f"overlay_ip_metrics_directory is '{link}', which is a link on node2: name the folder that it leads to."
        " Nothing was changed."
    )
    assert [failed.host for failed in done.failures] == ["node2"]
