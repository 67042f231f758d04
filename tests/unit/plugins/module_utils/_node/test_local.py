# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's configuration and its addresses by `ip`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.iproute import AddressError, Addresses, run_ip
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import config as node_config
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import ConfigError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.local import Local
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay

MODEL: dict[str, Any] = {
    "nodes": {"n1": {"network_interface_id": None}, "n2": {"network_interface_id": "eni-set"}},
    "overlays": [
        {
            "destination": "192.168.10.15/32",
            "node_addresses": ["192.168.10.15/32"],
            "interface": "auto",
            "label": "auto",
            "route_table_ids": ["rtb-1"],
            "vpc_id": None,
        }
    ],
}
NICS = {
    "n1": {"name": "eth0", "network_interface_id": "eni-1", "vpc_id": "vpc-1"},
    "n2": {"name": "ens5", "network_interface_id": "eni-2", "vpc_id": "vpc-1"},
}
SETTINGS = {"aws": {"region": "eu-central-1", "secret_key": "s3cret", "profile": "p"}, "timeout": 20, "advert": 0.2}


def test_what_the_playbook_writes_is_what_the_program_reads(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(node_config.content(MODEL, "n1", NICS, SETTINGS)))
    assert node_config.load(path) == Config(
        name="n1",
        overlays=(Overlay("192.168.10.15/32", ("192.168.10.15/32",), "eth0", "auto", ("rtb-1",), "vpc-1"),),
        aws={"region": "eu-central-1"},
        network_interface_id="eni-1",
        peers={"n2": "eni-set"},
        timeout=20.0,
        advert=0.2,
    )


def test_no_key_of_anybody_is_written_to_a_node() -> None:
    assert "s3cret" not in json.dumps(node_config.content(MODEL, "n1", NICS, SETTINGS))


OVERLAYS = '{"name": "n", "overlays": [{"destination": "%s", "addresses": []}]}'


@pytest.mark.parametrize("text", ["", "{}", "[]", OVERLAYS % "x", OVERLAYS % "192.0.2.1/32"])
def test_a_broken_configuration_is_told_with_its_remedy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"config.json is not a valid configuration .* run the setup playbook"):
        node_config.load(path)


def test_a_missing_configuration_is_told_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*: run the setup playbook"):
        node_config.load(tmp_path / "config.json")


def test_only_overlays_of_the_configuration_can_be_chosen() -> None:
    config = Config("n1", (Overlay("192.168.10.15/32", ()), Overlay("2001:db8::1/128", ())))
    assert node_config.chosen(config, ["2001:DB8::1"]).overlays == (Overlay("2001:db8::1/128", ()),)
    assert node_config.chosen(config, []) == config
    with pytest.raises(ConfigError, match=r"192.168.10.16/32 is not an overlay IP of this node"):
        node_config.chosen(config, ["192.168.10.16"])


class Ip:
    """`ip` on a node with one interface; the commands that change something are kept."""

    def __init__(self, *addresses: dict[str, Any]) -> None:
        self.info = [{"family": "inet", "local": "10.0.1.10", "prefixlen": 24, "label": "eth0", "dynamic": True,
                      "valid_life_time": 3000}, *addresses]  # fmt: skip
        self.changes: list[str] = []

    def __call__(self, arguments: Sequence[str], lines: str = "") -> str:
        if arguments == ["-json", "address", "show"]:
            lo = {"ifindex": 1, "ifname": "lo", "flags": ["UP"], "addr_info": []}
            return json.dumps([lo, {"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "addr_info": self.info}])
        if arguments[:1] == ["-json"]:
            routes = [{"dst": "default", "dev": "eth0"}, {"dst": "default", "dev": "eth1", "metric": 200}]
            return json.dumps(routes) if arguments[1] == "-4" else ""
        assert arguments == ["-batch", "-"]
        self.changes += lines.splitlines()
        return ""


LIVE = {"family": "inet", "local": "192.168.10.15", "prefixlen": 32, "label": "eth0:1", "valid_life_time": 4294967295}


def local(ip: Ip, *overlays: Overlay) -> Local:
    return Local(Config("n1", overlays or (Overlay("192.168.10.15/32", ("192.168.10.15/32",)),)), Addresses(ip))


def test_an_address_comes_up_labelled_on_the_interface_of_the_default_route() -> None:
    ip = Ip()
    assert local(ip).up()
    assert ip.changes == ["address replace 192.168.10.15/32 dev eth0 label eth0:1"]


def test_an_ipv6_address_never_becomes_a_source_address() -> None:
    ip = Ip()
    assert local(ip, Overlay("2001:db8::15/128", ("2001:db8::15/128",))).up()
    assert ip.changes == ["address replace 2001:db8::15/128 dev eth0 nodad valid_lft forever preferred_lft 0"]


def test_what_is_there_is_left_alone() -> None:
    ip = Ip(LIVE)
    node = local(ip)
    assert node.complete()
    assert node.live() == {"192.168.10.15/32": "eth0"}
    assert not node.up()
    assert ip.changes == []


def test_foreseeing_changes_nothing() -> None:
    ip = Ip()
    local(ip).foresee()
    assert ip.changes == []


def test_an_address_goes_down_wherever_it_is() -> None:
    ip = Ip(LIVE)
    assert local(ip).down()
    assert ip.changes == ["address delete 192.168.10.15/32 dev eth0"]
    assert not local(Ip()).down()


def test_what_ip_refuses_is_told() -> None:
    with pytest.raises(AddressError, match=r"'ip link nonsense' failed: "):
        run_ip(["link", "nonsense"])


_AWS: dict[str, tuple[Any, ...]] = {
    "endpoint_url": (5, True, ["a"], {"a": 5}, "a\0b"),
    "region": (5, "\ud800"),
    "assume_role_arn": (["a"], "\ud800"),
    "aws_config": (5, "abc", [[]]),
    "validate_certs": (5, "no"),
}
WRONG = [
    ('{"name": "n", "overlays": "abc"}', "overlays is 'abc', not a list"),
    ('{"name": "n", "overlays": [5]}', "overlays[0] is 5, not a dictionary"),
    ('{"name": "n", "overlays": []}', "overlays is empty"),
    ('{"name": "n", "overlays": [GOOD], "peers": ["n2"]}', "peers is ['n2'], not a dictionary"),
    ('{"name": "n", "overlays": [GOOD], "timeout": NaN}', "timeout is nan, not a number from 0.1 to 86400"),
    ('{"name": "n", "overlays": [GOOD], "timeout": -5}', "timeout is -5, not a number from 0.1 to 86400"),
    ('{"name": "n", "overlays": [GOOD], "timeout": Infinity}', "timeout is inf, not a number from 0.1 to 86400"),
    ('{"name": "n", "overlays": [{"destination": "192.0.2.1/32", "addresses": [], "vpc_id": "v", "label": 5}]}',
     "overlays[0].label is 5, not a text"),
    *((f'{{"name": "n", "overlays": [GOOD], "timeout": {n}}}', "not a number from 0.1 to") for n in ("1e300", "1e9")),
    *(
        (f'{{"name": "n", "overlays": [GOOD], "aws": {json.dumps({name: value})}}}', f"aws.{name} is ")
        for name, values in _AWS.items()
        for value in values
    ),
    ("[" * 100000, "recursion"),
]  # fmt: skip
GOOD = '{"destination": "192.0.2.1/32", "addresses": [], "vpc_id": "vpc-1"}'


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_every_value_of_the_configuration_is_checked(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text.replace("GOOD", GOOD))
    with pytest.raises(ConfigError) as told:
        node_config.load(path)
    assert why in str(told.value)
    assert str(told.value).endswith("run the setup playbook again.")


def test_a_configuration_that_others_may_write_is_not_roots_word(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"name": "n", "overlays": [GOOD]}'.replace("GOOD", GOOD))
    assert node_config.load(path).name == "n"
    path.chmod(0o666)
    with pytest.raises(ConfigError, match=r"can be written by others than root \(owner 0, mode 666\)"):
        node_config.load(path)


@pytest.mark.parametrize("kind", ["fifo", "directory", "not UTF-8", "dangling link"])
def test_what_is_no_file_of_text_is_told_and_hangs_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.json"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_bytes(b"\xff\xfe{")
    with pytest.raises(ConfigError, match="run the setup playbook"):
        node_config.load(path)
