# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plant one small fault at a time in a file, and run its unit tests: which faults would nobody notice?

    python tools/mutants.py plugins/module_utils/_route/plan.py              with the tests that are named after it
    python tools/mutants.py plugins/module_utils/_route/job.py tests/unit/plugins/modules/test_overlay_route.py ...

No file is changed: the fault is planted while the file is imported, in a process of its own. What survives is told,
unless tests/unit/mutants.md says why it is harmless. Exit status 1 where something else survived.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).parents[1]
HARMLESS = ROOT / "tests" / "unit" / "mutants.md"
PATIENCE = 60  # seconds for the tests of one mutant: one that never ends was noticed
PAIRS = (
    (ast.Eq, "==", ast.NotEq, "!="),
    (ast.Lt, "<", ast.LtE, "<="),
    (ast.Gt, ">", ast.GtE, ">="),
    (ast.Is, "is", ast.IsNot, "is not"),
    (ast.In, "in", ast.NotIn, "not in"),
    (ast.And, "and", ast.Or, "or"),
    (ast.Add, "+", ast.Sub, "-"),
    (ast.Mult, "*", ast.Div, "/"),
)
_SWAPS: dict[type[Any], tuple[str, type[Any]]] = {}
for _one, _sign, _other, _opposite in PAIRS:
    _SWAPS[_one], _SWAPS[_other] = (f"{_sign} → {_opposite}", _other), (f"{_opposite} → {_sign}", _one)


@dataclass(frozen=True)
class Fault:
    """In ``node``, ``field`` becomes ``value``; ``what`` says it."""

    node: ast.AST
    field: str
    value: Any
    what: str

    @property
    def line(self) -> int:
        """Where it is."""
        return int(getattr(self.node, "lineno", 0))


def faults(tree: ast.AST) -> Iterator[Fault]:
    """All faults of a file, in its order."""
    for node in _walked(tree):
        if isinstance(node, ast.Compare):
            for n, op in enumerate(node.ops):
                if type(op) in _SWAPS:
                    what, other = _SWAPS[type(op)]
                    yield Fault(node, "ops", [*node.ops[:n], other(), *node.ops[n + 1 :]], what)
        elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in _SWAPS and not _is_text(node):
            what, other = _SWAPS[type(node.op)]
            yield Fault(node, "op", other(), what)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield Fault(node, "operand", ast.UnaryOp(ast.Not(), node.operand), "not → ")
        elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
            value = not node.value if isinstance(node.value, bool) else node.value + 1
            yield Fault(node, "value", value, f"{node.value} → {value}")
        elif isinstance(node, (ast.If, ast.IfExp)):
            yield from (Fault(node, "test", ast.Constant(value), f"if {value}") for value in (True, False))
        elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            yield Fault(node, "value", ast.Constant(None), "return None")


def harmless() -> set[tuple[str, str, str]]:
    """File, line and fault of those that tests/unit/mutants.md excuses."""
    return set(re.findall(r"^\| `(.+?)` \| `(.+)` \| `(.+?)` \| ", HARMLESS.read_text(encoding="utf-8"), re.MULTILINE))


def tests_of(file: Path) -> list[str]:
    """The tests that are named after a file: test_plan.py, test_plan_*.py in the same folder below tests/unit."""
    folder = ROOT / "tests" / "unit" / file.parent.relative_to(ROOT)
    return [str(p) for pattern in (f"test_{file.stem}.py", f"test_{file.stem}_*.py") for p in folder.glob(pattern)]


def survivors(file: Path, tests: Sequence[str]) -> Iterator[tuple[Fault, bool]]:
    """Each fault, and whether it survived."""
    source = file.read_text(encoding="utf-8")
    if _fails(file, compile(source, file, "exec"), tests):
        sys.exit("The tests fail without any fault.")
    for number in range(len(list(faults(ast.parse(source))))):
        tree = ast.parse(source)
        fault = list(faults(tree))[number]
        setattr(fault.node, fault.field, fault.value)
        yield fault, not _fails(file, compile(ast.fix_missing_locations(tree), file, "exec"), tests)


def _fails(file: Path, code: CodeType, tests: Sequence[str]) -> bool:
    """Whether the tests fail where the file is this code: in a process of its own, which has the libraries already."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    status = 1
    with contextlib.suppress(BaseException):
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        signal.alarm(PATIENCE)
        original = SourceFileLoader.get_code

        def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
            return code if Path(self.path).resolve() == file else original(self, fullname)

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
        import pytest

        status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", *tests]))
    os._exit(status)


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those of decorators and of annotations, which do nothing."""
    yield node
    for field, value in ast.iter_fields(node):
        if field not in ("decorator_list", "annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _walked(child)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)


def main() -> int:
    """Tell what survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("tests", nargs="*", help="by default those that are named after the file")
    options = parser.parse_args()
    file = options.file.resolve()
    tests = options.tests or tests_of(file)
    if not tests:
        parser.error(f"no test is named after {options.file}: name some.")
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # each start costs
    for library in ("pytest", "hypothesis", "yaml", "botocore.session", "ansible.module_utils.basic"):
        importlib.import_module(library)
    lines = file.read_text(encoding="utf-8").splitlines()
    name = str(file.relative_to(ROOT)).removeprefix("plugins/module_utils/")
    excused, count, alive, listed = harmless(), 0, 0, 0
    for fault, survived in survivors(file, tests):
        count += 1
        text = lines[fault.line - 1].strip()
        if survived and (name, text, fault.what) in excused:
            listed += 1
        elif survived:
            alive += 1
            print(f"{name}:{fault.line}: {fault.what}: {text}", flush=True)
    print(f"{name}: {count} faults, {count - alive - listed} noticed, {listed} harmless, {alive} not noticed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
