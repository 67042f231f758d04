# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written is tested first, on a copy, by the program that will read it, where that can test: a file that it
refuses is not written, and what was there before stays.

systemd-networkd and wicked have no such test. A tool that is not there, is too old, or fails for a reason of its own
refuses nothing: only what names the copy counts (systemd-analyze(1), ifquery(8), sh(1)). Nor does one that refuses what
was there before, too: somebody else wrote that, and lives with it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..._base import programs
from .tree import Change, PersistError

_UNIT = ("systemd-analyze", "verify", "--man=no", "--recursive-errors=no")  # the last one from systemd 250 on
_SHELL = ("/bin/sh", "-n")
TESTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/etc/systemd/system/aws-overlay-ip-", _UNIT),
    ("/etc/network/interfaces.d/", ("ifquery", "--list", "--all", "--interfaces")),
    ("/etc/NetworkManager/dispatcher.d/", _SHELL),
    ("/etc/sysconfig/network-scripts/ifcfg-", _SHELL),
    ("/etc/dhcp/dhclient.d/", _SHELL),
    ("/etc/sysconfig/network/ifcfg-", _SHELL),
)
"""How the paths begin, and what tests a file whose name follows."""

_SECONDS = 10.0


def test(changes: Iterable[Change]) -> None:
    """Test every text that is to be written.

    Raises:
        PersistError: one is refused; a sentence with what was said of it.
    """
    for change in changes:
        argv = next((argv for begins, argv in TESTS if change.path.startswith(begins)), None)
        if argv and change.after is not None:
            name = Path(change.path).name
            why = _refused(argv, name, change.after)
            if why and not (change.before is not None and _refused(argv, name, change.before)):
                raise PersistError(f"{change.path} was not written, since {argv[0]} refuses it: {why}.")


def _refused(argv: tuple[str, ...], name: str, text: str) -> str:
    """What the tool says against the text; empty where it accepts it, or cannot say."""
    with tempfile.TemporaryDirectory(prefix="aws-overlay-ip-") as directory:
        copy = Path(directory) / name
        try:
            copy.write_text(text, encoding="utf-8")
            done = programs.run([*argv, str(copy)], capture_output=True, text=True, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        told = [line.replace(str(copy), name) for line in (done.stderr + done.stdout).splitlines() if str(copy) in line]
        return "; ".join(told).rstrip(".") if done.returncode != 0 else ""
