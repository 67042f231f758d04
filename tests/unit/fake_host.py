# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is a dictionary of files, and a kernel that is a list of addresses."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import source
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Change
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import (
    ADD,
    DELETE,
    DEPRECATE,
    Held,
    Link,
    Node,
    Overlay,
    Route,
    Rule,
    Step,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.source import Turn


class FakeHost:
    """Files, units that run, and what commands print."""

    def __init__(
        self,
        files: Mapping[str, str] | None = None,
        units: Iterable[str] = (),
        outputs: Mapping[tuple[str, ...], str] | None = None,
        enabled: Iterable[str] = (),
        failed: Iterable[str] = (),
    ) -> None:
        self.files = dict(files or {})
        self.units = set(units)
        self.outputs = dict(outputs or {})
        self.at_boot = set(enabled)
        self.ended = set(failed)
        self.applied: list[Change] = []

    def read(self, path: str) -> str | None:
        if path.endswith("/"):
            return "a folder" if any(name.startswith(path) for name in self.files) else None
        return self.files.get(path)

    def glob(self, pattern: str) -> list[str]:
        if pattern.endswith("/"):
            depth = pattern.count("/")
            folders = {"/".join(path.split("/")[:depth]) + "/" for path in self.files if path.count("/") >= depth}
            return sorted(folder for folder in folders if fnmatch.fnmatchcase(folder, pattern))
        return sorted(path for path in self.files if fnmatch.fnmatchcase(path, pattern))

    def active(self, unit: str) -> bool:
        return unit in self.units

    def failed(self, unit: str) -> bool:
        return unit in self.ended

    def enabled(self, unit: str) -> bool:
        return unit in self.at_boot

    def output(self, *argv: str) -> str | None:
        return self.outputs.get(argv)

    def apply(self, changes: Sequence[Change]) -> None:
        self.applied += changes
        for change in changes:
            self.files.pop(change.path, None)
            if change.path.endswith("/"):
                self.files = {path: text for path, text in self.files.items() if not path.startswith(change.path)}
            if change.after is not None:
                self.files[change.path] = change.after


@dataclass
class FakeLive:
    """Records what is done to it in ``calls``, and keeps addresses as the kernel does."""

    addresses: list[Held] = field(default_factory=list)
    names: tuple[str, ...] = ("lo", "eth0", "eth1")
    defaults: dict[int, str] = field(default_factory=lambda: {4: "eth0", 6: "eth0"})
    calls: list[tuple[str, str, str, str]] = field(default_factory=list)
    steered: Node = field(default_factory=lambda: Node((), ()))
    """The rules, and the default routes beside ``defaults``."""

    def links(self) -> tuple[Link, ...]:
        return tuple(Link(index, name, f"02:00:00:00:00:{index:02x}") for index, name in enumerate(self.names, 1))

    def held(self) -> tuple[Held, ...]:
        return tuple(self.addresses)

    def routes(self) -> tuple[Route, ...]:
        return (*(Route(family, name) for family, name in self.defaults.items()), *self.steered.routes)

    def rules(self) -> tuple[Rule, ...]:
        return self.steered.rules

    def steer(self, turns: Sequence[Turn]) -> None:
        self.steered = source.after(self.steered, turns)

    def apply(self, steps: Sequence[Step]) -> None:
        for step in steps:
            {ADD: self.add, DELETE: self.delete, DEPRECATE: self.deprecate}[step.action](step.overlay)

    def add(self, overlay: Overlay) -> None:
        self._record("add", overlay)
        deprecated = overlay.family == 6
        self.addresses.append(
            Held(overlay.address, overlay.prefixlen, overlay.interface, overlay.label, deprecated=deprecated)
        )

    def deprecate(self, overlay: Overlay) -> None:
        self._drop(overlay)
        self.add(overlay)
        self.calls[-1] = ("deprecate", *self.calls[-1][1:])

    def delete(self, overlay: Overlay) -> None:
        self._record("delete", overlay)
        self._drop(overlay)

    def _record(self, verb: str, overlay: Overlay) -> None:
        self.calls.append((verb, overlay.cidr, overlay.interface, overlay.label))

    def _drop(self, overlay: Overlay) -> None:
        key = (overlay.cidr, overlay.interface)
        self.addresses = [h for h in self.addresses if (h.cidr, h.interface) != key]
