# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/respond.md: its configurations by Alertmanager's own amtool; when an engine is at work, by the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine import registry
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._response import look
from unit.fake_host import FakeHost
from unit.promtool import ROOT, amtool

PAGE = ROOT / "docs" / "respond.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The page's alertmanager.yml."""
    blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    file = tmp_path / "alertmanager.yml"
    file.write_text(dict(blocks)[file.name], encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=OverlayIpTableDead", "overlay_ip_action=setup"], "overlay_ip,people"),
        (["alertname=OverlayIpSplit", "overlay_ip_action=status"], "overlay_ip,people"),
        (["alertname=OverlayIpThrottled"], "people"),
    ],
)
def test_people_are_told_of_what_is_mended_too(config: Path, labels: list[str], receivers: str) -> None:
    """`continue` goes on to the routes beside one, and never back to the route above."""
    told = amtool("config", "routes", "test", f"--config.file={config}", *labels)
    assert (told.returncode, told.stdout.strip()) == (0, receivers), told.stderr


def test_alertmanager_takes_it(config: Path) -> None:
    judged = amtool("check-config", str(config))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def busy(*outputs: str) -> list[str]:
    """What a node where Pacemaker runs says, whose crmadmin prints this."""
    asked = (("crmadmin", "--quiet", "--dc_lookup"), ("crmadmin", "--status", "NODE"))
    return registry.busy(
        FakeHost(units=["pacemaker.service"], outputs=dict(zip(asked, outputs, strict=False))), Deployment()
    )


def at_work(*says: str, states: str = "active", failover: str = "keepalived", **asked: Any) -> list[str]:
    """What is told of an overlay IP that TABLE sends to n1, where the engine on each node names this holder."""
    names = ("n1", "n2")[: len(says)]
    engine = {"engine": "keepalived", "state": "BACKUP"}
    report = {
        "nodes": {n: {"reachable": not asked.get("away"), "failover": [{**engine, "running": True}]} for n in names},
        "overlays": [
            {
                "destination": "192.168.10.15/32",
                "tables": [{"route_table_id": "rtb-1", "holder": "n1", "state": states}],
                "engines": [{**engine, "node": n, "holder": holder} for n, holder in zip(names, says, strict=True)],
            }
        ],
    }
    return look.at_work(report, asked.get("turns", {}), failover)


def cases() -> Iterator[str]:
    """The sentence of every case, by the code that decides."""
    yield from at_work("n1", turns={"n1": {"moving": True}}, failover="none")
    yield from busy("")
    yield from busy("Designated Controller is: NODE")
    yield from busy("Designated Controller is: NODE", "Status of crmd@NODE: S_TRANSITION_ENGINE (ok)")
    yield from at_work("n1", away=True)
    yield from at_work("")
    yield from at_work("n1", "n2")
    yield from at_work("n2")


def general(sentence: str) -> str:
    """The same of any node, engine, overlay IP and table."""
    words = {
        "BACKUP|S_[A-Z_]+": "STATE",
        "n[12]": "NODE",
        "keepalived": "ENGINE",
        r"192\.168\.10\.15/32": "ADDRESS",
        "rtb-1": "TABLE",
    }
    for pattern, word in words.items():
        sentence = re.sub(rf"\b(?:{pattern})(?!\w)", word, sentence)
    return sentence


def test_the_page_has_every_case_in_which_the_engine_is_at_work() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("### When the engine is at work")[2].partition("\n## ")[0]
    assert re.findall(r"\*([^*]+)\* \|$", section, re.MULTILINE) == [general(sentence) for sentence in cases()]


def test_what_is_no_case() -> None:
    """As the page says below its table."""
    assert at_work("n1") == []
    assert at_work("n2", states="blackhole") == []
    assert at_work("", failover="none") == at_work("", failover="none", away=True) == []
    assert busy("Designated Controller is: NODE", "Status of crmd@NODE: S_IDLE (ok)") == []


def test_the_code_has_no_case_besides() -> None:
    """A sentence that is added there is seen here."""
    source = (ROOT / "plugins/module_utils/_response/look.py").read_text()
    decides = source[source.index("def at_work") : source.index("def over")]
    sentences = decides.count('yield f"') + decides.count("yield (") + decides.count('[f"')
    assert sentences == 5
    pacemaker = (ROOT / "plugins/module_utils/_engine/pacemaker/view.py").read_text()
    says = pacemaker[pacemaker.index("def busy") : pacemaker.index("def told")]
    assert len(re.findall(r"return .*\"(?!\")\w", says)) == 3
