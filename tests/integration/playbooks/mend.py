# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo what a test did to a lab that is set up: setup takes a quarter of a minute."""

from __future__ import annotations

from lab.daemon.ssh import end_masters
from lab.daemon.state import LabError
from lab.handle import LabHandle
from lab.nodes.base import NodeError

NODES = ("node1", "node2")


def switch_on(lab: LabHandle) -> None:
    """Boot the nodes that crashed and start those that EC2 stopped."""
    off = []
    for node in NODES:
        try:
            lab.exec(node, "true", timeout=2)
        except (LabError, NodeError):
            off.append(node)
    for node in off:
        reservation = lab.ec2.describe_instances(InstanceIds=[lab.lab.machine(node).instance_id])["Reservations"][0]
        if reservation["Instances"][0]["State"]["Name"] == "running":
            lab.boot(node)
        else:
            lab.start(node)
    if off:
        end_masters(lab.directory)


def up(lab: LabHandle) -> list[str]:
    """The nodes with the overlay IP."""
    return [node for node in NODES if lab.exec(node, "ip", "-o", "addr", "show", "to", lab.lab.overlay).stdout]


def mended(lab: LabHandle) -> bool:
    """Switch nodes on, addresses up, checks off, other routes gone; whether what only setup makes, policies and files,
    is there."""
    switch_on(lab)
    lab.delete_routes(keep=f"{lab.lab.overlay}/32")
    holding = up(lab)
    for node in NODES:
        lab.set_source_dest_check(node, enabled=False)
        if not lab.exec(node, "find", "/etc", "-name", "aws-overlay-ip-*").stdout:
            return False
        if node not in holding:
            lab.exec(node, "ip", "addr", "add", f"{lab.lab.overlay}/32", "dev", "eth0", "label", "eth0:1")
    return all(lab.iam.list_role_policies(RoleName=node.role_name)["PolicyNames"] for node in lab.world.nodes)
