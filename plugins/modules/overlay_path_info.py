#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reach: a path that explains itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_path_info
short_description: Explain every hop from an address to an overlay IP, and back
version_added: 1.1.0
description:
  - Follows a packet from an address to an overlay IP, and its answer, through security groups, network ACLs, route
    tables and transit gateways, as far as EC2 can tell. Each hop names the rule that decides it.
  - Once for each node as the holder. The worst mistakes show only after the first failover, when the standby's zone has
    no attachment subnet or its route table lacks the way back.
  - Where the source is reached by a peering connection or a virtual private gateway, it says that neither can carry an
    overlay IP.
  - Reads only. The source may be an address in the nodes' VPC, in another VPC by transit gateway or peering, or behind
    a VPN or Direct Connect attachment; or it is a load balancer or a Client VPN endpoint. What lies in another account
    and cannot be seen is told as such.
  - For TCP. The answers go to the client's own ports. These are 32768 to 60999 of Linux, 49152 to 65535 of Windows, and
    1024 to 65535 of a load balancer, a NAT gateway, a function or Client VPN. Of a client whose system cannot be seen,
    those of Linux must be let back, and a warning tells where those of Windows are not.
  - What the caller is not permitted to look at is one warning C(not_seen) each. The rest is looked at. So are the
    subnets of an attachment in a shared VPC that are not shared with the caller's account.
  - Where a transit gateway leads to an attachment between, such as that of an inspection VPC, the table of that
    attachment decides whether the packet comes on from there. What is done with it there is told as not seen. So is
    what a firewall within a VPC does, to which a route leads.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
  - aws_ha.overlay_ip.interfaces
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  from:
    description:
      - The source, an address or a network such as 10.20.1.5 or 172.20.0.0/16.
      - A load balancer of O(address), as C(load_balancer:NAME). Then there are paths from each of its addresses.
      - A Client VPN endpoint, as C(client_vpn:cvpn-endpoint-0123456789abcdef0). Then there are paths from each of its
        associated subnets, whose addresses its clients have in the VPC.
    type: str
    required: true
  address:
    description:
      - The overlay IP, or several of the same nodes. What the paths to them share is read once.
    type: list
    elements: str
    required: true
  instance_ids:
    description:
      - The nodes. Each of them is looked at as the holder.
    type: list
    elements: str
    required: true
  device_index:
    description:
      - Which of the nodes' interfaces receives the overlay IP.
    type: int
    default: 0
  port:
    description:
      - The TCP port of the service. Without it, a filter that lets any port through is taken as good.
    type: int
  transit_gateway_attachment_id:
    description:
      - The attachment that the source's packets come in by. Without it, that of the source's VPC, or the one to which
        the transit gateway sends the answers. It must be named where two VPCs have the source's network.
    type: str
  transit_gateway_role_arns:
    description:
      - Roles in the accounts that own the transit gateways, for the calls on these. Each gateway is asked by the role
        of its owner's account, and by the next one where that may not. O(assume_role_arn) is for the route tables of a
        shared VPC.
    type: list
    elements: str
    default: []
    aliases: [transit_gateway_role_arn]
notes:
  - It needs botocore, and the permissions of O(aws_ha.overlay_ip.overlay_iam_policy#module:purpose=reach).
  - AWS's own Reachability Analyzer sees more kinds of hops, costs money per analysis, and knows nothing of a standby.
seealso:
  - module: aws_ha.overlay_ip.transit_gateway_route
  - name: Transit gateway attachments to a VPC
    description: Zones, network ACLs and appliance mode.
    link: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
"""

EXAMPLES = r"""
- name: Why does the application server not reach the database?
  aws_ha.overlay_ip.overlay_path_info:
    region: eu-central-1
    from: 10.20.1.5
    address: 192.168.10.15
    port: 30015
    instance_ids: [i-0aaa1111bbb22222c, i-0bbb1111bbb22222c]
  register: path

- name: Tell
  ansible.builtin.debug:
    var: path.lines
"""

RETURN = r"""
paths:
  description: One entry per node as the holder, per address of the source where it has several, and per overlay IP.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: From where. A load balancer and a Client VPN endpoint have several.
      type: str
    address:
      description: To which overlay IP.
      type: str
    holder:
      description: The node, by its Name tag or instance id.
      type: str
    attachment:
      description:
        - The kind of the attachment by which the source comes to a transit gateway, such as C(vpc), C(vpn) or
          C(direct-connect-gateway). Null where it does not come by one.
      type: str
    works:
      description: Whether no hop drops the packet or its answer, as far as that could be seen.
      type: bool
    side:
      description: On whose side the first fault is, one of C(nodes' VPC), C(transit gateway), C(Client VPN) and
        C(clients' side). Null where there is none, or where the source belongs to nothing known.
      type: str
    hops:
      description: Every hop in order. The way C(there) comes first, then the way C(back).
      type: list
      elements: dict
      contains:
        direction:
          description: C(there) or C(back).
          type: str
        side:
          description: Whose it is.
          type: str
        where:
          description: What decides, with its id.
          type: str
        rule:
          description: The rule that decides.
          type: str
        passes:
          description: Whether the packet goes on. Null where that could not be seen.
          type: bool
    findings:
      description: What is wrong and how to mend it, the first hop that drops first.
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
works:
  description: Whether it works whoever holds the overlay IP.
  returned: success
  type: bool
lines:
  description: All of it as a person reads it. The last line says whose side the fault is on.
  returned: success
  type: list
  elements: str
api_calls:
  description: How many calls of each API action were made.
  returned: success
  type: dict
"""

import ipaddress
from dataclasses import replace
from typing import Any

from ..module_utils._base import net
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._reach import client_vpn, elb, interfaces, look, look_vpc, path
from ..module_utils._reach.callers import callers
from ..module_utils._reach.client_vpn_ec2 import ClientVpns
from ..module_utils._reach.model import TRANSLATED, Tunnel
from ..module_utils._route.ec2 import Ec2
from ..module_utils._route.plan import PlanError

LOAD_BALANCER = "load_balancer"
CLIENT_VPN = "client_vpn"

SPEC: dict[str, dict[str, Any]] = {
    "from": {"type": "str", "required": True},
    "address": {"type": "list", "elements": "str", "required": True},
    "instance_ids": {"type": "list", "elements": "str", "required": True},
    "device_index": {"type": "int", "default": 0},
    "interfaces": {"type": "dict", "default": {}},
    "port": {"type": "int"},
    "transit_gateway_attachment_id": {"type": "str"},
    "transit_gateway_role_arns": {
        "type": "list",
        "elements": "str",
        "default": [],
        "aliases": ["transit_gateway_role_arn"],
    },
}


def request(params: dict[str, Any], *, mixed: bool = False) -> look.Request:
    """The options, canonical, of one overlay IP; empty strings count as absent. ``mixed``: of any families."""
    source, overlay = _network(params["from"]), net.destination(params["address"])
    if net.family(source) != net.family(overlay) and not mixed:
        raise Refusal(f"from is {source} and address is {overlay}: give both as IPv4, or both as IPv6.")
    if params["port"] is not None and not 0 < params["port"] < 65536:
        raise Refusal(f"port is {params['port']}: give one from 1 to 65535.")
    if not params["instance_ids"]:
        raise Refusal("instance_ids is empty: name the nodes.")
    return look.Request(
        source,
        overlay,
        tuple(dict.fromkeys(params["instance_ids"])),
        params["device_index"],
        params["port"],
        params["transit_gateway_attachment_id"] or "",
        interfaces=interfaces.named(params["interfaces"]),
    )


def sources(ec2: Ec2, params: dict[str, Any]) -> list[look.Request]:
    """What to look from: one source, or each address of a load balancer, or each subnet of a Client VPN endpoint."""
    kind, colon, name = params["from"].strip().partition(":")
    if colon and kind == CLIENT_VPN:
        return tunnels(ec2, params, name)
    if not colon or kind != LOAD_BALANCER:
        return [request(params)]
    if not name:
        raise Refusal(f"from is '{params['from']}', without a name: write {LOAD_BALANCER}:sap-ascs.")
    if net.family(params["address"]) == 6:
        raise Refusal(
            f"from is '{params['from']}' and address is {params['address']}: a load balancer leads to overlay IPs of"
            " IPv4 alone. Choose one of them."
        )
    found = elb.addresses(ec2, name)
    if not found:
        raise Refusal(f"Load balancer {name} has no address that this caller can see: run reach.yml, or correct from.")
    asked = [request({**params, "from": one}) for one in found]
    return [replace(one, called=f"{name} ({net.bare(one.source)})", ephemeral=TRANSLATED) for one in asked]


def tunnels(ec2: Ec2, params: dict[str, Any], endpoint_id: str) -> list[look.Request]:
    """From each subnet of a Client VPN endpoint: in the VPC, its clients have an address of that subnet.

    Client VPN administrator guide, "IPv6 considerations": IPv6 needs a block there, and is not translated.
    """
    if not endpoint_id.startswith("cvpn-endpoint-"):
        raise Refusal(
            f"from is '{params['from']}', without the id of an endpoint: write"
            f" {CLIENT_VPN}:cvpn-endpoint-0123456789abcdef0."
        )
    vpns = ClientVpns(ec2.aws)
    networks = client_vpn.there(vpns.networks(endpoint_id))
    if not networks:
        raise Refusal(f"{endpoint_id} is associated with no subnet: associate it with one in the VPC, or correct from.")
    held, overlay = list(vpns.items(endpoint_id).values()), net.destination(params["address"])
    raws = ec2.aws.call("ec2", "DescribeSubnets", SubnetIds=[one.subnet_id for one in networks])["Subnets"]
    family, rules = net.family(overlay), tuple(client_vpn.deciding(held, overlay))
    cidrs = {raw["SubnetId"]: look_vpc.block(raw, family) for raw in raws}
    asked = []
    for one in networks:
        lacks = "" if net.family(cidrs[one.subnet_id]) == family else f"IPv{family}"
        routes = tuple(client_vpn.deciding(held, overlay, one.subnet_id))
        asked.append(
            replace(
                request({**params, "from": cidrs[one.subnet_id]}, mixed=True),
                called=f"{endpoint_id} ({one.subnet_id})",
                tunnel=Tunnel(endpoint_id, one.subnet_id, rules, routes, lacks),
                group_ids=one.group_ids,
                ephemeral=TRANSLATED if family == 4 else None,  # IPv6 is not translated
            )
        )
    return asked


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_network(text.strip())
    except ValueError:
        raise Refusal(
            f"from is '{text}', which is no address and no network: write 10.20.1.5 or 10.20.0.0/16."
            f" (Or {LOAD_BALANCER}:NAME, or {CLIENT_VPN}:ID.)"
        ) from None
    where = "is the default route" if found.prefixlen == 0 else net.reserved(found)
    if where:
        raise Refusal(f"from is '{net.bare(str(found))}', which {where}: nobody comes from there. Correct from.")
    return str(found)


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC, sdk="to call transit gateways")

    def job() -> dict[str, Any]:
        params = module.params
        if not params["address"]:
            raise Refusal("address is empty: name at least one overlay IP.")
        roles = {role: caller(module, role=role) for role in params["transit_gateway_role_arns"] if role}
        asked = callers(caller(module), roles)
        try:
            addresses = dict.fromkeys(net.destination(one) for one in params["address"])
            wanted = [one for a in addresses for one in sources(asked.ec2, {**params, "address": a})]
            scenes = [look.scene(asked.ec2, asked.owners, one) for one in wanted]
        except PlanError as err:
            raise Refusal(str(err)) from err
        seen = [(scene, path.paths(scene)) for scene in scenes]
        found = [one for _scene, paths in seen for one in paths]
        return {
            "changed": False,
            "paths": found,
            "works": all(one["works"] for one in found),
            "lines": [line for scene, paths in seen for line in path.lines(scene, paths)],
            "api_calls": asked.calls,
        }

    run(module, job)


if __name__ == "__main__":
    main()
