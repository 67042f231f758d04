# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only file that imports moto: its state, and its application for every action that the lab leaves to it.

moto keeps its state per process and account, so each endpoint gets account ids of its own, and two endpoints in one
process (or one test after another) never see each other.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from typing import Any

# moto reads this when an account's first EC2 backend is made: 2,000 images that nobody here looks at.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.managed_prefixes import ManagedPrefixList
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.transit_gateway_attachments import TransitGatewayAttachment, TransitGatewayVpcAttachment
from moto.ec2.utils import generate_route_id
from moto.iam.models import IAMBackend, Role, User, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import get_partition

from .answers import Answer, ApiError
from .request import Call

__all__ = [
    "Backing",
    "Instance",
    "ManagedPrefixList",
    "NetworkInterface",
    "Role",
    "Route",
    "RouteTable",
    "TransitGatewayAttachment",
    "TransitGatewayVpcAttachment",
    "User",
    "forward",
    "generate_route_id",
    "new_account_id",
]

_application = DomainDispatcherApplication(create_backend_app)


def new_account_id() -> str:
    """Twelve digits that no other endpoint of this process uses."""
    return str(secrets.randbelow(9 * 10**11) + 10**11)


class Backing:
    """moto's state of the accounts of one endpoint. Callers hold the endpoint's lock: moto itself has none."""

    def __init__(self, region: str) -> None:
        self.accounts: list[str] = []
        if region not in RegionsAndZonesBackend.zones:  # moto has those of the three oldest partitions only
            RegionsAndZonesBackend.zones[region] = [
                Zone(f"{region}{letter}", region, f"{region}-az{n}") for n, letter in enumerate("abc", 1)
            ]

    def add_account(self) -> str:
        """Open a fresh account and return its id."""
        self.accounts.append(new_account_id())
        return self.accounts[-1]

    def close(self) -> None:
        """Forget everything that moto holds for these accounts."""
        for backends in (ec2_backends, iam_backends):
            for account in self.accounts:
                backends.pop(account, None)

    def ec2(self, account: str, region: str) -> Any:
        """moto's EC2 state of an account in a Region."""
        try:
            return ec2_backends[account][region]
        except KeyError:
            raise ApiError("AuthFailure", f"The lab's endpoint knows no Region {region!r}", 401) from None

    def iam(self, account: str, region: str) -> IAMBackend:
        """moto's IAM state of an account, in the partition of ``region``."""
        return iam_backends[account][get_partition(region)]

    def all_iam(self) -> Iterator[tuple[str, IAMBackend]]:
        """Every IAM state in use, with its account."""
        for account in self.accounts:
            for backend in list(iam_backends[account].values()):
                yield account, backend

    def all_ec2(self) -> Iterator[tuple[str, Any]]:
        """Every EC2 state in use, with its Region."""
        for account in self.accounts:
            yield from list(ec2_backends[account].items())

    def table(self, region: str, table_id: str) -> RouteTable | None:
        """A route table of any of the endpoint's accounts."""
        return self._find(region, lambda ec2: ec2.route_tables.get(table_id))

    def interface(self, region: str, interface_id: str) -> NetworkInterface | None:
        """A network interface of any of the endpoint's accounts."""
        return self._find(region, lambda ec2: ec2.enis.get(interface_id))

    def instance(self, region: str, instance_id: str) -> Instance | None:
        """An instance of any of the endpoint's accounts."""
        return self._find(region, lambda ec2: next((i for i in ec2.all_instances() if i.id == instance_id), None))

    def resource(self, region: str, kind: str, resource_id: str) -> Any | None:
        """Any other resource, by the name of moto's collection (``subnets`` is nested by zone and handled)."""
        if kind == "subnets":
            return self._find(
                region, lambda ec2: next((z[resource_id] for z in ec2.subnets.values() if resource_id in z), None)
            )
        if kind == "groups":
            return self._find(region, lambda ec2: ec2.get_security_group_from_id(resource_id))
        return self._find(region, lambda ec2: getattr(ec2, kind).get(resource_id))

    def _find(self, region: str, pick: Any) -> Any | None:
        for account in self.accounts:
            found = pick(self.ec2(account, region))
            if found is not None:
                return found
        return None


def forward(call: Call, account: str) -> Answer:
    """Let moto answer ``call`` as ``account``."""
    http = call.http
    environ: dict[str, Any] = {
        "REQUEST_METHOD": http.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": http.path,
        "QUERY_STRING": http.query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(http.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_TYPE": http.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(http.body)),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in http.headers.items()},
        "HTTP_X_MOTO_ACCOUNT_ID": account,
    }
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(_application(environ, lambda status, headers, _exc=None: started.append((status, headers))))
    status, headers = started[-1]
    kept = {name: value for name, value in headers if name.lower() == "content-type"}
    return Answer(int(status.split()[0]), body, kept)
