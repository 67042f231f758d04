# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role of step 3, on a node whose cloud agent really deletes addresses, and on one without pyroute2."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from persistence.stage import OVERLAY4, OWN4, Stage

from lab.daemon import pass_connection

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[3]
MODEL = {
    "overlay_ip_region": "eu-central-1",
    "overlay_ips": [{"address": OVERLAY4, "route_table_ids": ["rtb-0aaa1111"]}],
    "overlay_ip_instance_id": "i-0aaa1111bbb22222c",
}
CLUSTER = {"overlay_ip_failover": "pacemaker"}
PLAY = [{"hosts": "overlay_nodes", "gather_facts": False, "roles": ["aws_ha.overlay_ip.overlay_interface"]}]

#: What nm-cloud-setup does to a device when it has found something to configure: it reapplies it.
AGENT = {
    "/etc/systemd/system/nm-cloud-setup.service": (
        "[Service]\nType=oneshot\nExecStart=/usr/bin/nmcli device reapply eth0\n",
        0o644,
    ),
    "/etc/systemd/system/nm-cloud-setup.timer": (
        "[Timer]\nOnBootSec=1h\n[Install]\nWantedBy=timers.target\n",
        0o644,
    ),
}


class Playbook:
    """The role, run on one host. Its output is kept in ``output``."""

    def __init__(self, directory: Path, host: dict[str, Any], *prefix: str) -> None:
        self.prefix = prefix
        self.files = directory / "play.yml", directory / "inventory.yml"
        inventory = {"overlay_nodes": {"hosts": {"node1": host}, "vars": MODEL}}
        for path, content in zip(self.files, (PLAY, inventory), strict=True):
            path.write_text(json.dumps(content))  # JSON is YAML
        self.output = ""

    def run(self, *words: str, **variables: Any) -> dict[str, int]:
        """Run it; returns Ansible's own counts."""
        play, inventory = map(str, self.files)
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_NOCOLOR": "1"}
        command = [*self.prefix, program, "-i", inventory, play, "-e", json.dumps(variables), *words]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False
        )
        self.output = done.stdout + done.stderr
        recap = self.output[self.output.index("PLAY RECAP") :].splitlines()[1]
        return {key: int(value) for key, value in (word.split("=") for word in recap.split() if "=" in word)}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A NetworkManager node with the agent, its timer enabled, that this test may log in to."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    made = Stage(tmp_path, "bookworm", "networkmanager", AGENT, public)
    try:
        made.link("/etc/systemd/system/timers.target.wants/nm-cloud-setup.timer", "../nm-cloud-setup.timer")
        made.node.boot()
        assert made.settle().settled
        yield made
    finally:
        assert made.close() == []


@pytest.fixture
def playbook(stage: Stage, tmp_path: Path) -> Playbook:
    proxy = shlex.join([sys.executable, "-I", "-S", pass_connection.__file__, stage.router.netns])
    options = f"-F /dev/null -o ProxyCommand='{proxy} %h %p' -o ProxyUseFdpass=yes -o StrictHostKeyChecking=no"
    options += " -o UserKnownHostsFile=/dev/null -o ControlMaster=no -o LogLevel=ERROR"
    host = {"ansible_host": OWN4, "ansible_user": "root", "ansible_ssh_private_key_file": str(tmp_path / "key")}
    host |= {"ansible_ssh_common_args": options, "ansible_python_interpreter": "/usr/bin/python3"}
    return Playbook(tmp_path, host)


def test_an_agent_is_survived_or_reported_or_tamed(stage: Stage, playbook: Playbook) -> None:
    # Kept by a file: foretold, done, done already; the agent runs and the address stays.
    counts = playbook.run()
    assert (counts["failed"], counts["changed"]) == (0, 1), playbook.output
    assert playbook.run()["changed"] == 0, playbook.output
    assert "nm-cloud-setup" not in playbook.output
    stage.run("systemctl", "start", "nm-cloud-setup.service")
    assert stage.settle(lambda sight: sight.overlay4).overlay4

    # A cluster manager's address has no file: the agent is reported, and what is reported is true.
    assert playbook.run(**CLUSTER)["changed"] == 1, playbook.output
    assert "ERROR on node1: nm-cloud-setup runs: it reapplies eth0 and may delete an overlay IP" in playbook.output
    assert "overlay_ip_tame_agents: [nm_cloud_setup]" in playbook.output
    assert stage.look().overlay4
    stage.run("systemctl", "start", "nm-cloud-setup.service")
    assert not stage.settle().overlay4

    # Tamed only now that the user asks for it.
    assert stage.run("systemctl", "is-enabled", "nm-cloud-setup.timer").strip() == "enabled"
    assert playbook.run(**CLUSTER, overlay_ip_tame_agents=["nm_cloud_setup"])["failed"] == 0, playbook.output
    assert stage.node.exec(["systemctl", "is-enabled", "nm-cloud-setup.timer"]).stdout.strip() == "disabled"
    counts = playbook.run(**CLUSTER, overlay_ip_tame_agents=["nm_cloud_setup"])
    assert counts["changed"] == 0, playbook.output
    assert "nm-cloud-setup runs" not in playbook.output


@pytest.fixture
def netns() -> Iterator[str]:
    """A namespace with an interface and a default route."""
    name = f"ovl-role-{secrets.token_hex(3)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for line in (
            "link add eth0 type veth peer name peer0",
            "link set peer0 up",
            "link set eth0 up",
            "address add 10.0.1.10/24 dev eth0",
            "route add default via 10.0.1.1",
        ):
            subprocess.run(["ip", "-n", name, *line.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def test_nothing_needs_to_be_installed(netns: str, tmp_path: Path) -> None:
    """With a Python that has nothing but itself: iproute2 does it, and packages are asked for by nobody."""
    venv.create(tmp_path / "python", with_pip=False)
    wrapper = tmp_path / "inside"
    wrapper.write_text(f'#!/bin/sh\nexec nsenter --net=/run/netns/{netns} {tmp_path}/python/bin/python "$@"\n')
    wrapper.chmod(0o755)
    host = {"ansible_connection": "local", "ansible_python_interpreter": str(wrapper), "ansible_become": False}
    playbook = Playbook(tmp_path, host)
    checked = playbook.run("--check", **CLUSTER, overlay_ip_install_packages=True)
    assert (checked["failed"], checked["changed"]) == (0, 1), playbook.output
    counts = playbook.run(**CLUSTER, overlay_ip_install_packages=True)
    assert (counts["failed"], counts["changed"]) == (0, 1), playbook.output
    assert playbook.run(**CLUSTER)["changed"] == 0, playbook.output
    shown = subprocess.run(
        ["ip", "-n", netns, "-brief", "address", "show", "dev", "eth0"], capture_output=True, text=True, check=True
    )
    assert f"{OVERLAY4}/32" in shown.stdout
