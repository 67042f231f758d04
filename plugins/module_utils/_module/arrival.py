# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first of our files that runs on a node to which a module was sent without Ansible's own (`plugin_utils/slim.py`).

It is executed as a text, before anything of ours can be imported, and so imports nothing of ours: it is what makes the
others importable, under their usual names.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, NoReturn


class Finder:
    """Finds and loads what was sent, before anything that is installed on the node.

    Args:
        texts: sources by full dotted name; the packages above them are made, and hold nothing else.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        for name in texts:
            while name := name.rpartition(".")[0]:
                self._texts.setdefault(name, "")
        self._packages = {name.rpartition(".")[0] for name in self._texts}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What `import` asks first."""
        if name not in self._texts:
            return None
        loader: Any = self
        spec = ModuleSpec(name, loader, origin=self._path(name), is_package=name in self._packages)
        spec.has_location = True  # so that a traceback names it
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """As usual."""

    def exec_module(self, module: ModuleType) -> None:
        """Run its text."""
        exec(self.get_code(module.__name__), module.__dict__)

    def get_code(self, name: str) -> CodeType:
        """Its text, compiled."""
        return compile(self._texts[name], self._path(name), "exec", dont_inherit=True)

    def get_source(self, name: str) -> str:
        """For the lines of a traceback."""
        return self._texts[name]

    def get_data(self, path: str) -> bytes:
        """The text that was sent as a file of this path.

        Raises:
            OSError: no such file was sent.
        """
        for name in self._texts:
            if self._path(name) == path:
                return self._texts[name].encode("utf-8")
        raise OSError(f"{path} was not sent")

    def _path(self, name: str) -> str:
        return name.replace(".", "/") + ("/__init__.py" if name in self._packages else ".py")


def run(name: str, texts: Mapping[str, str], asked: Mapping[str, Any]) -> NoReturn:
    """Run the module of this name, which is asked for this, to its end.

    Args:
        name: the module's, in full.
        texts: as for `Finder`; what stands for ansible.module_utils.basic is one of them.
        asked: see :data:`.stand_in.ASKED`.
    """
    sys.meta_path.insert(0, Finder(texts))
    try:
        import_module("ansible.module_utils.basic").ASKED.update(asked)
        import_module(name).main()
        raise RuntimeError(f"{name} ended without a result.")
    except Exception as exc:
        import traceback  # takes as long as all of ours together

        msg = f"MODULE FAILURE: {type(exc).__name__}: {exc}"
        sys.stdout.write(f"\n{json.dumps({'failed': True, 'msg': msg, 'exception': traceback.format_exc()})}\n")
    sys.stdout.flush()
    raise SystemExit(1)
