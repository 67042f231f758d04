# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of pyroute2 only what sets addresses is imported; one that does not come in parts is imported whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NETLINK = "ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.netlink"
_PRINT = f"""
import sys
sys.path[:0] = {{paths!r}}
import {NETLINK} as netlink
print(netlink.VERSION, netlink.MISSING or "is there", "pyroute2.ndb" in sys.modules, netlink.NetlinkError.__module__)
"""


def imported(*before: Path) -> list[str]:
    """What a new Python has of it: version, whether it can be used, whether it is whole, whose error is caught."""
    paths = [*map(str, before), *sys.path]
    argv = [sys.executable, "-c", _PRINT.format(paths=paths)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split("\n")[0].rsplit(" ", 2)


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_only_a_part_of_it() -> None:
    pytest.importorskip("pyroute2")
    version, whole, error = imported()
    assert version.endswith(" is there")
    assert (whole, error) == ("False", "pyroute2.netlink.exceptions")


def test_one_that_does_not_come_in_parts(tmp_path: Path) -> None:
    """As those before 0.7, which were spread over several distributions."""
    fake = {
        "pyroute2/__init__.py": "__version__ = '0.6.1'\nimport pyroute2.ndb\nclass IPRoute: pass\n",
        "pyroute2/ndb.py": "",
        "pyroute2/netlink/__init__.py": "",
        "pyroute2/netlink/exceptions.py": "class NetlinkError(Exception): pass\n",
    }
    assert imported(put(tmp_path, fake)) == ["0.6.1 is there", "True", "pyroute2.netlink.exceptions"]


def test_one_that_breaks_while_it_is_imported(tmp_path: Path) -> None:
    fake = {"pyroute2/__init__.py": "", "pyroute2/iproute.py": "raise AttributeError('not on this Python')"}
    said, whole, error = imported(put(tmp_path, fake))
    assert said.startswith("None ModuleNotFoundError: No module named 'pyroute2.netlink'")
    assert (whole, error) == ("False", "builtins")
