# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of a cluster as Pacemaker says them, from outputs of a real pair with 2.1.5, and what is to be made of each.

3.0.0's are of its `crm_mon` with the same CIBs. Older ones, which no machine here runs, are written as published
outputs of 1.1.20 and 2.0.3 are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import view as pacemaker

RECORDED = Path(__file__).parent / "plugins/module_utils/_engine/pacemaker/recorded"
IP = "overlay-ip-192.168.10.15"
ALL = ["setup", "move", "teardown"]
FORMS = ("1.1", "2.0", "2.1.5", "3.0.0")
UNRECORDED = (("noquorum", "3.0.0"), ("ban2life", "3.0.0"))

#: Of each state: what it is called, whose it is, what it hinders, and what is said, remedy included.
STATES: dict[str, tuple[str, str, list[str], str]] = {
    "maintenance": (
        "maintenance_mode",
        "",
        ALL,
        "The cluster is in maintenance mode, and neither moves, starts nor stops anything."
        " `crm_attribute --type crm_config --delete --name maintenance-mode`.",
    ),
    "stopall": (
        "all_stopped",
        "",
        ["setup", "move"],
        "stop-all-resources is set, so that the cluster starts nothing."
        " `crm_attribute --type crm_config --delete --name stop-all-resources`.",
    ),
    "standby2": (
        "node_standby",
        "node2",
        ["move"],
        "node2 is in standby. `crm_standby --delete --node node2`.",
    ),
    "nodemaint2": (
        "node_maintenance",
        "",
        ALL,
        "node2 is in maintenance, and the cluster leaves alone what it runs."
        " `crm_attribute --delete --name maintenance --node node2`.",
    ),
    "unmanaged": (
        "resource_unmanaged",
        "",
        ALL,
        f"{IP} is unmanaged, so that the cluster neither moves, starts nor stops it."
        f" `crm_resource --meta --delete-parameter is-managed --resource {IP}`.",
    ),
    "disabled": (
        "resource_disabled",
        "",
        ["setup", "move"],
        f"{IP} is disabled. `crm_resource --meta --delete-parameter target-role --resource {IP}`.",
    ),
    "ban2": (
        "resource_banned",
        "node2",
        ["move"],
        f"{IP} is banned from node2 (cli-ban-{IP}-on-node2, left by a move or ban by hand)."
        f" `crm_resource --clear --resource {IP}`.",
    ),
    "ban2life": (
        "resource_banned",
        "node2",
        ["move"],
        f"{IP} is banned from node2 (cli-ban-{IP}-on-node2-rule, left by a move or ban by hand)."
        f" `crm_resource --clear --resource {IP}`.",
    ),
    "move1": (
        "resource_bound",
        "",
        [],
        f"{IP} is bound to node2 (cli-prefer-{IP}, left by a move by hand), and goes back there by itself."
        f" `crm_resource --clear --resource {IP}`.",
    ),
    "failcount2": (
        "resource_failed_there",
        "node2",
        ["move"],
        f"{IP} failed on node2, and the cluster does not start it there."
        f" mend the cause, then `crm_resource --cleanup --resource {IP}`.",
    ),
    "failed2": (
        "resource_failed_there",
        "node2",
        ["move"],
        f"{IP} failed on node2 (migrate_from: not installed), and the cluster does not start it there."
        f" mend the cause, then `crm_resource --cleanup --resource {IP}`.",
    ),
    "node2stopped": (
        "engine_stopped",
        "node2",
        ["move"],
        "The cluster does not run on node2. `systemctl start pacemaker.service` there.",
    ),
    "noquorum": (
        "no_quorum",
        "",
        ALL,
        "The cluster has no quorum on node1, so that it starts nothing and takes no orders."
        " see that it runs on the other nodes, and that UDP port 5405 is open between them.",
    ),
    "fromstopped": (
        "engine_silent",
        "self",
        ALL,
        "pacemaker runs on node1, but the cluster does not answer there."
        " `systemctl status pacemaker corosync` and their journals say why.",
    ),
}


OURS = f"""<cib><configuration><resources><primitive id="{IP}" class="ocf" provider="aws_ha" type="overlay-ip">
<instance_attributes id="a"><nvpair id="d" name="destination" value="192.168.10.15/32"/></instance_attributes>
</primitive></resources></configuration></cib>"""
#: A cluster of somebody else's, made by hand: tests/drill/existing.py.
NAMES = ["SAPDB1.corp.example", "SAPDB2.corp.example"]


def read(state: str, form: str = "2.1.5") -> str:
    """What was recorded, or how an older Pacemaker says the same."""
    text = (RECORDED / ("3.0.0" if form == "3.0.0" else "2.1.5") / f"{state}.xml").read_text()
    if form in ("1.1", "2.0"):
        text = re.sub(r'"ocf:(\w+):', r'"ocf::\1:', text).replace(' promoted-only="false"', "")
        text = re.sub(r"\n *<pacemakerd .*/>", "", text)
    if form == "1.1":
        text = re.sub(r"<pacemaker-result [^>]*>", '<crm_mon version="1.1.20">', text)
        text = re.sub(r"\n *<status code.*\n</pacemaker-result>", "\n</crm_mon>", text)
    return text


def constraints(state: str) -> str | None:
    """The constraints that were recorded with it."""
    path = RECORDED / "2.1.5" / f"{state}.constraints.xml"
    return path.read_text() if path.exists() else None


def told(state: str, form: str = "2.1.5", shell: str = "") -> dict[str, Any]:
    """What is made of it, on node1."""
    return pacemaker.told(read(state, form), constraints(state), pacemaker.COMMANDS[shell], "node1")
