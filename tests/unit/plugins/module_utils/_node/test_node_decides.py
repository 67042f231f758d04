# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node asks for, which tables it reads, and what it makes of what a move came to."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.errors import AwsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.imds import Imds, ImdsError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import ConfigError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route import job
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.ec2 import Ec2
from unit.node_script import ONE, OVERLAY, TABLES, Address, Told, play, read, replace
from unit.script import Call

OTHER = "192.168.10.16/32"
NAMED = Overlay(OVERLAY, (OVERLAY,), route_table_ids=TABLES)
CONFIG = Config("n1", (NAMED,), network_interface_id="eni-me", peers={"n2": "eni-peer"})


class Imds2(Imds):
    """A service that knows two interfaces, and counts how often it is asked."""

    asked = 0

    def interfaces(self) -> list[Any]:
        self.asked += 1
        return [{"network_interface_id": f"eni-{n}", "device_number": n} for n in (0, 1)]


def node(config: Config, *expected: Call, imds: Imds | None = None, up: bool = False) -> tuple[Node, Told, Address]:
    deeds: list[str] = []
    address: Any = Address(deeds, up)
    address.config = config
    aws = Told(deeds, *expected)
    return Node(address, lambda _opts: Ec2(aws), imds), aws, address


def of_vpc(*holders: str | None) -> Call:
    """All tables of the VPC, each of which serves a subnet."""
    tables = [f"rtb-{n}" for n in range(1, len(holders) + 1)]
    answer = read(*holders, tables=tables).answer["RouteTables"]
    serving = [
        {
            **t,
            "Associations": [{"SubnetId": f"subnet-{t['RouteTableId']}", "AssociationState": {"State": "associated"}}],
        }
        for t in answer
    ]
    filters = [{"Name": "vpc-id", "Values": ["vpc-1"]}]
    params = {"Filters": filters, "MaxResults": 100}
    return Call("ec2", "DescribeRouteTables", params, {"RouteTables": serving})


# -- whom it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("index", "interface"), [(0, "eni-0"), (1, "eni-1")])
def test_a_node_that_is_not_told_its_interface_asks_once(index: int, interface: str) -> None:
    imds = Imds2()
    asking, _aws, _address = node(changed(CONFIG, network_interface_id=None, device_index=index), imds=imds)
    assert [asking.mine(), asking.mine(), imds.asked] == [interface, interface, 1]
    assert asking.name_of(interface) == "n1"


def test_a_node_that_is_told_asks_nobody() -> None:
    imds = Imds2()
    asking, _aws, _address = node(CONFIG, imds=imds)
    assert (asking.mine(), imds.asked) == ("eni-me", 0)


def test_an_interface_that_the_instance_does_not_have_is_told() -> None:
    asking, _aws, _address = node(changed(CONFIG, network_interface_id=None, device_index=2), imds=Imds2())
    with pytest.raises(ConfigError, match="no network interface with device index 2: correct it"):
        asking.mine()


@pytest.mark.parametrize("up", [False, True])
def test_who_does_not_know_himself_moves_nothing_and_leaves_the_address_as_it_was(up: bool) -> None:
    class Silent(Imds):
        def interfaces(self) -> list[Any]:
            raise ImdsError("no answer")

    asking, _aws, address = node(changed(CONFIG, network_interface_id=None), imds=Silent(), up=up)
    with pytest.raises(ImdsError):
        asking.take(Deadline(0.5))
    assert address.is_up is up


@pytest.mark.parametrize(
    ("interface", "name"), [("eni-me", "n1"), ("eni-peer", "n2"), ("eni-3", "eni-3"), (None, None), ("", None)]
)
def test_whose_an_interface_is(interface: str | None, name: str | None) -> None:
    assert node(CONFIG)[0].name_of(interface) == name


def test_the_client_is_made_when_it_is_needed_and_once() -> None:
    made: list[Any] = []
    address: Any = Address([])
    with Told([], read("eni-me", "eni-me"), read("eni-me", "eni-me")) as aws:

        def make(opts: Any) -> Ec2:
            made.append(opts.region)
            return Ec2(aws)

        address.config = changed(CONFIG, aws={"region": "eu-west-3"})
        asking = Node(address, make)
        assert made == []
        asking.tables()
        asking.tables()
    assert made == ["eu-west-3"]


# -- what it reads ----------------------------------------------------------------------------------------------------


def test_overlays_that_share_their_tables_are_read_once() -> None:
    config = changed(CONFIG, overlays=(NAMED, changed(NAMED, destination=OTHER)))
    asking, aws, _address = node(config, read("eni-me", "eni-peer"))
    with aws:
        found = asking.tables()
    assert [(s.destination, len(s.tables)) for s in found] == [(OVERLAY, 2), (OTHER, 2)]


def test_where_every_table_shall_have_the_route_the_whole_vpc_is_read() -> None:
    every = changed(NAMED, route_table_ids=ONE, vpc_id="vpc-1", every=True)
    one = changed(NAMED, destination=OTHER, route_table_ids=ONE)
    config = changed(CONFIG, overlays=(every, one))
    asking, aws, _address = node(config, of_vpc("eni-me", None), read("eni-me", tables=ONE))
    with aws:
        found = asking.tables()
    assert [[t.route_table_id for t in s.fresh] for s in found] == [["rtb-2"], []]


@pytest.mark.parametrize("before", [False, True])
def test_a_node_none_of_whose_tables_is_there_says_so(before: bool) -> None:
    """Whether or not another overlay IP was found."""
    missing = read(None, tables=TABLES[1:])
    nothing = Call(missing.service, missing.operation, missing.params, {"RouteTables": []})
    others = (changed(NAMED, route_table_ids=ONE),) if before else ()
    config = changed(CONFIG, overlays=(*others, changed(NAMED, route_table_ids=TABLES[1:])))
    asking, aws, _address = node(config, *[read("eni-me", tables=ONE)] * before, nothing, nothing)
    with aws, pytest.raises(AwsError, match="Route table rtb-2 does not exist"):
        asking.tables()


def test_a_table_that_is_gone_is_told_beside_the_others() -> None:
    only = Call("ec2", "DescribeRouteTables", read("x", "y").params, read("eni-me", tables=ONE).answer)
    asking, aws, _address = node(CONFIG, only)
    with aws:
        [seen] = asking.tables()
    assert (len(seen.tables), seen.gone) == (1, ("rtb-2",))


# -- what it asks for -------------------------------------------------------------------------------------------------


def asked(monkeypatch: pytest.MonkeyPatch, config: Config, *expected: Call) -> list[job.Request]:
    """The jobs of a take, none of which is done."""
    requests: list[job.Request] = []

    def run(_ec2: Ec2, request: job.Request, _clock: Any) -> dict[str, Any]:
        requests.append(request)
        routes = [route("rtb-1", "eni-me", destination=d) for d in request.destinations]
        return {"changed": False, "consistent": True, "routes": routes}

    monkeypatch.setattr(job, "run", run)
    asking, aws, _address = node(config, *expected)
    with aws:
        asking.take(Deadline(7))
    return requests


def where(requests: list[job.Request]) -> list[tuple[tuple[str, ...], tuple[str, ...], str | None]]:
    return [(tuple(r.destinations), tuple(r.route_table_ids), r.vpc_id) for r in requests]


def route(
    table: str, after: str | None, code: str = "", state: str = "active", destination: str = OVERLAY
) -> dict[str, Any]:
    """One route of a job's result."""
    return {
        "route_table_id": table,
        "destination": destination,
        "action": "replace",
        "before": {"network_interface_id": "eni-peer", "state": "active"},
        "after": {"network_interface_id": after, "state": state} if after else None,
        "error": {"code": code, "message": f"{table}: {code}."} if code else None,
    }


EVERY = Overlay(OTHER, (OTHER,), vpc_id="vpc-1", every=True)


def test_a_node_leaves_alone_what_is_somebody_elses_and_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    [request] = asked(monkeypatch, CONFIG)
    assert where([request]) == [((OVERLAY,), TABLES, None)]
    assert (request.network_interface_id, request.expected_holder) == ("eni-me", None)
    assert (request.foreign, request.missing_ok, request.fixed) == ("leave", True, True)
    assert request.wait_timeout is not None
    assert 0 < request.wait_timeout <= 7


def test_overlays_that_share_their_tables_are_one_job(monkeypatch: pytest.MonkeyPatch) -> None:
    overlays = (NAMED, changed(NAMED, destination=OTHER), changed(NAMED, destination="192.168.10.17/32",
                                                                  route_table_ids=ONE))  # fmt: skip
    assert where(asked(monkeypatch, changed(CONFIG, overlays=overlays))) == [
        ((OVERLAY, OTHER), TABLES, None),
        (("192.168.10.17/32",), ONE, None),
    ]


def test_a_node_that_may_write_the_whole_vpc_moves_all_that_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    config = changed(CONFIG, overlays=(NAMED, EVERY), iam_scope="vpc")
    assert where(asked(monkeypatch, config)) == [((OVERLAY,), TABLES, None), ((OTHER,), (), "vpc-1")]


def test_a_file_that_names_no_tables_means_those_that_have_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    config = changed(CONFIG, overlays=(changed(EVERY, destination=OVERLAY),))
    assert where(asked(monkeypatch, config, of_vpc("eni-peer", None))) == [((OVERLAY,), ("rtb-1",), None)]


# -- what it makes of it ----------------------------------------------------------------------------------------------


def taken(
    monkeypatch: pytest.MonkeyPatch, *routes: dict[str, Any], up: bool = False, failed: bool = False
) -> tuple[dict[str, Any], str, bool]:
    """What a take answers, its error, and whether the address is up, where the job comes to this."""
    result = {"changed": False, "consistent": not failed, "routes": list(routes)}

    def run(_ec2: Ec2, _request: job.Request, _clock: Any) -> dict[str, Any]:
        if failed:
            raise job.JobError("It failed.", result)
        return result

    monkeypatch.setattr(job, "run", run)
    asking, _aws, address = node(CONFIG, up=up)
    try:
        return asking.take(Deadline(1)), "", address.is_up
    except job.JobError as err:
        return err.result, str(err), address.is_up


def test_replies_that_leave_by_the_wrong_interface_are_told_and_hinder_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [route(table, "eni-me") for table in TABLES]
    done = {"changed": True, "consistent": True, "routes": routes}
    monkeypatch.setattr(job, "run", lambda *_arguments, **_options: done)
    told: list[str] = []
    asking, _aws, address = node(CONFIG, up=True)
    address.troubles.append("Replies leave by eth0.")
    asking._tell = told.append
    assert asking.take(Deadline(1))["consistent"]
    assert told == ["Replies leave by eth0."]
    assert address.is_up


MISSED, UNKNOWN = "was not taken over", "may point here by now, so that it is served here"


@pytest.mark.parametrize(
    ("routes", "begins", "address", "problems"),
    [
        ([("rtb-1", "eni-me", ""), ("rtb-2", "eni-me", "")], "", True, []),
        ([("rtb-1", "eni-me", ""), ("rtb-2", "eni-peer", "Denied")], "", True, ["rtb-2: Denied."]),
        ([("rtb-1", "eni-peer", "Denied"), ("rtb-2", "eni-peer", "Denied")], MISSED, False, ["rtb-1, rtb-2: Denied."]),
        ([("rtb-1", None, "Late"), ("rtb-2", "eni-peer", "Denied")], MISSED, False, ["rtb-1: Late.", "rtb-2: Denied."]),
        ([("rtb-1", "eni-peer", "Unread")], UNKNOWN, True, ["rtb-1: Unread."]),
        (
            [("rtb-1", "eni-peer", "Unread"), ("rtb-2", "eni-peer", "Denied")],
            UNKNOWN,
            True,
            ["rtb-1: Unread.", "rtb-2: Denied."],
        ),
        ([("rtb-1", "eni-me", "MovedElsewhere")], UNKNOWN, True, ["rtb-1: MovedElsewhere."]),
        (
            [("rtb-1", "eni-me", "MovedElsewhere"), ("rtb-2", "eni-peer", "MovedElsewhere")],
            UNKNOWN,
            True,
            ["rtb-1, rtb-2: MovedElsewhere."],
        ),
        ([("rtb-1", "eni-peer", "MovedElsewhere")], MISSED, False, ["rtb-1: MovedElsewhere."]),
        (
            [("rtb-1", "eni-peer", "MovedElsewhere"), ("rtb-2", "eni-peer", "MovedElsewhere")],
            MISSED,
            False,
            ["rtb-1, rtb-2: MovedElsewhere."],
        ),
    ],
)
def test_unknown_keeps_the_address_and_no_table_decides_alone(
    monkeypatch: pytest.MonkeyPatch,
    routes: list[tuple[str, str | None, str]],
    begins: str,
    address: bool,
    problems: list[str],
) -> None:
    result, error, is_up = taken(monkeypatch, *(route(*r) for r in routes), failed=bool(begins))
    assert (error, is_up) == (begins and f"{OVERLAY} {begins}: {' '.join(problems)}", address)
    assert result["problems"] == problems


def test_a_route_that_is_dead_here_does_not_point_here(monkeypatch: pytest.MonkeyPatch) -> None:
    _result, error, is_up = taken(monkeypatch, route("rtb-1", "eni-me", state="blackhole"))
    assert (error, is_up) == (f"{OVERLAY} was not taken over: no table of this node is there.", False)


@pytest.mark.parametrize(("up", "changes"), [(False, True), (True, False)])
def test_bringing_the_address_up_is_a_change(monkeypatch: pytest.MonkeyPatch, up: bool, changes: bool) -> None:
    result, _error, is_up = taken(monkeypatch, route("rtb-1", "eni-me"), up=up)
    assert (result["changed"], result["consistent"], is_up) == (changes, True, True)


def test_an_address_that_was_up_before_is_not_taken_down_for_a_move_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _result, error, is_up = taken(monkeypatch, route("rtb-1", "eni-peer", "Denied"), up=True, failed=True)
    assert (bool(error), is_up) == (True, True)


def test_somebody_elses_route_is_told() -> None:
    from_gateway = {"network_interface_id": None, "target": "tgw-1", "state": "active"}
    kept = {**route("rtb-2", None), "action": "kept", "before": from_gateway, "after": from_gateway}
    told = f"rtb-2 routes {OVERLAY} to tgw-1, which is somebody else's: it is left alone."
    with pytest.MonkeyPatch.context() as patched:
        assert taken(patched, route("rtb-1", "eni-me"), kept)[0]["problems"] == [told]
    ours = {**kept, "before": {"network_interface_id": "eni-peer", "state": "active"}}
    with pytest.MonkeyPatch.context() as patched:
        assert taken(patched, route("rtb-1", "eni-me"), ours)[0]["problems"] == []
    with pytest.MonkeyPatch.context() as patched:
        assert taken(patched, route("rtb-1", "eni-me"), {**kept, "before": None})[0]["problems"] == []


def test_one_job_that_fails_keeps_no_other_from_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_ec2: Ec2, request: job.Request, _clock: Any) -> dict[str, Any]:
        if OVERLAY in request.destinations:
            raise AwsError("Denied", "It is denied.")
        routes = [route("rtb-1", "eni-me", destination=OTHER)]
        return {"changed": True, "consistent": True, "routes": routes}

    monkeypatch.setattr(job, "run", run)
    config = changed(CONFIG, overlays=(NAMED, Overlay(OTHER, (OTHER,), route_table_ids=ONE)))
    asking, _aws, _address = node(config)
    with pytest.raises(job.JobError, match=f"^{OVERLAY} was not taken over: It is denied.$") as failed:
        asking.take(Deadline(1))
    result = failed.value.result
    assert (result["changed"], result["consistent"]) == (True, False)
    assert [r["destination"] for r in result["routes"]] == [OTHER]
    with pytest.raises(job.JobError, match=r"^It is denied\.$"):
        asking.hand_over("n2", Deadline(1))


def test_handing_over_answers_what_was_done() -> None:
    result, _deeds, _address = play(
        lambda here: here.hand_over("n2", Deadline(0.5)),
        read("eni-me", "eni-me"), replace("rtb-1", "eni-peer"), replace("rtb-2", "eni-peer"),
        read("eni-peer", "eni-peer"),
    )  # fmt: skip
    assert (result["changed"], result["consistent"], result["problems"]) == (True, True, [])
    assert result["api_calls"] == {"DescribeRouteTables": 2, "ReplaceRoute": 2}


@pytest.mark.parametrize(
    ("holders", "active", "mine", "partly"),
    [
        (("eni-me", "eni-me"), True, True, True),
        (("eni-me", "eni-peer"), True, False, True),
        (("eni-peer", "eni-peer"), True, False, False),
        (("eni-me", None), False, False, True),
    ],
)
def test_what_is_shown_of_single_tables(
    holders: tuple[str | None, ...], active: bool, mine: bool, partly: bool
) -> None:
    (shown,), _deeds, _address = play(lambda here: here.show(), read(*holders))
    assert (shown["active"], shown["mine"], shown["partly_mine"], shown["problems"]) == (active, mine, partly, [])
    assert shown["addresses"] == [{"address": OVERLAY, "interface": None}]
    assert [(r["route_table_id"], r["route"] and r["route"]["network_interface_id"]) for r in shown["routes"]] == [
        *zip(TABLES, holders, strict=True)
    ]


def test_a_dead_route_is_not_active() -> None:
    call = read("eni-me", "eni-me")
    call.answer["RouteTables"][0]["Routes"][0]["State"] = "blackhole"
    (shown,), _deeds, _address = play(lambda here: here.show(), call)
    assert (shown["active"], shown["mine"], shown["partly_mine"], shown["consistent"]) == (False, False, True, True)
