# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where EC2 and STS answer: partitions, and the URL of a service in a region.

Pure. A test holds the table against the SDK's. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from typing import NamedTuple

from ..errors import AwsError


class Partition(NamedTuple):
    """A part of AWS with names and credentials of its own; ``dual_stack`` is empty where there is no IPv6 name."""

    name: str
    prefixes: tuple[str, ...]
    suffix: str
    dual_stack: str = ""


PARTITIONS = (
    Partition("aws-cn", ("cn-",), "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition("aws-us-gov", ("us-gov-",), "amazonaws.com", "api.aws"),
    Partition("aws-iso", ("us-iso-",), "c2s.ic.gov", "api.aws.ic.gov"),
    Partition("aws-iso-b", ("us-isob-",), "sc2s.sgov.gov", "api.aws.scloud"),
    Partition("aws-iso-e", ("eu-isoe-",), "cloud.adc-e.uk"),
    Partition("aws-iso-f", ("us-isof-",), "csp.hci.ic.gov"),
    Partition("aws-eusc", ("eusc-",), "amazonaws.eu", "api.amazonwebservices.eu"),
    Partition("aws", ("",), "amazonaws.com", "api.aws"),
)


def partition(region: str) -> Partition:
    """The partition of a region: by the region's name, so that new regions need no new release."""
    return next(p for p in PARTITIONS if region.startswith(p.prefixes))


def url(service: str, region: str, *, dual_stack: bool = False, fips: bool = False) -> str:
    """The URL of ``ec2`` or ``sts`` in a region.

    Raises AwsError where the partition has no names for IPv6.
    """
    there = partition(region)
    if dual_stack and not there.dual_stack:
        text = f"{region} has no dual-stack endpoints: leave use_dualstack_endpoint out of aws_config."
        raise AwsError("Config", text)
    mark = "-fips" if fips and (dual_stack or there.name != "aws-us-gov") else ""  # GovCloud's plain ones are FIPS
    return f"https://{service}{mark}.{region}.{there.dual_stack if dual_stack else there.suffix}"
