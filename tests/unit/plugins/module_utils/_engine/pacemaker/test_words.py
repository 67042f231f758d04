# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose operation a key is of: guides name resources by what they begin with."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker.words import COMMANDS, is_of


@pytest.mark.parametrize(
    ("key", "name", "is_its"),
    [
        ("rsc_ip_start_0", "rsc_ip", True),
        ("rsc_ip_monitor_10000", "rsc_ip", True),
        ("rsc_ip_migrate_from_0", "rsc_ip", True),
        ("rsc_ip_reload-agent_0", "rsc_ip", True),
        ("rsc_ip:1_promote_0", "rsc_ip", True),
        ("rsc_ip_ro_start_0", "rsc_ip_ro", True),
        ("rsc_ip_ro_start_0", "rsc_ip", False),
        ("rsc_ip_readenabled_monitor_10000", "rsc_ip", False),
        ("rsc_ip_ro_migrate_from_0", "rsc_ip", False),
        ("rsc_ip", "rsc_ip", False),
        ("rsc-ip_start_0", "rsc.ip", False),
        ("", "rsc_ip", False),
    ],
)
def test_whose_it_is(key: str, name: str, is_its: bool) -> None:
    assert is_of(key, name) is is_its


def test_every_shell_has_every_word() -> None:
    assert len({frozenset(words) for words in COMMANDS.values()}) == 1
