# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about Client VPN endpoints, which stock moto does not know at all."""

from __future__ import annotations

import time
from typing import Any

from ..bench import OVERLAY, REGION, Bench, allow, refused
from .registry import rule

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1"


def _endpoint(bench: Bench) -> dict[str, Any]:
    """An endpoint without a target network."""
    made = bench.ec2.create_client_vpn_endpoint(
        ClientCidrBlock="172.30.0.0/22",
        ServerCertificateArn=CERTIFICATE,
        AuthenticationOptions=[
            {
                "Type": "certificate-authentication",
                "MutualAuthentication": {"ClientRootCertificateChainArn": CERTIFICATE},
            }
        ],
        ConnectionLogOptions={"Enabled": False},
    )
    assert made["Status"]["Code"] == "pending-associate"
    return {"ClientVpnEndpointId": made["ClientVpnEndpointId"]}


def _site(bench: Bench) -> dict[str, Any]:
    """An endpoint that is associated with the bench's subnet."""
    endpoint = _endpoint(bench)
    bench.ec2.associate_client_vpn_target_network(**endpoint, SubnetId=bench.subnet)
    return endpoint


def _routes(bench: Bench, endpoint: dict[str, Any], destination: str = OVERLAY) -> list[dict[str, Any]]:
    filters = [{"Name": "destination-cidr", "Values": [destination]}]
    return list(bench.ec2.describe_client_vpn_routes(**endpoint, Filters=filters)["Routes"])


def _rules(bench: Bench, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    return list(bench.ec2.describe_client_vpn_authorization_rules(**endpoint)["AuthorizationRules"])


def _other_subnet(bench: Bench, cidr: str, zone: str) -> str:
    made = bench.ec2.create_subnet(VpcId=bench.vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]
    return str(made["SubnetId"])


@rule(48, "does not know Client VPN endpoints")
def a_target_network_brings_a_route_to_its_vpc(bench: Bench) -> None:
    endpoint = _site(bench)

    def association() -> dict[str, Any]:
        found = bench.ec2.describe_client_vpn_target_networks(**endpoint)["ClientVpnTargetNetworks"]
        return dict(found[0])

    assert (association()["TargetNetworkId"], association()["VpcId"]) == (bench.subnet, bench.vpc)
    assert association()["Status"]["Code"] == "associating"
    bench.wait(lambda: association()["Status"]["Code"] == "associated", "the association")
    assert len(association()["SecurityGroups"]) == 1  # the VPC's default one
    [route] = _routes(bench, endpoint, "10.0.0.0/16")
    assert (route["TargetSubnet"], route["Origin"], route["Type"]) == (bench.subnet, "associate", "Nat")
    by_subnet: dict[str, Any] = {"DestinationCidrBlock": "10.0.0.0/16", "TargetVpcSubnetId": bench.subnet}
    refused("InvalidParameterValue", bench.ec2.delete_client_vpn_route, **endpoint, **by_subnet)


@rule(49, "does not know Client VPN endpoints")
def target_networks_are_of_one_vpc_and_one_of_a_zone(bench: Bench) -> None:
    endpoint, associate = _site(bench), bench.ec2.associate_client_vpn_target_network
    zone = bench.ec2.describe_subnets(SubnetIds=[bench.subnet])["Subnets"][0]["AvailabilityZone"]
    twin = _other_subnet(bench, "10.0.2.0/24", zone)
    vpc = bench.ec2.create_vpc(CidrBlock="10.98.0.0/16")["Vpc"]["VpcId"]
    foreign = bench.ec2.create_subnet(VpcId=vpc, CidrBlock="10.98.1.0/24")["Subnet"]["SubnetId"]
    refused("InvalidClientVpnDuplicateAssociationException", associate, **endpoint, SubnetId=bench.subnet)
    refused("InvalidClientVpnSubnetId.DuplicateAz", associate, **endpoint, SubnetId=twin)
    refused("InvalidClientVpnSubnetId.NotFound", associate, **endpoint, SubnetId=foreign)
    vpc = bench.ec2.create_vpc(CidrBlock="172.30.0.0/16")["Vpc"]["VpcId"]
    within = bench.ec2.create_subnet(VpcId=vpc, CidrBlock="172.30.1.0/24")["Subnet"]["SubnetId"]
    refused("InvalidClientVpnSubnetId.OverlappingCidr", associate, **_endpoint(bench), SubnetId=within)


@rule(50, "does not know Client VPN endpoints")
def a_route_needs_a_target_network(bench: Bench) -> None:
    endpoint, create = _endpoint(bench), bench.ec2.create_client_vpn_route
    by_subnet: dict[str, Any] = {"DestinationCidrBlock": OVERLAY, "TargetVpcSubnetId": bench.subnet}
    refused("InvalidClientVpnActiveAssociationNotFound", create, **endpoint, **by_subnet)
    bench.ec2.associate_client_vpn_target_network(**endpoint, SubnetId=bench.subnet)
    other = _other_subnet(bench, "10.0.2.0/24", f"{REGION}c")
    refused("InvalidClientVpnSubnetId.NotFound", create, **endpoint, **{**by_subnet, "TargetVpcSubnetId": other})
    unknown: dict[str, Any] = {"ClientVpnEndpointId": "cvpn-endpoint-0123456789abcdef0"}
    refused("InvalidClientVpnEndpointId.NotFound", create, **unknown, **by_subnet)
    create(**endpoint, **by_subnet, Description="ours")
    [made] = _routes(bench, endpoint)
    assert (made["TargetSubnet"], made["Origin"], made["Description"]) == (bench.subnet, "add-route", "ours")


@rule(51, "does not know Client VPN endpoints")
def a_route_comes_and_goes_in_its_own_time(bench: Bench) -> None:
    endpoint = _site(bench)
    by_subnet: dict[str, Any] = {"DestinationCidrBlock": OVERLAY, "TargetVpcSubnetId": bench.subnet}
    create, delete = bench.ec2.create_client_vpn_route, bench.ec2.delete_client_vpn_route
    refused("InvalidClientVpnRouteNotFound", delete, **endpoint, **by_subnet)
    assert create(**endpoint, **by_subnet)["Status"]["Code"] == "creating"
    refused("InvalidClientVpnDuplicateRoute", create, **endpoint, **by_subnet)
    bench.wait(lambda: _routes(bench, endpoint)[0]["Status"]["Code"] == "active", "the route")
    assert delete(**endpoint, **by_subnet)["Status"]["Code"] == "deleting"
    assert [one["Status"]["Code"] for one in _routes(bench, endpoint)] == ["deleting"]
    refused("InvalidClientVpnDuplicateRoute", create, **endpoint, **by_subnet)  # inferred: it is still there
    bench.wait(lambda: not _routes(bench, endpoint), "the route to be gone")


@rule(52, "does not know Client VPN endpoints")
def an_authorisation_is_for_all_or_for_a_group(bench: Bench) -> None:
    endpoint = _site(bench)
    network: dict[str, Any] = {"TargetNetworkCidr": OVERLAY}
    authorize, revoke = bench.ec2.authorize_client_vpn_ingress, bench.ec2.revoke_client_vpn_ingress
    refused("InvalidParameterCombination", authorize, **endpoint, **network)
    gone = "InvalidClientVpnEndpointAuthorizationRuleNotFound"
    refused(gone, revoke, **endpoint, **network, RevokeAllGroups=True)
    assert authorize(**endpoint, **network, AuthorizeAllGroups=True)["Status"]["Code"] == "authorizing"
    again = "InvalidClientVpnDuplicateAuthorizationRule"
    refused(again, authorize, **endpoint, **network, AuthorizeAllGroups=True)
    authorize(**endpoint, **network, AccessGroupId="S-1-5-21", Description="ours")
    bench.wait(lambda: {one["Status"]["Code"] for one in _rules(bench, endpoint)} == {"active"}, "the rules")
    everybody, group = sorted(_rules(bench, endpoint), key=lambda one: not one["AccessAll"])
    assert (everybody["AccessAll"], everybody["DestinationCidr"]) == (True, OVERLAY)
    assert (group["AccessAll"], group["GroupId"], group["Description"]) == (False, "S-1-5-21", "ours")
    assert revoke(**endpoint, **network, RevokeAllGroups=True)["Status"]["Code"] == "revoking"
    bench.wait(lambda: [one["GroupId"] for one in _rules(bench, endpoint)] == ["S-1-5-21"], "the rule to be gone")


@rule(53, "does not know Client VPN endpoints")
def only_so_many_changes_are_under_way(bench: Bench) -> None:
    endpoint = _site(bench)
    bench.configure(client_vpn_changes=3)  # those of the association are two: itself and its route
    create = bench.ec2.create_client_vpn_route
    by_subnet: dict[str, Any] = {"TargetVpcSubnetId": bench.subnet}
    create(**endpoint, **by_subnet, DestinationCidrBlock=OVERLAY)
    another: dict[str, Any] = {**endpoint, **by_subnet, "DestinationCidrBlock": "192.168.10.16/32"}
    refused("ConcurrentMutationLimitExceeded", create, **another, text="Please try again later")
    time.sleep(0.3)
    create(**another)


@rule(54, "does not know Client VPN endpoints")
def client_vpn_calls_are_judged_by_endpoint_and_subnet(bench: Bench) -> None:
    endpoint = _site(bench)
    prefix = f"arn:aws:ec2:{REGION}:{bench.account}"
    of_endpoint = f"{prefix}:client-vpn-endpoint/{endpoint['ClientVpnEndpointId']}"
    calls = ["ec2:CreateClientVpnRoute", "ec2:AuthorizeClientVpnIngress", "ec2:DescribeClientVpnRoutes"]
    half = bench.client("ec2", bench.user(allow(calls, of_endpoint)))
    both = bench.client("ec2", bench.user(allow(calls, [of_endpoint, f"{prefix}:subnet/{bench.subnet}"])))
    route = {**endpoint, "DestinationCidrBlock": OVERLAY, "TargetVpcSubnetId": bench.subnet}
    with bench.enforced():
        denied = "UnauthorizedOperation"
        refused(denied, half.create_client_vpn_route, status=403, text=bench.subnet, **route)
        refused("DryRunOperation", both.create_client_vpn_route, status=412, **route, DryRun=True)
        half.authorize_client_vpn_ingress(**endpoint, TargetNetworkCidr=OVERLAY, AuthorizeAllGroups=True)
        other = {"ClientVpnEndpointId": _endpoint(bench)["ClientVpnEndpointId"]}
        refused(denied, both.describe_client_vpn_routes, status=403, **other)
        assert len(both.describe_client_vpn_routes(**endpoint)["Routes"]) == 1
