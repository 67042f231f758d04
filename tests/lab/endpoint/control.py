# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the lab's own pages, for tests: faults, calls, settings, time."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode


class ControlError(RuntimeError):
    """The endpoint refused what a test asked of it."""


class Control:
    """Talks to ``/_lab`` of the endpoint at ``url``."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout

    def fault(self, do: str, *, times: int | None = None, skip: int = 0, match: dict[str, Any] | None = None,
              **options: Any) -> int:  # fmt: skip
        """Add one fault and return its id. ``match``: action, service, region, caller, mutating."""
        rule = {"do": do, "times": times, "skip": skip, "match": match or {}, **options}
        return int(self._post("faults", [rule])["ids"][0])

    def faults(self, rules: list[dict[str, Any]]) -> list[int]:
        """Add several faults at once."""
        return [int(i) for i in self._post("faults", rules)["ids"]]

    def calls(self, since: int = 0, **wanted: str) -> list[dict[str, Any]]:
        """The calls after id ``since`` whose fields (``action``, ``caller``, ``code``, ...) have the given values."""
        return list(self._get("calls", {"since": since, **wanted}))

    def actions(self, since: int = 0, **wanted: str) -> list[str]:
        """The names of those calls' actions, in order."""
        return [call["action"] for call in self.calls(since, **wanted)]

    def mark(self) -> int:
        """The id of the last call, for ``since``."""
        return max((call["id"] for call in self.calls()), default=0)

    def clear(self, only: str | None = None) -> None:
        """Drop faults, calls and problems, or ``only`` one of them."""
        self._post("clear", {"only": only} if only else {})

    def problems(self) -> list[dict[str, str]]:
        """What the lab itself got wrong since the last clear; a test that finds any has failed."""
        return list(self._get("problems"))

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings (see switches.py) and return them all."""
        return dict(self._post("settings", changes) if changes else self._get("settings"))

    def advance(self, seconds: float) -> None:
        """Move the lab's clock, so that credentials expire and buckets fill."""
        self._post("clock", {"advance": seconds})

    def share(self, owner: str, participant: str, subnet_ids: list[str]) -> None:
        """Share subnets of account ``owner`` with account ``participant``."""
        self._post("shares", {"owner": owner, "participant": participant, "subnet_ids": subnet_ids})

    def plant_route(self, route_table_id: str, destination: str, origin: str, **target: str) -> None:
        """Put a route with any origin into a table (target: ``network_interface_id`` or ``gateway_id``)."""
        self._post("routes", {"route_table_id": route_table_id, "destination": destination, "origin": origin, **target})

    def attach(self, gateway_id: str, kind: str, resource_id: str, prefixes: list[str]) -> str:
        """Attach a ``vpn`` or ``direct-connect-gateway`` that announces ``prefixes`` to a transit gateway; its id."""
        body = {"gateway_id": gateway_id, "kind": kind, "resource_id": resource_id, "prefixes": prefixes}
        return str(self._post("attachments", body)["id"])

    def copy_routes(self, source: str, target: str) -> None:
        """Give table ``target`` all static routes of ``source``: a large world in little time."""
        self._post("routes", {"route_table_id": target, "copy_from": source})

    def _get(self, page: str, query: dict[str, Any] | None = None) -> Any:
        return self._send(urllib.request.Request(f"{self.url}/_lab/{page}?{urlencode(query or {})}"))

    def _post(self, page: str, body: Any) -> Any:
        return self._send(urllib.request.Request(f"{self.url}/_lab/{page}", json.dumps(body).encode(), method="POST"))

    def _send(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ControlError(json.load(error).get("error", str(error))) from None
