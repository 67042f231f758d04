# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that is set up already. What the test before left is mended; setup runs again only where files are gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from integration.playbooks.mend import mended

from lab.handle import LabHandle


@pytest.fixture
def ready(session_lab: LabHandle) -> Iterator[LabHandle]:
    """The lab, set up, with node1 as the holder in every table."""
    session_lab.control.clear()
    if mended(session_lab):
        session_lab.move("node1")
    else:
        session_lab.reset()
        run = session_lab.playbook("setup.yml")
        assert run.ok, run.output
    session_lab.control.clear()
    yield session_lab
    problems = session_lab.control.problems()
    assert not problems, problems
