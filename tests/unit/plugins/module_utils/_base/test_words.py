# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No name of a class is told to people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import words

PLUGINS = Path(__file__).parents[5] / "plugins"


class _AnsibleTaggedInt(int):
    """As Ansible calls a number of the inventory since ansible-core 2.19."""


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (_AnsibleTaggedInt(5), "a number"),
        (True, "true or false"),
        (1.5, "a number"),
        ("x", "a string"),
        ({}, "a dictionary"),
        ([], "a list"),
        ((), "a list"),
        (date(2026, 1, 31), "a date"),
        (datetime(2026, 1, 31, tzinfo=UTC), "a date"),
        (None, "nothing"),
        (b"x", "something else"),
    ],
)
def test_what_a_value_is(raw: Any, word: str) -> None:
    assert words.value(raw) == word


@pytest.mark.parametrize(
    ("exc", "word"),
    [
        (ValueError("It is none."), "It is none."),
        (MemoryError(), "memory error"),
        (TimeoutError(), "timeout error"),
    ],
)
def test_what_an_exception_says(exc: Exception, word: str) -> None:
    assert words.error(exc) == word


def test_no_sentence_of_ours_has_the_name_of_a_class() -> None:
    """But where a program tells of what nobody foresaw, of a Python that is broken, or a code for who counts."""
    found = {
        f"{path.relative_to(PLUGINS)}: {match[0].strip()}"
        for path in PLUGINS.rglob("*.py")
        for match in re.finditer(r".*(?:type\(\w+\)|__class__|\bkind)\.__name__.*", path.read_text())
    }
    assert {one.partition(":")[0] for one in found} == {
        "module_utils/_base/words.py",
        "module_utils/_address/netlink.py",  # why pyroute2 is not used
        "module_utils/_aws/client.py",  # a code
        "module_utils/_module/arrival.py",  # what nobody foresaw, as Ansible tells it
        "module_utils/_module/stand_in.py",  # to who writes a module
        "module_utils/_node/cli.py",
        "module_utils/_node/launcher.py",
        "module_utils/_node/recorded.py",  # a code
    }, found
