# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer where the node is ill: full or read-only file systems, what others put in its way, kills."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.host import LocalHost
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import (
    Change,
    PersistError,
    Tree,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install as node_install

USUAL = Deployment()


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A root whose /etc is a file system of its own, which the test fills or makes read-only."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    etc = tmp_path / "etc"
    etc.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(etc)], check=True)
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(etc)], check=True)


@pytest.mark.parametrize(
    ("ill", "sentence"),
    [
        ("full", "No space left on device; free some space, then run again."),
        ("read-only", "Read-only file system; mount it writable, then run again."),
    ],
)
def test_a_full_or_read_only_etc_is_told_as_such_and_the_old_file_stays_whole(
    tiny: Path, ill: str, sentence: str
) -> None:
    (tiny / "etc/old").write_text("whole\n")
    if ill == "full":
        with suppress(OSError):
            (tiny / "etc/filler").write_bytes(b"x" * 32768)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(tiny / "etc")], check=True)
    host = LocalHost(str(tiny))
    with pytest.raises(PersistError) as told:
        host.apply([Change("/etc/old", "whole\n", "y" * 20000)])
    assert str(told.value) == f"cannot write /etc/old: {sentence}"
    assert (tiny / "etc/old").read_text() == "whole\n"


@pytest.mark.parametrize("first", [True, False])
def test_a_file_that_was_written_before_another_could_not_be_is_a_change(tmp_path: Path, first: bool) -> None:
    (tmp_path / "file").touch()
    bad, good = Change("/file/x", None, "x\n"), Change("/good", None, "x\n")
    with pytest.raises(PersistError, match="cannot write /file/x") as told:
        LocalHost(str(tmp_path)).apply([good, bad] if first else [bad, good])
    assert (told.value.changed, (tmp_path / "good").exists()) == (first, first)


@pytest.mark.parametrize("kind", ["directory", "link", "not UTF-8", "fifo", "mode"])
def test_what_is_wrong_with_a_file_of_ours_is_mended_and_told(tmp_path: Path, kind: str) -> None:
    at = tmp_path / "config.json"
    if kind == "directory":
        at.mkdir()
        (at / "somebodys").write_text("kept")
    elif kind == "link":
        at.symlink_to(tmp_path / "nowhere")
    elif kind == "fifo":
        os.mkfifo(at)
    elif kind == "mode":
        at.write_text("x")
        at.chmod(0o666)
    else:
        at.write_bytes(b"\xff")
    foretold = LocalHost(str(tmp_path))
    assert foretold.mend("/config.json", 0o644, check=True)
    assert foretold.read("/config.json") == ("x" if kind == "mode" else None)
    assert at.is_symlink() or at.exists(), "check mode changed something"
    host = LocalHost(str(tmp_path))
    assert host.mend("/config.json", 0o644, check=False)
    host.apply([Change("/config.json", None, "new\n")])
    assert (at.read_text(), at.stat().st_mode & 0o7777) == ("new\n", 0o644)
    assert not host.mend("/config.json", 0o644, check=False), "a second time there is nothing to mend"
    if kind == "directory":
        assert (tmp_path / "config.json.aside1" / "somebodys").read_text() == "kept"


def test_who_is_killed_while_the_program_is_written_leaves_one_that_works(tmp_path: Path) -> None:
    """Twenty kills at any moment: the launcher always names a place where every file is whole."""
    script = tmp_path / "install.py"
    script.write_text(
        "import sys; from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install\n"
        "from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.host import LocalHost\n"
        "from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import Tree\n"
        "from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment\n"
        "USUAL = Deployment()\n"
        "root, number = sys.argv[1], int(sys.argv[2])\n"
        "texts = {**install.sources(install.shipped), '_node.mark': f'# {number}'}\n"
        "tree = Tree(host := LocalHost(root))\n"
        "install.install(tree, install.files({'overlays': []}, texts, '/usr/bin/python3', USUAL), USUAL)\n"
        "print('go', flush=True)\n"
        "host.apply(install.ordered(tree.changes(), USUAL))\n"
    )
    root = tmp_path / "root"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[6] / "collections")}
    for folder in ("usr/sbin", "usr/lib", "etc"):
        (root / folder).mkdir(parents=True)

    def install(number: int, seconds: float | None) -> None:
        argv = [sys.executable, str(script), str(root), str(number)]
        with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            if seconds is not None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                process.kill()

    install(0, None)
    for number in range(1, 21):
        install(number, number * 0.002)
        launcher = (root / "usr/sbin/aws-overlay-ip").read_text()
        (place,) = re.findall(r"^start=(.+)/start\.py$", launcher, re.MULTILINE)
        code = {p.relative_to(root / place[1:]).as_posix(): p.read_text() for p in (root / place[1:]).rglob("*.py")}
        assert place.rpartition("/")[2] == node_install._digest(code)
    install(99, None)
    assert len(list((root / "usr/lib/aws-overlay-ip").iterdir())) == 1, "what was left half written is swept"


@pytest.mark.parametrize("wrong", ["mode", "owner", "mode within", "link"])
def test_a_folder_that_others_may_write_is_mended(tmp_path: Path, wrong: str) -> None:
    """Who may write a folder of the program may put code there that root runs."""
    code = tmp_path / "usr/lib/x/code"
    code.mkdir(parents=True)
    (code / "planted.py").touch()
    if wrong == "link":
        code.rename(tmp_path / "elsewhere")
        code.symlink_to(tmp_path / "elsewhere")
    elif wrong == "owner":
        os.chown(code, 1234, 0)
    else:
        (code if wrong == "mode" else code.parent).chmod(0o777)
    host = LocalHost(str(tmp_path))
    asked = ("/usr/lib/x", True) if wrong == "mode within" else ("/usr/lib/x/code", True)
    assert host.mend_folder(asked[0], whole=True, check=True)
    assert (code / "planted.py").exists()
    assert host.mend_folder(asked[0], whole=True, check=False)
    assert not code.exists()
    assert not host.mend_folder(asked[0], whole=True, check=False)


def test_a_folder_with_others_things_in_it_is_only_shut(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    folder.chmod(0o770)
    (folder / "x").touch()
    host = LocalHost(str(tmp_path))
    assert host.mend_folder("/etc", check=False)
    assert not host.mend_folder("/etc", check=False)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "x").exists()


def test_a_folder_left_half_written_goes_too(tmp_path: Path) -> None:
    left = tmp_path / USUAL.home.lstrip("/") / ".half.tmp"
    left.mkdir(parents=True)
    host = LocalHost(str(tmp_path))
    tree = Tree(host)
    node_install.install(tree, {}, USUAL)
    host.apply(tree.changes())
    assert not left.exists()
