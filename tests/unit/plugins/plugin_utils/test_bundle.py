# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent of a module that runs on a node. tests/integration/node_part/test_slim.py shows what comes of it."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import bundle, slim
from unit.pythons import SUPPORTED, TOO_OLD, installed

FILES = sorted(
    str(path.relative_to(bundle.PLUGINS).with_suffix("")).replace("/", ".")
    for folder in ("modules", "module_utils")
    for path in (bundle.PLUGINS / folder).rglob("*.py")
)
#: The modules that are sent so: those whose action plugin says it.
NAMES = sorted(
    path.stem
    for path in (bundle.PLUGINS / "action").glob("overlay_*.py")
    if {"Slim", "Clocked"} & set(path.read_text().replace("(", " ").replace(")", " ").split())
)
ASKED: dict[str, Any] = {
    "name": "aws_ha.overlay_ip.overlay_check",
    "params": {"script": "true", "timeout": 1.0},
    "check_mode": False,
    "diff": False,
    "hidden": [],
    "traces": False,
    "invocation": True,
    "log": None,
}


def bundled(name: str) -> bundle.Bundle:
    found = bundle.of(name)
    assert found is not None
    return found


def run(script: bytes, python: str = sys.executable, **how: Any) -> dict[str, Any]:
    """What the script says on a node: a Python that finds nothing of ours, and nothing of Ansible's."""
    done = subprocess.run([python, "-E", "-S", "-"], input=script, capture_output=True, check=False, **how)
    assert done.stdout.strip(), done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if answer.get("failed") else 0)
    return answer


def parsed(name: str, text: str) -> Iterator[str]:
    """What a file imports of ours, by Python's own parser."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            package = ".".join([*name.split(".")[: -node.level], *([node.module] if node.module else [])])
            yield package
            yield from (f"{package}.{alias.name}" for alias in node.names)


def test_all_that_run_on_nodes_are_sent_so() -> None:
    assert [name.removeprefix("overlay_") for name in NAMES] == [
        *("check", "cluster_configuration", "cluster_resource", "history", "interface", "keepalived_info"),
        *("lease", "node_info", "node_program", "probe", "turn"),
    ]
    assert [name for name in NAMES if bundle.of(name) is None] == []


def test_what_is_sent_of_the_history() -> None:
    found = bundled("overlay_history")
    ours = {name.removeprefix(f"{bundle.PACKAGE}.") for name in found.texts}
    assert ours == {
        "modules.overlay_history",
        "module_utils._base.deployment",
        "module_utils._engine.lease",
        "module_utils._module.arrival",
        "module_utils._node.history",
        "module_utils._node.journal",
        "module_utils._node.moves",
        bundle.BASIC,
    }


#: kB at most, a fifth more than it is: who imports much for a little shall notice.
MOST = {
    "overlay_check": 11,
    "overlay_cluster_configuration": 48,
    "overlay_cluster_resource": 48,
    "overlay_history": 25,
    "overlay_interface": 77,
    "overlay_keepalived_info": 13,
    "overlay_lease": 14,
    "overlay_node_info": 140,
    "overlay_node_program": 265,
    "overlay_probe": 13,
    "overlay_turn": 86,
}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_ansible_s_is_sent(name: str) -> None:
    found = bundled(name)
    assert len(found.script(ASKED)) < MOST[name] * 1000
    assert [one for one in found.texts if not one.startswith(bundle.PACKAGE)] == [bundle.BASIC]
    assert found.texts[bundle.BASIC] == bundle.PLUGINS.joinpath("module_utils/_module/stand_in.py").read_text()
    assert "short_description" not in found.texts[f"{bundle.PACKAGE}.modules.{name}"]


@pytest.mark.parametrize("name", FILES)
def test_imports_are_found_as_python_finds_them(name: str) -> None:
    text = bundle._read(name)
    assert set(bundle.imported(name, text)) == set(parsed(name, text))


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("from . import a", ["m._r", "m._r.a"]),
        ("    from .._s.b import c as d, e", ["m._s.b", "m._s.b.c", "m._s.b.e"]),
        ("from ..f import (\n    g,  # why, and what\n    h as i,\n)", ["m.f", "m.f.g", "m.f.h"]),
        ("import os\nfrom os import path\n# from .x y", []),
    ],
)
def test_an_import(line: str, names: list[str]) -> None:
    assert list(bundle.imported("m._r.x", line)) == names


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_judged_by_what_the_module_gives_to_ansible(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the module is judged by itself, and by what Ansible's documentation is made of."""
    module: Any = importlib.import_module(f"{bundle.PACKAGE}.modules.{name}")
    seen = MagicMock(side_effect=SystemExit)
    monkeypatch.setattr(module, "AnsibleModule", seen)
    with pytest.raises(SystemExit):
        module.main()
    found = bundled(name)
    assert seen.call_args.kwargs == {"argument_spec": found.spec, "supports_check_mode": True, **found.rules}
    deep = json.dumps({key: value.get("options") for key, value in found.spec.items()})
    assert '"path"' not in deep, "a path in a suboption may be another on each node: tell slim.py of it"
    assert "fallback" not in str(found.spec), "an environment is the node's: tell slim.py of it"


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_in_has_what_the_module_uses(name: str) -> None:
    """Of Ansible's class, of which the module may use anything where it is sent with that."""
    tree = ast.parse(bundle._read(f"modules.{name}"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "module"
    }
    assert used >= {"params", "exit_json"}
    assert used <= {"params", "check_mode", "_diff", "no_log_values", "warn", "exit_json", "fail_json"}
    results = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    assert not results & {"path", "dest"}, "Ansible adds what it finds out about such a file"


@pytest.mark.parametrize(
    "text",
    [
        "from ansible.module_utils.basic import AnsibleModule\nfrom ansible.module_utils import x\nSPEC: dict = {}",
        "from ansible.module_utils.basic import AnsibleModule, env_fallback\nSPEC: dict = {}",
        "from ansible.module_utils.basic import AnsibleModule\nimport ansible\nSPEC: dict = {}",
        "from ansible.module_utils.basic import AnsibleModule\n",
        "from ansible.module_utils.basic import AnsibleModule\nSPEC: dict = {**made_here}",
        "from ansible.module_utils.basic import AnsibleModule\nfrom nowhere import x\nSPEC: dict = {**x}",
        "# WANT_JSON\nprint('what stands in for it')",
    ],
)
def test_what_needs_more_goes_ansible_s_own_way(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/overlay_x.py").write_text(text)
    monkeypatch.setattr(bundle, "PLUGINS", tmp_path)
    assert bundle.of("overlay_x") is None
    assert bundle.of("overlay_nowhere") is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("version", SUPPORTED)
def test_it_runs_where_nothing_is_installed(version: str) -> None:
    python = installed(version) or pytest.skip(f"Python {version} is not installed")
    answer = run(bundled("overlay_check").script(ASKED), python)
    assert answer["invocation"] == {"module_args": ASKED["params"]}
    assert (answer["changed"], answer["told"][:12]) == (False, "exit code 0 ")


@pytest.mark.parametrize("name", NAMES)
def test_the_oldest_python_can_import_it(name: str) -> None:
    """It ends at the first argument, none of which is there, or with a sentence of its own."""
    python = installed(SUPPORTED[0]) or pytest.skip(f"Python {SUPPORTED[0]} is not installed")
    answer = run(bundled(name).script({**ASKED, "params": {}, "check_mode": True}), python)
    assert answer["failed"]
    if "exception" in answer:
        assert answer["msg"].startswith("MODULE FAILURE: KeyError: "), answer["exception"]


@pytest.mark.parametrize("version", TOO_OLD)
def test_a_python_that_is_too_old_says_so_and_does_nothing(version: str) -> None:
    python = installed(version) or pytest.skip(f"Python {version} is not installed")
    answer = run(bundled("overlay_history").script(ASKED), python)
    assert answer == {"failed": True, "msg": "This needs Python 3.9.", bundle.TOO_OLD: "3.9"}


@pytest.mark.parametrize(
    "text",
    [
        "'\"; echo {{ 7 * 7 }} {% raw %} $(id) `id` \\ \\n %s {0} {too_old} \r\n\t\v\0",
        "é\u2028\U0001f600\u202e\ufeff",
        "\udc80",
        '""" + __import__("os").getcwd() + """',
        "x" * 1_000_000,
    ],
)
def test_arguments_arrive_as_they_are(text: str) -> None:
    params = {"deployment": text, text[:100]: [text, {"x": text}], "lease": None}
    answer = run(bundled("overlay_lease").script({**ASKED, "params": params}))
    assert answer["failed"], "a deployment has no such name"
    assert answer["invocation"]["module_args"] == params


def test_no_file_that_lies_about_is_taken_for_python_s(tmp_path: Path) -> None:
    """As the user that the task became stands where another one writes."""
    for name in ("json", "zlib", "base64", "typing", "ansible"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken')")
    script = bundled("overlay_check").script(ASKED)
    assert run(script, cwd=tmp_path)["told"]
    (tmp_path / "sent.py").write_bytes(script)
    done = subprocess.run([sys.executable, tmp_path / "sent.py"], cwd=tmp_path, capture_output=True, check=False)
    assert json.loads(done.stdout)["told"]


def test_a_folder_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    argv = ["sh", "-c", f'cd {tmp_path}/gone; rmdir ../gone; exec "$0" -', sys.executable]
    done = subprocess.run(argv, input=bundled("overlay_check").script(ASKED), capture_output=True, check=False)
    assert json.loads(done.stdout)["told"]


def test_what_nobody_caught_names_the_line(tmp_path: Path) -> None:
    answer = run(bundled("overlay_history").script({**ASKED, "params": {"record": None}}))
    assert answer["msg"] == "MODULE FAILURE: KeyError: 'deployment'"
    text = (bundle.PLUGINS / "modules/overlay_history.py").read_text().splitlines()
    number = next(n for n, line in enumerate(text, 1) if 'Deployment(module.params["deployment"])' in line)
    place = f'File "{bundle.PACKAGE.replace(".", "/")}/modules/overlay_history.py", line {number}, in main'
    assert place in answer["exception"]
    assert text[number - 1].strip() in answer["exception"]


def test_ansible_is_asked_for_the_interpreter_by_a_module_that_imports_nothing() -> None:
    """Else it would pack what that imports."""
    text = (bundle.PLUGINS / f"modules/{slim.IMPORTS_NOTHING.rpartition('.')[2]}.py").read_text()
    others = {(bundle.PLUGINS / f"modules/{name}.py").read_text().splitlines()[0] for name in NAMES}
    assert others == {text.splitlines()[0]}, "the same interpreter"
    assert "module_utils" not in text
    assert "WANT_JSON" not in text
