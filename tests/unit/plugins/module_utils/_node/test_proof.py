# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of checks comes back, and what is none is none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import proof

CHECKS: list[dict[str, Any]] = [{"check": "permission", "ok": True}, {"check": "source_dest_check", "ok": None}]


def test_there_and_back() -> None:
    said = [{**check, "message": "..."} for check in CHECKS]
    assert proof.parsed(proof.text(12.5, said)) == (12.5, CHECKS)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "x", "checks": []}', '{"at": 1, "checks": 5}', "[" * 9999])
def test_what_is_none(text: str) -> None:
    assert proof.parsed(text) is None
