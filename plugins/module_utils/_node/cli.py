# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on the nodes, aws-overlay-ip: moves the overlay IP with the node's own role, without Ansible.

Called by people, by keepalived and by the Pacemaker agent. Prints one JSON object; says what it did in the journal.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import syslog
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from .._address.iproute import AddressError
from .._address.plan import PlanError
from .._aws.pace import Deadline
from .config import CONFIG, ConfigError, chosen, load
from .limit import Expired, limit, release
from .local import Local, let_go
from .model import Config

NAME = "aws-overlay-ip"
OK, FAILED, USAGE, NOT_HERE, UNREADABLE, PARTLY = 0, 1, 2, 3, 4, 5
TOLD = Path("/run/aws-overlay-ip/told")
LETTING_GO = ("BACKUP", "FAULT", "STOP")
_EPILOG = """\
exit codes: 0 done, or yes; 1 not done, or not ready; 2 the command or the configuration is wrong;
3 not held here; 4 AWS cannot be asked, so nothing is known of the route; 5 held here, but not in every table
"""
_WRITES = ("take", "give-up", "notify", "watch")

Answer = tuple[int, dict[str, Any]]


def main(argv: Sequence[str], addresses: Sequence[str] = ()) -> int:
    """Run one command; returns the exit code.

    Args:
        argv: the arguments.
        addresses: what this node may hold, as the launcher knows it: enough to let go where the configuration is lost.
    """
    arguments = _parser().parse_args(argv)
    began = time.monotonic()
    syslog.openlog(NAME, syslog.LOG_PID, syslog.LOG_DAEMON)
    code, answer = _run(arguments, addresses)
    seconds = round(time.monotonic() - began, 3)
    answer = {"command": arguments.command, "exit": code, "seconds": seconds, **answer}
    if arguments.command not in ("show", "check") and not (arguments.command == "watch" and code == OK):
        _log(_sentence(answer), error=code != OK)
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    return code


def entry(addresses: Sequence[str] = ()) -> None:
    """The launcher's entry: ends at once, without waiting for threads whose call nobody needs any more."""
    code = main(sys.argv[1:], addresses)
    with suppress(OSError):  # nobody reads it, or the disk is full: what was done is in the journal
        sys.stdout.flush()
    os._exit(code)


def _run(arguments: argparse.Namespace, addresses: Sequence[str]) -> Answer:
    lets_go = arguments.command == "give-up" or getattr(arguments, "state", "") in LETTING_GO
    last = partial(_last_resort, arguments, addresses) if lets_go else None
    try:
        if arguments.command in _WRITES and os.geteuid() != 0:
            raise ConfigError(f"{arguments.command} needs root: run it as root.")
        limit(arguments.timeout or Config.timeout, last)  # also of the reading of the configuration
        config = chosen(load(arguments.config), getattr(arguments, "address", ()))
        seconds = arguments.timeout or config.timeout
        limit(seconds, last)
        result: Answer = arguments.run(config, arguments, Deadline(seconds))
        return result
    except ConfigError as exc:
        answer: dict[str, Any] = {"error": str(exc)}
        if lets_go and os.geteuid() == 0:  # a node that cannot be told what it is must not keep the address
            answer["changed"] = let_go(getattr(arguments, "address", ()) or addresses)
        return USAGE, answer
    except (AddressError, PlanError) as exc:
        return FAILED, {"error": str(exc)}
    except Expired:
        if last is not None:
            last()
        error = "Not done in time: the deadline has passed. Look at `show`, then run again."
        return FAILED, {"error": error}
    finally:
        release()


def _last_resort(arguments: argparse.Namespace, addresses: Sequence[str]) -> None:
    """Take the address down, whatever else hangs."""
    try:
        config = chosen(load(arguments.config), getattr(arguments, "address", ()))
        Local(config).down()
    except (ConfigError, AddressError, PlanError):
        let_go(getattr(arguments, "address", ()) or addresses)


def _take(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    return _aws(config, deadline, lambda node: (OK, node.take(deadline)))


def _give_up(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    """Hand over first where that is asked for, so that nothing is lost; the address goes down in any case."""
    local = Local(config)
    code: int = OK
    answer: dict[str, Any] = {}
    try:
        if arguments.to:
            code, answer = _aws(config, deadline, lambda node: (OK, node.hand_over(arguments.to, deadline)))
    finally:
        down = local.down()
    return code, {**answer, "changed": down or answer.get("changed", False)}


def _show(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    local = Local(config)
    complete = local.complete()
    answer: dict[str, Any] = {"node": config.name, "addresses_up": complete}
    if arguments.local:
        return OK if complete else NOT_HERE, answer

    def read(node: Any) -> Answer:
        overlays = node.show()
        return _held(overlays, complete, node.mine()), {"overlays": overlays}

    code, seen = _aws(config, deadline, read, unreadable=UNREADABLE)
    if code != UNREADABLE:
        _tell_once(text for overlay in seen.get("overlays", ()) for text in overlay["problems"])
    return code, {**answer, **seen}


def _tell_once(problems: Iterable[str]) -> None:
    """Say what is wrong with single tables when it changes: a cluster's monitor asks again and again."""
    text = " ".join(dict.fromkeys(problems))
    try:
        before = TOLD.read_text(encoding="utf-8") if TOLD.exists() else ""
        if text == before:
            return
        TOLD.parent.mkdir(mode=0o700, exist_ok=True)
        TOLD.write_text(text, encoding="utf-8")
    except (OSError, ValueError):  # no place to remember it: better twice than never
        if not text:
            return
    _log(text or "All route tables are as they should be again.", error=bool(text))


def _held(overlays: Sequence[Mapping[str, Any]], complete: bool, mine: str) -> int:
    """The exit code that says whether this node holds the overlay IPs."""
    if complete and all(overlay["mine"] for overlay in overlays):
        return OK
    if complete and all(overlay["partly_mine"] for overlay in overlays):
        return PARTLY
    here = any(r["route"] and r["route"]["network_interface_id"] == mine for o in overlays for r in o["routes"])
    return FAILED if here or complete else NOT_HERE


def _check(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    from . import check as node_check

    def run(node: Any) -> Answer:
        checks = node_check.run(node, deadline)
        ready = all(check["ok"] is not False for check in checks)
        return OK if ready else FAILED, {"node": config.name, "ready": ready, "checks": checks}

    return _aws(config, deadline, run)


def _notify(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    done = _keepalived(config, deadline).notify(arguments.state, deadline, _started())
    return OK if done else FAILED, {"state": arguments.state}


def _watch(config: Config, arguments: argparse.Namespace, deadline: Deadline) -> Answer:
    return OK if _keepalived(config, deadline).watch(deadline) else FAILED, {}


# Only what asks AWS pays for what that needs, so its modules are imported below here.


def _keepalived(config: Config, deadline: Deadline) -> Any:
    from .._engine.keepalived import Keepalived, Store
    from .node import Node

    local = Local(config)
    made: list[Node] = []

    def node() -> Node:
        if not made:
            made.append(Node(local, left=lambda: deadline.left, tell=partial(_log, error=True)))
        return made[0]

    return Keepalived(local, node, Store(), _log, config.advert)


def _aws(config: Config, deadline: Deadline, run: Any, unreadable: int = FAILED) -> Answer:
    """Call `run` with the node; an error of AWS becomes an answer."""
    from .._aws import imds
    from .._aws.errors import AwsError
    from .._route import job
    from .._route import plan as route_plan
    from .node import Node

    told: list[str] = []
    try:
        code, answer = run(Node(Local(config), left=lambda: deadline.left, tell=told.append))
    except job.JobError as err:
        code, answer = FAILED, {**err.result, "error": str(err)}
    except AwsError as err:
        code, answer = unreadable, {"error": err.message, "code": err.code}
    except (route_plan.PlanError, imds.ImdsError) as err:
        code, answer = FAILED, {"error": str(err)}
    for text in [*told, *(answer.get("problems", ()) if code == OK else ())]:
        _log(text, error=True)
    return code, {**answer, "warnings": told} if told else answer


def _started() -> float:
    """When this process was started, on the monotonic clock: importing may have taken a while since."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.monotonic() - age


def _log(text: str, error: bool = False) -> None:
    syslog.syslog(syslog.LOG_ERR if error else syslog.LOG_INFO, text)


def _sentence(answer: dict[str, Any]) -> str:
    words = [str(answer["command"]), str(answer.get("state", ""))]
    how = answer.get("error") or ("done" if answer["exit"] == OK else "refused or failed")
    return f"{' '.join(filter(None, words))}: {how} ({answer['seconds']:.2f} s)"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 86400:  # neither NaN nor infinite
        raise argparse.ArgumentTypeError("give seconds above 0")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Move overlay IPs with this node's own role.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, default=CONFIG, help=f"configuration file (default {CONFIG})")
    parser.add_argument("--timeout", type=_seconds, help="seconds for the whole command (default: the configuration's)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str, addresses: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if addresses:
            made.add_argument("address", nargs="*", help="overlay IPs (default: all of the configuration)")
        return made

    command("take", _take, "Bring the address up here and point the route of every table here, verified.")
    give_up = command("give-up", _give_up, "Take the address down, whatever AWS says.")
    give_up.add_argument("--to", metavar="NODE", help="first send the routes that point here to this node")
    show = command("show", _show, "Show who holds what.")
    show.add_argument("--local", action="store_true", help="only whether the addresses are up here; asks nobody")
    command("check", _check, "Check whether this node could take over: changes nothing.", addresses=False)
    notify = command("notify", _notify, "Called by keepalived when its state changes.", addresses=False)
    notify.add_argument("state", choices=("MASTER", *LETTING_GO))
    command("watch", _watch, "Called by keepalived: may this node be the master?", addresses=False)
    return parser
