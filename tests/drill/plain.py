# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same lab on nodes that have Python and iproute2 and nothing else for us: neither SDK nor pyroute2.

`fence_aws` is written for the SDK, so a cluster of such nodes fences by other means, and is there before setup.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drill.bed import Bed, bed

#: It trusts that who is to be shot is off: whoever uses it takes the power away first.
_FENCE = """\
#!/bin/sh
while IFS='=' read -r key value; do [ "$key" != action ] || action=$value; done
[ "$action" != metadata ] || cat <<'END'
<?xml version="1.0"?>
<resource-agent name="fence_lab" shortdesc="Believes">
<longdesc>Believes that it is off.</longdesc>
<parameters>
<parameter name="action" required="1"><content type="string" default="reboot"/></parameter>
<parameter name="port"><content type="string"/></parameter>
</parameters>
<actions>
<action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/>
<action name="list"/><action name="monitor"/><action name="metadata"/>
</actions>
</resource-agent>
END
"""
_COROSYNC = """\
totem {{
  version: 2
  cluster_name: somebody
  transport: knet
}}
quorum {{
  provider: corosync_votequorum
  two_node: 1
}}
nodelist {{
{nodes}}}
logging {{
  to_syslog: yes
}}
"""
_NODE = "  node {{\n    name: {name}\n    nodeid: {number}\n    ring0_addr: {address}\n  }}\n"
_FENCING = """\
<configuration>
  <crm_config>
    <cluster_property_set id="cib-bootstrap-options">
      <nvpair id="somebodys-stonith" name="stonith-enabled" value="true"/>
    </cluster_property_set>
  </crm_config>
  <resources>
    <primitive id="somebodys-fencing" class="stonith" type="fence_lab">
      <instance_attributes id="somebodys-fencing-options">
        <nvpair id="somebodys-fencing-hosts" name="pcmk_host_list" value="{names}"/>
      </instance_attributes>
    </primitive>
  </resources>
</configuration>
"""


class Plain(Bed):
    """Nodes without an SDK. With Pacemaker they are a cluster already, with a fencing device of its own."""

    def prepare(self) -> None:
        """See :class:`Bed`."""
        for node in self.nodes:
            found = self.exec(node, "python3", "-c", _SEARCH)
            assert found == "[]", f"{node} is not plain: it has {found}"
        super().prepare()
        if self.engine == "keepalived":
            return
        machines = enumerate(self.lab.world.nodes, 1)
        nodes = "".join(_NODE.format(name=m.name, number=number, address=m.addresses[0]) for number, m in machines)
        for node in self.nodes:
            self.write(node, "/etc/corosync/corosync.conf", _COROSYNC.format(nodes=nodes))
            self.exec(node, "systemctl", "enable", "--now", "corosync", "pacemaker", timeout=60)
        wait = "until crm_mon -1 --output-as=xml | grep -q 'with_quorum=\"true\"'; do sleep 0.2; done"
        self.exec(self.nodes[0], "timeout", "60", "sh", "-c", wait, timeout=70)
        command = ["cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-pipe"]
        self.exec(self.nodes[0], *command, stdin=_FENCING.format(names=" ".join(self.nodes)))
        self.exec(self.nodes[0], "crm_resource", "--wait", "--timeout=60s", timeout=90)

    def _make_fencing_possible(self, node: str) -> None:
        self.write(node, "/usr/sbin/fence_lab", _FENCE)
        self.exec(node, "chmod", "755", "/usr/sbin/fence_lab")

    def variables(self) -> dict[str, Any]:
        return {**super().variables(), "overlay_ip_fencing": "existing"}


_SEARCH = """
import importlib.util
names = ("boto3", "botocore", "pyroute2")
print([name for name in names if importlib.util.find_spec(name)])
"""


@contextmanager
def plain(engine: str, tables: int = 2) -> Iterator[Plain]:
    """A lab of such nodes with the engine set up and at rest on its home; removed afterwards."""
    with bed(engine, tables, kind="full:plain", make=Plain) as made:
        assert isinstance(made, Plain)
        yield made
