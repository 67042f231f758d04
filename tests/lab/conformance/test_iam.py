# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM judged on the endpoint: signatures, users, roles, boundaries, sessions, and what is refused with which words."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import botocore.auth
import botocore.compat
import pytest
from botocore.exceptions import ClientError

from lab.endpoint import Credentials, Endpoint, boto_client
from lab.endpoint.control import Control
from lab.world import build

from .bench import OVERLAY, REGION, Bench, allow, deny, policy, refused

DESCRIBE = allow("ec2:DescribeRouteTables")


def _trust(principal: Any, **more: Any) -> str:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more})


def _code(call: Any, **arguments: Any) -> str:
    """The error code of a call, or "" when it is accepted."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


# --- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "call", "wrong_secret", "unknown_key"),
    [
        ("ec2", "describe_route_tables", ("AuthFailure", 401), ("AuthFailure", 401)),
        ("iam", "list_roles", ("SignatureDoesNotMatch", 403), ("InvalidClientTokenId", 403)),
        ("sts", "get_caller_identity", ("SignatureDoesNotMatch", 403), ("InvalidClientTokenId", 403)),
    ],
)
def test_signatures_are_checked(
    bench: Bench, service: str, call: str, wrong_secret: tuple[str, int], unknown_key: tuple[str, int]
) -> None:
    keys = bench.user(DESCRIBE)
    for bad, (code, status) in (
        (Credentials(keys.access_key, "wrong"), wrong_secret),
        (Credentials("AKIANOBODYNOBODYNOBO", keys.secret_key), unknown_key),
    ):
        refused(code, getattr(bench.client(service, bad), call), status=status)


def _shifted(clock: Callable[..., datetime], by: timedelta, *args: object, **kwargs: object) -> datetime:
    return clock(*args, **kwargs) + by


def test_a_request_is_good_for_fifteen_minutes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint's clock is real time here; the client's is made wrong."""
    client, real = bench.client("ec2"), botocore.compat.get_current_datetime
    for minutes, code in ((14, ""), (16, "RequestExpired"), (-16, "RequestExpired")):
        wrong = partial(_shifted, real, timedelta(minutes=minutes))
        monkeypatch.setattr(botocore.auth, "get_current_datetime", wrong)
        assert _code(client.describe_route_tables) == code, minutes


def test_an_inactive_key_is_no_key(bench: Bench) -> None:
    keys = bench.user(DESCRIBE)
    iam = bench.client("iam")
    [name] = [user["UserName"] for user in iam.list_users()["Users"]]
    iam.update_access_key(UserName=name, AccessKeyId=keys.access_key, Status="Inactive")
    refused("AuthFailure", bench.client("ec2", keys).describe_route_tables, status=401)


def test_an_unsigned_request_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(endpoint.url, data=b"Action=DescribeRouteTables&Version=2016-11-15", timeout=5)
    assert caught.value.code == 401
    assert b"AuthFailure" in caught.value.read()


# --- what -------------------------------------------------------------------------------------------------------------


def test_nothing_is_allowed_without_a_policy(bench: Bench) -> None:
    refused(
        "UnauthorizedOperation",
        bench.client("ec2", bench.user()).describe_route_tables,
        status=403,
        text="is not authorized to perform: ec2:DescribeRouteTables on resource: * because no identity-based policy",
    )


def test_a_caller_always_knows_who_it_is(bench: Bench) -> None:
    arn = bench.client("sts", bench.user(deny("*"))).get_caller_identity()["Arn"]
    assert arn.startswith(f"arn:aws:iam::{bench.account}:user/")


def test_an_explicit_deny_wins_and_says_so(bench: Bench) -> None:
    keys = bench.user(allow("ec2:*"), deny("ec2:DescribeRouteTables"))
    refused(
        "UnauthorizedOperation",
        bench.client("ec2", keys).describe_route_tables,
        status=403,
        text="with an explicit deny in an identity-based policy",
    )


def test_an_arn_beside_a_describe_action_grants_nothing(bench: Bench) -> None:
    arn = f"arn:aws:ec2:{REGION}:{bench.account}:route-table/{bench.table}"
    keys = bench.user(allow("ec2:DescribeRouteTables", arn))
    refused("UnauthorizedOperation", bench.client("ec2", keys).describe_route_tables, status=403)


def test_group_and_managed_policies_count(bench: Bench) -> None:
    iam, keys = bench.client("iam"), bench.user()
    [name] = [user["UserName"] for user in iam.list_users()["Users"]]
    ec2 = bench.client("ec2", keys)
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=policy(DESCRIBE))
    iam.add_user_to_group(GroupName="g", UserName=name)
    assert ec2.describe_route_tables()
    arn = iam.create_policy(PolicyName="m", PolicyDocument=policy(allow("ec2:DescribeVpcs")))["Policy"]["Arn"]
    refused("UnauthorizedOperation", ec2.describe_vpcs, status=403)
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert ec2.describe_vpcs()
    version = iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=policy(allow("ec2:DescribeSubnets")), SetAsDefault=True
    )
    assert version["PolicyVersion"]["IsDefaultVersion"]
    refused("UnauthorizedOperation", ec2.describe_vpcs, status=403)
    assert ec2.describe_subnets()


def test_the_region_is_a_condition(bench: Bench) -> None:
    here = bench.client("ec2", bench.user(allow("ec2:DescribeVpcs", StringEquals={"ec2:Region": REGION})))
    elsewhere = bench.client("ec2", bench.user(allow("ec2:DescribeVpcs", StringEquals={"ec2:Region": "eu-west-1"})))
    assert here.describe_vpcs()
    refused("UnauthorizedOperation", elsewhere.describe_vpcs, status=403)


def test_the_attribute_of_an_interface_is_a_condition(bench: Bench) -> None:
    mine, other = bench.interface(), bench.interface()
    arn = f"arn:aws:ec2:{REGION}:{bench.account}:network-interface/{mine}"
    keys = bench.user(
        allow(
            "ec2:ModifyNetworkInterfaceAttribute",
            arn,
            StringEquals={"ec2:Attribute/SourceDestCheck": ["true", "false"]},
        )
    )
    modify = bench.client("ec2", keys).modify_network_interface_attribute
    modify(NetworkInterfaceId=mine, SourceDestCheck={"Value": False})
    others: tuple[dict[str, Any], ...] = (
        {"NetworkInterfaceId": other, "SourceDestCheck": {"Value": False}},
        {"NetworkInterfaceId": mine, "Description": {"Value": "x"}},
    )
    for arguments in others:
        refused("UnauthorizedOperation", modify, status=403, **arguments)


def test_iam_calls_are_judged_too(bench: Bench) -> None:
    admin = bench.client("iam")
    for name in ("mine", "other"):
        admin.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=_trust({"AWS": bench.account}))
    arn = f"arn:aws:iam::{bench.account}:role/team/"
    iam = bench.client("iam", bench.user(allow(["iam:GetRole", "iam:PutRolePolicy"], arn + "mine")))
    assert iam.get_role(RoleName="mine")
    iam.put_role_policy(RoleName="mine", PolicyName="p", PolicyDocument=policy(DESCRIBE))
    refused(
        "AccessDenied", iam.get_role, status=403, text=f"iam:GetRole on resource: {arn}other because", RoleName="other"
    )


def test_a_policy_may_bind_a_role_to_a_boundary(bench: Bench) -> None:
    admin = bench.client("iam")
    boundary = admin.create_policy(PolicyName="b", PolicyDocument=policy(allow("ec2:*")))["Policy"]["Arn"]
    trust = _trust({"AWS": bench.account})
    admin.create_role(RoleName="bound", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    admin.create_role(RoleName="free", AssumeRolePolicyDocument=trust)
    put = bench.client(
        "iam", bench.user(allow("iam:PutRolePolicy", StringEquals={"iam:PermissionsBoundary": boundary}))
    ).put_role_policy
    put(RoleName="bound", PolicyName="p", PolicyDocument=policy(DESCRIBE))
    refused("AccessDenied", put, status=403, RoleName="free", PolicyName="p", PolicyDocument=policy(DESCRIBE))


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (allow("ec2:DescribeRouteTables", StringMatches={"ec2:Region": REGION}), "condition operator 'StringMatches'"),
        (allow("ec2:CreateFleet"), "resource types of ec2:CreateFleet"),
    ],
)
def test_what_the_lab_cannot_judge_is_an_error_and_a_problem(statement: dict[str, Any], what: str) -> None:
    with Endpoint() as endpoint:
        bench = Bench(endpoint.url, endpoint.admin, Control(endpoint.url))
        # moto refuses an unknown operator when it is asked in the front: the policy is put behind its back.
        keys = bench.user(DESCRIBE)
        user = next(iter(endpoint.cloud.backing.iam(endpoint.account_id, REGION).users.values()))
        user.policies["p"] = policy(statement)
        ec2 = bench.client("ec2", keys)
        if "Fleet" in what:
            template = {"LaunchTemplateSpecification": {"LaunchTemplateName": "fleet", "Version": "1"}}
            capacity = {"TotalTargetCapacity": 1}
            arguments = {"LaunchTemplateConfigs": [template], "TargetCapacitySpecification": capacity}
            refused("LabUnsupported", ec2.create_fleet, status=501, text=what, **arguments)
        else:
            refused("LabUnsupported", ec2.describe_route_tables, status=501, text=what)
        assert [what in problem.detail for problem in endpoint.problems] == [True]


# --- roles ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def role(bench: Bench) -> str:
    """The ARN of a role that may describe route tables, and that the account trusts itself with."""
    iam = bench.client("iam")
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=_trust({"AWS": bench.account}))["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy(DESCRIBE, allow("ec2:DescribeVpcs")))
    return str(arn)


def _assume(bench: Bench, role: str, keys: Credentials, **more: Any) -> Credentials:
    given = bench.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def test_an_assumed_role_has_the_roles_permissions(bench: Bench, role: str) -> None:
    session = _assume(bench, role, bench.user(allow("sts:AssumeRole", role)))
    identity = bench.client("sts", session).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{bench.account}:assumed-role/r/test"
    ec2 = bench.client("ec2", session)
    assert ec2.describe_route_tables()
    refused("UnauthorizedOperation", ec2.describe_subnets, status=403, text="assumed-role/r/test")
    wrong = Credentials(session.access_key, session.secret_key, "another token")
    refused("AuthFailure", bench.client("ec2", wrong).describe_route_tables, status=401)


def test_assuming_takes_a_permission_and_trust(bench: Bench, role: str) -> None:
    iam = bench.client("iam")
    nobody = {"AWS": "arn:aws:iam::999999999999:root"}
    shut = iam.create_role(RoleName="shut", AssumeRolePolicyDocument=_trust(nobody))["Role"]["Arn"]
    named = _trust({"AWS": bench.account}, Condition={"StringEquals": {"sts:ExternalId": "secret"}})
    keyed = iam.create_role(RoleName="keyed", AssumeRolePolicyDocument=named)["Role"]["Arn"]
    sts = bench.client("sts", bench.user(allow("sts:AssumeRole"))).assume_role
    for arn in (shut, keyed, role + "x"):
        refused("AccessDenied", sts, status=403, text=arn, RoleArn=arn, RoleSessionName="test")
    assert sts(RoleArn=keyed, RoleSessionName="test", ExternalId="secret")
    powerless = bench.client("sts", bench.user()).assume_role
    refused("AccessDenied", powerless, status=403, text="no identity-based policy", RoleArn=role, RoleSessionName="s1")


def test_a_trust_policy_that_names_the_caller_is_permission_enough(bench: Bench) -> None:
    """In one account, and only for the principal itself. Source: IAM user guide, "Policy evaluation logic"."""
    keys = bench.user()
    me = bench.client("sts", keys).get_caller_identity()["Arn"]
    arn = bench.client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument=_trust({"AWS": me}))["Role"]["Arn"]
    assert _assume(bench, arn, keys).token
    denied = bench.user(deny("sts:AssumeRole"))
    bench.client("iam").update_assume_role_policy(
        RoleName="mine",
        PolicyDocument=_trust({"AWS": bench.client("sts", denied).get_caller_identity()["Arn"]}),
    )
    refused("AccessDenied", bench.client("sts", denied).assume_role, status=403, RoleArn=arn, RoleSessionName="test")


def test_a_session_policy_only_narrows(bench: Bench, role: str) -> None:
    keys = bench.user(allow("sts:AssumeRole"))
    ec2 = bench.client("ec2", _assume(bench, role, keys, Policy=policy(allow(["ec2:DescribeVpcs", "iam:*"]))))
    assert ec2.describe_vpcs()
    refused("UnauthorizedOperation", ec2.describe_route_tables, status=403, text="no session policy allows")


def test_a_boundary_limits_the_role(bench: Bench, role: str) -> None:
    iam = bench.client("iam")
    arn = iam.create_policy(PolicyName="b", PolicyDocument=policy(allow("ec2:DescribeVpcs")))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=arn)
    ec2 = bench.client("ec2", _assume(bench, role, bench.user(allow("sts:AssumeRole"))))
    assert ec2.describe_vpcs()
    refused("UnauthorizedOperation", ec2.describe_route_tables, status=403, text="no permissions boundary allows")


def test_sessions_expire(bench: Bench, role: str, control: Control) -> None:
    session = _assume(bench, role, bench.user(allow("sts:AssumeRole")), DurationSeconds=900)
    ec2, iam = bench.client("ec2", session), bench.client("iam", session)
    assert ec2.describe_route_tables()
    control.advance(901)
    refused("RequestExpired", ec2.describe_route_tables)
    refused("ExpiredToken", iam.list_roles, status=403)


def test_a_change_of_policy_holds_at_once_also_for_old_sessions(bench: Bench, role: str) -> None:
    ec2 = bench.client("ec2", _assume(bench, role, bench.user(allow("sts:AssumeRole"))))
    bench.client("iam").delete_role_policy(RoleName="r", PolicyName="p")
    refused("UnauthorizedOperation", ec2.describe_route_tables, status=403)


# --- quotas that moto does not have -----------------------------------------------------------------------------------


def test_policy_quotas(bench: Bench, role: str) -> None:
    iam = bench.client("iam")
    long = [allow("ec2:DescribeVpcs", [f"arn:aws:ec2:{REGION}:1:route-table/rtb-{n:017x}" for n in range(120)])]
    size = len(json.dumps({"Version": "2012-10-17", "Statement": long}, separators=(",", ":")))
    assert 6_144 < size < 10_240
    refused("LimitExceeded", iam.create_policy, status=409, PolicyName="m", PolicyDocument=policy(*long))
    iam.put_role_policy(RoleName="r", PolicyName="q", PolicyDocument=policy(*long))
    iam.put_role_policy(RoleName="r", PolicyName="q", PolicyDocument=policy(*long))  # replaced, not added
    refused(
        "LimitExceeded", iam.put_role_policy, status=409, RoleName="r", PolicyName="s", PolicyDocument=policy(*long)
    )
    arn = iam.create_policy(PolicyName="small", PolicyDocument=policy(DESCRIBE))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    refused("DeleteConflict", iam.delete_policy, status=409, PolicyArn=arn)


def test_the_operators_policy_of_the_world_suffices_for_its_work(endpoint: Endpoint) -> None:
    world = build(endpoint)
    ec2 = boto_client("ec2", endpoint.url, REGION, world.operator.credentials())
    [eni] = world.nodes[0].network_interface_ids
    for table in world.route_table_ids:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": False})
    refused("UnauthorizedOperation", ec2.stop_instances, status=403, InstanceIds=[world.nodes[0].instance_id])
