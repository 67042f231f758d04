# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts and daemons' configurations of the node that name an overlay IP. Pure.

Whether they move it is not guessed: people look. The places are those where home-grown scripts are put (hier(7)), where
cron and keepalived find them, and where AWSnycast is configured, by its README.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._base.finding import WARNING, Finding
from .persist.tree import Host, PersistError

PLACES = (
    "/etc/keepalived/*",
    "/etc/awsnycast*",
    "/etc/awsnycast/*",
    "/etc/cron.d/*",
    "/etc/crontab",
    "/etc/ha.d/*",
    "/etc/systemd/system/*.service",
    "/usr/local/bin/*",
    "/usr/local/sbin/*",
    "/root/bin/*",
)
OURS = "aws-overlay-ip"
MARK = "aws_ha.overlay_ip"


def findings(host: Host, addresses: Iterable[str]) -> list[Finding]:
    """One for each file that names one of the addresses and is not of this collection's own."""
    wanted = {address.partition("/")[0]: None for address in addresses}
    found = []
    for path in dict.fromkeys(path for place in PLACES for path in host.glob(place)) if wanted else ():
        text = _text(host, path)
        here = [address for address in wanted if re.search(rf"(?<![\w.:]){re.escape(address)}(?![\w:]|\.\d)", text)]
        if here and MARK not in text and OURS not in path and OURS not in text:
            found.append(
                Finding(
                    "address_named",
                    WARNING,
                    f"{path} names {', '.join(here)}.",
                    "See whether it moves it: two that move one address take it from each other. If not, all is well.",
                )
            )
    return found


def _text(host: Host, path: str) -> str:
    """A text file's content; what is none names nothing."""
    try:
        return host.read(path) or ""
    except PersistError:
        return ""
