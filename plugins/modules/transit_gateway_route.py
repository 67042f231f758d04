#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reach: the static route of a transit gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
module: transit_gateway_route
short_description: Route an overlay IP to one attachment, in transit gateway route tables
version_added: 1.1.0
description:
  - Creates, replaces and deletes the static routes by which a transit gateway sends an overlay IP to the VPC of its
    nodes. A VPC's attachment propagates the CIDRs of the VPC alone, and an overlay IP lies outside of them.
  - A move of the overlay IP changes nothing here, since it happens inside the VPC. These routes are made once.
  - Only routes to the attachment that is named are deleted. Routes have no tags, so that whatever leads elsewhere
    counts as somebody else's.
  - A propagated route of the same prefix is shown and never touched. The static one hides it.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  destinations:
    description:
      - The overlay IPs, or prefixes that hold them. A bare address means /32 or /128, a prefix must have no host bits
        set. At least one of them, or of O(prefix_list_ids), is required.
      - One prefix for all overlay IPs is enough, and is what Direct Connect needs, which announces no more than 200.
    type: list
    elements: str
  prefix_list_ids:
    description:
      - Managed prefix lists that hold the overlay IPs. A reference routes all entries of a list, also those that are
        added to it later.
      - A static route of the same prefix is preferred to an entry of a list.
      - The lists are referred to and never changed.
    type: list
    elements: str
  transit_gateway_route_table_ids:
    description:
      - The transit gateway route tables to write to. A packet is routed by the table with which the attachment that it
        comes from is associated, so that these are the tables of the B(clients') attachments.
    type: list
    elements: str
    required: true
  transit_gateway_attachment_id:
    description:
      - The attachment to send the overlay IP to, that of the nodes' VPC.
      - It is taken as it is. EC2 judges it at the first write.
    type: str
  vpc_id:
    description:
      - The nodes' VPC, by which its attachment is found. Where it is attached to several transit gateways, the one of
        the route tables is meant.
      - With O(state=absent), also routes to an earlier attachment of the VPC, which is deleted by now, are removed.
    type: str
  instance_id:
    description:
      - One of the nodes, whose VPC is meant.
    type: str
  state:
    description:
      - V(present) creates or replaces the routes.
      - V(absent) deletes those that lead to the attachment. A table that does not exist any more has none.
    type: str
    choices: [present, absent]
    default: present
  takeover:
    description:
      - What to do where a static route of the same destination leads to another attachment, or nowhere.
      - V(always) replaces it, V(blackhole) only where it drops packets, because its attachment is gone or on purpose.
        V(never) leaves it alone.
    type: str
    choices: [always, blackhole, never]
    default: always
  wait_timeout:
    description:
      - Seconds to wait until every table reads back right and V(active). The time that EC2's request rate asks for is
        added (50 calls at once, then 5 a second).
    type: int
    default: 60
  verify_permissions:
    description:
      - Prove by DryRun, before the first write, that the caller may write to each table. In check mode this is all that
        the module sends besides reads.
    type: bool
    default: false
notes:
  - The route tables belong to the account of the transit gateway. Where that is another one, set O(assume_role_arn) to
    a role of it. The calls on the transit gateway are then made as that role, and that on O(instance_id) as the caller.
  - It needs botocore.
seealso:
  - module: aws_ha.overlay_ip.overlay_route
  - name: How transit gateways work
    description: Route tables, association, propagation and the order in which routes are evaluated.
    link: https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
"""

EXAMPLES = r"""
- name: Let the networks behind a transit gateway reach all overlay IPs
  aws_ha.overlay_ip.transit_gateway_route:
    region: eu-central-1
    destinations: [192.168.10.0/24]
    transit_gateway_route_table_ids: [tgw-rtb-0a1b2c3d4e5f60718]
    vpc_id: vpc-0123456789abcdef0

- name: The same, where the network team's account owns the transit gateway
  aws_ha.overlay_ip.transit_gateway_route:
    region: eu-central-1
    assume_role_arn: arn:aws:iam::222222222222:role/overlay-ip-reach
    destinations: [192.168.10.15, 192.168.10.16]
    transit_gateway_route_table_ids: [tgw-rtb-0a1b2c3d4e5f60718, tgw-rtb-0b1b2c3d4e5f60718]
    transit_gateway_attachment_id: tgw-attach-0a1b2c3d4e5f60718
    takeover: blackhole

- name: Let them reach whatever overlay IPs a prefix list names
  aws_ha.overlay_ip.transit_gateway_route:
    region: eu-central-1
    prefix_list_ids: [pl-0123456789abcdef0]
    transit_gateway_route_table_ids: [tgw-rtb-0a1b2c3d4e5f60718]
    vpc_id: vpc-0123456789abcdef0

- name: Remove the route again
  aws_ha.overlay_ip.transit_gateway_route:
    region: eu-central-1
    destinations: [192.168.10.0/24]
    transit_gateway_route_table_ids: [tgw-rtb-0a1b2c3d4e5f60718]
    vpc_id: vpc-0123456789abcdef0
    state: absent
"""

RETURN = r"""
transit_gateway_attachment_id:
  description: The attachment that the routes were to lead to.
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
      description: The transit gateway route table.
      type: str
    destination:
      description: The destination as EC2 stores it, or the id of the prefix list.
      type: str
    action:
      description:
        - What was planned, one of C(create), C(replace), C(delete), C(none) and C(kept).
        - C(kept) is a route elsewhere that was left alone, because of O(takeover) or with O(state=absent).
      type: str
    before:
      description:
        - The route that was in effect, or null. It has C(transit_gateway_attachment_id) (null where packets are dropped
          on purpose), C(resource_type) and C(resource_id) of what is attached, C(type) and C(state).
        - A C(type) of C(propagated) is a route that the attachment announces, C(prefix_list) an entry of a prefix list
          that the table refers to. Neither is touched, and a static route hides both.
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
  sample: {"SearchTransitGatewayRoutes": 2, "CreateTransitGatewayRoute": 1}
"""

from collections.abc import Iterator
from typing import Any

from ..module_utils._aws.errors import AwsError
from ..module_utils._base import net
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._reach import job as reach_job
from ..module_utils._reach.ec2 import TransitGateways, is_list
from ..module_utils._reach.plan import Want
from ..module_utils._route.ec2 import Ec2
from ..module_utils._route.job import JobError
from ..module_utils._route.plan import PlanError

SPEC: dict[str, dict[str, Any]] = {
    "destinations": {"type": "list", "elements": "str"},
    "prefix_list_ids": {"type": "list", "elements": "str"},
    "transit_gateway_route_table_ids": {"type": "list", "elements": "str", "required": True},
    "transit_gateway_attachment_id": {"type": "str"},
    "vpc_id": {"type": "str"},
    "instance_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "takeover": {"type": "str", "choices": ["always", "blackhole", "never"], "default": "always"},
    "wait_timeout": {"type": "int", "default": 60},
    "verify_permissions": {"type": "bool", "default": False},
}


def wanted(gateways: TransitGateways, ec2: Ec2, params: dict[str, Any], check: bool) -> reach_job.Request:
    """The options, canonical, and the attachment looked up; empty strings count as absent."""
    tables = tuple(dict.fromkeys(params["transit_gateway_route_table_ids"]))
    lists = tuple(dict.fromkeys(params["prefix_list_ids"] or ()))
    destinations = (*dict.fromkeys(net.destination(d) for d in params["destinations"] or ()), *lists)
    for name, given in (("transit_gateway_route_table_ids", tables), ("destinations or prefix_list_ids", destinations)):
        if not given:
            raise Refusal(f"{name} is empty: name at least one.")
    for one in lists:
        if not is_list(one):
            raise Refusal(f"prefix_list_ids has '{one}', which is not the id of a prefix list: such an id is pl-0123.")
    attachment, vpc_id = params["transit_gateway_attachment_id"] or None, params["vpc_id"] or None
    if not attachment:
        vpc_id = vpc_id or ec2.instances([params["instance_id"]])[0].vpc_id
        attachment = gateways.attachment_of(vpc_id, tables)
        if not attachment and params["state"] == "present":
            raise PlanError(
                f"{vpc_id} has no attachment to the transit gateway of {', '.join(tables)} that this caller can see:"
                " attach it, or correct vpc_id; where another account owns the gateway, set assume_role_arn to a role"
                " of that account. Nothing was changed."
            )
    want = Want(destinations, attachment, params["state"], params["takeover"], vpc_id)
    return reach_job.Request(want, tables, params["wait_timeout"], params["verify_permissions"], check)


def left(asked: reach_job.Request, gone: list[str]) -> Iterator[str]:
    """What to say of things that are gone where something was to be removed."""
    for table in gone:
        yield f"{table} does not exist any more: there is nothing to remove in it."
    if asked.want.target is None and asked.want.vpc_id:
        yield (
            f"{asked.want.vpc_id} has no attachment to this transit gateway any more: only routes that lead to an"
            " earlier one of it are removed."
        )


def main() -> None:
    """Run the module."""
    target = ("transit_gateway_attachment_id", "vpc_id", "instance_id")
    module = aws_module(SPEC, sdk="to call transit gateways", mutually_exclusive=[target], required_one_of=[target])

    def job() -> dict[str, Any]:
        aws = caller(module)
        gateways = TransitGateways(aws, missing_ok=module.params["state"] == "absent")
        try:
            asked = wanted(gateways, Ec2(aws), module.params, module.check_mode)
            result = reach_job.run(gateways, asked)
            for sentence in left(asked, gateways.gone):
                module.warn(sentence)
            return result
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
