# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an address is held here, as one line of text; and where such lines lie.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

RUN = "/run/aws-overlay-ip"
SPARE = "/dev/shm/aws-overlay-ip"  # anybody may make it: see `_engine.memory`
HELD = "held"
TAKING = "taking"


class Place:
    """Where an address is held: ``cidr`` as 192.168.10.15/32, ``label`` empty for none."""

    __slots__ = ("cidr", "interface", "label")

    def __init__(self, cidr: str, interface: str, label: str = "") -> None:
        self.cidr, self.interface, self.label = cidr, interface, label

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Place({self.text!r})"

    @property
    def address(self) -> str:
        """Without its prefix length."""
        return self.cidr.partition("/")[0]

    @property
    def text(self) -> str:
        """As it is written: no interface's name and no label has a blank in it."""
        return f"{self.cidr} {self.interface} {self.label}".rstrip()


def read(text: str) -> Place | None:
    """A file's text; None for half a one."""
    words = text.split()
    if not text.endswith("\n") or len(words) not in (2, 3) or not words[0].partition("/")[2].isdigit():
        return None
    return Place(*words)
