# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failover by keepalived with the real package on full nodes. `make drill` plays many more faults, both ways round."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from drill.bed import ADVERT, Bed, DrillError
from lab.playbook.run import Run, run_playbook
from lab.probe import HTTP_PORT

pytestmark = [pytest.mark.lab, pytest.mark.slow]

#: `make drill` measures; here two busy cores must not make a good run red.
PATIENCE = 6.0
METRICS = Path("/var/lib/prometheus/node-exporter/overlay_ip.prom")
ELSEWHERE = Path("/var/lib/elsewhere/overlay_ip.prom")


def status(pair: Bed) -> str:
    return pair.play("status.yml").output


def assert_refused_first(pair: Bed, output: str) -> None:
    assert "Nothing was changed." in output
    assert not re.search(r"changed=[1-9]", output)
    calls = [c["action"] for c in pair.control.calls() if c["params"].get("DryRun") != "true"]
    assert {action for action in calls if not action.startswith("Describe")} == set()


def journals(pair: Bed) -> dict[str, str]:
    """What keepalived said lately, for whoever reads a failure."""
    return {n: pair.exec(n, "journalctl", "--unit=keepalived", "--lines=40", "--no-pager") for n in pair.nodes}


def with_check(pair: Bed, command: str, **more: Any) -> Run:
    """Setup with another check of the application."""
    variables = {"overlay_ip_failover": "keepalived", "overlay_ip_check_command": command, **more}
    return run_playbook("setup.yml", pair.directory.inventory, extra_vars=variables)


def test_setup_again_changes_nothing(pair: Bed) -> None:
    assert sum(pair.play("setup.yml").changed.values()) == 0


def test_a_configuration_that_keepalived_refuses_is_not_written(pair: Bed) -> None:
    """No inventory makes one, as far as we know; a fault of ours, or of a template that somebody changed, might."""
    show = ("sh", "-c", "systemctl show --property=MainPID keepalived; cat /etc/keepalived/keepalived.conf")
    before = {node: pair.exec(node, *show) for node in pair.nodes}
    with pytest.raises(DrillError, match="failed to validate"):
        pair.play("setup.yml", keepalived_text="vrrp_instance overlay {\n  state NOWHERE\n  interface none\n")
    assert {node: pair.exec(node, *show) for node in pair.nodes} == before
    assert pair.view().at_rest


def test_every_node_could_take_over(pair: Bed) -> None:
    for node in pair.nodes:
        answer = json.loads(pair.exec(node, "aws-overlay-ip", "check"))
        assert answer["ready"]
        assert [check["check"] for check in answer["checks"]] == [
            "python",
            "address",
            "endpoint",
            "permission",
            "source_dest_check",
        ]


def test_an_address_that_is_taken_away_is_back_at_once(pair: Bed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        for _time in range(3):
            pair.exec("node1", "ip", "address", "delete", f"{pair.lab.overlay}/32", "dev", "eth0")
            time.sleep(0.5)
    assert probe.report.who == ("node1",)
    assert probe.report.gap_ms < 500


def test_a_planned_switchover_loses_nothing_and_keepalived_keeps_it(pair: Bed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.play("switchover.yml", target="node2")
        pair.rest("node2")
    assert probe.report.who == ("node1", "node2")
    assert probe.report.lost == 0
    assert "keepalived: MASTER" in status(pair)


def test_a_drill_must_be_asked_for_by_name(pair: Bed) -> None:
    with pytest.raises(DrillError, match="say which one, -e drill=readiness"):
        pair.play("playbooks/drill.yml")


def test_a_planned_drill_moves_the_service_back_and_leaves_a_report(pair: Bed, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    pair.play(
        "playbooks/drill.yml",
        drill="switchover",
        target="node1",
        overlay_ip_probe={"host": pair.lab.machines[-1].name, "port": HTTP_PORT},
        overlay_ip_drill_report=str(report),
    )
    pair.rest("node1")
    value = json.loads(report.read_text())
    assert value["client"]["tried"] > 10
    assert value["client"]["missed"] == 0, (value["client"], journals(pair))
    assert value["switchover"]["overlays"][0]["before"] == ["node2"]
    assert {check["ok"] for node in value["nodes"].values() for check in node["checks"]} <= {True, None}


def test_a_route_moved_by_hand_takes_mastership_along(pair: Bed) -> None:
    other = next(machine for machine in pair.lab.world.nodes if machine.name == "node2")
    for table in pair.lab.world.route_table_ids:
        pair.ec2.replace_route(
            RouteTableId=table,
            DestinationCidrBlock=f"{pair.lab.overlay}/32",
            NetworkInterfaceId=other.network_interface_ids[0],
        )
    pair.rest("node2")


def test_a_dead_application_moves_the_service(pair: Bed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node2")
        pair.kill_application("node2")
        probe.wait_for("node1", 60)
    pair.start_application("node2")
    pair.rest("node1")
    assert probe.report.who == ("node2", "node1")


def test_every_takeover_is_on_record(pair: Bed) -> None:
    """The planned moves, and the dead application's: who is at fault hands over while the other one takes, so that
    either may have moved a table, and who has moved none has no record."""
    told = {
        node: json.loads(pair.exec(node, "aws-overlay-ip", "history", "--since", "1h"))["moves"] for node in pair.nodes
    }
    movers = [
        move
        for moves in told.values()
        for move in moves
        if move["by"] == "keepalived" and {("replace", "node2", "node1")} & _ways(move)
    ]
    moved = {t["route_table_id"] for move in movers for t in move["tables"] if t["action"] == "replace"}
    assert moved == set(pair.lab.world.route_table_ids), told
    assert all(move["done"] and move["to"] == "node1" for move in movers)
    assert {(move["node"], move["command"], move["why"]) for move in movers} <= {
        ("node1", "notify MASTER", "keepalived made this node the master"),
        ("node2", "notify FAULT", "keepalived's checks fail on this node"),
    }
    last = max(movers, key=lambda move: move["time"])
    assert {"read", "write", "verify", "all"} <= set(last["seconds"])
    said = ("journalctl", "--output=json", "--identifier=aws-overlay-ip", "OVERLAY_IP_TO=node1")
    requests = [json.loads(line).get("OVERLAY_IP_REQUESTS") for line in pair.exec(last["node"], *said).splitlines()]
    assert " ".join(last["requests"]["ReplaceRoute"]) in requests
    shown = pair.play("playbooks/history.yml").overlay_ip_result["moves"]
    assert [move["time"] for move in shown] == sorted(move["time"] for move in shown)
    assert [(m["by"], m["to"]) for m in shown if m["by"] == "switchover"] == [
        ("switchover", "node2"),
        ("switchover", "node1"),
    ]
    assert all(move in shown for move in movers)


def _ways(move: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(table["action"], table["from"], table["to"]) for table in move["tables"]}


def test_a_lost_node_is_replaced_in_time(pair: Bed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node1")
        pair.crash("node1")
        probe.wait_for("node2", 60)
    pair.boot("node1")
    pair.rest("node2")
    assert probe.report.who == ("node1", "node2")
    assert probe.report.gap_ms / 1000 < 3 * ADVERT + 1.0 + PATIENCE


@pytest.mark.long
def test_a_target_whose_keepalived_is_stopped_or_masked_is_refused(pair: Bed) -> None:
    """Before anything is changed; the other one is not started by a switchover that does not concern it."""
    pair.rest("node2")
    for command, told in (
        ("systemctl stop keepalived", "keepalived is stopped on node1: `systemctl start keepalived.service` there, or"),
        (
            "systemctl mask keepalived",
            "keepalived is masked on node1: `systemctl unmask keepalived.service` there, then",
        ),
    ):
        pair.exec("node1", "sh", "-c", command)
        pair.control.clear("calls")
        with pytest.raises(DrillError) as refusal:
            pair.play("switchover.yml", target="node1")
        assert told in str(refusal.value)
        assert_refused_first(pair, str(refusal.value))
        assert told.split(":")[0] in status(pair)
    pair.play("switchover.yml", target="node2")
    assert "inactive" in pair.exec("node1", "sh", "-c", "systemctl is-active keepalived || true")
    pair.exec("node1", "sh", "-c", "systemctl unmask keepalived && systemctl start keepalived")
    pair.rest("node2")


@pytest.mark.long
def test_what_was_edited_by_hand_is_not_overwritten(pair: Bed) -> None:
    path = "/etc/keepalived/keepalived.conf"
    ours = pair.exec("node1", "cat", path)
    pair.exec("node1", "sed", "-i", "s/nopreempt/preempt_delay 1/", path)
    pair.control.clear("calls")
    with pytest.raises(DrillError, match="was edited by hand since setup wrote it") as refusal:
        pair.play("setup.yml")
    assert_refused_first(pair, str(refusal.value))
    assert "was edited by hand" in status(pair)
    pair.exec("node1", "tee", path, stdin=ours + "\n")
    assert "was edited by hand" not in status(pair)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ('/bin/sh -c "true && false"', "exit code 1 after "),
        pytest.param("echo 'no such database' >&2; exit 3", "it wrote: no such database", marks=pytest.mark.long),
        pytest.param("sleep 30", "still running after 2.", marks=pytest.mark.long),
    ],
)
def test_a_check_that_fails_where_the_service_is_is_refused(pair: Bed, command: str, told: str) -> None:
    pair.control.clear("calls")
    run = with_check(pair, command)
    assert not run.ok
    assert "overlay_ip_check_command fails on node2, which holds the overlay IPs" in run.output
    assert told in run.output
    assert_refused_first(pair, run.output)


@pytest.mark.long
def test_a_check_whose_user_is_unknown_is_refused(pair: Bed) -> None:
    pair.control.clear("calls")
    run = with_check(pair, "true", overlay_ip_check_user="nobody-here")
    assert "overlay_ip_check_user is 'nobody-here', and there is no such user on node1" in run.output
    assert_refused_first(pair, run.output)


@pytest.mark.long
def test_a_command_line_of_any_kind_is_run_as_it_is_written(pair: Bed) -> None:
    """As an ordinary user, in a small environment; it replaces the check before it without a lost packet."""
    path = "/usr/libexec/keepalived/aws-overlay-ip-check"
    command = "word=\"it's $(id -un)\"\nenv | grep -q '^AWS' && exit 1\n[ \"$word\" = 'it'\"'s nobody\" ] | cat"
    with pair.probe() as probe:
        probe.wait_for("node2")
        run = with_check(pair, command, overlay_ip_check_user="nobody")
        assert run.ok, run.output
        pair.rest("node2")
        assert command in pair.exec("node2", "cat", path)
        assert pair.exec("node2", "stat", "--format=%a %U", path) == "750 root"
        assert sum(with_check(pair, command, overlay_ip_check_user="nobody").changed.values()) == 0
        pair.play("setup.yml")
    assert probe.report.lost == 0


def metrics(pair: Bed, node: str, file: Path = METRICS) -> dict[str, str]:
    """What the node's timer has written for node_exporter, once it is there, by series."""
    show = f"for try in $(seq 100); do cat {file} 2>/dev/null && exit; sleep 0.2; done; exit 1"
    page = pair.exec(node, "sh", "-c", show, timeout=60.0)
    return dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))


@pytest.mark.long
def test_a_check_is_added_and_removed_and_metrics_told_without_a_lost_packet(pair: Bed) -> None:
    with pair.probe() as probe:
        probe.wait_for("node2")
        run = with_check(pair, "", overlay_ip_metrics=True)
        assert run.ok, run.output
        vpc, destination = pair.lab.world.vpc_id, f"{pair.lab.overlay}/32"
        whose = {n: f'deployment="overlay-ip",node="{n}",vpc_id="{vpc}"' for n in ("node1", "node2")}
        labels = {n: f'{{{whose[n]},destination="{destination}"}}' for n in whose}
        told = {node: metrics(pair, node) for node in labels}
        assert {n: told[n][f"overlay_ip_holder{labels[n]}"] for n in labels} == {"node1": "0", "node2": "1"}
        assert {n: told[n][f"overlay_ip_address_up{labels[n]}"] for n in labels} == {"node1": "0", "node2": "1"}
        for node in labels:
            assert told[node][f'overlay_ip_ready{{{whose[node]},check="permission"}}'] == "1"
            calls = f'overlay_ip_api_calls_total{{{whose[node]},operation="DescribeRouteTables"}}'
            assert int(told[node][calls]) > 0
            assert told[node][f'overlay_ip_ready{{{whose[node]},check="keepalived"}}'] == "1"
        # The standby hears the holder; the holder hears nobody, for backups are silent.
        heard = [
            series for one in told.values() for series in one.items() if series[0].startswith("overlay_ip_peer_heard")
        ]
        assert heard == [(f'overlay_ip_peer_heard{{{whose["node1"]},engine="keepalived"}}', "1")]
        last = ("systemctl", "show", "--property=Nice,IOSchedulingClass", "--value", "aws-overlay-ip-metrics.service")
        assert pair.exec("node1", *last).split() == ["19", "3"]  # idle
        hashes = {series.split("hash=")[1] for one in told.values() for series in one if "config_info" in series}
        assert len(hashes) == 1
        assert pair.exec("node2", "sh", "-c", "ls /usr/libexec/keepalived") == ""
        pair.rest("node2")
        # Another folder, and then none: what is left in the earlier one would be told for ever.
        moved = with_check(pair, "", overlay_ip_metrics=True, overlay_ip_metrics_directory=str(ELSEWHERE.parent))
        assert moved.ok, moved.output
        assert metrics(pair, "node1", ELSEWHERE).keys() >= {f"overlay_ip_holder{labels['node1']}"}
        assert pair.exec("node1", "sh", "-c", f"ls {METRICS} 2>/dev/null || true") == ""
        pair.play("setup.yml")
        pair.rest("node2")
        units = "/etc/systemd/system/aws-overlay-ip-metrics.* /etc/systemd/system/timers.target.wants/*overlay-ip*"
        assert pair.exec("node1", "sh", "-c", f"ls {METRICS} {units} 2>/dev/null || true") == ""
        # That it was taken away on purpose is said for an hour.
        (ended,) = metrics(pair, "node1", ELSEWHERE)
        assert ended == 'overlay_ip_ended_timestamp_seconds{deployment="overlay-ip",node="node1"}'
        timers = pair.exec("node1", "systemctl", "list-timers", "--no-legend", "run-*").splitlines()
        assert len(timers) == 1, timers
        pair.exec("node1", "systemctl", "start", f"{timers[0].split()[-1]}")
        gone = f"for try in $(seq 100); do test -e {ELSEWHERE} || exit 0; sleep 0.1; done; exit 1"
        pair.exec("node1", "sh", "-c", gone)
    assert probe.report.who == ("node2",)
    assert probe.report.lost == 0


@pytest.mark.long
def test_with_selinux_keepalived_starts_the_program_from_its_own_folder(pair: Bed) -> None:
    """Without a lost packet on the way there and back; the lab's kernel has no SELinux, so the role is told of it."""
    entry, conf = "/usr/libexec/keepalived/aws-overlay-ip", "/etc/keepalived/keepalived.conf"
    command = "/usr/bin/curl --silent --fail --max-time 1 http://127.0.0.1:8080/health || true"
    with pair.probe() as probe:
        probe.wait_for("node2")
        assert with_check(pair, command, keepalived_starts=entry).ok
        pair.rest("node2")
        for node in pair.nodes:
            assert pair.exec(node, "stat", "--format=%a %U:%G", entry) == "755 root:root"
            started = re.findall(r'(?:script|notify_\w+) "(.*)"', pair.exec(node, "cat", conf))
            # Keepalived's own domain may read what the looks at link and address read: docs/selinux.md.
            looks = [command for command in started if command.startswith("/bin/grep --quiet ")]
            assert [command.split()[-1] for command in looks] == ["/sys/class/net/eth0/carrier", "/proc/net/fib_trie"]
            assert sorted(set(started) - set(looks)) == [
                *(f"{entry} notify {word}" for word in ("BACKUP", "FAULT", "MASTER")),
                f"{entry} watch",
                f"{entry}-check",
            ]
        pair.play("switchover.yml", target="node1", keepalived_starts=entry)
        pair.rest("node1")
        pair.play("setup.yml")
        pair.play("switchover.yml", target="node2")
        pair.rest("node2")
        assert [pair.exec(node, "sh", "-c", f"ls {entry} 2>&1 || true") for node in pair.nodes] == [
            f"ls: cannot access '{entry}': No such file or directory"
        ] * 2
    assert probe.report.who == ("node2", "node1", "node2")
    assert probe.report.lost == 0


@pytest.mark.long
def test_a_check_that_fails_at_the_standby_is_a_warning(pair: Bed) -> None:
    run = with_check(pair, "test $(cat /etc/hostname) = node2")
    assert run.ok, run.output
    assert "WARNING: overlay_ip_check_command on node1: exit code 1" in run.output
    assert "This node cannot take over before that is mended." in run.output
    pair.play("setup.yml")
    pair.rest("node2")


@pytest.mark.long
def test_setup_says_why_the_engine_does_not_come_to_rest(pair: Bed) -> None:
    run = with_check(
        pair,
        "test -e /nonexistent",
        overlay_ip_check_now=False,
        overlay_ip_check_interval=1,
        overlay_ip_wait_timeout=8,
    )
    assert not run.ok
    for node in pair.nodes:
        assert f"keepalived is in FAULT on {node}: the check command failed" in run.output, run.output
    pair.play("setup.yml")
    pair.rest()
    pair.play("switchover.yml", target="node2")
    pair.rest("node2")


def test_a_foreign_configuration_is_not_overwritten(pair: Bed) -> None:
    path = "/etc/keepalived/keepalived.conf"
    ours = pair.exec("node2", "cat", path)
    pair.exec("node2", "sed", "-i", "1d", path)
    pair.control.clear("calls")
    with pytest.raises(DrillError, match="was not written by this role") as refusal:
        pair.play("setup.yml")
    assert_refused_first(pair, str(refusal.value))
    assert pair.exec("node2", "cat", path) in ours
    pair.exec("node2", "tee", path, stdin=ours + "\n")


def test_a_cluster_without_fencing_is_refused(pair: Bed) -> None:
    pair.control.clear("calls")
    run = run_playbook(
        "setup.yml",
        pair.directory.inventory,
        extra_vars={"overlay_ip_failover": "pacemaker", "overlay_ip_fencing": "none"},
    )
    assert not run.ok
    assert "Without fencing both nodes take the overlay IP from each other" in run.output
    assert_refused_first(pair, run.output)
