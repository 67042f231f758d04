# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with AWS's rules: the exact calls, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import balancer_job
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_load_balancer
from unit.aws_lab import AwsLab, Run, run_module

NAME, ADDRESS, TAG = "sap-ascs", "192.168.10.15", "aws_ha.overlay_ip"
FIND = ["DescribeLoadBalancers", "DescribeTargetGroups"]
READ_NEW = [*FIND, "DescribeSubnets"]
GROUP = ["CreateTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets"]
LOOK_AT_GROUP = ["DescribeTargetGroupAttributes", "DescribeTargetHealth"]
ONE: list[dict[str, Any]] = [{"port": 3600}]
TWO: list[dict[str, Any]] = [
    {"port": 3600, "idle_timeout": 3900},
    {"port": 3300, "idle_timeout": 3900, "health_port": 3600},
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer_job, "PAUSE", 0.05)


@pytest.fixture
def elb(aws: AwsLab) -> Iterator[Any]:
    """A client of the administrator; afterwards nothing is left."""
    client = aws.endpoint.client("elbv2", aws.world.admin.credentials())
    yield client
    for one in client.describe_load_balancers()["LoadBalancers"]:
        off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
        client.modify_load_balancer_attributes(LoadBalancerArn=one["LoadBalancerArn"], Attributes=off)
        client.delete_load_balancer(LoadBalancerArn=one["LoadBalancerArn"])
    for group in client.describe_target_groups()["TargetGroups"]:
        client.delete_target_group(TargetGroupArn=group["TargetGroupArn"])


@pytest.fixture
def subnets(aws: AwsLab) -> list[str]:
    return [node.subnet_id for node in aws.world.nodes]


@pytest.fixture
def play(aws: AwsLab, elb: Any, subnets: list[str], capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the module as the administrator; None leaves an option out."""

    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        aws.control.clear("calls")
        chosen = {
            "name": NAME,
            "address": ADDRESS,
            "subnet_ids": subnets,
            "listeners": ONE,
            "wait_timeout": 10,
            **aws.options(aws.world.admin),
            **params,
        }
        chosen = {key: value for key, value in chosen.items() if value is not None}
        return run_module(overlay_load_balancer, capsys, check=check, **chosen)

    return run


def calls(aws: AwsLab) -> list[str]:
    """What was called, the waiting for a state once."""
    found = aws.control.actions()
    return [one for n, one in enumerate(found) if n == 0 or (one, found[n - 1]) != ("DescribeLoadBalancers",) * 2]


def steps(result: dict[str, Any]) -> list[str]:
    return [step["operation"] for step in result["steps"]]


def targets(elb: Any, port: int) -> list[tuple[Any, ...]]:
    [group] = elb.describe_target_groups(Names=[f"{NAME}-{port}"])["TargetGroups"]
    found = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return [
        (t["Target"]["Id"], t["Target"]["Port"], t["Target"]["AvailabilityZone"])
        for t in found
        if t["TargetHealth"]["State"] != "draining"
    ]


def track(aws: AwsLab, *seconds: int) -> None:
    """How long the nodes' interfaces remember an idle connection."""
    for node, one in enumerate(seconds, 1):
        aws.client.modify_network_interface_attribute(
            NetworkInterfaceId=aws.eni(node), ConnectionTrackingSpecification={"TcpEstablishedTimeout": one}
        )


def tracked(aws: AwsLab) -> list[int | None]:
    """The same, as it is."""
    ids = [aws.eni(1), aws.eni(2)]
    found = aws.client.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    told = {i["NetworkInterfaceId"]: i.get("ConnectionTrackingConfiguration", {}) for i in found}
    return [told[one].get("TcpEstablishedTimeout") for one in ids]


def test_makes_all_of_it_in_the_right_order(aws: AwsLab, elb: Any, play: Run, subnets: list[str]) -> None:
    track(aws, 350, 350)
    result = play(listeners=TWO, instance_ids=[aws.instance(1), aws.instance(2)])
    modify = "ModifyNetworkInterfaceAttribute"
    assert calls(aws) == [
        *READ_NEW,
        "DescribeInstances",
        "DescribeNetworkInterfaces",
        *GROUP,
        *GROUP,
        "CreateLoadBalancer",
        modify,
        modify,
        *["CreateListener", "ModifyListenerAttributes"] * 2,
        *FIND,
        "DescribeListeners",
        "DescribeTags",
        *["DescribeListenerAttributes"] * 2,
        *LOOK_AT_GROUP * 2,
        "DescribeInstances",
        "DescribeNetworkInterfaces",
    ]
    assert (result["changed"], result["before"]) == (True, None)
    assert [step["done"] for step in result["steps"]] == [True] * 13
    assert targets(elb, 3600) == [(ADDRESS, 3600, "all")]
    [balancer] = elb.describe_load_balancers(Names=[NAME])["LoadBalancers"]
    assert (balancer["Scheme"], balancer["State"]["Code"]) == ("internal", "active")
    assert result["dns_name"] == balancer["DNSName"]
    after = result["after"]
    assert after["subnet_ids"] == sorted(subnets)
    assert after["listeners"] == [
        {"port": p, "protocol": "TCP", "target_group": f"{NAME}-{p}", "certificate_arn": None, "idle_timeout": 3900}
        for p in (3300, 3600)
    ]
    gateway = after["target_groups"][f"{NAME}-3300"]
    assert gateway["targets"] == [f"{ADDRESS}:3300 (all)"]
    assert gateway["health_check"] == {
        "HealthCheckProtocol": "TCP",
        "HealthCheckPort": "3600",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
    }
    wanted = {
        "preserve_client_ip.enabled": "false",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "deregistration_delay.connection_termination.enabled": "true",
    }
    assert gateway["attributes"].items() >= wanted.items()
    assert after["tcp_established_timeout"] == {aws.eni(1): 3900, aws.eni(2): 3900}
    assert result["targets"][0] == {
        "target_group": f"{NAME}-3600",
        "address": ADDRESS,
        "port": 3600,
        "state": "initial",
    }
    assert result["diff"]["before"] == {}
    arns = [balancer["LoadBalancerArn"]]
    arns += [one["ListenerArn"] for one in elb.describe_listeners(LoadBalancerArn=arns[0])["Listeners"]]
    arns += [one["TargetGroupArn"] for one in elb.describe_target_groups()["TargetGroups"]]
    for tagged in elb.describe_tags(ResourceArns=arns)["TagDescriptions"]:
        assert {"Key": TAG, "Value": NAME} in tagged["Tags"]


def test_a_second_run_only_reads(aws: AwsLab, play: Run) -> None:
    play()
    result = play()
    assert calls(aws) == [
        *FIND,
        "DescribeListeners",
        "DescribeTags",
        "DescribeListenerAttributes",
        *LOOK_AT_GROUP,
    ]
    assert (result["changed"], result["steps"]) == (False, [])
    assert result["diff"]["before"] == result["diff"]["after"] == result["before"]


def test_check_mode_foretells_what_a_run_brings(aws: AwsLab, elb: Any, play: Run) -> None:
    foretold = play(check=True, listeners=TWO, instance_ids=[aws.instance(1)])
    assert not [one for one in calls(aws) if not one.startswith("Describe")]
    assert foretold["changed"] is True
    assert elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"] == []
    done = play(listeners=TWO, instance_ids=[aws.instance(1)])
    assert steps(foretold) == steps(done)
    unknown = ("load_balancer_arn", "dns_name")
    for side in (foretold["after"], done["after"]):
        for key in unknown:
            side.pop(key)
        for group in side["target_groups"].values():
            group["attributes"] = {k: v for k, v in group["attributes"].items() if k in foretold_keys(foretold)}
    assert foretold["after"] == done["after"]
    changed = play(check=True, listeners=ONE)
    assert steps(changed) == ["ModifyListenerAttributes", "DeleteListener", "DeleteTargetGroup"]
    gone = play(check=True, state="absent")
    assert (gone["after"], gone["changed"]) == (None, True)


def foretold_keys(result: dict[str, Any]) -> set[str]:
    return set(next(iter(result["after"]["target_groups"].values()))["attributes"])


def test_drift_is_mended_by_the_fewest_calls(aws: AwsLab, elb: Any, play: Run, subnets: list[str]) -> None:
    made = play()
    [group] = elb.describe_target_groups()["TargetGroups"]
    arn = {"TargetGroupArn": group["TargetGroupArn"]}
    off = [{"Key": "target_health_state.unhealthy.connection_termination.enabled", "Value": "false"}]
    elb.modify_target_group_attributes(**arn, Attributes=off)
    elb.modify_target_group(**arn, HealthCheckIntervalSeconds=30)
    elb.set_subnets(LoadBalancerArn=made["load_balancer_arn"], Subnets=subnets[:1])
    elb.remove_tags(ResourceArns=[group["TargetGroupArn"]], TagKeys=["cost"])
    result = play(tags={"cost": "42"})
    assert steps(result) == ["AddTags", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "AddTags", "SetSubnets"]
    modified = aws.control.calls(action="ModifyTargetGroupAttributes")[0]["params"]
    assert sorted(key for key in modified if key.endswith("Key")) == ["Attributes.member.1.Key"]
    assert result["before"]["target_groups"][f"{NAME}-3600"]["health_check"]["HealthCheckIntervalSeconds"] == 30
    assert play(tags={"cost": "42"})["changed"] is False


def test_another_port_and_address_take_the_place_of_the_first(elb: Any, play: Run) -> None:
    play()
    result = play(listeners=[{"port": 3600, "target_port": 3601}], address="192.168.10.16")
    assert steps(result) == ["RegisterTargets", "DeregisterTargets"]
    assert targets(elb, 3600) == [("192.168.10.16", 3601, "all")]
    assert play(listeners=[{"port": 3600, "target_port": 3601}], address="192.168.10.16")["changed"] is False


def test_a_target_with_the_zone_of_somebodys_console_is_replaced(aws: AwsLab, elb: Any, play: Run) -> None:
    play()
    [group] = elb.describe_target_groups()["TargetGroups"]
    zone = aws.world.nodes[0].availability_zone
    wrong = [{"Id": ADDRESS, "Port": 3600, "AvailabilityZone": zone}, {"Id": "10.0.1.99", "Port": 3600}]
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=wrong)
    play()
    assert targets(elb, 3600) == [(ADDRESS, 3600, "all")]


def test_several_overlay_ips_share_one(elb: Any, play: Run) -> None:
    play(listeners=[{"port": 3600}, {"port": 5432, "address": "192.168.10.16/32"}])
    assert (targets(elb, 3600), targets(elb, 5432)) == (
        [(ADDRESS, 3600, "all")],
        [("192.168.10.16", 5432, "all")],
    )


def test_tls_ends_at_the_load_balancer(elb: Any, play: Run) -> None:
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    result = play(listeners=[{"port": 443, "target_port": 8000, "protocol": "TLS", "certificate_arn": certificate}])
    assert "ModifyListenerAttributes" not in steps(result)
    assert result["after"]["listeners"][0]["certificate_arn"] == certificate
    back = play(listeners=[{"port": 443, "target_port": 8000, "idle_timeout": 600}])
    assert steps(back) == ["ModifyListener", "ModifyListenerAttributes"]
    assert back["after"]["listeners"][0] == {
        "port": 443,
        "protocol": "TCP",
        "target_group": f"{NAME}-443",
        "certificate_arn": None,
        "idle_timeout": 600,
    }


def test_an_interface_that_remembers_longer_is_left(aws: AwsLab, play: Run) -> None:
    track(aws, 5000, 350)
    nodes = [aws.instance(1), aws.instance(2)]
    result = play(listeners=[{"port": 3600, "idle_timeout": 3900}], instance_ids=nodes)
    assert [s["what"] for s in result["steps"] if s["operation"] == "ModifyNetworkInterfaceAttribute"] == [
        f"interface {aws.eni(2)}"
    ]
    assert result["before"] is None
    assert result["after"]["tcp_established_timeout"] == {aws.eni(1): 5000, aws.eni(2): 3900}
    play(state="absent")
    assert play(listeners=ONE, instance_ids=nodes)["after"]["tcp_established_timeout"] == {}


HOUR: dict[str, Any] = {"listeners": [{"port": 3600, "idle_timeout": 3900}]}


def both(aws: AwsLab) -> list[str]:
    return [aws.instance(1), aws.instance(2)]


def test_removal_gives_back_what_it_had_changed(aws: AwsLab, play: Run) -> None:
    track(aws, 350, 5000)
    play(**HOUR, instance_ids=both(aws))
    assert tracked(aws) == [3900, 5000]
    assert play(**HOUR, instance_ids=both(aws))["changed"] is False
    result = play(state="absent")
    assert steps(result) == ["ModifyNetworkInterfaceAttribute", "DeleteLoadBalancer", "DeleteTargetGroup"]
    assert tracked(aws) == [350, 5000]


def test_what_somebody_has_set_since_stays(aws: AwsLab, play: Run) -> None:
    track(aws, 350, 350)
    play(**HOUR, instance_ids=both(aws))
    track(aws, 7200)
    play(state="absent")
    assert tracked(aws) == [7200, 350]


def test_what_another_load_balancer_needs_stays(aws: AwsLab, play: Run) -> None:
    track(aws, 350, 350)
    play(**HOUR, instance_ids=both(aws))
    play(name="other", listeners=[{"port": 80, "idle_timeout": 1000}], instance_ids=both(aws))
    play(state="absent")
    assert tracked(aws) == [1000, 1000]
    play(name="other", state="absent")
    assert tracked(aws) == [1000, 1000]  # which it had found as they are: more than that


def test_another_idle_timeout_forgets_nothing_of_what_was(aws: AwsLab, elb: Any, play: Run) -> None:
    track(aws, 350, 350)
    play(**HOUR, instance_ids=both(aws))
    result = play(listeners=[{"port": 3600, "idle_timeout": 5000}], instance_ids=both(aws))
    assert steps(result) == ["AddTags", *["ModifyNetworkInterfaceAttribute"] * 2, "ModifyListenerAttributes"]
    arn = result["load_balancer_arn"]
    [told] = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert {"Key": f"{TAG}/{aws.eni(1)}", "Value": "was=350 needs=5000"} in told["Tags"]
    play(state="absent")
    assert tracked(aws) == [350, 350]


def test_five_days_are_not_cut_to_an_hour(aws: AwsLab, play: Run) -> None:
    """What older instance types have by themselves, and nobody has set: their connections are others', too."""
    fresh = aws.client.create_network_interface(SubnetId=aws.world.nodes[0].subnet_id)["NetworkInterface"]
    made = aws.client.attach_network_interface(
        NetworkInterfaceId=fresh["NetworkInterfaceId"], InstanceId=aws.instance(1), DeviceIndex=7
    )
    result = play(**HOUR, instance_ids=both(aws)[:1], device_index=7)
    assert "DescribeInstanceTypes" in calls(aws)
    assert "ModifyNetworkInterfaceAttribute" not in steps(result)
    assert result["after"]["tcp_established_timeout"] == {fresh["NetworkInterfaceId"]: 432_000}
    play(state="absent")
    aws.client.detach_network_interface(AttachmentId=made["AttachmentId"])


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
