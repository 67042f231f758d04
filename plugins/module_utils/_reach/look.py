# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a path depends on: from the nodes' VPC to the source, by the fewest calls.

What cannot be read, because it is another account's or not permitted, is left out, and the path says so.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._base import net
from .._route.ec2 import Ec2
from .._route.plan import PlanError
from . import look_vpc
from .interfaces import Named
from .look_outside import outside
from .look_source import located
from .look_vpc import Vpc
from .model import Ephemeral, Host, Scene, Tunnel
from .owners import Owners, Sight


@dataclass(frozen=True)
class Request:
    """The options of ``overlay_path_info``, canonical: ``source`` and ``overlay`` are prefixes.

    ``called`` is what the source is called, by default its address. ``tunnel`` is by what it comes into its subnet, and
    ``group_ids`` are the security groups that it has there; ``ephemeral``, what is known of its own ports.
    """

    source: str
    overlay: str
    instance_ids: tuple[str, ...]
    device_index: int = 0
    port: int | None = None
    transit_gateway_attachment_id: str = ""
    called: str = ""
    tunnel: Tunnel | None = None
    group_ids: tuple[str, ...] = ()
    ephemeral: Ephemeral | None = None
    interfaces: Named = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the source is called: a single address without its prefix length."""
        return self.called or net.bare(self.source)


def scene(ec2: Ec2, owners: Owners, request: Request) -> Scene:
    """Read it. Raises AwsError and PlanError."""
    sight = Sight()
    instances = _instances(ec2, request)
    vpc_id = instances[0]["VpcId"]
    account_id = next((i.get("OwnerId", "") for raw in instances for i in raw.get("NetworkInterfaces", ())), "")
    mine = look_vpc.vpc(ec2, vpc_id, sight, account_id)
    nodes = [_node(raw, request.interfaces.get(raw["InstanceId"], request.device_index), mine) for raw in instances]
    source = Host(request.name, request.source, ephemeral=request.ephemeral or Host.ephemeral)
    found = Scene(request.overlay, vpc_id, tuple(nodes), source, port=request.port, tunnel=request.tunnel)
    own = frozenset(i["NetworkInterfaceId"] for raw in instances for i in raw.get("NetworkInterfaces", ()))
    found = replace(found, targets=frozenset(n.network_interface_id for n in nodes), own=own, account_id=account_id)
    if _inside(request, mine) and not request.transit_gateway_attachment_id:
        found = replace(found, source=located(ec2, request, source, mine, sight), source_vpc=vpc_id)
    else:
        found = outside(ec2, owners, request, found, mine, sight)
    found = _with_groups(ec2, found, sight)
    return replace(_with_referencing(owners, found, sight), unseen=sight.unseen)


def _inside(request: Request, mine: Vpc) -> bool:
    """Whether the source lies in the nodes' VPC: its own block always wins."""
    same = [one for one in mine.cidrs if net.family(one) == net.family(request.source)]
    return any(net.within(request.source, one) for one in same)


def _instances(ec2: Ec2, request: Request) -> list[dict[str, Any]]:
    answer = ec2.aws.call("ec2", "DescribeInstances", InstanceIds=list(request.instance_ids))
    found = {raw["InstanceId"]: raw for group in answer["Reservations"] for raw in group["Instances"]}
    chosen = [found[i] for i in request.instance_ids if i in found]
    vpcs = sorted({raw.get("VpcId", "none") for raw in chosen})
    if len(vpcs) != 1 or vpcs == ["none"]:
        raise PlanError(f"The nodes are in {' and '.join(vpcs)}: name instances of one VPC in instance_ids.")
    return chosen


def _node(raw: Mapping[str, Any], which: int | str, mine: Vpc) -> Host:
    interface = _interface(raw, which)
    if interface is None:
        what, option = (
            (f"with device index {which}", "device_index") if isinstance(which, int) else (which, "interfaces")
        )
        raise PlanError(f"{raw['InstanceId']} has no network interface {what}: correct {option}.")
    return Host(
        name=_name(raw) or raw["InstanceId"],
        address=_host(interface["PrivateIpAddress"]),
        net=mine.nets.get(interface["SubnetId"]),
        group_ids=tuple(g["GroupId"] for g in interface.get("Groups", ())),
        network_interface_id=interface["NetworkInterfaceId"],
        running=raw["State"]["Name"] == "running",
        source_dest_check=bool(interface.get("SourceDestCheck", True)),
    )


def _interface(raw: Mapping[str, Any], which: int | str) -> Mapping[str, Any] | None:
    attached = (i for i in raw.get("NetworkInterfaces", ()) if i.get("Attachment"))
    return next((i for i in attached if which in (i["Attachment"]["DeviceIndex"], i["NetworkInterfaceId"])), None)


def _with_groups(ec2: Ec2, found: Scene, sight: Sight) -> Scene:
    """With the security groups of all ends: one call."""
    ends = [*found.nodes, found.source]
    wanted = sorted({group for end in ends for group in end.group_ids})
    if not wanted:
        return found
    nothing: dict[str, Mapping[str, Any]] = {}
    groups = sight.ask("the security groups of both ends", lambda: look_vpc.filters(ec2, wanted), nothing)
    done = [replace(end, groups=look_vpc.together(end.group_ids, groups)) for end in ends]
    return replace(found, nodes=tuple(done[:-1]), source=done[-1])


def _with_referencing(owners: Owners, found: Scene, sight: Sight) -> Scene:
    """With the gateway's SecurityGroupReferencingSupport, where a rule of a node names a group of the source's."""
    way, mine = found.transit, set(found.source.group_ids)
    rules = [entry for node in found.nodes if node.groups for entry in node.groups.inbound]
    if way is None or found.source_vpc == found.vpc_id or not any(entry.peer in mine for entry in rules):
        return found
    raw = {"TransitGatewayId": way.far.gateway_id, "TransitGatewayOwnerId": way.far.owner_id}
    what = f"SecurityGroupReferencingSupport of {way.far.gateway_id}"
    known: bool | None = sight.ask(what, lambda: owners.referencing(raw), None)
    return replace(found, transit=replace(way, referencing=known))


def _host(address: str) -> str:
    return f"{address}/{128 if net.family(address) == 6 else 32}"


def _name(raw: Mapping[str, Any]) -> str:
    return next((tag["Value"] for tag in raw.get("Tags", ()) if tag["Key"] == "Name"), "")
