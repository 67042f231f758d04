# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `aws-overlay-ip metrics` asks and writes. It only reads AWS, and only ever waits for itself.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from .._address.iproute import AddressError
from .._aws.errors import AwsError
from .._aws.imds import ImdsError
from .._aws.options import VERSION
from .._aws.pace import Deadline
from .._base import collected
from .._base.deployment import Deployment
from .._base.exposition import text
from .._base.programs import run
from .._engine import commands
from .._engine.health import Look
from .._engine.memory import Memory
from . import check, history, metrics, proof
from .config import CommandError
from .node import Node

READY_EVERY = 600.0
"""Seconds for which what was checked counts: each check sends a DryRun for every table."""
_PATIENCE = 2.0  # seconds for a command of the engine
_VERIFIED = "verified"


def told(node: Node, memory: Memory, deadline: Deadline, config: Path) -> str:
    """The metrics of this node."""
    now = time.time()
    deployment = Deployment(node.config.deployment)
    # What is here comes first: AWS may take all of the time, and nobody shall be called dead for that.
    engines = commands.health(
        Look(deployment, memory.read, node.config.advert, time.monotonic(), _text, partial(_output, deadline))
    )
    up: Mapping[str, str] | None = None
    with suppress(AddressError):
        up = node.local.live()
    try:
        overlays: list[dict[str, Any]] | None = node.show(live=up or {})
        memory.write(_VERIFIED, repr(now))
    except (AwsError, ImdsError):
        overlays = None
    checks, checked = _ready(node, memory, deadline, now)
    last: Mapping[str, Any] | None = None
    written: float | None = None
    with suppress(OSError):
        last = next(reversed(history.read(Path(deployment.state))), None)
    with suppress(OSError):
        written = config.stat().st_mtime
    seen = metrics.Seen(
        node.config,
        now,
        overlays,
        up,
        _number(memory.read(_VERIFIED)),
        checks,
        checked,
        engines,
        memory.counts(),
        last,
        written,
        VERSION,
    )
    return text(metrics.samples(seen), metrics.FAMILIES)


def write(file: Path, content: str) -> None:
    """Write it by one rename: node_exporter reads no half of it.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        collected.put(file, content)
    except OSError as exc:
        raise CommandError(
            f"{file} cannot be written ({exc.strerror}): make its folder, the one that node_exporter's"
            " --collector.textfile.directory names."
        ) from exc


def _ready(
    node: Node, memory: Memory, deadline: Deadline, now: float
) -> tuple[Sequence[Mapping[str, Any]], float | None]:
    """What was checked, and when: now, or lately."""
    known = proof.parsed(memory.read(proof.NAME))
    # What was not well is looked at again: it shall be seen when it is.
    if known and 0 <= now - known[0] < READY_EVERY and all(c["ok"] is not False for c in known[1]):
        return _looked_at(node, memory, known), known[0]
    try:
        found = check.run(node, deadline)
    except (AwsError, ImdsError):  # not even asked
        return (), None
    memory.write(proof.NAME, proof.text(now, found))
    return found, now


def _looked_at(node: Node, memory: Memory, known: tuple[float, list[dict[str, Any]]]) -> Sequence[Mapping[str, Any]]:
    """What is remembered, with the source/destination check as it is now: that costs a read and no DryRun."""
    at, checks = known
    if not any(c["check"] == check.SOURCE_DEST_CHECK and c["ok"] for c in checks):  # its role may not look
        return checks
    try:
        (interface,) = node.ec2.interfaces([node.mine()])
    except (AwsError, ImdsError):  # the whole of it will tell
        return checks
    if not interface.source_dest_check:
        return checks
    now = [check.judged(interface) if c["check"] == check.SOURCE_DEST_CHECK else c for c in checks]
    memory.write(proof.NAME, proof.text(at, now))  # the next run looks at all of it again
    return now


def _text(path: str) -> str:
    with suppress(OSError, ValueError):
        return Path(path).read_text(encoding="utf-8")
    return ""


def _output(deadline: Deadline, *argv: str) -> str | None:
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        patience = min(_PATIENCE, deadline.left)
        done = run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=patience)
        return str(done.stdout) if done.returncode == 0 else None
    return None


def _number(raw: str) -> float | None:
    with suppress(ValueError):
        return float(raw)
    return None
