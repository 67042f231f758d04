# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's addresses by `ip`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.iproute import AddressError, Addresses, run_ip
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.local import Local
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay


class Ip:
    """`ip` on a node with one interface; the commands that change something are kept."""

    def __init__(self, *addresses: dict[str, Any]) -> None:
        self.info = [{"family": "inet", "local": "10.0.1.10", "prefixlen": 24, "label": "eth0", "dynamic": True,
                      "valid_life_time": 3000}, *addresses]  # fmt: skip
        self.changes: list[str] = []

    def __call__(self, arguments: Sequence[str], lines: str = "") -> str:
        if arguments == ["-json", "address", "show"]:
            lo = {"ifindex": 1, "ifname": "lo", "flags": ["UP"], "addr_info": []}
            return json.dumps([lo, {"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "addr_info": self.info}])
        if arguments[:1] == ["-json"]:
            routes = [{"dst": "default", "dev": "eth0"}, {"dst": "default", "dev": "eth1", "metric": 200}]
            return json.dumps(routes) if arguments[1] == "-4" else ""
        assert arguments == ["-batch", "-"]
        self.changes += lines.splitlines()
        return ""


LIVE = {"family": "inet", "local": "192.168.10.15", "prefixlen": 32, "label": "eth0:1", "valid_life_time": 4294967295}


def local(ip: Ip, *overlays: Overlay) -> Local:
    return Local(Config("n1", overlays or (Overlay("192.168.10.15/32", ("192.168.10.15/32",)),)), Addresses(ip))


def test_an_address_comes_up_labelled_on_the_interface_of_the_default_route() -> None:
    ip = Ip()
    assert local(ip).up()
    assert ip.changes == ["address replace 192.168.10.15/32 dev eth0 label eth0:1"]


def test_an_ipv6_address_never_becomes_a_source_address() -> None:
    ip = Ip()
    assert local(ip, Overlay("2001:db8::15/128", ("2001:db8::15/128",))).up()
    assert ip.changes == ["address replace 2001:db8::15/128 dev eth0 nodad valid_lft forever preferred_lft 0"]


def test_what_is_there_is_left_alone() -> None:
    ip = Ip(LIVE)
    node = local(ip)
    assert node.complete()
    assert node.live() == {"192.168.10.15/32": "eth0"}
    assert not node.up()
    assert ip.changes == []


def test_foreseeing_changes_nothing() -> None:
    ip = Ip()
    local(ip).foresee()
    assert ip.changes == []


def test_an_address_goes_down_wherever_it_is() -> None:
    ip = Ip(LIVE)
    assert local(ip).down()
    assert ip.changes == ["address delete 192.168.10.15/32 dev eth0"]
    assert not local(Ip()).down()


def test_what_ip_refuses_is_told() -> None:
    with pytest.raises(AddressError, match=r"'ip link nonsense' failed: "):
        run_ip(["link", "nonsense"])
