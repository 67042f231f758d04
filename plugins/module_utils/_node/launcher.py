# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what the program on the nodes is started: a shell script, and a Python one that any Python can read.

The interpreter is the one that Ansible uses there. An upgrade of the system may take it away, or put an older one in
its place. Then nothing of ours can run, and still there must be a sentence that says so, and the address must go down
where that is asked for. So the launcher is a shell's, which waits for the interpreter, and does what the program could
not: one that was killed, or has no memory or no file descriptors left. It lets go where that was asked for, and says
what is to be said.

Where an engine asks whether the address may stay, it stays: a program that cannot judge is no reason to take it away,
since the other node's may be no better.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .._address.place import HELD
from .._base.deployment import PROGRAM, USUAL, Deployment
from .codes import FAILED, MOST, SPOKEN, UNREADABLE

OLDEST = (3, 9)
"""The first Python that runs the program."""

FLAGS = "-IS"
"""Isolated, and without `site`: nothing that is installed beside the standard library is looked at, nor waited for."""

_LAUNCHER = """\
#!/bin/sh
# Moves overlay IPs with this node's own role. Installed by the Ansible collection aws_ha.overlay_ip.
# It runs by the Python that Ansible uses here. Where that is lost, this file says so, and lets go of the addresses.
python={python}
start={start}
guard={guard}
addresses={addresses}
carried={carried}

why=
if [ "${1-}" = --lost ]; then # start.py could not start it
    why=$2
    shift 2
elif [ ! -x "$python" ] || [ ! -f "$python" ]; then
    why="is gone"
elif [ "${1-}" = guard ]; then # there as long as the node is: no shell stays for it
    exec "$python" {flags} "$guard"
fi

command=none
unknown={failed} # the exit code where nothing can be said
lets_go=
keeps=
named=
skip=
for word in "$@"; do
    if [ -n "$skip" ]; then
        skip=
        continue
    fi
    case $word in
    --config | --timeout | --to | --since | --file) skip=yes ;;
    -*) ;;
    {keeping}) command=$word unknown={unreadable} keeps=yes ;;
    show) command=$word unknown={unreadable} ;;
    {commands}) command=$word ;;
    give-up) command=$word lets_go=yes ;;
    {letting_go}) lets_go=yes ;;
    *)
        named="$named $word"
        for pair in $carried; do
            [ "${pair%%=*}" != "$word" ] || named="$named ${pair#*=}"
        done
        ;;
    esac
done

code=2 # Python is lost
if [ -z "$why" ]; then
    "$python" {flags} "$start" "$0" "$addresses $carried" "$@"
    code=$?
    case $code in
    0) exit 0 ;;
    {spoken}) code={failed} ;;
    *)
        if [ $code -eq {failed} ] || [ $code -gt {most} ]; then
            why=$code code=$unknown
        fi
        ;;
    esac
fi

PATH="${PATH-}:/usr/sbin:/usr/bin:/sbin:/bin"
if [ -n "$lets_go" ]; then
    for address in $addresses; do
        case "$named " in
        " " | *" $address "* | *" ${address%/*} "*)
            # The guard must know of it first. On every interface; without a pipe or redirection, for which there may be
            # no file descriptor left.
            rm -f "{held}/${address%/*}"
            ip address flush to "$address"
            ;;
        esac
    done
fi
stays=
if [ -n "$keeps" ] && [ $code -ne {failed} ]; then # it has not judged
    for address in $addresses; do
        case "$named " in
        " " | *" $address "* | *" ${address%/*} "*)
            [ -z "$(ip -oneline address show to "$address")" ] || stays=yes
            ;;
        esac
    done
fi
if [ -z "$why" ]; then # it has said why
    [ -n "$stays" ] || exit $code
    stays="could not judge (exit code $code). The address is up here, and stays"
    logger -p daemon.err -t "{program}[$$]" "$command: $stays." 2>/dev/null || :
    exit 0
fi
case $why in
[0-9]*)
    error="The program was ended (exit code $why) before it could say how far it came. Perhaps this node has no memory \
left: see what its journal says, then run again."
    ;;
*)
    error="The Python that setup found here, $python, $why: the overlay IP cannot be moved to this node. Install \
Python {oldest} or newer, or point ansible_python_interpreter at one, and run the setup playbook."
    ;;
esac
if [ -n "$stays" ]; then
    code=0 error="$error The address is up here, and stays."
fi
logger -p daemon.err -t "{program}[$$]" "$command: $error" 2>/dev/null || :
printf '{"command": "%s", "exit": %d, "error": "%s"}\\n' "$command" $code "$error"
exit $code
"""

_START = '''\
"""Starts the program. Written so that every Python can read it: one that is too old shall say so."""
import os
import sys

launcher, addresses = sys.argv[1:3]
del sys.argv[1:3]
try:
    if sys.version_info < {oldest}:
        raise RuntimeError("is Python %d.%d now" % sys.version_info[:2])
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from aws_overlay_ip._node.cli import entry
except Exception:
    error = sys.exc_info()[1]
    if isinstance(error, (MemoryError, SystemError, OSError)) or "failed to map" in str(error):
        os._exit(1)  # ill is this node, not its Python: the launcher says so
    why = str(error) if type(error) is RuntimeError else "cannot run it (%s)" % type(error).__name__
    os.execv("/bin/sh", ["/bin/sh", launcher, "--lost", why] + sys.argv[1:])
# What this node may hold: enough to let go of it where the configuration is lost.
entry(addresses.split(){deployment})
'''.replace("{oldest}", str(OLDEST))

_GUARD = '''\
"""Starts the guard, see _node/guard. Written so that every Python can read it: one that is too old shall say so."""
import os
import sys

if sys.version_info < {oldest}:
    sys.stderr.write("The guard needs Python %d.%d: run the setup playbook.\\n" % {oldest})
    sys.exit(2)  # the unit does not begin again
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from aws_overlay_ip._node.guard.loop import entry
sys.exit(entry({places}))
'''.replace("{oldest}", str(OLDEST))


def start(deployment: str = USUAL) -> str:
    """The Python script that starts a deployment's program."""
    return _START.replace("{deployment}", "" if deployment == USUAL else f", {deployment!r}")


def guard(deployment: Deployment) -> str:
    """The Python script that starts a deployment's guard."""
    places = "" if deployment.usual else ", ".join(map(repr, deployment.memory))
    return _GUARD.replace("{places}", places)


@dataclass(frozen=True)
class Words:
    """What engines say.

    Attributes:
        commands: those of the program that only they call.
        letting_go: the states in which the address goes down.
        keeping: the commands by whose failure they would take the address away.
    """

    commands: Collection[str]
    letting_go: Collection[str]
    keeping: Collection[str]


def launcher(
    python: str, start: str, guard: str, addresses: Iterable[str], words: Words, program: str = PROGRAM
) -> str:
    """The shell script.

    Args:
        python: the interpreter.
        start: where `START` lies.
        guard: where `GUARD` lies.
        addresses: what this node may hold, and C(ROUTE=ADDRESS) of routes that have another name than their addresses.
        words: what engines say to the program.
        program: its name.
    """
    words_of = list(addresses)
    texts = {
        "python": shlex.quote(python),
        "start": shlex.quote(start),
        "guard": shlex.quote(guard),
        "held": f"/run/{program}/{HELD}",
        "addresses": shlex.quote(" ".join(one for one in words_of if "=" not in one)),
        "carried": shlex.quote(" ".join(one for one in words_of if "=" in one)),
        "program": program,
        "flags": FLAGS,
        "commands": " | ".join(
            ("take", "check", "history", "metrics", "guard", *sorted({*words.commands} - {*words.keeping}))
        ),
        "letting_go": " | ".join(words.letting_go),
        "keeping": " | ".join(words.keeping),
        "failed": str(FAILED),
        "unreadable": str(UNREADABLE),
        "most": str(MOST),
        "spoken": str(SPOKEN),
        "oldest": ".".join(map(str, OLDEST)),
    }
    text = _LAUNCHER
    for name, value in texts.items():
        text = text.replace("{" + name + "}", value)
    return text
