# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances live as in EC2: the states and their order, what the machines are told, and what becomes of the routes."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from lab.endpoint import Endpoint
from lab.world import World, wait_for

from .bench import OVERLAY, Bench, refused


@pytest.fixture
def ec2(endpoint: Endpoint) -> Any:
    """The administrator's client."""
    return endpoint.client("ec2")


def _change(answer: dict[str, Any], key: str) -> tuple[str, str]:
    [instance] = answer[key]
    return instance["PreviousState"]["Name"], instance["CurrentState"]["Name"]


def test_the_states_and_their_order(endpoint: Endpoint, bench: Bench) -> None:
    ec2 = bench.ec2
    endpoint.configure(start=0.3, stop=0.3, terminate=0.3)
    made = ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, SubnetId=bench.subnet)
    instance = made["Instances"][0]["InstanceId"]
    assert bench.state(instance) == "pending"
    bench.wait(lambda: bench.state(instance) == "running", "running")
    assert _change(ec2.stop_instances(InstanceIds=[instance]), "StoppingInstances") == ("running", "stopping")
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[instance])
    refused("IncorrectInstanceState", ec2.reboot_instances, InstanceIds=[instance])
    bench.wait(lambda: bench.state(instance) == "stopped", "stopped")
    assert _change(ec2.stop_instances(InstanceIds=[instance]), "StoppingInstances") == ("stopped", "stopped")
    assert _change(ec2.start_instances(InstanceIds=[instance]), "StartingInstances") == ("stopped", "pending")
    bench.wait(lambda: bench.state(instance) == "running", "running again")
    terminated = ec2.terminate_instances(InstanceIds=[instance])
    assert _change(terminated, "TerminatingInstances") == ("running", "shutting-down")
    bench.wait(lambda: bench.state(instance) == "terminated", "terminated")
    refused("IncorrectInstanceState", ec2.start_instances, InstanceIds=[instance])
    refused("IncorrectInstanceState", ec2.stop_instances, InstanceIds=[instance])


def test_terminating_overtakes_stopping(endpoint: Endpoint, bench: Bench) -> None:
    instance, dummy = bench.instance()
    endpoint.configure(stop=0.2, terminate=0.6)
    bench.ec2.stop_instances(InstanceIds=[instance])
    bench.ec2.terminate_instances(InstanceIds=[instance])
    states: set[str] = set()

    def over() -> bool:
        states.add(bench.state(instance))
        return "terminated" in states

    bench.wait(over, "terminated")
    assert states == {"shutting-down", "terminated"}


def test_protected_instances_stay(bench: Bench) -> None:
    instance, dummy = bench.instance()
    for attribute, call in (
        ("DisableApiStop", bench.ec2.stop_instances),
        ("DisableApiTermination", bench.ec2.terminate_instances),
    ):
        bench.ec2.modify_instance_attribute(InstanceId=instance, **{attribute: {"Value": True}})
        refused("OperationNotPermitted", call, InstanceIds=[instance])
        assert bench.state(instance) == "running"


def test_the_machines_are_told(endpoint: Endpoint, ec2: Any, world: World) -> None:
    events: list[tuple[str, str]] = []
    threads: set[str] = set()

    def machine(instance_id: str, event: str) -> None:
        endpoint.snapshot(world.vpc_id)  # the lock is free
        threads.add(threading.current_thread().name)
        events.append((instance_id, event))

    endpoint.on_power(machine)
    one, two = (node.instance_id for node in world.nodes)
    state = {i.instance_id: i.state for i in endpoint.snapshot(world.vpc_id).instances}
    assert state[one] == "running"
    ec2.reboot_instances(InstanceIds=[one])
    ec2.stop_instances(InstanceIds=[one])
    wait_for(lambda: (one, "stop") in events, "the machine to be told", 5)
    assert {i.instance_id: i.state for i in endpoint.snapshot(world.vpc_id).instances}[one] == "stopping"
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[one], WaiterConfig={"Delay": 0.05, "MaxAttempts": 100})
    ec2.start_instances(InstanceIds=[one])
    ec2.terminate_instances(InstanceIds=[two])
    wait_for(lambda: len(events) == 4, "all events", 5)
    assert [event for machine, event in events if machine == one] == ["reboot", "stop", "start"]
    assert [event for machine, event in events if machine == two] == ["terminate"]
    assert len(threads) == 1


def test_stopped_only_when_the_machine_is_off(endpoint: Endpoint, bench: Bench) -> None:
    """Whoever fences by StopInstances waits for that state, and believes it."""
    off = threading.Event()
    endpoint.on_power(lambda instance_id, event: off)
    endpoint.configure(stop=0.1)
    instance, dummy = bench.instance()
    bench.ec2.stop_instances(InstanceIds=[instance], Force=True)
    time.sleep(0.4)  # what must not happen has time to happen
    assert bench.state(instance) == "stopping"
    off.set()
    bench.wait(lambda: bench.state(instance) == "stopped", "stopped")


@pytest.mark.parametrize(
    ("options", "event"),
    [({}, "stop"), ({"Force": True}, "stop"), ({"SkipOsShutdown": True}, "cut")],
)
def test_only_skip_os_shutdown_takes_the_power_away(
    endpoint: Endpoint, bench: Bench, options: dict[str, bool], event: str
) -> None:
    events: list[tuple[str, str]] = []

    def machine(instance_id: str, event: str) -> None:
        events.append((instance_id, event))

    endpoint.on_power(machine)
    instance, dummy = bench.instance()
    bench.ec2.stop_instances(InstanceIds=[instance], **options)
    bench.wait(lambda: bench.state(instance) == "stopped", "stopped")
    assert [told for told in events if told[1] != "start"] == [(instance, event)]


def test_a_reboot_leaves_the_route_active(bench: Bench) -> None:
    instance, [eni] = bench.instance()
    bench.ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    bench.ec2.reboot_instances(InstanceIds=[instance])
    assert (bench.state(instance), bench.shown()["State"]) == ("running", "active")


def test_a_route_to_a_detached_and_to_a_deleted_interface_is_a_blackhole(bench: Bench) -> None:
    instance, [dummy, eni] = bench.instance(interfaces=2)
    ec2 = bench.ec2
    ec2.create_route(RouteTableId=bench.table, DestinationCidrBlock=OVERLAY, NetworkInterfaceId=eni)
    assert (bench.shown()["State"], bench.shown()["InstanceId"]) == ("active", instance)
    [shown] = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"]
    refused("InvalidParameterValue", ec2.delete_network_interface, text="currently in use", NetworkInterfaceId=eni)
    ec2.detach_network_interface(AttachmentId=shown["Attachment"]["AttachmentId"])
    assert bench.shown()["State"] == "blackhole"
    assert "InstanceId" not in bench.shown()
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    assert bench.shown()["State"] == "blackhole"
    found = ec2.describe_route_tables(Filters=[{"Name": "route.state", "Values": ["blackhole"]}])["RouteTables"]
    assert [table["RouteTableId"] for table in found] == [bench.table]


def test_termination_deletes_the_interfaces_that_came_with_the_instance(bench: Bench) -> None:
    instance, [primary, extra] = bench.instance(interfaces=2)
    bench.ec2.terminate_instances(InstanceIds=[instance])
    bench.wait(lambda: bench.state(instance) == "terminated", "terminated")
    refused(
        "InvalidNetworkInterfaceID.NotFound",
        bench.ec2.describe_network_interfaces,
        NetworkInterfaceIds=[primary],
    )
    [kept] = bench.ec2.describe_network_interfaces(NetworkInterfaceIds=[extra])["NetworkInterfaces"]
    assert kept["Status"] == "available"


def test_the_primary_interface_cannot_be_detached_nor_an_attached_one_attached(bench: Bench) -> None:
    one, [primary] = bench.instance()
    [shown] = bench.ec2.describe_network_interfaces(NetworkInterfaceIds=[primary])["NetworkInterfaces"]
    attachment = shown["Attachment"]["AttachmentId"]
    refused("OperationNotPermitted", bench.ec2.detach_network_interface, AttachmentId=attachment)
    attach = bench.ec2.attach_network_interface
    refused("InvalidNetworkInterface.InUse", attach, NetworkInterfaceId=primary, InstanceId=one, DeviceIndex=1)
    free = bench.interface()
    refused("InvalidParameterValue", attach, NetworkInterfaceId=free, InstanceId=one, DeviceIndex=0)
