# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that is set up already. Setup runs again only where the test before left something else behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.daemon.state import LabError
from lab.handle import LabHandle
from lab.nodes.base import NodeError

NODES = ("node1", "node2")
LOOK = "ip addr; find /etc -name 'aws-overlay-ip-*'"


def _set_up(lab: LabHandle) -> bool:
    """Whether both nodes live and have address, file and policy, and their checks are off."""
    try:
        shown = [
            lab.exec(n, "sh", "-c", "ip addr; find /etc -name 'aws-overlay-ip-*'", timeout=2).stdout for n in NODES
        ]
    except (LabError, NodeError):
        return False
    held = all(lab.lab.overlay in text and "aws-overlay-ip-" in text for text in shown)
    interfaces = [lab.world.machine(n).network_interface_ids[0] for n in NODES]
    found = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=interfaces)["NetworkInterfaces"]
    policies = [lab.iam.list_role_policies(RoleName=n.role_name)["PolicyNames"] for n in lab.world.nodes]
    return held and not any(i["SourceDestCheck"] for i in found) and all(policies)


@pytest.fixture
def ready(session_lab: LabHandle) -> Iterator[LabHandle]:
    """The lab, set up, with node1 as the holder in every table."""
    session_lab.control.clear()
    if _set_up(session_lab):
        session_lab.move("node1")
    else:
        session_lab.reset()
        run = session_lab.playbook("setup.yml")
        assert run.ok, run.output
    session_lab.control.clear()
    yield session_lab
    problems = session_lab.control.problems()
    assert not problems, problems
