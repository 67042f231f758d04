# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PID 1 of a light node: build a private view of the host's file system, start sshd, and end everything on SIGTERM.

Runs by itself (standard library only, no package imports) in fresh mount, UTS, IPC and PID namespaces and in the
node's network namespace. The node sees the host's programs, but every write goes to its own disk or to memory:

* ``/etc /var /usr /opt /srv`` are overlays: the host's files below, the node's disk above;
* ``/root /home /tmp /mnt /media`` are the node's alone; ``/run`` and ``/dev`` are new at every boot;
* every other mount of the host is read-only, and capabilities that could undo this are dropped.

This keeps accidents in, not attackers: a node is a test machine run by the same root who started the lab.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import FrameType

OVERLAID = ("etc", "var", "usr", "opt", "srv")
OWN = ("root", "home", "tmp", "mnt", "media")
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}

#: Dropped from everything that runs on a node: what could remount, make devices, or change the host itself.
DROPPED_CAPABILITIES = ("sys_admin", "mknod", "sys_module", "sys_rawio", "sys_boot", "sys_time", "mac_admin", "syslog")

_AT_FDCWD, _AT_RECURSIVE, _SYS_MOUNT_SETATTR, _MOUNT_ATTR_RDONLY = -100, 0x8000, 442, 1


def confined(argv: list[str]) -> list[str]:
    """The command line that runs ``argv`` without the dropped capabilities."""
    return ["setpriv", "--bounding-set", ",".join(f"-{name}" for name in DROPPED_CAPABILITIES), "--", *argv]


def mount(*arguments: str, descriptors: tuple[int, ...] = ()) -> None:
    """Run mount(8) on paths as they are given; it inherits ``descriptors``."""
    subprocess.run(["mount", "--no-canonicalize", *arguments], check=True, pass_fds=descriptors)


def set_read_only(target: str, value: bool, recursive: bool) -> None:
    """mount_setattr(2): make a mount, and with ``recursive`` all below it, read-only or writable, in this namespace."""
    flags = (_MOUNT_ATTR_RDONLY, 0) if value else (0, _MOUNT_ATTR_RDONLY)
    attributes = (ctypes.c_uint64 * 4)(*flags, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    how = _AT_RECURSIVE if recursive else 0
    if libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, target.encode(), how, attributes, ctypes.sizeof(attributes)) != 0:
        raise OSError(ctypes.get_errno(), "mount_setattr", target)


def build_root(disk: Path, tree: str | None, visible: list[str]) -> None:
    """Lay the node's file system over the host's.

    ``tree`` has what the host lacks in /usr; ``visible`` are paths of the host that must stay where they are.
    """
    kept = {path: os.open(path, os.O_PATH) for path in visible}
    covered = [f"/{name}" for name in (*OVERLAID, *OWN) if Path("/", name).is_dir()]
    for target in covered:
        name = target[1:]
        own = disk / name
        own.mkdir(parents=True, exist_ok=True)
        if name in OWN:
            own.chmod({"root": 0o700, "tmp": 0o1777}.get(name, 0o755))
            mount("--bind", str(own), target)
        else:
            work = disk / f".{name}.work"
            work.mkdir(exist_ok=True)
            lower = f"{tree}/usr:/usr" if name == "usr" and tree else target
            mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={own},workdir={work}", target)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    restore(kept)
    set_read_only("/", True, recursive=True)
    for target in (*covered, "/run"):
        set_read_only(target, False, recursive=False)
    build_dev()
    build_kernel_views()


def restore(kept: dict[str, int]) -> None:
    """Show again what the mounts so far have hidden: the opened directories are in the mounts below."""
    for path, descriptor in kept.items():
        opened = f"/proc/self/fd/{descriptor}"
        if not os.path.exists(path) or not os.path.samefile(path, opened):
            Path(path).mkdir(parents=True, exist_ok=True)
            mount("--bind", opened, path, descriptors=(descriptor,))
        os.close(descriptor)


def build_dev() -> None:
    """Device nodes of our own: on the host's, a chmod by the node's root would change the host's."""
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/dev")
    for name, (major, minor) in DEVICES.items():
        os.mknod(f"/dev/{name}", 0o666 | stat.S_IFCHR, os.makedev(major, minor))
        os.chmod(f"/dev/{name}", 0o666)
    for name, options in (("pts", "newinstance,ptmxmode=0666,mode=620"), ("shm", "mode=1777")):
        os.mkdir(f"/dev/{name}")
        mount("-t", "devpts" if name == "pts" else "tmpfs", "-o", options, name, f"/dev/{name}")
    os.symlink("pts/ptmx", "/dev/ptmx")
    os.symlink("/proc/self/fd", "/dev/fd")


def build_kernel_views() -> None:
    """/proc of this PID namespace with only the network settings writable, and /sys of this network namespace."""
    mount("-t", "proc", "proc", "/proc")
    mount("--bind", "/proc/sys", "/proc/sys")
    mount("--bind", "/proc/sys/net", "/proc/sys/net")
    set_read_only("/proc/sys", True, recursive=False)
    if os.path.exists("/proc/sysrq-trigger"):
        mount("--bind", "/dev/null", "/proc/sysrq-trigger")
    mount("-t", "sysfs", "-o", "ro", "sysfs", "/sys")


def write_identity(name: str, address: str, machine_id: str) -> None:
    """The few files in which a machine says who it is, at the first boot."""
    socket.sethostname(name)
    files = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n{address} {name}\n",
        "/etc/machine-id": f"{machine_id}\n",
        "/etc/resolv.conf": "# The lab has no name service.\n",
    }
    for path, text in files.items():
        Path(path).unlink(missing_ok=True)
        Path(path).write_text(text)


def configure_network(links: list[dict[str, object]]) -> None:
    """Set the addresses and routes that DHCP would give. The first interface has the default routes."""
    lines: dict[str, list[str]] = {"-4": ["link set lo up"], "-6": []}
    for index, link in enumerate(links):
        device = link["device"]
        lines["-4"].append(f"link set {device} up")
        for address in link["addresses"]:  # type: ignore[attr-defined]
            family, flag = ("-6", " nodad") if ":" in address else ("-4", "")
            lines[family].append(f"address add {address} dev {device}{flag}")
        if index == 0:
            lines["-4"].append(f"route add default via {link['gateway4']} dev {device}")
            lines["-6"].append(f"route add default via {link['gateway6']} dev {device}")
    for family, commands in lines.items():
        subprocess.run(["ip", family, "-batch", "-"], input="\n".join(commands) + "\n", text=True, check=True)


def start_sshd(config: str) -> subprocess.Popen[bytes]:
    """sshd in the foreground, so that it stays our child."""
    Path("/run/sshd").mkdir(mode=0o755)
    passwd = Path("/etc/passwd").read_text()
    if "\nsshd:" not in passwd:
        Path("/etc/passwd").write_text(f"{passwd}sshd:x:74:65534:sshd:/run/sshd:/usr/sbin/nologin\n")
    return subprocess.Popen(confined(["/usr/sbin/sshd", "-D", "-e", "-f", config]), stdin=subprocess.DEVNULL)


def run_until_told(sshd: subprocess.Popen[bytes]) -> int:
    """Reap orphans, as PID 1 must, until SIGTERM or the end of sshd; then tell everyone to end, and wait a moment."""
    told = []

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.append(True)
        os.kill(-1, signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, 2.0)

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        os.kill(-1, signal.SIGKILL)

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGALRM, give_up)
    while True:
        try:
            pid, _status = os.wait()
        except ChildProcessError:
            return 0 if told else 1
        if pid == sshd.pid and not told:
            return 1


def main() -> int:
    """Become the node that the JSON file in the first argument describes."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    build_root(Path(spec["disk"]), spec["tree"], spec["visible"])
    write_identity(spec["name"], spec["links"][0]["addresses"][0].partition("/")[0], spec["machine_id"])
    configure_network(spec["links"])
    return run_until_told(start_sshd(spec["sshd_config"]))


if __name__ == "__main__":
    sys.exit(main())
