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

#: What a machine has to do, each with what is set when it is done.
Tasks = queue.Queue[tuple[str, threading.Event]]

#: What EC2's events do to a machine.
EVENTS: Mapping[str, Callable[[Node], None]] = {
    "start": lambda node: node.boot(),
    "stop": lambda node: node.power_off(),
    "cut": lambda node: node.crash(),
    "reboot": lambda node: node.reboot(),
    "terminate": lambda node: node.destroy(),
}


class Power:
    """The switches of all machines.

    Args:
        names: the machines' names by instance id.
        node: the machine of a name as it is now; its disk may have been renewed since the lab began.
    """

    def __init__(self, names: Mapping[str, str], node: Callable[[str], Node]) -> None:
        self._names = dict(names)
        self._node = node
        self._tasks: dict[str, queue.Queue[tuple[str, threading.Event]]] = {
            name: queue.Queue() for name in names.values()
        }
        for name in self._tasks:
            threading.Thread(target=self._work, args=(name,), name=f"power {name}", daemon=True).start()

    def replace(self, name: str, instance_id: str) -> None:
        """A machine of the lab is another instance from now on."""
        self._names = {**{old: n for old, n in self._names.items() if n != name}, instance_id: name}

    def event(self, instance_id: str, event: str) -> threading.Event | None:
        """EC2 did something to an instance. Returns at once what is set when the machine has done it; None for an
        instance that is no machine of the lab."""
        name = self._names.get(instance_id)
        if name is None or event not in EVENTS:
            return None
        done = threading.Event()
        self._tasks[name].put((event, done))
        return done

    def settle(self) -> None:
        """Return when every machine has done what it was told so far."""
        for tasks in self._tasks.values():
            tasks.join()

    def _work(self, name: str) -> None:
        tasks = self._tasks[name]
        while True:
            event, done = tasks.get()
            log.info("%s: %s", name, event)
            try:
                EVENTS[event](self._node(name))
            except Exception:
                log.exception("%s: could not %s", name, event)
            finally:
                done.set()
                tasks.task_done()
