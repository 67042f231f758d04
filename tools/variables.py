# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/variables.md from the one list of variables and the roles' argument specs; --check: is it current?"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._inventory.variables import (  # noqa: E402
    HOST,
    REQUEST,
    VARIABLES,
    Variable,
)

PAGE = ROOT / "docs" / "variables.md"
TITLES = {
    "overlay_ip": "What there is, and how it is called",
    "packages": "Packages",
    "node_ready": "Setup",
    "overlay_interface": "Step 3: the address",
    "overlay_iam_policy": "Step 4: the policy",
    "switchover": "Switchover",
    "metrics": "Metrics",
    "status": "Status",
    "fleet": "Status of many pairs",
    "evacuate": "Evacuation",
    "path": "Path",
    "history": "History",
    "respond": "Response to alerts",
    "drill": "Drill",
    "migration": "Migration of a cluster that was there before",
    "node_program": "Failover, both engines",
    "keepalived": "Failover by keepalived",
    "pacemaker": "Failover by Pacemaker",
}
HEAD = """\
# All variables

Made by `tools/variables.py` from the one list (`plugins/module_utils/_inventory/variables.py`), by which every playbook
judges the inventory before it changes anything: all mistakes at once, each in a sentence with name, value and remedy.
A name that begins with `overlay_ip` and is not here is refused, with the nearest one that is. An empty answer, as AWX
sends it, means the default. What a variable does in full: `ansible-doc -t role aws_ha.overlay_ip.ROLE`.

"Per host" ones differ from node to node; "extra" ones are given with `-e` at a run. Of the others a value that all
nodes share (group or `all` variables) is enough.
"""


def page() -> str:
    """The page."""
    parts = [HEAD]
    told: set[str] = set()
    for role, title in TITLES.items():
        spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
        options = spec["argument_specs"]["main"].get("options", {})
        rows = [_row(v, options[v.name]) for v in VARIABLES if role in v.readers and (v.name not in told or _asked(v))]
        told |= {v.name for v in VARIABLES if role in v.readers}
        if rows:
            head = "| variable | what it may be | default | what it is |\n|---|---|---|---|"
            parts.append(f"\n## {title}\n\nRole `{role}`.\n\n{head}\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def _asked(variable: Variable) -> bool:
    """Whether each playbook means something else by it."""
    return variable.scope == REQUEST


def _row(variable: Variable, option: dict[str, object]) -> str:
    scope = {HOST: ", per host", REQUEST: ", extra"}.get(variable.scope, "")
    may = ": ".join(part for part in (variable.kind, variable.bounds) if part)
    source = f" ({variable.source})" if variable.source else ""
    default = (
        ""
        if variable.default in (None, "", [], {})
        else f"`{str(variable.default).replace('True', 'true').replace('False', 'false')}`"
    )
    text = option["description"]
    text = " ".join(map(str, text)) if isinstance(text, list) else str(text)
    text = re.sub(r"\bO\([\w.]+#role:\w+:(\w+)\)", r"`\1`", text)  # an option of another role
    text = re.sub(r"\b[A-Z]\((.*?)(?:#\w+)?\)", r"`\1`", text).replace("|", "\\|")
    return f"| `{variable.name}` | {may}{scope}{source} | {default} | {text} |"


def main() -> int:
    """Write the page, or say whether it is current."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/variables.md is not current: run tools/variables.py.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
