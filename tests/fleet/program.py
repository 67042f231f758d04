# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's program, as it is now or as a commit has it, bound to a virtual clock and an endpoint of ours.

What is replaced: time, threads, chance, and HTTP. Everything else is what runs on nodes.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from fleet.endpoint import Endpoint, Pair, Place
from fleet.world import World

ROOT = Path(__file__).parents[2]
UTILS = "plugins/module_utils"
NOW = "ansible_collections.aws_ha.overlay_ip.plugins.module_utils"


class Program:
    """The modules of one version."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.client, self.http = self.module("_aws.wire.client"), self.module("_aws.http")
        self.job, self.write, self.move = (
            self.module("_route.job"),
            self.module("_route.write"),
            self.module("_route.move"),
        )
        self.node, self.model = self.module("_node.node"), self.module("_node.model")
        self.pace = self.module("_aws.pace")
        self.failures: tuple[type[Exception], ...] = (
            self.job.JobError, self.module("_aws.errors").AwsError,
        )  # fmt: skip

    @property
    def _has_a_clock(self) -> bool:
        """Whether its node can be given one; versions before `Turns` cannot."""
        return hasattr(self.pace, "Turns")

    def module(self, name: str) -> ModuleType:
        """One of them."""
        return importlib.import_module(f"{self._package}.{name}")

    @contextmanager
    def in_world(self, world: World) -> Iterator[None]:
        """Let it live by the clock of a world."""
        clock = SimpleNamespace(
            monotonic=world.monotonic, sleep=world.sleep, time=time.time, gmtime=time.gmtime, strftime=time.strftime
        )
        chance = SimpleNamespace(urandom=world.random.randbytes)
        threads = SimpleNamespace(Thread=world.thread, Lock=self.write.threading.Lock)
        with ExitStack() as stack:
            stack.enter_context(patch.object(self.client, "time", clock))
            stack.enter_context(patch.object(self.write, "threading", threads))
            if not self._has_a_clock:
                stack.enter_context(patch.object(self.job, "run", partial(self.job.run, clock=clock)))
            for module in (self.client, self.pace):
                if hasattr(module, "os"):
                    stack.enter_context(patch.object(module, "os", chance))
            yield

    def new_node(self, world: World, endpoint: Endpoint, pair: Pair, seconds: float, routes: int) -> Any:
        """The node of a pair that is left, as one start of its program has it: the node, and its deadline."""
        deadline = self.pace.Deadline(seconds, world)
        overlay = self.model.Overlay(pair.destination, (pair.destination,), route_table_ids=pair.tables)
        more = {"fleet": routes} if routes > 1 else {}
        config = self.model.Config(
            "left", (overlay,), {}, network_interface_id=pair.new, peers={"lost": pair.old}, timeout=seconds, **more
        )
        place = Place(endpoint, self.http)
        wire = type("Simulated", (self.client.Wire,), {"_place": lambda self, service: (place, "/")})
        options = self.module("_aws.options").AwsOptions(access_key="AKIA", secret_key="none", region="eu-central-1")

        def ec2(_options: Any) -> Any:
            return self.module("_route.ec2").Ec2(wire(options, lambda: deadline.left))

        clock = {"clock": world} if self._has_a_clock else {}
        return self.node.Node(Addresses(pair, world, config), ec2, left=lambda: deadline.left, **clock), deadline


class Addresses:
    """The addresses of a node, in place of `_node.local.Local`."""

    def __init__(self, pair: Pair, world: World, config: Any) -> None:
        self.config = config
        self._pair, self._world = pair, world
        self.troubles: list[str] = []

    def up(self) -> bool:
        """Bring them up."""
        changed, self._pair.up = not self._pair.up, True
        self._pair.note(self._world.now)
        return changed

    def down(self, _destinations: Any = None) -> bool:
        """Take them down."""
        changed, self._pair.up = self._pair.up, False
        return changed


def now() -> Program:
    """The program as it is in the checkout."""
    collections = str(ROOT / "collections")
    if collections not in sys.path:
        sys.path.append(collections)
    return Program(NOW)


def of_commit(commit: str) -> Program | None:
    """The program of an earlier commit; None where the history is not there."""
    name = f"fleet_{commit}"
    command = ["git", "-C", str(ROOT), "archive", "--format=zip", f"--prefix={name}/", commit, UTILS]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        return None
    place = ROOT / ".cache" / f"{name}.zip"
    place.parent.mkdir(exist_ok=True)
    own = place.with_suffix(f".{os.getpid()}")  # several runs side by side write it
    own.write_bytes(archive.stdout)
    own.replace(place)
    sys.path.append(str(place))
    return Program(f"{name}.{UTILS.replace('/', '.')}")
