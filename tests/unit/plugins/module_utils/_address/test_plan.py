# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of live addresses: every trap of (address, prefix, interface, label)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import plan
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import (
    Held,
    Link,
    Node,
    Overlay,
    PlanError,
    Request,
    Route,
)

OWN = Held("10.0.1.10", 24, "eth0", permanent=False)
NODE = Node(
    links=(
        Link(1, "lo"),
        Link(2, "eth0"),
        Link(3, "eth1", up=False),
        Link(4, "a-name-of-15-ch"),
        Link(5, "a-name-of-13c"),
    ),
    held=(Held("127.0.0.1", 8, "lo"), OWN),
    routes=(Route(4, "eth0"),),
)
X4, X6 = "192.168.10.15/32", "2001:db8::15/128"


def held(cidr: str, interface: str = "eth0", label: str = "", *, deprecated: bool = False) -> Held:
    address, _slash, length = cidr.partition("/")
    return Held(address, int(length), interface, label, deprecated=deprecated)


def steps(request: Request, *live: Held, saved: tuple[Overlay, ...] = ()) -> list[tuple[str, str, str, str]]:
    node = replace(NODE, held=(*NODE.held, *live), saved=saved)
    return [
        (s.action, s.overlay.cidr, s.overlay.interface, s.overlay.label)
        for decision in plan.plan(request, node)
        for s in decision.steps
    ]


@pytest.mark.parametrize(
    ("request_", "live", "expected"),
    [
        pytest.param(Request((X4,)), [], [("add", X4, "eth0", "eth0:1")], id="absent"),
        pytest.param(Request((X4,)), [held(X4, label="eth0:1")], [], id="there"),
        pytest.param(Request((X4,)), [held(X4)], [], id="auto keeps an address without a label"),
        pytest.param(Request((X4,)), [held(X4, label="eth0:sap")], [], id="auto keeps any label"),
        pytest.param(
            Request((X4,)),
            [held(X4, label="ens5:1")],
            [("delete", X4, "eth0", "ens5:1"), ("add", X4, "eth0", "eth0:1")],
            id="auto does not keep a label with another interface's name",
        ),
        pytest.param(
            Request((X4,)),
            [held(X4, label="eth0:$(id)")],
            [("delete", X4, "eth0", "eth0:$(id)"), ("add", X4, "eth0", "eth0:1")],
            id="nor one that does not belong into a script",
        ),
        pytest.param(Request((X4,), label=""), [], [("add", X4, "eth0", "")], id="no label"),
        pytest.param(
            Request((X4,), label="eth0:7"),
            [held(X4, label="eth0:1")],
            [("delete", X4, "eth0", "eth0:1"), ("add", X4, "eth0", "eth0:7")],
            id="another label: replace would not change it",
        ),
        pytest.param(
            Request((X4,), label="eth0:7"),
            [held(X4)],
            [("delete", X4, "eth0", ""), ("add", X4, "eth0", "eth0:7")],
            id="a label for an address that has none",
        ),
        pytest.param(
            Request((X4,), label=""),
            [held(X4, label="eth0:1")],
            [("delete", X4, "eth0", "eth0:1"), ("add", X4, "eth0", "")],
            id="label taken away",
        ),
        pytest.param(
            Request((X4,)),
            [held("192.168.10.15/24", label="eth0:1")],
            [("add", X4, "eth0", "eth0:1"), ("delete", "192.168.10.15/24", "eth0", "eth0:1")],
            id="another prefix: added before the old one goes",
        ),
        pytest.param(
            Request((X4,)),
            [held(X4, "eth1", "eth1:1")],
            [("add", X4, "eth0", "eth0:1"), ("delete", X4, "eth1", "eth1:1")],
            id="another interface",
        ),
        pytest.param(
            Request((X4,)),
            [held(X4, "lo"), held(X4, label="eth0:1")],
            [("delete", X4, "lo", "")],
            id="on two interfaces",
        ),
        pytest.param(Request((X4,), interface="lo"), [], [("add", X4, "lo", "lo:1")], id="lo"),
        pytest.param(Request((X4,), interface="eth1"), [], [("add", X4, "eth1", "eth1:1")], id="a link that is down"),
        pytest.param(
            Request((X4,)),
            [held("192.168.10.16/32", label="eth0:1")],
            [("add", X4, "eth0", "eth0:2")],
            id="second overlay on one interface",
        ),
        pytest.param(
            Request((X4, "192.168.10.16/32")),
            [],
            [("add", X4, "eth0", "eth0:1"), ("add", "192.168.10.16/32", "eth0", "eth0:2")],
            id="two at once",
        ),
        pytest.param(Request((X4, X4)), [], [("add", X4, "eth0", "eth0:1")], id="named twice"),
        pytest.param(
            Request((X4,), interface="a-name-of-15-ch"),
            [],
            [("add", X4, "a-name-of-15-ch", "")],
            id="a name that leaves no room for a label",
        ),
        pytest.param(
            Request((X4,), interface="a-name-of-13c"),
            [],
            [("add", X4, "a-name-of-13c", "a-name-of-13c:1")],
            id="a name that leaves just enough",
        ),
        pytest.param(
            Request((X4,), label="eth0:0123456789"),
            [],
            [("add", X4, "eth0", "eth0:0123456789")],
            id="the longest label that the kernel takes",
        ),
        pytest.param(Request((X6,)), [], [("add", X6, "eth0", "")], id="IPv6 without an IPv6 default route"),
        pytest.param(Request((X6,)), [held(X6, deprecated=True)], [], id="IPv6 there"),
        pytest.param(Request((X6,)), [held(X6)], [("deprecate", X6, "eth0", "")], id="IPv6 that could be a source"),
        pytest.param(Request((X6,), label="eth0:1"), [], [("add", X6, "eth0", "")], id="IPv6 has no label"),
        pytest.param(Request((X4,), state="absent"), [], [], id="gone already"),
        pytest.param(
            Request((X4,), state="absent"),
            [held(X4, "eth1"), held("192.168.10.15/24")],
            [("delete", X4, "eth1", ""), ("delete", "192.168.10.15/24", "eth0", "")],
            id="absent: from every place",
        ),
        pytest.param(Request((X4,), interface="gone0", state="absent"), [], [], id="absent needs no interface"),
    ],
)
def test_steps(request_: Request, live: list[Held], expected: list[tuple[str, str, str, str]]) -> None:
    assert steps(request_, *live) == expected


@pytest.mark.parametrize(
    ("request_", "live", "expected"),
    [
        pytest.param(Request((X4,)), [], "eth0:4", id="the file's label is kept for the address"),
        pytest.param(Request(("192.168.10.16/32",)), [], "eth0:1", id="and for no other"),
        pytest.param(
            Request(("192.168.10.16/32",)),
            [held("10.9.9.9/32", label="eth0:1"), held("10.9.9.8/32", label="eth0:2")],
            "eth0:3",
            id="the first that is free",
        ),
        pytest.param(Request((X4,)), [held(X4)], "eth0:4", id="the file's, where the live address has none"),
        pytest.param(Request((X4,), interface="eth1"), [], "eth1:1", id="a file of another interface does not count"),
    ],
)
def test_label_auto(request_: Request, live: list[Held], expected: str) -> None:
    saved = (Overlay("192.168.10.15", 32, "eth0", "eth0:4"),)
    node = replace(NODE, held=(*NODE.held, *live), saved=saved)
    assert plan.plan(request_, node)[0].overlay.label == expected


def test_a_live_address_without_a_label_is_left_alone_for_the_files_label() -> None:
    assert steps(Request((X4,)), held(X4), saved=(Overlay("192.168.10.15", 32, "eth0", "eth0:4"),)) == []


def test_auto_is_the_other_familys_default_route_where_there_is_no_own() -> None:
    node = replace(NODE, routes=(Route(6, "eth1"),))
    assert plan.plan(Request((X4,)), node)[0].overlay.interface == "eth1"
    assert (
        plan.plan(Request((X4,)), replace(NODE, routes=(Route(4, "eth0"), Route(6, "eth1"))))[0].overlay.interface
        == "eth0"
    )


@pytest.mark.parametrize(
    ("interface", "live", "saved", "expected"),
    [
        pytest.param("auto", [held(X4, "eth1", "eth1:1")], [], ("eth1", "eth1:1"), id="live"),
        pytest.param("auto", [], [Overlay("192.168.10.15", 32, "lo", "lo:2")], ("lo", "lo:2"), id="in a file only"),
        pytest.param(
            "auto",
            [held(X4, "eth1", "eth1:1")],
            [Overlay("192.168.10.15", 32, "lo", "lo:2")],
            ("eth1", "eth1:1"),
            id="live before the file",
        ),
        pytest.param("auto", [], [], ("", ""), id="unknown"),
        pytest.param("eth1", [], [], ("eth1", ""), id="unknown, but named"),
        pytest.param("eth1", [], [Overlay("192.168.10.16", 32, "lo", "lo:2")], ("eth1", ""), id="another's file"),
    ],
)
def test_absent_says_where_it_was(
    interface: str, live: list[Held], saved: list[Overlay], expected: tuple[str, str]
) -> None:
    node = replace(NODE, held=(*NODE.held, *live), saved=tuple(saved))
    overlay = plan.plan(Request((X4,), interface, state="absent"), node)[0].overlay
    assert (overlay.cidr, overlay.interface, overlay.label) == (X4, *expected)


@pytest.mark.parametrize(
    ("request_", "node", "sentence"),
    [
        (Request((X4,), interface="eth9"), NODE, "interface 'eth9' does not exist on this node: it has lo, eth0, eth1"),
        (Request((X4,)), replace(NODE, routes=()), "no default route: name the interface"),
        (Request((X4,), label="eth0:0123456789abc"), NODE, "has 18 bytes; the kernel takes 15"),
        (Request((X4,), label="sap"), NODE, "must be 'eth0:' and letters or digits, such as 'eth0:1'"),
        (Request((X4,), label="eth0:$(id)"), NODE, "must be 'eth0:' and letters or digits"),
        (Request((X4,), label="eth1:1"), NODE, "must be 'eth0:'"),
        (Request((X4, "192.168.10.16/32"), label="eth0:1"), NODE, "is for one IPv4 address"),
        (
            Request((X4,), label="eth0:1"),
            replace(NODE, held=(held("192.168.10.16/32", label="eth0:1"),)),
            "is already that of 192.168.10.16/32",
        ),
        (Request(("10.0.1.10/32",)), NODE, "10.0.1.10/24 on eth0 came by DHCP: it is this node's own address"),
        (Request(("10.0.1.10/32",), state="absent"), NODE, "it is this node's own address"),
        (
            Request((X4,), interface="eth0;reboot"),
            replace(NODE, links=(Link(2, "eth0;reboot"),)),
            "characters that configuration files do not take",
        ),
    ],
)
def test_refusals(request_: Request, node: Node, sentence: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan.plan(request_, node)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_apply_to_foretells_what_the_kernel_will_hold() -> None:
    live = (held("192.168.10.15/24", label="eth0:1"), held(X6))
    node = replace(NODE, held=(OWN, *live))
    done = [s for d in plan.plan(Request((X4, X6)), node) for s in d.steps]
    assert plan.apply_to(node.held, done) == [OWN, held(X4, label="eth0:1"), held(X6, deprecated=True)]


PLACES = st.builds(
    lambda address, length, interface, suffix: held(
        f"{address}/{length}", interface, f"{interface}:{suffix}" if suffix else ""
    ),
    st.sampled_from(["192.168.10.15", "192.168.10.16", "10.9.9.9"]),
    st.sampled_from([32, 24]),
    st.sampled_from(["lo", "eth0", "eth1"]),
    st.sampled_from(["", "1", "2", "sap"]),
)


@given(
    live=st.lists(PLACES, max_size=6, unique_by=lambda h: (h.cidr, h.interface)),
    interface=st.sampled_from(["auto", "lo", "eth1"]),
    label=st.sampled_from(["auto", ""]),
    count=st.sampled_from([1, 2]),
)
def test_from_any_state_one_run_leads_to_one_place_and_a_second_does_nothing(
    live: list[Held], interface: str, label: str, count: int
) -> None:
    wanted = (X4, "192.168.10.16/32")[:count]
    request = Request(wanted, interface, label)
    second = Held("10.0.2.10", 24, "eth1", permanent=False)
    node = replace(NODE, held=(*NODE.held, second, *live))
    done = [s for d in plan.plan(request, node) for s in d.steps]
    after = plan.apply_to(node.held, done)

    home = "eth0" if interface == "auto" else interface
    ours = [h for h in after if h.cidr.partition("/")[0] in [w.partition("/")[0] for w in wanted]]
    assert sorted((h.cidr, h.interface) for h in ours) == sorted((w, home) for w in wanted)
    assert [h for h in after if h not in ours] == [h for h in node.held if h.address not in {o.address for o in ours}]
    assert label == "auto" or [h.label for h in ours] == [""] * count

    again = replace(node, held=tuple(after))
    assert [s for d in plan.plan(request, again) for s in d.steps] == []
