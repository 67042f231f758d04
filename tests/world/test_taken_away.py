# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make world`: something on the holder takes the address away, which is back at once; and what an engine lets go of
stays down, though something takes it away at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drill.bed import Bed, bed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

TIMES = 10
MOST_MS = 500.0
"""The longest silence. A manager that takes its lease anew is silent for some hundredths of a second by itself."""
_TAKE_AWAY = "ip address delete {address}/32 dev eth0"
_ALL_THE_TIME = "while :; do " + _TAKE_AWAY + "; sleep 0.05; done 2>/dev/null"
_SEEN = 'n=0; for i in $(seq 100); do [ -z "$(ip -o a show to {address})" ] || n=$((n+1)); sleep 0.02; done; echo $n'


@pytest.fixture(
    scope="module",
    params=[(engine, kind) for engine in ("keepalived", "pacemaker") for kind in ("full:ha", "full:ha-networkd")],
    ids=" ".join,
)
def pair(request: pytest.FixtureRequest) -> Iterator[Bed]:
    engine, kind = request.param
    with bed(engine, tables=3, kind=kind) as made:
        yield made


def test_what_is_taken_away_is_back_and_nothing_moves(pair: Bed) -> None:
    events = [_TAKE_AWAY.format(address=pair.lab.overlay)]
    if pair.exec(pair.nodes[0], "systemctl", "is-active", "systemd-networkd") == "active":
        events += ["networkctl reconfigure eth0", "touch /etc/systemd/network/10-eth0.network; networkctl reload"]
    holder = pair.rest().holder or ""
    since = pair.control.mark()
    for event in events:
        with pair.probe(rate=1000.0) as probe:
            probe.wait_for(holder)
            for _time in range(TIMES):
                pair.exec(holder, "sh", "-c", event)
                time.sleep(1.2)
        print(f"{pair.engine}: {event}: {probe.report.lost} lost, at most {probe.report.gap_ms:.0f} ms")
        assert probe.report.who == (holder,)
        assert probe.report.gap_ms < MOST_MS, event
    assert pair.writes(since) == []
    assert pair.rest(holder).holder == holder


def test_what_an_engine_lets_go_of_stays_down(pair: Bed) -> None:
    """It goes to the other node, ten times there or back, each by another of the ways in which it can go."""
    ways = _KEEPALIVED if pair.engine == "keepalived" else _PACEMAKER
    for number in range(TIMES):
        holder = pair.rest().holder or ""
        other = next(node for node in pair.nodes if node != holder)
        leave, come = ways[number % len(ways)]
        pair.exec(holder, "systemd-run", "--unit=nuisance", "sh", "-c", _ALL_THE_TIME.format(address=pair.lab.overlay))
        time.sleep(0.5)
        if leave == "switchover":
            pair.exec(holder, "systemctl", "stop", "nuisance")
            pair.play("switchover.yml", target=other)
        else:
            pair.exec(holder, "sh", "-c", leave.format(node=holder), timeout=60.0)
        _gone_to(pair, other)
        pair.exec(holder, "systemctl", "stop", "nuisance")
        assert _seen(pair, holder) == 0, (leave, _journal(pair, holder))
        pair.exec(holder, "sh", "-c", come.format(node=holder), timeout=60.0)
        pair.rest(other)
        assert _seen(pair, holder) == 0, (come, _journal(pair, holder))


def test_what_is_given_up_by_hand_stays_down_until_the_engine_takes_it(pair: Bed) -> None:
    for _time in range(TIMES):
        holder = pair.rest().holder or ""
        show = f"ip -o a show to {pair.lab.overlay}"
        shown = pair.exec(holder, "sh", "-c", f"aws-overlay-ip give-up >/dev/null; {show}; sleep 0.3; {show}")
        told = _journal(pair, holder)
        assert shown == "" or "brought up" in told or "take" in told, told
        pair.wait(lambda view: view.at_rest, 60, "rest after give-up")


def test_teardown_leaves_no_guard(pair: Bed) -> None:
    if pair.engine == "pacemaker":  # what ties it to the application of the drill is not setup's
        pair.exec(pair.nodes[0], "cibadmin", "--delete", "--xpath", "//rsc_colocation[@id='overlay-with-app']")
    pair.play("teardown.yml")
    for node in pair.nodes:
        assert _seen(pair, node) == 0
        left = "ls /etc/systemd/system/*guard* /etc/systemd/network/*.d/* /run/aws-overlay-ip/held 2>/dev/null"
        assert pair.exec(node, "sh", "-c", f"{left}; pgrep -f [g]uard.py") == ""


_KEEPALIVED = (
    ("systemctl stop keepalived", "systemctl start keepalived"),
    ("switchover", "true"),
    ("systemctl kill --signal=KILL keepalived", "true"),
)
_PACEMAKER = (
    ("crm_standby -v on -N {node}", "crm_standby -D -N {node}"),
    ("switchover", "true"),
    ("systemctl stop pacemaker", "systemctl start pacemaker"),
)


def _gone_to(pair: Bed, node: str) -> None:
    pair.wait(lambda view: view.holder == node and view.addresses == (node,), 60, f"{node} with everything")


def _seen(pair: Bed, node: str) -> int:
    """How often within two seconds the address is seen up there."""
    return int(pair.exec(node, "sh", "-c", _SEEN.format(address=pair.lab.overlay)))


def _journal(pair: Bed, node: str) -> str:
    return pair.exec(node, "journalctl", "--identifier=aws-overlay-ip", "--lines=30", "--no-pager")
