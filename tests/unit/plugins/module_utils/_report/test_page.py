# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One word for every overlay IP and node, and the commands, of reports as the real code makes them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.moves import stamp
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page, places, readiness, status
from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import page as file
from unit.move_records import NOON, record
from unit.status_reports import OVERLAY, VPC, WELL, fleet, moved, report

NOW = "2026-11-27T23:40:00Z"
SPLIT = ((1, "active"), (2, "active"))
HOLE = ((1, "blackhole"), (1, "blackhole"))
LACKS = ((1, "active"), (None, "active"))
NONE = ((None, "active"), (None, "active"))


def shown(*given: dict[str, Any], inventory: tuple[str, ...] = ("inventory.yml",)) -> dict[str, Any]:
    return page.page(given or (report(),), NOW, inventory)


@pytest.mark.parametrize(
    ("given", "state", "headline", "verdict"),
    [
        ({}, "ok", "is held by node1", "ok"),
        ({"leads": {OVERLAY: SPLIT}}, "split", "is split between node1, node2", "bad"),
        (
            {"leads": {OVERLAY: HOLE}, "states": ("stopped", "running")},
            "blackhole",
            "is a black hole: AWS drops its packets",
            "bad",
        ),
        ({"leads": {OVERLAY: NONE}}, "absent", "has no route", "bad"),
        ({"leads": {OVERLAY: LACKS}, "engine": None}, "drifted", "is held by node1, but has drifted", "warn"),
        ({"checks": (True, False)}, "drifted", "is held by node1, but has drifted", "bad"),
        ({"checks": (False, True)}, "unprotected", "is held by node1, unprotected", "warn"),
        ({"states": ("running", "stopped")}, "unprotected", "is held by node1, unprotected", "warn"),
        ({"away": ["node2"]}, "unprotected", "is held by node1, unprotected", "warn"),
        ({"away": ["node1"]}, "unknown", "is held by node1, which cannot be asked", "warn"),
        ({"away": ["node1"], "engine": None}, "unknown", "is held by node1, which cannot be asked", "warn"),
    ],
)
def test_the_state_of_an_overlay_ip(given: dict[str, Any], state: str, headline: str, verdict: str) -> None:
    told = report(**given)
    made = shown(told)
    assert (made["overlays"][0]["state"], made["verdict"]) == (state, verdict)
    assert made["headline"] == f"{OVERLAY} {headline}"
    assert made["summary"] == status.lines(told)[0]
    assert [one["state"] for one in made["states"] if one["count"]] == [state]


def test_a_table_that_lacks_the_route_leaves_the_holder_known() -> None:
    overlay = shown(report({OVERLAY: LACKS}, engine=None))["overlays"][0]
    assert (overlay["holder"], overlay["zone"], overlay["ready"]) == ("node1", "eu-central-1a", ["node2"])
    assert [(table["label"], table["kind"]) for table in overlay["tables"]] == [("active", "ok"), ("no route", "none")]
    assert [table["serves"] for table in overlay["tables"]] == [
        ["10.0.1.0/24 in eu-central-1a"],
        ["10.0.2.0/24 in eu-central-1b", "10.0.3.0/24 in eu-central-1c"],
    ]


def test_what_a_route_carries_is_shown() -> None:
    told = report()
    assert shown(told)["overlays"][0]["carries"] == []
    told["overlays"][0]["carries"] = ["app 10.99.0.5", "10.99.0.6"]
    assert shown(told)["overlays"][0]["carries"] == ["app 10.99.0.5", "10.99.0.6"]


def test_the_engine_s_view_stands_beside_aws_s() -> None:
    good = shown()["overlays"][0]["engines"]
    assert good == [
        {"node": "node1", "engine": "keepalived", "state": "MASTER", "holder": "node1", "agrees": True},
        {"node": "node2", "engine": "keepalived", "state": "BACKUP", "holder": "", "agrees": True},
    ]
    split = shown(report({OVERLAY: SPLIT}))["overlays"][0]["engines"]
    assert [view["agrees"] for view in split] == [False, True]


def test_every_finding_is_told_once_errors_first_with_what_can_be_copied() -> None:
    broken = report({OVERLAY: SPLIT}, checks=(False, True), engine=None)
    found = shown(broken, inventory=("it's here.yml",))["findings"]
    assert [(one["id"], one["severity"]) for one in found] == [
        ("split", "error"),
        ("standby_source_dest_check_on", "warning"),
    ]
    start = """ansible-playbook -i 'it'"'"'s here.yml' aws_ha.overlay_ip."""
    assert [one["commands"] for one in found] == [
        [
            {
                "at": "where node1 shall have it; node2 could not take over",
                "command": f"{start}switchover -e target=node1",
            }
        ],
        [{"at": "", "command": f"{start}setup"}],
    ]


def test_a_switchover_goes_to_a_node_that_is_well_and_names_the_overlay_ip_among_several() -> None:
    hole = {OVERLAY: HOLE, "192.168.10.16/32": ((2, "active"), (2, "active"))}
    found = shown(report(hole, states=("stopped", "running"), engine=None), inventory=())["findings"]
    commands = [command["command"] for one in found if one["id"] == "blackhole" for command in one["commands"]]
    assert commands == [f"ansible-playbook aws_ha.overlay_ip.switchover -e target=node2 -e overlay={OVERLAY}"]
    nobody = report({OVERLAY: HOLE}, states=("stopped", "stopped"), engine=None)
    assert [one["commands"] for one in shown(nobody)["findings"] if one["id"] == "blackhole"] == [[]]


def test_a_command_for_a_node_says_which() -> None:
    remedy = "Run `aws-overlay-ip give-up` on node2."
    finding = {"id": "x", "severity": "warning", "message": "It is astray.", "remedy": remedy}
    found = shown(report(extra={"node2": [finding]}))["findings"]
    assert found[0]["commands"] == [{"at": "on node2", "command": "aws-overlay-ip give-up"}]


@pytest.mark.parametrize("name", ["node1-standby", "node1.example.com", "node1", "node10"])
@pytest.mark.parametrize("end", [".", ",", " now", ""])
def test_one_name_may_begin_another_one(name: str, end: str) -> None:
    """`give-up` at the holder would take the service down."""
    remedy = f"Run `aws-overlay-ip give-up` on {name}{end}"
    finding = {"id": "x", "severity": "warning", "message": "It is astray.", "remedy": remedy}
    told = report(extra={"node2": [finding]})
    told["nodes"][name] = told["nodes"].get(name, told["nodes"]["node2"])
    found = shown(told)["findings"]
    assert [one["commands"] for one in found if one["id"] == "x"] == [
        [{"at": f"on {name}", "command": "aws-overlay-ip give-up"}]
    ]


def test_of_a_node_s_finding_a_switchover_is_offered_where_there_is_one_overlay_ip() -> None:
    """Among several nobody knows which one it is about, and the others serve."""
    finding = {"id": "x", "severity": "error", "message": "It disagrees.", "remedy": "Run a switchover."}
    two = {OVERLAY: ((1, "active"), (1, "active")), "192.168.10.16/32": ((2, "active"), (2, "active"))}
    for told, commands in ((report(two, extra={"node1": [finding]}), 0), (report(extra={"node1": [finding]}), 1)):
        assert [len(one["commands"]) for one in shown(told)["findings"] if one["id"] == "x"] == [commands]


def test_commands_for_one_of_several_pairs_name_it() -> None:
    broken = {**report(checks=(False, True), engine=None), "pair": "sap_a"}
    (command,) = shown(broken, inventory=("fleet.yml",))["findings"][0]["commands"]
    assert command["command"] == "ansible-playbook -i fleet.yml -e overlay_ip_group=sap_a aws_ha.overlay_ip.setup"
    assert shown(broken)["overlays"][0]["pair"] == "sap_a"


def test_a_node_that_some_tables_lead_to_is_no_standby() -> None:
    nodes = {node["name"]: node for node in shown(report({OVERLAY: SPLIT}))["nodes"]}
    assert {name: (node["role"], node["says"]) for name, node in nodes.items()} == dict.fromkeys(
        ("node1", "node2"), ("in part", "1 of 2 route tables leads here")
    )


@pytest.mark.parametrize(
    ("place", "node", "ready", "why"),
    [
        (
            {"state": "running", "source_dest_check": False},
            {},
            "yes",
            "it answers, its instance runs, its check is off",
        ),
        ({}, {}, "yes", "it answers"),
        (
            {},
            {"failover": [{"engine": "keepalived", "running": True}]},
            "yes",
            "it answers, keepalived runs; that AWS lets it move the route: not proved by DryRun",
        ),
        ({"state": "stopped"}, {"reachable": False}, "no", "its instance is stopped"),
        ({"state": "running", "source_dest_check": True}, {}, "no", "its source/destination check is on"),
        ({}, {"reachable": False}, "unknown", "it does not answer"),
        ({}, {"findings": [("engine_absent", "error", ())]}, "no", "So it is"),
        ({}, {"findings": [("engine_check_failed", "warning", ("move",))]}, "no", "So it is"),
        ({}, {"findings": [("engine_check_failed", "warning", ("setup",))]}, "yes", "it answers"),
        ({}, {"findings": [("engine_disagrees", "error", ())]}, "yes", "it answers"),
    ],
)
def test_whether_a_node_could_take_over(place: dict[str, Any], node: dict[str, Any], ready: str, why: str) -> None:
    found = [
        {"id": name, "severity": severity, "message": "So it is.", "hinders": hinders}
        for name, severity, hinders in node.get("findings", ())
    ]
    judged = readiness.of({"reachable": True, "failover": [], **node, "findings": found}, place)
    assert (judged.answer, judged.why) == (ready, why)
    assert judged.unproved is ("not proved" in why)


def test_many_are_a_table_and_no_picture() -> None:
    small, large = shown(*fleet(page.FLEET)), shown(*fleet(100))
    assert (small["fleet"], large["fleet"]) == (False, True)
    assert large["pictures"] == []
    assert large["headline"] == "100 overlay IPs: 1 split, 1 black hole, 1 drifted, 1 unprotected"
    assert [overlay["state"] for overlay in large["overlays"]][:5] == [
        *("split", "blackhole", "drifted", "unprotected", "ok")
    ]
    assert large["zones"] == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]


def test_what_was_not_read_is_not_guessed() -> None:
    told = {**report(), "networks": []}
    made = shown(told)
    assert made["pictures"] == []
    assert {node["zone"] for node in made["nodes"]} == {None}
    assert made["overlays"][0]["state"] == "ok"


def test_one_vpc_that_was_read_in_two_calls_is_one() -> None:
    (seen,) = report()["networks"]
    model = {"nodes": {"n": {"instance_id": "i-1", "network_interface_id": "eni-2", "device_index": 0}}}
    interfaces = [
        {"network_interface_id": f"eni-{n}", "device_index": n, "subnet_id": f"s{n}", "private_ip": f"10.0.{n}.1"}
        for n in (1, 2)
    ]
    calls = [
        {
            "vpc_id": VPC,
            "cidrs": seen["cidrs"],
            "tables": [{"route_table_id": t, "main": False, "asked": t == asked} for t in ("rtb-2", "rtb-1")],
            "subnets": [
                {"subnet_id": "s2", "cidr": "10.0.2.0/24", "zone": "z", "zone_id": "az", "route_table_id": "rtb-1"}
            ],
            "instances": [
                {
                    "instance_id": "i-1",
                    "state": "running",
                    "interfaces": [{**i, "source_dest_check": False} for i in interfaces],
                }
            ],
        }
        for asked in ("rtb-1", "rtb-2")
    ]
    (vpc,) = places.networks(model, [*calls, {}])
    assert [(table["route_table_id"], table["asked"]) for table in vpc["tables"]] == [("rtb-1", True), ("rtb-2", True)]
    assert vpc["nodes"] == {
        "n": {
            "instance_id": "i-1",
            "state": "running",
            "network_interface_id": "eni-2",
            "subnet_id": "s2",
            "private_ip": "10.0.2.1",
            "source_dest_check": False,
            "zone": "z",
            "zone_id": "az",
        }
    }


def test_moves_are_shown_where_the_report_has_some() -> None:
    assert shown()["moves"] == []
    made, failed = record(), record(done=False, error="It was refused.", seconds={}, tables=[])
    second, first = shown({**report(), "moves": [made, failed]})["moves"]
    assert first == {
        "at": made["time"],
        "clock": "",
        "destinations": made["tables"][0]["destination"],
        "from": ", ".join(made["from"]),
        "to": made["to"],
        "seconds": f"{made['seconds']['all']:.2f}",
        "done": True,
        "why": "; ".join(filter(None, (made["by"], made["why"]))),
        "pause": "0 s until the next move",
    }
    assert (second["done"], second["destinations"], second["seconds"]) == (False, "", "")
    assert second["why"].endswith("It was refused.")


def test_several_overlay_ips_that_are_well() -> None:
    made = shown(report({f"192.168.10.{n}/32": WELL for n in (15, 16)}))
    assert made["headline"] == "All 2 overlay IPs are well"
    assert [node["says"] for node in made["nodes"]] == ["holds 2 overlay IPs", "could take over"]


def test_what_aws_does_not_tell_is_not_known() -> None:
    (overlay,) = report()["overlays"]
    unread = {**overlay, "tables": [], "holder": None, "unread": "no answer", "engines": []}
    made = shown({**report(), "overlays": [unread], "networks": []})
    (only,) = made["overlays"]
    assert made["headline"] == f"{OVERLAY}: AWS could not be asked"
    assert (only["state"], only["says"], only["holder"]) == ("unknown", "AWS could not be asked", None)
    assert (only["standby"], only["others"], only["ready"]) == ("not known", "not known", [])
    assert {node["role"] for node in made["nodes"]} == {"not known"}


def test_moves_are_a_line_of_time_the_last_one_first() -> None:
    told = page.page([moved(report())], stamp(NOON), ())["moves"]
    assert [(move["to"], move["done"], move["pause"]) for move in told] == [
        ("node1", True, "2 h until now"),
        ("node1", False, "1 min until the next move"),
        ("node2", True, "2 d 1 h until the next move"),
    ]


def test_the_line_of_time_is_by_one_clock_and_says_which_is_wrong() -> None:
    """node1 is five minutes behind: it wrote 11:54 when it was 11:59."""
    late, early = record(NOON - 360, node="node1", ahead=-300.0), record(NOON - 180, node="node2")
    told = page.page([{**report(), "moves": [late, early]}], stamp(NOON), ())["moves"]
    assert [(move["at"], move["clock"], move["pause"]) for move in told] == [
        (late["time"], "by the clock of node1, 5 min behind", "1 min until now"),
        (early["time"], "", "2 min until the next move"),
    ]
    ahead = record(NOON, node="node1", ahead=61.0)
    assert page.page([{**report(), "moves": [ahead]}], stamp(NOON), ())["moves"][0]["clock"] == (
        "by the clock of node1, 1 min 1 s ahead"
    )


def test_a_failure_met_again_and_again_ends_when_it_was_last_met() -> None:
    until = stamp(NOON - 60)
    going_on = record(NOON - 7200, done=False, times=3, until=until, error="It was refused.")
    earlier, between = record(NOON - 7210), record(NOON - 3600)
    told = page.page([{**report(), "moves": [earlier, going_on, between]}], stamp(NOON))["moves"]
    assert [(move["done"], move["pause"]) for move in told] == [
        (False, "1 min until now"),
        (True, ""),  # the failure went on meanwhile
        (True, "10 s until the next move"),
    ]
    assert told[0]["why"].endswith(f"; It was refused. (3 times, the last at {until})")


@pytest.mark.parametrize(
    ("proof", "ready", "why"),
    [
        (None, "yes", "; that AWS lets it move the route: not proved by DryRun"),
        (
            {
                "seconds": 12,
                "checks": [{"check": "permission", "ok": True}, {"check": "source_dest_check", "ok": None}],
            },
            "yes",
            ", AWS lets it move the route (proved 12 s ago by DryRun)",
        ),
        (
            {"seconds": 130, "checks": [{"check": "permission", "ok": False}, {"check": "address", "ok": False}]},
            "no",
            "its own check of permission, address failed 2 min 10 s ago",
        ),
        (
            {"seconds": 5000, "checks": [{"check": "permission", "ok": True}]},
            "yes",
            "; that AWS lets it move the route: last proved 1 h 23 min ago by DryRun",
        ),
        (
            {"seconds": 5000, "checks": [{"check": "permission", "ok": False}]},
            "yes",
            "; that AWS lets it move the route: not proved by DryRun",
        ),
        ({"seconds": 12, "checks": []}, "yes", "; that AWS lets it move the route: not proved by DryRun"),
    ],
)
def test_what_a_node_has_proved_counts_for_a_while(proof: Any, ready: str, why: str) -> None:
    told = report()
    told["nodes"]["node2"]["proof"] = proof
    (_holder, standby) = shown(told)["nodes"]
    seen = "it answers, its instance runs, its check is off, keepalived runs" if ready == "yes" else ""
    assert (standby["ready"], standby["why"]) == (ready, f"{seen}{why}")
    (overlay,) = shown(told)["overlays"]
    assert overlay["state"] == ("ok" if ready == "yes" else "unprotected")
    told_of = why.partition("route (" if "route (" in why else "route: ")[2].rstrip(")")
    assert overlay["standby"] == (f"node2 ({told_of})" if ready == "yes" else "none")


@pytest.mark.parametrize(
    ("engine", "proof", "said"),
    [
        ("keepalived", None, "<code>overlay_ip_metrics: true</code>"),
        ("keepalived", 12, "each node proves itself every ten minutes, by DryRun"),
        (None, None, "whoever runs <code>switchover</code> does"),
    ],
)
def test_the_page_says_what_proves_it_and_what_to_switch_on(engine: str | None, proof: int | None, said: str) -> None:
    told = report(engine=engine)
    for node in told["nodes"].values():
        node["proof"] = proof and {"seconds": proof, "checks": [{"check": "permission", "ok": True}]}
    text = file.html(page.page([told], "2026-11-27T23:40:00Z", []))
    assert text.count("What a look can know") == 1
    assert said in text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (7200, "2 h"), (90_061, "1 d 1 h"), (86_400, "1 d"), (-5, "0 s")],
)
def test_how_long(seconds: float, told: str) -> None:
    assert readiness.while_(seconds) == told


def test_why_a_node_cannot_be_asked_is_said_at_the_node() -> None:
    (_holder, standby) = shown(report(away=["node2"]))["nodes"]
    assert standby["says"] == "cannot be asked"
    assert standby["why"] == "ssh: connect to host 10.0.2.10 port 22: No route to host"
