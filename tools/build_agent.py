# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack the node's program and the Pacemaker agent for nodes on which no Ansible may run: a tarball, a deb, an rpm.

``tools/build-agent [DIR]`` writes to DIR (``dist``). The deb needs dpkg-deb, the rpm rpmbuild; what is not here is
passed over, and said. The same commit gives the same tarball, byte by byte; SOURCE_DATE_EPOCH is heeded.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import install  # noqa: E402

NAME = "aws-overlay-ip"
SHARE = "usr/share/aws-overlay-ip"
AGENT = "usr/lib/ocf/resource.d/aws_ha/overlay-ip"
CONFIGURE = "usr/sbin/aws-overlay-ip-configure"
SUMMARY = "Overlay IPs of AWS VPCs: the node's program and the Pacemaker agent"
_CONFIGURE = f"""\
#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-3.0-or-later
import sys
from pathlib import Path

if sys.version_info < (3, 9):
    sys.exit("aws-overlay-ip-configure needs Python 3.9 or newer: run it by that, python3.11 -IS /{CONFIGURE} ...")
sys.path.insert(0, "/{SHARE}")
from aws_overlay_ip._node import by_hand

sys.exit(by_hand.main(sys.argv[1:], Path("/{SHARE}")))
"""
_README = f"""\
# {NAME} {{version}}

{SUMMARY}, of the Ansible collection aws_ha.overlay_ip, for nodes on which no Ansible may run. It needs Python 3.9 or
newer and iproute2.

    tar -C / -xzf {NAME}-{{version}}.tar.gz        # or install the deb or rpm
    aws-overlay-ip-configure 192.168.10.15 --table rtb-0a --table rtb-0b --peer node2=eni-0b
    aws-overlay-ip check                           # could this node take over?
    pcs resource create overlay-ip-192.168.10.15 ocf:aws_ha:overlay-ip destination=192.168.10.15/32 \\
        meta resource-stickiness=100 priority=1 allow-migrate=true
    crm configure primitive overlay-ip-192.168.10.15 ocf:aws_ha:overlay-ip params destination=192.168.10.15/32 \\
        meta resource-stickiness=100 priority=1 allow-migrate=true

Once for all nodes: the instances' role needs the policy of docs/iam.md (`overlay_iam_policy` with `state: rendered`
prints it), the source/destination check of the interfaces has to be off, and every route table needs a route of the
address to one of the nodes. The cluster needs fencing. With allow-migrate a planned move takes over before it lets go,
and loses no packet; without resource-stickiness the cluster moves the address whenever it likes.
`aws-overlay-ip-configure --help` has the rest; run it again after an update.
"""


def version() -> str:
    """The collection's."""
    return str(yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"])


def home() -> str:
    """The collection's."""
    return str(yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"])


def committed() -> int:
    """When the last change was made; 0 where this is no git repository, or git is not here."""
    if not shutil.which("git"):
        return 0
    argv = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 0


def files() -> dict[str, tuple[str, int]]:
    """What is in each package: path, text and mode."""
    utils = ROOT / "plugins/module_utils"

    def read(name: str) -> str | None:
        path = utils.joinpath(*name.split(".")).with_suffix(".py")
        return path.read_text() if path.is_file() else None

    code = {
        f"{install.NAME}/{name.replace('.', '/')}.py": text
        for name, text in install.sources(read, (*install.MAINS, "_node.by_hand")).items()
    }
    for path in list(code):
        for folder in Path(path).parents[:-1]:
            code[f"{folder}/__init__.py"] = ""
    agent = (ROOT / "roles/pacemaker/files/overlay-ip").read_text()
    return {
        **{f"{SHARE}/{path}": (text, 0o644) for path, text in sorted(code.items())},
        f"{SHARE}/README.md": (_README.replace("{version}", version()), 0o644),
        f"{SHARE}/LICENSE": ((ROOT / "LICENSE").read_text(), 0o644),
        AGENT: (agent, 0o755),
        CONFIGURE: (_CONFIGURE, 0o755),
    }


def tarball(target: Path, wanted: dict[str, tuple[str, int]], when: int) -> Path:
    """The same files give the same bytes."""
    path = target / f"{NAME}-{version()}.tar.gz"
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, (text, mode) in sorted(wanted.items()):
            about, data = tarfile.TarInfo(name), text.encode()
            about.size, about.mode, about.mtime = len(data), mode, when
            about.uname = about.gname = "root"
            tar.addfile(about, io.BytesIO(data))
    path.write_bytes(gzip.compress(whole.getvalue(), mtime=when))
    return path


def deb(target: Path, wanted: dict[str, tuple[str, int]], when: int) -> Path:
    """By dpkg-deb."""
    control = (
        f"Package: {NAME}\nVersion: {version()}\nArchitecture: all\nMaintainer: aws_ha.overlay_ip contributors\n"
        "Section: admin\nPriority: optional\nDepends: python3 (>= 3.9), iproute2\nRecommends: pacemaker\n"
        f"Homepage: {home()}\nDescription: {SUMMARY}\n aws-overlay-ip-configure makes the program's configuration.\n"
    )
    path = target / f"{NAME}_{version()}_all.deb"
    with tempfile.TemporaryDirectory() as folder:
        _lay(Path(folder), {**wanted, "DEBIAN/control": (control, 0o644)})
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(when)}
        _run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", folder, str(path)], environment)
    return path


def rpm(target: Path, wanted: dict[str, tuple[str, int]], when: int) -> Path:
    """By rpmbuild."""
    listed = "\n".join(f"%attr({mode:o}, root, root) /{name}" for name, (_text, mode) in sorted(wanted.items()))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _lay(place / "root", wanted)
        spec = (
            f"Name: {NAME}\nVersion: {version()}\nRelease: 1\nSummary: {SUMMARY}\nLicense: GPL-3.0-or-later\n"
            f"URL: {home()}\nBuildArch: noarch\nAutoReqProv: no\nRequires: /usr/bin/python3\nRequires: /sbin/ip\n"
            f"%description\n{SUMMARY}.\naws-overlay-ip-configure makes the program's configuration.\n"
            f"%install\ncp -a {place}/root/. %{{buildroot}}/\n%files\n%dir /{SHARE}\n{listed}\n"
        )
        (place / "spec").write_text(spec)
        defines = {
            "_topdir": f"{place}/top",
            "_rpmdir": f"{place}/out",
            "_build_name_fmt": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
            "__os_install_post": "%{nil}",
        }
        arguments = [word for key, value in defines.items() for word in ("--define", f"{key} {value}")]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(when)}
        _run(["rpmbuild", "-bb", "--quiet", *arguments, str(place / "spec")], environment)
        path = target / f"{NAME}-{version()}-1.noarch.rpm"
        shutil.copyfile(place / "out" / path.name, path)
    return path


def build(target: Path) -> list[Path]:
    """All of them that can be made here."""
    target.mkdir(parents=True, exist_ok=True)
    wanted, when = files(), int(os.environ.get("SOURCE_DATE_EPOCH") or committed())
    made = [tarball(target, wanted, when)]
    for tool, make in (("dpkg-deb", deb), ("rpmbuild", rpm)):
        if shutil.which(tool):
            made.append(make(target, wanted, when))
        else:
            print(f"{tool} is not here: no {make.__name__} was made.", file=sys.stderr)
    return made


def _lay(root: Path, wanted: dict[str, tuple[str, int]]) -> None:
    root.mkdir(exist_ok=True)
    root.chmod(0o755)
    for name, (text, mode) in wanted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)


def _run(argv: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{argv[0]} failed: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    for _path in build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")):
        print(_path)
