# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What node_exporter could read while a file is written, and after that was ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import collected


def test_a_draft_is_nothing_that_the_collector_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads every name that ends with .prom, those of hidden files too."""
    file = tmp_path / "overlay_ip.prom"
    seen: list[str] = []
    file.write_text("old\n")
    replace = Path.replace

    def watched(draft: Path, target: Any) -> Path:
        seen.extend(path.name for path in tmp_path.iterdir() if path.name.endswith(".prom"))
        assert draft.read_text() == "new\n"
        assert draft.stat().st_mode & 0o777 == 0o644
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", watched)
    collected.put(file, "new\n")
    assert seen == ["overlay_ip.prom"]
    assert [path.name for path in tmp_path.iterdir()] == ["overlay_ip.prom"]
    assert file.read_text() == "new\n"


def test_what_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "overlay_ip.prom"
    (folder / "of_others").mkdir(parents=True)
    with pytest.raises(OSError, match=r"overlay_ip\.prom"):
        collected.put(folder, "new\n")
    assert [path.name for path in tmp_path.iterdir()] == ["overlay_ip.prom"]


def test_what_is_no_text_is_a_question_mark(tmp_path: Path) -> None:
    file = tmp_path / "x.prom"
    collected.put(file, "n\udce4\n")
    assert file.read_text() == "n?\n"
    assert not collected.differs(file, "n\udce4\n")
    assert collected.differs(file, "n")
    assert collected.differs(tmp_path / "none", "n")
