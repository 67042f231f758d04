#!/usr/bin/python
# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file of metrics, for node_exporter."""

from __future__ import annotations

DOCUMENTATION = r"""
module: overlay_metrics_file
short_description: Write a file for node_exporter's textfile collector
version_added: 1.1.0
description:
  - Writes the file beside itself, under a name that the collector does not read, and renames it. The collector reads
    every file whose name ends with C(.prom), hidden ones too, which M(ansible.builtin.copy) may have for a moment, and
    leaves where it is ended meanwhile.
  - The roles P(aws_ha.overlay_ip.status#role), P(aws_ha.overlay_ip.fleet#role) and P(aws_ha.overlay_ip.metrics#role)
    use it.
extends_documentation_fragment:
  - aws_ha.overlay_ip.attributes
author:
  - aws_ha.overlay_ip contributors (@aws-ha)
options:
  path:
    description:
      - The file. Its folder must be there. Everybody may read it.
    type: path
    required: true
  content:
    description:
      - What it says, in Prometheus's text format.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell that the backup is done
  aws_ha.overlay_ip.overlay_metrics_file:
    path: /var/lib/prometheus/node-exporter/backup.prom
    content: "backup_done_timestamp_seconds {{ now(utc=true).timestamp() | int }}\n"
  become: true
"""

RETURN = r"""
path:
  description: The file.
  returned: always
  type: str
"""

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._base import collected

SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True},
}


def hindered(file: Path) -> str:
    """Why it cannot be written, as far as that can be known beforehand, in check mode too; empty where it can."""
    if file.is_dir():
        return "it is a folder"
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if file.parent.is_symlink():
        return collected.IS_LINK
    return "" if os.access(file.parent, os.W_OK | os.X_OK) else f"who runs this may not write in {file.parent}"


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    file, content = Path(module.params["path"]).absolute(), module.params["content"]
    result: dict[str, Any] = {"changed": collected.differs(file, content), "path": str(file)}
    why = hindered(file)
    if not why and result["changed"] and not module.check_mode:
        try:
            collected.put(file, content)
        except OSError as exc:
            why = str(exc.strerror)
    if why:
        module.fail_json(
            msg=f"{file} cannot be written: {why}. Name a file in a folder that is there and may be written."
        )
    if module._diff and result["changed"]:
        result["diff"] = {"before_header": str(file), "after_header": str(file), "before": "", "after": content}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
