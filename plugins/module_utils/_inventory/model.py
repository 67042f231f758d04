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
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Callable

from .._base import net
from .variables import VARIABLES, InventoryError, Variables, absent, disagreements, mistakes, slips, value
from .variables import unknown as unknown_names

ALL, ANY = "all", "any"  # what a survey offers for "not given" as overlay and expected_active
OVERLAY_KEYS = ("address", "home", "route_table_ids", "vpc_id", "interface", "label", "node_addresses")
_IDS = {"i": "an instance", "eni": "a network interface", "rtb": "a route table", "vpc": "a VPC"}


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
    group = _group(variables)
    names = _members(group, groups)
    nodes = {name: _node(name, hosts[name]) for name in names}
    variables = _Shared([variables, *(hosts[name] for name in names)])
    overlays = _overlays(value(variables, "overlay_ips"), names)
    read: dict[str, Any] = {
        "group": group,
        "region": _region(variables, region),
        "api_from": value(variables, "overlay_ip_api_from"),
        "failover": _engine(variables, engines),
        "iam_scope": value(variables, "overlay_ip_iam_scope"),
        "takeover_foreign": value(variables, "overlay_ip_takeover_foreign"),
        "exclusive": value(variables, "overlay_ip_exclusive"),
        "rollback": value(variables, "overlay_ip_rollback"),
        "wait_timeout": value(variables, "overlay_ip_wait_timeout"),
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


def judged(
    variables: Variables,
    hosts: Mapping[str, Variables],
    groups: Mapping[str, Sequence[str]],
    region: str | None = None,
    *,
    engines: Sequence[str],
    switchover: bool = False,
    extra: Collection[str] = (),
    names: Collection[str] = (),
) -> dict[str, Any]:
    """The model, or every mistake at once.

    Args:
        variables, hosts, groups, region, engines, switchover: see `model`.
        extra: the names of the extra variables.
        names: those of all variables that the play's host and the nodes have.

    Raises:
        InventoryError: one sentence for each mistake.
    """
    members = groups.get(_group(variables), ())
    nodes = {str(name): hosts[name] for name in members}
    found = [*unknown_names({*names, *extra}), *slips(extra), *mistakes(variables, nodes)]
    shared = _Shared([variables, *nodes.values()])
    if not found:
        given = {v.name for v in VARIABLES if not absent(shared.get(v.name))}
        found += disagreements({variable.name: value(shared, variable.name) for variable in VARIABLES}, given)
    try:
        read = model(variables, hosts, groups, region, engines=engines, switchover=switchover)
    except InventoryError as err:
        # What is of the wrong kind has been said, and the reader would say it again.
        if str(err).split(" ", 1)[0] not in {sentence.split(" ", 1)[0] for sentence in found}:
            found.append(str(err))
        read = {}
    if found:
        raise InventoryError(" ".join(found))
    return read


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


def _group(variables: Variables) -> str:
    return str(value(variables, "overlay_ip_group"))


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
        "device_index": value(variables, "overlay_ip_device_index"),
        "iam_role": value(variables, "overlay_ip_iam_role"),
    }


def _overlays(listed: Sequence[Any] | None, names: Sequence[str]) -> list[dict[str, Any]]:
    if not listed:
        raise InventoryError(
            "overlay_ips is not set: list the overlay IPs there, for example [{address: 192.168.10.15}]."
        )
    overlays = [_overlay(f"overlay_ips[{index}]", item, names) for index, item in enumerate(listed)]
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
    for name, node in (("target", target), ("expected_active", active)):
        if node and node not in names:
            raise InventoryError(f"{name} is '{node}', which is no node: choose one of {', '.join(names)}.")
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
    port = str(probe["port"])
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise InventoryError(f"overlay_ip_probe.port is '{port}': give a TCP port from 1 to 65535.")
    return {"host": _text(probe, "host"), "port": int(port)}


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
    raw = variables.get(name)
    return None if absent(raw) else str(raw).strip()


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


def _engine(variables: Variables, engines: Sequence[str]) -> str:
    name: str = value(variables, "overlay_ip_failover")
    if name not in engines:
        raise InventoryError(f"overlay_ip_failover is '{name}': choose one of {', '.join(engines)}.")
    return name
