# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that docs/respond.md shows, judged by Alertmanager's own amtool."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unit.promtool import ROOT, amtool

PAGE = ROOT / "docs" / "respond.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The page's alertmanager.yml."""
    blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    file = tmp_path / "alertmanager.yml"
    file.write_text(dict(blocks)[file.name], encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=OverlayIpTableDead", "overlay_ip_action=setup"], "overlay_ip,people"),
        (["alertname=OverlayIpSplit", "overlay_ip_action=status"], "overlay_ip,people"),
        (["alertname=OverlayIpThrottled"], "people"),
    ],
)
def test_people_are_told_of_what_is_mended_too(config: Path, labels: list[str], receivers: str) -> None:
    """`continue` goes on to the routes beside one, and never back to the route above."""
    told = amtool("config", "routes", "test", f"--config.file={config}", *labels)
    assert (told.returncode, told.stdout.strip()) == (0, receivers), told.stderr


def test_alertmanager_takes_it(config: Path) -> None:
    judged = amtool("check-config", str(config))
    assert judged.returncode == 0, judged.stdout + judged.stderr
