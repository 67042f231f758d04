# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root by su, or by a sudo without secure_path: the PATH is that of the user who became it, without sbin.

Debian's su keeps the PATH (ENV_PATH of login.defs(5)), and so does sudo where sudoers(5) has no secure_path.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drill.bed import Bed, bed
from lab.daemon.ssh import end_masters
from lab.playbook.run import Run, run_playbook

pytestmark = [pytest.mark.lab, pytest.mark.slow]

USER, PASSWORD = "overlayadmin", "of-the-lab-only"
_ACCOUNT = f"""\
set -e
useradd --create-home --shell /bin/sh {USER}
printf '%s:%s\\n' {USER} {PASSWORD} root {PASSWORD} | chpasswd
mkdir /home/{USER}/.ssh
cp /root/.ssh/authorized_keys /home/{USER}/.ssh/
chown -R {USER} /home/{USER}/.ssh
printf 'Defaults !secure_path\\n{USER} ALL=(ALL) ALL\\n' > /etc/sudoers.d/{USER}
"""
_PATH = """\
- name: Look at root's PATH
  hosts: overlay_nodes
  gather_facts: false
  tasks:
    - name: Look at it
      ansible.builtin.command: /usr/bin/printenv PATH
      become: true
      changed_when: false
      register: path

    - name: Tell it
      ansible.builtin.debug:
        msg: "PATH={{ path.stdout }}."
"""


@pytest.fixture(scope="module", params=["keepalived", "pacemaker"])
def pair(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Two nodes with that engine, at rest on node1, and a user who is not root on each."""
    with bed(request.param, tables=2) as made:
        for node in made.nodes:
            made.exec(node, "sh", "-c", _ACCOUNT)
        if made.engine == "pacemaker":  # the bed's application is no concern of teardown's
            made.exec("node1", "cibadmin", "--delete", "--xpath", "//rsc_colocation[@id='overlay-with-app']")
        yield made
        problems = made.control.problems()
    assert not problems, problems


def play(pair: Bed, method: str, playbook: str, **extra: Any) -> Run:
    """A playbook as that user."""
    become = {
        "ansible_user": USER,
        "ansible_become_method": f"ansible.builtin.{method}",
        "ansible_become_password": PASSWORD,
    }
    end_masters(pair.directory)
    return run_playbook(playbook, pair.directory.inventory, extra_vars={**pair.variables(), **become, **extra})


@pytest.mark.parametrize("method", ["su", "sudo"])
def test_everything_works_as_for_root(pair: Bed, method: str, tmp_path: Path) -> None:
    look = tmp_path / "path.yml"
    look.write_text(_PATH)
    seen = play(pair, method, str(look))
    assert seen.ok, seen.output
    assert "PATH=" in seen.output
    assert "sbin" not in seen.output.partition("PATH=")[2]

    for playbook, extra in (
        ("teardown.yml", {}),
        ("setup.yml", {}),
        ("switchover.yml", {"target": "node2"}),
        ("switchover.yml", {"target": "node1"}),
        ("status.yml", {"overlay_ip_status_strict": True}),
    ):
        done = play(pair, method, playbook, **extra)
        assert done.ok, f"{playbook}: {done.told}\n{done.output}"
    again = play(pair, method, "setup.yml")
    assert again.ok, again.output
    assert sum(again.changed.values()) == 0, again.output
    assert pair.view().at_rest
