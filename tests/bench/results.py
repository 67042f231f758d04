# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured: plain values that go to docs/bench.json and come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

OURS = "overlay_ip"
"""The contender that the others are compared with."""


@dataclass(frozen=True)
class Run:
    """One measured run.

    Attributes:
        seconds: wall time; of a run that was stopped at the limit, the time until then.
        calls: API calls that the endpoint saw.
        lost: datagrams without an answer, at a thousand a second.
        gap_ms: the longest silence.
        moved: route tables that were moved, where the run was stopped before all were; else None.
    """

    seconds: float
    calls: int | None = None
    lost: int | None = None
    gap_ms: float | None = None
    moved: int | None = None


@dataclass(frozen=True)
class Row:
    """The runs of one contender in one case, in the order of the rounds. ``size`` is the case's number for plots."""

    case: str
    who: str
    runs: tuple[Run, ...]
    size: float | None = None

    @property
    def stopped(self) -> bool:
        """Whether a run was stopped at the limit, so that times and ratios are lower bounds."""
        return any(run.moved is not None for run in self.runs)

    def middle(self, name: str) -> float | None:
        """The median of one attribute of the runs, None where it was not measured."""
        values = [value for value in (getattr(run, name) for run in self.runs) if value is not None]
        return float(median(values)) if values else None

    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest run in seconds."""
        seconds = [run.seconds for run in self.runs]
        return min(seconds), max(seconds)


@dataclass(frozen=True)
class Section:
    """One table of the report. ``baseline`` is who the ratios of a case refer to; ``taken`` when, and how busy."""

    key: str
    baseline: str
    taken: str
    rows: tuple[Row, ...]

    def row(self, case: str, who: str) -> Row | None:
        """The row of a contender in a case."""
        return next((row for row in self.rows if (row.case, row.who) == (case, who)), None)

    def ratio(self, row: Row) -> float | None:
        """How many times as long as the baseline: the median of the ratios of paired runs."""
        base = self.row(row.case, self.baseline)
        return paired_ratio([r.seconds for r in row.runs], [r.seconds for r in base.runs]) if base else None

    def excess(self, row: Row) -> float | None:
        """How many seconds more than the baseline: the median of the differences of paired runs."""
        base = self.row(row.case, self.baseline)
        return float(median(a.seconds - b.seconds for a, b in zip(row.runs, base.runs, strict=False))) if base else None


def paired_ratio(one: Iterable[float], other: Iterable[float]) -> float:
    """The median of one/other over the rounds that both have: what the machine did in a round, it did to both."""
    return float(median(a / b for a, b in zip(one, other, strict=False)))


def to_json(sections: Iterable[Section]) -> list[dict[str, Any]]:
    """The sections as JSON values."""
    return [asdict(section) for section in sections]


def from_json(values: Iterable[dict[str, Any]]) -> list[Section]:
    """The inverse of :func:`to_json`."""
    return [Section(**{**value, "rows": tuple(_row(row) for row in value["rows"])}) for value in values]


def _row(value: dict[str, Any]) -> Row:
    return Row(**{**value, "runs": tuple(Run(**run) for run in value["runs"])})
