# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the chain, each with a log, that end with the test; and the configurations that docs/respond.md shows.

All of them listen on the loopback interface alone.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx.checkout import AWX_COLLECTION, COLLECTIONS, PROGRAMS, ROOT, environment
from lab.daemon.ssh import ssh_options
from lab.daemon.state import Directory

PAGE = ROOT / "docs" / "respond.md"
PLACE = ROOT / ".cache" / "promtool"
RULES = ROOT / "extensions" / "prometheus" / "overlay_ip.rules.yml"
EXPORTER_PORT = 9100
_STOP = 60.0
# Debian's Alertmanager reads its templates below /usr/share, which is not ours to write.
_WITH_SHARE = 'mount -t overlay overlay -o "lowerdir=$1:/usr/share" /usr/share; shift; exec "$@"'


@dataclass(frozen=True)
class Running:
    """A process at work."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, ready: Callable[[], Any], what: str, seconds: float) -> Any:
        """What ``ready()`` returns as soon as that is true; fails with the log."""
        deadline = time.monotonic() + seconds
        while not (found := ready()):
            assert self.process.poll() is None, f"{what}: it ended\n{self.said}"
            assert time.monotonic() < deadline, f"{what} did not come in {seconds:.0f} s\n{self.said[-6000:]}"
            time.sleep(0.1)
        return found


def shown(name: str) -> Any:
    """The YAML block of docs/respond.md whose first line is the comment ``# name``."""
    blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return yaml.safe_load(dict(blocks)[name])


def program(name: str) -> str:
    """The path of a server; the test is skipped where there is none."""
    found = shutil.which(name) or shutil.which(name, path=str(PLACE))
    if found is None:
        pytest.skip(f"{name} is not in .cache/promtool: make setup gets it")
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str) -> Any:
    """What a server answers, as JSON; None where it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def post(port: int, path: str, body: Any, token: str | None = None) -> int:
    """Send JSON; the HTTP status, 0 where nobody listens."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@contextmanager
def started(argv: Sequence[str], log: Path, **more: Any) -> Iterator[Running]:
    """Run a program until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **more)
    try:
        yield Running(process, log)
    finally:
        forks = _descendants(process.pid)
        process.terminate()
        try:
            process.wait(timeout=_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=_STOP)
        for fork in forks:
            _end(fork)


def _descendants(pid: int) -> list[int]:
    """Handles of what a process has started, and they: a playbook of ansible-runner is in a session of its own."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            for child in map(int, task.read_text().split()):
                found.append(os.pidfd_open(child))
                found += _descendants(child)
    return found


def _end(handle: int) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)


@contextmanager
def tunnels(directory: Directory, addresses: Mapping[str, str], folder: Path) -> Iterator[dict[str, int]]:
    """By node, a port of this host's loopback interface that leads to the node's exporter."""
    ports = {name: free_port() for name in addresses}
    forks = [
        ["ssh", *ssh_options(directory), "-o", "ControlPath=none", "-i", str(directory.key), "-N"]
        + ["-L", f"127.0.0.1:{ports[name]}:127.0.0.1:{EXPORTER_PORT}", f"root@{address}"]
        for name, address in addresses.items()
    ]
    processes = [
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for argv in forks
        for log in [(folder / "tunnels.log").open("ab")]
    ]
    try:
        yield ports
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=_STOP)


@contextmanager
def prometheus(
    folder: Path, exporters: Mapping[str, int], alertmanager_port: int, *, interval: str
) -> Iterator[tuple[Running, int]]:
    """Prometheus as the page shows it, with short intervals, and with the rules' own waiting cut to nothing."""
    port, place = free_port(), folder / "prometheus"
    place.mkdir()
    config = shown("prometheus.yml")
    config["global"] = {"scrape_interval": interval, "evaluation_interval": interval}
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]
    config["scrape_configs"][0]["static_configs"] = [
        {"targets": [f"127.0.0.1:{exporter}"], "labels": {"instance": node}} for node, exporter in exporters.items()
    ]
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        rule.pop("for", None)
    (place / config["rule_files"][0]).write_text(yaml.safe_dump(rules), encoding="utf-8")
    (place / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    argv = [program("prometheus"), f"--config.file={place / 'prometheus.yml'}", f"--storage.tsdb.path={place / 'data'}"]
    with started([*argv, f"--web.listen-address=127.0.0.1:{port}"], folder / "prometheus.log") as running:
        yield running, port


@contextmanager
def alertmanager(folder: Path, webhook_port: int, token: str, *, repeat: str) -> Iterator[tuple[Running, int]]:
    """Alertmanager as the page shows it, without the time that it lets alerts gather, and repeating itself sooner."""
    port, place = free_port(), folder / "alertmanager"
    place.mkdir()
    (place / "token").write_text(token, encoding="utf-8")
    config = shown("alertmanager.yml")
    config["route"]["routes"][0].update(group_wait="0s", group_interval="1s", repeat_interval=repeat)
    hook = next(r for r in config["receivers"] if r["name"] == "overlay_ip")["webhook_configs"][0]
    hook["url"] = f"http://127.0.0.1:{webhook_port}/overlay-ip"
    hook["http_config"]["authorization"]["credentials_file"] = str(place / "token")
    (place / "alertmanager.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    binary = program("prometheus-alertmanager")
    argv = [binary, f"--config.file={place / 'alertmanager.yml'}", f"--storage.path={place / 'data'}"]
    argv += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    if Path(binary).parent == PLACE:
        around = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", _WITH_SHARE, "sh"]
        argv = [*around, str(PLACE / "share"), *argv]
    with started(argv, folder / "alertmanager.log") as running:
        yield running, port


@contextmanager
def rulebook(name: str, folder: Path, inventory: Path, variables: Mapping[str, Any], *more: str) -> Iterator[Running]:
    """ansible-rulebook with a rulebook of the collection; its log goes on where an earlier one ended."""
    (folder / "eda.yml").write_text(yaml.safe_dump(dict(variables)), encoding="utf-8")
    argv = [str(PROGRAMS / "ansible-rulebook"), "--rulebook", name, "--vars", str(folder / "eda.yml")]
    argv += ["--inventory", str(inventory), *more]
    env = environment(folder, ANSIBLE_COLLECTIONS_PATH=f"{COLLECTIONS}:{AWX_COLLECTION}")
    with started(argv, folder / "rulebook.log", cwd=folder, env=env) as running:
        yield running


def listens(port: int) -> bool:
    """Whether the webhook is there: it answers 401 to who brings no token."""
    return post(port, "/overlay-ip", {}) == 401
