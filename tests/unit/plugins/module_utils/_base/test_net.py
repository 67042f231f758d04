# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical destinations, and every reason to refuse one."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import net


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.10.15", "192.168.10.15/32"),
        (" 192.168.10.15/32 ", "192.168.10.15/32"),
        ("192.168.10.0/24", "192.168.10.0/24"),
        ("100.64.0.0/10", "100.64.0.0/10"),
        ("2001:DB8:0::15", "2001:db8::15/128"),
        ("2001:0db8:0000:0000:0000:0000:0000:0015/128", "2001:db8::15/128"),
        ("fd12:3456::/64", "fd12:3456::/64"),
        ("::1:0:0:15", "::1:0:0:15/128"),
    ],
)
def test_destination_is_canonical(text: str, expected: str) -> None:
    assert net.destination(text) == expected


@pytest.mark.parametrize("text", ["pl-0123456789abcdef0", "pl-01234567", " pl-01234567 "])
def test_a_route_may_have_a_list_as_its_destination(text: str) -> None:
    listed = net.routed(text)
    assert (listed, net.is_list(listed), net.family(listed), net.bare(listed)) == (text.strip(), True, 0, listed)
    assert net.slug(listed) == listed
    assert net.routed("192.168.10.15") == "192.168.10.15/32"
    with pytest.raises(net.AddressError, match="not an IPv4 or IPv6 address"):
        net.destination(text)


@pytest.mark.parametrize("text", ["pl-0123", "pl-0123456789ABCDEF0", "pl-0123456789abcdef01", "pl-", "pl-0123456/32"])
def test_what_begins_like_a_list_and_is_none(text: str) -> None:
    with pytest.raises(
        net.AddressError, match=f"'{text}' is not the id of a managed prefix list: write one such as pl-"
    ):
        net.routed(text)


def test_a_list_lies_in_itself_alone() -> None:
    one, other = "pl-01234567", "pl-01234568"
    assert [net.within(one, one), net.within(one, other), net.covers(one, one)] == [True, False, True]
    assert not any(net.covers(a, b) for a, b in ((one, "10.0.0.0/8"), ("10.0.0.0/8", one), (one, other)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not an address"),
        ("node1", "not an IPv4 or IPv6 address or prefix"),
        ("192.168.10.256", "not an IPv4 or IPv6 address or prefix"),
        ("192.168.10.015", "not an IPv4 or IPv6 address or prefix"),
        ("192.168.10.0/33", "not an IPv4 or IPv6 address or prefix"),
        ("192.168.10.0/", "no prefix length"),
        ("192.168.10.0/255.255.255.0", "no prefix length"),
        ("192.168.10.15/24", "the network is 192.168.10.0/24; for the single address write 192.168.10.15/32"),
        ("2001:db8::15/64", "the network is 2001:db8::/64; for the single address write 2001:db8::15/128"),
        ("0.0.0.0/0", "the default route"),
        ("::/0", "the default route"),
        ("0.0.0.0", "lies in 0.0.0.0/8, the unspecified range"),
        ("::", "lies in ::/128, the unspecified address"),
        ("127.0.0.1", "lies in 127.0.0.0/8, the loopback range"),
        ("::1", "lies in ::1/128, the loopback address"),
        ("169.254.169.254", "lies in 169.254.0.0/16, the link-local range"),
        ("fe80::1", "lies in fe80::/10, the link-local range"),
        ("fe80::1%eth0", "names a zone"),
        ("224.0.0.18", "lies in 224.0.0.0/4, the multicast range"),
        ("ff02::1", "lies in ff00::/8, the multicast range"),
        ("255.255.255.255", "lies in 240.0.0.0/4, a reserved range"),
        ("fd00:ec2::254", "lies in fd00:ec2::/32, the range that AWS reserves"),
        ("fd00::/16", "covers fd00:ec2::/32"),
        ("128.0.0.0/1", "covers 169.254.0.0/16"),
        ("::ffff:192.168.10.15", "write the IPv4 address instead"),
    ],
)
def test_destination_refuses_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(net.AddressError) as caught:
        net.destination(text)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_destination_refuses_what_is_no_text() -> None:
    """YAML turns an unquoted 192168 into a number, which ipaddress would take for an address."""
    with pytest.raises(net.AddressError, match="is not an address"):
        net.destination(192168)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"), [("192.168.10.15", "192.168.10.15/32"), ("2001:db8::15", "2001:db8::15/128")]
)
def test_host_is_one_address(text: str, expected: str) -> None:
    assert net.host(text) == expected


def test_host_refuses_a_network_and_shows_an_address() -> None:
    with pytest.raises(net.AddressError, match=r"is a network; .* such as 192\.168\.10\.1/32"):
        net.host("192.168.10.0/24")


@pytest.mark.parametrize(("dest", "family"), [("192.168.10.15/32", 4), ("2001:db8::/64", 6), ("::1:0:0:15", 6)])
def test_family(dest: str, family: int) -> None:
    assert net.family(dest) == family


@given(st.ip_addresses())
def test_every_spelling_of_an_address_is_one_destination(address: ipaddress.IPv4Address) -> None:
    try:
        short = net.destination(str(address))
    except net.AddressError:
        return
    assert short == net.destination(address.exploded) == net.destination(short)
    assert ipaddress.ip_network(short).network_address == address


@pytest.mark.parametrize(
    ("inner", "outer", "inside"),
    [
        ("10.0.1.0/24", "10.0.0.0/16", True),
        ("10.0.0.0/16", "10.0.0.0/16", True),
        ("10.0.0.0/8", "10.0.0.0/16", False),
        ("192.168.10.15/32", "10.0.0.0/16", False),
        ("2001:db8::15/128", "2001:db8::/32", True),
    ],
)
def test_within(inner: str, outer: str, inside: bool) -> None:
    assert net.within(inner, outer) is inside
