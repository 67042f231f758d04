# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who configures an interface: by what is in /run and which units run, in the layouts of EC2's distributions."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import PersistError, owner_for
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Link
from unit.fake_host import FakeHost

ETH0 = Link(2, "eth0")
NM, NETWORKD, WICKED, NETWORK = (
    "NetworkManager.service",
    "systemd-networkd.service",
    "wickedd.service",
    "network.service",
)
NM_STATE = {"/run/NetworkManager/devices/2": "[device]\nmanaged=true\nconnection-uuid=6f0c\nnm-owned=0\n"}
NM_EXTERNAL = {"/run/NetworkManager/devices/2": "[device]\nmanaged=false\n"}
NETPLAN = "/run/systemd/network/10-netplan-eth0.network"
AMAZON = "/run/systemd/network/70-eth0.network"


def links(two: str, three: str = "") -> dict[str, str]:
    text = "# This is private data. Do not parse.\nADMIN_STATE=configured\nNETWORK_FILE={}\n"
    found = {"/run/systemd/netif/links/2": text.format(two)}
    return {**found, "/run/systemd/netif/links/3": text.format(three)} if three else found


IFSTATE = {"/run/network/ifstate": "lo=lo\neth0=eth0\n", "/etc/network/interfaces": "source interfaces.d/*\n"}
WICKED_FILE = {"/etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\n"}
SCRIPTS = {"/etc/sysconfig/network-scripts/ifcfg-eth0": "BOOTPROTO=dhcp\n"}


def version(text: str) -> dict[tuple[str, ...], str]:
    return {("nmcli", "--version"): f"nmcli tool, version {text}"}


@pytest.mark.parametrize(
    ("host", "method", "source"),
    [
        pytest.param(FakeHost(NM_STATE, [NM], version("1.42.4")), "networkmanager", "6f0c", id="RHEL 9"),
        pytest.param(FakeHost(NM_STATE, [NM], version("1.52.1-1.fc42")), "networkmanager", "6f0c", id="Fedora"),
        pytest.param(FakeHost(NM_STATE, [NM], version("1.40.16")), "networkmanager_profile", "6f0c", id="RHEL 8"),
        pytest.param(FakeHost(NM_STATE, [NM]), "networkmanager", "6f0c", id="version unknown"),
        pytest.param(FakeHost(links(NETPLAN), [NETWORKD]), "networkd", NETPLAN, id="Ubuntu"),
        pytest.param(FakeHost(links(AMAZON), [NETWORKD]), "networkd", AMAZON, id="Amazon Linux 2023"),
        pytest.param(FakeHost(WICKED_FILE, [WICKED]), "wicked", "/etc/sysconfig/network/ifcfg-eth0", id="SLES 15"),
        pytest.param(FakeHost(IFSTATE), "ifupdown", "", id="Debian 11"),
        pytest.param(
            FakeHost(SCRIPTS, [NETWORK]), "ifcfg", "/etc/sysconfig/network-scripts/ifcfg-eth0", id="Amazon Linux 2"
        ),
        pytest.param(
            FakeHost(SCRIPTS, failed=[NETWORK]),
            "ifcfg",
            "/etc/sysconfig/network-scripts/ifcfg-eth0",
            id="network-scripts, of which another interface failed",
        ),
        pytest.param(
            FakeHost({**SCRIPTS, "/run/dhclient-eth0.pid": "811\n"}),
            "ifcfg",
            "/etc/sysconfig/network-scripts/ifcfg-eth0",
            id="network-scripts, whose DHCP client runs",
        ),
        pytest.param(
            FakeHost({**SCRIPTS, "/run/dhclient-eth1.pid": "811\n"}), "systemd_unit", "", id="another one's DHCP client"
        ),
        pytest.param(FakeHost(), "systemd_unit", "", id="nobody"),
        pytest.param(FakeHost({**NM_STATE, **links(NETPLAN)}, [NETWORKD]), "networkd", NETPLAN, id="stale NM state"),
        pytest.param(FakeHost({**NM_STATE, **IFSTATE}), "ifupdown", "", id="stale NM state, ifupdown"),
        pytest.param(
            FakeHost({**NM_EXTERNAL, **links(NETPLAN)}, [NM, NETWORKD]), "networkd", NETPLAN, id="NM leaves it alone"
        ),
        pytest.param(
            FakeHost({"/run/systemd/netif/links/2": "ADMIN_STATE=unmanaged\n", **IFSTATE}, [NETWORKD]),
            "ifupdown",
            "",
            id="networkd leaves it alone",
        ),
        pytest.param(FakeHost(SCRIPTS), "systemd_unit", "", id="a left-over ifcfg file"),
        pytest.param(
            FakeHost(
                links("/usr/lib/systemd/network/80-ec2.network", "/usr/lib/systemd/network/80-ec2.network"), [NETWORKD]
            ),
            "systemd_unit",
            "",
            id="one .network file for two interfaces",
        ),
        pytest.param(FakeHost(links(AMAZON, "/run/x.network"), [NETWORKD]), "networkd", AMAZON, id="two files"),
    ],
)
def test_detection(host: FakeHost, method: str, source: str) -> None:
    found = owner_for(host, ETH0)
    assert (found.method, found.source) == (method, source)


def test_lo_belongs_to_nobody() -> None:
    host = FakeHost({**NM_STATE, **links(NETPLAN), **IFSTATE}, [NM, NETWORKD])
    assert owner_for(host, Link(1, "lo")).method in ("systemd_unit", "ifupdown")


@pytest.mark.parametrize(
    ("host", "method", "source"),
    [
        (FakeHost(), "systemd_unit", ""),
        (FakeHost(), "networkmanager", ""),
        (FakeHost(), "ifcfg", ""),
        (FakeHost(NM_STATE, [NM], version("1.52.1")), "networkmanager_profile", "6f0c"),
        (FakeHost(NM_STATE, [NM], version("1.40.0")), "networkmanager_profile", "6f0c"),
        (FakeHost(links(NETPLAN), [NETWORKD]), "networkd", NETPLAN),
        (FakeHost(WICKED_FILE, [WICKED]), "wicked", "/etc/sysconfig/network/ifcfg-eth0"),
    ],
)
def test_the_users_choice_is_taken(host: FakeHost, method: str, source: str) -> None:
    found = owner_for(host, ETH0, method)
    assert (found.method, found.source, found.why) == (method, source, f"persistence={method}")


@pytest.mark.parametrize("method", ["networkd", "networkmanager_profile", "wicked"])
def test_a_choice_without_a_place_is_refused(method: str) -> None:
    with pytest.raises(
        PersistError, match=rf"persistence={method}, but eth0 is not configured by it \(found: ifupdown\)"
    ):
        owner_for(FakeHost(IFSTATE), ETH0, method)


def test_network_managers_interface_gets_no_alias_file() -> None:
    """Its ifcfg-rh plugin deletes the file whenever it writes the profile: seen with 1.40 and 1.42."""
    with pytest.raises(PersistError, match="NetworkManager configures eth0, and deletes alias files"):
        owner_for(FakeHost({**NM_STATE, **SCRIPTS}, [NM, NETWORK]), ETH0, "ifcfg")
    assert owner_for(FakeHost({**NM_EXTERNAL, **SCRIPTS}, [NM, NETWORK]), ETH0, "ifcfg").method == "ifcfg"
