# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least-privilege policies: documents, ARNs, comparison, size. Pure.

Which resource types and condition keys an action knows is AWS's service authorization reference (EC2, IAM, STS).
Two of its facts shape everything here:

* No key names a route's destination or target. Who may replace one route of a table may replace every route of it, so
  the tables' ARNs are the only fence, and ``*`` is never written where an ARN is possible.
* EC2's Describe actions know no resource: they stand alone, on ``*``, bound to the region.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

INLINE_LIMIT = 10_240  # characters without white space, of all inline policies of a role together
MANAGED_LIMIT = 6_144  # characters without white space, of one managed policy

_TABLES = "DescribeRouteTables"
_INTERFACES = "DescribeNetworkInterfaces"
_AROUND = ("DescribeInstances", _INTERFACES, "DescribeSubnets")
_PATHS = (
    "DescribeInstances",
    "DescribeNetworkAcls",
    _INTERFACES,
    _TABLES,
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTransitGatewayAttachments",
    "DescribeTransitGatewayRouteTables",
    "DescribeTransitGatewayVpcAttachments",
    "DescribeVpcPeeringConnections",
)
_BALANCING = ("DescribeAccountAttributes", "DescribeAddresses", "DescribeInternetGateways", "DescribeVpcs")
"""What Elastic Load Balancing asks EC2 in the caller's name, beyond `_PATHS` (its user guide, "API permissions")."""
_BALANCER_READ = (
    "DescribeListenerAttributes",
    "DescribeListeners",
    "DescribeLoadBalancers",
    "DescribeTags",
    "DescribeTargetGroupAttributes",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
)
_BALANCER_WRITE = {
    "listener/net/{}/*": ("AddTags", "DeleteListener", "ModifyListener", "ModifyListenerAttributes"),
    "loadbalancer/net/{}/*": (
        "AddTags",
        "CreateListener",
        "CreateLoadBalancer",
        "DeleteLoadBalancer",
        "SetSecurityGroups",
        "SetSubnets",
    ),
    "targetgroup/{}-*/*": (
        "AddTags",
        "CreateTargetGroup",
        "DeleteTargetGroup",
        "DeregisterTargets",
        "ModifyTargetGroup",
        "ModifyTargetGroupAttributes",
        "RegisterTargets",
    ),
}
_ROUTES = ("CreateRoute", "DeleteRoute", "ReplaceRoute")
_INLINE_READ = ("GetRolePolicy", "ListRolePolicies")
_INLINE_WRITE = ("DeleteRolePolicy", "PutRolePolicy")
_ATTACHED_READ = ("GetRole", "ListAttachedRolePolicies")
_ATTACHED_WRITE = ("AttachRolePolicy", "DetachRolePolicy")
_MANAGED = (
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "GetPolicy",
    "GetPolicyVersion",
    "ListPolicyVersions",
)
_ARN = re.compile(r"arn:[a-z-]+:iam::(?:\d{12}|aws):(?P<kind>[a-z-]+)/[\w+=,.@/-]+", re.ASCII)
_NAME = re.compile(r"/?(?:[\w+=,.@-]+/)*[\w+=,.@-]{1,128}", re.ASCII)


class PolicyError(ValueError):
    """Something that no policy can be made of. The text is a whole sentence with the remedy."""


@dataclass(frozen=True)
class Ec2Ref:
    """A route table or a network interface: its id, the account that *owns* it, and its VPC."""

    resource_id: str
    account: str
    vpc_id: str


@dataclass(frozen=True)
class Setup:
    """What the operator's setup may do with IAM: for these roles only, and by default nothing.

    ``policies`` are the managed policies that setup keeps; without them it writes inline ones. With ``boundary``, only
    a role that carries this permissions boundary can be given anything. All are ARNs.
    """

    roles: Sequence[str] = ()
    profiles: Sequence[str] = ()
    policies: Sequence[str] = ()
    boundary: str = ""


@dataclass(frozen=True)
class Balancers:
    """Load balancers by their names, and the nodes' interfaces, which are of the same account; at least one of each."""

    names: Sequence[str]
    interfaces: Sequence[Ec2Ref]


@dataclass(frozen=True)
class Place:
    """Where the documents apply: ARNs begin with the partition, and EC2's name the region."""

    partition: str
    region: str

    def ec2(self, account: str, kind: str, resource_id: str) -> str:
        """The ARN of an EC2 resource in this region."""
        return f"arn:{self.partition}:ec2:{self.region}:{account}:{kind}/{resource_id}"

    def iam(self, account: str, kind: str, name: str, option: str) -> str:
        """The ARN of a role, instance profile or policy that ``option`` gave by ARN or by name (with its path, if any).

        Raises:
            PolicyError: neither a name nor an ARN of that kind.
        """
        if name.startswith("arn:"):
            return checked_arn(name, kind, option)
        if not _NAME.fullmatch(name):
            raise PolicyError(f"{option}: '{name}' is neither a name of IAM nor an ARN: give the {kind}'s name or ARN.")
        return f"arn:{self.partition}:iam::{account}:{kind}/{name.lstrip('/')}"


def checked_arn(arn: str, kind: str, option: str) -> str:
    """Return ``arn`` if it is one of IAM and of this kind (role, policy, instance-profile), else raise PolicyError."""
    found = _ARN.fullmatch(arn)
    if not found or found["kind"] != kind:
        shape = f"arn:aws:iam::123456789012:{kind}/NAME"
        raise PolicyError(f"{option}: '{arn}' is not the ARN of a {kind}: such an ARN looks like {shape}.")
    return arn


def node(
    place: Place,
    tables: Sequence[Ec2Ref],
    route_role: str = "",
    *,
    whole_vpc: bool = False,
    see_interfaces: bool = False,
) -> Document:
    """What a node needs to move the route by itself: read the tables, replace in these tables, nothing else.

    With ``whole_vpc``, also create, in every table of the tables' VPC, so that a table that appears is served by
    itself: the fence is then the VPC alone, by the condition key that every action on a route table knows.

    With ``see_interfaces``, also look at network interfaces, so that it sees when its source/destination check is
    switched on. No action that describes can be narrowed to one resource.

    With ``route_role`` (shared VPC), no more than to become this role of the tables' owner, which has what a node has
    elsewhere.
    """
    sees = [_INTERFACES] if see_interfaces else []
    if route_role:
        return _document(*([_describe(place, sees)] if sees else []), _assume(route_role))
    if whole_vpc:
        every = [Ec2Ref("*", table.account, table.vpc_id) for table in tables]
        return _document(_describe(place, [_TABLES, *sees]), _routes(place, ["CreateRoute", "ReplaceRoute"], every))
    return _document(_describe(place, [_TABLES, *sees]), _routes(place, ["ReplaceRoute"], tables))


def operator(
    place: Place, tables: Sequence[Ec2Ref], interfaces: Sequence[Ec2Ref], setup: Setup, route_role: str = ""
) -> Document:
    """What setup, switchover, status and teardown need together; with ``route_role``, the tables are that role's."""
    return _document(
        _describe(place, _AROUND if route_role else [*_AROUND, _TABLES]),
        _assume(route_role) if route_role else _routes(place, _ROUTES, tables),
        _allow(
            ["ec2:ModifyNetworkInterfaceAttribute"],
            [place.ec2(eni.account, "network-interface", eni.resource_id) for eni in interfaces],
            StringEquals={"ec2:Attribute/SourceDestCheck": ["false", "true"]},
        ),
        *_setup(setup),
    )


def routes(place: Place, tables: Sequence[Ec2Ref]) -> Document:
    """What the role of a shared VPC's owner needs, for operators to assume."""
    return _document(_describe(place, [_TABLES]), _routes(place, _ROUTES, tables))


def status(place: Place) -> Document:
    """What status needs: reading, in one region."""
    return _document(_describe(place, [*_AROUND, _TABLES]))


def reach(
    place: Place,
    account: str,
    tables: Sequence[str],
    attachments: Sequence[str],
    role: str = "",
    balancers: Balancers | None = None,
    lists: Sequence[str] = (),
) -> Document:
    """What transit_gateway_route and overlay_path_info need: ids of route tables and attachments, owned by ``account``.

    A route is judged on its table and on its attachment, so this role can send nothing to anybody else. With ``role``,
    the transit gateway is that role's. With ``balancers``, what overlay_load_balancer needs, too. With ``lists``, ids
    of prefix lists, whoever owns them, what references to them need.
    """
    describe = _describe(place, [*_PATHS, *(_BALANCING if balancers else ()), *([_REFERENCES] if lists else [])])
    balancing = list(_balancing(place, balancers)) if balancers else []
    if role:
        return _document(describe, _assume(role), *balancing)
    if not tables:
        return _document(describe, *balancing)
    of_tables = [place.ec2(account, "transit-gateway-route-table", one) for one in tables]
    of_attachments = [place.ec2(account, "transit-gateway-attachment", one) for one in attachments]
    return _document(
        describe,
        _allow(["ec2:DeleteTransitGatewayRoute", "ec2:SearchTransitGatewayRoutes"], of_tables),
        _allow(["ec2:CreateTransitGatewayRoute", "ec2:ReplaceTransitGatewayRoute"], of_tables + of_attachments),
        *(
            _referring(of_tables, of_attachments, [place.ec2("*", "prefix-list", one) for one in lists])
            if lists
            else ()
        ),
        *balancing,
    )


_REFERENCES = "GetTransitGatewayPrefixListReferences"


def _referring(tables: list[str], attachments: list[str], lists: list[str]) -> Iterable[dict[str, Any]]:
    """A reference is judged on its list, too; reading those of a table on nothing."""
    suffix = "TransitGatewayPrefixListReference"
    yield _allow([f"ec2:Delete{suffix}"], tables + lists)
    yield _allow([f"ec2:Create{suffix}", f"ec2:Modify{suffix}"], tables + attachments + lists)


def _balancing(place: Place, balancers: Balancers) -> Iterable[dict[str, Any]]:
    """By the names of load balancers, which those of listeners and target groups begin with.

    Whose target group is registered where is no resource of any action: the names are the only fence.
    """
    service, account = "elasticloadbalancing", balancers.interfaces[0].account
    reads = [f"{service}:{name}" for name in _BALANCER_READ]
    yield _allow(reads, ["*"], StringEquals={"aws:RequestedRegion": place.region})
    for shape, actions in _BALANCER_WRITE.items():
        named = [shape.format(name) for name in balancers.names]
        yield _allow(
            [f"{service}:{name}" for name in actions],
            [f"arn:{place.partition}:{service}:{place.region}:{account}:{one}" for one in named],
        )
    yield _allow(
        ["ec2:ModifyNetworkInterfaceAttribute"],
        [place.ec2(eni.account, "network-interface", eni.resource_id) for eni in balancers.interfaces],
    )


def trust(principals: Sequence[str]) -> Document:
    """The trust policy of that role: who may assume it (ARNs of roles or users of the cluster's account)."""
    return _document({"Effect": "Allow", "Principal": {"AWS": _short(principals)}, "Action": "sts:AssumeRole"})


def text(document: Document) -> str:
    """The document as it is sent: compact JSON, which is also its size in IAM's counting."""
    return json.dumps(document, separators=(",", ":"))


def size(document: Document) -> int:
    """Characters as IAM counts them: white space is free."""
    return sum(not char.isspace() for char in text(document))


def same(one: Document | None, other: Document | None) -> bool:
    """Whether two documents grant the same by the same statements, however they are spelt or ordered."""
    return bool(_normal(one) == _normal(other))


def _document(*statements: dict[str, Any]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: Iterable[str], resources: Iterable[str], **condition: Mapping[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": _short(actions), "Resource": _short(resources)}
    return {**statement, "Condition": condition} if condition else statement


def _describe(place: Place, actions: Iterable[str]) -> dict[str, Any]:
    return _allow([f"ec2:{name}" for name in actions], ["*"], StringEquals={"ec2:Region": place.region})


def _routes(place: Place, actions: Iterable[str], tables: Sequence[Ec2Ref]) -> dict[str, Any]:
    """One statement for all tables: an ARN names one table, so the list of VPCs widens nothing."""
    return _allow(
        [f"ec2:{name}" for name in actions],
        [place.ec2(table.account, "route-table", table.resource_id) for table in tables],
        ArnEquals={"ec2:Vpc": _short(place.ec2(table.account, "vpc", table.vpc_id) for table in tables)},
    )


def _assume(role: str) -> dict[str, Any]:
    return _allow(["sts:AssumeRole"], [role])


def _setup(setup: Setup) -> Iterable[dict[str, Any]]:
    """Who writes a role's policy can give it anything: hence the boundary, and hence no role by default."""
    if setup.roles:
        read, write = (_ATTACHED_READ, _ATTACHED_WRITE) if setup.policies else (_INLINE_READ, _INLINE_WRITE)
        bound: dict[str, Any] = {}
        if setup.boundary:
            bound["iam:PermissionsBoundary"] = setup.boundary
        if setup.policies:
            bound["iam:PolicyARN"] = _short(setup.policies)
        if bound:
            yield _iam(read, setup.roles)
            yield _iam(write, setup.roles, ArnEquals=bound)
        else:
            yield _iam(read + write, setup.roles)
    if setup.profiles:
        yield _iam(["GetInstanceProfile"], setup.profiles)
    if setup.policies:
        yield _iam(_MANAGED, setup.policies)


def _iam(actions: Iterable[str], resources: Iterable[str], **condition: Mapping[str, Any]) -> dict[str, Any]:
    return _allow([f"iam:{name}" for name in actions], resources, **condition)


def _short(values: Iterable[str]) -> str | list[str]:
    """Sorted and without repeats; a single value stands alone, as IAM allows and people write it."""
    listed = sorted(set(values))
    return listed[0] if len(listed) == 1 else listed


def _normal(document: Document | None) -> Any:
    """A form in which equal documents are equal: lists for single values, no order, no case where IAM knows none."""
    if document is None:
        return None
    statements = [_normal_statement(one) for one in _listed(document.get("Statement", []))]
    return document.get("Version"), sorted(statements)


def _normal_statement(statement: Mapping[str, Any]) -> str:
    normal: dict[str, Any] = {}
    for key, value in statement.items():
        if key in ("Action", "NotAction"):
            normal[key] = sorted({str(one).lower() for one in _listed(value)})
        elif key == "Condition":
            normal[key] = {
                operator: {name.lower(): _strings(values) for name, values in keys.items()}
                for operator, keys in value.items()
            }
        elif isinstance(value, Mapping):  # Principal
            normal[key] = {name: _strings(values) for name, values in value.items()}
        else:
            normal[key] = _strings(value)
    return json.dumps(normal, sort_keys=True)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _strings(value: Any) -> list[str]:
    """Condition values may come as JSON booleans or numbers; IAM compares their text."""
    return sorted({json.dumps(one) if isinstance(one, (bool, int)) else str(one) for one in _listed(value)})
