# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 as a fleet meets it: one token bucket per API action for all, latency, throttling, answers that are lost.

It speaks HTTP's content, forms in and XML out, so that the program's own client is part of what runs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

from fleet.world import World

WRITES = (50.0, 5.0)
READS = (100.0, 20.0)
"""Tokens and tokens a second, per account, Region and action: EC2 API reference, "Request throttling"."""

THROTTLED = "RequestLimitExceeded"


@dataclass(frozen=True)
class Weather:
    """What the way to EC2 is like. AWS publishes none of it: these are assumptions.

    Attributes:
        latency: seconds of a whole call, the median; spread: sigma of its logarithm.
        refusal: seconds until a call without a token is answered.
        lost: of so many calls the answer is lost, though carried out; dropped: the request; failed: HTTP 500.
        background: reads of others (the checks of all nodes), a second.
    """

    latency: float = 0.07
    spread: float = 0.35
    refusal: float = 0.02
    lost: float = 0.001
    dropped: float = 0.001
    failed: float = 0.001
    background: float = 0.0


class Bucket:
    """A token bucket; what others take from it, at random, is played back when somebody asks."""

    def __init__(self, world: World, burst: float, rate: float, others: float = 0.0) -> None:
        self._world, self._burst, self._rate, self._others = world, burst, rate, others
        self._tokens, self._at = burst if others < rate else 0.0, world.now
        self._next = self._gap()

    def take(self) -> bool:
        """A token, if there is one."""
        while self._next <= self._world.now:
            self._fill(self._next)
            if self._tokens >= 1.0:
                self._tokens -= 1.0
            self._next += self._gap()
        self._fill(self._world.now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _gap(self) -> float:
        return self._world.random.expovariate(self._others) if self._others else math.inf

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now


@dataclass
class Pair:
    """One pair: a route in each of its tables, that is to lead to the node that is left.

    ``first`` and ``back``: when its first table and when all of them led there, with the address up.
    """

    number: int
    tables: tuple[str, ...]
    routes: dict[str, str] = field(default_factory=dict)
    up: bool = False
    first: float | None = None
    back: float | None = None
    refused: int = 0

    @property
    def destination(self) -> str:
        """Its overlay IP."""
        return f"192.168.{self.number // 250}.{self.number % 250 + 1}/32"

    @property
    def old(self) -> str:
        """The interface that was lost."""
        return f"eni-{self.number:05}a"

    @property
    def new(self) -> str:
        """The interface of the node that is left."""
        return f"eni-{self.number:05}b"

    def note(self, now: float) -> None:
        """Remember when it was back."""
        here = [self.routes[table] == self.new for table in self.tables]
        if self.up and any(here) and self.first is None:
            self.first = now
        if self.up and all(here) and self.back is None:
            self.back = now


class Endpoint:
    """EC2 for all pairs."""

    def __init__(self, world: World, pairs: Sequence[Pair], weather: Weather) -> None:
        self.world, self.weather = world, weather
        self.pairs = {table: pair for pair in pairs for table in pair.tables}
        for pair in pairs:
            pair.routes = dict.fromkeys(pair.tables, pair.old)
        self.buckets = {"DescribeRouteTables": Bucket(world, *READS, weather.background)}
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def call(self, form: Mapping[str, str], patience: float) -> tuple[int, str] | None:
        """Status and body, after the time that it takes; None where no answer came within ``patience`` seconds."""
        chance, weather = self.world.random, self.weather
        fate = chance.random()
        way = weather.latency * math.exp(chance.gauss(0.0, weather.spread)) / 2
        self.sent[form["Action"]] += 1
        if fate < weather.dropped or way >= patience:
            self.world.sleep(patience)
            return None
        self.world.sleep(way)
        status, text = self._serve(form, fate)
        back = weather.refusal / 2 if status == 503 else way
        if weather.dropped <= fate < weather.dropped + weather.lost or way + back >= patience:
            self.world.sleep(patience - way)
            return None
        self.world.sleep(back)
        return status, text

    def _serve(self, form: Mapping[str, str], fate: float) -> tuple[int, str]:
        action = form["Action"]
        names = [form[key] for key in sorted(form) if key.startswith("Filter.1.Value.")] or [form["RouteTableId"]]
        pair = self.pairs[names[0]]
        if not self.buckets.setdefault(action, Bucket(self.world, *WRITES)).take():
            self.refused[action] += 1
            pair.refused += 1
            return 503, _error(THROTTLED, "Request limit exceeded.")
        if 1.0 - fate < self.weather.failed:
            return 500, _error("InternalError", "An internal error has occurred")
        if action == "DescribeRouteTables":
            return 200, _tables({name: self.pairs[name] for name in names})
        pair.routes[form["RouteTableId"]] = form["NetworkInterfaceId"]
        pair.note(self.world.now)
        return 200, "<ReplaceRouteResponse><return>true</return></ReplaceRouteResponse>"


def _tables(pairs: Mapping[str, Pair]) -> str:
    items = "".join(
        f"<item><routeTableId>{name}</routeTableId><vpcId>vpc-1</vpcId><ownerId>1</ownerId><associationSet/>"
        "<routeSet><item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId>"
        "<origin>CreateRouteTable</origin><state>active</state></item>"
        f"<item><destinationCidrBlock>{pair.destination}</destinationCidrBlock>"
        f"<networkInterfaceId>{pair.routes[name]}</networkInterfaceId>"
        "<origin>CreateRoute</origin><state>active</state></item></routeSet></item>"
        for name, pair in pairs.items()
    )
    return f"<DescribeRouteTablesResponse><routeTableSet>{items}</routeTableSet></DescribeRouteTablesResponse>"


def _error(code: str, message: str) -> str:
    return f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"


class Place:
    """One node's way there, in place of `http.Place`."""

    def __init__(self, endpoint: Endpoint, http: Any) -> None:
        self._endpoint, self._http = endpoint, http
        self.origin, self.proxy = SimpleNamespace(authority="ec2.invalid"), None

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes, limits: Any) -> Any:
        """One request, within its limits."""
        form = dict(parse_qsl(body.decode()))
        got = self._endpoint.call(form, max(0.0, min(limits.read, limits.left())))
        if got is None:
            raise self._http.NoAnswer("no answer in time")
        return self._http.Answer(got[0], {}, got[1].encode())
