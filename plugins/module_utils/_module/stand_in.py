# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for ansible.module_utils.basic on a node to which a module was sent without it (`plugin_utils/slim.py`).

It has what the modules use that run on nodes. Their arguments were judged on the controller, by the same specification
and by Ansible's own validator; here they are only handed over. What is printed is what Ansible's class would print.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date, time
from typing import Any, NoReturn

ASKED: dict[str, Any] = {}
"""What the controller sends:

name, params: the module's, and its arguments.
check_mode, diff: as the attributes of these names.
hidden: the values of options with no_log.
traces: whether the traceback of what was caught is told with a failure.
invocation: whether the arguments are returned.
log: None, or how the call is written to the node's log: facility, about (words of the user's in front), and told, the
texts of those arguments that are not shown as they are.
"""
_HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_LOCALES = ("C.utf8", "C.UTF-8", "en_US.utf8", "en_US.UTF-8", "C")
_JOURNAL_S_OWN = frozenset(
    {
        *("PRIORITY", "MESSAGE", "MESSAGE_ID", "CODE_FILE", "CODE_LINE", "CODE_FUNC"),
        *("SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "SYSLOG_PID"),
    }
)


class AnsibleModule:
    """See Ansible's own class. What it is given here has been applied already."""

    def __init__(self, **_applied: Any) -> None:
        self.params: dict[str, Any] = ASKED["params"]
        self.check_mode: bool = ASKED["check_mode"]
        self._diff: bool = ASKED["diff"]
        self.no_log_values: set[str] = set(ASKED["hidden"])
        self._warnings: dict[str, None] = {}
        _set_locale()
        _leave_what_cannot_be_read()
        if ASKED["log"] is not None:
            _log(self.params, self.no_log_values, **ASKED["log"])

    def warn(self, warning: str) -> None:
        """Tell it with the result."""
        self._warnings[warning] = None

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        self._end(result, 0)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End as failed."""
        caught = sys.exc_info()[2]
        if caught is not None and ASKED["traces"]:
            import traceback  # slow to import

            result.setdefault("exception", "".join(traceback.format_tb(caught)))
        self._end({**result, "failed": True, "msg": str(msg)}, 1)

    def _end(self, result: dict[str, Any], code: int) -> NoReturn:
        if ASKED["invocation"]:
            result["invocation"] = {"module_args": self.params}
        if self._warnings:
            result["warnings"] = [*self._warnings]
        sys.stdout.write(f"\n{json.dumps(masked(result, self.no_log_values), default=_plain)}\n")
        sys.stdout.flush()
        raise SystemExit(code)


def masked(value: Any, hidden: Collection[str]) -> Any:
    """The value without what is to be seen by nobody. Truth, falsehood and none are nobody's secret."""
    longest_first = sorted(hidden, key=len, reverse=True)
    return _masked(value, longest_first) if hidden else value


def _masked(value: Any, hidden: Collection[str]) -> Any:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if isinstance(value, str):
        if value in hidden:
            return _HIDDEN
        for secret in hidden:
            value = value.replace(secret, "*" * 8)
    elif isinstance(value, Mapping):
        return {key: _masked(one, hidden) for key, one in value.items()}
    elif isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(one, hidden) for one in value]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return _HIDDEN if any(secret in str(value) for secret in hidden) else value
    return value


def _plain(value: Any) -> Any:
    """What JSON has no word for, as Ansible writes it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (set, frozenset)):
        return [*value]
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be part of a result.")


def _set_locale() -> None:
    """The node's, and where it names one that it has not, the first of those that are good for programs' output."""
    with suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "")
        return
    for name in _LOCALES:
        with suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, name)
            os.environ.update(LANG=name, LC_ALL=name, LC_MESSAGES=name)
            return


def _leave_what_cannot_be_read() -> None:
    """Who became another user may stand where that one may not be."""
    for place in (".", os.path.expanduser("~"), "/"):
        with suppress(OSError):
            if os.access(place, os.R_OK):
                os.chdir(place)
                return


def _log(
    params: Mapping[str, Any], hidden: Collection[str], facility: str, about: str, told: Mapping[str, str]
) -> None:
    """The node's log has each call with its arguments, by the journal's Python library where there is one."""
    shown = {key: told.get(key, value if isinstance(value, str) else str(value)) for key, value in params.items()}
    words = [about, "Invoked with", *(f"{key}={value}" for key, value in shown.items())]
    text = masked(" ".join(word for word in words if word), hidden)
    name = f"ansible-{ASKED['name']}"
    import syslog  # not on every system that has Python

    number = getattr(syslog, facility, syslog.LOG_USER)
    try:
        from systemd import daemon, journal

        if daemon.booted():
            fields = {f"_{key.upper()}" if key.upper() in _JOURNAL_S_OWN else key.upper(): shown[key] for key in shown}
            journal.send(f"{name} {text}", SYSLOG_FACILITY=number >> 3, MODULE="basic.py", **fields)
            return
    except (ImportError, AttributeError, OSError):
        pass
    syslog.openlog(name, 0, number)
    syslog.syslog(syslog.LOG_INFO, text)
