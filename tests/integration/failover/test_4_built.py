# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/build-agent packs, built, looked at, installed and removed by dpkg and rpm themselves, in a Debian tree.

No node boots; on real nodes: test_3_opposite.py.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.nodes.full_call import call
from lab.nodes.full_rootfs import rootfs

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
import build_agent

pytestmark = [pytest.mark.lab, pytest.mark.long]

ROOT = Path(__file__).parents[3]
#: What it is packed from, and no more.
SOURCES = ("plugins", "roles/pacemaker/files/overlay-ip", "galaxy.yml", "LICENSE", "tools/build_agent.py")
SHELLS = "pcs resource describe ocf:aws_ha:overlay-ip; crm ra info ocf:aws_ha:overlay-ip"
Built = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """All three of them in /parcel/dist of a tree; the lines that a script says there, which must not fail."""
    work = tmp_path_factory.mktemp("work")
    for name in SOURCES:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, work / name)
    link = work / "collections/ansible_collections/aws_ha/overlay_ip"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../..")
    tree = rootfs("shells")

    def run(script: str) -> list[str]:
        (work / "script").write_text(f"set -eu\ncd /parcel/dist\n{script}\n")
        done = call(tree, work, "sh /parcel/script")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    (work / "dist").mkdir()
    said = run("python3 /parcel/tools/build_agent.py /parcel/dist")
    assert [Path(line).name for line in said] == [
        f"aws-overlay-ip-{build_agent.version()}.tar.gz",
        f"aws-overlay-ip_{build_agent.version()}_all.deb",
        f"aws-overlay-ip-{build_agent.version()}-1.noarch.rpm",
    ]
    return run


def test_all_three_have_the_same_files(built: Built) -> None:
    listed = [
        sorted({line.removeprefix(".").removeprefix("/") for line in built(script) if not line.endswith("/")})
        for script in (
            "tar -tzf *.tar.gz",
            "dpkg-deb --fsys-tarfile *.deb | tar -t",
            "rpm -qlp *.rpm | grep -v '^/usr/share/aws-overlay-ip$'",
            "rpm2cpio *.rpm | cpio --quiet -t | grep -v '/usr/share/aws-overlay-ip$'",
        )
    ]
    assert listed[0] == sorted(build_agent.files())
    assert all(names == listed[0] for names in listed[1:])


def test_dpkg_installs_it_where_the_shells_find_the_agent_and_removes_all_of_it(built: Built) -> None:
    said = built(f"dpkg -i *.deb >&2; dpkg -s aws-overlay-ip; dpkg -V aws-overlay-ip; {SHELLS}; echo then")
    assert "Status: install ok installed" in said
    assert f"Version: {build_agent.version()}" in said
    assert not [line for line in said if line.startswith("??")]  # changed since, says dpkg -V
    assert len([line for line in said if "Overlay IP of an AWS VPC" in line]) >= 2, said
    assert said[-1] == "then"
    usage = built("dpkg -i *.deb >&2; aws-overlay-ip-configure --help")
    assert usage[0].startswith("usage: aws-overlay-ip-configure")
    left = (
        "find /usr -path '*aws[-_]*overlay*' ! -name '*.pyc'; ls -d /usr/lib/ocf/resource.d/aws_ha 2>/dev/null || true"
    )
    assert built(f"dpkg -i *.deb >&2; {left}")
    assert built(f"dpkg -i *.deb >&2; dpkg -r aws-overlay-ip >&2; {left}") == []


def test_rpm_installs_it_with_what_it_says_it_needs(built: Built) -> None:
    about = built("rpm -qip *.rpm; rpm -qp --requires *.rpm")
    assert {"/usr/bin/python3", "/sbin/ip"} <= set(about)
    assert "Architecture: noarch" in about
    assert any("GPL-3.0-or-later" in line for line in about)
    # Nothing else is in that root, so what it needs is not: rpm says so, and is told to go on.
    refused = built("mkdir /r; rpm --root /r --initdb; ! rpm --root /r -i *.rpm 2>&1")
    assert any("/usr/bin/python3 is needed by aws-overlay-ip" in line for line in refused), refused
    said = built(
        "mkdir /r /t; tar -C /t -xzf *.tar.gz; rpm --root /r --initdb; rpm --root /r -i --nodeps *.rpm;"
        " rpm --root /r -V --nodeps aws-overlay-ip; for f in $(cd /t; find . -type f); do cmp /t/$f /r/$f; done;"
        " stat --format=%a /r/usr/sbin/aws-overlay-ip-configure /r/usr/lib/ocf/resource.d/aws_ha/overlay-ip;"
        " rpm --root /r -e --nodeps aws-overlay-ip; find /r/usr -type f"
    )
    assert said == ["755", "755"]
