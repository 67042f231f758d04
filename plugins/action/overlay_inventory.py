# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the inventory's variables on the controller, where they are, and hand out the model that the roles read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ..module_utils._engine import registry
from ..module_utils._inventory import calls, former, listed, settling
from ..module_utils._inventory import model as inventory_model
from ..plugin_utils import lease
from ..plugin_utils.play import Templated, refuse_limit, refuse_parts, region


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no file, no call to AWS."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset({"switchover", "identities", "seen", "whole", "told", "ask", "all_nodes", "records"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the model, or fail with every mistake."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            {
                "switchover": {"type": "bool", "default": False},
                "identities": {"type": "list", "elements": "dict", "default": []},
                "seen": {"type": "list", "elements": "dict", "default": []},
                "whole": {"type": "bool", "default": False},
                "told": {"type": "dict", "default": {}},
                "ask": {"type": "bool", "default": False},
                "all_nodes": {"type": "bool", "default": False},
                "records": {"type": "list", "elements": "dict", "default": []},
            }
        )
        known = task_vars or {}
        variables = Templated(known, self._templar)
        try:
            if arguments["whole"]:
                refuse_parts(known.get("ansible_run_tags", ()), known.get("ansible_skip_tags", ()))
            given = inventory_model.Given(
                variables,
                known["hostvars"],
                known["groups"],
                registry.NAMES,
                region(),
                load_extra_vars(self._loader),
                {name for names in (known, *self._nodes(variables, known)) for name in names},
                arguments["told"],
                registry.FOLLOWERS,
            )
            if arguments["ask"] and (stranger := inventory_model.stranger(given)):
                return {"changed": False, "model": stranger, "stranger": True}
            model = inventory_model.judged(given, switchover=arguments["switchover"])
            if arguments["whole"]:
                refuse_limit(model["nodes"], model["group"], known.get("ansible_play_hosts_all", ()))
            if arguments["all_nodes"] and not set(model["nodes"]).isdisjoint(known.get("ansible_play_hosts_all", ())):
                refuse_limit(model["nodes"], model["group"], known["ansible_play_hosts_all"])
            inventory_model.identify(model, {result["item"]: result for result in arguments["identities"]})
        except inventory_model.InventoryError as err:
            return {"failed": True, "msg": f"{err} Nothing was changed."}
        made = {"changed": False, "model": model, **_derived(model, arguments["seen"], arguments["records"])}
        return made if arguments["whole"] else {**made, "lease": lease.request(known, model)}

    def _nodes(self, variables: Templated, known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The variables of every node."""
        group = str(variables.get("overlay_ip_group") or "overlay_nodes")
        return [known["hostvars"][name] for name in known["groups"].get(group, ())]


def _derived(model: dict[str, Any], seen: list[dict[str, Any]], records: list[dict[str, Any]]) -> dict[str, Any]:
    """What follows from the model, so that no role has to work it out in Jinja."""
    known = former.routed(records, model["overlays"])
    rows = settling.replaced(model, seen, known)
    return {
        "unknown_nodes": inventory_model.unknown(model),
        "route_calls": calls.route_calls(model["overlays"], by_home=False),
        "interface_groups": calls.interface_groups(model["nodes"]),
        "interface_calls": calls.interface_calls(model["overlays"]),
        "setup_calls": settling.setup_calls(model, seen, known),
        "held_calls": {name: settling.held_calls(model, seen, name, known) for name in model["nodes"]},
        "former": [{**former.finding(row), "ready": row.ready} for row in rows if row.narrow],
        "former_calls": settling.parting(rows),
        "former_foretold": settling.parting(rows, whole=True),
        "lists_refused": listed.refused(model, seen),
        "list_additions": listed.additions(model, seen),
        "list_removals": listed.removals(model),
    }
