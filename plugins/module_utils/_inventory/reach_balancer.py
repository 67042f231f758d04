# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of `overlay_ip_reach` that is a load balancer: what `overlay_load_balancer` is called with.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._base import net
from .._reach.balancer import BalancerError, Want, WantedListener, judge_want
from .reading import Heard, is_id, listed, text
from .values import InventoryError, parsed
from .variables import FLAG, WHOLE, Variable

_NUMBERS = {
    "health_interval": (5, 5, 300, "seconds"),
    "healthy_threshold": (2, 2, 10, ""),
    "unhealthy_threshold": (2, 2, 10, ""),
    "deregistration_delay": (300, 0, 3600, "seconds"),
}
_FLAGS = {"unhealthy_connection_termination": True, "proxy_protocol": False}
KEYS = ("via", "name", "address", "subnets", "security_groups", "listeners", "tags", *_NUMBERS, *_FLAGS)
_LISTENER_NUMBERS = {"port": None, "target_port": None, "idle_timeout": 350, "health_port": None}
_LISTENER_TEXTS = ("address", "protocol", "certificate_arn")


def balancer(where: str, item: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entry, whole. Raises InventoryError: every mistake in it."""
    heard = Heard()
    subnets = heard([], _ids, where, item, "subnets", "subnet")
    groups = heard([], _ids, where, item, "security_groups", "sg")
    address = heard("", _address, where, item, overlays)
    ports = [heard({}, _listener, f"{where}.listeners[{n}]", one) for n, one in enumerate(_list(where, item))]
    numbers = {
        name: heard(default, _number, f"{where}.{name}", item.get(name), default, low, high, unit)
        for name, (default, low, high, unit) in _NUMBERS.items()
    }
    flags = {
        name: heard(default, parsed, Variable(f"{where}.{name}", FLAG, (), default), item.get(name))
        for name, default in _FLAGS.items()
    }
    tags = item.get("tags") or {}
    if not isinstance(tags, Mapping):
        heard(None, _refuse, f"{where}.tags is {tags!r}, not a dictionary: write {{key: value}}.")
    heard.tell()
    read = {
        "via": item["via"],
        "name": text(item, "name") or "",
        "address": address,
        "subnet_ids": subnets,
        "security_group_ids": groups,
        "listeners": ports,
        "tags": {str(key): str(value) for key, value in tags.items()},
        **numbers,
        **flags,
        "assume_role_arn": None,
        "looks": _looks(text(item, "name"), address, ports),
    }
    _judge(where, read)
    _leads(where, read, overlays)
    return read


def _looks(name: str | None, address: str, listeners: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What status and reach look at: from the load balancer to the addresses that it leads to."""
    found = dict.fromkeys((one["address"] or address).removesuffix("/32") for one in listeners)
    return [{"from": f"load_balancer:{name}", "addresses": [f"{one}/32" for one in found]}] if found else []


def _judge(where: str, read: Mapping[str, Any]) -> None:
    """What AWS cannot do is refused by the module's own sentences, before anything is changed anywhere."""
    want = Want(
        read["name"],
        tuple(
            WantedListener(
                one["port"],
                one["address"] or read["address"],
                one["port"] if one["target_port"] is None else one["target_port"],
                one["protocol"],
                one["idle_timeout"],
                one["health_port"],
                one["certificate_arn"] or "",
            )
            for one in read["listeners"]
        ),
        tuple(read["subnet_ids"]),
        tags=read["tags"],
    )
    try:
        judge_want(want)
    except BalancerError as err:
        told = str(err).replace("subnet_ids is", "subnets is").removesuffix(" Nothing was changed.")
        raise InventoryError(f"{where}: {told}") from err


def _leads(where: str, read: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> None:
    """Refuse an address that no overlay IP of the inventory is or holds: nobody would answer there."""
    known = [str(o["destination"]) for o in overlays if o.get("destination")]
    strange = [
        (f"{where}.listeners[{number}].address" if one["address"] else f"{where}.address", given)
        for number, one in enumerate(read["listeners"])
        if (given := one["address"] or read["address"]) and not any(net.covers(dest, given) for dest in known)
    ]
    if strange and known:
        raise InventoryError(
            *(
                f"{name} is {given}, which is no overlay IP of the inventory: choose one of"
                f" {', '.join(net.bare(one) for one in known if net.family(one) == 4) or 'IPv4, and there is none'}."
                for name, given in dict.fromkeys(strange)
            )
        )


def _list(where: str, item: Mapping[str, Any]) -> list[Any]:
    raw = item.get("listeners") or []
    return list(raw) if isinstance(raw, (list, tuple)) else [raw]


def _listener(where: str, item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise InventoryError(f"{where} is {item!r}, not a dictionary: write {{port: 3600, idle_timeout: 3900}}.")
    keys = (*_LISTENER_NUMBERS, *_LISTENER_TEXTS)
    strange = sorted(set(map(str, item)) - set(keys))
    if strange:
        raise InventoryError(*(f"{where} has the unknown key '{k}': the keys are {', '.join(keys)}." for k in strange))
    heard = Heard()
    low, high = 1, 65535
    read: dict[str, Any] = {
        name: heard(default, _number, f"{where}.{name}", item.get(name), default, low, high, "")
        for name, default in _LISTENER_NUMBERS.items()
    }
    if read["port"] is None:
        heard(None, _refuse, f"{where} has no port: name the port of the load balancer.")
    heard.tell()
    read.update({name: text(item, name) for name in _LISTENER_TEXTS})
    return {**read, "protocol": (read["protocol"] or "TCP").upper()}


def _number(called: str, raw: Any, default: int | None, low: int, high: int, unit: str) -> Any:
    return parsed(Variable(called, WHOLE, (), default, unit=unit, low=low, high=high), raw)


def _ids(where: str, item: Mapping[str, Any], name: str, kind: str) -> list[str]:
    heard, found = Heard(), listed(item, name, where)
    for one in found:
        heard(None, is_id, kind, one, f"{where}.{name}")
    heard.tell()
    return found


def _address(where: str, item: Mapping[str, Any], overlays: Sequence[Mapping[str, Any]]) -> str:
    """The address that is named, else the only overlay IP of IPv4."""
    named = text(item, "address")
    if named is not None:
        return named.removesuffix("/32")
    known = [str(a) for o in overlays if o.get("destination") for a in o.get("node_addresses") or [o["destination"]]]
    mine = [one for one in known if net.family(one) == 4]
    listeners = [one for one in _list(where, item) if isinstance(one, Mapping)]
    if len(mine) == 1:
        return mine[0].removesuffix("/32")
    if all(text(one, "address") for one in listeners):
        return ""
    raise InventoryError(
        f"{where} has no address, and there are {len(mine)} overlay IPs of IPv4: name the one that the listeners lead"
        " to."
    )


def _refuse(sentence: str) -> None:
    raise InventoryError(sentence)
