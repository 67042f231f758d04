# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on a node: the modules' own files, complete, and running without Ansible."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Tree
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Link
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install as node_install
from unit.fake_host import FakeHost

PYTHON = "/usr/bin/python3.9"
CONFIG: dict[str, object] = {
    "name": "n1",
    "network_interface_id": "eni-1",
    "overlays": [{"destination": "192.0.2.1/32", "addresses": ["192.0.2.1/32"], "route_table_ids": ["rtb-1"]}],
}

#: Runs the program with Ansible out of reach, and tells whether the SDK was imported.
_RUN = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ansible", "ansible_collections"):
            raise ImportError(f"{name} was imported on a node")
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv.pop(1))
from aws_overlay_ip._node.cli import main
code = main(sys.argv[1:])
print("botocore" in sys.modules, file=sys.stderr)
sys.exit(code)
"""

USUAL = Deployment()


def install(host: FakeHost, config: dict[str, object] | None = None) -> list[str]:
    tree = Tree(host)
    node_install.install(
        tree, node_install.files(config or CONFIG, node_install.sources(node_install.shipped), PYTHON, USUAL), USUAL
    )
    changes = node_install.ordered(tree.changes(), USUAL)
    host.apply(changes)
    return [change.path for change in changes]


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    host = FakeHost()
    install(host)
    for path, text in host.files.items():
        if path.startswith(USUAL.home):
            at = tmp_path.joinpath(*Path(path).relative_to(USUAL.home).parts[1:])
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(text)
    config = tmp_path / "config.json"
    config.write_text(host.files["/etc/aws-overlay-ip/config.json"])
    command = [sys.executable, "-I", "-c", _RUN, str(tmp_path), "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_launcher_and_the_configuration_come_along() -> None:
    host = FakeHost()
    install(host)
    assert "\npython=/usr/bin/python3.9\n" in host.files["/usr/sbin/aws-overlay-ip"]
    assert json.loads(host.files["/etc/aws-overlay-ip/config.json"]) == CONFIG


def test_a_second_installation_changes_nothing() -> None:
    host = FakeHost()
    install(host)
    assert install(host) == []


@pytest.mark.parametrize("old", ["aws_overlay_ip/_old.py", "0123456789ab/aws_overlay_ip/_node/cli.py", ".half.tmp"])
def test_files_of_an_older_program_go(old: str) -> None:
    host = FakeHost({f"{USUAL.home}/{old}": "x"})
    install(host)
    assert f"{USUAL.home}/{old}" not in host.files


def test_the_launcher_is_the_switch() -> None:
    """Who is killed on the way leaves the old program whole: code, configuration, launcher, and then the old goes."""
    host = FakeHost({f"{USUAL.home}/aws_overlay_ip/_node_cli.py": "old", USUAL.launcher: "old"})
    paths = install(host)
    switch = paths.index(USUAL.launcher)
    assert [p for p in paths[:switch] if not p.endswith((".py", ".json"))] == []
    assert paths[switch + 1 :] == [f"{USUAL.home}/aws_overlay_ip/"]
    assert host.files[USUAL.launcher].count(paths[switch - 1].split("/")[4]) == 2  # program and guard


def test_another_program_lies_in_another_place() -> None:
    config = dict(CONFIG)
    places = {
        p.split("/")[4]
        for text in ("a", "b")
        for p in node_install.files(config, {"x": text}, PYTHON, USUAL)
        if "/lib/" in p
    }
    assert len(places) == 2


def test_the_launcher_knows_what_to_let_go_of() -> None:
    host = FakeHost()
    install(host)
    assert "\naddresses=192.0.2.1/32\n" in host.files[USUAL.launcher]


def test_removal_leaves_nothing() -> None:
    host = FakeHost()
    install(host)
    tree = Tree(host)
    node_install.remove(tree, USUAL)
    host.apply(tree.changes())
    assert host.files == {}


@pytest.mark.parametrize(
    ("files", "removed"),
    [
        (["lease.json"], []),
        (["lease.json", "counts"], ["/run/aws-overlay-ip/"]),
        (["lease.json", ".draft"], ["/run/aws-overlay-ip/"]),
        (["counts"], ["/run/aws-overlay-ip/"]),
    ],
)
def test_the_lease_of_who_removes_it_is_nothing_to_remove(files: list[str], removed: list[str]) -> None:
    """A second teardown would say that it changed something, each time."""
    tree = Tree(FakeHost({f"/run/aws-overlay-ip/{name}": "" for name in files}))
    node_install.remove(tree, USUAL)
    assert [change.path for change in tree.changes()] == removed


def test_looking_at_an_address_needs_neither_ansible_nor_the_sdk(tmp_path: Path) -> None:
    done = run(tmp_path, "show", "--local")
    assert (done.returncode, done.stderr) == (3, "False\n")
    assert json.loads(done.stdout)["addresses_up"] is False


def test_giving_up_needs_nothing_of_aws(tmp_path: Path) -> None:
    done = run(tmp_path, "give-up")
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert json.loads(done.stdout)["changed"] is False


def test_without_a_region_the_remedy_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "show")
    assert done.returncode == 4
    assert "No region is set" in json.loads(done.stdout)["error"]


def test_the_sdks_side_stays_at_home() -> None:
    texts = node_install.sources(node_install.shipped)
    assert {"_aws.wire.client", "_aws.wire.sign", "_aws.http", "_aws.tls", "_aws.imds", "_route.job"} <= texts.keys()
    assert "_aws.client" not in texts
    assert [name for name, text in texts.items() if "import boto" in text] == []


def test_asking_aws_needs_no_sdk_either(tmp_path: Path) -> None:
    done = run(tmp_path, "check")
    assert done.stderr == "False\n"


def test_an_address_of_nobody_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "take", "192.0.2.9")
    assert done.returncode == 2
    assert "192.0.2.9/32 is not an overlay IP of this node" in json.loads(done.stdout)["error"]


def test_another_interpreter_changes_the_launcher_alone() -> None:
    host = FakeHost()
    install(host)
    tree = Tree(host)
    texts = node_install.sources(node_install.shipped)
    node_install.install(tree, node_install.files(CONFIG, texts, "/usr/libexec/platform-python", USUAL), USUAL)
    host.apply(changes := tree.changes())
    assert [change.path for change in changes] == [USUAL.launcher]
    assert "\npython=/usr/libexec/platform-python\n" in host.files[USUAL.launcher]


@pytest.mark.parametrize(
    ("aws", "mode"),
    [
        ({"region": "eu-central-1"}, 0o644),
        ({"aws_config": {"proxies": {"https": "http://proxy.example:3128"}}}, 0o644),
        ({"aws_config": {"proxies": {"https": "http://user@proxy.example:3128"}}}, 0o644),
        ({"aws_config": {"proxies": {"https": "http://user:p%40ss@proxy.example:3128"}}}, 0o600),
    ],
)
def test_a_proxys_password_is_for_root_alone(aws: dict[str, Any], mode: int) -> None:
    config = {**CONFIG, "aws": aws}
    assert node_install.files(config, {}, "/usr/bin/python3", USUAL)["/etc/aws-overlay-ip/config.json"][1] == mode
    assert node_install.secrets(config) == (["p%40ss"] if mode == 0o600 else [])


@pytest.mark.parametrize(
    ("interface", "label", "expected"),
    [("eth0", "auto", ""), ("eth0", "eth0:7", "eth0:7"), ("eth0", "", ""), ("eth1", "auto", "auto")],
)
def test_a_label_that_the_nodes_ifup_would_flush_is_not_configured(interface: str, label: str, expected: str) -> None:
    """network-scripts delete what has a label and no alias file at each `ifup`, and an engine's address has no file."""
    host = FakeHost({"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"}, ["network.service"])
    links = (Link(2, "eth0"), Link(3, "eth1"))
    config = {"name": "node1", "overlays": [{"interface": interface, "label": label}]}
    assert node_install.labelled(config, host, links) == {
        "name": "node1",
        "overlays": [{"interface": interface, "label": expected}],
    }
    assert node_install.labelled(config, FakeHost(), links) == config
