# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the pairs of an inventory that has several, each as overlay_inventory reads the one of its play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ..module_utils._engine import registry
from ..module_utils._inventory import calls, pairs
from ..module_utils._inventory import model as inventory_model
from ..module_utils._inventory.reading import text
from ..module_utils._inventory.values import InventoryError, Variables
from ..plugin_utils import lease
from ..plugin_utils.play import Templated, below, refuse_limit, refuse_parts, region

_SPEC: dict[str, Any] = {"evacuate": {"type": "bool", "default": False}, "whole": {"type": "bool", "default": False}}


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no file, no call to AWS."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the pairs, or fail where none can be read; what is wrong with one hinders no other."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(_SPEC)
        known = task_vars or {}
        variables = Templated(known, self._templar)
        try:
            if arguments["whole"]:
                refuse_parts(known.get("ansible_run_tags", ()), known.get("ansible_skip_tags", ()))
            asked = _request(variables) if arguments["evacuate"] else {"zone": "", "node": ""}
            named = pairs.named(variables.get("overlay_ip_group"), known["groups"], below(known["hostvars"]))
            if arguments["whole"]:
                for name, nodes in named.items():
                    refuse_limit(nodes, name, known.get("ansible_play_hosts_all", ()))
            extra = load_extra_vars(self._loader)
            read: dict[str, dict[str, Any]] = {}
            wrong: dict[str, str] = {}
            accounts = _Accounts()
            for name, nodes in named.items():
                try:
                    read[name] = _pair(name, nodes, variables, known, extra, accounts, moves=arguments["evacuate"])
                except InventoryError as err:
                    wrong[name] = str(err)
            if not read:
                raise InventoryError(*dict.fromkeys(wrong.values()))
        except InventoryError as err:
            return {"failed": True, "msg": f"{err} Nothing was changed."}
        first = next(iter(read.values()))["model"]
        what = f"Evacuate {asked['zone'] or asked['node']}"
        return {
            "changed": False,
            "pairs": read,
            "wrong": wrong,
            "accounts": accounts.found,
            "request": asked,
            "lease": {**lease.request(known, first), "what": what},
        }


_SHOWS_NONE = (
    "overlay_ip_cluster_commands is true, and evacuate shows no commands: leave it out (--check says what would move),"
    " or run switchover.yml with it."
)


def _request(variables: Variables) -> dict[str, str]:
    """What to leave: zone or from, one of them."""
    zone, node = text(variables, "zone") or "", text(variables, "from") or ""
    if not (zone or node):
        raise InventoryError(
            "Neither zone nor from is set: say what to leave, -e zone=ZONE (its id, such as euc1-az2, or its name) or"
            " -e from=NODE."
        )
    if zone and node:
        raise InventoryError(f"zone is '{zone}' and from '{node}': give one of them.")
    return {"zone": zone, "node": node}


class _Named:
    """Variables in which the group of the nodes is that of one pair."""

    def __init__(self, variables: Variables, group: str) -> None:
        self._variables, self._group = variables, group

    def get(self, name: str, /) -> Any:
        """The value, or None."""
        return self._group if name == "overlay_ip_group" else self._variables.get(name)


class _Accounts:
    """The pairs by who calls AWS for them, and how: each has a bucket of its own. The options are not told."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self._options: list[Any] = []

    def of(self, model: Mapping[str, Any], given: Any) -> dict[str, Any]:
        """That of a pair, by its model and its `overlay_ip_aws`."""
        options = (model["aws"], given or {})
        if options not in self._options:
            self._options.append(options)
            number = len(self.found)
            self.found.append({"number": number, "node": next(iter(model["nodes"])), "aws": model["aws"], "pairs": []})
        return self.found[self._options.index(options)]


def _pair(
    name: str,
    nodes: Sequence[str],
    variables: Variables,
    known: Mapping[str, Any],
    extra: Mapping[str, Any],
    accounts: _Accounts,
    *,
    moves: bool,
) -> dict[str, Any]:
    """One pair: its model, and the calls that serve it; `moves`: it may be evacuated. Raises InventoryError."""
    there = {node: known["hostvars"][node] for node in nodes}
    given = inventory_model.Given(
        _Named(variables, name),
        {node: _Named(of_node, name) for node, of_node in there.items()},
        known["groups"],
        registry.NAMES,
        region(),
        extra,
        {variable for names in (known, *there.values()) for variable in names},
        followers=registry.FOLLOWERS,
    )
    model = inventory_model.judged(given)
    if moves and model["cluster_commands"]:
        raise InventoryError(_SHOWS_NONE)
    if unknown := [node for node, found in model["nodes"].items() if not found["instance_id"]]:
        raise InventoryError(
            f"overlay_ip_instance_id of {', '.join(unknown)} is not set, and where many pairs are looked at no node is"
            " asked for it: set it, or use the inventory plugin amazon.aws.aws_ec2."
        )
    account = accounts.of(model, next((o for o in (v.get("overlay_ip_aws") for v in there.values()) if o), {}))
    parts = [
        {key: call[key] for key in ("destinations", "route_table_ids", "vpc_id")}
        for call in calls.route_calls(model["overlays"], by_home=False)
    ]
    ids = [found["instance_id"] for found in model["nodes"].values()]
    account["pairs"].append({"name": name, "instance_ids": ids, "parts": parts})
    return {
        "model": model,
        "account": account["number"],
        "interface_calls": calls.interface_calls(model["overlays"]),
    }
