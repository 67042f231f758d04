# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on the nodes as files: the collection's own code, a launcher and a configuration.

The code is not a second implementation: it is what travels with the module, all that `_node_cli` imports.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ._node_local import CONFIG
from ._persist._tree import Tree

MAIN = "_node_cli"
PACKAGE = "/usr/lib/aws-overlay-ip/aws_overlay_ip"
LAUNCHER = "/usr/sbin/aws-overlay-ip"

_LAUNCHER_TEXT = '''\
#!/usr/bin/python3 -I
"""Moves overlay IPs with this node's own role. Installed by the Ansible collection aws_ha.overlay_ip."""

import sys

sys.path.insert(0, "/usr/lib/aws-overlay-ip")

from aws_overlay_ip._node_cli import entry

entry()
'''


def sources(read: Callable[[str], str], main: str = MAIN) -> dict[str, str]:
    """The files that the program consists of, by module name: `main` and all that it imports, directly or not."""
    found: dict[str, str] = {}
    wanted = [main]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = read(name)
            wanted += _siblings(found[name])
    return found


def _siblings(text: str) -> Iterator[str]:
    """The modules of the same package that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def shipped(name: str) -> str:
    """The text of a file beside this one, also from within the archive that Ansible sends."""
    loader: Any = globals()["__loader__"]
    data: bytes = loader.get_data(os.path.join(os.path.dirname(__file__), f"{name}.py"))
    return data.decode("utf-8")


def install(tree: Tree, config: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """Let the program be there with this configuration, and no file of an older one."""
    paths = {f"{PACKAGE}/{name}.py": text for name, text in {**texts, "__init__": ""}.items()}
    tree.remove(path for path in tree.glob(f"{PACKAGE}/*.py") if path not in paths)
    for path, text in paths.items():
        tree.write(path, text)
    tree.write(LAUNCHER, _LAUNCHER_TEXT, 0o755)
    tree.write(str(CONFIG), json.dumps(config, indent=2, sort_keys=True) + "\n")


def remove(tree: Tree) -> None:
    """Let nothing of it be there."""
    tree.remove([*tree.glob(f"{PACKAGE}/*.py"), *(p for p in (LAUNCHER, str(CONFIG)) if tree.read(p) is not None)])
