# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook as a user does, in the checkout with the lab's inventory, and return what happened as values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[3]
PROGRAMS = Path(sys.executable).parent
_CALLBACKS = Path(__file__).parent / "callback"

#: Nothing of the caller's AWS or Ansible settings reaches a playbook: it must work by its inventory alone.
_FOREIGN = ("AWS_", "EC2_", "BOTO", "ANSIBLE_")
_SETTINGS = {
    "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
    "ANSIBLE_CALLBACKS_ENABLED": "lab_events",
    "ANSIBLE_SHOW_CUSTOM_STATS": "1",
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class TaskResult:
    """One task on one host; ``status`` is ok, changed, skipped, ignored, failed or unreachable."""

    host: str
    task: str
    action: str
    status: str
    result: dict[str, Any]

    @property
    def message(self) -> str:
        """What the task said."""
        return str(self.result.get("msg", ""))


@dataclass(frozen=True)
class Run:
    """One run of a playbook."""

    returncode: int
    output: str
    seconds: float
    results: tuple[TaskResult, ...]
    stats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the run succeeded."""
        return self.returncode == 0

    @property
    def changed(self) -> dict[str, int]:
        """The number of changed tasks per host."""
        return {host: stat["changed"] for host, stat in self.stats.items()}

    @property
    def changed_tasks(self) -> list[TaskResult]:
        """The tasks that changed something, or in check mode would."""
        return [result for result in self.results if result.status == "changed"]

    @property
    def failures(self) -> list[TaskResult]:
        """The tasks that ended the run for their host."""
        return [result for result in self.results if result.status in ("failed", "unreachable")]

    @property
    def told(self) -> str:
        """What the failed tasks said, and the failed items of their loops, a line each."""
        # ansible-core 2.21 shows a callback the exception of a failed item, earlier ones that it failed.
        items = [i for f in self.failures for i in f.result.get("results", []) if i.get("failed") or "exception" in i]
        return "\n".join([*(f.message for f in self.failures), *(str(i.get("msg", "")) for i in items)])

    @property
    def overlay_ip_result(self) -> Any:
        """The stat that every playbook of the collection sets; None in check mode."""
        return self.custom.get("_run", {}).get("overlay_ip_result")

    def of(self, action: str) -> list[TaskResult]:
        """The results of one module or action, by its last name: ``overlay_route``."""
        return [result for result in self.results if result.action.rpartition(".")[2] == action]


def run_playbook(
    playbook: str,
    inventory: Path,
    *,
    extra_vars: Mapping[str, Any] | None = None,
    check: bool = False,
    environment: Mapping[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    cwd: Path = CHECKOUT,
    programs: Path = PROGRAMS,
    timeout: float = 300.0,
) -> Run:
    """Run one playbook to its end, whatever that is.

    Args:
        playbook: a path in the checkout, or a name with its collection.
        inventory: the lab's.
        extra_vars: given with ``-e``, as JSON.
        check: in check mode, with differences.
        environment: added to an environment that has no AWS or Ansible settings.
        arguments: further arguments of ansible-playbook.
        cwd: where to run it.
        programs: where ansible-playbook is.
        timeout: seconds.
    """
    with tempfile.TemporaryDirectory(prefix="overlay-lab-") as scratch:
        events = Path(scratch, "events.json")
        events.touch()
        plain = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
        argv = [str(programs / "ansible-playbook"), "-i", str(inventory), playbook, *arguments]
        argv += ["-e", json.dumps(dict(extra_vars))] if extra_vars else []
        argv += ["--check", "--diff"] if check else []
        started = time.monotonic()
        done = subprocess.run(
            argv,
            cwd=cwd,
            env={**plain, **_SETTINGS, "LAB_EVENTS": str(events), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        seconds = time.monotonic() - started
        values = [json.loads(line) for line in events.read_text().splitlines()]
    end: dict[str, Any] = next((value for value in values if "stats" in value), {})
    return Run(
        returncode=done.returncode,
        output=done.stdout,
        seconds=seconds,
        results=tuple(TaskResult(**value) for value in values if "task" in value),
        stats=end.get("stats", {}),
        custom=end.get("custom", {}),
    )
