# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on the nodes as files: the collection's own code, a launcher and a configuration.

The code is not a second implementation: it is what travels with the module, all that `_node.cli` imports.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._address.persist.tree import Tree
from .local import CONFIG

MAIN = "_node.cli"
PACKAGE = "/usr/lib/aws-overlay-ip/aws_overlay_ip"
LAUNCHER = "/usr/sbin/aws-overlay-ip"

_LAUNCHER_TEXT = '''\
#!/usr/bin/python3 -I
"""Moves overlay IPs with this node's own role. Installed by the Ansible collection aws_ha.overlay_ip."""

import sys

sys.path.insert(0, "/usr/lib/aws-overlay-ip")

from aws_overlay_ip._node.cli import entry

entry()
'''


def sources(read: Callable[[str], str | None], main: str = MAIN) -> dict[str, str]:
    """The files that the program consists of, by dotted name: `main` and all that it imports, directly or not."""
    found: dict[str, str] = {}
    wanted = [main]
    while wanted:
        name = wanted.pop()
        text = None if name in found else read(name)
        if text is not None:
            found[name] = text
            wanted += _ours(name, text)
    return found


def _ours(name: str, text: str) -> Iterator[str]:
    """What a file may import of us, at its top or inside a function: modules, and names in them, which are none."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            package = ".".join([*name.split(".")[: -node.level], *([node.module] if node.module else [])])
            yield package
            yield from (f"{package}.{alias.name}".lstrip(".") for alias in node.names)


def shipped(name: str) -> str | None:
    """The text of a module of ours, also from within the archive that Ansible sends; None where there is none."""
    loader: Any = globals()["__loader__"]
    root = os.path.dirname(os.path.dirname(__file__))
    try:
        data: bytes = loader.get_data(os.path.join(root, *name.split(".")) + ".py")
    except OSError:
        return None
    return data.decode("utf-8")


def install(tree: Tree, config: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """Let the program be there with this configuration, and no file of an older one."""
    paths = {f"{PACKAGE}/{name.replace('.', '/')}.py": text for name, text in texts.items()}
    for path in list(paths):
        while path != PACKAGE:
            path = os.path.dirname(path)
            paths[f"{path}/__init__.py"] = ""
    tree.remove(path for path in _installed(tree) if path not in paths)
    for path, text in paths.items():
        tree.write(path, text)
    tree.write(LAUNCHER, _LAUNCHER_TEXT, 0o755)
    tree.write(str(CONFIG), json.dumps(config, indent=2, sort_keys=True) + "\n")


def remove(tree: Tree) -> None:
    """Let nothing of it be there."""
    tree.remove([*_installed(tree), *(p for p in (LAUNCHER, str(CONFIG)) if tree.read(p) is not None)])


def _installed(tree: Tree) -> list[str]:
    return [path for depth in ("", "*/", "*/*/") for path in tree.glob(f"{PACKAGE}/{depth}*.py")]
