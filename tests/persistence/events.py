# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to addresses on a node, per network stack: the commands, as an administrator or an agent gives them.

Pure, but for the two that need the machine's power switch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from persistence.stage import Stage

_AMAZON_FILE = "/run/systemd/network/70-eth0.network"


@dataclass(frozen=True)
class Event:
    """One thing that happens. ``title`` is for the table; ``script`` is what a shell does, if that is all of it."""

    name: str
    title: str
    happen: Callable[[Stage], None]
    script: str = ""


def _shell(name: str, title: str, script: str) -> Event:
    def happen(stage: Stage) -> None:
        stage.run("sh", "-ec", script)

    return Event(name, title, happen, script)


def _crash(stage: Stage) -> None:
    stage.node.exec(["sync"])  # what is tested is what is on the disk, not when it gets there
    stage.node.crash()
    stage.node.boot()


POWER = (
    Event("reboot", "reboot", lambda stage: stage.node.reboot()),
    Event("power", "power loss", _crash),
)
LINK = _shell("link", "link down and up", "ip link set eth0 down; sleep 0.2; ip link set eth0 up")

_NETWORKD_EVENTS = (
    _shell("restart", "`systemctl restart systemd-networkd`", "systemctl restart systemd-networkd"),
    _shell("reload", "`networkctl reload`, nothing changed", "networkctl reload"),
    _shell("reconfigure", "`networkctl reconfigure eth0`", "networkctl reconfigure eth0"),
    _shell("renew", "`networkctl renew eth0`", "networkctl renew eth0"),
)

EVENTS: dict[str, tuple[Event, ...]] = {
    "networkd": (
        *POWER,
        *_NETWORKD_EVENTS,
        _shell(
            "render",
            "file rendered anew, `networkctl reload`",
            "cd /etc/systemd/network; cp 10-eth0.network new; echo '# rendered' >>new; mv new 10-eth0.network;"
            " networkctl reload",
        ),
        LINK,
    ),
    "netplan": (
        *POWER,
        *_NETWORKD_EVENTS,
        _shell("apply", "`netplan apply`", "netplan apply"),
        _shell(
            "render",
            "file rendered anew, `netplan apply`",
            "cd /etc/netplan; sed 's/route-metric: 100/route-metric: 101/' 50-cloud-init.yaml >new; chmod 600 new;"
            " mv new 50-cloud-init.yaml; netplan apply",
        ),
        LINK,
    ),
    "amazon": (
        *POWER,
        *_NETWORKD_EVENTS,
        _shell(
            "render",
            "amazon-ec2-net-utils writes a private address, `networkctl reload`",
            f"mkdir -p {_AMAZON_FILE}.d; cd {_AMAZON_FILE}.d;"
            " printf '[Network]\\nAddress=10.0.1.77/24\\n' >ec2net_alias.conf; networkctl reload",
        ),
        LINK,
    ),
    "networkmanager": (
        *POWER,
        _shell("restart", "`systemctl restart NetworkManager`", "systemctl restart NetworkManager"),
        _shell("reload", "`nmcli connection reload`", "nmcli connection reload; systemctl reload NetworkManager"),
        _shell("reconfigure", "`nmcli device reapply eth0`", "nmcli device reapply eth0"),
        _shell("up", "`nmcli connection up`", "nmcli connection up 'cloud-init eth0'"),
        _shell(
            "downup",
            "`nmcli connection down` and `up`",
            "nmcli connection down 'cloud-init eth0'; nmcli connection up 'cloud-init eth0'",
        ),
        _shell(
            "render",
            "file rendered anew, `nmcli connection reload` and `up`",
            "cd /etc/NetworkManager/system-connections;"
            " printf '[connection]\\nid=cloud-init eth0\\ntype=ethernet\\ninterface-name=eth0\\n\\n"
            "[ipv4]\\nmethod=auto\\nroute-metric=101\\n\\n[ipv6]\\nmethod=auto\\n' >new; chmod 600 new;"
            " mv new 'cloud-init-eth0.nmconnection'; nmcli connection reload; nmcli connection up 'cloud-init eth0'",
        ),
        LINK,
    ),
    "ifupdown": (
        *POWER,
        _shell("restart", "`systemctl restart networking`", "systemctl restart networking"),
        _shell("downup", "`ifdown eth0`, `ifup eth0`", "ifdown eth0; ifup eth0"),
        _shell(
            "renew",
            "DHCP client told to renew",
            "if command -v dhclient; then dhclient -1 eth0; else dhcpcd -n eth0; fi",
        ),
        _shell(
            "render",
            "file rendered anew, `systemctl restart networking`",
            "cd /etc/network/interfaces.d; sed 's/metric 100/metric 101/' 50-cloud-init >new; mv new 50-cloud-init;"
            " systemctl restart networking",
        ),
        # Debian 12's dhclient does not put back the node's own default route either; Debian 13's dhcpcd does.
        _shell(
            "link",
            "link down and up (Debian 12: default route put back by hand)",
            "ip link set eth0 down; sleep 0.2; ip link set eth0 up;"
            " ! command -v dhclient || ip route replace default via 10.0.1.1 dev eth0",
        ),
    ),
}

#: The layout of Amazon Linux 2023: the image's file matches by driver, and a program of EC2's writes a better one into
#: /run at each boot, beside which our drop-in must be.
AMAZON_FILES = {
    "/usr/lib/systemd/network/80-ec2.network": ("[Match]\nName=eth*\n\n[Network]\nDHCP=yes\n", 0o644),
    "/usr/bin/setup-policy-routes": (
        "#!/bin/sh -e\nmkdir -p /run/systemd/network\n"
        f"printf '[Match]\\nName=eth0\\n\\n[Network]\\nDHCP=yes\\n\\n[DHCPv4]\\nRouteMetric=512\\n' >{_AMAZON_FILE}\n"
        "networkctl reload\n",
        0o755,
    ),
    "/etc/systemd/system/policy-routes.service": (
        "[Unit]\nAfter=systemd-networkd.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        "ExecStart=/usr/bin/setup-policy-routes\n[Install]\nWantedBy=multi-user.target\n",
        0o644,
    ),
}
