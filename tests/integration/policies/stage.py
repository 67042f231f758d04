# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A judged VPC, callers with one policy each, and what the playbooks ask of AWS, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import (
    document as policy_document,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import (
    grant as policy_grant,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import info, job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._source_dest_check import switch
from lab.endpoint import Endpoint
from lab.world import Keys, World

OVERLAY = "192.168.10.15/32"


class Denied(Exception):
    """A step was refused by AWS; the text is what the user reads."""


@dataclass
class Stage:
    """The world, its administrators, and one user whose only policy a test chooses."""

    endpoint: Endpoint
    world: World
    tables: tuple[str, ...] = ()
    foreign: str = ""
    iam: Any = field(default=None, repr=False)
    _judged: Keys | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """The last table is nobody's business; ``iam`` is the administrator's."""
        *mine, self.foreign = self.world.route_table_ids
        self.tables = tuple(mine)
        self.iam = self.endpoint.client("iam", self.world.admin.credentials())

    @property
    def instances(self) -> list[str]:
        """The nodes' instances."""
        return [node.instance_id for node in self.world.nodes]

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The nodes' interfaces that receive the overlay IP."""
        return tuple(node.network_interface_ids[0] for node in self.world.nodes)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The nodes' roles and instance profiles, which have the same names here."""
        return tuple(str(node.role_name) for node in self.world.nodes)

    def ec2(self, keys: Keys, **options: Any) -> Ec2:
        """EC2 as the holder of these keys sees it."""
        return Ec2(
            Aws(
                AwsOptions(
                    region=self.world.region,
                    endpoint_url=self.endpoint.url,
                    access_key=keys.access_key,
                    secret_key=keys.secret_key,
                    session_token=keys.token,
                    **options,
                )
            )
        )

    def judged_keys(self) -> Keys:
        """The keys of a user who has no policy but what ``grant`` gave."""
        if self._judged is None:
            self.iam.create_user(UserName="judged")
            key = self.iam.create_access_key(UserName="judged")["AccessKey"]
            self._judged = Keys(key["AccessKeyId"], key["SecretAccessKey"])
        return self._judged

    def judged(self, **options: Any) -> Ec2:
        """EC2 as that user sees it."""
        return self.ec2(self.judged_keys(), **options)

    def grant(self, document: Document) -> None:
        """Make this the judged user's policy."""
        self.iam.put_user_policy(UserName="judged", PolicyName="only", PolicyDocument=policy_document.text(document))

    def point(self, ec2: Ec2, interface: str, **options: Any) -> None:
        """Point the overlay IP at an interface in our tables."""
        request = job.Request((OVERLAY,), self.tables, network_interface_id=interface, wait_timeout=5, **options)
        job.run(ec2, request)

    def holders(self, keys: Keys) -> set[str | None]:
        """Where it points, in any of our tables."""
        routes = [table.static(OVERLAY) for table in self.ec2(keys).tables(self.tables)]
        return {route.network_interface_id if route else None for route in routes}

    def rendered(self, keys: Keys | None = None, **options: Any) -> Document:
        """What ``overlay_iam_policy`` renders."""
        document: Document = policy_grant.run(
            self.ec2(keys or self.world.admin), policy_grant.Request(state="rendered", **options)
        )["policy"]
        return document


@dataclass(frozen=True)
class Steps:
    """What the playbooks send to AWS; node1 is known by its interface, node2 by its instance, as inventories may."""

    stage: Stage
    managed: bool = False
    route_role: str = ""

    def setup(self, ec2: Ec2) -> None:
        """Steps 4, 2 and 1; step 3 needs no AWS."""
        self._policies(ec2, self.stage.tables[:1])
        self._policies(ec2, self.stage.tables)
        self._source_dest_check(ec2, False)
        self.status(ec2)
        self._route(ec2, network_interface_id=self.stage.interfaces[0], takeover="blackhole", preflight=True)

    def switchover(self, ec2: Ec2) -> None:
        """To node2, proved by DryRun first."""
        self._route(ec2, instance_id=self.stage.instances[1], verify_permissions=True, preflight=True)

    def status(self, ec2: Ec2) -> None:
        """Who holds what, wherever it points."""
        info.overlays(ec2, [OVERLAY], self.stage.tables, None, self.stage.instances)

    def teardown(self, ec2: Ec2) -> None:
        """The reverse of setup."""
        self._route(ec2, instance_id=self.stage.instances[0], state="absent")
        info.overlays(ec2, [], [], None, self.stage.instances)
        self._source_dest_check(ec2, True)
        for number in range(len(self.stage.instances)):
            policy_grant.run(ec2, replace(self._request(number), state="absent"))

    def _policies(self, ec2: Ec2, tables: tuple[str, ...]) -> None:
        for number in range(len(self.stage.instances)):
            request = self._request(number)
            policy_grant.run(ec2, request if self.route_role else replace(request, route_table_ids=tables))

    def _request(self, number: int) -> policy_grant.Request:
        """The first node's role by its name (overlay_ip_iam_role), the other's by the instance."""
        who: dict[str, Any] = {"instance_id": self.stage.instances[number]}
        if number == 0:
            who["role_name"] = self.stage.profiles[0]
        return policy_grant.Request(**who, managed=self.managed, route_role_arn=self.route_role)

    def _source_dest_check(self, ec2: Ec2, enabled: bool) -> None:
        some: dict[str, Any] = {"network_interface_ids": None, "device_index": 0, "all_interfaces": False}
        for params in (
            {**some, "network_interface_ids": [self.stage.interfaces[0]]},
            {**some, "instance_ids": self.stage.instances[1:]},
        ):
            switch.switch(ec2, switch.chosen(ec2, params), enabled, False)

    def _route(self, ec2: Ec2, **options: Any) -> None:
        job.run(ec2, job.Request((OVERLAY,), self.stage.tables, wait_timeout=5, **options))


def play(ec2: Ec2, *steps: Callable[[Ec2], object]) -> None:
    """Run steps; what AWS refuses ends in Denied, anything else is an error of the test."""
    try:
        for step in steps:
            step(ec2)
    except (AwsError, job.JobError, switch.SwitchError) as err:
        raise Denied(str(err)) from err


def without_one(document: Document) -> Iterator[tuple[str, Document]]:
    """The document with any one action, or any one ARN, taken out; and what was."""
    for index, statement in enumerate(document["Statement"]):
        for key in ("Action", "Resource"):
            values = statement[key] if isinstance(statement[key], list) else [statement[key]]
            for value in values:
                rest = [other for other in values if other != value]
                if value == "*" or (key == "Resource" and not rest):
                    continue  # all of the statement's ARNs: its actions one by one say more
                changed = [{**statement, key: rest}] if rest else []
                statements = [*document["Statement"][:index], *changed, *document["Statement"][index + 1 :]]
                yield value, {**document, "Statement": statements}
