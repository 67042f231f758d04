#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program by which a node moves its overlay IPs itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_node_program
short_description: Install the program by which a node moves its overlay IPs itself
version_added: 1.0.0
description:
  - Installs C(/usr/sbin/aws-overlay-ip), which takes an overlay IP over, gives it up, shows who holds it, and checks
    whether the node could take it over, with the instance's own role and without Ansible.
  - It consists of the very files that the modules of this collection use, in C(/usr/lib/aws-overlay-ip), and needs
    Python 3.9 or newer and iproute2 to run, which this module does not install. It speaks to EC2 and STS by itself,
    without an SDK.
  - It runs by the Python that runs this module, or, where that is of a virtual environment, by the one that this was
    made from.
  - Where systemd-networkd manages the interfaces of O(config), it is told by a drop-in to keep addresses that its files
    do not name (C(KeepConfiguration)). It reads that with the next C(networkctl reload), restart or boot; nothing is
    reloaded here.
  - Failover engines call it. See C(aws-overlay-ip --help) on the node.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.lease
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  config:
    description:
      - What C(/etc/aws-overlay-ip/config.json) shall hold, as P(aws_ha.overlay_ip.node_config#filter) makes it.
        Required with O(state=present). The file can be read by everybody, by root alone where the address of a proxy
        in it has a password.
    type: dict
  state:
    description:
      - Whether the program shall be there.
    type: str
    choices: [present, absent]
    default: present
  deployment:
    description:
      - The name of the deployment whose program it is. Each has one of its own, with its configuration. Any other name
        than V(overlay-ip) is appended to those of its files, as in C(/usr/sbin/aws-overlay-ip-NAME).
    type: str
    default: overlay-ip
    version_added: 1.1.0
"""

EXAMPLES = r"""
- name: Install the program
  aws_ha.overlay_ip.overlay_node_program:
    config:
      name: node1
      network_interface_id: eni-0123456789abcdef0
      peers:
        node2: eni-0fedcba9876543210
      overlays:
        - destination: 192.168.10.15/32
          addresses: [192.168.10.15/32]
          interface: eth0
          route_table_ids: [rtb-0123456789abcdef0]
      aws:
        region: eu-central-1
"""

RETURN = r"""
files:
  description: The files that were, or would be, written or removed.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._address import iproute
from ..module_utils._address.live import NodeError
from ..module_utils._address.persist import store
from ..module_utils._address.persist.host import LocalHost
from ..module_utils._address.persist.store import PersistError, Tree
from ..module_utils._address.plan import Link
from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine.lease import OPTION, Lease
from ..module_utils._node import cli, install
from ..module_utils._node.guard import loop

CARRIED = (cli, loop)  # imported here so that Ansible sends it along, to be installed

SPEC: dict[str, dict[str, Any]] = {
    "config": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "deployment": {"type": "str", "default": USUAL},
    "lease": OPTION,
}
RULES: dict[str, Any] = {"required_if": [("state", "present", ["config"])]}
"""What Ansible judges of arguments beside SPEC."""


def _links() -> tuple[Link, ...]:
    """The node's interfaces; none where they cannot be read, which `check` will tell."""
    try:
        return iproute.IpRoute().links()
    except NodeError:
        return ()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True, **RULES)
    module.no_log_values.update(install.secrets(module.params["config"] or {}))
    host = LocalHost()
    tree = Tree(host)
    mended: list[str] = []
    try:
        deployment = Deployment(module.params["deployment"])
        lease = Lease(deployment.memory[0])
        if told := lease.taken(module.params["lease"], check=module.check_mode):
            module.fail_json(msg=told)
        if module.params["state"] == "present":
            config = install.labelled(module.params["config"], host, _links())
            wanted = install.files(config, install.sources(install.shipped), install.interpreter(), deployment)
            check = module.check_mode
            mended = [
                path
                for path, whole in install.folders(wanted, deployment)
                if host.mend_folder(path, whole=whole, check=check)
            ]
            mended += [path for path, (_text, mode) in wanted.items() if host.mend(path, mode, check=check)]
            install.install(tree, wanted, deployment)
        else:
            install.remove(tree, deployment)
        store.keep_unknown(
            tree, [overlay["interface"] for overlay in (module.params["config"] or {}).get("overlays", [])]
        )
        changes = install.ordered(tree.changes(), deployment)
        if not module.check_mode:
            host.apply(changes)
            lease.taken(module.params["lease"], check=False)  # the directory in which it was may be gone
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    except PersistError as exc:
        module.fail_json(msg=str(exc), changed=exc.changed or (bool(mended) and not module.check_mode))
    paths = dict.fromkeys([*mended, *(change.path for change in changes)])
    result: dict[str, Any] = {"changed": bool(paths), "files": list(paths)}
    if module._diff:
        result["diff"] = [
            {"before_header": c.path, "after_header": c.path, "before": c.before or "", "after": c.after or ""}
            for c in changes
        ]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
