# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a pair as an earlier version of the collection left it, from what `upgrade.pack` packed of that version."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Mapping
from typing import Any

from lab.daemon.api import client
from upgrade.pack import PROGRAM, VERSIONS, PackBed, placeholders

_WRITE = r"""
import json, os, sys
for path, entry in json.load(sys.stdin).items():
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    if "link" in entry:
        os.symlink(entry["link"], path)
        continue
    with open(path, "w", encoding="utf-8") as file:
        file.write(entry["text"])
    os.chmod(path, int(entry["mode"], 8))
"""
_KEY = "umask 377; rm -f /etc/corosync/authkey; cat > /etc/corosync/authkey"
_DROP = "import os, sys; [os.unlink(p) for p in sys.argv[1:] if os.path.lexists(p)]"


def versions() -> list[str]:
    """The versions that were packed."""
    return sorted(path.name.removesuffix(".json.gz") for path in VERSIONS.glob("*.json.gz"))


class Earlier:
    """An earlier version on a stage of ours.

    Args:
        version: one of :func:`versions`.
        bed: two full nodes on which nothing is set up yet.
    """

    def __init__(self, version: str, bed: PackBed) -> None:
        self._bed = bed
        text = gzip.decompress((VERSIONS / f"{version}.json.gz").read_bytes()).decode("utf-8")
        for word, name in placeholders(bed).items():
            text = text.replace(name, word)
        packed = json.loads(text)
        self._program: dict[str, Any] = packed["program"]
        self._found: dict[str, Any] = packed["engines"][bed.engine]

    def paths(self, node: str) -> list[str]:
        """All files that it left on a node; what systemd's own enabling made is not counted."""
        files = [path for path, entry in self._files(node).items() if "link" not in entry]
        return [path for path in files if not path.startswith("/etc/corosync/")]

    def install(self, node: str) -> None:
        """Put its files on a node, in place of whatever program is there."""
        bed = self._bed
        old = bed.exec(node, "find", PROGRAM, "-type", "f").splitlines()
        bed.exec(node, "python3", "-c", _DROP, *old)
        bed.exec(node, "python3", "-c", _WRITE, stdin=json.dumps(self._files(node)))
        bed.exec(node, "systemctl", "daemon-reload")

    def set_up(self) -> None:
        """All of it, and at rest: files, policies, checks off, routes to node1, addresses, engine."""
        bed, world = self._bed, self._bed.lab.world
        key = secrets.token_hex(64)
        for machine in world.nodes:
            self.install(machine.name)
            for name, document in self._found["nodes"][machine.name]["policies"].items():
                client(world, "iam").put_role_policy(
                    RoleName=machine.role_name, PolicyName=name, PolicyDocument=json.dumps(document)
                )
            bed.ec2.modify_network_interface_attribute(
                NetworkInterfaceId=machine.network_interface_ids[0], SourceDestCheck={"Value": False}
            )
            if bed.engine == "pacemaker":
                bed.exec(machine.name, "sh", "-c", _KEY, stdin=key)
        self._route(world.nodes[0].network_interface_ids[0])
        for machine in world.nodes:
            self._start(machine.name)
        if bed.engine == "pacemaker":
            bed.exec(bed.nodes[0], "crm_resource", "--wait", "--timeout=60s", timeout=90)
            command = ["cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-pipe"]
            self._retry(bed.nodes[0], command, self._found["cib"])
        if bed.engine == "none":
            bed.wait(lambda view: view.holder == bed.nodes[0] and view.addresses == bed.nodes, 30, "rest")
        else:
            bed.rest(bed.nodes[0])

    def _files(self, node: str) -> Mapping[str, Any]:
        files: dict[str, Any] = self._found["nodes"][node]["files"]
        return files if self._bed.engine == "none" else {**files, **self._program}

    def _start(self, node: str) -> None:
        bed = self._bed
        if bed.engine == "none":
            bed.exec(node, "ip", "address", "add", f"{bed.lab.overlay}/32", "dev", "eth0", "label", "eth0:1")
        elif bed.engine == "keepalived":
            bed.exec(node, "systemctl", "restart", "keepalived")
            if node == bed.nodes[0]:
                bed.wait(lambda view: node in view.addresses, 30, "the first master")
        else:
            bed.exec(node, "systemctl", "restart", "corosync", "pacemaker", timeout=60)

    def _retry(self, node: str, command: list[str], text: str) -> None:
        """A cluster that has just begun takes a configuration when it has a coordinator."""
        self._bed.exec(
            node,
            "timeout",
            "60",
            "sh",
            "-c",
            'until crm_mon -1 | grep -q "partition with quorum"; do sleep 0.2; done',
            timeout=70,
        )
        self._bed.exec(node, *command, stdin=text)

    def _route(self, interface: str) -> None:
        for table in self._bed.lab.world.route_table_ids:
            self._bed.ec2.create_route(
                RouteTableId=table, DestinationCidrBlock=f"{self._bed.lab.overlay}/32", NetworkInterfaceId=interface
            )


def left(bed: PackBed, node: str, paths: list[str]) -> list[str]:
    """Which of these paths are still there."""
    script = "import os, sys; print('\\n'.join(p for p in sys.argv[1:] if os.path.lexists(p)))"
    return bed.exec(node, "python3", "-c", script, *paths).split()
