# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pytest fixtures: a whole lab, with machines. Import them in a conftest.py; `lab.fixtures` has the endpoint alone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lab.daemon import process
from lab.handle import LabHandle


def require_root() -> None:
    """Skip the test, with the reason, where no lab can be started."""
    if os.geteuid() != 0:
        pytest.skip("the lab makes network namespaces and needs root: run pytest as root")


@pytest.fixture(scope="session")
def session_lab() -> Iterator[LabHandle]:
    """One lab with light nodes for the whole session; use `lab`, which is clean at the beginning of each test."""
    require_root()
    directory, lab = process.up("light")
    try:
        yield LabHandle(directory, lab)
    finally:
        process.down(directory)


@pytest.fixture
def lab(session_lab: LabHandle) -> Iterator[LabHandle]:
    """A lab with light nodes, as it was built. A test that made the endpoint itself fail has failed."""
    session_lab.reset()
    yield session_lab
    problems = session_lab.control.problems()
    assert not problems, problems
