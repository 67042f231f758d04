# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A blackhole that leads to the right attachment: check mode foretells what a run does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.api import Api
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.plan import (
    TransitAction,
    TransitRoute,
    TransitTable,
    Want,
)
from unit.script import Script

D, MINE, TABLE = "192.168.10.15/32", "tgw-attach-1", "tgw-rtb-1"
DEAD = TransitRoute(D, MINE, "static", "blackhole", "vpc", "vpc-1")


class Place:
    """One table; a write makes its route active."""

    called = "transit_gateway_attachment_id"

    def __init__(self) -> None:
        self.aws: Api = Script()
        self.route, self.written = DEAD, list[str]()

    def tables(self, _route_table_ids: Sequence[str], _destinations: Sequence[str]) -> list[TransitTable]:
        return [TransitTable(TABLE, {D: self.route})]

    def judge(self, want: Want) -> None:
        """It takes anything."""

    def foretold(self, want: Want) -> TransitRoute:
        return TransitRoute("", want.target, resource_type="vpc", resource_id="vpc-1")

    @staticmethod
    def operation(action: TransitAction) -> str:
        return action.kind

    def write(self, action: TransitAction, *, dry_run: bool = False) -> None:
        assert not dry_run
        self.written.append(action.kind)
        self.route = replace(self.route, state="active")


def play(check: bool, takeover: str) -> tuple[dict[str, Any], list[str]]:
    place = Place()
    request = job.Request(Want((D,), MINE, takeover=takeover), (TABLE,), wait_timeout=5, check=check)
    return job.run(place, request), place.written


@pytest.mark.parametrize("takeover", ["always", "blackhole", "never"])
def test_check_mode_foretells_that_a_blackhole_of_our_own_is_healed(takeover: str) -> None:
    (foretold, nothing), (done, written) = play(True, takeover), play(False, takeover)
    assert (nothing, written) == ([], ["replace"])
    assert {name: foretold[name] for name in ("changed", "routes", "diff")} == {
        name: done[name] for name in ("changed", "routes", "diff")
    }
    assert done["changed"] is True
    [route] = done["routes"]
    assert (route["action"], route["before"]["state"], route["after"]["state"]) == ("replace", "blackhole", "active")
