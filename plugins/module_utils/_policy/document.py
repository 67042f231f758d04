# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least-privilege policies: documents, ARNs, comparison, size. Pure.

Which resource types and condition keys an action knows is AWS's service authorization reference (EC2, IAM, STS).
Two of its facts shape everything here:

* No key names a route's destination or target. Who may replace one route of a table may replace every route of it, so
  the tables' ARNs are the only fence, and ``*`` is never written where an ARN is possible.
* EC2's Describe actions know no resource: they stand alone, on ``*``, bound to the region. (Those of Client VPN do.)

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .outside import BALANCING, Balancers, ClientVpns, balancing, client_vpns
from .statement import Document, Ec2Ref, Place, PolicyError, allow, checked_arn, checked_ids, checked_principal, short

__all__ = ["Balancers", "ClientVpns", "Document", "Ec2Ref", "Place", "PolicyError", "checked_arn", "checked_ids"]

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
    "DescribeTransitGateways",
    "DescribeVpcPeeringConnections",
)
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
    place: Place,
    tables: Sequence[Ec2Ref],
    interfaces: Sequence[Ec2Ref],
    setup: Setup,
    route_role: str = "",
    lists: Sequence[str] = (),
) -> Document:
    """What setup, switchover, status and teardown need together; with ``route_role``, the tables are that role's.

    With ``lists``, ids of managed prefix lists that the tables route, setup may also add the addresses to them. A route
    to a list is judged on its table alone, so that nobody needs anything for the list to move it.
    """
    return _document(
        _describe(place, _AROUND if route_role else [*_AROUND, _TABLES, *_seen(lists)]),
        *(
            [_assume(route_role)]
            if route_role
            else [_routes(place, _ROUTES, tables), *_entries(place, lists, write=True)]
        ),
        allow(
            ["ec2:ModifyNetworkInterfaceAttribute"],
            [place.ec2(eni.account, "network-interface", eni.resource_id) for eni in interfaces],
            StringEquals={"ec2:Attribute/SourceDestCheck": ["false", "true"]},
        ),
        *_setup(setup),
    )


def routes(place: Place, tables: Sequence[Ec2Ref], lists: Sequence[str] = ()) -> Document:
    """What the role of a shared VPC's owner needs, for operators to assume."""
    read = _describe(place, [_TABLES, *_seen(lists)])
    return _document(read, _routes(place, _ROUTES, tables), *_entries(place, lists, write=True))


def status(place: Place, lists: Sequence[str] = ()) -> Document:
    """What status needs: reading, in one region."""
    return _document(_describe(place, [*_AROUND, _TABLES, *_seen(lists)]), *_entries(place, lists, write=False))


def entries(place: Place, lists: Sequence[str]) -> Document:
    """What overlay_prefix_list needs: to add addresses to these lists, without any right on a route table."""
    return _document(_describe(place, _seen(lists)), *_entries(place, lists, write=True))


def reach(
    place: Place,
    account: str,
    tables: Sequence[str],
    attachments: Sequence[str],
    role: str = "",
    balancers: Balancers | None = None,
    lists: Sequence[str] = (),
    vpns: ClientVpns | None = None,
    back: Sequence[Ec2Ref] = (),
) -> Document:
    """What transit_gateway_route and overlay_path_info need: ids of route tables and attachments, owned by ``account``.

    A route is judged on its table and on its attachment, so this role can send nothing to anybody else. With ``role``,
    the transit gateway is that role's. With ``back``, route tables of the nodes' VPC, what transit_gateway_return_route
    needs, too. With ``balancers``, what overlay_load_balancer needs, too, and with ``vpns`` what client_vpn_route does.
    With ``lists``, ids of prefix lists, whoever owns them, what references to them need, and what is in them.
    """
    read = [_REFERENCES, *_seen(lists)] if lists else []
    describe = _describe(place, [*_PATHS, *(BALANCING if balancers else ()), *read])
    others = [*([_routes(place, _ROUTES, back)] if back else []), *_entries(place, lists, write=False)]
    others += balancing(place, balancers) if balancers else []
    others += client_vpns(place, vpns) if vpns else []
    if role:
        return _document(describe, _assume(role), *others)
    if not tables:
        return _document(describe, *others)
    of_tables = [place.ec2(account, "transit-gateway-route-table", one) for one in tables]
    of_attachments = [place.ec2(account, "transit-gateway-attachment", one) for one in attachments]
    return _document(
        describe,
        allow(["ec2:DeleteTransitGatewayRoute", "ec2:SearchTransitGatewayRoutes"], of_tables),
        allow(["ec2:CreateTransitGatewayRoute", "ec2:ReplaceTransitGatewayRoute"], of_tables + of_attachments),
        *(
            _referring(of_tables, of_attachments, [place.ec2("*", "prefix-list", one) for one in lists])
            if lists
            else ()
        ),
        *others,
    )


def _seen(lists: Sequence[str]) -> list[str]:
    return ["DescribeManagedPrefixLists"] if lists else []


def _entries(place: Place, lists: Sequence[str], *, write: bool) -> Iterable[dict[str, Any]]:
    """By ARN: a list may be shared with the account, so that it is anybody's."""
    actions = ["ec2:GetManagedPrefixListEntries", *(["ec2:ModifyManagedPrefixList"] if write else [])]
    if lists:
        yield allow(actions, [place.ec2("*", "prefix-list", one) for one in lists])


_REFERENCES = "GetTransitGatewayPrefixListReferences"


def _referring(tables: list[str], attachments: list[str], lists: list[str]) -> Iterable[dict[str, Any]]:
    """A reference is judged on its list, too; reading those of a table on nothing."""
    suffix = "TransitGatewayPrefixListReference"
    yield allow([f"ec2:Delete{suffix}"], tables + lists)
    yield allow([f"ec2:Create{suffix}", f"ec2:Modify{suffix}"], tables + attachments + lists)


def trust(principals: Sequence[str]) -> Document:
    """The trust policy of that role: who may assume it (ARNs of roles or users of the cluster's account).

    Raises PolicyError.
    """
    named = [checked_principal(one, "trusted_arns") for one in principals]
    return _document({"Effect": "Allow", "Principal": {"AWS": short(named)}, "Action": "sts:AssumeRole"})


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


def _describe(place: Place, actions: Iterable[str]) -> dict[str, Any]:
    return allow([f"ec2:{name}" for name in actions], ["*"], StringEquals={"ec2:Region": place.region})


def _routes(place: Place, actions: Iterable[str], tables: Sequence[Ec2Ref]) -> dict[str, Any]:
    """One statement for all tables: an ARN names one table, so the list of VPCs widens nothing."""
    return allow(
        [f"ec2:{name}" for name in actions],
        [place.ec2(table.account, "route-table", table.resource_id) for table in tables],
        ArnEquals={"ec2:Vpc": short(place.ec2(table.account, "vpc", table.vpc_id) for table in tables)},
    )


def _assume(role: str) -> dict[str, Any]:
    return allow(["sts:AssumeRole"], [role])


def _setup(setup: Setup) -> Iterable[dict[str, Any]]:
    """Who writes a role's policy can give it anything: hence the boundary, and hence no role by default."""
    if setup.roles:
        read, write = (_ATTACHED_READ, _ATTACHED_WRITE) if setup.policies else (_INLINE_READ, _INLINE_WRITE)
        bound: dict[str, Any] = {}
        if setup.boundary:
            bound["iam:PermissionsBoundary"] = setup.boundary
        if setup.policies:
            bound["iam:PolicyARN"] = short(setup.policies)
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
    return allow([f"iam:{name}" for name in actions], resources, **condition)


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
