# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster under maintenance: what it would not do is refused in one sentence, before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from drill.bed import Bed, DrillError, bed

pytestmark = [pytest.mark.lab, pytest.mark.slow]

IP = "overlay-ip-192.168.10.15"
SETTING = "crm_attribute --type crm_config --name maintenance-mode"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Bed]:
    """Two nodes with Pacemaker, at rest on node1."""
    with bed("pacemaker") as made:
        yield made
        problems = made.control.problems()
    assert not problems, problems


def shell(cluster: Bed, command: str) -> None:
    cluster.exec("node1", "sh", "-c", f"{command} && crm_resource --wait --timeout=30s", timeout=60.0)


@pytest.mark.parametrize(
    ("begin", "end", "told", "playbooks"),
    [
        (
            f"{SETTING} --update true",
            f"{SETTING} --delete",
            "The cluster is in maintenance mode, and neither moves, starts nor stops anything:"
            " `crm_attribute --type crm_config --delete --name maintenance-mode`.",
            ("switchover.yml", "setup.yml", "teardown.yml"),
        ),
        (
            "crm_standby --node node2 --update on",
            "crm_standby --node node2 --delete",
            "node2 is in standby: `crm_standby --delete --node node2`, or give another target.",
            ("switchover.yml",),
        ),
        (
            f"crm_resource --resource {IP} --meta --set-parameter is-managed --parameter-value false",
            f"crm_resource --resource {IP} --meta --delete-parameter is-managed",
            f"{IP} is unmanaged, so that the cluster neither moves, starts nor stops it:",
            ("teardown.yml",),
        ),
        (
            f"crm_resource --ban --resource {IP} --node node2",
            f"crm_resource --clear --resource {IP}",
            f"`crm_resource --clear --resource {IP}`, or give another target.",
            ("switchover.yml",),
        ),
    ],
    ids=["maintenance mode", "standby", "unmanaged", "ban"],
)
def test_it_is_refused_before_anything_is_changed(
    cluster: Bed, begin: str, end: str, told: str, playbooks: tuple[str, ...]
) -> None:
    shell(cluster, begin)
    cluster.control.clear("calls")
    for playbook in playbooks:
        with pytest.raises(DrillError) as refusal:
            cluster.play(playbook, **({"target": "node2"} if playbook == "switchover.yml" else {}))
        assert f"{told}" in str(refusal.value)
        assert "Nothing was changed." in str(refusal.value)
        assert not re.search(r"changed=[1-9]", str(refusal.value))
    assert {call["action"] for call in cluster.control.calls() if not call["action"].startswith("Describe")} == set()
    assert told.split(":")[0].split("`")[0] in cluster.play("status.yml").output
    shell(cluster, end)
    cluster.rest("node1")


def test_a_move_that_fails_ends_in_a_sentence_and_leaves_no_constraint(cluster: Bed) -> None:
    cluster.exec("node2", "mv", "/usr/sbin/aws-overlay-ip", "/usr/sbin/aws-overlay-ip.gone")
    with pytest.raises(DrillError, match=f"did not bring .* to node2: {IP} failed on node2"):
        cluster.play("switchover.yml", target="node2")
    with pytest.raises(DrillError, match=r"Nothing was changed\."):
        cluster.play("switchover.yml", target="node2")
    assert "cli-" not in cluster.exec("node1", "cibadmin", "--query", "--scope", "constraints")
    cluster.exec("node2", "mv", "/usr/sbin/aws-overlay-ip.gone", "/usr/sbin/aws-overlay-ip")
    shell(cluster, f"crm_resource --cleanup --resource {IP}")
    cluster.rest("node1")


def test_a_configuration_that_corosync_refuses_is_not_written(cluster: Bed) -> None:
    """No inventory makes one, as far as we know; a fault of ours, or of a template that somebody changed, might."""
    show = (
        "sh",
        "-c",
        "systemctl show --property=ActiveEnterTimestampMonotonic corosync; cat /etc/corosync/corosync.conf",
    )
    before = cluster.exec("node1", *show)
    with pytest.raises(DrillError, match="Invalid transport type"):
        cluster.play("setup.yml", pacemaker_transport="knot")
    assert cluster.exec("node1", *show) == before
    assert cluster.rest("node1").at_rest


def test_another_mode_of_the_key_does_not_stop_the_cluster(cluster: Bed) -> None:
    cluster.exec("node2", "chmod", "600", "/etc/corosync/authkey")
    show = ("systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "corosync")
    since = cluster.exec("node2", *show)
    cluster.play("setup.yml")
    assert cluster.exec("node2", *show) == since
    assert cluster.exec("node2", "stat", "--format=%a", "/etc/corosync/authkey").strip() == "400"


def test_teardown_goes_by_a_node_on_which_the_cluster_runs(cluster: Bed) -> None:
    stop, start = (f"systemctl {verb} pacemaker corosync" for verb in ("stop", "start"))
    for node in cluster.nodes:
        cluster.exec(node, "sh", "-c", stop, timeout=60.0)
    with pytest.raises(DrillError, match="Pacemaker runs on no node, and its configuration has the overlay IPs"):
        cluster.play("teardown.yml")
    for node in cluster.nodes:
        cluster.exec(node, "sh", "-c", start, timeout=60.0)
    cluster.rest()
    with pytest.raises(
        DrillError, match=f"would not let go of {IP}: it is named by the constraint overlay-with-app: rem"
    ):
        cluster.play("teardown.yml")
    assert cluster.rest().at_rest
    cluster.exec("node1", "cibadmin", "--delete", "--xpath", "//rsc_colocation[@id='overlay-with-app']")
    cluster.exec("node1", "sh", "-c", stop, timeout=60.0)
    cluster.play("teardown.yml")
    assert IP not in cluster.exec("node2", "cibadmin", "--query", "--scope", "resources")
    for node in cluster.nodes:
        assert "aws_ha" not in cluster.exec(node, "ls", "/usr/lib/ocf/resource.d")
