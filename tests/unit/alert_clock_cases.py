# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tried of the alerts with nodes whose clock is wrong, and of deployments that were torn down.

As in unit.alert_cases: Prometheus's clock is at 0 when a series begins, and at 600 when it is looked at.
"""

from __future__ import annotations

from unit.alert_series import CTL, EACH, GONE, N1, N2, ONE_GONE, fleet, node, one

HOUR = 3600
_AT = {"n1": N1.rpartition(",")[2], "n2": N2.rpartition(",")[2], "controller": CTL.rpartition(",")[2]}


def clock(who: str, ahead: int) -> tuple[str, str]:
    """What node_exporter there tells of its clock."""
    return f"node_time_seconds{{{_AT[who]}}}", each(ahead)


def each(ahead: int = 0) -> str:
    """Written each minute by such a clock."""
    return f"{ahead}+60x40"


def gone_at(minute: int, ahead: int = 0) -> str:
    """Written each minute by such a clock, and the target gone after that."""
    return f"{ahead}+60x{minute} stale"


def moved(when: int, *, ok: bool, ahead: int = 0) -> list[tuple[str, str]]:
    """The last move of n1, by Prometheus's clock; n1 wrote it by its own."""
    target = f'node="n1",{_AT["n1"]}'
    return [
        one("metrics_timestamp_seconds", target, each(ahead)),
        one("last_move_timestamp_seconds", target, f"{when + ahead}x20"),
        one("last_move_success", target, f"{int(ok)}x20"),
        clock("n1", ahead),
    ]


def ended(who: str, values: str, where: str = "") -> tuple[str, str]:
    """What stands where the metrics of a node stood, once that was torn down."""
    return one("ended_timestamp_seconds", f'node="{who}",{_AT[where or who]}', values)


_TORN_DOWN = [*node(N1, gone_at(3), ONE_GONE, "", ONE_GONE), *node(N2, gone_at(3), ONE_GONE, "", ONE_GONE)]
_FLEET = [(series, ONE_GONE) for series, _values in fleet("", "", "") if "metrics_timestamp" not in series]
_FLEET += [(series, GONE) for series, _values in fleet("", "", "") if "metrics_timestamp" in series]

CASES: list[tuple[str, str, list[tuple[str, str]], int]] = [
    (
        "OverlayIpNobodyTells",
        "both are a quarter of an hour behind, and tell",
        [*node(N1, each(-900)), *node(N2, each(-900)), clock("n1", -900), clock("n2", -900)],
        0,
    ),
    (
        "OverlayIpMetricsStale",
        "a quarter of an hour behind",
        [*node(N1, each(-900)), clock("n1", -900)],
        0,
    ),
    (
        "OverlayIpMetricsStale",
        "a quarter of an hour behind, and nobody says so: it is not told apart",
        node(N1, each(-900)),
        1,
    ),
    ("OverlayIpMetricsStale", "an hour ahead, and never again", [*node(N1, f"{HOUR - 200}x20"), clock("n1", HOUR)], 1),
    ("OverlayIpMetricsStale", "an hour ahead", [*node(N1, each(HOUR)), clock("n1", HOUR)], 0),
    (
        "OverlayIpNodeSilent",
        "the standby is an hour ahead, and its timer stopped long ago",
        [*node(N1, EACH), *node(N2, f"{HOUR - 900}x20"), clock("n2", HOUR)],
        1,
    ),
    (
        "OverlayIpNodeSilent",
        "the standby is an hour behind",
        [*node(N1, EACH), *node(N2, each(-HOUR)), clock("n2", -HOUR)],
        0,
    ),
    (
        "OverlayIpNodeSilent",
        "the controller's clock is wrong, and no node's",
        [*node(N1, EACH), *node(N2, EACH), *fleet(each(-HOUR), "1x40", "0x40"), clock("controller", -HOUR)],
        0,
    ),
    ("OverlayIpMoveFailed", "just now, two hours behind", moved(300, ok=False, ahead=-2 * HOUR), 1),
    ("OverlayIpMoveFailed", "two hours ago, two hours ahead", moved(-2 * HOUR, ok=False, ahead=2 * HOUR), 0),
    ("OverlayIpMoved", "just now, two hours behind", moved(500, ok=True, ahead=-2 * HOUR), 1),
    ("OverlayIpMoved", "ten minutes ago, ten minutes ahead", moved(0, ok=True, ahead=600), 0),
    ("OverlayIpClockWrong", "behind", [*node(N1, each(-40)), clock("n1", -40)], 1),
    ("OverlayIpClockWrong", "ahead", [*node(N1, each(40)), clock("n1", 40)], 1),
    ("OverlayIpClockWrong", "a little", [*node(N1, each(20)), clock("n1", 20)], 0),
    ("OverlayIpClockWrong", "until lately", [*node(N1, EACH), (clock("n1", 0)[0], "40+60x8 540+60x9")], 0),
    (
        "OverlayIpClockWrong",
        "of a machine that tells nothing of us",
        [*node(N1, EACH), clock("n2", HOUR)],
        0,
    ),
    ("OverlayIpClockWrong", "written in the future, and nobody tells the time", node(N1, each(60)), 1),
    (
        "OverlayIpClockWrong",
        "the controller says so of a node, whose own exporter is not asked",
        [
            *fleet(EACH, "1x40", "0x40"),
            clock("controller", 0),
            one("node_clock_offset_seconds", f'node="n1",{_AT["controller"]}', "-40x40"),
            one("node_clock_offset_seconds", f'node="n2",{_AT["controller"]}', "4x40"),
        ],
        1,
    ),
    ("OverlayIpNobodyTells", "torn down", [*_TORN_DOWN, ended("n1", "_x4 200x20"), ended("n2", "_x4 200x20")], 0),
    (
        "OverlayIpNobodyTells",
        "torn down, and node_exporter was taken away soon after",
        [*_TORN_DOWN, ended("n1", "_x4 200 stale"), ended("n2", "_x4 200 stale")],
        0,
    ),
    ("OverlayIpNobodyTells", "torn down, and one did not answer", [*_TORN_DOWN, ended("n1", "_x4 200x20")], 1),
    (
        "OverlayIpNobodyTells",
        "torn down long ago, set up again, and gone",
        [*_TORN_DOWN, ended("n1", "-60 stale"), ended("n2", "-60 stale")],
        1,
    ),
    (
        "OverlayIpNobodyTells",
        "torn down, of which the status playbook alone told",
        [*_FLEET, ended("n1", "_x4 200x20", "controller"), ended("n2", "_x4 200x20", "controller")],
        0,
    ),
    ("OverlayIpNobodyTells", "that playbook's file is gone, and it was not", _FLEET, 1),
]
#: After half an hour.
LATER: list[tuple[str, str, list[tuple[str, str]], int]] = [
    ("OverlayIpMetricsStale", "torn down", [*_TORN_DOWN, ended("n1", "_x4 200x40"), ended("n2", "_x4 200x40")], 0),
    ("OverlayIpMetricsStale", "torn down, and one did not answer", [*_TORN_DOWN, ended("n1", "_x4 200x40")], 1),
    (
        "OverlayIpMetricsStale",
        "torn down by a node whose clock is an hour behind",
        [*node(N1, gone_at(3, -HOUR), ONE_GONE, "", ONE_GONE), clock("n1", -HOUR), ended("n1", "_x4 -3400x40")],
        0,
    ),
]
