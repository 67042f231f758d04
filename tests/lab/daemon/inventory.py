# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory that a lab writes: what a user's own would hold, and how to reach machines that are on no network."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from lab.daemon.ssh import ssh_options
from lab.daemon.state import Directory, Machine
from lab.nodes.base import PYTHON

_HEAD = """\
# Written by `make lab-up` for lab {lab_id}; gone with it. Group overlay_nodes is what an inventory of your own has;
# ansible_* only says how to reach the lab's machines, which are on no network of this host.
"""


@dataclass(frozen=True)
class Overlay:
    """One overlay IP of the inventory."""

    address: str
    home: str
    route_table_ids: Sequence[str]


def render(
    directory: Directory,
    machines: Sequence[Machine],
    region: str,
    overlays: Sequence[Overlay],
    aws: Mapping[str, str],
    node_aws: Mapping[str, str],
) -> str:
    """The text of the inventory.

    Args:
        directory: the lab's places.
        machines: nodes go to ``overlay_nodes``, clients to ``overlay_clients``.
        region: the Region of the endpoint.
        overlays: the overlay IPs to set up.
        aws: AWS options for calls from the controller.
        node_aws: the same for calls from the nodes, which have their instance roles.
    """
    nodes = [machine for machine in machines if machine.kind != "client"]
    clients = [machine for machine in machines if machine.kind == "client"]
    nodes_vars = {
        "overlay_ip_region": region,
        "overlay_ips": [
            {"address": o.address, "home": o.home, "route_table_ids": list(o.route_table_ids)} for o in overlays
        ],
        "overlay_ip_aws": dict(aws),
        "overlay_ip_node_aws": dict(node_aws),
    }
    content = {
        "all": {
            "vars": _connection(directory),
            "children": {
                "overlay_nodes": {
                    "hosts": {n.name: {**_host(n), "overlay_ip_instance_id": n.instance_id} for n in nodes},
                    "vars": nodes_vars,
                },
                "overlay_clients": {"hosts": {client.name: _host(client) for client in clients}},
            },
        }
    }
    text: str = yaml.safe_dump(content, sort_keys=False, width=1000)
    return _HEAD.format(lab_id=directory.lab_id) + text


def _host(machine: Machine) -> dict[str, Any]:
    return {"ansible_host": machine.address, "ansible_python_interpreter": PYTHON}


def _connection(directory: Directory) -> dict[str, str]:
    return {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(directory.key),
        "ansible_ssh_common_args": shlex.join(ssh_options(directory)),
        "ansible_control_path_dir": str(directory.masters),
    }
