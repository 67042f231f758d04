# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live side of a node, whoever speaks to its kernel: what can be asked and done, and how a refusal is told.

Two ways lead there, and both must end alike: pyroute2 where it is installed (:mod:`.netlink`), iproute2's `ip` where it
is not (:mod:`.iproute`). This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Protocol

from .plan import ADD, DELETE, Held, Link, Route, Rule, Step
from .source import Turn

TRIES = 30
"""How often a list is asked for: where links come and go the kernel says again and again that it changed meanwhile."""

NO_FAMILY = (errno.EAFNOSUPPORT, errno.EOPNOTSUPP)
"""What a kernel without IPv6 (ipv6.disable=1) says when it is asked for its rules or routes of that family."""

TURNED = {ADD: (errno.EEXIST,), DELETE: (errno.ENOENT, errno.ESRCH, errno.ENODEV)}
"""What says of a rule or a default route that it was so already."""

_VERBS = {ADD: "add", DELETE: "delete"}


class NodeError(RuntimeError):
    """The kernel refused, or could not be asked. The text is a whole sentence with the remedy.

    ``changed``: whether something else was changed before.
    """

    changed = False


class Live(Protocol):
    """The live addresses of this node, and what they depend on."""

    def links(self) -> tuple[Link, ...]:
        """All network interfaces."""

    def held(self) -> tuple[Held, ...]:
        """All live addresses, in the kernel's order."""

    def routes(self) -> tuple[Route, ...]:
        """The default routes of all tables, of both families."""

    def rules(self) -> tuple[Rule, ...]:
        """The rules that choose a table by the source alone, of both families."""

    def apply(self, steps: Sequence[Step]) -> None:
        """Carry the steps out, in order. What is there, or gone, already is no error.

        Raises:
            NodeError: at the first one that is refused; those before it are done.
        """

    def steer(self, turns: Sequence[Turn]) -> None:
        """Make and delete rules and default routes, in order. What is there, or gone, already is no error.

        Raises:
            NodeError: as :meth:`apply`.
        """


def restless(what: str) -> NodeError:
    """The list changed each time while it was read."""
    return NodeError(f"the list of {what} changed each of {TRIES} times while it was read: run again.")


def refused(step: Step, code: int, said: str = "") -> NodeError:
    """A kernel's refusal as a sentence.

    Args:
        step: what was to be done.
        code: its errno; 0 where that is unknown.
        said: its own words, in place of the errno's.
    """
    overlay = step.overlay
    what = f"cannot {_VERBS.get(step.action, 'change')} {overlay.cidr} on {overlay.interface}"
    if code == errno.ENODEV:
        return NodeError(f"interface '{overlay.interface}' has vanished: run again when it is there.")
    if code == errno.EPERM:
        return NodeError(f"{what}: this needs root; set become: true for the task.")
    if code == errno.EACCES and overlay.family == 6:
        return NodeError(
            f"{what}: IPv6 is switched off there;"
            f" set sysctl net.ipv6.conf.{overlay.interface}.disable_ipv6 to 0, or leave the IPv6 overlay out."
        )
    if code:
        return NodeError(f"{what}: {os.strerror(code)} ({errno.errorcode.get(code, code)}).")
    return NodeError(f"{what}: {said}.")


def not_turned(turn: Turn, said: str) -> NodeError:
    """A refused rule or default route as a sentence; ``said``: the kernel's words."""
    what = turn.what
    named = f"rule from {what.source}" if isinstance(what, Rule) else f"default route by {what.interface}"
    return NodeError(f"cannot {_VERBS[turn.action]} the {named} (table {what.table}): {said}.")
