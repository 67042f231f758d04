# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs, defaults and page agree with the one list of variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import variables as variables_page
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import variables
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.variables import (
    BY_NAME,
    FLAG,
    LIST,
    VARIABLES,
)

ROOT = Path(__file__).parents[5]
SPECS = {
    path.parents[1].name: yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {})
    for path in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))
}


@pytest.mark.parametrize("role", SPECS)
def test_the_argument_specs_agree_with_the_list(role: str) -> None:
    ours = {name: spec for name, spec in SPECS[role].items() if name.startswith("overlay_ip") or name in BY_NAME}
    assert set(ours) == {v.name for v in VARIABLES if role in v.readers}
    for name, spec in ours.items():
        variable = BY_NAME[name]
        if "default" in spec:
            assert spec["default"] == variable.default, name
        if "choices" in spec:
            assert tuple(spec["choices"]) == variable.choices, name
        assert spec["type"] in {LIST: ("list", "raw"), FLAG: ("bool", "raw")}.get(
            variable.kind, ("str", "raw", "dict")
        ), name


def test_every_default_of_a_role_is_the_lists() -> None:
    wrong = []
    for path in (ROOT / "roles").glob("*/defaults/main.yml"):
        for name, text in yaml.safe_load(path.read_text()).items():
            for variable in (v for v in VARIABLES if f"{v.name} | default(" in str(text)):
                default = str(text).partition(f"{variable.name} | default(")[2].partition(",")[0].strip("'\"")
                if not default.startswith("[") and default not in (
                    str(variable.default),
                    str(variable.default).lower(),
                    "",
                    "omit",
                ):
                    wrong.append((path.parts[-3], name, default))
    assert wrong == []


def test_every_variable_that_a_role_reads_is_in_the_list() -> None:
    read: set[str] = set()
    for top in ("roles", "playbooks"):
        for path in (path for pattern in ("*.yml", "*.j2") for path in (ROOT / top).rglob(pattern)):
            read |= set(re.findall(r"\b(overlay_ip_[a-z_]+) *\| *default\(", path.read_text()))
    known = {*BY_NAME, *variables.INTERNAL}
    assert len(read) > 30
    assert {name for name in read if name not in known and not name.startswith(variables.OTHERS)} == set()


def test_the_page_is_current() -> None:
    assert variables_page.PAGE.read_text() == variables_page.page(), "run python tools/variables.py"
