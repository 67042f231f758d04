# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own pages, under ``/_lab``: faults, calls, settings, the clock, problems, sharing, planted routes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from .answers import Answer, ApiError, json_answer
from .calls import CallLog, as_json
from .cloud import Cloud
from .ec2 import attachments, identifiers, routes
from .faults import Faults
from .request import HttpRequest


class AdminPages:
    """The pages; they take and give JSON, and need no signature: whoever reaches the lab owns it."""

    def __init__(self, cloud: Cloud, faults: Faults, log: CallLog) -> None:
        self._cloud = cloud
        self._faults = faults
        self._log = log
        self._pages: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "faults"): lambda _: faults.listing(),
            ("POST", "faults"): lambda body: {"ids": faults.add(body if isinstance(body, list) else [body])},
            ("GET", "calls"): self._calls,
            ("POST", "clear"): self._clear,
            ("GET", "problems"): lambda _: [asdict(problem) for problem in cloud.problems],
            ("GET", "settings"): lambda _: self._settings(),
            ("POST", "settings"): self._change_settings,
            ("POST", "clock"): self._clock,
            ("POST", "shares"): self._share,
            ("POST", "routes"): self._plant,
            ("POST", "attachments"): self._attach,
        }

    def answer(self, http: HttpRequest) -> Answer:
        """Answer one request to a page."""
        name = http.path.removeprefix("/_lab").strip("/")
        page = self._pages.get((http.method, name))
        if page is None:
            known = sorted(f"{method} /_lab/{page}" for method, page in self._pages)
            return json_answer({"error": f"no page {http.method} /_lab/{name}; there are {', '.join(known)}"}, 404)
        try:
            body = json.loads(http.body) if http.body else dict(parse_qsl(http.query))
            return json_answer(page(body))
        except (ValueError, TypeError, KeyError, AttributeError, ApiError) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def _calls(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = dict(query)
        return as_json(self._log.select(int(wanted.pop("since", 0)), **wanted))

    def _clear(self, body: Any) -> dict[str, Any]:
        """Drop faults, calls and problems; with ``{"only": "faults"}`` (or calls, problems) just those."""
        only = body.get("only") if isinstance(body, dict) else None
        for name, clear in {
            "faults": self._faults.clear,
            "calls": self._log.clear,
            "problems": self._cloud.problems.clear,
        }.items():
            if only in (None, name):
                clear()
        return {}

    def _settings(self) -> dict[str, Any]:
        settings = self._cloud.settings
        return {**asdict(settings.strict), **asdict(settings.timing)}

    def _change_settings(self, body: dict[str, Any]) -> dict[str, Any]:
        with self._cloud.change():
            self._cloud.settings = self._cloud.settings.updated(body)
        return self._settings()

    def _clock(self, body: dict[str, Any]) -> dict[str, float]:
        self._cloud.clock.advance(float(body["advance"]))
        return {"now": self._cloud.clock.now()}

    def _share(self, body: dict[str, Any]) -> dict[str, Any]:
        with self._cloud.change():
            share = self._cloud.shares.add(
                body["owner"], body["participant"], body.get("region", self._cloud.region), body["subnet_ids"]
            )
        return asdict(share)

    def _attach(self, body: dict[str, Any]) -> dict[str, str]:
        """Attach a VPN or a Direct Connect gateway to a transit gateway, with the prefixes that it announces."""
        region = body.get("region", self._cloud.region)
        with self._cloud.change():
            attachment_id = attachments.plant(
                self._cloud, region, body["gateway_id"], body["kind"], body["resource_id"], body["prefixes"]
            )
        return {"id": attachment_id}

    def _plant(self, body: dict[str, Any]) -> dict[str, Any]:
        """Put a route of any origin into a table, as a VPN gateway's propagation would; or another table's routes."""
        region, backing = body.get("region", self._cloud.region), self._cloud.backing
        with self._cloud.change():
            table = backing.table(region, body["route_table_id"])
            if table is None:
                raise identifiers.not_found("rtb", body["route_table_id"])
            if "copy_from" in body:
                routes.copy_static(self._cloud, backing.table(region, body["copy_from"]), table)
                return {}
            interface_id, gateway_id = body.get("network_interface_id"), body.get("gateway_id")
            interface = identifiers.interface(self._cloud, region, interface_id) if interface_id else None
            gateway = backing.resource(region, "vpn_gateways", gateway_id) if gateway_id else None
            routes.plant(self._cloud, table, body["destination"], interface, gateway, body["origin"])
        return {}
