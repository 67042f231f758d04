# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status page as HTML, and its way into a file.

One file that asks nobody for anything: style and script stand in it, and its Content-Security-Policy allows these two,
by their hashes, and nothing else. Every value is escaped by Jinja's autoescape.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

TEMPLATES = Path(__file__).parents[2] / "roles" / "status" / "templates" / "page"
_MODE = 0o644


def html(page: Mapping[str, Any]) -> str:
    """The page as a browser reads it; `page` is that of ``_report/page.py``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return environment.get_template("page.html.j2").render(
        page=page,
        style=Markup(style),  # ours, from the collection
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    """As Content-Security-Policy names an inline style or script (CSP Level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def lines(path: str) -> str:
    """What a page that is there already says as text; empty where there is none, or another file."""
    try:
        return _Lines.of(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""


def put(path: str, text: str) -> None:
    """Write it whole or not at all: who reads meanwhile sees the page before, or this one.

    What is no text, such as a path whose bytes are no UTF-8, is shown as a question mark.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    handle, temporary = tempfile.mkstemp(prefix=".overlay-ip-", suffix=".html", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _MODE)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


class _Lines(HTMLParser):
    """Reads the element `lines` of a page."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = False
        self._found: list[str] = []

    @classmethod
    def of(cls, text: str) -> str:
        """The text of that element."""
        reader = cls()
        reader.feed(text)
        return "".join(reader._found)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or ("id", "lines") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._found.append(data)
