# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What teardown makes of the file that the status playbook wrote, by the role's own tasks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.exposition import Sample, text
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics
from lab.playbook.run import Run, run_playbook
from unit.metrics_worlds import page
from unit.promtool import ROOT, promtool

ONE, OTHER = "192.168.10.15/32", "192.168.10.16/32"
ROLE = {"name": "aws_ha.overlay_ip.metrics", "tasks_from": "ended_file.yml"}
PLAY: list[dict[str, Any]] = [
    {"hosts": "overlay_nodes", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": ROLE}]}
]


def run(folder: Path, file: Path, *nodes: str, destination: str = ONE, vpc_id: str = "", check: bool = False) -> Run:
    """Tear down the deployment of these nodes."""
    play = folder / "play.yml"
    play.write_text(json.dumps(PLAY))
    inventory = folder / "inventory.json"
    hosts = {node: {"overlay_ip_instance_id": f"i-{n:017x}"} for n, node in enumerate(nodes)}
    overlay = {"address": destination.partition("/")[0], "route_table_ids": ["rtb-0123456789abcdef0"]}
    if vpc_id:
        overlay = {"address": destination.partition("/")[0], "vpc_id": vpc_id}
    given = {"overlay_ip_region": "eu-central-1", "overlay_ips": [overlay], "overlay_ip_metrics_file": str(file)}
    inventory.write_text(json.dumps({"overlay_nodes": {"hosts": hosts, "vars": given}}))
    done = run_playbook(
        str(play),
        inventory,
        check=check,
        environment={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        cwd=folder,
    )
    assert done.ok, done.output
    return done


def ended(*nodes: str) -> str:
    """As the program would write it."""
    labels = ({"deployment": "overlay-ip", "node": node} for node in nodes)
    return text([Sample(metrics.ENDED, one, 0) for one in labels], metrics.FAMILIES)


def timeless(told: str) -> str:
    """Without the moment at which it was ended, which is lately."""
    assert {len(at) for at in re.findall(r"^overlay_ip_ended\S+ (\d+)$", told, re.MULTILINE)} == {10}
    return re.sub(r"^(overlay_ip_ended\S+) \d+$", r"\1 0", told, flags=re.MULTILINE)


def good(told: str) -> str:
    """What promtool has against it."""
    done = promtool("check", "metrics", stdin=told)
    return done.stdout + done.stderr


def test_it_says_that_all_of_it_was_taken_away_on_purpose(tmp_path: Path) -> None:
    file = tmp_path / "overlay_ip.prom"
    before = page("overlay-ip", ONE, fleet=True)
    file.write_text(before)
    run(tmp_path, file, "n1", "n.2", check=True)
    assert file.read_text() == before
    assert sum(run(tmp_path, file, "n1", "n.2").changed.values()) == 1
    assert timeless(file.read_text()) == ended("n1", "n.2")
    assert good(file.read_text()) == ""
    assert sum(run(tmp_path, file, "n1", "n.2").changed.values()) == 0


def test_what_a_fleets_file_tells_of_others_stays(tmp_path: Path) -> None:
    """Of one deployment, as long as nobody gave names; a node is not another one whose name begins alike."""
    file = tmp_path / "fleet.prom"
    others = page("overlay-ip", OTHER, node="n11", fleet=True)
    mine = [line for line in page("overlay-ip", ONE, fleet=True).splitlines() if not line.startswith("#")]
    lines = others.splitlines()
    for line in mine:  # each beside its family
        at = max(number for number, other in enumerate(lines) if re.split("[{ ]", line)[0] in other)
        lines.insert(at + 1, line)
    file.write_text("".join(f"{line}\n" for line in lines))
    assert good(file.read_text()) == ""
    run(tmp_path, file, "n1", "n2")
    assert timeless(file.read_text()) == others + ended("n1", "n2")
    run(tmp_path, file, "n11", "n12", destination=OTHER)
    assert timeless(file.read_text()) == ended("n1", "n2", "n11", "n12")
    assert good(file.read_text()) == ""


def test_so_does_the_same_address_in_another_vpc(tmp_path: Path) -> None:
    file = tmp_path / "fleet.prom"
    here, there = "vpc-0123456789abcdef0", "vpc-0123456789abcdef1"
    lines = [line for line in page("overlay-ip", ONE, fleet=True).splitlines() if "destination=" in line]
    mine, others = (
        [re.sub('vpc_id="[^"]*"', f'vpc_id="{vpc}"', line.replace('node="n1"', f'node="{node}"')) for line in lines]
        for vpc, node in ((here, "n1"), (there, "n11"))
    )
    assert mine
    file.write_text("".join(f"{line}\n" for line in [*mine, *others]))
    run(tmp_path, file, "n1", "n2", vpc_id=here)
    assert timeless(file.read_text()) == "".join(f"{line}\n" for line in others) + ended("n1", "n2")


def test_no_file_is_made_where_there_was_none(tmp_path: Path) -> None:
    run(tmp_path, tmp_path / "none.prom", "n1", "n2")
    assert not (tmp_path / "none.prom").exists()
