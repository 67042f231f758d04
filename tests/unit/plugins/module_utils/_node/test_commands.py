# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at the routes tells the journal: each thing once, and once that it is over."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import commands
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.codes import FAILED, OK, UNREADABLE
from unit.node_script import OVERLAY, Address

MENDED = "All route tables are as they should be again."
MOVED = (
    f"The route of {OVERLAY} was moved: it leads %s in rtb-1, rtb-2, and this node, on which the cluster has it, is"
    " not the holder."
)


class Looks:
    """`aws-overlay-ip show` of root, on a node with its AWS."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        self.up, self.failure = True, ""
        self.holder: str | None = "n1"
        monkeypatch.setattr(commands, "Local", lambda config: self)
        monkeypatch.setattr(commands, "_aws", self._aws)
        monkeypatch.setattr(commands, "Memory", self)
        monkeypatch.setattr(commands, "say", lambda text, error=False: self.said.append(text))
        monkeypatch.setattr(commands.os, "geteuid", lambda: 0)
        self._place = place

    def of_node(self, _deployment: Deployment) -> memory.Memory:
        return memory.Memory(self._place)

    def complete(self) -> bool:
        return self.up

    def _aws(self, _config: Any, _arguments: Any, _deadline: Deadline, run: Any, unreadable: int) -> Any:
        if self.failure:
            return unreadable, {"error": str(AwsError("AccessDenied", self.failure))}
        return run(self)

    def tables(self) -> list[Any]:
        return []

    def mine(self) -> str:
        return "eni-me"

    def around(self, *_of: Any) -> dict[str, list[str]]:
        return {}

    def show(self, _read: Any) -> list[dict[str, Any]]:
        here = self.holder == "n1"
        route = {"network_interface_id": "eni-me" if here else "eni-peer"}
        routes = [{"route_table_id": table, "route": route} for table in ("rtb-1", "rtb-2")]
        seen = {"destination": OVERLAY, "holder": self.holder, "mine": here, "partly_mine": here, "routes": routes}
        return [{**seen, "problems": []}]

    def look(self, kept: bool = True) -> int:
        """The cluster's monitor, or, where nothing is `kept`, a person."""
        of = argparse.Namespace(local=False, kept=kept, deployment=Deployment())
        code, _answer = commands.show(Address([]).config, of, Deadline(9))
        return code


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(tmp_path, monkeypatch)


def test_where_all_is_well_nothing_is_said(looks: Looks) -> None:
    assert [looks.look(), looks.look()] == [OK, OK]
    assert looks.said == []


def test_who_may_read_no_more_says_so_once(looks: Looks) -> None:
    looks.failure = "ec2:DescribeRouteTables is not permitted."
    assert [looks.look(), looks.look()] == [UNREADABLE, UNREADABLE]
    (said,) = looks.said
    assert said.startswith("ec2:DescribeRouteTables is not permitted. Nothing is known of the routes;")
    looks.failure = ""
    looks.look()
    assert looks.said == [said, MENDED]


@pytest.mark.parametrize(("holder", "leads"), [("n2", "to n2"), (None, "to no node, or to several")])
def test_a_route_that_somebody_has_moved_is_told_once(looks: Looks, holder: str | None, leads: str) -> None:
    looks.holder = holder
    assert [looks.look(), looks.look()] == [FAILED, FAILED]
    assert looks.said == [MOVED % leads]
    looks.holder = "n1"
    looks.look()
    assert looks.said[1:] == [MENDED]


def test_a_person_who_looks_at_the_standby_is_no_cluster(looks: Looks) -> None:
    """Where the address is up on both nodes, the route of one of them leads elsewhere at all times."""
    looks.holder = "n2"
    assert looks.look(kept=False) == FAILED
    assert looks.said == []


def test_who_has_no_address_holds_nothing(looks: Looks) -> None:
    looks.holder, looks.up = "n2", False
    looks.look()
    assert looks.said == []
