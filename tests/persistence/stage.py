# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One full node behind a router that gives it IPv4 by DHCP and IPv6 by advertisements, and what is seen on it."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.daemon.manifest import Manifest
from lab.endpoint.snapshot import InstanceSnap, InterfaceSnap, Subnet, TableSnap, VpcSnapshot
from lab.fabric import dhcp, netns
from lab.fabric.router import Router
from lab.nodes.base import NodeSpec
from lab.nodes.full import FullNode, full_nodes
from persistence.advertiser import Advertiser

OWN4 = "10.0.1.10"
OVERLAY4, OVERLAY6 = "192.168.10.15", "2001:db8:10::15"
PREFIX6 = "2001:db8:1::"
SETTLE_SECONDS = 60.0  # a lost DHCP message is sent again after 4, 8, 16 seconds
KEEP_SECONDS = 1.5
"""How long nothing may change before it counts as settled: managers act on netlink events within milliseconds."""

_DEFAULTS: dict[str, Any] = {
    "addresses": [OVERLAY4, OVERLAY6],
    "interface": "auto",
    "label": "auto",
    "state": "present",
    "persistent": True,
    "persistence": "auto",
}
_NODE = "full"
_PORT = f"{_NODE}.0"
_CODE = "/opt/overlay"
_UTILS = Path(__file__).parents[2] / "plugins" / "module_utils"
_HOLD = (
    f"import json, sys; sys.path.insert(0, {_CODE!r})\n"
    "from module_utils._address import hold, tools\n"
    "from module_utils._address.persist.host import LocalHost\n"
    "with tools.opened('') as net:\n"
    "    print(json.dumps(hold.run(json.loads(sys.argv[1]), net, LocalHost(), check=False)))\n"
)
_READ = (
    f"import json, sys; sys.path.insert(0, {_CODE!r})\n"
    "from module_utils._address import tools\n"
    "from module_utils._address.persist.host import LocalHost\n"
    "from module_utils._address.persist.store import Tree, read_now\n"
    "with tools.opened('') as net:\n"
    "    tree, links = Tree(LocalHost()), net.links()\n"
    "    print(json.dumps(sorted({path for a in sys.argv[1:] for path in read_now(tree, a, links)})))\n"
)
SNAPSHOT = VpcSnapshot(
    vpc_id="vpc-1",
    cidrs=("10.0.0.0/16",),
    subnets=(Subnet("subnet-1", "10.0.1.0/24", "rtb-1"),),
    tables=(TableSnap("rtb-1", ()),),
    interfaces=(InterfaceSnap("eni-1", "subnet-1", (OWN4,), "02:00:00:00:01:0a", True, "i-1", 0),),
    instances=(InstanceSnap("i-1", "running"),),
)

OWN4_SECOND, GATEWAY4_SECOND = "10.0.2.10", "10.0.2.1"
TWO_INTERFACES = replace(
    SNAPSHOT,
    subnets=(*SNAPSHOT.subnets, Subnet("subnet-2", "10.0.2.0/24", "rtb-1")),
    interfaces=(
        *SNAPSHOT.interfaces,
        InterfaceSnap("eni-2", "subnet-2", (OWN4_SECOND,), "02:00:00:00:02:0a", True, "i-1", 1),
    ),
)


@dataclass(frozen=True)
class Sight:
    """What is on eth0, and from which addresses the node would talk to the world."""

    addresses: tuple[str, ...]
    label: str
    source4: str
    source6: str

    @property
    def settled(self) -> bool:
        """Whether the network is there: the node's own addresses, by DHCP and by router advertisement."""
        return bool(self.source4 and self.source6 and OWN4 in self.addresses)

    @property
    def overlay4(self) -> bool:
        return OVERLAY4 in self.addresses

    @property
    def overlay6(self) -> bool:
        return OVERLAY6 in self.addresses

    @property
    def own_first(self) -> bool:
        """Whether the DHCP address is listed before the overlay, so that programs that take the first take it."""
        return not self.overlay4 or self.addresses.index(OWN4) < self.addresses.index(OVERLAY4)


class Stage:
    """The node and its surroundings; `close` removes all of it.

    Args:
        directory: for the state.
        variant: root file system, a key of `lab.nodes.full_rootfs.VARIANTS`.
        stack: a key of `lab.nodes.full_stacks.STACKS`.
        furnish: further files of the node, written before its first boot: path -> (text, mode).
        authorized_key: who may log in as root.
        snapshot: the VPC.
    """

    def __init__(
        self,
        directory: Path,
        variant: str,
        stack: str,
        furnish: dict[str, tuple[str, int]] | None = None,
        authorized_key: str = "",
        snapshot: VpcSnapshot = SNAPSHOT,
    ) -> None:
        self.manifest = Manifest(directory / "manifest.json", secrets.token_hex(3))
        self.fabric = directory / "fabric"
        self.router = Router(self.manifest.lab_id, self.fabric, self.manifest, lambda: snapshot)
        self.router.start()
        self._advertiser = Advertiser(self.router.netns, PREFIX6)
        spec = NodeSpec(self.manifest.lab_id, _NODE, "i-1", directory / _NODE, authorized_key)
        socket = self.router.socket(_NODE, "i-1", use_dhcp=True, services=self._services)
        node = full_nodes(variant, stack)(spec, socket, self.manifest)
        assert isinstance(node, FullNode)
        self.node = node
        for path in (path for room in ("_base", "_address") for path in (_UTILS / room).rglob("*.py")):
            self.node.write(f"{_CODE}/module_utils/{path.relative_to(_UTILS)}", path.read_text())
        for name, (text, mode) in (furnish or {}).items():
            self.node.write(name, text, mode)

    def remove(self, path: str) -> None:
        """Take a file off the disk of a node that is off."""
        (self.node.spec.directory / "root" / path.lstrip("/")).unlink()

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link on the disk of a node that is off."""
        place = self.node.spec.directory / "root" / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def close(self) -> list[str]:
        """Remove everything; returns what could not be removed."""
        self._advertiser.stop()
        self.node.destroy()
        return self.manifest.remove_all()

    def _services(self, machine: str) -> list[subprocess.Popen[bytes]]:
        """No process: only a quicker network, at each plug."""
        # Nobody else is on the link: without probing for duplicates an address counts a second earlier.
        netns.set_sysctls(machine, {"ipv6/conf/eth0/dad_transmits": "0"})
        return []

    # -- on the node ----------------------------------------------------------------------------------------------

    def run(self, *argv: str, timeout: float = 60.0) -> str:
        """Run a command on the node; it must succeed."""
        done = self.node.exec(list(argv), timeout=timeout)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout}{done.stderr}"
        return done.stdout

    def hold(self, **options: Any) -> dict[str, Any]:
        """overlay_interface, with both overlays and everything else at its default."""
        answer: dict[str, Any] = json.loads(self.run("python3", "-c", _HOLD, json.dumps({**_DEFAULTS, **options})))
        return answer

    def refusal(self, **options: Any) -> str:
        """The sentence with which overlay_interface refuses these options."""
        done = self.node.exec(["python3", "-c", _HOLD, json.dumps({**_DEFAULTS, **options})])
        assert done.returncode != 0, done.stdout
        return done.stderr.strip().splitlines()[-1]

    def read(self) -> list[str]:
        """The files of ours that the stack which configures eth0 now does read."""
        found: list[str] = json.loads(self.run("python3", "-c", _READ, OVERLAY4, OVERLAY6))
        return found

    def look(self) -> Sight:
        """What is to be seen now; a link or a route that is missing is seen as empty."""
        links = self._json("ip", "-json", "address", "show", "dev", "eth0")
        infos = [info for link in links for info in link.get("addr_info", ()) if info.get("scope") == "global"]
        label = next((i.get("label", "") for i in infos if i["local"] == OVERLAY4), "")
        return Sight(
            addresses=tuple(info["local"] for info in infos),
            label="" if label == "eth0" else label,
            source4=self._source("8.8.8.8"),
            source6=self._source("2001:4860:4860::8888"),
        )

    def settle(self, wanted: Callable[[Sight], bool] = lambda sight: True) -> Sight:
        """Wait until the network is there and ``wanted``, and then for a while nothing changes; or for too long."""
        deadline = time.monotonic() + SETTLE_SECONDS
        sight, since = self.look(), time.monotonic()
        while time.monotonic() < deadline:
            now = self.look()
            if now != sight or not (now.settled and wanted(now)):
                sight, since = now, time.monotonic()
            elif time.monotonic() - since >= KEEP_SECONDS:
                break
            time.sleep(0.1)
        return sight

    def dhcp_messages(self) -> Counter[str]:
        """What the DHCP server has seen since the node was made."""
        return dhcp.messages(self.fabric, _PORT)

    def _source(self, destination: str) -> str:
        routes = self._json("ip", "-json", "route", "get", destination)
        return str(routes[0].get("prefsrc", "")) if routes else ""

    def _json(self, *argv: str) -> Sequence[dict[str, Any]]:
        done = self.node.exec(list(argv))
        found: list[dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else []
        return found
