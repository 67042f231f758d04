# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a load balancer, and how it stands, as a person reads it.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._base.finding import ERROR, INFO, WARNING, Finding
from .balancer import Seen, Target, Want, WantedListener
from .balancer_plan import Step

_MAKE = "Run reach.yml, or overlay_load_balancer without check mode."


def findings(want: Want, seen: Seen, due: Sequence[Step]) -> list[Finding]:
    """What is wrong with what there is; ``due`` are the calls that would make it right."""
    if want.state == "absent":
        return []
    if seen.balancer is None:
        return [Finding("no_load_balancer", ERROR, f"Load balancer {want.name} does not exist.", _MAKE)]
    found = []
    if due:
        what = ", ".join(dict.fromkeys(step.what for step in due))
        found.append(Finding("differs", WARNING, f"Load balancer {want.name} is not as declared: {what}.", _MAKE))
    found += [*_unknown(want, seen), *_short(want, seen)]
    return found + [one for port, target in _targets(want, seen) for one in _health(want, seen, port, target)]


def _unknown(want: Want, seen: Seen) -> Iterator[Finding]:
    """Interfaces that may forget sooner than the load balancer, and were left as they are since nobody knows."""
    unknown = sorted(interface for interface, seconds in seen.tracking.items() if seconds is None)
    if want.tracked and unknown:
        which = ", ".join(unknown)
        yield Finding(
            "tracking_unknown",
            WARNING,
            f"How long {which} remembers an idle connection is not known, so that it was left as it is; {want.name}"
            f" keeps them {want.tracked} s.",
            "Permit ec2:DescribeInstanceTypes (with an SDK that knows DefaultTcpEstablishedTimeout), or set"
            f" TcpEstablishedTimeout of the interface to {want.tracked} or more.",
        )


def _short(want: Want, seen: Seen) -> Iterator[Finding]:
    """Somebody has chosen that time, so that it is told, and not changed."""
    if seen.short:
        shown = ", ".join(f"{interface} ({seconds} s)" for interface, seconds in sorted(seen.short.items()))
        yield Finding(
            "tracking_short",
            WARNING,
            f"{shown} forgets an idle connection sooner than {want.name}, which keeps it {want.idle} s.",
            f"Set TcpEstablishedTimeout of the interface to {want.idle} or more.",
        )


def _targets(want: Want, seen: Seen) -> Iterator[tuple[WantedListener, Target]]:
    for listener in sorted(want.listeners, key=lambda one: one.port):
        group = seen.group(want.group(listener.port))
        yield from ((listener, target) for target in (group.targets if group else ()))


def _health(want: Want, seen: Seen, listener: WantedListener, target: Target) -> Iterator[Finding]:
    where = f"{want.name}:{listener.port} to {target.address}:{target.port}"
    if target.health == "unhealthy":
        subnets = ", ".join(sorted(seen.balancer.subnets if seen.balancer else ()))
        yield Finding(
            "target_unhealthy",
            ERROR,
            f"{where} fails its health check at port {listener.health_port or target.port}.",
            "See that the service listens there on the holder, that the nodes' security groups let in the load"
            f" balancer, and that the tables of {subnets} have the overlay route.",
        )
    elif target.health != "healthy":
        message = f"{where} is {target.health}: its health has not been measured yet."
        yield Finding("target_not_measured", INFO, message, "Look again in a minute.")


def lines(want: Want, seen: Seen, found: Sequence[Finding]) -> list[str]:
    """How it stands: one line for it, one for each port, and what to do."""
    told = [f"{one.message} {one.remedy}" for one in found if one.severity != INFO]
    if want.state == "absent" or seen.balancer is None:
        return told
    said = [f"Load balancer {want.name}, {seen.balancer.dns_name}, {seen.balancer.state}:"]
    for listener, target in _targets(want, seen):
        known = seen.listener(listener.port)
        idle = f", idle connections are kept {known.idle_timeout} s" if known and known.idle_timeout else ""
        said.append(f"  port {listener.port} to {target.address}:{target.port}: {target.health}{idle}")
    return said + [f"  {one}" for one in told]
