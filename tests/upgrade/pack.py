# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack what this version puts on nodes and into AWS, so that later versions are tested against it without its code.

    PYTHONPATH=tests python -m upgrade.pack        writes tests/upgrade/versions/VERSION.json.gz

Each engine is set up on full nodes by setup.yml of this checkout; what that changed on a node is found by time, not by
a list of ours. Ids, addresses and names of the lab become {placeholders}; the key of a cluster is left out.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from drill.bed import Bed
from lab.daemon import process

ROOT = Path(__file__).parents[2]
VERSIONS = Path(__file__).parent / "versions"
ENGINES = ("none", "keepalived", "pacemaker")
MARK = "/run/before-setup"
PROGRAM = "/usr/lib/aws-overlay-ip/"
_LEFT_OUT = ("/etc/corosync/authkey", "/etc/ld.so.cache", "/etc/.pwd.lock", "/etc/rc")
_LIST = r"""
import json, os, sys
mark, found = os.stat(sys.argv[1]).st_ctime, {}
for top in ("/etc", "/usr/lib", "/usr/sbin", "/usr/libexec", "/opt", "/var/lib/aws-overlay-ip"):
    for folder, folders, files in os.walk(top):
        for name in files + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            if stat.st_ctime < mark or path.endswith(".pyc"):
                continue
            if os.path.islink(path):
                found[path] = {"link": os.readlink(path)}
                continue
            try:
                text = open(path, encoding="utf-8").read()
            except UnicodeDecodeError:
                continue
            found[path] = {"mode": format(stat.st_mode & 0o7777, "o"), "text": text}
print(json.dumps(found))
"""


class PackBed(Bed):
    """A drill's bed whose engine may be none."""

    def variables(self) -> dict[str, Any]:
        return {**super().variables(), "overlay_ip_failover": self.engine}


@contextmanager
def stage(engine: str) -> Iterator[PackBed]:
    """Two full nodes, two tables, nothing set up yet."""
    directory, lab = process.up("full:ha", ["--tables=2"])
    try:
        bed = PackBed(directory, lab, engine)
        bed.prepare()
        yield bed
    finally:
        process.down(directory)


def placeholders(bed: Bed) -> dict[str, str]:
    """The lab's own words, the longest first, and what stands for them."""
    world = bed.lab.world
    words = {table: f"{{table{number}}}" for number, table in enumerate(world.route_table_ids)}
    words.update({world.vpc_id: "{vpc}", bed.lab.overlay: "{overlay}", bed.lab.node_endpoint_url: "{endpoint}"})
    for machine in world.nodes:
        words.update(
            {
                machine.instance_id: f"{{{machine.name}.instance}}",
                machine.network_interface_ids[0]: f"{{{machine.name}.interface}}",
                machine.addresses[0]: f"{{{machine.name}.address}}",
            }
        )
    words[world.account_id] = "{account}"
    return dict(sorted(words.items(), key=lambda item: -len(item[0])))


def packed(text: str, words: Mapping[str, str]) -> str:
    """A text without the lab's own words."""
    for word, name in words.items():
        text = text.replace(word, name)
    return text


def pack(engine: str) -> dict[str, Any]:
    """What setup with an engine leaves: per node its files, its units and its policies, and the cluster's CIB."""
    with stage(engine) as bed:
        words = placeholders(bed)
        for node in bed.nodes:
            bed.exec(node, "touch", MARK)
        bed.play("setup.yml")
        found: dict[str, Any] = {"nodes": {}}
        for node in bed.nodes:
            files = json.loads(bed.exec(node, "python3", "-", MARK, stdin=_LIST, timeout=60))
            files = {path: entry for path, entry in files.items() if not path.startswith(_LEFT_OUT)}
            found["nodes"][node] = json.loads(
                packed(json.dumps({"files": files, "policies": _policies(bed, node)}), words)
            )
        if engine == "pacemaker":
            cib = bed.exec(bed.nodes[0], "cibadmin", "--query", "--scope", "configuration")
            found["cib"] = packed(cib, words)
        return found


def _policies(bed: Bed, node: str) -> dict[str, Any]:
    from lab.daemon.api import client

    iam, role = client(bed.lab.world, "iam"), bed.roles[node]
    names = [name for name in iam.list_role_policies(RoleName=role)["PolicyNames"] if name != "fencing"]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def main() -> int:
    """Pack every engine; the program's files, which are the same for all, once."""
    version = str(yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"])
    engines = {engine: pack(engine) for engine in ENGINES}
    program: dict[str, Any] = {}
    for found in engines.values():
        for node in found["nodes"].values():
            for path in [path for path in node["files"] if path.startswith(PROGRAM)]:
                program[path] = node["files"].pop(path)
    VERSIONS.mkdir(exist_ok=True)
    at = VERSIONS / f"{version}.json.gz"
    text = json.dumps({"version": version, "program": program, "engines": engines}, indent=1, sort_keys=True)
    at.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    print(f"{at.relative_to(ROOT)}: {at.stat().st_size // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
