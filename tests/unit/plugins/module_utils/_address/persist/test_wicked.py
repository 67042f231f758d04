# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What wicked has in memory: a removed address must not come back, and the node's own is known by its lease.

The files in /run/wicked are as wicked 0.6.79 wrote them.
"""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import store, wicked
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Owner, Tree
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Overlay
from unit.fake_host import FakeHost

IFCFG = "/etc/sysconfig/network/ifcfg-eth0"
PLAIN = "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n"
STATIC4 = "/run/wicked/leaseinfo.eth0.static.ipv4"
STATIC6 = "/run/wicked/leaseinfo.eth0.static.ipv6"
DHCP4 = "/run/wicked/leaseinfo.eth0.dhcp.ipv4"
LEASE = (
    "INTERFACE='eth0'\nTYPE='dhcp'\nFAMILY='ipv4'\nUUID='f0b1'\nIPADDR='10.0.1.10/24'\nNETMASK='255.255.255.0'\n"
    "NETWORK='10.0.1.0'\nBROADCAST='10.0.1.255'\nPREFIXLEN='24'\nGATEWAYS='10.0.1.1'\nSERVERID='10.0.1.1'\n"
)
IN_MEMORY4 = "INTERFACE='eth0'\nTYPE='static'\nFAMILY='ipv4'\nIPADDR='{}/32'\nPREFIXLEN='32'\n"
IN_MEMORY6 = "INTERFACE='eth0'\nTYPE='static'\nFAMILY='ipv6'\nIPADDR='{}/128'\nPREFIXLEN='128'\n"
V4 = Overlay("192.168.10.15", 32, "eth0", "eth0:1")
OTHER = Overlay("192.168.10.16", 32, "eth0", "eth0:2")
V6 = Overlay("2001:db8:10::15", 128, "eth0")
UP = [["wicked", "ifup", "--timeout", "10", "eth0"]]


def node(memory: dict[str, str], *overlays: Overlay) -> FakeHost:
    """A node whose file has these overlays."""
    host = FakeHost({IFCFG: PLAIN, DHCP4: LEASE, **memory}, ["wickedd.service"])
    tree = Tree(host)
    for overlay in overlays:
        store.save(tree, overlay, Owner("wicked", IFCFG, "test"))
    host.apply(tree.changes())
    return host


def erased(host: FakeHost, *overlays: Overlay) -> list[list[str]]:
    """What wicked is told when these go."""
    tree = Tree(host)
    for overlay in overlays:
        store.erase(tree, overlay.address)
    return wicked.commands(host, tree.changes())


@pytest.mark.parametrize(
    ("memory", "gone", "told"),
    [
        pytest.param({STATIC4: IN_MEMORY4.format("192.168.10.15")}, [V4], UP, id="brought up with it"),
        pytest.param({STATIC6: IN_MEMORY6.format("2001:db8:10::15")}, [V6], UP, id="IPv6"),
        pytest.param({STATIC4: IN_MEMORY4.format("192.168.10.15")}, [V4, V6], UP, id="once for both"),
        pytest.param({}, [V4, V6], [], id="never read"),
        pytest.param({STATIC4: IN_MEMORY4.format("192.168.10.16")}, [V4], [], id="another one is in memory"),
        pytest.param({STATIC4: IN_MEMORY4.format("192.168.10.150")}, [V4], [], id="one whose name begins so"),
    ],
)
def test_wicked_reads_its_file_again_where_it_remembers_what_went(
    memory: dict[str, str], gone: list[Overlay], told: list[list[str]]
) -> None:
    assert erased(node(memory, V4, OTHER, V6), *gone) == told


def test_another_label_is_told_and_the_same_lines_are_not() -> None:
    host = node({STATIC4: IN_MEMORY4.format("192.168.10.15")}, V4)
    for label, told in (("eth0:1", []), ("eth0:7", UP)):
        tree = Tree(host)
        store.save(tree, Overlay("192.168.10.15", 32, "eth0", label), Owner("wicked", IFCFG, "test"))
        assert wicked.commands(host, tree.changes()) == told


def test_an_ipv6_address_that_a_unit_kept_moves_into_the_file() -> None:
    host = node({})
    for method in ("systemd_unit", "wicked"):
        tree = Tree(host)
        store.save(tree, V6, Owner(method, IFCFG, "test"))
        host.apply(tree.changes())
    assert store.files(Tree(host), {V6.address}) == [IFCFG]


def test_its_own_addresses_are_those_of_its_leases() -> None:
    memory = {
        STATIC4: IN_MEMORY4.format("192.168.10.15"),
        "/run/wicked/leaseinfo.eth1.dhcp.ipv6": "IPADDR='2001:db8::7/128'\n",
    }
    assert store.own_addresses(node(memory, V4)) == {"10.0.1.10", "2001:db8::7"}
    assert store.own_addresses(FakeHost()) == frozenset()
