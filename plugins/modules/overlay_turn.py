#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose turn it is to be mended by itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_turn
short_description: Let what starts by itself take turns
version_added: 1.1.0
description:
  - A node keeps, in C(/var/lib/aws-overlay-ip/turns.json), when something was last started by itself for each overlay
    IP, so that not more than one thing is in a while, whichever controller or job starts it. It outlives reboots.
  - This module tells that, with whether a takeover is under way, or takes a turn, for all of the overlay IPs that it is
    given or for none. Two that ask at once do not both get it. It runs on the node.
  - The role P(aws_ha.overlay_ip.respond#role) uses it.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  destinations:
    description:
      - The overlay IPs to take a turn for, such as C(192.168.10.15/32). Without any, the turns are only told.
    type: list
    elements: str
    default: []
  what:
    description:
      - What is to be started, and why; for people.
    type: str
    default: ""
  pause:
    description:
      - The seconds that must have passed since the last turn of each.
    type: float
    default: 600
  state:
    description:
      - With V(absent) nothing is kept any more.
    type: str
    choices: [present, absent]
    default: present
  deployment:
    description:
      - The name of the deployment whose overlay IPs they are.
    type: str
    default: overlay-ip
"""

EXAMPLES = r"""
- name: Take a turn, once in ten minutes
  aws_ha.overlay_ip.overlay_turn:
    destinations: [192.168.10.15/32]
    what: setup, for OverlayIpTableDead
  become: true
  register: turn

- name: Start what was asked for
  ansible.builtin.debug:
    msg: It may be started.
  when: turn.taken
"""

RETURN = r"""
taken:
  description: Whether the turn was taken; in check mode, whether it would have been.
  returned: always
  type: bool
against:
  description: The turns that stand against it, as RV(turns).
  returned: always
  type: list
  elements: dict
turns:
  description: The last turn of each overlay IP, before this one.
  returned: always
  type: list
  elements: dict
  contains:
    destination:
      description: The overlay IP.
      type: str
    what:
      description: What was started, and why.
      type: str
    age:
      description: How many seconds ago, by the node's clock.
      type: float
moving:
  description:
    - Whether the node's program is taking over, and has not ended within three seconds, as far as can be seen without
      disturbing it.
  returned: always
  type: bool
busy:
  description: What the failover engines that run here are doing, as sentences; empty where they rest.
  returned: when O(state=present)
  type: list
  elements: str
"""

import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._address.persist.host import LocalHost
from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine import registry
from ..module_utils._engine.memory import Memory
from ..module_utils._node import turn_file, turns

SPEC: dict[str, dict[str, Any]] = {
    "destinations": {"type": "list", "elements": "str", "default": []},
    "what": {"type": "str", "default": ""},
    "pause": {"type": "float", "default": 600},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "deployment": {"type": "str", "default": USUAL},
}

PATIENCE = 3.0
POLL = 0.1
"""Seconds: a holder that looks after its routes moves for a moment every now and then, and is at rest again."""


def moving(deployment: Deployment) -> bool:
    """Whether a takeover is under way, and goes on."""
    # A memory that is not there, or its spare, shall not be made by who only asks.
    there = [Path(at) for at in deployment.memory if Path(at).is_dir()]
    if not there:
        return False
    memory, end = Memory(there[0], there[1] if there[1:] else None), time.monotonic() + PATIENCE
    while memory.moving:
        if time.monotonic() > end:
            return True
        time.sleep(POLL)
    return False


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    try:
        deployment = Deployment(params["deployment"])
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    directory = Path(deployment.state)
    result: dict[str, Any] = {"changed": False, "taken": False, "against": [], "turns": []}
    result["moving"] = moving(deployment)
    if params["state"] == "absent":
        result["changed"] = turn_file.remove(directory, check=module.check_mode)
        module.exit_json(**result)
    result["busy"] = registry.busy(LocalHost(units=registry.units(deployment)), deployment)
    try:
        result["turns"] = turns.told(turn_file.read(directory), turn_file.now())
        if params["destinations"]:
            pause, what = params["pause"], params["what"]
            against = turn_file.take(directory, params["destinations"], what, pause, check=module.check_mode)
            result["against"] = turns.told(against, turn_file.now())
            result["changed"] = result["taken"] = not against
    except (OSError, turns.TurnError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else exc
        module.fail_json(
            msg=f"{directory / turn_file.NAME}, which says when something was last started by itself, cannot be used:"
            f" {why}. See to it, or remove the file; until then nothing is started."
        )
    if module._diff and result["taken"]:
        result["diff"] = {"before": "", "after": "".join(f"{d}: {params['what']}\n" for d in params["destinations"])}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
