# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml on the lab: what setup made goes, and nothing else. The last of this folder: it leaves no overlay IP."""

from __future__ import annotations

import json

from lab.handle import LabHandle


def addresses(lab: LabHandle) -> list[str]:
    """All addresses of node1, with their prefix lengths."""
    links = json.loads(lab.exec("node1", "ip", "-json", "addr").stdout)
    return [f"{info['local']}/{info['prefixlen']}" for link in links for info in link["addr_info"]]


def test_teardown_removes_what_setup_made_and_nothing_else(ready: LabHandle) -> None:
    other = {"RouteTableId": ready.world.route_table_ids[0], "DestinationCidrBlock": "203.0.113.0/24"}
    ready.ec2.create_route(**other, NetworkInterfaceId=ready.world.machine("client1").network_interface_ids[0])
    before = addresses(ready)
    run = ready.playbook("teardown.yml")
    assert run.ok, run.output
    assert ready.holders() == {}
    assert ready.holders("203.0.113.0/24") == {other["RouteTableId"]: "client1"}
    assert addresses(ready) == [address for address in before if address != f"{ready.lab.overlay}/32"] != before
    assert ready.exec("node1", "sh", "-c", "find /etc -name '*overlay*'").stdout == ""
    for node in ready.world.nodes:
        assert ready.iam.list_role_policies(RoleName=node.role_name)["PolicyNames"] == []
        (interface,) = ready.ec2.describe_network_interfaces(NetworkInterfaceIds=[node.network_interface_ids[0]])[
            "NetworkInterfaces"
        ]
        assert interface["SourceDestCheck"] is True
    again = ready.playbook("teardown.yml")
    assert again.ok, again.output
    assert set(again.changed.values()) == {0}


def test_status_tells_that_nothing_is_set_up(lab: LabHandle) -> None:
    run = lab.playbook("status.yml")
    assert run.ok, run.output
    (overlay,) = run.overlay_ip_result["overlays"]
    assert overlay["holder"] is None
    assert "route_missing" in {finding["id"] for finding in overlay["findings"]}
