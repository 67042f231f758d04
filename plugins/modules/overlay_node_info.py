#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a node knows about itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_node_info
short_description: Describe a node that may hold overlay IPs
version_added: 1.0.0
description:
  - Tells which EC2 instance the node is, by version 2 of the instance metadata service; which overlay IPs it holds;
    what configures its interfaces; by what its addresses are read; which failover engine runs; and which
    programs of the cloud may take an overlay IP away, with the remedy.
  - Works without root and off EC2; what cannot be found out is null.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.lease
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  addresses:
    description:
      - The overlay IPs to tell about. By default those that a file of M(aws_ha.overlay_ip.overlay_interface) keeps.
    type: list
    elements: str
    default: []
  persistent:
    description:
      - Whether the overlay IPs are to survive a reboot by files of this node. V(false) where a cluster manager owns
        them; a missing file is no finding then.
    type: bool
    default: true
  wanted:
    description:
      - What M(aws_ha.overlay_ip.overlay_interface) is to be asked for next. RV(steady) tells what of it need not be
        asked.
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
    suboptions:
      addresses:
        description: As there.
        type: list
        elements: str
        required: true
      interface:
        description: As there.
        type: str
        default: auto
      label:
        description: As there.
        type: str
        default: auto
      persistent:
        description: As there.
        type: bool
        default: true
      persistence:
        description: As there.
        type: str
        default: auto
  interface:
    description:
      - The interface to look at for findings, as in M(aws_ha.overlay_ip.overlay_interface).
    type: str
    default: auto
  metadata:
    description:
      - Whether to ask the instance metadata service.
    type: bool
    default: true
  metadata_timeout:
    description:
      - Seconds for one request to the instance metadata service.
    type: float
    default: 2.0
  deployment:
    description:
      - The name of the deployment that is asked about.
    type: str
    default: overlay-ip
    version_added: 1.1.0
"""

EXAMPLES = r"""
- name: Ask the node who it is
  aws_ha.overlay_ip.overlay_node_info:
  register: node

- name: Show what threatens its overlay IP
  ansible.builtin.debug:
    var: node.findings
"""

RETURN = r"""
identity:
  description: The EC2 instance, or null where the metadata service does not answer.
  returned: always
  type: dict
  contains:
    instance_id:
      description: Its id.
      type: str
    region:
      description: Its region.
      type: str
    role_name:
      description: The role of its instance profile, or null.
      type: str
    interfaces:
      description: Its network interfaces by device number; C(name) is the node's own name of it, or null.
      type: list
      elements: dict
identity_error:
  description: Why C(identity) is null, else an empty string.
  returned: always
  type: str
tool:
  description: By what M(aws_ha.overlay_ip.overlay_interface) reads and sets addresses here.
  returned: always
  type: dict
  version_added: 1.1.0
  contains:
    name:
      description: C(pyroute2) or C(iproute2) with its version, or null where neither can be used.
      type: str
      sample: iproute2 6.1.0
    package:
      description: The distribution's package of iproute2, or an empty string where that is not known.
      type: str
    remedy:
      description: How to get it here.
      type: str
pyroute2:
  description: The Python library, which is used where it is there.
  returned: always
  type: dict
  contains:
    version:
      description: Its version, or null where the interpreter does not have it.
      type: str
iproute2:
  description: The program C(ip), which the node's own program uses.
  returned: always
  type: dict
  version_added: 1.1.0
  contains:
    version:
      description: Its version, or null without it.
      type: str
addresses:
  description: The overlay IPs; null where the node's addresses cannot be read.
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: The address with its prefix length.
      type: str
    live:
      description: Whether the node holds it.
      type: bool
    interface:
      description: Its interface, or an empty string.
      type: str
    label:
      description: Its label, or an empty string.
      type: str
    persistent:
      description: Whether a file keeps it that the stack which configures the interface now does read.
      type: bool
    files:
      description: The files of setup that hold it.
      type: list
      elements: str
    unread:
      description:
        - The same where it is not persistent. They lie where nobody reads them, since an agent or an upgrade has given
          the interface to another stack or to another file. Setup mends it.
      type: list
      elements: str
      version_added: 1.1.0
steady:
  description:
    - Of O(wanted), the O(wanted[].addresses) of each for which M(aws_ha.overlay_ip.overlay_interface) would change
      nothing and warn of nothing.
  returned: always
  type: list
  elements: list
  version_added: 1.1.0
metrics_units:
  description: Which units of the timer that writes metrics are there, of C(service) and C(timer).
  returned: always
  type: list
  elements: str
  version_added: 1.1.0
interface:
  description:
    - The interface that was looked at, or null. C(name), C(method) as in
      O(aws_ha.overlay_ip.overlay_interface#module:persistence), C(owner) for people, and C(source), the file or
      connection by which it is configured.
  returned: always
  type: dict
failover_engines:
  description: Engines that run here, of C(keepalived) and C(pacemaker).
  returned: always
  type: list
  elements: str
failover:
  description: What the engines that run here, or that setup has configured here, say of themselves.
  returned: always
  type: list
  elements: dict
  contains:
    engine:
      description: Its name.
      type: str
    state:
      description: For people.
      type: str
    running:
      description: Whether it runs on this node.
      type: bool
    holder:
      description:
        - The node to which it has given all overlay IPs; V(self) for this one, empty for none that it knows.
      type: str
    holders:
      description: The same for each overlay IP where they may differ, by its address with dashes for what is no letter,
        digit or dot.
      type: dict
    states:
      description: The C(state) of each overlay IP in the same way, where keepalived moves each by itself.
      type: dict
      version_added: 1.1.0
    tracks:
      description: The application's systemd service that keepalived is told of; only where there is one.
      type: str
      version_added: 1.1.0
    configured:
      description: Whether setup has given overlay IPs to it here.
      type: bool
      version_added: 1.1.0
    given:
      description:
        - The overlay IPs that are things of their own to it, by C(slug), the address with dashes as above, and the
          C(command) that removes one; C(resource) is what the engine calls it.
      type: list
      elements: dict
      version_added: 1.1.0
    name:
      description: What it calls this node, or an empty string where it knows no names.
      type: str
      version_added: 1.1.0
    members:
      description: All nodes by the names that it has for them, with their instance ids where its fencing knows these.
      type: dict
      version_added: 1.1.0
    kinds:
      description:
        - What an overlay IP may follow by it, by name. V(promotable), or the name of the promotable clone that it is
          in, or an empty string. V(none) for an engine that knows of no applications.
      type: dict
      version_added: 1.1.0
    movers:
      description:
        - What in its configuration moves or names addresses. C(name) and C(agent) of the resource, C(moves) (V(route),
          V(address) or V(named)), C(destinations), C(tables), C(interface), C(top), the group or clone that it is in,
          C(follows), the resource to whose instance in a C(role) (V(Promoted), V(Unpromoted)) it is bound by the
          constraint C(bond), C(unclear), why nobody can say what a move of it would take along, C(deployment), whose
          setup gave it to the engine, C(ours), whether that is the one that is asked about, and C(through), whether the
          engine can be asked to move it.
      type: list
      elements: dict
      version_added: 1.1.0
    findings:
      description:
        - What is wrong with it, as RV(findings), with C(node), the node that it is about (V(self) for this one, empty
          for all), and C(hinders), what cannot be done before it is mended, of V(setup), V(move) and V(teardown).
      type: list
      elements: dict
record:
  description:
    - What setup once gave this node, as the node has it, to be compared with the inventory. What its failover engines
      were given is in RV(failover).
  returned: always
  type: dict
  version_added: 1.1.0
  contains:
    program:
      description:
        - Of the configuration of C(aws-overlay-ip), or null where there is none, C(name), C(network_interface_id),
          C(peers), C(overlays), C(left), the overlay IPs that an inventory no longer had, and C(removed), the nodes.
      type: dict
    saved:
      description: The addresses that files keep, with C(interface), C(label) and C(files).
      type: list
      elements: dict
    live:
      description: Those of both that are up, with C(interface) and C(label).
      type: list
      elements: dict
    routed:
      description: The overlay IPs that the moves on record were about. Empty where root alone may read them.
      type: list
      elements: str
moves:
  description:
    - The last moves that the node has on record, at most five, as M(aws_ha.overlay_ip.overlay_history) returns all of
      them. Empty where root alone may read them.
  returned: always
  type: list
  elements: dict
  version_added: 1.1.0
proof:
  description:
    - What C(aws-overlay-ip) checked last of what a takeover needs, where it tells metrics or did so since the node was
      started; else null.
  returned: always
  type: dict
  version_added: 1.1.0
  contains:
    seconds:
      description: How long ago.
      type: int
    checks:
      description: Each with C(check) and C(ok), which is null where the node's role may not look.
      type: list
      elements: dict
clock:
  description: The node's clock, in seconds since the epoch.
  returned: always
  type: float
  version_added: 1.1.0
clock_offset:
  description:
    - The least and the most seconds by which the node's clock is ahead of the controller's; it is behind by what is
      below zero. How far the two are apart is how long it took to ask.
  returned: always
  type: list
  elements: float
  version_added: 1.1.0
others:
  description: The other deployments that keep an address on this node or have their program here.
  returned: always
  type: list
  elements: dict
  version_added: 1.1.0
  contains:
    name:
      description: Its name.
      type: str
    addresses:
      description: Its addresses.
      type: list
      elements: str
at_work:
  description: Which playbook is at work on this deployment here.
  returned: always
  type: dict
  version_added: 1.1.0
  contains:
    held:
      description: Who has the lease, a sentence. Empty for nobody, and for who is not root.
      type: str
    refused:
      description: Why it was not given to O(lease), a sentence. Empty where it was.
      type: str
    mine:
      description: Whether the run of O(lease) has it. V(false) where that was not given.
      type: bool
findings:
  description: What is wrong or may become wrong, errors first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: A stable name.
      type: str
    severity:
      description: V(error), V(warning) or V(info).
      type: str
    message:
      description: What it is.
      type: str
    remedy:
      description: What to do.
      type: str
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._address import steady
from ..module_utils._address.persist.host import LocalHost
from ..module_utils._address.persist.store import PersistError
from ..module_utils._aws.imds import Imds
from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine import registry
from ..module_utils._engine.lease import OPTION, Lease, sentence
from ..module_utils._node import facts

SPEC: dict[str, dict[str, Any]] = {
    "addresses": {"type": "list", "elements": "str", "default": []},
    "persistent": {"type": "bool", "default": True},
    "wanted": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "addresses": {"type": "list", "elements": "str", "required": True},
            "interface": {"type": "str", "default": "auto"},
            "label": {"type": "str", "default": "auto"},
            "persistent": {"type": "bool", "default": True},
            "persistence": {"type": "str", "default": "auto"},
        },
    },
    "interface": {"type": "str", "default": "auto"},
    "metadata": {"type": "bool", "default": True},
    "metadata_timeout": {"type": "float", "default": 2.0},
    "deployment": {"type": "str", "default": USUAL},
    "lease": OPTION,
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params, clock = module.params, time.time()
    imds = Imds(timeout=params["metadata_timeout"]) if params["metadata"] else None
    try:
        deployment = Deployment(params["deployment"])
        lease = Lease(deployment.memory[0])
        refused = lease.taken(params["lease"], check=module.check_mode)
        held, mine = lease.held(), lease.mine(params["lease"])
        units = registry.units(deployment)
        host = LocalHost(units=units)
        result = facts.describe(host, imds, params)
        still = steady.of_node(params["wanted"], host, deployment)
    except (ValueError, PersistError) as exc:
        module.fail_json(msg=str(exc))
    at_work = {"held": sentence(held) if held else "", "refused": refused, "mine": mine}
    module.exit_json(changed=False, clock=clock, at_work=at_work, steady=still, **result)


if __name__ == "__main__":
    main()
