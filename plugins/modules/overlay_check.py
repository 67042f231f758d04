#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a check of an application once, as keepalived would."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_check
short_description: Run a check of an application once, as keepalived would
version_added: 1.1.0
description:
  - Runs a script of C(/bin/sh) once on a node, with the timeout that keepalived will use, and tells what came of it.
    It leaves no file, and fails only where the check cannot be run at all.
  - A check reads; it is run in check mode, too.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  script:
    description:
      - The text of the script. It is not logged.
    type: str
    required: true
  timeout:
    description:
      - Seconds after which a check that still runs has failed, and is ended.
    type: float
    default: 2.0
"""

EXAMPLES = r"""
- name: Try the check before keepalived is told of it
  aws_ha.overlay_ip.overlay_check:
    script: exec /usr/bin/curl --silent --fail --max-time 1 http://127.0.0.1:8080/health
    timeout: 2
  become: true
  register: tried
"""

RETURN = r"""
good:
  description: Whether keepalived would take the application for alive.
  returned: always
  type: bool
code:
  description: The exit code, 128 and the number of the signal where one ended it; null after the timeout.
  returned: always
  type: int
output:
  description: What it wrote, the last 1000 characters.
  returned: always
  type: str
seconds:
  description: How long it took.
  returned: always
  type: float
told:
  description: The same in words.
  returned: always
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._engine.keepalived import check

SPEC: dict[str, dict[str, Any]] = {
    "script": {"type": "str", "required": True, "no_log": True},
    "timeout": {"type": "float", "default": 2.0},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        trial = check.run(module.params["script"], module.params["timeout"])
    except check.CheckError as exc:
        module.fail_json(msg=f"The check cannot be run: {exc}")
    module.exit_json(
        changed=False,
        good=trial.good,
        code=trial.code,
        output=trial.output,
        seconds=round(trial.seconds, 3),
        told=trial.told(),
    )


if __name__ == "__main__":
    main()
