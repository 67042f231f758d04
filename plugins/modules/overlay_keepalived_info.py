#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What setup has to know of keepalived on a node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_keepalived_info
short_description: Describe keepalived on a node, as its role needs it
version_added: 1.1.0
description:
  - Reads at once what the role P(aws_ha.overlay_ip.keepalived#role) compares with the inventory, so that a setup
    that has nothing to do asks each node once. What does not exist is no failure.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  deployment:
    description:
      - The name of the deployment, which says what the unit and its configuration are called.
    type: str
    default: overlay-ip
  paths:
    description:
      - Files and folders to describe.
    type: list
    elements: str
    default: []
  vrrp_ids:
    description:
      - VRRP numbers to look for in other files of keepalived's folder.
    type: list
    elements: int
    default: []
"""

EXAMPLES = r"""
- name: Look at keepalived
  aws_ha.overlay_ip.overlay_keepalived_info:
    vrrp_ids: [51]
  become: true
  register: keepalived
"""

RETURN = r"""
content:
  description: The daemon's configuration, in Base64 as M(ansible.builtin.slurp) returns it.
  returned: where there is one
  type: str
version:
  description: What keepalived says of itself. Empty where it is not installed.
  returned: always
  type: str
running:
  description: Its unit.
  returned: always
  type: dict
  contains:
    active:
      description: Whether it runs.
      type: bool
    enabled:
      description: Whether it begins at boot.
      type: bool
guard:
  description: The same of the unit that keeps up what it holds.
  returned: always
  type: dict
files:
  description:
    - Of each of O(paths) what it is, or null where nothing is. C(sha256) is empty for a folder, and null for what is
      neither that nor a file, such as a link.
  returned: always
  type: dict
  sample:
    /etc/keepalived/keepalived.conf:
      sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
      mode: "0600"
      user: 0
      group: 0
said:
  description: The files in which its instances have said last what they are.
  returned: always
  type: list
  elements: str
kept:
  description: The files in which an interrupted setup has kept what the daemon had read.
  returned: always
  type: list
  elements: str
taken:
  description: Of each of O(vrrp_ids) the other files in which it is.
  returned: always
  type: dict
"""

import base64
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine.keepalived import look

SPEC: dict[str, dict[str, Any]] = {
    "deployment": {"type": "str", "default": USUAL},
    "paths": {"type": "list", "elements": "str", "default": []},
    "vrrp_ids": {"type": "list", "elements": "int", "default": []},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    try:
        deployment = Deployment(params["deployment"])
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    result = look.look(deployment, params["paths"], params["vrrp_ids"])
    if (text := result.pop("text")) is not None:
        result["content"] = base64.b64encode(text.encode()).decode()
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
