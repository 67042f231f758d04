# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed prefix lists of the inventory: what is added, taken out, refused and told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory import listed
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import orphans, status
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report.sight import Sight

LIST, OTHER = "pl-0123456789abcdef0", "pl-0123456789abcdef1"
APP, DB, WEB, SIX = "10.99.0.5/32", "10.99.0.6/32", "10.99.0.7/32", "2001:db8::5/128"
MARK = "aws_ha.overlay_ip overlay-ip: node1, node2"


def overlay(destination: str = LIST, *addresses: str) -> dict[str, Any]:
    made: dict[str, Any] = {"destination": destination, "address": destination}
    made["node_addresses"] = list(addresses or (APP, DB))
    made |= {"home": "node1", "route_table_ids": [], "vpc_id": None, "interface": "auto", "label": "auto"}
    entries = [{"place": n, "address": a[:-3], "name": "", "route": True} for n, a in enumerate(made["node_addresses"])]
    return {**made, "entries": entries}


def model(*overlays: dict[str, Any]) -> dict[str, Any]:
    nodes = {f"node{n}": {"instance_id": f"i-{n}", "network_interface_id": None, "device_index": 0} for n in (2, 1)}
    made = {"nodes": nodes, "overlays": list(overlays or (overlay(),)), "failover": "none", "region": "eu-central-1"}
    return {**made, "deployment": "overlay-ip", "exclusive": False, "persistent": True}


def seen(of: str = LIST, entries: dict[str, str] | None = None, *findings: str, **more: Any) -> dict[str, Any]:
    """As overlay_route_info has seen it; without entries the list was not looked at, or is not there."""
    told: dict[str, Any] = {
        "prefix_list_id": of,
        "name": "overlays",
        "address_family": "IPv4",
        "max_entries": 4,
        "version": 3,
    }
    told |= {"state": "modify-complete", "owner_id": "1", **more}
    held = [{"cidr": cidr, "description": text} for cidr, text in (entries or {}).items()]
    route = {"route_table_id": "rtb-1", "network_interface_id": "eni-1", "instance_id": "i-1", "state": "active"}
    return {
        "destination": of,
        "prefix_list": None if entries is None else {**told, "entries": held},
        "findings": [{"id": one} for one in findings],
        "routes": [route],
        "others": [],
        "beside": [],
        "consistent": True,
        "holder": route,
    }


def test_what_is_missing_is_added_with_our_mark() -> None:
    assert listed.mark(model()) == MARK
    call = {"prefix_list_id": LIST, "description": MARK}
    assert listed.additions(model(), [seen(entries={APP: ""})]) == [{**call, "addresses": [DB]}]
    assert listed.additions(model(), [seen(entries={APP: "", DB: "x"})]) == []
    assert listed.additions(model(), [seen(entries={"10.99.0.0/28": ""})]) == [], "a wider entry has both"
    assert listed.additions(model(), [seen()]) == [{**call, "addresses": [APP, DB]}], "nothing is known"
    assert listed.additions(model(), []) == [], "nobody has looked yet"
    assert listed.additions(model(overlay(APP, APP)), [seen(of=APP)]) == []
    assert listed.removals(model(overlay(), overlay(WEB, WEB))) == [{**call, "addresses": [APP, DB]}]


def test_a_mark_is_no_longer_than_a_description() -> None:
    many = model()
    many["nodes"] = {f"node-of-a-long-name-{n:03}": {} for n in range(20)}
    assert len(listed.mark(many)) == 255


@pytest.mark.parametrize(
    ("of", "told", "sentence"),
    [
        (overlay(), seen(entries={}), ""),
        (overlay(), seen(entries={WEB: "", "10.99.0.8/32": ""}), ""),
        (overlay(), seen(), ""),
        (overlay(), seen(entries={APP: "", DB: ""}, max_entries=2), ""),
        (
            overlay(),
            seen(entries={WEB: "", "10.99.0.8/32": "", "10.99.0.9/32": ""}),
            f"{LIST} has 3 of at most 4 entries, and 10.99.0.5, 10.99.0.6 are to be added: take entries out, or make it"
            f" larger by `aws ec2 modify-managed-prefix-list --region eu-central-1 --prefix-list-id {LIST}"
            " --max-entries 5`, for which each route table that has it must have room.",
        ),
        (
            overlay(),
            seen(entries={APP: "", **{f"10.99.1.{n}/32": "" for n in range(3)}}),
            f"{LIST} has 4 of at most 4 entries, and 10.99.0.6 is to be added: take entries out, or make it larger by"
            f" `aws ec2 modify-managed-prefix-list --region eu-central-1 --prefix-list-id {LIST} --max-entries 5`, for"
            " which each route table that has it must have room.",
        ),
        (
            overlay(LIST, SIX),
            seen(entries={}),
            f"{LIST} is a list of IPv4, and 2001:db8::5 is IPv6: a list has one family; make another one for those"
            " addresses.",
        ),
        (
            overlay(LIST, SIX),
            seen(LIST, None, "list_missing"),
            f"The managed prefix list {LIST} does not exist, or is not shared with this account: make one by `aws ec2"
            " create-managed-prefix-list --region eu-central-1 --prefix-list-name overlay-ip --address-family IPv6"
            " --max-entries 20`, and give its id.",
        ),
        (
            overlay(LIST, *(f"10.99.1.{n}/32" for n in range(25))),
            seen(LIST, None, "list_missing"),
            f"The managed prefix list {LIST} does not exist, or is not shared with this account: make one by `aws ec2"
            " create-managed-prefix-list --region eu-central-1 --prefix-list-name overlay-ip --address-family IPv4"
            " --max-entries 25`, and give its id.",
        ),
        (
            overlay(LIST, APP),
            seen(entries={}, owner_id="AWS", max_entries=None),
            f"{LIST} (overlays) is AWS's own, to which nobody adds 10.99.0.5: make one by `aws ec2"
            " create-managed-prefix-list --region eu-central-1 --prefix-list-name overlay-ip --address-family IPv4"
            " --max-entries 20`, and give its id.",
        ),
    ],
)
def test_what_is_refused_before_anything_is_changed(of: dict[str, Any], told: dict[str, Any], sentence: str) -> None:
    assert listed.refused(model(of), [told]) == ([sentence] if sentence else [])


def test_a_list_that_setup_may_not_look_into_is_refused_too() -> None:
    message = "The managed prefix lists could not be looked at: ec2:DescribeManagedPrefixLists on * is not permitted."
    told = seen()
    told["findings"] = [{"id": "not_looked_at", "message": message}]
    assert listed.refused(model(), [told]) == [f"Setup must see what is in {LIST}. {message}"]
    known = seen(entries={APP: "", DB: ""})
    known["findings"] = [{"id": "not_looked_at", "message": "The subnets could not be looked at."}]
    assert listed.refused(model(), [known]) == [], "which is another thing"


def test_an_entry_that_is_missing_is_an_error_of_the_status() -> None:
    report = status.report(model(), [seen(entries={APP: ""})], {})
    (finding,) = report["overlays"][0]["findings"]
    assert (finding["id"], finding["severity"]) == ("list_entry_missing", "error")
    assert finding["message"] == f"10.99.0.6 is not in {LIST}: no packet gets there by it."
    assert status.report(model(), [seen(entries={APP: "", DB: ""})], {})["overlays"][0]["findings"] == []
    assert status.report(model(), [seen()], {})["overlays"][0]["findings"] == []
    many = overlay(LIST, *(f"10.99.1.{n}/32" for n in range(5)))
    (finding,) = listed.findings(many, seen(entries={}))
    assert finding["message"].startswith("10.99.1.0, 10.99.1.1, 10.99.1.2, 2 more are not in")


def test_only_entries_of_our_own_are_left_over() -> None:
    entries = {APP: MARK, DB: "", WEB: MARK, "10.99.0.8/32": "", "10.99.0.9/32": f"{MARK}, node3"}
    gone = seen(OTHER, {"10.99.2.1/32": MARK, "10.99.2.2/32": ""})
    found = orphans.judged(Sight(model(), {}, [seen(entries=entries)], [gone]))
    assert found["entries"] == [
        {"prefix_list_id": LIST, "addresses": [WEB], "description": MARK},
        {"prefix_list_id": OTHER, "addresses": ["10.99.2.1/32"], "description": MARK},
    ]
    first = next(f for f in found["findings"] if f["id"] == "orphan_entry")
    assert first["severity"] == "warning"
    assert first["message"] == f"{LIST} still has 10.99.0.7, which setup added and the inventory has there no more."
    assert first["remedy"] == (
        "`ansible localhost -m aws_ha.overlay_ip.overlay_prefix_list -a 'region=eu-central-1"
        f' prefix_list_id={LIST} addresses={WEB} state=absent description="{MARK}"\'`, or overlay_ip_orphans=remove'
        " takes it away."
    )
    assert any(LIST in line for line in found["told"]["report"])
    assert not any(LIST in line for line in found["told"]["remove"])
    assert orphans.judged(Sight(model(), {}, [seen(entries={APP: MARK, DB: MARK})], []))["entries"] == []


def test_a_route_of_a_list_that_is_left_over_is_told_with_its_command() -> None:
    record = {"program": None, "live": [], "saved": [], "routed": [LIST]}
    single = {**seen(APP), "beside": [{**seen()["routes"][0], "destination": LIST}]}
    sight = Sight(model(overlay(APP, APP)), {"node1": {"record": record}}, [single], [seen(entries={})])
    found = orphans.judged(sight)
    assert found["destinations"] == [LIST]
    (told,) = [f for f in found["findings"] if f["id"] == "orphan_route"]
    assert f"--route-table-id rtb-1 --destination-prefix-list-id {LIST}`" in told["remedy"]
