# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m lab``: start, look at, disturb and remove a lab."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from lab import demo
from lab.daemon import control, process
from lab.daemon.options import add_options, as_arguments
from lab.daemon.preflight import check
from lab.daemon.ssh import ssh_options
from lab.daemon.state import LabError, choose, directories, open_lab, ours_to_remove
from lab.endpoint.control import Control
from lab.fabric import netns
from lab.nodes.base import MARKER
from lab.playbook.run import CHECKOUT
from lab.probe.session import who_answers
from lab.text import next_steps, status_lines

Command = Callable[[argparse.Namespace], int]


def command_up(options: argparse.Namespace) -> int:
    """Start a lab that runs until `lab down`, and say what to type next."""
    print(f"Starting a lab with {options.nodes} nodes ...", flush=True)
    directory, lab = process.up(options.nodes, as_arguments(options), outlive_us=True)
    print("\n".join(next_steps(directory, lab)))
    return 0


def command_down(options: argparse.Namespace) -> int:
    """Remove the lab that `lab up` made, or the one that is named; crashed or not."""
    check("light")
    named = options.only or options.lab
    found = [choose(named)] if named else [d for d in directories() if options.all or ours_to_remove(d)]
    if len(found) > 1 and not (options.all or options.kept):
        raise LabError(f"there are several labs ({', '.join(d.lab_id for d in found)}): say which one, or --kept")
    for directory in found:
        process.down(directory)
        print(f"Lab {directory.lab_id} is gone, with everything it made.")
    others = [] if named else directories()
    if others:
        print(f"Left alone, since something else runs in them: {', '.join(d.lab_id for d in others)}.")
    elif not found:
        print("No lab is running.")
    return 0


def command_list(_options: argparse.Namespace) -> int:
    """List the labs of this host."""
    for directory in directories():
        print(process.summary(directory))
    return 0


def command_status(options: argparse.Namespace) -> int:
    """Show machines, and who answers at each overlay IP."""
    directory, lab = open_lab(options.lab)
    print("\n".join(status_lines(directory, lab)))
    return 0


def command_demo(options: argparse.Namespace) -> int:
    """A VPC, setup, a switchover under load, status, and everything removed."""
    return demo.main(options)


def command_probe(options: argparse.Namespace) -> int:
    """Ask an address a thousand times a second who answers, until Ctrl-C."""
    directory, lab = open_lab(options.lab)
    argv = [sys.executable, "-m", "lab.probe", options.address or lab.overlay]
    argv += ["--seconds", str(options.seconds)] if options.seconds else []
    argv += ["--json"] if options.json else []
    os.environ.update({MARKER: directory.lab_id, "PYTHONPATH": str(CHECKOUT / "tests")})
    entered = netns.entered(lab.machine(options.source).netns, argv)
    print(f"{argv[3]}, a thousand times a second; Ctrl-C ends it and prints the report.", file=sys.stderr)
    os.execvp(entered[0], entered)


def command_who(options: argparse.Namespace) -> int:
    """Ask an address once, over HTTP, who answers."""
    _directory, lab = open_lab(options.lab)
    who = who_answers(lab.machine(options.source).netns, options.address or lab.overlay)
    print(who or "nobody answers")
    return 0 if who else 1


def command_ssh(options: argparse.Namespace) -> int:
    """Log in to a machine, or run a command there."""
    directory, lab = open_lab(options.lab)
    argv = ["ssh", *ssh_options(directory), "-i", str(directory.key), f"root@{lab.machine(options.machine).address}"]
    return subprocess.run([*argv, *options.argv], check=False).returncode


def command_delay(options: argparse.Namespace) -> int:
    """Set the seconds between a change of a route and its effect."""
    _directory, lab = open_lab(options.lab)
    Control(lab.world.endpoint_url).settings(propagation_delay=options.seconds)
    return 0


def command_tell(options: argparse.Namespace) -> int:
    """Send one command to the daemon."""
    directory, _lab = open_lab(options.lab)
    arguments: dict[str, Any] = {name: getattr(options, name) for name in options.arguments}
    control.tell(directory.control, options.command, **arguments)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    top.add_argument("--lab", metavar="ID", help="which lab, if there are several")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help_text: str | None = None) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text or (run.__doc__ or "").strip())
        sub.set_defaults(run=run)
        return sub

    def add_told(name: str, help_text: str, *arguments: str) -> argparse.ArgumentParser:
        sub = add(name, command_tell, help_text)
        sub.set_defaults(command=name, arguments=arguments)
        for argument in arguments:
            sub.add_argument(argument)
        return sub

    for name, run in (("up", command_up), ("demo", command_demo)):
        add_options(add(name, run))
    sub = add("down", command_down)
    sub.add_argument("only", nargs="?", metavar="ID", help="which one; without it, the one that `lab up` made")
    sub.add_argument("--kept", action="store_true", help="all that `lab up` made, and what crashed ones left behind")
    sub.add_argument("--all", action="store_true", help="all labs of this host, those of running tests, too")
    add("list", command_list)
    add("status", command_status)
    sub = add("probe", command_probe)
    sub.add_argument("address", nargs="?", help="default: the overlay IP of the lab's inventory")
    sub.add_argument("--from", dest="source", default="client1", help="machine to ask from (default client1)")
    sub.add_argument("--seconds", type=float)
    sub.add_argument("--json", action="store_true")
    sub = add("who", command_who)
    sub.add_argument("address", nargs="?", help="default: the overlay IP of the lab's inventory")
    sub.add_argument("--from", dest="source", default="client1", help="machine to ask from (default client1)")
    sub = add("ssh", command_ssh)
    sub.add_argument("machine")
    sub.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    add_told("crash", "lose a machine between two packets; EC2 goes on calling it running", "machine")
    add_told("boot", "boot a machine that crashed", "machine")
    add_told("partition", "let no packet through between two machines", "one", "other")
    add_told("heal", "end all partitions")
    add("delay", command_delay).add_argument("seconds", type=float)
    return top


def main() -> int:
    """Run one command; a :class:`LabError` is said and not traced."""
    options = parser().parse_args()
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # ip, nft and sshd, after a plain su too
    try:
        return int(options.run(options))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
