# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands for Ansible's class on a node, beside that class."""

from __future__ import annotations

import json
import locale
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.parameters import remove_values
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._module import stand_in

PARAMS = {"name": "x", "hidden": "sesame", "number": 7}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the controller sent; whatever is set is as before in the end."""
    monkeypatch.chdir(tmp_path)
    asked: dict[str, Any] = {
        "name": "aws_ha.overlay_ip.overlay_x",
        "params": PARAMS,
        "check_mode": True,
        "diff": False,
        "hidden": ["sesame"],
        "traces": False,
        "invocation": True,
        "log": None,
    }
    monkeypatch.setattr(stand_in, "ASKED", asked)
    return asked


def ended(capsys: pytest.CaptureFixture[str], how: str, *given: Any, **result: Any) -> tuple[int, dict[str, Any]]:
    """How a module ends, and what it has printed."""
    module = stand_in.AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.warn("mind the gap")
    module.warn("mind the gap")
    with pytest.raises(SystemExit) as end:
        getattr(module, how)(*given, **result)
    assert isinstance(end.value.code, int)
    return end.value.code, json.loads(capsys.readouterr().out)


def test_what_a_module_gets(asked: dict[str, Any]) -> None:
    module = stand_in.AnsibleModule(argument_spec={})
    assert (module.params, module.check_mode, module._diff, module.no_log_values) == (PARAMS, True, False, {"sesame"})


def test_a_good_end(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    result = {"changed": True, "words": ["open sesame", ("sesame",)], "no": None, "day": date(2026, 1, 31)}
    shown = {**PARAMS, "hidden": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    assert ended(capsys, "exit_json", **result) == (
        0,
        {
            "changed": True,
            "words": ["open ********", ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"]],
            "no": None,
            "day": "2026-01-31",
            "invocation": {"module_args": shown},
            "warnings": ["mind the gap"],
        },
    )


def test_a_failure(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    asked["invocation"] = False
    answer = {"failed": True, "msg": "no ********", "at_work": True, "warnings": ["mind the gap"]}
    assert ended(capsys, "fail_json", "no sesame", at_work=True) == (1, answer)
    assert ended(capsys, "fail_json", msg="no sesame", at_work=True) == (1, answer)


@pytest.mark.parametrize("traces", [False, True])
def test_the_traceback_of_what_was_caught(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str], traces: bool
) -> None:
    asked["traces"] = traces
    dummy, answer = ended(capsys, "fail_json", "no")
    assert "exception" not in answer
    try:
        int("x")
    except ValueError:
        dummy, answer = ended(capsys, "fail_json", "no")
    assert ('int("x")' in answer.get("exception", "")) is traces


def test_what_json_has_no_word_for(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    asked["hidden"] = []
    result = {"bytes": b"x\xff", "set": {1}, "time": datetime(2026, 1, 31, 12), "tuple": (1, 2)}
    dummy, answer = ended(capsys, "exit_json", **result)
    told = {key: answer[key] for key in result}
    assert told == {"bytes": "x\udcff", "set": [1], "time": "2026-01-31T12:00:00", "tuple": [1, 2]}
    with pytest.raises(TypeError, match="PosixPath cannot be part of a result"):
        stand_in.AnsibleModule().exit_json(path=Path("/"))


_TEXT = st.text("ab*", max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(value=_VALUES, hidden=st.sets(st.text("ab1", min_size=1, max_size=3), max_size=3))
def test_what_is_hidden_is_what_ansible_hides(value: Any, hidden: set[str]) -> None:
    by_length = {len(secret): secret for secret in hidden}.values()  # of the same length, which is first is chance
    assert stand_in.masked(value, by_length) == remove_values(value, by_length)


def test_what_cannot_be_read_is_left(asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in.AnsibleModule()
    assert Path.cwd() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    monkeypatch.setattr(os, "access", lambda place, mode: place == "/")
    stand_in.AnsibleModule()
    assert Path.cwd() == Path("/")


def test_a_locale_that_the_node_has_not(asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    before = locale.setlocale(locale.LC_ALL)
    monkeypatch.setenv("LC_ALL", "tlh_Qo.UTF-8")
    for name in ("LANG", "LC_MESSAGES"):
        monkeypatch.setenv(name, "x")
    try:
        stand_in.AnsibleModule()
        assert os.environ["LC_ALL"] == os.environ["LANG"] == os.environ["LC_MESSAGES"]
        assert os.environ["LC_ALL"] in stand_in._LOCALES
    finally:
        locale.setlocale(locale.LC_ALL, before)
