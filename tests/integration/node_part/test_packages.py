# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages an engine's role would install on a system, and what it says where there are none.

The systems are Debian's files with another distribution's release files laid over /etc: Ansible's own facts tell them
apart. Nothing is installed: rpm and zypper are scripts that write down what they are asked for. Nobody has run the
roles on a SLES.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[3]

_PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: [{roles}/keepalived/vars/main.yml, {roles}/pacemaker/vars/main.yml]
  vars:
    ansible_python_interpreter: /usr/bin/python3
    overlay_ip_model: {{nodes: {{}}}}
    pacemaker_resource_agent: "{{{{ agent | default('overlay-ip') }}}}"
    pacemaker_fencing: "{{{{ fencing | default('fence_aws') }}}}"
  tasks:
"""
_ASK = """
    - block:
        - ansible.builtin.include_role:
            name: aws_ha.overlay_ip.packages
            public: true
          vars:
            packages_table: "{{{{ {engine}_packages }}}}"
        - ansible.builtin.copy:
            content: "{{{{ (packages_wanted if packages_installs | bool else []) | to_json }}}}"
            dest: {answer}
            mode: "0644"
          vars:
            packages_table: "{{{{ {engine}_packages }}}}"
            packages_parts: "{{{{ {engine}_parts | default([]) }}}}"
      rescue:
        - ansible.builtin.copy:
            content: "{{{{ ansible_failed_result.msg | to_json }}}}"
            dest: {answer}
            mode: "0644"
"""
ENGINES = ("keepalived", "pacemaker")


def os_release(name: str, version: str, like: str = "") -> str:
    return f'NAME="{name}"\nID="{name.lower()}"\nVERSION="{version}"\nVERSION_ID="{version}"\nID_LIKE="{like}"\n'


SYSTEMS: Mapping[str, Mapping[str, str]] = {
    **{
        f"RHEL {version}": {
            "redhat-release": f"Red Hat Enterprise Linux release {version} (x)\n",
            "os-release": os_release("Red Hat Enterprise Linux", version, "fedora"),
        }
        for version in ("8.10", "9.6", "10.1")
    },
    "AlmaLinux 9.6": {
        "redhat-release": "AlmaLinux release 9.6 (Sage Margay)\n",
        "almalinux-release": "AlmaLinux release 9.6 (Sage Margay)\n",
        "os-release": os_release("AlmaLinux", "9.6", "rhel centos fedora"),
    },
    "SLES 15.7": {"os-release": 'NAME="SLES"\nVERSION="15-SP7"\nVERSION_ID="15.7"\nID="sles"\nID_LIKE="suse"\n'},
    "SLES 16.0": {"os-release": 'NAME="SLES"\nVERSION="16.0"\nVERSION_ID="16.0"\nID="sles"\nID_LIKE="suse"\n'},
    "Amazon 2023": {
        "system-release": "Amazon Linux release 2023.9.20251105 (Amazon Linux)\n",
        "os-release": 'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n'
        'PRETTY_NAME="Amazon Linux 2023.9.20251105"\n',
    },
    "Debian 12": {},
    "Debian 13": {
        "debian_version": "13.1\n",
        "os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\n'
        'VERSION="13 (trixie)"\nID=debian\n',
    },
    **{
        f"Ubuntu {version}": {
            "os-release": f'PRETTY_NAME="Ubuntu {version} LTS"\nNAME="Ubuntu"\nVERSION_ID="{version}"\n'
            f'VERSION="{version} LTS"\nID=ubuntu\nID_LIKE=debian\n',
            "lsb-release": f"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={version}\n",
        }
        for version in ("22.04", "24.04")
    },
    "Gentoo": {"gentoo-release": "Gentoo Base System release 2.17\n", "os-release": os_release("Gentoo", "2.17")},
}


def ask(system: str, tmp_path: Path, **variables: Any) -> dict[str, list[str] | str]:
    """By engine, the packages that would be installed, or the sentence of the refusal."""
    answers = {engine: tmp_path / f"{engine}.json" for engine in ENGINES}
    asked = "".join(_ASK.format(engine=engine, answer=answer) for engine, answer in answers.items())
    done = play(system, tmp_path, asked, {}, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return {engine: json.loads(answer.read_text()) for engine, answer in answers.items()}


def play(
    system: str, tmp_path: Path, tasks: str, programs: Mapping[str, str], **variables: Any
) -> subprocess.CompletedProcess[str]:
    """Play tasks on a system that has these programs in /usr/bin besides Debian's."""
    places = {tmp_path / "etc": SYSTEMS[system], tmp_path / "bin": programs}
    for place, files in places.items():
        place.mkdir(exist_ok=True)
        for name, text in files.items():
            (place / name).write_text(text)
            (place / name).chmod(0o755)
    (tmp_path / "play.yml").write_text(_PLAY.format(roles=ROOT / "roles") + tasks)
    extra = json.dumps({"ansible_become": False, **variables})
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", extra, str(tmp_path / "play.yml")]
    script = f'mount -t overlay -o lowerdir="{tmp_path}/etc":/etc overlay /etc'
    script += f' && mount -t overlay -o lowerdir="{tmp_path}/bin":/usr/bin overlay /usr/bin && exec "$@"'
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


DEBIAN = ["pacemaker", "pacemaker-cli-utils", "corosync", "resource-agents"]
EL = ["pacemaker", "pacemaker-cli", "corosync", "libknet1-plugins-all", "resource-agents"]


@pytest.mark.parametrize(
    ("system", "packages"),
    [
        pytest.param("RHEL 8.10", [*EL, "fence-agents-aws"], marks=pytest.mark.long),
        pytest.param("RHEL 9.6", [*EL, "fence-agents-aws"], marks=pytest.mark.long),
        ("RHEL 10.1", [*EL, "fence-agents-aws"]),
        pytest.param("AlmaLinux 9.6", [*EL, "fence-agents-aws"], marks=pytest.mark.long),
        ("SLES 15.7", ["pacemaker", "corosync", "resource-agents", "cluster-glue", "fence-agents", "python3-boto3"]),
        ("Debian 12", [*DEBIAN, "fence-agents"]),
        pytest.param("Debian 13", [*DEBIAN, "fence-agents-aws"], marks=pytest.mark.long),
        pytest.param("Ubuntu 22.04", [*DEBIAN, "fence-agents", "python3-boto3"], marks=pytest.mark.long),
        ("Ubuntu 24.04", [*DEBIAN, "fence-agents-aws"]),
    ],
)
def test_packages_by_their_true_names(system: str, packages: list[str], tmp_path: Path) -> None:
    assert ask(system, tmp_path) == {"keepalived": ["keepalived"], "pacemaker": packages}


def test_what_is_not_asked_for_is_not_installed(tmp_path: Path) -> None:
    found = ask("RHEL 9.6", tmp_path, fencing="existing", agent="aws-vpc-move-ip")
    assert found["pacemaker"] == [*EL, "resource-agents-cloud"]


@pytest.mark.parametrize(
    ("system", "told"),
    [
        ("Amazon 2023", {"pacemaker": "it has no Pacemaker that this role works with: use overlay_ip_failover=keep"}),
        ("SLES 16.0", {"keepalived": "it has no keepalived: use overlay_ip_failover=pacemaker."}),
        (
            "Gentoo",
            {
                "keepalived": "whose packages are not known here: install keepalived, then set",
                "pacemaker": "whose packages are not known here: install Pacemaker 2.0.3 or newer with its command",
            },
        ),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_is_changed(
    system: str, told: Mapping[str, str], tmp_path: Path
) -> None:
    found = ask(system, tmp_path)
    assert {engine for engine, answer in found.items() if isinstance(answer, str)} == set(told)
    for engine, words in told.items():
        sentence = str(found[engine])
        assert sentence.startswith(f"localhost is {system.split()[0]}")
        assert words in sentence
        assert "overlay_ip_install_packages=false" in sentence
        assert sentence.endswith("Nothing was changed.")


@pytest.mark.parametrize("system", ["Gentoo", pytest.param("Amazon 2023", marks=pytest.mark.long)])
def test_what_is_there_is_used_where_nothing_shall_be_installed(system: str, tmp_path: Path) -> None:
    assert ask(system, tmp_path, overlay_ip_install_packages=False) == {"keepalived": [], "pacemaker": []}


_INSTALL = """
    - ansible.builtin.include_role:
        name: aws_ha.overlay_ip.packages
        public: true
      vars:
        packages_table: "{{ pacemaker_packages }}"
    - ansible.builtin.include_role:
        name: aws_ha.overlay_ip.packages
        tasks_from: install.yml
      vars:
        packages_table: "{{ pacemaker_packages }}"
        packages_parts: "{{ pacemaker_parts }}"
    - ansible.builtin.copy:
        content: "{{ [pacemaker_transport, pacemaker_corosync_test % 'FILE'] | to_json }}"
        dest: "{{ playbook_dir }}/corosync.json"
        mode: "0644"
"""
_SLES15 = ["pacemaker", "corosync", "resource-agents", "cluster-glue", "fence-agents", "python3-boto3"]


def suse(tmp_path: Path, ending: str) -> dict[str, str]:
    """rpm, which knows a package once zypper has installed it; and zypper, which ends so."""
    log = tmp_path / "asked"
    return {
        "rpm": f'#!/bin/sh\necho "rpm $*" >>{log}\ntest -e {tmp_path}/installed\n',
        "zypper": f'#!/bin/sh\necho "zypper $*" >>{log}\n{ending}\n',
    }


def test_zypper_is_asked_once_for_what_is_missing(tmp_path: Path) -> None:
    programs = suse(tmp_path, f"touch {tmp_path}/installed")
    first = play("SLES 15.7", tmp_path, _INSTALL, programs)
    assert first.returncode == 0, first.stdout + first.stderr
    # zypper, and the file in which this play tells how Corosync would be configured.
    assert "changed=2 " in first.stdout
    assert json.loads((tmp_path / "corosync.json").read_text()) == [
        "udpu",  # Corosync 2 has no knet, and is told of a file by its environment
        "COROSYNC_MAIN_CONFIG_FILE=FILE /usr/sbin/corosync -t",
    ]
    second = play("SLES 15.7", tmp_path, _INSTALL, programs)
    assert "changed=0 " in second.stdout, second.stdout
    assert (tmp_path / "asked").read_text().splitlines() == [
        f"rpm --query --whatprovides {' '.join(_SLES15)}",
        f"zypper --non-interactive install {' '.join(_SLES15)}",
        f"rpm --query --whatprovides {' '.join(_SLES15)}",
    ]


def test_what_zypper_does_not_find_is_told_with_the_place_where_it_is(tmp_path: Path) -> None:
    programs = suse(tmp_path, "echo \"No provider of 'pacemaker' found.\" >&2; exit 104")
    done = play("SLES 15.7", tmp_path, _INSTALL, programs)
    assert done.returncode != 0
    for words in (
        "localhost is SLES 15.7, and pacemaker, corosync,",
        "They are in SUSE Linux Enterprise High Availability (the pattern ha_sles), which must be registered",
        "Or install them yourself and set overlay_ip_install_packages=false.",
    ):
        assert words in done.stdout.replace("\\n", " "), done.stdout
