# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A systemd unit that adds the address after the network is up: for lo, network-scripts and owners unknown. Pure.

PartOf: a restart of the network's manager starts it again. It has no ExecStop: an address is never taken away because
a manager stops. `networkctl reconfigure` and `nmcli connection up` do take it away until the unit is started again.

It waits for the interface's own address: NetworkManager leaves an interface alone that has one before it looks at it,
and a node whose wait-online service is off would boot with the overlay IP and nothing else.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..plan import Overlay
from .text import ip_replace, ip_steer, mark, slug
from .tree import Change, Tree

PATTERN = "/etc/systemd/system/aws-overlay-ip-{slug}.service"
_WANTS = "/etc/systemd/system/multi-user.target.wants/{unit}"
_WAIT_SECONDS = 60
_MANAGERS = "NetworkManager.service systemd-networkd.service wicked.service network.service networking.service"


def write(tree: Tree, overlay: Overlay, source: str) -> None:
    """``source`` is not used."""
    path = PATTERN.format(slug=slug(overlay.address))
    text = (
        mark(overlay)
        + "[Unit]\n"
        + f"Description=AWS overlay IP {overlay.cidr} on {overlay.interface}\n"
        + "Wants=network-online.target\n"
        + f"After=network-online.target {_MANAGERS}\n"
        + f"PartOf={_MANAGERS}\n"
        + "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        + _wait(overlay.interface)
        + f"ExecStart={ip_replace(overlay)}\n"
        + "".join(f"ExecStart=-{command}\n" for command in ip_steer(overlay))
        + "\n[Install]\nWantedBy=multi-user.target\n"
    )
    tree.write(path, text)
    tree.link(_wants(path), path)


def erase(tree: Tree, address: str) -> None:
    """Disable and remove the unit of an address."""
    path = PATTERN.format(slug=slug(address))
    tree.remove([path, _wants(path)])


def enabled(tree: Tree, path: str) -> bool:
    """Whether systemd starts this unit at boot."""
    return tree.read(_wants(path)) is not None


def commands(changes: Iterable[Change]) -> tuple[list[list[str]], list[list[str]]]:
    """What systemd must be told before and after units changed.

    A removed unit is stopped first, or PartOf would start what is left of it in systemd's memory. A written one is
    started, or PartOf would not start it again; without waiting, since it may wait for the network to be online.
    """
    units = [c for c in changes if c.path.startswith(PATTERN.partition("{")[0])]
    before = [["systemctl", "stop", _unit(c.path)] for c in units if c.after is None]
    after = [["systemctl", "start", "--no-block", _unit(c.path)] for c in units if c.after is not None]
    return before, [["systemctl", "daemon-reload"], *after] if units else []


def _wait(interface: str) -> str:
    """Wait for some address on the interface, and go on without one in the end; nobody gives lo one."""
    if interface == "lo":
        return ""
    found = f"/sbin/ip -oneline address show dev {interface} scope global | grep -q ."
    loop = f"n=0; until {found} || [ $$n -ge {_WAIT_SECONDS} ]; do n=$$((n+1)); sleep 1; done"
    return f"ExecStartPre=/bin/sh -c '{loop}'\n"


def _unit(path: str) -> str:
    return path.rpartition("/")[2]


def _wants(path: str) -> str:
    return _WANTS.format(unit=_unit(path))
