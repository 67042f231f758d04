# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of one VPC: overlay IPs, route tables, zones with their subnets and nodes, and who is led to whom.

Above it, by what it is reached from outside, where the inventory says so.

Only the layout: boxes, texts and arrows with places in pixels and the name of their kind, which the template draws and
the style sheet colours. Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Dict = Mapping[str, Any]

MOST_NODES, MOST_OVERLAYS, MOST_TABLES, MOST_SUBNETS, MOST_CLIENTS = 12, 6, 6, 3, 4
"""Of each, what a picture shows one by one: more is told as a number."""
_MANY = {"ok": "reach it", "warn": "reach it for now", "bad": "some do not reach it", "to": "some not looked at"}
_MONO, _SANS, _BOLD = (
    0.61,
    0.56,
    0.66,
)  # the width of a letter by its height, in common fonts, rather too wide than too narrow


@dataclass(frozen=True)
class Shape:
    """The columns of a picture, in pixels. `overlays` is the width of the first one, 0 for none."""

    width: int
    overlays: int
    tables: tuple[int, int]
    zones: tuple[int, int]
    pad: int


WIDE = Shape(1080, 186, (268, 262), (664, 392), 12)
NARROW = Shape(352, 0, (8, 150), (200, 144), 6)


@dataclass
class Drawing:
    """What is drawn; `words` says the same in sentences."""

    width: int
    height: int = 0
    boxes: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    arrows: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def box(self, x: int, y: int, w: int, h: int, kind: str, title: str = "") -> None:
        """A box with round corners; `title` is told where a pointer rests on it."""
        self.boxes.append({"x": x, "y": y, "w": w, "h": h, "kind": kind, "title": title})

    def text(self, x: int, y: int, text: str, kind: str, room: int, size: int = 12, *, end: bool = False) -> None:
        """A text from `x` on, or with `end` up to it, cut to `room` pixels."""
        letter = size * (_MONO if "mono" in kind else _BOLD if "strong" in kind else _SANS)
        most = max(3, int(room / letter))
        cut = text if len(text) <= most else text[: most - 1] + "…"
        self.texts.append({"x": x, "y": y, "text": cut, "full": text, "kind": kind, "size": size, "end": end})

    def arrow(self, start: tuple[int, int], end: tuple[int, int], kind: str, title: str) -> None:
        """A curve from left to right."""
        (x, y), (to, at) = start, end
        bend = (to - x) // 2
        self.arrows.append({"d": f"M{x} {y}C{x + bend} {y} {to - bend} {at} {to} {at}", "kind": kind, "title": title})


def drawing(
    network: Dict, overlays: Sequence[Dict], nodes: Mapping[str, Dict], shape: Shape, ways: Sequence[Dict] = ()
) -> Drawing:
    """The picture of one VPC.

    Args:
        network: of the report's `networks`.
        overlays: the page's, those of this VPC: `destination`, `state`, `kind`, `label`, `tables`.
        nodes: the page's by name, those of this VPC: `zone`, `subnet_id`, `role`, `ready`, `says`.
        shape: WIDE or NARROW.
        ways: of :func:`.outside.ways`.
    """
    made = Drawing(shape.width)
    cards = list(_cards(network, overlays))
    zones = _zones(network, nodes, overlays)
    tables_high = sum(_card_high(card) for card in cards) + 16 * (len(cards) - 1)
    zones_high = sum(_zone_high(zone) for zone in zones) + 16 * (len(zones) - 1)
    inner = max(tables_high, zones_high, 84)
    left = shape.overlays + 50 if shape.overlays else 0
    above = _draw_ways(made, ways, shape)
    top = above + 46
    made.height = top + inner + 18
    made.box(left, above + 1, shape.width - left - 1, made.height - above - 2, "vpc")
    made.text(left + 16, above + 28, f"VPC {network['vpc_id']}", "strong", shape.width - left - 32, 13)
    if shape.overlays:
        cidrs = " ".join(network["cidrs"])
        made.text(shape.width - 16, above + 28, cidrs, "mono muted", shape.width - left - 330, 12, end=True)
    places = _draw_zones(made, zones, shape, top + (inner - zones_high) // 2)
    heads = _draw_cards(made, cards, shape, top + (inner - tables_high) // 2, places)
    if shape.overlays and heads:
        _draw_overlays(made, overlays, shape, heads, top + inner // 2, above)
    made.words = [*_words(network, cards, nodes), *_words_outside(ways)]
    return made


def _cards(network: Dict, overlays: Sequence[Dict]) -> Iterator[dict[str, Any]]:
    """The route tables, each with a row for every holder; where there are many, those that say the same are one."""
    serves: dict[str, int] = {}
    for subnet in network["subnets"]:
        serves[subnet["route_table_id"]] = serves.get(subnet["route_table_id"], 0) + 1
    main = {table["route_table_id"] for table in network["tables"] if table["main"]}
    rows: dict[str, list[tuple[str, str | None, str]]] = {}
    for overlay in overlays:
        for table in overlay["tables"]:
            row = (overlay["destination"], table["holder"], table["kind"])
            rows.setdefault(table["route_table_id"], []).append(row)
    groups: dict[Any, list[str]] = {}
    for table, told in sorted(rows.items()):
        groups.setdefault(tuple(told) if len(rows) > MOST_TABLES else table, []).append(table)
    for alike in groups.values():
        count = sum(serves.get(table, 0) for table in alike)
        about = (["main"] if main & set(alike) else []) + ([f"{count} subnet{'s' * (count != 1)}"] if serves else [])
        by_holder: dict[tuple[str | None, str], list[str]] = {}
        for destination, holder, kind in rows[alike[0]]:
            by_holder.setdefault((holder, kind), []).append(destination)
        yield {
            "name": alike[0] if len(alike) == 1 else f"{len(alike)} route tables",
            "tables": alike,
            "about": " · ".join(about) or "route table",
            "rows": [
                {
                    "what": _plain(told[0]) if len(told) == 1 else f"{len(told)} overlay IPs",
                    "holder": holder,
                    "kind": kind,
                }
                for (holder, kind), told in by_holder.items()
            ],
        }


def _zones(network: Dict, nodes: Mapping[str, Dict], overlays: Sequence[Dict]) -> list[dict[str, Any]]:
    """The zones with their subnets and nodes; last, nodes of which no zone is known, and targets that are none."""
    subnets = {subnet["subnet_id"]: subnet for subnet in network["subnets"]}
    zones: dict[str, dict[str, Any]] = {
        zone: {"name": zone, "subnets": [], "others": []} for zone in sorted({s["zone"] for s in subnets.values()})
    }
    for key, subnet in sorted(subnets.items(), key=lambda item: (item[1]["zone"], item[1]["cidr"])):
        inside = [node for node in nodes.values() if node["subnet_id"] == key]
        if inside:
            zones[subnet["zone"]]["subnets"].append({"name": f"{subnet['cidr']} {key}", "nodes": inside})
        else:
            zones[subnet["zone"]]["others"].append(f"{subnet['cidr']} {key}")
    lost = [node for node in nodes.values() if node["subnet_id"] not in subnets]
    if lost:
        zones[""] = {"name": "zone not known", "subnets": [{"name": "", "nodes": lost}], "others": []}
    strange = {t["holder"] for o in overlays for t in o["tables"] if t["holder"]} - set(nodes)
    if strange:
        alien = [
            {"name": name, "role": "no node", "ready": "no", "kind": "bad", "says": "not in the inventory", "where": ""}
            for name in sorted(strange)
        ]
        zones["?"] = {"name": "elsewhere", "subnets": [{"name": "", "nodes": alien}], "others": []}
    return list(zones.values())


def _card_high(card: Dict) -> int:
    return 46 + 26 * len(card["rows"])


def _subnet_high(subnet: Dict) -> int:
    return (26 if subnet["name"] else 8) + 74 * len(subnet["nodes"])


def _others(zone: Dict) -> list[str]:
    others: list[str] = zone["others"]
    if len(others) <= MOST_SUBNETS:
        return others
    return [*others[: MOST_SUBNETS - 1], f"{len(others) - MOST_SUBNETS + 1} more subnets"]


def _zone_high(zone: Dict) -> int:
    return 34 + sum(_subnet_high(s) + 8 for s in zone["subnets"]) + 28 * len(_others(zone)) + 4


def _draw_zones(made: Drawing, zones: Sequence[Dict], shape: Shape, y: int) -> dict[str, tuple[int, int]]:
    """Draw them; return where the arrows to each node end."""
    x, wide = shape.zones
    pad = shape.pad
    places: dict[str, tuple[int, int]] = {}
    for zone in zones:
        made.box(x, y, wide, _zone_high(zone), "zone")
        made.text(x + pad, y + 22, zone["name"], "muted strong", wide - 2 * pad)
        at = y + 34
        for subnet in zone["subnets"]:
            made.box(x + pad, at, wide - 2 * pad, _subnet_high(subnet), "subnet")
            below = at + 8
            if subnet["name"]:
                made.text(x + 2 * pad, at + 18, _short(subnet["name"], shape), "mono muted", wide - 4 * pad, 11)
                below = at + 26
            for node in subnet["nodes"]:
                _draw_node(made, node, shape, x + 2 * pad, below)
                places[node["name"]] = (x + 2 * pad, below + 33)
                below += 74
            at += _subnet_high(subnet) + 8
        for other in _others(zone):
            made.box(x + pad, at, wide - 2 * pad, 22, "client")
            made.text(x + 2 * pad, at + 15, _short(other, shape), "mono muted", wide - 4 * pad, 11)
            at += 28
        y += _zone_high(zone) + 16
    return places


def _short(words: str, shape: Shape) -> str:
    """Where there is little room, what stands first."""
    return words if shape.overlays else words.split(" subnet-")[0].split(" · ")[0]


def _draw_node(made: Drawing, node: Dict, shape: Shape, x: int, y: int) -> None:
    wide = shape.zones[1] - 4 * shape.pad
    held = " held" if node["role"] == "holder" else ""
    made.box(x, y, wide, 66, f"node {node['kind']}{held}", node["name"])
    roomy = shape.overlays > 0
    side = 70 if roomy else 0
    made.text(x + 10, y + 21, node["name"], "strong", wide - 20 - side, 14)
    if roomy:
        made.text(x + wide - 10, y + 21, node["role"], f"role {node['kind']}", side, 12, end=True)
    made.text(x + 10, y + 39, _short(node["where"], shape), "mono muted", wide - 20, 11)
    says = node["says"] if roomy else node["role"]
    made.text(x + 10, y + 56, says, f"says {node['kind']}", wide - 20, 12)


def _draw_cards(
    made: Drawing, cards: Sequence[Dict], shape: Shape, y: int, places: Mapping[str, tuple[int, int]]
) -> list[tuple[int, int]]:
    """Draw the tables with an arrow from each row to its holder; return where the arrows to each table end."""
    x, wide = shape.tables
    heads = []
    wanted = [row["holder"] for card in cards for row in card["rows"] if row["holder"] in places]
    taken: dict[str, int] = {}
    for card in cards:
        made.box(x, y, wide, _card_high(card), "table", ", ".join(card["tables"]))
        room = wide - 2 * shape.pad
        made.text(x + shape.pad, y + 19, card["name"], "mono strong", room, 12 if shape.overlays else 10)
        made.text(x + shape.pad, y + 35, card["about"], "muted", room, 11)
        heads.append((x, y + 24))
        at = y + 42
        for row in card["rows"]:
            made.box(x + 5, at, wide - 10, 23, f"row {row['kind']}")
            half = (wide - 26) * 6 // 10 if shape.overlays else wide - 20
            made.text(x + shape.pad, at + 16, row["what"], f"mono {row['kind']}", half, 12 if shape.overlays else 11)
            if shape.overlays:
                told = {"none": "no route", "bad": "black hole"}.get(row["kind"], row["holder"])
                made.text(
                    x + wide - 12, at + 16, told or "no route", f"role {row['kind']}", wide - half - 30, 12, end=True
                )
            if row["holder"] in places:
                number = taken[row["holder"]] = taken.get(row["holder"], -1) + 1
                spread = (number - (wanted.count(row["holder"]) - 1) / 2) * min(10, 40 / wanted.count(row["holder"]))
                to, end = places[row["holder"]]
                what = f"{row['what']} to {row['holder']}"
                made.arrow((x + wide - 5, at + 12), (to - 2, end + round(spread)), row["kind"], what)
            at += 26
        y += _card_high(card) + 16
    return heads


def _draw_overlays(
    made: Drawing, overlays: Sequence[Dict], shape: Shape, heads: Sequence[tuple[int, int]], middle: int, above: int
) -> None:
    """The overlay IPs, outside of the VPC as they are, and a line from them to every table."""
    shown = [(_plain(o["destination"]), o["label"], o["kind"]) for o in overlays]
    if len(shown) > MOST_OVERLAYS:
        worst = next((o["kind"] for kind in ("bad", "warn") for o in overlays if o["kind"] == kind), "ok")
        shown = [(f"{len(shown)} overlay IPs", "listed below", worst)]
    high, gap = 56, 12
    y = max(above + 2, middle - (len(shown) * (high + gap) - gap) // 2)
    made.height = max(made.height, y + len(shown) * (high + gap))
    knot = (shape.overlays + 34, middle)
    for what, label, kind in shown:
        made.box(0, y, shape.overlays, high, f"overlay {kind}")
        made.text(14, y + 24, what, "mono strong", shape.overlays - 24, 14)
        made.text(14, y + 43, label, f"says {kind}", shape.overlays - 24, 12)
        made.arrow((shape.overlays, y + high // 2), knot, "from", "")
        y += high + gap
    for head in heads:
        made.arrow(knot, (head[0] - 2, head[1]), "to", "")


def _draw_ways(made: Drawing, ways: Sequence[Dict], shape: Shape) -> int:
    """Draw from where it is reached, and by what, above the VPC; return how high that is."""
    y = 1
    middles = []
    for way in ways:
        top, y = y, _draw_way(made, way, shape, y) + 12
        middles.append((top + y - 12) // 2)
    if ways and shape.overlays:
        at, room = shape.tables[0] + shape.tables[1] + 22, shape.width - shape.tables[0] - shape.tables[1] - 40
        made.text(at, 21, "From outside, as overlay_ip_reach declares it", "muted strong", room, 12)
        made.text(at, 38, "networks of other VPCs, on-premises, clients of a load balancer", "muted", room, 12)
    if ways:
        x, wide = shape.tables if shape.overlays else shape.zones
        # One straight down; several by a common line at their side, so that each is seen to lead into the VPC.
        side = x + wide + (14 if shape.overlays else 4)
        starts = [f"M{x + wide} {at}H{side}" for at in middles] if len(ways) > 1 else [f"M{x + wide // 2} {y - 12}"]
        made.arrows += [{"d": f"{start}V{y + 10}", "kind": "to", "title": ""} for start in starts]
        y += 12
    return y if ways else 0


def _draw_way(made: Drawing, way: Dict, shape: Shape, y: int) -> int:
    """One of them; return where it ends."""
    (x, wide), (to, broad) = ((0, shape.overlays), shape.tables) if shape.overlays else (shape.tables, shape.zones)
    shown = list(way["clients"][:MOST_CLIENTS])
    rest = way["clients"][MOST_CLIENTS:]
    if rest:
        kind = next((k for k in ("bad", "warn", "to") if k in {client["kind"] for client in rest}), "ok")
        shown.append({"network": f"{len(rest)} more networks", "kind": kind, "says": _MANY[kind]})
    shown = shown or [{"network": "no network named", "kind": "to", "says": "not looked at"}]
    high, gap = (60 if any(client.get("place") for client in shown) else 46), 8
    bottom = y + len(shown) * (high + gap) - gap
    tall = max(62, bottom - y)
    made.box(to, y, broad, tall, "table gateway", f"{way['about']} {way['carries']}".strip())
    room = broad - 2 * shape.pad
    made.text(to + shape.pad, y + 20, way["via"], "strong", room, 13)
    made.text(to + shape.pad, y + 37, way["about"], "mono muted", room, 11)
    made.text(to + shape.pad, y + 53, way["carries"], "mono muted", room, 11)
    for number, client in enumerate(shown):
        at = y + number * (high + gap)
        made.box(x, at, wide, high, f"overlay {client['kind']}", client["network"])
        made.text(x + 12, at + 19, client["network"], "mono strong", wide - 20, 12)
        made.text(x + 12, at + 36, client["says"], f"says {client['kind']}", wide - 20, 12)
        if client.get("place"):
            made.text(x + 12, at + 51, client["place"], "muted", wide - 20, 11)
        end = min(at + high // 2, y + tall - 12)
        made.arrow((x + wide, at + high // 2), (to - 2, end), client["kind"], f"{client['network']} {client['says']}")
    return max(bottom, y + tall)


def _words_outside(ways: Sequence[Dict]) -> Iterator[str]:
    for way in ways:
        yield f"From outside, by {way['via']} {way['about']}".rstrip() + "."
        for client in way["clients"]:
            place = f" ({client['place']})" if client.get("place") else ""
            yield f"{client['network']}{place}: {client['says']}."


def _words(network: Dict, cards: Iterable[Dict], nodes: Mapping[str, Dict]) -> Iterator[str]:
    yield f"VPC {network['vpc_id']} with {', '.join(network['cidrs'])}."
    for card in cards:
        for row in card["rows"]:
            end = f"leads {row['what']} to {row['holder']}" if row["holder"] else f"has no route for {row['what']}"
            yield f"{card['name']} {end}{', which cannot receive' if row['kind'] == 'bad' else ''}."
    for node in nodes.values():
        yield f"{node['name']}, {node['role']}, is in {node['zone'] or 'a zone that is not known'}: {node['says']}."


def _plain(destination: str) -> str:
    """A single address without its prefix length."""
    return destination.removesuffix("/32") if ":" not in destination else destination.removesuffix("/128")
