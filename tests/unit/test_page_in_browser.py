# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status page in a real Chromium: both themes, a telephone, paper, the keyboard, and what a screen reader meets.

With SCREENSHOTS=1 the pictures of docs/ are taken anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._report import page
from ansible_collections.aws_ha.overlay_ip.plugins.plugin_utils import page as file
from unit.browser import PROGRAM, Browser, browser
from unit.status_reports import OVERLAY, WELL, balanced, fleet, moved, reached, report

pytestmark = pytest.mark.skipif(not Path(PROGRAM).exists(), reason="there is no Chromium (requirements/apt.txt)")
DOCS = Path(__file__).parents[2] / "docs"
SPLIT, HOLE = ((1, "active"), (2, "active")), ((1, "blackhole"), (1, "blackhole"))
TAG = '"><img src=http://192.0.2.1/x onerror=alert(1)><script>alert(1)</script>'
CLIENTS = {"10.20.0.0/16": (True, True), "172.20.0.0/16": (True, False), "10.9.0.0/16": None}
REPORTS: dict[str, list[dict[str, Any]]] = {
    "well": [report()],
    "split": [report({OVERLAY: SPLIT}, checks=(False, True))],
    "hole": [report({OVERLAY: HOLE}, states=("stopped", "running"), away=["node1"], engine=None)],
    "several": [report({f"192.168.10.{n}/32": SPLIT if n == 17 else WELL for n in range(15, 19)}, engine=None)],
    "hostile": [reached(report(names=("node1", TAG), zones=(TAG, "a" * 90, "c")), {TAG: None}, route_table_ids=[TAG])],
    "outside": [balanced(reached(report(), CLIENTS), (True, True))],
    "silent": [report(away=["node1"])],
    "moves": [moved(report(), {"address": True, "permission": True})],
    "fleet": fleet(194),
}

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, reports in REPORTS.items():
        (folder / f"{name}.html").write_text(file.html(page.page(reports, now, ["inventory.yml"])))
    return {name: folder / f"{name}.html" for name in REPORTS}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_it_shows_in_both_themes(chromium: Browser, pages: dict[str, Path], name: str, theme: str) -> None:
    chromium.open(pages[name], theme=theme)
    assert chromium.said == [], "the console is silent: no error, nothing that the policy refused"
    assert chromium.asked == [pages[name].as_uri()]
    ground = chromium.run("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(244, 246, 249)", "dark": "rgb(13, 17, 23)"}[theme]
    told = chromium.run(CONTRAST)
    assert told["looked"] > 60
    assert told["found"] == [], "WCAG 2.2, 1.4.3: 4.5 to 1"


@pytest.mark.parametrize("name", REPORTS)
def test_it_fits_a_telephone(chromium: Browser, pages: dict[str, Path], name: str) -> None:
    chromium.open(pages[name], width=380, height=800)
    assert chromium.run("document.documentElement.scrollWidth") == 380
    assert chromium.run("document.querySelectorAll('.map.wide').length") == chromium.run(
        "Array.from(document.querySelectorAll('.map.wide')).filter((e) => !e.getBoundingClientRect().width).length"
    )


@pytest.mark.parametrize("width", [700, 1000, 1400])
@pytest.mark.parametrize("name", ["split", "hostile", "moves", "fleet"])
def test_nothing_sticks_out_of_its_card(chromium: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    chromium.open(pages[name], width=width, height=900)
    cards = "Array.from(document.querySelectorAll('.card, table, .facts > div'))"
    assert chromium.run(f"{cards}.length") > 3
    wide = f"{cards}.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className + e.tagName)"
    assert chromium.run(f"{wide}.join(' ')") == ""


def test_a_comma_stays_with_what_it_follows_on_a_telephone(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["split"], width=380, height=800)
    told = """Array.from(document.querySelectorAll('td[data-label] bdi + bdi')).map((name) => {
        const comma = document.createRange(), before = name.previousElementSibling.getClientRects();
        comma.selectNode(name.previousSibling);
        return Math.abs(comma.getClientRects()[0].top - before[before.length - 1].top) < 3;
    })"""
    assert set(chromium.run(told)) == {True}


@pytest.mark.parametrize("width", [700, 1000, 1200, 1400])
def test_no_state_is_broken_within_a_word(chromium: Browser, pages: dict[str, Path], width: int) -> None:
    chromium.open(pages["fleet"], width=width, height=900)
    broken = """Array.from(document.querySelectorAll('#rows td:nth-of-type(1)')).filter((cell) => {
        const word = document.createRange();
        word.selectNode(cell.lastChild);
        return !cell.textContent.trim().includes(' ') && word.getClientRects().length > 1;
    }).map((cell) => cell.textContent)"""
    assert chromium.run(broken) == []


def test_names_are_text(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["hostile"])
    assert chromium.run("document.querySelectorAll('img').length") == 0
    assert chromium.run("document.querySelectorAll('article.node h3')[1].textContent") == TAG


@pytest.mark.parametrize("name", ["split", "fleet"])
def test_what_a_screen_reader_meets(chromium: Browser, pages: dict[str, Path], name: str) -> None:
    chromium.open(pages[name])
    tree = chromium.tree()
    roles = [role for role, _name in tree]
    for landmark in ("banner", "main", "contentinfo"):
        assert roles.count(landmark) == 1, landmark
    assert [found for role, found in tree if role == "RootWebArea"] == [chromium.run("document.title")]
    levels = chromium.run("Array.from(document.querySelectorAll('h1,h2,h3,h4')).map((h) => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), "no level is skipped"
    assert roles.count("columnheader") >= 4
    assert roles.count("rowheader") >= 4
    named = {"button", "link", "region", "searchbox", "combobox", "image", "img", "table"} - {"table"}
    assert [role for role, found in tree if role in named and not found.strip()] == []
    text = chromium.run("document.body.innerText")
    assert "split" in text.lower(), "what colour says is said in words, too"


def test_the_picture_is_told_in_words(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["split"])
    (words,) = [found for role, found in chromium.tree() if role in ("image", "img") and "VPC" in found]
    assert "leads 192.168.10.15 to node1." in words
    assert "leads 192.168.10.15 to node2." in words
    assert "node2, in part, is in eu-central-1b: 1 of 2 route tables leads here." in words


def test_from_where_it_is_reached_is_told_in_words(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["outside"])
    (words,) = [found for role, found in chromium.tree() if role in ("image", "img") and "VPC" in found]
    assert words.endswith(
        "From outside, by Transit gateway tgw-rtb-0a1b2c3d4e5f60718. 10.20.0.0/16 (another VPC): reaches it."
        " 172.20.0.0/16 (on-premises, by VPN): reaches only node1. 10.9.0.0/16: not looked at."
        " From outside, by Load balancer sap-ascs. its clients: reaches it."
    )
    assert chromium.run("document.title") == "192.168.10.15/32 is held by node1, but not reached from everywhere"
    assert "1 error" in chromium.run("document.querySelector('.sum').textContent")
    assert "aws_ha.overlay_ip.reach" in chromium.run("document.querySelector('.findings').textContent")


def test_the_keyboard_reaches_what_can_be_done(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["split"])
    reached = []
    for _press in range(8):
        chromium.key("Tab", 9)
        reached.append(chromium.run("document.activeElement.className || document.activeElement.tagName"))
        assert chromium.run("getComputedStyle(document.activeElement).outlineStyle") != "none", reached[-1]
    assert reached[0] == "skip"
    assert reached.count("copy") == 3
    assert "SUMMARY" in reached


def test_a_command_is_copied(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["split"])
    chromium.run(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: (t) => { window.copied = t; }}});"
        "document.querySelector('.copy').click()"
    )
    assert chromium.run("window.copied") == (
        "ansible-playbook -i inventory.yml aws_ha.overlay_ip.switchover -e target=node1"
    )
    assert chromium.run("document.querySelector('#said').textContent") == "Copied"


def test_a_button_that_is_pressed_twice_says_what_it_does_again(chromium: Browser, pages: dict[str, Path]) -> None:
    """The second press comes while it says that it has copied."""
    chromium.open(pages["split"])
    chromium.run(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async () => {}}});"
        "window.later = []; window.setTimeout = (what) => window.later.push(what);"
        "window.clearTimeout = (number) => { if (number) window.later[number - 1] = () => {}; }"
    )
    press = "(async () => { const button = document.querySelector('.copy'); button.click(); await 0; await 0;"
    assert [chromium.run(f"{press} return button.textContent; }})()") for _press in range(2)] == ["Copied", "Copied"]
    chromium.run("for (const what of window.later) what()")
    assert chromium.run("document.querySelector('.copy').textContent") == "Copy this command"
    assert chromium.run("document.querySelector('#said').textContent") == ""


def test_the_filter_of_a_fleet(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["fleet"])
    told = "document.querySelector('#f-told').textContent"
    shown = (
        "Array.from(document.querySelectorAll('#rows tbody tr')).filter((r) => r.getBoundingClientRect().height).length"
    )
    put = (
        "(() => {{ const e = document.querySelector('{0}'); e.value = '{1}';"
        " e.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    )
    assert chromium.run(told) == "194 of 194 shown"
    chromium.run("document.querySelector('.state[data-state=split]').click()")
    assert (chromium.run(told), chromium.run(shown)) == ("2 of 194 shown", 2)
    assert chromium.run("document.querySelector('.state[data-state=split]').getAttribute('aria-pressed')") == "true"
    chromium.run("document.querySelector('.state[data-state=split]').click()")
    chromium.run(put.format("#f-zone", "eu-central-1a"))
    zone = chromium.run(shown)
    assert 50 < zone < 80
    chromium.run(put.format("#f-name", "DB0100"))
    assert chromium.run(shown) in (0, 1)
    chromium.run(put.format("#f-zone", ""))
    assert (chromium.run(told), chromium.run(shown)) == ("1 of 194 shown", 1)


def test_the_rows_of_a_fleet_say_what_is_what_on_a_telephone(chromium: Browser, pages: dict[str, Path]) -> None:
    """The head of the table is not seen there; two names in a row do not say which one holds it."""
    chromium.open(pages["fleet"], width=380, height=800)
    for table in ("rows", "node-rows"):
        head = chromium.run(
            f"Array.from(document.querySelectorAll('#{table} thead th'), (e) => e.textContent).slice(1)"
        )
        told = chromium.run(
            f"Array.from(document.querySelectorAll('#{table} tbody tr:first-child td'),"
            " (e) => getComputedStyle(e, '::before').content.slice(1, -1))"
        )
        assert told == head


def test_a_thousand_pairs_are_soon_there(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "thousand.html"
    path.write_text(file.html(page.page(fleet(1000), "2026-11-27T23:40:00Z", [])))
    before = chromium.seconds()
    chromium.open(path)
    chromium.run("document.body.offsetHeight")
    assert chromium.seconds() - before < 1
    assert chromium.run("document.querySelectorAll('#rows tbody tr').length") == 1000


def test_it_is_printed_light_and_whole(chromium: Browser, pages: dict[str, Path]) -> None:
    chromium.open(pages["split"], theme="dark")
    paper = chromium.pdf()
    assert paper.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 4
    chromium.look(media="print", theme="dark")
    assert chromium.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.run("getComputedStyle(document.querySelector('.copy')).display") == "none"
    assert chromium.run("document.querySelectorAll('details:not([open])').length") == 0, "paper cannot be clicked"


def test_an_old_page_says_so(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "old.html"
    made = datetime.now(UTC) - timedelta(hours=3, minutes=1)
    path.write_text(file.html(page.page([report()], made.strftime("%Y-%m-%dT%H:%M:%SZ"))))
    chromium.open(path)
    assert chromium.run("document.querySelector('#age').textContent + document.querySelector('#age').className") == (
        "3 h agoold"
    )


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="only where the pictures of docs/ are asked for")
def test_take_the_pictures_of_the_documentation(chromium: Browser, pages: dict[str, Path]) -> None:
    for name, picture, width, height, theme in (
        ("split", "status-page.png", 1000, 1370, "light"),
        ("well", "status-page-dark.png", 1000, 760, "dark"),
        ("fleet", "status-page-fleet.png", 1000, 760, "light"),
        ("hole", "status-page-narrow.png", 380, 940, "light"),
        ("outside", "status-page-outside.png", 1000, 1250, "light"),
    ):
        chromium.open(pages[name], width=width, height=height, theme=theme)
        chromium.picture(DOCS / picture, whole=False)
