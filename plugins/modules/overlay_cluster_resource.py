#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the agent of a running cluster's resource in its place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_cluster_resource
short_description: Change the agent of a running cluster's resource in its place
version_added: 1.1.0
description:
  - Exchanges one primitive of a Pacemaker cluster for one of another agent, in its group, order and constraints,
    with its meta attributes, and under its name or a new one.
  - Nothing is stopped or moved.
  - For the seconds that it takes the cluster is in maintenance mode, and is given back as it was. Where the new agent
    does not find what the old one ran on the same node, the old primitive comes back in the same way.
  - In check mode it says which commands of C(pcs) and of C(crm) (crmsh) do the same.
  - Runs on one node of the cluster, with C(cibadmin), C(crm_diff), C(crm_attribute), C(crm_resource) and C(crm_mon).
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  resource:
    description:
      - The primitive.
    type: str
    required: true
  agent:
    description:
      - The new agent, as C(class:provider:type).
    type: str
  options:
    description:
      - Its instance attributes.
    type: dict
    default: {}
  operations:
    description:
      - Its operations, each a list of name, interval and timeout in seconds.
    type: list
    elements: list
    default: []
  name:
    description:
      - Its new name. Without it, it keeps the old one.
    type: str
  xml:
    description:
      - A whole primitive in the place of O(agent), O(options), O(operations) and O(name), as RV(before) of an earlier
        run.
    type: str
"""

EXAMPLES = r"""
- name: Give the collection's agent the place of the stock one
  aws_ha.overlay_ip.overlay_cluster_resource:
    resource: rsc_ip_HDB
    agent: ocf:aws_ha:overlay-ip
    options:
      destination: 192.168.10.15/32
    operations:
      - [start, 0, 30]
      - [stop, 0, 20]
      - [monitor, 10, 20]
  become: true
  run_once: true
"""

RETURN = r"""
resource:
  description: What it is called now.
  returned: success
  type: str
holder:
  description: The node that runs it, as the cluster calls it; an empty string where nothing was to be done.
  returned: success
  type: str
before:
  description: The primitive as it was, as XML.
  returned: success
  type: str
after:
  description: The primitive as it is.
  returned: success
  type: str
commands:
  description: What people would type for the same, in order; nothing where nothing differs.
  returned: in check mode
  type: dict
  contains:
    pcs:
      description: In the words of C(pcs).
      type: list
      elements: str
    crm:
      description: In the words of C(crm).
      type: list
      elements: str
"""

from typing import Any
from xml.etree.ElementTree import Element

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._engine.pacemaker import migration, replace, steps

SPEC: dict[str, dict[str, Any]] = {
    "resource": {"type": "str", "required": True},
    "agent": {"type": "str"},
    "options": {"type": "dict", "default": {}},
    "operations": {"type": "list", "elements": "list", "default": []},
    "name": {"type": "str"},
    "xml": {"type": "str"},
}
RULES: dict[str, Any] = {
    "required_one_of": [("agent", "xml")],
    "mutually_exclusive": [("agent", "xml"), ("name", "xml")],
}
"""What Ansible judges of arguments beside SPEC."""


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True, **RULES)
    try:
        exchange = _planned(module.params)
        changed = replace.shown(exchange.before) != replace.shown(exchange.after)
        holder = migration.held(exchange, migration.shell) if changed else ""
        commands = _commands(exchange, holder) if changed and module.check_mode else {}
        if changed and not module.check_mode:
            holder = migration.carry_out(exchange, migration.shell)
    except replace.ReplaceError as exc:
        module.fail_json(msg=f"{exc} Nothing was changed.")
    except migration.StepError as exc:
        module.fail_json(msg=f"The cluster's tools do not say what differs ({exc}): mend that. Nothing was changed.")
    except migration.MigrationError as exc:
        module.fail_json(msg=str(exc), changed=exc.changed)
    result: dict[str, Any] = {
        "changed": changed,
        "resource": exchange.new,
        "holder": holder,
        "before": replace.shown(replace.found(exchange.before, exchange.old)),
        "after": replace.shown(replace.found(exchange.after, exchange.new)),
        **({"commands": {"pcs": [], "crm": [], **commands}} if module.check_mode else {}),
    }
    if module._diff:
        result["diff"] = {
            "before_header": "the cluster's configuration",
            "after_header": "the cluster's configuration",
            "before": _configuration(exchange.before),
            "after": _configuration(exchange.after),
        }
    module.exit_json(**result)


def _planned(params: dict[str, Any]) -> migration.Exchange:
    root, name = migration.read(migration.shell), params["resource"]
    old = replace.found(root, name)
    if params["xml"]:
        new = replace.read(params["xml"])
    else:
        options = {str(key): str(value) for key, value in params["options"].items()}
        operations = [(str(what), int(interval), int(timeout)) for what, interval, timeout in params["operations"]]
        new = replace.made(old, params["agent"], options, operations, params["name"] or name)
    after = replace.placed(root, name, new)
    called = new.get("id", "")
    agents = replace.agent(root, name), replace.agent(after, called)
    return migration.Exchange(root, after, name, called, *agents)


def _commands(exchange: migration.Exchange, holder: str) -> dict[str, list[str]]:
    primitives = replace.found(exchange.before, exchange.old), replace.found(exchange.after, exchange.new)
    patch = migration.patch(exchange, migration.shell)
    return steps.steps(*primitives, patch, holder, migration.setting(exchange.before))


def _configuration(root: Element) -> str:
    """Without the cluster's state, which is none of a person's business here."""
    part = root.find("configuration")
    return replace.shown(part if part is not None else root)


if __name__ == "__main__":
    main()
