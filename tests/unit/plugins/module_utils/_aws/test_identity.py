# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: a test per row of the table in docs/iam.md, by what botocore then really signs with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import IDENTITY, identity, options

KEYS = {"access_key": "EXPLICIT", "secret_key": "s"}
ENVIRONMENT_KEYS = {"AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "t"}
FILE = """[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = d
[inventory]
aws_access_key_id = INVENTORY
aws_secret_access_key = i
[shell]
aws_access_key_id = SHELL
aws_secret_access_key = h
"""


@pytest.fixture(autouse=True)
def _profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(FILE)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.parametrize(
    ("given", "environment", "key", "token"),
    [
        (KEYS, {}, "EXPLICIT", None),
        (KEYS, ENVIRONMENT_KEYS, "EXPLICIT", None),
        ({**KEYS, "session_token": "x"}, ENVIRONMENT_KEYS, "EXPLICIT", "x"),
        (KEYS, {"AWS_PROFILE": "shell"}, "EXPLICIT", None),
        ({"profile": "inventory"}, ENVIRONMENT_KEYS, "INVENTORY", None),
        ({"profile": "inventory"}, {"AWS_PROFILE": "shell"}, "INVENTORY", None),
        ({}, ENVIRONMENT_KEYS, "ENVIRONMENT", "t"),
        ({}, {**ENVIRONMENT_KEYS, "AWS_PROFILE": "shell"}, "ENVIRONMENT", "t"),
        ({}, {"AWS_PROFILE": "shell"}, "SHELL", None),
        ({"profile": "", "access_key": "", "session_token": ""}, {"AWS_DEFAULT_PROFILE": "shell"}, "SHELL", None),
        ({}, {"AWS_SESSION_TOKEN": "t"}, "DEFAULT", None),
        ({}, {}, "DEFAULT", None),
    ],
)
def test_who_calls(
    given: dict[str, Any], environment: dict[str, str], key: str, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    caller = identity(given, os.environ)
    aws = Aws(options({"region": "eu-central-1", **{name: caller[name] for name in IDENTITY}}))
    signed = aws.client("ec2")._request_signer._credentials
    assert (signed.access_key, signed.token) == (key, token)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({**KEYS, "profile": "inventory"}, "profile and access_key are both set in the options"),
        ({"access_key": "A"}, "access_key is set without secret_key: keys belong together, set both or neither."),
        (
            {"session_token": "x"},
            "session_token is set in the options (overlay_ip_aws, module_defaults or the task)",
        ),
        ({"session_token": "x", "profile": "inventory"}, "session_token is set in the options"),
        ({"session_token": "x", "secret_key": "s"}, "secret_key is set without access_key"),
        ({"secret_key": "s"}, "secret_key is set without access_key: keys belong together, set both or neither."),
    ],
)
def test_what_contradicts_itself_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AwsError) as refused:
        identity(given, ENVIRONMENT_KEYS)
    assert refused.value.message.startswith(sentence)
