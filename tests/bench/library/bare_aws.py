# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor for modules that call AWS: import boto3, make clients, make the calls."""

from __future__ import annotations

import boto3
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "region": {},
            "endpoint_url": {},
            "access_key": {},
            "secret_key": {"no_log": True},
            "calls": {"type": "list", "elements": "dict"},
        }
    )
    params = module.params
    clients = {}
    for call in params["calls"]:
        service = call["service"]
        if service not in clients:
            clients[service] = boto3.client(
                service,
                region_name=params["region"],
                endpoint_url=params["endpoint_url"],
                aws_access_key_id=params["access_key"],
                aws_secret_access_key=params["secret_key"],
            )
        getattr(clients[service], call["method"])(**call["arguments"])
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
