# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which type SELinux's policy gives to what is started on a node, and that it runs unconfined there.

The facts of the policy are in data/selinux.json, an extract of its sources; docs/selinux.md says what they prove.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist import networkmanager
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.names import tracked
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import CONFIG

ROOT = Path(__file__).parents[2]
FACTS = json.loads((Path(__file__).parent / "data" / "selinux.json").read_text())
PAGE = (ROOT / "docs" / "selinux.md").read_text()
VARS = yaml.safe_load((ROOT / "roles" / "keepalived" / "vars" / "main.yml").read_text())


def role_var(name: str) -> str:
    """A variable of the keepalived role that is made of others."""
    known: dict[str, Any] = {"overlay_ip_model": {"program": "aws-overlay-ip"}}
    for key in ("keepalived_folder", "keepalived_program", "keepalived_entry", name):
        known[key] = jinja2.Template(VARS[key]).render(**known)
    return str(known[name])


def type_of(path: str) -> str:
    """The type of a new file: of the patterns that match, the one with the longest fixed part (selabel_file(5))."""

    def fixed(pattern: str) -> tuple[int, int]:
        plain = pattern.replace("\\.", ".")
        stem = re.match(r"[^$?*+|\[({]*", pattern.replace("\\.", "#").replace(".*", "*"))
        return len(stem[0] if stem else plain), len(pattern)

    matching = [entry for entry in FACTS["contexts"] if re.fullmatch(entry["pattern"], path)]
    return str(max(matching, key=lambda entry: fixed(entry["pattern"]))["type"])


SLUG = "192-168-10-15"
AGENT = "/usr/lib/ocf/resource.d/aws_ha/overlay-ip"
STARTED = [
    ("keepalived_t", role_var("keepalived_entry"), "keepalived_unconfined_script_t"),
    ("keepalived_t", role_var("keepalived_check"), "keepalived_unconfined_script_t"),
    (
        "NetworkManager_dispatcher_t",
        networkmanager.PATTERN.format(slug=SLUG),
        "NetworkManager_dispatcher_custom_t",
    ),
    ("cluster_t", AGENT, "cluster_t"),
]


def domain(started_by: str, path: str) -> tuple[str, bool]:
    """In which domain it runs, and whether that is unconfined."""
    found = [d for d in FACTS["domains"] if (d["started_by"], d["type"]) == (started_by, type_of(path))]
    assert len(found) == 1, (started_by, path, type_of(path))
    return found[0]["domain"], found[0]["unconfined"]


@pytest.mark.parametrize(("started_by", "path", "expected"), STARTED)
def test_every_path_has_the_type_that_lets_it_run(started_by: str, path: str, expected: str) -> None:
    assert domain(started_by, path) == (expected, True)
    assert path.replace(SLUG, "ADDRESS") in PAGE
    assert expected in PAGE


def test_the_program_itself_would_be_confined_by_keepalived() -> None:
    """Why there is a file in keepalived's own folder at all."""
    assert domain("keepalived_t", Deployment().launcher) == ("keepalived_t", False)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (Deployment().launcher, "bin_t"),
        (f"{Deployment().home}/0123456789ab/start.py", "lib_t"),
        (str(CONFIG), "etc_t"),
        ("/etc/keepalived/keepalived.conf", "etc_t"),
        (tracked(Deployment()), "keepalived_var_run_t"),
    ],
)
def test_what_they_read_has_a_type_that_is_in_the_page(path: str, expected: str) -> None:
    assert type_of(path) == expected
    assert f"`{expected}`" in PAGE


def test_with_selinux_keepalived_starts_nothing_from_elsewhere_but_what_it_may_itself() -> None:
    """The looks at link and address run as keepalived, which may execute /bin/grep and read both of the files."""
    conf = (ROOT / "roles" / "keepalived" / "templates" / "keepalived.conf.j2").read_text()
    started = re.findall(r'(?:script|notify_\w+) "(\{\{ \w+ \}\}|[^ "]+)', conf)
    assert set(started) == {"{{ keepalived_starts }}", "{{ keepalived_check }}", "/bin/grep"}
    assert len(started) == 7
    choose = jinja2.Template(VARS["keepalived_starts"])
    for there, expected in ((True, role_var("keepalived_entry")), (False, role_var("keepalived_program"))):
        given = {"keepalived_entry": role_var("keepalived_entry"), "keepalived_program": role_var("keepalived_program")}
        assert choose.render(keepalived_selinux={"stat": {"exists": there}}, **given) == expected


def test_the_page_names_the_sources_of_the_facts() -> None:
    assert FACTS["source"] in PAGE
    for branch in FACTS["branches"].values():
        assert branch["commit"][:12] in PAGE
        assert branch["for"] in " ".join(PAGE.split())
    for entry in FACTS["domains"]:
        assert entry["file"].rpartition("/")[2] in PAGE
