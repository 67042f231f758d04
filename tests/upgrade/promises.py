# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade promises, on a pair that an earlier version set up."""

from __future__ import annotations

from upgrade.pack import PackBed, stage
from upgrade.replay import Earlier, left


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
        bed.play("teardown.yml")
        for node in bed.nodes:
            assert left(bed, node, earlier.paths(node)) == []


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


def _rest(bed: PackBed, holder: str) -> None:
    if bed.engine == "none":
        bed.wait(lambda view: view.holder == holder and holder in view.addresses, 30, "rest")
    else:
        bed.rest(holder)
