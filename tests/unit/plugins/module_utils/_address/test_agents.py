# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that delete addresses: found where they are, and judged by how the address is kept."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import agents
from unit.fake_host import FakeHost

NM_TIMER = "nm-cloud-setup.timer"
OLD_NETCONFIG = {"/etc/netconfig.d/cloud-netconfig": "#!/bin/bash\nip addr del $addr dev $INTERFACE\n"}
NEW_NETCONFIG = {"/usr/libexec/cloud-netconfig/cloud-netconfig": "#!/bin/bash\nADDRDIR=/run/cloud-netconfig\n"}
MANAGE_NO = {"/etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\nCLOUD_NETCONFIG_MANAGE='no'\n"}
GLOBAL_NO = {"/etc/default/cloud-netconfig": 'CLOUD_NETCONFIG_MANAGE="no"\n'}
AMAZON_1 = {"/etc/sysconfig/network-scripts/ec2net-functions": "remove_aliases() {\n"}
AMAZON_2 = {"/usr/bin/setup-policy-routes": "#!/bin/sh\n"}
KEEP = {"/etc/systemd/network/70-eth0.network.d/60-keep.conf": "[Network]\nKeepConfiguration = static\n"}
CLOUD_INIT = {"/etc/cloud/cloud.cfg": "datasource_list: [Ec2]\n"}


@pytest.mark.parametrize(
    ("host", "owner", "methods", "expected"),
    [
        pytest.param(FakeHost(), "networkd", {"networkd"}, [], id="nothing there"),
        pytest.param(
            FakeHost(units=[NM_TIMER]), "networkmanager", {"networkmanager"}, [("nm_cloud_setup", "info")], id="script"
        ),
        pytest.param(
            FakeHost(units=[NM_TIMER]),
            "networkmanager_profile",
            {"networkmanager_profile"},
            [("nm_cloud_setup", "info")],
            id="profile",
        ),
        pytest.param(
            FakeHost(units=[NM_TIMER]),
            "networkmanager_profile",
            {"networkmanager_profile", "networkmanager"},
            [("nm_cloud_setup", "error")],
            id="IPv6 on an old NetworkManager: its dispatcher does not hear of reapply",
        ),
        pytest.param(
            FakeHost(units=[NM_TIMER]), "networkmanager", {"systemd_unit"}, [("nm_cloud_setup", "error")], id="unit"
        ),
        pytest.param(FakeHost(units=[NM_TIMER]), "networkmanager", set(), [("nm_cloud_setup", "error")], id="cluster"),
        pytest.param(
            FakeHost(enabled=[NM_TIMER]),
            "networkmanager",
            {"networkmanager", "systemd_unit"},
            [("nm_cloud_setup", "error")],
            id="enabled, not yet started; one of two addresses in danger",
        ),
        pytest.param(
            FakeHost(OLD_NETCONFIG), "wicked", {"wicked"}, [("cloud_netconfig", "error")], id="old cloud-netconfig"
        ),
        pytest.param(FakeHost({**OLD_NETCONFIG, **MANAGE_NO}), "wicked", {"wicked"}, [], id="told off for eth0"),
        pytest.param(FakeHost({**OLD_NETCONFIG, **GLOBAL_NO}), "wicked", {"wicked"}, [], id="told off globally"),
        pytest.param(
            FakeHost(NEW_NETCONFIG), "wicked", {"wicked"}, [("cloud_netconfig", "info")], id="new cloud-netconfig"
        ),
        pytest.param(FakeHost(AMAZON_1), "ifcfg", {"ifcfg"}, [("amazon_ec2_net_utils", "info")], id="Amazon Linux 2"),
        pytest.param(
            FakeHost(AMAZON_2), "networkd", {"networkd"}, [("amazon_ec2_net_utils", "info")], id="Amazon Linux 2023"
        ),
        pytest.param(
            FakeHost(AMAZON_2), "networkd", set(), [("amazon_ec2_net_utils", "warning")], id="and a cluster manager"
        ),
        pytest.param(FakeHost({**AMAZON_2, **KEEP}), "networkd", set(), [], id="tamed"),
        pytest.param(FakeHost(CLOUD_INIT), "networkd", {"networkd"}, [("cloud_init", "info")], id="file of our own"),
        pytest.param(
            FakeHost(CLOUD_INIT), "wicked", {"wicked"}, [("cloud_init", "warning")], id="entry in cloud-init's file"
        ),
        pytest.param(FakeHost(CLOUD_INIT), "networkd", set(), [], id="cluster manager: no file to lose"),
    ],
)
def test_findings(host: FakeHost, owner: str, methods: set[str], expected: list[tuple[str, str]]) -> None:
    found = agents.findings(host, "eth0", owner, methods)
    assert [(f.id, f.severity) for f in found] == expected
    assert all(f.message.endswith(".") and f.remedy.endswith(".") for f in found)


def test_remedies_name_the_switch() -> None:
    for files, units, owner in ((OLD_NETCONFIG, [NM_TIMER], "wicked"), (AMAZON_2, [], "networkd")):
        for finding in agents.findings(FakeHost(files, units), "eth0", owner, set()):
            assert f"overlay_ip_tame_agents: [{finding.id}]" in finding.remedy
