# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What node_exporter could read while a file is written, and after that was ended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import collected


def test_a_draft_is_nothing_that_the_collector_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads every name that ends with .prom, those of hidden files too."""
    file = tmp_path / "overlay_ip.prom"
    seen: list[str] = []
    file.write_text("old\n")
    replace = os.replace

    def watched(draft: str, target: str, **folders: Any) -> None:
        seen.extend(path.name for path in tmp_path.iterdir() if path.name.endswith(".prom"))
        assert (tmp_path / draft).read_text() == "new\n"
        assert (tmp_path / draft).stat().st_mode & 0o777 == 0o644
        replace(draft, target, **folders)

    monkeypatch.setattr(os, "replace", watched)
    before = os.umask(0o077)
    try:
        collected.put(file, "new\n")
    finally:
        os.umask(before)
    assert seen == ["overlay_ip.prom"]
    assert [path.name for path in tmp_path.iterdir()] == ["overlay_ip.prom"]
    assert file.read_text() == "new\n"


def test_a_link_in_the_draft_s_place_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is another user's, and root writes there."""
    folder, other = tmp_path / "collector", tmp_path / "shadow"
    folder.mkdir()
    other.write_text("secret")
    other.chmod(0o600)
    monkeypatch.setattr(collected.secrets, "token_hex", lambda _bytes: "guessed")
    draft = folder / ".overlay_ip.prom.guessed.new"
    draft.symlink_to(other)
    with pytest.raises(FileExistsError):
        collected.put(folder / "overlay_ip.prom", "new\n")
    assert (other.read_text(), other.stat().st_mode & 0o777) == ("secret", 0o600)
    assert draft.is_symlink()  # not ours to remove


def test_no_draft_has_a_name_that_can_be_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    replace = os.replace

    def watched(draft: str, target: str, **folders: Any) -> None:
        names.append(draft)
        replace(draft, target, **folders)

    monkeypatch.setattr(os, "replace", watched)
    for _time in range(2):
        collected.put(tmp_path / "x.prom", "new\n")
    assert len(set(names)) == 2
    assert str(os.getpid()) not in names[0].split(".")


def test_a_file_that_is_a_link_is_replaced_and_a_folder_that_is_one_refused(tmp_path: Path) -> None:
    folder, link, other = tmp_path / "collector", tmp_path / "link", tmp_path / "shadow"
    folder.mkdir()
    link.symlink_to(folder)
    other.write_text("secret")
    (folder / "x.prom").symlink_to(other)
    with pytest.raises(OSError, match=collected.IS_LINK):
        collected.put(link / "x.prom", "new\n")
    assert (folder / "x.prom").is_symlink()
    collected.put(folder / "x.prom", "new\n")
    assert (other.read_text(), (folder / "x.prom").read_text()) == ("secret", "new\n")
    assert not (folder / "x.prom").is_symlink()


def test_what_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "overlay_ip.prom"
    (folder / "of_others").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        collected.put(folder, "new\n")
    assert [path.name for path in tmp_path.iterdir()] == ["overlay_ip.prom"]


def test_what_is_no_text_is_a_question_mark(tmp_path: Path) -> None:
    file = tmp_path / "x.prom"
    collected.put(file, "n\udce4\n")
    assert file.read_text() == "n?\n"
    assert not collected.differs(file, "n\udce4\n")
    assert collected.differs(file, "n")
    assert collected.differs(tmp_path / "none", "n")
