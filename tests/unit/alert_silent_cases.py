# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tried of the alerts that tell that somebody tells nothing."""

from __future__ import annotations

from unit.alert_series import (
    EACH,
    GONE,
    N1,
    N2,
    ONE_GONE,
    OTHERS_N1,
    fleet,
    looks,
    node,
    of_fleet,
)

CASES: list[tuple[str, str, list[tuple[str, str]], int]] = [
    (
        "OverlayIpNodeSilent",
        "the standby of one of two deployments is gone",
        [
            *(*node(N1, EACH), *node(N2, GONE, ONE_GONE, "", ONE_GONE)),
            *(*node(OTHERS_N1, EACH), *node(OTHERS_N1.replace('"n1"', '"n2"').replace("1.10", "2.10"), EACH)),
        ],
        1,
    ),
    (
        "OverlayIpNobodyTells",
        "both nodes are gone",
        [*node(N1, GONE, ONE_GONE, "", ONE_GONE), *node(N2, GONE, ONE_GONE, "", ONE_GONE)],
        1,
    ),
    ("OverlayIpNobodyTells", "one is", [*node(N1, GONE, ONE_GONE, "", ONE_GONE), *node(N2, EACH)], 0),
    (
        "OverlayIpNobodyTells",
        "both are there and write nothing any more",
        [*node(N1, "-900x20"), *node(N2, "-900x20")],
        1,
    ),
    ("OverlayIpNobodyTells", "both tell, and cannot read the tables", [*node(N1, EACH), *node(N2, EACH)], 0),
    (
        "OverlayIpNobodyTells",
        "it was taken out of the inventory: the node tells of others",
        node(N1, EACH, ONE_GONE, "", ONE_GONE),
        0,
    ),
    ("OverlayIpNobodyTells", "the controller alone tells", fleet(EACH, "1x40", "0x40"), 0),
    (
        "OverlayIpHolderSilent",
        "it hangs: EC2 says that it runs, and the other one sees all routes lead elsewhere",
        [*node(N1, GONE, ONE_GONE, "", ONE_GONE), *node(N2, EACH), *looks(N2, "0x40")],
        1,
    ),
    (
        "OverlayIpHolderSilent",
        "its timer stopped long ago, and what it told then is still read",
        [*node(N1, "-900x20"), *looks(N1, "2x40"), *node(N2, EACH), *looks(N2, "0x40")],
        1,
    ),
    (
        "OverlayIpHolderSilent",
        "the standby is gone",
        [*node(N1, EACH), *looks(N1, "2x40"), *node(N2, GONE, ONE_GONE, "", ONE_GONE)],
        0,
    ),
    (
        "OverlayIpHolderSilent",
        "it took over from the one that is gone",
        [*node(N1, GONE, ONE_GONE, "", ONE_GONE), *node(N2, EACH), *looks(N2, "0x8 2x31")],
        0,
    ),
    (
        "OverlayIpHolderSilent",
        "its metrics are late by an interval, again and again",
        [*node(N1, "0+60x3 _ 300+60x2 _ _ 540+60x9"), *looks(N1, "2x40"), *node(N2, EACH), *looks(N2, "0x40")],
        0,
    ),
    (
        "OverlayIpHolderSilent",
        "it was started anew, and told nothing for some minutes",
        [*node(N1, "0+60x2 _x4 420+60x9"), *looks(N1, "2x40"), *node(N2, EACH), *looks(N2, "0x40")],
        0,
    ),
    (
        "OverlayIpHolderSilent",
        "all tell, and routes lead to a stranger, which is told as that",
        [*node(N1, EACH), *looks(N1, "0x40"), *node(N2, EACH), *looks(N2, "0x40")],
        0,
    ),
    (
        "OverlayIpHolderSilent",
        "the routes are dead, which is told as that",
        [*node(N1, GONE, ONE_GONE, "", ONE_GONE), *node(N2, EACH), *looks(N2, "0x40", blackhole="2x40")],
        0,
    ),
    ("OverlayIpHolderSilent", "the status playbook alone tells", [*fleet(EACH, "0x40", "0x40"), *of_fleet("0x40")], 0),
    (
        "OverlayIpHolderSilent",
        "the status playbook tells of the holder, and so does the other node",
        [*fleet(EACH, "1x40", "0x40"), *of_fleet("2x40"), *node(N1, EACH), *node(N2, EACH), *looks(N2, "0x40")],
        0,
    ),
    ("OverlayIpNodeSilent", "the standby is gone", [*node(N1, EACH), *node(N2, GONE, ONE_GONE, "", ONE_GONE)], 1),
    ("OverlayIpNodeSilent", "it was never there", node(N1, EACH), 1),
    ("OverlayIpNodeSilent", "its timer stopped long ago", [*node(N1, EACH), *node(N2, "-900x20")], 1),
    ("OverlayIpNodeSilent", "both tell", [*node(N1, EACH), *node(N2, EACH)], 0),
    ("OverlayIpNodeSilent", "it is started anew", [*node(N1, EACH), *node(N2, "0+60x3 _ _ _ 420+60x9")], 0),
]
