# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a migration, as people type them: in the words of pcs and of crmsh. Pure.

crm(8) takes a primitive of another agent in place of one (`configure load update`), where that has no rules and keeps
its name; pcs(8) does not. The rest is the patch that migration.py gives to `cibadmin`, which both have beside them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from .commands import CRM, PCS

_UNSET = "crm_attribute --type crm_config --name maintenance-mode --delete"
_SET = {PCS: "pcs property set maintenance-mode={}", CRM: "crm configure property maintenance-mode={}"}
_PLAIN = ("instance_attributes", "meta_attributes", "operations")
_WAIT = "crm_resource --wait"


def steps(old: Element, new: Element, patch: str, holder: str, was: str) -> dict[str, list[str]]:
    """For each shell the commands, in order.

    Args:
        old: the primitive whose place is taken.
        new: the primitive that takes it.
        patch: of the configuration, by crm_diff(8).
        holder: the node that runs it, and is to run it afterwards.
        was: what maintenance-mode is set to; empty where it is not.
    """
    exchanged = f"cibadmin --patch --xml-text '{_one_line(patch)}'"
    exchange = {PCS: exchanged, CRM: _loaded(old, new) or exchanged}
    return {shell: list(_steps(shell, exchange[shell], old, new, holder, was)) for shell in (PCS, CRM)}


def _steps(shell: str, exchange: str, old: Element, new: Element, holder: str, was: str) -> Iterator[str]:
    kept = shlex.quote(f"before-{old.get('id')}.xml")
    names = list(dict.fromkeys(shlex.quote(one.get("id", "")) for one in (old, new)))
    if was != "true":
        yield _SET[shell].format("true")
        yield _WAIT
    # With maintenance in it: who puts it back would else end that at once, and the cluster would stop what it finds.
    yield f"cibadmin --query --scope configuration > {kept}"
    yield exchange
    for name in names:
        yield f"crm_resource --refresh --force --resource {name}"
    yield _WAIT
    yield (
        f"crm_resource --locate --resource {names[-1]}  # on {holder}? If not: cibadmin --replace --scope configuration"
        f" --xml-file {kept}, the refresh once more, and only then the rest"
    )
    if was != "true":
        yield _SET[shell].format(was) if was else _UNSET
        yield _WAIT


def _one_line(patch: str) -> str:
    """Without an apostrophe, so that a shell takes it in apostrophes."""
    root = ElementTree.fromstring(patch)
    for one in root.iter():
        one.text = one.tail = None
    return ElementTree.tostring(root, encoding="unicode").replace("'", "&apos;")


def _loaded(old: Element, new: Element) -> str:
    """By crmsh; empty where it cannot be said in its words."""
    if old.get("id") != new.get("id") or set(new.attrib) - {"id", "class", "provider", "type"}:
        return ""
    if len({one.tag for one in new}) != len(new):
        return ""  # a second set of its kind
    words = ["primitive", new.get("id", ""), ":".join(filter(None, map(new.get, ("class", "provider", "type"))))]
    for part in new:
        if part.tag not in _PLAIN or any(one.tag not in ("nvpair", "op") or len(one) for one in part):
            return ""
        if part.tag == "operations":
            for op in part:
                said = {key: value for key, value in op.attrib.items() if key not in ("id", "name")}
                words += ["op", op.get("name", ""), *(_pair(key, value) for key, value in said.items())]
        else:
            words.append("params" if part.tag == "instance_attributes" else "meta")
            words += [_pair(pair.get("name", ""), pair.get("value", "")) for pair in part]
    line = " ".join(words)
    return "" if re.search(r"[\\\n'$`]", line) else f"echo '{line}' | crm configure load update -"


def _pair(key: str, value: str) -> str:
    return f"{key}={value}" if re.fullmatch(r"[\w./:,@+-]+", value) else f'{key}="{value}"'
