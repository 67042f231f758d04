# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How load balancers are asked for: by pages of their own kind, and tags by twenty."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import elb
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.elb import LoadBalancers


class Answers:
    """An Api that gives these answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, str]] = []
        self.region, self.partition, self.call_seconds = "eu-central-1", "aws", 1.0

    def call(self, service: str, operation: str, **wanted: Any) -> Any:
        self.asked.append((operation, wanted))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pages(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("not asked")


def test_all_pages_are_read_and_only_our_names_kept() -> None:
    first = [{"TargetGroupName": name} for name in ("sap-3600", "sap", "sap-web", "xsap-1", "sap-123456")]
    aws = Answers({"TargetGroups": first, "NextMarker": "m"}, {"TargetGroups": [{"TargetGroupName": "sap-1"}]})
    assert [raw["TargetGroupName"] for raw in LoadBalancers(aws).groups("sap")] == ["sap-3600", "sap-1"]
    assert [wanted for _operation, wanted in aws.asked] == [{"PageSize": 400}, {"PageSize": 400, "Marker": "m"}]


def test_a_name_with_a_dot_is_no_pattern() -> None:
    aws = Answers({"TargetGroups": [{"TargetGroupName": "saps-1"}]})
    assert LoadBalancers(aws).groups("sap.") == []


def test_pages_without_end_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elb, "MOST_PAGES", 3)
    with pytest.raises(AwsError, match="after 3 pages the answer does not end"):
        LoadBalancers(Answers({"Listeners": [], "NextMarker": "m"})).listeners("arn:lb")


def test_tags_are_told_of_twenty_at_once() -> None:
    aws = Answers({"TagDescriptions": [{"ResourceArn": "a", "Tags": [{"Key": "k", "Value": "v"}]}]})
    assert LoadBalancers(aws).tags([f"arn:{n}" for n in range(41)]) == {"a": {"k": "v"}}
    assert [len(wanted["ResourceArns"]) for _operation, wanted in aws.asked] == [20, 20, 1]


def test_one_that_is_not_there_is_none_and_any_other_error_is_told() -> None:
    assert LoadBalancers(Answers(AwsError("LoadBalancerNotFound", "no"))).balancer("sap") is None
    with pytest.raises(AwsError):
        LoadBalancers(Answers(AwsError("AccessDenied", "no"))).balancer("sap")


def test_what_drains_is_no_target_any_more() -> None:
    described = [
        {"Target": {"Id": "192.168.10.15", "Port": port, "AvailabilityZone": "all"}, "TargetHealth": {"State": state}}
        for port, state in ((1, "healthy"), (2, "draining"))
    ]
    [target] = LoadBalancers(Answers({"TargetHealthDescriptions": described})).targets("arn:tg")
    assert (target.port, target.health) == (1, "healthy")
