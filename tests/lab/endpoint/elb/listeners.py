# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners with their idle timeout, and the tags of everything.

Sources: NLB guide, "Listeners for your Network Load Balancers" and "Update the TCP idle timeout"; API reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..answers import Answer, ApiError
from ..cloud import Cloud
from ..request import Call
from .permission import may_tag
from .store import Listener, answer, changed, given, numbered, paged, pairs, whole_number

_IDLE = "tcp.idle_timeout.seconds"
_RANGES = {_IDLE: (60, 6000)}
#: Listener protocol to those of the groups that it may forward to.
_FORWARDS = {"TCP": ("TCP",), "TLS": ("TLS", "TCP"), "UDP": ("UDP",), "TCP_UDP": ("TCP_UDP",)}


def create(cloud: Cloud, call: Call) -> Answer:
    """CreateListener: one to a port; once more with the same settings answers the same one."""
    balancer = cloud.balancers.balancer(call.required("LoadBalancerArn"))
    protocol, port = _protocol(call), whole_number("Port", call.required("Port"), 1, 65535)
    group_arn, certificate = _forward(cloud, call, protocol, balancer.arn), _certificate(call, protocol)
    prefix = f"{balancer.arn.replace(':loadbalancer/', ':listener/')}"
    may_tag(cloud, call, f"{prefix}/*")
    known = next((one for one in cloud.balancers.of(balancer.arn) if one.port == port), None)
    if known is None:
        attributes = {_IDLE: "350"} if protocol in ("TCP", "TCP_UDP") else {}
        arn = f"{prefix}/{next(numbered(cloud.balancers))}"
        known = Listener(arn, balancer.arn, protocol, port, group_arn, certificate, attributes, given(call, "Tags"))
        cloud.balancers.listeners[arn] = known
    elif (known.protocol, known.group_arn, known.certificate) != (protocol, group_arn, certificate):
        raise ApiError("DuplicateListener", "A listener already exists on this port for this load balancer")
    return answer(call, Listeners=[_shown(known)])


def modify(cloud: Cloud, call: Call) -> Answer:
    """ModifyListener."""
    known = cloud.balancers.listener(call.required("ListenerArn"))
    protocol = _protocol(call) if call.get("Protocol") else known.protocol
    if call.structures("DefaultActions.member"):
        known.group_arn = _forward(cloud, call, protocol, known.balancer_arn)
    if protocol != known.protocol or call.structures("Certificates.member"):
        known.certificate = _certificate(call, protocol)
        known.attributes = {_IDLE: "350"} if protocol == "TCP" else {}
    known.protocol = protocol
    return answer(call, Listeners=[_shown(known)])


def delete(cloud: Cloud, call: Call) -> Answer:
    """DeleteListener."""
    del cloud.balancers.listeners[cloud.balancers.listener(call.required("ListenerArn")).arn]
    return answer(call)


def describe(cloud: Cloud, call: Call) -> Answer:
    """DescribeListeners: of a load balancer, or by ARN."""
    arns = call.members("ListenerArns.member")
    if arns:
        found = [cloud.balancers.listener(arn) for arn in arns]
    else:
        found = cloud.balancers.of(cloud.balancers.balancer(call.required("LoadBalancerArn")).arn)
    return paged(call, "Listeners", [_shown(one) for one in found])


def describe_attributes(cloud: Cloud, call: Call) -> Answer:
    """DescribeListenerAttributes."""
    return answer(call, Attributes=pairs(cloud.balancers.listener(call.required("ListenerArn")).attributes))


def modify_attributes(cloud: Cloud, call: Call) -> Answer:
    """ModifyListenerAttributes: the idle timeout of a TCP listener, no other's."""
    known = cloud.balancers.listener(call.required("ListenerArn"))
    wanted = given(call, "Attributes")
    if _IDLE in wanted and _IDLE not in known.attributes:
        raise ApiError(
            "InvalidConfigurationRequest", f"'{_IDLE}' cannot be set for a listener with the protocol {known.protocol}"
        )
    known.attributes = changed(known.attributes, wanted, _RANGES)
    return answer(call, Attributes=pairs(known.attributes))


def add_tags(cloud: Cloud, call: Call) -> Answer:
    """AddTags."""
    for arn in call.members("ResourceArns.member"):
        cloud.balancers.tagged(arn).update(given(call, "Tags"))
    return answer(call)


def remove_tags(cloud: Cloud, call: Call) -> Answer:
    """RemoveTags."""
    for arn in call.members("ResourceArns.member"):
        for key in call.members("TagKeys.member"):
            cloud.balancers.tagged(arn).pop(key, None)
    return answer(call)


def describe_tags(cloud: Cloud, call: Call) -> Answer:
    """DescribeTags: of at most 20."""
    arns = call.members("ResourceArns.member")
    if len(arns) > 20:
        raise ApiError("ValidationError", "No more than 20 resources can be described at once")
    return answer(
        call, TagDescriptions=[{"ResourceArn": arn, "Tags": pairs(cloud.balancers.tagged(arn))} for arn in arns]
    )


def _protocol(call: Call) -> str:
    protocol = call.required("Protocol")
    if protocol not in _FORWARDS:
        raise ApiError("UnsupportedProtocol", f"Protocol {protocol} is not supported by a Network Load Balancer")
    return protocol


def _certificate(call: Call, protocol: str) -> str | None:
    certificate = next((c.get("CertificateArn") for c in call.structures("Certificates.member")), None)
    if protocol == "TLS" and not certificate:
        raise ApiError("CertificateNotFound", "A certificate must be specified for TLS listeners")
    return certificate


def _forward(cloud: Cloud, call: Call, protocol: str, balancer_arn: str) -> str:
    """The group that is forwarded to: it belongs to one load balancer, and its protocol fits."""
    action = next(iter(call.structures("DefaultActions.member")), {})
    group = cloud.balancers.group(action.get("TargetGroupArn", ""))
    if group.protocol not in _FORWARDS[protocol]:
        raise ApiError(
            "InvalidConfigurationRequest",
            f"Listener protocol '{protocol}' is not supported with a target group with the protocol '{group.protocol}'",
        )
    if any(one.balancer_arn != balancer_arn for one in cloud.balancers.using(group.arn)):
        raise ApiError(
            "TargetGroupAssociationLimit",
            f"The following target groups cannot be associated with more than one load balancer: {group.arn}",
        )
    return group.arn


def _shown(known: Listener) -> dict[str, Any]:
    return {
        "ListenerArn": known.arn,
        "LoadBalancerArn": known.balancer_arn,
        "Port": known.port,
        "Protocol": known.protocol,
        "Certificates": [{"CertificateArn": known.certificate}] if known.certificate else [],
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": known.group_arn, "Order": 1}],
    }


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "CreateListener": create,
    "ModifyListener": modify,
    "DeleteListener": delete,
    "DescribeListeners": describe,
    "DescribeListenerAttributes": describe_attributes,
    "ModifyListenerAttributes": modify_attributes,
    "AddTags": add_tags,
    "RemoveTags": remove_tags,
    "DescribeTags": describe_tags,
}
