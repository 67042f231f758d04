# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two addresses of a pair with a failover engine get one prefix, fail over by it, and get their own routes again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.standing import longest_silence
from drill.bed import ADVERT, Bed, DrillError, bed
from lab.probe.session import ProbeSession

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NET, OTHER = "192.168.10.0/28", "192.168.10.14"
PATIENCE = 20.0


class Shared(Bed):
    """The drill's bed with two overlay IPs, which a prefix carries or not."""

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`: each with its own route."""
        return {
            **super().variables(),
            "overlay_ips": [{"address": self.lab.overlay}, {"address": OTHER}],
            "overlay_ip_keepalived_together": False,
            "overlay_ip_route_interval": 3,
            "overlay_ip_wait_timeout": 240,
        }

    @property
    def shared(self) -> dict[str, Any]:
        """The same addresses with the route that carries both."""
        return {"overlay_ips": [{"address": a, "route": NET} for a in (self.lab.overlay, OTHER)]}

    def routes(self) -> dict[str, set[str]]:
        """By what the addresses are routed, and to which nodes."""
        found: dict[str, set[str]] = {}
        for raw in self.ec2.describe_route_tables(RouteTableIds=list(self.lab.world.route_table_ids))["RouteTables"]:
            for route in raw["Routes"]:
                if route.get("DestinationCidrBlock", "").startswith("192.168.10."):
                    holder = self.instances.get(route.get("InstanceId", ""), "")
                    found.setdefault(route["DestinationCidrBlock"], set()).add(holder)
        return found

    def up(self) -> dict[str, set[str]]:
        """Which addresses each node has."""
        show = ("ip", "-oneline", "-4", "address", "show", "to", NET)
        found = {node: self.exec(node, *show) for node in self.nodes if node not in self._off}
        return {node: set(re.findall(r"inet ([0-9.]+)", text)) for node, text in found.items()}

    def come_to(self, node: str, *destinations: str, seconds: float = 90.0) -> None:
        """Wait until these routes, and no others, lead to a node that alone has both addresses."""
        wanted = {one: {node} for one in destinations}, {node: {self.lab.overlay, OTHER}}
        until(lambda: (self.routes(), {n: a for n, a in self.up().items() if a}), wanted, seconds)

    def agrees(self, holder: str, *words: str) -> None:
        """Wait until keepalived says so of each of its instances, for longer than a backup is silent that hears nobody.

        Who was overruled, and becomes the master sooner, may not have heard the other node: it leaves the route alone.
        """
        if self.engine == "keepalived":
            wanted = {(n, w): ("MASTER" if n == holder else "BACKUP", True) for n in self.nodes for w in words}
            until(lambda: {one: self.says(*one) for one in wanted}, wanted, 240)

    def says(self, node: str, word: str) -> tuple[str, bool]:
        """What keepalived says of an instance there, and whether it has said so long enough: all share one clock."""
        text = self.exec(node, "cat", f"/run/aws-overlay-ip/keepalived-{word}.json")
        said: dict[str, Any] = json.loads(text) if text else {"state": "", "since": 0.0}
        return str(said["state"]), time.monotonic() - said["since"] > 2 * longest_silence(ADVERT)

    def rest(self, holder: str | None = None, seconds: float = 60.0) -> Any:
        """See :class:`Bed`."""
        self.come_to(holder or self.nodes[0], f"{self.lab.overlay}/32", f"{OTHER}/32", seconds=seconds)

    def join(self) -> None:
        """See :class:`Bed`: the application is nobody's here."""

    @contextmanager
    def probes(self) -> Iterator[tuple[ProbeSession, ProbeSession]]:
        """A client of each."""
        with self.probe() as first, self.probe(OTHER) as other:
            yield first, other


def until(found: Callable[[], Any], wanted: Any, seconds: float) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while (now := found()) != wanted:
        if time.monotonic() > end:
            raise DrillError(f"after {seconds:.0f} s: {now}, not {wanted}")
        time.sleep(0.2)


@pytest.mark.parametrize("engine", ["keepalived", "pacemaker"])
def test_to_a_prefix_and_back(engine: str) -> None:
    with bed(engine, make=Shared) as pair:
        assert isinstance(pair, Shared)
        first, second = pair.nodes
        single = (f"{pair.lab.overlay}/32", f"{OTHER}/32")
        pair.play("switchover.yml", target=second)
        pair.come_to(second, *single)

        with pair.probes() as probes:
            run = pair.play("setup.yml", **pair.shared)
            pair.come_to(second, NET)
            again = pair.play("setup.yml", **pair.shared)
            assert sum(again.changed.values()) == 0, again.output
            pair.play("switchover.yml", target=first, overlay=NET, **pair.shared)
            pair.come_to(first, NET)
            pair.agrees(first, NET.replace("/", "-"))
        assert [probe.report.lost for probe in probes] == [0, 0], run.output

        since = time.monotonic()
        pair.crash(first)
        pair.come_to(second, NET)
        assert time.monotonic() - since < PATIENCE + (0 if engine == "keepalived" else 60)
        pair.boot(first)
        with pytest.raises(DrillError, match="they move together"):
            pair.play("switchover.yml", target=first, overlay=OTHER, **pair.shared)
        until(lambda: pair.play("status.yml", **pair.shared).overlay_ip_result["healthy"], True, 120)

        with pair.probes() as probes:
            run = pair.play("setup.yml", overlay_ip_orphans="remove")
            pair.come_to(second, *single)
            again = pair.play("setup.yml")
            assert sum(again.changed.values()) == 0, again.output
        assert [probe.report.lost for probe in probes] == [0, 0], run.output
        problems = pair.control.problems()
        assert not problems, problems
