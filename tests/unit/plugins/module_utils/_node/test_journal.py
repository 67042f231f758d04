# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal is told without being waited for: against real sockets."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.journal import entry, say


def heard(tmp_path: Path, text: str, **more: bool) -> str:
    place = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(place)
        assert say(text, place=place, **more)  # type: ignore[arg-type]
        return daemon.recv(65536).decode()


def test_a_line_as_syslog_writes_it(tmp_path: Path) -> None:
    line = heard(tmp_path, "take: done")
    assert re.fullmatch(rf"<30>\w{{3}} [ \d]\d \d\d:\d\d:\d\d aws-overlay-ip\[{os.getpid()}\]: take: done", line)
    (tmp_path / "log").unlink()
    assert heard(tmp_path, "no", error=True).startswith("<27>")


@pytest.mark.parametrize(("text", "said"), [("a\nb\0c", "a b?c"), ("\udcff", "\\udcff"), ("x" * 10**5, None)])
def test_whatever_is_to_be_said_is_one_line(tmp_path: Path, text: str, said: str | None) -> None:
    line = heard(tmp_path, text)
    assert line.endswith(f": {said}") if said else len(line) == 8000


def test_a_journal_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """Its socket is full; the test's own limit is what would be met else."""
    place = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(place)
        taken = 0
        while say("x" * 4000, place=place):
            taken += 1
        assert taken > 0
        assert not say("one more", place=place)


def test_without_a_journal_nothing_breaks(tmp_path: Path) -> None:
    assert not say("x", place=str(tmp_path / "none"))


def test_a_daemon_that_listens_on_a_stream_hears_it(tmp_path: Path) -> None:
    place = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as daemon:
        daemon.bind(place)
        daemon.listen()
        assert say("x", place=place)
        with daemon.accept()[0] as sock:
            assert sock.recv(100).endswith(b": x\0")


def test_an_entry_with_fields(tmp_path: Path) -> None:
    native = str(tmp_path / "journal")
    fields = {"OVERLAY_IP_TO": "n1\nMESSAGE=forged", "EMPTY": "", "lower": "x", "A\nB": "x", "1A": "x"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(native)
        assert entry("a\nb", fields, error=True, native=native)
        told = daemon.recv(65536).decode()
    assert told.splitlines() == [
        "MESSAGE=a b",
        "PRIORITY=3",
        "SYSLOG_IDENTIFIER=aws-overlay-ip",
        "SYSLOG_FACILITY=3",
        "OVERLAY_IP_TO=n1 MESSAGE=forged",
    ]


def test_without_systemd_an_entry_is_a_line(tmp_path: Path) -> None:
    place = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(place)
        assert entry("moved", {"A": "b"}, native=str(tmp_path / "none"), place=place)
        assert daemon.recv(65536).decode().endswith(": moved")
