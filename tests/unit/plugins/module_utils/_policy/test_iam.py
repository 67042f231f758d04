# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which calls bring a role from any state to the wanted one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import iam
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import PolicyError, size, text
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.iam import Inline, Managed, Role

ROLE = Role("node", "arn:aws-cn:iam::222222222222:role/sap/node")
ARN = "arn:aws-cn:iam::222222222222:policy/p"
LINK = {"RoleName": "node", "PolicyArn": ARN}
INLINE = {"RoleName": "node", "PolicyName": "p"}


def document(action: str = "ec2:ReplaceRoute") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


WANT, OLD = document(), document("ec2:CreateRoute")
LONG = document("x" * 20_000)
PUT = ("PutRolePolicy", {**INLINE, "PolicyDocument": text(WANT)})
VERSION = ("CreatePolicyVersion", {"PolicyArn": ARN, "PolicyDocument": text(WANT), "SetAsDefault": True})
CREATE = ("CreatePolicy", {"PolicyName": "p", "PolicyDocument": text(WANT)})
ATTACH, DETACH = ("AttachRolePolicy", LINK), ("DetachRolePolicy", LINK)


def drop(version: str) -> iam.Step:
    return "DeletePolicyVersion", {"PolicyArn": ARN, "VersionId": version}


@pytest.mark.parametrize(
    ("have", "want", "expected"),
    [
        pytest.param(Inline(), WANT, [PUT], id="new"),
        pytest.param(Inline(OLD, 100), WANT, [PUT], id="other"),
        pytest.param(Inline(WANT), WANT, [], id="same"),
        pytest.param(Inline(WANT), None, [("DeleteRolePolicy", INLINE)], id="remove"),
        pytest.param(Inline(), None, [], id="gone"),
        pytest.param(Inline(None, 10_240 - size(WANT)), WANT, [PUT], id="just-fits"),
    ],
)
def test_inline(have: Inline, want: Any, expected: list[iam.Step]) -> None:
    assert iam.plan_inline("node", "p", have, want) == expected


@pytest.mark.parametrize(
    ("have", "want", "expected"),
    [
        pytest.param(Managed(), WANT, [CREATE, ATTACH], id="new"),
        pytest.param(Managed(WANT, "v1", (), 1, True), WANT, [], id="same"),
        pytest.param(Managed(WANT, "v1", (), 1, False), WANT, [ATTACH], id="of-another-role"),
        pytest.param(Managed(OLD, "v1", ("v1",), 1, True), WANT, [VERSION], id="second-version"),
        pytest.param(Managed(OLD, "v4", ("v1", "v2", "v3", "v4"), 1, True), WANT, [VERSION], id="fifth-version"),
        pytest.param(
            Managed(OLD, "v9", ("v2", "v3", "v5", "v8", "v9"), 1, True), WANT, [drop("v2"), VERSION], id="sixth-version"
        ),
        pytest.param(
            Managed(OLD, "v2", ("v2", "v3", "v5", "v8", "v9"), 0, False),
            WANT,
            [drop("v3"), VERSION, ATTACH],
            id="the-oldest-is-in-force",
        ),
        pytest.param(
            Managed(OLD, "v2", ("v1", "v2", "v3"), 1, True),
            None,
            [DETACH, drop("v1"), drop("v3"), ("DeletePolicy", {"PolicyArn": ARN})],
            id="remove",
        ),
        pytest.param(Managed(OLD, "v2", ("v1", "v2"), 2, True), None, [DETACH], id="others-keep-it"),
        pytest.param(Managed(OLD, "v2", ("v1", "v2"), 1, False), None, [], id="only-others-have-it"),
        pytest.param(
            Managed(OLD, "v1", ("v1",), 0, False), None, [("DeletePolicy", {"PolicyArn": ARN})], id="nobody-has-it"
        ),
        pytest.param(Managed(), None, [], id="gone"),
    ],
)
def test_managed(have: Managed, want: Any, expected: list[iam.Step]) -> None:
    assert iam.plan_managed(ROLE, "p", have, want) == expected


def test_too_long_for_the_role() -> None:
    with pytest.raises(PolicyError) as told:
        iam.plan_inline("node", "p", Inline(OLD, 10_241 - size(WANT)), WANT)
    assert str(told.value).startswith(
        f"The policy 'p' needs {size(WANT)} characters beside the {10_241 - size(WANT)} of its other inline policies,"
        " and role node has room for 10240 in all: "
    )


def test_too_long_for_a_managed_policy() -> None:
    with pytest.raises(PolicyError, match=r"needs 20\d+ characters and a managed policy may have 6144: divide"):
        iam.plan_managed(ROLE, "p", Managed(OLD, "v1", ("v1",), 1, True), LONG)
