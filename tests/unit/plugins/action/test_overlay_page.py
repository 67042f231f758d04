# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page by a real ansible-playbook: written, foretold by check and diff, refused in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import ansible_runner
import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import status
from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import page as file
from lab.playbook.run import PROGRAMS, Run, run_playbook
from unit.status_reports import OVERLAY, report

ROOT = Path(__file__).parents[4]
SPLIT = report({OVERLAY: ((1, "active"), (2, "active"))}, names=("node1", "<node & 2>"))
PLAY: list[dict[str, Any]] = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"aws_ha.overlay_ip.overlay_page": {"reports": ["{{ told }}"], "path": "{{ overlay_ip_page }}"}}],
    }
]


def run(folder: Path, path: str, *, check: bool = False) -> Run:
    """Run the module by a play of its own."""
    play = folder / "play.yml"
    play.write_text(json.dumps(PLAY))
    return run_playbook(
        str(play),
        Path("localhost,"),
        extra_vars={"told": SPLIT, "overlay_ip_page": path},
        check=check,
        environment={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        cwd=folder,
    )


def test_it_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    done = run(tmp_path, "page.html")
    assert done.ok, done.output
    (result,) = done.of("overlay_page")
    assert (result.status, result.result["path"]) == ("changed", str(tmp_path / "page.html"))
    assert file.lines(result.result["path"]).splitlines() == status.lines(SPLIT, every_table=True)
    assert "-i localhost, aws_ha.overlay_ip.switchover -e target=" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("held", [True, False], ids=["the run's own copy", "somebody's file"])
def test_no_command_names_an_inventory_that_ends_with_the_run(tmp_path: Path, held: bool) -> None:
    """As ansible-rulebook starts a playbook: by ansible-runner, with a copy of the inventory beside it."""
    private, given = tmp_path / "eda1234", tmp_path / "hosts"
    copy = private / "inventory" / "hosts"
    for file_ in (copy, given):
        file_.parent.mkdir(parents=True, exist_ok=True)
        file_.write_text("localhost ansible_connection=local\n")
    (private / "project").mkdir()
    (private / "project" / "play.yml").write_text(json.dumps(PLAY))
    done = ansible_runner.run(
        private_data_dir=str(private),
        playbook="play.yml",
        inventory=str(copy if held else given),
        extravars={"told": SPLIT, "overlay_ip_page": str(tmp_path / "page.html")},
        envvars={
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        },
        quiet=True,
    )
    assert done.rc == 0, done.stdout.read()
    page = (tmp_path / "page.html").read_text()
    wanted = "ansible-playbook " if held else f"ansible-playbook -i {given} "
    assert f"{wanted}aws_ha.overlay_ip.switchover -e target=node1" in page
    assert str(private) not in page


def test_check_mode_writes_nothing_and_the_diff_says_what_is_new(tmp_path: Path) -> None:
    done = run(tmp_path, "page.html", check=True)
    assert done.ok, done.output
    assert done.of("overlay_page")[0].status == "changed"
    assert not (tmp_path / "page.html").exists()
    assert f"+{OVERLAY}: SPLIT between <node & 2>, node1" in done.output


@pytest.mark.parametrize(
    ("path", "why", "check"),
    [("no/page.html", "there is no folder {}/no", False), (".", "it is a folder", True)],
    ids=["no folder", "a folder"],
)
def test_a_path_that_cannot_be_written_is_one_sentence(tmp_path: Path, path: str, why: str, check: bool) -> None:
    done = run(tmp_path, path, check=check)
    where = os.path.abspath(tmp_path / path)
    assert done.told == (
        f"overlay_ip_page is '{path}', and {where} cannot be written: {why.format(tmp_path)}."
        " Name a file in a folder that is there and may be written."
    )
    assert "Traceback" not in done.output
