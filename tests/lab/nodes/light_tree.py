# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What light nodes have and their host may lack: Debian's packages, unpacked and not installed.

Installing openssh-server would start a server on the host and at each of its boots. Unpacked below a directory of
the cache, it is seen by nobody but the nodes, which have it in their view of /usr.
"""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab.nodes.base import PYTHON, NodeError
from lab.nodes.full_rootfs import cache_directory

_SITE = "usr/lib/python3/dist-packages"
_PACKAGES = {
    "openssh-server": "usr/sbin/sshd",
    "python3-pyroute2": f"{_SITE}/pyroute2",
}


def lacking() -> list[str]:
    """The packages that nodes need and the host does not have."""
    return [package for package, path in _PACKAGES.items() if not Path("/", path).exists()]


def light_tree(cache: Path | None = None, packages: Iterable[str] | None = None) -> Path | None:
    """The directory to lay over /, or None if the host has all that it takes.

    Args:
        cache: where trees are kept; by default where those of the full nodes are.
        packages: what to unpack; by default what the host lacks.

    Raises:
        NodeError: a package could not be fetched; the message has what apt-get said.
    """
    packages = sorted(lacking() if packages is None else packages)
    if not packages:
        return None
    release = platform.freedesktop_os_release()
    cache = cache or cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / "+".join([*packages, release.get("ID", "linux"), release.get("VERSION_ID", "unstable")])
    with tree.with_name(f"{tree.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            _unpack(tree, packages)
    return tree


def _unpack(tree: Path, packages: list[str]) -> None:
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    archives = partial / "archives"
    (archives / "partial").mkdir(parents=True)
    options = ["Debug::NoLocking=1", "APT::Sandbox::User=root", f"Dir::Cache::archives={archives}"]
    # --reinstall: also where dpkg has it and somebody deleted the program. Nothing is installed: --download-only.
    fetch = ["install", "--yes", "--no-install-recommends", "--download-only", "--reinstall", *packages]
    _run(["apt-get", "-qq", *(word for option in options for word in ("-o", option)), *fetch])
    for archive in archives.glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(archive), str(partial)])
    shutil.rmtree(archives)
    if (partial / "lib").is_dir():  # packages from before the merger of / and /usr
        shutil.copytree(partial / "lib", partial / "usr" / "lib", symlinks=True, dirs_exist_ok=True)
    if (partial / _SITE).is_dir():  # an installed package is compiled, too
        _run([PYTHON, "-m", "compileall", "-q", "-s", str(partial), "-p", "/", str(partial / _SITE)])
    partial.rename(tree)


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise NodeError(
            f"light nodes need {', '.join(_PACKAGES)}, and they could not be fetched ({argv[0]} exited "
            f"{done.returncode}): {done.stderr.strip()}\nRun apt-get update and try again, or install them."
        )
