# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch machines on and off: when EC2 says so, or when a person does. One thread per machine keeps its order."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping

from lab.nodes.base import Node

log = logging.getLogger(__name__)

#: What EC2's events do to a machine.
EVENTS: Mapping[str, Callable[[Node], None]] = {
    "start": lambda node: node.boot(),
    "stop": lambda node: node.power_off(),
    "reboot": lambda node: node.reboot(),
    "terminate": lambda node: node.destroy(),
}


class Power:
    """The switches of all machines.

    Args:
        nodes: the machines by instance id.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._queues: dict[str, queue.Queue[Callable[[], None]]] = {}
        self._nodes = nodes
        for instance_id, node in nodes.items():
            self._queues[instance_id] = queue.Queue()
            thread = threading.Thread(target=self._work, args=(instance_id,), name=f"power {node.spec.name}")
            thread.daemon = True
            thread.start()

    def event(self, instance_id: str, event: str) -> None:
        """EC2 did something to an instance. Returns at once; instances that are no machine of the lab do not matter."""
        node = self._nodes.get(instance_id)
        if node is not None and event in EVENTS:
            log.info("%s: %s", node.spec.name, event)
            self._queues[instance_id].put(lambda: EVENTS[event](node))

    def settle(self) -> None:
        """Return when every machine has done what it was told so far."""
        for tasks in self._queues.values():
            tasks.join()

    def _work(self, instance_id: str) -> None:
        tasks = self._queues[instance_id]
        while True:
            task = tasks.get()
            try:
                task()
            except Exception:
                log.exception("%s: could not do what it was told", self._nodes[instance_id].spec.name)
            finally:
                tasks.task_done()
