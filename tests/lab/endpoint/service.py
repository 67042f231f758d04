# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint as a whole: EC2, IAM and STS on given sockets, with doors for the machines around it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

from .calls import CallLog
from .clients import Credentials, boto_client
from .cloud import Cloud, PowerCallback, Problem
from .ec2.life import Life
from .faults import Faults
from .iam.caller import Admin
from .pipeline import Application
from .serving import Server, loopback_socket
from .snapshot import VpcSnapshot
from .snapshots import take
from .switches import Settings, Strictness, Timing


class Endpoint:
    """EC2, IAM and STS of a few accounts of its own, behind AWS's rules.

    One process may run several; each has fresh account ids, so they never see each other's state.
    """

    def __init__(
        self, region: str = "eu-central-1", strict: Strictness | None = None, timing: Timing | None = None
    ) -> None:
        self.region = region
        self.cloud = Cloud(region, Settings(strict or Strictness(), timing or Timing()))
        self.cloud.life = Life(self.cloud)
        self.faults = Faults()
        self.log = CallLog()
        self._admins: dict[str, Admin] = {}
        self.admin = self._open(self.cloud.account_id)
        self.app = Application(self.cloud, self._admins, self.faults, self.log)
        self._server: Server | None = None
        self._url = ""

    @property
    def account_id(self) -> str:
        """The first account's id."""
        return self.cloud.account_id

    @property
    def url(self) -> str:
        """Where the first socket listens."""
        if not self._url:
            raise RuntimeError("the endpoint has not been started")
        return self._url

    @property
    def problems(self) -> list[Problem]:
        """What the lab itself got wrong; a test that finds any has failed."""
        return self.cloud.problems

    @property
    def propagation_delay(self) -> float:
        """Seconds that the data path lags behind the API (settable over ``/_lab/settings``)."""
        return self.cloud.settings.timing.propagation_delay

    def start(self, sockets: Sequence[socket.socket] | None = None) -> Endpoint:
        """Serve on bound sockets (default: one on 127.0.0.1) in background threads; returns itself."""
        sockets = list(sockets or [loopback_socket()])
        host, port = sockets[0].getsockname()[:2]
        self._url = f"http://{host}:{port}"
        self._server = Server(self.app, sockets)
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving, cancel what is under way and forget all state."""
        self.faults.clear()
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.cloud.life.close()
        self.cloud.backing.close()

    def __enter__(self) -> Endpoint:
        return self if self._server is not None else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add_account(self) -> tuple[str, Credentials]:
        """Open another account (for a shared VPC) and return its id and its administrator's keys."""
        with self.cloud.lock:
            account = self.cloud.backing.add_account()
        return account, self._open(account)

    def share(self, owner: str, participant: str, subnet_ids: list[str]) -> None:
        """Share subnets of account ``owner`` with account ``participant``, as RAM does."""
        with self.cloud.change():
            self.cloud.shares.add(owner, participant, self.region, subnet_ids)

    def client(self, service: str, credentials: Credentials | None = None, **config: Any) -> Any:
        """A boto3 client of this endpoint; by default with the administrator's keys."""
        return boto_client(service, self.url, self.region, credentials or self.admin, **config)

    def configure(self, **changes: Any) -> None:
        """Change settings by name (see switches.py)."""
        with self.cloud.change():
            self.cloud.settings = self.cloud.settings.updated(changes)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, under the lock and so quickly, after every change: "something changed"."""
        self.cloud.subscribe(callback)

    def on_power(self, callback: PowerCallback) -> None:
        """Have ``callback(instance_id, event)`` called, one at a time; event: start, stop, reboot, terminate."""
        self.cloud.on_power(callback)

    def snapshot(self, vpc_id: str) -> VpcSnapshot:
        """The VPC as it is now."""
        return take(self.cloud, vpc_id)

    def measured(self, group_arn: str, address: str, port: int, healthy: bool) -> None:
        """Take down what a health check of the fabric's load balancers has found."""
        with self.cloud.lock:
            group = self.cloud.balancers.groups.get(group_arn)
            target = group.targets.get((address, port)) if group else None
            if target is not None:
                target.healthy = healthy

    def _open(self, account_id: str) -> Credentials:
        admin = Admin(account_id)
        self._admins[admin.access_key] = admin
        return Credentials(admin.access_key, admin.secret_key)
