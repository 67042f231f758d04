# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the status page: the report that status prints, for eyes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import PurePath
from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase

from ..module_utils._report import page
from ..plugin_utils import page as file

_SPEC: dict[str, Any] = {
    "reports": {"type": "list", "elements": "dict", "required": True},
    "path": {"type": "str", "required": True},
    "wrong": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, no call to AWS; one file."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the file, but not in check mode, and say what it says anew."""
        super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(_SPEC)
        path = os.path.abspath(os.path.expanduser(given["path"]))
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        sources = [str(source) for source in context.CLIARGS.get("inventory") or ()]
        if any((task_vars or {}).get(name) for name in ("awx_job_id", "tower_job_id")) or _ends_with_the_run(sources):
            sources = []
        made = page.page(given["reports"], now, sources, given["wrong"])
        result: dict[str, Any] = {"changed": True, "path": path}
        if self._task.diff:
            result["diff"] = {
                "before_header": path,
                "after_header": path,
                "before": file.lines(path),
                "after": "".join(f"{line}\n" for line in made["lines"]),
            }
        try:
            if why := _hindered(path):
                raise OSError(None, why)
            if not self._task.check_mode:
                file.put(path, file.html(made))
        except OSError as err:
            sentence = f"overlay_ip_page is '{given['path']}', and {path} cannot be written: {err.strerror}."
            return {"failed": True, "msg": f"{sentence} Name a file in a folder that is there and may be written."}
        return result


def _ends_with_the_run(sources: Sequence[str]) -> bool:
    """Whether one of the inventories is a copy of ansible-runner's, which AWX and ansible-rulebook delete with the run.

    It lies in the private data directory, beside the artifacts, of which ansible-runner tells the place. A command that
    names the others alone would be one for another inventory.
    """
    artifacts = os.environ.get("AWX_ISOLATED_DATA_DIR")
    if not artifacts:
        return False
    folder = PurePath(os.path.realpath(artifacts)).parent.parent
    return any("," not in source and folder in PurePath(os.path.realpath(source)).parents for source in sources)


def _hindered(path: str) -> str | None:
    """What can be known beforehand, in check mode too."""
    folder = os.path.dirname(path)
    if os.path.isdir(path):
        return "it is a folder"
    if not os.path.isdir(folder):
        return f"there is no folder {folder}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"nobody but its owner may write in {folder}"
    return None
