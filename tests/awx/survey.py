# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which survey specifications AWX takes, by rules measured on a running AWX (24.6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT = ("text", "textarea", "password")
CHOICE = ("multiplechoice", "multiselect")
NUMBER = ("integer", "float")


class Refused(Exception):
    """AWX answers 400 to this survey; the text says why."""


def check(survey: Any) -> None:
    """Raise Refused where AWX would refuse the survey."""
    _need(isinstance(survey, Mapping), "the survey is no dictionary")
    for key in ("name", "description"):
        _need(isinstance(survey.get(key), str), f"'{key}' is not a string")
    questions = survey.get("spec")
    _need(isinstance(questions, list) and bool(questions), "'spec' is not a list with questions")
    seen = set()
    for number, question in enumerate(questions):
        _question(question, f"question {number}")
        _need(question["variable"] not in seen, f"question {number}: the variable {question['variable']!r} comes twice")
        seen.add(question["variable"])


def advice(survey: Mapping[str, Any]) -> list[str]:
    """What AWX takes and people then regret, a sentence each."""
    found = []
    for question in survey["spec"]:
        name, default = question["variable"], question.get("default")
        if default is None:
            found.append(f"{name} has no default: the UI cannot edit such a survey")
        elif question["type"] in CHOICE and not _chosen(default) <= set(choices(question)):
            found.append(f"{name}: the default is only a part of a choice")
    return found


def choices(question: Mapping[str, Any]) -> list[str]:
    """The choices of a question, given as a list or one a line."""
    given = question["choices"]
    return given.splitlines() if isinstance(given, str) else list(given)


def _question(question: Any, where: str) -> None:
    _need(isinstance(question, Mapping), f"{where} is no dictionary")
    for key in ("type", "question_name", "variable", "required"):
        _need(key in question, f"{where}: '{key}' is missing")
    kind = question["type"]
    _need(kind in TEXT + CHOICE + NUMBER, f"{where}: the type {kind!r} is unknown")
    for key in ("question_name", "variable"):
        _need(isinstance(question[key], str) and question[key] != "", f"{where}: '{key}' is not a string")
    _need(isinstance(question["required"], bool), f"{where}: 'required' is not a boolean")
    for key in ("min", "max"):
        _need(question.get(key) is None or _whole(question[key]), f"{where}: '{key}' is not a whole number")
    if kind in CHOICE:
        given = question.get("choices")
        _need(isinstance(given, (str, list)) and bool(given), f"{where}: there are no choices")
    if question.get("default") is not None:
        _default(question, where)


def _default(question: Mapping[str, Any], where: str) -> None:
    kind, default = question["type"], question["default"]
    if kind == "integer":
        _need(_whole(default), f"{where}: the default is not a whole number")
    elif kind == "float":
        _need(_whole(default) or isinstance(default, float), f"{where}: the default is not a number")
    elif kind in TEXT:
        _need(isinstance(default, str), f"{where}: the default is not a string")
    else:
        given = question["choices"]  # a string is searched as it is: a part of a choice passes
        _need(isinstance(default, (str, list)), f"{where}: the default is not a string")
        _need(all(choice in given for choice in _chosen(default)), f"{where}: the default is none of the choices")


def _chosen(default: Any) -> set[str]:
    return set(default.splitlines() or [default]) if isinstance(default, str) else set(default)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _need(right: bool, why: str) -> None:
    if not right:
        raise Refused(why)
