# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Chromium without a window, driven over a pipe by its DevTools protocol. It gets no network."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = "/usr/bin/chromium"
_PATIENCE = 60  # seconds for one answer


class BrowserError(Exception):
    """Chromium refused something, or does not answer."""


class Browser:
    """One page. ``said`` is its console, ``asked`` each address that it requested."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.said: list[str] = []
        self.asked: list[str] = []
        self._loaded = False
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self(f"{domain}.enable")
        self("Performance.enable", timeDomain="threadTicks")

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol, and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, path: Path, *, width: int = 1200, height: int = 900, theme: str = "light") -> None:
        """Show a file, and wait until it is loaded."""
        self.said, self.asked, self._loaded = [], [], False
        self.look(width=width, height=height, theme=theme)
        self("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._next()

    def seconds(self) -> float:
        """What the page's own thread has worked, whatever else the machine does meanwhile."""
        metrics = {one["name"]: one["value"] for one in self("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"])

    def look(self, *, width: int = 1200, height: int = 900, theme: str = "light", media: str = "") -> None:
        """Change the window and the theme."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self("Emulation.setEmulatedMedia", media=media, features=features)

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def key(self, name: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A screenshot as PNG."""
        shot = self("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self("Page.printToPDF", printBackground=True)["data"])

    def tree(self) -> list[tuple[str, str]]:
        """Role and name of everything that a screen reader meets."""
        nodes = self("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")
        ]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], _PATIENCE)[0]:
                raise BrowserError("Chromium does not answer.")
            more = os.read(self._read, 1 << 20)
            if not more:
                raise BrowserError("Chromium has ended.")
            self._buffer += more
        raw, _end, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        self._hear(message.get("method", ""), message.get("params", {}))
        return message

    def _hear(self, method: str, told: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.consoleAPICalled":
            self.said.append(f"{told['type']}: {[a.get('value') for a in told['args']]}")
        elif method == "Runtime.exceptionThrown":
            self.said.append(f"exception: {told['exceptionDetails']}")
        elif method == "Log.entryAdded":
            self.said.append(f"{told['entry']['level']}: {told['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start one with a profile of its own in ``folder``, and end it."""
    to_read, to_write = os.pipe(), os.pipe()
    command = [
        *(PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
        *("--no-first-run", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"),
        *(f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"),
    ]
    # The pipe's ends are 3 and 4 in Chromium, whatever they are here.
    ends = f'exec 3<&{to_read[0]} 4>&{to_write[1]}; exec "$@"'
    process = subprocess.Popen(
        ["/bin/bash", "-c", ends, "chromium", *command],
        pass_fds=(to_read[0], to_write[1]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read[0])
    os.close(to_write[1])
    try:
        yield Browser(to_read[1], to_write[0])
    finally:
        for end in (to_read[1], to_write[0]):
            os.close(end)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.poll() is None:
            process.kill()
            process.wait()
