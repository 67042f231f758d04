# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small VPC to test in: two nodes in two Availability Zones, a client, route tables, roles; built with boto3."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lab.endpoint import Credentials

if TYPE_CHECKING:
    from lab.endpoint import Endpoint

_CIDR = "10.0.0.0/16"
_IMAGE = "ami-0123456789abcdef0"
#: Seconds that an instance may take to run.
_PATIENCE = 30.0


@dataclass(frozen=True)
class WorldSpec:
    """What to build.

    Attributes:
        tables: route tables that serve a subnet. The first is the main one; the second is the client's, the third
            node2's, the fourth node1's; every further one gets a subnet of its own.
        nodes: how many nodes; they alternate between two Availability Zones.
        clients: how many clients, in one subnet.
        extra_interfaces: further interfaces of each node (device index 1, 2, ...), in the node's subnet.
        extra_subnets: these in subnets of their own, which the main table serves; with ``ipv6`` addresses of both.
        ipv6: give the VPC and the subnets of the machines IPv6 blocks, and each machine an IPv6 address.
        shared_vpc: another account owns the VPC and its tables; the nodes belong to a participant.
    """

    tables: int = 2
    nodes: int = 2
    clients: int = 1
    extra_interfaces: int = 0
    extra_subnets: bool = False
    ipv6: bool = False
    shared_vpc: bool = False


@dataclass(frozen=True)
class Keys:
    """Credentials that a test may hand out."""

    access_key: str
    secret_key: str
    token: str | None = None

    def credentials(self) -> Credentials:
        """As ``Endpoint.client`` takes them."""
        return Credentials(self.access_key, self.secret_key, self.token)


@dataclass(frozen=True)
class Machine:
    """An instance: ``network_interface_ids`` by device index, ``addresses`` the primary IPv4 of each."""

    name: str
    instance_id: str
    subnet_id: str
    availability_zone: str
    network_interface_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    role_name: str | None = None


@dataclass(frozen=True)
class World:
    """Everything that a test needs to know about what was built."""

    region: str
    endpoint_url: str
    account_id: str
    #: The owner of the VPC: the same account unless the VPC is shared.
    owner_account_id: str
    vpc_id: str
    main_route_table_id: str
    route_table_ids: tuple[str, ...]
    nodes: tuple[Machine, ...]
    clients: tuple[Machine, ...]
    #: The administrator of the nodes' account; not judged by IAM.
    admin: Keys
    #: The administrator of the VPC owner's account.
    owner_admin: Keys
    #: A user with just the operator's policy.
    operator: Keys
    operator_name: str
    #: In a shared VPC: the owner's role that may move routes, for ``assume_role_arn``.
    routing_role_arn: str | None = None

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Nodes, then clients."""
        return self.nodes + self.clients

    def machine(self, name: str) -> Machine:
        """The machine called ``name``; KeyError when there is none."""
        found = next((m for m in self.machines if m.name == name), None)
        if found is None:
            raise KeyError(f"no machine {name!r}; there are {', '.join(m.name for m in self.machines)}")
        return found

    def to_json(self) -> str:
        """The whole world as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> World:
        """The inverse of ``to_json``."""
        raw = json.loads(text)
        for group in ("nodes", "clients"):
            raw[group] = tuple(_machine(machine) for machine in raw[group])
        for keys in ("admin", "owner_admin", "operator"):
            raw[keys] = Keys(**raw[keys])
        raw["route_table_ids"] = tuple(raw["route_table_ids"])
        return cls(**raw)


def _machine(raw: dict[str, Any]) -> Machine:
    return Machine(**{**raw, **{name: tuple(raw[name]) for name in ("network_interface_ids", "addresses")}})


def build(endpoint: Endpoint, spec: WorldSpec | None = None) -> World:
    """Build ``spec`` on a started endpoint, with the administrators' keys."""
    return _Builder(endpoint, spec or WorldSpec()).build()


class _Builder:
    def __init__(self, endpoint: Endpoint, spec: WorldSpec) -> None:
        self._endpoint = endpoint
        self._spec = spec
        self._owner = endpoint.account_id, endpoint.admin
        self._account = endpoint.add_account() if spec.shared_vpc else self._owner
        self._vpc_api = endpoint.client("ec2", self._owner[1])
        self._ec2 = endpoint.client("ec2", self._account[1])
        self._iam = endpoint.client("iam", self._account[1])
        zones = self._vpc_api.describe_availability_zones()["AvailabilityZones"]
        self._zones = sorted(zone["ZoneName"] for zone in zones)[:2]
        self._ipv6_blocks: Iterator[ipaddress.IPv6Network] = iter(())
        self._extra_subnets: dict[int, str] = {}
        self._partition = endpoint.client("sts").get_caller_identity()["Arn"].split(":")[1]

    def build(self) -> World:
        spec = self._spec
        vpc_id, main = self._vpc()
        subnets = {
            "node1": self._subnet(vpc_id, 1, self._zones[0]),
            "node2": self._subnet(vpc_id, 2, self._zones[-1]),
            "client": self._subnet(vpc_id, 3, self._zones[0]),
        }
        tables = self._tables(vpc_id, main, subnets)
        if spec.shared_vpc:
            self._endpoint.share(self._owner[0], self._account[0], list(subnets.values()))
        nodes = tuple(self._node(n, subnets["node1" if n % 2 else "node2"]) for n in range(1, spec.nodes + 1))
        clients = tuple(self._client(n, subnets["client"]) for n in range(1, spec.clients + 1))
        self._wait_running([m.instance_id for m in (*nodes, *clients)])
        routing_role = self._routing_role(vpc_id, tables) if spec.shared_vpc else None
        return World(
            region=self._endpoint.region,
            endpoint_url=self._endpoint.url,
            account_id=self._account[0],
            owner_account_id=self._owner[0],
            vpc_id=vpc_id,
            main_route_table_id=main,
            route_table_ids=tables,
            nodes=nodes,
            clients=clients,
            admin=_keys(self._account[1]),
            owner_admin=_keys(self._owner[1]),
            operator=self._operator(vpc_id, tables, nodes, routing_role),
            operator_name="operator",
            routing_role_arn=routing_role,
        )

    def _vpc(self) -> tuple[str, str]:
        vpc = self._vpc_api.create_vpc(
            CidrBlock=_CIDR,
            AmazonProvidedIpv6CidrBlock=self._spec.ipv6,
            TagSpecifications=_named("vpc", "overlay-lab"),
        )["Vpc"]
        vpc_id = vpc["VpcId"]
        if self._spec.ipv6:
            block = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
            self._ipv6_blocks = ipaddress.IPv6Network(block).subnets(new_prefix=64)
        tables = self._vpc_api.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
        return vpc_id, str(tables[0]["RouteTableId"])

    def _subnet(self, vpc_id: str, number: int, zone: str) -> str:
        blocks = {"CidrBlock": f"10.0.{number}.0/24"}
        if self._spec.ipv6:
            blocks["Ipv6CidrBlock"] = str(next(self._ipv6_blocks))
        subnet = self._vpc_api.create_subnet(VpcId=vpc_id, AvailabilityZone=zone, **blocks)["Subnet"]
        return str(subnet["SubnetId"])

    def _extra_subnet(self, beside: Mapping[str, Any], number: int) -> str:
        """A subnet in the same zone, the same one for each number."""
        if number not in self._extra_subnets:
            self._extra_subnets[number] = self._subnet(beside["VpcId"], number, beside["AvailabilityZone"])
        return self._extra_subnets[number]

    def _tables(self, vpc_id: str, main: str, subnets: dict[str, str]) -> tuple[str, ...]:
        tables = [main]
        own = [subnets["client"], subnets["node2"], subnets["node1"]]
        for number in range(1, self._spec.tables):
            table = self._vpc_api.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
            subnet = own[number - 1] if number <= len(own) else self._subnet(vpc_id, number, self._zones[number % 2])
            self._vpc_api.associate_route_table(RouteTableId=table, SubnetId=subnet)
            tables.append(table)
        return tuple(tables)

    def _node(self, number: int, subnet_id: str) -> Machine:
        name = f"node{number}"
        role = self._instance_profile(f"overlay-{name}")
        return self._machine(name, subnet_id, 10 + (number - 1) // 2, role, self._spec.extra_interfaces)

    def _client(self, number: int, subnet_id: str) -> Machine:
        return self._machine(f"client{number}", subnet_id, 9 + number, None, 0)

    def _machine(self, name: str, subnet_id: str, host: int, role: str | None, extra: int) -> Machine:
        subnet = self._ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
        prefix = subnet["CidrBlock"].removesuffix("0/24")
        interface: dict[str, Any] = {
            "DeviceIndex": 0,
            "SubnetId": subnet_id,
            "PrivateIpAddress": f"{prefix}{host}",
            "DeleteOnTermination": True,
        }
        arguments: dict[str, Any] = {"IamInstanceProfile": {"Name": role}} if role else {}
        instance = self._ec2.run_instances(
            ImageId=_IMAGE,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[interface],
            TagSpecifications=_named("instance", name),
            **arguments,
        )["Instances"][0]
        interfaces = [instance["NetworkInterfaces"][0]["NetworkInterfaceId"]]
        addresses = [f"{prefix}{host}"]
        for index in range(1, extra + 1):
            address, extra_id = f"{prefix}{host + 100 * index}", subnet_id
            if self._spec.extra_subnets:
                third = int(prefix.split(".")[2]) + 100 * index
                address, extra_id = f"10.0.{third}.{host}", self._extra_subnet(subnet, third)
            eni = self._ec2.create_network_interface(SubnetId=extra_id, PrivateIpAddress=address)["NetworkInterface"]
            self._ec2.attach_network_interface(
                NetworkInterfaceId=eni["NetworkInterfaceId"], InstanceId=instance["InstanceId"], DeviceIndex=index
            )
            interfaces.append(eni["NetworkInterfaceId"])
            addresses.append(address)
        if self._spec.ipv6:
            for interface_id in interfaces if self._spec.extra_subnets else interfaces[:1]:
                self._ec2.assign_ipv6_addresses(NetworkInterfaceId=interface_id, Ipv6AddressCount=1)
        return Machine(
            name,
            instance["InstanceId"],
            subnet_id,
            subnet["AvailabilityZone"],
            tuple(interfaces),
            tuple(addresses),
            role,
        )

    def _instance_profile(self, name: str) -> str:
        suffix = ".cn" if self._partition == "aws-cn" else ""
        self._iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_document("sts:AssumeRole", Principal={"Service": f"ec2.amazonaws.com{suffix}"}),
        )
        self._iam.create_instance_profile(InstanceProfileName=name)
        self._iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return name

    def _wait_running(self, instance_ids: list[str]) -> None:
        def running() -> bool:
            reservations = self._ec2.describe_instances(InstanceIds=instance_ids)["Reservations"]
            return all(i["State"]["Name"] == "running" for r in reservations for i in r["Instances"])

        wait_for(running, "the instances to run", _PATIENCE)

    def _arn(self, kind: str, name: str, account: str) -> str:
        return f"arn:{self._partition}:ec2:{self._endpoint.region}:{account}:{kind}/{name}"

    def _route_statement(self, vpc_id: str, tables: tuple[str, ...]) -> dict[str, Any]:
        return {
            "Effect": "Allow",
            "Action": ["ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"],
            "Resource": [self._arn("route-table", table, self._owner[0]) for table in tables],
            "Condition": {"ArnEquals": {"ec2:Vpc": self._arn("vpc", vpc_id, self._owner[0])}},
        }

    def _describe_statement(self) -> dict[str, Any]:
        kinds = ("Instances", "NetworkInterfaces", "RouteTables", "Subnets", "Vpcs")
        return {
            "Effect": "Allow",
            "Action": [f"ec2:Describe{kind}" for kind in kinds],
            "Resource": "*",
            "Condition": {"StringEquals": {"ec2:Region": self._endpoint.region}},
        }

    def _routing_role(self, vpc_id: str, tables: tuple[str, ...]) -> str:
        iam = self._endpoint.client("iam", self._owner[1])
        trust = _document("sts:AssumeRole", Principal={"AWS": f"arn:{self._partition}:iam::{self._account[0]}:root"})
        role = iam.create_role(RoleName="overlay-routing", AssumeRolePolicyDocument=trust)["Role"]
        policy = _policy([self._describe_statement(), self._route_statement(vpc_id, tables)])
        iam.put_role_policy(RoleName="overlay-routing", PolicyName="overlay-ip", PolicyDocument=policy)
        return str(role["Arn"])

    def _operator(
        self, vpc_id: str, tables: tuple[str, ...], nodes: tuple[Machine, ...], routing_role: str | None
    ) -> Keys:
        account = self._account[0]
        roles = [f"arn:{self._partition}:iam::{account}:role/{node.role_name}" for node in nodes]
        profiles = [f"arn:{self._partition}:iam::{account}:instance-profile/{node.role_name}" for node in nodes]
        interfaces = [self._arn("network-interface", i, account) for node in nodes for i in node.network_interface_ids]
        statements: list[dict[str, Any]] = [
            self._describe_statement(),
            self._route_statement(vpc_id, tables),
            {
                "Effect": "Allow",
                "Action": "ec2:ModifyNetworkInterfaceAttribute",
                "Resource": interfaces,
                "Condition": {"StringEquals": {"ec2:Attribute/SourceDestCheck": ["true", "false"]}},
            },
            {
                "Effect": "Allow",
                "Action": [
                    f"iam:{action}"
                    for action in ("GetRole", "GetRolePolicy", "ListRolePolicies", "PutRolePolicy", "DeleteRolePolicy")
                ],
                "Resource": roles,
            },
            {"Effect": "Allow", "Action": "iam:GetInstanceProfile", "Resource": profiles},
            {"Effect": "Allow", "Action": "ec2:DescribeManagedPrefixLists", "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": ["ec2:GetManagedPrefixListEntries", "ec2:ModifyManagedPrefixList"],
                "Resource": self._arn("prefix-list", "*", "*"),
            },
        ]
        if routing_role:
            statements.append({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": routing_role})
        self._iam.create_user(UserName="operator")
        self._iam.put_user_policy(UserName="operator", PolicyName="operator", PolicyDocument=_policy(statements))
        key = self._iam.create_access_key(UserName="operator")["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def wait_for(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait until ``condition`` holds, at most ``seconds``; TimeoutError names what was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def _keys(credentials: Credentials) -> Keys:
    return Keys(credentials.access_key, credentials.secret_key, credentials.token)


def _named(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _document(action: str, **more: Any) -> str:
    return _policy([{"Effect": "Allow", "Action": action, **more}])
