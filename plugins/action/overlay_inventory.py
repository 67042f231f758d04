# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the inventory's variables on the controller, where they are, and hand out the model that the roles read."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ..module_utils._engine import registry
from ..module_utils._inventory import calls, holders
from ..module_utils._inventory import model as inventory_model
from ..plugin_utils import lease

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION", "EC2_REGION")


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no file, no call to AWS."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset({"switchover", "identities", "seen", "whole", "told", "ask"})

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
            }
        )
        known = task_vars or {}
        variables = _Templated(known, self._templar)
        environment = next((os.environ[name] for name in REGION_VARIABLES if os.environ.get(name)), None)
        try:
            if arguments["whole"]:
                _refuse_parts(known.get("ansible_run_tags", ()), known.get("ansible_skip_tags", ()))
            given = inventory_model.Given(
                variables,
                known["hostvars"],
                known["groups"],
                registry.NAMES,
                environment,
                load_extra_vars(self._loader),
                {name for names in (known, *self._nodes(variables, known)) for name in names},
                arguments["told"],
                registry.FOLLOWERS,
            )
            if arguments["ask"] and (stranger := inventory_model.stranger(given)):
                return {"changed": False, "model": stranger, "stranger": True}
            model = inventory_model.judged(given, switchover=arguments["switchover"])
            if arguments["whole"]:
                _refuse_limit(model, known.get("ansible_play_hosts_all", ()))
            inventory_model.identify(model, {result["item"]: result for result in arguments["identities"]})
        except inventory_model.InventoryError as err:
            return {"failed": True, "msg": f"{err} Nothing was changed."}
        made = {"changed": False, "model": model, **_derived(model, arguments["seen"])}
        return made if arguments["whole"] else {**made, "lease": lease.request(known, model)}

    def _nodes(self, variables: _Templated, known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The variables of every node."""
        group = str(variables.get("overlay_ip_group") or "overlay_nodes")
        return [known["hostvars"][name] for name in known["groups"].get(group, ())]


def _refuse_parts(run_tags: Iterable[str], skip_tags: Iterable[str]) -> None:
    """Refuse a run of a playbook that leaves tasks out: none of ours has tags, and each needs those before it."""
    chosen = [f"--tags {tag}" for tag in run_tags if tag != "all"] + [f"--skip-tags {tag}" for tag in skip_tags]
    if chosen:
        raise inventory_model.InventoryError(
            f"{' '.join(chosen)} leaves out tasks that later ones need: run the playbook whole, or compose the roles in"
            " a playbook of your own."
        )


def _refuse_limit(model: Mapping[str, Any], present: Collection[str]) -> None:
    """Refuse a run without some of the nodes, or without any, which would do nothing and look well."""
    if left_out := [name for name in model["nodes"] if name not in present]:
        raise inventory_model.InventoryError(
            f"--limit leaves out {', '.join(left_out)}: the overlay IPs are moved between all nodes of"
            f" {model['group']}, and each must know the others. Run it without --limit."
        )


class _Templated:
    """The play's variables, each resolved when it is read: an action plugin gets them raw."""

    def __init__(self, raw: Mapping[str, Any], templar: Any) -> None:
        self._raw, self._templar = raw, templar

    def get(self, name: str, /) -> Any:
        """The value, or None."""
        return self._templar.template(self._raw[name]) if name in self._raw else None


def _derived(model: dict[str, Any], seen: list[dict[str, Any]]) -> dict[str, Any]:
    """What follows from the model, so that no role has to work it out in Jinja."""
    return {
        "unknown_nodes": inventory_model.unknown(model),
        "route_calls": calls.route_calls(model["overlays"], by_home=False),
        "interface_groups": calls.interface_groups(model["nodes"]),
        "interface_calls": calls.interface_calls(model["overlays"]),
        "setup_calls": holders.setup_calls(model, seen),
        "held_calls": {name: holders.held_calls(model, seen, name) for name in model["nodes"]},
    }
