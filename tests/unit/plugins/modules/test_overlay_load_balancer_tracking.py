# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long interfaces remember idle connections: a load balancer lengthens it, and gives back what it had changed."""

from __future__ import annotations

from typing import Any

from unit.aws_lab import AwsLab, Run
from unit.balancer_lab import ONE, TAG, calls, steps, track, tracked

pytest_plugins = ("unit.balancer_play",)


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
    assert steps(result) == ["DeleteLoadBalancer", "ModifyNetworkInterfaceAttribute", "DeleteTargetGroup"]
    assert tracked(aws) == [350, 5000]


def test_a_load_balancer_that_stays_keeps_its_interfaces(aws: AwsLab, elb: Any, play: Run) -> None:
    """Deletion protection: what still forwards must not be forgotten by the interfaces."""
    track(aws, 350, 350)
    arn = play(**HOUR, instance_ids=both(aws))["load_balancer_arn"]
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    result = play(state="absent")
    assert (result["failed"], result["changed"]) == (True, False)
    assert "Nothing was changed." in result["msg"]
    assert tracked(aws) == [3900, 3900]


def test_what_could_not_be_given_back_is_told(aws: AwsLab, play: Run) -> None:
    """The load balancer that had kept it is gone: no further run knows."""
    track(aws, 350, 350)
    play(**HOUR, instance_ids=both(aws))
    match = {"action": "ModifyNetworkInterfaceAttribute"}
    aws.control.fault("error", code="OperationNotPermitted", status=400, match=match, times=1)
    result = play(state="absent")
    one, other = sorted([aws.eni(1), aws.eni(2)])
    assert f"Set TcpEstablishedTimeout of {one} to 350, {other} to 350 yourself" in result["msg"]
    assert steps(play(state="absent")) == ["DeleteTargetGroup"]


def test_a_lowered_idle_timeout_is_given_back_as_well(aws: AwsLab, play: Run) -> None:
    track(aws, 350, 350)
    play(listeners=[{"port": 3600, "idle_timeout": 6000}], instance_ids=both(aws))
    play(**HOUR, instance_ids=both(aws))
    assert play(**HOUR, instance_ids=both(aws))["changed"] is False
    play(state="absent")
    assert tracked(aws) == [350, 350]


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
    assert {"Key": f"{TAG}/{aws.eni(1)}", "Value": "was=350 needs=5000 set=3900/5000"} in told["Tags"]
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


def test_each_node_has_an_interface_of_its_own(aws: AwsLab, play: Run) -> None:
    track(aws, 350, 350)
    second = aws.eni(2, 1)
    result = play(check=True, **HOUR, instance_ids=both(aws), interfaces={aws.instance(2): second})
    assert set(result["after"]["tcp_established_timeout"]) == {aws.eni(1), second}
    wrong = play(**HOUR, instance_ids=both(aws), interfaces={aws.instance(2): aws.eni(1)})
    assert f"{aws.eni(1)} is no network interface of {aws.instance(2)}; it has " in wrong["msg"]


def test_an_interface_that_forgets_sooner_than_aws_does_is_told(aws: AwsLab, play: Run) -> None:
    track(aws, 60, 350)
    result = play(instance_ids=both(aws))
    [told] = [one for one in result["findings"] if one["id"] == "tracking_short"]
    assert told["message"].startswith(f"{aws.eni(1)} (60 s) forgets an idle connection sooner than sap-ascs")
    assert told["message"].endswith("which keeps it 350 s.")
    assert tracked(aws) == [60, 350]
    track(aws, 350, 350)
    assert "tracking_short" not in str(play(instance_ids=both(aws))["findings"])
