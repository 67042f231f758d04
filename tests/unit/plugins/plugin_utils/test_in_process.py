# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's process has ready for its forks. tests/integration/playbooks/test_in_process.py shows what they do."""

from __future__ import annotations

import subprocess
import sys

_IMPORT = """
import gc, sys
sys.path[:0] = {paths!r}
from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import in_process
models = [key[1] for key in in_process.client._loader("")._cache if key[0] == "load_service_model"]
print(*models, gc.get_freeze_count() > 10 * len(gc.get_objects()))
"""


def test_the_models_are_there_and_are_looked_through_by_no_fork() -> None:
    argv = [sys.executable, "-c", _IMPORT.format(paths=sys.path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ec2", "ec2", "iam", "iam", "True"]
