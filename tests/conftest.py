# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test: no real AWS account is ever reached, and hypothesis gives the same answer twice."""

from __future__ import annotations

import functools
import os

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "project",
    deadline=None,  # two shared cores: a slow example is no finding
    derandomize=True,  # a red run must be red again
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")

# A developer's own profile, keys or endpoint must not leak into a test, nor a test into a developer's account.
for name in [name for name in os.environ if name.startswith(("AWS_", "EC2_")) and name != "AWS_CA_BUNDLE"]:
    del os.environ[name]
os.environ.update(
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)

# One loader for all sessions: the collection makes one per run of a module, and EC2's model takes a tenth of a second.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def pytest_configure(config: pytest.Config) -> None:
    """Leave tests marked ``long`` to `make long`, unless a run names its tests or its marks itself."""
    if not (config.option.markexpr or config.option.keyword or any("::" in arg for arg in config.args)):
        config.option.markexpr = "not long"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked ``lab`` where there is no root: the lab makes network namespaces."""
    if os.geteuid() == 0:
        return
    without_root = pytest.mark.skip(reason="needs root: the lab makes network namespaces")
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(without_root)
