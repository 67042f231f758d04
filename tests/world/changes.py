# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others change in the world of a running pair: VPC, IAM, instances, clusters. Each change with its end.

Data for the matrix of `rows.py`. `holder` serves when the change comes, `standby` is the other node; either is either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from drill.bed import Bed
from lab.daemon.api import client
from world.tables import every_table, new_table

REST, FAILOVER, SWITCHOVER, SETUP = FOLLOWERS = ("at rest", "failover", "switchover", "setup")
"""What follows the change: time alone, the holder's power is lost, or the playbook. What costs least comes first."""

STAYS, MOVES, EITHER, DONE, REFUSED, WAITS = "stays", "moves", "either", "done", "refused", "waits"
PARTLY = "partly"
"""What must come of it. `waits`: nobody serves, or nothing moves, before the change is taken back. `partly`: it moves,
and the playbook fails with what did not: a cluster that was asked to move does not go back for one table."""

USUAL = {REST: STAYS, FAILOVER: MOVES, SWITCHOVER: DONE, SETUP: DONE}
_POLICY = "overlay-ip"


class WorldBed(Bed):
    """The drill's bed with an inventory that names no tables, which is the default, and an engine that looks often."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.more: dict[str, Any] = {}

    def variables(self) -> dict[str, Any]:
        """See :class:`Bed`."""
        return {**super().variables(), **every_table(self, overlay_ip_iam_see_interfaces=True), **self.more}

    def interface(self, machine: str) -> str:
        """The network interface that receives."""
        return self.lab.world.machine(machine).network_interface_ids[0]

    @property
    def victim(self) -> str:
        """The table to which something happens: node2's subnet's, by which no client comes."""
        return self.lab.world.route_table_ids[2]

    @property
    def destination(self) -> str:
        """The overlay IP as a route has it."""
        return f"{self.lab.overlay}/32"


Context = Callable[[WorldBed, str, str], AbstractContextManager[str]]


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        name: for the page.
        make: brings it about, yields a word that somebody must be told, and takes it back.
        comes: what must come of a follower where that is not the usual.
        clustered: the same where it is another one with Pacemaker.
        engines: with which it can be.
        journal: the nodes tell it by themselves, at once; else their check does, or status, when it is asked. (The
            permission for one table is asked for every ten minutes, another one each time.)
        silent: clients may lose packets before somebody does something: there is no way around it.
        setup: afterwards the inventory must be set up again.
    """

    name: str
    make: Context
    comes: dict[str, str] | None = None
    engines: tuple[str, ...] = ("keepalived", "pacemaker")
    journal: bool = True
    silent: bool = False
    setup: bool = False
    clustered: dict[str, str] | None = None

    def outcome(self, follower: str, engine: str = "") -> str:
        """What must come of it."""
        clustered = (self.clustered or {}) if engine == "pacemaker" else {}
        return {**USUAL, **(self.comes or {}), **clustered}[follower]


@contextmanager
def _nothing(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    yield ""


@contextmanager
def _table_appears(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    with new_table(bed) as table:
        yield table


@contextmanager
def _table_is_full(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    """EC2's quota of routes per table counts for a new route alone."""
    with new_table(bed) as table:
        bed.control.fault("error", code="RouteLimitExceeded", match={"action": "CreateRoute"})
        yield table
        bed.control.clear("faults")


@contextmanager
def _named_table_is_deleted(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    with new_table(bed) as table:
        tables = [*bed.lab.world.route_table_ids, table]
        bed.more = {"overlay_ips": [{"address": bed.lab.overlay, "route_table_ids": tables}]}
        bed.play("setup.yml")
    yield f"{table} does not exist"
    bed.more = {}


def _document(bed: WorldBed, node: str) -> dict[str, Any]:
    answer = client(bed.lab.world, "iam").get_role_policy(RoleName=bed.roles[node], PolicyName=_POLICY)
    return dict(answer["PolicyDocument"])


@contextmanager
def _policy(
    bed: WorldBed, nodes: tuple[str, ...], edit: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> Iterator[None]:
    """Another policy, or none; the looks that are due every ten minutes are due now."""
    iam = client(bed.lab.world, "iam")
    before = {node: _document(bed, node) for node in nodes}
    for node in nodes:
        after = edit(json.loads(json.dumps(before[node])))
        if after is None:
            iam.delete_role_policy(RoleName=bed.roles[node], PolicyName=_POLICY)
        else:
            iam.put_role_policy(RoleName=bed.roles[node], PolicyName=_POLICY, PolicyDocument=json.dumps(after))
        bed.exec(node, "sh", "-c", "rm -f /run/aws-overlay-ip/*.last /dev/shm/aws-overlay-ip/*.last")
    yield
    for node, document in before.items():
        iam.put_role_policy(RoleName=bed.roles[node], PolicyName=_POLICY, PolicyDocument=json.dumps(document))


def _writes(statement: dict[str, Any]) -> bool:
    return "ec2:ReplaceRoute" in json.dumps(statement["Action"])


@contextmanager
def _one_table_is_denied(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        for statement in filter(_writes, document["Statement"]):
            statement["Resource"] = [arn for arn in statement["Resource"] if not arn.endswith(bed.victim)]
        return document

    with _policy(bed, bed.nodes, edit):
        yield bed.victim


@contextmanager
def _policy_is_edited(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "Statement": [s for s in document["Statement"] if not _writes(s)]}

    with _policy(bed, (holder,), edit):
        yield "may not move the route in rtb-"


@contextmanager
def _policy_is_detached(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    with _policy(bed, (holder,), lambda document: None):
        yield "not permitted|may not"


@contextmanager
def _policy_of_the_standby(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    with _policy(bed, (standby,), lambda document: None):
        yield "not permitted|may not|in FAULT"


@contextmanager
def _gateway(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    gateway = bed.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    bed.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=bed.lab.world.vpc_id)
    bed.ec2.replace_route(RouteTableId=bed.victim, DestinationCidrBlock=bed.destination, GatewayId=gateway)
    yield bed.victim
    _point(bed, bed.victim, holder)
    bed.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=bed.lab.world.vpc_id)
    bed.ec2.delete_internet_gateway(InternetGatewayId=gateway)


@contextmanager
def _propagated(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    """What a virtual private gateway propagates cannot be replaced, but a route of one's own hides it (CreateRoute).

    Here in a table that nobody has set up yet.
    """
    gateway = bed.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    bed.ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=bed.lab.world.vpc_id)
    with new_table(bed) as table:
        bed.control.plant_route(table, bed.destination, "EnableVgwRoutePropagation", gateway_id=gateway)
        yield table
    bed.ec2.detach_vpn_gateway(VpnGatewayId=gateway, VpcId=bed.lab.world.vpc_id)


def _point(bed: WorldBed, table: str, machine: str) -> None:
    """Let a table's route lead there, whatever it does now."""
    route = {"RouteTableId": table, "DestinationCidrBlock": bed.destination}
    try:
        bed.ec2.create_route(**route, NetworkInterfaceId=bed.interface(machine))
    except bed.ec2.exceptions.ClientError:
        bed.ec2.replace_route(**route, NetworkInterfaceId=bed.interface(machine))


@contextmanager
def _deleted(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    bed.ec2.delete_route(RouteTableId=bed.victim, DestinationCidrBlock=bed.destination)
    yield bed.victim
    if not any(name for table, name in bed.view().tables.items() if table == bed.victim):
        _point(bed, bed.victim, bed.view().tables[bed.lab.world.route_table_ids[1]] or holder)


@contextmanager
def _elsewhere(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    _point(bed, bed.victim, "client1")
    yield "heal: |" + bed.victim  # the record of the move that mends it


@contextmanager
def _by_hand(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    for table in bed.lab.world.route_table_ids:
        _point(bed, table, standby)
    yield "Overruled|not the holder|points elsewhere|rtb-"


@contextmanager
def _check_is_on(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    """terraform-provider-aws does so with an instance's primary interface."""
    interface = bed.interface(holder)
    bed.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": True})
    bed.exec(holder, "sh", "-c", "rm -f /run/aws-overlay-ip/*.last")
    yield "source/destination check"
    bed.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})


@contextmanager
def _another_instance(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
    """The inventory's source has found a new instance by the standby's name, and the node is still the old one."""
    file = bed.directory.inventory
    before = file.read_text()
    inventory = yaml.safe_load(before)
    client1 = bed.lab.world.machine("client1").instance_id
    for host in _hosts(inventory, standby):
        host["overlay_ip_instance_id"] = client1
    file.write_text(yaml.safe_dump(inventory))
    yield client1
    file.write_text(before)


def _hosts(tree: Any, name: str) -> Iterator[dict[str, Any]]:
    """Where the inventory has variables of a host."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == name and isinstance(value, dict):
                yield value
            yield from _hosts(value, name)


def _shell(begin: str, end: str, word: str) -> Context:
    """A command on the standby and the one that takes it back; {holder}, {standby}, {ip}: as they are called."""

    @contextmanager
    def make(bed: WorldBed, holder: str, standby: str) -> Iterator[str]:
        names = {"holder": holder, "standby": standby, "ip": f"overlay-ip-{bed.lab.overlay}"}
        bed.exec(standby, "sh", "-c", begin.format(**names), timeout=60.0)
        yield word.format(**names)
        bed.exec(standby, "sh", "-c", end.format(**names), timeout=60.0)

    return make


_MODE = "crm_attribute --type crm_config --name maintenance-mode"
_KEEPALIVED, _PACEMAKER = ("keepalived",), ("pacemaker",)

CHANGES = (
    Change("nothing: a world that stands still", _nothing),
    Change("a table is added to the VPC", _table_appears, setup=True),
    Change(
        "a table is added, and is full (RouteLimitExceeded)",
        _table_is_full,
        {SWITCHOVER: REFUSED, SETUP: REFUSED},
        setup=True,
        clustered={SWITCHOVER: PARTLY},
    ),
    Change("a named table is deleted", _named_table_is_deleted, {SWITCHOVER: REFUSED, SETUP: REFUSED}, setup=True),
    Change("a table refuses the nodes' writes (permission)", _one_table_is_denied, journal=False),
    Change("a table's route is replaced by one to a gateway", _gateway, {SWITCHOVER: REFUSED, SETUP: REFUSED}),
    Change("a table is added with a propagated route", _propagated),
    Change("a table's route is deleted", _deleted),
    Change("a table's route is pointed at another instance", _elsewhere),
    Change(
        "all routes are moved to the other node by hand",
        _by_hand,
        {REST: EITHER, FAILOVER: EITHER, SETUP: EITHER},
        silent=True,
    ),
    Change("the holder's source/destination check is switched on", _check_is_on, {REST: WAITS}, silent=True),
    Change("the holder's policy loses the writing", _policy_is_edited),
    Change("the holder's policy is detached", _policy_is_detached),
    Change(
        "the standby's policy is detached",
        _policy_of_the_standby,
        {FAILOVER: WAITS, SWITCHOVER: REFUSED},
        journal=False,
    ),
    Change(
        "the inventory names another instance", _another_instance, {SWITCHOVER: REFUSED, SETUP: REFUSED}, journal=False
    ),
    Change(
        "maintenance mode",
        _shell(f"{_MODE} --update true", f"{_MODE} --delete", "maintenance mode"),
        {FAILOVER: WAITS, SWITCHOVER: REFUSED, SETUP: REFUSED},
        _PACEMAKER,
        journal=False,
    ),
    Change(
        "the other node in standby",
        _shell(
            "crm_standby --node {standby} --update on",
            "crm_standby --node {standby} --delete",
            "{standby} is in standby",
        ),
        {FAILOVER: WAITS, SWITCHOVER: REFUSED},
        _PACEMAKER,
        journal=False,
    ),
    Change(
        "the overlay IP unmanaged",
        _shell(
            "crm_resource --resource {ip} --meta --set-parameter is-managed --parameter-value false",
            "crm_resource --resource {ip} --meta --delete-parameter is-managed",
            "is unmanaged",
        ),
        {FAILOVER: EITHER, SWITCHOVER: REFUSED, SETUP: REFUSED},
        _PACEMAKER,
        journal=False,
    ),
    Change(
        "keepalived stopped on the other node",
        _shell("systemctl stop keepalived", "systemctl start keepalived", "keepalived is stopped on {standby}"),
        {FAILOVER: WAITS, SWITCHOVER: REFUSED},
        _KEEPALIVED,
        journal=False,
    ),
    Change(
        "keepalived masked on the other node",
        _shell(
            "systemctl mask --now keepalived",
            "systemctl unmask keepalived; systemctl start keepalived",
            "keepalived is masked on {standby}",
        ),
        {FAILOVER: WAITS, SWITCHOVER: REFUSED, SETUP: REFUSED},
        _KEEPALIVED,
        journal=False,
    ),
)
