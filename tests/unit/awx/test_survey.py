# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from awx import survey

TEXT = {"type": "text", "question_name": "Who?", "variable": "who", "required": False, "default": ""}
CHOICE = {**TEXT, "type": "multiplechoice", "choices": ["a", "b"], "default": "a"}
NUMBER = {**TEXT, "type": "integer", "default": 5, "min": 1, "max": 9}
MISSING = object()


def one(question: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A survey of one question, with keys replaced, or dropped where MISSING."""
    whole = {"name": "n", "description": "d", "spec": [question], **other}
    whole["spec"] = [{k: v for k, v in q.items() if v is not MISSING} for q in whole["spec"]]
    return {k: v for k, v in whole.items() if v is not MISSING}


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(one(TEXT), id="text"),
        pytest.param(one(NUMBER), id="integer"),
        pytest.param(one({**NUMBER, "min": None, "max": None}), id="null bounds"),
        pytest.param(one({**NUMBER, "type": "float", "default": 1.5}), id="float"),
        pytest.param(one({**TEXT, "type": "password"}), id="password"),
        pytest.param(one({**TEXT, "default": MISSING}), id="no default"),
        pytest.param(one(CHOICE), id="choices as a list"),
        pytest.param(one({**CHOICE, "choices": "a\nb"}), id="choices one a line"),
        pytest.param(one({**CHOICE, "type": "multiselect", "default": "a\nb"}), id="several chosen"),
        pytest.param(one({**CHOICE, "choices": "node1\nnode2", "default": "node"}), id="a part of a string's choice"),
        pytest.param(one({**TEXT, "colour": "red"}), id="unknown keys"),
        pytest.param(one({**TEXT, "variable": "odd name-1"}), id="odd variable name"),
    ],
)
def test_awx_takes(spec: dict[str, Any]) -> None:
    survey.check(spec)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param(one(TEXT, name=MISSING), "'name'", id="no name"),
        pytest.param(one(TEXT, description=None), "'description'", id="null description"),
        pytest.param(one(TEXT, spec=[]), "'spec'", id="no question"),
        pytest.param(one({**TEXT, "required": "true"}), "'required'", id="required as a string"),
        pytest.param(one({**TEXT, "required": MISSING}), "'required' is missing", id="required missing"),
        pytest.param(one({**TEXT, "type": MISSING}), "'type' is missing", id="type missing"),
        pytest.param(one({**TEXT, "variable": MISSING}), "'variable' is missing", id="variable missing"),
        pytest.param(one(TEXT, spec=[TEXT, TEXT]), "comes twice", id="duplicate variable"),
        pytest.param(one({**TEXT, "type": "colour"}), "unknown", id="unknown type"),
        pytest.param(one({**CHOICE, "choices": MISSING}), "no choices", id="no choices"),
        pytest.param(one({**CHOICE, "choices": []}), "no choices", id="empty choices"),
        pytest.param(one({**CHOICE, "default": "c"}), "none of the choices", id="default not among the choices"),
        pytest.param(one({**NUMBER, "default": "5"}), "not a whole number", id="integer default as a string"),
        pytest.param(one({**TEXT, "default": 5}), "not a string", id="text default as a number"),
        pytest.param(one({**NUMBER, "min": 1.5}), "'min'", id="min as a float"),
    ],
)
def test_awx_refuses(spec: dict[str, Any], why: str) -> None:
    with pytest.raises(survey.Refused, match=why):
        survey.check(spec)


@pytest.mark.parametrize(
    ("question", "advised"),
    [
        pytest.param({**TEXT, "default": MISSING}, "cannot edit", id="no default"),
        pytest.param({**CHOICE, "choices": "node1\nnode2", "default": "node"}, "part of a choice", id="substring"),
    ],
)
def test_what_is_taken_and_regretted(question: dict[str, Any], advised: str) -> None:
    (said,) = survey.advice(one(question))
    assert advised in said


def test_nothing_to_regret() -> None:
    assert survey.advice(one(CHOICE)) == []
