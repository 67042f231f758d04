# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus's text format: metrics as text, and the names, labels and values that it allows.

Source: "Exposition formats", version 0.0.4, and "Metric and label naming", both at prometheus.io/docs.
Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GAUGE, COUNTER = "gauge", "counter"
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True)
class Family:
    """One metric with its help.

    Attributes:
        name: with the base unit as its suffix; of a counter it ends with ``_total``.
        text: what it is, a sentence.
        kind: GAUGE or COUNTER.
    """

    name: str
    text: str
    kind: str = GAUGE


@dataclass(frozen=True)
class Sample:
    """One value of a metric."""

    family: Family
    labels: Mapping[str, str]
    value: float


def text(samples: Iterable[Sample], order: Iterable[Family]) -> str:
    """All of them, each family once and together, in this order; a family without a sample is left out.

    Raises:
        ValueError: a name that is none, or the same series twice: the collector would refuse the whole file.
    """
    by_family: dict[str, dict[str, float]] = {}
    for sample in samples:
        series = f"{sample.family.name}{_labels(sample.labels)}"
        found = by_family.setdefault(sample.family.name, {})
        if series in found:
            raise ValueError(f"{series} is there twice")
        found[series] = sample.value
    lines: list[str] = []
    for family in order:
        if family.name not in by_family:
            continue
        if not _NAME.fullmatch(family.name) or (family.kind == COUNTER) != family.name.endswith("_total"):
            raise ValueError(f"{family.name} is no name of a {family.kind}")
        told = family.text.replace("\\", r"\\").replace("\n", r"\n")
        lines += [f"# HELP {family.name} {told}", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{series} {number(value)}" for series, value in by_family[family.name].items()]
    return "".join(f"{line}\n" for line in lines)


def number(value: float) -> str:
    """A value as Prometheus reads it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _labels(labels: Mapping[str, str]) -> str:
    for name in labels:
        if not _LABEL.fullmatch(name) or name.startswith("__"):
            raise ValueError(f"{name} is no name of a label")
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _escaped(value: str) -> str:
    readable = value.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no UTF-8
    return readable.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
