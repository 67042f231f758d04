# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about Network Load Balancers: targets, listeners, attributes, subnets, security groups, health, who may."""

from __future__ import annotations

import itertools
from typing import Any

from ..bench import REGION, Bench, allow, refused
from .registry import rule

ADDRESS = "192.168.10.15"
_names = itertools.count(1)


def _group(bench: Bench, **options: Any) -> str:
    """A target group of the bench's VPC; its ARN."""
    made = bench.client("elbv2").create_target_group(
        **{
            "Name": f"group-{next(_names)}",
            "Protocol": "TCP",
            "Port": 3600,
            "VpcId": bench.vpc,
            "TargetType": "ip",
            **options,
        }
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def _balancer(bench: Bench, **options: Any) -> dict[str, Any]:
    """An internal load balancer in the bench's subnet."""
    made = bench.client("elbv2").create_load_balancer(
        **{
            "Name": f"nlb-{next(_names)}",
            "Type": "network",
            "Scheme": "internal",
            **({} if "SubnetMappings" in options else {"Subnets": [bench.subnet]}),
            **options,
        }
    )
    return dict(made["LoadBalancers"][0])


def _listener(bench: Bench, balancer: dict[str, Any], group: str, **options: Any) -> str:
    wanted = {"Protocol": "TCP", "Port": 3600, **_forward(group), **options}
    made = bench.client("elbv2").create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], **wanted)
    return str(made["Listeners"][0]["ListenerArn"])


def _forward(group: str) -> dict[str, Any]:
    return {"DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]}


def _register(bench: Bench, group: str, *targets: dict[str, Any]) -> None:
    bench.client("elbv2").register_targets(TargetGroupArn=group, Targets=list(targets))


def _targets(bench: Bench, group: str) -> list[tuple[Any, ...]]:
    found = bench.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted((t["Target"]["Id"], t["Target"]["Port"], t["Target"].get("AvailabilityZone")) for t in found)


def _attributes(answer: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


@rule(31, "keys targets by their id alone: two ports of one address become one")
def a_target_is_an_address_and_a_port(bench: Bench) -> None:
    group = _group(bench)
    both = [{"Id": ADDRESS, "Port": port, "AvailabilityZone": "all"} for port in (3600, 3601)]
    _register(bench, group, *both)
    assert _targets(bench, group) == [(ADDRESS, 3600, "all"), (ADDRESS, 3601, "all")]
    bench.client("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": ADDRESS, "Port": 3601}])
    assert _targets(bench, group) == [(ADDRESS, 3600, "all")]


@rule(32, "registers an address outside the VPC without a zone")
def an_address_outside_the_vpc_needs_a_zone(bench: Bench) -> None:
    register = bench.client("elbv2").register_targets
    refused(
        "ValidationError",
        register,
        text=f"The Availability Zone is required for IP address '{ADDRESS}' because it is not in the VPC",
        TargetGroupArn=_group(bench),
        Targets=[{"Id": ADDRESS, "Port": 3600}],
    )


@rule(33, "takes any zone for an address of the VPC")
def an_address_of_the_vpc_has_its_own_zone(bench: Bench) -> None:
    group, cidr = _group(bench), bench.ec2.describe_subnets(SubnetIds=[bench.subnet])["Subnets"][0]["CidrBlock"]
    assert cidr == "10.0.1.0/24"
    _register(bench, group, {"Id": "10.0.1.77", "Port": 3600})
    refused(
        "ValidationError",
        bench.client("elbv2").register_targets,
        text="is within the VPC, and cannot have its Availability Zone overridden to 'all'",
        TargetGroupArn=group,
        Targets=[{"Id": "10.0.1.77", "Port": 3600, "AvailabilityZone": "all"}],
    )


@rule(34, "registers any address")
def a_target_is_private_and_of_its_groups_family(bench: Bench) -> None:
    group, register = _group(bench), bench.client("elbv2").register_targets
    for address in ("8.8.8.8", "fd00::15", "node1"):
        targets = [{"Id": address, "Port": 3600, "AvailabilityZone": "all"}]
        refused("ValidationError", register, text=address, TargetGroupArn=group, Targets=targets)
    _register(bench, group, {"Id": "100.64.1.1", "Port": 3600, "AvailabilityZone": "all"})


@rule(35, "makes a second listener on the same port")
def a_port_has_one_listener(bench: Bench) -> None:
    balancer, group = _balancer(bench), _group(bench)
    arn = _listener(bench, balancer, group)
    refused(
        "DuplicateListener",
        bench.client("elbv2").create_listener,
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TCP",
        Port=3600,
        **_forward(_group(bench)),
    )
    assert _listener(bench, balancer, group) == arn


@rule(36, "stores any idle timeout, of any listener")
def an_idle_timeout_is_a_tcp_listeners_and_has_a_range(bench: Bench) -> None:
    balancer, client = _balancer(bench), bench.client("elbv2")
    arn = _listener(bench, balancer, _group(bench))
    assert _attributes(client.describe_listener_attributes(ListenerArn=arn)) == {"tcp.idle_timeout.seconds": "350"}
    for value in ("59", "6001", "never"):
        wanted = [{"Key": "tcp.idle_timeout.seconds", "Value": value}]
        refused("ValidationError", client.modify_listener_attributes, ListenerArn=arn, Attributes=wanted)
    client.modify_listener_attributes(
        ListenerArn=arn, Attributes=[{"Key": "tcp.idle_timeout.seconds", "Value": "6000"}]
    )
    other = _listener(bench, balancer, _group(bench, Protocol="UDP"), Protocol="UDP", Port=3700)
    wanted = [{"Key": "tcp.idle_timeout.seconds", "Value": "350"}]
    refused("InvalidConfigurationRequest", client.modify_listener_attributes, ListenerArn=other, Attributes=wanted)


@rule(37, "does not know client IP preservation, nor what becomes of the connections of an unhealthy target")
def a_target_groups_attributes_have_defaults_and_ranges(bench: Bench) -> None:
    group, client = _group(bench), bench.client("elbv2")
    found = _attributes(client.describe_target_group_attributes(TargetGroupArn=group))
    expected = {
        "preserve_client_ip.enabled": "false",
        "proxy_protocol_v2.enabled": "false",
        "deregistration_delay.timeout_seconds": "300",
        "deregistration_delay.connection_termination.enabled": "false",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
    }
    assert {key: found.get(key) for key in expected} == expected
    modify = client.modify_target_group_attributes
    for code, key, value in (
        ("ValidationError", "deregistration_delay.timeout_seconds", "3601"),
        ("ValidationError", "preserve_client_ip.enabled", "perhaps"),
        ("ValidationError", "no.such.key", "true"),
        ("InvalidConfigurationRequest", "target_health_state.unhealthy.draining_interval_seconds", "60"),
    ):
        refused(code, modify, TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}])


@rule(38, "gives security groups to a load balancer that was made without")
def security_groups_come_at_creation_or_never(bench: Bench) -> None:
    group = bench.ec2.create_security_group(GroupName=f"g{next(_names)}", Description="x", VpcId=bench.vpc)["GroupId"]
    client = bench.client("elbv2")
    guarded, bare = _balancer(bench, SecurityGroups=[group]), _balancer(bench)
    client.set_security_groups(LoadBalancerArn=guarded["LoadBalancerArn"], SecurityGroups=[group])
    refused(
        "InvalidConfigurationRequest",
        client.set_security_groups,
        LoadBalancerArn=bare["LoadBalancerArn"],
        SecurityGroups=[group],
    )


@rule(39, "calls every target healthy")
def health_is_measured(bench: Bench) -> None:
    group, client = _group(bench), bench.client("elbv2")
    _register(bench, group, {"Id": ADDRESS, "Port": 3600, "AvailabilityZone": "all"})

    def health() -> dict[str, str]:
        [found] = client.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return dict(found["TargetHealth"])

    assert (health()["State"], health()["Reason"]) == ("unused", "Target.NotInUse")
    _listener(bench, _balancer(bench), group)
    assert (health()["State"], health()["Reason"]) == ("initial", "Elb.RegistrationInProgress")


@rule(40, "wants two zones, and takes two subnets of one")
def a_load_balancer_has_one_subnet_of_each_zone(bench: Bench) -> None:
    balancer, client = _balancer(bench), bench.client("elbv2")
    zones = [z["ZoneName"] for z in bench.ec2.describe_availability_zones()["AvailabilityZones"]]
    own = bench.ec2.describe_subnets(SubnetIds=[bench.subnet])["Subnets"][0]["AvailabilityZone"]

    def subnet(number: int, zone: str) -> str:
        made = bench.ec2.create_subnet(VpcId=bench.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
        return str(made["Subnet"]["SubnetId"])

    twin, other = subnet(2, own), subnet(3, next(z for z in zones if z != own))
    arn = balancer["LoadBalancerArn"]
    client.set_subnets(LoadBalancerArn=arn, Subnets=[other])
    [shown] = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    assert [zone["SubnetId"] for zone in shown["AvailabilityZones"]] == [other]
    refused("InvalidConfigurationRequest", client.set_subnets, LoadBalancerArn=arn, Subnets=[bench.subnet, twin])
    refused("SubnetNotFound", client.set_subnets, LoadBalancerArn=arn, Subnets=["subnet-0123456789abcdef0"])


@rule(41, "makes no interfaces")
def a_load_balancer_has_an_interface_in_each_subnet(bench: Bench) -> None:
    balancer = _balancer(bench, SubnetMappings=[{"SubnetId": bench.subnet, "PrivateIPv4Address": "10.0.1.200"}])

    def interfaces() -> list[dict[str, Any]]:
        found = bench.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [bench.subnet]}])
        return [i for i in found["NetworkInterfaces"] if i["Description"].startswith("ELB net/")]

    assert [(i["PrivateIpAddress"], i["Description"]) for i in interfaces()] == [
        ("10.0.1.200", "ELB " + balancer["LoadBalancerArn"].partition(":loadbalancer/")[2])
    ]
    bench.client("elbv2").delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert interfaces() == []


@rule(42, "lets two load balancers share a target group")
def a_target_group_belongs_to_one_load_balancer(bench: Bench) -> None:
    group = _group(bench)
    _listener(bench, _balancer(bench), group)
    refused(
        "TargetGroupAssociationLimit",
        bench.client("elbv2").create_listener,
        LoadBalancerArn=_balancer(bench)["LoadBalancerArn"],
        Protocol="TCP",
        Port=3600,
        **_forward(group),
    )


@rule(43, "refuses to make the same thing once more, and makes no difference between the same and another one")
def the_same_once_more_is_no_error(bench: Bench) -> None:
    made = _balancer(bench, Name="twin")
    assert _balancer(bench, Name="twin")["LoadBalancerArn"] == made["LoadBalancerArn"]
    create = bench.client("elbv2").create_load_balancer
    refused("DuplicateLoadBalancerName", create, Name="twin", Type="network", Subnets=[bench.subnet])  # to the internet
    group = _group(bench, Name="twin")
    assert _group(bench, Name="twin") == group
    refused(
        "DuplicateTargetGroupName",
        bench.client("elbv2").create_target_group,
        Name="twin",
        Protocol="TCP",
        Port=3601,
        VpcId=bench.vpc,
        TargetType="ip",
    )


@rule(44, "judges a target group's creation by its action alone: neither by its name, nor by AddTags and EC2's actions")
def a_creation_is_judged_by_name_by_tags_and_by_what_it_calls(bench: Bench) -> None:
    named = f"arn:aws:elasticloadbalancing:{REGION}:{bench.account}:targetgroup/mine-*/*"
    create = allow("elasticloadbalancing:CreateTargetGroup", named)
    looks = allow(["ec2:DescribeInternetGateways", "ec2:DescribeVpcs"])
    tag = allow(
        "elasticloadbalancing:AddTags",
        named,
        StringEquals={"elasticloadbalancing:CreateAction": "CreateTargetGroup", "aws:RequestTag/made-by": "us"},
    )
    _group(bench)  # the VPC is there
    wanted: dict[str, Any] = {"Protocol": "TCP", "Port": 3600, "VpcId": bench.vpc, "TargetType": "ip"}
    wanted["Tags"] = [{"Key": "made-by", "Value": "us"}]
    whole, bare, blind = bench.user(create, tag, looks), bench.user(create, looks), bench.user(create, tag)
    with bench.enforced():
        bench.client("elbv2", whole).create_target_group(Name="mine-1", **wanted)
        refused(
            "AccessDenied",
            bench.client("elbv2", whole).create_target_group,
            status=403,
            text="targetgroup/theirs/*",
            Name="theirs",
            **wanted,
        )
        refused(
            "AccessDenied",
            bench.client("elbv2", bare).create_target_group,
            status=403,
            text="elasticloadbalancing:AddTags",
            Name="mine-2",
            **wanted,
        )
        refused(
            "AccessDenied",
            bench.client("elbv2", blind).create_target_group,
            status=403,
            text="ec2:DescribeInternetGateways",
            Name="mine-3",
            **wanted,
        )


@rule(45, "ignores an interface's connection tracking")
def an_interface_tracks_as_long_as_it_is_told(bench: Bench) -> None:
    interface, modify = bench.interface(), bench.ec2.modify_network_interface_attribute

    def shown() -> Any:
        [found] = bench.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        return found.get("ConnectionTrackingConfiguration", {}).get("TcpEstablishedTimeout")

    assert shown() is None
    modify(NetworkInterfaceId=interface, ConnectionTrackingSpecification={"TcpEstablishedTimeout": 4000})
    assert shown() == 4000
    for seconds in (59, 432_001):
        refused(
            "InvalidParameterValue",
            modify,
            NetworkInterfaceId=interface,
            ConnectionTrackingSpecification={"TcpEstablishedTimeout": seconds},
        )
