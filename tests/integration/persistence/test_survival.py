# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of `make persistence`: each stack once, a reboot and what its manager does worst."""

from __future__ import annotations

from pathlib import Path

import pytest
from persistence.matrix import Row, cell, events, install, staged
from persistence.stage import OVERLAY4, OVERLAY6

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (Row("bookworm", "netplan", "networkd"), ["reboot", "apply"]),
        (Row("bookworm", "networkmanager", "networkmanager"), ["reboot", "reconfigure"]),
        (Row("bookworm", "ifupdown", "ifupdown"), ["reboot", "downup"]),
        (Row("trixie", "networkd", "networkd"), ["reboot", "restart", "reconfigure"]),
    ],
    ids=lambda value: value.id if isinstance(value, Row) else "",
)
def test_survives(row: Row, names: list[str], tmp_path: Path) -> None:
    with staged(row, tmp_path) as stage:
        install(row, stage)
        for event in events(row, names):
            seen = cell(row, stage, event)
            assert (event.name, seen.kept4, seen.kept6, seen.label) == (event.name, True, True, "eth0:1")
        # A cluster manager takes over: the addresses stay, their files go.
        result = stage.hold(persistent=False)
        assert [a["live"] for a in result["addresses"]] == [True, True]
        assert stage.run("sh", "-c", f"grep -rlE '{OVERLAY4}|{OVERLAY6}' /etc || true") == ""
