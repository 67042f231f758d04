# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances stop, start, terminate and reboot as in EC2, with time spent in between.

The machines are told when their operating system would notice: at the start of stopping and of shutting-down, and when
pending ends. An instance is stopped no sooner than its machine is off: a shutdown that hangs is seen in the API.
moto changes states at once and keeps a terminated instance's interfaces.
"""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ..answers import Answer, ApiError, ec2_result
from ..backing import forward
from ..cloud import Cloud
from ..request import Call
from . import identifiers
from .interfaces import mirror_source_dest_check

#: What the machines have still to do after they were told.
Told = Future[list[threading.Event]]

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class Power:
    """Delivers power events one after the other, outside the lock."""

    def __init__(self, deliver: Callable[[str, str], list[threading.Event]]) -> None:
        self._deliver = deliver
        self._events: queue.SimpleQueue[tuple[str, str, Told] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, instance_id: str, event: str) -> Told:
        """Queue an event: "start", "stop" (in order), "cut" (the power), "reboot" or "terminate"."""
        told: Told = Future()
        self._events.put((instance_id, event, told))
        return told

    def close(self) -> None:
        """Stop after the events that are queued."""
        self._events.put(None)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while (item := self._events.get()) is not None:
            instance_id, event, told = item
            told.set_result(self._deliver(instance_id, event))


class Life:
    """The transitions under way."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._timers: set[threading.Timer] = set()
        self.power = Power(cloud.power)

    def pass_through(
        self,
        instance: Any,
        via: str,
        to: str,
        seconds: float,
        done: Callable[[Any], object] = lambda _: None,
        after: Told | None = None,
    ) -> None:
        """Put ``instance`` into ``via`` now and into ``to`` after ``seconds``, unless it has left ``via`` by then.

        With ``after``, no sooner than the machines have done what they were told.
        """
        set_state(instance, via)

        def arrive() -> None:
            if instance.state == via:
                set_state(instance, to)
                done(instance)

        self.later(seconds, arrive, after)

    def later(self, seconds: float, then: Callable[[], object], after: Told | None = None) -> None:
        """Change something after ``seconds``, and tell everyone; ``after`` as above."""

        def finish() -> None:
            for machine in after.result() if after else ():
                machine.wait()
            with self._cloud.change():
                self._timers.discard(timer)
                then()

        timer = threading.Timer(seconds, finish)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def close(self) -> None:
        """Cancel what is under way."""
        for timer in list(self._timers):
            timer.cancel()
        self.power.close()


def set_state(instance: Any, name: str) -> None:
    """Set moto's state, name and code."""
    instance._state.name, instance._state.code = name, _CODES[name]


def run_instances(cloud: Cloud, call: Call) -> Answer:
    """RunInstances: moto's, then pending for a while; interfaces that it made go with the instance, as in EC2."""
    answer = forward(call, call.by.account_id)
    given = {s["NetworkInterfaceId"] for s in call.structures("NetworkInterface") if "NetworkInterfaceId" in s}
    for instance_id in re.findall(rb"<instanceId>(i-[0-9a-f]+)</instanceId>", answer.body):
        instance = cloud.backing.instance(call.region, instance_id.decode())
        assert instance is not None
        for interface in instance.nics.values():
            interface.delete_on_termination = interface.id not in given
        mirror_source_dest_check(instance)
        _power_on(cloud, instance)
    cloud.shares.mirror_interfaces()
    return answer


def start_instances(cloud: Cloud, call: Call) -> Answer:
    """StartInstances: from stopped only; running and pending instances are left as they are."""
    instances = _instances(cloud, call)
    for instance in instances:
        if instance.state not in ("stopped", "running", "pending"):
            raise _incorrect(instance, "started")
    before = {i.id: i.state for i in instances}
    for instance in instances:
        if instance.state == "stopped":
            instance.state_reason = type(instance.state_reason)()
            instance._reason = ""
            _power_on(cloud, instance)
    return _answer(call, instances, before)


def stop_instances(cloud: Cloud, call: Call) -> Answer:
    """StopInstances: the operating system shuts down in order, with Force, too; SkipOsShutdown takes the power away.

    DisableApiStop is respected.
    """
    instances = _instances(cloud, call)
    for instance in instances:
        if instance.state in ("shutting-down", "terminated"):
            raise _incorrect(instance, "stopped")
        if str(instance.disable_api_stop).lower() == "true":
            raise ApiError(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and "
                "try again.",
            )
    before = {i.id: i.state for i in instances}
    event = "cut" if call.flag("SkipOsShutdown") else "stop"
    for instance in instances:
        if instance.state in ("pending", "running"):
            told = cloud.life.power.send(instance.id, event)
            cloud.life.pass_through(instance, "stopping", "stopped", cloud.settings.timing.stop, after=told)
    return _answer(call, instances, before)


def reboot_instances(cloud: Cloud, call: Call) -> Answer:
    """RebootInstances: the state stays running, the machine restarts."""
    instances = _instances(cloud, call)
    for instance in instances:
        if instance.state != "running":
            raise _incorrect(instance, "rebooted")
    for instance in instances:
        cloud.life.power.send(instance.id, "reboot")
    return ec2_result(call.action)


def terminate_instances(cloud: Cloud, call: Call) -> Answer:
    """TerminateInstances: shutting-down, then terminated; then its interfaces are deleted or set free."""
    instances = _instances(cloud, call)
    for instance in instances:
        if str(instance.disable_api_termination).lower() == "true":
            raise ApiError(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination' instance "
                "attribute and try again.",
            )
    before = {i.id: i.state for i in instances}

    def release(instance: Any) -> None:
        primary = instance.nics[0]
        for interface in list(instance.nics.values()):
            instance.detach_eni(interface)
            if interface.delete_on_termination:
                interface.delete()
        instance.nics[0] = primary  # moto describes a terminated instance by it
        cloud.shares.mirror_interfaces()

    for instance in instances:
        if instance.state not in ("shutting-down", "terminated"):
            cloud.life.pass_through(instance, "shutting-down", "terminated", cloud.settings.timing.terminate, release)
            cloud.life.power.send(instance.id, "terminate")
    return _answer(call, instances, before)


def _power_on(cloud: Cloud, instance: Any) -> None:
    cloud.life.pass_through(
        instance,
        "pending",
        "running",
        cloud.settings.timing.start,
        lambda started: cloud.life.power.send(started.id, "start"),
    )


def _instances(cloud: Cloud, call: Call) -> list[Any]:
    wanted = call.members("InstanceId")
    if not wanted:
        raise ApiError("MissingParameter", "The request must contain the parameter InstanceId")
    return [identifiers.instance(cloud, call.region, instance_id) for instance_id in wanted]


def _incorrect(instance: Any, what: str) -> ApiError:
    return ApiError(
        "IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be {what}."
    )


def _answer(call: Call, instances: Sequence[Any], before: dict[str, str]) -> Answer:
    items = "".join(
        f"<item><instanceId>{i.id}</instanceId>{_state('currentState', i.state)}{_state('previousState', before[i.id])}"
        "</item>"
        for i in instances
    )
    return ec2_result(call.action, f"<instancesSet>{items}</instancesSet>")


def _state(name: str, state: str) -> str:
    return f"<{name}><code>{_CODES[state]}</code><name>{state}</name></{name}>"


HANDLERS: dict[str, Callable[[Cloud, Call], Answer]] = {
    "RunInstances": run_instances,
    "StartInstances": start_instances,
    "StopInstances": stop_instances,
    "RebootInstances": reboot_instances,
    "TerminateInstances": terminate_instances,
}
