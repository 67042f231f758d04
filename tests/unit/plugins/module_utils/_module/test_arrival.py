# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes importable of what was sent. tests/unit/plugins/plugin_utils/test_bundle.py sends it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._module.arrival import Finder

TEXTS = {"sent.a.b": "from .. import c\nfrom ..c import X\n__all__ = ['X', 'c']", "sent.c": "X = 7"}


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Finder]:
    finder: Any = Finder(TEXTS)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    yield finder
    for name in [name for name in sys.modules if name.partition(".")[0] == "sent"]:
        del sys.modules[name]


def test_what_was_sent_is_imported_by_its_name(finder: Finder) -> None:
    module: Any = import_module("sent.a.b")
    assert (module.X, module.c.__name__, module.__file__) == (7, "sent.c", "sent/a/b.py")
    assert import_module("sent.a").__path__ == []


@pytest.mark.parametrize("name", ["sent.d", "sent.a.c", "nothing_of_that"])
def test_nothing_else_is(finder: Finder, name: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module(name)


def test_its_files_can_be_read(finder: Finder) -> None:
    assert finder.get_data("sent/c.py") == b"X = 7"
    assert finder.get_data("sent/a/__init__.py") == b""
    assert finder.get_source("sent.c") == "X = 7"
    for path in ("sent/a.py", "sent/c", "/etc/passwd"):
        with pytest.raises(OSError, match="was not sent"):
            finder.get_data(path)
