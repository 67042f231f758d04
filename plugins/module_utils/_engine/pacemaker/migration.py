# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change a running primitive's agent in a running cluster: nothing is stopped, moved or left half done.

In maintenance the cluster leaves everything alone. The primitive is exchanged, the cluster forgets what it knew of it
and asks the new agent what runs where. Only where that finds the address on the same node the maintenance ends; else
the old primitive comes back in the same way.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element

from ..._base import programs
from . import replace
from .words import is_of

SETTING = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
MONITOR = ("crm_mon", "--one-shot", "--inactive", "--failcounts")
FORMS = ("--output-as=xml", "--as-xml")
_SECONDS = 60
_EXCHANGE = "to exchange the resource"


class MigrationError(RuntimeError):
    """It did not come about. The text says what state things are in, and what to do."""

    def __init__(self, text: str, *, changed: bool) -> None:
        super().__init__(text)
        self.changed = changed


class StepError(RuntimeError):
    """One step failed."""


class Shell(Protocol):
    """Runs one command of the cluster's."""

    def __call__(self, argv: Sequence[str], stdin: str = "") -> tuple[int, str]:
        """Its exit code and what it wrote: its output, or where it failed its errors."""


@dataclass(frozen=True)
class Exchange:
    """One primitive for another: whole configurations, and the primitives' names and agents."""

    before: Element
    after: Element
    old: str
    new: str
    old_agent: str
    new_agent: str

    def reverse(self) -> Exchange:
        """The way back."""
        return Exchange(self.after, self.before, self.new, self.old, self.new_agent, self.old_agent)


def shell(argv: Sequence[str], stdin: str = "") -> tuple[int, str]:
    """The node's own."""
    try:
        done = programs.run(argv, input=stdin, capture_output=True, text=True, timeout=_SECONDS + 30)
    except (OSError, subprocess.TimeoutExpired) as exc:
        return 127, str(exc)
    return done.returncode, done.stdout.strip() or done.stderr.strip()


def read(call: Shell) -> Element:
    """The cluster's whole configuration. Raises replace.ReplaceError."""
    code, text = call(("cibadmin", "--query"))
    if code:
        raise replace.ReplaceError(f"The cluster does not answer ({text}): see that it runs on this node.")
    return replace.read(text)


def held(exchange: Exchange, call: Shell) -> str:
    """The node that holds it, before anything is changed. Raises MigrationError."""
    if holder := _holder(call, exchange.old, exchange.old_agent):
        return holder
    raise MigrationError(
        f"{exchange.old} does not run on exactly one node without a failure: see to it, then run this again."
        " Nothing was changed.",
        changed=False,
    )


def carry_out(exchange: Exchange, call: Shell) -> str:
    """Exchange them; returns the node that holds it. Raises MigrationError."""
    holder = held(exchange, call)
    was = setting(exchange.before)
    for reached, step in _steps(exchange, call, holder, was):
        try:
            step()
        except StepError as exc:
            _undo(exchange, call, holder, was, reached, str(exc))
    return holder


def patch(exchange: Exchange, call: Shell) -> str:
    """What differs, as `cibadmin --patch` takes it. Raises StepError."""
    with _files(exchange) as (before, after):
        code, text = call(("crm_diff", "--original", before, "--new", after, "--no-version"))
    # It ends with 1 where they differ.
    if code not in (0, 1) or "<diff" not in text:
        raise StepError(f"crm_diff: {text}")
    return text


def _steps(exchange: Exchange, call: Shell, holder: str, was: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is done, each with its name, in order."""
    yield "to begin maintenance", lambda: _maintain(call, "true", was)
    yield _EXCHANGE, lambda: _patch(call, exchange)
    yield "to let the cluster ask the new agent", lambda: _forget(call, exchange)
    yield "to find it where it was", lambda: _expect(call, exchange, holder)
    yield "to end maintenance", lambda: _maintain(call, was, "true")
    yield "to find it where it was, without maintenance", lambda: _expect(call, exchange, holder)


def _undo(exchange: Exchange, call: Shell, holder: str, was: str, reached: str, why: str) -> None:
    """The old state, or words for what is left to do. Always raises."""
    for back, step in _untouched(exchange, call, was) or _steps(exchange.reverse(), call, holder, was):
        try:
            if back != _EXCHANGE or _there(call, exchange.new, exchange.new_agent):
                step()
        except StepError as exc:
            raise MigrationError(
                f"It failed {reached} ({why}), and going back failed {back} ({exc}). The cluster may be in maintenance"
                f" mode, in which it leaves {holder} serving as it is. Finish by hand: put {exchange.old}"
                f" ({exchange.old_agent}) back into its configuration, `crm_resource --refresh --force --resource"
                f" {exchange.old}`, look with `crm_mon --one-shot` that it is started on {holder}, then"
                f" `{' '.join(SETTING)} {f'--update {was}' if was else '--delete'}`.",
                changed=True,
            ) from exc
    raise MigrationError(
        f"It failed {reached} ({why}). {exchange.old} ({exchange.old_agent}) is back as it was on {holder}, and"
        " maintenance mode, too. Mend the cause and run this again.",
        changed=False,
    )


def _untouched(exchange: Exchange, call: Shell, was: str) -> list[tuple[str, Callable[[], None]]]:
    """Where nothing was exchanged yet maintenance alone is given back, at once: a busy cluster may never be at rest."""
    if (exchange.old, exchange.old_agent) == (exchange.new, exchange.new_agent):
        return []
    if not _there(call, exchange.old, exchange.old_agent):
        return []
    return [("to end maintenance", lambda: _set(call, was) if was != "true" else None)]


def _set(call: Shell, value: str) -> None:
    _must(call, (*SETTING, *(("--update", value) if value else ("--delete",))))


def _maintain(call: Shell, value: str, was: str) -> None:
    """Set maintenance mode, or give it back as it was."""
    if value != was:
        _set(call, value)
    _must(call, ("crm_resource", "--wait", f"--timeout={_SECONDS}s"))


def _patch(call: Shell, exchange: Exchange) -> None:
    """Change what differs and nothing else: who changed something else meanwhile keeps it."""
    _must(call, ("cibadmin", "--patch", "--xml-pipe"), patch(exchange, call))
    if not _there(call, exchange.new, exchange.new_agent):
        raise StepError(f"the configuration does not have {exchange.new} of {exchange.new_agent}")


def _forget(call: Shell, exchange: Exchange) -> None:
    """Let the cluster forget what it knew of the resource, so that it asks every node by the new agent."""
    for name in dict.fromkeys((exchange.old, exchange.new)):
        _must(call, ("crm_resource", "--refresh", "--force", "--resource", name))
    _must(call, ("crm_resource", "--wait", f"--timeout={_SECONDS}s"))


def _expect(call: Shell, exchange: Exchange, holder: str) -> None:
    """That the new one is started where the old one was, and failed nowhere."""
    if (found := _holder(call, exchange.new, exchange.new_agent)) != holder:
        raise StepError(
            f"{exchange.new} of {exchange.new_agent} is {f'on {found}' if found else 'not started without a failure'}"
        )


def _there(call: Shell, name: str, agent: str) -> bool:
    try:
        return replace.agent(read(call), name) == agent
    except replace.ReplaceError:
        return False


def _holder(call: Shell, name: str, agent: str) -> str:
    """The one node on which the resource is started by this agent; empty where it is not, or has failed anywhere."""
    answers = (call((*MONITOR, form)) for form in FORMS)
    text = next((said for code, said in answers if code == 0), "")
    try:
        root = replace.read(text)
    except replace.ReplaceError:
        return ""
    for resource in root.iter("resource"):
        if resource.get("id") == name and resource.get("resource_agent", "").replace("::", ":") == agent:
            nodes = [node.get("name", "") for node in resource.iterfind("node")]
            failed = resource.get("failed") == "true" or any(
                is_of(failure.get("op_key", ""), name) for failure in root.iterfind("./failures/failure")
            )
            return nodes[0] if len(nodes) == 1 and resource.get("role") == "Started" and not failed else ""
    return ""


def setting(root: Element) -> str:
    """What maintenance mode is set to; empty where it is not."""
    pairs = root.iterfind(".//crm_config//nvpair[@name='maintenance-mode']")
    return next((pair.get("value", "") for pair in pairs), "")


def _must(call: Shell, argv: Sequence[str], stdin: str = "") -> None:
    code, text = call(argv, stdin)
    if code:
        raise StepError(f"{' '.join(argv)}: {text or f'exit code {code}'}")


@contextmanager
def _files(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Both configurations as files that only root may read."""
    with tempfile.TemporaryDirectory(prefix="aws-overlay-ip.") as folder:
        paths = []
        for name, root in (("before", exchange.before), ("after", exchange.after)):
            path = Path(folder, f"{name}.xml")
            path.write_text(replace.shown(root), encoding="utf-8")
            paths.append(str(path))
        yield paths[0], paths[1]
