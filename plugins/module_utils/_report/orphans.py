# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier inventory left behind: the nodes' own records and AWS's routes against what the inventory says now.

Knows no engine: each tells by itself what it was given. Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._base import net
from .._inventory.holders import Dict, node_of, settled

_KEPT = frozenset({"orphan_node", "other_interface"})
_TOLD = {"report": _KEPT | {"orphan_resource", "orphan_route", "orphan_address"}, "remove": _KEPT}
REMOVE = "overlay_ip_orphans=remove takes it away"


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

    def entries(self, name: str) -> list[dict[str, Any]]:
        """Of a node's program, the overlay IPs that the inventory has no more."""
        program = self.records.get(name, {}).get("program") or {"overlays": [], "left": []}
        wanted = {overlay["destination"] for overlay in self.model["overlays"]}
        entries = {o["destination"]: o for o in (*program["left"], *program["overlays"])}
        return [dict(entry) for destination, entry in entries.items() if destination not in wanted]

    def kept(self, name: str) -> dict[str, list[str]]:
        """Addresses that are up on a node, or kept there by files, and that the inventory has no more: where."""
        record, found = self.records.get(name, {"live": (), "saved": ()}), dict[str, list[str]]()
        for live in record["live"]:
            label = f" as {live['label']}" if live["label"] else ""
            found.setdefault(bare(live["address"]), []).append(f"up on {live['interface']}{label}")
        for saved in record["saved"]:
            found.setdefault(bare(saved["address"]), []).append(f"kept by {', '.join(saved['files'])}")
        return {address: where for address, where in found.items() if address not in self.wanted}

    @property
    def gone(self) -> list[str]:
        """The destinations that the nodes know and the inventory does not: their routes are to be looked for."""
        found = {entry["destination"] for name in self.hosts for entry in self.entries(name)}
        of_entries = {bare(a) for name in self.hosts for entry in self.entries(name) for a in entry["addresses"]}
        # A file tells an address alone: of a wider prefix the route is not known.
        found |= {net.host(a) for name in self.hosts for a in self.kept(name) if a not in of_entries}
        return sorted(found)

    @property
    def routes(self) -> list[dict[str, str]]:
        """The routes that are left over: of overlay IPs that are gone, and of tables that are not named any more."""
        ours = set(self._interfaces())
        found = []
        for overlay, whole in [*((o, False) for o in self.seen), *((o, True) for o in self.leftovers or ())]:
            for route in [*(overlay["routes"] if whole else ()), *overlay.get("others", ())]:
                interface = route.get("network_interface_id")
                name = node_of(route, self.model["nodes"]) or ""
                if interface and (name in self.model["nodes"] or interface in ours):
                    where = {"destination": overlay["destination"], "route_table_id": route["route_table_id"]}
                    found.append({**where, "network_interface_id": interface, "holder": name or interface})
        return found

    def interface_of(self, name: str) -> str | None:
        """The network interface by which a node shall receive, as the inventory or the node itself says."""
        node, identity = self.model["nodes"][name], self.hosts.get(name, {}).get("identity") or {}
        at = {i["device_number"]: i["network_interface_id"] for i in identity.get("interfaces", ())}
        found: str | None = node["network_interface_id"] or at.get(int(node.get("device_index") or 0))
        return found

    def resources(self) -> dict[str, str]:
        """What the chosen engine was given and the inventory has no more: slug of the address -> the command."""
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
            for view in host.get("failover") or ():
                if view.get("configured") and view["engine"] != self.model["failover"]:
                    found.setdefault(view["engine"], {})[name] = bool(view.get("running", True))
        return found

    def _interfaces(self) -> Iterator[str]:
        """Every interface that is, or once was, a node's."""
        for record in self.records.values():
            if record["program"]:
                yield from (record["program"]["network_interface_id"], *record["program"]["peers"].values())


def judged(sight: Sight) -> dict[str, Any]:
    """The findings, and what there is to do.

    Returns:
        ``findings``: each with ``node``, empty for what is in AWS or the cluster. ``told``: what setup does not mend,
        for people, by the value of overlay_ip_orphans. ``refused``: why it does not begin. ``destinations``: whose
        routes are to be looked for. ``engines``, ``resources``, ``routes``, ``addresses`` (per node): what is to be
        removed. ``release``: per node the addresses whose files are to go since only a holder has them now. ``left``:
        per node the entries that its configuration keeps until they are removed. ``former``: per node the
        other interfaces of its to which routes lead. ``programs``: nodes whose program nobody needs.
    """
    rules = (_engines, _resources, _routes, _addresses, _peers, _instances, _other_interface, _other_place, _programs)
    addresses = {name: sorted(sight.kept(name)) for name in sight.hosts if sight.kept(name)}
    findings = [finding for rule in rules for finding in rule(sight)]
    return {
        "findings": findings,
        "told": {choice: lines(f for f in findings if f["id"] in ids) for choice, ids in _TOLD.items()},
        "refused": [f"{f['message']} {f['remedy']}" for f in findings if f["id"] == "wrong_instance"],
        "destinations": sight.gone,
        "engines": sorted(sight.engines()),
        "resources": sorted(sight.resources()),
        "routes": sight.routes,
        "addresses": addresses,
        "release": {name: found for name in sight.hosts if (found := _released(sight, name))},
        "left": {name: list(_left(sight, name)) for name in sight.hosts},
        "former": {name: sorted({i for _d, n, i in _elsewhere(sight) if n == name}) for name in sight.hosts},
        "programs": [f["node"] for f in _programs(sight)],
    }


def bare(cidr: str) -> str:
    """An address without its length."""
    return cidr.partition("/")[0]


def _left(sight: Sight, name: str) -> Iterator[dict[str, Any]]:
    """An entry is kept as long as something of it is there, or may be: somebody did not answer."""
    blind = len(sight.records) < len(sight.model["nodes"]) or sight.leftovers is None
    routed = {route["destination"] for route in sight.routes}
    kept = {address for node in sight.hosts for address in sight.kept(node)}
    for entry in sight.entries(name):
        destination = entry["destination"]
        given = {net.slug(destination), net.slug(bare(destination))} & sight.resources().keys()
        if blind or given or destination in routed or kept & set(map(bare, entry["addresses"])):
            yield entry


def _released(sight: Sight, name: str) -> list[str]:
    """Only a holder has the address now: who is none, and to whom no route leads, keeps no file that brings it back."""
    if not sight.model["exclusive"] or name not in sight.records:
        return []
    saved = {bare(one["address"]) for one in sight.records[name]["saved"]}
    led = {
        overlay["destination"]
        for overlay in sight.seen
        for route in overlay["routes"]
        if node_of(route, sight.model["nodes"]) == name
    }
    return [
        address
        for overlay in settled(sight.model, sight.seen)
        if overlay["home"] != name and overlay["destination"] not in led
        for address in overlay["node_addresses"]
        if bare(address) in saved
    ]


def _engines(sight: Sight) -> Iterator[dict[str, str]]:
    for engine, nodes in sight.engines().items():
        running = any(nodes.values())
        yield _finding(
            "orphan_engine",
            "error" if running else "warning",
            f"{engine} {'runs' if running else 'is set up'} on {', '.join(nodes)}, but overlay_ip_failover is"
            f" {sight.model['failover']}.",
            "Run setup: it takes the overlay IPs away from it, and nobody lets go of them meanwhile.",
        )


def _resources(sight: Sight) -> Iterator[dict[str, str]]:
    for slug, command in sight.resources().items():
        message = f"{sight.model['failover']} still has {slug}, which is no overlay IP of the inventory any more."
        yield _finding("orphan_resource", "warning", message, f"`{command}`, or {REMOVE}.")


def _routes(sight: Sight) -> Iterator[dict[str, str]]:
    gone = set(sight.gone)
    for route in sight.routes:
        destination, table = route["destination"], route["route_table_id"]
        option = "--destination-ipv6-cidr-block" if net.family(destination) == 6 else "--destination-cidr-block"
        what = "which is no overlay IP of the inventory any more" if destination in gone else "and is not to any more"
        yield _finding(
            "orphan_route",
            "warning",
            f"{table} still routes {destination} to {route['holder']}, {what}.",
            f"`aws ec2 delete-route --region {sight.model['region']} --route-table-id {table} {option} {destination}`,"
            f" or {REMOVE}.",
        )


def _addresses(sight: Sight) -> Iterator[dict[str, str]]:
    for name in sight.hosts:
        for address, where in sight.kept(name).items():
            yield _finding(
                "orphan_address",
                "warning",
                f"{name} still has {address}, which is no overlay IP of the inventory any more: {', '.join(where)}.",
                f"`ansible {name} -b -m aws_ha.overlay_ip.overlay_interface -a 'addresses={address} state=absent'`, or"
                f" {REMOVE}.",
                name,
            )


def _peers(sight: Sight) -> Iterator[dict[str, str]]:
    """Other nodes as a node's program knows them: removed, or replaced by another machine."""
    engine = sight.model["failover"]
    told: set[str] = set()
    for name, record in sight.records.items():
        for peer, interface in ((record["program"] or {}).get("peers") or {}).items():
            if peer not in sight.model["nodes"]:
                if peer not in told:
                    told.add(peer)
                    stop = f"systemctl disable --now {engine}; " if engine != "none" else ""
                    yield _finding(
                        "orphan_node",
                        "warning",
                        f"{peer} ({interface}) was a node when setup ran on {name}, and is none any more: as long as it"
                        " runs and has the policy, it may take the overlay IPs.",
                        f"On {peer} `{stop}aws-overlay-ip give-up`, and take the policy from its role, or terminate"
                        " it.",
                    )
                continue
            now = sight.interface_of(peer)
            if now and now != interface:
                yield _finding(
                    "node_replaced",
                    "warning" if engine == "none" else "error",
                    f"{name} takes {interface} for the interface of {peer}, but it is {now}: {peer} was replaced, or"
                    " another interface was chosen.",
                    "Run setup: it tells every node.",
                    name,
                )


def _instances(sight: Sight) -> Iterator[dict[str, str]]:
    for name, host in sight.hosts.items():
        is_now = (host.get("identity") or {}).get("instance_id")
        says = sight.model["nodes"][name]["instance_id"]
        if is_now and says and is_now != says:
            yield _finding(
                "wrong_instance",
                "error",
                f"{name} is {is_now}, but the inventory says {says}: the node was replaced.",
                f"Set overlay_ip_instance_id of {name} to {is_now}, or refresh the inventory's source, then run setup.",
                name,
            )


def _elsewhere(sight: Sight) -> dict[tuple[str, str, str], list[str]]:
    """Overlay IP, node, and another interface of its than the one that is to receive -> the tables that lead there."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for overlay in sight.seen:
        for route in overlay["routes"]:
            name, interface = node_of(route, sight.model["nodes"]) or "", route.get("network_interface_id")
            if name in sight.model["nodes"] and interface and sight.interface_of(name) not in (None, interface):
                places.setdefault((overlay["destination"], name, interface), []).append(route["route_table_id"])
    return places


def _other_interface(sight: Sight) -> Iterator[dict[str, str]]:
    for (destination, name, interface), tables in _elsewhere(sight).items():
        yield _finding(
            "other_interface",
            "warning",
            f"{', '.join(tables)}: {destination} still goes to {interface} of {name}, whose interface is"
            f" {sight.interface_of(name)} now.",
            f"`ansible-playbook switchover.yml -e target={name}` moves it.",
            name,
        )


def _other_place(sight: Sight) -> Iterator[dict[str, str]]:
    """An address that is up, but not where the inventory says."""
    for name, record in sight.records.items():
        live = {bare(one["address"]): one for one in record["live"]}
        for overlay in sight.model["overlays"]:
            for address in overlay["node_addresses"]:
                one = live.get(bare(address))
                for key in ("interface", "label")[: 2 if net.family(address) == 4 else 1]:
                    if one is None or overlay[key] in ("auto", one[key]):
                        continue
                    yield _finding(
                        f"other_{key}_on_node",
                        "warning",
                        f"{bare(address)} has the {key} '{one[key]}' on {name}, but the inventory says"
                        f" '{overlay[key]}'.",
                        "Run setup: it adds the new one before it removes the old one.",
                        name,
                    )


def _programs(sight: Sight) -> Iterator[dict[str, str]]:
    if sight.model["failover"] != "none" or sight.model.get("metrics"):
        return
    for name, record in sight.records.items():
        if record["program"] and not list(_left(sight, name)):
            message = f"aws-overlay-ip is installed on {name}, and neither a failover engine nor metrics need it."
            yield _finding("orphan_program", "info", message, "Run setup: it removes it.", name)


def _finding(name: str, severity: str, message: str, remedy: str, node: str = "") -> dict[str, str]:
    return {"id": name, "severity": severity, "message": message, "remedy": remedy, "node": node}


def lines(findings: Iterable[Dict]) -> list[str]:
    """For people."""
    return [f"{f['severity']}: {f['message']} {f['remedy']}" for f in findings]
