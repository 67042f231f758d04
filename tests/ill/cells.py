# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of the node's program on an ill node: how it ends, when, and where address and route are then.

Two promises hold in every cell: no command leaves the routes here with the address down, and none leaves the address up
on a node that was told to let go.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from drill.bed import Bed
from lab.daemon.control import tell

CONFIG = "/etc/aws-overlay-ip/config.json"
RUN = "/run/aws-overlay-ip"
SPARE = "/dev/shm/aws-overlay-ip"
AGENT = "/usr/lib/ocf/resource.d/aws_ha/overlay-ip"
DEADLINE = 3
SLACK = 1.0
"""Seconds after its deadline in which a command may end; what the lab takes to run it comes on top."""
OVERHEAD = 1.0
GRANTED = {
    name: int(seconds)
    for name, seconds in re.findall(
        r'<action name="(start|stop|monitor)" timeout="(\d+)s"',
        (Path(__file__).parents[2] / "roles/pacemaker/files/overlay-ip").read_text(),
    )
}
"""The agent's own OCF timeouts, in seconds."""

TAKING = ("take", "notify MASTER", "start")
LOOKING = ("watch", "show", "monitor")
LETTING_GO = ("notify BACKUP", "notify FAULT", "notify STOP", "give-up", "stop")
OCF_SUCCESS, OCF_ERR_GENERIC = 0, 1
COMMANDS = (*TAKING, *LOOKING, *LETTING_GO)
FAULTS = (
    *("hang", "drip", "refuse", "reset", "portal", "throttle"),
    *("full /run", "read-only /run", "full /etc", "read-only /etc", "journal hangs", "broken configuration", "kill -9"),
    *("no name server", "metadata silent", "metadata slow", "proxy sends a page", "no D-Bus"),
    *("clock an hour behind", "clock an hour ahead"),
    *("no file descriptors", "no memory", "no memory for Python", "Python is gone"),
)
ENDPOINT_FAULTS = ("hang", "drip", "refuse", "reset", "portal")

#: What stands in EC2's place, on the node itself: it takes a connection and then does as its name says.
_SERVER = r"""
import socket, struct, sys, threading, time
kind, port = sys.argv[1], int(sys.argv[2])
listener = socket.create_server(("127.0.0.1", port))
PORTAL = b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p>Log in</p></body></html>"
def pump(source, sink):
    while part := source.recv(65536):
        sink.sendall(part)
def serve(sock):
    if kind == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return sock.close()
    asked = sock.recv(65536)
    if kind == "slow":
        behind = socket.socket()
        behind.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 7)
        behind.connect(("169.254.169.254", 80))
        threading.Thread(target=pump, args=(behind, sock), daemon=True).start()
        while asked:
            time.sleep(0.5)
            behind.sendall(asked)
            asked = sock.recv(65536)
        return
    if kind == "hang":
        return time.sleep(300)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"
    if kind == "portal":
        sock.sendall(head % len(PORTAL) + PORTAL)
        return sock.close()
    for byte in head % 100000 + b"<" * 100000:
        sock.sendall(bytes([byte]))
        time.sleep(1)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
#: Stops the journal where it stands, and fills its socket, as a disk that hangs does.
_JOURNAL = "kill -STOP $(systemctl show -p MainPID --value systemd-journald); timeout 20 python3 -"
_JOURNAL_AGAIN = "kill -CONT $(systemctl show -p MainPID --value systemd-journald)"
_FILL = r"""
import socket
kept = []
while True:
    kept.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    kept[-1].connect("/dev/log")
    kept[-1].setblocking(False)
    sent = 0
    try:
        while True:
            kept[-1].send(b"<13>x")
            sent += 1
    except BlockingIOError:
        if not sent:
            break
"""
_PORT = 9099
KILLED = (-9, 137)

#: Of the configuration, what is another: a name that nobody knows.
_CONFIGURED: dict[str, dict[str, object]] = {"no name server": {"endpoint_url": "http://ec2.nowhere.test"}}
_METADATA = "169.254.169.254"
_NFT = "nft add table ip ill; nft add chain ip ill out '{ type filter hook output priority 0; }'"
_PROGRAM = "/usr/sbin/aws-overlay-ip"
_LOST = f"cp -p {_PROGRAM} /run/launcher; sed -i 's|^python=.*|python=%s|' {_PROGRAM}"
_FOUND = f"cp -p /run/launcher {_PROGRAM}"
#: What breaks it, and what mends it.
_BROKEN = {
    "metadata silent": (f"{_NFT}; nft add rule ip ill out ip daddr {_METADATA} drop", "nft delete table ip ill"),
    "no D-Bus": ("systemctl stop dbus.socket dbus", "systemctl start dbus.socket dbus"),
    "full /etc": (
        "mkdir -p /run/kept && cp -a /etc/aws-overlay-ip/. /run/kept/ && mount -t tmpfs -o size=32k none "
        "/etc/aws-overlay-ip && cp -a /run/kept/. /etc/aws-overlay-ip/; head -c 64k /dev/zero "
        ">/etc/aws-overlay-ip/full; true",
        "umount /etc/aws-overlay-ip",
    ),
    "read-only /etc": ("mount --bind /etc /etc && mount -o remount,ro,bind /etc", "umount /etc"),
    "Python is gone": (_LOST % "/usr/bin/python3.9", _FOUND),
}
_CLOCKS = {"clock an hour behind": 3600.0, "clock an hour ahead": -3600.0}
#: How few of them a process may have.
_LIMITS = {
    "no file descriptors": "--nofile=12",
    "no memory": "--as=20000000",
    "no memory for Python": "--as=12000000",
}


@dataclass(frozen=True)
class Cell:
    """What came of one command under one fault. ``seconds`` is what the command itself says it took, or we measured."""

    fault: str
    command: str
    code: int
    seconds: float
    address: bool
    routes: int
    tables: int
    said: str
    limit: float = DEADLINE + SLACK

    @property
    def wrong(self) -> list[str]:
        """Which promises it breaks."""
        found = []
        if self.routes and not self.address and self.command not in LETTING_GO:
            found.append("routes here, address down")
        # What is killed before it let go serves on: its routes are here. The engine's next word lets go.
        killed = self.code in KILLED and self.routes == self.tables
        if self.address and self.command in LETTING_GO and not killed:
            found.append("told to let go, address up")
        if self.command in LOOKING and not self.address:
            found.append("only looked, and the address went down")
        if self.seconds > self.limit + OVERHEAD:
            found.append("later than its deadline")
        if (
            self.command in TAKING
            and self.code not in KILLED
            and (self.code == 0) != (self.address and self.routes == self.tables)
        ):
            found.append("its exit code says something else")
        if self.command == "stop" and self.code not in (OCF_SUCCESS, *KILLED):
            found.append("a stop that fails: the node would be fenced")
        if self.command in ("watch", "monitor") and self.code not in (OCF_SUCCESS, *KILLED):
            found.append("a healthy node fails")
        if "Traceback" in self.said:
            found.append("a traceback")
        if self.code not in (OCF_SUCCESS, *KILLED) and not self.said:
            found.append("fails without a word")
        return found

    def to_json(self) -> dict[str, object]:
        """As JSON values."""
        return {**asdict(self), "wrong": self.wrong}


class Ill:
    """One node of a bed whose engine is off, and its program run by hand."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self.node = bed.nodes[0]
        self._config = bed.exec(self.node, "cat", CONFIG)
        self._enis = [machine.network_interface_ids[0] for machine in bed.lab.world.nodes]

    def cell(self, fault: str, command: str, granted: int = 0) -> Cell:
        """Play one cell from a state that is made anew; ``granted``: seconds in place of the agent's own timeout."""
        seconds_granted = granted or GRANTED.get(command, 0)
        self._prepare(holds=command not in TAKING)
        with self._fault(fault):
            began = time.monotonic()
            code, said = self._run(
                command, killed=fault == "kill -9", granted=seconds_granted, limit=_LIMITS.get(fault, "")
            )
            seconds = round(time.monotonic() - began, 2)
        if fault == "kill -9" and code in KILLED and command not in LETTING_GO:  # as the engine would: its next check
            self._run("watch")
        # "Fatal Python error" is the head of Python's own, where it cannot begin: on stderr, which no engine keeps.
        ours = "Traceback" in said and "Fatal Python error" not in said
        said = "Traceback" if ours else said.strip()[-300:]
        most = seconds_granted or DEADLINE + SLACK
        return Cell(fault, command, code, seconds, self._address(), *self._routes(), said, most)

    def kill_between(self, command: str) -> bool:
        """Kill it after it has brought the address up and before it moves a route; returns whether it came so far."""
        self._prepare(holds=False)
        with self._fault("hang"):
            unit = ["systemd-run", "--unit=victim", "--collect", "--quiet"]
            self._bed.exec(self.node, *unit, *self._argv(command, GRANTED["start"], 20))
            deadline = time.monotonic() + 15
            while not self._address() and time.monotonic() < deadline:
                time.sleep(0.05)
            came = self._address()
            self._bed.exec(self.node, "systemctl", "kill", "--signal=KILL", "victim")
            self._bed.exec(self.node, "sh", "-c", "while systemctl is-active --quiet victim; do sleep 0.05; done")
        return came and self._address()

    def run(self, command: str) -> tuple[int, str, bool]:
        """Run one command as it is; its exit code, what it said, and whether the address is up afterwards."""
        return (*self._run(command, granted=GRANTED.get(command, 0)), self._address())

    @property
    def own_address(self) -> str:
        """The node's own, which is no overlay IP."""
        shown = self._bed.exec(self.node, "ip", "-4", "-o", "address", "show", "dev", "eth0")
        found: list[str] = re.findall(r"inet ([\d.]+)", shown)
        return next(address for address in found if address != self._bed.lab.overlay)

    def _argv(self, command: str, granted: int, deadline: int = DEADLINE) -> list[str]:
        if command not in GRANTED:
            return ["aws-overlay-ip", "--timeout", str(deadline), *command.split()]
        options = {"destination": self._bed.lab.overlay, "api_interval": "1", "CRM_meta_timeout": str(1000 * granted)}
        if command == "monitor":
            options["CRM_meta_interval"] = "10000"
        environment = [f"OCF_RESKEY_{key}={value}" for key, value in options.items()]
        return ["env", "OCF_ROOT=/usr/lib/ocf", *environment, AGENT, command]

    def _run(self, command: str, *, killed: bool = False, granted: int = 0, limit: str = "") -> tuple[int, str]:
        argv = self._argv(command, granted)
        if limit:
            argv = ["prlimit", limit, *argv]
        if killed:
            argv = ["timeout", "--signal=KILL", "0.1", *argv]
        answer = tell(self._bed.directory.control, "exec", machine=self.node, argv=argv, seconds=60.0)
        return int(answer["returncode"]), str(answer["stdout"]) + str(answer.get("stderr", ""))

    def _prepare(self, *, holds: bool) -> None:
        bed, overlay = self._bed, f"{self._bed.lab.overlay}/32"
        verb = "replace" if holds else "delete"
        bed.exec(self.node, "ip", "address", verb, overlay, "dev", "eth0")
        standing = json.dumps({"state": "MASTER" if holds else "BACKUP", "since": 0.0, "held": holds, "lost": None})
        bed.exec(self.node, "sh", "-c", f"rm -rf {RUN} {SPARE} /run/resource-agents/overlay-ip-*")
        bed.exec(self.node, "install", "-d", "-m", "700", RUN)
        bed.exec(self.node, "tee", f"{RUN}/keepalived.json", stdin=standing)
        for table in bed.lab.world.route_table_ids:
            eni = self._enis[0 if holds else 1]
            bed.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=overlay, NetworkInterfaceId=eni)

    @contextmanager
    def _fault(self, fault: str) -> Iterator[None]:
        begin, end = self._way(fault)
        begin()
        try:
            yield
        finally:
            end()

    def _way(self, fault: str) -> tuple[Callable[[], object], Callable[[], object]]:
        bed, node = self._bed, self.node

        def shell(text: str) -> Callable[[], object]:
            return lambda: bed.exec(node, "sh", "-c", text)

        if fault in ENDPOINT_FAULTS:
            return lambda: self._stand_in(fault), self._stand_down
        if fault == "throttle":
            match = {"service": "ec2", "caller": bed.roles[node]}
            return lambda: bed.control.fault("throttle", match=match), lambda: bed.control.clear("faults")
        if fault in _CONFIGURED:
            return lambda: self._reconfigure(_CONFIGURED[fault]), lambda: self._configure(self._config)
        if fault in _CLOCKS:  # AWS's is moved, which comes to the same
            return lambda: bed.control.advance(_CLOCKS[fault]), lambda: bed.control.advance(-_CLOCKS[fault])
        if fault == "metadata slow":
            return self._slow_metadata, self._quick_metadata
        if fault == "proxy sends a page":
            return lambda: self._stand_in("portal", proxy=True), self._stand_down
        if fault in _BROKEN:
            begin, end = _BROKEN[fault]
            return shell(begin), shell(end)
        if fault == "broken configuration":
            return shell(f"echo '{{' > {CONFIG}"), lambda: self._configure(self._config)
        mounted = {
            "full /run": f"mount -t tmpfs -o size=4k,mode=700 none {RUN}; head -c 8k /dev/zero > {RUN}/full || true",
            "read-only /run": f"mount -t tmpfs -o ro,mode=700 none {RUN}",
        }
        if fault == "journal hangs":
            return lambda: bed.exec(node, "sh", "-c", _JOURNAL, stdin=_FILL), shell(_JOURNAL_AGAIN)
        if fault in mounted:
            return shell(mounted[fault]), shell(f"umount {RUN}")
        return lambda: None, lambda: None

    def _reconfigure(self, aws: dict[str, object]) -> None:
        config = json.loads(self._config)
        config["aws"].update(aws)
        self._configure(json.dumps(config))

    def _stand_in(self, kind: str, *, proxy: bool = False) -> None:
        here = f"http://127.0.0.1:{_PORT}"
        self._reconfigure({"aws_config": {"proxies": {"http": here}}} if proxy else {"endpoint_url": here})
        if kind == "refuse":
            return
        self._serve(kind)

    def _serve(self, kind: str) -> None:
        self._bed.exec(self.node, "tee", "/run/stand-in.py", stdin=_SERVER)
        unit = ["systemd-run", "--unit=stand-in", "--collect", "python3", "/run/stand-in.py", kind, str(_PORT)]
        self._bed.exec(self.node, *unit)
        self._bed.exec(self.node, "sh", "-c", f"until ss -ltn | grep -q :{_PORT}; do sleep 0.05; done")

    def _slow_metadata(self) -> None:
        """What is asked of the service comes by somebody on the node who takes his time."""
        self._serve("slow")
        rule = f"ip daddr {_METADATA} tcp dport 80 meta mark != 7 dnat to 127.0.0.1:{_PORT}"
        nat = "nft add table ip ill; nft add chain ip ill out '{ type nat hook output priority -100; }'"
        self._bed.exec(self.node, "sh", "-c", f"{nat}; nft add rule ip ill out {rule}")

    def _quick_metadata(self) -> None:
        self._bed.exec(self.node, "nft", "delete", "table", "ip", "ill")
        self._stand_down()

    def _stand_down(self) -> None:
        self._bed.exec(self.node, "systemctl", "stop", "stand-in")
        self._configure(self._config)

    def _configure(self, text: str) -> None:
        self._bed.exec(self.node, "tee", CONFIG, stdin=text)

    def _address(self) -> bool:
        return bool(self._bed.exec(self.node, "ip", "-o", "address", "show", "to", self._bed.lab.overlay))

    def _routes(self) -> tuple[int, int]:
        tables = self._bed.view().tables
        return sum(holder == self.node for holder in tables.values()), len(tables)


@contextmanager
def ill(bed: Bed) -> Iterator[Ill]:
    """The bed with its engine off and the agent installed; on again afterwards."""
    for node in bed.nodes:
        bed.exec(node, "systemctl", "disable", "--now", "keepalived")
    bed.install_agents()
    try:
        yield Ill(bed)
    finally:
        for node in bed.nodes:
            bed.exec(node, "systemctl", "enable", "--now", "keepalived")
