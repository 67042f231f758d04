# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier inventory left behind: the nodes' own records and AWS's routes against what the inventory says now.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._base import command, net
from .._inventory import former
from .._inventory.holders import Dict, node_of
from .._inventory.settling import settled
from .._route.entries import named
from .sight import Sight, bare

_KEPT = frozenset({"orphan_node", "other_interface", "arrives_elsewhere"})
_TOLD = {"report": _KEPT | {"orphan_resource", "orphan_route", "orphan_entry", "orphan_address"}, "remove": _KEPT}
_REFUSED = frozenset({"wrong_instance", "orphan_holder", "other_inventory", "shared_address", "former_elsewhere"})
_OPTION = {4: "cidr-block", 6: "ipv6-cidr-block", 0: "prefix-list-id"}
REMOVE = "overlay_ip_orphans=remove takes it away"


def judged(sight: Sight) -> dict[str, Any]:
    """The findings, and what there is to do.

    Returns:
        ``findings``: each with ``node``, empty for what is in AWS or the cluster. ``told``: what setup does not mend,
        for people, by the value of overlay_ip_orphans. ``refused``: why it does not begin, by the same. ``strangers``:
        the nodes whose program is not this inventory's. ``destinations``: whose routes are to be looked for.
        ``engines``, ``resources``, ``routes``, ``entries`` (of managed prefix lists), ``addresses`` (per node): what is
        to be removed. ``release``: per node
        the addresses whose files are to go since only a holder has them now. ``left``: per node the entries that its
        configuration keeps until they are removed. ``replaced``: the single addresses that a prefix carries now;
        ``kept_on``: what of ``left`` stays without them; ``handed_over``: the engine's resources of all that is
        replaced. ``removed``: per node the nodes that it knows and the inventory does not, with their interfaces.
        ``former``: per node the other interfaces of its to which routes lead.
        ``programs``: nodes whose program nobody needs.
    """
    rules: tuple[Callable[[Sight], Iterator[dict[str, str]]], ...] = (
        *(_strange, _shared, _former, _engines, _resources, _routes, _entries, _addresses, _removed, _holders),
        *(_peers, _instances, _other_interface, _other_place, _arrives_elsewhere, _programs),
    )
    replaced = {row.destination for row in sight.former if row.narrow}
    addresses = {name: sorted(sight.kept(name)) for name in sight.hosts if sight.kept(name)}
    findings = [finding for rule in rules for finding in rule(sight)]
    return {
        "findings": findings,
        "told": {choice: lines(f for f in findings if f["id"] in ids) for choice, ids in _TOLD.items()},
        "refused": {choice: _refused(sight, findings, choice) for choice in _TOLD},
        "strangers": [name for name in sight.hosts if sight.strange(name)],
        "destinations": sight.gone,
        "engines": sorted(sight.engines()),
        "resources": sorted(sight.resources()),
        "routes": sight.routes,
        "entries": sight.entries_left,
        "addresses": addresses,
        "release": {name: found for name in sight.hosts if (found := _released(sight, name))},
        "left": {name: list(_left(sight, name)) for name in sight.hosts},
        "kept_on": {name: [e for e in _left(sight, name) if e["destination"] not in replaced] for name in sight.hosts},
        "replaced": sorted(replaced),
        "handed_over": sorted(sight.handed_over()),
        "removed": {name: sight.removed(name) for name in sight.hosts},
        "former": {name: sorted({i for _d, n, i in _elsewhere(sight) if n == name}) for name in sight.hosts},
        "programs": [f["node"] for f in _programs(sight)],
    }


def _left(sight: Sight, name: str) -> Iterator[dict[str, Any]]:
    """An entry is kept as long as something of it is there, or may be: somebody did not answer."""
    blind = len(sight.records) < len(sight.model["nodes"]) or sight.leftovers is None
    routed = {route["destination"] for route in sight.routes} | {row.destination for row in sight.former}
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
        for overlay in settled(sight.model, sight.seen, sight.known)
        if overlay["home"] != name and overlay["destination"] not in led
        for address in overlay["node_addresses"]
        if bare(address) in saved
    ]


def _refused(sight: Sight, findings: Iterable[Dict], choice: str) -> list[str]:
    """A program of other overlay IPs may be overwritten where they shall go, as after a renaming, by its engine."""
    engine = sight.model["failover"]
    others = {
        view["engine"]
        for name in sight.hosts
        if sight.strange(name)
        for view in sight.hosts[name].get("failover") or ()
        if view.get("configured")
    } - {engine}
    fine = {"other_inventory"} if engine == "none" or (choice == "remove" and not others) else set()
    return [f"{f['message']} {f['remedy']}" for f in findings if f["id"] in _REFUSED - fine]


def _strange(sight: Sight) -> Iterator[dict[str, str]]:
    for name in sight.hosts:
        if sight.strange(name):
            views = sight.hosts[name].get("failover") or ()
            engines = [view["engine"] for view in views if view.get("configured")] or [sight.program_name]
            theirs = ", ".join(o["destination"] for o in sight.records[name]["program"]["overlays"])
            ours = ", ".join(o["destination"] for o in sight.model["overlays"])
            alone = sight.model["failover"] == "none"
            yield _finding(
                "other_inventory",
                "info" if alone else "error",
                f"{' and '.join(engines)} on {name} moves {theirs} for the deployment"
                f" '{sight.model['deployment']}', and this inventory, whose overlay_ip_name is the same, has {ours}:"
                " that is another inventory's, or all were renamed.",
                "It is left alone; teardown with that inventory removes it."
                if alone
                else "Give this inventory an overlay_ip_name of its own, or, where nobody uses those any more, set"
                " overlay_ip_orphans=remove and leave overlay_ip_failover as it was.",
                name,
            )


def _shared(sight: Sight) -> Iterator[dict[str, str]]:
    """One address, two deployments: each would move it, and take it from the other."""
    for name, host in sight.hosts.items():
        for other in host.get("others") or ():
            both = sorted(sight.wanted & {bare(address) for address in other["addresses"]})
            if both:
                yield _finding(
                    "shared_address",
                    "error",
                    f"{', '.join(both)} on {name} is of the deployment '{other['name']}' already, and in this"
                    f" inventory, whose overlay_ip_name is '{sight.model['deployment']}', too.",
                    "Take it out of one inventory, or tear it down with the other one first.",
                    name,
                )


def _former(sight: Sight) -> Iterator[dict[str, str]]:
    """A route of the inventory replaces another one, and what goes by that would go elsewhere."""
    homes = {o["destination"]: o["home"] for o in settled(sight.model, sight.seen, sight.known)}
    for sentence in former.refused(sight.former, sight.model["nodes"], homes):
        message, _colon, remedy = sentence.partition(": ")
        yield _finding("former_elsewhere", "error", f"{message}.", f"{remedy[0].upper()}{remedy[1:]}")


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
    for slug, by_hand in sight.resources().items():
        message = f"{sight.model['failover']} still has {slug}, which is no overlay IP of the inventory any more."
        yield _finding("orphan_resource", "warning", message, f"`{by_hand}`, or {REMOVE}.")


def _routes(sight: Sight) -> Iterator[dict[str, str]]:
    gone = set(sight.gone)
    for route in sight.routes:
        destination, table = route["destination"], route["route_table_id"]
        option = f"--destination-{_OPTION[net.family(destination)]}"
        what = "which is no overlay IP of the inventory any more" if destination in gone else "and is not to any more"
        yield _finding(
            "orphan_route",
            "warning",
            f"{table} still routes {destination} to {route['holder']}, {what}.",
            f"`aws ec2 delete-route --region {sight.model['region']} --route-table-id {table} {option} {destination}`,"
            f" or {REMOVE}.",
        )


def _entries(sight: Sight) -> Iterator[dict[str, str]]:
    """What setup added to a managed prefix list, and to nobody else's."""
    for left in sight.entries_left:
        listed, addresses = left["prefix_list_id"], left["addresses"]
        by_hand = command.local(
            "aws_ha.overlay_ip.overlay_prefix_list",
            {
                "region": sight.model["region"],
                "prefix_list_id": listed,
                "addresses": ",".join(addresses),
                "state": "absent",
                "description": left["description"],
            },
        )
        yield _finding(
            "orphan_entry",
            "warning",
            f"{listed} still has {named(addresses)}, which setup added and the inventory has there no more.",
            f"`{by_hand}`, or {REMOVE}." if by_hand else f"Setup with {REMOVE}.",
        )


def _addresses(sight: Sight) -> Iterator[dict[str, str]]:
    for name in sight.hosts:
        for address, where in sight.kept(name).items():
            by_hand = command.ad_hoc(name, "aws_ha.overlay_ip.overlay_interface", f"addresses={address} state=absent")
            yield _finding(
                "orphan_address",
                "warning",
                f"{name} still has {address}, which is no overlay IP of the inventory any more: {', '.join(where)}.",
                f"`{by_hand}`, or {REMOVE}." if by_hand else f"Setup with {REMOVE}.",
                name,
            )


def _removed(sight: Sight) -> Iterator[dict[str, str]]:
    """Nodes that the inventory has no more."""
    engine, told = sight.model["failover"], set[str]()
    units = (v for h in sight.hosts.values() for v in h.get("failover") or () if v["engine"] == engine)
    unit = next((view["unit"] for view in units if "unit" in view), engine)
    stop = f"systemctl disable --now {unit}; " if engine != "none" else ""
    for name in sight.hosts:
        for peer, interface in sight.removed(name).items():
            if peer not in told:
                told.add(peer)
                yield _finding(
                    "orphan_node",
                    "warning",
                    f"{peer} ({interface}) was a node when setup ran on {name}, and is none any more: as long as it"
                    " runs and has the policy, it may take the overlay IPs.",
                    f"On {peer} `{stop}{sight.program_name} give-up`, and take the policy from its role, or terminate"
                    " it; then overlay_ip_orphans=remove forgets it.",
                )


def _holders(sight: Sight) -> Iterator[dict[str, str]]:
    """With an engine: the nodes of the inventory would take it from a node that serves and that they do not hear."""
    names = {interface: peer for name in sight.hosts for peer, interface in sight.removed(name).items()}
    for overlay in sight.seen if sight.model["failover"] != "none" else ():
        held = {r.get("network_interface_id") for r in overlay["routes"] if r["state"] == "active"} & names.keys()
        for interface in sorted(i for i in held if i):
            yield _finding(
                "orphan_holder",
                "error",
                f"{overlay['destination']} is routed to {interface} of {names[interface]}, which is no node of the"
                " inventory any more.",
                f"Put {names[interface]} back, run the switchover to a node that stays, then take it out again.",
            )


def _peers(sight: Sight) -> Iterator[dict[str, str]]:
    """Other nodes as a node's program knows them, where they were replaced by another machine."""
    for name in sight.records:
        for peer, interface in ((sight.program(name) or {}).get("peers") or {}).items():
            now = sight.interface_of(peer) if peer in sight.model["nodes"] else None
            if now and now != interface:
                yield _finding(
                    "node_replaced",
                    "warning" if sight.model["failover"] == "none" else "error",
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
        by_hand = command.playbook("switchover.yml", {}, {"target": name})
        yield _finding(
            "other_interface",
            "warning",
            f"{', '.join(tables)}: {destination} still goes to {interface} of {name}, whose interface is"
            f" {sight.interface_of(name)} now.",
            f"`{by_hand}` moves it." if by_hand else f"A switchover to {name} moves it.",
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


def _arrives_elsewhere(sight: Sight) -> Iterator[dict[str, str]]:
    """An address on one interface, whose packets come in by another. What is on lo is reached by any."""
    for name, record in sight.records.items():
        device, live = sight.device_of(name), {bare(one["address"]): one["interface"] for one in record["live"]}
        for overlay in sight.model["overlays"]:
            for address in map(bare, overlay["node_addresses"]):
                if device and live.get(address, "lo") not in ("lo", device) and overlay["interface"] != device:
                    yield _finding(
                        "arrives_elsewhere",
                        "warning",
                        f"{address} is on {live[address]} of {name}, but its packets come in by {device}"
                        f" ({sight.interface_of(name)}): where the replies leave by {live[address]}, EC2 drops them.",
                        f"Set `interface: {device}` of this overlay IP, and run setup.",
                        name,
                    )


def _programs(sight: Sight) -> Iterator[dict[str, str]]:
    if sight.model["failover"] != "none" or sight.model.get("metrics"):
        return
    for name in sight.records:
        if sight.program(name) and not list(_left(sight, name)):
            message = f"{sight.program_name} is installed on {name}, and neither a failover engine nor metrics need it."
            yield _finding("orphan_program", "info", message, "Run setup: it removes it.", name)


def _finding(name: str, severity: str, message: str, remedy: str, node: str = "") -> dict[str, str]:
    return {"id": name, "severity": severity, "message": message, "remedy": remedy, "node": node}


def lines(findings: Iterable[Dict]) -> list[str]:
    """For people."""
    return [f"{f['severity']}: {f['message']} {f['remedy']}" for f in findings]
