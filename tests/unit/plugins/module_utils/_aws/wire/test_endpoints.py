# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the services answer: the SDK's data has the same for every region of every partition."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.wire import endpoints
from unit import botocore_oracle
from unit.botocore_oracle import Signer

_SESSION = botocore.session.get_session()
PARTITIONS = _SESSION.get_available_partitions()
REGIONS = [
    region
    for partition in PARTITIONS
    for region in _SESSION.get_available_regions("ec2", partition) or ["eusc-de-east-1"]
]


def test_all_partitions_are_known() -> None:
    assert {p.name for p in endpoints.PARTITIONS} == set(PARTITIONS)
    assert len(REGIONS) > 40


@pytest.mark.parametrize("region", [*REGIONS, "eu-neverland-1", "us-gov-north-1", "us-isob-west-1", "eusc-de-south-1"])
def test_the_partition_of_a_region(region: str) -> None:
    if region == "eu-neverland-1":
        assert endpoints.partition(region).name == "aws"
    else:
        assert endpoints.partition(region).name == _SESSION.get_partition_for_region(region)


#: One region of each partition, and of GovCloud both: asking the SDK for each takes a while.
SOME = {_SESSION.get_partition_for_region(region): region for region in REGIONS}


@pytest.mark.parametrize("dual_stack", [False, True])
@pytest.mark.parametrize("fips", [False, True])
@pytest.mark.parametrize("region", sorted({*SOME.values(), "us-gov-east-1", "us-gov-west-1", "us-east-1"}))
def test_the_urls(region: str, fips: bool, dual_stack: bool) -> None:
    for service, operation in (("ec2", "DescribeSubnets"), ("sts", "GetCallerIdentity")):
        try:
            theirs = botocore_oracle.request(
                service, operation, {}, Signer(region=region), dual_stack=dual_stack, fips=fips
            ).url
        except BotoCoreError:
            theirs = None
        if theirs is None:
            with pytest.raises(AwsError, match=f"^{region} has no dual-stack endpoints: leave use_dualstack_endpoint"):
                endpoints.url(service, region, dual_stack=dual_stack, fips=fips)
        else:
            assert endpoints.url(service, region, dual_stack=dual_stack, fips=fips) + "/" == theirs
