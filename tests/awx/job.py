# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook as an AWX job does: `ansible-runner transmit | worker | process`, over AWX's directory layout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from awx.checkout import clone, environment, run

TIMEOUT = 240  # seconds for one job


class _Unsafe(str):
    """A string that AWX hands on as it was typed: never a template."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", text, style="'"))


@dataclass(frozen=True)
class Job:
    """A job that has ended. ``status`` is successful, failed or canceled."""

    folder: Path
    status: str
    stdout: str

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """What the job's page in AWX shows, in order."""
        files = sorted((self.folder / "job_events").glob("*.json"), key=lambda path: int(path.name.partition("-")[0]))
        return [json.loads(path.read_text(encoding="utf-8")) for path in files]

    @property
    def artifacts(self) -> dict[str, Any]:
        """What set_stats left: AWX shows it as the job's artifacts and hands it to a workflow's next step."""
        stats = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats[-1].get("artifact_data") or {}) if stats else {}

    @property
    def text(self) -> str:
        """The output in one line, however Ansible wrapped it."""
        return " ".join(self.stdout.split())


class Awx:
    """A project and an inventory in AWX, ready for jobs."""

    def __init__(self, folder: Path, inventory: Path, *, requirements: bool, resolvable: bool = True) -> None:
        """Check the project out.

        Args:
            folder: where to keep everything.
            inventory: an inventory file; jobs get what AWX would have imported from it.
            requirements: whether this is a git project, for which AWX installs collections/requirements.yml.
            resolvable: False takes away the link that lets the project find its own collection.
        """
        self.folder = folder
        self.project = clone(folder / "project")
        self.requirements = requirements
        self._collections = folder / "requirements_collections"
        self._jobs = 0
        if not resolvable:
            (self.project / "collections/ansible_collections/aws_ha/overlay_ip").unlink()
        if requirements:
            env = environment(folder, ANSIBLE_COLLECTIONS_PATH=str(self._collections))
            argv = ["ansible-galaxy", "collection", "install", "-r", "collections/requirements.yml"]
            done = run([*argv, "-p", str(self._collections)], self.project, env)
            assert done.returncode == 0, done.stdout
        listed = run(["ansible-inventory", "-i", str(inventory), "--list"], folder, environment(folder))
        assert listed.returncode == 0, listed.stdout
        self.inventory = listed.stdout[listed.stdout.index("{") :]

    def launch(
        self,
        playbook: str,
        extra_vars: Mapping[str, Any] | None = None,
        *,
        job_type: str = "run",
        user: str = "oncall",
        cancel_when: Callable[[], bool] | None = None,
    ) -> Job:
        """Run one job; ``extra_vars`` are a survey's answers.

        ``cancel_when`` is asked again and again; once it says True the job is killed, as AWX does on a press of Cancel
        and at a template's timeout.
        """
        self._jobs += 1
        folder = self.folder / f"job{self._jobs}"
        ident = str(self._jobs)
        worker = self.folder / f"worker{ident}"  # where AWX has /runner
        self._private_data(folder, worker, extra_vars or {}, job_type, user)
        env = environment(self.folder)
        stream = _runner(["transmit", str(folder), "-p", playbook, "--ident", ident], b"", env)
        stream = _runner(["worker", "--private-data-dir", str(worker)], stream, env, cancel_when)
        _runner(["process", str(folder), "--ident", ident], stream, env)
        artifacts = folder / "artifacts" / ident
        stdout = (artifacts / "stdout").read_text(encoding="utf-8")
        return Job(artifacts, (artifacts / "status").read_text(encoding="utf-8").strip(), stdout)

    def _private_data(
        self, folder: Path, worker: Path, extra_vars: Mapping[str, Any], job_type: str, user: str
    ) -> None:
        for name in ("env", "inventory"):
            (folder / name).mkdir(parents=True)
        shutil.copytree(self.project, folder / "project", symlinks=True)
        if self.requirements:
            shutil.copytree(self._collections, folder / self._collections.name)
        hosts = folder / "inventory" / "hosts"
        hosts.write_text(f"#!/bin/sh\ncat <<'INVENTORY'\n{self.inventory}\nINVENTORY\n", encoding="utf-8")
        hosts.chmod(0o700)
        mark = {"job_id": self._jobs, "job_launch_type": "manual", "user_id": 7, "user_name": user}
        marks = {f"{prefix}_{key}": value for prefix in ("awx", "tower") for key, value in mark.items()}
        given = {name: _unsafe(value) for name, value in {**marks, **extra_vars}.items()}
        (folder / "env/extravars").write_text(yaml.dump(given, Dumper=_Dumper), encoding="utf-8")
        (folder / "env/cmdline").write_text("--check --diff" if job_type == "check" else "", encoding="utf-8")
        (folder / "env/settings").write_text(yaml.safe_dump({"job_timeout": 0, "idle_timeout": 0}))
        paths = [str(worker / self._collections.name), "collections", str(self.folder / ".ansible/collections")]
        (folder / "env/envvars").write_text(
            yaml.safe_dump(
                {
                    "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
                    "ANSIBLE_HOST_KEY_CHECKING": "False",
                    "ANSIBLE_RETRY_FILES_ENABLED": "False",
                    "ANSIBLE_NOCOLOR": "True",
                    "JOB_ID": str(self._jobs),
                }
            ),
            encoding="utf-8",
        )


def _runner(
    argv: list[str], stream: bytes, env: dict[str, str], cancel_when: Callable[[], bool] | None = None
) -> bytes:
    """Run one stage of ansible-runner: a stream in, a stream out."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stream)
        given.seek(0)
        stage = subprocess.Popen(["ansible-runner", *argv], stdin=given, stdout=said, env=env)
        deadline = time.monotonic() + TIMEOUT
        while stage.poll() is None:
            if time.monotonic() > deadline or (cancel_when and cancel_when()):
                stage.terminate()
                stage.wait(timeout=TIMEOUT)
            time.sleep(0.05)
        said.seek(0)
        return said.read()


def _unsafe(value: Any) -> Any:
    return _Unsafe(value) if isinstance(value, str) else value
