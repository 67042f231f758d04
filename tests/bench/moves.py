# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving the route of one overlay IP in N tables: overlay_route, amazon.aws, the AWS CLI, and Pacemaker's agent."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.command import BenchError, Timed, playbook, timed
from bench.peers import Peers
from bench.results import OURS, Row, Run
from bench.stage import Stage
from lab.daemon.ssh import ssh_options

PLAYS = Path(__file__).with_name("plays")
AMAZON, CLI, AGENT = "amazon.aws", "AWS CLI", "aws-vpc-move-ip"

#: A contender moves the tables to a node, or stops at the limit.
Contender = Callable[[Sequence[str], float, str], Timed]

_CLI_LOOP = """
aws=$1 destination=$2 interface=$3
shift 3
for table in "$@"; do
  "$aws" ec2 replace-route --route-table-id "$table" --destination-cidr-block "$destination" \\
    --network-interface-id "$interface" >/dev/null || exit 1
done
"""
_AGENT_TIMES = re.compile(r"^took (?P<start>[\d.]+) (?P<end>[\d.]+) (?P<rc>\d+)$", re.MULTILINE)


class Moves:
    """The contenders on one stage."""

    def __init__(self, stage: Stage, peers: Peers) -> None:
        self.stage = stage
        self.peers = peers
        self.contenders: dict[str, Contender] = {
            OURS: self._ours,
            AMAZON: self._amazon,
            CLI: self._cli,
            AGENT: self._agent,
        }

    def rows(self, number: int, rounds: Mapping[str, int], limit: float) -> list[Row]:
        """Measure all contenders by turns, each as many rounds as it is given; the peers end at ``limit`` seconds.

        amazon.aws goes on until it is decided whether ours is ten times as fast.
        """
        tables = self.stage.tables(number)
        runs: dict[str, list[Run]] = {who: [] for who in rounds}
        for turn in range(max(rounds.values())):
            for who, times in rounds.items():
                if turn < times:
                    print(f"  {number} tables, {who}, round {turn + 1} of {times}", flush=True)
                    ours = max((run.seconds for run in runs[OURS]), default=0.0)
                    bound = {OURS: 600.0, AMAZON: max(limit, 11 * ours)}.get(who, limit)
                    move = partial(self.contenders[who], tables, bound)
                    runs[who].append(self.stage.measure(move, tables))
        case = f"{number} route table{'s' if number > 1 else ''}"
        return [Row(case, who, tuple(found), number) for who, found in runs.items()]

    def _ours(self, tables: Sequence[str], limit: float, target: str) -> Timed:
        return self._play("move_overlay_ip.yml", tables, limit, target, {})

    def _amazon(self, tables: Sequence[str], limit: float, target: str) -> Timed:
        return self._play(
            "move_amazon_aws.yml", tables, limit, target, {"ANSIBLE_COLLECTIONS_PATH": str(self.peers.collections)}
        )

    def _play(self, name: str, tables: Sequence[str], limit: float, target: str, env: Mapping[str, str]) -> Timed:
        stage = self.stage
        variables = stage.variables(tables=list(tables), interface_id=stage.interface_id(target))
        return playbook(PLAYS / name, stage.inventory(1), "-e", f"@{variables}", env=env, limit=limit)

    def _cli(self, tables: Sequence[str], limit: float, target: str) -> Timed:
        arguments = [str(self.peers.aws), f"{self.stage.address}/32", self.stage.interface_id(target), *tables]
        world = self.stage.world
        env = {
            "AWS_ENDPOINT_URL": world.endpoint_url,
            "AWS_DEFAULT_REGION": world.region,
            "AWS_ACCESS_KEY_ID": world.admin.access_key,
            "AWS_SECRET_ACCESS_KEY": world.admin.secret_key,
        }
        return timed(["sh", "-c", _CLI_LOOP, "sh", *arguments], env, limit)

    def _agent(self, tables: Sequence[str], limit: float, target: str) -> Timed:
        """A planned move as Pacemaker does it: stop on the old node, start on the new one, which lacks the address."""
        old = "node1" if target == "node2" else "node2"
        self.stage.address_up(target, False)
        stop = self._agent_action(old, "stop", tables, limit)
        start = self._agent_action(target, "start", tables, limit - stop.seconds)
        return Timed(stop.seconds + start.seconds, start.finished, start.output)

    def _agent_action(self, machine: str, action: str, tables: Sequence[str], limit: float) -> Timed:
        """One call of the agent on a node, its time taken there, without ssh's."""
        ocf = {
            "OCF_ROOT": str(self.peers.ocf_root),
            "OCF_RESOURCE_INSTANCE": "overlay-ip",
            "OCF_RESKEY_awscli": str(self.peers.aws),
            "OCF_RESKEY_ip": self.stage.address,
            "OCF_RESKEY_routing_table": ",".join(tables),
            "OCF_RESKEY_interface": "eth0",
            "OCF_RESKEY_region": self.stage.world.region,
            "AWS_ENDPOINT_URL": self.stage.lab.lab.node_endpoint_url,
            "AWS_SHARED_CREDENTIALS_FILE": "/root/aws",
        }
        self.stage.lab.exec(machine, "sh", "-c", "umask 077; cat > /root/aws", stdin=self._credentials())
        command = ["env", *(f"{k}={v}" for k, v in ocf.items()), "timeout", "-s", "KILL", f"{max(limit, 1):.0f}"]
        script = (
            "mkdir -p /run/resource-agents; start=$(date +%s.%N); "
            f"{shlex.join([*command, 'sh', str(self.peers.agent), action])} 2>&1; rc=$?; "
            'echo; echo "took $start $(date +%s.%N) $rc"'
        )
        directory = self.stage.lab.directory
        address = self.stage.lab.lab.machine(machine).address
        ssh = ["ssh", *ssh_options(directory), "-i", str(directory.key), f"root@{address}", script]
        output = timed(ssh, limit=limit + 60).output
        times = _AGENT_TIMES.search(output)
        if times is None or times["rc"] not in ("0", "137"):
            raise BenchError(f"aws-vpc-move-ip {action} on {machine} failed:\n{output[-2000:]}")
        return Timed(float(times["end"]) - float(times["start"]), times["rc"] == "0", output)

    def _credentials(self) -> str:
        keys = self.stage.world.admin
        return f"[default]\naws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret_key}\n"
