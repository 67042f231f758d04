# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command line in a Debian tree that stays as it is: no node boots, and what it writes is gone with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

# TREE WORK LINE
_IN_TREE = """
mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/lower /mnt/tree
mount -t overlay overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/lower" /mnt/tree
mkdir -p /mnt/tree/parcel
mount --bind "$2" /mnt/tree/parcel
mount -t proc proc /mnt/tree/proc
mount --rbind /dev /mnt/tree/dev
mount -t tmpfs tmpfs /mnt/tree/dev/shm
exec chroot /mnt/tree env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c "$3"
"""


#: Processes end with the command, and their network is theirs: for what runs daemons.
_ALONE = ("--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts")


def call(tree: Path, work: Path, line: str, *, alone: bool = False) -> subprocess.CompletedProcess[str]:
    """What it says, and its exit code; `work` is its /parcel, and stays. `alone`: away from this machine's network."""
    argv = ["unshare", "--mount", "--propagation", "private", *(_ALONE if alone else ())]
    argv += ["sh", "-euc", _IN_TREE, "sh", str(tree), str(work), line]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
