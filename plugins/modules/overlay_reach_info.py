#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reach: what an earlier inventory left behind."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_reach_info
short_description: Find what an earlier inventory left behind outside of the VPC
version_added: 1.1.0
description:
  - Names what leads to overlay IPs from outside of the VPC and is declared in the inventory (C(overlay_ip_reach)) no
    more, each with the command that removes it.
  - Static routes of the transit gateways that the nodes' VPC is attached to, to an overlay IP of O(addresses), or to an
    address that nothing in the VPC leads on to. Routes to what the VPC's route tables know are another pair's.
  - Load balancers of M(aws_ha.overlay_ip.overlay_load_balancer) in front of an overlay IP of O(addresses).
  - At the endpoints of O(client_vpn_routes), routes and authorization rules of O(description). An endpoint that is not
    declared any more is not looked at.
  - The routes back to clients are not named, since others may need them.
  - Reads only. What the caller may not look at is left out, and returned in RV(unseen).
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  instance_ids:
    description:
      - The nodes. Their VPC is looked at.
    type: list
    elements: str
    required: true
  addresses:
    description:
      - The overlay IPs of the inventory.
    type: list
    elements: str
    required: true
  transit_gateway_routes:
    description:
      - What is declared, by transit gateway route table a list of destinations.
    type: dict
    default: {}
  client_vpn_routes:
    description:
      - What is declared, by Client VPN endpoint a list of destinations; or a dictionary of C(destinations),
        C(subnet_ids) and C(access_group_ids), as M(aws_ha.overlay_ip.client_vpn_route) has them. Routes by other
        subnets and rules for other groups are named, too.
    type: dict
    default: {}
  load_balancer_names:
    description:
      - The load balancers that are declared.
    type: list
    elements: str
    default: []
  description:
    description:
      - The description of what M(aws_ha.overlay_ip.client_vpn_route) made for this inventory.
    type: str
    default: aws_ha.overlay_ip
  transit_gateway_role_arns:
    description:
      - Roles in the accounts that own the transit gateways, for the calls on these.
    type: list
    elements: str
    default: []
notes:
  - It needs botocore, and the permissions of O(aws_ha.overlay_ip.overlay_iam_policy#module:purpose=reach).
seealso:
  - module: aws_ha.overlay_ip.overlay_path_info
  - module: aws_ha.overlay_ip.transit_gateway_route
"""

EXAMPLES = r"""
- name: Is anything left of the load balancer that was given up?
  aws_ha.overlay_ip.overlay_reach_info:
    region: eu-central-1
    instance_ids: [i-0aaa1111bbb22222c, i-0bbb1111bbb22222c]
    addresses: [192.168.10.15]
    transit_gateway_routes:
      tgw-rtb-0a1b2c3d4e5f60718: [192.168.10.15/32]
  register: reach
"""

RETURN = r"""
leftovers:
  description: What no entry declares any more.
  returned: success
  type: list
  elements: dict
  contains:
    via:
      description: One of C(transit_gateway), C(load_balancer) and C(client_vpn).
      type: str
    id:
      description: The route table, the load balancer's name, or the endpoint.
      type: str
    message:
      description: What was found.
      type: str
    command:
      description: What removes it.
      type: str
lines:
  description: The same as a person reads it.
  returned: success
  type: list
  elements: str
unseen:
  description: What the caller may not look at.
  returned: success
  type: list
  elements: str
api_calls:
  description: How many calls of each API action were made.
  returned: success
  type: dict
"""

from dataclasses import asdict
from typing import Any

from ..module_utils._base import net
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._reach import leftover
from ..module_utils._reach.callers import callers
from ..module_utils._reach.owners import Sight

SPEC: dict[str, dict[str, Any]] = {
    "instance_ids": {"type": "list", "elements": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "transit_gateway_routes": {"type": "dict", "default": {}},
    "client_vpn_routes": {"type": "dict", "default": {}},
    "load_balancer_names": {"type": "list", "elements": "str", "default": []},
    "description": {"type": "str", "default": "aws_ha.overlay_ip"},
    "transit_gateway_role_arns": {"type": "list", "elements": "str", "default": []},
}


def declared(params: dict[str, Any], name: str) -> dict[str, list[str]]:
    """An option with destinations by id, canonical."""
    given = params[name] or {}
    wrong = next((key for key, listed in given.items() if not isinstance(listed, list)), None)
    if wrong is not None:
        raise Refusal(f"{name} has {given[wrong]!r} for {wrong}: write a list of destinations.")
    return {key: [net.destination(str(one)) for one in listed] for key, listed in given.items()}


def endpoints(given: dict[str, Any]) -> dict[str, leftover.Endpoint]:
    """The option ``client_vpn_routes``, canonical."""
    keys = ("destinations", "subnet_ids", "access_group_ids")
    found = {}
    for endpoint_id, value in given.items():
        one = value if isinstance(value, dict) else {"destinations": value}
        if set(one) - set(keys) or not all(isinstance(part, list) for part in one.values()):
            raise Refusal(
                f"client_vpn_routes has {value!r} for {endpoint_id}: write a list of destinations, or a dictionary of"
                f" lists with the keys {', '.join(keys)}."
            )
        destinations = tuple(net.destination(str(part)) for part in one.get("destinations", ()))
        subnets, groups = (tuple(map(str, one.get(key, ()))) for key in keys[1:])
        found[endpoint_id] = leftover.Endpoint(destinations, subnets, groups)
    return found


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC, sdk="to call transit gateways")

    def job() -> dict[str, Any]:
        params = module.params
        if not params["instance_ids"]:
            raise Refusal("instance_ids is empty: name the nodes.")
        roles = {role: caller(module, role=role) for role in params["transit_gateway_role_arns"] if role}
        asked, sight = callers(caller(module), roles), Sight()
        found = leftover.look(
            asked.ec2,
            asked.owners,
            leftover.Request(
                asked.ec2.instances(params["instance_ids"][:1])[0].vpc_id,
                tuple(net.destination(one) for one in params["addresses"]),
                declared(params, "transit_gateway_routes"),
                endpoints(params["client_vpn_routes"] or {}),
                tuple(params["load_balancer_names"]),
                params["description"],
            ),
            sight,
        )
        return {
            "changed": False,
            "leftovers": [asdict(one) for one in found],
            "lines": [line for one in found for line in (f"Left over: {one.message}", f"  To do: {one.command}")],
            "unseen": [f"{one.what}: {one.why}" for one in sight.unseen],
            "api_calls": asked.calls,
        }

    run(module, job)


if __name__ == "__main__":
    main()
