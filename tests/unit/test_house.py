# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house hold (tools/house.py), and a violation of each is noticed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "house.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["house"] = module
    spec.loader.exec_module(module)
    return module


house = load()


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
    done = subprocess.run([sys.executable, TOOL, "--draw", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_house_in_order_passes(tmp_path: Path) -> None:
    assert (
        plant(tmp_path, _route__plan="from .._base import net\n", modules__overlay_route="import ansible.errors") == []
    )


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"_base__up": "from .._aws import client"}, "_base/up.py imports _aws/client.py, which is above it."),
        ({"_base__late": "def f():\n    from .._aws.client import Aws"}, "_base/late.py imports _aws/client.py, which"),
        ({"_aws__net": "from .._base import net"}, "_aws/net.py imports _base/net.py: _aws imports nobody of ours."),
        ({"_route__a": "from . import b", "_route__b": "from . import a"}, "_route/a.py and _route/b.py import each"),
        ({"_route__sdk": "import botocore"}, "_route/sdk.py imports botocore, which only _aws/client.py may."),
        ({"_route__sdk": "from boto3 import client"}, "_route/sdk.py imports boto3, which only nobody may."),
        ({"_address__nl": "import pyroute2"}, "_address/nl.py imports pyroute2, which only _address/netlink.py may."),
        ({"_node__cli": "from ansible.module_utils import basic"}, "_node/cli.py imports ansible, which only _module/"),
        ({"_base__io": '"""Pure."""\nimport os'}, "_base/io.py says that it is pure, but imports os."),
        (
            {"_base__io": '"""Reads."""', "_base__p": '"""Pure."""\nfrom . import io'},
            "_base/p.py says that it is pure, but imports _base/io.py, which is not.",
        ),
        ({"_attic__x": ""}, "_attic/x.py lies in a room that tools/house.py does not know"),
    ],
)
def test_a_violation_is_noticed(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    assert any(found.startswith(sentence) for found in plant(tmp_path, **files))
