# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's metrics: what follows from what was seen, what has no sample, and that promtool has nothing to say."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.iproute import AddressError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._aws.pace import Deadline
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.exposition import COUNTER, Sample, text
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.health import Health, Look
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.memory import Memory
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import history, metrics, metrics_run, moves
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import CommandError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.metrics import Seen, samples
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.node import Node
from unit.move_records import NOON, record
from unit.node_script import OVERLAY, play, read
from unit.promtool import promtool
from unit.script import Call

CONFIG = Config(
    "n1",
    (Overlay(OVERLAY, (OVERLAY,), route_table_ids=("rtb-1", "rtb-2"), vpc_id="vpc-1"),),
    network_interface_id="eni-1",
    peers={"n2": "eni-2"},
    aws={"region": "eu-central-1"},
)
N1 = 'deployment="overlay-ip",node="n1",vpc_id="vpc-1"'
LABELS = f'{{{N1},destination="192.168.10.15/32"}}'
NO_VPC = 'deployment="overlay-ip",node="n1"'

READY = [
    {"check": "permission", "ok": True},
    {"check": "endpoint", "ok": False},
    {"check": "source_dest_check", "ok": None},
]


def route(eni: str | None, state: str = "active") -> dict[str, Any]:
    shown = {"network_interface_id": eni, "instance_id": "i", "state": state}
    return {"route_table_id": "rtb", "route": shown if eni else None}


def told(*routes: dict[str, Any], held: int = 0, **more: Any) -> str:
    overlays = [{"destination": OVERLAY, "routes": list(routes), "held": held}] if routes else None
    return text(samples(Seen(CONFIG, NOON, overlays, **more)), metrics.FAMILIES)


def values(page: str) -> dict[str, str]:
    return dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize(
    ("routes", "held", "holder", "tables", "consistent", "blackhole", "missing"),
    [
        ([route("eni-1"), route("eni-1")], 2, 1, 2, 1, 0, 0),
        ([route("eni-2"), route("eni-2")], 0, 0, 2, 1, 0, 0),
        ([route("eni-1"), route("eni-2")], 1, 0, 2, 0, 0, 0),
        ([route("eni-1"), route(None)], 1, 0, 2, 0, 0, 1),
        ([route("eni-1", "blackhole"), route("eni-1", "blackhole")], 0, 0, 2, 1, 2, 0),
        ([route(None)], 0, 0, 1, 1, 0, 1),
    ],
)
def test_what_the_tables_say(
    routes: list[Any], held: int, holder: int, tables: int, consistent: int, blackhole: int, missing: int
) -> None:
    found = values(told(*routes, held=held))
    names = ("holder", "held_tables", "tables", "tables_consistent", "blackhole_tables", "missing_tables")
    assert [int(found[f"overlay_ip_{name}{LABELS}"]) for name in names] == [
        holder,
        held,
        tables,
        consistent,
        blackhole,
        missing,
    ]
    assert found[f"overlay_ip_tables_readable{{{N1}}}"] == "1"


def test_what_is_not_known_has_no_sample() -> None:
    """A holder of zero because AWS cannot be read would wake somebody for nothing, or hide that nobody holds it."""
    page = told()
    assert values(page) == {
        f"overlay_ip_tables_readable{{{N1}}}": "0",
        f'overlay_ip_takeovers_total{{{N1},by="keepalived"}}': "0",
        f'overlay_ip_takeovers_total{{{N1},by="operator"}}': "0",
        f'overlay_ip_takeovers_total{{{N1},by="pacemaker"}}': "0",
        **{
            f'overlay_ip_takeover_failures_total{{{N1},reason="{reason}"}}': "0"
            for reason in (
                *("Deadline", "Foreign", "NoCredentials", "NotTaken", "Timeout", "UnauthorizedOperation"),
                "Unreachable",
            )
        },
        **{
            f'overlay_ip_api_errors_total{{{N1},code="{code}"}}': "0"
            for code in (
                *("AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "NoCredentials"),
                *("RequestExpired", "SignatureDoesNotMatch", "Tls", "UnrecognizedClientException"),
            )
        },
        f"overlay_ip_api_throttles_total{{{N1}}}": "0",
        f"overlay_ip_failed_moves_total{{{N1}}}": "0",
        f"overlay_ip_nodes{LABELS}": "2",
        f'overlay_ip_config_info{LABELS[:-1]},hash="{metrics.shared(CONFIG)}"}}': "1",
        f'overlay_ip_program_info{{{N1},version=""}}': "1",
        f"overlay_ip_metrics_timestamp_seconds{{{N1}}}": str(int(NOON)),
    }


def test_everything_and_promtool() -> None:
    counts = {
        "calls": {"DescribeRouteTables": 7},
        "errors": {"RequestLimitExceeded": 2, "Throttling": 1, "Unreachable": 4},
        "takeovers": {"keepalived": 3},
        "failures": {"MovedElsewhere": 1},
    }
    page = told(
        route("eni-1"), held=1, up=[OVERLAY], verified=NOON - 1, checks=READY, checked=NOON - 60, counts=counts,
        last=record(NOON - 90), written=NOON - 9000, version="1.1.0",
        engines={"keepalived": Health(able=False, heard=None), "pacemaker": Health(able=True, heard=False)},
    )  # fmt: skip
    found = values(page)
    assert found[f"overlay_ip_address_up{LABELS}"] == "1"
    assert found[f'overlay_ip_ready{{{N1},check="permission"}}'] == "1"
    assert found[f'overlay_ip_ready{{{N1},check="endpoint"}}'] == "0"
    assert f'overlay_ip_ready{{{N1},check="source_dest_check"}}' not in found
    assert found[f'overlay_ip_ready{{{N1},check="keepalived"}}'] == "0"
    assert found[f'overlay_ip_ready{{{N1},check="pacemaker"}}'] == "1"
    assert {name: value for name, value in found.items() if "peer_heard" in name} == {
        f'overlay_ip_peer_heard{{{N1},engine="pacemaker"}}': "0"
    }
    assert found[f"overlay_ip_api_throttles_total{{{N1}}}"] == "3"
    assert found[f'overlay_ip_takeovers_total{{{N1},by="keepalived"}}'] == "3"
    assert found[f'overlay_ip_takeover_failures_total{{{N1},reason="MovedElsewhere"}}'] == "1"
    assert found[f'overlay_ip_last_move_duration_seconds{{{N1},phase="all"}}'] == "0.432"
    assert found[f"overlay_ip_last_move_timestamp_seconds{{{N1}}}"] == str(int(NOON - 90))
    done = promtool("check", "metrics", stdin=page)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_failure_that_is_met_again_is_told_with_its_last_time() -> None:
    """Else the alert would end while each attempt still fails."""
    again = record(NOON - 9000, done=False, times=3, until=moves.stamp(NOON - 5))
    found = values(told(last=again))
    assert found[f"overlay_ip_last_move_timestamp_seconds{{{N1}}}"] == str(int(NOON - 5))
    assert found[f"overlay_ip_last_move_success{{{N1}}}"] == "0"


def test_a_failure_of_whatever_reason_is_an_increase() -> None:
    """A reason that nobody foresaw begins its own series with one: the alert counts all of them."""
    name = f"overlay_ip_failed_moves_total{{{N1}}}"
    assert values(told())[name] == "0"
    assert values(told(counts={"failures": {"Odd": 1, "Deadline": 2}}))[name] == "3"


def test_what_aws_refused_is_counted_from_zero_on() -> None:
    """A series that is born with one has no increase."""
    found = values(told(counts={"errors": {"NoCredentials": 3, "Unreachable": 1}, "failures": {"Foreign": 2}}))
    errors = {name: value for name, value in found.items() if "api_errors" in name and value != "0"}
    assert errors == {
        f'overlay_ip_api_errors_total{{{N1},code="NoCredentials"}}': "3",
        f'overlay_ip_api_errors_total{{{N1},code="Unreachable"}}': "1",
    }
    assert found[f'overlay_ip_takeover_failures_total{{{N1},reason="Foreign"}}'] == "2"
    assert found[f'overlay_ip_takeover_failures_total{{{N1},reason="Deadline"}}'] == "0"


def test_names_follow_the_conventions() -> None:
    names = [family.name for family in metrics.FAMILIES]
    assert len(set(names)) == len(names)
    for family in metrics.FAMILIES:
        assert re.fullmatch(r"overlay_ip_[a-z_]+", family.name)
        assert (family.kind == COUNTER) == family.name.endswith("_total")
        assert not re.search(r"_(ms|millis\w*|minutes|count|gauge)\b", family.name)
        assert family.text.endswith(".")


def test_the_nodes_of_a_pair_have_the_same_hash_and_others_another() -> None:
    twin = changed(CONFIG, name="n2", network_interface_id="eni-2", peers={"n1": "eni-1"})
    twin = changed(twin, overlays=(changed(CONFIG.overlays[0], interface="ens5", label="x"),))
    assert metrics.shared(twin) == metrics.shared(CONFIG)
    for other in (
        changed(CONFIG, peers={"n2": "eni-3"}),
        changed(CONFIG, timeout=21.0),
        changed(CONFIG, overlays=(changed(CONFIG.overlays[0], route_table_ids=("rtb-1",)),)),
        changed(CONFIG, overlays=()),
    ):
        assert metrics.shared(other) != metrics.shared(CONFIG)


def test_a_series_for_each_overlay_ip() -> None:
    two = changed(CONFIG, overlays=(*CONFIG.overlays, Overlay("10.9.0.0/24", (), vpc_id="vpc-1")))
    found = [s for s in samples(Seen(two, NOON)) if s.family is metrics.CONFIG]
    assert [s.labels["destination"] for s in found] == [OVERLAY, "10.9.0.0/24"]
    assert isinstance(found[0], Sample)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Memory:
    monkeypatch.setattr(history, "read", lambda _directory: [record()])
    monkeypatch.setattr(metrics_run.check, "run", lambda _node, _deadline: READY[:1])
    return Memory(tmp_path / "run")


def asked(memory: Memory, *calls: Any) -> dict[str, str]:
    def run(node: Node) -> str:
        return metrics_run.told(node, memory, Deadline(5), Path("/nowhere"))

    return values(play(run, *calls, up=True)[0])


def test_a_node_is_asked_and_what_it_last_verified_is_remembered(memory: Memory) -> None:
    labels = f'{{{NO_VPC},vpc_id="",destination="192.168.10.15/32"}}'
    found = asked(memory, read("eni-me", "eni-peer"))
    assert (found[f"overlay_ip_holder{labels}"], found[f"overlay_ip_held_tables{labels}"]) == ("0", "1")
    assert found[f"overlay_ip_address_up{labels}"] == "1"
    verified = found[f"overlay_ip_verified_timestamp_seconds{{{NO_VPC}}}"]
    unread = asked(memory, read(error="Unreachable"))
    assert unread[f"overlay_ip_tables_readable{{{NO_VPC}}}"] == "0"
    assert unread[f"overlay_ip_verified_timestamp_seconds{{{NO_VPC}}}"] == verified
    assert f"overlay_ip_holder{labels}" not in unread


def test_aws_that_hangs_does_not_make_the_engine_dead(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """crm_node has its time before AWS has used it up."""
    deadline = Deadline(0.5)

    def health(look: Look) -> dict[str, Health]:
        members = look.output("/bin/sh", "-c", "sleep 0.05; echo n1 n2")
        return {"pacemaker": Health(able=members is not None, heard=bool(members))}

    monkeypatch.setattr(metrics_run.commands, "health", health)

    def run(node: Node) -> str:
        show = node.show

        def hanging(*arguments: Any, **more: Any) -> list[dict[str, Any]]:
            time.sleep(max(0.0, deadline.left))
            return show(*arguments, **more)

        monkeypatch.setattr(node, "show", hanging)
        return metrics_run.told(node, memory, deadline, Path("/nowhere"))

    found = values(play(run, read(error="Unreachable"))[0])
    assert found[f'overlay_ip_ready{{{NO_VPC},check="pacemaker"}}'] == "1"
    assert found[f'overlay_ip_peer_heard{{{NO_VPC},engine="pacemaker"}}'] == "1"


def test_a_node_whose_addresses_cannot_be_told_tells_the_rest(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(node: Node) -> str:
        def live() -> dict[str, str]:
            raise AddressError("ip does not answer")

        monkeypatch.setattr(node.local, "live", live)
        return metrics_run.told(node, memory, Deadline(5), Path("/nowhere"))

    found = values(play(run, read("eni-me", "eni-me"))[0])
    labels = f'{{{NO_VPC},vpc_id="",destination="192.168.10.15/32"}}'
    assert found[f"overlay_ip_holder{labels}"] == "1"
    assert f"overlay_ip_address_up{labels}" not in found


def test_what_was_checked_lately_is_not_checked_again(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DryRun for every table: what is well is asked every ten minutes, what is not at each run."""
    asked_of: list[int] = []

    def check(_node: object, _deadline: object) -> Any:
        asked_of.append(1)
        return READY[: len(asked_of)]

    monkeypatch.setattr(metrics_run.check, "run", check)
    for _run in range(2):
        found = asked(memory, read("eni-me", "eni-me"))
        assert found[f'overlay_ip_ready{{{NO_VPC},check="permission"}}'] == "1"
    assert len(asked_of) == 1
    known = json.loads(memory.read("ready.json"))
    memory.write("ready.json", json.dumps({**known, "at": known["at"] - 700}))
    for _run in range(2):
        asked(memory, read("eni-me", "eni-me"))
    assert len(asked_of) == 3
    for text_ in ("{", "[]", '{"at": "x", "checks": []}', '{"at": 1, "checks": 5}'):
        memory.write("ready.json", text_)
        asked(memory, read("eni-me", "eni-me"))
    assert len(asked_of) == 7


def interface(check: bool = False, error: str = "") -> Call:
    raw = {"NetworkInterfaceId": "eni-me", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Status": "in-use",
           "SourceDestCheck": check}  # fmt: skip
    answer = {"NetworkInterfaces": [raw]}
    return Call("ec2", "DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["eni-me"]}, answer, error)


def test_a_check_that_is_switched_on_is_told_at_the_next_run(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs a read, and no DryRun; what cannot be read now is as it was."""
    asked_of: list[int] = []

    def run(_node: object, _deadline: object) -> Any:
        asked_of.append(1)
        return [READY[0], {"check": "source_dest_check", "ok": True}]

    monkeypatch.setattr(metrics_run.check, "run", run)
    series = f'overlay_ip_ready{{{NO_VPC},check="source_dest_check"}}'
    tables = read("eni-me", "eni-me")
    assert asked(memory, tables)[series] == "1"
    assert asked(memory, tables, interface())[series] == "1"
    assert asked(memory, tables, interface(error="RequestLimitExceeded"))[series] == "1"
    assert asked(memory, tables, interface(check=True))[series] == "0"
    assert len(asked_of) == 1
    asked(memory, tables)  # what is not well is checked as a whole
    assert len(asked_of) == 2


def test_counting(memory: Memory) -> None:
    memory.count({"calls": {"A": 2}, "errors": {}})
    memory.count({"calls": {"A": 1, "B": 1}})
    assert memory.counts() == {"calls": {"A": 3, "B": 1}, "errors": {}}
    memory.write("counts", "[")
    assert memory.counts() == {}
    memory.count({"calls": {"A": 1}})
    assert memory.counts() == {"calls": {"A": 1}}


def test_a_takeover_under_way_is_seen_without_its_lock(memory: Memory) -> None:
    assert not memory.moving
    with memory.taking():
        assert memory.moving
    assert not memory.moving
    memory.write("taking", "")  # killed, long ago
    os.utime(memory.directory / "taking", (1, 1))
    assert memory.killed
    assert not memory.moving


def test_the_file_is_written_by_one_rename(tmp_path: Path) -> None:
    file = tmp_path / "overlay_ip.prom"
    file.write_text("old")
    metrics_run.write(file, "new\n")
    assert file.read_text() == "new\n"
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["overlay_ip.prom"]
    with pytest.raises(CommandError, match=r"cannot be written .No such file or directory.: make its folder"):
        metrics_run.write(tmp_path / "none" / "x.prom", "")
