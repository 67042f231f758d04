# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check is run once as keepalived runs it, by a real shell; the template is the role's own."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Sequence
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base import programs
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import check
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived.check import CheckError, Trial, run

TEMPLATE = Path(__file__).parents[6] / "roles/keepalived/templates/check.sh.j2"
ROOT = ["root", "x", "0", "0"]


def script(command: str, account: Sequence[str] = ROOT) -> str:
    environment = jinja2.Environment(keep_trailing_newline=True, autoescape=False, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text())
    return template.render(keepalived_mark="# ours", keepalived_check_command=command, keepalived_check_account=account)


def trial(command: str, timeout: float = 20.0) -> Trial:
    return run(script(command), timeout)


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("true", 0, ""),
        ('/bin/sh -c "true && false"', 1, ""),
        ("false | true", 0, ""),
        ("exit 7", 7, ""),
        ("kill -9 $$", 137, ""),
        ("/nonexistent/program", 127, "/nonexistent/program"),
        ("echo out; echo err >&2; exit 3", 3, "out\nerr"),
        ("printf '%s|' \"a b\" 'c\"d' e\\ f", 0, 'a b|c"d|e f|'),
        ('x=1\nif [ $x = 1 ]; then\n  echo "line $x"\nfi', 0, "line 1"),
        ("cat", 0, ""),
        ("pwd; echo $HOME", 0, "/\n/"),
        (
            "env | sort",
            0,
            "HOME=/\nLANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/",
        ),
        ("if", 2, "yntax error"),
    ],
)
def test_a_command_line_means_what_it_means_to_a_shell(
    command: str, code: int, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for checks")
    seen = trial(command)
    assert (seen.code, seen.good) == (code, code == 0)
    assert output in seen.output if output else seen.output == ""


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0'"), max_size=60))
def test_whatever_is_quoted_arrives(word: str) -> None:
    assert run(script(f"printf %s '{word}' | od -An -tx1"), 20).output.split() == [
        f"{byte:02x}" for byte in word.encode()
    ]


def test_one_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    began = time.monotonic()
    seen = trial(f"echo begun; (sleep 2; touch {mark}) & trap '' TERM; sleep 60", timeout=0.3)
    assert (seen.code, seen.good, seen.output) == (None, False, "begun")
    assert time.monotonic() - began < 30
    assert seen.told().startswith("still running after ")
    time.sleep(2.2)
    assert not mark.exists()


def test_one_that_leaves_something_behind_is_not_waited_for() -> None:
    assert trial("sleep 30 & exit 0", timeout=20).seconds < 20


def test_only_the_end_of_much_output_is_shown() -> None:
    seen = trial("seq 100000; exit 1")
    assert len(seen.output) == check.SHOWN
    assert seen.output.endswith("100000")


def test_what_came_of_it_is_told() -> None:
    assert Trial(1, "no route", 0.123).told() == "exit code 1 after 0.12 s, it wrote: no route"
    assert Trial(0, "", 0.01).told() == "exit code 0 after 0.01 s, it wrote nothing"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_it_is_run_as_its_user_with_the_user_s_groups() -> None:
    nobody = pwd.getpwnam("nobody")
    account = ["nobody", "x", str(nobody.pw_uid), str(nobody.pw_gid)]
    seen = run(script("id -u; id -G; test ! -w /etc/passwd", account), 20)
    assert (seen.code, seen.output) == (0, f"{nobody.pw_uid}\n{nobody.pw_gid}")


def test_a_system_without_coreutils_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PATH", "/nonexistent")
    with pytest.raises(CheckError, match="timeout cannot be started: No such file or directory"):
        run("true", 1)
