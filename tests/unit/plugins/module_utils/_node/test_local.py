# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's addresses by `ip`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.addresses import Addresses
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.iproute import (
    AddressError,
    IpRoute,
    Refused,
    run_ip,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Rule
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
            assert arguments[1] == "-Numeric"
            routes = [{"dst": "default", "dev": "eth0"}, {"dst": "default", "dev": "eth1", "metric": 200}]
            return json.dumps(routes) if arguments[2:4] == ["-4", "route"] else ""
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


class TwoInterfaces(Ip):
    """`ip` on a node with eth1 in a subnet of its own; ``rules`` is what `ip -4 rule show` prints, or an error."""

    def __init__(self, *addresses: dict[str, Any], rules: str = "[]") -> None:
        super().__init__()
        self.second, self.rules = [{"local": "10.0.2.10", "prefixlen": 24}, *addresses], rules

    def __call__(self, arguments: Sequence[str], lines: str = "") -> str:
        if arguments == ["-json", "address", "show"]:
            one, other = json.loads(super().__call__(arguments))
            return json.dumps([one, other, {"ifindex": 3, "ifname": "eth1", "addr_info": self.second}])
        if arguments[0][:2] in ("-4", "-6"):
            self.changes.append(" ".join(arguments))
            return ""
        if arguments == ["-json", "-Numeric", "-4", "rule", "show"]:
            if self.rules:
                return self.rules
            raise AddressError("'ip rule' failed.")
        return super().__call__(arguments, lines)


ON_ETH1 = Overlay("192.168.10.15/32", ("192.168.10.15/32",), interface="eth1")
RULE = {"priority": 7150, "src": "192.168.10.15", "table": "7151"}


def test_the_rule_comes_and_goes_with_the_address() -> None:
    ip = TwoInterfaces()
    assert local(ip, ON_ETH1).up()
    assert ip.changes == [
        "address replace 192.168.10.15/32 dev eth1 label eth1:1",
        "-4 route replace default via 10.0.2.1 dev eth1 table 7151 onlink",
        "-4 rule add from 192.168.10.15 lookup 7151 priority 7150",
    ]
    ip = TwoInterfaces({**LIVE, "label": "eth1:1"}, rules=json.dumps([RULE]))
    assert local(ip, ON_ETH1).down()
    assert ip.changes == [
        "address delete 192.168.10.15/32 dev eth1",
        "-4 rule delete from 192.168.10.15 lookup 7151 priority 7150",
    ]


def test_a_kernel_without_ipv6_has_no_rules_of_it_and_an_old_ip_tells_no_numbers() -> None:
    """The first as the kernel says it; the second as iproute2 before 5.1 does."""

    def no_ipv6(arguments: Sequence[str], lines: str = "") -> str:
        if "-6" in arguments:
            said = "RTNETLINK answers: Address family not supported by protocol\nDump terminated"
            raise Refused(["ip", *arguments], said)
        return json.dumps([RULE])

    def old(arguments: Sequence[str], lines: str = "") -> str:
        if "-Numeric" in arguments:
            raise Refused(["ip", *arguments], 'Option "-Numeric" is unknown, try "ip -help".')
        return json.dumps([RULE, {**RULE, "table": "mine"}, {**RULE, "fwmark": "0x1"}] if "-4" in arguments else [])

    for run in (no_ipv6, old):
        assert IpRoute(run).rules() == (Rule("192.168.10.15", 7151, 7150),)
    with pytest.raises(AddressError, match="Operation not permitted"):
        IpRoute(denied).rules()


def denied(arguments: Sequence[str], lines: str = "") -> str:
    raise Refused(["ip", *arguments], "RTNETLINK answers: Operation not permitted")


def test_a_rule_that_was_lost_comes_again_and_is_no_address_that_came_up() -> None:
    """Who brought an address up takes it down again where nothing else worked: never one that was up before."""
    ip = TwoInterfaces({**LIVE, "label": "eth1:1"})
    assert not local(ip, ON_ETH1).up()
    assert ip.changes[-1] == "-4 rule add from 192.168.10.15 lookup 7151 priority 7150"


def test_the_address_depends_on_no_rule() -> None:
    for overlay, change in ((ON_ETH1, "address replace"), (ON_ETH1, "address delete")):
        up = change.endswith("replace")
        ip = TwoInterfaces(*([] if up else [{**LIVE, "label": "eth1:1"}]), rules="")
        node = local(ip, overlay)
        assert node.up() if up else node.down()
        assert [line[: len(change)] for line in ip.changes] == [change]
        assert node.troubles == ["How replies leave could not be looked at or set: 'ip rule' failed."]


def test_what_ip_refuses_is_told() -> None:
    with pytest.raises(AddressError, match=r"'ip link nonsense' failed: "):
        run_ip(["link", "nonsense"])
