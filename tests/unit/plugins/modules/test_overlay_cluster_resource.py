# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode says what would differ and what people would type, refuses what the run would, and does nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_cluster_resource
from unit.aws_lab import run_module
from unit.cluster_tools import HOLDER, OURS, STOCK, Cluster

ASKED: dict[str, Any] = {
    "resource": "rsc_ip_DB",
    "agent": OURS,
    "options": {"destination": "192.168.10.15/32"},
    "operations": [["monitor", 10, 20]],
}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    made.patch = '<diff format="2"><change operation="delete" path="/cib"/></diff>'
    monkeypatch.setattr(overlay_cluster_resource.migration, "shell", made)
    return made


def test_check_mode_says_what_would_be_typed(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    before = cluster.configuration()
    result = run_module(overlay_cluster_resource, capsys, check=True, **ASKED)
    assert (result["changed"], result["holder"], result["resource"]) == (True, HOLDER, "rsc_ip_DB")
    assert any(line.startswith("cibadmin --patch --xml-text") for line in result["commands"]["pcs"])
    assert any(line.endswith("| crm configure load update -") for line in result["commands"]["crm"])
    assert any(f"# on {HOLDER}?" in line for line in result["commands"]["pcs"])
    assert (cluster.calls, cluster.configuration()) == ([], before)


def test_check_mode_refuses_what_the_run_would(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.broken = {STOCK}
    results = [run_module(overlay_cluster_resource, capsys, check=check, **ASKED) for check in (True, False)]
    assert {result["msg"] for result in results} == {
        "rsc_ip_DB does not run on exactly one node without a failure: see to it, then run this again."
        " Nothing was changed."
    }
    assert cluster.calls == []


def test_check_mode_fails_where_the_difference_cannot_be_had(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.fails = {"crm_diff": 1}
    result = run_module(overlay_cluster_resource, capsys, check=True, **ASKED)
    assert result["msg"].startswith("The cluster's tools do not say what differs (crm_diff: no)")


def test_a_run_does_it_and_once_more_there_is_nothing_to_do(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.patch = ""
    first = run_module(overlay_cluster_resource, capsys, **ASKED)
    assert (first["changed"], first["holder"]) == (True, HOLDER)
    assert "commands" not in first
    assert OURS.rpartition(":")[2] in cluster.configuration()
    back = run_module(overlay_cluster_resource, capsys, resource="rsc_ip_DB", xml=first["before"])
    assert back["changed"]
    again = run_module(overlay_cluster_resource, capsys, check=True, resource="rsc_ip_DB", xml=first["before"])
    assert (again["changed"], again["commands"]) == (False, {"pcs": [], "crm": []})
