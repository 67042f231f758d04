# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a VPC as far as it decides about packets: subnets with their tables and network ACLs, security groups.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._route import lists
from .._route.ec2 import SUBNETS_PAGE, Ec2
from .._route.facts import PrefixList
from .._route.plan import Table
from .ec2 import FILTER_VALUES
from .model import ANY, Entry, Filter, Net, Ports
from .owners import Sight

_TCP = {"6", "tcp", "-1", "all"}
_WITH_THE_TABLE = "CreateRouteTable"
"""The Origin of a local route, whatever its target is now."""


@dataclass
class Vpc:
    """A VPC as far as it was read; ``account_id`` is the caller's account."""

    vpc_id: str
    nets: dict[str, Net] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    cidrs: tuple[str, ...] = ()
    account_id: str = ""


def partial(nets: Mapping[str, Net], account_id: str) -> bool:
    """Whether these are another account's, who has shared them: then there may be more that are not shown."""
    return bool(account_id) and any(one.owner_id not in ("", account_id) for one in nets.values())


def vpc(ec2: Ec2, vpc_id: str, sight: Sight, account_id: str = "") -> Vpc:
    """Subnets, route tables and network ACLs of a VPC: three calls, and what is in the prefix lists that are routed."""
    tables = opened(ec2, ec2.tables(vpc_id=vpc_id), sight)
    nets = subnets_of(ec2, [vpc_id]).get(vpc_id, {})
    return Vpc(vpc_id, completed(ec2, vpc_id, nets, tables, sight), tables, blocks(tables), account_id)


def blocks(tables: Iterable[Table]) -> tuple[str, ...]:
    """The CIDR blocks of the VPC of these tables; a local route may have been given another target in one of them."""
    found = (r.destination for t in tables for r in t.routes if r.target == "local" or r.origin == _WITH_THE_TABLE)
    return tuple(dict.fromkeys(found))


def opened(ec2: Ec2, tables: Sequence[Table], sight: Sight) -> list[Table]:
    """The tables with the entries of managed prefix lists in the place of the lists, as far as these could be read.

    They come last, since a static route of the same prefix is preferred (VPC user guide, "Route priority").
    """
    wanted, nothing = lists.around(tables, ()), dict[str, PrefixList]()
    if not wanted:
        return list(tables)
    known = sight.ask(f"the prefix lists {', '.join(wanted)}", lambda: lists.read(ec2.aws, wanted), nothing)
    found = []
    for table in tables:
        plain = [route for route in table.routes if route.destination not in known]
        listed = (route for route in table.routes if route.destination in known)
        entries = [replace(r, destination=prefix) for r in listed for prefix in known[r.destination].prefixes]
        found.append(replace(table, routes=(*plain, *entries)))
    return found


def subnets_of(ec2: Ec2, vpc_ids: Sequence[str]) -> dict[str, dict[str, Net]]:
    """By VPC, those that can be seen, the subnets without what is in effect in them: a call for 200 VPCs."""
    found: dict[str, dict[str, Net]] = {}
    for start in range(0, len(vpc_ids), FILTER_VALUES):
        wanted = [{"Name": "vpc-id", "Values": list(vpc_ids[start : start + FILTER_VALUES])}]
        for page in ec2.aws.pages("ec2", "DescribeSubnets", Filters=wanted, MaxResults=SUBNETS_PAGE):
            for raw in page["Subnets"]:
                one = Net(
                    raw["SubnetId"],
                    raw.get("CidrBlock", ""),
                    raw["AvailabilityZone"],
                    more=_six(raw),
                    owner_id=raw.get("OwnerId", ""),
                )
                found.setdefault(raw["VpcId"], {})[one.subnet_id] = one
    return found


def _six(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The IPv6 blocks of a subnet."""
    listed = (one for one in raw.get("Ipv6CidrBlockAssociationSet", ()) if one.get("Ipv6CidrBlock"))
    return tuple(
        one["Ipv6CidrBlock"]
        for one in listed
        if one.get("Ipv6CidrBlockState", {}).get("State") in (None, "associated", "associating")
    )


def block(raw: Mapping[str, Any], family: int) -> str:
    """The block of a subnet, of this family if it has such a one."""
    six, four = _six(raw), str(raw.get("CidrBlock") or "")
    return six[0] if six and (family == 6 or not four) else four


def completed(ec2: Ec2, vpc_id: str, nets: Mapping[str, Net], tables: Sequence[Table], sight: Sight) -> dict[str, Net]:
    """Subnets with the route table and the network ACL that are in effect in them."""
    nothing: dict[str, Filter] = {}
    acl_of = sight.ask(f"the network ACLs of {vpc_id}", lambda: _acls(ec2, vpc_id), nothing)
    bare = [] if acl_of is nothing else sorted(subnet_id for subnet_id in nets if subnet_id not in acl_of)
    if bare:  # every subnet has one
        remedy = "Let the owner of that VPC see that they let the overlay IP's packets through, in both directions."
        sight.add(f"the network ACLs of {', '.join(bare)}", "they are not shown to this account", remedy)
    return {i: replace(n, acl=acl_of.get(i)) for i, n in routed(nets, tables).items()}


def routed(nets: Mapping[str, Net], tables: Sequence[Table]) -> dict[str, Net]:
    """Subnets with the route table that is in effect in them."""
    main = next((t for t in tables if t.main), None)
    table_of = {subnet_id: t for t in tables for subnet_id in t.subnet_ids}
    return {i: replace(n, table=table_of.get(i, main)) for i, n in nets.items()}


def _acls(ec2: Ec2, vpc_id: str) -> dict[str, Filter]:
    """By subnet."""
    pages = list(ec2.aws.pages("ec2", "DescribeNetworkAcls", Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]))
    found: dict[str, Filter] = {}
    for raw in (raw for page in pages for raw in page["NetworkAcls"]):
        sides = {egress: tuple(_acl_entries(raw["Entries"], egress)) for egress in (True, False)}
        acl = Filter(raw["NetworkAclId"], sides[False], sides[True])
        found.update({a["SubnetId"]: acl for a in raw.get("Associations", ()) if a.get("SubnetId")})
    return found


def _acl_entries(raws: Iterable[Mapping[str, Any]], egress: bool) -> Iterable[Entry]:
    for raw in raws:
        peer = raw.get("CidrBlock") or raw.get("Ipv6CidrBlock")
        last = raw["RuleNumber"] > 32766  # the one that denies everything
        if raw["Egress"] is egress and peer and str(raw["Protocol"]) in _TCP and not last:
            span = raw.get("PortRange") or {}
            ports = (span.get("From", ANY[0]), span.get("To", ANY[1])) if str(raw["Protocol"]) != "-1" else ANY
            yield Entry(peer, ports, raw["RuleAction"] == "allow", raw["RuleNumber"])


def filters(ec2: Ec2, wanted: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Security groups by id, as AWS answers."""
    pages = ec2.aws.pages("ec2", "DescribeSecurityGroups", GroupIds=list(wanted))
    return {raw["GroupId"]: raw for page in pages for raw in page["SecurityGroups"]}


def together(group_ids: Sequence[str], groups: Mapping[str, Mapping[str, Any]]) -> Filter | None:
    """The groups of one interface: what any of them allows."""
    mine = [groups[i] for i in group_ids if i in groups]
    if not mine:
        return None
    sides = [
        tuple(entry for raw in mine for rule in raw.get(key, ()) for entry in _permissions(rule))
        for key in ("IpPermissions", "IpPermissionsEgress")
    ]
    return Filter(", ".join(raw["GroupId"] for raw in mine), sides[0], sides[1])


def _permissions(rule: Mapping[str, Any]) -> Iterable[Entry]:
    if str(rule.get("IpProtocol")) not in _TCP:
        return
    ports: Ports = (rule.get("FromPort", ANY[0]), rule.get("ToPort", ANY[1]))
    ports = ANY if ports[0] == -1 or str(rule["IpProtocol"]) == "-1" else ports
    for key, name in (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("UserIdGroupPairs", "GroupId"),
        ("PrefixListIds", "PrefixListId"),
    ):
        yield from (Entry(peer[name], ports) for peer in rule.get(key, ()) if peer.get(name))
