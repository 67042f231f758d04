# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Light nodes: machines made of namespaces, up in a fifth of a second, with the host's programs and their own sshd."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.fabric import netns
from lab.nodes import light_init
from lab.nodes.base import Attachment, Nic, NodeError, NodeSpec, Recorder
from lab.nodes.light_tree import light_tree

BOOT_SECONDS = 20.0
POWER_OFF_SECONDS = 5.0
_NAMESPACES = ("--mount", "--uts", "--ipc", "--pid")

_SSHD_CONFIG = """\
HostKey {keys}/host_key
AuthorizedKeysFile {keys}/authorized_keys
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
StrictModes no
PrintMotd no
Subsystem sftp internal-sftp
"""


class LightNode:
    """See :class:`lab.nodes.base.Node`."""

    def __init__(self, spec: NodeSpec, attachment: Attachment, recorder: Recorder) -> None:
        self.spec = spec
        self.attachment = attachment
        self._init: subprocess.Popen[bytes] | None = None
        self._keys = spec.directory / "ssh"
        self._machine_id = uuid.uuid4().hex
        self._tree = light_tree()
        self._make_keys()

    @property
    def running(self) -> bool:
        """Whether PID 1 of the node lives."""
        return self._init is not None and self._init.poll() is None

    def boot(self) -> None:
        """Plug in, build the node's view of the file system, start sshd, wait for its port."""
        if self.running:
            return
        nics = self.attachment.plug()
        description = self.spec.directory / "boot.json"
        description.write_text(json.dumps(self._description(nics)))
        unshare = ["unshare", *_NAMESPACES, "--fork", "--kill-child=KILL", "--propagation", "private"]
        init = [sys.executable, "-I", "-S", light_init.__file__, str(description)]
        with self._log.open("ab") as log:
            self._init = subprocess.Popen(
                netns.entered(self.attachment.netns, [*unshare, *init]),
                env={**_plain_environment(), **self.spec.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_for_ssh()

    def power_off(self) -> None:
        """SIGTERM to PID 1, which ends everything; then pull the plug."""
        if self.running:
            os.kill(self._pid_one(), signal.SIGTERM)
            self._wait_for_end(POWER_OFF_SECONDS)
        self.attachment.unplug()

    def crash(self) -> None:
        """Cut the wire first: a namespace outlives its processes, and its kernel would go on answering."""
        self.attachment.cut()
        if self.running:
            os.kill(self._pid_one(), signal.SIGKILL)
            self._wait_for_end(POWER_OFF_SECONDS)
        self.attachment.unplug()

    def reboot(self) -> None:
        """Power off and boot again."""
        self.power_off()
        self.boot()

    def exec(
        self, argv: Sequence[str], *, timeout: float = 30.0, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the node, with the rights that a login there has."""
        if not self.running:
            raise NodeError(f"{self.spec.name} is not running: boot it first")
        enter = ["nsenter", f"--target={self._pid_one()}", "--net", *_NAMESPACES, "--wd=/", "--"]
        return subprocess.run(
            [*enter, *light_init.confined(list(argv))],
            input=stdin,
            env={**_plain_environment(), **self.spec.environment(), **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def destroy(self) -> None:
        """Crash it and throw the disk away."""
        self.crash()
        shutil.rmtree(self.spec.directory, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self.spec.directory / "console.log"

    def _description(self, nics: Sequence[Nic]) -> dict[str, object]:
        """What ``light_init`` reads."""
        visible = {sys.prefix, sys.base_prefix, str(Path(__file__).parents[3]), str(self._keys)}
        visible -= {f"/{name}" for name in light_init.OVERLAID}  # the host's files are in there
        return {
            "name": self.spec.name,
            "disk": str(self.spec.directory / "disk"),
            "tree": str(self._tree) if self._tree else None,
            "sshd_config": str(self._keys / "sshd_config"),
            "machine_id": self._machine_id,
            "visible": sorted(visible),
            "links": [
                {"device": n.device, "addresses": n.addresses, "gateway4": n.gateway4, "gateway6": n.gateway6}
                for n in nics
            ],
        }

    def _make_keys(self) -> None:
        self._keys.mkdir(parents=True, mode=0o700, exist_ok=True)
        key = self._keys / "host_key"
        if not key.exists():
            netns.command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.spec.name, "-f", str(key)])
        (self._keys / "authorized_keys").write_text(self.spec.authorized_key.strip() + "\n")
        (self._keys / "sshd_config").write_text(_SSHD_CONFIG.format(keys=self._keys))

    def _pid_one(self) -> int:
        """The node's PID 1 as the host numbers it: the only child of ``unshare``."""
        assert self._init is not None
        children = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children").read_text().split()
        if not children:
            raise NodeError(f"{self.spec.name}: its first process is gone; see {self._log}")
        return int(children[0])

    def _wait_for_ssh(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while self.running and time.monotonic() < deadline:
            if netns.answers(self.attachment.netns, "127.0.0.1", 22):
                return
            time.sleep(0.02)
        last_words = self._log.read_text().strip().splitlines()[-3:]
        raise NodeError(f"{self.spec.name} did not come up; its last words were: {' / '.join(last_words)}")

    def _wait_for_end(self, timeout: float) -> None:
        assert self._init is not None
        try:
            self._init.wait(timeout)
        except subprocess.TimeoutExpired:
            os.kill(self._pid_one(), signal.SIGKILL)
            self._init.wait()


def _plain_environment() -> dict[str, str]:
    """What a login on the node begins with: nothing of the caller's, least of all its AWS settings."""
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
