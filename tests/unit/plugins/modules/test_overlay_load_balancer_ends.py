# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removal, what others made, failures and refusals of overlay_load_balancer."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import client
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document as policy_document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref, Place
from unit.aws_lab import AwsLab, Run
from unit.balancer_lab import FIND, GROUP, NAME, TAG, TWO, calls, steps

pytest_plugins = ("unit.balancer_play",)


def security_group(aws: AwsLab, name: str) -> str:
    made = aws.client.create_security_group(GroupName=name, Description="x", VpcId=aws.world.vpc_id)
    return str(made["GroupId"])


def test_security_groups_at_creation_and_changed_later(aws: AwsLab, play: Run) -> None:
    one, other = security_group(aws, "one"), security_group(aws, "other")
    assert play(security_group_ids=[one])["after"]["security_group_ids"] == [one]
    assert play()["changed"] is False
    result = play(security_group_ids=[other])
    assert (steps(result), result["after"]["security_group_ids"]) == (["SetSecurityGroups"], [other])


def test_removal_in_the_right_order(aws: AwsLab, elb: Any, play: Run) -> None:
    play(listeners=TWO)
    result = play(state="absent", subnet_ids=None, listeners=None, address=None)
    assert calls(aws) == [
        *FIND,
        "DescribeListeners",
        "DescribeTags",
        "DeleteLoadBalancer",
        "DeleteTargetGroup",
        "DeleteTargetGroup",
        *FIND,
    ]
    assert (result["changed"], result["after"]) == (True, None)
    assert play(state="absent")["changed"] is False


def test_what_others_made_is_never_touched(aws: AwsLab, elb: Any, play: Run, subnets: list[str]) -> None:
    made = elb.create_load_balancer(Name=NAME, Type="network", Scheme="internal", Subnets=subnets)
    told = f"Load balancer {NAME} exists and was not made by this module (no tag {TAG}={NAME}): take another name."
    for state in ("present", "absent"):
        result = play(state=state)
        assert result["failed"] is True
        assert result["msg"].startswith(told)
    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"])
    foreign = elb.create_target_group(
        Name=f"{NAME}-3600", Protocol="TCP", Port=1, VpcId=aws.world.vpc_id, TargetType="ip"
    )
    assert f"Target group {NAME}-3600 exists and was not made" in play()["msg"]
    play(listeners=[{"port": 3601}])  # another port does not meet it
    gone = play(state="absent")
    assert [g["TargetGroupArn"] for g in elb.describe_target_groups()["TargetGroups"]] == [
        foreign["TargetGroups"][0]["TargetGroupArn"]
    ]
    assert gone["after"] is None


def test_a_listener_of_others_keeps_the_load_balancer(elb: Any, play: Run) -> None:
    made = play()
    [group] = elb.describe_target_groups()["TargetGroups"]
    elb.create_listener(
        LoadBalancerArn=made["load_balancer_arn"],
        Protocol="TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    assert play()["changed"] is False
    told = f"The listener of port 80 of {NAME} was not made by this module: remove it, or leave that port out."
    assert told in play(state="absent")["msg"]
    assert told in play(listeners=[{"port": 80}])["msg"]


def test_a_partial_failure_is_told_and_a_re_run_finishes(aws: AwsLab, elb: Any, play: Run) -> None:
    aws.control.fault("error", code="TooManyListeners", status=400, match={"action": "CreateListener"}, times=1)
    result = play()
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"] == (
        "Not done, listener of port 3600: CreateListener: An internal error has occurred (TooManyListeners)."
        f" Done before: target group {NAME}-3600, load balancer {NAME}. Run again to finish."
    )
    assert [(s["operation"], s["done"]) for s in result["steps"]] == [
        *((operation, True) for operation in (*GROUP, "CreateLoadBalancer")),
        ("CreateListener", False),
    ]
    assert result["after"]["listeners"] == []
    assert steps(play()) == ["CreateListener"]


def test_a_lost_answer_is_asked_again(aws: AwsLab, elb: Any, play: Run) -> None:
    for action in ("CreateTargetGroup", "CreateLoadBalancer"):
        aws.control.fault("lose_response", match={"action": action}, times=3)
    assert play()["changed"] is True
    assert play()["changed"] is False


def test_the_groups_of_a_load_balancer_are_free_a_moment_later(aws: AwsLab, elb: Any, play: Run) -> None:
    play()
    aws.control.fault("error", code="ResourceInUse", status=400, match={"action": "DeleteTargetGroup"}, times=2)
    assert play(state="absent")["after"] is None


def test_a_refusal_before_the_first_write(aws: AwsLab, elb: Any, play: Run) -> None:
    keys = aws.policy_of("nobody", [{"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"}])
    result = play(**aws.options(keys))
    assert "elasticloadbalancing:DescribeLoadBalancers on * is not permitted" in result["msg"]
    unknown = play(subnet_ids=["subnet-0123456789abcdef0"])["msg"]
    assert unknown.endswith("does not exist (InvalidSubnetID.NotFound). Nothing was changed.")
    assert result["msg"].endswith("Nothing was changed.")
    assert (result["changed"], result["error"]["code"]) == (False, "AccessDenied")


def test_deletion_protection_is_the_owners(elb: Any, play: Run) -> None:
    made = play()
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=made["load_balancer_arn"], Attributes=on)
    result = play(state="absent")
    assert "cannot be deleted because deletion protection is enabled" in result["msg"]
    assert (result["changed"], "Nothing was changed." in result["msg"]) == (False, True)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"name": "internal-x"}, "name is 'internal-x': take 1 to 26 letters, digits and hyphens"),
        ({"name": "x" * 27}, "name is 'xxxxxxxxxxxxxxxxxxxxxxxxxxx': take 1 to 26"),
        ({"listeners": []}, "listeners is empty: name at least one"),
        ({"subnet_ids": []}, "subnet_ids is empty: name at least one"),
        ({"listeners": [{"port": 1}, {"port": 1}]}, "listeners name port 1 more than once: a port has one listener"),
        ({"address": "2001:db8::15"}, "leads to 2001:db8::15, and AWS takes no IPv6 address from outside of the VPC's"),
        ({"address": "198.51.100.15"}, "leads to 198.51.100.15, and AWS takes targets outside of the VPC from"),
        ({"address": "192.168.10.0/24"}, "leads to 192.168.10.0/24, and a target is one address: name the one that"),
        ({"address": None}, "The listener of port 3600 leads to '', which is no address: name an overlay IP"),
        (
            {"listeners": [{"port": 53, "protocol": "UDP"}]},
            "The listener of port 53 has the protocol UDP, and answers of a target outside of the VPC's addresses get"
            " lost with it: take TCP or TLS",
        ),
        (
            {"listeners": [{"port": 443, "protocol": "TLS", "certificate_arn": "arn:x", "idle_timeout": 600}]},
            "has the protocol TLS, whose idle timeout is always 350 s, and the idle_timeout 600: leave it out",
        ),
        ({"listeners": [{"port": 443, "protocol": "TLS"}]}, "has the protocol TLS and no certificate_arn: name a"),
        ({"listeners": [{"port": 1, "certificate_arn": "arn:x"}]}, "has a certificate_arn and the protocol TCP: leave"),
        ({"listeners": [{"port": 1, "idle_timeout": 59}]}, "has the idle_timeout 59: take 60 to 6000 seconds"),
        ({"listeners": [{"port": 1, "idle_timeout": 6001}]}, "has the idle_timeout 6001: take 60 to 6000 seconds"),
        ({"listeners": [{"port": 0}]}, "The listener of port 0 has the port 0: take 1 to 65535"),
        ({"listeners": [{"port": 1, "health_port": 65536}]}, "has the health_port 65536: take 1 to 65535"),
        ({"listeners": [{"port": 1, "target_port": 0}]}, "has the target_port 0: take 1 to 65535"),
        ({"tags": {"AWS:cost": "1"}}, "tags has the key 'AWS:cost', which is one of AWS's own: take another key."),
        ({"tags": {"aws_ha.overlay_ip": "x"}}, "tags has the key 'aws_ha.overlay_ip', which is one of this module's"),
        ({"health_interval": 4}, "health_interval is 4: take 5 to 300"),
        ({"unhealthy_threshold": 11}, "unhealthy_threshold is 11: take 2 to 10"),
        ({"deregistration_delay": 3601}, "deregistration_delay is 3601: take 0 to 3600"),
    ],
)
def test_what_aws_cannot_do_is_one_sentence(aws: AwsLab, play: Run, params: dict[str, Any], sentence: str) -> None:
    result = play(**params)
    assert result["failed"] is True
    assert sentence in result["msg"]
    assert result["msg"].endswith("Nothing was changed.")
    assert calls(aws) == []


def test_what_cannot_be_changed_later_is_one_sentence(aws: AwsLab, play: Run, subnets: list[str]) -> None:
    play()
    group = security_group(aws, "late")
    assert (
        "was made without security groups, and AWS gives it none later: remove it (state=absent)"
        in play(security_group_ids=[group])["msg"]
    )
    twins = play(subnet_ids=[subnets[0], aws.world.clients[0].subnet_id])
    assert "are both in" in twins["msg"]
    assert "and a load balancer has one subnet of a zone: name one of them. Nothing was changed." in twins["msg"]
    vpc = aws.client.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    far = aws.client.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    assert "name subnets of one VPC. Nothing was changed." in play(subnet_ids=[subnets[0], far])["msg"]
    assert (
        f"is of {aws.world.vpc_id} and TCP: remove it (state=absent) to have it made anew"
        in play(subnet_ids=[far])["msg"]
    )
    assert "The subnet ID" in play(subnet_ids=["subnet-0123456789abcdef0"])["msg"]


@pytest.mark.parametrize(
    ("version", "old"),
    [("1.29.0", True), ("1.35.10", True), ("1.35.11", False), ("1.36.0.dev1", False), ("2.0", False)],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_sdk_that_is_too_old_is_told(
    play: Run, monkeypatch: pytest.MonkeyPatch, version: str, old: bool, state: str
) -> None:
    monkeypatch.setattr(client, "SDK_VERSION", version)
    result = play(check=True, state=state)
    told = f"botocore {version} is too old to call load balancers, which needs 1.35.11 or newer: update it (pip install"
    assert result.get("msg", "").startswith(told) is old
    assert result.get("failed", False) is old


def test_security_groups_need_a_right_of_their_own_on_the_vpc(aws: AwsLab, play: Run) -> None:
    """The document of reach has it; without it AWS refuses the load balancer, and nothing else."""
    interfaces = [Ec2Ref(aws.eni(node), aws.world.account_id, aws.world.vpc_id) for node in (1, 2)]
    balancers = policy_document.Balancers([NAME], interfaces)
    document = policy_document.reach(Place("aws", aws.world.region), "", (), (), balancers=balancers)
    right = "ec2:GetSecurityGroupsForVpc"
    rest = [one for one in document["Statement"] if one["Action"] != right]
    assert len(rest) == len(document["Statement"]) - 1
    groups = [security_group(aws, "right")]
    blind = play(security_group_ids=groups, **aws.options(aws.policy_of("blind", rest)))
    assert right in blind["msg"]
    whole = aws.options(aws.policy_of("whole", list(document["Statement"])))
    assert play(security_group_ids=groups, **whole)["after"]["security_group_ids"] == groups
    assert play(security_group_ids=[security_group(aws, "left")], **whole)["changed"] is True
    assert "failed" not in play(state="absent", **whole)
    assert "failed" not in play(**aws.options(aws.policy_of("blind", rest)))  # one without security groups
