# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call on load balancers: answers as frozen dataclasses, one method per API action.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._aws.api import MOST_PAGES, Api, strange
from .._aws.errors import AwsError
from .._route.ec2 import Ec2
from .balancer import TCP, SeenBalancer, SeenGroup, SeenListener, Target

SERVICE = "elbv2"
PAGE = 400  # the most that one answer holds
TAGGED = 20  # the most whose tags one call tells
_HEALTH = (
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
)
Tags = Mapping[str, Mapping[str, str]]


class LoadBalancers:
    """Load balancers as one caller sees them. Methods raise AwsError."""

    def __init__(self, aws: Api) -> None:
        self.aws = aws

    def balancer(self, name: str) -> Mapping[str, Any] | None:
        """The load balancer of a name as AWS answers, or None."""
        try:
            found = self.aws.call(SERVICE, "DescribeLoadBalancers", Names=[name])["LoadBalancers"]
        except AwsError as err:
            if err.code != "LoadBalancerNotFound":
                raise
            return None
        return next(iter(found), None)

    def every(self) -> list[str]:
        """The ARNs of all load balancers of the account in the region."""
        return [raw["LoadBalancerArn"] for raw in self._pages("DescribeLoadBalancers", "LoadBalancers", PageSize=PAGE)]

    def groups(self, name: str) -> list[Mapping[str, Any]]:
        """The target groups that a load balancer of this name would have: all are read, since unused ones count."""
        mine = re.compile(rf"{re.escape(name)}-\d{{1,5}}")
        raws = self._pages("DescribeTargetGroups", "TargetGroups", PageSize=PAGE)
        return [raw for raw in raws if mine.fullmatch(raw["TargetGroupName"])]

    def listeners(self, balancer_arn: str) -> list[Mapping[str, Any]]:
        """The listeners of a load balancer as AWS answers."""
        return list(self._pages("DescribeListeners", "Listeners", LoadBalancerArn=balancer_arn))

    def tags(self, arns: Sequence[str]) -> dict[str, dict[str, str]]:
        """The tags of each."""
        found: dict[str, dict[str, str]] = {}
        for start in range(0, len(arns), TAGGED):
            answer = self.aws.call(SERVICE, "DescribeTags", ResourceArns=list(arns[start : start + TAGGED]))
            for raw in answer["TagDescriptions"]:
                found[raw["ResourceArn"]] = _pairs(raw["Tags"])
        return found

    def idle_timeout(self, listener_arn: str) -> int | None:
        """The idle timeout of a TCP listener."""
        answer = self.aws.call(SERVICE, "DescribeListenerAttributes", ListenerArn=listener_arn)
        value = _pairs(answer["Attributes"]).get("tcp.idle_timeout.seconds")
        return int(value) if value else None

    def attributes(self, group_arn: str) -> dict[str, str]:
        """The attributes of a target group."""
        return _pairs(self.aws.call(SERVICE, "DescribeTargetGroupAttributes", TargetGroupArn=group_arn)["Attributes"])

    def targets(self, group_arn: str) -> tuple[Target, ...]:
        """The targets of a group with their health; what drains is none any more."""
        answer = self.aws.call(SERVICE, "DescribeTargetHealth", TargetGroupArn=group_arn)
        found = (
            Target(
                raw["Target"]["Id"],
                raw["Target"]["Port"],
                raw["Target"].get("AvailabilityZone", ""),
                raw["TargetHealth"]["State"],
            )
            for raw in answer["TargetHealthDescriptions"]
        )
        return tuple(target for target in found if target.health != "draining")

    def _pages(self, operation: str, name: str, **wanted: Any) -> Iterator[Mapping[str, Any]]:
        """As `paged` of `_aws/api.py`; what is NextToken elsewhere is Marker here."""
        marker: dict[str, str] = {}
        for _number in range(MOST_PAGES):
            answer = self.aws.call(SERVICE, operation, **wanted, **marker)
            yield from answer[name]
            if not answer.get("NextMarker"):
                return
            marker = {"Marker": answer["NextMarker"]}
        raise strange(operation, f"after {MOST_PAGES} pages the answer does not end")


def addresses(ec2: Ec2, name: str) -> list[str]:
    """The addresses of a load balancer, one in each of its zones: those of the interfaces that AWS made for it."""
    pages = ec2.aws.pages(
        "ec2", "DescribeNetworkInterfaces", Filters=[{"Name": "description", "Values": [f"ELB net/{name}/*"]}]
    )
    return sorted(raw["PrivateIpAddress"] for page in pages for raw in page["NetworkInterfaces"])


def seen_balancer(raw: Mapping[str, Any], tags: Tags) -> SeenBalancer:
    """Of what AWS answers."""
    arn = raw["LoadBalancerArn"]
    return SeenBalancer(
        arn=arn,
        name=raw["LoadBalancerName"],
        dns_name=raw.get("DNSName", ""),
        state=raw.get("State", {}).get("Code", ""),
        kind=raw["Type"],
        scheme=raw.get("Scheme", ""),
        vpc_id=raw.get("VpcId", ""),
        subnets={zone["SubnetId"]: zone["ZoneName"] for zone in raw.get("AvailabilityZones", ())},
        security_group_ids=tuple(raw.get("SecurityGroups", ())),
        tags=tags.get(arn, {}),
    )


def seen_listener(raw: Mapping[str, Any], tags: Tags, idle_timeout: int | None) -> SeenListener:
    """Of what AWS answers."""
    arn = raw["ListenerArn"]
    forwards = (action.get("TargetGroupArn", "") for action in raw.get("DefaultActions", ()))
    certificates = (one["CertificateArn"] for one in raw.get("Certificates", ()))
    return SeenListener(
        arn=arn,
        port=raw["Port"],
        protocol=raw.get("Protocol", TCP),
        group_arn=next(forwards, ""),
        certificate_arn=next(certificates, ""),
        idle_timeout=idle_timeout,
        tags=tags.get(arn, {}),
    )


def seen_group(
    raw: Mapping[str, Any], tags: Tags, attributes: Mapping[str, str], targets: tuple[Target, ...]
) -> SeenGroup:
    """Of what AWS answers."""
    arn = raw["TargetGroupArn"]
    health = {key: raw[key] for key in _HEALTH if key in raw}
    return SeenGroup(
        arn, raw["TargetGroupName"], raw["VpcId"], raw["Protocol"], health, attributes, targets, tags.get(arn, {})
    )


def _pairs(listed: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in listed}
