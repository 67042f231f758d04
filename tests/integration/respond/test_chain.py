# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a fault to what mends it, with nobody's hand: node_exporter, Prometheus, Alertmanager, ansible-rulebook, setup.

Configured as docs/respond.md shows it, with short intervals, and with the rules' own waiting cut to nothing: promtool
tries that (unit/test_alerts.py).
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chain import servers
from chain.bed import METRICS_EVERY, ChainBed
from drill.bed import bed

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="ansible-rulebook needs Java 17 or newer"),
]

TOKEN = "the-webhook's-own"
INTERVAL = 1
"""Seconds of a scrape, and of the rules."""
SLACK = 3.0
"""Seconds by which a busy machine may be late with either."""
PATIENCE = 300.0  # the machine may be busy; alone it takes seconds
HOSTILE = "{{ lookup('pipe', 'touch %s') }}"


@dataclass
class Chain:
    """All that runs."""

    bed: ChainBed
    folder: Path
    inventory: Path
    webhook: int
    prometheus: int = 0
    alertmanager: int = 0
    rulebook: servers.Running = field(init=False)
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def page(self) -> Path:
        return self.folder / "status.html"

    def start_rulebook(self) -> None:
        variables = {
            "overlay_ip_eda_host": "127.0.0.1",
            "overlay_ip_eda_port": self.webhook,
            "overlay_ip_eda_token": TOKEN,
            "overlay_ip_eda_page": str(self.page),
        }
        again = servers.rulebook("aws_ha.overlay_ip.respond", self.folder, self.inventory, variables)
        self.stack.close()
        self.rulebook = self.stack.enter_context(again)

    def wait(self, text: str, since: int = 0, seconds: float = PATIENCE) -> str:
        """The line of the rulebook's log, from a place on, in which it says that."""
        found = self.rulebook.wait_for(
            lambda: re.search(rf"^.*{text}.*$", self.rulebook.said[since:], re.MULTILINE), text, seconds
        )
        return str(found[0])

    def ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        """What Prometheus answers now: labels and value of each series."""
        answer = servers.get(self.prometheus, f"/api/v1/query?query={query}")
        return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]] if answer else []

    def receivers(self, alert: str) -> set[str]:
        """Who is told of an alert that fires, by Alertmanager."""
        answer = servers.get(self.alertmanager, "/api/v2/alerts") or []
        told = [one for one in answer if one["labels"]["alertname"] == alert]
        return {receiver["name"] for one in told for receiver in one["receivers"]}

    def fired(self, alert: str, series: str, *, wrong: Callable[[float], bool]) -> tuple[float, float]:
        """When the samples of a series were first wrong at a scrape, and when the alert was active."""
        (active,) = {value for labels, value in self.ask("ALERTS_FOR_STATE") if labels["alertname"] == alert}
        answer = servers.get(self.prometheus, f"/api/v1/query?query={series}[15m]")
        found = [at for one in answer["data"]["result"] for at, value in one["values"] if wrong(float(value))]
        return float(min(found)), active


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The whole chain beside two nodes with keepalived. The rulebook's Java starts while the nodes do."""
    for name in ("prometheus", "prometheus-alertmanager"):
        servers.program(name)
    folder = tmp_path_factory.mktemp("chain")
    inventory = folder / "inventory"
    inventory.mkdir()
    made = Chain(None, folder, inventory, servers.free_port())  # type: ignore[arg-type]
    begun = threading.Thread(target=made.start_rulebook)
    begun.start()
    try:
        with bed("keepalived", make=ChainBed) as pair, ExitStack() as around:
            assert isinstance(pair, ChainBed)
            made.bed = pair
            pair.inventory(inventory, overlay_ip_response_dry_run=False)
            addresses = {machine.name: machine.addresses[0] for machine in pair.lab.world.nodes}
            exporters = around.enter_context(servers.tunnels(pair.directory, addresses, folder))
            _alerts, made.alertmanager = around.enter_context(
                servers.alertmanager(folder, made.webhook, TOKEN, repeat="20s")
            )
            running, made.prometheus = around.enter_context(
                servers.prometheus(folder, exporters, made.alertmanager, interval=f"{INTERVAL}s")
            )
            begun.join()
            made.rulebook.wait_for(lambda: servers.listens(made.webhook), "the webhook", PATIENCE)
            running.wait_for(lambda: len(made.ask("overlay_ip_holder")) == 2, "the nodes' metrics", PATIENCE)
            yield made
            made.stack.close()  # before the nodes: what it has started speaks to them
            problems = pair.control.problems()
        assert not problems, problems
    finally:
        begun.join()
        made.stack.close()


def holders(pair: ChainBed) -> set[str | None]:
    return set(pair.view().tables.values())


def test_a_route_that_somebody_deleted_is_there_again(chain: Chain, tmp_path: Path) -> None:
    """And who names what is unknown, hostile labels among it, is refused in a sentence meanwhile, and nothing more."""
    pair, touched = chain.bed, tmp_path / "touched"
    labels = {"alertname": HOSTILE % touched, "overlay_ip_action": "setup", "node": HOSTILE % touched}
    body = {"version": "4", "alerts": [{"status": "firing", "labels": labels}]}
    assert servers.post(chain.webhook, "/overlay-ip", body, "guessed") == 401
    assert servers.post(chain.webhook, "/overlay-ip", body, TOKEN) == 200
    chain.wait("which is no node of this inventory: node1, node2")

    mark, broken = pair.control.mark(), time.time()
    pair.ec2.delete_route(
        RouteTableId=pair.lab.world.route_table_ids[-1], DestinationCidrBlock=f"{pair.lab.overlay}/32"
    )
    since = len(chain.rulebook.said)
    pair.wait(lambda view: None in view.tables.values(), 5, "the fault")
    chain.wait(r"to be started: setup, for OverlayIpTableDead 192\.168\.10\.15/32", since)
    decided = time.time()
    seen, active = chain.fired("OverlayIpTableDead", "overlay_ip_missing_tables", wrong=lambda value: value > 0)
    assert active - seen <= INTERVAL + SLACK
    assert chain.receivers("OverlayIpTableDead") == {"overlay_ip", "people"}
    pair.rest("node1", PATIENCE)
    # The holder tries as well, and may not: its policy lets it replace a route, and make none.
    (made,) = [call for call in pair.control.calls(mark, action="CreateRoute") if call["status"] == 200]
    assert [call for call in pair.writes(mark) if call["status"] == 200] == []  # nothing that worked was moved
    # The page after it: all is well, and what setup did is on record.
    chain.rulebook.wait_for(lambda: _shows_all_is_well(chain.page, made["time"]), "the page", PATIENCE)
    assert not touched.exists()
    shown = time.time()
    told = {"seen": seen, "active": active, "decided": decided, "mended": made["time"], "shown": shown}
    print("seconds after the route was deleted:", {what: round(at - broken, 1) for what, at in told.items()})


def _shows_all_is_well(page: Path, after: float) -> bool:
    text = page.read_text(encoding="utf-8") if page.exists() and page.stat().st_mtime > after else ""
    return "1 overlay IP in 2 route tables: all is well" in text


def test_a_standby_whose_check_was_switched_on_can_take_over_again(chain: Chain) -> None:
    """First it is not its turn, as a rulebook that was started anew knows, too; then Alertmanager repeats itself."""
    pair = chain.bed
    (interface,) = pair.lab.world.nodes[1].network_interface_ids[:1]
    chain.start_rulebook()
    pair.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": True})
    since = len(chain.rulebook.said)
    chain.rulebook.wait_for(lambda: servers.listens(chain.webhook), "the webhook", PATIENCE)
    why = chain.wait("OverlayIpNotReady node2 source_dest_check: nothing is started", since)
    assert re.search(r"setup, for OverlayIpTableDead \S+, was started \d+ s ago: not more than once in 600 s", why), why
    seen, active = chain.fired("OverlayIpNotReady", "overlay_ip_ready", wrong=lambda value: value == 0)
    assert active - seen <= INTERVAL + SLACK
    assert _check_is_on(pair, interface)

    pair.forget_turns()
    chain.wait("to be started: setup, for OverlayIpNotReady node2 source_dest_check", since)
    deadline = time.monotonic() + PATIENCE
    while _check_is_on(pair, interface):
        assert time.monotonic() < deadline, chain.rulebook.said[since:]
        time.sleep(0.2)
    assert holders(pair) == {"node1"}
    mended = time.time()
    chain.rulebook.wait_for(lambda: _shows_all_is_well(chain.page, mended), "the page", PATIENCE)
    chain.rulebook.wait_for(
        lambda: not [1 for labels, _ in chain.ask("ALERTS") if labels["alertname"] == "OverlayIpNotReady"],
        "the alert's end",
        PATIENCE + METRICS_EVERY,
    )


def _check_is_on(pair: ChainBed, interface: str) -> Any:
    (found,) = pair.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return found["SourceDestCheck"]
