# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its answer, against an endpoint with AWS's rules: the exact calls, in order."""

from __future__ import annotations

from typing import Any

from unit.aws_lab import AwsLab, Run
from unit.balancer_lab import (
    ADDRESS,
    FIND,
    GROUP,
    LOOK_AT_GROUP,
    NAME,
    ONE,
    READ_NEW,
    TAG,
    TWO,
    calls,
    steps,
    targets,
    track,
)

pytest_plugins = ("unit.balancer_play",)


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
