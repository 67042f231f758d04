# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""overlay_interface from its options to its result, on a node of dictionaries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import hold
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.live import NodeError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import PersistError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import (
    Held,
    Overlay,
    PlanError,
    Route,
    Rule,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.net import AddressError
from unit.fake_host import FakeHost, FakeLive

STATE = "ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/10-netplan-eth0.network\n"
DROP_IN = "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-192-168-10-15.conf"
DROP_IN6 = "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-2001-db8--15.conf"
DEFAULTS = {
    "addresses": ["192.168.10.15", "2001:DB8::15"],
    "interface": "auto",
    "label": "auto",
    "state": "present",
    "persistent": True,
    "persistence": "auto",
    "deployment": "overlay-ip",
}


class Node:
    """A networkd node with one interface."""

    def __init__(self) -> None:
        self.live = FakeLive()
        self.disk = FakeHost({"/run/systemd/netif/links/2": STATE}, ["systemd-networkd.service"])

    def run(self, check: bool = False, **options: Any) -> dict[str, Any]:
        return hold.run({**DEFAULTS, **options}, self.live, self.disk, check=check)

    def files(self) -> list[str]:
        return [path for path in self.disk.files if path.startswith("/etc")]


@pytest.fixture
def node() -> Node:
    return Node()


def test_present(node: Node) -> None:
    result = node.run()
    assert node.live.calls == [
        ("add", "192.168.10.15/32", "eth0", "eth0:1"),
        ("add", "2001:db8::15/128", "eth0", ""),
    ]
    assert node.files() == [DROP_IN, DROP_IN6]
    assert result["changed"] is True
    assert result["before"] == []
    kept = {"interface": "eth0", "live": True, "persistent": True, "method": "networkd", "table": 254, "gateway": ""}
    assert result["addresses"] == [
        {"address": "192.168.10.15/32", "label": "eth0:1", **kept},
        {"address": "2001:db8::15/128", "label": "", **kept},
    ]
    assert result["persistence"] == {
        "method": "networkd",
        "owner": "systemd-networkd (netplan), /run/systemd/network/10-netplan-eth0.network",
        "files": [DROP_IN, DROP_IN6],
    }


SCENES: dict[str, list[dict[str, Any]]] = {
    "first": [{}],
    "again": [{}, {}],
    "no longer persistent": [{}, {"persistent": False}],
    "persistent after all": [{"persistent": False}, {}],
    "another method": [{}, {"persistence": "systemd_unit"}],
    "another interface": [{}, {"interface": "lo"}],
    "another label": [{"addresses": ["192.168.10.15"]}, {"addresses": ["192.168.10.15"], "label": "eth0:9"}],
    "absent": [{}, {"state": "absent"}],
    "absent twice": [{"state": "absent"}],
    "half absent": [{}, {"state": "absent", "addresses": ["192.168.10.15"]}],
}


@pytest.mark.parametrize("scene", SCENES)
def test_check_mode_foretells_the_run_and_does_nothing(node: Node, scene: str) -> None:
    *before, last = SCENES[scene]
    for options in before:
        node.run(**options)
    calls, files, held = list(node.live.calls), dict(node.disk.files), node.live.held()
    foretold = node.run(check=True, **last)
    assert (node.live.calls, node.disk.files, node.live.held()) == (calls, files, held)
    assert node.run(**last) == foretold
    again = node.run(**last)
    assert (again["changed"], again["diff"]) == (False, [])


def test_diff_shows_addresses_and_files(node: Node) -> None:
    node.run(addresses=["192.168.10.15"])
    diff = node.run(addresses=["192.168.10.15"], state="absent", check=True)["diff"]
    assert [(d["before_header"], d["after"]) for d in diff] == [("live addresses", ""), (DROP_IN, "")]
    assert diff[0]["before"] == "192.168.10.15/32 dev eth0 label eth0:1\n"
    assert diff[1]["before"] == node.disk.files[DROP_IN]


@pytest.fixture
def two(node: Node) -> Node:
    """A node whose second interface is in a subnet of its own."""
    node.live.addresses = [Held("10.0.1.10", 24, "eth0", permanent=False), Held("10.0.2.10", 24, "eth1")]
    return node


SECOND: dict[str, Any] = {"addresses": ["192.168.10.15"], "interface": "eth1", "persistence": "systemd_unit"}


def test_replies_leave_by_the_interface_now_and_after_a_reboot(two: Node) -> None:
    foretold = two.run(check=True, **SECOND)
    result = two.run(**SECOND)
    assert result == foretold
    assert two.live.steered.rules == (Rule("192.168.10.15", 7151, 7150),)
    assert two.live.steered.routes == (Route(4, "eth1", gateway="10.0.2.1", table=7151),)
    (shown,) = result["addresses"]
    assert (shown["interface"], shown["table"], shown["gateway"]) == ("eth1", 7151, "10.0.2.1")
    assert result["diff"][1]["after"] == (
        "default via 10.0.2.1 dev eth1 table 7151\nrule from 192.168.10.15 lookup 7151\n"
    )
    assert "rule add from 192.168.10.15 lookup 7151" in "".join(two.disk.files.values())
    assert two.run(**SECOND)["changed"] is False
    gone = two.run(**{**SECOND, "interface": "eth0"})
    assert not two.live.steered.rules
    assert not two.live.steered.routes
    assert gone["addresses"][0]["table"] == 254
    assert "rule add" not in "".join(two.disk.files.values())


def test_a_rule_that_is_refused_costs_neither_address_nor_file(two: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(turns: Any) -> None:
        raise NodeError("cannot add the rule.")

    monkeypatch.setattr(two.live, "steer", refuse)
    with pytest.raises(NodeError, match="cannot add the rule") as told:
        two.run(**SECOND)
    assert told.value.changed
    assert [h.cidr for h in two.live.held() if h.prefixlen == 32] == ["192.168.10.15/32"]
    assert two.files()
    two.live.steered = replace(two.live.steered, rules=(Rule("192.168.10.15", 7151, 7150),))
    with pytest.raises(NodeError, match="cannot add the rule"):
        two.run(**SECOND, state="absent")
    assert [h.cidr for h in two.live.held() if h.prefixlen == 32] == []
    assert two.files() == []


def test_an_interface_without_a_gateway_is_told(node: Node) -> None:
    result = node.run(addresses=["2001:db8::15"], interface="eth1")
    assert [text.partition(", and EC2")[0] for text in result["warnings"]] == [
        "Replies from 2001:db8::15/128 leave by eth0, not by eth1"
    ]
    assert result["addresses"][0]["live"]


def test_not_persistent_leaves_no_file_and_keeps_the_address(node: Node) -> None:
    node.run()
    result = node.run(persistent=False)
    assert node.files() == []
    assert [a["live"] for a in result["addresses"]] == [True, True]
    assert [a["persistent"] for a in result["addresses"]] == [False, False]
    assert result["persistence"] == {"method": "", "owner": "", "files": []}


def test_absent_removes_what_only_a_file_holds(node: Node) -> None:
    node.run()
    node.live.addresses.clear()
    result = node.run(state="absent")
    assert result["changed"] is True
    assert node.files() == []
    assert result["addresses"][0] == {
        "address": "192.168.10.15/32",
        "interface": "eth0",
        "label": "eth0:1",
        "live": False,
        "persistent": False,
        "method": "",
        "table": 254,
        "gateway": "",
    }


def test_the_file_goes_first_and_comes_last(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(node.live, "add", lambda o: order.append("add"))
    monkeypatch.setattr(node.live, "delete", lambda o: order.append("delete"))
    monkeypatch.setattr(node.disk, "apply", lambda c: order.append("file"))
    node.run(addresses=["192.168.10.15"])
    node.live.addresses = [Held("192.168.10.15", 32, "eth0", "eth0:1")]
    node.run(addresses=["192.168.10.15"], state="absent")
    assert order == ["add", "file", "file", "delete"]


@pytest.mark.parametrize("address", ["192.168.10.0/24", "192.168.10.15/24", "here", "127.0.0.1"])
def test_bad_addresses_are_refused_before_anything(node: Node, address: str) -> None:
    with pytest.raises(AddressError):
        node.run(addresses=["192.168.10.15", address])
    assert node.live.calls == []
    assert node.files() == []


@pytest.mark.parametrize("up_before", [False, True])
def test_a_disk_that_takes_nothing_is_told_with_what_is_true(
    node: Node, monkeypatch: pytest.MonkeyPatch, up_before: bool
) -> None:
    """The address serves, the file could not be written: that, and whether this run changed anything, is said."""
    if up_before:
        node.run(persistent=False)

    def full(changes: Any) -> None:
        raise PersistError("cannot write X: No space left on device; free some space, then run again.")

    monkeypatch.setattr(node.disk, "apply", full)
    with pytest.raises(PersistError) as told:
        node.run()
    assert str(told.value) == (
        "192.168.10.15/32, 2001:db8::15/128 is up now, but will not be after a reboot: cannot write X: No space left on"
        " device; free some space, then run again."
    )
    assert told.value.changed is not up_before
    assert len(node.live.addresses) == 2


def test_what_was_changed_before_the_kernel_refused_is_a_change(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of two addresses came up."""
    add = node.live.add

    def refuse(overlay: Overlay) -> None:
        if overlay.family == 6:
            raise NodeError("IPv6 is switched off there.")
        add(overlay)

    monkeypatch.setattr(node.live, "add", refuse)
    for changed in (True, False):
        with pytest.raises(NodeError) as told:
            node.run()
        assert told.value.changed is changed


@pytest.mark.parametrize("had_files", [True, False])
def test_files_that_went_before_the_kernel_refused_are_a_change(
    node: Node, monkeypatch: pytest.MonkeyPatch, had_files: bool
) -> None:
    node.run(persistent=had_files)

    def refuse(_overlay: Overlay) -> None:
        raise NodeError("Operation not permitted.")

    monkeypatch.setattr(node.live, "delete", refuse)
    with pytest.raises(NodeError) as told:
        node.run(state="absent")
    assert told.value.changed is had_files


def test_a_disk_that_took_a_part_is_told_as_such(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(changes: Any) -> None:
        raise PersistError("cannot write X: No space left on device.", changed=True)

    node.run(persistent=False)
    monkeypatch.setattr(node.disk, "apply", half)
    with pytest.raises(PersistError, match=r"but may not be after a reboot: cannot write X") as told:
        node.run()
    assert told.value.changed


SCRIPTS = {"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"}
ALIAS = "/etc/sysconfig/network-scripts/ifcfg-eth0:1"


@pytest.mark.parametrize(
    ("options", "label"),
    [
        pytest.param({}, "eth0:1", id="an alias file names it"),
        pytest.param({"persistent": False}, "", id="a cluster's has no file"),
        pytest.param({"persistence": "systemd_unit"}, "", id="a unit is no alias file"),
        pytest.param({"persistent": False, "label": "eth0:7"}, "eth0:7", id="but who wants one gets it"),
    ],
)
def test_network_scripts_flush_a_label_that_no_alias_file_names_so_none_is_given(
    node: Node, options: dict[str, Any], label: str
) -> None:
    node.disk = FakeHost(SCRIPTS, ["network.service"])
    result = node.run(addresses=["192.168.10.15"], **options)
    assert node.live.calls == [("add", "192.168.10.15/32", "eth0", label)]
    assert result["addresses"][0]["label"] == label
    assert (ALIAS in node.disk.files) is (options == {})


def test_a_label_that_is_there_without_its_alias_file_goes(node: Node) -> None:
    """What version 1.0.0 gave to a cluster's address."""
    node.disk = FakeHost(SCRIPTS, ["network.service"])
    node.live.addresses = [Held("192.168.10.15", 32, "eth0", "eth0:1")]
    assert node.run(addresses=["192.168.10.15"], persistent=False)["changed"] is True
    assert [(h.cidr, h.label) for h in node.live.addresses] == [("192.168.10.15/32", "")]
    assert node.run(addresses=["192.168.10.15"], persistent=False)["changed"] is False


def test_what_network_scripts_would_not_bring_up_is_refused_before_anything(node: Node) -> None:
    node.disk = FakeHost(SCRIPTS, ["network.service"])
    with pytest.raises(PersistError, match="label 'eth0:sap-01'"):
        node.run(addresses=["192.168.10.15"], label="eth0:sap-01")
    assert (node.live.calls, node.disk.files) == ([], SCRIPTS)


def test_the_next_label_is_taken_where_a_file_of_somebody_else_has_the_first(node: Node) -> None:
    node.disk = FakeHost({**SCRIPTS, ALIAS: "DEVICE=eth0:1\nONPARENT=no\n"}, ["network.service"])
    assert node.run(addresses=["192.168.10.15"])["addresses"][0]["label"] == "eth0:2"


def test_wickeds_own_address_is_refused_though_it_has_no_lifetime(node: Node) -> None:
    node.disk = FakeHost({"/run/wicked/leaseinfo.eth0.dhcp.ipv4": "IPADDR='192.168.10.15/24'\n"})
    node.live.addresses = [Held("10.0.1.10", 24, "eth0"), Held("192.168.10.15", 24, "eth0")]
    for state in ("present", "absent"):
        with pytest.raises(PlanError, match=r"192\.168\.10\.15/24 on eth0 came by DHCP: it is this node's own"):
            node.run(addresses=["192.168.10.15"], state=state)
    assert node.live.calls == []


def test_a_file_that_nobody_reads_is_not_called_persistent(node: Node) -> None:
    """The user names a stack that does not configure the interface."""
    result = node.run(addresses=["192.168.10.15"], persistence="networkmanager")
    assert (result["addresses"][0]["persistent"], result["addresses"][0]["method"]) == (False, "networkmanager")
