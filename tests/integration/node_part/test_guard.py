# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard on real interfaces: what it puts back and how soon, and that it never undoes what an engine does."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.node_part.test_node_part import interpreter, netns

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.addresses import Addresses
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.iproute import Refused
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.kept import Kept
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.place import RUN
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.guard.keeper import MOST, PAUSE
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.guard.loop import OTHER
from unit.pythons import SUPPORTED

__all__ = ["netns"]

pytestmark = pytest.mark.lab

V4, V6 = "192.168.10.15/32", "2001:db8:10::15/128"
SOON = 0.2
"""Seconds: what the guard promises."""
PATIENCE = 0.5
"""Seconds that a busy machine may take to show it."""
QUIET = 0.4
"""Seconds for which nothing may come back: twice of what it takes."""
MOST_KIB = 10 * 1024  # 6 when it is isolated, as its unit runs it
_GUARD = """
import sys
sys.path.insert(0, sys.argv[1])
from aws_overlay_ip._node.guard.loop import Guard, Replaced
try:
    guard = Guard(run=sys.argv[2], spare=sys.argv[2] + "2", itself=sys.argv[3], receive=int(sys.argv[4]) or None)
    print("ready", flush=True)
    guard.run()
except Replaced:
    sys.exit(3)
"""


class Stage:
    """A node's namespace with a guard in it, and an engine's hand on its addresses."""

    def __init__(self, netns: str, place: Path) -> None:
        self.netns, self.place = netns, place
        self.run = place / "run"
        self.kept = Kept(str(self.run))
        self.itself = place / "itself"
        self.itself.touch()
        self.process: subprocess.Popen[str] | None = None
        for name, text in install.sources(install.shipped).items():
            path = place / "aws_overlay_ip" / f"{name.replace('.', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def start(self, python: str = "/usr/bin/python3", receive: int = 0) -> None:
        command = [
            python,
            "-s",
            "-c",
            _GUARD,
        ]  # Debian 14 is told where it is by its environment
        arguments = [str(self.place), str(self.run), str(self.itself), str(receive)]
        self.process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.netns}", *command, *arguments],
            stdout=subprocess.PIPE,
            stderr=(self.place / "said").open("w"),
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n", self.said

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()

    @property
    def said(self) -> str:
        return (self.place / "said").read_text()

    def ip(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(["ip", "-n", self.netns, *words], capture_output=True, text=True, check=check)
        return done.stdout

    def engine(self) -> Addresses:
        """The program's own side of the addresses."""

        def run(arguments: object, lines: str = "") -> str:
            assert isinstance(arguments, list)
            command = ["ip", "-n", self.netns, *arguments]
            done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Refused(command, done.stderr)
            return done.stdout

        return Addresses(run, self.kept)

    def take(self, *cidrs: str) -> None:
        for cidr in cidrs:
            self.engine().up([cidr], "eth0")

    def up(self, cidr: str = V4) -> bool:
        return bool(self.ip("-oneline", "address", "show", "to", cidr))

    def taken_away(self, cidr: str = V4) -> None:
        self.ip("address", "delete", cidr, "dev", "eth0", check=False)

    def back(self, cidr: str = V4, seconds: float = SOON) -> bool:
        """Whether it is up again in time."""
        return self._until(lambda: self.up(cidr), seconds + PATIENCE) < seconds + PATIENCE

    def stays_down(self, cidr: str = V4) -> bool:
        return self._until(lambda: self.up(cidr), QUIET) >= QUIET

    @staticmethod
    def _until(good: Callable[[], bool], seconds: float) -> float:
        began = time.monotonic()
        while not good():
            if time.monotonic() - began > seconds:
                return time.monotonic() - began
        return time.monotonic() - began


@pytest.fixture
def stage(netns: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(netns, tmp_path)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("python", SUPPORTED)
def test_what_is_taken_away_is_back_as_it_was(python: str, stage: Stage) -> None:
    stage.start(interpreter(python))
    stage.take(V4, V6)
    before = stage.ip("-oneline", "address", "show", "dev", "eth0", "permanent", "scope", "global")
    for _again in range(3):
        for cidr in (V4, V6):
            stage.taken_away(cidr)
            assert stage.back(cidr), stage.said
    after = stage.ip("-oneline", "address", "show", "dev", "eth0", "permanent", "scope", "global")
    assert sorted(after.splitlines()) == sorted(before.splitlines())
    assert stage.said.count("was taken away from eth0 by somebody else: it is up again.") == 6


def test_a_flush_takes_the_nodes_own_address_and_the_guard_does_its_part(stage: Stage) -> None:
    stage.start()
    stage.take(V4, V6)
    stage.ip("address", "flush", "dev", "eth0", check=False)  # it tries ten times, and then says that it gives up
    assert stage.back(V4, PAUSE + SOON)
    assert stage.back(V6, PAUSE + SOON)


def test_a_link_that_goes_down_and_up_has_it_again(stage: Stage) -> None:
    stage.start()
    stage.take(V4, V6)
    stage.ip("link", "set", "eth0", "down")
    stage.ip("link", "set", "eth0", "up")
    assert stage.back(V4), stage.said
    assert stage.back(V6), stage.said


def test_a_link_that_is_made_anew_has_it_when_it_has_an_address_of_its_own(stage: Stage) -> None:
    """NetworkManager leaves a link alone that has an address before it looks at it."""
    stage.start()
    stage.take(V4, V6)
    stage.ip("link", "delete", "eth0")
    stage.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
    stage.ip("link", "set", "eth0", "up")
    assert stage.stays_down()
    stage.ip("address", "add", "10.0.1.10/24", "dev", "eth0")
    assert stage.back(V4), stage.said
    assert stage.back(V6), stage.said


def test_what_an_engine_lets_go_of_stays_down(stage: Stage) -> None:
    stage.start()
    for _again in range(3):
        stage.take(V4)
        stage.engine().down([V4])
        assert stage.stays_down()


@pytest.mark.parametrize("command", ["give-up", "notify BACKUP", "notify STOP"])
def test_what_is_let_go_of_without_a_python_stays_down(command: str, stage: Stage, tmp_path: Path) -> None:
    stage.start()
    stage.take(V4)
    launcher = tmp_path / "launcher"
    launcher.write_text(install.started_by("/nowhere/python", "/nowhere", [V4]).replace(RUN, str(stage.run)))
    launcher.chmod(0o755)
    inside = ["nsenter", f"--net=/run/netns/{stage.netns}", str(launcher), *command.split()]
    subprocess.run(inside, capture_output=True, check=False)
    assert stage.kept.places() == []
    assert stage.stays_down()


def test_what_was_let_go_of_is_not_put_back_when_it_is_taken_away_later(stage: Stage) -> None:
    """A switchover brings the address up by Ansible, before the engine has taken it."""
    stage.start()
    stage.ip("address", "add", V4, "dev", "eth0", "label", "eth0:1")
    stage.taken_away()
    assert stage.stays_down()


def test_what_is_written_down_and_was_not_seen_up_is_not_brought_up(stage: Stage) -> None:
    """The engine was killed, perhaps, and the other node has the overlay IP by now."""
    stage.take(V4)
    stage.taken_away()
    stage.start()
    assert stage.stays_down()
    stage.ip("address", "add", "10.0.1.11/24", "dev", "eth0")
    assert stage.stays_down()


def test_a_takeover_that_is_under_way_or_was_killed_is_left_alone(stage: Stage) -> None:
    stage.start()
    stage.take(V4)
    (stage.run / "taking").touch()
    stage.taken_away()
    assert stage.stays_down()
    (stage.run / "taking").unlink()
    assert stage.back()


def test_a_place_that_the_engine_changes_is_not_fought_for(stage: Stage) -> None:
    stage.start()
    stage.take(V4)
    stage.engine().up([V4], "eth0", "eth0:9")
    stage.engine().up([V4], "nov6")
    time.sleep(SOON)
    assert [line.split()[1] for line in stage.ip("-oneline", "address", "show", "to", V4).splitlines()] == ["nov6"]
    stage.ip("address", "delete", V4, "dev", "nov6")
    assert stage.back()
    assert "nov6:1" in stage.ip("address", "show", "dev", "nov6")


def test_events_that_the_kernel_could_not_deliver_are_made_up_for(stage: Stage) -> None:
    stage.start(receive=2048)
    stage.take(V4)
    assert stage.process
    subprocess.run(["kill", "-STOP", str(stage.process.pid)], check=True)
    lines = "".join(f"address {verb} 10.9.{n}.1/24 dev eth0\n" for n in range(100) for verb in ("add", "delete"))
    subprocess.run(["ip", "-n", stage.netns, "-batch", "-"], input=lines, text=True, check=True)
    stage.taken_away()
    subprocess.run(["kill", "-CONT", str(stage.process.pid)], check=True)
    assert stage.back()


def test_who_takes_it_away_all_the_time_is_told_once_and_meets_a_pause(stage: Stage) -> None:
    stage.start()
    stage.take(V4)
    for _time in range(MOST):
        stage.taken_away()
        assert stage.back()
    stage.taken_away()
    assert not stage.up()
    assert stage.back(seconds=PAUSE + SOON)
    assert stage.said.count("again and again") == 1


def test_a_guard_of_another_version_puts_nothing_back_and_ends(stage: Stage) -> None:
    stage.start()
    stage.take(V4)
    stage.itself.unlink()
    stage.taken_away()
    assert stage.stays_down()
    assert stage.process
    assert stage.process.wait(5) == OTHER


def test_it_never_undoes_what_an_engine_does_while_somebody_else_interferes(stage: Stage) -> None:
    """Somebody deletes the address all the time; whenever the engine has let go of it, it stays down."""
    stage.start()
    done = threading.Event()

    def interfere() -> None:
        while not done.is_set():
            stage.taken_away()

    somebody = threading.Thread(target=interfere)
    somebody.start()
    try:
        for _time in range(40):
            stage.take(V4)
            stage.engine().down([V4])
            for _look in range(3):
                assert not stage.up(), stage.said
    finally:
        done.set()
        somebody.join()


def test_it_costs_a_few_megabytes(stage: Stage) -> None:
    stage.start()
    stage.take(V4)
    stage.taken_away()
    assert stage.back()
    assert stage.process
    rollup = Path(f"/proc/{stage.process.pid}/smaps_rollup").read_text()
    (pss,) = (int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    assert pss < MOST_KIB
