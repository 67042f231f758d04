# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge a part into a running cluster's configuration, or only see what that would come to.

The cluster's own `cibadmin` does it, first on a copy: what it would refuse is known before anything is changed.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from . import replace
from .migration import Shell, read

_NO_SUCH = 105
"""What cibadmin(8) ends with where there is nothing to delete; before Pacemaker 2.0 it was 6."""


class ConfigurationError(RuntimeError):
    """The cluster does not take it. The text says what state things are in, and what to do."""

    def __init__(self, text: str, *, changed: bool) -> None:
        super().__init__(text)
        self.changed = changed


@dataclass(frozen=True)
class Change:
    """Whole configurations, before and after."""

    before: Element
    after: Element

    @property
    def empty(self) -> bool:
        """Whether nothing differs but the numbers by which the cluster counts its changes."""
        return shown(self.before) == shown(self.after)


def placed(part: str, root: Element) -> str:
    """The part with each primitive where the cluster has it, and what is in it under the names that it has there.

    `cibadmin` knows elements by their way from the top and by their names: else it would make a second one beside the
    group, and a second set of parameters and operations beside those of a shell, which names them otherwise.
    """
    tree = replace.read(part)
    parents = {child: parent for parent in root.iter() for child in parent}
    there = {one.get("id"): one for one in root.iter("primitive")}
    for resources in tree.iter("resources"):
        for primitive in list(resources.iterfind("primitive")):
            own = there.get(primitive.get("id"))
            around = parents[own] if own is not None else None
            if own is not None:
                _name(primitive, own)
            inner = primitive
            while around is not None and around.tag != "resources":
                box = Element(around.tag, {"id": around.get("id", "")})
                box.append(inner)
                inner, around = box, parents[around]
            if inner is not primitive:
                resources[list(resources).index(primitive)] = inner
    return ElementTree.tostring(tree, encoding="unicode")


def _name(primitive: Element, own: Element) -> None:
    """Give the sets, parameters and operations of one the names that the cluster's own has for them."""
    for kind in ("instance_attributes", "meta_attributes"):
        ours = primitive.find(kind)
        theirs = next((one for one in own.iterfind(kind) if one.get("id") and one.find("rule") is None), None)
        if ours is not None and theirs is not None:
            ours.set("id", theirs.get("id", ""))
            for pair in ours.iterfind("nvpair"):
                _take(pair, theirs.iterfind("nvpair"))
    for op in primitive.iterfind("./operations/op"):
        listed = [one for one in own.iterfind("./operations/op") if one.get("name") == op.get("name")]
        _take(op, [one for one in listed if _interval(one) == _interval(op)] or listed)


def _take(ours: Element, theirs: Iterable[Element]) -> None:
    """The name of the first one that is called the same."""
    found = next((one.get("id") for one in theirs if one.get("name") == ours.get("name")), None)
    if found:
        ours.set("id", found)


def _interval(op: Element) -> str:
    return op.get("interval", "0").removesuffix("s")


def planned(call: Shell, parts: Sequence[str], remove: Sequence[str]) -> Change:
    """What would come of it. Raises replace.ReplaceError (no cluster answers), ConfigurationError."""
    before = read(call)
    with tempfile.TemporaryDirectory(prefix="aws-overlay-ip.") as folder:
        path = Path(folder, "cib.xml")
        path.write_text(replace.shown(before), encoding="utf-8")
        on_copy = ("env", f"CIB_file={path}")
        for argv, stdin in _steps([placed(part, before) for part in parts], remove):
            _run(call, (*on_copy, *argv), stdin, "Nothing was changed.", changed=False)
        return Change(before, replace.read(path.read_text(encoding="utf-8")))


def carry_out(call: Shell, parts: Sequence[str], remove: Sequence[str], change: Change) -> None:
    """Do it, as planned. Raises ConfigurationError."""
    done = False
    for argv, stdin in _steps([placed(part, change.before) for part in parts], remove):
        _run(
            call,
            argv,
            stdin,
            "Run this again when the cause is mended." if done else "Nothing was changed.",
            changed=done,
        )
        done = True


def shown(root: Element) -> str:
    """For people, without the cluster's state, which is none of their business here."""
    part = root.find("configuration")
    return replace.shown(part if part is not None else root)


def _steps(parts: Sequence[str], remove: Iterable[str]) -> list[tuple[tuple[str, ...], str]]:
    """What is removed goes first: two constraints could ask for opposite things."""
    steps = [(("cibadmin", "--delete", "--xpath", f"//constraints/*[@id='{name}']"), "") for name in remove]
    merge = ("cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-pipe")
    return [*steps, *((merge, part) for part in parts)]


def _run(call: Shell, argv: Sequence[str], stdin: str, state: str, *, changed: bool) -> None:
    code, text = call(argv, stdin)
    if code and not ("--delete" in argv and code in (_NO_SUCH, 6)):
        raise ConfigurationError(f"The cluster does not take it ({_why(text, code)}). {state}", changed=changed)


def _why(text: str, code: int) -> str:
    """What it says, without the whole configuration, whose lines it numbers."""
    said = [line.strip() for line in text.splitlines() if line.strip() and not re.match(r"\s*\d+ ", line)]
    return "; ".join(said)[-400:] or f"exit code {code}"
