#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 1: the route entry."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_route
short_description: Route an overlay IP to one network interface, in every route table at once
version_added: 1.0.0
description:
  - Creates, replaces and deletes the routes that send an overlay IP (an address outside the VPC's CIDR) to one
    instance's network interface.
  - All route tables are written side by side, within EC2's request rates, and read back until each one shows the
    route as V(active).
  - A move never deletes a route. Routes that nobody made with CreateRoute, local routes and tables that the module
    was not told of are never touched.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  destinations:
    description:
      - The overlay IPs. A bare address means /32 or /128, a prefix must have no host bits set.
      - Each must lie outside every CIDR of the VPC.
      - Since 1.1.0 also the id of a managed prefix list (V(pl-0123456789abcdef0)), whose entries are routed and moved
        as one. In a route table it counts for as many routes as it may have entries. What is in it is changed by
        M(aws_ha.overlay_ip.overlay_prefix_list).
    type: list
    elements: str
    required: true
  addresses:
    description:
      - Single addresses that networks or lists in O(destinations) carry. The module refuses, before any write, where a
        table has a route of one of them to elsewhere than the target. The longest prefix wins, so that a move would
        leave it behind.
    type: list
    elements: str
    version_added: 1.1.0
  route_table_ids:
    description:
      - The route tables to write to.
      - Without this option, every table that serves a subnet of O(vpc_id), or of the target instance's VPC. The main
        table is one of them, tables of gateways are not.
    type: list
    elements: str
  vpc_id:
    description:
      - The VPC whose route tables to write to. Together with O(route_table_ids), the VPC in which they must lie.
    type: str
  network_interface_id:
    description:
      - The interface to send the overlay IP to.
      - It is taken as it is, without a call that describes it, so that a node which may only move routes can use it.
    type: str
  instance_id:
    description:
      - The instance to send the overlay IP to, by its interface with O(device_index).
    type: str
  device_index:
    description:
      - Which interface of O(instance_id).
    type: int
    default: 0
  state:
    description:
      - V(present) creates or moves the routes.
      - V(absent) deletes those that point at an interface, whichever it is.
    type: str
    choices: [present, absent]
    default: present
  takeover:
    description:
      - What to do where the route already points elsewhere.
      - V(always) moves it, V(blackhole) moves it only where it cannot receive, V(never) leaves it alone.
    type: str
    choices: [always, blackhole, never]
    default: always
  takeover_foreign:
    description:
      - Whether to replace a route of the same destination that points at no network interface, but at a gateway, NAT,
        peering, endpoint or the like. Somebody else made it, so that by default the whole request is refused, before
        anything is changed.
      - With O(takeover=blackhole), too, but not with O(takeover=never).
    type: bool
    default: false
    version_added: 1.1.0
  expected_holder:
    description:
      - Instance or interface that should hold the overlay IP now. The module refuses, before any write, where some
        table points neither there nor at the target.
    type: str
  wait_timeout:
    description:
      - Seconds to wait until every table reads back right and V(active). The time that EC2's request rate asks for is
        added (50 calls at once, then 5 a second).
      - It takes up to 15 seconds more where somebody else moves the same overlay IP at the same time. One of the two
        gets every table, and the other one fails and says so.
    type: int
    default: 60
  verify_permissions:
    description:
      - Prove by DryRun, before the first write, that the caller may write to each table. In check mode this is all that
        the module sends besides reads.
    type: bool
    default: false
  preflight:
    description:
      - Look at the target and its surroundings before the first write. The module refuses where the target could not
        receive, and returns what else it found as RV(findings).
      - Needs the permission to describe instances and subnets.
    type: bool
    default: false
seealso:
  - module: aws_ha.overlay_ip.overlay_route_info
  - name: Route priority
    description: How a VPC chooses among routes.
    link: https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
  - name: EC2 request throttling
    description: The token buckets that the module keeps to.
    link: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

EXAMPLES = r"""
- name: Create what is absent and heal what is dead, but move nothing that works
  aws_ha.overlay_ip.overlay_route:
    region: eu-central-1
    destinations: [192.168.10.15]
    instance_id: i-0aaa1111bbb22222c
    takeover: blackhole

- name: Move the overlay IP in two tables, unless somebody else did so meanwhile
  aws_ha.overlay_ip.overlay_route:
    region: eu-central-1
    destinations: [192.168.10.15, "2001:db8:10::15"]
    route_table_ids: [rtb-0a1b2c3d4e5f60718, rtb-0b1b2c3d4e5f60718]
    network_interface_id: eni-0ddd1111eee22222f
    expected_holder: i-0aaa1111bbb22222c

- name: Remove the routes
  aws_ha.overlay_ip.overlay_route:
    region: eu-central-1
    destinations: [192.168.10.15]
    vpc_id: vpc-0123456789abcdef0
    state: absent
"""

RETURN = r"""
network_interface_id:
  description: The interface that the routes were to point at.
  returned: when the tables were read
  type: str
routes:
  description:
    - One entry per route table and destination. A partial failure returns the same list.
    - It is empty where the module refused before it had a plan.
  returned: always
  type: list
  elements: dict
  contains:
    route_table_id:
      description: The table.
      type: str
    destination:
      description: The overlay IP as EC2 stores it.
      type: str
    action:
      description:
        - What was planned, one of C(create), C(replace), C(delete), C(none) and C(kept).
        - C(kept) is a route elsewhere that O(takeover) says to leave alone.
      type: str
    before:
      description: Interface, instance and state of the route that was there, or null.
      type: dict
    after:
      description: The same as read back at the end; in check mode, as it would be.
      type: dict
    error:
      description: Code and message where the table does not show what was asked for, else null.
      type: dict
consistent:
  description: Whether all tables send each destination to one and the same interface.
  returned: always
  type: bool
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
  sample: {"DescribeRouteTables": 2, "ReplaceRoute": 2}
requests:
  description:
    - Of each API action that writes, the ids of the requests that AWS answered, those by DryRun among them. CloudTrail
      and AWS's support know a call by its id.
  returned: when the plan was carried out
  type: dict
  version_added: 1.1.0
seconds:
  description: >-
    How long it took to C(read) the tables and to prepare, to C(write) all of them, and to C(verify) that all read back
    right, mending what did not.
  returned: when the plan was carried out
  type: dict
  version_added: 1.1.0
  sample: {"read": 0.21, "write": 0.34, "verify": 0.12}
findings:
  description: What the preflight found.
  returned: when O(preflight) is true
  type: list
  elements: dict
  contains:
    id:
      description: Name of the rule.
      type: str
    severity:
      description: One of C(error), C(warning) and C(info).
      type: str
    message:
      description: What was found.
      type: str
    remedy:
      description: What to do.
      type: str
"""

from typing import Any

from ..module_utils._aws.errors import AwsError
from ..module_utils._aws.options import READ_TIMEOUT
from ..module_utils._base import net
from ..module_utils._module import progress
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._route import job as route_job
from ..module_utils._route import plan
from ..module_utils._route.ec2 import Ec2
from ..module_utils._route.plan import PlanError

SPEC: dict[str, dict[str, Any]] = {
    "destinations": {"type": "list", "elements": "str", "required": True},
    "addresses": {"type": "list", "elements": "str"},
    "route_table_ids": {"type": "list", "elements": "str"},
    "vpc_id": {"type": "str"},
    "network_interface_id": {"type": "str"},
    "instance_id": {"type": "str"},
    "device_index": {"type": "int", "default": 0},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "takeover": {"type": "str", "choices": ["always", "blackhole", "never"], "default": "always"},
    "takeover_foreign": {"type": "bool", "default": False},
    "expected_holder": {"type": "str"},
    "wait_timeout": {"type": "int", "default": 60},
    "verify_permissions": {"type": "bool", "default": False},
    "preflight": {"type": "bool", "default": False},
}


def request(params: dict[str, Any], check: bool) -> route_job.Request:
    """The options, canonical; empty strings count as absent."""
    chosen = {name: params[name] for name in SPEC if params[name] not in (None, "")}
    for name in ("destinations", "route_table_ids"):
        chosen[name] = tuple(dict.fromkeys(chosen.get(name, ())))
    chosen["destinations"] = tuple(dict.fromkeys(net.routed(d) for d in chosen["destinations"]))
    chosen["addresses"] = tuple(dict.fromkeys(net.host(address) for address in chosen.get("addresses", ())))
    chosen["foreign"] = plan.TAKE if chosen.pop("takeover_foreign") else plan.REFUSE
    if not chosen["destinations"]:
        raise Refusal("destinations is empty: name at least one overlay IP.")
    return route_job.Request(check=check, **chosen)


def main() -> None:
    """Run the module."""
    module = aws_module(
        SPEC,
        mutually_exclusive=[("network_interface_id", "instance_id")],
        required_one_of=[("route_table_ids", "vpc_id", "instance_id")],
        required_if=[("state", "present", ("network_interface_id", "instance_id"), True)],
    )

    def job() -> dict[str, Any]:
        wanted = request(module.params, module.check_mode)
        try:
            seconds = max(wanted.wait_timeout, READ_TIMEOUT)  # no call outlasts the whole
            return route_job.run(Ec2(caller(module, seconds)), wanted, tell=progress.teller())
        except route_job.JobError as err:
            raise Refusal(str(err), **err.result) from err
        except PlanError as err:
            raise Refusal(str(err), changed=False, routes=[]) from err
        except AwsError as err:  # before the first write: what fails later is told per table
            error = {"code": err.code, "operation": err.operation}
            raise Refusal(err.message, changed=False, routes=[], error=error) from err

    run(module, job)


if __name__ == "__main__":
    main()
