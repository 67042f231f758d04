# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon a lost node is noticed, as the drill measured it (docs/drill.json)."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

DRILL = Path(__file__).parents[2] / "docs" / "drill.json"
FAULTS = ("power lost", "machine frozen", "nodes cannot hear each other")
"""What a zone that fails looks like to a node in another one."""


def measured(engine: str) -> list[float]:
    """The seconds, in order."""
    faults = json.loads(DRILL.read_text(encoding="utf-8"))["faults"]
    return sorted(f["detected"] for f in faults if f["engine"] == engine and f["fault"] in FAULTS and f["detected"])


def draw(engine: str, pairs: int, random: Random) -> list[float]:
    """A time for each pair: anywhere between two neighbours of what was measured."""
    seconds = measured(engine)
    places = [random.uniform(0, len(seconds) - 1) for dummy in range(pairs)]
    return [seconds[int(p)] + (p - int(p)) * (seconds[int(p) + 1] - seconds[int(p)]) for p in places]
