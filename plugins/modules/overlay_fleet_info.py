#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The overlay IPs of many pairs, by one look."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_fleet_info
short_description: Describe the overlay IPs of many pairs of nodes by a few calls
version_added: 1.1.0
description:
  - Tells of many pairs what M(aws_ha.overlay_ip.overlay_route_info) tells of one. Instances, route tables and subnets
    of all of them are asked for once, by filter and page, so that the calls come out of EC2's large bucket.
  - All pairs are in one account and Region.
  - An interface that is none of the nodes' is not looked at.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  pairs:
    description:
      - The pairs, as M(aws_ha.overlay_ip.overlay_fleet) returns them in C(accounts).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the pair is called, each once.
        type: str
        required: true
      instance_ids:
        description: Its nodes.
        type: list
        elements: str
        required: true
      parts:
        description: Its overlay IPs, by the route tables that they share.
        type: list
        elements: dict
        required: true
        suboptions:
          destinations:
            description: The overlay IPs.
            type: list
            elements: str
            required: true
          route_table_ids:
            description: The tables. Without them, those that serve a subnet of the VPC.
            type: list
            elements: str
            default: []
          vpc_id:
            description: The VPC. Without it, that of the nodes.
            type: str
seealso:
  - module: aws_ha.overlay_ip.overlay_route_info
  - module: aws_ha.overlay_ip.overlay_fleet_route
"""

EXAMPLES = r"""
- name: Look at two pairs
  aws_ha.overlay_ip.overlay_fleet_info:
    region: eu-central-1
    pairs:
      - name: database
        instance_ids: [i-0aaa1111bbb22222c, i-0bbb1111bbb22222c]
        parts:
          - destinations: [192.168.10.15]
      - name: queue
        instance_ids: [i-0ccc1111bbb22222c, i-0ddd1111bbb22222c]
        parts:
          - destinations: [192.168.10.16]
            route_table_ids: [rtb-0a1b2c3d4e5f60718]
"""

RETURN = r"""
pairs:
  description:
    - By name, what was seen of each pair. C(overlays) is as M(aws_ha.overlay_ip.overlay_route_info) returns it.
      C(networks) has for each of the pair's parts what that returns as C(network), with the tables of the part and the
      nodes' subnets alone.
  returned: always
  type: dict
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
  sample: {"DescribeInstances": 1, "DescribeRouteTables": 1, "DescribeSubnets": 1}
"""

from typing import Any

from ..module_utils._base import net
from ..module_utils._fleet import look
from ..module_utils._module.aws_module import aws_module, caller, run
from ..module_utils._route.ec2 import Ec2

_PART: dict[str, dict[str, Any]] = {
    "destinations": {"type": "list", "elements": "str", "required": True},
    "route_table_ids": {"type": "list", "elements": "str", "default": []},
    "vpc_id": {"type": "str"},
}
_PAIR: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "instance_ids": {"type": "list", "elements": "str", "required": True},
    "parts": {"type": "list", "elements": "dict", "required": True, "options": _PART},
}
SPEC: dict[str, dict[str, Any]] = {
    "pairs": {"type": "list", "elements": "dict", "required": True, "options": _PAIR},
}


def _pair(given: dict[str, Any]) -> look.Pair:
    parts = (
        look.Part(
            tuple(net.routed(d) for d in part["destinations"]),
            tuple(part["route_table_ids"]),
            part["vpc_id"] or None,
        )
        for part in given["parts"]
    )
    return look.Pair(given["name"], tuple(given["instance_ids"]), tuple(parts))


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC)

    def job() -> dict[str, Any]:
        ec2 = Ec2(caller(module))
        seen = look.look(ec2, [_pair(given) for given in module.params["pairs"]])
        return {"changed": False, "pairs": seen, "api_calls": dict(ec2.aws.calls)}

    run(module, job)


if __name__ == "__main__":
    main()
