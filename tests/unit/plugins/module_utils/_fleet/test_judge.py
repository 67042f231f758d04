# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of many pairs as one table, and what is wrong with each."""

from __future__ import annotations

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._fleet import judge
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page
from unit.status_reports import WELL, Leads, report

SPLIT: Leads = ((1, "active"), (2, "active"))
GONE: Leads = ((None, ""), (None, ""))


def reports() -> dict[str, dict[str, object]]:
    """A pair that is well, one that is split and has one without a route, one whose standby is stopped."""
    leads = {"192.168.20.2/32": SPLIT, "2001:db8::2/128": GONE}
    return {
        "sap": report({"192.168.10.15/32": WELL}, names=("sap-1", "sap-2"), engine=None),
        "queue": report(leads, names=("q1", "q2"), pair=2, engine=None),
        "files": report({"10.9.0.0/28": WELL}, names=("f1", "f2"), pair=3, engine=None, states=("running", "stopped")),
    }


def test_a_row_for_each_overlay_ip_in_the_inventorys_order() -> None:
    head, columns, *rows = judge.table(reports())
    assert head.startswith("3 pairs, 4 overlay IPs in ")
    assert columns.split("  ")[0] == "pair"
    assert [" ".join(row.split()) for row in (columns, *rows)] == [
        "pair overlay IP state held by zone could take over",
        "sap 192.168.10.15/32 OK sap-1 eu-central-1a sap-2",
        "queue 192.168.20.2/32 Split split between q1, q2 - q1, q2",
        "queue 2001:db8::2/128 No route held by nobody - q1, q2",
        "files 10.9.0.0/28 Unprotected f1 eu-central-1a none",
    ]
    assert len({row.index(word) for row, word in zip(rows, ("OK", "Split", "No route", "Unprot"), strict=True)}) == 1


def test_what_is_wrong_is_told_by_pair() -> None:
    told = judge.wrong(reports())
    assert not [line for line in told if line.startswith("sap")]
    assert any(line.startswith("queue: error: 192.168.20.2/32 is split") for line in told)
    assert any(line.startswith("files: warning: Instance ") for line in told)
    assert len(told) == len(set(told))


def test_a_pair_of_which_aws_tells_nothing_is_not_known() -> None:
    model = {
        "nodes": {name: {"instance_id": None, "network_interface_id": None} for name in ("n1", "n2")},
        "overlays": [{"destination": "192.168.10.15/32", "address": "192.168.10.15", "node_addresses": []}],
        "region": "eu-central-1",
        "failover": "none",
        "persistent": True,
        "exclusive": False,
    }
    told = judge.unread(model, "AuthFailure.")
    assert told["healthy"] is False
    assert [f["id"] for f in told["overlays"][0]["findings"]] == ["not_read"]
    assert [f["severity"] for node in told["nodes"].values() for f in node["findings"]] == ["info", "info"]
    shown = page.page([told], "2026-01-31T12:00:00Z")
    assert shown["overlays"][0]["state"] == "unknown"
    assert {node["why"] for node in shown["nodes"]} == {"AWS did not tell who holds what"}


def test_the_stat_says_who_holds_what() -> None:
    kept = judge.result(reports(), {"lost": "AWS could not be asked: no."})
    assert kept["pairs"]["sap"] == {"healthy": True, "overlays": {"192.168.10.15/32": "sap-1"}}
    assert kept["pairs"]["queue"]["healthy"] is False
    assert (kept["healthy"], list(kept["wrong"])) == (False, ["lost"])
    assert judge.result({"sap": reports()["sap"]}, {})["healthy"] is True
