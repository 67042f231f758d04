# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both shorter ways to a module share: how its arguments are written, and whether a short way is wanted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

PROFILE = "legacy"
"""How arguments and result are written: what Ansible takes for modules that do not say."""

MODERN = True
"""Whether this is ansible-core 2.19 or newer."""
_encoding: dict[str, Any] = {}
try:
    from ansible.module_utils.common.json import Direction, get_module_encoder

    _encoding["cls"] = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
except ImportError:
    MODERN = False
    with contextlib.suppress(ImportError):
        from ansible.module_utils.common.json import AnsibleJSONEncoder

        _encoding.update(cls=AnsibleJSONEncoder, vault_to_text=True)

KNOWN = bool(_encoding)
"""False for an ansible-core that keeps these elsewhere: there a module goes Ansible's own way."""


def written(arguments: Mapping[str, Any]) -> str:
    """The arguments as a module gets them, in JSON."""
    return json.dumps(arguments, **_encoding)


def wanted(templar: Any, known: Mapping[str, Any]) -> bool:
    """Whether the variable overlay_ip_in_process leaves the short ways open; `known` are the task's variables."""
    value = templar.template(known.get("overlay_ip_in_process"))
    return KNOWN and (value in (None, "") or boolean(value, strict=False))
