# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that are made once in a run, however often they are asked for.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .api import Api, paged


class Remembered:
    """An `Api` for what only reads: the same call has the same answer, without a second request."""

    def __init__(self, aws: Api) -> None:
        self._aws = aws
        self._known: dict[str, Mapping[str, Any]] = {}
        self.call_seconds = aws.call_seconds

    @property
    def calls(self) -> Counter[str]:
        """Those that were made."""
        return self._aws.calls

    @calls.setter
    def calls(self, counted: Counter[str]) -> None:
        self._aws.calls = counted

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Those that were answered."""
        return self._aws.requests

    @requests.setter
    def requests(self, answered: list[tuple[str, str]]) -> None:
        self._aws.requests = answered

    @property
    def region(self) -> str:
        """The region in force."""
        return self._aws.region

    @property
    def partition(self) -> str:
        """The partition in force."""
        return self._aws.partition

    def call(self, service: str, operation: str, **kwargs: Any) -> Mapping[str, Any]:
        """The answer, as it was the first time. Raises AwsError; what failed is asked again."""
        key = json.dumps([service, operation, kwargs], sort_keys=True)
        if key not in self._known:
            self._known[key] = self._aws.call(service, operation, **kwargs)
        return self._known[key]

    def pages(self, service: str, operation: str, **kwargs: Any) -> Iterator[Mapping[str, Any]]:
        """The same of a paged operation, one by one."""
        return paged(self.call, service, operation, **kwargs)
