# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of plugins/ and what flows between them, read from the real imports.

    tools/house.py              says what breaks a rule, whether docs/house.svg is current, and which room uses which
    tools/house.py --draw       writes docs/house.svg

The rules (tests/unit/test_house.py plants a violation of each):

* A room imports only rooms below it, `_aws` nobody of ours; within a room nothing imports in a circle.
* A file whose docstring says "Pure." or "Pure: ..." does no input or output itself: it imports pure files of ours, and
  of others only what PURE names.
* One file imports the SDK, one imports pyroute2; modules, action plugins and `_module` alone import Ansible.
* Where a room uses another, FLOWS says what it gets there, for the picture.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from house_picture import House, draw

ROOT = Path(__file__).parents[1]
SVG = ROOT / "docs" / "house.svg"

ROOMS: dict[str, str] = {
    "_base": "addresses, findings",
    "_aws": "calls, errors, pacing",
    "_module": "how a module begins, ends",
    "_route": "step 1: the route",
    "_reach": "from outside the VPC",
    "_source_dest_check": "step 2: the check",
    "_address": "step 3: the address",
    "_policy": "step 4: permission",
    "_engine": "what each failover engine is",
    "_inventory": "variables, model, calls",
    "_node": "the node's own program",
    "_report": "what people are told",
    "_fleet": "many pairs at once",
    "_response": "what an alert may start",
    "plugins": "modules, action and filter plugins: what Ansible sees",
}
"""From the ground up: a room may import those before it."""

GROUND, ROOF = ("_base", "_aws"), "plugins"

FLOWS: dict[tuple[str, str], str] = {
    ("_policy", "_route"): "tables and,interfaces",
    ("_policy", "_reach"): "attachments",
    ("_source_dest_check", "_route"): "interfaces",
    ("_reach", "_route"): "tables,and writes",
    ("_inventory", "_route"): "prefix lists",
    ("_inventory", "_reach"): "what AWS,cannot do",
    ("_engine", "_route"): "routes",
    ("_engine", "_address"): "the host",
    ("_inventory", "_engine"): "VRRP numbers",
    ("_node", "_route"): "moves",
    ("_node", "_engine"): "what to do,when told",
    ("_node", "_address"): "up or down",
    ("_report", "_route"): "routes",
    ("_report", "_inventory"): "the model",
    ("_report", "_node"): "records,metrics",
    ("_fleet", "_route"): "reads,and moves",
    ("_fleet", "_inventory"): "calls",
    ("_fleet", "_report"): "reports",
    ("_response", "_inventory"): "names",
}
"""What the upper of two rooms gets from the lower; a comma begins a line."""

OUTSIDERS = {
    "botocore": ("_aws/client.py",),
    "boto3": (),
    "pyroute2": ("_address/netlink.py",),
    "ansible": ("_module/", "plugins/"),
    "ansible_collections": (),  # ours are imported relatively, others are not needed
}
"""Other people's packages, and who may import them: names of files, or how they begin."""

PURE = frozenset(
    {
        "__future__",
        "ast",
        "base64",
        "bisect",
        "collections",
        "collections.abc",
        "copy",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "errno",
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
        "pyexpat",
        "re",
        "shlex",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
        "xml.etree.ElementTree",
    }
)
"""What a pure file may import: modules that compute and do no input or output."""

_PURE_WORD = re.compile(r"\bPure[.:]")
_IMPURE = frozenset(
    {
        "open",
        "print",
        "input",
        "exec",
        "eval",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "datetime.date.today",
        "xml.etree.ElementTree.parse",
        "xml.etree.ElementTree.iterparse",
    }
)
"""What a pure file may not call: builtins, and what reads the clock or a file in a module that else computes."""
_BY_NAME = frozenset({"__import__", "importlib.import_module", "importlib.__import__"})
"""What imports by a name."""


@dataclass
class File:
    """One Python file: its name below its room, and what it imports."""

    name: str
    pure: bool
    ours: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)

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
        file = files[name] = File(name, bool(_PURE_WORD.search(ast.get_docstring(tree) or "")))
        file.calls, by_name = _calls(tree)
        for module, level in (*_imports(tree), *by_name):
            if level:
                file.ours.add(_ours(path, module, level, plugins, utils))
            else:
                file.others.add(module)
    return files


def violations(files: dict[str, File]) -> list[str]:
    """What breaks a rule, a sentence each."""
    found = []
    for file in files.values():
        if file.room not in ROOMS:
            found.append(f"{file.name} lies in a room that tools/house.py does not know: name it in ROOMS.")
            continue
        found += _of_ours(file, files) + _of_others(file)
        circle = _circle(file.name, files)
        if circle and file.name == min(circle):
            found.append(f"{' -> '.join([*circle, file.name])} is a circle of imports.")
    for upper, lowers in _seen(files).inner.items():
        found += [
            f"{upper} uses {lower}: say in FLOWS of tools/house.py what it gets there."
            for lower in sorted(lowers)
            if (upper, lower) not in FLOWS
        ]
    return found


def _of_ours(file: File, files: dict[str, File]) -> list[str]:
    order = list(ROOMS)
    found = []
    for other in sorted(file.ours):
        target = files.get(other)
        if target is None:
            found.append(f"{file.name} imports {other}, which is not there.")
            continue
        if target.room in order and order.index(target.room) > order.index(file.room):
            found.append(f"{file.name} imports {other}, which is above it.")
        if file.room == "_aws" and target.room != "_aws":
            found.append(f"{file.name} imports {other}: _aws imports nobody of ours.")
        if file.pure and not target.pure and not other.endswith("__init__.py"):
            found.append(f"{file.name} says that it is pure, but imports {other}, which is not.")
    return found


def _of_others(file: File) -> list[str]:
    found = []
    for other in sorted(file.others):
        top = other.split(".")[0]
        allowed = OUTSIDERS.get(top)
        if allowed is not None and not file.name.startswith(allowed or ("nobody",)):
            found.append(f"{file.name} imports {top}, which {_only(allowed)} may.")
        if file.pure and _module(other) not in PURE:
            found.append(f"{file.name} says that it is pure, but imports {other}.")
    if file.pure and file.calls & _IMPURE:
        found.append(f"{file.name} says that it is pure, but calls {', '.join(sorted(file.calls & _IMPURE))}.")
    return found


def _only(allowed: tuple[str, ...]) -> str:
    return f"only {' and '.join(allowed)}" if allowed else "nobody"


def _circle(name: str, files: dict[str, File]) -> list[str]:
    """The shortest way along imports from this file back to it, without the way's end."""
    ways = deque([[name]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for other in sorted(files[way[-1]].ours & files.keys()):
            if other == name:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []


def arrows(files: dict[str, File]) -> dict[str, set[str]]:
    """Room -> the rooms that it uses."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for file in files.values():
        if file.room in found:
            found[file.room] |= {other.split("/")[0] for other in file.ours} - {file.room}
    return found


def picture(files: dict[str, File]) -> str:
    """docs/house.svg as it should be."""
    return draw(_seen(files))


def _seen(files: dict[str, File]) -> House:
    return House(ROOMS, arrows(files), FLOWS, GROUND, ROOF)


def _module(name: str) -> str:
    """The module of an imported name: `json.loads` is of json, while `json.tool` is a module itself."""
    while "." in name:
        with suppress(ImportError):
            if find_spec(name) is not None:
                break
        name = name.rpartition(".")[0]
    return name


def _calls(tree: ast.AST) -> tuple[set[str], list[tuple[str, int]]]:
    """What is called, by the dotted name that it was imported under; and what those calls import by name."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    called, by_name = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, *rest = ast.unparse(node.func).split(".")
            name = ".".join([known.get(first, first), *rest])
            called.add(name)
            if name in _BY_NAME:
                text = node.args[0] if node.args else None
                by_name.append((str(text.value) if isinstance(text, ast.Constant) else "what is worked out", 0))
    return called, by_name


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


def _ours(path: Path, module: str, level: int, plugins: Path, utils: Path) -> str:
    """The file that a relative import means."""
    base = path.parents[level - 1]
    whole = base.joinpath(*module.split("."))
    for candidate in (whole.with_name(whole.name + ".py"), whole.parent.with_name(whole.parent.name + ".py")):
        if candidate.is_file():
            return _name(candidate, plugins, utils)
    package = whole if whole.is_dir() else whole.parent
    return _name(package / "__init__.py", plugins, utils)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, or say who uses whom; say what breaks a rule, an outdated drawing among it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="write docs/house.svg")
    options = parser.parse_args(arguments)
    files = read()
    found = violations(files)
    if options.draw:
        SVG.write_text(picture(files), encoding="utf-8")
    else:
        for room, used in arrows(files).items():
            print(f"{room:18} -> {', '.join(r for r in ROOMS if r in used)}")
        if SVG.read_text(encoding="utf-8") != picture(files):
            found.append("docs/house.svg is not current: run python tools/house.py --draw.")
    print("\n".join(found) or "The rules of the house hold.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
