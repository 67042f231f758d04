#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 3: the address on the node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_interface
short_description: Hold overlay IPs on a network interface, now and after a reboot
version_added: 1.0.0
description:
  - Puts addresses on an interface, and writes what the network stack of that interface needs to put them
    there again. The stack is found out by looking at the interface, not at the distribution.
  - Nothing is reloaded or restarted, no link goes down, and no DHCP lease is renewed. What is written is read at the
    next event at which it matters.
  - An address is held in one place. Where it is live with another prefix or on another interface, it is moved.
  - The node's own address is neither taken nor removed, whatever is asked for. It is the one that came by DHCP, by
    which the interface reaches its gateway, from which the default route is used, or that is the first of its interface
    with a network.
  - An IPv6 address is marked as deprecated, so that it does not become the source of outbound traffic. (The kernel
    takes it all the same on a node that has no other global IPv6 address.)
  - A file of its own is written beside those of the distribution and of cloud-init. Only C(wicked) and
    O(persistence=networkmanager_profile) leave no other way than an entry in the interface's own file.
  - On an interface that is not the one of the main table's default route, replies would leave by the other one, where
    EC2 drops them. There a rule by the source (C(ip rule from ADDRESS)) and a table with the gateway of the interface
    are made besides, now and after a reboot. Where another program has such a table already, as amazon-ec2-net-utils
    has, that one is used. The same rule lets strict reverse path filtering (C(rp_filter=1)) accept the requests.
  - As long as a node has the address, it reaches itself under it, whatever the route tables say.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
  - aws_ha.overlay_ip.lease
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
requirements:
  - iproute2 >= 4.17 (every distribution's own), or pyroute2 >= 0.7.2, which is used where the interpreter has it
options:
  addresses:
    description:
      - The addresses, IPv4 or IPv6, bare or as /32 or /128.
      - A network is refused. For an overlay IP that is a network, name the addresses in it that this node shall hold.
    type: list
    elements: str
    required: true
  interface:
    description:
      - The interface. V(auto) is the one of the default route. V(lo) is allowed.
      - With O(state=absent) the address is removed from every interface.
    type: str
    default: auto
  label:
    description:
      - The label of an IPv4 address, by which C(ifconfig) and Ansible's facts tell it from the node's own address.
      - V(auto) keeps the label that the address has, and otherwise takes the next free one of C(eth0:1), C(eth0:2) ....
        An empty string is no label.
      - C(ifup) of C(network-scripts) deletes an address whose label no alias file names. There, V(auto) is no label
        where no alias file is written (O(persistent=false), O(persistence=systemd_unit)).
      - It must begin with the interface's name and a colon, and have at most 15 bytes. IPv6 addresses have none.
    type: str
    default: auto
  state:
    description:
      - Whether the node shall hold the addresses.
    type: str
    choices: [present, absent]
    default: present
  persistent:
    description:
      - Whether the addresses shall come back after a reboot.
      - Use V(false) where a cluster manager owns them. No file is left then either.
    type: bool
    default: true
  persistence:
    description:
      - The network stack that keeps the addresses. V(auto) finds out which one configures the interface.
      - V(networkd) is a drop-in beside the active C(.network) file, also where C(netplan) has generated that.
      - V(networkmanager) is a dispatcher script, and with V(auto) the profile where NetworkManager is older than 1.42.
        V(networkmanager_profile) is the script and the connection profile. The profile keeps no label.
      - V(ifupdown) is a stanza in C(/etc/network/interfaces.d), V(wicked) two variables in the interface's C(ifcfg)
        file, V(ifcfg) an alias file of C(network-scripts) and a script that C(dhclient-script) runs at each lease. An
        alias file is refused where NetworkManager configures the interface, since its C(ifcfg-rh) plugin deletes it.
      - V(systemd_unit) works with every stack, and is what V(auto) takes for an interface that none of them configures.
      - IPv6 takes V(systemd_unit) in place of V(ifcfg), which cannot mark an address as deprecated, and never goes into
        a profile.
      - Where V(wicked) has in memory what is taken out of its file, C(wicked ifup) makes it read the file again. The
        address would come back otherwise. No address is deleted or added by it; it asks for the DHCP lease once more.
    type: str
    choices: [auto, networkd, networkmanager, networkmanager_profile, ifupdown, wicked, ifcfg, systemd_unit]
    default: auto
  deployment:
    description:
      - The name of the deployment to which the addresses belong. An address that another one keeps on this node is
        refused.
    type: str
    default: overlay-ip
    version_added: 1.1.0
notes:
  - Changes need root. Check mode does not.
seealso:
  - module: aws_ha.overlay_ip.overlay_node_info
  - module: aws_ha.overlay_ip.overlay_route
"""

EXAMPLES = r"""
- name: Hold the overlay IP on the interface of the default route
  aws_ha.overlay_ip.overlay_interface:
    addresses: [192.168.10.15]
  become: true

- name: Hold an address that Pacemaker moves, without any file
  aws_ha.overlay_ip.overlay_interface:
    addresses: [192.168.10.15]
    interface: eth0
    persistent: false
  become: true

- name: Give it up
  aws_ha.overlay_ip.overlay_interface:
    addresses: [192.168.10.15]
    state: absent
  become: true
"""

RETURN = r"""
at_work:
  description: Whether another run has the lease, so that nothing was done.
  returned: on that failure
  type: bool
  version_added: 1.1.0
addresses:
  description: The addresses, in the order asked for, as they are now (in check mode, as they would be).
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: The address with its prefix length.
      type: str
      sample: 192.168.10.15/32
    interface:
      description: Its interface; the one that held it with O(state=absent).
      type: str
    label:
      description: Its label, empty for none.
      type: str
    live:
      description: Whether the node holds it.
      type: bool
    persistent:
      description: Whether a file brings it back that the stack which configures the interface now does read.
      type: bool
    method:
      description: By which stack, empty for none.
      type: str
    table:
      description:
        - The number of the routing table by which replies leave. V(254) is the main one, which serves where its default
          route leads out of the same interface.
      type: int
      version_added: 1.1.0
    gateway:
      description: The gateway of that table, empty for the main one.
      type: str
      version_added: 1.1.0
before:
  description: The places where the addresses were live.
  returned: always
  type: list
  elements: dict
  sample: [{"address": "192.168.10.15/32", "interface": "eth0", "label": "eth0:1"}]
persistence:
  description: How the addresses are kept.
  returned: always
  type: dict
  contains:
    method:
      description: The stack, empty where nothing is kept.
      type: str
    owner:
      description: How the stack was found out.
      type: str
    files:
      description: The files that hold the addresses. A NetworkManager profile is shown as connection/UUID.
      type: list
      elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._address import hold, tools
from ..module_utils._address.kept import Kept
from ..module_utils._address.live import NodeError
from ..module_utils._address.persist.host import LocalHost
from ..module_utils._address.persist.store import METHODS, PersistError
from ..module_utils._base.deployment import USUAL, Deployment
from ..module_utils._engine.lease import OPTION, Lease

SPEC: dict[str, dict[str, Any]] = {
    "addresses": {"type": "list", "elements": "str", "required": True},
    "interface": {"type": "str", "default": "auto"},
    "label": {"type": "str", "default": "auto"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "persistent": {"type": "bool", "default": True},
    "persistence": {"type": "str", "choices": ["auto", *METHODS], "default": "auto"},
    "deployment": {"type": "str", "default": USUAL},
    "lease": OPTION,
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host = LocalHost()
    try:
        deployment = Deployment(module.params["deployment"])
        lease = Lease(deployment.memory[0])
        if told := lease.taken(module.params["lease"], check=module.check_mode):
            module.fail_json(msg=told, at_work=True)
        try:
            with tools.opened(host.read("/etc/os-release") or "") as live:
                engine = Kept(deployment.memory[0])
                result = hold.run(module.params, live, host, check=module.check_mode, engine=engine)
        finally:  # the last task here is that also where it failed
            lease.end(module.params["lease"])
    except (ValueError, PersistError, NodeError) as exc:
        module.fail_json(msg=str(exc), changed=getattr(exc, "changed", False))
    for text in result.pop("warnings"):
        module.warn(text)
    if not module._diff:
        del result["diff"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
