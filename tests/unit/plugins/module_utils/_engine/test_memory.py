# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node remembers: the lock that nobody else can hold, and what was told."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory

MENDED = "All route tables are as they should be again."


def test_nobody_else_can_hold_the_lock(tmp_path: Path) -> None:
    """flock needs no more than to open the file: what an older version left open to all is replaced."""
    (tmp_path / "run").mkdir(mode=0o755)
    lock = tmp_path / "run" / "lock"
    lock.touch(mode=0o644)
    with lock.open() as held_by_a_user:
        fcntl.flock(held_by_a_user, fcntl.LOCK_EX)
        with Memory(tmp_path / "run").locked(Deadline(0)) as alone:
            assert alone
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
    assert lock.stat().st_mode & 0o777 == 0o600


def test_a_lock_of_ours_is_not_replaced(tmp_path: Path) -> None:
    with Memory(tmp_path).locked(Deadline(0)) as alone, Memory(tmp_path).locked(Deadline(0)) as another:
        assert (alone, another) == (True, False)


def test_each_is_told_once_and_that_all_is_well_only_when_it_is(tmp_path: Path) -> None:
    """A cluster's monitors ask for one overlay IP at a time."""
    memory = Memory(tmp_path)
    assert memory.news({"a": ["one.", "one.", "two."]}) == ["one. two."]
    assert memory.news({"b": []}) == []
    assert memory.news({"b": ["one. two."], "a": ["one.", "two."]}) == ["one. two."]
    assert memory.news({"a": []}) == []
    assert memory.news({"a": ["three."]}) == ["three."]
    assert memory.news({"a": [], "b": []}) == [MENDED]
    assert memory.news({"a": [], "b": []}) == []


@pytest.mark.parametrize("text", ["", "[]", "5", "{", "[" * 10**5])
def test_what_is_no_memory_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "told.json").write_text(text)
    assert Memory(tmp_path).news({"a": ["one."]}) == ["one."]


def test_without_a_place_it_is_told_twice_rather_than_never(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    memory = Memory(tmp_path / "run")
    assert [memory.news({"a": text}) for text in (["one."], ["one."], [])] == [["one."], ["one."], []]
    assert "cannot be made" in memory.write("x", "y")
    with memory.taking():
        pass


def test_a_killed_takeover_is_seen_until_another_one_ends(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    killed = memory.taking()  # kept, so that it does not end
    killed.__enter__()
    assert memory.killed
    with memory.taking():
        pass
    assert not memory.killed


def full(*_arguments: object, **_more: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_finds_no_room_is_remembered_elsewhere(tmp_path: Path) -> None:
    """A full or read-only /run must not make a node believe what it was before."""
    memory = Memory(tmp_path / "run", tmp_path / "spare")
    assert memory.write("x", "old") == ""
    write = Path.write_text

    def by_place(path: Path, text: str, **more: str) -> int:
        return full() if path.parent.name == "run" else write(path, text, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_text", by_place)
        assert memory.write("x", "new") == ""
        assert memory.read("x") == "new"
        assert not (tmp_path / "run" / "x").exists()
        killed = memory.taking()
        killed.__enter__()
        assert memory.killed
        memory.forget()
        assert not memory.killed
    assert memory.read("x") == "new"
    assert memory.write("x", "newest") == ""
    assert memory.read("x") == "newest"
    assert not (tmp_path / "spare" / "x").exists()


def test_a_directory_that_somebody_else_made_is_not_used(tmp_path: Path) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    os.chown(spare, 1234, 1234)
    (tmp_path / "run").touch()
    memory = Memory(tmp_path / "run", spare)
    assert "cannot be made" in memory.write("x", "y")
    (tmp_path / "link").symlink_to(tmp_path)
    assert "cannot be made" in Memory(tmp_path / "run", tmp_path / "link").write("x", "y")


def test_what_was_remembered_before_the_disk_went_read_only_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until something newer is on the spare one; without one, nobody knows."""
    memory, alone = Memory(tmp_path / "run", tmp_path / "spare"), Memory(tmp_path / "run")
    assert memory.write("x", "old") == ""
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "run")
    assert (memory.read("x"), alone.read("x")) == ("old", "")


@pytest.mark.parametrize("number", ["Infinity", "NaN", "9" * 400, "-1", '"x"', "null", "[]"])
def test_what_cannot_be_a_count_is_none(tmp_path: Path, number: str) -> None:
    memory = Memory(tmp_path / "run")
    memory.write("counts", f'{{"calls": {{"DescribeRouteTables": {number}}}}}')
    assert memory.counts() == {}
    memory.count({"calls": {"ReplaceRoute": 2}})
    assert memory.counts() == {"calls": {"ReplaceRoute": 2}}
