# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failover engines there are, run here, or should."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import view as keepalived
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import view as pacemaker
from unit.fake_host import FakeHost

USUAL = Deployment()
CONF = keepalived.conf(USUAL)
RESOURCES = """<cib><configuration><resources>
<primitive id="overlay-ip-192.0.2.1" class="ocf" provider="aws_ha" type="overlay-ip">
<instance_attributes id="a"><nvpair id="d" name="destination" value="192.0.2.1/32"/></instance_attributes></primitive>
<primitive class="stonith" id="overlay-ip-fencing" type="fence_aws"/></resources></configuration></cib>"""
OURS = {CONF: f"# {keepalived.MARK}\n", pacemaker.CIB: RESOURCES}


@pytest.mark.parametrize(
    ("units", "expected"),
    [([], []), (["keepalived.service"], ["keepalived"]), (["pacemaker.service", "corosync.service"], ["pacemaker"])],
)
def test_which_run(units: list[str], expected: list[str]) -> None:
    assert registry.running(FakeHost(units=units), USUAL) == expected
    assert [view["engine"] for view in registry.seen(FakeHost(units=units), USUAL)] == expected


def test_one_that_setup_configured_is_told_of_though_it_does_not_run() -> None:
    assert [(view["engine"], view["running"]) for view in registry.seen(FakeHost(OURS), USUAL)] == [
        ("keepalived", False),
        ("pacemaker", False),
    ]


def test_one_of_somebody_elses_is_not() -> None:
    assert registry.seen(FakeHost({CONF: "vrrp_instance X {}", pacemaker.CIB: "<cib/>"}), USUAL) == []


def test_what_each_was_given_is_told_with_the_command_that_removes_it() -> None:
    seen = registry.seen(FakeHost({**OURS, "/usr/sbin/pcs": ""}), USUAL)
    one = {"slug": "192.0.2.1", "resource": "overlay-ip-192.0.2.1"}
    assert [(view["engine"], view["configured"], view["given"]) for view in seen] == [
        ("keepalived", True, []),
        ("pacemaker", True, [{**one, "command": "pcs resource delete overlay-ip-192.0.2.1"}]),
    ]
    fencing = {pacemaker.CIB: '<primitive class="stonith" id="overlay-ip-fencing"/>'}
    (alone,) = registry.seen(FakeHost(fencing, [pacemaker.UNIT]), USUAL)
    assert (alone["configured"], alone["given"]) == (False, [])


@pytest.mark.parametrize("engine", ["keepalived", "pacemaker"])
def test_a_guard_that_does_not_run_is_told(engine: str) -> None:
    files = {"/etc/aws-overlay-ip/config.json": '{"name": "n1"}'}
    unit = {f"/etc/systemd/system/{registry.guard(USUAL)}": "[Unit]\n"}

    def told(files: dict[str, str], *units: str) -> list[str]:
        return [
            f["message"]
            for view in registry.seen(FakeHost(files, [f"{engine}.service", *units]), USUAL)
            for f in view["findings"]
            if f["id"] == "guard_stopped"
        ]

    sentence = "The guard does not run on n1: an address that is taken away there comes back at the next check of"
    assert told({**files, **unit}) == [f"{sentence} {engine} only."]
    assert told({**files, **unit}, registry.guard(USUAL)) == []
    assert told(files) == []
    assert registry.seen(FakeHost({**files, **unit}), USUAL) == []


def test_what_runs_and_is_busy_is_told_in_sentences() -> None:
    outputs: dict[tuple[str, ...], str] = {
        ("crmadmin", "--quiet", "--dc_lookup"): "n1",
        ("crmadmin", "--status", "n1"): "in state S_ELECTION: ok",
    }
    both = FakeHost(units=["pacemaker.service", "keepalived.service"], outputs=outputs)
    assert registry.busy(both, Deployment()) == ["pacemaker is in a transition (S_ELECTION on n1)."]
    assert registry.busy(FakeHost(outputs=outputs), Deployment()) == []
