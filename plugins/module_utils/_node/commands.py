# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each command of the node's program does; `cli.py` says it and keeps the deadline.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from .._aws.pace import Deadline
from .._engine.commands import COMMANDS
from .._engine.lease import Lease, sentence
from .._engine.memory import READING, Memory
from .._engine.node import Call
from .codes import FAILED, NOT_HERE, OK, PARTLY, UNREADABLE
from .config import CommandError, parts
from .journal import say
from .local import Local
from .model import Config

Answer = tuple[int, dict[str, Any]]
"""Under what is remembered that AWS could not be read, and that this was told."""


def take(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    _tell_of_playbook(arguments)
    # A check of the engine that came between address and route would take the address down.
    with ExitStack() as held:
        for word in parts(config):
            memory = Memory.of_node(arguments.deployment, word)
            if not held.enter_context(memory.locked(Deadline(deadline.left / 4))):
                say(f"take: going on though {memory.holder()} holds the lock.", error=True)
            held.enter_context(memory.taking())
        return _aws(config, arguments, deadline, lambda node: (OK, _recorded(node, arguments).take(deadline)))


def give_up(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    """Hand over first where that is asked for, so that nothing is lost; the address goes down in any case."""
    local = Local(config)
    _tell_of_playbook(arguments)
    code: int = OK
    answer: dict[str, Any] = {}
    if arguments.to and arguments.to not in config.peers:
        known = ", ".join(config.peers) or "none"
        raise CommandError(f"{arguments.to} is no peer of this node: it has {known}. Nothing was changed.")
    try:
        if arguments.to:
            code, answer = _aws(
                config,
                arguments,
                deadline,
                lambda node: (OK, _recorded(node, arguments).hand_over(arguments.to, deadline)),
            )
    finally:
        down = local.down()
    return code, {**answer, "changed": down or answer.get("changed", False)}


def show(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    local = Local(config)
    complete = local.complete()
    answer: dict[str, Any] = {"node": config.name, "addresses_up": complete}
    if arguments.local:
        if arguments.kept and complete:
            local.keep()
        return OK if complete else NOT_HERE, answer

    told: dict[str, Any] = {}

    def read(node: Any) -> Answer:
        read_now = node.tables()
        overlays = node.show(read_now)
        if os.geteuid() == 0:
            told.update(node.around(Memory.of_node(arguments.deployment), deadline, read_now))
        return _held(overlays, complete, node.mine()), {"overlays": overlays}

    code, seen = _aws(config, arguments, deadline, read, unreadable=UNREADABLE)
    if code == UNREADABLE:
        then = "Nothing is known of the routes; what holds the address may keep it. Ask again once AWS answers."
        seen["error"] = f"{seen['error']} {then}"
        told = {READING: [seen["error"]]}
    else:
        told.update({READING: [], **dict(_wrong(seen.get("overlays", ()), held=arguments.kept and complete))})
    if os.geteuid() == 0:
        for text in Memory.of_node(arguments.deployment).news(told):
            say(text, error=True)
    return code, {**answer, **seen}


def _wrong(overlays: Sequence[Mapping[str, Any]], *, held: bool) -> Iterator[tuple[str, list[str]]]:
    """What is to be told of each overlay IP. `held`: the cluster holds them here, and clients should come here."""
    for overlay in overlays:
        destination, tables = overlay["destination"], [one["route_table_id"] for one in overlay["routes"]]
        leads = f"to {overlay['holder']}" if overlay["holder"] else "to no node, or to several"
        away = (
            f"The route of {destination} was moved: it leads {leads} in {', '.join(tables)}, and this node, on which"
            " the cluster has it, is not the holder."
        )
        overruled = held and tables and not overlay["partly_mine"]
        yield destination, [*overlay["problems"], *([away] if overruled else [])]


def _tell_of_playbook(arguments: argparse.Namespace) -> None:
    """A playbook that is at work here binds other playbooks alone: whoever calls this goes on, and that is told."""
    if held := Lease(arguments.deployment.memory[0]).held():
        say(f"{arguments.command}: going on though a playbook is at work here: {sentence(held)}.", error=True)


def _held(overlays: Sequence[Mapping[str, Any]], complete: bool, mine: str) -> int:
    """The exit code that says whether this node holds the overlay IPs."""
    if complete and all(overlay["mine"] for overlay in overlays):
        return OK
    if complete and all(overlay["partly_mine"] for overlay in overlays):
        return PARTLY
    here = any(r["route"] and r["route"]["network_interface_id"] == mine for o in overlays for r in o["routes"])
    return FAILED if here or complete else NOT_HERE


def check(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    """Whether this node could take over; root's answer is remembered, for the status playbook and the metrics."""
    from . import check as node_check
    from . import proof

    def run(node: Any) -> Answer:
        checks = node_check.run(node, deadline)
        if os.geteuid() == 0:
            Memory.of_node(arguments.deployment).write(proof.NAME, proof.text(time.time(), checks))
        ready = all(check["ok"] is not False for check in checks)
        return OK if ready else FAILED, {"node": config.name, "ready": ready, "checks": checks}

    return _aws(config, arguments, deadline, run)


def engine(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    """A command that only an engine calls; what it says is in the journal, and in the answer.

    Overlay IPs that move apart are seen to one after another: what one of them meets keeps no other from its turn.
    """
    if not config.overlays:  # the inventory has what is named no more: it stays as it is
        return OK, {"left": list(arguments.address)}
    command, began = COMMANDS[arguments.command], _started()
    told: list[str] = []

    def log(text: str) -> None:
        told.append(text)
        say(text)

    def run(word: str, part: Config) -> bool:
        local = Local(part)
        made: list[Any] = []

        def node() -> Any:
            from .node import Node

            if not made:
                arguments.nodes.append(Node(local, left=lambda: deadline.left, tell=_warn))
                made.append(_recorded(arguments.nodes[-1], arguments))
            return made[0]

        state, memory = getattr(arguments, "state", ""), Memory.of_node(arguments.deployment, word)
        # Who names none is a daemon that does not know yet that they move apart, or setup, which begins all of them.
        others = bool(arguments.address) or (config.apart and state == "ADOPT")
        return command.run(Call(state, local, node, memory, log, deadline, began, config.advert, others))

    done: list[bool] = []
    failed: list[Exception] = []
    for word, part in parts(config).items():
        try:
            done.append(run(word, part))
        except Exception as exc:  # told when all have had their turn
            failed.append(exc)
    if failed:
        raise failed[0]
    if all(done):
        return OK, {}
    return FAILED, {"said": " ".join(told), "error": " ".join(filter(None, [*told, command.failed]))}


def _aws(
    config: Config, arguments: argparse.Namespace, deadline: Deadline, run: Any, unreadable: int = FAILED
) -> Answer:
    """Call `run` with the node; an error of AWS becomes an answer."""
    # Only what asks AWS pays for what that needs.
    from .._aws import imds
    from .._aws.errors import AwsError
    from .._route import job
    from .._route import plan as route_plan
    from .node import Node

    told: list[str] = []
    node = Node(Local(config), left=lambda: deadline.left, tell=told.append)
    arguments.nodes.append(node)
    try:
        code, answer = run(node)
    except job.JobError as err:
        code, answer = FAILED, {**err.result, "error": str(err)}
    except AwsError as err:
        code, answer = unreadable, {"error": err.message, "code": err.code}
    except imds.ImdsError as err:
        code, answer = unreadable, {"error": str(err)}
    except route_plan.PlanError as err:
        code, answer = FAILED, {"error": str(err)}
    for text in [*told, *(answer.get("problems", ()) if code == OK else ())]:
        say(text, error=True)
    return code, {**answer, "warnings": told} if told else answer


def _recorded(node: Any, arguments: argparse.Namespace) -> Any:
    """The node, with its moves added to `arguments.records`, which `cli` keeps once the command has ended."""
    from .recorded import Origin, Recorded, called

    state = getattr(arguments, "state", "")
    command = " ".join(filter(None, (arguments.command, state)))
    of_engine = COMMANDS.get(arguments.command)
    origin = Origin(of_engine.by, command, of_engine.why.get(state, "")) if of_engine else called(command)
    return Recorded(node, origin, arguments.records.append)


def count(arguments: argparse.Namespace) -> None:
    """Add to what this node counts for its metrics: what the command asked of AWS, and what it moved."""
    more: dict[str, dict[str, int]] = {"calls": {}, "errors": {}, "takeovers": {}, "failures": {}}
    for node in arguments.nodes:
        for kind, found in zip(("calls", "errors"), node.asked()):
            more[kind].update(found)
    for record in arguments.records:
        kind, name = ("takeovers", record["by"]) if record["done"] else ("failures", record["reason"])
        more[kind][name] = more[kind].get(name, 0) + 1
    more["errors"].pop("DryRunOperation", None)  # the good answer to one
    if any(more.values()):
        Memory.of_node(arguments.deployment).count(more)


def metrics(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    """This node's metrics, as text or into a file of node_exporter's textfile collector."""
    from . import metrics_run

    memory = Memory.of_node(arguments.deployment)
    with memory.locked(Deadline(0), name="metrics.lock") as alone:
        if not alone or memory.moving:  # a takeover comes first
            return OK, {"skipped": "Something else is at work; what was written before stays."}

        def run(node: Any) -> Answer:
            return OK, {"text": metrics_run.told(node, memory, deadline, arguments.config)}

        code, answer = _aws(config, arguments, deadline, run)
        if code == OK and arguments.file:
            text = answer.pop("text")
            metrics_run.write(arguments.file, text)
            answer.update(file=str(arguments.file), series=sum(not line.startswith("#") for line in text.splitlines()))
    return code, answer


def history(arguments: argparse.Namespace) -> Answer:
    """The moves that are on record here; needs no configuration."""
    from . import history as node_history
    from . import moves

    try:
        directory = Path(arguments.deployment.state)
        found = node_history.read(directory)
        if arguments.since:
            found = moves.later(found, moves.since(arguments.since, time.time()))
    except ValueError as exc:
        raise CommandError(f"--{exc}") from exc
    except PermissionError as exc:
        raise CommandError("history is root's alone to read: run it as root.") from exc
    except OSError as exc:
        return FAILED, {"error": f"{directory} cannot be read ({exc.strerror}): ask the journal."}
    return OK, {"moves": found, "lines": [moves.line(record) for record in found]}


def _started() -> float:
    """When this process was started, on the monotonic clock: importing may have taken a while since."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.monotonic() - age


def _warn(text: str) -> None:
    say(text, error=True)
