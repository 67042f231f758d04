# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A place to try EC2's rules on: the lab's endpoint or stock moto, through the same boto3 calls."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from moto.core.authorization import enable_iam_authentication

from lab.endpoint import Credentials, boto_client
from lab.endpoint.control import Control

REGION = "eu-central-1"
IMAGE = "ami-0123456789abcdef0"
OVERLAY = "192.168.10.15/32"
_networks = itertools.count(1)


@dataclass
class Bench:
    """An endpoint with a VPC of its own on it. ``control`` is None for stock moto, which has no such thing."""

    url: str
    keys: Credentials
    control: Control | None
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def ec2(self) -> Any:
        """The EC2 client of the administrator."""
        return self.client("ec2")

    def client(self, service: str, keys: Credentials | None = None) -> Any:
        """A client that tries once."""
        if keys is None and service in self._clients:
            return self._clients[service]
        client = boto_client(service, self.url, REGION, keys or self.keys)
        if keys is None:
            self._clients[service] = client
        return client

    def unchecked(self, service: str) -> Any:
        """A client that sends what boto3 would refuse itself."""
        return boto_client(service, self.url, REGION, self.keys, parameter_validation=False)

    # --- things to try on ---------------------------------------------------------------------------------------------

    @cached_property
    def vpc(self) -> str:
        """A VPC, 10.0.0.0/16."""
        return str(self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])

    @cached_property
    def subnet(self) -> str:
        """A subnet of it, 10.0.1.0/24."""
        return str(self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])

    @cached_property
    def table(self) -> str:
        """Its main route table."""
        found = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])
        return str(found["RouteTables"][0]["RouteTableId"])

    @cached_property
    def account(self) -> str:
        """The account id."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def instance(self, interfaces: int = 1) -> tuple[str, list[str]]:
        """A running instance in the subnet: its id and those of its interfaces."""
        made = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=self.subnet
        )["Instances"][0]
        ids = [made["NetworkInterfaces"][0]["NetworkInterfaceId"]]
        for index in range(1, interfaces):
            ids.append(self.interface())
            self.ec2.attach_network_interface(
                NetworkInterfaceId=ids[-1], InstanceId=made["InstanceId"], DeviceIndex=index
            )
        self.wait(lambda: self.state(made["InstanceId"]) == "running", "the instance to run")
        return made["InstanceId"], ids

    def interface(self) -> str:
        """A free interface in the subnet."""
        made = self.ec2.create_network_interface(SubnetId=self.subnet)["NetworkInterface"]
        return str(made["NetworkInterfaceId"])

    def foreign_instance(self) -> tuple[str, str]:
        """An instance in another VPC, and its interface."""
        vpc = self.ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.1.0/24")["Subnet"]["SubnetId"]
        made = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
        return made["InstanceId"], made["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def user(self, *statements: dict[str, Any]) -> Credentials:
        """A user with just this policy."""
        iam, name = self.client("iam"), f"user-{next(_networks)}"
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    # --- looking ------------------------------------------------------------------------------------------------------

    def route(self, destination: str = OVERLAY, table: str | None = None) -> dict[str, Any] | None:
        """The route to ``destination`` as DescribeRouteTables shows it."""
        found = self.ec2.describe_route_tables(RouteTableIds=[table or self.table])["RouteTables"][0]["Routes"]
        return next(
            (r for r in found if destination in (r.get("DestinationCidrBlock"), r.get("DestinationIpv6CidrBlock"))),
            None,
        )

    def shown(self, destination: str = OVERLAY) -> dict[str, Any]:
        """The route, which must be there."""
        route = self.route(destination)
        assert route is not None, f"no route to {destination}"
        return route

    def state(self, instance: str) -> str:
        """The state of an instance."""
        found = self.ec2.describe_instances(InstanceIds=[instance])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    # --- the lab's own doors; stock moto has none, so a rule that needs one fails there -------------------------------

    def configure(self, **changes: Any) -> None:
        """Change settings of the lab."""
        if self.control is not None:
            self.control.settings(**changes)

    def fault(self, do: str, **options: Any) -> None:
        """Add a fault."""
        if self.control is not None:
            self.control.fault(do, **options)

    def problems(self) -> list[dict[str, str]]:
        """What the lab knows to have got wrong."""
        return self.control.problems() if self.control is not None else []

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Judge callers by their policies: always so in the lab, on demand in moto (for the whole process)."""
        if self.control is not None:
            yield
            return
        with enable_iam_authentication():
            yield

    @staticmethod
    def wait(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        """Wait until ``condition`` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds} s for {what}"
            time.sleep(0.02)


def refused(code: str, call: Callable[..., Any], /, *, text: str = "", status: int = 400, **arguments: Any) -> None:
    """Assert that the call is refused with this code, HTTP status and (part of the) text."""
    try:
        call(**arguments)
    except ClientError as error:
        got, http = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert (got["Code"], http) == (code, status), f"{got} {http}"
        assert text in got["Message"], got["Message"]
    else:
        raise AssertionError(f"accepted, and not refused with {code}: {arguments}")


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """An Allow statement; ``condition`` is a Condition block by operator."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {**allow(action, resource, **condition), "Effect": "Deny"}
