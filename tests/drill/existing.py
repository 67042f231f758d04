# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that was there before us: made by hand, with names of its own, its address moved by the stock agent.

Its structure is that of the guides for databases: a group with what belongs to the address before and after it, a
clone that it lives beside, a preference, fence_aws with a map of hosts. The application is the drill's.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from drill import parts
from drill.bed import AWS, TOKEN_MS, Bed, DrillError
from lab.daemon import process
from lab.daemon.api import client

#: As `uname -n` of machines that others have named: nothing of it is in the inventory.
NAMES = {"node1": "SAPDB1.corp.example", "node2": "SAPDB2.corp.example"}
RESOURCE, GROUP = "rsc_ip_DB", "grp_DB"

_NODE_ACTIONS = ["ec2:DescribeRouteTables", "ec2:ReplaceRoute", "ec2:DescribeNetworkInterfaces"]
_COROSYNC = """\
totem {{
  version: 2
  cluster_name: sapdb
  transport: knet
  crypto_cipher: aes256
  crypto_hash: sha256
  token: {token}
}}
quorum {{
  provider: corosync_votequorum
  two_node: 1
  wait_for_all: 1
}}
nodelist {{
{nodes}
}}
logging {{
  to_syslog: yes
  to_logfile: no
}}
"""
_MEMBER = "  node {{\n    name: {name}\n    nodeid: {number}\n    ring0_addr: {address}\n  }}"
_BEFORE = """\
<clone id="cln_app">
  <primitive id="overlay-app" class="systemd" type="overlay-app">
    <operations><op id="overlay-app-monitor" name="monitor" interval="5s" timeout="20s"/></operations>
  </primitive>
</clone>
<group id="grp_DB">
  <primitive id="rsc_data_DB" class="ocf" provider="pacemaker" type="Dummy"/>
"""
_AFTER = """\
  <primitive id="rsc_listener_DB" class="ocf" provider="pacemaker" type="Dummy"/>
</group>
"""
_CONSTRAINTS = """\
<rsc_location id="loc_DB" rsc="grp_DB" node="{home}" score="50"/>
<rsc_colocation id="col_DB_app" rsc="grp_DB" with-rsc="cln_app" score="INFINITY"/>
<rsc_order id="ord_app_DB" first="cln_app" then="grp_DB" kind="Optional"/>
"""


class Existing(Bed):
    """The pair, with a cluster of its own and no setup of ours."""

    def variables(self) -> dict[str, Any]:
        """What every playbook is given: an inventory that says nothing of the cluster's names."""
        return {"overlay_ip_fencing": "existing", "overlay_ip_vpc_move_ip_options": {"awscli": AWS}}

    def cluster(self) -> None:
        """Make it, and wait until its home serves."""
        world, key = self.lab.world, secrets.token_hex(128)
        members = "\n".join(
            _MEMBER.format(name=NAMES[machine.name], number=number, address=machine.addresses[0])
            for number, machine in enumerate(world.nodes, 1)
        )
        self.route(self.address)
        for machine in world.nodes:
            self._permit(machine.name)
            self.ec2.modify_network_interface_attribute(
                NetworkInterfaceId=machine.network_interface_ids[0], SourceDestCheck={"Value": False}
            )
            self.exec(machine.name, "systemctl", "stop", "pacemaker", "corosync", timeout=60.0)
            self.exec(machine.name, "sh", "-c", "rm -f /var/lib/pacemaker/cib/*; systemctl disable overlay-app")
            self.write(machine.name, "/etc/corosync/corosync.conf", _COROSYNC.format(token=TOKEN_MS, nodes=members))
            self.write(machine.name, "/etc/corosync/authkey", key)
            self.exec(machine.name, "chmod", "400", "/etc/corosync/authkey")
        for machine in world.nodes:
            self.exec(machine.name, "systemctl", "enable", "--now", "corosync", "pacemaker", timeout=60.0)
        self._await_members()
        self.write_cib(self.configuration())
        self.ready()

    def configuration(self) -> str:
        """What it is given."""
        values = self.values()
        resources = _BEFORE + parts.stock(values, RESOURCE, self.address) + _AFTER
        constraints = _CONSTRAINTS.format(**values)
        return parts.whole(values, resources, constraints, stickiness=1000, threshold=3, delay="5s")

    def ready(self) -> None:
        """Wait until its home serves."""
        self.rest("node1")

    @property
    def address(self) -> str:
        """The one that its stock agent moves."""
        return self.lab.overlay

    def route(self, address: str) -> None:
        """Made by hand, in every table, to the first node."""
        for table in self.lab.world.route_table_ids:
            self.ec2.create_route(
                RouteTableId=table,
                DestinationCidrBlock=f"{address}/32",
                NetworkInterfaceId=self.lab.world.nodes[0].network_interface_ids[0],
            )

    def write_cib(self, text: str) -> None:
        """Merge this into the cluster's configuration and wait until it has done what follows."""
        command = ["cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-pipe"]
        self.exec("node1", *command, stdin=text)
        self.exec("node1", "crm_resource", "--wait", "--timeout=120s", timeout=150.0)

    def cib(self) -> str:
        """The cluster's configuration, without the time at which it last forgot something."""
        text = self.exec("node1", "cibadmin", "--query", "--scope", "configuration")
        return "\n".join(line for line in text.splitlines() if "last-lrm-refresh" not in line)

    def values(self) -> dict[str, str]:
        world = self.lab.world
        device = self.exec("node1", "sh", "-c", "ip -o route show default | sed 's/.* dev //; s/ .*//'")
        return {
            "region": world.region,
            "hosts": ";".join(f"{NAMES[machine.name]}:{machine.instance_id}" for machine in world.nodes),
            "tables": ",".join(world.route_table_ids),
            "interface": device,
            "awscli": AWS,
            "home": NAMES["node1"],
        }

    def _permit(self, node: str) -> None:
        """What the stock agent's documentation asks for."""
        policy = {"Effect": "Allow", "Action": _NODE_ACTIONS, "Resource": "*"}
        client(self.lab.world, "iam").put_role_policy(
            RoleName=self.roles[node],
            PolicyName="by-hand",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
        )

    def _await_members(self) -> None:
        deadline = time.monotonic() + 90.0
        while self.exec("node1", "crm_mon", "--one-shot", "--output-as=xml").count('online="true"') < len(self.nodes):
            if time.monotonic() > deadline:
                raise DrillError("the nodes did not find each other within 90 s")
            time.sleep(0.5)


Made = TypeVar("Made", bound=Existing)


@contextmanager
def existing(kind: type[Made], tables: int = 2) -> Iterator[Made]:
    """A lab with such a cluster, at rest; removed afterwards."""
    directory, lab = process.up("full:ha", [f"--tables={tables}"])
    try:
        made = kind(directory, lab, "aws-vpc-move-ip")
        made.prepare()
        made.cluster()
        yield made
    finally:
        process.down(directory)
