# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_node_info on a node of dictionaries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import hold as address_hold
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import tools as address_tools
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Held
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.imds import Imds, ImdsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import facts as node_facts
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import proof
from unit.fake_host import FakeHost, FakeLive

STATE = "ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/10-netplan-eth0.network\n"
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
OPTIONS: dict[str, Any] = {"addresses": [], "interface": "auto", "persistent": True, "deployment": "overlay-ip"}
HOLD = {"interface": "auto", "label": "auto", "state": "present", "persistence": "auto", "deployment": "overlay-ip"}


class FakeImds(Imds):
    """A service that knows two interfaces, the second of which the node does not have."""

    def instance_id(self) -> str:
        return "i-0aaa1111bbb22222c"

    def region(self) -> str:
        return "eu-central-1"

    def role_name(self) -> str | None:
        return None

    def interfaces(self) -> list[Any]:
        return [
            {"mac": "02:00:00:00:00:02", "network_interface_id": "eni-0", "device_number": 0},
            {"mac": "02:00:00:00:00:99", "network_interface_id": "eni-1", "device_number": 1},
        ]


class Silent(Imds):
    """A node off EC2."""

    def instance_id(self) -> str:
        raise ImdsError("the instance metadata service does not answer.")


class Node:
    """A netplan node; ``live`` stands in for the kernel."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.live = FakeLive()
        self.disk = FakeHost(
            {"/run/systemd/netif/links/2": STATE, "/etc/os-release": DEBIAN}, ["systemd-networkd.service"]
        )
        monkeypatch.setattr(node_facts.tools, "opened", lambda release: _Entered(self.live))

    def hold(self, persistent: bool) -> None:
        options = {**HOLD, "addresses": ["192.168.10.15"], "persistent": persistent}
        address_hold.run(options, self.live, self.disk, check=False)

    def facts(self, imds: Imds | None = None, **options: Any) -> dict[str, Any]:
        return node_facts.describe(self.disk, imds, {**OPTIONS, **options})


class _Entered:
    def __init__(self, live: FakeLive) -> None:
        self.live = live

    def __enter__(self) -> FakeLive:
        return self.live

    def __exit__(self, *_args: object) -> None:
        """Nothing to close."""


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    return Node(monkeypatch)


def test_identity_has_the_nodes_own_names(node: Node) -> None:
    facts = node.facts(FakeImds("http://127.0.0.1:9"))
    assert facts["identity"]["instance_id"] == "i-0aaa1111bbb22222c"
    assert facts["identity"]["role_name"] is None
    assert [(i["network_interface_id"], i["name"]) for i in facts["identity"]["interfaces"]] == [
        ("eni-0", "eth0"),
        ("eni-1", None),
    ]


@pytest.mark.parametrize(
    ("imds", "why"), [(None, "not asked for"), (Silent("http://127.0.0.1:9"), "the instance metadata service does not")]
)
def test_no_identity_is_no_failure(node: Node, imds: Imds | None, why: str) -> None:
    facts = node.facts(imds)
    assert facts["identity"] is None
    assert facts["identity_error"].startswith(why)


def test_addresses_are_those_with_a_file_or_those_asked_for(node: Node) -> None:
    assert node.facts()["addresses"] == []
    node.hold(persistent=True)
    drop_in = "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-192-168-10-15.conf"
    held = {"address": "192.168.10.15/32", "live": True, "interface": "eth0", "label": "eth0:1", "persistent": True}
    missing = {"address": "2001:db8::15/128", "live": False, "interface": "", "label": "", "persistent": False}
    assert node.facts()["addresses"] == [{**held, "files": [drop_in], "unread": []}]
    assert node.facts(addresses=["192.168.10.15", "2001:db8::15"])["addresses"] == [
        {**held, "files": [drop_in], "unread": []},
        {**missing, "files": [], "unread": []},
    ]


def test_a_file_that_the_interface_has_no_use_for_any_more_keeps_nothing(node: Node) -> None:
    """amazon-ec2-net-utils gives the interface a .network file of its own; ours lies beside the old one."""
    node.hold(persistent=True)
    drop_in = node.facts()["addresses"][0]["files"][0]
    node.disk.files["/run/systemd/netif/links/2"] = STATE.replace("10-netplan-eth0", "05-eth0")
    node.disk.files["/usr/bin/setup-policy-routes"] = "#!/bin/sh\n"
    facts = node.facts()
    assert [(a["persistent"], a["files"], a["unread"]) for a in facts["addresses"]] == [(False, [drop_in], [drop_in])]
    assert [f["id"] for f in facts["findings"]] == ["not_persistent", "amazon_ec2_net_utils"]
    assert facts["findings"][0]["message"] == (
        "192.168.10.15/32 would be gone after a reboot: systemd-networkd, /run/systemd/network/05-eth0.network does not"
        f" read {drop_in}."
    )
    # Setup mends it, and says so.
    node.hold(persistent=True)
    (address,) = node.facts()["addresses"]
    mended = "/etc/systemd/network/05-eth0.network.d/60-aws-overlay-ip-192-168-10-15.conf"
    assert (address["persistent"], address["files"], address["unread"]) == (True, [mended], [])


def test_a_label_that_ifup_would_flush_is_told(node: Node) -> None:
    """A cluster's address on network-scripts: nobody writes an alias file for it."""
    node.disk = FakeHost({"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"}, ["network.service"])
    node.live.addresses = [Held("192.168.10.15", 32, "eth0", "eth0:1")]
    asked: dict[str, Any] = {"addresses": ["192.168.10.15"], "persistent": False}
    assert [f["id"] for f in node.facts(**asked)["findings"]] == ["label_without_file"]
    node.live.addresses = [Held("192.168.10.15", 32, "eth0")]
    assert node.facts(**asked)["findings"] == []
    node.live.addresses = []
    node.hold(persistent=True)
    assert node.facts(**asked)["findings"] == []


@pytest.mark.parametrize(
    ("persistent_file", "persistent", "expected"),
    [(True, True, []), (False, True, ["not_persistent"]), (False, False, [])],
)
def test_a_missing_file_matters_only_where_the_node_owns_the_address(
    node: Node, persistent_file: bool, persistent: bool, expected: list[str]
) -> None:
    node.hold(persistent=persistent_file)
    found = node.facts(addresses=["192.168.10.15"], persistent=persistent)["findings"]
    assert [f["id"] for f in found] == expected


def test_agents_are_judged_by_how_the_address_is_really_kept(node: Node) -> None:
    node.disk.files["/usr/bin/setup-policy-routes"] = "#!/bin/sh\n"
    node.hold(persistent=True)
    assert [(f["id"], f["severity"]) for f in node.facts()["findings"]] == [("amazon_ec2_net_utils", "info")]
    found = node.facts(addresses=["192.168.10.16"], persistent=False)["findings"]
    assert [(f["id"], f["severity"]) for f in found] == [("amazon_ec2_net_utils", "warning")]


def test_interface_and_engines(node: Node) -> None:
    node.disk.units.add("pacemaker.service")
    facts = node.facts()
    assert facts["failover_engines"] == ["pacemaker"]
    assert [view["engine"] for view in facts["failover"]] == ["pacemaker"]
    assert facts["interface"]["name"] == "eth0"
    assert facts["interface"]["method"] == "networkd"
    node.live.defaults.clear()
    assert node.facts()["interface"] is None
    assert node.facts(interface="lo")["interface"]["method"] == "systemd_unit"


def test_with_neither_pyroute2_nor_ip(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(address_tools.netlink, "MISSING", "ModuleNotFoundError: No module named 'pyroute2'")
    monkeypatch.setattr(address_tools.iproute, "missing", lambda: "'ip' could not be run")
    facts = node.facts()
    assert facts["addresses"] is None
    assert facts["interface"] is None
    assert facts["tool"] == {
        "name": None,
        "package": "iproute2",
        "remedy": "on Debian GNU/Linux 12 (bookworm): apt-get install iproute2 (4.17 or newer)",
    }
    [finding] = facts["findings"]
    assert (finding["id"], finding["severity"]) == ("addresses_unreadable", "error")
    assert "'ip' could not be run. Get iproute2 on Debian" in finding["message"]


def test_the_record_is_what_files_and_program_know(node: Node) -> None:
    nothing: dict[str, Any] = {"program": None, "saved": [], "live": [], "routed": []}
    assert node.facts()["record"] == nothing
    node.hold(persistent=True)
    drop_in = "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-192-168-10-15.conf"
    place = {"address": "192.168.10.15/32", "interface": "eth0", "label": "eth0:1"}
    assert node.facts()["record"] == {**nothing, "saved": [{**place, "files": [drop_in]}], "live": [place]}
    node.hold(persistent=False)
    assert node.facts()["record"] == nothing  # an address that nobody wrote down is not known to be ours
    overlay = {"destination": "192.168.10.15", "addresses": ["192.168.10.15"], "route_table_ids": ["rtb-1"]}
    config = {"name": "node1", "network_interface_id": "eni-1", "peers": {"node2": "eni-2"}, "overlays": [overlay, 7]}
    node.disk.files["/etc/aws-overlay-ip/config.json"] = json.dumps(config)
    record = node.facts()["record"]
    assert record["live"] == [place]
    assert record["program"] == {
        **config,
        "overlays": [{**overlay, "destination": "192.168.10.15/32", "addresses": ["192.168.10.15/32"]}],
        "left": [],
        "removed": {},
    }


def test_the_record_has_what_was_ever_moved(node: Node) -> None:
    table = {"route_table_id": "rtb-1", "action": "create", "from": None, "to": "node1", "error": None}
    move = {"time": "2026-01-31T03:00:00Z", "node": "node1", "by": "setup", "done": True, "from": []}
    move.update(dict.fromkeys(("who", "command", "why", "error", "reason", "to"), ""), seconds={}, requests={})
    tables = [{**table, "destination": d} for d in ("10.99.0.0/28", "10.98.0.1/32", "10.99.0.0/28")]
    node.disk.files["/var/lib/aws-overlay-ip/moves.jsonl"] = json.dumps({**move, "tables": tables}) + "\nnot one\n"
    assert node.facts()["record"]["routed"] == ["10.98.0.1/32", "10.99.0.0/28"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"overlays": 3, "peers": 4}'])
def test_a_configuration_that_is_none_is_no_failure(node: Node, text: str) -> None:
    node.disk.files["/etc/aws-overlay-ip/config.json"] = text
    assert node.facts()["record"]["saved"] == []


def test_what_the_program_checked_last_is_told_with_its_age(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert node.facts()["proof"] is None
    monkeypatch.setattr(node_facts.time, "time", lambda: 1012.4)
    node.disk.files["/run/aws-overlay-ip/ready.json"] = '{"at": 1000, "checks": [{"check": "permission", "ok": true}]}'
    assert node.facts()["proof"] == {"seconds": 12, "checks": [{"check": "permission", "ok": True}]}
    assert node.facts(deployment="sap")["proof"] is None


@pytest.mark.parametrize(
    ("ago", "told"),
    [(12.0, 12), (-0.4, 0), (-30.0, None), (90_000.0, 90_000)],
    ids=["by the node's clock", "a tick", "the clock was set back since", "long ago"],
)
def test_how_long_ago_something_was_proved_is_by_the_clock_that_proved_it(
    node: Node, monkeypatch: pytest.MonkeyPatch, ago: float, told: int | None
) -> None:
    checks = [{"check": "permission", "ok": True}]
    monkeypatch.setattr(node_facts.time, "time", lambda: 1_000_000.0)
    node.disk.files[f"{Deployment().memory[0]}/{proof.NAME}"] = proof.text(1_000_000.0 - ago, checks)
    assert node.facts()["proof"] == (None if told is None else {"seconds": told, "checks": checks})
