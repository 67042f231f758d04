# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node as an engine or a person moves it, with a record of each move. What could not be recorded is moved as well.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .._aws.errors import AwsError
from .._aws.pace import Deadline
from .._base import words
from .._engine.memory import Memory
from .._route import plan
from .._route.job import JobError
from . import moves
from .config import CommandError
from .limit import Expired
from .node import Node
from .tables import Seen

CALLER = "AWS_OVERLAY_IP_CALLER"
"""The variable of the environment by which the resource agent says that it calls, and for which of its actions."""
_AGENT = {
    "start": "the cluster starts it here",
    "migrate_from": "the cluster moves it here",
    "monitor": "heal: its monitor found tables that lead elsewhere",
}


@dataclass(frozen=True)
class Origin:
    """Who moves and why, as in a record."""

    by: str
    command: str
    why: str = ""
    who: str = ""


def called(command: str) -> Origin:
    """Of a command that anybody may give: the cluster's resource agent, or a person."""
    engine, _colon, action = os.environ.get(CALLER, "").partition(":")
    if engine == "pacemaker":
        return Origin(engine, command, _AGENT.get(action, ""))
    names = (os.environ.get(name, "") for name in ("SUDO_USER", "LOGNAME", "USER"))
    who = next((name for name in names if name and name.isprintable()), "root")
    return Origin("operator", command, who=who[:64])


class Recorded:
    """See :class:`Node`; what it moves is told to `keep`.

    Args:
        node: moves.
        origin: who and why.
        keep: is given a record.
    """

    def __init__(self, node: Node, origin: Origin, keep: Callable[[moves.Record], None]) -> None:
        self._node, self._origin, self._keep = node, origin, keep

    def mine(self) -> str:
        """This node's network interface."""
        return self._node.mine()

    def tables(self) -> Sequence[Seen]:
        """Each overlay with its route tables, read now."""
        return self._node.tables()

    def around(self, memory: Memory, deadline: Deadline, seen: Sequence[Seen]) -> dict[str, list[str]]:
        """See :meth:`Node.around`."""
        return self._node.around(memory, deadline, seen)

    def take(self, deadline: Deadline) -> dict[str, Any]:
        """See :meth:`Node.take`."""
        return self._noted(self._node.config.name, lambda: self._node.take(deadline))

    def hand_over(self, peer: str, deadline: Deadline) -> dict[str, Any]:
        """See :meth:`Node.hand_over`."""
        return self._noted(peer, lambda: self._node.hand_over(peer, deadline))

    def _noted(self, to: str, move: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        at, began = time.time(), time.monotonic()
        result: Mapping[str, Any] = {}
        failure: BaseException | None = None
        try:
            done = move()
            result = done
            return done
        except BaseException as exc:  # the deadline's, too
            failure = exc
            result = exc.result if isinstance(exc, JobError) else {}
            raise
        finally:
            if result.get("changed") or (failure is not None and not isinstance(failure, CommandError)):
                with suppress(Exception):
                    self._keep(self._record(to, at, time.monotonic() - began, result, failure))

    def _record(
        self, to: str, at: float, took: float, result: Mapping[str, Any], failure: BaseException | None
    ) -> moves.Record:
        named = moves.tables(result.get("routes", ()), self._name_of)
        return moves.bounded(
            {
                "time": moves.stamp(at),
                "node": self._node.config.name,
                "by": self._origin.by,
                "who": self._origin.who,
                "command": self._origin.command,
                "why": self._origin.why,
                "done": failure is None,
                "error": _sentence(failure),
                "reason": _reason(failure, named),
                "to": to,
                "tables": named,
                "seconds": {**result.get("phases", {}), "all": took},
                "requests": result.get("requests", {}),
            }
        )

    def _name_of(self, interface: str | None) -> str | None:
        try:
            return self._node.name_of(interface)
        except Exception:  # it does not know its own interface: the record has ids
            return interface


def _sentence(failure: BaseException | None) -> str:
    if failure is None:
        return ""
    return "Its deadline passed." if isinstance(failure, Expired) and not str(failure) else words.error(failure)


def _reason(failure: BaseException | None, named: Sequence[Mapping[str, Any]]) -> str:
    """A code, of which there are few, for who counts them."""
    if failure is None:
        return ""
    if isinstance(failure, AwsError):
        return failure.code
    codes = [str(table["error"]) for table in named if table["error"]]
    if codes:
        return codes[0]
    if any(table["action"] == plan.KEPT for table in named):
        return "Foreign"
    return {"Expired": "Deadline", "JobError": "NotTaken"}.get(type(failure).__name__, type(failure).__name__)
