# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What setup learns of keepalived at once, on a node that is a folder, with programs that say what they are told."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import look

SAID = {
    ("keepalived", "--version"): ("", "Keepalived v2.2.7 (01/16,2022)\n"),
    ("systemctl", "keepalived.service"): ("UnitFileState=enabled\nActiveState=active\n", ""),
    ("systemctl", "aws-overlay-ip-guard.service"): ("UnitFileState=disabled\nActiveState=activating\n", ""),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def run(argv: Sequence[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        out, err = SAID[argv[0], argv[-1]]
        return subprocess.CompletedProcess(list(argv), 0, out, err)

    monkeypatch.setattr(look.programs, "run", run)
    return tmp_path


def put(root: Path, path: str, text: str = "", mode: int = 0o644) -> str:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return path


def seen(root: Path, paths: Sequence[str] = (), numbers: Sequence[int] = (), name: str = "overlay-ip") -> Any:
    return look.look(Deployment(name), paths, numbers, str(root))


def test_a_node_without_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_argv: Sequence[str], **_options: Any) -> Any:
        raise FileNotFoundError

    monkeypatch.setattr(look.programs, "run", none)
    nothing = {"active": False, "enabled": False}
    assert seen(root, ["/etc/x"], [51]) == {
        "text": None,
        "version": "",
        "running": nothing,
        "guard": nothing,
        "files": {"/etc/x": None},
        "said": [],
        "kept": [],
        "taken": {"51": []},
    }


def test_the_daemon_and_its_guard(root: Path) -> None:
    put(root, "/etc/keepalived/keepalived.conf", "ours\n")
    put(root, "/run/aws-overlay-ip/keepalived.json")
    put(root, "/dev/shm/aws-overlay-ip/keepalived-192.168.10.15.json")
    put(root, "/run/aws-overlay-ip/read-123456.conf")
    put(root, "/run/aws-overlay-ip/other.json")
    found = seen(root)
    assert (found["text"], found["version"]) == ("ours\n", "Keepalived v2.2.7 (01/16,2022)\n")
    assert found["running"] == {"active": True, "enabled": True}
    assert found["guard"] == {"active": False, "enabled": False}
    assert found["said"] == [
        "/dev/shm/aws-overlay-ip/keepalived-192.168.10.15.json",
        "/run/aws-overlay-ip/keepalived.json",
    ]
    assert found["kept"] == ["/run/aws-overlay-ip/read-123456.conf"]


def test_files_and_folders(root: Path) -> None:
    file = put(root, "/etc/a", "text", 0o640)
    (root / "etc/link").symlink_to("a")
    (root / "etc/folder").mkdir(mode=0o755)
    me = {"user": os.getuid(), "group": os.getgid()}
    assert seen(root, [file, "/etc/folder", "/etc/link", "/etc/none"])["files"] == {
        "/etc/a": {"sha256": hashlib.sha256(b"text").hexdigest(), "mode": "0640", **me},
        "/etc/folder": {"sha256": "", "mode": "0755", **me},
        "/etc/link": {"sha256": None, "mode": "0777", **me},
        "/etc/none": None,
    }


def test_a_number_that_is_taken(root: Path) -> None:
    ours = "vrrp_instance a {\n  virtual_router_id 51\n}\n"
    for path in ("/etc/keepalived/keepalived.conf", "/etc/keepalived/more/b.conf", "/etc/keepalived/c.txt"):
        put(root, path, ours)
    put(root, "/etc/keepalived/d.conf", "  virtual_router_id 510\n# virtual_router_id 51\n")
    (root / "etc/keepalived/e.conf").symlink_to("keepalived.conf")
    assert seen(root, numbers=[51, 510])["taken"] == {
        "51": ["/etc/keepalived/more/b.conf"],
        "510": ["/etc/keepalived/d.conf"],
    }


def test_a_deployment_with_a_name_has_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SAID, ("systemctl", "keepalived-db.service"), ("ActiveState=active\n", ""))
    monkeypatch.setitem(SAID, ("systemctl", "aws-overlay-ip-db-guard.service"), ("", ""))
    put(root, "/etc/keepalived/keepalived-db.conf", "  virtual_router_id 7\n")
    put(root, "/run/aws-overlay-ip/keepalived.json")
    found = seen(root, numbers=[7], name="db")
    assert (found["text"], found["said"], found["taken"]) == ("  virtual_router_id 7\n", [], {"7": []})
    assert found["running"] == {"active": True, "enabled": False}
