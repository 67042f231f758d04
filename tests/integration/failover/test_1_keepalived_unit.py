# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived is told by the application's own unit that it has ended. The numbers are in docs/timing.md."""

from __future__ import annotations

import pytest

from drill.bed import Bed, DrillError
from lab.playbook.run import run_playbook

pytestmark = [pytest.mark.lab, pytest.mark.slow]

UNIT = "overlay-app.service"
DROPIN = f"/etc/systemd/system/{UNIT}.d/aws-overlay-ip-check.conf"
TRACKING, TRACKED = "/etc/tmpfiles.d/aws-overlay-ip-check.conf", "/run/keepalived-aws-overlay-ip"
#: A check command finds it after 2 x 2 s: this is well below that, on busy cores, too.
SOON = 1.5


def other(pair: Bed, node: str) -> str:
    return next(name for name in pair.nodes if name != node)


def says(pair: Bed, node: str) -> str:
    return pair.exec(node, "cat", TRACKED)


def left(pair: Bed, node: str) -> str:
    return pair.exec(
        node, "sh", "-c", f"ls -d {DROPIN} {DROPIN.rpartition('/')[0]} {TRACKING} {TRACKED} 2>/dev/null || true"
    )


def test_a_running_pair_is_told_of_a_unit_without_a_lost_packet(pair: Bed) -> None:
    holder = pair.rest().holder or ""
    since = ("systemctl", "show", "--property=ActiveEnterTimestampMonotonic", UNIT)
    before = {node: pair.exec(node, *since) for node in pair.nodes}
    with pair.probe() as probe:
        probe.wait_for(holder)
        wanted = {**pair.variables(), "overlay_ip_check_unit": UNIT}
        checked = run_playbook("setup.yml", pair.directory.inventory, extra_vars=wanted, check=True)
        assert checked.ok, checked.output
        assert "+ExecStopPost=-+/bin/sh" in checked.output
        assert [left(pair, node) for node in pair.nodes] == ["", ""]
        pair.play("setup.yml", overlay_ip_check_unit=UNIT)
        pair.rest(holder)
        assert sum(pair.play("setup.yml", overlay_ip_check_unit=UNIT).changed.values()) == 0
    assert (probe.report.who, probe.report.lost) == ((holder,), 0)
    assert [says(pair, node) for node in pair.nodes] == ["0", "0"]
    assert {node: pair.exec(node, *since) for node in pair.nodes} == before  # nobody restarted the application


def test_a_dead_application_is_replaced_at_once(pair: Bed) -> None:
    holder = pair.rest().holder or ""
    with pair.probe() as probe:
        probe.wait_for(holder)
        pair.kill_application(holder)
        probe.wait_for(other(pair, holder), 30)
        found = pair.play("status.yml", overlay_ip_check_unit=UNIT).output
    assert f"keepalived is in FAULT on {holder}" in found
    assert f"{UNIT} does not run" in found
    assert probe.report.who == (holder, other(pair, holder))
    assert probe.report.gap_ms / 1000 < SOON
    pair.start_application(holder)
    pair.rest(other(pair, holder))


@pytest.mark.long
@pytest.mark.parametrize(
    ("stop", "unit", "told"),
    [
        (True, UNIT, f"overlay_ip_check_unit is '{UNIT}', which does not run on "),
        (False, "no-such-thing", "overlay_ip_check_unit is 'no-such-thing', and node1 has no such service"),
        (False, "keepalived", "overlay_ip_check_unit is 'keepalived', which is the failover engine itself on node1"),
        (False, "hidden", "overlay_ip_check_unit is 'hidden', which has a /run of its own on node1"),
    ],
)
def test_what_cannot_be_tracked_is_refused_before_anything_is_changed(
    pair: Bed, stop: bool, unit: str, told: str
) -> None:
    holder = pair.rest().holder or ""
    hidden = "[Service]\nExecStart=/bin/sleep infinity\nTemporaryFileSystem=/var /run\n"
    for node in pair.nodes:
        pair.write(node, "/run/systemd/system/hidden.service", hidden)
    if stop:
        pair.play("setup.yml", overlay_ip_check_command="")  # nobody asks for it: it would move
        pair.exec(holder, "systemctl", "stop", "overlay-app")
    try:
        with pytest.raises(DrillError) as refusal:
            pair.play("setup.yml", overlay_ip_check_command="", overlay_ip_check_unit=unit)
    finally:
        pair.exec(holder, "systemctl", "start", "overlay-app")
    assert told in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)


@pytest.mark.long
def test_a_sandbox_of_the_unit_and_a_reboot_make_no_difference(pair: Bed) -> None:
    pair.play("setup.yml", overlay_ip_check_unit=UNIT)
    holder = pair.rest().holder or ""
    standby = other(pair, holder)
    sandbox = "[Service]\nUser=nobody\nProtectSystem=strict\nPrivateTmp=yes\nNoNewPrivileges=yes\n"
    pair.exec(standby, "mkdir", "-p", f"/etc/systemd/system/{UNIT}.d")
    pair.write(standby, f"/etc/systemd/system/{UNIT}.d/sandbox.conf", sandbox)
    try:
        pair.reboot(standby)
        pair.rest(holder)
        assert says(pair, standby) == "0"
        pair.exec(standby, "systemctl", "stop", "overlay-app")
        assert says(pair, standby) == "1"
        pair.exec(standby, "systemctl", "start", "overlay-app")
        assert says(pair, standby) == "0"
    finally:
        pair.exec(standby, "sh", "-c", f"rm -f /etc/systemd/system/{UNIT}.d/sandbox.conf; systemctl daemon-reload")
        pair.exec(standby, "systemctl", "restart", "overlay-app")
    pair.rest(holder)


@pytest.mark.long
def test_another_unit_takes_its_place(pair: Bed) -> None:
    """Nothing of ours stays in the first one's, and nothing moves."""
    for node in pair.nodes:
        pair.write(node, "/etc/systemd/system/second.service", "[Service]\nExecStart=/bin/sleep infinity\n")
        pair.exec(node, "systemctl", "start", "second")
    holder = pair.rest().holder or ""
    with pair.probe() as probe:
        probe.wait_for(holder)
        pair.play("setup.yml", overlay_ip_check_unit="second")
        pair.rest(holder)
        assert [left(pair, node).split() for node in pair.nodes] == [[TRACKING, TRACKED]] * 2
        pair.exec(other(pair, holder), "systemctl", "stop", "second")
        assert says(pair, other(pair, holder)) == "1"
        pair.exec(other(pair, holder), "systemctl", "start", "second")
        pair.play("setup.yml", overlay_ip_check_unit=UNIT)
        pair.rest(holder)
    assert (probe.report.who, probe.report.lost) == ((holder,), 0)
    folder = "/etc/systemd/system/second.service.d"
    assert [pair.exec(node, "sh", "-c", f"ls -d {folder} 2>/dev/null || true") for node in pair.nodes] == ["", ""]


@pytest.mark.long
def test_without_a_unit_nothing_is_left_of_it(pair: Bed) -> None:
    holder = pair.rest().holder or ""
    with pair.probe() as probe:
        probe.wait_for(holder)
        pair.play("setup.yml")
        pair.rest(holder)
        assert sum(pair.play("setup.yml").changed.values()) == 0
    assert (probe.report.who, probe.report.lost) == ((holder,), 0)
    assert [left(pair, node) for node in pair.nodes] == ["", ""]
    assert ["track_file" in pair.exec(n, "cat", "/etc/keepalived/keepalived.conf") for n in pair.nodes] == [False] * 2
