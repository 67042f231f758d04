# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pair with an engine, on each stack: what an event on the holder costs its clients, and whether anything moves.

An event may cut the whole node off for a while, whoever holds what. So the node's own addresses are asked at the same
time, and what counts is how much longer the overlay IPs are silent. A node that is off is the drills' part.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from drill.bed import Bed, DrillError, bed
from lab.nodes.base import MARKER
from lab.probe.report import Report
from lab.probe.session import ProbeSession
from lab.world import wait_for
from persistence.events import AMAZON_FILES, EVENTS, POWER, Event
from persistence.stage import OVERLAY6

ENGINES = ("keepalived", "pacemaker")
MOST_MS = 500.0
"""How much longer than the node itself an overlay IP may be silent."""
RATE = 200.0
WATCHED = 7.0
"""Seconds after an event in which a failover would show: keepalived notices a silence after three to four."""
GONE = 25.0
"""Seconds for which a link goes down that is gone for the engines: Corosync's token is 10 s."""
DELETED = Event(
    "deleted",
    "somebody deletes the addresses",
    lambda stage: None,
    f"ip address delete 192.168.10.15/32 dev eth0; ip address delete {OVERLAY6}/128 dev eth0",
)
_DOWN = "ip link set eth0 down"
_LINK_UP = "ip link set eth0 up"
_UP = f"{_LINK_UP}; ! command -v dhclient || ip route replace default via 10.0.1.1 dev eth0"
LONG = Event("long", "link down for 0.8 s, and up", lambda stage: None, f"{_DOWN}; sleep 0.8; {_UP}")


@dataclass(frozen=True)
class Silence:
    """The longest silence in milliseconds, and all datagrams that were lost."""

    ms: float
    lost: int

    @classmethod
    def of(cls, report: Report) -> Silence:
        return cls(round(report.gap_ms), report.lost)


@dataclass(frozen=True)
class Cost:
    """What an event on the holder did.

    Attributes:
        overlay4, overlay6: to the overlay IPs.
        own4, own6: to the node's own addresses at the same time.
        answered: who answered at the overlay IP of IPv4, in order.
        writes: routes that were moved.
    """

    event: str
    title: str
    overlay4: Silence
    overlay6: Silence
    own4: Silence
    own6: Silence
    answered: tuple[str, ...]
    writes: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @property
    def wrong(self) -> str:
        """Empty, or what is not as it must be."""
        found = []
        if self.writes or len(self.answered) != 1:
            found.append(f"moved: {' -> '.join(self.answered)}, {self.writes} routes written")
        for family, overlay, own in (("IPv4", self.overlay4, self.own4), ("IPv6", self.overlay6, self.own6)):
            if overlay.ms - own.ms > MOST_MS:
                found.append(f"{family} silent for {overlay.ms} ms, the node itself for {own.ms} ms")
        return "; ".join(found)


class Pair(Bed):
    """Two nodes of one stack, with an overlay IP of each family."""

    stack = ""

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`."""
        shared = {"home": "node1", "route_table_ids": list(self.lab.world.route_table_ids)}
        overlays = [{"address": address, **shared} for address in (self.lab.overlay, OVERLAY6)]
        variables = {**super().variables(), "overlay_ips": overlays}
        del variables["overlay_ip_corosync_token"]  # with the default: a drill's is shorter
        return variables

    def prepare(self) -> None:
        """See :class:`Bed`."""
        for node in self.nodes:
            if self.stack == "amazon":
                self._be_amazons(node)
            if self.stack == "ifupdown":
                give_ipv6(self, node, "eth0")
            wait_for(partial(self.has_ipv6, node), f"an IPv6 address and route on {node}", 60)
        super().prepare()

    def has_ipv6(self, node: str) -> bool:
        """Whether it has an address of its own, and a way out."""
        return bool(self.own6(node))

    def own6(self, node: str) -> str:
        """The node's own IPv6 address, once it has a way out; empty until then."""
        if "default" not in self.exec(node, "ip", "-6", "route", "show", "default"):
            return ""
        links = json.loads(self.exec(node, "ip", "-json", "-6", "address", "show", "dev", "eth0", "scope", "global"))
        infos = [info for link in links for info in link.get("addr_info", ())]
        return next((i["local"] for i in infos if i.get("local", OVERLAY6) != OVERLAY6 and not i.get("tentative")), "")

    def suffer(self, event: Event) -> Cost:
        """Let it happen on the holder, and watch."""
        holder = self.rest(seconds=180.0).holder or ""
        wait_for(partial(self.has_ipv6, holder), f"{holder} to have IPv6", 60)
        own4 = self._own4(holder)
        since = self.control.mark()
        with ExitStack() as stack:
            probes = [
                stack.enter_context(
                    ProbeSession(
                        self.lab.machines[-1].netns, address, {MARKER: self.lab.lab_id}, rate=RATE, urgent=True
                    )
                )
                for address in (self.lab.overlay, OVERLAY6, own4, self.own6(holder))
            ]
            for probe in probes:
                probe.wait_for(holder, 30.0)
            self.exec(holder, "sh", "-ec", self._there(holder, event.script), timeout=60.0)
            time.sleep(WATCHED)
            self.rest(seconds=180.0)
            for probe in probes[2:]:
                probe.wait_for(holder, 60.0)
        overlay4, overlay6, own, own6 = (Silence.of(probe.report) for probe in probes)
        answered = probes[0].report.who
        return Cost(event.name, event.title, overlay4, overlay6, own, own6, answered, len(self.writes(since)))

    def lose_the_link(self) -> None:
        """The holder's link goes down, and comes up long after the other node has taken over: one serves at the end.

        With Pacemaker the holder is shot, and may be up again, and serve, before the other node starts.
        """
        holder = self.rest(seconds=180.0).holder or ""
        other = next(node for node in self.nodes if node != holder)
        with self.probe() as probe:
            probe.wait_for(holder, 30.0)
            script = self._there(holder, f"{_DOWN}; sleep {GONE:.0f}; {_UP}")
            self.exec(holder, "systemd-run", "--collect", "sh", "-c", script)
            probe.wait_for(None, 30.0)
            self.wait(lambda view: view.holder == other or self.engine == "pacemaker", 60.0, f"the takeover by {other}")
            time.sleep(2 * GONE)
            end = self.rest(seconds=180.0).holder
            probe.wait_for(end, 60.0)
        turns = probe.report.who
        if turns[0] != holder or len(turns) > 3 or (self.engine == "keepalived" and turns[1:2] != (other,)):
            raise DrillError(f"answers came from {', '.join(turns)} in turn")

    def _own4(self, node: str) -> str:
        return next(m.addresses[0] for m in self.lab.world.nodes if m.name == node)

    def _there(self, node: str, script: str) -> str:
        """A script with the node's own gateway; with ifupdown, which hears of no link, with its IPv6 address, too."""
        there = script.replace("10.0.1.1", self._own4(node).rpartition(".")[0] + ".1")
        if self.stack == "ifupdown" and _LINK_UP in script:
            there += f"; ip -6 address replace {self.own6(node)}/128 dev eth0 nodad"
        return there

    def _be_amazons(self, node: str) -> None:
        """The layout of .network files that amazon-ec2-net-utils makes."""
        for path, (text, mode) in AMAZON_FILES.items():
            self.write(node, path, text)
            self.exec(node, "chmod", f"{mode:o}", path)
        self.exec(node, "rm", "/etc/systemd/network/10-eth0.network")
        self.exec(node, "systemctl", "daemon-reload")
        self.exec(node, "systemctl", "enable", "--now", "policy-routes.service")


def give_ipv6(lab: Bed, node: str, *interfaces: str) -> None:
    """The addresses that EC2 has for a node's interfaces, in ifupdown's way: its DHCP is for IPv4 alone."""
    machine = next(m for m in lab.lab.world.nodes if m.name == node)
    text = ""
    for interface, nic in zip(interfaces, machine.network_interface_ids, strict=False):
        (found,) = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[nic])["NetworkInterfaces"]
        address = found["Ipv6Addresses"][0]["Ipv6Address"]
        text += f"iface {interface} inet6 static\n    address {address}/128\n    accept_ra 1\n    dad-attempts 0\n\n"
        lab.exec(node, "ip", "-6", "address", "replace", f"{address}/128", "dev", interface, "nodad")
    lab.write(node, "/etc/network/interfaces.d/60-ipv6", text)


def events(stack: str) -> list[Event]:
    """What is done to a stack."""
    return [DELETED, *(event for event in EVENTS[stack] if event not in POWER), LONG]


@contextmanager
def pair(engine: str, stack: str) -> Iterator[Pair]:
    """The lab; removed afterwards."""
    names = {"ifupdown": "full:ha", "amazon": "full:ha-networkd"}
    kind = names.get(stack, f"full:ha-{stack}")
    make = type("Pair", (Pair,), {"stack": stack})
    with bed(engine, 2, ["--ipv6"], kind, make) as made:
        assert isinstance(made, Pair)
        yield made
