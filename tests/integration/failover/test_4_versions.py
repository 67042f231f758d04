# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every Pacemaker that Debian 11 to 14 carry, run: what is read of it in each state, and a migration there and back.

A cluster of one node in a Debian tree, see in_tree.py; no node boots.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lab.nodes.full_call import call
from lab.nodes.full_rootfs import CLUSTERS, rootfs

pytestmark = [pytest.mark.lab, pytest.mark.long]

ROOT = Path(__file__).parents[3]
VERSIONS = {"bullseye": "2.0.", "bookworm": "2.1.", "trixie": "3.0.", "forky": "3.0."}
OURS = "ocf:aws_ha:overlay-ip"


@pytest.fixture(scope="module", params=CLUSTERS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the cluster of this Debian has shown."""
    work = tmp_path_factory.mktemp("work")
    shutil.copytree(ROOT / "plugins", work / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("in_tree.py"), work)
    link = work / "collections/ansible_collections/aws_ha/overlay_ip"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../..")
    done = call(rootfs(f"cluster-{request.param}"), work, "python3 /parcel/in_tree.py", alone=True)
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["version"].startswith(VERSIONS[request.param])
    return said


def test_each_state_is_read(told: dict[str, Any]) -> None:
    # Without fencing, and with a resource that the drill's nodes do not have: only what differs counts.
    states = {name: (said[0], set(said[1:]) - set(told["states"]["rest"])) for name, said in told["states"].items()}
    assert states == {
        "rest": ("node1", set()),
        "maintenance": ("node1", {"maintenance_mode"}),
        "unmanaged": ("node1", {"resource_unmanaged"}),
        "disabled": ("", {"resource_disabled"}),
        "banned": ("", {"resource_banned"}),
        "standby": ("", {"node_standby"}),
        "all stopped": ("", {"all_stopped"}),
    }
    assert told["busy"] == ""
    assert told["movers"] == [["rsc_ip", "ocf:heartbeat:aws-vpc-move-ip", False]]
    assert told["kinds"]["msl"] == "promotable"


def test_a_migration_there_and_back_and_by_hand(told: dict[str, Any]) -> None:
    assert (told["forward"], told["agent"], told["unmoved"]) == ("node1", OURS, True)
    assert told["group"] == ["rsc_before", "rsc_ip", "rsc_after"]
    assert (told["back"], told["as before"]) == ("node1", True)
    assert (told["by hand"], told["and back"]) == (OURS, True)


def test_what_setup_adds_is_taken_and_follows_in_the_words_of_the_schema(told: dict[str, Any]) -> None:
    assert told["merged"] == [True, True]
    assert ["overlay-ip-192.168.10.16", "msl", "Promoted"] in told["follows"]
    assert "node1" in told["promoted"]
    assert told["at the end"] == {"192.168.10.15": "node1", "192.168.10.16": "node1"}
