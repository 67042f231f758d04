# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's configuration: what is written is what is read, and everything that is wrong is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import config as node_config
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.config import ConfigError
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


def test_what_was_told_of_the_fleet_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(node_config.content(MODEL, "n1", NICS, {**SETTINGS, "fleet": 600})))
    assert node_config.load(path).fleet == 600


def test_no_key_of_anybody_is_written_to_a_node() -> None:
    assert "s3cret" not in json.dumps(node_config.content(MODEL, "n1", NICS, SETTINGS))


def test_what_is_left_over_is_served_by_its_name_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    gone = {"destination": "192.168.10.16/32", "addresses": ["192.168.10.16/32"], "route_table_ids": ["rtb-1"]}
    path.write_text(json.dumps(node_config.content(MODEL, "n1", NICS, SETTINGS, left=[gone])))
    config = node_config.load(path)
    assert [o.destination for o in node_config.chosen(config, ()).overlays] == ["192.168.10.15/32"]
    assert [o.destination for o in node_config.chosen(config, ["192.168.10.16"]).overlays] == ["192.168.10.16/32"]


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


def test_a_list_is_chosen_by_its_id_or_by_all_of_its_addresses(tmp_path: Path) -> None:
    listed = Overlay("pl-0123456789abcdef0", ("10.99.0.5/32", "10.98.0.6/32"), route_table_ids=("rtb-1",))
    config = Config("n1", (listed, Overlay("10.99.0.7/32", ("10.99.0.7/32",))))
    for wanted in (["pl-0123456789abcdef0"], ["10.98.0.6", "10.99.0.5"]):
        assert node_config.chosen(config, wanted).overlays == (listed,)
    with pytest.raises(
        ConfigError, match=r"^10.99.0.5 shares the route pl-0123456789abcdef0 with 10.98.0.6: they move"
    ):
        node_config.chosen(config, ["10.99.0.5"])
    with pytest.raises(ConfigError, match=r"^pl-0123456789abcdef1 is not an overlay IP of this node: it has pl-"):
        node_config.chosen(config, ["pl-0123456789abcdef1"])
    path = tmp_path / "config.json"
    raw = {"destination": listed.destination, "addresses": list(listed.addresses), "route_table_ids": ["rtb-1"]}
    path.write_text(json.dumps({"name": "n1", "overlays": [raw]}))
    path.chmod(0o600)
    assert node_config.load(path).overlays == (listed,)


def test_what_shares_a_route_is_chosen_as_a_whole() -> None:
    shared = Overlay("10.99.0.0/28", ("10.99.0.5/32", "10.99.0.6/32"))
    alone = Overlay("10.98.0.0/28", ("10.98.0.5/32",))
    config = Config("n1", (shared, alone), left=(Overlay("10.99.0.7/32", ("10.99.0.7/32",)),))
    assert node_config.chosen(config, ["10.99.0.0/28"]).overlays == (shared,)
    assert node_config.chosen(config, ["10.99.0.6", "10.99.0.5"]).overlays == (shared,)
    assert node_config.chosen(config, ["10.98.0.5"]).overlays == (alone,)
    assert node_config.chosen(config, ["10.99.0.7"], left=False).overlays == ()
    with pytest.raises(
        ConfigError, match=r"^10.99.0.5 shares the route 10.99.0.0/28 with 10.99.0.6: they move together"
    ):
        node_config.chosen(config, ["10.99.0.5"])


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
    why = {"fifo": "is not a file: ", "not UTF-8": "is not a valid configuration"}.get(kind, "cannot be read")
    with pytest.raises(ConfigError, match=f"^{path} {why}.* run the setup playbook"):
        node_config.load(path)


def written(tmp_path: Path, *overlays: dict[str, Any], **values: Any) -> Path:
    """A file with a good overlay, or with these."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"name": "n", "overlays": overlays or [json.loads(GOOD)], **values}))
    return path


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    [overlay] = (config := node_config.load(written(tmp_path))).overlays
    assert overlay == Overlay("192.0.2.1/32", (), "auto", "auto", (), "vpc-1", True)
    assert config == Config("n", (overlay,), {}, None, 0, {}, 20.0, 1.0, "tables")


def test_what_is_given_is_taken(tmp_path: Path) -> None:
    overlay = {
        "destination": "192.0.2.0/28",
        "addresses": ["192.0.2.1"],
        "interface": "lo",
        "label": "",
        "route_table_ids": ["rtb-1"],
        "every": True,
    }
    values: dict[str, Any] = {
        "aws": {"region": "r"},
        "network_interface_id": "eni-1",
        "device_index": 2,
        "peers": {"m": "eni-2"},
        "timeout": 0.1,
        "advert": 0.01,
        "iam_scope": "vpc",
    }
    assert node_config.load(written(tmp_path, overlay, **values)) == Config(
        "n",
        (Overlay("192.0.2.0/28", ("192.0.2.1/32",), "lo", "", ("rtb-1",), None, True),),
        {"region": "r"},
        "eni-1",
        2,
        {"m": "eni-2"},
        0.1,
        0.01,
        "vpc",
    )


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"iam_scope": "all"}, "iam_scope is 'all', not one of tables, vpc"),
        ({"device_index": -1}, "device_index is -1, not a number from 0 to 1000"),
        ({"timeout": True}, "timeout is True, not a number from 0.1 to 86400"),
        ({"advert": "1"}, "advert is '1', not a number from 0.01 to 86400"),
        ({"fleet": -1}, "fleet is -1, not a number from 0 to 100000"),
        ({"name": None}, "name is missing, not a text"),
        ({"name": ["x" * 80]}, f"name is ['{'x' * 38}, not a text"),
        ({"aws": "x"}, "aws is 'x', not a dictionary"),
        ({"peers": {"m": 5}}, "peers.m is 5, not a text"),
        ({"overlays": [{**json.loads(GOOD), "vpc_id": ""}]}, "overlays[0] has neither route_table_ids nor vpc_id"),
        ({"overlays": [{**json.loads(GOOD), "every": 1}]}, "overlays[0].every is 1, not true or false"),
        ({"overlays": [{**json.loads(GOOD), "addresses": [7]}]}, "overlays[0].addresses[0] is 7, not a text"),
    ],
)
def test_each_wrong_value_is_named(tmp_path: Path, values: dict[str, Any], why: str) -> None:
    path = written(tmp_path, **values)
    with pytest.raises(ConfigError) as told:
        node_config.load(path)
    assert str(told.value) == f"{path} is not a valid configuration ({why}): run the setup playbook again."


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_one_who_may_write_is_enough(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"^{path} can be written by others than root"):
        node_config.load(path)
    path.chmod(0o755)
    assert node_config.load(path).name == "n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_configuration_that_belongs_to_somebody_else_is_not_roots_word(tmp_path: Path) -> None:
    path = written(tmp_path)
    os.chown(path, 1000, -1)
    with pytest.raises(ConfigError, match="owner 1000"):
        node_config.load(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a file of root's")
def test_an_ordinary_user_believes_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert node_config.load(written(tmp_path)).name == "n"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    size = path.stat().st_size
    monkeypatch.setattr(node_config, "LARGEST", size)
    assert node_config.load(path).name == "n"
    monkeypatch.setattr(node_config, "LARGEST", size - 1)
    with pytest.raises(ConfigError, match=rf"has {size} bytes: run the setup playbook to write it anew\."):
        node_config.load(path)


def test_setup_writes_the_tables_that_it_saw_where_the_user_named_none() -> None:
    [named] = MODEL["overlays"]
    unnamed = {**named, "route_table_ids": [], "vpc_id": "vpc-9", "interface": "lo", "destination": "192.168.10.16/32"}
    model = {**MODEL, "overlays": [named, unnamed], "iam_scope": "vpc"}
    seen = {"192.168.10.15/32": ["rtb-8"], "192.168.10.16/32": ("rtb-9",)}
    content = node_config.content(model, "n1", NICS, SETTINGS, seen)
    assert content == {
        "name": "n1",
        "network_interface_id": "eni-1",
        "peers": {"n2": "eni-set"},
        "overlays": [
            {
                "destination": "192.168.10.15/32",
                "addresses": ["192.168.10.15/32"],
                "interface": "eth0",
                "label": "auto",
                "route_table_ids": ["rtb-1"],
                "every": False,
                "vpc_id": "vpc-1",
            },
            {
                "destination": "192.168.10.16/32",
                "addresses": ["192.168.10.15/32"],
                "interface": "lo",
                "label": "auto",
                "route_table_ids": ["rtb-9"],
                "every": True,
                "vpc_id": "vpc-9",
            },
        ],
        "iam_scope": "vpc",
        "aws": {"region": "eu-central-1"},
        "timeout": 20,
        "advert": 0.2,
    }


def test_an_address_that_is_none_is_not_chosen() -> None:
    with pytest.raises(ConfigError, match="'x' is not an IPv4 or IPv6 address"):
        node_config.chosen(Config("n1", ()), ["x"])
