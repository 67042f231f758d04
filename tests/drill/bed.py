# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for drills: two full nodes with a small application and a failover engine, and all that can befall them.

The application answers the probe with the node's name. It runs on the node, so that it dies, hangs and comes back with
it; that is how the drill tells who served, which a ping cannot.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.daemon import process
from lab.daemon.api import client
from lab.daemon.control import tell
from lab.daemon.ssh import end_masters
from lab.daemon.state import Directory, Lab, LabError
from lab.endpoint.control import Control
from lab.nodes.base import MARKER
from lab.playbook.run import Run, run_playbook
from lab.probe import DATAGRAM_PORT, HTTP_PORT, responder
from lab.probe.session import ProbeSession

ENGINES = ("keepalived", "pacemaker", "aws-vpc-move-ip")
#: Datagrams per second of the drills' probe: a packet is 4 ms.
RATE = 250.0
ADVERT = 1.0
TOKEN_MS = 1000

#: The AWS CLI as the stock agent calls it: Debian 12's takes an endpoint from its command line alone.
AWS = "/usr/local/bin/aws-lab"
# The stock agent of Debian 12 insists on a profile.
_AWS = """\
#!/bin/sh
export AWS_CONFIG_FILE=/etc/lab-sdk/config
exec /usr/bin/aws --endpoint-url http://{host} "$@"
"""

_APPLICATION = f"""\
[Unit]
Description=The application of the drill

[Service]
ExecStart=/usr/bin/python3 -I -S /usr/local/lib/responder.py %H {DATAGRAM_PORT} {HTTP_PORT}

[Install]
WantedBy=multi-user.target
"""
_CHECK = f"/usr/bin/curl --silent --fail --max-time 1 --output /dev/null http://127.0.0.1:{HTTP_PORT}/"
_FENCING_ACTIONS = ["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances", "ec2:DescribeInstances"]
# Debian 12's SDK takes no endpoint from the environment, but a table of endpoints (see docs/failover.md).
_ENDPOINTS = """\
import json
path = "/usr/lib/python3/dist-packages/botocore/data/endpoints.json"
table = json.load(open(path))
aws = next(p for p in table["partitions"] if p["partition"] == "aws")
for name in ("ec2", "sts"):
    aws["services"][name]["endpoints"]["{region}"] = {{"hostname": "{host}", "protocols": ["http"]}}
json.dump(table, open("/etc/lab-sdk/endpoints.json", "w"))
"""


_CLUSTERED = """\
<configuration>
  <resources>
    <clone id="overlay-app-clone">
      <primitive id="overlay-app" class="systemd" type="overlay-app">
        <meta_attributes id="overlay-app-meta">
          <nvpair id="overlay-app-threshold" name="migration-threshold" value="1"/>
        </meta_attributes>
        <operations><op id="overlay-app-monitor" name="monitor" interval="1s" timeout="10s"/></operations>
      </primitive>
    </clone>
  </resources>
  <constraints>
    <rsc_colocation id="overlay-with-app" rsc="{resource}" with-rsc="overlay-app-clone" score="INFINITY"/>
  </constraints>
</configuration>
"""


class DrillError(RuntimeError):
    """The lab did not come to the state that a drill begins or ends with."""


@dataclass(frozen=True)
class View:
    """Who holds what: of each table the node that its route points at, and the nodes on which the address is up."""

    tables: dict[str, str | None]
    states: frozenset[str]
    addresses: tuple[str, ...]

    @property
    def holder(self) -> str | None:
        """The one node that all tables point at, actively; None where there is none."""
        names = set(self.tables.values())
        return names.pop() if len(names) == 1 and self.states == {"active"} else None

    @property
    def at_rest(self) -> bool:
        """One holder in every table, with the address, and nobody else with it."""
        return self.holder is not None and self.addresses == (self.holder,)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"holder": self.holder, "tables": self.tables, "addresses": list(self.addresses)}


class Bed:
    """The lab and its handles. Nodes are named as in the lab: node1 is the home."""

    def __init__(self, directory: Directory, lab: Lab, engine: str) -> None:
        self.directory, self.engine = directory, engine
        self.control = Control(lab.world.endpoint_url)
        self.ec2 = client(lab.world, "ec2")
        self._off: set[str] = set()
        self.learn(lab)

    def learn(self, lab: Lab) -> None:
        """Take down what the lab is: which instance has which name."""
        self.lab = lab
        self.nodes = tuple(machine.name for machine in lab.world.nodes)
        self.roles = {machine.name: machine.role_name for machine in lab.world.nodes}
        self.instances = {machine.instance_id: machine.name for machine in lab.world.nodes}
        self._ids = {machine.name: machine.instance_id for machine in lab.world.nodes}

    # -- what can be done ----------------------------------------------------------------------------------------

    def exec(self, node: str, *argv: str, stdin: str = "", timeout: float = 30.0) -> str:
        """Run a command on a node and return its output, whatever its exit code."""
        answer = self._tell("exec", machine=node, argv=list(argv), stdin=stdin, seconds=timeout, timeout=timeout + 5.0)
        return str(answer["stdout"]).strip()

    def crash(self, *nodes: str) -> None:
        """Take the power away."""
        for node in nodes:
            self._tell("crash", machine=node)
            self._off.add(node)

    def boot(self, *nodes: str) -> None:
        """Switch on again: by EC2 where EC2 has stopped the instance."""
        for node in nodes:
            if self._states()[node] == "stopped":
                self.ec2.start_instances(InstanceIds=[self._ids[node]])
            else:
                self._tell("boot", machine=node)
            self._off.discard(node)

    def replace(self, node: str) -> None:
        """Let another instance have a node's name, as an Auto Scaling group does: empty, with its application alone."""
        self._tell("replace", machine=node, timeout=120.0)
        self.learn(Lab.load(self.directory.description))
        self._off.discard(node)
        self._prepare(node)

    def reboot(self, node: str) -> None:
        """Reboot in order."""
        self._tell("reboot", machine=node)

    def freeze(self, node: str) -> None:
        """Stop every process of a node where it stands."""
        self._tell("freeze", machine=node)
        self._off.add(node)

    def thaw(self, node: str) -> None:
        """Let the processes go on."""
        self._tell("thaw", machine=node)
        self._off.discard(node)

    def partition(self) -> None:
        """Let the nodes not hear each other; both still reach AWS and the clients."""
        self._tell("partition", one=self.nodes[0], other=self.nodes[1])

    def heal(self) -> None:
        """End partitions and faults of the API."""
        self._tell("heal")
        self.control.clear("faults")

    def kill_application(self, node: str) -> None:
        """kill -9; nothing starts it again until `start_application`."""
        self.exec(node, "systemctl", "kill", "--signal=KILL", "overlay-app")

    def start_application(self, node: str) -> None:
        """Start it again; a cluster is told that it may."""
        self.exec(node, "systemctl", "reset-failed", "overlay-app")
        if self.engine != "keepalived":
            self.exec(node, "crm_resource", "--cleanup", "--resource", "overlay-app")
            return
        self.exec(node, "systemctl", "start", "overlay-app")

    def play(self, playbook: str, **extra_vars: Any) -> Run:
        """Run a playbook of the collection against the nodes. Raises DrillError if it fails."""
        end_masters(self.directory)  # a node that lost power or was shot has not said goodbye to them
        variables = {**self.variables(), **extra_vars}
        run = run_playbook(playbook, self.directory.inventory, extra_vars=variables, timeout=600.0)
        if not run.ok:
            raise DrillError(f"{playbook} failed: {run.told}\n{run.output}")
        return run

    def slow_down(self, seconds: float) -> None:
        """Let every call to EC2 take so much longer."""
        if seconds:
            self.control.fault("delay", match={"service": "ec2"}, seconds=seconds)

    def install_agents(self) -> None:
        """Both agents where no cluster is, to be called by hand."""
        agent = Path(__file__).parents[2] / "roles/pacemaker/files/overlay-ip"
        for node in self.nodes:
            self.exec(node, "mkdir", "-p", "/usr/lib/ocf/resource.d/aws_ha")
            self.write(node, "/usr/lib/ocf/resource.d/aws_ha/overlay-ip", agent.read_text())
            self.exec(node, "chmod", "755", "/usr/lib/ocf/resource.d/aws_ha/overlay-ip")
            self._let_fencing_reach_the_lab(node)

    def probe(self, address: str | None = None, rate: float = RATE) -> ProbeSession:
        """A client that asks an overlay IP, the lab's own if none is given, `rate` times a second who answers."""
        namespace = self.lab.machines[-1].netns
        return ProbeSession(namespace, address or self.lab.overlay, {MARKER: self.lab.lab_id}, rate=rate)

    # -- what can be seen ----------------------------------------------------------------------------------------

    def view(self) -> View:
        """Who holds what now. A node that is off or frozen is not asked, and holds nothing that counts."""
        tables: dict[str, str | None] = {}
        states = set()
        for raw in self.ec2.describe_route_tables(RouteTableIds=list(self.lab.world.route_table_ids))["RouteTables"]:
            route: dict[str, Any] = next(
                (r for r in raw["Routes"] if r.get("DestinationCidrBlock") == f"{self.lab.overlay}/32"), {}
            )
            tables[raw["RouteTableId"]] = self.instances.get(route.get("InstanceId", ""))
            states.add(route.get("State", "absent"))
        return View(tables, frozenset(states), tuple(node for node in self.nodes if self._has_address(node)))

    def _has_address(self, node: str) -> bool:
        if node in self._off:
            return False
        try:
            return bool(self.exec(node, "ip", "-o", "address", "show", "to", self.lab.overlay))
        except LabError:  # it was shot, and is off for a moment
            return False

    def wait(self, good: Callable[[View], bool], seconds: float, what: str) -> View:
        """The first view that is good, within `seconds`. Raises DrillError with what is seen instead."""
        deadline = time.monotonic() + seconds
        while True:
            view = self.view()
            if good(view):
                return view
            if time.monotonic() > deadline:
                raise DrillError(f"{what} did not come in {seconds:.0f} s: {json.dumps(view.to_json())}")
            time.sleep(0.1)

    def rest(self, holder: str | None = None, seconds: float = 60.0) -> View:
        """Wait until one node (`holder`, if given) has everything, and the engine agrees and can fail over again."""
        what = f"rest at {holder or 'one node'}"
        view = self.wait(lambda v: v.at_rest and holder in (None, v.holder), seconds, what)
        self._await_engine(view.holder or "", seconds)
        return view

    def first_write(self, since: int) -> float | None:
        """Unix time of the first ReplaceRoute after the call `since`, whoever sent it."""
        return min((call["time"] for call in self.writes(since)), default=None)

    def writes(self, since: int) -> list[dict[str, Any]]:
        """The ReplaceRoute calls after the call `since`."""
        return self.control.calls(since, action="ReplaceRoute")

    # -- making --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """The application on both nodes, and what the engines need of this lab in place of AWS."""
        for node in self.nodes:
            self._prepare(node)

    def _prepare(self, node: str) -> None:
        self.write(node, "/usr/local/lib/responder.py", Path(responder.__file__).read_text())
        self.write(node, "/etc/systemd/system/overlay-app.service", _APPLICATION)
        self.exec(node, "systemctl", "enable", "--now", "overlay-app")
        if self.engine != "keepalived":
            self._make_fencing_possible(node)

    def join(self) -> None:
        """Under Pacemaker the application is a resource, too: on both nodes, and the overlay IP where it lives."""
        if self.engine == "keepalived":
            return
        for node in self.nodes:
            self.exec(node, "systemctl", "disable", "overlay-app")
        resource = "overlay-ip-" + self.lab.overlay
        text = _CLUSTERED.format(resource=resource)
        command = ["cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-pipe"]
        self.exec(self.nodes[0], *command, stdin=text)
        self.exec(self.nodes[0], "crm_resource", "--wait", "--timeout=60s", timeout=90)

    def part(self) -> None:
        """Take away what `join` put beside the overlay IP: teardown removes nothing that a constraint names."""
        if self.engine != "keepalived":
            colocation = "//rsc_colocation[@id='overlay-with-app']"
            self.exec(self.nodes[0], "cibadmin", "--delete", "--xpath", colocation)

    def _make_fencing_possible(self, node: str) -> None:
        """What a cluster of this node needs before it may be one."""
        self._let_fencing_reach_the_lab(node)

    def _let_fencing_reach_the_lab(self, node: str) -> None:
        """Fence agent and stock agent know AWS's endpoints only; permission to shoot is not the overlay IP's policy."""
        world, host = self.lab.world, self.lab.node_endpoint_url.removeprefix("http://")
        script = _ENDPOINTS.format(region=world.region, host=host)
        self.exec(node, "mkdir", "-p", "/etc/lab-sdk")
        self.exec(node, "python3", "-", stdin=script)
        self.write(node, "/etc/default/pacemaker", "AWS_DATA_PATH=/etc/lab-sdk\n")
        self.write(node, "/etc/lab-sdk/config", f"[default]\nregion = {world.region}\n")
        self.write(node, AWS, _AWS.format(host=host))
        self.exec(node, "chmod", "755", AWS)
        policy = {"Effect": "Allow", "Action": _FENCING_ACTIONS, "Resource": "*"}
        client(world, "iam").put_role_policy(
            RoleName=self.roles[node],
            PolicyName="fencing",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
        )

    def variables(self) -> dict[str, Any]:
        """What every playbook is given."""
        engine = "keepalived" if self.engine == "keepalived" else "pacemaker"
        agent = "aws-vpc-move-ip" if self.engine == "aws-vpc-move-ip" else "overlay-ip"
        return {
            "overlay_ip_failover": engine,
            "overlay_ip_advert_interval": ADVERT,
            "overlay_ip_check_command": _CHECK,
            "overlay_ip_check_interval": 2,
            "overlay_ip_corosync_token": TOKEN_MS,
            "overlay_ip_resource_agent": agent,
            "overlay_ip_vpc_move_ip_options": {"awscli": AWS},
        }

    def _states(self) -> dict[str, str]:
        """What EC2 says of the nodes' instances."""
        found = self.ec2.describe_instances(InstanceIds=list(self._ids.values()))["Reservations"]
        states = {i["InstanceId"]: str(i["State"]["Name"]) for r in found for i in r["Instances"]}
        return {node: states[instance_id] for node, instance_id in self._ids.items()}

    def _await_engine(self, holder: str, seconds: float) -> None:
        """Who was shot must be on again, too: until then the next fault would meet a node that EC2 is stopping."""
        deadline = time.monotonic() + seconds
        while set(self._states().values()) != {"running"} or not self._engine_agrees(holder):
            if time.monotonic() > deadline:
                raise DrillError(
                    f"{self.engine} does not agree within {seconds:.0f} s that {holder} holds the overlay IP"
                )
            time.sleep(0.2)

    def _engine_agrees(self, holder: str) -> bool:
        if self.engine == "keepalived":
            wanted = {node: "MASTER" if node == holder else "BACKUP" for node in self.nodes}
            return {node: self._standing(node) for node in self.nodes} == wanted
        text = self.exec(holder, "crm_mon", "--one-shot", "--output-as=xml")
        started = re.findall(r'<resource id="overlay-app"[^>]* role="Started"', text)
        if 'id="overlay-app"' in text and len(started) < len(self.nodes):  # nowhere to go to
            return False
        return text.count('online="true"') >= len(self.nodes) and 'pending="true"' not in text

    def _standing(self, node: str) -> str:
        text = self.exec(node, "cat", "/run/aws-overlay-ip/keepalived.json")
        return str(json.loads(text)["state"]) if text else ""

    def write(self, node: str, path: str, text: str) -> None:
        """Write a file of a node."""
        self.exec(node, "sh", "-c", 'cat > "$1"', "sh", path, stdin=text)

    def _tell(self, command: str, **arguments: Any) -> Any:
        return tell(self.directory.control, command, **arguments)


@contextmanager
def bed(
    engine: str, tables: int = 2, options: Sequence[str] = (), kind: str = "full:ha", make: type[Bed] = Bed
) -> Iterator[Bed]:
    """A lab with the engine set up and at rest on its home; removed afterwards.

    Args:
        engine: one of ENGINES.
        tables: route tables.
        options: further options of the lab.
        kind: of the nodes.
        make: what the lab's handles are.
    """
    directory, lab = process.up(kind, [f"--tables={tables}", *options])
    try:
        made = make(directory, lab, engine)
        made.prepare()
        made.play("setup.yml")
        made.rest(made.nodes[0])
        made.join()
        yield made
    finally:
        process.down(directory)
