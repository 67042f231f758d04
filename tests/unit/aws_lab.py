# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's endpoint for tests of the collection's code: modules run by their real main, and what the tables truly say.

Use the fixtures by importing them in a conftest.py. The endpoint serves all tests of one file; every test starts with
no overlay route, no fault, an empty call log and default settings.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.api import Api
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire.client import Wire
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab.endpoint import Endpoint, Strictness, Timing
from lab.endpoint.control import Control
from lab.world import Keys, World, WorldSpec, build, wait_for

OVERLAY = "192.168.10.15/32"
#: Runs a module with changed options and returns its answer.
Run = Callable[..., dict[str, Any]]
#: Short bounds of the SDK, so that a call without an answer costs a test a fraction of a second.
QUICK: dict[str, Any] = {"connect_timeout": 0.3, "read_timeout": 0.3, "retries": {"total_max_attempts": 1}}

#: The clients that speak to AWS: the modules' by the SDK, and the nodes' own.
CLIENTS: dict[str, Callable[[AwsOptions], Api]] = {"sdk": Aws, "wire": Wire}

_DEFAULTS = {**asdict(Strictness()), **asdict(Timing())}


@dataclass
class AwsLab:
    """One endpoint with one world on it."""

    endpoint: Endpoint
    world: World
    control: Control
    #: Which of CLIENTS `ec2` makes.
    speaks: str = "sdk"

    @property
    def tables(self) -> list[str]:
        """The world's route tables, by id: the first one leads where two movers meet."""
        return sorted(self.world.route_table_ids)

    def eni(self, node: int, device_index: int = 0) -> str:
        """An interface of node 1, 2 ..."""
        return self.world.nodes[node - 1].network_interface_ids[device_index]

    def instance(self, node: int) -> str:
        """The instance of node 1, 2 ..."""
        return self.world.nodes[node - 1].instance_id

    def options(self, keys: Keys | None = None, **more: Any) -> dict[str, Any]:
        """AWS options of a module, by default the operator's."""
        keys = keys or self.world.operator
        return {
            "region": self.world.region,
            "endpoint_url": self.endpoint.url,
            "access_key": keys.access_key,
            "secret_key": keys.secret_key,
            **more,
        }

    def ec2(self, keys: Keys | None = None, **config: Any) -> Ec2:
        """EC2 as the holder of these keys sees it, with ``config`` for the SDK (our own client takes the same)."""
        return Ec2(CLIENTS[self.speaks](AwsOptions(**self.options(keys), aws_config=config or None)))

    @cached_property
    def client(self) -> Any:
        """A boto3 client of the VPC's owner, for the scenery."""
        return self.endpoint.client("ec2", self.world.owner_admin.credentials())

    def point(self, node: int | None, *tables: str, destination: str = OVERLAY) -> None:
        """Make the route (``node`` None: none) in these tables, default all, whatever was there."""
        key = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
        for table in tables or self.tables:
            there = self.truth(destination).get(table)
            if there:
                with suppress(self.client.exceptions.ClientError):  # an entry of a list, which is no route of its own
                    self.client.delete_route(RouteTableId=table, **{key: destination})
            if node:
                self.client.create_route(RouteTableId=table, NetworkInterfaceId=self.eni(node), **{key: destination})
        self.control.clear("calls")

    def truth(self, destination: str = OVERLAY) -> dict[str, str | None]:
        """Per table of the VPC, the interface that the static route points at."""
        snapshot = self.endpoint.snapshot(self.world.vpc_id)
        return {
            t.route_table_id: next((r.target for r in t.routes if r.destination == destination), None)
            for t in snapshot.tables
        }

    def policy(self, user: str, actions: list[str], on_tables: dict[str, list[str]] | None = None) -> Keys:
        """A user who may do ``actions`` on everything, and each of ``on_tables`` on those tables alone."""
        world = self.world
        arn = f"arn:aws:ec2:{world.region}:{world.account_id}:route-table/"
        statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        for action, tables in (on_tables or {}).items():
            statements.append({"Effect": "Allow", "Action": action, "Resource": [arn + table for table in tables]})
        return self.policy_of(user, statements)

    def policy_of(self, user: str, statements: list[dict[str, Any]]) -> Keys:
        """A user with just these statements."""
        world = self.world
        iam = self.endpoint.client("iam", world.admin.credentials())
        with suppress(iam.exceptions.EntityAlreadyExistsException):  # from the same test with the other client
            iam.create_user(UserName=user)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=document)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def wait_state(self, instance_id: str, state: str) -> None:
        """Wait until an instance is ``running``, ``stopped``, ``terminated`` ..."""

        def reached() -> bool:
            answer = self.client.describe_instances(InstanceIds=[instance_id])
            return bool(answer["Reservations"][0]["Instances"][0]["State"]["Name"] == state)

        wait_for(reached, f"{instance_id} to be {state}", 10)
        self.control.clear("calls")

    def calls(self) -> list[str]:
        """The EC2 actions asked for since the last ``point``, in the order of their end."""
        return self.control.actions(service="ec2")

    def _unlist(self, table: str) -> None:
        """Take the routes to prefix lists out of a table."""
        [read] = self.client.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        for listed in filter(None, (route.get("DestinationPrefixListId") for route in read["Routes"])):
            self.client.delete_route(RouteTableId=table, DestinationPrefixListId=listed)

    def reset(self) -> None:
        """No overlay route, no fault, no call, default settings; nothing of the test before is still on its way."""
        self.control.clear()
        wait_for(lambda: self.endpoint.log.in_progress == 0, "the calls of the test before to end", 10)
        self.endpoint.configure(**_DEFAULTS)
        snapshot = self.endpoint.snapshot(self.world.vpc_id)
        for table in snapshot.tables:
            if any(route.target != "local" for route in table.routes):
                self._unlist(table.route_table_id)
            for route in table.routes:
                if route.target != "local":
                    self.point(None, table.route_table_id, destination=route.destination)
        self.control.clear()


def run_module(
    module: ModuleType, capsys: pytest.CaptureFixture[str], *, check: bool = False, **params: Any
) -> dict[str, Any]:
    """Run a module's real main, with diff, and return what it printed."""
    arguments = {"_ansible_check_mode": check, "_ansible_diff": True, **params}
    with patch_module_args(arguments), _on_a_node(), pytest.raises(SystemExit):
        module.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    answer.pop("invocation", None)
    return answer


@contextmanager
def _on_a_node() -> Iterator[None]:
    """ansible-core 2.19 and newer displays warnings where another test has imported what a controller has."""
    internal: Any = sys.modules.get("ansible.module_utils._internal")
    before = getattr(internal, "is_controller", None)
    if before is None:
        yield
        return
    internal.is_controller = False
    try:
        yield
    finally:
        internal.is_controller = before


def warnings(result: dict[str, Any]) -> list[str]:
    """What the modules of this process warned of so far; newer versions of ansible-core wrap each sentence."""
    return [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", [])]


def actions(result: dict[str, Any]) -> list[str]:
    """What overlay_route did, per table."""
    return [route["action"] for route in result["routes"]]


def held(result: dict[str, Any], side: str = "after") -> list[str | None]:
    """The interface that overlay_route saw before or after, per table."""
    return [route[side] and route[side]["network_interface_id"] for route in result["routes"]]


@pytest.fixture(scope="module")
def _aws_lab() -> Iterator[AwsLab]:
    with Endpoint() as endpoint:
        world = build(endpoint, WorldSpec(tables=3, extra_interfaces=1))
        yield AwsLab(endpoint, world, Control(endpoint.url))


@pytest.fixture
def aws(request: pytest.FixtureRequest, _aws_lab: AwsLab) -> Iterator[AwsLab]:
    """The endpoint, clean, asked by the client that the parameter names, or the SDK.

    A test that made the lab itself fail has failed.
    """
    _aws_lab.reset()
    _aws_lab.speaks = getattr(request, "param", "sdk")
    yield _aws_lab
    problems = _aws_lab.control.problems()
    assert not problems, problems


def by_either_client(metafunc: pytest.Metafunc) -> None:
    """For a conftest: every test that asks AWS does so by the SDK, and by our own client."""
    if "aws" in metafunc.fixturenames:
        metafunc.parametrize("aws", CLIENTS, indirect=True)
