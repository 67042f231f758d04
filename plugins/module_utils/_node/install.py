# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on the nodes as files: the collection's own code, a launcher and a configuration.

The code is not a second implementation: it is what travels with the module, all that `_node.cli` imports.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .._address.persist import store
from .._address.persist.tree import Change, Host, Tree
from .._address.plan import AUTO, Link
from .._base.deployment import PROGRAM, Deployment
from .._engine import lease
from .._engine.commands import COMMANDS, KEEPING, LETTING_GO
from . import launcher

MAINS = ("_node.cli", "_node.guard.loop")
"""What is started: by people and engines, and by the guard's unit."""
NAME = "aws_overlay_ip"
START = "start.py"
GUARD = "guard.py"


def sources(read: Callable[[str], str | None], mains: Iterable[str] = MAINS) -> dict[str, str]:
    """The files that the program consists of, by dotted name: `mains` and all that they import, directly or not."""
    found: dict[str, str] = {}
    wanted = [*mains]
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


def interpreter() -> str:
    """The Python that runs this: of a virtual environment, which may go as it came, the one that it was made from."""
    found = sys.executable or os.path.realpath("/proc/self/exe")
    return os.path.realpath(found) if sys.prefix != sys.base_prefix else found


def labelled(config: Mapping[str, Any], host: Host, links: Iterable[Link]) -> dict[str, Any]:
    """The configuration, without an automatic label where the node's network stack would delete what has one."""
    flushing = {link.name for link in links if store.flushes_labels(host, link, AUTO, keep=False)}
    overlays = [
        {**overlay, "label": ""}
        if overlay.get("label", AUTO) == AUTO and overlay.get("interface") in flushing
        else overlay
        for overlay in config.get("overlays", ())
    ]
    return {**config, "overlays": overlays} if flushing else dict(config)


def files(
    config: Mapping[str, Any], texts: Mapping[str, str], python: str, deployment: Deployment
) -> dict[str, tuple[str, int]]:
    """Every file of the program with its text and mode, the launcher last; `python` runs it.

    The code lies in a place of its own, named by what it is: the launcher, written by one rename after it, is the
    switch. Who is killed on the way leaves the old program whole.
    """
    code = {f"{NAME}/{name.replace('.', '/')}.py": text for name, text in texts.items()}
    for path in list(code):
        while path != NAME:
            path = os.path.dirname(path)
            code[f"{path}/__init__.py"] = ""
    code[START], code[GUARD] = launcher.start(deployment.name), launcher.guard(deployment)
    place = f"{deployment.home}/{_digest(code)}"
    held = [(one.get("destination", ""), address) for one in config.get("overlays", ()) for address in one["addresses"]]
    addresses = [address for _destination, address in held]
    addresses += [f"{destination}={address}" for destination, address in held if destination != address]
    return {
        **{f"{place}/{path}": (text, 0o644) for path, text in code.items()},
        deployment.config: (json.dumps(config, indent=2, sort_keys=True) + "\n", 0o600 if secrets(config) else 0o644),
        deployment.launcher: (started_by(python, place, addresses, deployment.program), 0o755),
    }


def started_by(python: str, place: str, addresses: Iterable[str], program: str = PROGRAM) -> str:
    """The launcher's text, see :func:`.launcher.launcher`, with the commands that there are; the code is in `place`.

    Of a route that carries several addresses, or one that is not its own, C(ROUTE=ADDRESS) is among them for each.
    """
    words = launcher.Words(COMMANDS, LETTING_GO, KEEPING)
    return launcher.launcher(python, f"{place}/{START}", f"{place}/{GUARD}", addresses, words, program)


def secrets(config: Mapping[str, Any]) -> list[str]:
    """The passwords of URLs (a proxy's) among the AWS options: the file that holds one is root's alone to read."""
    return re.findall(r"://[^/@:\s\"]*:([^/\s\"]+)@", json.dumps(config.get("aws") or {}, ensure_ascii=False))


def folders(wanted: Iterable[str], deployment: Deployment) -> list[tuple[str, bool]]:
    """The folders of the program, and whether one is the program's code, of which nothing may be anybody else's."""
    home, etc = deployment.home, os.path.dirname(deployment.config)
    places = dict.fromkeys(path[: path.index("/", len(home) + 1)] for path in wanted if path.startswith(f"{home}/"))
    return [(home, False), (etc, False), *((place, True) for place in places)]


def install(tree: Tree, wanted: Mapping[str, tuple[str, int]], deployment: Deployment) -> None:
    """Let these files be there, and no program of another version."""
    for path, (text, mode) in wanted.items():
        tree.write(path, text, mode)
    tree.remove(place for place in _places(tree, deployment.home) if not any(path.startswith(place) for path in wanted))


def remove(tree: Tree, deployment: Deployment) -> None:
    """Let nothing of it be there."""
    memory = (f"{place}/" for place in deployment.memory if not _leased(tree, place))
    ours = (deployment.launcher, deployment.config, f"{deployment.home}/", *memory)
    tree.remove(path for path in ours if tree.read(path) is not None)


def _leased(tree: Tree, place: str) -> bool:
    """Whether nothing is there but the lease of the playbook that is at work, which ends it itself."""
    return [*tree.glob(f"{place}/*"), *tree.glob(f"{place}/.*")] == [f"{place}/{lease.NAME}"]


def ordered(changes: Iterable[Change], deployment: Deployment) -> list[Change]:
    """What is new first, then the launcher, which is the switch, then what is old: every moment has a whole program."""
    return sorted(changes, key=lambda c: (c.after is None, c.path == deployment.launcher, c.path))


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode("utf-8")).hexdigest()[:12]


def _places(tree: Tree, home: str) -> list[str]:
    """The folders of all versions that are there, 1.0.0's too, and what was left half written."""
    hidden = set(tree.glob(f"{home}/.*.tmp/"))  # folders among what follows
    left = [path for path in tree.glob(f"{home}/.*.tmp") if f"{path}/" not in hidden]
    return [*tree.glob(f"{home}/*/"), *sorted(hidden), *left]
