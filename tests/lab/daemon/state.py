# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a lab keeps its things, and what it tells the commands about itself."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.daemon.manifest import marked
from lab.world import World

#: Overrides the directory that all labs of this host live in.
ROOT_VARIABLE = "OVERLAY_LAB_DIR"
DEFAULT_ROOT = Path("/run/overlay-lab")
_NEW = 10.0  # seconds


class LabError(RuntimeError):
    """What a person who called the lab has to know or do, in one sentence or a few."""


@dataclass(frozen=True)
class Directory:
    """The places in one lab's state directory. Only root may look inside: it holds keys."""

    path: Path

    @property
    def lab_id(self) -> str:
        """Six hexadecimal digits, unique on this host."""
        return self.path.name

    @property
    def manifest(self) -> Path:
        """Everything made on this host."""
        return self.path / "manifest.json"

    @property
    def description(self) -> Path:
        """The :class:`Lab`, written when everything is up."""
        return self.path / "lab.json"

    @property
    def log(self) -> Path:
        """What the daemon has to say."""
        return self.path / "daemon.log"

    @property
    def inventory(self) -> Path:
        """For ansible-playbook."""
        return self.path / "inventory.yml"

    @property
    def control(self) -> Path:
        """The daemon's socket."""
        return self.path / "control.sock"

    @property
    def key(self) -> Path:
        """The private key that may log in to every machine."""
        return self.path / "ssh" / "key"

    @property
    def known_hosts(self) -> Path:
        """The host keys of this lab's machines."""
        return self.path / "ssh" / "known_hosts"

    @property
    def masters(self) -> Path:
        """Ansible's shared SSH connections."""
        return self.path / "ssh" / "cp"

    @property
    def dhcp(self) -> Path:
        """Logs and leases of the DHCP servers."""
        return self.path / "dhcp"

    @property
    def kept(self) -> Path:
        """There where a person wanted the lab to stay: `lab down` removes such ones, and no running test's."""
        return self.path / "kept"

    @property
    def machines(self) -> Path:
        """A directory for every machine, on a file system of its own in memory: overlays cannot have their upper
        layer below their lower one."""
        return self.path / "machines"


@dataclass(frozen=True)
class Machine:
    """A machine of the lab as the commands see it."""

    name: str
    kind: str
    instance_id: str
    address: str
    netns: str


@dataclass(frozen=True)
class Lab:
    """A running lab: what its daemon has written down for everybody else."""

    lab_id: str
    pid: int
    kind: str
    node_endpoint_url: str
    router: str
    overlay: str
    machines: tuple[Machine, ...]
    world: World

    def machine(self, name: str) -> Machine:
        """One machine. Raises :class:`LabError` for an unknown name."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise LabError(f"the lab has no machine {name!r}; it has {', '.join(m.name for m in self.machines)}")

    def save(self, path: Path) -> None:
        """Write it in one step: readers see all of it or nothing."""
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Lab:
        """Read what :meth:`save` wrote."""
        value = json.loads(path.read_text())
        machines = tuple(Machine(**machine) for machine in value["machines"])
        return cls(**{**value, "machines": machines, "world": World.from_json(json.dumps(value["world"]))})


def root() -> Path:
    """The directory of all labs."""
    return Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT)


def new_directory() -> Directory:
    """Make the state directory of a new lab."""
    path = root() / secrets.token_hex(3)
    path.mkdir(parents=True, mode=0o700)
    return Directory(path)


def directories() -> list[Directory]:
    """The labs of this host, crashed ones included, the oldest first."""
    if not root().is_dir():
        return []
    found = [path for path in root().iterdir() if (path / "manifest.json").exists()]
    return [Directory(path) for path in sorted(found, key=lambda path: path.stat().st_ctime)]


def is_alive(directory: Directory) -> bool:
    """Whether the lab's daemon runs. A process that merely has its old number does not count."""
    return directory.description.exists() and Lab.load(directory.description).pid in marked(directory.lab_id)


def ours_to_remove(directory: Directory) -> bool:
    """Whether a person made the lab to play with, or nothing of it runs any more.

    A directory that is a few seconds old may belong to a lab whose daemon is about to start.
    """
    if directory.kept.exists():
        return True
    return not marked(directory.lab_id) and time.time() - directory.path.stat().st_ctime > _NEW


def choose(lab_id: str | None) -> Directory:
    """The directory of the lab that the user means. Raises :class:`LabError` if there is none, or more than one."""
    found = directories()
    if lab_id:
        for directory in found:
            if directory.lab_id == lab_id:
                return directory
        raise LabError(f"there is no lab {lab_id}; `lab list` shows those that are there")
    if not found:
        raise LabError("no lab is running; `make lab-up` starts one")
    if len(found) > 1:
        names = ", ".join(directory.lab_id for directory in found)
        raise LabError(f"there are several labs ({names}): say which one with --lab")
    return found[0]


def open_lab(lab_id: str | None = None) -> tuple[Directory, Lab]:
    """A running lab. Raises :class:`LabError` as :func:`choose` does, and for a lab whose daemon is gone."""
    directory = choose(lab_id)
    if not is_alive(directory):
        raise LabError(f"the daemon of lab {directory.lab_id} is gone; `lab down` removes what it left behind")
    return directory, Lab.load(directory.description)
