# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option by which modules that run on nodes take the node's lease."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of ``_engine.lease.OPTION``."""

    DOCUMENTATION = r"""
options:
  lease:
    description:
      - Who is at work. With it the module first takes the lease of this deployment on the node, or keeps it for
        longer, and changes nothing where another run has it. Roles pass on what P(aws_ha.overlay_ip.overlay_ip#role)
        has made of the run.
      - A lease binds playbooks alone. A failover engine takes over whatever a playbook is doing.
      - Only C(/run) is written. Where that cannot be written there is no lease, and work goes on.
    type: dict
    version_added: 1.1.0
    suboptions:
      run:
        description: The run, as the number of its process, a slash, and when that was started, in clock ticks.
        type: str
        required: true
      what:
        description: What it does, for people.
        type: str
        default: ''
      who:
        description: Who runs it, for people.
        type: str
        default: ''
      node:
        description: The node's name, for people.
        type: str
        default: this node
      machine:
        description: An id of the machine on which Ansible runs, and of this boot of it. Empty where there is none.
        type: str
        default: ''
      alive:
        description:
          - The processes of that machine that may be runs of Ansible, as O(lease.run). A lease that was taken from the
            same machine by a process that is not among them is nobody's any more.
        type: list
        elements: str
        default: []
      as_of:
        description: When O(lease.alive) was read, in seconds since the machine's boot.
        type: float
        default: 0
      seconds:
        description: How long it counts.
        type: float
        default: 900
      patience:
        description: How many seconds to wait where another run has it.
        type: float
        default: 0
      broken:
        description: Whether to take it from whoever has it.
        type: bool
        default: false
      ends:
        description: Whether this is the run's last task on the node, so that others may work there when it is done.
        type: bool
        default: false
      in_check_mode:
        description: Whether to take it in check mode, too, for a task that only looks in a run that will change things.
        type: bool
        default: false
"""
