# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer: atomic writes, modes, links, and the commands that go with units and profiles."""

from __future__ import annotations

import os
import stat
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
