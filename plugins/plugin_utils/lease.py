# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this run of Ansible says of itself to the nodes that it changes, so that another one does not work beside it."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_SECONDS = 900.0
"""How long it counts after the last task that took it: longer than any one task takes."""
_PROC = Path("/proc")


def request(known: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """The option ``lease`` of modules.

    Args:
        known: the task's variables.
        model: the inventory's.
    """
    run = _process(os.getppid()) or f"{uuid.uuid4().hex}/"  # a task's plugin runs in a child of the process that is it
    earlier = (known.get("overlay_ip_inventory") or {}).get("lease") or {}
    if run.endswith("/"):  # no Linux: nothing but what was said before makes it the same run
        run = earlier.get("run", run)
    what = f"{known.get('ansible_play_name') or 'a playbook'}{' to ' + model['target'] if 'target' in model else ''}"
    if (earlier.get("run"), earlier.get("what")) == (run, what):
        return dict(earlier)
    return {
        "run": run,
        "what": what,
        "who": model["caller"] or f"{_user()}@{socket.gethostname()}",
        "machine": _machine(),
        "alive": sorted(_alive()),
        "as_of": _uptime() if _sees_all() else 0.0,  # 0: nobody is taken for dead
        "seconds": _SECONDS,
        "broken": model["break_lease"],
    }


def user() -> str:
    """Who runs Ansible; empty for a user without a name."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""


def _user() -> str:
    return user() or "somebody"


def _process(number: int | str) -> str:
    """A process as ``NUMBER/START``, which no other one has until the machine boots; empty where /proc is none."""
    with suppress(OSError, IndexError):
        text = (_PROC / str(number) / "stat").read_text(encoding="ascii", errors="replace")
        return f"{number}/{text.rpartition(')')[2].split()[19]}"
    return ""


def _alive() -> Iterator[str]:
    """The processes that may be a run of Ansible."""
    numbers = [name for name in os.listdir(_PROC) if name.isdigit()] if _PROC.is_dir() else []
    for number in numbers:
        with suppress(OSError), open(f"{_PROC}/{number}/cmdline", "rb") as file:  # some hundreds: no Path for each
            if b"ansible" in file.read() and (found := _process(number)):
                yield found


def _sees_all() -> bool:
    """Whether other users' processes are seen: with hidepid they are not, and neither is the first one."""
    try:
        (_PROC / "1/cmdline").read_bytes()
    except OSError:
        return False
    return True


def _machine() -> str:
    """This boot of this machine and the namespace of its processes; empty where there is no such thing."""
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    return ""


def _uptime() -> float:
    """Seconds since boot, on the clock of the processes' starts."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else 0.0
