# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page as a file: whatever stands in names and tags is text there, and it asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page, status
from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import page as file
from unit.move_records import record, table
from unit.status_reports import OVERLAY, fleet, report

NOW = "2026-11-27T23:40:00Z"
HOSTILE = [
    *(
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style><script>x</script>",
        "</pre><b>",
        "'--><x>",
    ),
    *("{{ 7 * 7 }}", "{% raw %}", "&lt;b&gt;", "javascript:alert(1)", "\u202enode", "</title></svg>", "node\n1", " "),
]


class Read(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shape(html: str) -> list[Any]:
    """The page without its values: what no name may change."""
    return [(tag, sorted(attrs)) for tag, attrs in Read(html).tags]


def html(*reports: dict[str, Any], inventory: tuple[str, ...] = ()) -> str:
    return file.html(page.page(reports, NOW, inventory))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9).map(lambda name: f"x{name}"))
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[3])
@example(HOSTILE[5])
def test_no_name_changes_the_page(name: str) -> None:
    assume("`" not in name)  # that makes no command of it
    finding = {"id": name, "severity": "warning", "message": name * 2, "remedy": f"Run `{name}` on node1."}
    hostile = report(names=("node1", name), extra={"node1": [finding]}, zones=(name, name, name))
    tame = {**finding, "message": "xx", "remedy": "Run `x` on node1."}
    plain = report(names=("node1", "x2345678"), extra={"node1": [tame]}, zones=("z", "z", "z"))
    for told in (hostile, plain):
        told["networks"][0]["subnets"] = told["networks"][0]["subnets"][:2]
    seen = Read(html(hostile, inventory=(name,)))
    wanted = [one for one in shape(html(plain, inventory=("x",))) if one[0] != "title"]
    assert [one for one in shape(html(hostile, inventory=(name,))) if one[0] != "title"] == wanted
    assert name.replace("\r\n", "\n").replace("\r", "\n").strip("\0") in "".join(seen.text) or "\r" in name


def test_a_name_that_turns_the_writing_direction_turns_no_neighbour() -> None:
    """Each is an element of its own, which isolates it; a list of them in one was not."""
    told = report(zones=("\u202ezone", "b", "c"))
    told["overlays"][0]["carries"] = ["\u202eapp 10.99.0.5", "10.99.0.6"]
    text = html(told)
    assert "<bdi>\u202eapp 10.99.0.5</bdi>, <bdi>10.99.0.6</bdi> · " in text
    assert "<bdi>10.0.1.0/24 in \u202ezone</bdi></td>" in text
    assert "<bdi>10.0.2.0/24 in b</bdi>, <bdi>10.0.3.0/24 in c</bdi></td>" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_fleet_escapes_too(name: str) -> None:
    reports = fleet(12)
    reports[3] = report({OVERLAY: ((1, "active"), (2, "active"))}, names=("node1", name))
    plain = fleet(12)
    plain[3] = report({OVERLAY: ((1, "active"), (2, "active"))}, names=("node1", "x"))
    assert [one[0] for one in shape(html(*reports))] == [one[0] for one in shape(html(*plain))]


@pytest.mark.parametrize("reports", [[report()], fleet(11)])
def test_it_asks_nobody_for_anything(reports: list[dict[str, Any]]) -> None:
    text = html(*reports)
    for tag, attributes in Read(text).tags:
        assert tag not in {"img", "iframe", "object", "embed", "base", "audio", "video"}
        assert "style" not in attributes, "the policy would not allow it"
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action", "xlink:href"):
            value = attributes.get(name) or "#"
            assert value.startswith("#") or (tag == "link" and value.startswith("data:image/svg+xml,"))
    assert re.findall(r"@import|url\((?!#)", text) == []


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    text = html(report())
    (policy,) = (a["content"] for tag, a in Read(text).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    hashes = {}
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes[tag] = f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "style-src": hashes["style"],
        "script-src": hashes["script"],
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_a_thousand_pairs_are_less_than_two_megabytes() -> None:
    assert len(html(*fleet(1000)).encode()) < 2_000_000


def test_what_it_says_as_text_is_what_status_prints(tmp_path: Path) -> None:
    told = report({OVERLAY: ((1, "active"), (2, "active"))}, names=("node1", "<node> & 2"))
    path = tmp_path / "page.html"
    assert file.lines(str(path)) == ""
    file.put(str(path), html(told))
    assert file.lines(str(path)).splitlines() == status.lines(told, every_table=True)
    path.write_bytes(b"\xff\xfe another file")
    assert file.lines(str(path)) == ""


def test_the_last_moves_where_the_report_has_some() -> None:
    assert "Last moves" not in html(report())
    move = record(to="<node2>", seconds={"all": 1.5}, why="", tables=[{**table(), "from": "<node1>"}])
    nothing = record(to="node2", seconds={}, tables=[], done=False, error="Refused.")
    text = " ".join("".join(Read(html({**report(), "moves": [move, nothing]})).text).split())
    destination = move["tables"][0]["destination"]
    assert f"2026-01-31 12:00:00 UTC {destination} <node1> \u2192 <node2> in 1.50 s{move['by']}" in text
    assert "the overlay IPs nobody \u2192 node2 failed" in text


def test_it_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    path.chmod(0o600)
    file.put(str(path), "after")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after", 0o644)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.put(str(path), "half")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("page.html", "after")]


def test_an_inventory_whose_path_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    file.put(str(path), "-i /inventory/" + os.fsdecode(b"\xff") + "/hosts")
    assert path.read_text(encoding="utf-8") == "-i /inventory/?/hosts"
