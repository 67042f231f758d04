# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be wrong with a request ends in one sentence, and no route is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_route
from unit.aws_lab import OVERLAY, QUICK, AwsLab, run_module

WRITES = {"CreateRoute", "ReplaceRoute", "DeleteRoute"}


def refusal(aws: AwsLab, capsys: pytest.CaptureFixture[str], **params: Any) -> str:
    """Run the module with these options over good ones (None takes one away); its message."""
    good = {"destinations": [OVERLAY], "network_interface_id": aws.eni(1), "route_table_ids": aws.tables}
    options = {**good, **aws.options(), "wait_timeout": 0, **params}
    result = run_module(overlay_route, capsys, **{k: v for k, v in options.items() if v is not None})
    assert result["failed"] is True
    assert result.get("changed", False) is False
    assert set(result.get("routes", ())) == set()
    assert not WRITES & set(aws.calls())
    return str(result["msg"])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"destinations": []}, "destinations is empty: name at least one overlay IP."),
        (
            {"destinations": ["192.168.10.15/24"]},
            "'192.168.10.15/24' has host bits set: the network is 192.168.10.0/24; for the single address write "
            "192.168.10.15/32.",
        ),
        (
            {"destinations": ["node1"]},
            "'node1' is not an IPv4 or IPv6 address or prefix: give an address such as 192.168.10.15 or 2001:db8::15, "
            "or a prefix such as 192.168.10.0/24.",
        ),
        (
            {"destinations": ["169.254.169.254"]},
            "'169.254.169.254/32' lies in 169.254.0.0/16, the link-local range, where AWS keeps its own services: "
            "choose an address outside it.",
        ),
        ({"network_interface_id": None}, "state is present but any of the following are missing: "
         "network_interface_id, instance_id"),
        ({"instance_id": "i-0123456789abcdef0"}, "parameters are mutually exclusive: network_interface_id|instance_id"),
        (
            {"route_table_ids": None},
            "one of the following is required: route_table_ids, vpc_id, instance_id",
        ),
        ({"takeover": "sometimes"}, "value of takeover must be one of: always, blackhole, never, got: sometimes"),
    ],
)  # fmt: skip
def test_wrong_options(aws: AwsLab, capsys: pytest.CaptureFixture[str], params: dict[str, Any], sentence: str) -> None:
    assert refusal(aws, capsys, **params) == sentence
    assert aws.calls() == []


def test_an_overlay_ip_inside_the_vpc(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, destinations=["10.0.1.99"]) == (
        f"Overlay IP 10.0.1.99/32 lies inside the CIDR 10.0.0.0/16 of {aws.world.vpc_id}: "
        "choose an address outside every CIDR of the VPC. Nothing was changed."
    )


def test_an_address_that_would_be_left_behind(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    aws.point(2)
    network = "192.168.10.0/28"
    assert refusal(aws, capsys, destinations=[network], addresses=["192.168.10.15", "192.168.10.14"]) == (
        f"{aws.tables[0]} still has {OVERLAY} to {aws.instance(2)}, which {network} is to carry: a move would leave it"
        " behind. Run setup first, which deletes that route. Nothing was changed."
    )


def test_a_route_table_that_does_not_exist(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    tables = [*aws.tables, "rtb-0123456789abcdef0", "rtb-0123456789abcdef1"]
    assert refusal(aws, capsys, route_table_ids=tables) == (
        "Route table rtb-0123456789abcdef0, rtb-0123456789abcdef1 does not exist in eu-central-1: "
        "correct route_table_ids."
    )


def test_a_vpc_that_does_not_exist(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    vpc = "vpc-0123456789abcdef0"
    assert refusal(aws, capsys, route_table_ids=None, vpc_id=vpc) == (
        f"VPC {vpc} does not exist in eu-central-1: check vpc_id."
    )


def test_a_route_table_of_another_vpc(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    other = aws.client.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    tables = aws.client.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"]
    foreign = tables[0]["RouteTableId"]
    both = [*aws.tables, foreign]
    by_instance = {"network_interface_id": None, "instance_id": aws.instance(1)}
    told = (
        f"Route table {foreign} does not exist in {aws.world.vpc_id}, the VPC of the target: correct route_table_ids. "
        "Nothing was changed."
    )
    assert refusal(aws, capsys, route_table_ids=both, **by_instance) == told
    assert refusal(aws, capsys, route_table_ids=both, preflight=True) == told
    # A caller who knows of the target nothing but its interface:
    vpcs = " and ".join(sorted([aws.world.vpc_id, other]))
    assert refusal(aws, capsys, route_table_ids=both) == (
        f"The route tables lie in {vpcs}, but a target is in one VPC only: name the tables of one of them in "
        "route_table_ids. Nothing was changed."
    )
    assert refusal(aws, capsys, route_table_ids=None, vpc_id=other, **by_instance) == (
        f"The target is in {aws.world.vpc_id}, but vpc_id is {other}: correct one of them. Nothing was changed."
    )


def test_an_instance_that_does_not_exist(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    gone = "i-0123456789abcdef0"
    assert refusal(aws, capsys, network_interface_id=None, instance_id=gone) == (
        f"DescribeInstances: The instance ID '{gone}' does not exist (InvalidInstanceID.NotFound)"
    )


def test_an_instance_without_an_interface(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    subnet = aws.world.nodes[0].subnet_id
    made = aws.client.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, SubnetId=subnet)
    instance = made["Instances"][0]["InstanceId"]
    aws.client.terminate_instances(InstanceIds=[instance])
    aws.wait_state(instance, "terminated")
    assert refusal(aws, capsys, network_interface_id=None, instance_id=instance) == (
        f"Instance {instance} has no network interface with device index 0; it has none (state: terminated): "
        "correct instance_id or device_index."
    )


def test_no_region(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, region=None) == (
        "No region is set: set overlay_ip_region (or the option region, or AWS_REGION) to the region of the VPC, "
        "for example eu-central-1."
    )


def test_no_credentials(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, access_key=None, secret_key=None) == (
        "No AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, attach an AWS "
        "credential to the job template, or run on an instance with an instance profile."
    )


def test_half_of_the_credentials(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, secret_key=None) == (
        "access_key is set without secret_key: keys belong together, set both or neither."
    )


def test_an_unknown_profile(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, access_key=None, secret_key=None, profile="nobody") == (
        "The config profile (nobody) could not be found: set profile to one of ~/.aws/config."
    )


def test_a_wrong_secret(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, secret_key="wrong" * 8) == (
        "AWS does not accept the credentials (AuthFailure): check the access key, its secret and the clock."
    )


def test_expired_credentials(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": aws.world.account_id}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam, sts = (aws.endpoint.client(name, aws.world.admin.credentials()) for name in ("iam", "sts"))
    role = iam.create_role(RoleName="brief", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test", DurationSeconds=900)["Credentials"]
    aws.control.advance(1000)
    told = refusal(
        aws,
        capsys,
        access_key=keys["AccessKeyId"],
        secret_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )
    assert told == (
        "The AWS credentials have expired (RequestExpired): log in again or renew the session, and run once more."
    )


def test_a_missing_permission_to_read(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    keys = aws.policy("nothing", ["ec2:DescribeVpcs"])
    caller = f"arn:aws:iam::{aws.world.account_id}:user/nothing"
    assert refusal(aws, capsys, **aws.options(keys)) == (
        f"ec2:DescribeRouteTables on * is not permitted for {caller}: allow this action on this ARN "
        "(overlay_iam_policy with state=rendered prints the policy)."
    )


def test_an_endpoint_that_is_not_there(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal(aws, capsys, endpoint_url="http://127.0.0.1:9", aws_config=QUICK)
    assert told.startswith("DescribeRouteTables got no answer from AWS (Could not connect to the endpoint URL")
    assert told.endswith("check the network and the endpoint.")


def test_a_wrong_aws_config(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(aws, capsys, aws_config={"conect_timeout": 1}) == (
        "aws_config is not a valid botocore configuration: Got unexpected keyword argument 'conect_timeout'"
    )


def test_the_target_of_another_vpc_given_as_an_interface(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> None:
    """EC2 itself refuses it, in every table: nothing is changed, and check mode knows before."""
    other = aws.client.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.client.create_subnet(VpcId=other, CidrBlock="10.2.1.0/24")["Subnet"]["SubnetId"]
    eni = aws.client.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    params = {"destinations": [OVERLAY], "network_interface_id": eni, "route_table_ids": aws.tables, "wait_timeout": 0}
    result = run_module(overlay_route, capsys, **aws.options(), **params)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "belong to different networks" in result["msg"]
    assert aws.truth() == dict.fromkeys(aws.tables)
    foretold = run_module(overlay_route, capsys, check=True, **aws.options(), **params)
    assert foretold["msg"].startswith(f"Route table {', '.join(aws.tables)} does not exist in {other}, the VPC of the")
