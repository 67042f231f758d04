# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A primitive is exchanged in a cluster that is a few values; each step fails once, and the old state comes back."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import migration, replace
from unit.cluster_tools import HOLDER, OURS, STOCK, Cluster


def exchange(cluster: Cluster, name: str = "rsc_ip_DB") -> migration.Exchange:
    before = migration.read(cluster)
    new = replace.made(replace.found(before, "rsc_ip_DB"), OURS, {"destination": "192.168.10.15/32"}, [], name)
    return migration.Exchange(before, replace.placed(before, "rsc_ip_DB", new), "rsc_ip_DB", name, STOCK, OURS)


SET = "crm_attribute --type crm_config --name maintenance-mode"
WAIT = "crm_resource --wait --timeout=60s"


def test_the_steps_in_order() -> None:
    cluster = Cluster()
    assert migration.carry_out(exchange(cluster), cluster) == HOLDER
    assert cluster.calls == [
        f"{SET} --update true",
        WAIT,
        "cibadmin --patch --xml-pipe",
        "crm_resource --refresh --force --resource rsc_ip_DB",
        WAIT,
        f"{SET} --delete",
        WAIT,
    ]
    assert (cluster.maintenance, cluster.known) == ("", {"rsc_ip_DB": OURS})


def test_a_new_name_lets_the_cluster_forget_the_old_one() -> None:
    cluster = Cluster()
    migration.carry_out(exchange(cluster, "vip"), cluster)
    assert [c.rpartition(" ")[2] for c in cluster.calls if "--refresh" in c] == ["rsc_ip_DB", "vip"]
    assert cluster.known == {"vip": OURS}


def test_maintenance_that_was_there_is_given_back() -> None:
    cluster = Cluster("true")
    migration.carry_out(exchange(cluster), cluster)
    assert cluster.maintenance == "true"
    assert not [call for call in cluster.calls if call.startswith("crm_attribute")]
    cluster = Cluster("false")
    migration.carry_out(exchange(cluster), cluster)
    assert cluster.maintenance == "false"


@pytest.mark.parametrize(
    ("fails", "reached"),
    [
        (SET, "to begin maintenance"),
        ("crm_diff", "to exchange the resource"),
        ("cibadmin --patch", "to exchange the resource"),
        ("crm_resource --refresh", "to let the cluster ask the new agent"),
        (f"{SET} --delete", "to end maintenance"),
    ],
)
def test_a_step_that_fails_ends_in_the_old_state(fails: str, reached: str) -> None:
    cluster = Cluster()
    before = cluster.configuration()
    planned = exchange(cluster)
    cluster.fails = {fails: 1}
    with pytest.raises(migration.MigrationError) as error:
        migration.carry_out(planned, cluster)
    assert f"It failed {reached} (" in str(error.value)
    assert f"rsc_ip_DB ({STOCK}) is back as it was on {HOLDER}" in str(error.value)
    assert not error.value.changed
    assert (cluster.maintenance, cluster.known, cluster.configuration()) == ("", {"rsc_ip_DB": STOCK}, before)


@pytest.mark.parametrize("was", ["", "false", "true"])
def test_a_cluster_that_does_not_come_to_rest_is_not_left_in_maintenance(was: str) -> None:
    cluster = Cluster(was)
    planned = exchange(cluster)
    cluster.fails = {WAIT: 99}
    with pytest.raises(migration.MigrationError) as error:
        migration.carry_out(planned, cluster)
    assert "It failed to begin maintenance (" in str(error.value)
    assert not error.value.changed
    assert (cluster.maintenance, cluster.known) == (was, {"rsc_ip_DB": STOCK})
    assert not [call for call in cluster.calls if "--patch" in call or "--refresh" in call]


def test_a_new_agent_that_does_not_find_it_gives_its_place_back() -> None:
    cluster = Cluster()
    before = cluster.configuration()
    cluster.broken = {OURS}
    with pytest.raises(migration.MigrationError, match="is not started without a failure"):
        migration.carry_out(exchange(cluster), cluster)
    assert (cluster.maintenance, cluster.known, cluster.configuration()) == ("", {"rsc_ip_DB": STOCK}, before)
    # Maintenance ended once only, when all was as before.
    assert [call for call in cluster.calls if "--delete" in call] == [f"{SET} --delete"]
    assert cluster.calls.index(f"{SET} --delete") == len(cluster.calls) - 2


def test_where_going_back_fails_it_stays_in_maintenance_and_says_what_to_finish() -> None:
    cluster = Cluster()
    planned = exchange(cluster)
    cluster.broken, cluster.fails = {OURS, STOCK}, {}
    cluster.broken.discard(STOCK)
    cluster.fails = {"crm_resource --refresh": 2}
    with pytest.raises(migration.MigrationError) as error:
        migration.carry_out(planned, cluster)
    assert error.value.changed
    assert "and going back failed to let the cluster ask the new agent" in str(error.value)
    assert f"then `{SET} --delete`." in str(error.value)
    assert cluster.maintenance == "true"


@pytest.mark.parametrize("state", ["stopped", "failed", "other"])
def test_what_does_not_run_well_is_not_touched(state: str) -> None:
    cluster = Cluster()
    planned = exchange(cluster)
    if state == "stopped":
        cluster.broken = {STOCK}
    elif state == "failed":
        cluster.failed_action = "rsc_ip_DB_monitor_60000"
    else:
        cluster.known = {"rsc_ip_DB": OURS}
    with pytest.raises(migration.MigrationError, match=r"does not run on exactly one node.*Nothing was changed"):
        migration.carry_out(planned, cluster)
    assert cluster.calls == []


def test_a_cluster_that_does_not_answer() -> None:
    cluster = Cluster()
    cluster.fails = {"cibadmin --query": 1}
    with pytest.raises(replace.ReplaceError, match="does not answer"):
        migration.read(cluster)


def test_an_older_crm_mon_is_asked_in_its_own_way() -> None:
    cluster = Cluster()
    planned = exchange(cluster)
    cluster.fails = {"crm_mon --one-shot --inactive --failcounts --output-as=xml": 99}
    assert migration.carry_out(planned, cluster) == HOLDER


def test_the_nodes_own_shell() -> None:
    assert migration.shell(("sh", "-c", "cat; exit 3"), "said") == (3, "said")
    assert migration.shell(("sh", "-c", "echo no >&2; exit 1")) == (1, "no")
    assert migration.shell(("/nowhere/at-all",))[0] == 127
