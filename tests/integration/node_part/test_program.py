# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's program under every Python, with nothing but that Python: it moves two tables over TLS, in time."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from integration.node_part.test_node_part import interpreter, netns

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.launcher import start as started
from unit.aws_lab import OVERLAY, AwsLab, _aws_lab, aws
from unit.bad_server import Authority, pump
from unit.pythons import SUPPORTED, installed

__all__ = ["_aws_lab", "aws", "netns"]

_PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv.pop(1))
from aws_overlay_ip._node import history
from aws_overlay_ip._node.cli import main
history.keep = lambda records: None  # this machine is no node, and shall have no record of being one
code = main(sys.argv[1:])
strangers = {"boto3", "botocore", "pyroute2", "http.client", "urllib.request", "email", "xml.etree"} & set(sys.modules)
with open("/proc/self/status") as status:
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
print(json.dumps({"strangers": sorted(strangers), "kib": int(peak)}), file=sys.stderr)
sys.exit(code)
"""
MOST_MEMORY = 40 * 1024  # KiB: 24 on Debian 12's own Python, 35 on that of Debian 14; with an SDK it was 60 and more


@pytest.fixture
def tls(aws: AwsLab, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """TLS before the lab's endpoint: its URL and the file of its authority."""
    authority = Authority(tmp_path)
    context = authority.server()
    host, _colon, port = aws.endpoint.url.partition("//")[2].partition(":")

    def serve(sock: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(sock, server_side=True) as inside,
            socket.create_connection((host, int(port))) as behind,
        ):
            threading.Thread(target=pump, args=(behind, inside), daemon=True).start()
            pump(inside, behind)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}", str(authority.file)
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("python", SUPPORTED)
def test_the_program_needs_nothing_but_python(python: str, aws: AwsLab, tls: tuple[str, str], tmp_path: Path) -> None:
    for name, text in install.sources(install.shipped).items():
        path = tmp_path / "aws_overlay_ip" / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    aws.point(2)
    url, authority = tls
    config = {
        "name": "node1",
        "network_interface_id": aws.eni(1),
        "overlays": [{"destination": OVERLAY, "addresses": [], "route_table_ids": aws.tables[:2]}],
        "aws": {**aws.options(), "endpoint_url": url, "aws_ca_bundle": authority},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    arguments = [str(tmp_path), "--config", str(tmp_path / "config.json"), "take"]
    program = interpreter(python)
    subprocess.run([program, "-s", "-m", "compileall", "-q", str(tmp_path / "aws_overlay_ip")], check=True)
    command = [program, "-s", "-c", _PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [aws.truth()[table] for table in aws.tables[:2]] == [aws.eni(1)] * 2
    assert aws.calls() == ["DescribeRouteTables", "ReplaceRoute", "ReplaceRoute", "DescribeRouteTables"]
    told = json.loads(done.stderr)
    assert told["strangers"] == []
    assert told["kib"] < MOST_MEMORY


#: Ways to lose the interpreter that setup found: it is gone, an older one is in its place, or it is broken.
LOST = {"gone": "is gone", "too old": "is Python 3.6 now", "broken": "cannot run it"}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("give-up", ["10.0.1.10"]),
        ("give-up --to node2", ["10.0.1.10"]),
        ("give-up 2001:db8:10::15", ["10.0.1.10", "192.168.10.15"]),
        ("notify BACKUP", ["10.0.1.10"]),
        ("notify FAULT", ["10.0.1.10"]),
        ("--timeout 5 notify STOP", ["10.0.1.10"]),
        ("notify MASTER", ["10.0.1.10", "192.168.10.15", "2001:db8:10::15"]),
        ("watch", ["10.0.1.10", "192.168.10.15", "2001:db8:10::15"]),
    ],
)
def test_a_node_that_lost_its_python_lets_go(
    lost: str, command: str, left: list[str], netns: str, tmp_path: Path
) -> None:
    """Of the overlay addresses alone, wherever they are, and only where that is what it is told.

    Asked whether it may stay the master, it may: the other node's Python may be no better.
    """
    python = {"gone": "/nowhere/python3.9", "too old": installed("3.6"), "broken": sys.executable}[lost]
    if python is None:
        pytest.skip("Python 3.6 is not installed")
    done, held = lose(python, command, netns, tmp_path)
    assert (done.returncode, done.stderr) == (0 if command == "watch" else 2, "")
    assert LOST[lost] in json.loads(done.stdout)["error"]
    assert held == left


@pytest.mark.parametrize("command", ["give-up", "notify BACKUP"])
def test_a_program_that_is_ended_lets_go_all_the_same(command: str, netns: str, tmp_path: Path) -> None:
    """By the kernel, say, that has no memory left."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -9 $$\n")
    python.chmod(0o755)
    done, held = lose(str(python), command, netns, tmp_path)
    assert done.returncode == 1
    assert "was ended (exit code 137)" in json.loads(done.stdout)["error"]
    assert held == ["10.0.1.10"]


def lose(python: str, command: str, netns: str, tmp_path: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a command by a Python that does not run it, on a node with two overlay addresses; what it holds then."""
    (tmp_path / install.START).write_text(started())  # and nothing else of the program: that is what breaks it
    program = tmp_path / "aws-overlay-ip"
    addresses = ["192.168.10.15/32", "2001:db8:10::15/128"]
    program.write_text(install.started_by(python, str(tmp_path), addresses))
    program.chmod(0o755)
    for words in ("192.168.10.15/32 dev eth0 label eth0:1", "2001:db8:10::15/128 dev lo nodad"):
        subprocess.run(["ip", "-n", netns, "address", "add", *words.split()], check=True)
    inside = ["nsenter", f"--net=/run/netns/{netns}", str(program), *command.split()]
    done = subprocess.run(inside, env={}, capture_output=True, text=True, timeout=30, check=False)
    shown = subprocess.run(["ip", "-n", netns, "-json", "address"], capture_output=True, text=True, check=True).stdout
    held = [one["local"] for link in json.loads(shown) for one in link["addr_info"] if one["scope"] == "global"]
    return done, sorted(held)
