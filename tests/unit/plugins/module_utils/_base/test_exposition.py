# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus's text format: exact, and promtool has nothing to say."""

from __future__ import annotations

import math

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.exposition import (
    COUNTER,
    Family,
    Sample,
    number,
    text,
)
from unit.promtool import promtool

UP, CALLS = Family("x_up", "Whether it\nis \\up."), Family("x_calls_total", "Calls.", COUNTER)


def test_families_are_together_and_in_order() -> None:
    samples = [
        Sample(CALLS, {"operation": "A"}, 3),
        Sample(UP, {}, 1),
        Sample(CALLS, {"operation": 'B"\\\n\udcff'}, 0.25),
    ]
    assert text(samples, [UP, Family("x_none", "Nothing."), CALLS]) == (
        "# HELP x_up Whether it\\nis \\\\up.\n# TYPE x_up gauge\nx_up 1\n"
        "# HELP x_calls_total Calls.\n# TYPE x_calls_total counter\n"
        'x_calls_total{operation="A"} 3\nx_calls_total{operation="B\\"\\\\\\n?"} 0.25\n'
    )
    done = promtool("check", "metrics", stdin=text(samples, [UP, CALLS]))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("family", "labels"),
    [
        (Family("x-y", "No."), {}),
        (Family("x_total", "No."), {}),
        (Family("x", "No.", COUNTER), {}),
        (Family("x", "No."), {"a-b": ""}),
        (Family("x", "No."), {"__a": ""}),
    ],
)
def test_what_prometheus_would_refuse_is_not_written(family: Family, labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is no name of a"):
        text([Sample(family, labels, 1)], [family])


def test_the_same_series_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="is there twice"):
        text([Sample(UP, {"a": "b"}, 1), Sample(UP, {"a": "b"}, 2)], [UP])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1769860800.123, "1769860800.123"),
        (1e300, "1e+300"),
        (0.0, "0"),
        (-2.0, "-2"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_numbers(value: float, told: str) -> None:
    assert number(value) == told
