# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's models of the services, read faster: the SDK must not see a difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws import client

FILES: Any = client._ModelFiles()


@pytest.mark.parametrize("service", ["ec2", "iam", "sts"])
def test_the_same_models_in_the_same_order(service: str) -> None:
    ours = Loader(file_loader=FILES).load_service_model(service, "service-2")
    theirs = Loader().load_service_model(service, "service-2")
    assert ours == theirs
    assert list(ours["operations"]) == list(theirs["operations"])


@pytest.mark.parametrize("ending", [".json", ".json.gz", ".txt", None])
def test_finds_what_the_sdk_finds(tmp_path: Path, ending: str | None) -> None:
    if ending:
        (tmp_path / f"model{ending}").write_bytes(b"{}")
    name = str(tmp_path / "model")
    assert FILES.exists(name) == JSONFileLoader().exists(name) == (ending in (".json", ".json.gz"))


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert FILES.load_file(str(tmp_path / "none")) is None


def test_a_client_uses_it() -> None:
    aws = client.Aws(client.AwsOptions(region="eu-central-1", access_key="AKIA", secret_key="secret"))
    aws.client("sts")
    assert isinstance(aws._session.get_component("data_loader").file_loader, client._ModelFiles)


def test_clients_share_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork of a process that is warm reads no model: of a task's AWS calls, reading them took most of the time."""
    client.warm("ec2")
    monkeypatch.setattr(client._ModelFiles, "load_file", lambda _self, path: pytest.fail(f"{path} is read again"))
    aws = client.Aws(client.AwsOptions(region="eu-central-1", access_key="AKIA", secret_key="secret"))
    aws.client("ec2")


def test_models_of_ones_own_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    aws = client.Aws(client.AwsOptions(region="eu-central-1", access_key="AKIA", secret_key="secret"))
    aws.client("sts")
    assert str(tmp_path) in aws._session.get_component("data_loader").search_paths
