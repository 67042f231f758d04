#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reach: the routes and authorisation rules of a Client VPN endpoint."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_vpn_route
short_description: Let the clients of a Client VPN endpoint reach an overlay IP
version_added: 1.1.0
description:
  - Makes and removes what a Client VPN endpoint needs for an overlay IP, which lies outside of the VPC that it knows by
    itself. That is a route by B(each) of its associated subnets, and an authorization rule.
  - A route by one subnet alone works for the clients that happen to come in there, and is why others find the address
    only now and then.
  - A move of the overlay IP changes nothing here. It happens in the route tables of the associated subnets, which are
    clients like all others of the VPC.
  - Routes and rules of an endpoint have no tags. What this module makes has O(description), and only that is removed
    again. A route or rule that somebody else made is taken as good, and left alone.
  - With a split tunnel, B(every change of the routes makes all clients connect again). Where everything is as it should
    be, nothing is changed.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  client_vpn_endpoint_id:
    description:
      - The Client VPN endpoint. It is associated with subnets of the nodes' VPC, or of one from which the overlay IP is
        reached by a transit gateway.
      - An endpoint that is itself attached to a transit gateway has no such subnets. There, use
        M(aws_ha.overlay_ip.transit_gateway_route).
    type: str
    required: true
  destinations:
    description:
      - The overlay IPs, or prefixes that hold them. A bare address means /32 or /128, a prefix must have no host bits
        set.
    type: list
    elements: str
    required: true
  subnet_ids:
    description:
      - Associated subnets. Without this option, all of them.
      - With O(state=absent), only the routes by these are removed.
    type: list
    elements: str
  access_group_ids:
    description:
      - The groups of clients that may reach O(destinations), by their ids in Active Directory or at the SAML provider.
        Without this option, all clients may.
      - Of several authorization rules that cover an address, those with the longest prefix decide. A rule for these
        groups shuts out clients whom a rule for a wider prefix lets in.
      - With O(state=absent), only the rules for these groups are removed.
    type: list
    elements: str
  description:
    description:
      - The description of what the module makes, by which it knows it again. Give one of its own to each of several
        inventories that use the same O(destinations) on one endpoint.
    type: str
    default: aws_ha.overlay_ip
  state:
    description:
      - V(present) makes what is missing, and removes what it has made for O(destinations) and is no longer asked for,
        such as the rule for a group that is not named any more.
      - V(absent) removes what it has made.
    type: str
    choices: [present, absent]
    default: present
  wait_timeout:
    description:
      - Seconds to wait until routes and rules are active, or gone. AWS takes a minute or more for each, and several
        where many changes are under way.
    type: int
    default: 600
  verify_permissions:
    description:
      - Prove by DryRun, before the first write, that the caller may make each of the calls. In check mode this is all
        that the module sends besides reads.
    type: bool
    default: false
notes:
  - It needs botocore, and the permissions of O(aws_ha.overlay_ip.overlay_iam_policy#module:purpose=reach).
  - The nodes see an address of the associated subnet as the source. Let that subnet, or the security group of the
    endpoint, into their security groups. M(aws_ha.overlay_ip.overlay_path_info) tells whether it is.
seealso:
  - module: aws_ha.overlay_ip.overlay_path_info
  - module: aws_ha.overlay_ip.transit_gateway_route
  - name: Client VPN routes
    description: Routes by each associated subnet, and what a split tunnel means.
    link: https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html
  - name: Client VPN authorization rules
    description: The longest prefix decides.
    link: https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html
"""

EXAMPLES = r"""
- name: Let all clients of the endpoint reach the overlay IP
  aws_ha.overlay_ip.client_vpn_route:
    region: eu-central-1
    client_vpn_endpoint_id: cvpn-endpoint-0123456789abcdef0
    destinations: [192.168.10.15]

- name: Let two groups of them reach all overlay IPs
  aws_ha.overlay_ip.client_vpn_route:
    region: eu-central-1
    client_vpn_endpoint_id: cvpn-endpoint-0123456789abcdef0
    destinations: [192.168.10.0/24]
    access_group_ids: [S-1-5-21-1111111111-2222222222-3333333333-1001, S-1-5-21-1111111111-2222222222-3333333333-1002]

- name: Remove the routes and the rules again
  aws_ha.overlay_ip.client_vpn_route:
    region: eu-central-1
    client_vpn_endpoint_id: cvpn-endpoint-0123456789abcdef0
    destinations: [192.168.10.15]
    state: absent
"""

RETURN = r"""
client_vpn_endpoint_id:
  description: The endpoint.
  returned: when it was read
  type: str
subnet_ids:
  description: The subnets that it is associated with.
  returned: when it was read
  type: list
  elements: str
routes:
  description:
    - One entry per destination and subnet. A partial failure returns the same list.
    - It is empty where the module refused before it had a plan.
  returned: always
  type: list
  elements: dict
  contains:
    subnet_id:
      description: The subnet by which the route leads.
      type: str
    destination:
      description: The destination, in canonical form.
      type: str
    action:
      description:
        - What was planned, one of C(create), C(replace), C(delete), C(none) and C(kept).
        - C(replace) deletes and makes anew what has failed. C(kept) is what somebody else made and was not asked for.
      type: str
    before:
      description: The route that was there, or null. It has C(state), C(description) and C(origin).
      type: dict
    after:
      description: The same as read back at the end; in check mode, as it would be.
      type: dict
    error:
      description: Code and message where the route is not as it was asked for, else null.
      type: dict
authorization_rules:
  description:
    - One entry per destination and group of clients, like RV(routes).
  returned: always
  type: list
  elements: dict
  contains:
    access_group_id:
      description: The group of clients. Null for all clients.
      type: str
    destination:
      description: The destination, in canonical form.
      type: str
    action:
      description: As with RV(routes[].action).
      type: str
    before:
      description: The rule that was there, or null.
      type: dict
    after:
      description: The same as read back at the end; in check mode, as it would be.
      type: dict
    error:
      description: Code and message where the rule is not as it was asked for, else null.
      type: dict
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
  sample: {"DescribeClientVpnRoutes": 2, "CreateClientVpnRoute": 2}
"""

from typing import Any

from ..module_utils._aws.errors import AwsError
from ..module_utils._base import net
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._reach import client_vpn_job
from ..module_utils._reach.client_vpn import MARK, Want
from ..module_utils._reach.client_vpn_ec2 import ClientVpns
from ..module_utils._route.job import JobError
from ..module_utils._route.plan import PlanError

SPEC: dict[str, dict[str, Any]] = {
    "client_vpn_endpoint_id": {"type": "str", "required": True},
    "destinations": {"type": "list", "elements": "str", "required": True},
    "subnet_ids": {"type": "list", "elements": "str"},
    "access_group_ids": {"type": "list", "elements": "str"},
    "description": {"type": "str", "default": MARK},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "wait_timeout": {"type": "int", "default": 600},
    "verify_permissions": {"type": "bool", "default": False},
}


def request(params: dict[str, Any], check: bool) -> client_vpn_job.Request:
    """The options, canonical; empty strings and lists count as absent."""
    endpoint_id = params["client_vpn_endpoint_id"].strip()
    if not endpoint_id.startswith("cvpn-endpoint-"):
        raise Refusal(
            f"client_vpn_endpoint_id is '{endpoint_id}', not the id of a Client VPN endpoint: such an id is"
            " cvpn-endpoint-0123456789abcdef0."
        )
    want = Want(
        endpoint_id,
        tuple(dict.fromkeys(net.destination(d) for d in params["destinations"])),
        tuple(dict.fromkeys(filter(None, params["subnet_ids"] or ()))),
        tuple(dict.fromkeys(filter(None, params["access_group_ids"] or ()))),
        params["state"],
        params["description"],
    )
    for name, given in (("destinations", want.destinations), ("description", want.description)):
        if not given:
            raise Refusal(f"{name} is empty: {'name at least one' if name == 'destinations' else 'leave it out'}.")
    return client_vpn_job.Request(want, params["wait_timeout"], params["verify_permissions"], check)


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC, sdk="to call Client VPN endpoints")

    def job() -> dict[str, Any]:
        try:
            return client_vpn_job.run(ClientVpns(caller(module)), request(module.params, module.check_mode))
        except JobError as err:
            raise Refusal(str(err), **err.result) from err
        except PlanError as err:
            raise Refusal(str(err), changed=False, routes=[], authorization_rules=[]) from err
        except AwsError as err:  # before the first write: what fails later is told per item
            error = {"code": err.code, "operation": err.operation}
            raise Refusal(err.message, changed=False, routes=[], authorization_rules=[], error=error) from err

    run(module, job)


if __name__ == "__main__":
    main()
