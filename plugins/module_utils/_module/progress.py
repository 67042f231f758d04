# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a sentence from a module that is still at work to the one who waits for it.

A module that was sent to its place can say nothing before it has ended. One that runs in a fork of Ansible's own
process has a pipe to it (`plugin_utils/in_process.py`), out of which the action plugin shows each line as it comes.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Callable

_channel: list[int] = []


def open_to(descriptor: int) -> None:
    """Sentences go there from now on, a line each. Nothing waits for who reads them: what finds no room is lost."""
    os.set_blocking(descriptor, False)
    _channel[:] = [descriptor]


def teller() -> Callable[[str], None] | None:
    """Takes sentences; None where nobody would hear them."""
    return _tell if _channel else None


def _tell(text: str) -> None:
    with suppress(OSError):
        os.write(_channel[0], f"{text}\n".encode("utf-8", "replace"))
