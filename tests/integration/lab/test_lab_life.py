# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab leaves nothing behind: not after an orderly end, not after a crash of its daemon, not from its nodes."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.daemon import process
from lab.daemon.manifest import Manifest, marked
from lab.daemon.state import Directory, Lab, LabError, choose, directories, is_alive, open_lab
from lab.handle import LabHandle
from lab.playbook.run import CHECKOUT
from lab.world import wait_for

pytestmark = pytest.mark.lab


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Directory, Lab]]:
    """A lab of this test alone, in a place of its own."""
    monkeypatch.setenv("OVERLAY_LAB_DIR", str(tmp_path / "labs"))
    directory, lab = process.up("light")
    yield directory, lab
    if directory.path.exists():
        process.down(directory)


def traces(lab_id: str) -> list[str]:
    """Everything on this host that has the lab's id in its name, or its mark."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    names = [*os.listdir("/run/netns"), *mounts]
    return [name for name in names if lab_id in name] + [str(pid) for pid in marked(lab_id)]


def host_network() -> str:
    """What the lab must never change."""
    commands = (
        "ip -o link",
        "ip -o address",
        "ip route show table all",
        "ip -6 route show table all",
        "ip rule",
        "ip -6 rule",
        "nft list ruleset",
        "sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv4.conf.all.rp_filter",
    )
    shown = [subprocess.run(c.split(), capture_output=True, text=True, check=True).stdout for c in commands]
    return re.sub(r"(expires|valid_lft|preferred_lft) \S+", "", "\n".join(shown))  # time passes on a host


def test_down_removes_everything(own: tuple[Directory, Lab]) -> None:
    directory, lab = own
    assert len(traces(lab.lab_id)) > 4
    process.down(directory)
    assert traces(lab.lab_id) == []
    assert not directory.path.exists()
    assert directories() == []


def test_down_after_a_crash_of_the_daemon_removes_everything(own: tuple[Directory, Lab]) -> None:
    directory, lab = own
    os.kill(lab.pid, signal.SIGKILL)
    os.waitpid(lab.pid, 0)
    assert not is_alive(directory)
    with pytest.raises(LabError, match=rf"the daemon of lab {lab.lab_id} is gone; `lab down` removes"):
        open_lab()
    process.down(directory)
    assert traces(lab.lab_id) == []
    assert not directory.path.exists()


def test_a_lab_ends_with_the_test_run_that_was_killed(tmp_path: Path) -> None:
    start = "from lab.daemon import process; print(process.up()[1].lab_id, flush=True); input()"
    environment = {**os.environ, "OVERLAY_LAB_DIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT / "tests")}
    with subprocess.Popen(
        [sys.executable, "-c", start], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        lab_id = owner.stdout.readline().strip()
        assert traces(lab_id)
        owner.kill()
    wait_for(lambda: not traces(lab_id) and not (tmp_path / lab_id).exists(), "the lab to remove itself", 20)


def test_a_lab_that_fails_to_start_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERLAY_LAB_DIR", str(tmp_path / "labs"))
    with pytest.raises(LabError, match=r"(?s)ended with exit code 2.*unrecognized arguments: --no-such-option"):
        process.up("light", ["--no-such-option"])
    assert directories() == []
    assert os.listdir(tmp_path / "labs") == []


def test_two_labs_do_not_meet(own: tuple[Directory, Lab], lab: LabHandle) -> None:
    _directory, mine = own
    assert {mine.lab_id, lab.lab.lab_id} & {choose(None).lab_id} == {mine.lab_id}
    other = LabHandle(*own)
    other.exec("node1", "ip", "address", "add", "192.168.10.15/32", "dev", "eth0")
    assert lab.exec("node1", "ip", "-br", "address", "show", "eth0").stdout.count("192.168.10.15") == 0
    assert other.who("10.0.1.10") == lab.who("10.0.1.10") == "node1"


def test_the_hosts_network_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERLAY_LAB_DIR", str(tmp_path / "labs"))
    before = host_network()
    directory, _lab = process.up("light")
    during = host_network()
    process.down(directory)
    assert during == before
    assert host_network() == before


def test_a_node_writes_nothing_on_the_host(lab: LabHandle) -> None:
    name = f"overlay-lab-{lab.lab.lab_id}"
    directories = ("etc", "var", "usr", "opt", "srv", "root", "home", "tmp", "run", "dev/shm")
    places = [f"/{directory}/{name}" for directory in directories]
    for path in places:
        done = lab.exec("node1", "touch", path)
        assert done.returncode == 0, done.stderr
    assert [path for path in places if os.path.exists(path)] == []


@pytest.mark.parametrize(
    "command",
    [
        f"touch {CHECKOUT}/written-by-a-node",
        "touch /written-by-a-node",
        "mount -o remount,rw /",
        f"mount -o remount,bind,rw {CHECKOUT}",
        "mknod /tmp/disk b 254 0",
        "echo 1 > /proc/sys/kernel/panic",
        "unshare --mount true",
    ],
)
def test_a_node_cannot_get_at_the_host(lab: LabHandle, command: str) -> None:
    assert lab.exec("node1", "sh", "-c", command).returncode != 0
    assert not Path(CHECKOUT, "written-by-a-node").exists()
    assert not Path("/written-by-a-node").exists()


def test_a_nodes_devices_are_its_own(lab: LabHandle) -> None:
    before = stat.S_IMODE(os.stat("/dev/null").st_mode)
    assert lab.exec("node1", "chmod", "0600", "/dev/null").returncode == 0
    assert stat.S_IMODE(os.stat("/dev/null").st_mode) == before


def test_the_manifest_refuses_what_nobody_could_remove(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind is 'network', which is none of mount, netns, cgroup, path"):
        Manifest(tmp_path / "manifest.json", "0").record("network", "eth0")


def test_a_directory_with_something_mounted_in_it_is_not_deleted(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.json", "no-such-lab")
    inside = tmp_path / "state" / "mounted"
    inside.mkdir(parents=True)
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    manifest.record("path", str(tmp_path / "state"))
    subprocess.run(["mount", "--bind", kept, inside], check=True)
    try:
        assert manifest.remove_all() == [f"path {tmp_path / 'state'}"]
        assert (kept / "file").exists()
    finally:
        subprocess.run(["umount", inside], check=True)
    assert manifest.remove_all() == []


def test_ansible_reaches_the_nodes_by_the_inventory(lab: LabHandle) -> None:
    run = lab.playbook(str(CHECKOUT / "tests" / "integration" / "lab" / "facts.yml"))
    assert run.ok, run.output
    facts = {result.host: result.result["ansible_facts"] for result in run.of("setup")}
    assert {host: fact["ansible_default_ipv4"]["address"] for host, fact in facts.items()} == {
        "node1": "10.0.1.10",
        "node2": "10.0.2.10",
    }
    assert facts["node1"]["ansible_hostname"] == "node1"


def test_the_command_line_says_what_to_do_without_a_lab(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab", "status"],
        cwd=CHECKOUT,
        env={**os.environ, "OVERLAY_LAB_DIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "lab: no lab is running; `make lab-up` starts one\n")
