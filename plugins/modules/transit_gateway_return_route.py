#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reach: the way back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: transit_gateway_return_route
short_description: Route the clients' networks to a transit gateway, in the route tables of the nodes
version_added: 1.1.0
description:
  - Creates, replaces and deletes the routes by which the nodes' answers leave for a transit gateway. Every node's
    subnet needs them. Where the standby's lacks them, nobody misses them before the first failover.
  - Only routes to this transit gateway are deleted. What leads elsewhere was made by somebody else.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
  - aws_ha.overlay_ip.interfaces
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  destinations:
    description:
      - The clients' networks. One that lies in the VPC's own is refused, since the VPC routes that locally.
    type: list
    elements: str
    required: true
  instance_ids:
    description:
      - The nodes. The tables that serve their subnets are written.
    type: list
    elements: str
  device_index:
    description:
      - By which of their interfaces the nodes of O(instance_ids) answer.
    type: int
    default: 0
  route_table_ids:
    description:
      - The route tables to write to, in place of O(instance_ids).
    type: list
    elements: str
  transit_gateway_id:
    description:
      - The transit gateway.
    type: str
  transit_gateway_route_table_id:
    description:
      - One of its route tables, by which it is looked up. With O(state=absent), where it does not exist any more, all
        routes are kept and shown.
    type: str
  transit_gateway_role_arn:
    description:
      - A role in the account that owns the transit gateway, to look it up. O(assume_role_arn) is for the route tables
        of a shared VPC.
    type: str
  state:
    description:
      - V(present) creates or replaces the routes.
      - V(absent) deletes those that lead to the transit gateway. Others may need them as well, and so may the
        connection by which you manage the nodes.
    type: str
    choices: [present, absent]
    default: present
  takeover:
    description:
      - What to do where a route of the same destination leads elsewhere.
      - V(always) replaces it, V(blackhole) only where it drops packets. V(never) leaves it alone.
    type: str
    choices: [always, blackhole, never]
    default: blackhole
  wait_timeout:
    description:
      - Seconds to wait until every table reads back right and V(active).
    type: int
    default: 60
  verify_permissions:
    description:
      - Prove by DryRun, before the first write, that the caller may write to each table.
    type: bool
    default: false
notes:
  - It needs botocore.
seealso:
  - module: aws_ha.overlay_ip.transit_gateway_route
  - module: aws_ha.overlay_ip.overlay_path_info
"""

EXAMPLES = r"""
- name: Let both nodes answer the networks behind the transit gateway
  aws_ha.overlay_ip.transit_gateway_return_route:
    region: eu-central-1
    destinations: [10.20.0.0/16, 172.20.0.0/16]
    instance_ids: [i-0aaa1111bbb22222c, i-0bbb1111bbb22222c]
    transit_gateway_id: tgw-0a1b2c3d4e5f60718
"""

RETURN = r"""
transit_gateway_id:
  description: The transit gateway that the routes were to lead to.
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
      description: The clients' network as EC2 stores it.
      type: str
    action:
      description: What was planned, one of C(create), C(replace), C(delete), C(none) and C(kept).
      type: str
    before:
      description:
        - The route that was there, or null. It has C(transit_gateway_id), which is the id of whatever it leads to,
          C(type) and C(state).
      type: dict
    after:
      description: The same as read back at the end; in check mode, as it would be.
      type: dict
    error:
      description: Code and message where the table does not show what was asked for, else null.
      type: dict
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
"""

from typing import Any

from ..module_utils._aws.errors import AwsError
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._reach import back, interfaces
from ..module_utils._reach import job as reach_job
from ..module_utils._reach.ec2 import MISSING, TransitGateways
from ..module_utils._reach.plan import Want
from ..module_utils._route.ec2 import Ec2
from ..module_utils._route.job import JobError
from ..module_utils._route.plan import PlanError

SPEC: dict[str, dict[str, Any]] = {
    "destinations": {"type": "list", "elements": "str", "required": True},
    "instance_ids": {"type": "list", "elements": "str"},
    "device_index": {"type": "int", "default": 0},
    "interfaces": {"type": "dict", "default": {}},
    "route_table_ids": {"type": "list", "elements": "str"},
    "transit_gateway_id": {"type": "str"},
    "transit_gateway_route_table_id": {"type": "str"},
    "transit_gateway_role_arn": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "takeover": {"type": "str", "choices": ["always", "blackhole", "never"], "default": "blackhole"},
    "wait_timeout": {"type": "int", "default": 60},
    "verify_permissions": {"type": "bool", "default": False},
}


def looked_up(owner: TransitGateways, route_table_id: str, state: str) -> str | None:
    """The gateway of a table; None where that is gone and something is to be removed: then all routes are kept."""
    try:
        return owner.gateway_of(route_table_id)
    except AwsError as err:
        if state == "present" or err.code != MISSING:
            raise
        return None


def main() -> None:
    """Run the module."""
    where, whither = ("instance_ids", "route_table_ids"), ("transit_gateway_id", "transit_gateway_route_table_id")
    module = aws_module(
        SPEC,
        sdk="to call transit gateways",
        mutually_exclusive=[where, whither],
        required_one_of=[where, whither],
    )
    params = module.params

    def job() -> dict[str, Any]:
        if not params["destinations"]:
            raise Refusal("destinations is empty: name at least one network.")
        if not (params["instance_ids"] or params["route_table_ids"]):
            raise Refusal("instance_ids or route_table_ids is empty: name the nodes, or the tables to write to.")
        ec2 = Ec2(caller(module))
        try:
            destinations = tuple(dict.fromkeys(back.network(d) for d in params["destinations"]))
            gateway = params["transit_gateway_id"]
            if not gateway:
                owner = TransitGateways(caller(module, role=params["transit_gateway_role_arn"] or ""))
                gateway = looked_up(owner, params["transit_gateway_route_table_id"], params["state"])
                if gateway is None:
                    module.warn(
                        f"{params['transit_gateway_route_table_id']} does not exist any more, so that its gateway is"
                        " not known: the routes are kept. Name transit_gateway_id to remove them."
                    )
            named = interfaces.named(params["interfaces"])
            tables = tuple(
                params["route_table_ids"] or back.serving(ec2, params["instance_ids"], params["device_index"], named)
            )
            want = Want(destinations, gateway, params["state"], params["takeover"])
            request = reach_job.Request(
                want, tables, params["wait_timeout"], params["verify_permissions"], module.check_mode
            )
            return reach_job.run(back.ReturnRoutes(ec2), request)
        except JobError as err:
            raise Refusal(str(err), **err.result) from err
        except PlanError as err:
            raise Refusal(str(err), changed=False, routes=[]) from err
        except AwsError as err:  # before the first write: what fails later is told per table
            error = {"code": err.code, "operation": err.operation}
            raise Refusal(err.message, changed=False, routes=[], error=error) from err

    run(module, job)


if __name__ == "__main__":
    main()
