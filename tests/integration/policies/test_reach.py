# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With just `purpose: reach` a thing is made, changed and removed; with anything taken out, something fails."""

from __future__ import annotations

import time

import pytest
from integration.policies.stage import OVERLAY, Denied, Stage, play, without_one

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import balancer_job, client_vpn, client_vpn_job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.balancer import Want, WantedListener
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.client_vpn_ec2 import ClientVpns
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.elb import LoadBalancers
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from lab import outside

NAME = "sap-ascs"
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
#: What overlay_path_info reads besides; it goes on without, and says what it has not seen.
PATHS = {
    "ec2:DescribeInstanceTypes",  # without it, the time that an interface tracks by itself counts as too short
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeRouteTables",
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeTransitGatewayRouteTables",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeTransitGateways",
    "ec2:DescribeVpcPeeringConnections",
}
#: And what only the path to the nodes reads.
OF_OTHERS = {
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer_job, "PAUSE", 0.05)


class Balancing:
    """All that the module ever calls, in three runs: made, changed in every way, removed."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        ec2 = stage.endpoint.client("ec2", stage.world.owner_admin.credentials())
        vpc, now = stage.world.vpc_id, time.monotonic_ns()
        self.groups = [
            ec2.create_security_group(GroupName=f"{name}-{now}", Description="x", VpcId=vpc)["GroupId"]
            for name in ("one", "other")
        ]
        self.subnets = tuple(node.subnet_id for node in stage.world.nodes)

    def made(self, ec2: Ec2) -> None:
        listeners = (self._listener(3600, idle_timeout=3900), self._listener(443))
        self._run(ec2, Want(NAME, listeners, self.subnets, (self.groups[0],)))

    def changed(self, ec2: Ec2) -> None:
        tls = self._listener(3600, protocol="TLS", certificate_arn=CERTIFICATE, target_port=3601)
        self._run(ec2, Want(NAME, (tls,), self.subnets[:1], (self.groups[1],), interval=10, tags={"cost": "1"}))

    def removed(self, ec2: Ec2) -> None:
        self._run(ec2, Want(NAME, state="absent"))

    def _run(self, ec2: Ec2, want: Want) -> None:
        nodes = tuple(self.stage.instances)
        balancer_job.run(LoadBalancers(ec2.aws), ec2, balancer_job.Request(want, nodes, wait_timeout=5))

    @staticmethod
    def _listener(port: int, **more: object) -> WantedListener:
        return WantedListener(**{"port": port, "address": "192.168.10.15", "target_port": port, **more})  # type: ignore[arg-type]


def test_the_policy_of_load_balancers_is_enough_and_minimal(stage: Stage) -> None:
    document = stage.rendered(purpose="reach", load_balancer_names=(NAME,), network_interface_ids=stage.interfaces)
    balancing, judged, admin = Balancing(stage), stage.judged(), stage.ec2(stage.world.admin)
    run = (balancing.made, balancing.changed, balancing.removed)
    stage.grant(document)
    play(judged, *run)

    refused: dict[str, list[bool]] = {}
    digits: dict[int, bool] = {}  # of a target group's port: whether those ports are refused
    for taken, rest in without_one(document):
        if taken in PATHS:
            continue
        ec2 = stage.endpoint.client("ec2", stage.world.owner_admin.credentials())
        for interface in stage.interfaces:  # as a new instance's
            ec2.modify_network_interface_attribute(
                NetworkInterfaceId=interface, ConnectionTrackingSpecification={"TcpEstablishedTimeout": 350}
            )
        stage.grant(rest)
        told = ""
        try:
            play(judged, *run)
        except Denied as err:
            told = str(err)
        if ":targetgroup/" in taken:
            digits[taken.count("?")] = bool(told)
        else:
            refused.setdefault(taken, []).append(f"{taken} " in told)
        play(admin, balancing.removed)
    assert digits == {1: False, 2: False, 3: True, 4: True, 5: False}  # ports 443, 3600
    assert len(refused) > 30
    # A new listener is tagged by the right on its load balancer: the lab sees no other use of the right on listeners.
    assert {taken for taken, told in refused.items() if not all(told)} <= {"elasticloadbalancing:AddTags"}


class LettingIn:
    """All that client_vpn_route ever calls, in three runs: made, changed, removed."""

    def __init__(self, stage: Stage) -> None:
        self.ec2 = stage.endpoint.client("ec2", stage.world.owner_admin.credentials())
        stage.endpoint.configure(client_vpn=0.02)
        self.endpoint = outside.client_vpn(self.ec2, *(node.subnet_id for node in stage.world.nodes))

    def made(self, ec2: Ec2) -> None:
        self._run(ec2, client_vpn.Want(self.endpoint, (OVERLAY,)))

    def changed(self, ec2: Ec2) -> None:
        self._run(ec2, client_vpn.Want(self.endpoint, (OVERLAY,), group_ids=("S-1",)))

    def removed(self, ec2: Ec2) -> None:
        self._run(ec2, client_vpn.Want(self.endpoint, (OVERLAY,), state="absent"))

    def _run(self, ec2: Ec2, want: client_vpn.Want) -> None:
        client_vpn_job.run(ClientVpns(ec2.aws), client_vpn_job.Request(want, wait_timeout=5))


def test_the_policy_of_client_vpns_is_enough_and_minimal(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_vpn_job, "FIRST_PAUSE", 0.02)
    letting = LettingIn(stage)
    document = stage.rendered(purpose="reach", client_vpn_endpoint_ids=(letting.endpoint,))
    judged, admin = stage.judged(), stage.ec2(stage.world.admin)
    run = (letting.made, letting.changed, letting.removed)
    stage.grant(document)
    play(judged, *run)
    refused: dict[str, bool] = {}
    for taken, rest in without_one(document):
        if taken in PATHS or taken in OF_OTHERS:
            continue
        stage.grant(rest)
        try:
            play(judged, *run)
        except Denied as err:
            refused[taken] = taken in str(err)
        else:
            refused[taken] = False
        play(admin, letting.removed)
    assert len(refused) == 10
    assert all(refused.values()), refused

    stage.grant(document)
    other = LettingIn(stage)
    with pytest.raises(Denied, match=r"ec2:DescribeClientVpnTargetNetworks on \S+:client-vpn-endpoint/cvpn-endpoint-"):
        play(judged, other.made)


@pytest.mark.parametrize("name", ["mine", "sap"])
def test_another_name_is_refused(stage: Stage, name: str) -> None:
    """Be it one that begins with this one."""
    judged = stage.judged()
    stage.grant(stage.rendered(purpose="reach", load_balancer_names=(name,), network_interface_ids=stage.interfaces))
    with pytest.raises(Denied, match=r"elasticloadbalancing:CreateTargetGroup on \S+:targetgroup/sap-ascs-3600/\* is"):
        play(judged, Balancing(stage).made)
