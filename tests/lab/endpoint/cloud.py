# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the endpoint share: moto's state under one lock, the settings, the clock, and who must be told."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .backing import Backing, Route
from .ec2.client_vpn_store import ClientVpn
from .elb.store import Store
from .iam.sessions import Sessions
from .sharing import Shares
from .switches import Settings

if TYPE_CHECKING:
    from .ec2.life import Life

#: Called with an instance id and "start", "stop", "reboot" or "terminate".
#: Told of an instance and an event; returns what is set once its machine has done it, or None if it is done already.
PowerCallback = Callable[[str, str], threading.Event | None]


class Clock:
    """Time as the lab sees it: real time, plus what a test has advanced it by (so that credentials expire)."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``."""
        self._offset += seconds


@dataclass(frozen=True)
class RouteChange:
    """One change of a route table: enough to undo it, which is how a stale read is answered."""

    time: float
    table_id: str
    route_id: str
    before: Route | None


@dataclass(frozen=True)
class Problem:
    """An answer that the lab itself got wrong (moto's HTTP 500, or a bug of ours): the test that met it fails."""

    action: str
    detail: str


class Cloud:
    """The state behind one endpoint. Every read or write of moto's state happens inside ``with cloud.lock``."""

    #: The instances' transitions; set by the endpoint, since they need the cloud themselves.
    life: Life

    def __init__(self, region: str, settings: Settings) -> None:
        self.region = region
        self.settings = settings
        self.clock = Clock()
        self.lock = threading.RLock()
        self.backing = Backing(region)
        self.account_id = self.backing.add_account()
        self.sessions = Sessions(self.clock.now)
        self.shares = Shares(self.backing)
        self.balancers = Store()
        self.client_vpns: dict[str, ClientVpn] = {}
        self.history: deque[RouteChange] = deque(maxlen=20_000)
        self.problems: list[Problem] = []
        #: Grow with every change that may alter how a table is shown (anything but routes; each table's routes).
        self.epoch = 0
        self.versions: Counter[str] = Counter()
        self._subscribers: list[Callable[[], None]] = []
        self._power: list[PowerCallback] = []

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, under the lock, after every change."""
        self._subscribers.append(callback)

    def on_power(self, callback: PowerCallback) -> None:
        """Have ``callback`` called when an instance's machine shall go down, come up or restart."""
        self._power.append(callback)

    def power(self, instance_id: str, event: str) -> list[threading.Event]:
        """Tell the machines, not under the lock; returns what to wait for where a machine takes its time."""
        told = [callback(instance_id, event) for callback in self._power]
        return [pending for pending in told if pending is not None]

    @contextmanager
    def change(self, only_routes: bool = False) -> Iterator[None]:
        """A change of the state: exclusive, and told to the subscribers when it succeeded."""
        with self.lock:
            yield
            self.epoch += not only_routes
            for callback in self._subscribers:
                callback()

    def remember(self, table_id: str, route_id: str, before: Route | None) -> None:
        """Record that a route is about to change: for stale reads, and for whoever keeps a rendered table."""
        self.versions[table_id] += 1
        self.history.append(RouteChange(self.clock.now(), table_id, route_id, before))

    def problem(self, action: str, detail: str) -> None:
        """Record a failure of the lab itself."""
        self.problems.append(Problem(action, detail))
