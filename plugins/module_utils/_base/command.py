# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that people copy, with names of the inventory in them.

Ansible takes extra variables for templates, and one that is written NAME=VALUE apart at white space. An inventory may
have any name, also one that a tag of an instance gave it: what would run code, or name something else, is not written.
Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

_TEMPLATE = re.compile(r"\{[{%#]|^\s*#jinja2:")
"""With what Ansible takes a value for a template."""
_PLAIN = re.compile(r"[\w.:/@%+-]+")
"""What NAME=VALUE has as it is."""
_PLAIN_LIST = re.compile(r"[\w.:/@%+,-]+")
"""The same with commas, which a module takes for a list."""
_UNQUOTED = re.compile(r"[\"'`\\]|[^ -~]")
"""What would end a quote, of Ansible's or of the shell's, or the sentence's backticks."""
_HOST = re.compile(r"\w[\w.-]*")
"""What is no pattern of several hosts, but the name of one."""


def is_template(value: str) -> bool:
    """Whether Ansible would not take an extra variable's value as it is written."""
    return _TEMPLATE.search(value) is not None


def variable(name: str, value: str) -> list[str]:
    """The arguments that give an extra variable. What is no plain word is JSON, with nothing but ASCII.

    Raises:
        ValueError: no extra variable can have this value.
    """
    if is_template(value):
        raise ValueError(f"{value!r} is a template for Ansible.")
    if _PLAIN.fullmatch(value):
        return ["-e", f"{name}={value}"]
    text = json.dumps({name: value})  # between backticks in a sentence, so without one
    return ["-e", text.replace("`", "\\u0060")]


def argument(name: str, value: str) -> str:
    """The same for a shell; empty where no extra variable can have this value."""
    try:
        return shlex.join(variable(name, value))
    except ValueError:
        return ""


def playbook(
    name: str, first: Mapping[str, str], then: Mapping[str, str] | None = None, inventory: Sequence[str] = ()
) -> str:
    """The command that runs a playbook, for a shell; empty where it cannot be written.

    Args:
        name: the playbook's, as it is called with ansible-playbook.
        first: extra variables that stand before it.
        then: those that stand behind it.
        inventory: the inventories that are given.
    """
    try:
        before, behind = (
            [part for one, value in given.items() for part in variable(one, value)] for given in (first, then or {})
        )
    except ValueError:
        return ""
    return shlex.join(
        ["ansible-playbook", *(part for source in inventory for part in ("-i", source)), *before, name, *behind]
    )


def ad_hoc(host: str, module: str, arguments: str) -> str:
    """The command that runs a module on a node as root; empty where its name would be a pattern of hosts."""
    if not _HOST.fullmatch(host) and not _is_address(host):
        return ""
    return shlex.join(["ansible", host, "-b", "-m", module, "-a", arguments])


def local(module: str, given: Mapping[str, str]) -> str:
    """The command that runs a module here, with its options; empty where one cannot be written so.

    Ansible takes NAME=VALUE apart at white space outside of quotes, and the value for a template.
    """
    pairs = []
    for name, value in given.items():
        if is_template(value) or _UNQUOTED.search(value):
            return ""
        pairs.append(f"{name}={value}" if _PLAIN_LIST.fullmatch(value) else f'{name}="{value}"')
    return f"ansible localhost -m {module} -a " + shlex.quote(" ".join(pairs))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
