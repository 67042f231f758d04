# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that was there before us: names of its own, and the stock agent in a group moves the address."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from drill.bed import DrillError
from drill.existing import GROUP, NAMES, RESOURCE, Existing, existing
from lab.playbook.run import run_playbook

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Existing]:
    with existing(Existing) as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


OURS, STOCK = 'provider="aws_ha" type="overlay-ip"', 'provider="heartbeat" type="aws-vpc-move-ip"'
#: A tool of the cluster's that fails once, the nth time that it is asked for this; /usr/local/sbin is looked in
#: first.
ONCE = """#!/bin/sh
case "$*" in *{word}*)
  echo >> /run/asked
  [ "$(wc -l < /run/asked)" -ne {nth} ] || {{ echo broken >&2; exit 9; }} ;;
esac
exec /usr/sbin/{tool} "$@"
"""


def migrate(cluster: Existing, **extra_vars: object) -> str:
    """Run migrate.yml beside the probe: nothing is lost, whatever comes of it."""
    holder = cluster.view().holder
    with cluster.probe(rate=1000.0) as probe:
        end = time.monotonic() + 6.0  # a refusal is told within two seconds: what comes of it is looked at for longer
        try:
            output = cluster.play("migrate.yml", overlay_ip_failover="pacemaker", **extra_vars).output
        except DrillError as error:
            output = str(error)
        time.sleep(max(0.0, end - time.monotonic()))
    assert (probe.report.lost, [one.who for one in probe.report.holders]) == (0, [holder])
    assert probe.report.sent > 5000
    assert cluster.view().addresses == (holder,)
    return output


def typed(cluster: Existing) -> list[str]:
    """What would be typed, in the words of pcs; nothing is done, and check mode shows the same."""
    before, shown = cluster.cib(), []
    for more, check in (({"overlay_ip_cluster_commands": True}, False), ({}, True)):
        run = run_playbook(
            "migrate.yml",
            cluster.directory.inventory,
            extra_vars={**cluster.variables(), "overlay_ip_failover": "pacemaker", **more},
            check=check,
            environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        )
        assert run.ok, run.output
        assert check or sum(run.changed.values()) == 0, run.output
        found = re.search(r'"pcs": (\[.*?\n *\])', run.output, re.DOTALL)
        assert found, run.output
        shown.append(list(json.loads(found[1])))
    assert shown[0] == shown[1]
    assert cluster.cib() == before
    return shown[0]


def type_in(cluster: Existing, lines: list[str]) -> None:
    """Type them on the first node, where pcs is not: what it is asked for is said in the words of crm_attribute."""
    said, holder = "crm_attribute --type crm_config --name maintenance-mode --update ", cluster.view().holder
    with cluster.probe(rate=1000.0) as probe:
        for line in lines:
            own = line.replace("pcs property set maintenance-mode=", said)
            cluster.exec("node1", "sh", "-euc", f"cd /root; {own}", timeout=90.0)
    assert (probe.report.lost, [one.who for one in probe.report.holders]) == (0, [holder])


def writes(cluster: Existing) -> set[str]:
    return {call["action"] for call in cluster.control.calls() if not call["action"].startswith("Describe")}


def test_status_shows_the_stock_resource_as_the_engine_it_is(cluster: Existing) -> None:
    run = cluster.play("status.yml")
    assert "1 overlay IP in 2 route tables: all is well" in run.output
    assert f"pacemaker ({RESOURCE}, ocf:heartbeat:aws-vpc-move-ip): started on node1" in run.output
    assert "engine_disagrees" not in run.output


def test_setup_refuses_a_second_resource_before_anything_is_changed(cluster: Existing) -> None:
    before = cluster.cib()
    cluster.control.clear("calls")
    with pytest.raises(DrillError) as refusal:
        cluster.play("setup.yml", overlay_ip_failover="pacemaker")
    assert f"is moved by {RESOURCE} (ocf:heartbeat:aws-vpc-move-ip, in grp_DB) of pacemaker already" in str(
        refusal.value
    )
    assert "migrate.yml" in str(refusal.value)
    assert "overlay_ip_failover=none" in str(refusal.value)
    assert writes(cluster) <= {"AssumeRole"}
    assert cluster.cib() == before


def test_teardown_refuses_to_take_the_route_from_under_it(cluster: Existing) -> None:
    with pytest.raises(DrillError) as refusal:
        cluster.play("teardown.yml")
    assert "take it out of the cluster before teardown. Nothing was changed." in str(refusal.value)


def test_setup_without_an_engine_leaves_the_address_to_it(cluster: Existing) -> None:
    before = cluster.cib()
    cluster.play("setup.yml")
    assert cluster.view().addresses == ("node1",)
    assert not cluster.exec("node2", "sh", "-c", "grep -rl aws_ha.overlay_ip /etc/systemd /etc/network 2>/dev/null")
    assert cluster.cib() == before


@pytest.mark.parametrize("word", ["node2", NAMES["node1"], "instance"])
def test_switchover_works_through_it_whatever_the_target_is_called(cluster: Existing, word: str) -> None:
    target = cluster.lab.world.nodes[1].instance_id if word == "instance" else word
    holder = {"node2": "node2", NAMES["node1"]: "node1"}.get(word, "node2")
    run = cluster.play("switchover.yml", target=target)
    assert f"-> {holder} in 2 route tables" in run.output
    cluster.rest(holder)
    assert "cli-" not in cluster.cib()
    assert "all is well" in cluster.play("status.yml").output


def test_a_target_that_nobody_knows_is_refused(cluster: Existing) -> None:
    with pytest.raises(DrillError, match="target is 'SAPDB3', which is no node: choose one of node1, node2"):
        cluster.play("switchover.yml", target="SAPDB3")


def test_check_mode_shows_what_would_differ(cluster: Existing) -> None:
    before = cluster.cib()
    run = run_playbook(
        "migrate.yml",
        cluster.directory.inventory,
        extra_vars={**cluster.variables(), "overlay_ip_failover": "pacemaker"},
        check=True,
        arguments=("--diff",),
    )
    assert run.ok, run.output
    assert re.search(f'^- +<primitive id="{RESOURCE}" class="ocf" {STOCK}>', run.output, re.MULTILINE)
    assert re.search(f'^[+] +<primitive id="{RESOURCE}" class="ocf" {OURS}>', run.output, re.MULTILINE)
    assert cluster.cib() == before


def failing(cluster: Existing, tool: str, word: str, nth: int) -> str:
    """What migrate.yml says where a tool fails once; nothing of it is left."""
    path = f"/usr/local/sbin/{tool}"
    script = f"rm -f /run/asked; cat > {path}; chmod 755 {path}"
    cluster.exec("node1", "sh", "-c", script, stdin=ONCE.format(tool=tool, word=word, nth=nth))
    output = migrate(cluster)
    cluster.exec("node1", "rm", path)
    return output


def test_what_cannot_be_tried_is_refused(cluster: Existing) -> None:
    before = cluster.cib()
    told = "The cluster's tools do not say what differs (crm_diff: broken): mend that. Nothing was changed."
    assert told in failing(cluster, "crm_diff", "--original", 1)
    assert cluster.cib() == before


@pytest.mark.parametrize(
    ("tool", "word", "nth"),
    [("crm_diff", "--original", 3), ("crm_resource", "--refresh", 1)],  # tried, and read, before
)
def test_a_step_that_fails_ends_in_the_old_state(cluster: Existing, tool: str, word: str, nth: int) -> None:
    before = cluster.cib()
    output = failing(cluster, tool, word, nth)
    assert f"{RESOURCE} (ocf:heartbeat:aws-vpc-move-ip) is back as it was" in output
    assert "Mend the cause and run this again." in output
    assert cluster.cib() == before


def test_a_cluster_with_failed_actions_is_refused(cluster: Existing) -> None:
    cluster.exec("node1", "crm_standby", "--node", NAMES["node1"], "--update", "on")
    cluster.exec("node1", "crm_resource", "--wait", "--timeout=120s", timeout=150.0)
    before = cluster.cib()
    assert "node1 is in standby" in migrate(cluster)
    assert cluster.cib() == before
    cluster.exec("node1", "crm_standby", "--node", NAMES["node1"], "--delete")
    cluster.rest()


def test_forward_without_a_lost_packet(cluster: Existing) -> None:
    before = cluster.cib()
    assert "all is well" in migrate(cluster)
    after = cluster.cib()
    assert f'id="{RESOURCE}" class="ocf" {OURS}' in after
    assert after.partition("<constraints>")[2] == before.partition("<constraints>")[2]
    group = after.partition(f'<group id="{GROUP}">')[2]
    assert group.index("rsc_data_DB") < group.index(RESOURCE) < group.index("rsc_listener_DB")


def test_once_more_has_nothing_to_do(cluster: Existing) -> None:
    before = cluster.cib()
    assert "nothing is to be done" in migrate(cluster)
    assert cluster.cib() == before


def test_setup_and_switchover_know_it_by_its_name(cluster: Existing) -> None:
    before = cluster.cib()
    cluster.play("setup.yml", overlay_ip_failover="pacemaker")
    assert cluster.cib() == before
    target = "node2" if cluster.view().holder == "node1" else "node1"
    cluster.play("switchover.yml", overlay_ip_failover="pacemaker", target=target)
    cluster.rest(target)


def test_back_without_a_lost_packet(cluster: Existing) -> None:
    assert "all is well" in migrate(cluster, back=True)
    assert f'id="{RESOURCE}" class="ocf" {STOCK}' in cluster.cib()


def test_by_hand_as_it_is_shown_and_back_as_it_is_shown(cluster: Existing) -> None:
    """Program and agent are on the nodes since the first migration."""
    before, holder, lines = cluster.cib(), cluster.view().holder, typed(cluster)
    assert lines[0].startswith("aws-overlay-ip check  # on every node")
    type_in(cluster, lines)
    after = cluster.cib()
    assert f'id="{RESOURCE}" class="ocf" {OURS}' in after
    assert after.partition("<constraints>")[2] == before.partition("<constraints>")[2]
    assert cluster.exec("node1", "crm_resource", "--locate", "--resource", RESOURCE).endswith(NAMES[str(holder)])
    (look,) = (line for line in lines if "--locate" in line)
    (patch,) = (line for line in lines if "--patch" in line)
    replace = look.partition("If not: ")[2].partition(", the refresh")[0]
    assert lines.index(patch) > next(n for n, line in enumerate(lines) if "maintenance-mode=true" in line)
    again = [line for line in lines[1:] if "--query" not in line]
    type_in(cluster, [replace if line == patch else line for line in again])
    assert cluster.cib() == before
    cluster.rest(holder)
    assert "all is well" in cluster.play("status.yml").output


def test_under_another_name_and_within_maintenance(cluster: Existing) -> None:
    constraint = '<constraints><rsc_location id="loc_ip" rsc="{}" node="{}" score="10"/></constraints>'
    cluster.write_cib(f"<configuration>{constraint.format(RESOURCE, NAMES['node2'])}</configuration>")
    before = cluster.cib()
    setting = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
    cluster.exec("node1", *setting, "--update", "true")
    migrate(cluster, overlay_ip_migration_name="rsc_overlay_DB")
    assert cluster.exec("node1", *setting, "--query", "--quiet") == "true"
    after = cluster.cib()
    assert RESOURCE not in after
    assert '<rsc_location id="loc_ip" rsc="rsc_overlay_DB"' in after
    migrate(cluster, back=True)
    cluster.exec("node1", *setting, "--delete")
    assert cluster.cib() == before
    assert "all is well" in cluster.play("status.yml").output
