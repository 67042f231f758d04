# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill's results as a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from drill.play import Result

FIRST: dict[str, Any] = json.loads((Path(__file__).parent / "first.json").read_text())
"""The silences of version 1.0.0 in the same drills on the same machine."""

_HEAD = (
    "| fault | holder | detected s | moved s | lost | silence s | in 1.0.0 | who answered | holder at the end | |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def table(results: Sequence[Result]) -> Iterable[str]:
    """The Markdown table of one engine."""
    first = {(engine, fault, holder): f"{gap:.2f}" for engine, fault, holder, gap in FIRST["silences"]}
    yield from _HEAD
    for r in results:
        cells = [
            r.fault,
            r.holder,
            _seconds(r.detected),
            _seconds(r.moved),
            str(r.lost),
            f"{r.gap:.2f}",
            first.get((r.engine, r.fault, r.holder), "-"),
            " → ".join(r.answered),
            str(r.end.get("holder") or "nobody"),
            r.verdict.split(":")[0].splitlines()[0] if r.verdict else "✓",
        ]
        yield f"| {' | '.join(cells)} |"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
