#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reach: a Network Load Balancer in front of overlay IPs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_load_balancer
short_description: Put a Network Load Balancer in front of overlay IPs
version_added: 1.1.0
description:
  - Makes an internal Network Load Balancer whose targets are overlay IPs, as one thing, for clients that can reach the
    VPC but not an address outside of its CIDRs, by peering or by a virtual private gateway.
  - For each port there is a listener and a target group of type C(ip) with one target, registered for all zones.
  - A move of the overlay IP changes nothing here. The load balancer finds the new holder by the route.
  - Everything that it makes carries the tag C(aws_ha.overlay_ip) with the name of the load balancer. What carries
    another, or none, is never changed. Where it stands in the way the module refuses before it changes anything.
  - What AWS cannot do is refused in one sentence. UDP and IPv6 overlay IPs have no way by a load balancer. An address
    outside of the private ranges cannot be a target. The idle timeout of a TLS listener cannot be chosen.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
  - aws_ha.overlay_ip.interfaces
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  name:
    description:
      - Name of the load balancer, 26 characters at most. Its target groups are called after it and the port.
    type: str
    required: true
  address:
    description:
      - The overlay IP that the listeners lead to, unless they name one themselves.
    type: str
  subnet_ids:
    description:
      - The subnets in which the load balancer has an address, one of a zone. Their route tables need the route to the
        overlay IP, as those of all its clients do.
      - Required with O(state=present).
    type: list
    elements: str
  security_group_ids:
    description:
      - Security groups of the load balancer. AWS gives them to one that was made with some, and to no other.
      - Without it, those that it has are left as they are.
    type: list
    elements: str
  listeners:
    description:
      - The ports. Required with O(state=present).
      - A port that the module made earlier and that is not named here is removed.
    type: list
    elements: dict
    suboptions:
      port:
        description: The port of the load balancer.
        type: int
        required: true
      target_port:
        description: The port of the service on the overlay IP. By default the same.
        type: int
      address:
        description: The overlay IP, where it is another than O(address).
        type: str
      protocol:
        description:
          - V(TCP), or V(TLS), which ends at the load balancer.
          - V(UDP) and V(TCP_UDP) are refused. They are here for the sentence that says why.
        type: str
        choices: [TCP, TLS, UDP, TCP_UDP]
        default: TCP
      certificate_arn:
        description: The certificate, with O(listeners[].protocol=TLS).
        type: str
      idle_timeout:
        description:
          - Seconds after which the load balancer forgets a connection on which nothing is sent, 60 to 6000.
          - Above 350, name the nodes in O(instance_ids), too.
        type: int
        default: 350
      health_port:
        description:
          - The port to ask whether the service lives. By default that of the service.
          - Ports that fail over together share one. For an SAP gateway it is that of the message server.
        type: int
  health_interval:
    description:
      - Seconds between two health checks, 5 to 300. A check may take a second less, and 10 at most.
    type: int
    default: 5
  healthy_threshold:
    description:
      - Checks in a row after which a target counts as healthy, 2 to 10.
    type: int
    default: 2
  unhealthy_threshold:
    description:
      - Checks in a row after which a target counts as unhealthy, 2 to 10.
    type: int
    default: 2
  unhealthy_connection_termination:
    description:
      - Close established connections when the target becomes unhealthy, so that also a client that only waits learns of
        a failover, after about O(health_interval) times O(unhealthy_threshold) seconds.
    type: bool
    default: true
  deregistration_delay:
    description:
      - Seconds that a target has left when it is deregistered, because its port or address is another now. Connections
        that are still open then are closed.
    type: int
    default: 300
  proxy_protocol:
    description:
      - Tell the service the address of the client by a header of proxy protocol version 2, which it must understand.
        Without, it sees the addresses of the load balancer alone.
    type: bool
    default: false
  instance_ids:
    description:
      - The nodes. Where a listener has an O(listeners[].idle_timeout) above 350, their interfaces are made to remember
        an idle connection at least as long (C(TcpEstablishedTimeout)). Else an interface of a newer instance type drops
        what the load balancer still forwards.
      - A longer time is left as it is, also one that the instance type has by itself, and one that is not known.
      - What was before is kept in tags of the load balancer. With O(state=absent) the interfaces get it back, unless
        another time was set since, or another load balancer of this module needs more.
    type: list
    elements: str
  device_index:
    description:
      - Which interface of the nodes receives the overlay IP.
    type: int
    default: 0
  tags:
    description:
      - Further tags of the load balancer, its listeners and target groups. Tags are added, and never removed.
      - Keys that begin with C(aws:) are AWS's own, and those that begin with C(aws_ha.overlay_ip) the module's.
    type: dict
    default: {}
  state:
    description:
      - V(present) makes it, or makes it right.
      - V(absent) removes the load balancer with its listeners, and then its target groups.
    type: str
    choices: [present, absent]
    default: present
  wait_timeout:
    description:
      - Seconds for all of it. A new load balancer takes AWS some minutes.
    type: int
    default: 600
notes:
  - Client IP preservation is always off, since it needs targets in the VPC. The nodes' security groups must let in the
    load balancer, by its security groups or by its addresses.
  - There is one target, so that the load balancer chooses nothing. While the health check fails, it sends to that
    target all the same.
  - It needs botocore 1.35.11 or newer, the first one that knows C(tcp.idle_timeout.seconds).
seealso:
  - module: aws_ha.overlay_ip.overlay_route
  - module: aws_ha.overlay_ip.overlay_path_info
  - name: Target groups for Network Load Balancers
    description: Targets, health checks and attributes.
    link: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html
"""

EXAMPLES = r"""
- name: Let a peered VPC reach the message server and the gateway, with connections that idle for an hour
  aws_ha.overlay_ip.overlay_load_balancer:
    region: eu-central-1
    name: sap-ascs
    address: 192.168.10.15
    subnet_ids: [subnet-0a1b2c3d4e5f60718, subnet-0b1b2c3d4e5f60718]
    security_group_ids: [sg-0a1b2c3d4e5f60718]
    listeners:
      - {port: 3600, idle_timeout: 3900}
      - {port: 3300, idle_timeout: 3900, health_port: 3600}
    instance_ids: [i-0a1b2c3d4e5f60718, i-0b1b2c3d4e5f60718]

- name: Remove it again
  aws_ha.overlay_ip.overlay_load_balancer:
    region: eu-central-1
    name: sap-ascs
    state: absent
"""

RETURN = r"""
load_balancer_arn:
  description: The load balancer, or null.
  returned: when it was read
  type: str
dns_name:
  description: The name that clients connect to. It stays the same for as long as the load balancer lives.
  returned: when it was read
  type: str
  sample: sap-ascs-0123456789abcdef.elb.eu-central-1.amazonaws.com
before:
  description:
    - All of it as it was, or null where there was nothing. C(subnet_ids), C(security_group_ids), C(listeners),
      C(target_groups) with their targets, health checks and attributes, and C(tcp_established_timeout) of the nodes'
      interfaces, in seconds, where it was set.
  returned: when it was read
  type: dict
after:
  description: The same as read back at the end; in check mode, as it would be.
  returned: when it was read
  type: dict
targets:
  description:
    - The health of each target at the end. It is C(initial) for the first checks after the making.
  returned: when it was read
  type: list
  elements: dict
  sample: [{"target_group": "sap-ascs-3600", "address": "192.168.10.15", "port": 3600, "state": "healthy"}]
findings:
  description:
    - What is wrong with what there is. In check mode also whether it differs from what is asked for.
    - C(no_load_balancer), C(differs), C(tracking_unknown), C(tracking_short), C(target_unhealthy),
      C(target_not_measured).
  returned: when it was read
  type: list
  elements: dict
  contains:
    id:
      description: Name of the finding.
      type: str
    severity:
      description: C(error), C(warning) or C(info).
      type: str
    message:
      description: One sentence.
      type: str
    remedy:
      description: What to do.
      type: str
lines:
  description: How it stands, as a person reads it.
  returned: when it was read
  type: list
  elements: str
steps:
  description:
    - The calls that change something, in their order. A partial failure returns the same list; the calls after the one
      that failed were not made, and a re-run makes them.
  returned: when it was read
  type: list
  elements: dict
  contains:
    operation:
      description: The API action.
      type: str
    what:
      description: What it is about.
      type: str
    done:
      description: Whether it was carried out, or in check mode would be.
      type: bool
    error:
      description: Code and message, or null.
      type: dict
api_calls:
  description: How many calls of each API action were made.
  returned: when it was read
  type: dict
  sample: {"DescribeLoadBalancers": 1, "DescribeTargetGroups": 1}
"""

from typing import Any

from ..module_utils._aws.errors import AwsError
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._reach import balancer_job, interfaces
from ..module_utils._reach.balancer import Want, WantedListener
from ..module_utils._reach.elb import LoadBalancers
from ..module_utils._route.ec2 import Ec2
from ..module_utils._route.job import JobError
from ..module_utils._route.plan import PlanError

OLDEST_SDK = "1.35.11"
"""The first one that knows the attributes of listeners, and so tcp.idle_timeout.seconds (September 2024)."""

SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "address": {"type": "str"},
    "subnet_ids": {"type": "list", "elements": "str"},
    "security_group_ids": {"type": "list", "elements": "str"},
    "listeners": {
        "type": "list",
        "elements": "dict",
        "options": {
            "port": {"type": "int", "required": True},
            "target_port": {"type": "int"},
            "address": {"type": "str"},
            "protocol": {"type": "str", "choices": ["TCP", "TLS", "UDP", "TCP_UDP"], "default": "TCP"},
            "certificate_arn": {"type": "str"},
            "idle_timeout": {"type": "int", "default": 350},
            "health_port": {"type": "int"},
        },
    },
    "health_interval": {"type": "int", "default": 5},
    "healthy_threshold": {"type": "int", "default": 2},
    "unhealthy_threshold": {"type": "int", "default": 2},
    "unhealthy_connection_termination": {"type": "bool", "default": True},
    "deregistration_delay": {"type": "int", "default": 300},
    "proxy_protocol": {"type": "bool", "default": False},
    "instance_ids": {"type": "list", "elements": "str"},
    "device_index": {"type": "int", "default": 0},
    "interfaces": {"type": "dict", "default": {}},
    "tags": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "wait_timeout": {"type": "int", "default": 600},
}


def wanted(params: dict[str, Any], check: bool) -> balancer_job.Request:
    """The options, each id once; empty strings count as absent."""
    subnets, groups, nodes = (
        tuple(dict.fromkeys(params[n] or ())) for n in ("subnet_ids", "security_group_ids", "instance_ids")
    )
    want = Want(
        name=params["name"],
        listeners=tuple(_listener(one, params["address"] or "") for one in params["listeners"] or ()),
        subnet_ids=subnets,
        security_group_ids=groups,
        interval=params["health_interval"],
        healthy=params["healthy_threshold"],
        unhealthy=params["unhealthy_threshold"],
        close_unhealthy=params["unhealthy_connection_termination"],
        deregistration_delay=params["deregistration_delay"],
        proxy_protocol=params["proxy_protocol"],
        tags={str(key): str(value) for key, value in params["tags"].items()},
        state=params["state"],
    )
    named = interfaces.named(params["interfaces"])
    return balancer_job.Request(want, nodes, params["device_index"], params["wait_timeout"], check, named)


def _listener(given: dict[str, Any], address: str) -> WantedListener:
    return WantedListener(
        port=given["port"],
        address=(given["address"] or address).removesuffix("/32"),
        target_port=given["port"] if given["target_port"] is None else given["target_port"],
        protocol=given["protocol"],
        idle_timeout=given["idle_timeout"],
        health_port=given["health_port"],
        certificate_arn=given["certificate_arn"] or "",
    )


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC, sdk="to call load balancers", since=OLDEST_SDK)

    def job() -> dict[str, Any]:
        aws = caller(module)
        try:
            return balancer_job.run(LoadBalancers(aws), Ec2(aws), wanted(module.params, module.check_mode))
        except JobError as err:
            raise Refusal(str(err), **err.result) from err
        except PlanError as err:
            raise Refusal(str(err), changed=False) from err
        except AwsError as err:  # before the first write: what fails later is told per step
            error = {"code": err.code, "operation": err.operation}
            raise Refusal(f"{err.sentence} Nothing was changed.", changed=False, error=error) from err

    run(module, job)


if __name__ == "__main__":
    main()
