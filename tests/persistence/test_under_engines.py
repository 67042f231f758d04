# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pair with either engine on every stack that can be run here, against every event: who heals by itself stays.

Four to six minutes for each pair.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from bench import machine
from persistence.matrix import NATIVE
from persistence.under_engines import ENGINES, events, pair

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("stack", NATIVE)
def test_the_holder_goes_on_serving(stack: str, engine: str, engine_results: list[dict[str, Any]]) -> None:
    with pair(engine, stack) as made:
        costs = []
        for event in events(stack):
            costs.append(made.suffer(event))
            print(f"{stack}, {engine}: {costs[-1]}", flush=True)
    wrong = {cost.event: cost.wrong for cost in costs if cost.wrong}
    assert wrong == {}
    engine_results.append(
        {
            "suite": "bookworm",
            "stack": stack,
            "engine": engine,
            "cells": [cost.to_json() for cost in costs],
            "when": f"{time.strftime('%Y-%m-%d')}, load {machine.load()}",
        }
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_link_that_stays_down_is_a_failover(engine: str) -> None:
    with pair(engine, "ifupdown") as made:
        made.lose_the_link()
