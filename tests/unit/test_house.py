# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house hold (tools/house.py), and a violation of each is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

import house


def plant(root: Path, **files: str) -> list[str]:
    """A small house with these files (`_room__file`: text), and what is wrong with it."""
    for name, text in {
        "_base__net": '"""Spelling. Pure."""',
        "_aws__client": "import botocore.session",
        **files,
    }.items():
        path = root / "plugins" / "module_utils" / (name.replace("__", "/") + ".py")
        if name.startswith("modules__"):
            path = root / "plugins" / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    found: list[str] = house.violations(house.read(root))
    return found


def test_the_rules_hold() -> None:
    assert house.violations(house.read()) == []


def test_the_picture_is_current() -> None:
    assert house.SVG.read_text() == house.picture(house.read()), "run tools/house.py --draw"


def test_a_house_in_order_passes(tmp_path: Path) -> None:
    assert (
        plant(tmp_path, _route__plan="from .._base import net\n", modules__overlay_route="import ansible.errors") == []
    )


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"_route__p": "from .._policy import p", "_policy__p": ""},
            "_route/p.py imports _policy/p.py, which is above",
        ),
        ({"_base__up": "from .._aws import client"}, "_base/up.py imports _aws/client.py, which is above it."),
        ({"_base__late": "def f():\n    from .._aws.client import Aws"}, "_base/late.py imports _aws/client.py, which"),
        ({"_aws__net": "from .._base import net"}, "_aws/net.py imports _base/net.py: _aws imports nobody of ours."),
        (
            {"_route__a": "from . import b", "_route__b": "from . import a"},
            "_route/a.py -> _route/b.py -> _route/a.py is",
        ),
        (
            {"_route__a": "from . import b", "_route__b": "from .c import x", "_route__c": "from .a import y"},
            "_route/a.py -> _route/b.py -> _route/c.py -> _route/a.py is a circle of imports.",
        ),
        ({"_route__a": "from .b import x"}, "_route/a.py imports _route/b/__init__.py, which is not there."),
        (
            {"_route__a": "from ansible_collections.x.y import z"},
            "_route/a.py imports ansible_collections, which nobody",
        ),
        ({"_route__sdk": "import botocore"}, "_route/sdk.py imports botocore, which only _aws/client.py may."),
        ({"_route__sdk": "from boto3 import client"}, "_route/sdk.py imports boto3, which nobody may."),
        ({"_address__nl": "import pyroute2"}, "_address/nl.py imports pyroute2, which only _address/netlink.py may."),
        ({"_node__cli": "from ansible.module_utils import basic"}, "_node/cli.py imports ansible, which only _module/"),
        ({"_base__io": '"""Pure."""\nimport os'}, "_base/io.py says that it is pure, but imports os."),
        (
            {"_base__io": '"""Reads."""', "_base__p": '"""Pure."""\nfrom . import io'},
            "_base/p.py says that it is pure, but imports _base/io.py, which is not.",
        ),
        ({"_base__io": '"""Pure: no I/O."""\nopen("x")'}, "_base/io.py says that it is pure, but calls open."),
        ({"_base__p": '"""Pure."""\nimport json.tool'}, "_base/p.py says that it is pure, but imports json.tool."),
        ({"_base__p": '"""Pure."""\nfrom json import tool'}, "_base/p.py says that it is pure, but imports json.tool."),
        (
            {"_base__p": '"""Pure."""\nimport xml.etree.ElementTree as E\nE.parse("/etc/passwd")'},
            "_base/p.py says that it is pure, but calls xml.etree.ElementTree.parse.",
        ),
        (
            {"_base__p": '"""Pure."""\nfrom datetime import datetime as d\nd.now()'},
            "_base/p.py says that it is pure, but calls datetime.datetime.now.",
        ),
        (
            {"_base__p": '"""Pure."""\nimport datetime\ndatetime.datetime.now()'},
            "_base/p.py says that it is pure, but calls datetime.datetime.now.",
        ),
        (
            {"_route__sdk": 'from importlib import import_module\nimport_module("botocore")'},
            "_route/sdk.py imports botocore, which only _aws/client.py may.",
        ),
        ({"_route__sdk": '__import__("boto3.session")'}, "_route/sdk.py imports boto3, which nobody may."),
        (
            {"_policy__p": "from .._address import a", "_address__a": ""},
            "_policy uses _address: say in FLOWS of tools/house.py what it gets there.",
        ),
        ({"_attic__x": ""}, "_attic/x.py lies in a room that tools/house.py does not know"),
    ],
)
def test_a_violation_is_noticed(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    assert any(found.startswith(sentence) for found in plant(tmp_path, **files))


def test_the_tool_says_that_the_picture_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.main([]) == 0
    picture = tmp_path / "house.svg"
    picture.write_text("<svg/>")
    monkeypatch.setattr(house, "SVG", picture)
    assert house.main([]) == 1
    assert "docs/house.svg is not current: run python tools/house.py --draw." in capsys.readouterr().out
    assert house.main(["--draw"]) == 0
    assert house.main([]) == 0
