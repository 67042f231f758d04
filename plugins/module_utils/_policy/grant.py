# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request for a policy from start to end: look up, render, read, plan, apply, and tell.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._reach import balancer, client_vpn
from .._reach.client_vpn_ec2 import ClientVpns
from .._reach.ec2 import TransitGateways
from .._route import plan
from .._route.ec2 import Ec2
from .._route.facts import Instance
from . import document as policy_document
from . import iam
from .document import Ec2Ref, PolicyError


@dataclass(frozen=True)
class Request:
    """The options of ``overlay_iam_policy``; ``check``: change nothing, only foretell."""

    role_name: str | None = None
    instance_id: str | None = None
    policy_name: str = "overlay-ip"
    purpose: str = "node"
    route_table_ids: tuple[str, ...] = ()
    vpc_id: str | None = None
    scope: str = "tables"
    see_interfaces: bool = False
    route_role_arn: str = ""
    trusted_arns: tuple[str, ...] = ()
    network_interface_ids: tuple[str, ...] = ()
    transit_gateway_route_table_ids: tuple[str, ...] = ()
    transit_gateway_attachment_id: str = ""
    prefix_list_ids: tuple[str, ...] = ()
    load_balancer_names: tuple[str, ...] = ()
    client_vpn_endpoint_ids: tuple[str, ...] = ()
    node_roles: tuple[str, ...] = ()
    node_instance_profiles: tuple[str, ...] = ()
    node_policies: tuple[str, ...] = ()
    node_boundary_arn: str = ""
    managed: bool = False
    state: str = "present"
    check: bool = False


def run(ec2: Ec2, request: Request) -> dict[str, Any]:
    """Do it. Returns what ``overlay_iam_policy`` returns; raises PolicyError or AwsError."""
    instance = ec2.instances([request.instance_id])[0] if request.instance_id else None
    want = None if request.state == "absent" else document(ec2, request, instance)
    role = change = None
    if request.state != "rendered":
        role = _holder(ec2, request, instance)
        change = iam.change(ec2.aws, role, request.policy_name, want, request.managed) if role else None
        if not change and want:
            raise PolicyError(f"Role {request.role_name} does not exist: create it, or correct role_name.")
    steps = change.steps if change else []
    if not request.check:
        iam.apply(ec2.aws, steps)
    return {
        "changed": bool(steps),
        "policy": want,
        "role_name": role.name if role and change else request.role_name,
        "trust_policy": policy_document.trust(request.trusted_arns) if request.trusted_arns else None,
        "policy_name": request.policy_name,
        "policy_arn": change.policy_arn if change else None,
        "actions": [operation for operation, _params in steps],
        "api_calls": dict(ec2.aws.calls),
        "diff": {
            "before": {request.policy_name: change.before if change and change.attached else None},
            "after": {request.policy_name: want},
        },
    }


def document(ec2: Ec2, request: Request, instance: Instance | None) -> policy_document.Document:
    """The document that the request asks for. Tables and interfaces are looked up, since ARNs name their owners."""
    place = policy_document.Place(ec2.aws.partition, ec2.aws.region)
    _judge(request)
    if request.purpose == "status":
        return policy_document.status(place, request.prefix_list_ids)
    if request.purpose == "entries":
        if not request.prefix_list_ids:
            raise PolicyError("purpose=entries needs prefix_list_ids: name the managed prefix lists.")
        return policy_document.entries(place, request.prefix_list_ids)
    route_role = request.route_role_arn and policy_document.checked_arn(
        request.route_role_arn, "role", "route_role_arn"
    )
    if request.purpose == "reach":
        return _reach(ec2, place, request, route_role)
    vpc_id = request.vpc_id or (instance.vpc_id if instance else None)
    if request.purpose == "routes":
        return policy_document.routes(place, _tables(ec2, request, vpc_id), request.prefix_list_ids)
    if request.purpose == "node":
        tables = () if route_role else _tables(ec2, request, vpc_id)
        whole_vpc, sees = request.scope == "vpc", request.see_interfaces
        return policy_document.node(place, tables, route_role, whole_vpc=whole_vpc, see_interfaces=sees)
    if not request.network_interface_ids:
        raise PolicyError("network_interface_ids is missing: name the interfaces that receive the overlay IP.")
    found = ec2.interfaces(request.network_interface_ids)
    interfaces = [Ec2Ref(i.network_interface_id, i.owner_id, i.vpc_id) for i in found]
    tables = () if route_role else _tables(ec2, request, request.vpc_id or interfaces[0].vpc_id)
    setup, lists = _setup(place, interfaces[0].account, request), request.prefix_list_ids
    return policy_document.operator(place, tables, interfaces, setup, route_role, lists)


def _judge(request: Request) -> None:
    """Refuse what stands for more than one thing, whether it goes into an ARN or is looked up. Raises PolicyError."""
    for kind, option, given in (
        ("rtb", "route_table_ids", request.route_table_ids),
        ("vpc", "vpc_id", (request.vpc_id,)),
        ("eni", "network_interface_ids", request.network_interface_ids),
        ("tgw-rtb", "transit_gateway_route_table_ids", request.transit_gateway_route_table_ids),
        ("tgw-attach", "transit_gateway_attachment_id", (request.transit_gateway_attachment_id,)),
        ("pl", "prefix_list_ids", request.prefix_list_ids),
        ("cvpn-endpoint", "client_vpn_endpoint_ids", request.client_vpn_endpoint_ids),
    ):
        policy_document.checked_ids(kind, [one for one in given if one], option)
    for name in request.load_balancer_names:
        if told := balancer.misnamed(name):
            raise PolicyError(f"load_balancer_names has '{name}': {told}.")


def _reach(ec2: Ec2, place: policy_document.Place, request: Request, role: str) -> policy_document.Document:
    """The attachment tells the account that owns the transit gateway, and so its tables."""
    balancers = _balancers(ec2, request) if request.load_balancer_names else None
    vpns = _client_vpns(ec2, request) if request.client_vpn_endpoint_ids else None
    tables, attachment = request.transit_gateway_route_table_ids, request.transit_gateway_attachment_id
    if role or ((balancers or vpns) and not tables):
        back = _back(ec2, request) if role else ()
        return policy_document.reach(place, "", (), (), role, balancers, vpns=vpns, back=back)
    if not tables or not (attachment or request.vpc_id):
        raise PolicyError(
            "purpose=reach needs transit_gateway_route_table_ids, and vpc_id or transit_gateway_attachment_id: name the"
            " clients' tables and the nodes' VPC; or load_balancer_names, or client_vpn_endpoint_ids."
        )
    found = TransitGateways(ec2.aws).attachments(attachment, request.vpc_id)
    if not found:
        raise PolicyError(
            f"{request.vpc_id} is attached to no transit gateway that this caller can see: correct vpc_id, or give"
            " transit_gateway_attachment_id."
        )
    owners = {raw["TransitGatewayOwnerId"] for raw in found}
    if len(owners) > 1:
        raise PolicyError(
            f"{request.vpc_id} is attached to transit gateways of the accounts {', '.join(sorted(owners))}: name the"
            " attachment in transit_gateway_attachment_id."
        )
    chosen = [raw["TransitGatewayAttachmentId"] for raw in found]
    lists, back = request.prefix_list_ids, _back(ec2, request)
    return policy_document.reach(
        place, owners.pop(), tables, chosen, balancers=balancers, lists=lists, vpns=vpns, back=back
    )


def _back(ec2: Ec2, request: Request) -> tuple[Ec2Ref, ...]:
    """The tables that get the routes back to the clients: as named, those of the nodes' subnets, or all of the VPC."""
    if request.route_table_ids:
        tables = ec2.tables(request.route_table_ids)
    elif request.network_interface_ids:
        subnets = {(i.vpc_id, i.subnet_id) for i in ec2.interfaces(request.network_interface_ids)}
        every = ec2.tables_of(sorted({vpc_id for vpc_id, _subnet in subnets}))
        apart = {(t.vpc_id, subnet_id) for t in every for subnet_id in t.subnet_ids}
        left = {vpc_id for vpc_id, _subnet in subnets - apart}
        tables = [t for t in every if subnets & {(t.vpc_id, s) for s in t.subnet_ids} or (t.main and t.vpc_id in left)]
    else:  # the owner of the gateway does not see the tables of another account's VPC, nor write them
        tables = plan.serving(ec2.tables_of([request.vpc_id])) if request.vpc_id else []
    return tuple(Ec2Ref(t.route_table_id, t.owner_id, t.vpc_id) for t in tables)


def _balancers(ec2: Ec2, request: Request) -> policy_document.Balancers:
    """The nodes' interfaces tell the account of the load balancers."""
    if not request.network_interface_ids:
        raise PolicyError(
            "load_balancer_names needs network_interface_ids: name the interfaces that receive the overlay IP."
        )
    found = ec2.interfaces(request.network_interface_ids)
    refs = [Ec2Ref(i.network_interface_id, i.owner_id, i.vpc_id) for i in found]
    return policy_document.Balancers(request.load_balancer_names, refs)


def _client_vpns(ec2: Ec2, request: Request) -> policy_document.ClientVpns:
    """The endpoints tell their subnets, and these the account: an endpoint and its subnets are of one."""
    found = {
        one.subnet_id: None
        for endpoint_id in request.client_vpn_endpoint_ids
        for one in client_vpn.there(ClientVpns(ec2.aws).networks(endpoint_id))
    }
    if not found:
        raise PolicyError(
            f"{', '.join(request.client_vpn_endpoint_ids)} is associated with no subnet: associate it with those in the"
            " VPC, since a route is judged on its subnet."
        )
    raws = ec2.aws.call("ec2", "DescribeSubnets", SubnetIds=list(found))["Subnets"]
    return policy_document.ClientVpns(raws[0]["OwnerId"], request.client_vpn_endpoint_ids, tuple(found))


def _tables(ec2: Ec2, request: Request, vpc_id: str | None) -> tuple[Ec2Ref, ...]:
    """The tables named, else all that serve a subnet of the VPC."""
    if request.route_table_ids:
        tables = ec2.tables(request.route_table_ids)
    elif vpc_id:
        tables = plan.serving(ec2.tables(vpc_id=vpc_id))
    else:
        raise PolicyError(
            "The route tables are missing: set route_table_ids, vpc_id or instance_id, or, in a shared VPC,"
            " route_role_arn."
        )
    return tuple(Ec2Ref(t.route_table_id, t.owner_id, t.vpc_id) for t in tables)


def _setup(place: policy_document.Place, account: str, request: Request) -> policy_document.Setup:
    """What the operator may do in IAM; names belong to the account of the nodes' interfaces."""
    boundary = request.node_boundary_arn
    return policy_document.Setup(
        roles=[place.iam(account, "role", name, "node_roles") for name in request.node_roles],
        profiles=[
            place.iam(account, "instance-profile", name, "node_instance_profiles")
            for name in request.node_instance_profiles
        ],
        policies=[place.iam(account, "policy", name, "node_policies") for name in request.node_policies],
        boundary=boundary and policy_document.checked_arn(boundary, "policy", "node_boundary_arn"),
    )


def _holder(ec2: Ec2, request: Request, instance: Instance | None) -> iam.Role | None:
    """The role that gets the policy, or None where there is none. Its ARN is only asked for where it is needed."""
    if request.role_name:
        return iam.role(ec2.aws, request.role_name) if request.managed else iam.Role(request.role_name)
    if instance and instance.profile_arn:
        return iam.role_of_profile(ec2.aws, instance.profile_arn)
    if request.state == "absent":
        return None
    raise PolicyError(
        f"Instance {request.instance_id} has no instance profile, so there is no role to give the policy to: attach one"
        " (aws ec2 associate-iam-instance-profile), or name a role in role_name."
    )
