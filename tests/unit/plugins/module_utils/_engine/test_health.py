# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each engine says of itself at a glance, and that who cannot know says nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import commands
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.health import Health, Look

KEEPALIVED = {"/etc/keepalived/keepalived.conf": "# aws_ha.overlay_ip.keepalived\n"}


def cluster(name: str, *given: str, agent: str = 'provider="aws_ha" type="overlay-ip"') -> dict[str, str]:
    """The configuration of a cluster with one resource."""
    pairs = "".join(f'<nvpair name="{key}" value="{value}"/>' for key, value in (one.split("=") for one in given))
    resource = (
        f'<primitive id="{name}" class="ocf" {agent}><instance_attributes>{pairs}</instance_attributes></primitive>'
    )
    return {
        "/var/lib/pacemaker/cib/cib.xml": f"<cib><configuration><resources>{resource}</resources></configuration></cib>"
    }


CLUSTER = cluster("overlay-ip-192.0.2.1", "destination=192.0.2.1/32")
NOW, ADVERT = 1000.0, 1.0


def health(files: dict[str, str], standing: Any = None, members: str | None = None, name: str = "overlay-ip") -> Any:
    """What is said where these files are there, keepalived said that last, and the cluster has these members."""

    def output(*argv: str) -> str | None:
        assert argv == ("crm_node", "--partition")
        return members

    remembered = {"keepalived.json": json.dumps(standing)} if standing is not None else {}
    look = Look(
        Deployment(name), lambda n: remembered.get(n, ""), ADVERT, NOW, lambda path: files.get(path, ""), output
    )
    return commands.health(look)


def test_without_an_engine_nothing_is_said() -> None:
    assert health({}) == {}
    assert health({"/etc/keepalived/keepalived.conf": "vrrp_instance X {}"}, {"state": "MASTER"}) == {}
    foreign = cluster("db", "ip=192.0.2.1", agent='provider="heartbeat" type="IPaddr2"')
    assert health(foreign, members="n1 n2") == {}
    assert health({"/var/lib/pacemaker/cib/cib.xml": "<cib"}, members="n1 n2") == {}
    assert health({**KEEPALIVED, **CLUSTER}, {"state": "MASTER"}, "n1 n2", name="sap") == {}


@pytest.mark.parametrize(
    ("standing", "able", "heard"),
    [
        ({"state": "BACKUP", "since": NOW - 5}, True, True),
        ({"state": "BACKUP", "since": NOW - 4.5}, True, None),  # it may become the master in a moment
        ({"state": "BACKUP", "since": NOW - 5, "lost": NOW - 9}, True, True),  # after a switchover
        ({"state": "BACKUP", "since": NOW - 1, "lost": NOW - 9}, True, False),  # master and backup in turn
        ({"state": "MASTER", "since": NOW - 99}, True, None),
        ({"state": "MASTER", "since": NOW - 1, "lost": NOW - 9}, True, False),
        ({"state": "FAULT", "since": NOW - 99, "lost": NOW - 999}, False, None),
        ({"state": "STOP", "since": NOW - 99}, False, False),
        (None, False, False),  # it has not said anything since the node was started
        ([], False, False),
    ],
)
def test_keepalived(standing: Any, able: bool, heard: bool | None) -> None:
    assert health(KEEPALIVED, standing) == {"keepalived": Health(able, heard)}


@pytest.mark.parametrize(
    ("members", "able", "heard"),
    [("node1 node2 \n", True, True), ("node1\n", True, False), ("node1 node1", True, False), (None, False, False)],
)
def test_pacemaker(members: str | None, able: bool, heard: bool) -> None:
    assert health(CLUSTER, members=members) == {"pacemaker": Health(able, heard)}


def test_each_deployment_has_its_own() -> None:
    files = {"/etc/keepalived/keepalived-sap.conf": "# aws_ha.overlay_ip.keepalived\n"}
    assert health(files, {"state": "BACKUP"}, name="sap") == {"keepalived": Health(able=True, heard=True)}
    sap = cluster("vip_sap", "destination=192.0.2.1/32", "program=/usr/sbin/aws-overlay-ip-sap")
    assert health(sap, members="a b", name="sap") == {"pacemaker": Health(able=True, heard=True)}
    assert health(sap, members="a b") == {}
