# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade promises, on a pair that an earlier version set up."""

from __future__ import annotations

import time

from upgrade.pack import PackBed, stage
from upgrade.replay import Earlier, left

GUARD = "/etc/systemd/system/aws-overlay-ip-guard.service"


def rolls(version: str, engine: str) -> None:
    """Setup of this version upgrades the pair without a lost packet, nothing moves, teardown leaves nothing behind."""
    with stage(engine) as bed:
        earlier = Earlier(version, bed)
        earlier.set_up()
        with bed.probe() as probe:
            probe.wait_for("node1")
            bed.play("setup.yml")
            _rest(bed, "node1")
        assert probe.report.lost == 0, probe.report
        assert probe.report.who == ("node1",)
        assert sum(bed.play("setup.yml").changed.values()) == 0
        if engine != "none":
            _is_guarded(bed, "node1")
        bed.play("teardown.yml")
        for node in bed.nodes:
            assert left(bed, node, [*earlier.paths(node), GUARD, "/run/aws-overlay-ip/held"]) == []


def fails_over_half_way(version: str, engine: str) -> None:
    """While one node is new and the other one old, each takes over from the other."""
    with stage(engine) as bed:
        earlier = Earlier(version, bed)
        earlier.set_up()
        bed.play("setup.yml")
        _rest(bed, "node1")
        for old, new in (("node2", "node1"), ("node1", "node2")):
            bed.play("setup.yml")
            earlier.install(old)
            holder = bed.view().holder or ""
            other = next(node for node in bed.nodes if node != holder)
            with bed.probe() as probe:
                probe.wait_for(holder)
                bed.crash(holder)
                probe.wait_for(other, 60)
            bed.boot(holder)
            bed.rest(other)
            assert new in bed.nodes


def _is_guarded(bed: PackBed, holder: str) -> None:
    """What the earlier version brought up is guarded as soon as the engine has looked at it once."""
    held = f"/run/aws-overlay-ip/held/{bed.lab.overlay}"
    bed.wait(lambda _view: left(bed, holder, [held]) == [held], 30, "a guard that knows what is held")
    with bed.probe() as probe:
        probe.wait_for(holder)
        bed.exec(holder, "ip", "address", "delete", f"{bed.lab.overlay}/32", "dev", "eth0")
        time.sleep(1.0)
    assert probe.report.gap_ms < 500
    assert all(left(bed, node, [GUARD]) for node in bed.nodes)


def _rest(bed: PackBed, holder: str) -> None:
    if bed.engine == "none":
        bed.wait(lambda view: view.holder == holder and holder in view.addresses, 30, "rest")
    else:
        bed.rest(holder)
