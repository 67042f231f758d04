# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each network stack is given to read, byte for byte, and that a move between stacks leaves nothing behind."""

from __future__ import annotations

import re

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import store
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Owner, PersistError, Tree
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.text import marked
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Overlay
from unit.fake_host import FakeHost

V4 = Overlay("192.168.10.15", 32, "eth0", "eth0:1")
V4_SECOND = Overlay("192.168.10.16", 32, "eth0", "eth0:2")
V6 = Overlay("2001:db8:10::15", 128, "eth0")
NO_LABEL = Overlay("192.168.10.15", 32, "eth0")

HEAD = (
    "# aws_ha.overlay_ip: 192.168.10.15/32 dev eth0 label eth0:1\n# Managed by Ansible: changes here are overwritten.\n"
)
HEAD6 = "# aws_ha.overlay_ip: 2001:db8:10::15/128 dev eth0\n# Managed by Ansible: changes here are overwritten.\n"
IP4 = "/sbin/ip address replace 192.168.10.15/32 dev eth0 label eth0:1"
IP6 = "/sbin/ip address replace 2001:db8:10::15/128 dev eth0 valid_lft forever preferred_lft 0 nodad"

WICKED = "/etc/sysconfig/network/ifcfg-eth0"
WICKED_TEXT = "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n"
PROFILE = "connection/6f0c"
SOURCES = {
    "networkd": "/run/systemd/network/10-netplan-eth0.network",
    "networkmanager": "6f0c",
    "networkmanager_profile": "6f0c",
    "wicked": WICKED,
}
UNIT_PATH = "/etc/systemd/system/aws-overlay-ip-192-168-10-15.service"
UNIT_LINK = "/etc/systemd/system/multi-user.target.wants/aws-overlay-ip-192-168-10-15.service"
MANAGERS = "NetworkManager.service systemd-networkd.service wicked.service network.service networking.service"


def save(host: FakeHost, method: str, *overlays: Overlay) -> list[str]:
    """Save through one tree and apply it; return the methods in effect."""
    tree = Tree(host)
    done = [store.save(tree, o, Owner(method, SOURCES.get(method, ""), "test")) for o in overlays]
    host.apply(tree.changes())
    return done


def node() -> FakeHost:
    return FakeHost({WICKED: WICKED_TEXT, PROFILE: ""})


@pytest.mark.parametrize(
    ("method", "overlay", "path", "mode", "text"),
    [
        (
            "networkd",
            V4,
            "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-192-168-10-15.conf",
            0o644,
            HEAD + "[Address]\nAddress=192.168.10.15/32\nLabel=eth0:1\n",
        ),
        (
            "networkd",
            V6,
            "/etc/systemd/network/10-netplan-eth0.network.d/60-aws-overlay-ip-2001-db8-10--15.conf",
            0o644,
            HEAD6 + "[Address]\nAddress=2001:db8:10::15/128\nPreferredLifetime=0\nDuplicateAddressDetection=none\n",
        ),
        (
            "networkmanager",
            V4,
            "/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-192-168-10-15",
            0o755,
            f'#!/bin/sh\n{HEAD}[ "$1" = eth0 ] || exit 0\n'
            f'case "$2" in\n    up|reapply|dhcp4-change|dhcp6-change) exec {IP4} ;;\nesac\n',
        ),
        (
            "networkmanager_profile",  # a profile cannot deprecate an address
            V6,
            "/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-2001-db8-10--15",
            0o755,
            f'#!/bin/sh\n{HEAD6}[ "$1" = eth0 ] || exit 0\n'
            f'case "$2" in\n    up|reapply|dhcp4-change|dhcp6-change) exec {IP6} ;;\nesac\n',
        ),
        (
            "ifupdown",
            V4,
            "/etc/network/interfaces.d/60-aws-overlay-ip-192-168-10-15",
            0o644,
            f"{HEAD}iface eth0 inet manual\n    up {IP4}\n",
        ),
        (
            "ifupdown",
            V6,
            "/etc/network/interfaces.d/60-aws-overlay-ip-2001-db8-10--15",
            0o644,
            f"{HEAD6}iface eth0 inet6 manual\n    up {IP6}\n",
        ),
        (
            "wicked",
            V4,
            WICKED,
            0o644,
            WICKED_TEXT + "IPADDR_awsoverlay_192_168_10_15='192.168.10.15/32'\nLABEL_awsoverlay_192_168_10_15='1'\n",
        ),
        ("wicked", NO_LABEL, WICKED, 0o644, WICKED_TEXT + "IPADDR_awsoverlay_192_168_10_15='192.168.10.15/32'\n"),
        (
            "wicked",
            V6,
            WICKED,
            0o644,
            WICKED_TEXT
            + "IPADDR_awsoverlay_2001_db8_10__15='2001:db8:10::15/128'\n"
            + "IP_OPTIONS_awsoverlay_2001_db8_10__15='preferred_lft 0 nodad'\n",
        ),
    ],
)
def test_what_is_written(method: str, overlay: Overlay, path: str, mode: int, text: str) -> None:
    host = node()
    save(host, method, overlay)
    assert [(c.path, c.mode, c.after) for c in host.applied] == [(path, mode, text)]


def test_network_scripts_have_an_alias_file_and_a_script_for_the_next_lease() -> None:
    host = node()
    save(host, "ifcfg", V4)
    assert [(c.path, c.mode, c.after) for c in host.applied] == [
        (
            "/etc/dhcp/dhclient.d/awsoverlay_192_168_10_15.sh",
            0o755,
            HEAD
            + f'awsoverlay_192_168_10_15_config() {{ [ "$interface" != eth0 ] || {IP4}; }}\n'
            + "awsoverlay_192_168_10_15_restore() { :; }\n",
        ),
        (
            "/etc/sysconfig/network-scripts/ifcfg-eth0:1",
            0o644,
            HEAD + "DEVICE=eth0:1\nIPADDR=192.168.10.15\nPREFIX=32\nONPARENT=yes\nARPCHECK=no\nARPUPDATE=no\n",
        ),
    ]


@pytest.mark.parametrize("number", ["sap-01", "a.b"])
def test_a_label_that_network_scripts_would_not_bring_up_is_refused(number: str) -> None:
    host = node()
    with pytest.raises(PersistError, match=rf"label 'eth0:{number}'.* such as 'eth0:{re.sub('[.-]', '_', number)}'"):
        save(host, "ifcfg", Overlay("192.168.10.15", 32, "eth0", f"eth0:{number}"))
    assert host.applied == []


def test_unit() -> None:
    host = node()
    save(host, "systemd_unit", V4)
    assert host.files[UNIT_LINK] == f"-> {UNIT_PATH}"
    assert host.files[UNIT_PATH] == (
        HEAD
        + "[Unit]\nDescription=AWS overlay IP 192.168.10.15/32 on eth0\nWants=network-online.target\n"
        + f"After=network-online.target {MANAGERS}\nPartOf={MANAGERS}\n"
        + "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        + "ExecStartPre=/bin/sh -c 'n=0; until /sbin/ip -oneline address show dev eth0 scope global | grep -q ."
        + " || [ $$n -ge 60 ]; do n=$$((n+1)); sleep 1; done'\n"
        + f"ExecStart={IP4}\n"
        + "\n[Install]\nWantedBy=multi-user.target\n"
    )


def test_unit_on_lo_waits_for_nobody() -> None:
    host = node()
    save(host, "systemd_unit", Overlay("192.168.10.15", 32, "lo"))
    assert "ExecStartPre" not in host.files[UNIT_PATH]


@pytest.mark.parametrize(
    ("method", "overlay", "effective"),
    [
        ("ifcfg", V6, "systemd_unit"),
        ("ifcfg", NO_LABEL, "systemd_unit"),
        ("networkmanager_profile", V6, "networkmanager_profile"),
        *((method, V4, method) for method in store.METHODS),
    ],
)
def test_what_a_stack_cannot_do_is_done_by_one_that_can(method: str, overlay: Overlay, effective: str) -> None:
    assert save(node(), method, overlay) == [effective]


@pytest.mark.parametrize("method", store.METHODS)
def test_saving_again_changes_nothing(method: str) -> None:
    host = node()
    save(host, method, V4, V4_SECOND, V6)
    host.applied.clear()
    save(host, method, V6, V4_SECOND, V4)
    # A profile and an ifcfg file hold several addresses in one text: their order may not be a change either.
    assert [c.path for c in host.applied if sorted((c.before or "").split()) != sorted((c.after or "").split())] == []


@pytest.mark.parametrize("method", store.METHODS)
def test_saving_one_of_two_again_changes_nothing(method: str) -> None:
    host = node()
    save(host, method, V4, V4_SECOND)
    host.applied.clear()
    save(host, method, V4)
    assert host.applied == []


@pytest.mark.parametrize("old", store.METHODS)
@pytest.mark.parametrize("new", store.METHODS)
def test_a_move_between_stacks_leaves_no_old_file(old: str, new: str) -> None:
    moved, fresh = node(), node()
    save(moved, old, V4, V6)
    save(moved, new, V4, V6)
    save(fresh, new, V4, V6)
    assert moved.files == fresh.files


@pytest.mark.parametrize("method", store.METHODS)
def test_erase_leaves_the_other_overlay_and_the_rest(method: str) -> None:
    both, one = node(), node()
    save(both, method, V4, V4_SECOND)
    save(one, method, V4_SECOND)
    tree = Tree(both)
    store.erase(tree, V4.address)
    both.apply(tree.changes())
    assert both.files == one.files
    tree = Tree(both)
    store.erase(tree, V4_SECOND.address)
    both.apply(tree.changes())
    assert both.files == node().files


def test_another_interface_leaves_no_old_file() -> None:
    host = node()
    save(host, "networkd", V4)
    tree = Tree(host)
    renamed = Overlay("192.168.10.15", 32, "ens5", "ens5:1")
    store.save(tree, renamed, Owner("networkd", "/run/systemd/network/70-ens5.network", "test"))
    host.apply(tree.changes())
    assert [p for p in host.files if "overlay" in p] == [
        "/etc/systemd/network/70-ens5.network.d/60-aws-overlay-ip-192-168-10-15.conf"
    ]


def test_files_of_others_are_left_alone() -> None:
    foreign = {
        "/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-192-168-10-15": "#!/bin/sh\nexit 0\n",
        "/etc/sysconfig/network-scripts/ifcfg-eth0:1": "DEVICE=eth0:1\n",
    }
    host = FakeHost(foreign)
    tree = Tree(host)
    store.erase(tree, V4.address)
    assert tree.changes() == []
    with pytest.raises(PersistError, match="exists and is not ours: choose another label"):
        store.save(tree, V4, Owner("ifcfg", "", "test"))


def test_wicked_needs_its_file() -> None:
    with pytest.raises(PersistError, match="does not exist, so wicked does not configure eth0"):
        save(FakeHost(), "wicked", V4)


def test_wicked_appends_to_a_file_without_a_last_newline() -> None:
    host = FakeHost({WICKED: "BOOTPROTO='dhcp'"})
    save(host, "wicked", NO_LABEL)
    assert host.files[WICKED] == "BOOTPROTO='dhcp'\nIPADDR_awsoverlay_192_168_10_15='192.168.10.15/32'\n"


@pytest.mark.parametrize("method", [m for m in store.METHODS if m != "networkmanager_profile"])
def test_what_is_saved_is_read_back(method: str) -> None:
    host = node()
    save(host, method, V4, V6)
    tree = Tree(host)
    assert {overlay for _method, _path, overlay in store.saved(tree)} == {V4, V6}
    files = store.files(tree, {V4.address})
    assert len(files) == (2 if method == "ifcfg" else 1)
    assert store.method_of(files) == method


def test_profile_is_among_the_files() -> None:
    host = node()
    save(host, "networkmanager_profile", V4)
    script = "/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-192-168-10-15"
    assert host.files[PROFILE] == "192.168.10.15/32\n"
    assert store.files(Tree(host), {V4.address}) == [script, PROFILE]
    assert store.method_of([script, PROFILE]) == "networkmanager_profile"
    assert store.method_of([script]) == "networkmanager"


@pytest.mark.parametrize("text", ["", "# something\n", "[Address]\nAddress=192.168.10.15/32\n", None])
def test_a_file_without_the_mark_is_not_ours(text: str | None) -> None:
    assert marked(text) is None


def test_tree_shows_changes_before_they_are_made() -> None:
    host = FakeHost({"/a/1": "one", "/a/2": "two"})
    tree = Tree(host)
    tree.write("/a/3", "three", 0o755)
    tree.remove(["/a/1"])
    tree.write("/a/2", "two")
    assert tree.glob("/a/*") == ["/a/2", "/a/3"]
    assert tree.read("/a/1") is None
    assert tree.read("/a/3") == "three"
    assert [(c.path, c.before, c.after, c.mode) for c in tree.changes()] == [
        ("/a/1", "one", None, 0),
        ("/a/3", None, "three", 0o755),
    ]
    assert host.files == {"/a/1": "one", "/a/2": "two"}
