# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource agent by hand: ocf-tester, and what the stock agent does not withstand (each was seen there)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from drill.bed import Bed
from lab.daemon.control import tell

pytestmark = [pytest.mark.lab, pytest.mark.slow]

AGENT = "/usr/lib/ocf/resource.d/aws_ha/overlay-ip"
STAMPS = "/run/overlay-ip-*.stamp /run/resource-agents/overlay-ip-*.stamp"
SUCCESS, ERROR, NOT_RUNNING = 0, 1, 7


@pytest.fixture(scope="module")
def agent(pair: Bed) -> Bed:
    """The lab without keepalived, with the agent on both nodes."""
    for node in pair.nodes:
        pair.exec(node, "systemctl", "disable", "--now", "keepalived")
    pair.install_agents()
    return pair


@pytest.fixture(autouse=True)
def started(agent: Bed) -> Iterator[None]:
    """Begins with the overlay IP started on node1 and nowhere else, and ends without faults."""
    agent.control.clear("faults")
    assert call(agent, "node2", "stop") == SUCCESS
    assert call(agent, "node1", "start") == SUCCESS
    yield
    agent.control.clear("faults")


def call(pair: Bed, node: str, action: str, *, fresh: bool = True, **parameters: str) -> int:
    """The exit code of one action; a recurring monitor looks at the route every time."""
    options = {"destination": pair.lab.overlay, "api_interval": "1", "CRM_meta_interval": "10000", **parameters}
    argv = ["env", "OCF_ROOT=/usr/lib/ocf", *(f"OCF_RESKEY_{key}={value}" for key, value in options.items())]
    if fresh:
        pair.exec(node, "sh", "-c", f"rm -f {STAMPS}")
    answer = tell(pair.directory.control, "exec", machine=node, argv=[*argv, AGENT, action], seconds=90.0)
    return int(answer["returncode"])


def up(pair: Bed, node: str) -> bool:
    return bool(pair.exec(node, "ip", "-o", "address", "show", "to", pair.lab.overlay))


def test_it_passes_the_tester(agent: Bed) -> None:
    command = ["env", "OCF_ROOT=/usr/lib/ocf", "ocf-tester", "-n", "test", "-o", f"destination={agent.lab.overlay}"]
    assert "passed all tests" in agent.exec("node1", *command, AGENT, timeout=180.0)


def test_start_moves_every_table_and_stop_takes_the_address_down(agent: Bed) -> None:
    assert call(agent, "node1", "stop") == SUCCESS
    assert call(agent, "node1", "monitor") == NOT_RUNNING
    assert call(agent, "node2", "start") == SUCCESS
    assert call(agent, "node2", "monitor") == SUCCESS
    assert agent.view().at_rest
    assert agent.view().holder == "node2"


def test_throttled_reads_do_not_make_a_healthy_node_fail(agent: Bed) -> None:
    agent.control.fault("throttle", match={"action": "DescribeRouteTables"})
    assert call(agent, "node1", "monitor") == SUCCESS


def test_denied_reads_do_not_make_a_healthy_node_fail(agent: Bed) -> None:
    agent.control.fault("error", code="UnauthorizedOperation", status=403, match={"action": "DescribeRouteTables"})
    assert call(agent, "node1", "monitor") == SUCCESS


def test_stop_takes_the_address_down_when_nothing_can_be_read(agent: Bed) -> None:
    agent.control.fault("throttle", match={"service": "ec2"})
    assert call(agent, "node1", "stop") == SUCCESS
    assert not up(agent, "node1")


def test_stop_takes_the_address_down_when_the_route_is_elsewhere(agent: Bed) -> None:
    agent.exec("node2", "aws-overlay-ip", "take")
    assert call(agent, "node1", "monitor") == ERROR
    assert call(agent, "node1", "stop") == SUCCESS
    assert not up(agent, "node1")


def test_stop_takes_the_address_down_when_the_program_is_broken(agent: Bed) -> None:
    assert call(agent, "node1", "stop", config="/nowhere") == SUCCESS
    assert not up(agent, "node1")


def test_the_address_is_up_before_the_route_moves(agent: Bed) -> None:
    mark = agent.control.mark()
    agent.control.fault("delay", seconds=1.0, match={"action": "ReplaceRoute"})
    with ThreadPoolExecutor(1) as pool:
        start = pool.submit(call, agent, "node2", "start")
        agent.wait(lambda view: "node2" in view.addresses, 30.0, "the address on node2")
        assert agent.view().holder == "node1"
        assert not [w for w in agent.writes(mark) if w["applied"]]
        assert start.result() == SUCCESS


def test_one_throttled_write_is_made_good(agent: Bed) -> None:
    agent.control.fault("throttle", skip=1, times=1, match={"action": "ReplaceRoute"})
    assert call(agent, "node2", "start") == SUCCESS
    assert agent.view().holder == "node2"


def test_a_denied_write_is_seen_at_its_step(agent: Bed) -> None:
    denied = {"action": "ReplaceRoute", "caller": agent.roles["node2"]}
    agent.control.fault("error", code="UnauthorizedOperation", status=403, match=denied)
    assert call(agent, "node2", "start") == ERROR
    assert not up(agent, "node2")
    assert agent.view().holder == "node1"


def test_a_split_is_mended(agent: Bed) -> None:
    other = next(machine for machine in agent.lab.world.nodes if machine.name == "node2")
    agent.ec2.replace_route(
        RouteTableId=agent.lab.world.route_table_ids[-1],
        DestinationCidrBlock=f"{agent.lab.overlay}/32",
        NetworkInterfaceId=other.network_interface_ids[0],
    )
    assert call(agent, "node1", "monitor", api_interval="0") == SUCCESS
    assert agent.view().holder is None
    assert call(agent, "node1", "monitor") == SUCCESS
    assert agent.view().holder == "node1"


def test_a_clock_that_was_set_back_does_not_blind_it(agent: Bed) -> None:
    """When the tables were last seen is then in the future: they are looked at."""
    assert call(agent, "node1", "monitor", api_interval="3600") == SUCCESS
    mark = agent.control.mark()
    assert call(agent, "node1", "monitor", fresh=False, api_interval="3600") == SUCCESS
    assert agent.control.calls(mark, action="DescribeRouteTables") == []
    agent.exec("node1", "sh", "-c", f"touch -d '1 day' $(ls {STAMPS} 2>/dev/null)")
    assert call(agent, "node1", "monitor", fresh=False, api_interval="3600") == SUCCESS
    assert len(agent.control.calls(mark, action="DescribeRouteTables")) == 1


def test_a_configuration_without_the_overlay_ip_is_told(agent: Bed) -> None:
    assert call(agent, "node1", "validate-all", destination="192.0.2.1") == 5
    assert call(agent, "node1", "validate-all", destination="") == 6
