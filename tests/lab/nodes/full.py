# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full nodes: Debian with systemd as PID 1 in systemd-nspawn, that reboots, loses power and freezes like a machine.

A node is an overlay over a shared tree (full_rootfs), a control group of its own (full_cgroup), a network stack
(full_stacks) and the fabric's attachment, plugged anew at every boot. Nothing is registered with the host's systemd
or machined, and everything that a node ever runs is in its control group.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from lab.fabric.netns import answers

from .base import Attachment, NodeError, NodeFactory, NodeSpec, Recorder
from .full_cgroup import ControlGroup
from .full_rootfs import rootfs
from .full_stacks import STACKS, File, identity, unit_links

BOOT_SECONDS = 180.0
#: How long a shutdown may take before the power goes; EC2 gives some minutes, and no number.
SHUTDOWN_SECONDS = 20.0
POWER_OFF_SECONDS = 60.0
_SSH_PORT = 22
_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
# systemd-nspawn's exit code for "the machine asked for a reboot", when it does not own its unit (--keep-unit).
_EXIT_REBOOT = 133
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "SYSTEMD_COLORS": "0",
}
_NSPAWN_SWITCHES = {
    # "network" makes /proc/sys/net writable; more than that would bring udev up in the container.
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    # Also on a hybrid host: systemd 258 and newer boot on nothing else.
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
}
# systemd-nspawn makes a directory and a lock for every machine here, and leaves them behind.
_NSPAWN = Path("/run/systemd/nspawn")
# Joins the control groups given before "--", then becomes the command after it.
_JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"'


def full_nodes(variant: str = "bookworm", stack: str = "ifupdown") -> NodeFactory:
    """What makes full nodes of one kind; the tree underneath is built here, where it is missing."""
    return partial(FullNode, tree=rootfs(variant), stack=stack)


def full_nodes_of(kind: str = "") -> NodeFactory:
    """The same by one word: a stack on Debian 12, ``trixie-STACK`` on Debian 13, ``forky-STACK`` on Debian 14, or
    ``ha``: with failover engines, ``ha-STACK``: the same on another stack than ifupdown, or ``plain``: with neither SDK
    nor pyroute2."""
    if kind in ("ha", "plain"):
        return full_nodes("bookworm" if kind == "ha" else "bookworm-plain")
    suite, _dash, stack = kind.removeprefix("ha-").rpartition("-")
    if stack and (suite not in ("", "trixie", "forky") or stack not in STACKS):
        names = ", ".join(STACKS)
        raise NodeError(
            f"no full nodes are called {kind!r}: use ha, plain, {names}, or ha-, trixie- or forky- before one"
        )
    return full_nodes(suite or "bookworm", stack or "ifupdown")


class FullNode:
    """One machine, a `lab.nodes.base.Node`; made powered off.

    Args:
        spec: who it is.
        attachment: its wires; plugged before every boot, reboots from inside included.
        recorder: told of everything that the node leaves on the host before it is made.
        tree: root file system underneath, from `full_rootfs.rootfs`.
        stack: who configures its interfaces, a key of `full_stacks.STACKS`.
    """

    def __init__(
        self,
        spec: NodeSpec,
        attachment: Attachment,
        recorder: Recorder,
        *,
        tree: Path,
        stack: str,
    ) -> None:
        self.spec = spec
        self.attachment = attachment
        self._root = spec.directory / "root"
        self._console = spec.directory / "console.log"
        self._group = ControlGroup(spec.unit)
        self._uuid = uuid.uuid4().hex
        self._leader = 0
        self._boots = 0
        self._frozen = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()
        self._supervisor: threading.Thread | None = None
        self._make_disk(tree, recorder)
        self._furnish(STACKS[stack].files(tuple(nic.device for nic in attachment.nics)))
        self._furnish(unit_links(STACKS[stack]))
        self._furnish(identity(spec.name, spec.authorized_key))

    @property
    def running(self) -> bool:
        """Whether the node has power."""
        return self._supervisor is not None and self._supervisor.is_alive()

    @property
    def boots(self) -> int:
        """How often the node has booted, reboots from inside included."""
        return self._boots

    # -- power ---------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Switch on, and return when systemd has started everything and the node answers on its SSH port."""
        if not self.running:
            before, self._failure = self._boots, None
            self._supervisor = threading.Thread(target=self._supervise, name=self.spec.unit, daemon=True)
            self._supervisor.start()
            self._await_boot(before)
        self.await_ready()

    def power_off(self) -> None:
        """Shut down in order, as StopInstances does, then unplug. A machine that hangs is cut off, as it is there."""
        if self._supervisor is not None and self.running and not self._frozen:
            os.kill(self._leader, signal.SIGRTMIN + 4)  # systemd's signal for poweroff.target
            self._supervisor.join(SHUTDOWN_SECONDS)
        if self.running:
            self.crash()

    def crash(self) -> None:
        """Lose power: the wire is cut first, since a killed node's kernel would go on answering pings."""
        self.attachment.cut()
        self._group.kill()
        self._join_supervisor()
        self._group.renew()

    def freeze(self, frozen: bool = True) -> None:
        """Stop all processes where they stand (a hung kernel, a stalled hypervisor), or let them go on."""
        self._frozen = frozen
        self._group.freeze(frozen)

    def reboot(self) -> None:
        """Reboot in order from inside, and return when the node answers again."""
        before = self._boots
        self.exec(["systemctl", "reboot"])
        self._await_boot(before)
        self.await_ready()

    def await_ready(self, timeout: float = BOOT_SECONDS) -> None:
        """Wait until systemd has finished starting and the primary address takes SSH connections."""
        deadline = time.monotonic() + timeout
        address = self.attachment.nics[0].primary
        state = ""
        while time.monotonic() < deadline:
            state = self.exec(["systemctl", "is-system-running"]).stdout.strip()
            if state in ("running", "degraded") and answers(self.attachment.netns, address, _SSH_PORT):
                return
            time.sleep(0.05)
        raise NodeError(f"{self.spec.name} is not ready {timeout:.0f} s after its boot: {state!r}\n{self._tail()}")

    def destroy(self) -> None:
        """Kill whatever runs and remove the disk."""
        if self.running:
            self.crash()
        self._group.remove()
        if os.path.ismount(self._root):
            subprocess.run(["umount", str(self._root)], check=True)
        directory, lock = self._leftovers
        lock.unlink(missing_ok=True)
        for path in (directory, self.spec.directory):
            shutil.rmtree(path, ignore_errors=True)

    # -- inside --------------------------------------------------------------------------------------------------

    def exec(
        self, argv: Sequence[str], *, timeout: float = 30.0, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the node as root and return its output; it is not frozen with the node."""
        leader = self._leader
        if not leader:
            raise NodeError(f"{self.spec.name} is off, and cannot run {argv[0]}")
        enter = ["nsenter", f"--target={leader}", *_NAMESPACES, "--root", "--wd", "--"]
        environment = {**_ENVIRONMENT, **self.spec.environment(), **(env or {})}
        return subprocess.run(
            [*enter, *argv],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file on the node's disk, whether it is on or off."""
        self._furnish({path: File(text, mode)})

    # -- disk ----------------------------------------------------------------------------------------------------

    def _make_disk(self, tree: Path, recorder: Recorder) -> None:
        recorder.record("mount", str(self._root))
        for group in self._group.directories:
            recorder.record("cgroup", str(group))
        recorder.record("path", str(self.spec.directory))
        upper, work = self.spec.directory / "upper", self.spec.directory / "work"
        for directory in (upper, work, self._root):
            directory.mkdir(parents=True)
        options = f"lowerdir={tree},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", self.spec.unit, "-o", options, str(self._root)], check=True)
        self._group.create()
        root = self._root.stat()
        self._leftovers = (
            _NSPAWN / "propagate" / self.spec.unit,
            _NSPAWN / "locks" / f"inode-{root.st_dev}:{root.st_ino}",
        )
        for path in self._leftovers:
            recorder.record("path", str(path))

    def _furnish(self, contents: Mapping[str, File | str]) -> None:
        """Write files, and links given as their target, by absolute path below the node's root."""
        for path, content in contents.items():
            place = self._root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            if isinstance(content, File):
                place.touch(mode=0o600)
                place.write_text(content.text)
                place.chmod(content.mode)
            else:
                place.symlink_to(content)

    # -- supervision ---------------------------------------------------------------------------------------------

    def _supervise(self) -> None:
        """Boot, boot again for as long as the machine itself asks for it, and unplug at the end."""
        try:
            while self._run_once() == _EXIT_REBOOT:
                pass
            self.attachment.unplug()
        except Exception as exc:  # a thread has nobody to tell: whoever waits for the boot raises it
            self._failure = exc
        with self._changed:
            self._leader = 0
            self._changed.notify_all()

    def _run_once(self) -> int:
        """Run the machine from plugging in to power off; returns systemd-nspawn's exit code."""
        self.attachment.plug()
        self.freeze(False)  # the group outlives the machine
        notify = self.spec.directory / "notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, self._console.open("ab") as console:
            told.bind(str(notify))
            process = subprocess.Popen(
                self._command(),
                env={**_ENVIRONMENT, **self.spec.environment(), "NOTIFY_SOCKET": str(notify), **_NSPAWN_SWITCHES},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
            for message in _messages(told, process):
                self._note_leader(message)
            return process.wait()

    def _note_leader(self, message: str) -> None:
        """systemd-nspawn announces the host's number of the machine's PID 1."""
        for line in message.splitlines():
            key, _equals, value = line.partition("=")
            if key == "X_NSPAWN_LEADER_PID" and int(value) != self._leader:
                with self._changed:
                    self._leader, self._boots = int(value), self._boots + 1
                    self._changed.notify_all()

    def _command(self) -> list[str]:
        return [
            *["sh", "-c", _JOIN, "sh", *map(str, self._group.directories), "--"],
            "systemd-nspawn",
            "--quiet",
            "--register=no",
            "--keep-unit",
            f"--directory={self._root}",
            f"--machine={self.spec.unit}",
            f"--hostname={self.spec.name}",
            f"--uuid={self._uuid}",
            f"--network-namespace-path=/run/netns/{self.attachment.netns}",
            # A namespace given by path does not bring the right to configure it along.
            "--capability=CAP_NET_ADMIN,CAP_IPC_LOCK",
            *(f"--setenv={key}={value}" for key, value in self.spec.environment().items()),
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--console=read-only",
            "--boot",
        ]

    def _await_boot(self, before: int) -> None:
        """Wait until the machine has booted more than `before` times."""
        with self._changed:
            self._changed.wait_for(lambda: self._boots > before or not self.running, BOOT_SECONDS)
        if self._boots == before:
            reason = f"{self._failure}" if self._failure else f"nothing started within {BOOT_SECONDS:.0f} s"
            raise NodeError(f"{self.spec.name} did not boot: {reason}\n{self._tail()}") from self._failure

    def _join_supervisor(self) -> None:
        if self._supervisor is not None:
            self._supervisor.join(POWER_OFF_SECONDS)
        if self.running:
            raise NodeError(f"{self.spec.name} is still on after {POWER_OFF_SECONDS:.0f} s\n{self._tail()}")

    def _tail(self) -> str:
        text = self._console.read_text(errors="replace") if self._console.exists() else ""
        return "\n".join(text.splitlines()[-20:])


def _messages(told: socket.socket, process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What a process sends to its notification socket, until it ends. Its machine stands still if nobody reads them."""
    ended = os.pidfd_open(process.pid)
    try:
        while True:
            ready, _writable, _exceptional = select.select([told.fileno(), ended], [], [])
            if told.fileno() in ready:
                yield told.recv(4096).decode()
            else:
                return
    finally:
        os.close(ended)
