# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder for the metrics that no timer would write to is refused by setup, by the role's own tasks."""

from __future__ import annotations

import json
from pathlib import Path

from lab.playbook.run import run_playbook
from unit.promtool import ROOT

ROLE = {"name": "aws_ha.overlay_ip.metrics", "tasks_from": "present.yml"}
PLAY = [{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": ROLE}]}]


def test_a_folder_that_is_a_link_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    play = tmp_path / "play.yml"
    play.write_text(json.dumps(PLAY))
    done = run_playbook(
        str(play),
        Path("localhost,"),
        extra_vars={"overlay_ip_metrics_directory": str(link), "metrics_directory": str(link)},
        check=True,  # whatever comes after it changes nothing
        environment={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        cwd=tmp_path,
    )
    (failed,) = (result.result["msg"] for result in done.of("fail") if result.status == "failed")
    assert failed == (
        f"overlay_ip_metrics_directory is '{link}', which is a link on localhost: name the folder that it leads to."
        " No metrics were set up; what setup did before this is whole."
    )
