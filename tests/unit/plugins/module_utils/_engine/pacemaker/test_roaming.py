# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster may move by itself, by stickiness and preferences wherever they may stand."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import cib, roaming
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import view as pacemaker
from unit.cluster_states import IP, read


def meta(value: str | None, name: str = "resource-stickiness") -> str:
    pair = f'<nvpair id="s" name="{name}" value="{value}"/>'
    return f'<meta_attributes id="m">{pair}</meta_attributes>' if value is not None else ""


def primitive(inner: str = "", attributes: str = "") -> str:
    return (
        f'<primitive id="{IP}" {attributes or _AGENT}><instance_attributes id="a">'
        f'<nvpair id="d" name="destination" value="192.168.10.15/32"/></instance_attributes>{inner}</primitive>'
    )


_AGENT = 'class="ocf" provider="aws_ha" type="overlay-ip"'


def configuration(resources: str, constraints: str = "", defaults: str = "") -> str:
    return (
        f"<cib><configuration><resources>{resources}</resources><constraints>{constraints}</constraints>"
        f"<rsc_defaults>{defaults}</rsc_defaults></configuration></cib>"
    )


_PRIMITIVE, _BOUND = primitive(), f'id="c" rsc="{IP}"'


@pytest.mark.parametrize(
    ("resources", "constraints", "defaults", "roams"),
    [
        (_PRIMITIVE, "", "", True),
        (primitive(meta("0")), "", "", True),
        (primitive(meta("-5")), "", "", True),
        (primitive(meta("100", "priority")), "", "", True),
        (primitive(meta("1")), "", "", False),
        (primitive(meta("INFINITY")), "", "", False),
        (primitive(meta("+INFINITY")), "", "", False),
        (_PRIMITIVE, "", meta("1"), False),
        (_PRIMITIVE, "", meta("0"), True),
        (f'<group id="g">{_PRIMITIVE}</group>', "", "", True),
        (f'<group id="g">{_PRIMITIVE}{meta("7")}</group>', "", "", False),
        (f'<group id="g"><primitive id="x" class="ocf"/></group>{_PRIMITIVE}{meta("7")}', "", "", True),
        # A clone sticks by itself.
        (f'<clone id="c">{_PRIMITIVE}</clone>', "", "", False),
        (f'<template id="t" {_AGENT}>{meta("9")}</template>' + primitive("", 'template="t"'), "", "", False),
        # It goes where it is preferred, and comes back there: that is somebody's will.
        (_PRIMITIVE, f'<rsc_location {_BOUND} node="n" score="50"/>', "", False),
        (f'<group id="g">{_PRIMITIVE}</group>', '<rsc_location id="c" rsc="g" node="n"/>', "", False),
        (_PRIMITIVE, f'<rsc_location {_BOUND} node="n" score="-INFINITY"/>', "", True),
        (_PRIMITIVE, '<rsc_location id="c" rsc="other" node="n" score="50"/>', "", True),
        (_PRIMITIVE, f'<rsc_colocation {_BOUND} with-rsc="app" score="INFINITY"/>', "", False),
        (_PRIMITIVE, f'<rsc_colocation {_BOUND} with-rsc="app" score="-5000"/>', "", True),
        # Its own counts before the default; in a group what is beside it counts, too.
        (primitive(meta("0")), "", meta("1000"), True),
        (f'<group id="g">{_PRIMITIVE}<primitive id="db" class="ocf">{meta("5000")}</primitive></group>', "", "", False),
        (_PRIMITIVE, f'<rsc_location {_BOUND}><rule id="r" score="-INFINITY"/></rsc_location>', "", True),
        (_PRIMITIVE, f'<rsc_location {_BOUND}><rule id="r" score="100"/></rsc_location>', "", False),
        (_PRIMITIVE, '<rsc_location id="c" rsc-pattern="overlay" node="n" score="5"/>', "", False),
        (
            _PRIMITIVE,
            f'<rsc_colocation id="c" score="2000"><resource_set id="s"><resource_ref id="{IP}"/></resource_set>'
            "</rsc_colocation>",
            "",
            False,
        ),
    ],
)
def test_what_keeps_it(resources: str, constraints: str, defaults: str, roams: bool) -> None:
    root = cib.parsed(configuration(resources, constraints, defaults))
    (mover,) = cib.movers(root)
    assert roaming.roams(mover, root) is roams


def test_what_is_not_known_is_not_told_of() -> None:
    root = cib.parsed(configuration(_PRIMITIVE))
    (mover,) = cib.movers(root)
    assert (roaming.roams(mover, None), roaming.roams(None, root)) == (False, False)


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("pcs", f"pcs resource meta {IP} resource-stickiness=100"),
        ("crm", f"crm resource meta {IP} set resource-stickiness 100"),
        ("", f"crm_resource --meta --set-parameter resource-stickiness --parameter-value 100 --resource {IP}"),
    ],
)
def test_setup_is_refused_before_it_adds_anything(shell: str, command: str) -> None:
    seen = pacemaker.told(read("rest"), configuration(_PRIMITIVE), pacemaker.COMMANDS[shell], "node1")
    (found,) = seen["findings"]
    assert (found["id"], found["severity"], found["node"], found["hinders"]) == (
        "resource_roams",
        "warning",
        "",
        ["setup"],
    )
    assert found["message"] == (
        f"{IP} has no resource-stickiness: the cluster may move it whenever something is added or comes back."
    )
    assert found["remedy"] == f"`{command}`."
    kept = configuration(primitive(meta("100")))
    assert not pacemaker.told(read("rest"), kept, pacemaker.COMMANDS[shell], "node1")["findings"]
