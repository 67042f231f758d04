# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records are kept: a file of root's alone, by one rename, and never at the cost of what called."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import time
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import history, journal, moves
from unit.move_records import NOON, record


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state"


def wait_for(file: Path, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < end, f"{file} was not written"
        time.sleep(0.01)


def test_records_are_roots_alone(place: Path) -> None:
    assert history.read(place) == []
    assert history.add([record()], place)
    assert history.add([record(NOON + 1)], place)
    assert history.read(place) == [record(), record(NOON + 1)]
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / history.NAME).stat().st_mode) == 0o600
    assert sorted(path.name for path in place.iterdir()) == [".lock", history.NAME]


def test_of_a_file_that_is_far_too_large_the_newest_are_read(place: Path) -> None:
    """Somebody else wrote into it: ours is never so large."""
    history.add([record(NOON + n) for n in range(3)], place)
    file = place / history.NAME
    kept = file.read_text()
    old = "".join(f"{json.dumps(record(NOON - 99 - n))}\n" for n in range(9))
    file.write_text(old + "#" * (5 << 20) + "\n" + kept)
    assert history.read(place) == [record(NOON + n) for n in range(3)]
    assert history.add([record(NOON + 3)], place)
    assert history.read(place) == [record(NOON + n) for n in range(4)]
    assert file.stat().st_size < moves.LARGEST


def test_a_line_that_is_cut_is_none(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end might be taken for a record."""
    place.mkdir()
    end = json.dumps(record(NOON + 1)) + "\n"
    (place / history.NAME).write_text('"' + end + end)
    monkeypatch.setattr(history, "_MOST_READ", 2 * len(end))
    assert history.read(place) == [record(NOON + 1)]


def test_a_link_in_the_way_leads_nowhere(place: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    place.mkdir()
    (place / f".{history.NAME}.{os.getpid()}.new").symlink_to(victim)
    assert not history.add([record()], place)
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("full", ["/dev/full", "/proc/nowhere"])
def test_a_place_that_cannot_be_written_is_no_error(full: str, place: Path) -> None:
    assert not history.add([record()], Path(full))


def test_a_full_disk_leaves_the_old_records(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history.add([record()], place)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert not history.add([record(NOON + 1)], place)
    assert history.read(place) == [record()]
    assert sorted(path.name for path in place.iterdir()) == [".lock", history.NAME]


def test_who_keeps_records_does_not_wait(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs holds up the process that writes, and nobody else."""
    monkeypatch.setattr(history, "tell", lambda _record: True)
    place.mkdir()
    lock = os.open(place / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    began = time.monotonic()
    history.keep([record()], place)
    assert time.monotonic() - began < 1.0
    assert history.read(place) == []
    os.close(lock)
    wait_for(place / history.NAME)
    assert history.read(place) == [record()]


def test_without_a_process_to_be_had_the_journal_has_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[moves.Record] = []
    monkeypatch.setattr(history, "tell", told.append)

    def none() -> int:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", none)
    history.keep([record()], place)
    assert (told, history.read(place)) == ([record()], [])


def test_no_record_costs_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a process for nothing"))
    history.keep([], place)


def test_the_journal_has_fields_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = str(tmp_path / "journal")
    monkeypatch.setattr(journal.entry, "__kwdefaults__", {**(journal.entry.__kwdefaults__ or {}), "native": native})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(native)
        assert history.tell(record())
        lines = daemon.recv(65536).decode().splitlines()
    assert lines == [
        f"MESSAGE=move: {moves.line(record())}",
        "PRIORITY=6",
        "SYSLOG_IDENTIFIER=aws-overlay-ip",
        "SYSLOG_FACILITY=3",
        "OVERLAY_IP_BY=keepalived",
        "OVERLAY_IP_COMMAND=notify MASTER",
        "OVERLAY_IP_DESTINATIONS=192.168.10.15/32",
        "OVERLAY_IP_ROUTE_TABLES=rtb-1 rtb-2",
        "OVERLAY_IP_FROM=n2",
        "OVERLAY_IP_TO=n1",
        "OVERLAY_IP_DONE=yes",
        "OVERLAY_IP_SECONDS_ADDRESS=0.010",
        "OVERLAY_IP_SECONDS_ALL=0.432",
        "OVERLAY_IP_REQUESTS=id-1 id-2",
    ]


def test_removing(place: Path) -> None:
    assert not history.remove(place)
    history.add([record()], place)
    assert history.remove(place, check=True)
    assert history.read(place) == [record()]
    assert history.remove(place)
    assert not place.exists()
    history.add([record()], place)
    (place / "somebody's").write_text("x")
    assert history.remove(place)
    assert [path.name for path in place.iterdir()] == ["somebody's"]
