#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 4: the permission."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_iam_policy
short_description: Write the least-privilege policy for an overlay IP, or show it
version_added: 1.0.0
description:
  - Makes a policy document from the real route tables and interfaces, and keeps it on a role.
  - The ARNs are complete. They name the partition of the region and the account that owns the table or interface, which
    in a shared VPC is not the account of the role.
  - IAM has no condition key for the destination of a route. Who may move an overlay IP in a route table may replace
    every route of that table. For that reason the tables are named one by one.
  - Documents are compared by meaning. Another order or spelling is no change.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  role_name:
    description:
      - The role that gets the policy.
    type: str
  instance_id:
    description:
      - An instance. The role of its instance profile gets the policy, unless O(role_name) names another.
      - With O(purpose=node) its VPC is the one meant where no route table and no VPC is named.
    type: str
  policy_name:
    description:
      - Name of the policy.
    type: str
    default: overlay-ip
  purpose:
    description:
      - V(node) lets a node move the route by itself. It may read route tables and replace routes, no more.
      - V(operator) is for who runs setup, switchover, status and teardown.
      - V(status) is for who only looks.
      - V(routes) is for the role of a shared VPC's owner that operators assume. The one that nodes assume gets V(node).
      - V(reach) is for who writes the static routes of a transit gateway, keeps load balancers in front of overlay IPs
        and the routes of Client VPN endpoints, and looks at the paths through them. It was added in version 1.1.0.
      - V(entries) is for who adds addresses to managed prefix lists (M(aws_ha.overlay_ip.overlay_prefix_list)), and has
        no right on any route table. It was added in version 1.1.0.
    type: str
    choices: [node, operator, status, routes, reach, entries]
    default: node
  route_table_ids:
    description:
      - The route tables that hold the overlay IP.
      - Where neither this nor O(vpc_id) is set, every table that serves a subnet of the VPC of O(instance_id), or of
        O(network_interface_ids) with O(purpose=operator).
      - With O(purpose=reach) and a transit gateway, the tables that get the routes back to the clients. Without it,
        those that serve the subnets of O(network_interface_ids), or else every table of O(vpc_id) that the caller sees.
    type: list
    elements: str
  vpc_id:
    description:
      - In place of O(route_table_ids), every table that serves a subnet of this VPC, the main one included.
    type: str
  scope:
    description:
      - With O(purpose=node), which tables the node may write.
      - V(tables) names the tables, and lets it replace the route there. A table that is made later waits for the next
        run of setup.
      - V(vpc) lets it create and replace routes in every table of the VPC, by the condition key C(ec2:Vpc), so that the
        node's program adds the route to a new table by itself. No key names a destination, so that whoever has the
        node can redirect any route of the VPC.
    type: str
    choices: [tables, vpc]
    default: tables
    version_added: 1.1.0
  see_interfaces:
    description:
      - With O(purpose=node), also let the node look at network interfaces, so that its program tells when the
        source/destination check was switched on again. EC2 narrows that to no interface, only to the region.
    type: bool
    default: false
    version_added: 1.1.0
  route_role_arn:
    description:
      - For a shared VPC. The role in the account that owns the route tables, which reads and writes them.
      - With O(purpose=node) and O(purpose=operator), the document then allows to assume this role, in place of calls on
        route tables. The role itself gets the document of O(purpose=node) or O(purpose=routes).
      - With O(purpose=reach), the role in the account that owns the transit gateway. It gets the document of
        O(purpose=reach), made without this option.
    type: str
  trusted_arns:
    description:
      - For a shared VPC. The roles or users of the cluster's account that may assume the role of the owner. The module
        returns the trust policy that the role needs (RV(trust_policy)), and does not write it.
    type: list
    elements: str
  network_interface_ids:
    description:
      - The interfaces that receive the overlay IP. Required with O(purpose=operator), unless O(state=absent), and with
        O(load_balancer_names). With O(purpose=reach) and a transit gateway, their subnets' tables get the routes back.
    type: list
    elements: str
  transit_gateway_route_table_ids:
    description:
      - With O(purpose=reach), the transit gateway route tables that hold the overlay IP.
    type: list
    elements: str
    version_added: 1.1.0
  transit_gateway_attachment_id:
    description:
      - With O(purpose=reach), the attachment of the nodes' VPC. Without it, those of O(vpc_id).
    type: str
    version_added: 1.1.0
  prefix_list_ids:
    description:
      - With O(purpose=reach), the prefix lists that the transit gateway route tables may refer to.
      - With O(purpose=operator), O(purpose=routes), O(purpose=status) and O(purpose=entries), the managed prefix lists
        by which overlay IPs are routed. To move such a route, nothing is needed for the list.
    type: list
    elements: str
    version_added: 1.1.0
  load_balancer_names:
    description:
      - With O(purpose=reach), the load balancers that M(aws_ha.overlay_ip.overlay_load_balancer) keeps, in place of or
        besides the transit gateway. It needs O(network_interface_ids), the interfaces of the nodes, too.
    type: list
    elements: str
    version_added: 1.1.0
  client_vpn_endpoint_ids:
    description:
      - With O(purpose=reach), the Client VPN endpoints whose routes and authorization rules
        M(aws_ha.overlay_ip.client_vpn_route) keeps, in place of or besides the transit gateway. The subnets that they
        are associated with are looked up.
    type: list
    elements: str
    version_added: 1.1.0
  node_roles:
    description:
      - With O(purpose=operator), the roles of the nodes, as names (with their path, if they have one) or ARNs. The
        operator may then keep the nodes' policies on these roles.
      - Who may write the policy of a role can give it anything. Without this option the operator gets no permission in
        IAM, and somebody else keeps the nodes' policies. See O(node_boundary_arn).
    type: list
    elements: str
  node_instance_profiles:
    description:
      - With O(purpose=operator), the nodes' instance profiles, as names or ARNs, so that O(instance_id) works.
    type: list
    elements: str
  node_policies:
    description:
      - With O(purpose=operator), the nodes' managed policies, as names or ARNs, where setup shall keep such
        (O(managed=true)). Without this option O(node_roles) allows inline policies.
    type: list
    elements: str
  node_boundary_arn:
    description:
      - With O(node_roles), a permissions boundary. The operator may write the policy of a role only while the role
        carries this boundary.
    type: str
  managed:
    description:
      - Keep a managed policy and attach it, in place of an inline one. It has room for 6,144 characters of its own,
        where the inline policies of a role share 10,240.
      - The older versions are kept until there are five. Then the oldest makes room.
      - A change of this option leaves the policy of the other kind. Remove that first, with O(state=absent).
    type: bool
    default: false
  state:
    description:
      - V(present) keeps the policy on the role.
      - V(absent) removes it. A managed policy that somebody else still has is only detached.
      - V(rendered) returns the document and makes no IAM call, for people who hand IAM to another team.
    type: str
    choices: [present, absent, rendered]
    default: present
seealso:
  - module: aws_ha.overlay_ip.overlay_route
  - name: Actions, resources and condition keys of EC2
    description: What a policy can name.
    link: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

EXAMPLES = r"""
- name: Let a node move the route by itself
  aws_ha.overlay_ip.overlay_iam_policy:
    region: eu-central-1
    instance_id: i-0aaa1111bbb22222c
    route_table_ids: [rtb-0a1b2c3d4e5f60718, rtb-0b1b2c3d4e5f60718]

- name: Show what the operators need, for the team that keeps IAM
  aws_ha.overlay_ip.overlay_iam_policy:
    region: eu-central-1
    purpose: operator
    state: rendered
    vpc_id: vpc-0123456789abcdef0
    network_interface_ids: [eni-0ddd1111eee22222f, eni-0eee1111eee22222f]
  register: operator

- name: Let a node of a shared VPC become the role that moves the routes
  aws_ha.overlay_ip.overlay_iam_policy:
    region: eu-central-1
    role_name: sap-node
    route_role_arn: arn:aws:iam::222222222222:role/overlay-ip-routes

- name: Show both policies of the role that the owner's account provides for this
  aws_ha.overlay_ip.overlay_iam_policy:
    region: eu-central-1
    profile: network-account
    state: rendered
    vpc_id: vpc-0123456789abcdef0
    trusted_arns: ["arn:aws:iam::111111111111:role/sap-node"]

- name: Take the permission away
  aws_ha.overlay_ip.overlay_iam_policy:
    region: eu-central-1
    instance_id: i-0aaa1111bbb22222c
    state: absent
"""

RETURN = r"""
policy:
  description: The document, or null with O(state=absent).
  returned: always
  type: dict
  sample:
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Action: ec2:DescribeRouteTables
        Resource: "*"
        Condition: {StringEquals: {"ec2:Region": eu-central-1}}
      - Effect: Allow
        Action: ec2:ReplaceRoute
        Resource: arn:aws:ec2:eu-central-1:111111111111:route-table/rtb-0a1b2c3d4e5f60718
        Condition: {ArnEquals: {"ec2:Vpc": "arn:aws:ec2:eu-central-1:111111111111:vpc/vpc-0123456789abcdef0"}}
trust_policy:
  description: With O(trusted_arns), the trust policy for the role. Otherwise null.
  returned: always
  type: dict
role_name:
  description: The role, or null where none was given or there is none any more.
  returned: always
  type: str
policy_name:
  description: Name of the policy.
  returned: always
  type: str
policy_arn:
  description: ARN of the managed policy. Null for an inline one, which has none.
  returned: always
  type: str
actions:
  description: The writing calls that were made, in order. In check mode, those that would be.
  returned: always
  type: list
  elements: str
  sample: [CreatePolicy, AttachRolePolicy]
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
"""

from typing import Any

from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._policy import grant
from ..module_utils._policy.document import PolicyError
from ..module_utils._route.ec2 import Ec2

PURPOSES = ["node", "operator", "status", "routes", "reach", "entries"]
SPEC: dict[str, dict[str, Any]] = {
    "role_name": {"type": "str"},
    "instance_id": {"type": "str"},
    "policy_name": {"type": "str", "default": "overlay-ip"},
    "purpose": {"type": "str", "choices": PURPOSES, "default": "node"},
    "route_table_ids": {"type": "list", "elements": "str"},
    "vpc_id": {"type": "str"},
    "scope": {"type": "str", "choices": ["tables", "vpc"], "default": "tables"},
    "see_interfaces": {"type": "bool", "default": False},
    "route_role_arn": {"type": "str"},
    "trusted_arns": {"type": "list", "elements": "str"},
    "network_interface_ids": {"type": "list", "elements": "str"},
    "transit_gateway_route_table_ids": {"type": "list", "elements": "str"},
    "transit_gateway_attachment_id": {"type": "str"},
    "prefix_list_ids": {"type": "list", "elements": "str"},
    "load_balancer_names": {"type": "list", "elements": "str"},
    "client_vpn_endpoint_ids": {"type": "list", "elements": "str"},
    "node_roles": {"type": "list", "elements": "str"},
    "node_instance_profiles": {"type": "list", "elements": "str"},
    "node_policies": {"type": "list", "elements": "str"},
    "node_boundary_arn": {"type": "str"},
    "managed": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent", "rendered"], "default": "present"},
}


def request(params: dict[str, Any], check: bool) -> grant.Request:
    """The options; empty strings and lists count as absent, repeats as one."""
    chosen = {name: params[name] for name in SPEC if params[name] not in (None, "", [])}
    lists = {name: tuple(dict.fromkeys(value)) for name, value in chosen.items() if isinstance(value, list)}
    return grant.Request(check=check, **{**chosen, **lists})


def main() -> None:
    """Run the module."""
    module = aws_module(
        SPEC,
        sdk="to call IAM",
        mutually_exclusive=[("route_table_ids", "vpc_id", "route_role_arn")],
        required_if=[("state", state, ("role_name", "instance_id"), True) for state in ("present", "absent")],
        required_by={"node_boundary_arn": "node_roles"},
    )

    def job() -> dict[str, Any]:
        try:
            return grant.run(Ec2(caller(module)), request(module.params, module.check_mode))
        except PolicyError as err:
            raise Refusal(str(err)) from err

    run(module, job)


if __name__ == "__main__":
    main()
