# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node's programs are found and started: the one place that does it.

Who becomes root by `su`, or by a sudo without secure_path, keeps a PATH without sbin, where the engines' tools are.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Any

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for, whatever the caller's PATH: systemd's own default (systemd.exec(5)), and /sbin and
/bin where they are directories of their own."""


def run(argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """``subprocess.run`` with `PATH`, in no language; a bad exit code is the caller's business.

    Not AnsibleModule.run_command: the program on the nodes has no AnsibleModule.

    Raises:
        OSError: there is no such program, or it cannot be started.
        subprocess.TimeoutExpired: with the option ``timeout``, in seconds.
    """
    environment = {**os.environ, "LC_ALL": "C", "PATH": PATH}
    return subprocess.run(argv, env=environment, check=False, **options)  # pylint: disable=ansible-bad-function
