# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a module speaks to AWS: the SDK, or our own client where the interpreter has none.

That the answers are the same is shown by the modules' own tests, which run by either. Here modules run in a process
that cannot import the SDK, as on a node.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from unit.aws_lab import OVERLAY, AwsLab, _aws_lab, aws

__all__ = ["_aws_lab", "aws"]

_RUN = """
import importlib, json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("botocore", "boto3", "pyroute2"):
            raise ImportError(f"no {name} here")
sys.meta_path.insert(0, Refuse())
from ansible.module_utils.testing import patch_module_args
module = importlib.import_module("ansible_collections.aws_ha.overlay_ip.plugins.modules." + sys.argv[1])
with patch_module_args(json.load(sys.stdin)):
    module.main()
"""
_ROOT = Path(__file__).parents[5]


def run(module: str, environment: dict[str, str] | None = None, **params: Any) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EC2_"))}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, module],
        input=json.dumps(params),
        env={**kept, "PYTHONPATH": str(_ROOT / "collections"), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_route_moves_without_the_sdk(aws: AwsLab) -> None:
    aws.point(2)
    wanted: dict[str, Any] = {"destinations": [OVERLAY], "route_table_ids": aws.tables, "instance_id": aws.instance(1)}
    judged = run("overlay_route", preflight=True, verify_permissions=True, **wanted, **aws.options())
    assert (judged["changed"], set(aws.truth().values())) == (False, {aws.eni(2)})
    moved = run("overlay_route", **wanted, **aws.options())
    assert (moved["changed"], moved["consistent"]) == (True, True)
    assert set(aws.truth().values()) == {aws.eni(1)}


def test_who_holds_what_is_read_without_the_sdk(aws: AwsLab) -> None:
    aws.point(2)
    answer = run(
        "overlay_route_info",
        route_table_ids=aws.tables,
        instance_ids=[aws.instance(1), aws.instance(2)],
        **aws.options(),
    )
    assert answer["overlays"][0]["holder"]["network_interface_id"] == aws.eni(2)


def test_the_check_is_switched_without_the_sdk(aws: AwsLab) -> None:
    answer = run("source_dest_check", instance_ids=[aws.instance(1)], **aws.options())
    assert answer["interfaces"][0]["after"] is False


@pytest.mark.parametrize(("environment", "profile"), [({}, "sap"), ({"AWS_PROFILE": "sap"}, "")])
def test_a_profile_needs_the_sdk(environment: dict[str, str], profile: str) -> None:
    """Nobody's calls are made as somebody else, for example as this instance."""
    answer = run("overlay_route_info", environment, route_table_ids=["rtb-1"], region="eu-central-1", profile=profile)
    assert "botocore" in answer["msg"]
    assert "to use a profile (pip install boto3)" in answer["msg"]


def test_iam_needs_the_sdk() -> None:
    answer = run("overlay_iam_policy", role_name="node", route_table_ids=["rtb-1"], region="eu-central-1")
    assert "botocore" in answer["msg"]
    assert "to call IAM (pip install boto3)" in answer["msg"]


def test_without_keys_and_off_ec2_both_remedies_are_told() -> None:
    nobody = {"AWS_EC2_METADATA_DISABLED": "true"}
    answer = run("overlay_route_info", nobody, route_table_ids=["rtb-1"], region="eu-central-1")
    assert answer["error"]["code"] == "NoCredentials"
    assert "This instance has no AWS credentials" in answer["msg"]
    assert "install botocore (pip install boto3)" in answer["msg"]


def test_a_call_ends_with_its_seconds(aws: AwsLab) -> None:
    """As with the SDK: wait_timeout bounds each call, whatever its answer does, down to five seconds."""
    aws.control.fault("delay", match={"action": "DescribeRouteTables"}, seconds=30)
    more = {"read_timeout": 60, "retries": {"total_max_attempts": 1}}
    answer = run(
        "overlay_route",
        destinations=[OVERLAY],
        route_table_ids=aws.tables,
        network_interface_id=aws.eni(1),
        wait_timeout=1,
        **aws.options(aws_config=more),
    )
    assert answer["error"] == {"code": "Unreachable", "operation": "DescribeRouteTables"}
    calls = [call for call in aws.calls() if call == "DescribeRouteTables"]
    assert len(calls) <= 1
