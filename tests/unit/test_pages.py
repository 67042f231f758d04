# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages point at is there: files, headings, and the names of code that docs/development.md sends people to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import mutants

ROOT = Path(__file__).parents[2]
DEVELOPMENT = ROOT / "docs" / "development.md"
SCREEN = 42  # lines

listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
TEMPLATE = "tests/persistence/page.md"
PAGES = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", [page for page in PAGES if page != TEMPLATE])
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in link:
            continue
        path, _hash, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


def test_every_file_that_the_development_page_names_is_there() -> None:
    text = re.sub(r"```.*?```", "", DEVELOPMENT.read_text(), flags=re.DOTALL)
    names = re.findall(r"`([\w./-]+/[\w.-]+\.\w+|[\w/]+\.py)`", text)
    assert len(names) > 20
    tracked = [
        str(p.relative_to(ROOT)) for top in ("plugins", "roles", "tests", "tools") for p in (ROOT / top).rglob("*.*")
    ]
    invented = {"plugins/module_utils/_address/persist/connman.py", "plugins/module_utils/_engine/fake.py"}
    missing = [n for n in names if not (ROOT / n).exists() and not any(t.endswith(f"/{n}") for t in tracked)]
    assert set(missing) - invented == set()


def test_every_section_of_the_development_page_is_one_screen() -> None:
    sections = re.split(r"^(?=## )", DEVELOPMENT.read_text(), flags=re.MULTILINE)
    assert {s.splitlines()[0]: s.count("\n") for s in sections if s.count("\n") > SCREEN} == {}


def test_every_excused_fault_still_has_its_line() -> None:
    """A line that was changed is to be judged anew (tools/mutants.py)."""
    excused = mutants.harmless()
    assert excused
    for file, line, what in sorted(excused):
        lines = [text.strip() for text in (ROOT / "plugins" / "module_utils" / file).read_text().splitlines()]
        assert line in lines, f"{file}: {line} ({what})"
