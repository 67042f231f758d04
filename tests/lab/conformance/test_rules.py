# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule holds on the lab, and fails on stock moto: so each check tells the two apart, and none is idle."""

from __future__ import annotations

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from .bench import Bench
from .rules import RULES, Rule

#: Methods of the bench that only prepare: a failure in them would prove nothing about a rule.
_PREPARATIONS = {"vpc", "subnet", "table", "account", "instance", "interface", "foreign_instance", "user"}


def test_there_is_a_check_for_every_rule() -> None:
    assert [rule.number for rule in RULES] == list(range(1, 62))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_lab_keeps_the_rule(bench: Bench, rule: Rule) -> None:
    rule.check(bench)
    if rule.number == 18:  # the one rule whose check makes moto fail
        assert bench.control is not None
        bench.control.clear("problems")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_stock_moto_breaks_the_rule(stock: Bench, rule: Rule) -> None:
    with pytest.raises((AssertionError, BotoCoreError, ClientError, ResponseParserError, KeyError)) as caught:
        rule.check(stock)
    preparing = {frame.name for frame in caught.traceback} & _PREPARATIONS
    assert not preparing, f"stock moto did not get as far as the rule: it failed in {preparing}"
