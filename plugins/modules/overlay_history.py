#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The moves that a node has on record."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_history
short_description: Read, and write, a node's records of moves
version_added: 1.1.0
description:
  - A node keeps a record of each move of an overlay IP that its own program makes, and of those to it that a playbook
    makes, in C(/var/lib/aws-overlay-ip/moves.jsonl), at most 500, and in its journal, with fields of their own
    (C(journalctl -t aws-overlay-ip -o verbose)).
  - This module returns them, or adds one. It runs on the node.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  record:
    description:
      - A record to add, as RV(aws_ha.overlay_ip.overlay_report#module:records) has it; the time is the node's own.
    type: dict
  node:
    description:
      - The node's name in the inventory. Required with O(record).
    type: str
  ends:
    description:
      - The run of which this is the last task on the node, so that its lease ends, as by
        M(aws_ha.overlay_ip.overlay_lease).
    type: dict
    suboptions:
      run:
        description: As in M(aws_ha.overlay_ip.overlay_lease).
        type: str
        required: true
      machine:
        description: As in M(aws_ha.overlay_ip.overlay_lease).
        type: str
        required: true
  state:
    description:
      - With V(absent) all records are removed, and what would be returned is empty.
    type: str
    choices: [present, absent]
    default: present
  deployment:
    description:
      - The name of the deployment whose records they are.
    type: str
    default: overlay-ip
"""

EXAMPLES = r"""
- name: Read a node's records
  aws_ha.overlay_ip.overlay_history:
  become: true
  register: history

- name: Tell since when its clock is ahead or behind
  ansible.builtin.debug:
    var: history.clock_offset
"""

RETURN = r"""
moves:
  description: The records, the oldest first.
  returned: always
  type: list
  elements: dict
  contains:
    time:
      description: When it began, in UTC by the node's clock.
      type: str
    node:
      description: The node that wrote it.
      type: str
    by:
      description: V(keepalived), V(pacemaker), V(operator), V(switchover), V(evacuate) or V(setup).
      type: str
    who:
      description: The person, where one is known, else an empty string.
      type: str
    command:
      description: What was called, in short.
      type: str
    why:
      description: The reason, where one is known, else an empty string.
      type: str
    done:
      description: Whether it succeeded.
      type: bool
    error:
      description: Why it did not, and how things are, else an empty string.
      type: str
    reason:
      description: The code of that, else an empty string.
      type: str
    from:
      description: The nodes, or interfaces, that held the overlay IPs.
      type: list
      elements: str
    to:
      description: The node that they were moved to.
      type: str
    tables:
      description:
        - Per route table and overlay IP, C(route_table_id), C(destination), C(action), C(from), C(to) and C(error), a
          code or null. At most 200; C(left_out) beside it is the number of those that are left out.
      type: list
      elements: dict
    seconds:
      description: By phase; C(all) is the whole.
      type: dict
    requests:
      description: Ids of the requests that wrote, by API action, where they are known.
      type: dict
    times:
      description: How often a failure was met again and again, the last time at C(until).
      returned: more than once
      type: int
clock:
  description: The node's clock, in seconds since the epoch.
  returned: always
  type: float
clock_offset:
  description:
    - The least and the most seconds by which the node's clock is ahead of the controller's; it is behind by what is
      below zero. How far the two are apart is how long it took to ask.
  returned: always
  type: list
  elements: float
"""

import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine.lease import Lease
from ..module_utils._node import history, moves

SPEC: dict[str, dict[str, Any]] = {
    "record": {"type": "dict"},
    "node": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "deployment": {"type": "str", "default": USUAL},
    "ends": {
        "type": "dict",
        "options": {name: {"type": "str", "required": True} for name in ("run", "machine")},
    },
}
RULES: dict[str, Any] = {"required_by": {"record": "node"}}
"""What Ansible judges of arguments beside SPEC."""


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True, **RULES)
    record, clock = module.params["record"], time.time()
    result: dict[str, Any] = {"changed": False, "clock": clock, "moves": []}
    try:
        deployment = Deployment(module.params["deployment"])
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    directory, ends = Path(deployment.state), module.params["ends"]
    if ends and not module.check_mode:
        Lease(deployment.memory[0]).let_go(ends["run"], ends["machine"])
    try:
        if module.params["state"] == "absent":
            result["changed"] = history.remove(directory, check=module.check_mode)
            module.exit_json(**result)
        result["moves"] = before = history.read(directory)
    except OSError as exc:
        if record is None:
            remedy = "run it as root" if isinstance(exc, PermissionError) else "ask the journal"
            module.fail_json(msg=f"{directory / history.NAME} cannot be read ({exc.strerror}): {remedy}.")
        before = []  # the journal gets the record all the same
    if record is not None:
        made = moves.made(record, module.params["node"], clock)
        if made is None:
            module.fail_json(msg="record is none: take it from what overlay_report returns as records.")
        result.update(changed=True, moves=[*before, made])
        if module._diff:
            result["diff"] = {"before": "", "after": f"{moves.line(made)}\n"}
        if not module.check_mode:
            history.tell(made)
            if not history.add([made], directory):
                module.fail_json(msg=f"{directory} cannot be written: the record is in the journal alone.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
