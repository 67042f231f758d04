# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against an endpoint with EC2's rules, the exact calls in order; and a list that is routed as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy import document
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._policy.document import Ec2Ref, Place
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import list_job, lists
from ansible_collections.aws_ha.overlay_ip.plugins.modules import overlay_prefix_list, overlay_route, overlay_route_info
from unit.aws_lab import OVERLAY, AwsLab, Run, actions, held, run_module

A, B, C = "10.99.0.5/32", "10.99.0.6/32", "10.99.0.7/32"
DESCRIBE, ENTRIES, MODIFY = "DescribeManagedPrefixLists", "GetManagedPrefixListEntries", "ModifyManagedPrefixList"
READ = [DESCRIBE, ENTRIES]
OURS = "aws_ha.overlay_ip pair"


class Listed:
    """A list on the endpoint, and the module for it."""

    def __init__(self, aws: AwsLab, capsys: pytest.CaptureFixture[str], *entries: str, **more: Any) -> None:
        self.aws, self._capsys = aws, capsys
        aws.endpoint.configure(prefix_list=0.05)
        options = {"MaxEntries": 5, "AddressFamily": "IPv4", **more}
        made = aws.client.create_managed_prefix_list(
            PrefixListName="overlays", Entries=[{"Cidr": one, "Description": "theirs"} for one in entries], **options
        )
        self.id = str(made["PrefixList"]["PrefixListId"])
        self.wait()

    def wait(self) -> None:
        """Until no change is under way."""
        while lists.read(self.aws.ec2().aws, [self.id])[self.id].changing:
            pass
        self.aws.control.clear("calls")

    def entries(self) -> list[tuple[str, str]]:
        """What is in it."""
        return list(lists.read(self.aws.ec2().aws, [self.id])[self.id].entries)

    def change(self, **changes: Any) -> None:
        """By somebody else."""
        self.aws.client.modify_managed_prefix_list(PrefixListId=self.id, **changes)

    def play(self, *addresses: str, check: bool = False, **more: Any) -> dict[str, Any]:
        """Run the module."""
        chosen = {"prefix_list_id": self.id, "addresses": list(addresses), "description": OURS, **more}
        options = {**self.aws.options(), "wait_timeout": 5, **chosen}
        return run_module(overlay_prefix_list, self._capsys, check=check, **options)


Make = Callable[..., Listed]


@pytest.fixture
def make(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> Make:
    """Make a list."""
    return lambda *entries, **more: Listed(aws, capsys, *entries, **more)


def test_all_that_is_missing_is_added_by_one_call(aws: AwsLab, make: Make) -> None:
    listed = make(A)
    foretold = listed.play(A, B, "10.99.0.7", check=True)
    assert aws.calls() == READ
    aws.control.clear("calls")
    done = listed.play(A, B, "10.99.0.7")
    assert aws.calls()[:3] == [*READ, MODIFY]
    assert aws.calls().count(MODIFY) == 1
    [call] = aws.control.calls(action=MODIFY)
    assert call["params"] == {
        "PrefixListId": listed.id,
        "CurrentVersion": "1",
        "AddEntry.1.Cidr": B,
        "AddEntry.1.Description": OURS,
        "AddEntry.2.Cidr": C,
        "AddEntry.2.Description": OURS,
    }
    assert (done["changed"], done["added"], done["removed"], done["kept"]) == (True, [B, C], [], [])
    assert done["prefix_list"] == {
        "prefix_list_id": listed.id,
        "name": "overlays",
        "address_family": "IPv4",
        "max_entries": 5,
        "version": 2,
        "state": "modify-complete",
        "owner_id": aws.world.account_id,
        "entries": [{"cidr": A, "description": "theirs"}, *({"cidr": one, "description": OURS} for one in (B, C))],
    }
    assert done["diff"] == {"before": {listed.id: [A]}, "after": {listed.id: [A, B, C]}}
    assert (foretold["changed"], foretold["added"], foretold["diff"]) == (True, done["added"], done["diff"])
    assert foretold["prefix_list"]["entries"] == done["prefix_list"]["entries"]
    aws.control.clear("calls")
    again = listed.play(A, B, C)
    assert (again["changed"], again["api_calls"], aws.calls()) == (False, {DESCRIBE: 1, ENTRIES: 1}, READ)


def test_what_a_wider_entry_has_is_there(make: Make) -> None:
    listed = make("10.99.0.0/29")
    assert listed.play(A)["added"] == []
    assert listed.play(A, "10.99.0.8")["added"] == ["10.99.0.8/32"]


def test_somebody_else_changes_it_at_the_same_time(aws: AwsLab, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their entry stays, and ours comes: the change is made again from what they left."""
    listed = make(A)
    real, rivals = list_job._modify, [B, "10.99.0.9/32"]

    def late(*args: Any) -> None:
        if rivals:
            version = lists.read(aws.ec2().aws, [listed.id])[listed.id].version
            listed.change(AddEntries=[{"Cidr": rivals.pop()}], CurrentVersion=version)
            listed.wait()
        real(*args)

    monkeypatch.setattr(list_job, "_modify", late)
    done = listed.play(B, C)
    assert aws.control.actions(action=MODIFY, code="PrefixListVersionMismatch") != []
    assert (done["changed"], rivals) == (True, [])
    assert sorted(dict(listed.entries())) == [A, B, C, "10.99.0.9/32"]
    assert dict(listed.entries())[B] == "", "theirs"


def test_somebody_else_changes_it_each_time(aws: AwsLab, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_job, "FIRST_PAUSE", 0.01)
    listed = make(A)
    aws.control.fault("error", code="PrefixListVersionMismatch", status=400, match={"action": MODIFY})
    failed = listed.play(B)
    assert aws.calls().count(MODIFY) == list_job.RIVALS + 1
    assert "each time somebody else had changed the list: find out who does, then run again." in failed["msg"]
    assert failed["msg"].endswith("Nothing was changed.")
    assert (failed["changed"], failed["added"]) == (False, [])


def test_a_change_of_somebody_else_is_waited_for(aws: AwsLab, make: Make) -> None:
    listed = make(A)
    aws.endpoint.configure(prefix_list=0.6)
    listed.change(AddEntries=[{"Cidr": B}], CurrentVersion=1)
    assert listed.play(C)["added"] == [C]
    assert aws.control.actions(action=MODIFY, code="IncorrectState") == []
    late = listed.play("10.99.0.9", wait_timeout=0)
    assert f"{listed.id} is still modify-in-progress after 0 s" in late["msg"]
    assert (late["changed"], late["msg"].endswith("A part was changed already; run again to finish.")) == (True, True)


def test_a_lost_answer_is_read_back(aws: AwsLab, make: Make) -> None:
    listed = make(A)
    aws.control.fault("lose_response", times=1, match={"action": MODIFY})
    done = listed.play(B, aws_config={"retries": {"total_max_attempts": 1}})
    assert (done["changed"], done["added"], aws.calls().count(MODIFY)) == (True, [B], 1)


def test_a_list_that_is_full(aws: AwsLab, make: Make) -> None:
    listed = make(A, MaxEntries=2)
    full = listed.play(B, C)
    assert full["msg"] == (
        f"{listed.id} has 1 of at most 2 entries, and 10.99.0.6, 10.99.0.7 are to be added: take entries out, or make"
        f" it larger by `aws ec2 modify-managed-prefix-list --region {aws.world.region} --prefix-list-id {listed.id}"
        " --max-entries 3`, for which each route table that has it must have room. Nothing was changed."
    )
    assert (full["changed"], aws.calls()) == (False, READ)
    assert listed.play(B)["added"] == [B]


def test_a_list_of_the_other_family_and_one_that_is_not_there(aws: AwsLab, make: Make) -> None:
    listed = make(AddressFamily="IPv6")
    assert f"{listed.id} is a list of IPv6, and 10.99.0.5 is IPv4" in listed.play(A)["msg"]
    assert listed.play("2001:DB8::5")["added"] == ["2001:db8::5/128"]
    gone = listed.play(A, prefix_list_id="pl-0123456789abcdef0")
    assert gone["msg"] == (
        "The managed prefix list pl-0123456789abcdef0 does not exist, or is not shared with this account: make one by"
        f" `aws ec2 create-managed-prefix-list --region {aws.world.region} --prefix-list-name overlay-ip"
        " --address-family IPv4 --max-entries 20`, and give its id. Nothing was changed."
    )
    assert gone["prefix_list"] is None
    every = aws.client.describe_managed_prefix_lists()["PrefixLists"]
    amazons = next(one["PrefixListId"] for one in every if one["OwnerId"] == "AWS")
    assert "is AWS's own, to which nobody adds 10.99.0.5" in listed.play(A, prefix_list_id=amazons)["msg"]


def test_more_than_one_call_takes(aws: AwsLab, make: Make) -> None:
    listed = make(MaxEntries=200)
    many = [f"10.99.1.{number}" for number in range(101)]
    done = listed.play(*many)
    assert (len(done["added"]), aws.calls().count(MODIFY), done["prefix_list"]["version"]) == (101, 2, 3)


def test_only_what_was_added_is_taken_out(aws: AwsLab, make: Make) -> None:
    listed = make(A)
    listed.play(B, C)
    aws.control.clear("calls")
    foretold = listed.play(A, B, "10.99.0.9", state="absent", check=True)
    done = listed.play(A, B, "10.99.0.9", state="absent")
    assert (done["removed"], done["kept"], done["diff"]) == ([B], [A], foretold["diff"])
    [call] = aws.control.calls(action=MODIFY)
    assert call["params"] == {"PrefixListId": listed.id, "CurrentVersion": "2", "RemoveEntry.1.Cidr": B}
    assert dict(listed.entries()) == {A: "theirs", C: OURS}
    assert listed.play(C, state="absent", description="")["removed"] == []
    assert listed.play(C, state="absent", description="another pair")["kept"] == [C]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"prefix_list_id": "10.99.0.0/28"}, "prefix_list_id is '10.99.0.0/28', not the id of a list"),
        ({"prefix_list_id": "pl-nonsense"}, "'pl-nonsense' is not the id of a managed prefix list"),
        ({"addresses": ["10.99.0.5/28"]}, "'10.99.0.5/28' has host bits set"),
    ],
)
def test_bad_input(aws: AwsLab, make: Make, given: dict[str, Any], told: str) -> None:
    result = make().play(A, **given)
    assert told in result["msg"]
    assert aws.calls() == []


def test_who_may_not_is_told_so(aws: AwsLab, make: Make) -> None:
    listed = make(A)
    keys = aws.policy("reader", [f"ec2:{name}" for name in READ])
    told = listed.play(B, **aws.options(keys))
    arn = f"arn:aws:ec2:{aws.world.region}:{aws.world.account_id}:prefix-list/{listed.id}"
    assert f"ec2:{MODIFY} on {arn} is not permitted" in told["msg"]
    assert (told["changed"], told["msg"].endswith("Nothing was changed.")) == (False, True)


def test_the_documents_are_enough_and_no_more(aws: AwsLab, make: Make, route: Run) -> None:
    """Who adds addresses needs no right on route tables, and who moves the route none on the list."""
    listed, other = make(A), make(A)
    place = Place("aws", aws.world.region)
    adds = aws.options(aws.policy_of("adds", document.entries(place, [listed.id])["Statement"]))
    assert listed.play(B, **adds)["added"] == [B]
    assert listed.play(B, state="absent", **adds)["removed"] == [B]
    assert "is not permitted" in other.play(B, **adds)["msg"]
    moving: dict[str, Any] = {"destinations": [listed.id], "network_interface_id": aws.eni(2)}
    assert {r["error"] for r in route(network_interface_id=aws.eni(1), destinations=[listed.id])["routes"]} == {None}
    refused = route(**moving, **adds)
    assert "ec2:DescribeRouteTables on * is not permitted" in refused["msg"]
    tables = [Ec2Ref(table, aws.world.account_id, aws.world.vpc_id) for table in aws.tables]
    moves = aws.options(aws.policy_of("moves", document.node(place, tables)["Statement"]))
    assert held(route(**moving, **moves)) == [aws.eni(2)] * 3
    assert "ec2:DescribeManagedPrefixLists on * is not permitted" in listed.play(B, **moves)["msg"]


# --- the list as a destination ----------------------------------------------------------------------------------------


@pytest.fixture
def route(aws: AwsLab, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run overlay_route."""

    def play(check: bool = False, **params: Any) -> dict[str, Any]:
        chosen = {"route_table_ids": aws.tables, "wait_timeout": 5, **aws.options(), **params}
        return run_module(overlay_route, capsys, check=check, **chosen)

    return play


def test_a_list_is_created_moved_and_deleted_by_one_call_for_each_table(aws: AwsLab, make: Make, route: Run) -> None:
    listed = make(A, B)
    asked: dict[str, Any] = {"destinations": [listed.id]}
    made = route(network_interface_id=aws.eni(1), **asked)
    assert aws.calls() == ["DescribeRouteTables", *["CreateRoute"] * 3, "DescribeRouteTables"]
    assert aws.truth(A) == aws.truth(B) == dict.fromkeys(aws.tables, aws.eni(1))
    assert {(r["destination"], r["action"]) for r in made["routes"]} == {(listed.id, "create")}
    aws.control.clear("calls")
    foretold = route(network_interface_id=aws.eni(2), check=True, **asked)
    moved = route(network_interface_id=aws.eni(2), **asked)
    assert aws.calls().count("ReplaceRoute") == 3
    assert {c["params"]["DestinationPrefixListId"] for c in aws.control.calls(action="ReplaceRoute")} == {listed.id}
    assert (held(moved, "before"), held(moved)) == ([aws.eni(1)] * 3, [aws.eni(2)] * 3)
    assert actions(foretold) == actions(moved) == ["replace"] * 3
    assert aws.truth(B) == dict.fromkeys(aws.tables, aws.eni(2))
    assert actions(route(state="absent", **asked)) == ["delete"] * 3
    assert aws.truth(A) == dict.fromkeys(aws.tables)


def test_an_address_with_a_route_of_its_own_is_not_left_behind(aws: AwsLab, make: Make, route: Run) -> None:
    listed = make(A)
    route(network_interface_id=aws.eni(1), destinations=[listed.id])
    aws.point(1, aws.tables[0], destination=A)
    told = route(network_interface_id=aws.eni(2), destinations=[listed.id], addresses=[A, B])
    assert told["msg"] == (
        f"{aws.tables[0]} still has {A} to {aws.instance(1)}, which {listed.id} is to carry: a move would leave it"
        " behind. Run setup first, which deletes that route. Nothing was changed."
    )
    route(destinations=[listed.id], state="absent")


def test_preflight_counts_what_may_be_in_a_list_and_finds_what_touches_it(aws: AwsLab, make: Make, route: Run) -> None:
    listed, other = make(A, MaxEntries=498), make(A, B, MaxEntries=2)
    aws.point(2, aws.tables[0], destination=A)
    route(network_interface_id=aws.eni(1), destinations=[other.id], route_table_ids=aws.tables[:1])
    aws.control.clear("calls")
    asked: dict[str, Any] = {"destinations": [listed.id], "route_table_ids": aws.tables[:2]}
    found = route(network_interface_id=aws.eni(1), preflight=True, check=True, **asked)["findings"]
    by_id = {one["id"]: one["message"] for one in found}
    assert aws.calls()[-3:] == [DESCRIBE, ENTRIES, ENTRIES]
    assert by_id["route_quota"] == (
        f"{aws.tables[0]} has 3 static routes: creating {listed.id}, which counts for 498 routes, may exceed the quota"
        " (500 by default)."
    )
    assert f"{aws.tables[0]} also has {A} to {aws.eni(2)}" in by_id["more_specific_route"]
    assert f"{aws.tables[0]} also has {other.id} to {aws.eni(1)}, and both lists have {A}" in by_id["lists_overlap"]
    assert not any(one["message"].startswith(f"{aws.tables[1]} has") for one in found), "it has room"
    route(destinations=[other.id], state="absent")


def test_preflight_of_a_list_that_is_not_there(aws: AwsLab, route: Run) -> None:
    gone = "pl-0123456789abcdef0"
    told = route(network_interface_id=aws.eni(1), destinations=[gone], preflight=True)
    assert f"The managed prefix list {gone} does not exist, or is not shared with this account." in told["msg"]
    assert "CreateRoute" not in aws.calls()
    late = route(network_interface_id=aws.eni(1), destinations=[gone])
    assert {r["error"]["code"] for r in late["routes"]} == {"InvalidPrefixListID.NotFound"}


def test_info_shows_a_list_that_nobody_named_and_what_is_beside_it(
    aws: AwsLab, make: Make, route: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = make(A, B)
    route(network_interface_id=aws.eni(1), destinations=[listed.id])
    aws.point(2, aws.tables[0], destination=A)
    aws.point(2, aws.tables[1])
    seen = run_module(overlay_route_info, capsys, vpc_id=aws.world.vpc_id, **aws.options())["overlays"]
    by = {one["destination"]: one for one in seen}
    assert list(by) == [A, OVERLAY, listed.id]
    told = by[listed.id]
    assert (told["consistent"], told["holder"]["instance_id"]) == (True, aws.instance(1))
    assert [r["state"] for r in told["routes"]] == ["active"] * 3
    assert [one["cidr"] for one in told["prefix_list"]["entries"]] == [A, B]
    assert (told["prefix_list"]["max_entries"], told["prefix_list"]["version"]) == (5, 1)
    assert [(r["route_table_id"], r["destination"]) for r in told["beside"]] == [(aws.tables[0], A)]
    assert {r["destination"] for r in by[A]["beside"]} == {listed.id}
    assert by[OVERLAY]["beside"] == []
    assert [f["id"] for f in told["findings"] if f["severity"] == "info"] == ["perhaps_no_overlay"]
    assert by[A]["prefix_list"] is None
    asked: dict[str, Any] = {"destinations": [listed.id], "addresses": [OVERLAY, A, "10.0.1.7"], **aws.options()}
    [early] = run_module(overlay_route_info, capsys, vpc_id=aws.world.vpc_id, **asked)["overlays"]
    assert {r["destination"] for r in early["beside"]} == {A, OVERLAY}, "what is to be an entry, too"
    assert "10.0.1.7/32" in next(f["message"] for f in early["findings"] if f["id"] == "inside_vpc")
    denied = aws.policy("blind", ["ec2:DescribeRouteTables", "ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces"])
    blind = run_module(
        overlay_route_info, capsys, vpc_id=aws.world.vpc_id, destinations=[listed.id], **aws.options(denied)
    )["overlays"]
    assert (blind[0]["prefix_list"], blind[0]["holder"]["instance_id"]) == (None, aws.instance(1))
    assert "not_looked_at" in {f["id"] for f in blind[0]["findings"]}
    assert "list_missing" not in {f["id"] for f in blind[0]["findings"]}
    route(destinations=[listed.id], state="absent")
