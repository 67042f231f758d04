#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a service again and again, and tell how long it was silent."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_probe
short_description: Ask a service again and again, and tell how long it was silent
version_added: 1.0.0
description:
  - Opens a TCP connection to a service every few milliseconds, closes it, and counts those that did not come about.
    It sends nothing.
  - Runs on a client of the overlay IP while something else goes on; start it with C(async) and C(poll=0).
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  address:
    description:
      - The address to connect to.
    type: str
    required: true
  port:
    description:
      - The TCP port.
    type: int
    required: true
  interval:
    description:
      - Seconds between two attempts.
    type: float
    default: 0.05
  timeout:
    description:
      - Seconds after which an attempt has failed.
    type: float
    default: 1.0
  seconds:
    description:
      - How long to go on at most.
    type: float
    default: 300.0
  stop_file:
    description:
      - A file; the module ends as soon as it is gone.
    type: path
"""

EXAMPLES = r"""
- name: Watch the service for ten seconds
  aws_ha.overlay_ip.overlay_probe:
    address: 192.168.10.15
    port: 5432
    seconds: 10
  delegate_to: client1
"""

RETURN = r"""
tried:
  description: Connections that were tried.
  returned: always
  type: int
missed:
  description: Those that did not come about.
  returned: always
  type: int
longest_silence:
  description: Seconds from the last good attempt before to the first good one after the longest row of bad ones.
  returned: always
  type: float
silent_from:
  description: When that began, in seconds since the start; null where nothing failed.
  returned: always
  type: float
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._route import probe

SPEC: dict[str, dict[str, Any]] = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "interval": {"type": "float", "default": 0.05},
    "timeout": {"type": "float", "default": 1.0},
    "seconds": {"type": "float", "default": 300.0},
    "stop_file": {"type": "path"},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    wanted = module.params
    attempts = probe.run(
        lambda: probe.connects(wanted["address"], wanted["port"], wanted["timeout"]),
        wanted["interval"],
        wanted["seconds"],
        wanted["stop_file"],
        time,
    )
    module.exit_json(changed=False, **probe.report(attempts))


if __name__ == "__main__":
    main()
