# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that runs jobs one after the other: it can be killed, and two of them can race."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from unit.aws_lab import OVERLAY, AwsLab

_PROGRAM = """
import json, sys
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job, move
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire

move.SETTLE, move.YIELD = 0.2, 1.0  # a fifth of the real times
clients = {}
for line in sys.stdin:
    told = json.loads(line)
    ec2 = clients.setdefault(line, Ec2({"sdk": Aws, "wire": Wire}[told["speaks"]](AwsOptions(**told["aws"]))))
    try:
        result = {"failed": False, **job.run(ec2, job.Request(**told["request"]))}
    except job.JobError as err:
        result = {"failed": True, "msg": str(err), **err.result}
    print(json.dumps(result), flush=True)
"""


class Child:
    """The process; ``start`` a job, then ``result``, or ``kill`` it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, aws: AwsLab, node: int, **request: Any) -> None:
        """Move the overlay IP to node 1 or 2 in every table."""
        wanted = {"destinations": [OVERLAY], "route_table_ids": aws.tables, "network_interface_id": aws.eni(node)}
        told = {"speaks": aws.speaks, "aws": aws.options(), "request": {**wanted, **request}}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """What the job returned; waits for it."""
        assert self._process.stdout
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def kill(self) -> int:
        """SIGKILL; the exit status."""
        self._process.kill()
        return self._process.wait(5)


@contextmanager
def child() -> Iterator[Child]:
    """Start one."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "collections")}
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Child(process)
        finally:
            process.kill()
