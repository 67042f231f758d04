# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files in known places that name an overlay IP are told, and nothing is guessed."""

from __future__ import annotations

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import named
from unit.fake_host import FakeHost

IP = "192.168.10.15"


def told(path: str, text: str, *addresses: str) -> list[str]:
    return [finding.message for finding in named.findings(FakeHost({path: text}), addresses or (f"{IP}/32",))]


@pytest.mark.parametrize(
    "path",
    ["/etc/keepalived/notify.sh", "/etc/awsnycast.yaml", "/etc/cron.d/vip", "/usr/local/sbin/move", "/root/bin/x"],
)
def test_a_known_place(path: str) -> None:
    assert told(path, f"VIP={IP}\n") == [f"{path} names {IP}."]


@pytest.mark.parametrize("text", ["1" + IP, IP + "0", IP + ".1", "192.168.10.1", "", f"# aws_ha.overlay_ip\n{IP}"])
def test_what_names_another_or_is_ours(text: str) -> None:
    assert told("/usr/local/sbin/move", text) == []


@pytest.mark.parametrize("text", [IP + "/32", f"'{IP}'", f"say {IP}.", f"{IP};"])
def test_however_it_is_written(text: str) -> None:
    assert told("/usr/local/sbin/move", text) == [f"/usr/local/sbin/move names {IP}."]


def test_elsewhere_and_without_addresses_nobody_looks() -> None:
    assert told("/srv/notes", IP) == []
    assert named.findings(FakeHost({"/usr/local/sbin/move": IP}), ()) == []


def test_ipv6() -> None:
    assert told("/etc/crontab", "x fd00::1/128", "fd00::1/128") == ["/etc/crontab names fd00::1."]
    assert told("/etc/crontab", "x fd00::12", "fd00::1/128") == []
