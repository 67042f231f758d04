# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd-networkd is told on nodes with an engine: to keep what it does not know, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import networkd, store
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Tree
from unit.fake_host import FakeHost

SOURCE = "/run/systemd/network/10-netplan-eth0.network"
OURS = "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-engine.conf"
HEAD = (
    "# aws_ha.overlay_ip: what a failover engine holds is in no file.\n"
    "# Managed by Ansible: changes here are overwritten.\n"
)


def host(**more: str) -> FakeHost:
    """A node whose eth0 is networkd's; `more` are files, by the directory in which they are."""
    files = {
        "/sys/class/net/eth0/ifindex": "2\n",
        "/run/systemd/netif/links/2": f"ADMIN_STATE=configured\nNETWORK_FILE={SOURCE}\n",
        SOURCE: "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n",
    }
    return FakeHost({**files, **more}, units=["systemd-networkd.service"])


def kept(node: FakeHost, *interfaces: str) -> Mapping[str, str]:
    """The files of ours after it."""
    tree = Tree(node)
    store.keep_unknown(tree, interfaces)
    node.apply(tree.changes())
    return {path: text for path, text in node.files.items() if "aws-overlay-ip" in path}


def test_it_is_told_beside_the_active_file_and_once() -> None:
    node = host()
    expected = {OURS: f"{HEAD}[Network]\nKeepConfiguration=static\n"}
    assert kept(node, "eth0", "eth0") == expected
    assert len(node.applied) == 1
    assert kept(node, "eth0") == expected
    assert len(node.applied) == 1


def test_it_is_taken_back() -> None:
    node = host()
    kept(node, "eth0")
    assert kept(node) == {}


def test_an_active_file_that_changed_leaves_none_behind() -> None:
    node = host()
    kept(node, "eth0")
    node.files["/run/systemd/netif/links/2"] = (
        "ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/70-eth0.network\n"
    )
    assert list(kept(node, "eth0")) == ["/etc/systemd/network/70-eth0.network.d/60-aws-overlay-ip-engine.conf"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("", "static"),
        ("no", "static"),
        ("dhcp", "yes"),  # both
        ("static", ""),
        ("yes", ""),
        ("dhcp-on-stop", ""),  # cannot be joined with it
    ],
)
def test_what_is_said_of_the_lease_stays_as_it_is(said: str, wanted: str) -> None:
    node = host()
    node.files[SOURCE] = f"[Network]\nKeepConfiguration = {said}\n[Route]\nKeepConfiguration=yes\n"
    text = kept(node, "eth0").get(OURS, "")
    assert text == (f"{HEAD}[Network]\nKeepConfiguration={wanted}\n" if wanted else "")


def test_drop_ins_count_the_last_name_and_the_first_place_of_it() -> None:
    folder = "systemd/network/10-netplan-eth0.network.d"
    node = host()
    node.files[f"/etc/{folder}/20-a.conf"] = "[Network]\nKeepConfiguration=yes\n"
    assert kept(node, "eth0") == {}
    node.files[f"/usr/lib/{folder}/30-b.conf"] = "[Network]\nKeepConfiguration=yes\n"
    node.files[f"/run/{folder}/30-b.conf"] = "[Network]\nKeepConfiguration=dhcp\n"
    assert kept(node, "eth0") == {OURS: f"{HEAD}[Network]\nKeepConfiguration=yes\n"}


def test_what_is_not_networkds_is_left_alone() -> None:
    assert kept(host(), "eth1") == {}
    node = host()
    node.units.clear()
    assert kept(node, "eth0") == {}
    node = host()
    node.files[OURS] = "[Network]\nKeepConfiguration=no\n"  # somebody else's
    assert kept(node) == {OURS: "[Network]\nKeepConfiguration=no\n"}


@pytest.mark.parametrize(("value", "keeps"), [("static", True), ("yes", True), ("dhcp", False), ("no", False)])
def test_a_file_keeps_foreign_addresses_or_not(value: str, *, keeps: bool) -> None:
    assert networkd.keeps(f"[Network]\nKeepConfiguration={value}\n") is keeps
