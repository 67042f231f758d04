#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let other playbooks at a node again."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_lease
short_description: Let other playbooks at a node again
version_added: 1.1.0
description:
  - Ends the lease by which one playbook at a time changes a deployment on a node. Where another run has it, or nobody,
    nothing is done.
  - With O(state=present) it takes the lease, as the other modules with O(lease) do.
  - The playbooks of this collection take it with their first task on a node, and end it with their last one, also
    where they fail. It needs no ending where Ansible was killed. The next run on the same machine sees that, and any
    other one goes on after O(lease.seconds).
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.lease
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  state:
    description:
      - Whether to end it or to take it.
    type: str
    choices: [present, absent]
    default: absent
  deployment:
    description:
      - The name of the deployment.
    type: str
    default: overlay-ip
notes:
  - Needs root.
"""

EXAMPLES = r"""
- name: Let others at the node again
  aws_ha.overlay_ip.overlay_lease:
    lease: "{{ overlay_ip_lease }}"
  become: true
"""

RETURN = r"""
held:
  description: Who has it now, a sentence. Empty for nobody.
  returned: always
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine.lease import OPTION, Lease, sentence

SPEC: dict[str, dict[str, Any]] = {
    "lease": OPTION,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "absent"},
    "deployment": {"type": "str", "default": USUAL},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    asked = module.params["lease"]
    try:
        lease = Lease(Deployment(module.params["deployment"]).memory[0])
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    if module.params["state"] == "present":
        if told := lease.taken(asked, check=module.check_mode):
            module.fail_json(msg=told)
    elif asked and not module.check_mode:
        lease.let_go(asked["run"], asked["machine"])
    held = lease.held()
    module.exit_json(changed=False, held=sentence(held) if held else "")


if __name__ == "__main__":
    main()
