# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole switchover.yml: beside the smallest play with amazon.aws, under propagation delays, and as things grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bench.command import Timed, playbook
from bench.life import EMPTY
from bench.moves import AMAZON, PLAYS
from bench.peers import Peers
from bench.results import OURS, Row, Run
from bench.stage import Stage, stage

DELAYS = (0.0, 0.05, 0.5)  # seconds between the API's answer and the data path
#: A row is measured by calling this once a round.
Measure = Callable[[], Run]


def against_the_smallest_play(peers: Peers, rounds: int) -> list[Row]:
    """switchover.yml, amazon.aws's smallest equivalent, and a play of no task: two nodes, two route tables."""
    with stage(tables=2) as ready:
        contenders: dict[str, Measure] = {
            OURS: partial(_switchover, ready),
            AMAZON: partial(_switchover, ready, partial(_amazon, ready, peers)),
            EMPTY: partial(_empty, ready),
        }
        return _by_turns("1 overlay IP, 2 nodes, 2 route tables", contenders, rounds)


def under_propagation_delay(rounds: int) -> list[Row]:
    """The address up on both nodes, and exclusive; for each delay of the data path behind the API."""
    rows = []
    with stage(tables=2) as ready:
        for exclusive in (False, True):
            if exclusive:
                ready.exclusive = True
                ready.address_up("node1" if ready.holder() == "node2" else "node2", False)
            for delay in DELAYS:
                ready.lab.control.settings(propagation_delay=delay)
                case = f"{'exclusive' if exclusive else 'up on both nodes'}, {delay * 1000:.0f} ms"
                rows += _by_turns(case, {OURS: partial(_switchover, ready)}, rounds, delay * 1000)
    return rows


def growth(rounds: int, overlays: tuple[int, ...], nodes: tuple[int, ...]) -> list[Row]:
    """switchover.yml and the empty play, for more overlay IPs and for more nodes."""
    rows = []
    with stage(tables=2) as ready:
        for number in overlays:
            playbook("setup.yml", ready.inventory(2, number))
            contenders = {OURS: partial(_switchover, ready, None, number), EMPTY: partial(_empty, ready)}
            rows += _by_turns(f"{number} overlay IP{'s' if number > 1 else ''}, 2 nodes", contenders, rounds, number)
    for number in nodes:
        with stage(tables=2, nodes=number) as ready:
            contenders = {OURS: partial(_switchover, ready), EMPTY: partial(_empty, ready)}
            rows += _by_turns(f"1 overlay IP, {number} nodes", contenders, rounds, number)
    return rows


def _by_turns(case: str, contenders: Mapping[str, Measure], rounds: int, size: float | None = None) -> list[Row]:
    runs: dict[str, list[Run]] = {who: [] for who in contenders}
    for turn in range(rounds):
        for who, measure in contenders.items():
            print(f"  {case}, {who}, round {turn + 1} of {rounds}", flush=True)
            runs[who].append(measure())
    return [Row(case, who, tuple(found), size) for who, found in runs.items()]


def _switchover(ready: Stage, play: Callable[[str], Timed] | None = None, overlays: int = 1) -> Run:
    def ours(target: str) -> Timed:
        variables = {"overlay_ip_exclusive": True} if ready.exclusive else {}
        return playbook("switchover.yml", ready.inventory(2, overlays, **variables), "-e", f"target={target}")

    return ready.measure(play or ours, ready.tables(2))


def _amazon(ready: Stage, peers: Peers, target: str) -> Timed:
    interfaces = {node.name: node.network_interface_ids[0] for node in ready.world.nodes}
    variables = ready.variables(tables=ready.tables(2), interfaces=interfaces, target=target)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(peers.collections)}
    return playbook(PLAYS / "switchover_amazon_aws.yml", ready.inventory(2), "-e", f"@{variables}", env=env)


def _empty(ready: Stage) -> Run:
    return Run(round(playbook(PLAYS / "empty.yml", ready.inventory(2)).seconds, 3))
