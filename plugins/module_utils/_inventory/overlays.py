# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of `overlay_ips`. Pure. This module util is PRIVATE to the collection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._base import net
from . import shared
from .reading import Heard, address, is_id, listed, single, text
from .values import InventoryError, Variables, parsed
from .variables import BY_NAME

_NAME = r"[^\s/:\0]{1,15}"
"""What Linux takes for an interface's name: dev_valid_name() of net/core/dev.c, IFNAMSIZ of if.h."""
_RESOURCE = r"[A-Za-z_][A-Za-z0-9._-]*"
"""What Pacemaker takes for a name: XML's NCName, pacemaker-*.rng."""
_ROLES = {
    "promoted": "Promoted",
    "master": "Promoted",
    "unpromoted": "Unpromoted",
    "slave": "Unpromoted",
    "started": "Started",
}
"""Pacemaker's names of a role, those up to 2.0 included. Started is what is not promoted: groups, primitives."""
_WORD = r"[A-Za-z][A-Za-z0-9_.-]{0,62}"
_NO_NAMES = ("all", "any")
_LABEL = r"[A-Za-z0-9.:_-]{1,15}"

OVERLAY_KEYS = (
    *("address", "home", "route_table_ids", "vpc_id", "interface", "label", "node_addresses"),
    *("vrrp_id", "follows", "apart_from", "route", "name"),
)


def overlays(listed_ones: Sequence[Any] | None, names: Sequence[str]) -> list[dict[str, Any]]:
    """The entries of `overlay_ips`, each whole, for nodes of these names.

    Raises:
        InventoryError: every mistake in every entry.
    """
    if not listed_ones:
        raise InventoryError(
            "overlay_ips is not set: list the overlay IPs there, for example [{address: 192.168.10.15}]."
        )
    heard = Heard()
    read = [heard({}, _overlay, index, item, names) for index, item in enumerate(listed_ones)]
    for key in ("address", "name"):
        seen: dict[str, int] = {}
        for index, overlay in enumerate(read):
            told = overlay["entries"][0][key] if overlay else ""
            if told and (first := seen.setdefault(told, index)) != index:
                heard(None, _refuse_twice, key, index, first, read)
    read = heard(read, shared.joined, listed_ones, read)
    for overlay in read:
        if overlay and overlay["apart_from"]:
            heard(None, _apart, shared.where(overlay), overlay, [one for one in read if one])
    heard.tell()
    return read


def _apart(where: str, overlay: dict[str, Any], others: Sequence[Mapping[str, Any]]) -> None:
    """Refuse one that is to be apart from itself, from nothing there is, or from one that is to be apart from it."""
    wanted, own = overlay["apart_from"], overlay["address"]
    other = next((o for o in others if wanted in (o["address"], *(e["address"] for e in o["entries"]))), None)
    if other is None or other is overlay:
        have = ", ".join(one["address"] for one in others if one["address"] != own) or "no other one there"
        raise InventoryError(
            f"{where}.apart_from is '{wanted}', which is no other overlay IP of overlay_ips: choose one of {have}."
        )
    if overlay["follows"]:
        raise InventoryError(
            f"{where} has follows and apart_from: it is where its application is; bind the applications apart in the"
            " cluster, or leave one of the two out."
        )
    overlay["apart_from"] = other["address"]
    if other["apart_from"] in (own, *(e["address"] for e in overlay["entries"])):
        raise InventoryError(
            f"{where}.apart_from is '{wanted}', which is apart_from {own} itself: only the one that gives way (ERS,"
            " say) has it; leave it out of the other one."
        )


def _refuse_twice(key: str, index: int, first: int, read: Sequence[Mapping[str, Any]]) -> None:
    entry, remedy = read[index]["entries"][0], "remove one of them"
    told = entry["name"] if key == "name" else net.destination(entry["address"])
    if key == "name":
        remedy = "choose another one"
    raise InventoryError(f"overlay_ips[{index}] has the same {key} as overlay_ips[{first}] ({told}): {remedy}.")


def _overlay(place: int, item: Any, names: Sequence[str]) -> dict[str, Any]:
    where = f"overlay_ips[{place}]"
    if isinstance(item, str):
        item = {"address": item}
    if not isinstance(item, Mapping):
        raise InventoryError(f"{where} is {item!r}, not a dictionary: write {{address: 192.168.10.15}}.")
    heard = Heard()
    heard(None, _refuse_unknown, where, item)
    own = heard("", _destination, where, item)
    destination = heard("", shared.route_of, where, item, own) if own else ""
    name = heard("", _name, where, item)
    read = {
        "address": net.bare(destination),
        "destination": destination,
        "home": heard("", _home, where, item, names),
        "route_table_ids": heard([], _tables, where, item),
        "vpc_id": heard(None, _vpc, where, item),
        "interface": heard("auto", _interface, where, item),
        "label": heard("auto", _label, where, item),
        "node_addresses": heard([], _node_addresses, where, item, own) if destination else [],
        "vrrp_id": heard(None, _vrrp_id, where, item),
        "follows": heard(None, _follows, where, item),
        "apart_from": heard(None, _apart_from, where, item),
        "called": list(dict.fromkeys(filter(None, (net.bare(destination), destination, net.bare(own), own, name)))),
        "entries": [{"place": place, "address": net.bare(own), "name": name, "route": destination != own}],
    }
    heard.tell()
    return read


def _refuse_unknown(where: str, item: Mapping[Any, Any]) -> None:
    unknown = sorted(set(map(str, item)) - set(OVERLAY_KEYS))
    if unknown:
        raise InventoryError(
            *(f"{where} has the unknown key '{key}': the keys are {', '.join(OVERLAY_KEYS)}." for key in unknown)
        )


def _destination(where: str, item: Mapping[str, Any]) -> str:
    if not text(item, "address"):
        raise InventoryError(f"{where} has no address: give the overlay IP, for example {{address: 192.168.10.15}}.")
    return address(where + ".address", net.destination, item["address"])


def _name(where: str, item: Mapping[str, Any]) -> str:
    """What people may call it in a request, in the place of its address."""
    name = text(item, "name") or ""
    if name and (not re.fullmatch(_WORD, name) or name in _NO_NAMES):
        raise InventoryError(
            f"{where}.name is {name!r}: write a word that begins with a letter and has letters, digits and _.- alone,"
            f" and is none of {', '.join(_NO_NAMES)}."
        )
    return name


def _home(where: str, item: Mapping[str, Any], names: Sequence[str]) -> str:
    home = text(item, "home") or names[0]
    if home not in names:
        raise InventoryError(f"{where}.home is '{home}', which is no node: choose one of {', '.join(names)}.")
    return home


def _interface(where: str, item: Mapping[str, Any]) -> str:
    name = text(item, "interface") or "auto"
    if not re.fullmatch(_NAME, name) or name in (".", ".."):
        raise InventoryError(
            f"{where}.interface is {name!r}, which no interface can be called: write its name, such as eth0, or auto."
        )
    return name


def _label(where: str, item: Mapping[str, Any]) -> str:
    """An empty one is none, and not the default."""
    label = str(item["label"]) if item.get("label") is not None else "auto"
    if label and not re.fullmatch(_LABEL, label):
        raise InventoryError(
            f"{where}.label is {label!r}: write up to 15 letters, digits and .:_-, such as eth0:ha, or auto."
        )
    return label


def _follows(where: str, item: Mapping[str, Any]) -> dict[str, str] | None:
    """The application's resource, and the role of the instance that the overlay IP is to be beside."""
    given = item.get("follows")
    if given is None or given == "":
        return None
    shape = "{resource: SAPHana_HDB_00-clone, role: Promoted}"
    if not isinstance(given, Mapping) or not text(given, "resource") or set(given) - {"resource", "role"}:
        raise InventoryError(f"{where}.follows is {given!r}: write {shape}.")
    resource, role = str(text(given, "resource")), _ROLES.get((text(given, "role") or "Promoted").lower())
    if not re.fullmatch(_RESOURCE, resource):
        raise InventoryError(
            f"{where}.follows.resource is '{resource}', which no resource can be called: write {shape}."
        )
    if not role:
        raise InventoryError(
            f"{where}.follows.role is '{text(given, 'role')}': choose one of Promoted, Unpromoted, Started."
        )
    return {"resource": resource, "role": role}


def _apart_from(where: str, item: Mapping[str, Any]) -> str | None:
    """The overlay IP whose node this one leaves where it may be elsewhere, as its own entry has it."""
    given = text(item, "apart_from")
    return net.bare(address(where + ".apart_from", net.routed, given)) if given else None


def _vpc(where: str, item: Mapping[str, Any]) -> str | None:
    vpc_id = text(item, "vpc_id")
    is_id("vpc", vpc_id, where + ".vpc_id")
    return vpc_id


def _vrrp_id(where: str, item: Mapping[str, Any]) -> int | None:
    """As `overlay_ip_vrrp_id`, of this overlay IP's own instance."""
    number: int | None = parsed(BY_NAME["overlay_ip_vrrp_id"], item.get("vrrp_id"), f"{where}.vrrp_id")
    return number


def _tables(where: str, item: Mapping[str, Any]) -> list[str]:
    heard, tables = Heard(), listed(item, "route_table_ids", where)
    for table in tables:
        heard(None, is_id, "rtb", table, where + ".route_table_ids")
    heard.tell()
    return tables


def _node_addresses(where: str, item: Variables, destination: str) -> list[str]:
    """What the nodes configure: the overlay IP itself; of a wider prefix only what is named."""
    named = listed(item, "node_addresses", where)
    if not named:
        return [destination] if single(destination) else []
    addresses = [address(where + ".node_addresses", net.host, one) for one in named]
    for one in addresses:
        if net.family(one) != net.family(destination) or not net.within(one, destination):
            raise InventoryError(f"{where}.node_addresses has {one}, which is not in {destination}: correct it.")
    return addresses
