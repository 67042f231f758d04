#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 1, read only: who holds the overlay IP."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_route_info
short_description: Tell who holds an overlay IP in which route table, what is wrong, and how to mend it
version_added: 1.0.0
description:
  - Reads the route tables of a VPC and what surrounds them, and judges each overlay IP by the same rules that
    M(aws_ha.overlay_ip.overlay_route) applies before it moves one.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  destinations:
    description:
      - The overlay IPs, or managed prefix lists by id (since 1.1.0).
      - Without this option, every static route to an interface whose destination lies outside the VPC's CIDRs.
    type: list
    elements: str
  addresses:
    description:
      - Single addresses that managed prefix lists in O(destinations) are to carry. A route of such an address is beside
        the list (RV(overlays[].beside)) although it is no entry of it yet.
    type: list
    elements: str
    version_added: 1.1.0
  route_table_ids:
    description:
      - The tables that should carry the overlay IPs.
      - Without this option, every table that serves a subnet of the VPC, the main one included.
    type: list
    elements: str
  vpc_id:
    description:
      - The VPC.
    type: str
  instance_ids:
    description:
      - The nodes. They are judged too, each as a holder or as the one that may have to take over.
      - Without O(vpc_id), the VPC of the first one is read.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Look at every overlay IP of a VPC
  aws_ha.overlay_ip.overlay_route_info:
    region: eu-central-1
    vpc_id: vpc-0123456789abcdef0
  register: seen

- name: Tell what is wrong
  ansible.builtin.debug:
    msg: "{{ item.message }} {{ item.remedy }}"
  loop: "{{ seen.overlays | map(attribute='findings') | flatten }}"
"""

RETURN = r"""
overlays:
  description: One entry per overlay IP.
  returned: always
  type: list
  elements: dict
  contains:
    destination:
      description: The overlay IP as EC2 stores it, or the id of the list.
      type: str
    prefix_list:
      description:
        - Of a managed prefix list C(prefix_list_id), C(name), C(address_family), C(max_entries) (it counts for so many
          routes of a table), C(version), C(state), C(owner_id) and C(entries), each with C(cidr) and C(description).
        - Null for what is no list, and for a list that does not exist or may not be looked at.
      type: dict
      version_added: 1.1.0
    vpc_id:
      description: The VPC of the route tables, or null where there is none.
      type: str
      version_added: 1.1.0
    consistent:
      description: Whether all tables send it to one and the same interface, or none has it.
      type: bool
    holder:
      description: Interface and instance that all tables point at, or null.
      type: dict
    routes:
      description: Per table, interface, instance and state; the state is null where the table has no such route.
      type: list
      elements: dict
    others:
      description: The same for routes to it in other tables of the VPC, which were not asked about.
      type: list
      elements: dict
      version_added: 1.1.0
    beside:
      description:
        - The routes of the same tables, made by CreateRoute, whose networks overlap it, with C(route_table_id),
          C(destination) and, as in RV(overlays[].routes), where each leads. The longest prefix wins.
      type: list
      elements: dict
      version_added: 1.1.0
    uncovered_subnets:
      description: Subnets from which it cannot be reached, since their table has no route to it.
      type: list
      elements: str
    findings:
      description: What is wrong, errors first. Each has id, severity (error, warning, info), message and remedy.
      type: list
      elements: dict
network:
  description: Where everything lies, of what was read for RV(overlays) anyway.
  returned: always
  type: dict
  version_added: 1.1.0
  contains:
    vpc_id:
      description: The VPC.
      type: str
    cidrs:
      description: Its networks.
      type: list
      elements: str
    tables:
      description: Its route tables that can carry an overlay IP, with C(route_table_id), C(main) and C(asked), whether
        it is one of those that shall.
      type: list
      elements: dict
    subnets:
      description: Its subnets, with C(subnet_id), C(cidr), C(zone), C(zone_id) and the C(route_table_id) that serves
        it; none where they may not be read.
      type: list
      elements: dict
    instances:
      description:
        - The instances of O(instance_ids), with C(instance_id), C(state) and C(interfaces), each with
          C(network_interface_id), C(device_index), C(subnet_id), C(private_ip) and C(source_dest_check).
      type: list
      elements: dict
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
"""

from typing import Any

from ..module_utils._base import net
from ..module_utils._module.aws_module import aws_module, caller, run
from ..module_utils._route import info
from ..module_utils._route.ec2 import Ec2

SPEC: dict[str, dict[str, Any]] = {
    "destinations": {"type": "list", "elements": "str"},
    "addresses": {"type": "list", "elements": "str"},
    "route_table_ids": {"type": "list", "elements": "str"},
    "vpc_id": {"type": "str"},
    "instance_ids": {"type": "list", "elements": "str"},
}


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC, required_one_of=[("route_table_ids", "vpc_id", "instance_ids")])

    def job() -> dict[str, Any]:
        params = module.params
        ec2 = Ec2(caller(module))
        found, network = info.overlays(
            ec2,
            [net.routed(d) for d in params["destinations"] or ()],
            params["route_table_ids"] or (),
            params["vpc_id"],
            params["instance_ids"] or (),
            [net.host(address) for address in params["addresses"] or ()],
        )
        return {"changed": False, "overlays": found, "network": network, "api_calls": dict(ec2.aws.calls)}

    run(module, job)


if __name__ == "__main__":
    main()
