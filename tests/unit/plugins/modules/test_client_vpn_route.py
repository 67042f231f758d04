# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Client VPN endpoint learns of an overlay IP: the exact calls, in order, and what is somebody else's stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._reach import client_vpn_job
from ansible_collections.aws_ha.overlay_ip.plugins.modules import client_vpn_route
from lab import outside
from unit.aws_lab import OVERLAY, AwsLab, Run, actions, run_module

NETWORKS, ROUTES, RULES = (
    "DescribeClientVpnTargetNetworks",
    "DescribeClientVpnRoutes",
    "DescribeClientVpnAuthorizationRules",
)
READ, REREAD = [NETWORKS, ROUTES, RULES], [ROUTES, RULES]
CREATE, DELETE = "CreateClientVpnRoute", "DeleteClientVpnRoute"
AUTHORIZE, REVOKE = "AuthorizeClientVpnIngress", "RevokeClientVpnIngress"
MARK = "aws_ha.overlay_ip"


@dataclass
class Site:
    aws: AwsLab
    endpoint: str
    subnets: list[str]

    @property
    def ec2(self) -> Any:
        return self.aws.client

    def routes(self, destination: str = OVERLAY) -> dict[str, tuple[str, str]]:
        """By subnet: state and description."""
        found = self.ec2.describe_client_vpn_routes(ClientVpnEndpointId=self.endpoint)["Routes"]
        return {
            one["TargetSubnet"]: (one["Status"]["Code"], one.get("Description", ""))
            for one in found
            if one["DestinationCidr"] == destination
        }

    def rules(self, destination: str = OVERLAY) -> dict[str, str]:
        """By group, empty for all: the state."""
        found = self.ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=self.endpoint)
        return {
            one["GroupId"]: one["Status"]["Code"]
            for one in found["AuthorizationRules"]
            if one["DestinationCidr"] == destination
        }

    def route(self, subnet: str, **more: str) -> None:
        """Somebody else's."""
        self.ec2.create_client_vpn_route(
            ClientVpnEndpointId=self.endpoint, DestinationCidrBlock=OVERLAY, TargetVpcSubnetId=subnet, **more
        )


@pytest.fixture
def site(aws: AwsLab, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(client_vpn_job, "LONGEST_PAUSE", 0.2)
    aws.endpoint.configure(client_vpn=0.1)
    subnets = [node.subnet_id for node in aws.world.nodes]
    endpoint = outside.client_vpn(aws.client, *subnets)
    aws.control.clear("calls")
    return Site(aws, endpoint, subnets)


@pytest.fixture
def play(site: Site, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {
            "client_vpn_endpoint_id": site.endpoint,
            "destinations": ["192.168.10.15"],
            "wait_timeout": 5,
            **site.aws.options(site.aws.world.owner_admin),
            **params,
        }
        return run_module(client_vpn_route, capsys, check=check, **chosen)

    return run


def writes(site: Site) -> list[str]:
    return [one for one in site.aws.calls() if not one.startswith("Describe")]


def test_a_route_by_each_subnet_and_one_rule(site: Site, play: Run) -> None:
    foretold = play(check=True)
    assert (foretold["changed"], site.aws.calls()) == (True, READ)
    assert site.routes() == {}
    site.aws.control.clear("calls")

    result = play()
    calls = site.aws.calls()
    assert calls[:8] == [*READ, AUTHORIZE, CREATE, CREATE, *REREAD]
    assert set(calls[8:]) <= set(REREAD)
    assert result["changed"]
    assert actions(result) == ["create", "create"]
    assert site.routes() == dict.fromkeys(site.subnets, ("active", MARK))
    assert site.rules() == {"": "active"}
    assert result["subnet_ids"] == site.subnets
    assert result["routes"][0] == {
        "subnet_id": site.subnets[0],
        "destination": OVERLAY,
        "action": "create",
        "before": None,
        "after": {"state": "active", "description": MARK, "origin": "add-route"},
        "error": None,
    }
    assert result["authorization_rules"][0]["access_group_id"] is None
    for key in ("routes", "authorization_rules", "diff"):
        assert foretold[key] == result[key]
    assert result["diff"]["after"][f"route to {OVERLAY} by {site.subnets[0]}"] == "active"

    site.aws.control.clear("calls")
    again = play()
    assert (again["changed"], actions(again), site.aws.calls()) == (False, ["none", "none"], READ)
    assert again["diff"]["before"] == again["diff"]["after"]


def test_it_is_removed_again_routes_first(site: Site, play: Run) -> None:
    play()
    site.aws.control.clear("calls")
    foretold = play(check=True, state="absent")
    assert (foretold["changed"], site.aws.calls()) == (True, READ)
    site.aws.control.clear("calls")
    result = play(state="absent")
    assert writes(site) == [DELETE, DELETE, REVOKE]
    assert (site.routes(), site.rules()) == ({}, {})
    assert result["diff"] == foretold["diff"]
    assert not play(state="absent")["changed"]


def test_what_somebody_else_made_is_good_and_stays(site: Site, play: Run) -> None:
    site.route(site.subnets[0], Description="by hand")
    result = play()
    assert actions(result) == ["none", "create"]
    assert result["routes"][0]["after"]["state"] == "active"  # it was waited for
    gone = play(state="absent")
    assert sorted(actions(gone)) == ["delete", "kept"]
    assert site.routes() == {site.subnets[0]: ("active", "by hand")}
    assert not play(state="absent")["changed"]


def test_groups_take_the_place_of_everybody(site: Site, play: Run) -> None:
    play()
    site.aws.control.clear("calls")
    result = play(access_group_ids=["S-1", "S-2"])
    assert writes(site) == [AUTHORIZE, AUTHORIZE, REVOKE]
    assert site.rules() == {"S-1": "active", "S-2": "active"}
    assert [one["action"] for one in result["authorization_rules"]] == ["create", "create", "delete"]
    play(access_group_ids=["S-1"], state="absent")
    assert site.rules() == {"S-2": "active"}


def test_named_subnets_alone(site: Site, play: Run) -> None:
    play(subnet_ids=site.subnets[:1])
    assert list(site.routes()) == site.subnets[:1]
    told = play(subnet_ids=["subnet-0123456789abcdef0"])
    assert told["failed"]
    assert f"{site.endpoint} is not associated with subnet-0123456789abcdef0: correct subnet_ids" in told["msg"]


def test_more_changes_than_aws_takes_at_a_time(site: Site, play: Run) -> None:
    site.aws.endpoint.configure(client_vpn_changes=1, client_vpn=0.3)
    result = play()
    assert not result.get("failed"), result
    assert site.routes() == dict.fromkeys(site.subnets, ("active", MARK))
    assert site.rules() == {"": "active"}
    assert len(site.aws.control.actions(code="ConcurrentMutationLimitExceeded")) >= 2


def test_it_keeps_within_the_request_rate(site: Site, play: Run) -> None:
    """Five at once and two a second: the ninth route of nine waits for its turn, and nobody is throttled."""
    site.aws.endpoint.configure(throttle=True)
    result = play(destinations=[f"192.168.10.{n}" for n in range(4)])
    assert not result.get("failed"), result
    assert site.aws.control.actions(code="RequestLimitExceeded") == []


def test_a_subnet_that_goes_meanwhile_is_told(site: Site, play: Run) -> None:
    site.aws.control.fault(
        "error", code="InvalidClientVpnSubnetId.NotFound", status=400, match={"action": CREATE}, times=1
    )
    told = play()
    assert told["failed"]
    assert "(InvalidClientVpnSubnetId.NotFound). Done: " in told["msg"]


def test_a_route_that_is_just_going_is_made_anew(site: Site, play: Run) -> None:
    play()
    site.ec2.delete_client_vpn_route(
        ClientVpnEndpointId=site.endpoint, DestinationCidrBlock=OVERLAY, TargetVpcSubnetId=site.subnets[0]
    )
    result = play()
    assert actions(result) == ["create", "none"]
    assert site.routes() == dict.fromkeys(site.subnets, ("active", MARK))


def test_a_lost_answer_is_no_second_route(site: Site, play: Run) -> None:
    site.aws.control.fault("lose_response", match={"action": CREATE}, times=1)
    options = {"aws_config": {"retries": {"total_max_attempts": 1}}}
    result = play(**options)
    assert not result.get("failed"), result
    assert site.routes() == dict.fromkeys(site.subnets, ("active", MARK))


def test_a_partial_failure_says_what_is_done_and_a_rerun_finishes(site: Site, play: Run) -> None:
    site.aws.control.fault("error", code="VpnRouteLimitExceeded", status=400, match={"action": CREATE}, skip=1, times=1)
    told = play()
    assert told["failed"]
    assert told["changed"]
    assert "Not done: CreateClientVpnRoute: " in told["msg"]
    assert (
        f"Done: authorization rule to {OVERLAY} for all clients, route to {OVERLAY} by {site.subnets[0]}. "
        in told["msg"]
    )
    assert [one["error"] and one["error"]["code"] for one in told["routes"]] == [None, "VpnRouteLimitExceeded"]
    assert actions(play()) == ["none", "create"]


def test_too_slow_is_told(site: Site, play: Run) -> None:
    site.aws.endpoint.configure(client_vpn=60.0)
    told = play(wait_timeout=1)
    assert told["failed"]
    assert f"the route to {OVERLAY} by {site.subnets[0]} is still creating after wait_timeout." in told["msg"]
    assert told["msg"].endswith("Run again to finish.")


def test_permissions_are_proved_before_the_first_write(site: Site, play: Run) -> None:
    endpoint = f"arn:aws:ec2:*:*:client-vpn-endpoint/{site.endpoint}"
    reads = [*READ, AUTHORIZE]
    keys = site.aws.policy_of(
        "half", [{"Effect": "Allow", "Action": [f"ec2:{one}" for one in reads], "Resource": endpoint}]
    )
    told = play(verify_permissions=True, **site.aws.options(keys))
    assert told["failed"]
    assert not told["changed"]
    assert (
        f"ec2:CreateClientVpnRoute on {endpoint.replace('*:*', 'eu-central-1:' + site.aws.world.account_id)}"
        in told["msg"]
    )
    assert (site.routes(), site.rules()) == ({}, {})


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"client_vpn_endpoint_id": "cvpn-1"}, "client_vpn_endpoint_id is 'cvpn-1', not the id of a Client VPN"),
        ({"destinations": []}, "destinations is empty: name at least one."),
        ({"destinations": ["10.0.0.300"]}, "'10.0.0.300' is not an IPv4 or IPv6 address or prefix"),
        ({"description": ""}, "description is empty: leave it out."),
        (
            {"client_vpn_endpoint_id": "cvpn-endpoint-0123456789abcdef0"},
            "Endpoint cvpn-endpoint-0123456789abcdef0 does not exist",
        ),
    ],
)
def test_bad_requests_end_in_a_sentence(play: Run, params: dict[str, Any], sentence: str) -> None:
    told = play(**params)
    assert told["failed"]
    assert sentence in told["msg"]


def test_an_endpoint_without_subnets_is_told(site: Site, play: Run) -> None:
    bare = outside.client_vpn(site.ec2)
    told = play(client_vpn_endpoint_id=bare)
    assert f"{bare} is associated with no subnet, so that no route can be made: associate it" in told["msg"]
    assert not play(client_vpn_endpoint_id=bare, state="absent")["changed"]


def test_what_is_gone_with_its_endpoint_is_absent(play: Run) -> None:
    result = play(client_vpn_endpoint_id="cvpn-endpoint-0123456789abcdef0", state="absent")
    assert (result["changed"], result["routes"]) == (False, [])
