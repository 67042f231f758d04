# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlay IPs on a second interface: by which one replies leave, after what each stack does to it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from persistence.stage import GATEWAY4_SECOND, OVERLAY4, OVERLAY6, SETTLE_SECONDS, TWO_INTERFACES, Stage

pytestmark = [pytest.mark.lab, pytest.mark.slow]

LINK = "ip link set eth1 down; sleep 0.2; ip link set eth1 up"
_NETWORKD = {
    "restart": "systemctl restart systemd-networkd",
    "reload": "networkctl reload",
    "reconfigure": "networkctl reconfigure eth1",
    "reconfigure the other one": "networkctl reconfigure eth0",
    "link": LINK,
}
EVENTS = {
    "networkd": _NETWORKD,
    "amazon": _NETWORKD,
    "netplan": {**_NETWORKD, "apply": "netplan apply"},
    "networkmanager": {
        "restart": "systemctl restart NetworkManager",
        "reapply": "nmcli device reapply eth1",
        "up": "nmcli connection up 'cloud-init eth1'",
        "down and up": "nmcli connection down 'cloud-init eth1'; nmcli connection up 'cloud-init eth1'",
        "link": LINK,
    },
    "ifupdown": {
        "restart": "systemctl restart networking",
        "down and up": "ifdown eth1; ifup eth1",
    },
}
SECOND4 = "192.168.10.16"  # two files that name the same table
PROBES = {OVERLAY4: "198.51.100.9", SECOND4: "198.51.100.9", OVERLAY6: "2001:4860:4860::8888"}
HERE = {"addresses": list(PROBES), "interface": "eth1"}
#: The policy of amazon-ec2-net-utils, as it writes it for device number 1.
AMAZON = {
    "/etc/systemd/network/10-eth1.network.d/eni.conf": (
        "[DHCPv4]\nRouteTable=10001\n[IPv6AcceptRA]\nRouteTable=10001\n[Route]\nTable=10001\nGateway=_dhcp4\n"
        "[Route]\nTable=10001\nGateway=_ipv6ra\n[RoutingPolicyRule]\nFrom=10.0.2.10\nPriority=10001\nTable=10001\n",
        0o644,
    )
}


def leaves(stage: Stage, overlay: str) -> tuple[str, str]:
    """Interface and gateway of a reply."""
    done = stage.node.exec(["ip", "-json", "route", "get", PROBES[overlay], "from", overlay])
    found = json.loads(done.stdout or "[]")
    return (found[0].get("dev", ""), found[0].get("gateway", "")) if found else ("", "")


def right(stage: Stage) -> dict[str, bool]:
    """For each overlay, whether its replies leave by eth1."""
    by = {overlay: leaves(stage, overlay) for overlay in PROBES}
    return {o: by[o][0] == "eth1" and (":" in o or by[o][1] == GATEWAY4_SECOND) for o in PROBES}


def settle(stage: Stage) -> dict[str, bool]:
    """What holds when nothing changes any more for two seconds; waits for what is not right yet."""
    deadline = time.monotonic() + SETTLE_SECONDS / 3
    seen, since = right(stage), time.monotonic()
    while time.monotonic() < deadline:
        now = right(stage)
        if now != seen or not all(now.values()):
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > 2.0:
            break
        time.sleep(0.2)
    return seen


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
@pytest.mark.parametrize("stack", EVENTS)
def test_replies_leave_by_the_second_interface_whatever_its_stack_does(suite: str, stack: str, tmp_path: Path) -> None:
    amazon = stack == "amazon"
    furnish = AMAZON if amazon else None
    stage = Stage(tmp_path, suite, "networkd" if amazon else stack, furnish, snapshot=TWO_INTERFACES)
    try:
        stage.node.boot()
        assert stage.settle().settled
        deadline = time.monotonic() + 20
        while "eth1" not in stage.run("ip", "-6", "route", "show", "table", "all", "default"):
            assert time.monotonic() < deadline, "no IPv6 on eth1"
            time.sleep(0.2)
        result = stage.hold(**HERE)
        assert {a["table"] for a in result["addresses"]} == {10001 if amazon else 7151}
        assert result["warnings"] == []
        everywhere = dict.fromkeys(PROBES, True)
        seen = {"live": settle(stage)}
        assert stage.hold(**HERE)["changed"] is False
        stage.node.reboot()
        seen["reboot"] = settle(stage)
        for name, script in EVENTS[stack].items():
            stage.run("sh", "-ec", script)
            seen[name] = settle(stage)
            stage.hold(**HERE)
        assert seen == dict.fromkeys(seen, everywhere)
        assert stage.hold(**HERE, state="absent")["persistence"]["files"] == []
        stage.node.reboot()
        assert stage.settle().settled
        assert "7150" not in stage.run("sh", "-c", "ip rule; ip -6 rule; ip route show table all")
    finally:
        left = stage.close()
    assert left == []
