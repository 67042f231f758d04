#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 2: the source/destination check."""

from __future__ import annotations

DOCUMENTATION = r"""
module: source_dest_check
short_description: Switch the source/destination check of network interfaces
version_added: 1.0.0
description:
  - EC2 drops packets whose destination is not an address of the interface, unless its source/destination check is off.
    An overlay IP is such a destination.
  - The check belongs to the interface, and only the interface call also works where an instance has several of them.
    This module makes no other. It describes all interfaces with one call and writes only what differs.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  network_interface_ids:
    description:
      - The interfaces.
    type: list
    elements: str
  instance_ids:
    description:
      - Instances, in place of O(network_interface_ids). O(device_index) or O(all_interfaces) says which interfaces.
    type: list
    elements: str
  device_index:
    description:
      - Which interface of each instance.
    type: int
    default: 0
  all_interfaces:
    description:
      - All interfaces of each instance, in place of the one with O(device_index).
    type: bool
    default: false
  enabled:
    description:
      - Whether the check shall be on.
    type: bool
    default: false
seealso:
  - name: Source/destination check
    description: Network interface attributes in the EC2 user guide.
    link: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
"""

EXAMPLES = r"""
- name: Let both nodes receive packets for an overlay IP
  aws_ha.overlay_ip.source_dest_check:
    region: eu-central-1
    instance_ids: [i-0aaa1111bbb22222c, i-0bbb1111bbb22222c]

- name: Switch the check on again
  aws_ha.overlay_ip.source_dest_check:
    region: eu-central-1
    network_interface_ids: [eni-0ddd1111eee22222f]
    enabled: true
"""

RETURN = r"""
interfaces:
  description: The interfaces, in the order asked for.
  returned: always
  type: list
  elements: dict
  contains:
    network_interface_id:
      description: The interface.
      type: str
    instance_id:
      description: The instance that it is attached to, or null.
      type: str
    before:
      description: Whether the check was on.
      type: bool
    after:
      description: Whether the check is on now; in check mode, whether it would be.
      type: bool
api_calls:
  description: How many calls of each API action were made.
  returned: always
  type: dict
"""

from typing import Any

from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._route.ec2 import Ec2
from ..module_utils._source_dest_check.switch import SwitchError, chosen, switch

SPEC: dict[str, dict[str, Any]] = {
    "network_interface_ids": {"type": "list", "elements": "str"},
    "instance_ids": {"type": "list", "elements": "str"},
    "device_index": {"type": "int", "default": 0},
    "all_interfaces": {"type": "bool", "default": False},
    "enabled": {"type": "bool", "default": False},
}


def main() -> None:
    """Run the module."""
    one = [("network_interface_ids", "instance_ids")]
    module = aws_module(SPEC, mutually_exclusive=one, required_one_of=one)

    def job() -> dict[str, Any]:
        ec2 = Ec2(caller(module))
        try:
            return switch(ec2, chosen(ec2, module.params), module.params["enabled"], module.check_mode)
        except SwitchError as err:
            raise Refusal(str(err), **err.result) from err

    run(module, job)


if __name__ == "__main__":
    main()
