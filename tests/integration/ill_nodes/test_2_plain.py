# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes with Python and iproute2 and nothing else: all that the collection does, by either engine, with packets.

The nodes of tests/integration/failover are such nodes, too.
"""

from __future__ import annotations

import json

import pytest

from drill.plain import Plain, plain

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.mark.long
@pytest.mark.parametrize("engine", ["keepalived", "pacemaker"])
def test_nodes_need_nothing_but_python(engine: str) -> None:
    with plain(engine) as pair:
        assert sum(pair.play("setup.yml").changed.values()) == 0
        for node in pair.nodes:
            assert json.loads(pair.exec(node, "aws-overlay-ip", "check"))["ready"]
        _switch(pair, api_from="controller", source="node1", target="node2")
        _switch(pair, api_from="node", source="node2", target="node1")
        _fail(pair)
        assert pair.play("status.yml").overlay_ip_result["healthy"]
        pair.part()
        pair.play("teardown.yml")
        view = pair.view()
        assert (set(view.tables.values()), view.addresses) == ({None}, ())
        assert [node for node in pair.nodes if pair.exec(node, "ls", "/usr/sbin/aws-overlay-ip")] == []
        problems = pair.control.problems()
    assert not problems, problems


def _switch(pair: Plain, api_from: str, source: str, target: str) -> None:
    """A planned switchover, whoever asks AWS. That it loses nothing is shown beside, on nodes of the other kind."""
    mark = pair.control.mark()
    with pair.probe() as probe:
        probe.wait_for(source)
        pair.play("switchover.yml", target=target, overlay_ip_api_from=api_from)
        pair.rest(target)
    assert probe.report.who == (source, target)
    if api_from == "node" and pair.engine == "keepalived":  # in a cluster, the resource agents move the route
        assert {pair.roles[target] in call["caller"] for call in pair.writes(mark)} == {True}


def _fail(pair: Plain) -> None:
    """A holder without power is replaced, and comes back as the standby."""
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.crash("node1")
        probe.wait_for("node2", 90)
    pair.boot("node1")
    pair.rest("node2")
    assert probe.report.who == ("node1", "node2")
