# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that its reader refuses is not written, by the real readers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import tested
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.host import LocalHost
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.tree import Change, PersistError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import programs

SCRIPT = "/etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-192.0.2.1"
UNIT = "/etc/systemd/system/aws-overlay-ip-192.0.2.1.service"
STANZA = "/etc/network/interfaces.d/60-aws-overlay-ip-192.0.2.1"
SERVICE = "[Unit]\nDescription=x\n[Service]\nType={}\nExecStart=/bin/true\n"


def has(tool: str) -> pytest.MarkDecorator:
    found = shutil.which(tool, path=programs.PATH)
    return pytest.mark.skipif(not found, reason=f"{tool} is not installed")


@pytest.mark.parametrize(
    ("path", "good", "bad", "told"),
    [
        (SCRIPT, "#!/bin/sh\ntrue\n", "#!/bin/sh\nif true\n", "since /bin/sh refuses it: "),
        pytest.param(
            *(UNIT, SERVICE.format("oneshot"), SERVICE.format("onceshot")),
            "since systemd-analyze refuses it: aws-overlay-ip-192.0.2.1.service:4: ",
            marks=has("systemd-analyze"),
        ),
        pytest.param(
            *(STANZA, "iface eth0 inet manual\n", "iface eth0 inet\n", "since ifquery refuses it: "),
            marks=has("ifquery"),
        ),
    ],
)
def test_what_its_reader_refuses_is_not_written(tmp_path: Path, path: str, good: str, bad: str, told: str) -> None:
    host, at = LocalHost(str(tmp_path)), tmp_path / path.lstrip("/")
    host.apply([Change(path, None, good)])
    assert at.read_text() == good
    with pytest.raises(PersistError) as refused:
        host.apply([Change("/etc/other", None, "x"), Change(path, good, bad)])
    assert str(refused.value).startswith(f"{path} was not written, {told}")
    assert at.read_text() == good
    assert not (tmp_path / "etc/other").exists(), "all are tested before one is written"


def test_what_was_refused_before_is_somebody_else_s() -> None:
    tested.test([Change(SCRIPT, "if true\n", "if true\ntrue\n")])


def test_what_is_taken_away_is_not_tested() -> None:
    tested.test([Change(SCRIPT, "if true\n", None)])


@pytest.mark.parametrize(
    "tool", [("/nowhere/tool",), ("/bin/false",), ("/bin/sh", "-c", "echo no such option; exit 1")]
)
def test_a_tool_that_cannot_say_refuses_nothing(tool: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tested, "TESTS", (("/etc/", tool),))
    tested.test([Change(SCRIPT, None, "if true\n")])
