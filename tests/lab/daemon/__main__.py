# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m lab.daemon DIRECTORY``: the process behind `lab up`.

It runs until it is killed, or, if its standard input is a pipe, until whoever holds the other end is gone: then it
removes the lab.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import stat
import sys
import threading
from pathlib import Path

from lab.daemon.manifest import Manifest
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
        extra_subnets=options.extra_subnets,
        ipv6=options.ipv6,
        shared_vpc=options.shared_vpc,
    )
    directory = Directory(options.directory)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=end_with_our_owner, args=(directory,), daemon=True).start()
    Service(directory, spec, options.nodes, options.region).run()
    while True:
        signal.pause()


def end_with_our_owner(directory: Directory) -> None:
    """Wait for the end of standard input, then remove the lab and end."""
    sys.stdin.read()
    Manifest(directory.manifest, directory.lab_id).remove_all()
    os._exit(0)


if __name__ == "__main__":
    main()
