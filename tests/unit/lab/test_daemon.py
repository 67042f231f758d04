# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the daemon that need no root: what it refuses, what it writes, in which order it follows."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lab.daemon import control, preflight
from lab.daemon.inventory import Overlay, render
from lab.daemon.manifest import Manifest
from lab.daemon.state import Directory, LabError, Machine, choose, directories
from lab.endpoint.snapshot import VpcSnapshot
from lab.fabric import dhcp
from lab.fabric.follower import Follower


@pytest.mark.parametrize("kind", ["light:x", "heavy", "", "fullish"])
def test_an_unknown_kind_of_nodes_is_refused(kind: str) -> None:
    with pytest.raises(LabError, match="use light, full"):
        preflight.check(kind)


def test_root_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"The lab needs root: .* Run the same command with sudo"):
        preflight.check("light")


def test_missing_programs_are_named_by_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda program: None if program in ("nft", "ip") else program)
    with pytest.raises(LabError, match=r"Run: apt-get install iproute2 nftables$"):
        preflight.check("light")


def lab_directory(root: Path, lab_id: str) -> Directory:
    directory = Directory(root / lab_id)
    directory.path.mkdir(parents=True)
    Manifest(directory.manifest, lab_id).record("path", str(directory.path))
    return directory


def test_the_only_lab_need_not_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERLAY_LAB_DIR", str(tmp_path))
    with pytest.raises(LabError, match="no lab is running; `make lab-up` starts one"):
        choose(None)
    only = lab_directory(tmp_path, "aaaaaa")
    assert choose(None) == choose("aaaaaa") == only
    lab_directory(tmp_path, "bbbbbb")
    assert {directory.lab_id for directory in directories()} == {"aaaaaa", "bbbbbb"}
    with pytest.raises(LabError, match=r"several labs \((aaaaaa, bbbbbb|bbbbbb, aaaaaa)\): say which one"):
        choose(None)
    with pytest.raises(LabError, match="there is no lab cccccc"):
        choose("cccccc")


def test_the_manifest_is_on_disk_before_anything_is_made(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.json", "aaaaaa")
    manifest.record("netns", "one")
    manifest.record("netns", "one")
    manifest.record("netns", "two")
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "lab": "aaaaaa",
        "made": [{"kind": "netns", "name": "one"}, {"kind": "netns", "name": "two"}],
    }
    assert Manifest(tmp_path / "manifest.json", "aaaaaa").names("netns") == ["two", "one"]


def test_the_inventory_is_what_the_playbooks_take() -> None:
    machines = [
        Machine("node1", "light", "i-1", "10.0.1.10", "ns-1"),
        Machine("node2", "full", "i-2", "10.0.2.10", "ns-2"),
        Machine("client1", "client", "i-3", "10.0.3.10", "ns-3"),
    ]
    overlays = [Overlay("192.168.10.15", "node1", ("rtb-1", "rtb-2"))]
    text = render(Directory(Path("/run/x/abcdef")), machines, "eu-central-1", overlays, {"access_key": "A"}, {})
    groups = yaml.safe_load(text)["all"]["children"]
    nodes = groups["overlay_nodes"]
    assert {name: host["overlay_ip_instance_id"] for name, host in nodes["hosts"].items()} == {
        "node1": "i-1",
        "node2": "i-2",
    }
    assert nodes["hosts"]["node2"]["ansible_python_interpreter"] == "/usr/bin/python3"
    assert nodes["vars"] == {
        "overlay_ip_region": "eu-central-1",
        "overlay_ips": [{"address": "192.168.10.15", "home": "node1", "route_table_ids": ["rtb-1", "rtb-2"]}],
        "overlay_ip_aws": {"access_key": "A"},
        "overlay_ip_node_aws": {},
    }
    assert list(groups["overlay_clients"]["hosts"]) == ["client1"]


def test_requests_of_the_dhcp_log_are_counted(tmp_path: Path) -> None:
    assert dhcp.messages(tmp_path, "node1.0") == {}
    dhcp.log_path(tmp_path, "node1.0").write_text(
        "dnsmasq-dhcp[9]: 3 DHCPDISCOVER(node1.0) 02:00:00:00:00:01\n"
        "dnsmasq-dhcp[9]: 3 DHCPREQUEST(node1.0) 10.0.1.10 02:00:00:00:00:01\n"
        "dnsmasq-dhcp[9]: 4 DHCPREQUEST(node1.0) 10.0.1.10 02:00:00:00:00:01\n"
    )
    assert dhcp.messages(tmp_path, "node1.0") == {"DHCPDISCOVER": 1, "DHCPREQUEST": 2}


def snapshot(name: str) -> VpcSnapshot:
    return VpcSnapshot(name, (), (), (), (), ())


class Vpc:
    """A VPC whose snapshots have numbers for names, and a follower of it."""

    def __init__(self, delay: float, apply: Callable[[VpcSnapshot], None] | None = None) -> None:
        self.state = "0"
        self.delay = delay
        self.applied: list[tuple[str, float]] = []
        self.failures: list[BaseException] = []
        self.taken = threading.Semaphore(0)
        self.follower = Follower(self.take, apply or self.record, lambda: self.delay, self.failures.append)
        self.follower.start()

    def take(self) -> VpcSnapshot:
        taken = snapshot(self.state)
        self.taken.release()
        return taken

    def record(self, state: VpcSnapshot) -> None:
        self.applied.append((state.vpc_id, time.monotonic()))

    def change(self, state: str) -> float:
        """Change it, and return when the follower has seen the change."""
        changed = time.monotonic()
        self.state = state
        self.follower.notify()
        assert self.taken.acquire(timeout=5)
        return changed


def test_every_change_takes_effect_its_delay_later_and_in_order() -> None:
    vpc = Vpc(delay=0.2)
    first = vpc.change("1")
    second = vpc.change("2")
    assert vpc.applied == []
    assert vpc.follower.settle(5)
    vpc.follower.stop()
    assert [state for state, _when in vpc.applied] == ["1", "2"]
    for changed, (_state, when) in zip((first, second), vpc.applied, strict=True):
        assert when - changed >= 0.2


def test_a_change_that_cannot_be_applied_does_not_end_the_follower() -> None:
    applied = []

    def apply(state: VpcSnapshot) -> None:
        if state.vpc_id == "bad":
            raise OSError("no")
        applied.append(state.vpc_id)

    vpc = Vpc(delay=0.0, apply=apply)
    vpc.change("bad")
    assert vpc.follower.settle(5)
    vpc.change("good")
    assert vpc.follower.settle(5)
    vpc.follower.stop()
    assert applied == ["good"]
    assert [str(failure) for failure in vpc.failures] == ["no"]


def test_the_control_socket_answers_and_says_why_not(tmp_path: Path) -> None:
    def refuse() -> None:
        raise LabError("the lab has no machine 'x'")

    path = tmp_path / "control.sock"
    control.ControlServer(path, {"add": lambda a, b: a + b, "refuse": refuse}).start()
    assert path.stat().st_mode & 0o777 == 0o600
    assert control.tell(path, "add", a=1, b=2) == 3
    with pytest.raises(LabError, match="the lab has no machine 'x'"):
        control.tell(path, "refuse")
    with pytest.raises(LabError, match=r"the lab's daemon does not answer at .*missing.sock"):
        control.tell(tmp_path / "missing.sock", "add")
