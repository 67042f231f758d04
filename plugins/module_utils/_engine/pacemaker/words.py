# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that mend a cluster, in the words of pcs, of crmsh, and of Pacemaker's own tools; and how
Pacemaker calls what it did. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SETTINGS = "crm_attribute --type crm_config --delete --name"

COMMANDS: Mapping[str, Mapping[str, str]] = {
    "pcs": {
        "online": "pcs node unstandby {0}",
        "ready": "pcs node unmaintenance {0}",
        "maintenance": "pcs property set maintenance-mode=false",
        "stop-all": "pcs property set stop-all-resources=false",
        "manage": "pcs resource manage {0}",
        "enable": "pcs resource enable {0}",
        "cleanup": "pcs resource cleanup {0}",
        "clear": "pcs resource clear {0}",
        "forget": "pcs constraint delete {0}",
        "confirm": "pcs stonith confirm {0}",
        "stick": "pcs resource meta {0} resource-stickiness=100",
        "remove": "pcs resource delete {0}",
    },
    "crm": {
        "online": "crm node online {0}",
        "ready": "crm node ready {0}",
        "maintenance": "crm configure property maintenance-mode=false",
        "stop-all": "crm configure property stop-all-resources=false",
        "manage": "crm resource manage {0}",
        "enable": "crm resource start {0}",
        "cleanup": "crm resource cleanup {0}",
        "clear": "crm resource clear {0}",
        "forget": "crm configure delete {0}",
        "confirm": "stonith_admin --confirm={0}",
        "stick": "crm resource meta {0} set resource-stickiness 100",
        "remove": "crm resource stop {0} && crm_resource --wait && crm configure delete {0}",
    },
    "": {
        "online": "crm_standby --delete --node {0}",
        "ready": "crm_attribute --delete --name maintenance --node {0}",
        "maintenance": f"{_SETTINGS} maintenance-mode",
        "stop-all": f"{_SETTINGS} stop-all-resources",
        "manage": "crm_resource --meta --delete-parameter is-managed --resource {0}",
        "enable": "crm_resource --meta --delete-parameter target-role --resource {0}",
        "cleanup": "crm_resource --cleanup --resource {0}",
        "clear": "crm_resource --clear --resource {0}",
        "confirm": "stonith_admin --confirm={0}",
        "stick": "crm_resource --meta --set-parameter resource-stickiness --parameter-value 100 --resource {0}",
        "forget": "cibadmin --delete --xpath \"//rsc_location[@id='{0}']\"",
        "remove": "crm_resource --meta --set-parameter target-role --parameter-value Stopped --resource {0} &&"
        " crm_resource --wait && cibadmin --delete --xpath \"//primitive[@id='{0}']\"",
    },
}
"""What mends it, in the words of the shell that the node has; those of the last are everywhere."""

_KEY = r"(?::\d+)?_(?:[a-z-]+|migrate_to|migrate_from)_\d+"


def is_of(key: str, name: str) -> bool:
    """Whether a key of an operation, RESOURCE_TASK_INTERVAL, is of that resource, or of an instance of it.

    Resources are named by what they begin with, rsc_ip and rsc_ip_ro: the key must be understood as a whole.
    """
    return re.fullmatch(re.escape(name) + _KEY, key) is not None
