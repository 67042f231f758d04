# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's variables, checked, as the one model that every role reads.

Pure. Each mistake ends in one sentence: the variable, its value, the remedy. Optional answers that AWX leaves empty
arrive as an empty string, null or not at all, and mean the same: not given.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Protocol

from .._base import net

GROUP = "overlay_nodes"
API_FROM = ("controller", "node")
ALL, ANY = "all", "any"  # what a survey offers for "not given" as overlay and expected_active
OVERLAY_KEYS = ("address", "home", "route_table_ids", "vpc_id", "interface", "label", "node_addresses")
_IDS = {"i": "an instance", "eni": "a network interface", "rtb": "a route table", "vpc": "a VPC"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Variables(Protocol):
    """What we need of a mapping of variables: some are resolved only when they are read."""

    def get(self, name: str, /) -> Any:
        """The value, or None."""


class InventoryError(Exception):
    """A variable that cannot be right. The text is one sentence: variable, value, remedy."""


def model(
    variables: Variables,
    hosts: Mapping[str, Variables],
    groups: Mapping[str, Sequence[str]],
    region: str | None = None,
    *,
    engines: Sequence[str],
    switchover: bool = False,
) -> dict[str, Any]:
    """Read everything once.

    ``variables`` are those of the play's host, ``hosts`` those of every host, ``region`` what the environment says.
    What the play's host (localhost, say) does not know is looked up at the nodes, the first that knows it.
    ``engines`` are the values that ``overlay_ip_failover`` may have. With ``switchover``, ``target`` is required, and
    ``overlay`` and ``expected_active`` are read too.
    """
    group = _text(variables, "overlay_ip_group") or GROUP
    names = _members(group, groups)
    nodes = {name: _node(name, hosts[name]) for name in names}
    variables = _Shared([variables, *(hosts[name] for name in names)])
    overlays = _overlays(variables.get("overlay_ips"), names)
    read: dict[str, Any] = {
        "group": group,
        "region": _region(variables, region),
        "api_from": _choice(variables, "overlay_ip_api_from", API_FROM),
        "failover": _choice(variables, "overlay_ip_failover", engines),
        "exclusive": _flag(variables, "overlay_ip_exclusive", False),
        "rollback": _flag(variables, "overlay_ip_rollback", True),
        "wait_timeout": _seconds(variables, "overlay_ip_wait_timeout", 60),
        "probe": _probe(variables),
        "pre_tasks": _text(variables, "overlay_ip_pre_tasks"),
        "post_tasks": _text(variables, "overlay_ip_post_tasks"),
        "caller": _caller(variables),
        "nodes": nodes,
        "overlays": overlays,
    }
    if switchover:
        read.update(_request(variables, names, overlays))
    # A failover engine keeps the address on the holder only, and no file does.
    read["persistent"] = read["failover"] == "none"
    read["exclusive"] = read["exclusive"] or not read["persistent"]
    read["aws"] = {"region": read["region"], "aws_config": {"user_agent_extra": read["caller"]}}
    if not read["caller"]:
        del read["aws"]["aws_config"]
    return read


def route_calls(overlays: Sequence[Mapping[str, Any]], *, by_home: bool) -> list[dict[str, Any]]:
    """Overlays that one call of overlay_route can serve, since they share tables (and home, where that counts)."""
    calls: dict[tuple[Any, ...], dict[str, Any]] = {}
    for overlay in overlays:
        tables, vpc_id = overlay["route_table_ids"], overlay["vpc_id"]
        home = overlay["home"] if by_home else None
        empty = {"destinations": [], "route_table_ids": tables, "vpc_id": vpc_id, "home": home}
        calls.setdefault((tuple(tables), vpc_id, home), empty)["destinations"].append(overlay["destination"])
    return list(calls.values())


def interface_calls(overlays: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Addresses that one call of overlay_interface can bring up: same interface, same label."""
    calls: dict[tuple[str, str], dict[str, Any]] = {}
    for overlay in overlays:
        key = overlay["interface"], overlay["label"]
        call = calls.setdefault(key, {"interface": key[0], "label": key[1], "addresses": []})
        call["addresses"] += [a for a in overlay["node_addresses"] if a not in call["addresses"]]
    return [call for call in calls.values() if call["addresses"]]


def interface_groups(nodes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The nodes' receiving interfaces, grouped by the call of source_dest_check that serves them."""
    named = [node["network_interface_id"] for node in nodes.values() if node["network_interface_id"]]
    groups: list[dict[str, Any]] = [{"network_interface_ids": named}] if named else []
    rest = [node for node in nodes.values() if not node["network_interface_id"]]
    for index in sorted({node["device_index"] for node in rest}):
        ids = [node["instance_id"] for node in rest if node["device_index"] == index and node["instance_id"]]
        if ids:
            groups.append({"device_index": index, "instance_ids": ids})
    return groups


def unknown(model: Mapping[str, Any]) -> list[str]:
    """The nodes that must be asked who they are.

    From the controller a node's instance is enough. A node that moves the route itself may not describe instances:
    there the target must tell its interface and VPC.
    """
    nodes = model["nodes"]
    if model["api_from"] == "node" and "target" in model:
        return [
            name for name in (model["target"],) if not (nodes[name]["network_interface_id"] and nodes[name]["vpc_id"])
        ]
    return [name for name, node in nodes.items() if not node["instance_id"]]


def identify(model: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Fill in what the nodes said of themselves, where the inventory says nothing."""
    for name, answer in answers.items():
        node, identity = model["nodes"][name], answer.get("identity") or {}
        if not identity.get("instance_id"):
            why = (
                "cannot be reached" if answer.get("unreachable") else "got no answer from the instance metadata service"
            )
            raise InventoryError(
                f"overlay_ip_instance_id of {name} is not set, and {name} {why}: set it, or see to the node."
            )
        interfaces = {i["device_number"]: i for i in identity.get("interfaces", ())}
        interface = interfaces.get(node["device_index"], {})
        node["instance_id"] = node["instance_id"] or identity["instance_id"]
        node["network_interface_id"] = node["network_interface_id"] or interface.get("network_interface_id")
        node["vpc_id"] = node["vpc_id"] or interface.get("vpc_id")


def _members(group: str, groups: Mapping[str, Sequence[str]]) -> list[str]:
    names = [str(name) for name in groups.get(group, ())]
    if not names:
        raise InventoryError(
            f"The inventory has no host in the group '{group}': put the nodes there, "
            "or name their group in overlay_ip_group."
        )
    return names


class _Shared:
    """A variable's value from the first source that has one."""

    def __init__(self, sources: Sequence[Variables]) -> None:
        self._sources = sources

    def get(self, name: str, /) -> Any:
        """The value, or None."""
        values = (source.get(name) for source in self._sources)
        return next((value for value in values if value is not None), None)


def _node(name: str, variables: Variables) -> dict[str, Any]:
    instance = _text(variables, "overlay_ip_instance_id") or _text(variables, "instance_id")
    interface = _text(variables, "overlay_ip_network_interface_id")
    _is_id("i", instance, f"overlay_ip_instance_id of {name}")
    _is_id("eni", interface, f"overlay_ip_network_interface_id of {name}")
    return {
        "instance_id": instance,
        "network_interface_id": interface,
        "vpc_id": None,
        "device_index": _seconds(variables, "overlay_ip_device_index", 0),
        "iam_role": _text(variables, "overlay_ip_iam_role"),
    }


def _overlays(value: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    if not isinstance(value, (list, tuple)) or not value:
        raise InventoryError(
            "overlay_ips is not set: list the overlay IPs there, for example [{address: 192.168.10.15}]."
        )
    overlays = [_overlay(f"overlay_ips[{index}]", item, names) for index, item in enumerate(value)]
    seen: dict[str, int] = {}
    for index, overlay in enumerate(overlays):
        first = seen.setdefault(overlay["destination"], index)
        if first != index:
            raise InventoryError(
                f"overlay_ips[{index}] has the same address as overlay_ips[{first}] ({overlay['destination']}): "
                "remove one of them."
            )
    return overlays


def _overlay(where: str, item: Any, names: Sequence[str]) -> dict[str, Any]:
    if isinstance(item, str):
        item = {"address": item}
    if not isinstance(item, Mapping):
        raise InventoryError(f"{where} is {item!r}, not a dictionary: write {{address: 192.168.10.15}}.")
    unknown = sorted(set(map(str, item)) - set(OVERLAY_KEYS))
    if unknown:
        raise InventoryError(f"{where} has the unknown key '{unknown[0]}': the keys are {', '.join(OVERLAY_KEYS)}.")
    if not _text(item, "address"):
        raise InventoryError(f"{where} has no address: give the overlay IP, for example {{address: 192.168.10.15}}.")
    destination = _address(where + ".address", net.destination, item["address"])
    home = _text(item, "home") or names[0]
    if home not in names:
        raise InventoryError(f"{where}.home is '{home}', which is no node: choose one of {', '.join(names)}.")
    vpc_id = _text(item, "vpc_id")
    _is_id("vpc", vpc_id, where + ".vpc_id")
    tables = _list(item, "route_table_ids", where)
    for table in tables:
        _is_id("rtb", table, where + ".route_table_ids")
    return {
        "address": destination.rpartition("/")[0] if _single(destination) else destination,
        "destination": destination,
        "home": home,
        "route_table_ids": tables,
        "vpc_id": vpc_id,
        "interface": _text(item, "interface") or "auto",
        "label": str(item["label"]) if item.get("label") is not None else "auto",
        "node_addresses": _node_addresses(where, item, destination),
    }


def _node_addresses(where: str, item: Variables, destination: str) -> list[str]:
    """What the nodes configure: the overlay IP itself; of a wider prefix only what is named."""
    named = _list(item, "node_addresses", where)
    if not named:
        return [destination] if _single(destination) else []
    addresses = [_address(where + ".node_addresses", net.host, a) for a in named]
    for address in addresses:
        if net.family(address) != net.family(destination) or not net.within(address, destination):
            raise InventoryError(f"{where}.node_addresses has {address}, which is not in {destination}: correct it.")
    return addresses


def _request(variables: Variables, names: Sequence[str], overlays: list[dict[str, Any]]) -> dict[str, Any]:
    """What a switchover asks for."""
    target = _text(variables, "target")
    if not target:
        raise InventoryError(f"target is not set: say where to move to, for example -e target={names[-1]}.")
    active = _text(variables, "expected_active")
    if active == ANY and ANY not in names:
        active = None
    for name, value in (("target", target), ("expected_active", active)):
        if value and value not in names:
            raise InventoryError(f"{name} is '{value}', which is no node: choose one of {', '.join(names)}.")
    overlay = _text(variables, "overlay")
    chosen = overlays
    if overlay and overlay != ALL:
        wanted = _address("overlay", net.destination, overlay)
        chosen = [o for o in overlays if o["destination"] == wanted]
        if not chosen:
            have = ", ".join(o["address"] for o in overlays)
            raise InventoryError(f"overlay is '{overlay}', which is not in overlay_ips: choose one of {have}.")
    return {"target": target, "expected_active": active, "overlays": chosen}


def _region(variables: Variables, environment: str | None) -> str:
    options = variables.get("overlay_ip_aws") or {}
    region = _text(variables, "overlay_ip_region") or _text(options, "region") or environment
    if not region:
        raise InventoryError(
            "overlay_ip_region is not set, nor is AWS_REGION: name the region of the VPC, for example eu-central-1."
        )
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d+", region):
        raise InventoryError(f"overlay_ip_region is '{region}', which is no region: write one such as eu-central-1.")
    return region


def _probe(variables: Variables) -> dict[str, Any] | None:
    probe = variables.get("overlay_ip_probe")
    if not probe:
        return None
    if not isinstance(probe, Mapping) or not _text(probe, "host") or not probe.get("port"):
        raise InventoryError(
            f"overlay_ip_probe is {probe!r}: give the host to ask from and the port of the service, "
            "for example {host: client1, port: 5432}."
        )
    port = _seconds(probe, "port", 0)
    if not 0 < port < 65536:
        raise InventoryError(f"overlay_ip_probe.port is {port}: give a TCP port from 1 to 65535.")
    return {"host": _text(probe, "host"), "port": port}


def _caller(variables: Variables) -> str:
    """Who launched the job, for the output and the request's user agent (so that CloudTrail shows it)."""
    words = []
    for word, names in (
        ("awx-job", ("awx_job_id", "tower_job_id")),
        ("awx-user", ("awx_user_name", "tower_user_name")),
    ):
        value = next((v for n in names if (v := _text(variables, n))), None)
        if value:
            words.append(f"{word}/{re.sub(r'[^A-Za-z0-9._@-]', '_', value)[:64]}")
    return " ".join(words)


def _single(destination: str) -> bool:
    return destination.endswith("/128" if net.family(destination) == 6 else "/32")


def _address(name: str, parse: Callable[[str], str], value: Any) -> str:
    try:
        return parse(str(value))
    except net.AddressError as err:
        raise InventoryError(f"{name}: {err}") from err


def _text(variables: Variables, name: str) -> str | None:
    value = variables.get(name)
    if value is None or str(value).strip() in ("", "None"):
        return None
    return str(value).strip()


def _list(item: Variables, name: str, where: str) -> list[str]:
    value = item.get(name)
    if value in (None, "", []):
        return []
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise InventoryError(f"{where}.{name} is {value!r}, not a list: write [a, b].")
    return list(dict.fromkeys(str(v) for v in value))


def _is_id(kind: str, value: str | None, name: str) -> None:
    if value is not None and not re.fullmatch(kind + "-[0-9a-f]{8,17}", value):
        raise InventoryError(
            f"{name} is '{value}', not the id of {_IDS[kind]}: write one such as {kind}-0123456789abcdef0."
        )


def _choice(variables: Variables, name: str, choices: Sequence[str]) -> str:
    value = _text(variables, name) or choices[0]
    if value not in choices:
        raise InventoryError(f"{name} is '{value}': choose one of {', '.join(choices)}.")
    return value


def _flag(variables: Variables, name: str, default: bool) -> bool:
    value = _text(variables, name)
    if value is None:
        return default
    if value.lower() not in _TRUE + _FALSE:
        raise InventoryError(f"{name} is '{value}': write true or false.")
    return value.lower() in _TRUE


def _seconds(variables: Variables, name: str, default: int) -> int:
    value = _text(variables, name)
    if value is None:
        return default
    if not value.isdecimal():
        raise InventoryError(f"{name} is '{value}': write a whole number.")
    return int(value)
