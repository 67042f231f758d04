# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m lab.daemon DIRECTORY``: the process behind `lab up`. It runs until it is killed."""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path

from lab.daemon.options import add_options
from lab.daemon.service import Service
from lab.daemon.state import Directory
from lab.world import WorldSpec


def main() -> None:
    """Run one lab."""
    parser = argparse.ArgumentParser(prog="python -m lab.daemon", description=__doc__)
    parser.add_argument("directory", type=Path)
    add_options(parser)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("lab").setLevel(logging.INFO)
    spec = WorldSpec(
        tables=options.tables,
        nodes=options.count,
        extra_interfaces=options.extra_interfaces,
        ipv6=options.ipv6,
        shared_vpc=options.shared_vpc,
    )
    Service(Directory(options.directory), spec, options.nodes, options.region).run()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
