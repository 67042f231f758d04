#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merge resources and constraints into a running cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_cluster_configuration
short_description: Merge resources and constraints into a running cluster
version_added: 1.1.0
description:
  - Merges a part of a configuration into that of a Pacemaker cluster, and removes constraints. What is there besides
    stays as it is, and where nothing differs nothing is written.
  - Says which commands of C(pcs) and of C(crm) (crmsh) do the same, also in check mode, and in the diff.
  - Runs on one node of the cluster, with C(cibadmin).
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  xml:
    description:
      - The parts, each an element C(configuration) of the cluster's XML, in order.
    type: list
    elements: str
    default: []
  remove:
    description:
      - The names of constraints to remove. Those that are not there are passed over.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Keep two resources apart
  aws_ha.overlay_ip.overlay_cluster_configuration:
    xml:
      - >-
        <configuration><constraints>
        <rsc_colocation id="ers-apart" rsc="grp_ERS" with-rsc="grp_ASCS" score="-5000"/>
        </constraints></configuration>
  become: true
  run_once: true
"""

RETURN = r"""
commands:
  description: What people would type for the same, in order; nothing where nothing differs.
  returned: success
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

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._engine.pacemaker import commands, configuration, migration, replace

SPEC: dict[str, dict[str, Any]] = {
    "xml": {"type": "list", "elements": "str", "default": []},
    "remove": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    xml, remove = module.params["xml"], module.params["remove"]
    try:
        change = configuration.planned(migration.shell, xml, remove)
        if not change.empty and not module.check_mode:
            configuration.carry_out(migration.shell, xml, remove, change)
    except replace.ReplaceError as exc:
        module.fail_json(msg=f"{exc} Nothing was changed.")
    except configuration.ConfigurationError as exc:
        module.fail_json(msg=str(exc), changed=exc.changed)
    words = commands.commands(change.before, change.after)
    result: dict[str, Any] = {"changed": not change.empty, "commands": words}
    if module._diff:
        header = "the cluster's configuration"
        texts = {"before": configuration.shown(change.before), "after": configuration.shown(change.after)}
        result["diff"] = [{"before_header": header, "after_header": header, **texts}]
        if not change.empty:
            typed = [f"# {line}" for shell in words.values() for line in shell]
            result["diff"].append({"prepared": "\n".join(["The same by hand, by pcs or by crm:", *typed, ""])})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
