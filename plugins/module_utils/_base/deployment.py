# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment: what one inventory sets up, under a name. Two of them on the same nodes share no file, unit or policy.

The usual name adds nothing to any of ours, so that what an earlier version has set up keeps its place.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

USUAL = "overlay-ip"
PATTERN = r"overlay-ip|(?!.*overlay-ip)[a-z][a-z0-9-]{0,22}[a-z0-9]"
"""No other one has the usual name in its own: the names that are made of both could be taken for each other."""
SHAPE = "2 to 24 small letters, digits and dashes, beginning with a letter, and without 'overlay-ip' in it"
PROGRAM = "aws-overlay-ip"
_RESOURCE = re.compile(rf"(?:([a-z0-9-]+)-)?{USUAL}-")
_PROGRAM_FILE = re.compile(rf"/{PROGRAM}(?:-({PATTERN}))?/config\.json$")


@dataclass(frozen=True)
class Deployment:
    """One by its name."""

    name: str = USUAL

    def __post_init__(self) -> None:
        if not re.fullmatch(PATTERN, self.name):
            raise ValueError(f"'{self.name}' is no name of a deployment: write {SHAPE}.")

    @property
    def usual(self) -> bool:
        """Whether nobody has given it a name."""
        return self.name == USUAL

    def called(self, thing: str) -> str:
        """The name of a thing of which each deployment has one of its own."""
        return thing if self.usual else f"{thing}-{self.name}"

    @property
    def program(self) -> str:
        """The program on the nodes."""
        return self.called(PROGRAM)

    @property
    def launcher(self) -> str:
        """Its path."""
        return f"/usr/sbin/{self.program}"

    @property
    def home(self) -> str:
        """Where its code is."""
        return f"/usr/lib/{self.program}"

    @property
    def config(self) -> str:
        """Its configuration file."""
        return f"/etc/{self.program}/config.json"

    @property
    def resources(self) -> str:
        """How the names of its resources in a cluster begin; :func:`.net.slug` of the address follows."""
        return f"{USUAL}-" if self.usual else f"{self.name}-{USUAL}-"

    @property
    def state(self) -> str:
        """Where it keeps what outlives a reboot: the record of its moves."""
        return f"/var/lib/{self.program}"

    @property
    def memory(self) -> tuple[str, str]:
        """Where it remembers things until a reboot, and where it does that if it must."""
        return f"/run/{self.program}", f"/dev/shm/{self.program}"

    def metrics_unit(self, kind: str) -> str:
        """The file of a unit by which metrics are written: a ``service`` or its ``timer``."""
        return f"/etc/systemd/system/{self.program}-metrics.{kind}"


CONFIGS = f"/etc/{PROGRAM}*/config.json"
"""A pattern for the configuration files of all deployments of a node."""


def of_config(path: str) -> Deployment | None:
    """The deployment whose configuration file this is."""
    found = _PROGRAM_FILE.search(path)
    return Deployment(found[1] or USUAL) if found else None


def of_launcher(path: str) -> Deployment | None:
    """The deployment whose program this is."""
    found = re.fullmatch(rf".*/{PROGRAM}(?:-({PATTERN}))?", path)
    return Deployment(found[1] or USUAL) if found else None


def of_resource(name: str) -> Deployment | None:
    """The deployment whose setup calls a resource so."""
    found = _RESOURCE.match(name)
    try:
        return Deployment(found[1] or USUAL) if found else None
    except ValueError:
        return None
