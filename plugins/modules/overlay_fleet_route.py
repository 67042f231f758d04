#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 1 for many pairs: their routes, as one job."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_fleet_route
short_description: Move the overlay IPs of many pairs, each to its own target, within one bucket of EC2's
version_added: 1.1.0
description:
  - Does for many pairs what M(aws_ha.overlay_ip.overlay_route) does for one. All route tables are read once, all routes
    are written side by side within EC2's request rate, a pair's routes one after the other, and all are read back once.
  - What is wrong with one pair hinders no other. Each is told by itself, and the module fails only where nothing could
    be read.
  - All pairs are in one account and Region, since these share a bucket.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.attributes.aws
  - aws_ha.overlay_ip.aws
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  moves:
    description:
      - What shall be, of each pair once.
    type: list
    elements: dict
    required: true
    suboptions:
      pair:
        description: What the pair is called.
        type: str
        required: true
      network_interface_id:
        description: The interface that gets its overlay IPs. It is taken as it is.
        type: str
        required: true
      tables:
        description: Its overlay IPs, each with its route tables.
        type: dict
        required: true
      expected_holder:
        description: As in M(aws_ha.overlay_ip.overlay_route), which holds for this pair alone.
        type: str
      takeover_foreign:
        description: As in M(aws_ha.overlay_ip.overlay_route).
        type: bool
        default: false
  wait_timeout:
    description:
      - Seconds to wait until every table reads back right and V(active). The time that EC2's request rate asks for is
        added.
    type: int
    default: 60
  bucket:
    description:
      - What an earlier call of this module has left in the account's buckets, its RV(bucket). Without it they are taken
        as full.
    type: dict
    suboptions:
      at:
        description: When that was, in seconds since the epoch.
        type: float
        required: true
      left:
        description: How many calls could be made then, by API action.
        type: dict
        required: true
seealso:
  - module: aws_ha.overlay_ip.overlay_route
  - module: aws_ha.overlay_ip.overlay_fleet_info
  - name: Request throttling
    description: The token buckets that the module keeps to.
    link: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

EXAMPLES = r"""
- name: Move two pairs
  aws_ha.overlay_ip.overlay_fleet_route:
    region: eu-central-1
    moves:
      - pair: database
        network_interface_id: eni-0ddd1111eee22222f
        tables:
          192.168.10.15/32: [rtb-0a1b2c3d4e5f60718, rtb-0b1b2c3d4e5f60718]
      - pair: queue
        network_interface_id: eni-0eee1111eee22222f
        tables:
          192.168.10.16/32: [rtb-0a1b2c3d4e5f60718, rtb-0b1b2c3d4e5f60718]
"""

RETURN = r"""
pairs:
  description: By name, what became of each pair.
  returned: when the tables were read
  type: dict
  contains:
    network_interface_id:
      description: The interface that its routes were to point at.
      type: str
    routes:
      description: As M(aws_ha.overlay_ip.overlay_route) returns them.
      type: list
      elements: dict
    error:
      description: Why it was not, or not wholly, moved, a sentence. Empty where it was.
      type: str
api_calls:
  description: How many calls of each API action were made.
  returned: when the tables were read
  type: dict
  sample: {"DescribeRouteTables": 2, "ReplaceRoute": 48}
bucket:
  description: What is left in the account's buckets, for O(bucket).
  returned: when the tables were read
  type: dict
seconds:
  description: As M(aws_ha.overlay_ip.overlay_route) returns them.
  returned: when the plan was carried out
  type: dict
"""

import time
from typing import Any

from ..module_utils._aws.options import READ_TIMEOUT
from ..module_utils._aws.rate import RATE
from ..module_utils._base import net
from ..module_utils._fleet import job as fleet_job
from ..module_utils._module import progress
from ..module_utils._module.aws_module import Refusal, aws_module, caller, run
from ..module_utils._route import plan
from ..module_utils._route.ec2 import Ec2

_MOVE: dict[str, dict[str, Any]] = {
    "pair": {"type": "str", "required": True},
    "network_interface_id": {"type": "str", "required": True},
    "tables": {"type": "dict", "required": True},
    "expected_holder": {"type": "str"},
    "takeover_foreign": {"type": "bool", "default": False},
}
_BUCKET: dict[str, dict[str, Any]] = {
    "at": {"type": "float", "required": True},
    "left": {"type": "dict", "required": True},
}
SPEC: dict[str, dict[str, Any]] = {
    "moves": {"type": "list", "elements": "dict", "required": True, "options": _MOVE},
    "wait_timeout": {"type": "int", "default": 60},
    "bucket": {"type": "dict", "options": _BUCKET},
}


def moves(given: list[dict[str, Any]]) -> list[fleet_job.Move]:
    """What shall be, canonical."""
    names = [one["pair"] for one in given]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise Refusal(f"moves has {', '.join(twice)} more than once: give each pair once.")
    return [
        fleet_job.Move(
            one["pair"],
            one["network_interface_id"],
            {net.routed(destination): tuple(tables) for destination, tables in one["tables"].items()},
            plan.TAKE if one["takeover_foreign"] else plan.REFUSE,
            one["expected_holder"] or None,
        )
        for one in given
    ]


def tokens(bucket: dict[str, Any] | None, now: float) -> dict[str, float]:
    """What is in the buckets now."""
    if not bucket:
        return {}
    since = max(0.0, now - bucket["at"])
    return {name: float(left) + since * RATE for name, left in bucket["left"].items()}


def main() -> None:
    """Run the module."""
    module = aws_module(SPEC)

    def job() -> dict[str, Any]:
        params = module.params
        result = fleet_job.run(
            Ec2(caller(module, max(params["wait_timeout"], READ_TIMEOUT))),
            moves(params["moves"]),
            params["wait_timeout"],
            check=module.check_mode,
            tokens=tokens(params["bucket"], time.time()),
            tell=progress.teller(),
        )
        left = result.pop("tokens")
        return {**result, "bucket": {"at": time.time(), "left": left}}

    run(module, job)


if __name__ == "__main__":
    main()
