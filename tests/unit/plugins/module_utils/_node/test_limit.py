# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last resort of a command that outlives its deadline."""

from __future__ import annotations

import os
import signal
import time

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import limit


def sleep_and_swallow() -> None:
    """As retries do: whatever it was, go on."""
    try:
        time.sleep(5)
    except Exception:
        time.sleep(5)


def test_the_last_resort_is_swallowed_by_no_except(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that catches every Exception meets the deadline too; a second later the process ends for it."""
    ended: list[int] = []
    monkeypatch.setattr(limit, "GRACE", 0.05)
    monkeypatch.setattr(os, "_exit", ended.append)
    done: list[str] = []
    limit.limit(0.05, lambda: done.append("let go"))
    try:
        with pytest.raises(limit.Expired):
            sleep_and_swallow()
        deadline = time.monotonic() + 5
        while not ended and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        limit.release()
    assert done[:1] == ["let go"]
    assert ended[:1] == [1]


def test_a_last_resort_that_hangs_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even `ip` can hang."""
    ended: list[int] = []
    monkeypatch.setattr(limit, "GRACE", 0.05)
    monkeypatch.setattr(limit, "RESCUE", 0.05)

    def end(code: int) -> None:
        ended.append(code)
        raise SystemExit

    monkeypatch.setattr(os, "_exit", end)
    limit.limit(0.0, lambda: time.sleep(30), code=7)
    try:
        with pytest.raises(SystemExit):
            sleep_and_swallow_all()
    finally:
        limit.release()
    assert ended[0] == 7


def sleep_and_swallow_all() -> None:
    try:
        time.sleep(30)
    except limit.Expired:
        time.sleep(30)


def test_without_a_last_deed_the_process_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(limit, "GRACE", 0.05)
    monkeypatch.setattr(os, "_exit", ended.append)
    limit.limit(0.05)
    try:
        with pytest.raises(limit.Expired):
            sleep_and_swallow()
        deadline = time.monotonic() + 5
        while not ended and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        limit.release()
    assert ended[:1] == [1]


def test_a_command_that_ended_is_interrupted_no_more() -> None:
    limit.limit(60)
    assert signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0)
    limit.release()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_command_may_still_say_how_it_ended_after_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[float, ...]] = []
    monkeypatch.setattr(signal, "setitimer", lambda _which, *seconds: timers.append(seconds))
    limit.limit(60)
    assert timers == [(60 + limit.GRACE, limit.GRACE)]
