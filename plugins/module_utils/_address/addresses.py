# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlay addresses of a node, for its own program: up, down, and where they are.

How replies leave comes after the addresses, and no address depends on it: what fails there is told. This module util
is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from . import source
from .iproute import IpRoute, Run, run_ip
from .kept import Kept
from .live import NodeError
from .plan import ABSENT, AUTO, PRESENT, Decision, Held, Node, Request, Step, plan


class Addresses:
    """The overlay addresses of this node.

    Args:
        run: how `ip` is run (tests).
        kept: where it is written down what is held here, before it goes up and until it goes down; None: nowhere.
    """

    def __init__(self, run: Run = run_ip, kept: Kept | None = None) -> None:
        self._live, self._kept = IpRoute(run), kept
        self.troubles: list[str] = []
        """Why replies may leave by the wrong interface, in sentences."""

    def up(self, addresses: Iterable[str], interface: str = AUTO, label: str = AUTO, *, dry_run: bool = False) -> bool:
        """Bring the addresses up on the interface, wherever else they were; whether any was (to be) brought up.

        Raises:
            NodeError: refused by the kernel.
            plan.PlanError: no such interface, no default route, or a label that cannot be.
        """
        return self._apply(Request(tuple(addresses), interface, label, PRESENT), dry_run)

    def down(self, addresses: Iterable[str]) -> bool:
        """Take the addresses down wherever they are; whether any was up."""
        named = tuple(addresses)
        if self._kept is not None:
            self._kept.release(named)
        return self._apply(Request(named, state=ABSENT), False)

    def keep(self, addresses: Iterable[str]) -> None:
        """Write down that they are held here, as far as they are live."""
        if self._kept is not None:
            self._kept.keep(self.held(addresses))

    def held(self, addresses: Iterable[str]) -> list[Held]:
        """Where the addresses are live now."""
        wanted = {cidr.partition("/")[0] for cidr in addresses}
        return [held for held in self._live.held() if held.address in wanted]

    def _apply(self, request: Request, dry_run: bool) -> bool:
        links, held = self._live.both()
        need_default = request.interface == AUTO and request.state == PRESENT
        node = Node(links, held, self._live.routes() if need_default else (), strict=False)
        decisions = plan(request, node)
        steps = [step for decision in decisions for step in decision.steps]
        if not dry_run:
            self._change(decisions, steps, request.state == PRESENT)
        if sum(link.name != "lo" for link in links) > 1:
            self._steer(decisions, node, request.state == PRESENT, dry_run)
        return bool(steps)

    def _change(self, decisions: Sequence[Decision], steps: Sequence[Step], present: bool) -> None:
        new: list[str] = []
        if self._kept is not None and present:
            new = self._kept.keep(decision.overlay for decision in decisions)
        try:
            self._live.apply(steps)
        except NodeError:
            if self._kept is not None:
                self._kept.release(new)
            raise

    def _steer(self, decisions: Sequence[Decision], node: Node, present: bool, dry_run: bool) -> None:
        try:
            node = replace(node, routes=node.routes or self._live.routes(), rules=self._live.rules())
            steering = source.steer(decisions, node, present=present)
            self.troubles += steering.warnings
            if not dry_run:
                self._live.steer(steering.turns)
        except (NodeError, ValueError, LookupError) as exc:  # the last two: `ip` printed what nobody expects
            self.troubles.append(f"How replies leave could not be looked at or set: {exc}")
