# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's addresses by iproute2's `ip`: what the failover program uses where every tenth of a second counts.

pyroute2 takes a quarter of a second to import, and a cluster node may not have it; `ip` is there and answers in
milliseconds. What is to be done is decided by the same planner as in the module, `_address.plan`.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .plan import ABSENT, ADD, AUTO, DELETE, PRESENT, Held, Link, Node, Overlay, Request, Step, plan

_FOREVER = 0xFFFFFFFF
_SECONDS = 5.0

Run = Callable[[Sequence[str]], str]
"""Runs `ip` with these arguments and returns what it prints; raises AddressError."""


class AddressError(RuntimeError):
    """`ip` could not be run, or refused. The text is a whole sentence."""


def run_ip(arguments: Sequence[str]) -> str:
    """Run `ip`; the only place where it is started."""
    command = ["ip", *arguments]
    try:
        # The program on the nodes has no AnsibleModule whose run_command it could call.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise AddressError(f"'{' '.join(command)}' could not be run ({exc}): is iproute2 installed?") from exc
    if done.returncode != 0:
        raise AddressError(f"'{' '.join(command)}' failed: {done.stderr.strip() or done.returncode}.")
    return done.stdout


class Addresses:
    """The overlay addresses of this node.

    Args:
        run: how `ip` is run (tests).
    """

    def __init__(self, run: Run = run_ip) -> None:
        self._run = run

    def up(self, addresses: Iterable[str], interface: str = AUTO, label: str = AUTO, *, dry_run: bool = False) -> bool:
        """Bring the addresses up on the interface, wherever else they were; whether anything was (to be) done.

        Raises:
            AddressError: refused by the kernel.
            plan.PlanError: no such interface, no default route, or a label that cannot be.
        """
        return self._apply(Request(tuple(addresses), interface, label, PRESENT), dry_run)

    def down(self, addresses: Iterable[str]) -> bool:
        """Take the addresses down wherever they are; whether anything was done."""
        return self._apply(Request(tuple(addresses), state=ABSENT), False)

    def held(self, addresses: Iterable[str]) -> list[Held]:
        """Where the addresses are live now."""
        wanted = {cidr.partition("/")[0] for cidr in addresses}
        return [held for held in self._node(need_default=False).held if held.address in wanted]

    def _apply(self, request: Request, dry_run: bool) -> bool:
        node = self._node(need_default=request.interface == AUTO and request.state == PRESENT)
        steps = [step for decision in plan(request, node) for step in decision.steps]
        for step in () if dry_run else steps:
            self._run(_arguments(step))
        return bool(steps)

    def _node(self, need_default: bool) -> Node:
        links = json.loads(self._run(["-json", "address", "show"]) or "[]")
        defaults = {}
        for family in (4, 6) if need_default else ():
            routes = json.loads(self._run(["-json", f"-{family}", "route", "show", "default"]) or "[]")
            usable = [(route.get("metric", 0), route["dev"]) for route in routes if "dev" in route]
            if usable:
                defaults[family] = min(usable)[1]
        return Node(tuple(_link(raw) for raw in links), tuple(_held(links)), defaults)


def _link(raw: Mapping[str, Any]) -> Link:
    return Link(raw["ifindex"], raw["ifname"], raw.get("address", ""), "UP" in raw.get("flags", ()))


def _held(links: Iterable[Mapping[str, Any]]) -> Iterable[Held]:
    for link in links:
        for raw in link.get("addr_info", ()):
            if "local" not in raw:
                continue
            label = raw.get("label", "")
            yield Held(
                address=raw["local"],
                prefixlen=raw["prefixlen"],
                interface=link["ifname"],
                label="" if label == link["ifname"] else label,
                permanent=raw.get("valid_life_time", _FOREVER) == _FOREVER,
                deprecated=bool(raw.get("deprecated")) or raw.get("preferred_life_time") == 0,
            )


def _arguments(step: Step) -> list[str]:
    """A step as `ip` takes it; `replace` because a repeated request must not fail."""
    verb = "delete" if step.action == DELETE else "replace"
    arguments = [f"-{step.overlay.family}", "address", verb, step.overlay.cidr, "dev", step.overlay.interface]
    if step.action == DELETE:
        return arguments
    if step.overlay.family == 6:
        # Never a source address, and no neighbour to ask: a VPC routes it.
        return [*arguments, "nodad", "valid_lft", "forever", "preferred_lft", "0"]
    return [*arguments, *_labelled(step.overlay, step.action)]


def _labelled(overlay: Overlay, action: str) -> list[str]:
    return ["label", overlay.label] if overlay.label and action == ADD else []
