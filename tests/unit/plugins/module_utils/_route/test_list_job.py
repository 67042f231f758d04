# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a managed prefix list by compare and swap, on a clock of its own: the very calls, in order."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import list_job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.list_job import ListError, Wanted
from unit.clock import VirtualClock
from unit.script import Call, Script

LIST, A, B, C = "pl-0123456789abcdef0", "10.99.0.5/32", "10.99.0.6/32", "10.99.0.7/32"
ADD = Wanted(LIST, (A, B), description="ours")


def read(*entries: str, version: int = 1, state: str = "create-complete", **more: Any) -> list[Call]:
    """One look: the list, and what is in that version of it."""
    told = {"PrefixListId": LIST, "AddressFamily": "IPv4", "MaxEntries": 5, "Version": version, "State": state, **more}
    described = {"Filters": [{"Name": "prefix-list-id", "Values": [LIST]}], "MaxResults": 100}
    asked = {"PrefixListId": LIST, "MaxResults": 100, "TargetVersion": version}
    held = [{"Cidr": one, "Description": "ours"} for one in entries]
    return [
        Call("ec2", "DescribeManagedPrefixLists", described, {"PrefixLists": [told]}),
        Call("ec2", "GetManagedPrefixListEntries", asked, {"Entries": held}),
    ]


def add(*addresses: str, version: int = 1, error: str = "") -> Call:
    entries = [{"Cidr": one, "Description": "ours"} for one in addresses]
    params = {"PrefixListId": LIST, "CurrentVersion": version, "AddEntries": entries}
    return Call("ec2", "ModifyManagedPrefixList", params, {"PrefixList": {}}, error)


def play(*calls: Call | list[Call], wanted: Wanted = ADD) -> tuple[Any, float]:
    """What came of it, and the seconds that it took."""
    clock = VirtualClock()
    flat = [one for call in calls for one in (call if isinstance(call, list) else [call])]
    with Script(*flat) as aws:
        try:
            return list_job.run(aws, wanted, clock), clock.now
        except (ListError, AwsError) as err:
            return err, clock.now


def test_one_change_and_a_look_until_it_is_made() -> None:
    done, seconds = play(
        read(A), add(B), read(A, state="modify-in-progress"), read(A, state="modify-in-progress"),
        read(A, B, version=2, state="modify-complete"),
    )  # fmt: skip
    assert (done["changed"], done["added"], done["prefix_list"]["version"]) == (True, [B], 2)
    assert seconds == pytest.approx(0.3), "0.1 and then 0.2 s"


def test_the_change_is_made_again_from_what_somebody_else_left() -> None:
    done, seconds = play(
        read(), add(A, B, error="PrefixListVersionMismatch"), read(A, version=2), add(B, version=2),
        read(A, B, version=3),
    )  # fmt: skip
    assert (done["changed"], done["added"]) == (True, [A, B])
    assert seconds == pytest.approx(0.2)


@pytest.mark.parametrize("error", sorted(list_job._RACED))
def test_somebody_elses_change_may_be_the_one_that_was_wanted(error: str) -> None:
    done, _seconds = play(read(A), add(B, error=error), read(A, B, version=2))
    assert done["prefix_list"]["version"] == 2


def test_who_is_beaten_each_time_gives_up_and_says_so() -> None:
    rounds = [
        one
        for n in range(1, list_job.RIVALS + 2)
        for one in [*read(version=n), add(A, B, version=n, error="PrefixListVersionMismatch")]
    ]
    failed, seconds = play(rounds)
    assert str(failed) == (
        "ModifyManagedPrefixList: refused (PrefixListVersionMismatch). It was tried 6 times, and each time somebody"
        " else had changed the list: find out who does, then run again. Nothing was changed."
    )
    assert failed.result["changed"] is False
    assert seconds == pytest.approx(0.2 + 0.4 + 0.8 + 1.6 + 2.0)


def test_a_change_that_aws_takes_back() -> None:
    """As a resize does that has no room; of entries nobody has reported it."""
    told = "no room in rtb-1"
    failed, _seconds = play(read(A), add(B), read(A, state="modify-failed", StateMessage=told))
    assert str(failed) == f"AWS did not change {LIST} (modify-failed): no room in rtb-1. Nothing was changed."
    assert failed.result["changed"] is False
    done, _seconds = play(read(A, state="modify-failed"), add(B), read(A, B, version=2, state="modify-complete"))
    assert done["changed"], "an earlier change that failed hinders nobody"


def test_a_lost_answer_is_no_failure() -> None:
    done, _seconds = play(read(A), add(B, error="Unreachable"), read(A, B, version=2))
    assert (done["changed"], done["added"]) == (True, [B])
    done, _seconds = play(read(A), add(B, error="Unreachable"), read(A), add(B), read(A, B, version=2))
    assert done["added"] == [B]


def test_what_is_refused_is_final() -> None:
    failed, seconds = play(read(A), add(B, error="UnauthorizedOperation"))
    assert str(failed) == "ModifyManagedPrefixList: refused (UnauthorizedOperation). Nothing was changed."
    assert seconds == 0


def test_what_cannot_be_read_back_counts_as_changed() -> None:
    lost = Call("ec2", "DescribeManagedPrefixLists", read()[0].params, error="UnauthorizedOperation")
    failed, _seconds = play(read(A), add(B), lost)
    assert str(failed) == (
        f"{LIST} could not be read back: DescribeManagedPrefixLists: refused (UnauthorizedOperation). A part was"
        " changed already; run again to finish."
    )
    assert (failed.result["changed"], failed.result["prefix_list"]) == (True, None)
    failed, _seconds = play(lost)
    assert isinstance(failed, AwsError), "nothing was changed"


def test_a_throttled_look_is_repeated() -> None:
    busy = Call("ec2", "DescribeManagedPrefixLists", read()[0].params, error="RequestLimitExceeded")
    done, seconds = play(busy, busy, read(A, B))
    assert done["changed"] is False
    assert seconds == pytest.approx(0.3)


def test_a_list_that_never_comes_to_rest() -> None:
    waits = [one for _look in range(3) for one in read(A, state="modify-in-progress")]
    failed, seconds = play(waits, wanted=Wanted(LIST, (B,), wait_timeout=0.25))
    assert str(failed) == (
        f"{LIST} is still modify-in-progress after 0.25 s: run again once it is at rest. Nothing was changed."
    )
    assert failed.result["changed"] is False
    assert seconds == pytest.approx(0.25)


def test_nobody_takes_out_what_has_no_description() -> None:
    done, _seconds = play(read(A, B), wanted=Wanted(LIST, (A,), "absent"))
    assert (done["changed"], done["kept"]) == (False, [A])


def test_of_a_list_that_is_gone_nothing_is_taken_out() -> None:
    gone = Call("ec2", "DescribeManagedPrefixLists", read()[0].params, {"PrefixLists": []})
    done, _seconds = play(gone, wanted=Wanted(LIST, (A,), "absent", "ours"))
    assert (done["changed"], done["prefix_list"], done["kept"]) == (False, None, [])
    failed, _seconds = play(gone)
    assert str(failed).startswith(f"The managed prefix list {LIST} does not exist")


def test_check_mode_reads_alone() -> None:
    done, _seconds = play(read(A), wanted=Wanted(LIST, (A, B, C), description="ours", check=True))
    assert (done["changed"], done["added"], done["prefix_list"]["version"]) == (True, [B, C], 2)
    done, _seconds = play(read(A, B), wanted=Wanted(LIST, (B, C), "absent", "ours", check=True))
    assert (done["removed"], done["diff"]["after"]) == ([B], {LIST: [A]})


def test_all_of_ones_own_is_taken_out_by_one_call() -> None:
    taken = {"PrefixListId": LIST, "CurrentVersion": 1, "RemoveEntries": [{"Cidr": A}, {"Cidr": B}]}
    done, _seconds = play(
        read(A, B, C), Call("ec2", "ModifyManagedPrefixList", taken, {"PrefixList": {}}), read(C, version=2),
        wanted=Wanted(LIST, (A, B), "absent", "ours"),
    )  # fmt: skip
    assert (done["changed"], done["removed"], done["kept"]) == (True, [A, B], [])


def test_entries_may_have_no_description() -> None:
    added = {"PrefixListId": LIST, "CurrentVersion": 1, "AddEntries": [{"Cidr": A}]}
    plain = Call("ec2", "ModifyManagedPrefixList", added, {"PrefixList": {}})
    assert play(read(), plain, read(A, version=2), wanted=Wanted(LIST, (A,)))[0]["changed"]


def test_a_call_takes_a_hundred() -> None:
    many = [f"10.99.1.{number}/32" for number in range(101)]
    done, _seconds = play(
        read(MaxEntries=101), add(*many[:100]), read(*many[:100], version=2, MaxEntries=101),
        add(many[100], version=2), read(*many, version=3, MaxEntries=101),
        wanted=Wanted(LIST, tuple(many), description="ours"),
    )  # fmt: skip
    assert len(done["added"]) == 101


def test_somebody_else_fills_it_meanwhile() -> None:
    lost = add(B, error="PrefixListVersionMismatch")
    failed, _seconds = play(read(A, MaxEntries=2), lost, read(A, C, version=2, MaxEntries=2))
    assert str(failed).startswith(f"{LIST} has 2 of at most 2 entries, and 10.99.0.6 is to be added: ")
    assert str(failed).endswith("has it must have room. Nothing was changed.")


def test_without_time_it_is_tried_once() -> None:
    hasty = Wanted(LIST, (A,), description="ours", wait_timeout=0)
    failed, seconds = play(read(), add(A, error="PrefixListVersionMismatch"), wanted=hasty)
    assert str(failed) == "ModifyManagedPrefixList: refused (PrefixListVersionMismatch). Nothing was changed."
    assert seconds == 0


def test_what_is_throttled_until_the_end_was_not_read_back() -> None:
    busy = Call("ec2", "DescribeManagedPrefixLists", read()[0].params, error="RequestLimitExceeded")
    failed, seconds = play(read(), add(A, B), busy, busy, wanted=Wanted(LIST, (A, B), "present", "ours", 0.1))
    assert "could not be read back: DescribeManagedPrefixLists: refused (RequestLimitExceeded)." in str(failed)
    assert (failed.result["changed"], seconds) == (True, 0.1)
