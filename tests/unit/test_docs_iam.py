# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/iam.md shows the very documents that the module makes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import (
    Balancers,
    ClientVpns,
    Ec2Ref,
    Place,
    Setup,
)

PAGE = Path(__file__).parents[2] / "docs" / "iam.md"
PLACE = Place("aws", "eu-central-1")
ONE, TWO = "111111111111", "222222222222"


def refs(kind: str) -> list[Ec2Ref]:
    return [Ec2Ref(f"{kind}-0{letter}", ONE, "vpc-01") for letter in "ab"]


def arns(account: str, kind: str) -> list[str]:
    return [PLACE.iam(account, kind, name, kind) for name in ("node1", "node2")]


def test_every_document_of_the_page() -> None:
    setup = Setup(
        roles=arns(ONE, "role"),
        profiles=arns(ONE, "instance-profile"),
        boundary=f"arn:aws:iam::{ONE}:policy/node-limits",
    )
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]
    assert shown == [
        document.node(PLACE, refs("rtb")),
        document.operator(PLACE, refs("rtb"), refs("eni"), setup),
        document.entries(PLACE, ["pl-0a"]),
        document.trust(arns(TWO, "role")),
        document.node(PLACE, [], f"arn:aws:iam::{ONE}:role/overlay-ip-nodes"),
        document.reach(PLACE, TWO, ["tgw-rtb-0a"], ["tgw-attach-0a"], back=refs("rtb")),
        {
            "Version": "2012-10-17",
            "Statement": document.reach(PLACE, "", (), (), balancers=Balancers(["sap-ascs"], refs("eni")))["Statement"][
                1:
            ],
        },
        {
            "Version": "2012-10-17",
            "Statement": document.reach(
                PLACE, "", (), (), vpns=ClientVpns(ONE, ["cvpn-endpoint-0a"], ["subnet-0a", "subnet-0b"])
            )["Statement"][1:],
        },
    ]
