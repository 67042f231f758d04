# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes one configuration of a cluster into another, as people type it: in the words of pcs and of crmsh. Pure.

pcs(8) of 0.10 to 0.12, crm(8) of 4 and 5. Only what setup changes is known: properties, primitives that are new,
parameters, meta attributes and operations of those that are there, and constraints. Several changes are made on a copy,
and put into the cluster at once: a resource that is there before what binds it may start where it must not.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element

PCS, CRM = "pcs", "crm"
_BEFORE, _COPY, _SHADOW = "overlay-ip.before.xml", "overlay-ip.xml", "overlay-ip"
_BONDS = ("rsc_colocation", "rsc_order", "rsc_location")
_OLD = {"Promoted": "promoted", "Master": "master", "Unpromoted": "unpromoted", "Slave": "slave"}


def commands(before: Element, after: Element) -> dict[str, list[str]]:
    """For each shell the commands, in order: what is bound no more goes first, what is new can then be named."""
    changes = list(_changes(before, after))
    found = {PCS: [pcs for pcs, _crm in changes], CRM: [crm for _pcs, crm in changes]}
    return {PCS: _by_pcs(found[PCS]), CRM: _by_crm(found[CRM])} if len(changes) > 1 else found


def _by_pcs(lines: Iterable[str]) -> list[str]:
    """What somebody else changes meanwhile stays: only what differs is put in."""
    return [
        f"pcs cluster cib {_BEFORE}",
        f"cp {_BEFORE} {_COPY}",
        *(f"pcs -f {_COPY}{line.removeprefix(PCS)}" for line in lines),
        f"pcs cluster cib-push {_COPY} diff-against={_BEFORE}",
    ]


def _by_crm(lines: Iterable[str]) -> list[str]:
    """crm_shadow(8); Pacemaker's own tools are told by their environment."""
    on_copy = (
        f"crm -c {_SHADOW}{line.removeprefix(CRM)}" if line.startswith(f"{CRM} ") else f"CIB_shadow={_SHADOW} {line}"
        for line in lines
    )
    return [f"crm cib new {_SHADOW} force", *on_copy, f"crm cib commit {_SHADOW}", f"crm cib delete {_SHADOW}"]


def _changes(before: Element, after: Element) -> Iterator[tuple[str, str]]:
    had, has = _bonds(before), _bonds(after)
    for name in had:
        if name not in has or had[name].attrib != has[name].attrib:
            yield f"pcs constraint delete {_q(name)}", f"crm configure delete {_q(name)}"
    there = {one.get("id"): one for one in before.iter("primitive")}
    for primitive in after.iter("primitive"):
        old = there.get(primitive.get("id"))
        yield from _created(primitive) if old is None else _updated(old, primitive)
    yield from _properties(before, after)  # crmsh wants a device before fencing is switched on
    for name, bond in has.items():
        if name not in had or had[name].attrib != bond.attrib:
            yield _bound(bond)


def _bonds(root: Element) -> dict[str, Element]:
    return {one.get("id", ""): one for kind in _BONDS for one in root.iter(kind)}


def _properties(before: Element, after: Element) -> Iterator[tuple[str, str]]:
    had, has = (_pairs(root.find(".//crm_config/cluster_property_set")) for root in (before, after))
    for pair in _new(had, has):
        yield f"pcs property set {pair}", f"crm configure property {pair}"


def _created(primitive: Element) -> Iterator[tuple[str, str]]:
    name, kind = _q(primitive.get("id", "")), primitive.get("class", "")
    agent = ":".join(filter(None, (kind, primitive.get("provider"), primitive.get("type"))))
    options = _new({}, _pairs(primitive.find("instance_attributes")))
    meta = _new({}, _pairs(primitive.find("meta_attributes")))
    operations = [
        (op.get("name", ""), [f"{key}={_q(op.get(key, ''))}" for key in ("interval", "timeout") if op.get(key)])
        for op in primitive.iterfind("./operations/op")
    ]
    pcs = ["pcs", "stonith" if kind == "stonith" else "resource", "create", name]
    pcs += [agent.partition(":")[2] if kind == "stonith" else agent, *options]
    crm = ["crm", "configure", "primitive", name, agent, *(["params", *options] if options else [])]
    for which, words in operations:
        pcs += ["op", which, *words]
        crm += ["op", which, *words]
    tail = ["meta", *meta] if meta else []
    yield " ".join([*pcs, *tail]), " ".join([*crm, *tail])


def _updated(old: Element, new: Element) -> Iterator[tuple[str, str]]:
    """Each parameter alone, as crmsh wants it."""
    name, kind = _q(new.get("id", "")), "stonith" if new.get("class") == "stonith" else "resource"
    for pair in _new(_pairs(old.find("instance_attributes")), _pairs(new.find("instance_attributes"))):
        key, _sign, value = pair.partition("=")
        yield f"pcs {kind} update {name} {pair}", f"crm resource param {name} set {key} {value}"
    for pair in _new(_pairs(old.find("meta_attributes")), _pairs(new.find("meta_attributes"))):
        key, _sign, value = pair.partition("=")
        yield f"pcs resource meta {name} {pair}", f"crm resource meta {name} set {key} {value}"
    had = {op.get("name"): op.attrib for op in old.iterfind("./operations/op")}
    for op in new.iterfind("./operations/op"):
        which = op.get("name", "")
        if had.get(which) != op.attrib:
            words = " ".join(f"{key}={_q(op.get(key, ''))}" for key in ("interval", "timeout") if op.get(key))
            by_crm = f'cibadmin --modify --xml-text \'<op id="{op.get("id")}" name="{which}" {_attributes(op)}/>\''
            yield f"pcs {kind} update {name} op {which} {words}", by_crm


def _bound(bond: Element) -> tuple[str, str]:
    """A constraint, under its name: setup knows it by that, and leaves it as it is."""
    said, name = dict(bond.attrib), bond.get("id", "")
    rsc, score = _q(said.get("rsc", "")), said.get("score", "INFINITY")
    if bond.tag == "rsc_colocation":
        other, role = _q(said["with-rsc"]), said.get("with-rsc-role", "")
        word = f"{_OLD[role]} " if role else ""
        pcs = f"pcs constraint colocation add {rsc} with {word}{other} {_pcs(score)} id={name}"
        return pcs, f"crm configure colocation {name} {_crm(score)}: {rsc} {other}{':' + role if role else ''}"
    if bond.tag == "rsc_location":
        node, hidden = _q(said["node"]), said.get("resource-discovery")
        more = f" resource-discovery={hidden}" if hidden else ""
        pcs = f"pcs constraint location add {name} {rsc} {node} {_pcs(score)}{more}"
        return pcs, f"crm configure location {name} {rsc}{more} {_crm(score)}: {node}"
    first, then = (f"{said.get(which + '-action', 'start')} {_q(said[which])}" for which in ("first", "then"))
    by_crm = " ".join(f"{_q(said[which])}:{said.get(which + '-action', 'start')}" for which in ("first", "then"))
    more = " symmetrical=false" if said.get("symmetrical") == "false" else ""
    kind = said.get("kind", "Mandatory")
    return f"pcs constraint order {first} then {then} kind={kind}{more} id={name}", (
        f"crm configure order {name} {kind}: {by_crm}{more}"
    )


def _pcs(score: str) -> str:
    """What begins with a dash would be an option."""
    return f"-- {score}" if score.startswith("-") else score


def _crm(score: str) -> str:
    """Its word for infinity is `inf`, and INFINITY is read as well; a number is a number."""
    return score.replace("INFINITY", "inf")


def _pairs(parent: Element | None) -> dict[str, str]:
    found = parent.iterfind("nvpair") if parent is not None else ()
    return {pair.get("name", ""): pair.get("value", "") for pair in found}


def _new(had: Mapping[str, str], has: Mapping[str, str]) -> list[str]:
    return [f"{key}={_q(value)}" for key, value in has.items() if had.get(key) != value]


def _attributes(op: Element) -> str:
    return " ".join(f'{key}="{op.get(key)}"' for key in ("interval", "timeout") if op.get(key))


def _q(text: str) -> str:
    return shlex.quote(text)
