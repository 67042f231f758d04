# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source of an IPv6 path, and what kind of a client it is: the very calls."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import look_source, look_vpc, model
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.look import Request
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.look_vpc import Vpc
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.model import Ephemeral, Host
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach.owners import Sight
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import SUBNETS_PAGE, Ec2
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import PlanError
from unit.script import Call, Script

SIX = "2001:db8:1:1::/64"
SUBNET = {
    "SubnetId": "subnet-1",
    "VpcId": "vpc-1",
    "CidrBlock": "10.0.1.0/24",
    "AvailabilityZone": "a",
    "Ipv6CidrBlockAssociationSet": [
        {"Ipv6CidrBlock": "2001:db8:9::/64", "Ipv6CidrBlockState": {"State": "disassociated"}},
        {"Ipv6CidrBlock": SIX, "Ipv6CidrBlockState": {"State": "associated"}},
    ],
}
SUBNETS = Call(
    "ec2",
    "DescribeSubnets",
    {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}], "MaxResults": SUBNETS_PAGE},
    {"Subnets": [SUBNET]},
)


def interface(name: str, address: str, *found: dict[str, Any]) -> Call:
    filters = [{"Name": "vpc-id", "Values": ["vpc-1"]}, {"Name": name, "Values": [address]}]
    return Call("ec2", "DescribeNetworkInterfaces", {"Filters": filters}, {"NetworkInterfaces": list(found)})


def located(source: str, *calls: Call) -> Host:
    with Script(SUBNETS, *calls) as aws:
        ec2 = Ec2(aws)
        vpc = Vpc("vpc-1", look_vpc.subnets_of(ec2, ["vpc-1"])["vpc-1"])
        request = Request(source, "2001:db8::15/128", ("i-1",))
        return look_source.located(ec2, request, Host(request.name, source), vpc, Sight())


def test_an_ipv6_source_is_found_by_its_own_address_and_block() -> None:
    eni = {"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}]}
    found = located("2001:db8:1:1::5/128", interface("ipv6-addresses.ipv6-address", "2001:db8:1:1::5", eni))
    assert (found.name, found.network_interface_id, found.group_ids) == ("2001:db8:1:1::5", "eni-1", ("sg-1",))
    assert found.net is not None
    assert (found.net.subnet_id, found.net.more) == ("subnet-1", (SIX,))


@pytest.mark.parametrize("source", ["2001:db8:9::5/128", "10.0.9.9/32"])
def test_an_address_that_no_subnet_has(source: str) -> None:
    told = f"belongs to nothing: it lies in the block of vpc-1, and in none of its subnets (10.0.1.0/24, {SIX})."
    with pytest.raises(PlanError) as err:
        located(source)
    assert told in str(err.value)


def test_of_a_network_no_interface_is_asked() -> None:
    assert located("10.0.1.0/24").network_interface_id == ""


def instance(**more: Any) -> Call:
    answer = {"Reservations": [{"Instances": [{"InstanceId": "i-9", **more}]}]}
    return Call("ec2", "DescribeInstances", {"InstanceIds": ["i-9"]}, answer)


OF_INSTANCE = {"Attachment": {"InstanceId": "i-9"}}
DENIED = Call("ec2", "DescribeInstances", {"InstanceIds": ["i-9"]}, error="UnauthorizedOperation")
GONE = Call("ec2", "DescribeInstances", {"InstanceIds": ["i-9"]}, error="InvalidInstanceID.NotFound")


@pytest.mark.parametrize(
    ("of", "calls", "kind"),
    [
        ({}, [], model.CLIENT),
        ({"InterfaceType": "nat_gateway"}, [], model.TRANSLATED),
        ({"InterfaceType": "lambda"}, [], model.TRANSLATED),
        ({"InterfaceType": "network_load_balancer"}, [], model.TRANSLATED),
        ({"Description": "ELB app/front/1"}, [], model.TRANSLATED),
        (OF_INSTANCE, [instance()], model.LINUX),
        (OF_INSTANCE, [instance(Platform="windows")], model.WINDOWS),
        (OF_INSTANCE, [DENIED], model.CLIENT),
        (OF_INSTANCE, [GONE], model.CLIENT),
    ],
)
def test_the_kind_of_a_client(of: dict[str, Any], calls: list[Call], kind: Ephemeral) -> None:
    eni = {"NetworkInterfaceId": "eni-1", **of}
    found = located("10.0.1.5/32", interface("addresses.private-ip-address", "10.0.1.5", eni), *calls)
    assert found.ephemeral == kind
