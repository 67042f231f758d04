# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a node, on a real kernel: every Python that is installed, pyroute2 from the oldest to the newest."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import programs
from lab.nodes.full_rootfs import RootfsError, rootfs
from unit.pythons import SUPPORTED as PYTHONS
from unit.pythons import installed

ROOT = Path(__file__).parents[3]
SCENARIO = Path(__file__).with_name("scenario.py")
OLDEST, NEWEST = "0.7.2", "0.9.7"

pytestmark = pytest.mark.lab


def interpreter(version: str) -> str:
    """The path of a Python, of this machine or Debian's next release; skips where there is none."""
    found = installed(version)
    if found is None and version == "3.14":
        return str(debian_python())
    return found or pytest.skip(f"Python {version} is not installed")


def debian_python() -> Path:
    """Debian 14's Python with its package python3-pyroute2, as a program that runs on this system.

    A tree's programs find its libraries only by its own loader; a script that says so is all they need.
    """
    try:
        tree = rootfs("forky-python")
    except RootfsError as exc:  # a release in the making: its archive may be inconsistent for a day
        pytest.skip(f"Debian 14 cannot be installed today, so Python 3.14 is not here: {exc}")
    program = ROOT / ".cache" / tree.name / "python3.14"
    program.parent.mkdir(parents=True, exist_ok=True)
    command = foreign(tree, "usr/bin/python3", f"--argv0 {program}")
    program.write_text(f'#!/bin/sh\nPYTHONHOME={tree}/usr exec {command} "$@"\n')
    program.chmod(0o755)
    return program


def foreign(tree: Path, program: str, options: str = "") -> str:
    """The command that runs a program of another release's tree."""
    machine = f"{platform.machine()}-linux-gnu"
    libraries = f"{tree}/usr/lib/{machine}:{tree}/lib/{machine}"
    [loader] = tree.glob("usr/lib/*/ld-linux-*.so.*")
    return f"{loader} --library-path {libraries} {options} {tree / program}"


def pyroute2(version: str) -> Path:
    """A directory with this pyroute2 and nothing else, kept between runs."""
    target = ROOT / ".cache" / f"pyroute2-{version}"
    if not (target / "pyroute2").is_dir():
        scratch = target.with_suffix(f".{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(scratch)]
        subprocess.run([*command, f"pyroute2=={version}"], check=True, capture_output=True, timeout=120)
        scratch.replace(target)
    return target


@pytest.fixture
def netns() -> Iterator[str]:
    """A namespace with an interface like a node's, one that is down, and one without IPv6."""
    name = f"ovl-np-{secrets.token_hex(3)}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", "-n", name, *words], check=True)

    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for device, peer in (("eth0", "peer0"), ("nov6", "peer1"), ("down0", "peer2")):
            ip("link", "add", device, "type", "veth", "peer", "name", peer)
        for device in ("lo", "eth0", "peer0", "nov6", "peer1"):
            ip("link", "set", device, "up")
        ip("address", "add", "10.0.1.10/24", "dev", "eth0", "valid_lft", "3600", "preferred_lft", "3600")
        ip("route", "add", "default", "via", "10.0.1.1", "metric", "100")
        ip("route", "add", "default", "dev", "nov6", "metric", "200")
        subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.nov6.disable_ipv6=1"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def in_place_of_ip(program: Path) -> tuple[str, ...]:
    """What runs a command in a file system of its own, in which this program is `ip`: a PATH would not count."""
    found = shutil.which("ip", path=programs.PATH)
    assert found
    return (
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount --bind "$0" "$1" && shift && exec "$@"',
        str(program),
        os.path.realpath(found),
    )


def scenario(
    python: str, library: Path | None, netns: str, tmp_path: Path, tool: str = "netlink", before: Sequence[str] = ()
) -> dict[str, Any]:
    """Run it by pyroute2 (``netlink``) or by `ip` (``iproute``)."""
    (tmp_path / "module_utils").symlink_to(ROOT / "plugins" / "module_utils")
    command = [*before, "nsenter", f"--net=/run/netns/{netns}", python, "-B", "-s", str(SCENARIO), str(tmp_path), tool]
    environment = {"PYTHONPATH": str(library or ""), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


V6 = "2001:db8:10::15/128 eth0 - deprecated"
EXPECTED = {
    "default": {"4": "eth0"},
    "routes": [[4, "eth0", 100, "10.0.1.1", ""], [4, "nov6", 200, "", ""]],
    "own": [["10.0.1.10/24", False]],
    "present": [True, ["192.168.10.15/32 eth0 eth0:1", V6]],
    "present again": [False, ["192.168.10.15/32 eth0 eth0:1", V6]],
    "label": [True, ["192.168.10.15/32 eth0 eth0:sap", V6]],
    "second overlay": [True, ["192.168.10.15/32 eth0 eth0:sap", "192.168.10.16/32 eth0 eth0:1", V6]],
    "lo": [True, ["192.168.10.15/32 lo lo:1", "192.168.10.16/32 eth0 eth0:1", V6]],
    "other prefix, two interfaces": [True, ["192.168.10.15/32 eth0 eth0:2", "192.168.10.16/32 eth0 eth0:1", V6]],
    "absent": [True, []],
    "absent again": [False, []],
    "second interface": [True, ["192.168.10.15/32 peer0 peer0:1", V6.replace("eth0", "peer0")]],
    "steered": [
        ["192.168.10.15", 7151, 7150],
        ["2001:db8:10::15", 7151, 7150],
        [4, "peer0", "10.0.2.1", 7151],
        [6, "peer0", "fe80::2", 7151],
    ],
    "second interface again": [False, ["192.168.10.15/32 peer0 peer0:1", V6.replace("eth0", "peer0")]],
    "back": [True, ["192.168.10.15/32 eth0 eth0:1", V6]],
    "steered back": [],
    "second interface, one": [True, ["192.168.10.15/32 eth0 eth0:1", V6.replace("eth0", "peer0")]],
    "gone from it": [True, []],
    "steered no more": [],
    "link down": [True, ["192.168.10.15/32 down0 down0:1"]],
    "before a rename": [True, ["192.168.10.15/32 eth0 eth0:1"]],
    # The kernel renames labels along with the link; only the file is wrong then.
    "renamed": [True, ["192.168.10.15/32 ens5 ens5:1"]],
    "renamed files": ["# aws_ha.overlay_ip: 192.168.10.15/32 dev ens5 label ens5:1"],
    "ipv6 off": [
        "cannot add 2001:db8:10::15/128 on nov6: IPv6 is switched off there;"
        " set sysctl net.ipv6.conf.nov6.disable_ipv6 to 0, or leave the IPv6 overlay out.",
        ["192.168.10.18"],
    ],
    "gone": ["interface 'x0' has vanished: run again when it is there.", ["192.168.10.18"]],
}


@pytest.mark.parametrize(
    ("python", "version"),
    [
        (PYTHONS[0], NEWEST),
        *(pytest.param(python, NEWEST, marks=pytest.mark.long) for python in PYTHONS[1:-1]),
        (PYTHONS[-1], NEWEST),
        pytest.param("3.9", OLDEST, marks=pytest.mark.long),
        ("3.11", OLDEST),
        pytest.param("3.11", "0.7.7", marks=pytest.mark.long),
        pytest.param("3.11", "0.8.1", marks=pytest.mark.long),
    ],
)
def test_the_life_of_two_overlays(python: str, version: str, netns: str, tmp_path: Path) -> None:
    path = interpreter(python)
    seen = scenario(path, pyroute2(version), netns, tmp_path)
    ran_python, ran_pyroute2 = seen.pop("versions")
    assert ran_python.startswith(f"{python}.")
    assert ran_pyroute2 == version
    assert seen == EXPECTED


@pytest.mark.parametrize(
    "python", [PYTHONS[0], *(pytest.param(python, marks=pytest.mark.long) for python in PYTHONS[1:-1]), PYTHONS[-1]]
)
def test_the_same_life_without_pyroute2(python: str, netns: str, tmp_path: Path) -> None:
    seen = scenario(interpreter(python), None, netns, tmp_path, "iproute")
    ran_python, ran = seen.pop("versions")
    assert (ran_python.startswith(f"{python}."), ran) == (True, "ip")
    assert seen == EXPECTED


@pytest.mark.parametrize("suite", ["trixie", "forky"])
def test_the_same_life_by_newer_ip(suite: str, netns: str, tmp_path: Path) -> None:
    """The `ip` of other releases: their words for a refusal differ."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ip"
    program.write_text(f'#!/bin/sh\nexec {foreign(rootfs(suite), "usr/bin/ip")} "$@"\n')
    program.chmod(0o755)
    seen = scenario(sys.executable, None, netns, tmp_path, "iproute", in_place_of_ip(program))
    del seen["versions"]
    assert seen == EXPECTED


class Restless:
    """Addresses that come and go in a namespace, as where containers start and stop."""

    def __init__(self, netns: str, seconds: float) -> None:
        self._seconds = seconds
        self._process = subprocess.Popen(["ip", "-n", netns, "-batch", "-"], stdin=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        self._stopped = threading.Event()
        threading.Thread(target=self._feed, args=(self._process.stdin,), daemon=True).start()

    def _feed(self, pipe: IO[str]) -> None:
        with suppress(BrokenPipeError, ValueError):
            while not self._stopped.wait(self._seconds):
                pipe.write("address add 10.8.0.1/32 dev eth0\naddress del 10.8.0.1/32 dev eth0\n")
                pipe.flush()

    def stop(self) -> None:
        self._stopped.set()
        self._process.kill()
        self._process.wait()


_READ = """
import sys, time; sys.path.insert(0, sys.argv[1])
import importlib
module = importlib.import_module("module_utils._address." + sys.argv[2])
asked = []
def counted(call):
    return lambda *a, **k: asked.append(1) or call(*a, **k)
if sys.argv[2] == "netlink":
    live = module.Netlink()
    live.links()
    whole, live._dump = live._dump, lambda what, ask: whole(what, counted(ask))
else:
    live = module.IpRoute()
    module.subprocess.run = counted(module.subprocess.run)
rounds, end = 0, time.monotonic() + 60.0
while len(asked) < rounds + 3 and time.monotonic() < end:
    rounds += 1
    assert {"10.0.1.10", "10.9.255.1"} <= {held.address for held in live.held()}
print(len(asked) - rounds)
"""


@pytest.mark.parametrize("tool", ["netlink 0.7.2", "netlink 0.9.7", "iproute"])
def test_a_list_that_changes_while_it_is_read_is_read_again(tool: str, netns: str, tmp_path: Path) -> None:
    name, _space, version = tool.partition(" ")
    (tmp_path / "module_utils").symlink_to(ROOT / "plugins" / "module_utils")
    # Enough of them that a list does not fit into one message.
    many = "".join(f"address add 10.9.{n % 256}.{n // 256 + 1}/32 dev eth0\n" for n in range(1024))
    subprocess.run(["ip", "-n", netns, "-batch", "-"], input=many, text=True, check=True)
    world = Restless(netns, 0.01 if tool == "iproute" else 0.25)  # pyroute2 reads more slowly
    try:
        command = ["nsenter", f"--net=/run/netns/{netns}", sys.executable, "-c", _READ, str(tmp_path), name]
        environment = {"PYTHONPATH": str(pyroute2(version)) if version else "", "PATH": os.environ["PATH"]}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    finally:
        world.stop()
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3, "nothing was interrupted: this test has shown nothing"


def test_with_the_packages_of_a_distribution_alone(netns: str, tmp_path: Path) -> None:
    """Debian 14: Python 3.14 and python3-pyroute2, and nothing from PyPI."""
    seen = scenario(str(debian_python()), None, netns, tmp_path)
    ran_python, _ran_pyroute2 = seen.pop("versions")
    assert ran_python.startswith("3.14.")
    assert seen == EXPECTED


def module(name: str, options: dict[str, Any], *prefix: str, python: str, library: Path | None) -> dict[str, Any]:
    """Run a module as Ansible does: as a payload, under the node's own interpreter."""
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0"}
    environment["ANSIBLE_LOAD_CALLBACK_PLUGINS"], environment["ANSIBLE_STDOUT_CALLBACK"] = (
        "1",
        "ansible.builtin.minimal",
    )
    environment["PYTHONPATH"] = str(library) if library else ""
    command = [*prefix, str(Path(sys.executable).with_name("ansible")), "localhost", "-c", "local", "-o"]
    command += ["-m", f"aws_ha.overlay_ip.{name}", "-a", json.dumps(options)]
    command += ["-e", f"ansible_python_interpreter={python}"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "=> {" in done.stdout, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return answer


@pytest.mark.parametrize(("python", "version"), [("3.9", OLDEST), ("3.14", NEWEST), ("3.9", None)])
def test_the_module_as_a_payload_under_the_oldest_and_newest_python(
    python: str, version: str | None, netns: str
) -> None:
    """AnsiballZ finds the package of writers by its relative imports."""
    inside = ("nsenter", f"--net=/run/netns/{netns}")
    options = {"addresses": ["192.168.10.15"], "persistent": False}
    where: dict[str, Any] = {"python": interpreter(python), "library": pyroute2(version) if version else None}
    done = [module("overlay_interface", options, *inside, **where) for _time in range(2)]
    assert [d["changed"] for d in done] == [True, False]
    assert done[1]["addresses"] == [
        {
            "address": "192.168.10.15/32",
            "interface": "eth0",
            "label": "eth0:1",
            "live": True,
            "persistent": False,
            "method": "",
            "table": 254,
            "gateway": "",
        }
    ]
    info = module("overlay_node_info", {"addresses": ["192.168.10.15"], "metadata": False}, *inside, **where)
    assert info["pyroute2"]["version"] == version
    assert info["tool"]["name"].startswith(f"pyroute2 {version}" if version else "iproute2 ")
    assert [(a["live"], a["label"]) for a in info["addresses"]] == [(True, "eth0:1")]


def test_without_pyroute2_and_without_ip_the_message_says_how_to_get_it(netns: str, tmp_path: Path) -> None:
    # An `ip` that is too old, before all others: its words are those of iproute2 4.9.
    old = tmp_path / "ip"
    old.write_text('#!/bin/sh\necho \'Option "-json" is unknown, try "ip -help".\' >&2\nexit 255\n')
    old.chmod(0o755)
    python = interpreter("3.9")
    inside = in_place_of_ip(old)
    answer = module("overlay_interface", {"addresses": ["192.168.10.15"]}, *inside, python=python, library=None)
    assert answer["msg"].startswith(
        "This node's addresses cannot be read: pyroute2 cannot be imported (ModuleNotFoundError: "
    )
    assert "and 'ip -json route show default' failed: Option \"-json\" is unknown" in answer["msg"]
    assert "4.17 or newer" in answer["msg"]
    info = module("overlay_node_info", {"metadata": False}, *inside, python=python, library=None)
    assert (info["addresses"], info["tool"]["name"]) == (None, None)
    assert [f["id"] for f in info["findings"]] == ["addresses_unreadable"]


def test_without_root_the_message_says_so(netns: str) -> None:
    nobody = ("nsenter", f"--net=/run/netns/{netns}", "setpriv", "--reuid=65534", "--clear-groups")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from module_utils._address import iproute, live, netlink, plan\n"
        "for made in (netlink.Netlink, iproute.IpRoute):\n"
        "    with made() as net:\n"
        "        assert plan.Node((), (), net.routes()).default == {4: 'eth0'}\n"
        "        try: net.apply([plan.Step('add', plan.Overlay('192.168.10.15', 32, 'eth0'))])\n"
        "        except live.NodeError as exc: print(exc)\n"
    )
    # World-readable places: neither the checkout nor a virtual environment need be.
    with_copy = Path("/tmp") / f"ovl-np-{secrets.token_hex(3)}"
    shutil.copytree(ROOT / "plugins" / "module_utils", with_copy / "module_utils")
    shutil.copytree(pyroute2(NEWEST) / "pyroute2", with_copy / "pyroute2")
    try:
        python = shutil.which("python3", path="/usr/bin:/bin") or pytest.skip("the system has no python3")
        done = subprocess.run(
            [*nobody, python, "-c", code, str(with_copy)], capture_output=True, text=True, check=False
        )
    finally:
        shutil.rmtree(with_copy)
    words = "cannot add 192.168.10.15/32 on eth0: this needs root; set become: true for the task."
    assert done.stdout.splitlines() == [words] * 2, done.stderr
