# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent of a module that runs on a node: its file, those of ours that it imports, and what stands for Ansible's.

The sources lie in one text, which starts them; arguments are beside them as data, and never part of any code.
"""

from __future__ import annotations

import ast
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import compress

PLUGINS = Path(__file__).parents[1]
PACKAGE = "ansible_collections.aws_ha.overlay_ip.plugins"
BASIC = "ansible.module_utils.basic"
STAND_IN, ARRIVAL = "module_utils._module.stand_in", "module_utils._module.arrival"
TOO_OLD = "overlay_ip_needs_python"
"""A key of the result of a Python that cannot read our sources: nothing was done."""

_FROM = re.compile(r"^[ \t]*from (\.+)([\w.]*) import (?:\(([^)]*)\)|(.*))", re.MULTILINE)
"""How ours import ours. Parsing takes a tenth of a second, and finds the same: tests/unit holds it against that."""
_ANSIBLES = re.compile(r"^[ \t]*(?:from|import) +ansible.*", re.MULTILINE)
_KNOWN = f"from {BASIC} import AnsibleModule"
_DOCUMENTATION = re.compile(r'^(?:DOCUMENTATION|EXAMPLES|RETURN) = r"""$.*?^"""$', re.MULTILINE | re.DOTALL)

_START = """\
import os, sys
if sys.version_info < (3, 9):
    sys.stdout.write('{{"failed": true, "msg": "This needs Python 3.9.", "{too_old}": "3.9"}}\\n')
    sys.exit(1)
try:
    os.getcwd()
except OSError:
    os.chdir("/")
here = os.path.dirname(os.path.realpath(__file__)) if "__file__" in globals() else ""
sys.path = [path for path in sys.path if path not in ("", ".", here)]  # no file that lies about is taken for Python's
from base64 import b64decode
from json import loads
from zlib import decompress
texts, asked = (loads(decompress(b64decode(sent))) for sent in ("{texts}", "{asked}"))
space = {{"__name__": "{arrival}"}}
exec(compile(texts["{arrival}"], "{arrival}", "exec"), space)
space["run"]("{name}", texts, asked)
"""


@dataclass(frozen=True)
class Bundle:
    """One module.

    Attributes:
        name: its last one.
        spec, rules: its SPEC, and its RULES where it has any.
        texts: what is sent, by full name.
        packed: that, as it is sent.
    """

    name: str
    spec: dict[str, Any]
    rules: dict[str, Any]
    texts: Mapping[str, str]
    packed: str

    @property
    def path(self) -> str:
        """Its file."""
        return str(_file(f"modules.{self.name}"))

    def script(self, asked: Mapping[str, Any]) -> bytes:
        """What the node's Python is given to run the module for this."""
        start, main = f"{PACKAGE}.{ARRIVAL}", f"{PACKAGE}.modules.{self.name}"
        text = _START.format(too_old=TOO_OLD, texts=self.packed, asked=_pack(asked), arrival=start, name=main)
        return text.encode("ascii")


def of(name: str) -> Bundle | None:
    """The bundle of the module of this name; None where it needs more than that, or cannot be read."""
    main = f"modules.{name}"
    try:
        found = sources(main)
        lines = [line.group() for text in found.values() for line in _ANSIBLES.finditer(text)]
        if set(lines) != {_KNOWN} or _KNOWN not in found[main]:
            return None
        spec, rules = judged_by(found[main])
    except (OSError, ImportError, NameError, SyntaxError):
        return None
    texts = {f"{PACKAGE}.{one}": text for one, text in found.items()}
    texts[f"{PACKAGE}.{ARRIVAL}"], texts[BASIC] = _read(ARRIVAL), _read(STAND_IN)
    return Bundle(name, spec, rules, texts, _pack(texts))


def judged_by(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """SPEC and RULES of a module. What else it imports, for its work, is left out: that takes a tenth of a second.

    Raises:
        NameError: it has no SPEC, or that is made of more than of what is imported.
        ImportError: that cannot be.
        SyntaxError: it is written for a newer Python.
    """
    body = ast.parse(text).body
    made = [node for node in body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in ("SPEC", "RULES")]
    used = {name.id for node in made for name in ast.walk(node) if isinstance(name, ast.Name)}
    code: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.ImportFrom) and (names := [one for one in node.names if one.name in used]):
            code.append(ast.ImportFrom(node.module, names, node.level))
    code += [ast.Assign([node.target], node.value) for node in made if node.value]
    space: dict[str, Any] = {"__package__": f"{PACKAGE}.modules"}
    exec(compile(ast.fix_missing_locations(ast.Module(code, [])), "SPEC", "exec"), space)
    if "SPEC" not in space:
        raise NameError("SPEC")
    return space["SPEC"], space.get("RULES", {})


def sources(main: str) -> dict[str, str]:
    """`main` and all of ours that it imports, directly or not, at the top of a file or in a function.

    Raises:
        OSError: a file cannot be read.
    """
    found: dict[str, str] = {}
    wanted = [main]
    while wanted:
        name = wanted.pop()
        if name not in found and _file(name).is_file():
            found[name] = text = _read(name)
            wanted += imported(name, text)
    return found


def imported(name: str, text: str) -> Iterator[str]:
    """What a file of this name imports of ours: modules, and names in them, which are none."""
    for line in _FROM.finditer(text):
        dots, module, several, one = line.groups()
        package = ".".join([*name.split(".")[: -len(dots)], *filter(None, [module])])
        yield package
        for words in re.sub(r"#.*", "", several or one).split(","):
            if words.strip():
                yield f"{package}.{words.split()[0]}"


def _file(name: str) -> Path:
    return PLUGINS.joinpath(*name.split(".")).with_suffix(".py")


def _read(name: str) -> str:
    """A file's text; of a module's documentation the empty lines, so that tracebacks name the right ones."""
    return _DOCUMENTATION.sub(lambda found: "\n" * found.group().count("\n"), _file(name).read_text(encoding="utf-8"))


def _pack(value: Any) -> str:
    return b64encode(compress(json.dumps(value).encode("ascii"))).decode("ascii")
