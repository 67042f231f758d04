# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a file of ours is read by the stack that configures the interface now: only that brings the address back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import store
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Tree, owner_for
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Link, Overlay
from unit.fake_host import FakeHost

ETH0 = Link(2, "eth0")
V4 = Overlay("192.168.10.15", 32, "eth0", "eth0:1")
NM, NETWORKD, WICKED, NETWORK = (
    "NetworkManager.service",
    "systemd-networkd.service",
    "wickedd.service",
    "network.service",
)
NM_STATE = {"/run/NetworkManager/devices/2": "[device]\nmanaged=true\nconnection-uuid=6f0c\n", "connection/6f0c": ""}
LINK = "/run/systemd/netif/links/2"
LINK_STATE = {LINK: "ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/70-eth0.network\n"}
IFSTATE = {"/run/network/ifstate": "eth0=eth0\n", "/etc/network/interfaces": "source interfaces.d/*\n"}
SUSE = {"/etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\n"}
SCRIPTS = {"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"}
OLD_NM: dict[tuple[str, ...], str] = {("nmcli", "--version"): "nmcli tool, version 1.40.16"}

STACKS: dict[str, Callable[[], FakeHost]] = {
    "networkd": lambda: FakeHost(LINK_STATE, [NETWORKD]),
    "networkmanager": lambda: FakeHost(NM_STATE, [NM]),
    "networkmanager_profile": lambda: FakeHost(NM_STATE, [NM], OLD_NM),
    "wicked": lambda: FakeHost(SUSE, [WICKED]),
    "ifupdown": lambda: FakeHost(IFSTATE),
    "ifcfg": lambda: FakeHost(SCRIPTS, [NETWORK]),
    "systemd_unit": FakeHost,
}


def kept(method: str) -> FakeHost:
    """A node on which setup has run."""
    host = STACKS[method]()
    tree = Tree(host)
    owner = owner_for(host, ETH0)
    assert store.save(tree, V4, owner) == method
    host.apply(tree.changes())
    return host


def read(host: FakeHost, *links: Link) -> list[str]:
    return store.read_now(Tree(host), V4.address, links or (ETH0,))


@pytest.mark.parametrize("method", STACKS)
def test_the_stack_that_owns_the_interface_reads_what_was_written_for_it(method: str) -> None:
    host = kept(method)
    assert set(read(host)) == {p for p in store.files(Tree(host), {V4.address}) if "dhclient.d" not in p}


@pytest.mark.parametrize("old", [method for method in STACKS if method != "systemd_unit"])
def test_another_stack_reads_nothing_of_it_until_setup_runs_again(old: str) -> None:
    """The old stack's files stay where they are; another one has the interface, as after an upgrade."""
    new = "ifupdown" if old == "networkd" else "networkd"
    host, other = kept(old), STACKS[new]()
    host.units, host.outputs = set(other.units), {}
    state = [path for path in STACKS[old]().files if path.startswith("/run/")]
    host.files = {path: text for path, text in host.files.items() if path not in state} | other.files
    assert store.files(Tree(host), {V4.address}) != []
    assert read(host) == []
    tree = Tree(host)
    store.save(tree, V4, owner_for(host, ETH0))
    host.apply(tree.changes())
    assert read(host) == store.files(Tree(host), {V4.address})


def test_networkd_reads_a_drop_in_of_the_active_file_alone() -> None:
    host = kept("networkd")
    host.files[LINK] = LINK_STATE[LINK].replace("70-eth0", "05-eth0")
    assert read(host) == []


def test_a_unit_must_be_enabled() -> None:
    host = kept("systemd_unit")
    assert len(read(host)) == 1
    host.files = {path: text for path, text in host.files.items() if ".wants/" not in path}
    assert read(host) == []


def test_an_interface_that_is_not_there_is_kept_by_nobody() -> None:
    assert read(kept("systemd_unit"), Link(2, "ens5")) == []


def test_the_profile_of_another_connection_is_not_the_interfaces() -> None:
    host = kept("networkmanager_profile")
    host.files["/run/NetworkManager/devices/2"] = "managed=true\nconnection-uuid=77aa\n"
    assert [path for path in read(host) if path.startswith(store.PROFILE)] == []
