# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the cloud that take addresses away which they do not know, and what that means for an overlay IP. Pure.

Each finding says whether the way in which the address is kept makes the agent harmless, and why; nothing is changed
here. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from .._base.finding import ERROR, INFO, WARNING, Finding
from .persist import networkd
from .persist.store import UNIT, Host

_NOTHING = "Nothing to do."
_CLOUD_NETCONFIG = (
    "/usr/libexec/cloud-netconfig/cloud-netconfig",
    "/usr/lib/cloud-netconfig/cloud-netconfig",
    "/etc/netconfig.d/cloud-netconfig",
)


def findings(host: Host, interface: str, owner: str, methods: Collection[str]) -> list[Finding]:
    """What threatens overlay IPs on an interface.

    Args:
        host: the node.
        interface: its name.
        owner: the method that belongs to the stack which configures it.
        methods: how its overlay IPs are kept; empty where a cluster manager adds them and no file does.
    """
    rules = (_nm_cloud_setup, _cloud_netconfig, _ec2_net_utils, _cloud_init)
    return [f for rule in rules for f in rule(host, interface, owner, frozenset(methods))]


def _nm_cloud_setup(host: Host, interface: str, owner: str, methods: frozenset[str]) -> Iterator[Finding]:
    unit = "nm-cloud-setup.timer"
    if not (host.active(unit) or host.enabled(unit)):
        return
    why = {
        "networkmanager": "the dispatcher script puts it back at the `reapply` that ends each of its runs",
        "networkmanager_profile": "it keeps the addresses of the connection profile, and the address is one",
    }
    if owner == "networkmanager_profile":  # an old NetworkManager, whose dispatcher does not hear of it
        del why["networkmanager"]
    if methods and methods <= why.keys():
        reasons = "; ".join(why[m] for m in sorted(methods))
        yield Finding("nm_cloud_setup", INFO, f"nm-cloud-setup runs, harmless to overlay IPs: {reasons}.", _NOTHING)
        return
    yield Finding(
        "nm_cloud_setup",
        ERROR,
        f"nm-cloud-setup runs: it reapplies {interface} and may delete an overlay IP that no profile or dispatcher"
        " script holds.",
        "Disable it (systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service), or let setup do it:"
        " overlay_ip_tame_agents: [nm_cloud_setup].",
    )


def _cloud_netconfig(host: Host, interface: str, owner: str, methods: frozenset[str]) -> Iterator[Finding]:
    text = next((t for t in map(host.read, _CLOUD_NETCONFIG) if t is not None), None)
    if text is None or _switched_off(host, interface):
        return
    # Since November 2019 it writes down, under this path, what it has added, and removes nothing else.
    if "/run/cloud-netconfig" in text:
        message = "cloud-netconfig runs, harmless to overlay IPs: this version removes only addresses it has added."
        yield Finding("cloud_netconfig", INFO, message, _NOTHING)
        return
    yield Finding(
        "cloud_netconfig",
        ERROR,
        f"cloud-netconfig is older than November 2019: every minute it deletes from {interface} each address that"
        " the instance metadata does not list.",
        f"Update the package, or set CLOUD_NETCONFIG_MANAGE='no' in ifcfg-{interface} (it then manages no secondary"
        " private addresses either), or let setup do that: overlay_ip_tame_agents: [cloud_netconfig].",
    )


def _switched_off(host: Host, interface: str) -> bool:
    files = (f"/etc/sysconfig/network/ifcfg-{interface}", "/etc/default/cloud-netconfig")
    texts = (host.read(path) or "" for path in files)
    return any(
        line.replace('"', "").replace("'", "").strip() == "CLOUD_NETCONFIG_MANAGE=no"
        for text in texts
        for line in text.splitlines()
    )


def _ec2_net_utils(host: Host, interface: str, owner: str, methods: frozenset[str]) -> Iterator[Finding]:
    if host.read("/etc/sysconfig/network-scripts/ec2net-functions") is not None:
        message = "ec2-net-utils 1 runs, harmless to overlay IPs: it flushes secondary addresses, and a /32 is none."
        yield Finding("amazon_ec2_net_utils", INFO, message, _NOTHING)
    if host.read("/usr/bin/setup-policy-routes") is None:
        return
    if methods and methods <= {"networkd"}:
        message = (
            "amazon-ec2-net-utils runs, harmless to overlay IPs: its `networkctl reload` reads the drop-in that holds"
            " the address."
        )
        yield Finding("amazon_ec2_net_utils", INFO, message, _NOTHING)
    elif owner == "networkd" and not _keeps(host):
        yield Finding(
            "amazon_ec2_net_utils",
            WARNING,
            f"amazon-ec2-net-utils runs: when a private address of the instance changes it reloads systemd-networkd,"
            f" which then deletes from {interface} every address that its files do not name.",
            "Keep the address with persistence=networkd; or, where a cluster manager adds it, let networkd keep foreign"
            " addresses: overlay_ip_tame_agents: [amazon_ec2_net_utils].",
        )


def _keeps(host: Host) -> bool:
    """Whether some drop-in lets networkd keep foreign addresses."""
    paths = host.glob("/etc/systemd/network/*.network.d/*.conf")
    return any(networkd.keeps(host.read(path) or "") for path in paths)


def _cloud_init(host: Host, interface: str, owner: str, methods: frozenset[str]) -> Iterator[Finding]:
    if host.read("/etc/cloud/cloud.cfg") is None or not methods:
        return
    edited = sorted(methods & {"networkmanager_profile", "wicked"})
    if edited:
        yield Finding(
            "cloud_init",
            WARNING,
            f"cloud-init writes the file of {interface} anew for a new instance id (an image made of this node) and"
            f" after `cloud-init clean`: the overlay IP in it ({', '.join(edited)}) is gone then.",
            f"Run setup on the new instance, or use persistence={UNIT}.",
        )
        return
    message = "cloud-init may write its network files anew, harmless to overlay IPs: they are in files of their own."
    yield Finding("cloud_init", INFO, message, _NOTHING)
