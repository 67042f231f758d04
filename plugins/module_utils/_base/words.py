# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain words for what Python calls by the name of a class. Ansible's own classes are called _AnsibleTaggedInt.

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

_KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    ((int, float), "a number"),
    (Mapping, "a dictionary"),
    ((list, tuple, set), "a list"),
    (date, "a date"),
)


def value(raw: Any) -> str:
    """What a value is."""
    return next(
        (word for kind, word in _KINDS if isinstance(raw, kind)), "nothing" if raw is None else "something else"
    )


def error(exc: BaseException) -> str:
    """What an exception says; where it says nothing, what kind it is: ``memory error``."""
    return str(exc) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(exc).__name__.strip("_")).lower()
