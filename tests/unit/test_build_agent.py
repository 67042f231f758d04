# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes without Ansible get: packed, unpacked and configured here; on real nodes in tests/integration/failover."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import iproute
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Link
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.imds import Imds, ImdsError, NetworkInterface
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import by_hand, config

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import build_agent

NIC: NetworkInterface = {
    "mac": "02:00:00:00:00:01",
    "network_interface_id": "eni-0a",
    "device_number": 0,
    "subnet_id": "subnet-1",
    "vpc_id": "vpc-1",
    "ipv4": ["10.0.1.10"],
    "ipv6": [],
    "vpc_cidrs": ["10.0.0.0/16"],
}
SAID = ["192.168.10.15", "--table", "rtb-1", "--table", "rtb-2", "--peer", "node2=eni-0b", "--name", "node1"]


class Metadata(Imds):
    """The instance's, or (`off`) none."""

    off = False

    def interfaces(self) -> list[NetworkInterface]:
        if self.off:
            raise ImdsError("the instance metadata service does not answer.")
        return [NIC]

    def region(self) -> str:
        return "eu-central-1"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball's content."""
    place = tmp_path_factory.mktemp("packed")
    path = build_agent.tarball(place, build_agent.files(), 0)
    (place / "root").mkdir()
    subprocess.run(["tar", "-C", str(place / "root"), "-xzf", str(path)], check=True)
    return place / "root"


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(2, "ens5", mac=NIC["mac"].upper())
    monkeypatch.setattr(iproute.IpRoute, "links", lambda _self: (link,))


def configure(packed: Path, root: Path, *said: str, imds: Imds | None = None) -> int:
    for folder in ("usr/sbin", "usr/lib", "etc"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    return by_hand.main(said, packed / build_agent.SHARE, imds or Metadata(), str(root))


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    made = [build_agent.tarball(place, build_agent.files(), 1000).read_bytes() for place in places]
    assert made[0] == made[1]


def test_what_is_in_it(packed: Path) -> None:
    modes = {name: (packed / name).stat().st_mode & 0o777 for name in (build_agent.AGENT, build_agent.CONFIGURE)}
    assert set(modes.values()) == {0o755}
    agent = Path(__file__).parents[2] / "roles/pacemaker/files/overlay-ip"
    assert (packed / build_agent.AGENT).read_text() == agent.read_text()
    assert build_agent.version() in (packed / build_agent.SHARE / "README.md").read_text()


def test_it_needs_nothing_but_python(packed: Path) -> None:
    """Isolated, and without what is installed beside the standard library."""
    lines = [
        "import sys",
        f"sys.path.insert(0, {str(packed / build_agent.SHARE)!r})",
        "from aws_overlay_ip._node import by_hand",
        "from pathlib import Path",
        "by_hand.main(['--help'], Path('/'))",
    ]
    done = subprocess.run([sys.executable, "-IS", "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("usage: aws-overlay-ip-configure"), done.stderr


def test_it_writes_what_setup_would(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert configure(packed, tmp_path, *SAID) == 0
    path = tmp_path / "etc/aws-overlay-ip/config.json"
    read = config.load(path)
    assert (read.name, read.network_interface_id, dict(read.peers)) == ("node1", "eni-0a", {"node2": "eni-0b"})
    (overlay,) = read.overlays
    assert (overlay.destination, overlay.interface) == ("192.168.10.15/32", "ens5")
    assert overlay.route_table_ids == ("rtb-1", "rtb-2")
    assert json.loads(path.read_text())["aws"] == {"region": "eu-central-1"}
    launcher = (tmp_path / "usr/sbin/aws-overlay-ip").read_text()
    assert "192.168.10.15/32" in launcher
    assert "aws-overlay-ip check" in capsys.readouterr().out
    assert configure(packed, tmp_path, *SAID) == 0
    assert "Nothing was to be done." in capsys.readouterr().out


def test_a_deployment_has_files_of_its_own(packed: Path, tmp_path: Path) -> None:
    assert (
        configure(packed, tmp_path, *SAID, "--deployment", "sap", "--interface", "eth1", "--region", "eu-west-1") == 0
    )
    read = config.load(tmp_path / "etc/aws-overlay-ip-sap/config.json")
    assert (read.deployment, read.overlays[0].interface, read.aws["region"]) == ("sap", "eth1", "eu-west-1")
    assert not (tmp_path / "etc/aws-overlay-ip").exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["10.0.0.300", *SAID[1:]], "'10.0.0.300' is not an IPv4 or IPv6 address"),
        ([*SAID, "--peer", "eni-0c"], "--peer is 'eni-0c=': write NAME=eni-"),
        ([*SAID, "--table", "main"], "--table is 'main', which is no route table"),
        ([*SAID, "--device-index", "3"], "no network interface with the device index 3"),
        ([*SAID, "--deployment", "A B"], "'A B' is no name of a deployment"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], said: list[str], told: str
) -> None:
    assert configure(packed, tmp_path, *said) == 1
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("*.json"))


def test_without_metadata_it_says_so(packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imds = Metadata()
    imds.off = True
    assert configure(packed, tmp_path, *SAID, imds=imds) == 1
    assert "must know its own network interface, but the instance metadata" in capsys.readouterr().err
