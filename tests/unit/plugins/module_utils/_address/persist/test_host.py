# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer: atomic writes, modes, links, and the commands that go with units and profiles."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import host as persist_host
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.host import LocalHost
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.store import (
    Change,
    Owner,
    PersistError,
    Tree,
    erase,
    save,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import programs
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install as node_install

V4 = Overlay("192.168.10.15", 32, "eth0", "eth0:1")
UNIT = "aws-overlay-ip-192-168-10-15.service"

USUAL = Deployment()


class Host(LocalHost):
    """A directory for /, and commands that are written down."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root), ("keepalived.service", "pacemaker.service"))
        self.ran: list[str] = []
        self.asked: list[tuple[str, ...]] = []
        self.units: dict[str, tuple[str, str]] = {}
        self.answers: dict[str, str] = {}

    def output(self, *argv: str) -> str | None:
        self.asked.append(argv)
        if argv[:2] == ("systemctl", "show"):
            blocks = (f"ActiveState={a}\nUnitFileState={f}" for a, f in (self.units.get(u, ("", "")) for u in argv[3:]))
            return "\n\n".join(blocks)
        return self.answers.get(" ".join(argv))

    def _run(self, argv: list[str]) -> None:  # type: ignore[override]
        self.ran.append(" ".join(argv))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def keep(host: Host, method: str, source: str = "") -> None:
    tree = Tree(host)
    save(tree, V4, Owner(method, source, "test"))
    host.apply(tree.changes())


def give_up(host: Host) -> None:
    tree = Tree(host)
    erase(tree, V4.address)
    host.apply(tree.changes())


def names(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir())


def test_a_new_file_has_its_mode_whatever_the_umask(host: Host, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        keep(host, "networkmanager", "6f0c")
    finally:
        os.umask(before)
    script = tmp_path / "etc/NetworkManager/dispatcher.d/50-aws-overlay-ip-192-168-10-15"
    for path in (script, script.parent, script.parent.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert names(tmp_path) == [str(script.relative_to(tmp_path))]


def test_an_edited_file_keeps_mode_and_the_rest(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "etc/sysconfig/network/ifcfg-eth0"
    path.parent.mkdir(parents=True)
    path.write_text("BOOTPROTO='dhcp'\n")
    path.chmod(0o600)
    keep(host, "wicked", "/etc/sysconfig/network/ifcfg-eth0")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("BOOTPROTO='dhcp'\nIPADDR_awsoverlay_")
    give_up(host)
    assert path.read_text() == "BOOTPROTO='dhcp'\n"


def test_an_edited_file_keeps_its_selinux_context(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "etc/sysconfig/network/ifcfg-eth0"
    path.parent.mkdir(parents=True)
    path.write_text("BOOTPROTO='dhcp'\n")
    context = b"system_u:object_r:net_conf_t:s0\0"
    try:
        os.setxattr(path, "security.selinux", context)
    except OSError as exc:
        pytest.skip(f"this file system or user cannot set a context: {exc.strerror}")
    keep(host, "wicked", "/etc/sysconfig/network/ifcfg-eth0")
    assert os.getxattr(path, "security.selinux") == context


def test_a_configuration_file_that_is_a_link_stays_one(host: Host, tmp_path: Path) -> None:
    directory = tmp_path / "etc/sysconfig/network"
    directory.mkdir(parents=True)
    (directory / "real").write_text("BOOTPROTO='dhcp'\n")
    (directory / "ifcfg-eth0").symlink_to("real")
    keep(host, "wicked", "/etc/sysconfig/network/ifcfg-eth0")
    assert (directory / "ifcfg-eth0").is_symlink()
    assert "IPADDR_awsoverlay" in (directory / "real").read_text()


def test_the_last_drop_in_takes_its_directory_along(host: Host, tmp_path: Path) -> None:
    keep(host, "networkd", "/run/systemd/network/70-ens5.network")
    directory = tmp_path / "etc/systemd/network/70-ens5.network.d"
    assert directory.is_dir()
    (directory / "eni.conf").write_text("")
    give_up(host)
    assert names(tmp_path) == ["etc/systemd/network/70-ens5.network.d/eni.conf"]
    (directory / "eni.conf").unlink()
    keep(host, "networkd", "/run/systemd/network/70-ens5.network")
    give_up(host)
    assert not directory.exists()


def test_a_failed_write_leaves_the_old_text_and_no_rest(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "etc/file"
    path.parent.mkdir()
    path.write_text("old")

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(persist_host.os, "replace", full)
    with pytest.raises(PersistError, match="cannot write /etc/file: No space left on device"):
        host.apply([Change("/etc/file", "old", "new")])
    assert path.read_text() == "old"
    assert names(tmp_path) == ["etc/file"]


def test_a_unit_is_enabled_and_started_without_waiting(host: Host, tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    keep(host, "systemd_unit")
    wants = tmp_path / f"etc/systemd/system/multi-user.target.wants/{UNIT}"
    assert os.readlink(wants) == f"/etc/systemd/system/{UNIT}"
    assert host.ran == ["systemctl daemon-reload", f"systemctl start --no-block {UNIT}"]
    host.ran.clear()
    keep(host, "systemd_unit")
    assert host.ran == []
    give_up(host)
    assert host.ran == [f"systemctl stop {UNIT}", "systemctl daemon-reload"]
    assert names(tmp_path) == []


@pytest.mark.parametrize("selinux", [True, False])
def test_new_files_get_the_context_of_their_paths_where_selinux_is_on(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selinux: bool
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(host, "output", lambda *argv: asked.append(argv))
    (tmp_path / "sys/fs/selinux").mkdir(parents=True)
    if selinux:
        (tmp_path / "sys/fs/selinux/enforce").write_text("1")
    host.apply([Change("/etc/new", None, "text\n"), Change("/etc/old", "old\n", "text\n"), Change("/gone", "x", None)])
    assert asked == ([("restorecon", "/etc/new")] if selinux else [])


def test_what_wicked_remembers_is_told_it_after_its_file_was_written(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/etc/sysconfig/network/ifcfg-eth0"
    lines = "IPADDR_awsoverlay_192_168_10_15='192.168.10.15/32'\nLABEL_awsoverlay_192_168_10_15='1'\n"
    lease = tmp_path / "run/wicked/leaseinfo.eth0.static.ipv4"
    lease.parent.mkdir(parents=True)
    host.apply([Change(path, None, f"BOOTPROTO='dhcp'\n{lines}")])
    host.apply([Change(path, f"BOOTPROTO='dhcp'\n{lines}", "BOOTPROTO='dhcp'\n")])
    assert host.asked == []
    lease.write_text("IPADDR='192.168.10.15/32'\n")
    removal = [Change(path, f"BOOTPROTO='dhcp'\n{lines}", "BOOTPROTO='dhcp'\n")]

    policy = tmp_path / "run/wicked/nanny/policy__eth0.xml"
    policy.parent.mkdir()
    policy.write_text("<address>\n  <local>192.168.10.15/32</local>\n</address>\n")

    def forgetting(*argv: str) -> str | None:
        host.asked.append(argv)
        assert host.read(path) == "BOOTPROTO='dhcp'\n"
        policy.write_text("<ipv4:dhcp/>\n")
        return None  # what a lease that is not there yet makes of its exit code

    # What it remembers is looked at, not its exit code; the lease's file stays as it was.
    with pytest.raises(PersistError, match=r"wicked would put 192\.168\.10\.15 back when wickedd is restarted"):
        host.apply(removal)
    host.asked.clear()
    monkeypatch.setattr(host, "output", forgetting)
    host.apply(removal)
    assert host.asked == [("wicked", "ifup", "--timeout", "10", "eth0")]


def test_without_systemd_a_unit_is_only_a_file(host: Host) -> None:
    keep(host, "systemd_unit")
    assert host.ran == []


def test_a_profile_is_modified_and_not_applied(host: Host) -> None:
    host.units = {"NetworkManager.service": ("active", "enabled")}
    host.answers = {
        "nmcli -g UUID connection": "6f0c\n77aa",
        "nmcli -g ipv4.addresses connection show 6f0c": "10.0.0.7/24, 10.0.0.8/24",
        "nmcli -g ipv4.addresses connection show 77aa": "192.168.10.15/32",
    }
    keep(host, "networkmanager_profile", "6f0c")
    assert host.ran == [
        "nmcli connection modify 6f0c +ipv4.addresses 192.168.10.15/32",
        "nmcli connection modify 77aa -ipv4.addresses 192.168.10.15/32",
    ]


def test_a_profile_is_not_looked_for_where_networkmanager_does_not_run(host: Host) -> None:
    host.answers = {"nmcli -g UUID connection": "6f0c"}
    assert host.glob("connection/*") == []


def test_one_question_to_systemd_answers_for_all_units(host: Host) -> None:
    host.units = {
        "NetworkManager.service": ("reloading", "enabled"),
        "keepalived.service": ("failed", "disabled"),
        "nm-cloud-setup.timer": ("inactive", "enabled"),
        "other.service": ("active", ""),
    }
    assert [host.active(f"{n}.service") for n in ("NetworkManager", "keepalived", "pacemaker")] == [True, False, False]
    assert not host.active("nm-cloud-setup.timer")
    assert [host.enabled(u) for u in ("nm-cloud-setup.timer", "keepalived.service")] == [True, False]
    assert len(host.asked) == 1
    assert host.active("other.service")  # one that is not in the list


def test_without_systemd_no_unit_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PATH", str(tmp_path))
    host = LocalHost(str(tmp_path))
    assert not host.active("keepalived.service")
    assert not host.enabled("keepalived.service")


def test_what_cannot_be_read_is_an_error(host: Host, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/file").write_bytes(b"\xff\xfe")
    with pytest.raises(PersistError, match="cannot read /etc/file"):
        host.read("/etc/file")
    assert host.read("/etc/none") is None
    assert host.read("/etc/file/below") is None


def test_commands(tmp_path: Path) -> None:
    host = LocalHost(str(tmp_path))
    assert host.output("sh", "-c", "echo $LC_ALL") == "C"
    assert host.output("false") is None
    assert host.output("no-such-command") is None
    with pytest.raises(PersistError, match="'sh -c echo why >&2; exit 3' failed: why"):
        host._run(["sh", "-c", "echo why >&2; exit 3"])
    with pytest.raises(PersistError, match="'no-such-command' failed"):
        host._run(["no-such-command"])


def test_glob_is_relative_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a.conf").touch()
    assert LocalHost(str(tmp_path)).glob("/etc/*.conf") == ["/etc/a.conf"]
    assert "/etc/passwd" in LocalHost().glob("/etc/pass*")


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
