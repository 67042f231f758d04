# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nodes and AWS say, as far as it is compared with the inventory: `orphans` judges it.

Knows no engine: each tells by itself what it was given. Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._base import net
from .._base.deployment import Deployment
from .._inventory.former import Former, routed
from .._inventory.holders import Dict, node_of
from .._inventory.listed import leftovers
from .._inventory.settling import replaced


@dataclass(frozen=True)
class Sight:
    """All that is compared.

    Attributes:
        model: the inventory's.
        hosts: per node what ``overlay_node_info`` said; nothing of a node that did not answer.
        seen: what ``overlay_route_info`` saw of the inventory's overlay IPs.
        leftovers: what it saw of `gone`; None where nobody looked.
    """

    model: Dict
    hosts: Mapping[str, Dict]
    seen: Sequence[Dict]
    leftovers: Sequence[Dict] | None = None

    @property
    def records(self) -> dict[str, Dict]:
        """Of the nodes that answered."""
        return {name: host["record"] for name, host in self.hosts.items() if host.get("record")}

    @property
    def wanted(self) -> set[str]:
        """The addresses of the inventory."""
        return {bare(address) for overlay in self.model["overlays"] for address in overlay["node_addresses"]}

    def strange(self, name: str) -> bool:
        """Whether a node's program has overlay IPs and none of the inventory's: another one's, or all were renamed."""
        program = self.records.get(name, {}).get("program") or {}
        known = [entry for key in ("overlays", "left") for entry in program.get(key, ())]
        wanted = {overlay["destination"] for overlay in self.model["overlays"]}
        # Another route may carry the same addresses now.
        same = (one["destination"] in wanted or self.wanted & set(map(bare, one["addresses"])) for one in known)
        return bool(known) and not any(same)

    @property
    def known(self) -> set[str]:
        """The prefixes that the nodes have on record as routed, and that the inventory replaces."""
        return routed(self.records.values(), self.model["overlays"])

    @property
    def former(self) -> list[Former]:
        """The routes that those of the inventory replace."""
        return replaced(self.model, self.seen, self.known)

    def program(self, name: str) -> Dict | None:
        """A node's program as far as it is this inventory's. Beside no engine somebody else's is left alone."""
        alone = self.model["failover"] == "none" and self.strange(name)
        found: Dict | None = None if alone else self.records.get(name, {}).get("program")
        return found

    def entries(self, name: str) -> list[dict[str, Any]]:
        """Of a node's program, the overlay IPs that the inventory has no more."""
        program = self.program(name) or {"overlays": [], "left": []}
        wanted = {overlay["destination"] for overlay in self.model["overlays"]}
        entries = {o["destination"]: o for o in (*program["left"], *program["overlays"])}
        return [dict(entry) for destination, entry in entries.items() if destination not in wanted]

    def kept(self, name: str) -> dict[str, list[str]]:
        """Addresses that are up on a node, or kept there by files, and that the inventory has no more: where."""
        record, found = self.records.get(name, {"live": (), "saved": ()}), dict[str, list[str]]()
        theirs = set() if self.program(name) else self._moved(name)
        for live in record["live"]:
            label = f" as {live['label']}" if live["label"] else ""
            found.setdefault(bare(live["address"]), []).append(f"up on {live['interface']}{label}")
        for saved in record["saved"]:
            found.setdefault(bare(saved["address"]), []).append(f"kept by {', '.join(saved['files'])}")
        return {address: where for address, where in found.items() if address not in self.wanted | theirs}

    @property
    def gone(self) -> list[str]:
        """The destinations that the nodes know and the inventory does not: their routes are to be looked for."""
        found = {entry["destination"] for name in self.hosts for entry in self.entries(name)}
        of_entries = {bare(a) for name in self.hosts for entry in self.entries(name) for a in entry["addresses"]}
        # A file tells an address alone: of a wider prefix the route is not known.
        found |= {net.host(a) for name in self.hosts for a in self.kept(name) if a not in of_entries}
        # A move of it may be on record.
        found |= {row.destination for row in self.former if not row.narrow}
        return sorted(found)

    @property
    def routes(self) -> list[dict[str, str]]:
        """The routes that are left over: of overlay IPs that are gone, and of tables that are not named any more."""
        ours = set(self._interfaces())
        former = {(row.route_table_id, row.destination) for row in self.former if row.narrow}  # setup deletes them
        found = []
        for overlay, whole in [*((o, False) for o in self.seen), *((o, True) for o in self.leftovers or ())]:
            for route in [*(overlay["routes"] if whole else ()), *overlay.get("others", ())]:
                interface = route.get("network_interface_id")
                name = node_of(route, self.model["nodes"]) or ""
                if (route["route_table_id"], overlay["destination"]) in former:
                    continue
                if interface and (name in self.model["nodes"] or interface in ours):
                    where = {"destination": overlay["destination"], "route_table_id": route["route_table_id"]}
                    found.append({**where, "network_interface_id": interface, "holder": name or interface})
        return found

    @property
    def entries_left(self) -> list[dict[str, Any]]:
        """Entries of managed prefix lists that setup added, and that are not to be there any more."""
        return leftovers(self.model, [*self.seen, *(self.leftovers or ())])

    @property
    def program_name(self) -> str:
        """What the program is called on the nodes."""
        return Deployment(self.model["deployment"]).program

    def device_of(self, name: str) -> str | None:
        """The node's own name of the interface by which it shall receive, where it is known."""
        identity = self.hosts.get(name, {}).get("identity") or {}
        names = {i["network_interface_id"]: i.get("name") for i in identity.get("interfaces", ())}
        found: str | None = names.get(self.interface_of(name) or "")
        return found

    def interface_of(self, name: str) -> str | None:
        """The network interface by which a node shall receive, as the inventory or the node itself says."""
        node, identity = self.model["nodes"][name], self.hosts.get(name, {}).get("identity") or {}
        at = {i["device_number"]: i["network_interface_id"] for i in identity.get("interfaces", ())}
        found: str | None = node["network_interface_id"] or at.get(int(node.get("device_index") or 0))
        return found

    def removed(self, name: str) -> dict[str, str]:
        """The nodes that a node's program knows, now or from before, and that the inventory has no more."""
        program = self.program(name) or {}
        known = {**program.get("removed", {}), **program.get("peers", {})}
        here = {self.interface_of(node) for node in self.model["nodes"]}  # by another name
        return {n: i for n, i in known.items() if n not in self.model["nodes"] and i not in here}

    def resources(self) -> dict[str, str]:
        """What the chosen engine was given and the inventory has no more: slug of the address -> the command."""
        others = {net.slug(net.bare(row.destination)) for row in self.former}
        return {slug: command for slug, command in self._gone_resources().items() if slug not in others}

    def handed_over(self) -> set[str]:
        """What it was given of overlay IPs that another one of the inventory replaces."""
        return self._gone_resources().keys() - self.resources().keys()

    def _gone_resources(self) -> dict[str, str]:
        slugs = {net.slug(overlay["address"]) for overlay in self.model["overlays"]}
        return {
            given["slug"]: given["command"]
            for host in self.hosts.values()
            for view in host.get("failover") or ()
            if view["engine"] == self.model["failover"]
            for given in view.get("given", ())
            if given["slug"] not in slugs
        }

    def engines(self) -> dict[str, dict[str, bool]]:
        """The engines that were set up and are not the chosen one: name -> node -> whether it runs there."""
        found: dict[str, dict[str, bool]] = {}
        for name, host in self.hosts.items():
            for view in host.get("failover") or () if not self.strange(name) else ():
                if view.get("configured") and view["engine"] != self.model["failover"]:
                    found.setdefault(view["engine"], {})[name] = bool(view.get("running", True))
        return found

    def _interfaces(self) -> Iterator[str]:
        """Every interface that is, or once was, a node's."""
        for name in self.records:
            if program := self.program(name):
                yield from (program["network_interface_id"], *program["peers"].values(), *self.removed(name).values())

    def _moved(self, name: str) -> set[str]:
        """The addresses that a node's program has, whosever it is."""
        program = self.records.get(name, {}).get("program") or {}
        entries = [*program.get("overlays", ()), *program.get("left", ())]
        return {bare(address) for entry in entries for address in entry["addresses"]}


def bare(cidr: str) -> str:
    """An address without its length."""
    return cidr.partition("/")[0]
