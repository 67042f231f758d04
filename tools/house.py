#!/usr/bin/env python3
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of plugins/ and what flows between them, read from the real imports.

    tools/house.py              says what breaks a rule, and which room uses which
    tools/house.py --draw       writes docs/house.svg (--check: says whether it is current)

The rules (tests/unit/test_house.py plants a violation of each):

* A room imports only rooms below it; within a room no two files import each other.
* A file whose docstring says "Pure." does no input or output itself: it imports pure files of ours, and of others only
  what PURE names.
* One file imports the SDK, one imports pyroute2; modules, action plugins and `_module` alone import Ansible.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
SVG = ROOT / "docs" / "house.svg"

ROOMS: dict[str, str] = {
    "_base": "addresses, findings",
    "_aws": "calls, errors, pacing",
    "_module": "how AWS modules begin and end",
    "_route": "step 1: the route",
    "_address": "step 3: the address",
    "_policy": "step 4: permission",
    "_engine": "one file per failover engine",
    "_inventory": "variables, model, calls",
    "_node": "the node's own program",
    "_report": "what people are told",
    "plugins": "modules, action, filter",
}
"""From the ground up: a room may import those before it."""

OUTSIDERS = {
    "botocore": ("_aws/client.py",),
    "boto3": (),
    "pyroute2": ("_address/netlink.py",),
    "ansible": ("_module/", "plugins/"),
}
"""Other people's packages, and who may import them."""

PURE = frozenset(
    {
        "__future__",
        "ast",
        "base64",
        "bisect",
        "collections",
        "copy",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "fnmatch",
        "functools",
        "hashlib",
        "hmac",
        "html",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "operator",
        "posixpath",
        "re",
        "shlex",
        "string",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "xml.etree.ElementTree",
    }
)
"""What a pure file may import: modules that compute and do no input or output."""

_PURE_WORD = re.compile(r"\bPure\b[.:;,]")


_WIDTH, _BOX, _GAP, _TALL, _ROW, _TOP = 960, 216, 20, 54, 104, 20  # pixels
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">
<title id="t">The rooms of plugins/module_utils</title>
<desc id="d">An arrow goes from a room to one that it imports; none goes up. Made by tools/house.py --draw.</desc>
<style>
text {{ font: 12px system-ui, sans-serif; text-anchor: middle; fill: #41464d; }}
.room {{ font: 600 15px ui-monospace, monospace; fill: #14181d; }}
rect {{ fill: #f4f7fa; stroke: #6f7f8f; stroke-width: 1.2; }}
.arrow {{ fill: none; stroke: #8a97a4; stroke-width: 1.4; marker-end: url(#head); }}
#head path {{ fill: #8a97a4; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #c3cad2; }} .room {{ fill: #f2f5f8; }}
rect {{ fill: #1d242b; stroke: #7d8b99; }} .arrow {{ stroke: #75818d; }} #head path {{ fill: #75818d; }}
}}
</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path
 d="M0 0L10 5L0 10z"/></marker></defs>
{body}
</svg>
"""


@dataclass
class File:
    """One Python file: its name below its room, and what it imports."""

    name: str
    pure: bool
    ours: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    @property
    def room(self) -> str:
        """The room that it lies in."""
        return self.name.split("/")[0]


def read(root: Path = ROOT) -> dict[str, File]:
    """All files of plugins/, by name: `_route/plan.py`, `plugins/modules/overlay_route.py` ..."""
    plugins = root / "plugins"
    utils = plugins / "module_utils"
    names = {_name(path, plugins, utils): path for path in sorted(plugins.rglob("*.py"))}
    files: dict[str, File] = {}
    for name, path in names.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        files[name] = File(name, bool(_PURE_WORD.search(ast.get_docstring(tree) or "")))
        for module, level in _imports(tree):
            _sort(files[name], path, module, level, utils, names)
    return files


def violations(files: dict[str, File]) -> list[str]:
    """What breaks a rule, a sentence each."""
    order = list(ROOMS)
    found = []
    for file in files.values():
        if file.room not in order:
            found.append(f"{file.name} lies in a room that tools/house.py does not know: name it in ROOMS.")
            continue
        for other in sorted(file.ours):
            target = files[other]
            if target.room in order and order.index(target.room) > order.index(file.room):
                found.append(f"{file.name} imports {other}, which is above it.")
            if file.room == "_aws" and target.room != "_aws":
                found.append(f"{file.name} imports {other}: _aws imports nobody of ours.")
            if file.pure and not target.pure:
                found.append(f"{file.name} says that it is pure, but imports {other}, which is not.")
            if other != file.name and file.name in target.ours and file.name < other:
                found.append(f"{file.name} and {other} import each other.")
        for other in sorted(file.others):
            top = other.split(".")[0]
            allowed = OUTSIDERS.get(top)
            if allowed is not None and not file.name.startswith(allowed or ("nobody",)):
                found.append(f"{file.name} imports {top}, which only {', '.join(allowed) or 'nobody'} may.")
            if file.pure and other not in PURE and top not in PURE:
                found.append(f"{file.name} says that it is pure, but imports {other}.")
    return found


def arrows(files: dict[str, File]) -> dict[str, set[str]]:
    """Room -> the rooms that it uses."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for file in files.values():
        found[file.room] |= {files[other].room for other in file.ours} - {file.room}
    return found


def reduced(used: dict[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those that a longer way shows, too."""

    def below(room: str) -> set[str]:
        return set().union(*(below(r) | {r} for r in used[room]))

    return {room: {r for r in rooms if not any(r in below(o) for o in rooms - {r})} for room, rooms in used.items()}


def level(room: str, used: dict[str, set[str]]) -> int:
    """How high a room lies: one above the highest that it uses."""
    return max((level(r, used) + 1 for r in used[room]), default=0)


def draw(files: dict[str, File]) -> str:
    """The picture, as SVG: light and dark as the reader's page is."""
    used = arrows(files)
    rows: dict[int, list[str]] = {}
    for room in ROOMS:
        rows.setdefault(level(room, used), []).append(room)
    place = {
        room: (_WIDTH / 2 + (n - (len(row) - 1) / 2) * (_BOX + _GAP), _TOP + (max(rows) - height) * _ROW)
        for height, row in rows.items()
        for n, room in enumerate(row)
    }
    lines = [
        f'<path class="arrow" d="M{x:.0f} {y + _TALL:.0f} C{x:.0f} {y + _TALL + 34:.0f} {to_x:.0f} {to_y - 34:.0f}'
        f' {to_x:.0f} {to_y - 5:.0f}"/>'
        for room, rooms in reduced(used).items()
        for x, y in [place[room]]
        for to_x, to_y in [place[r] for r in sorted(rooms)]
    ]
    for room, (x, y) in place.items():
        lines += [
            f'<rect x="{x - _BOX / 2:.0f}" y="{y:.0f}" width="{_BOX}" height="{_TALL}" rx="8"/>',
            f'<text class="room" x="{x:.0f}" y="{y + 22:.0f}">{room}</text>',
            f'<text x="{x:.0f}" y="{y + 40:.0f}">{ROOMS[room]}</text>',
        ]
    height = _TOP + max(rows) * _ROW + _TALL + 20
    return _SVG.format(width=_WIDTH, height=height, body="\n".join(lines))


def _name(path: Path, plugins: Path, utils: Path) -> str:
    if path.is_relative_to(utils):
        return path.relative_to(utils).as_posix()
    return "plugins/" + path.relative_to(plugins).as_posix()


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported name, dotted, and the level of a relative import; `from a import b` gives a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (
                (f"{node.module}.{alias.name}" if node.module else alias.name, node.level) for alias in node.names
            )


def _sort(file: File, path: Path, module: str, level: int, utils: Path, names: dict[str, Path]) -> None:
    """Note one import as of ours or of others."""
    if not level:
        file.others.add(_module_of(module))
        return
    base = path.parents[level - 1]
    parts = module.split(".")
    for candidate in (base.joinpath(*parts), base.joinpath(*parts[:-1])):
        target = candidate.with_name(candidate.name + ".py")
        if target.is_file():
            file.ours.add(_name(target, utils.parent, utils))
            return


def _module_of(name: str) -> str:
    """The module of `from a.b import c`: what PURE may name."""
    for known in PURE:
        if name == known or name.startswith(known + "."):
            return known
    return name


def main() -> int:
    """Say what breaks a rule; draw, or say whether the drawing is current."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="write docs/house.svg")
    parser.add_argument("--check", action="store_true", help="with --draw: write nothing, fail where it is not current")
    options = parser.parse_args()
    files = read()
    found = violations(files)
    if options.draw and not options.check:
        SVG.write_text(draw(files), encoding="utf-8")
    elif options.draw and SVG.read_text(encoding="utf-8") != draw(files):
        found.append("docs/house.svg is not current: run tools/house.py --draw.")
    elif not options.draw:
        for room, used in arrows(files).items():
            print(f"{room:11} -> {', '.join(r for r in ROOMS if r in used)}")
    print("\n".join(found) or "The rules of the house hold.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
