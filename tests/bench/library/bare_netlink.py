# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor for modules that look at a node: import pyroute2, and read links, addresses and routes once."""

from __future__ import annotations

import socket

import pyroute2
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={})
    with pyroute2.IPRoute() as netlink:
        list(netlink.get_links())
        list(netlink.get_addr())
        for family in (socket.AF_INET, socket.AF_INET6):
            list(netlink.get_routes(family=family))
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
