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
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

from .._address.iproute import AddressError
from .._address.plan import PlanError
from .._aws.pace import Deadline
from .._base import net
from .._base.deployment import USUAL, Deployment
from .._engine.commands import COMMANDS, KEEPING, LETTING_GO
from . import commands
from .codes import FAILED, OK, UNREADABLE, USAGE, spoken
from .commands import Answer
from .config import LONGEST, CommandError, ConfigError, chosen, load
from .journal import called, say
from .limit import Expired, limit, release
from .local import Local, let_go
from .model import Config

_EPILOG = """\
exit codes: 0 done, or yes; 1 not done, or not ready; 2 the command or the configuration is wrong, or Python is lost;
3 not held here; 4 AWS or this node cannot be asked, so nothing is known; 5 held here, but not in every table
"""
_LOOKS = ("show", "check", "history", "metrics")  # at what is, so that the journal need not hear of it
_WRITES = ("take", "give-up", "metrics", *COMMANDS)
_NEXT = {
    "take": "`{program} show` tells where the routes point; see to the cause, then `take` again.",
    "give-up": "Routes that point here stay: `take` on another node moves them there.",
    **{state: text for command in COMMANDS.values() for state, text in command.after.items()},
}
_UNSAID = '{"error": "This node has no memory left to say what was done: the exit code tells whether it was."}\n'
_LATER = "Routes that point here stay until the next master moves them, or `take` on another node does."


def main(argv: Sequence[str], addresses: Sequence[str] = (), deployment: str = USUAL) -> int:
    """Run one command; returns the exit code.

    Args:
        argv: the arguments.
        addresses: what this node may hold, as the launcher knows it: enough to let go where the configuration is lost;
            and C(ROUTE=ADDRESS) for each address of a route that carries several.
        deployment: whose program it is.
    """
    ours = Deployment(deployment)
    called(ours.program)
    arguments = _parser(ours).parse_args(argv)
    arguments.records, arguments.nodes = [], []
    began = time.monotonic()
    code = FAILED
    try:
        code, answer = _run(arguments, addresses)
        limit(0, code=spoken(code))  # who reads what is said may hang, too
        seconds = round(time.monotonic() - began, 3)
        said = answer.pop("said", "")
        state = {"state": arguments.state} if _state(arguments) else {}
        answer = {"command": arguments.command, "exit": code, "seconds": seconds, **state, **answer}
        quiet = arguments.command in COMMANDS and COMMANDS[arguments.command].quiet
        if arguments.command not in _LOOKS and not (quiet and code == OK):
            _log(_sentence(answer, said), error=code != OK)
        if sys.stdout is not None:
            sys.stdout.write(answer["text"] if "text" in answer else json.dumps(answer, indent=2) + "\n")
            sys.stdout.flush()
    except (Expired, OSError):  # nobody reads it, or the disk is full: what was done is in the journal
        pass
    except MemoryError:
        with suppress(OSError, MemoryError):
            os.write(1, _UNSAID.encode("ascii"))
        with suppress(MemoryError):
            _log(_UNSAID, error=True)
    finally:
        release()
        _keep(arguments)  # who called has heard how it ended
    return code


def entry(addresses: Sequence[str] = (), deployment: str = USUAL) -> None:
    """The launcher's entry: ends at once, without waiting for threads whose call nobody needs any more."""
    os._exit(spoken(main(sys.argv[1:], addresses, deployment)))


def _run(arguments: argparse.Namespace, addresses: Sequence[str]) -> Answer:
    seconds = arguments.timeout or Config.timeout
    clock = Deadline(0)
    last = partial(_last_resort, arguments, addresses)
    config: Config | None = None
    try:
        if arguments.command in _WRITES and os.geteuid() != 0:
            raise CommandError(f"{arguments.command} needs root: run it as root.")
        limit(seconds, last, spoken(_unknown(arguments)))  # also of the reading of the configuration
        began = time.monotonic()
        if arguments.command == "history":
            return commands.history(arguments)
        config = _meant(arguments)
        seconds = arguments.timeout or config.timeout
        clock = Deadline(seconds - (time.monotonic() - began))
        limit(clock.left, last, spoken(_unknown(arguments)))
        code, answer = arguments.run(config, arguments, clock)
    except CommandError as exc:
        return USAGE, {"error": str(exc)}
    except ConfigError as exc:
        return USAGE, _unusable(arguments, addresses, str(exc))
    except (AddressError, PlanError) as exc:
        code, answer = _unknown(arguments), {"error": str(exc)}
    except MemoryError:
        if _lets_go(arguments):
            _let_go(arguments, addresses)
        code = _unknown(arguments)
        answer = {"error": "Not done: this node has no memory left for it. See what uses it up, then run again."}
    except Expired:
        if _lets_go(arguments):
            _let_go(arguments, addresses)
        code, answer = _unknown(arguments), {"error": f"Not done in time: the deadline of {seconds:g} s has passed."}
    except Exception as exc:  # never a traceback in place of letting go, nor a monitor that fails for a bug
        if _lets_go(arguments):
            _let_go(arguments, addresses)
        code = _unknown(arguments)
        answer = {"error": f"This is a bug, please report it: {_where(exc)}."}
    if code == FAILED and (arguments.command in ("take", "give-up") or _state(arguments)):
        answer["error"] = " ".join(filter(None, (answer.get("error"), _stands(config), _next(arguments))))
    elif code == FAILED and clock.over:
        answer.setdefault("error", f"Not done in time: the deadline of {seconds:g} s has passed.")
    return code, answer


def _meant(arguments: argparse.Namespace) -> Config:
    """The configuration with the overlays that the command means.

    What the inventory has no more is not moved by an engine any more, though one that was not reloaded yet names it.
    """
    wanted = getattr(arguments, "address", ())
    return chosen(load(arguments.config), wanted, left=arguments.command not in COMMANDS)


def _unusable(arguments: argparse.Namespace, addresses: Sequence[str], why: str) -> dict[str, Any]:
    """A node that cannot be told what it is must not keep the address where it is told to let go."""
    if not _lets_go(arguments):
        return {"error": why}
    down = let_go(_named(arguments, addresses), arguments.deployment)
    told = "The address was taken down all the same." if down else "No address of this node's was up."
    return {"error": f"{why} {told}", "changed": down}


def _unknown(arguments: argparse.Namespace) -> int:
    """The exit code of what came to no judgement: who asked for one shall not take it for a bad one."""
    return UNREADABLE if arguments.command in ("show", *KEEPING) else FAILED


def _where(exc: Exception) -> str:
    """An exception that nobody foresaw, and where it came from."""
    frames = traceback.extract_tb(exc.__traceback__)
    return f"{type(exc).__name__}: {exc} ({', '.join(f'{Path(f.filename).name}:{f.lineno}' for f in frames[-3:])})"


def _lets_go(arguments: argparse.Namespace) -> bool:
    return arguments.command == "give-up" or _state(arguments) in LETTING_GO


def _state(arguments: argparse.Namespace) -> str:
    """What an engine says that it is in."""
    return getattr(arguments, "state", "")


def _let_go(arguments: argparse.Namespace, addresses: Sequence[str]) -> None:
    with suppress(MemoryError):  # the launcher does it then
        try:
            Local(_meant(arguments)).down()
        except CommandError:
            return
        except (ConfigError, AddressError, PlanError):
            let_go(_named(arguments, addresses), arguments.deployment)


def _last_resort(arguments: argparse.Namespace, addresses: Sequence[str]) -> None:
    """Where something swallows the deadline: take the address down if that was asked for, and say how it ended."""
    how = "how far it came is not known"
    if _lets_go(arguments):
        _let_go(arguments, addresses)
        how = "the address was taken down"
    name = " ".join(filter(None, (arguments.command, _state(arguments))))
    _log(f"{name}: ended at its deadline, since something on this node hangs; {how}. {_next(arguments)}", error=True)


def _named(arguments: argparse.Namespace, addresses: Sequence[str]) -> list[str]:
    """Of what this node may hold, what the command names; never what is the node's own."""
    asked = getattr(arguments, "address", ())
    own = [address for address in addresses if "=" not in address]
    if not asked:
        return own
    found = []
    for text in asked:
        if net.is_list(text):
            found += [pair.partition("=")[2] for pair in addresses if pair.startswith(f"{text}=")]
            continue
        with suppress(net.AddressError):
            network = ip_network(net.destination(text))
            found += [address for address in own if ip_interface(address).ip in network]
    return found


def _stands(config: Config | None) -> str:
    """Which addresses are up on this node, a sentence; empty where that cannot be told."""
    if config is None:
        return ""
    wanted = [address for overlay in config.overlays for address in overlay.addresses]
    try:
        live = Local(config).live()
    except (AddressError, Expired, MemoryError):
        return ""
    up, down = ([a for a in wanted if (a in live) is here] for here in (True, False))
    told = [f"{', '.join(names)} is {how} here" for names, how in ((up, "up"), (down, "not up")) if names]
    return f"{', '.join(told)}." if told else ""


def _next(arguments: argparse.Namespace) -> str:
    """What happens next, or what to do."""
    told = _NEXT.get(_state(arguments) or arguments.command, _LATER if _lets_go(arguments) else "")
    return told.replace("{program}", arguments.deployment.program)


def _keep(arguments: argparse.Namespace) -> None:
    """Keep the records of what was moved, and count; no failure of that is one of the command's."""
    if arguments.records:
        with suppress(Exception):
            from .history import keep  # what moved nothing does not pay for it

            keep(arguments.records, Path(arguments.deployment.state))
    if arguments.nodes and os.geteuid() == 0:
        with suppress(Exception):
            commands.count(arguments)


def _log(text: str, error: bool = False) -> None:
    say(text, error=error)


def _sentence(answer: dict[str, Any], said: str) -> str:
    """How it ended, for the journal, without what was `said` there before."""
    words = [str(answer["command"]), str(answer.get("state", ""))]
    done = "done, except for what is said above" if answer.get("problems") else "done"
    how = str(answer.get("error") or (done if answer["exit"] == OK else "failed"))
    if said:
        how = " ".join(filter(None, ("failed, as said above.", how[len(said) :].strip())))
    return f"{' '.join(filter(None, words))}: {how.rstrip('.')} ({answer['seconds']:.2f} s)"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < LONGEST:  # neither NaN nor infinite
        raise argparse.ArgumentTypeError("give seconds above 0, less than a day")
    return seconds


def _parser(deployment: Deployment) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=deployment.program,
        description="Move overlay IPs with this node's own role.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(deployment=deployment)
    config = deployment.config
    parser.add_argument("--config", type=Path, default=Path(config), help=f"configuration file (default {config})")
    parser.add_argument("--timeout", type=_seconds, help="seconds for the whole command (default: the configuration's)")
    named = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str, addresses: bool = True) -> argparse.ArgumentParser:
        made = named.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if addresses:
            made.add_argument("address", nargs="*", help="overlay IPs (default: all of the configuration)")
        return made

    command("take", commands.take, "Bring the address up here and point the route of every table here, verified.")
    give_up = command("give-up", commands.give_up, "Take the address down, whatever AWS says.")
    give_up.add_argument("--to", metavar="NODE", help="first send the routes that point here to this node")
    show = command("show", commands.show, "Show who holds what.")
    show.add_argument("--local", action="store_true", help="only whether the addresses are up here; asks nobody")
    show.add_argument(
        "--kept",
        action="store_true",
        help="by the engine that holds them here: tell the journal of a route that leads elsewhere; with --local, let"
        " the guard keep them up",
    )
    command("check", commands.check, "Check whether this node could take over: changes nothing.", addresses=False)
    told = command("history", commands.history, "Tell the moves on record here, the oldest first.", addresses=False)
    metrics = command("metrics", commands.metrics, "Tell Prometheus's metrics of this node.", addresses=False)
    metrics.add_argument("--file", type=Path, help="for node_exporter's textfile collector; written by one rename")
    told.add_argument(
        "--since",
        metavar="WHEN",
        default="",
        help="2026-01-31T03:00 or 03:00 (UTC; or +02:00 after it), or 90m, 24h, 7d",
    )
    for of_engine in COMMANDS.values():
        made = command(of_engine.name, commands.engine, of_engine.text, addresses=False)
        if of_engine.states:
            made.add_argument("state", choices=of_engine.states)
        made.add_argument("address", nargs="*", help="overlay IPs (default: all of the configuration)")
    return parser
