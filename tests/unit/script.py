# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS played from a script: the very calls, in order, with their answers. Any other call fails the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.client import Aws
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.options import AwsOptions


@dataclass(frozen=True)
class Call:
    """One expected call, what AWS answers to it, or the error that it raises."""

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


class Script(Aws):
    """Plays the calls; leave it as a context manager, which also checks that none is left over."""

    def __init__(self, *expected: Call, region: str = "eu-central-1") -> None:
        super().__init__(AwsOptions(region=region))
        self.expected = list(expected)

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Answer the next call of the script."""
        shape = _model(service).operation_model(operation).input_shape
        report = ParamValidator().validate(params, shape)
        assert not report.has_errors(), report.generate_report()
        assert self.expected, f"one call too many: {operation} {params}"
        play = self.expected.pop(0)
        assert (service, operation, params) == (play.service, play.operation, dict(play.params))
        self.calls[operation] += 1
        if play.error:
            raise AwsError(play.error, f"{operation}: refused ({play.error})", operation)
        return dict(play.answer)

    def __enter__(self) -> Script:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            assert not self.expected, f"never called: {[call.operation for call in self.expected]}"


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)
