# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems for full nodes: Debian trees made once by mmdebstrap and shared, read-only, by every node.

A tree is named by its variant and by a digest of its recipe, so that a changed package list makes a new tree and an
old one is never taken for it. It appears under its name only when it is complete.

``python -m lab.nodes.full_rootfs VARIANT ...`` builds trees before they are asked for; the standard library suffices.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE_VARIABLE = "OVERLAY_LAB_CACHE"
DEFAULT_CACHE = Path("/var/cache/overlay-lab")
BUILD_SECONDS = 900

_BASE = (
    "systemd systemd-sysv libpam-systemd dbus udev kmod iproute2 iputils-ping procps sudo openssh-server "
    "python3 python3-pyroute2 ifupdown"
)
_STACKS = "network-manager netplan.io"
_ENGINES = (
    "pacemaker pacemaker-cli-utils corosync resource-agents fence-agents keepalived libxml2-utils "
    "awscli python3-boto3 python3-apt curl ca-certificates nftables"
)
_SDK = "python3-boto3 awscli fence-agents"  # the last two need the first
_ENGINE_UNITS = ("corosync", "pacemaker", "keepalived")
_EXPORTER = "prometheus-node-exporter"

# What was published for the security of a release whose support has ended may be on no mirror any more.
_WITHOUT_SECURITY = ('--setup-hook=sed -i /security/d "$1"/etc/apt/sources.list',)
# The lists of a release in the making are good for a week only, and a mirror may be behind.
_IN_THE_MAKING = ('--aptopt=Acquire::Check-Valid-Until "false"',)


# MEMORY PARTIAL COMMAND...: the command makes MEMORY/tree.
_IN_MEMORY = """
memory=$1 partial=$2; shift 2
mount -t tmpfs -o mode=755 tmpfs "$memory"
"$@"
cp --archive "$memory/tree" "$partial"
"""


class RootfsError(RuntimeError):
    """A tree could not be built; the message ends with what mmdebstrap said last."""


@dataclass(frozen=True)
class Variant:
    """One kind of tree: a Debian suite and the packages on top of what every node has.

    `disabled` are services that Debian enables as soon as they are installed: here whoever wants one starts it.
    `base` is what every node has; a tree that no node boots from may do with less, and be no more than extracted.
    `options` are mmdebstrap's.
    """

    name: str
    suite: str
    added: str
    disabled: tuple[str, ...] = ()
    base: str = _BASE
    options: tuple[str, ...] = ()
    kind: str = "minbase"

    def command(self, target: Path) -> list[str]:
        """What makes the tree in `target`."""
        hook = [f'--customize-hook=systemctl --root="$1" disable {unit}' for unit in self.disabled]
        packages = ",".join((*self.base.split(), *self.added.split()))
        kind = ["--mode=root", f"--variant={self.kind}", "--format=directory", *self.options]
        return ["mmdebstrap", *kind, f"--include={packages}", *hook, self.suite, str(target)]

    @property
    def directory(self) -> str:
        """Name of the tree's directory in the cache, unique for its recipe."""
        recipe = "\n".join(self.command(Path()))
        return f"{self.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:10]}"


def _without(packages: str, others: str) -> str:
    return " ".join(name for name in packages.split() if name not in others.split())


#: Whose Pacemaker is run: 2.0.5, 2.1.5, 3.0.0 and what is in the making.
CLUSTERS = ("bullseye", "bookworm", "trixie", "forky")
#: ``plain`` has nothing that we could use: no SDK, no pyroute2.
VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(
            "bookworm",
            "bookworm",
            f"isc-dhcp-client {_STACKS} {_ENGINES} {_EXPORTER}",
            disabled=(*_ENGINE_UNITS, _EXPORTER),
        ),
        Variant(
            "bookworm-plain",
            "bookworm",
            f"isc-dhcp-client {_without(_ENGINES, _SDK)}",
            disabled=_ENGINE_UNITS,
            base=_without(_BASE, "python3-pyroute2"),
        ),
        Variant("trixie", "trixie", f"dhcpcd-base {_STACKS}"),
        Variant("forky", "forky", f"dhcpcd-base {_STACKS}", options=_IN_THE_MAKING),
        # The shells of clusters, to be called on a copy of a configuration; and what packs and unpacks packages.
        Variant(
            "shells",
            "bookworm",
            "pcs crmsh pacemaker-cli-utils resource-agents fence-agents rpm cpio python3-yaml iproute2",
            base="bash python3",
        ),
        # A cluster of one node, without a machine: tests/integration/failover/test_4_versions.py.
        *(
            Variant(
                f"cluster-{suite}",
                suite,
                "pacemaker pacemaker-cli-utils corosync resource-agents",
                base="python3 iproute2 procps",
                options=_IN_THE_MAKING if suite == "forky" else _WITHOUT_SECURITY if suite == "bullseye" else (),
            )
            for suite in CLUSTERS
        ),
        # Python 3.14
        Variant("forky-python", "forky", "python3-pyroute2", base="python3", options=_IN_THE_MAKING, kind="extract"),
    )
}


def cache_directory() -> Path:
    """Where trees are kept: $OVERLAY_LAB_CACHE, else /var/cache/overlay-lab."""
    return Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE)


def rootfs(name: str, cache: Path | None = None) -> Path:
    """Return the tree of variant `name`, building it first where it is missing (about half a minute to two minutes).

    Safe when several labs ask at once: one builds, the others wait for it.

    Raises:
        KeyError: no such variant.
        RootfsError: mmdebstrap failed.
    """
    variant = VARIANTS[name]
    cache = cache or cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / variant.directory
    with (cache / f"{variant.directory}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            _build(variant, tree)
    return tree


def _build(variant: Variant, tree: Path) -> None:
    """In memory, which takes two thirds of the time that a disk does; nobody else sees that mount."""
    memory, partial = tree.with_suffix(".memory"), tree.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    memory.mkdir(exist_ok=True)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", _IN_MEMORY, "sh", str(memory)]
    command += [str(partial), *variant.command(memory / "tree")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    memory.rmdir()
    if done.returncode != 0:
        last = "\n".join(done.stderr.splitlines()[-15:])
        raise RootfsError(f"building the tree {variant.name} failed (mmdebstrap exited {done.returncode}):\n{last}")
    partial.rename(tree)


if __name__ == "__main__":
    for _variant in sys.argv[1:]:
        rootfs(_variant)
