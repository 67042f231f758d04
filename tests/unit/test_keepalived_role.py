# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role keepalived writes and concludes, by its own template and variables, as Ansible reads them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.test.core import TestModule as JinjaTests
from ansible.template import Templar

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import names

ROLE = Path(__file__).parents[2] / "roles" / "keepalived"
NIC = {"name": "eth0", "ipv4": ["10.0.1.10"]}
ONE = {
    "name": "overlay_ip",
    "part": "",
    "words": "",
    "address": "",
    "number": 51,
    "home": "node1",
    "file": "keepalived.json",
}
MODEL = {"program": "aws-overlay-ip", "deployment": "overlay-ip", "keepalived": {"instances": [ONE]}}
NEW, OLD = ("Keepalived v2.3.3 (03/30,2025)", "Keepalived v2.2.4 (08/21,2021)")


def of_role(name: str, **known: Any) -> Any:
    """A variable of the role, with what is `known`."""
    loader = DataLoader()
    own = loader.load_from_file(str(ROLE / "vars" / "main.yml"), trusted_as_template=True)
    found = {**own, "overlay_ip_model": MODEL, **known}
    return Templar(loader=loader, variables=found).template(found[name])


def written(looks: bool = True, instances: tuple[dict[str, Any], ...] = (ONE,), nic: Any = None, unit: str = "") -> str:
    """The configuration of node1."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False)
    return environment.from_string((ROLE / "templates" / "keepalived.conf.j2").read_text()).render(
        inventory_hostname="node1",
        node_program_nic=nic or NIC,
        keepalived_instances=instances,
        keepalived_looks=looks,
        keepalived_peers=["10.0.2.10"],
        keepalived_removed=[],
        keepalived_check_command="",
        keepalived_check_unit=unit,
        keepalived_tracks=unit,
        keepalived_tracked=of_role("keepalived_tracked"),
        keepalived_starts="/usr/sbin/aws-overlay-ip",
        keepalived_route_interval=10,
        keepalived_timeout=20,
        keepalived_advert_interval=1,
    )


@pytest.mark.parametrize(
    ("said", "looks"),
    [
        (NEW, True),
        ("Keepalived v2.2.5 (12/16,2021)", True),
        ("Keepalived v2.10.0 (12/16,2031), git commit v2.9.9-1-gabc+", True),
        (OLD, False),
        ("Keepalived v1.3.5 (03/19,2017), git commit v1.3.5-6-g6fa32f2", False),
        ("", False),
    ],
)
def test_a_keepalived_that_takes_new_scripts_for_failed_gets_none(said: str, looks: bool) -> None:
    """Before 2.2.5 a master that is reloaded with one gives up."""
    assert of_role("keepalived_looks", keepalived_asked={"stderr": f"{said}\nCopyright(C) 2001\nBuilt v9.9"}) is looks


def test_which_could_not_be_asked_gets_none_either() -> None:
    assert of_role("keepalived_looks") is False


def test_the_looks_take_the_place_of_keepalived_s_own() -> None:
    assert [written(looks).count(word) for looks in (True, False) for word in ("overlay_ip_link", "dont_track")] == [
        *(2, 1),
        *(0, 0),
    ]
    assert "overlay_ip_source" not in written(looks=False)
    whole = written(looks=False)
    assert whole.count("{") == whole.count("}")
    assert "\n\n\n" not in whole
    assert "  interface eth0\n  virtual_router_id 51\n" in whole
    assert "  track_script {\n    overlay_ip_route\n  }\n" in whole


def is_new(text: str, one: dict[str, Any], nic: dict[str, Any]) -> bool:
    """Whether the running keepalived, which has read `text`, would begin with that instance as with a new one."""
    same = of_role("keepalived_same_instance", item=one, node_program_nic=nic)
    return not JinjaTests().tests()["search"](text, same, multiline=True)


OTHER = {**ONE, "name": "overlay_ip_x", "number": 7}


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize(
    ("one", "nic", "new"),
    [
        (ONE, NIC, False),
        (OTHER, NIC, False),
        ({**ONE, "number": 52}, NIC, True),
        ({**ONE, "number": 5}, NIC, True),
        ({**ONE, "number": 7}, NIC, True),  # it is the other one's
        ({**ONE, "name": "overlay_ip_y"}, NIC, True),
        ({**ONE, "name": "overlay"}, NIC, True),
        (ONE, {**NIC, "name": "eth1"}, True),
        (ONE, {**NIC, "ipv4": ["10.0.1.1"]}, True),
        (ONE, {**NIC, "ipv4": ["10.0.1.10", "10.0.1.11"]}, False),
    ],
)
def test_an_instance_is_new_where_keepalived_does_not_know_it(
    one: dict[str, Any], nic: dict[str, Any], new: bool, looks: bool
) -> None:
    assert is_new(f"# mark\n# sum\n{written(looks, (ONE, OTHER))}", one, nic) is new


def test_one_of_1_0_0_is_known() -> None:
    text = (
        "vrrp_instance overlay_ip {\n  state BACKUP\n  nopreempt\n  interface eth0\n  virtual_router_id 51\n"
        "  priority 150\n  advert_int 1\n  unicast_src_ip 10.0.1.10\n  unicast_peer {\n    10.0.2.10\n  }\n}\n"
    )
    assert not is_new(text, ONE, NIC)


def told(text: str) -> dict[str, str]:
    """As slurp returns a file."""
    return {"content": base64.b64encode(text.encode()).decode()}


RUNS = {"stdout": "ActiveState=active\nExecMainStartTimestampMonotonic=123\nStateChangeTimestampMonotonic=456"}
STOPPED = {"stdout": RUNS["stdout"].replace("active", "inactive")}


@pytest.mark.parametrize(
    ("since", "there", "kept", "changed", "has", "behind"),
    [
        (RUNS, told("before"), {}, True, "before", True),
        (RUNS, told("before"), {}, False, "before", False),
        (RUNS, told("now"), told("before"), False, "before", True),  # a setup failed before it was reloaded
        (RUNS, {}, {}, True, "", False),
        (STOPPED, told("before"), {}, True, "", False),  # it reads the file when it begins
        (STOPPED, told("now"), told("before"), False, "", False),
        ({"stdout": "", "rc": 1}, told("before"), {}, True, "", False),
    ],
)
def test_what_the_running_keepalived_has_read(
    since: dict[str, str], there: Any, kept: Any, changed: bool, has: str, behind: bool
) -> None:
    known = {
        "keepalived_since": since,
        "keepalived_there": there,
        "keepalived_kept": kept,
        "keepalived_configured": {"changed": changed},
    }
    assert of_role("keepalived_has", **known) == has
    assert of_role("keepalived_behind", **known) is behind


def test_what_was_kept_counts_for_one_life_of_the_daemon() -> None:
    assert of_role("keepalived_reads", keepalived_since=RUNS) == "/run/aws-overlay-ip/read-123456.conf"
    assert of_role("keepalived_reads", keepalived_since={"stdout": ""}) == "/run/aws-overlay-ip/read-0.conf"


WORKS = {"active": True, "enabled": True}
GUARD = "/etc/systemd/system/aws-overlay-ip-guard.service"
DROPINS = "/etc/systemd/system/keepalived.service.d"
CHECK = "/usr/libexec/keepalived/aws-overlay-ip-check"


def file(text: str, mode: str, group: int = 0) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "mode": mode, "user": 0, "group": group}


AS_IT_SHALL_BE: dict[str, Any] = {
    "running": WORKS,
    "guard": WORKS,
    "kept": [],
    "said": ["/run/aws-overlay-ip/keepalived.json"],
    "files": {
        "/sys/fs/selinux/enforce": None,
        "/etc/keepalived/keepalived.conf": file("conf", "0600"),
        DROPINS: {**file("", "0755"), "sha256": ""},
        f"{DROPINS}/aws-overlay-ip.conf": file("dropin", "0644"),
        "/usr/libexec/keepalived/aws-overlay-ip": None,
        CHECK: None,
        GUARD: file("guard", "0644"),
    },
}


def settled(there: dict[str, Any], **known: Any) -> Any:
    given = {
        "keepalived_there": there,
        "keepalived_content": "conf",
        "keepalived_dropin_text": "dropin",
        "keepalived_check_text": "check",
        "keepalived_check_command": "",
        "keepalived_check_unit": "",
        "node_program_guard_text": "guard",
        "node_program_installed": {"changed": False},
    }
    return of_role("keepalived_settled", **{**given, **known})


def other_file(path: str, about: Any) -> dict[str, Any]:
    return {**AS_IT_SHALL_BE, "files": {**AS_IT_SHALL_BE["files"], path: about}}


def test_a_keepalived_that_is_as_it_shall_be_is_left_alone() -> None:
    assert settled(AS_IT_SHALL_BE) is True
    checked = {
        "keepalived_check_command": "true",
        "keepalived_check_who": {"stdout": "nobody:x:65534:65533::/:/bin/sh"},
    }
    assert settled(other_file(CHECK, file("check", "0750", 65533)), **checked) is True


@pytest.mark.parametrize(
    "there",
    [
        {**AS_IT_SHALL_BE, "running": {"active": False, "enabled": True}},
        {**AS_IT_SHALL_BE, "running": {"active": True, "enabled": False}},
        {**AS_IT_SHALL_BE, "guard": {"active": False, "enabled": True}},
        {**AS_IT_SHALL_BE, "kept": ["/run/aws-overlay-ip/read-1.conf"]},
        {**AS_IT_SHALL_BE, "said": ["/run/aws-overlay-ip/keepalived-192.168.10.16.json"]},
        other_file("/sys/fs/selinux/enforce", file("1", "0644")),
        other_file("/etc/keepalived/keepalived.conf", file("another", "0600")),
        other_file("/etc/keepalived/keepalived.conf", file("conf", "0644")),
        other_file("/etc/keepalived/keepalived.conf", None),
        other_file(DROPINS, None),
        other_file(f"{DROPINS}/aws-overlay-ip.conf", file("another", "0644")),
        other_file("/usr/libexec/keepalived/aws-overlay-ip", file("of SELinux's time", "0755")),
        other_file(CHECK, file("check", "0750")),
        other_file(GUARD, None),
    ],
)
def test_whatever_differs_is_configured(there: dict[str, Any]) -> None:
    assert settled(there) is False


@pytest.mark.parametrize(
    "known",
    [
        {"node_program_installed": {"changed": True}},  # the guard is of another version
        {"overlay_ip_model": {**MODEL, "deployment": "db"}},
        {"keepalived_check_unit": "app.service"},
        {"failover_node": {"failover": [{"engine": "keepalived", "tracks": "app.service"}]}},
        {"keepalived_check_command": "true", "keepalived_check_who": {"stdout": "root:x:0:0::/:/bin/sh"}},
    ],
)
def test_so_it_is_where_something_else_was_changed(known: dict[str, Any]) -> None:
    assert settled(AS_IT_SHALL_BE, **known) is False


def test_a_unit_is_tracked_by_every_instance_and_by_none_without_one() -> None:
    """With weight 0 what is not 0 is a fault: keepalived.conf(5)."""
    other = {**ONE, "name": "overlay_ip_x", "number": 7}
    whole = written(instances=(ONE, other), unit="app.service")
    block = 'track_file overlay_ip_unit {\n  file "/run/keepalived-aws-overlay-ip"\n  weight 0\n}\n'
    assert whole.count(block) == 1
    assert whole.index(block) < whole.index("vrrp_instance ")  # else it is not found, and ignored
    assert whole.count("  track_file {\n    overlay_ip_unit\n  }\n") == 2
    assert whole.count("{") == whole.count("}")
    assert whole.replace(block, "").replace("  track_file {\n    overlay_ip_unit\n  }\n", "").replace(
        "\n# Whether app.service runs: 0, and 1 as soon as it has ended. A drop-in of that unit writes it.\n", ""
    ) == written(instances=(ONE, other))


def test_the_configuration_without_a_unit_is_as_it_was() -> None:
    """An upgrade reloads nothing for it."""
    assert "track_file" not in written()


@pytest.mark.parametrize(
    ("shown", "unit", "runs"),
    [
        ("Id=app.service\nLoadState=loaded\nActiveState=active\n", "app.service", True),
        ("Id=real.service\nLoadState=loaded\nActiveState=reloading\n", "real.service", True),
        ("Id=app.service\nLoadState=loaded\nActiveState=inactive\n", "app.service", False),
        ("Id=app.service\nLoadState=loaded\nActiveState=activating\n", "app.service", False),
        ("Id=app.service\nLoadState=loaded\nActiveState=deactivating\n", "app.service", False),
        ("", "", False),
    ],
)
def test_what_systemd_says_of_the_unit(shown: str, unit: str, runs: bool) -> None:
    """The name is the one that systemd has: a drop-in for an alias would be another unit's."""
    known = {"keepalived_unit_seen": {"stdout": shown}}
    assert (of_role("keepalived_tracks", **known), of_role("keepalived_unit_runs", **known)) == (unit, runs)


def test_both_sides_have_the_same_names_of_what_is_tracked() -> None:
    for name in ("overlay-ip", "sap"):
        deployment = Deployment(name)
        model = {**MODEL, "program": deployment.program, "deployment": name}
        known = {"overlay_ip_model": model}
        assert of_role("keepalived_tracked", **known) == names.tracked(deployment)
        assert of_role("keepalived_tracking", **known) == names.tracking(deployment)


@pytest.mark.parametrize(
    ("line", "hides"),
    [
        ("RootDirectory=", False),
        ("RootDirectory=/srv/app", True),
        ("RootImage=/app.raw", True),
        ("TemporaryFileSystem=", False),
        ("TemporaryFileSystem=/run", True),
        ("TemporaryFileSystem=/var:ro /run:ro", True),
        ("TemporaryFileSystem=/", True),
        ("TemporaryFileSystem=/var/run", True),
        ("TemporaryFileSystem=/run/app /var", False),
        ("BindPaths=/srv/run:/run:rbind", True),
        ("BindReadOnlyPaths=/srv/x:/srv/y:rbind", False),
        ("BindPaths=/srv/run:/srv/run:rbind", False),
        ("ReadOnlyPaths=/run", False),
    ],
)
def test_a_unit_that_would_tell_it_elsewhere_is_seen(line: str, hides: bool) -> None:
    shown = f"Id=app.service\nLoadState=loaded\n{line}\nActiveState=active\n"
    assert of_role("keepalived_unit_hides", keepalived_unit_seen={"stdout": shown}) is hides


def test_the_other_node_is_told_of_a_move_to_who_was_not_the_master() -> None:
    """A target that is the master already is the other side of a partition; what cannot be asked is not known."""

    def result(address: str, text: str | None) -> dict[str, Any]:
        item = {**ONE, "address": address, "words": f" {address}"}
        content = {} if text is None else {"content": base64.b64encode(text.encode()).decode()}
        return {"item": item, **content}

    results = [
        result("192.168.10.15", '{"state": "BACKUP", "since": 5.0}'),
        result("192.168.10.16", '{"state": "MASTER", "since": 5.0}'),
        result("192.168.10.17", None),
    ]
    known = {"overlay_ip_model": {**MODEL, "target": "node2"}}
    asked = {"node2": {"keepalived_before_that": {"results": results}}}
    told = of_role("keepalived_not_yet", hostvars=asked, **known)
    assert [one["words"] for one in told] == [" 192.168.10.15"]
    assert of_role("keepalived_not_yet", hostvars={"node2": {}}, **known) == []
