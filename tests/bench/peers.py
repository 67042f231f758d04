# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peers, each in the version named here, in a cache of their own: the collection's environment stays as it is."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from lab.playbook.run import CHECKOUT

CACHE = CHECKOUT / ".cache" / "bench"
ANSIBLE = "12.3.0"  # the package that brings amazon.aws; its ansible-core is not used
AWSCLI = "1.46.3"
AGENT_PACKAGE = "resource-agents"

_AMAZON = "ansible_collections/amazon/aws/"


@dataclass(frozen=True)
class Peers:
    """Where the peers are, and their versions by name."""

    collections: Path
    aws: Path
    ocf_root: Path
    versions: dict[str, str]

    @property
    def agent(self) -> Path:
        """The resource agent of Pacemaker."""
        return self.ocf_root / "resource.d" / "heartbeat" / "aws-vpc-move-ip"


def fetch() -> Peers:
    """Download what is missing; returns where everything is."""
    CACHE.mkdir(parents=True, exist_ok=True)
    collections, cli, agent = CACHE / "collections", CACHE / "awscli", CACHE / "agent"
    if not (collections / _AMAZON).is_dir():
        _fetch_amazon(collections)
    if not (cli / "bin" / "aws").exists():
        _command(sys.executable, "-m", "venv", "--clear", str(cli))
        _command(str(cli / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", f"awscli=={AWSCLI}")
    if not (agent / "usr").is_dir():
        _command("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", AGENT_PACKAGE)
        _command("dpkg", "-x", str(_deb()), str(agent))
    manifest = json.loads((collections / _AMAZON / "MANIFEST.json").read_text())
    versions = {
        "amazon.aws": manifest["collection_info"]["version"],
        "awscli": AWSCLI,
        AGENT_PACKAGE: _deb().name.split("_")[1].replace("%3a", ":"),
    }
    return Peers(collections, cli / "bin" / "aws", agent / "usr" / "lib" / "ocf", versions)


def _fetch_amazon(collections: Path) -> None:
    wheels = CACHE / "wheels"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    _command(*pip, "--dest", str(wheels), f"ansible=={ANSIBLE}")
    (wheel,) = wheels.glob(f"ansible-{ANSIBLE}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(collections, [name for name in archive.namelist() if name.startswith(_AMAZON)])
    wheel.unlink()


def _deb() -> Path:
    return next(CACHE.glob(f"{AGENT_PACKAGE}_*.deb"))


def _command(*argv: str) -> None:
    subprocess.run(argv, cwd=CACHE, check=True, stdin=subprocess.DEVNULL)
