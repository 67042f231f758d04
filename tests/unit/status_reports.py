# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of a status as the real code makes them, of VPCs that are well, broken, hostile or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.finding import Finding, as_dicts
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import reach
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import status
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import info, network
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.facts import Instance, Interface, Subnet
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import Route, Table
from unit.move_records import NOON, record

OVERLAY, VPC = "192.168.10.15/32", "vpc-0f3b2c1d4e5a60718"
#: Whom a table leads to: the number of a node, or None; and the state of the route.
Leads = Sequence[tuple[int | None, str]]
WELL: Leads = ((1, "active"), (1, "active"))


def instance(number: int, *, state: str = "running", check: bool = False, pair: int = 1) -> Instance:
    """Node 1 or 2 of a pair."""
    known = f"0{(pair * 2654435761 + number) % 2**64:016x}"
    interface = Interface(
        f"eni-{known}",
        VPC,
        f"subnet-0a1b2c3d4e5f6071{number}",
        check,
        private_ip=f"10.0.{number}.10",
        instance_id=f"i-{known}",
        device_index=0,
    )
    return Instance(f"i-{known}", state, VPC, (interface,))


def report(
    leads: Mapping[str, Leads] | None = None,
    *,
    names: Sequence[str] = ("node1", "node2"),
    checks: Sequence[bool] = (False, False),
    states: Sequence[str] = ("running", "running"),
    away: Sequence[str] = (),
    engine: str | None = "keepalived",
    master: int | None = None,
    extra: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    pair: int = 1,
    group: str = "overlay_nodes",
    zones: Sequence[str] = ("eu-central-1a", "eu-central-1b", "eu-central-1c"),
) -> dict[str, Any]:
    """The report of a pair whose overlay IPs lead where `leads` says, table by table.

    The engine has them where the first table leads, or on the node `master`; 0: on none.
    """
    leads = leads or {OVERLAY: WELL}
    nodes = [instance(n, state=states[n - 1], check=checks[n - 1], pair=pair) for n in (1, 2)]
    subnets = [Subnet(f"subnet-0a1b2c3d4e5f6071{n}", f"10.0.{n}.0/24", zones[n - 1]) for n in (1, 2, 3)]
    count = max(len(told) for told in leads.values())
    tables = [
        Table(
            f"rtb-0{(pair * 40503000777 + number * 977) % 2**64:016x}",
            VPC,
            "123456789012",
            main=number == 0,
            subnet_ids=tuple(s.subnet_id for s in subnets[1:]) if number == 1 else (),
            routes=(
                Route("10.0.0.0/16", "local", origin="CreateRouteTable"),
                *(_route(where, nodes, *told[number]) for where, told in leads.items() if told[number][0]),
            ),
        )
        for number in range(count)
    ]
    model = {
        "nodes": {
            name: {"instance_id": node.instance_id, "network_interface_id": None, "device_index": 0}
            for name, node in zip(names, nodes, strict=True)
        },
        "region": zones[0][:-1],
        "group": group,
        "deployment": "overlay-ip",
        "overlays": [
            {"destination": where, "address": where.partition("/")[0], "node_addresses": [where]} for where in leads
        ],
        "persistent": engine is None,
        "exclusive": engine is not None,
        "failover": engine or "none",
    }
    known = {i.network_interface_id: i for node in nodes for i in node.interfaces}
    seen = [info.shown(where, tables, tables, subnets, nodes, known) for where in leads]
    held = {where: next((n for n, _state in told if n), 1) for where, told in leads.items()}
    if master is not None:
        held = dict.fromkeys(leads, master)
    hosts = {name: _host(n, leads, held, engine, (extra or {}).get(name, ())) for n, name in enumerate(names, 1)}
    for name in away:
        hosts[name] = {"unreachable": True, "msg": "ssh: connect to host 10.0.2.10 port 22: No route to host"}
    lies = network.shown(tables, tables, subnets, nodes)
    return status.report(model, seen, hosts, None, [lies])


def fleet(count: int) -> list[dict[str, Any]]:
    """As many pairs, of which a few are not well."""
    return [_of_fleet(number) for number in range(count)]


def _of_fleet(number: int) -> dict[str, Any]:
    zones = [f"eu-central-1{letter}" for letter in ("abc", "bca", "cab")[number % 3]]
    wrong: dict[int, dict[str, Any]] = {
        17: {"leads": ((1, "active"), (2, "active"))},
        43: {"leads": ((1, "blackhole"), (1, "blackhole")), "states": ("stopped", "running")},
        71: {"checks": (False, True)},
        88: {"leads": ((1, "active"), (None, "active"))},
    }
    given = dict(wrong.get(number % 97, {}))
    overlay = f"192.168.{number // 250}.{number % 250 + 1}/32"
    names = (f"db{number:04}-a", f"db{number:04}-b")
    made = report({overlay: given.pop("leads", WELL)}, names=names, pair=number + 1, zones=zones, **given)
    return {**made, "pair": f"db{number:04}"}


def _route(where: str, nodes: Sequence[Instance], number: int | None, state: str) -> Route:
    target = nodes[(number or 1) - 1]
    interface = target.interfaces[0].network_interface_id
    return Route(where, interface, state, network_interface_id=interface, instance_id=target.instance_id)


def _host(
    number: int,
    leads: Mapping[str, Leads],
    held: Mapping[str, int],
    engine: str | None,
    extra: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """As overlay_node_info has it."""
    master = set(held.values()) == {number}
    view: dict[str, Any] = {
        "engine": engine,
        "state": "MASTER" if master else "BACKUP",
        "running": True,
        "holder": "self" if master else "",
        "findings": [],
    }
    return {
        "addresses": [{"address": where, "live": engine is None or held[where] == number} for where in leads],
        "findings": list(extra),
        "failover": [view] if engine else [],
    }


def reached(told: dict[str, Any], clients: Mapping[str, Sequence[bool] | None], **entry: Any) -> dict[str, Any]:
    """The report with a transit gateway, and whether each network reaches each node as the holder; None: unknown."""
    way = {
        "via": "transit_gateway",
        "route_table_ids": ["tgw-rtb-0a1b2c3d4e5f60718"],
        "destinations": [overlay["destination"] for overlay in told["overlays"]],
        "clients": list(clients),
        **entry,
    }
    kinds = {"10.20.0.0/16": "vpc", "172.20.0.0/16": "vpn"}
    looked = [_looked(way, client, works, kinds.get(client)) for client, works in clients.items()]
    return {**told, "reach": [way], "paths": looked}


def balanced(told: dict[str, Any], works: Sequence[bool] | None, *wrong: Finding) -> dict[str, Any]:
    """The report with a load balancer in front besides, and what is wrong with it, as its module finds it."""
    listener = {"port": 3600, "target_port": 3600}
    entry = {"via": "load_balancer", "name": "sap-ascs", "subnets": ["subnet-0a1b2c3d"], "listeners": [listener]}
    (way,) = reach.reach([entry], [{"destination": OVERLAY, "address": OVERLAY.partition("/")[0]}])
    (look,) = way["looks"]
    name = "" if any(one.id == "no_load_balancer" for one in wrong) else "sap-ascs-0123456789abcdef.elb.amazonaws.com"
    itself = {"item": way, "dns_name": name, "findings": as_dicts(wrong), "lines": ["Load balancer sap-ascs"]}
    return {
        **told,
        "reach": [*told.get("reach", ()), way],
        "paths": [*told.get("paths", ()), _looked(way, look["from"], works)],
        "balancers": [itself],
    }


def _looked(
    way: Mapping[str, Any], client: str, works: Sequence[bool] | None, kind: str | None = None
) -> dict[str, Any]:
    """What overlay_path_info says, as Ansible's loop gives it."""
    item = [way, {"from": client, "addresses": [OVERLAY]}]
    if works is None:
        return {"item": item, "failed": False, "msg": "UnauthorizedOperation: it may not look."}
    lost = {
        "id": "no_attachment_subnet",
        "severity": "error",
        "message": "attachment tgw-attach-0a1b2c3d4e5f60718: it has no subnet in eu-central-1b.",
        "remedy": "Add a subnet of that zone to the attachment, and a static route (reach.yml makes it).",
    }
    paths = [
        {"holder": f"node{n}", "works": well, "attachment": kind, "findings": [] if well else [lost]}
        for n, well in enumerate(works, 1)
    ]
    return {"item": item, "paths": paths, "lines": [f"from {client}: {'yes' if all(works) else 'no'}"]}


def moved(told: dict[str, Any], proof: Mapping[str, bool] | None = None) -> dict[str, Any]:
    """The report with three moves of the last days, of which one failed; and what node 2 checked 12 s ago."""
    nodes = {**told["nodes"], "node2": {**told["nodes"]["node2"], "proof": None}}
    if proof is not None:
        checks = [{"check": name, "ok": ok} for name, ok in proof.items()]
        nodes["node2"]["proof"] = {"seconds": 12, "checks": checks}
    table = {"route_table_id": "rtb-1", "destination": OVERLAY, "action": "replace", "from": "node2", "to": "node1"}
    records = [
        record(NOON - 187_000, node="node2", to="node2", tables=[{**table, "from": "node1", "to": "node2"}]),
        record(
            NOON - 7_260, node="node1", to="node1", done=False, error="RequestLimitExceeded in rtb-1.", tables=[table]
        ),
        record(NOON - 7_200, node="node1", to="node1", by="operator", why="", who="oncall", tables=[table]),
    ]
    return {**told, "nodes": nodes, "moves": records}
