# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of `overlay_ips` whose addresses one prefix, or one managed prefix list, carries: `route` names it, and they
are one overlay of the model.

A move is one call for each route table then, however many addresses there are. What shares a route cannot be at two
nodes, so that everything after this sees one overlay with several addresses: one VRRP instance, one resource.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._base import net
from .reading import Heard, address, single, text
from .values import InventoryError, absent

Dict = Mapping[str, Any]

_ALIKE = ("home", "route_table_ids", "vpc_id", "interface", "label", "vrrp_id", "follows", "apart_from")
"""What the route as a whole has: one entry may say it for all, and two must say the same."""
_LONG = 3
"""Of more companions than these the first ones are named."""


def route_of(where: str, item: Dict, own: str) -> str:
    """What carries the address `own` of an entry: the prefix or list of `route`, else its own.

    Raises:
        InventoryError: it is none, or the address is not in it.
    """
    named = text(item, "route")
    if named is None:
        return own
    route = address(where + ".route", net.routed, named)
    if not single(own):
        raise InventoryError(
            f"{where}.address is '{own}', a network, and route is given: write the one address of it that the nodes"
            " shall have, or leave route out."
        )
    if not net.is_list(route) and not net.covers(route, own):
        raise InventoryError(
            f"{where}.route is '{route}', which {net.bare(own)} is not in: write the prefix that carries the address."
        )
    if not absent(item.get("node_addresses")) and item["node_addresses"] != []:
        raise InventoryError(
            f"{where} has route and node_addresses: address is what the nodes configure; give each further address of"
            f" {route} an entry of its own, with the same route."
        )
    return route


def joined(items: Sequence[Any], read: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The overlays of the model: those of one route as one, in the place of the first of them.

    Args:
        items: `overlay_ips` as it was given.
        read: of each entry what was read; empty for one with a mistake, which stays.

    Raises:
        InventoryError: for each entry that says otherwise than its companion, or overlaps a route that it is not of.
    """
    heard, made = Heard(), list[dict[str, Any]]()
    of_route: dict[str, dict[str, Any]] = {}
    for place, overlay in enumerate(read):
        first = of_route.get(overlay["destination"]) if overlay and shares(overlay) else None
        if first is None:
            made.append(overlay)
            if overlay and shares(overlay):
                of_route[overlay["destination"]] = overlay
            continue
        heard(None, _one_family, first, overlay, place)
        for key in _ALIKE:
            heard(None, _take, key, first, overlay, items, place)
        first["entries"] = [*first["entries"], *overlay["entries"]]
        first["called"] = [*first["called"], *(word for word in overlay["called"] if word not in first["called"])]
        first["node_addresses"] = [*first["node_addresses"], *overlay["node_addresses"]]
    for sentence in _overlaps([overlay for overlay in made if overlay]):
        heard(None, _refuse, sentence)
    heard.tell()
    return made


def shares(overlay: Dict) -> bool:
    """Whether a route was named for it, so that it may have companions."""
    return bool(overlay["entries"][0]["route"])


def ranges(overlay: Dict) -> list[str]:
    """What it carries, as prefixes: of a managed prefix list the addresses that are to be in it."""
    destination = overlay["destination"]
    return list(overlay["node_addresses"]) if net.is_list(destination) else [destination]


def where(overlay: Dict) -> str:
    """The entry, or the first entry, as people find it."""
    return f"overlay_ips[{overlay['entries'][0]['place']}]"


def found(word: str, overlays: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The overlays that a person means by an address, a route or a name.

    Raises:
        InventoryError: it is one of several addresses that move together.
    """
    for overlay in overlays:
        for entry in overlay.get("entries", ()):
            if word not in (entry["name"], entry["address"]) or word == overlay["destination"]:
                continue
            others = [one["name"] or one["address"] for one in overlay["entries"] if one is not entry]
            if others:
                raise InventoryError(
                    f"overlay is '{word}', which shares the route {overlay['destination']} with {_and(others)}: they"
                    f" move together; ask for all of them by overlay={overlay['destination']}."
                )
            return [overlay]
    return []


def _and(names: Sequence[str]) -> str:
    shown = [*names[:_LONG], *([f"{len(names) - _LONG} more"] if len(names) > _LONG else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _take(key: str, first: dict[str, Any], overlay: Dict, items: Sequence[Any], place: int) -> None:
    """What an entry says of the route counts for its companions, too."""
    if _says(items[place], key):
        of = next((e["place"] for e in first["entries"] if _says(items[e["place"]], key)), None)
        if of is None:
            first[key] = overlay[key]
        elif first[key] != overlay[key]:
            raise InventoryError(
                f"overlay_ips[{place}].{key} is {overlay[key]!r}, and that of overlay_ips[{of}] {first[key]!r}: both"
                f" are carried by {overlay['destination']} and move together; give both the same, or leave it out of"
                " one."
            )


def _one_family(first: Dict, overlay: Dict, place: int) -> None:
    """A list has one; two addresses in one prefix have it anyway."""
    own, theirs = overlay["node_addresses"][0], first["node_addresses"][0]
    if net.family(own) != net.family(theirs):
        raise InventoryError(
            f"overlay_ips[{place}].address is {net.bare(own)}, and that of {where(first)} {net.bare(theirs)}: a managed"
            f" prefix list has one family, and both have the route {first['destination']}; give one another list."
        )


def _says(item: Any, key: str) -> bool:
    return isinstance(item, Mapping) and (key == "label" or not absent(item.get(key))) and item.get(key) is not None


def _overlaps(overlays: Sequence[Dict]) -> Iterator[str]:
    """A route of several addresses must be alone in its range: what is within goes elsewhere when it moves."""
    for index, one in enumerate(overlays):
        for other in overlays[index + 1 :]:
            if not (shares(one) or shares(other)):
                continue
            pairs = ((a, b) for a in ranges(one) for b in ranges(other) if net.covers(a, b) or net.covers(b, a))
            if found := next(pairs, None):
                yield _overlap(*((one, other) if net.covers(found[1], found[0]) else (other, one)))


def _overlap(narrow: Dict, wide: Dict) -> str:
    """Also of a list and a prefix: what AWS prefers then, its guide says in two ways."""
    part = next(a for a in ranges(narrow) if any(net.covers(b, a) for b in ranges(wide)))
    around = next(b for b in ranges(wide) if net.covers(b, part))
    if net.is_list(narrow["destination"]) or net.is_list(wide["destination"]):
        return (
            f"{where(narrow)} ({part}) lies in {around}, which is routed by {wide['destination']} ({where(wide)}): give"
            f" both the same `route`, or choose what does not overlap."
        )
    return (
        f"{where(narrow)} ({part}) lies in {around}, which {where(wide)} is routed by: give it `route: {around}`, too,"
        " or choose what does not overlap."
    )


def _refuse(sentence: str) -> None:
    raise InventoryError(sentence)
