#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 1, where a managed prefix list is routed: what is in it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_prefix_list
short_description: Make overlay IPs entries of a managed prefix list, or take them out
version_added: 1.1.0
description:
  - A route whose destination is a managed prefix list carries what is in the list. An address is added by one change of
    the list, and no route table is written.
  - All addresses are added, or taken out, by one call for each hundred of them. It names the version of the list that
    was read, so that AWS refuses it where somebody else has changed the list meanwhile. It is then made again from what
    is there now, a few times.
  - Entries of others are never touched, and the list itself is neither made, resized nor deleted.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  prefix_list_id:
    description:
      - The list.
    type: str
    required: true
  addresses:
    description:
      - The addresses. A bare address means /32 or /128, a prefix must have no host bits set.
      - All must be of the list's address family.
    type: list
    elements: str
    required: true
  state:
    description:
      - With V(present), each address shall be in the list. One that an entry has already, its own or a wider one, is
        left as it is.
      - With V(absent), the addresses that are entries with this O(description) are taken out. Those of others stay, as
        RV(kept).
    type: str
    choices: [present, absent]
    default: present
  description:
    description:
      - The description of the entries that are added, by which they are known again as one's own.
      - Without it, O(state=absent) takes nothing out.
    type: str
    default: ''
  wait_timeout:
    description:
      - Seconds to wait until the list is at rest. AWS makes a change after it has answered, and takes no other one
        meanwhile.
    type: int
    default: 60
seealso:
  - module: aws_ha.overlay_ip.overlay_route
  - name: Managed prefix lists
    description: What they are, their versions, and who can share them.
    link: https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html
"""

EXAMPLES = r"""
- name: Carry two addresses by one route
  aws_ha.overlay_ip.overlay_prefix_list:
    region: eu-central-1
    prefix_list_id: pl-0123456789abcdef0
    addresses: [10.99.0.5, 10.99.0.6]
    description: database pair

- name: Route the list
  aws_ha.overlay_ip.overlay_route:
    region: eu-central-1
    destinations: [pl-0123456789abcdef0]
    instance_id: i-0aaa1111bbb22222c
"""

RETURN = r"""
prefix_list:
  description:
    - The list as it was read at the end; in check mode, as it would be. C(prefix_list_id), C(name), C(address_family),
      C(max_entries), C(version), C(state), C(owner_id) and C(entries), each with C(cidr) and C(description).
    - Null where there is none.
  returned: when the list was read
  type: dict
added:
  description: The addresses that were added.
  returned: when the list was read
  type: list
  elements: str
removed:
  description: The addresses that were taken out.
  returned: when the list was read
  type: list
  elements: str
kept:
  description: With O(state=absent), the addresses that stay, since somebody else added them.
  returned: when the list was read
  type: list
  elements: str
api_calls:
  description: How many calls of each API action were made.
  returned: when the list was read
  type: dict
"""

from typing import Any

from ..module_utils._aws.options import READ_TIMEOUT
from ..module_utils._base import net
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._route import list_job

SPEC: dict[str, dict[str, Any]] = {
    "prefix_list_id": {"type": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "description": {"type": "str", "default": ""},
    "wait_timeout": {"type": "int", "default": 60},
}


def wanted(params: dict[str, Any], check: bool) -> list_job.Wanted:
    """The options, canonical."""
    listed = net.routed(params["prefix_list_id"])
    if not net.is_list(listed):
        raise Refusal(f"prefix_list_id is '{listed}', not the id of a list: write one such as pl-0123456789abcdef0.")
    return list_job.Wanted(
        listed,
        tuple(dict.fromkeys(net.destination(address) for address in params["addresses"])),
        params["state"],
        params["description"],
        params["wait_timeout"],
        check,
    )


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC)

    def job() -> dict[str, Any]:
        asked = wanted(module.params, module.check_mode)
        try:
            return list_job.run(caller(module, max(asked.wait_timeout, READ_TIMEOUT)), asked)
        except list_job.ListError as err:
            raise Refusal(str(err), **err.result) from err

    run(module, job)


if __name__ == "__main__":
    main()
