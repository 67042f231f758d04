# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said about a lab when it is started, by `lab up`, the demo and the daemon alike."""

from __future__ import annotations

import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be said about a lab when it is started; `lab up` has the same options."""
    parser.add_argument(
        "--nodes",
        default="light",
        metavar="KIND",
        help="light (default), full, full:STACK, full:ha, full:ha-STACK or full:plain",
    )
    parser.add_argument("--count", type=int, default=2, metavar="N", help="nodes, in two zones by turns (default 2)")
    parser.add_argument("--region", default="eu-central-1", help="Region, and with it the partition")
    parser.add_argument("--tables", type=int, default=2, help="route tables that serve a subnet (default 2)")
    parser.add_argument("--extra-interfaces", type=int, default=0, metavar="N", help="further interfaces of each node")
    parser.add_argument("--extra-subnets", action="store_true", help="these in subnets of their own")
    parser.add_argument("--ipv6", action="store_true", help="give the VPC an IPv6 block")
    parser.add_argument("--shared-vpc", action="store_true", help="another account owns the VPC and its tables")


def as_arguments(options: argparse.Namespace) -> list[str]:
    """The arguments that say what ``options`` hold, all but the kind of nodes."""
    arguments = [f"--count={options.count}", f"--region={options.region}", f"--tables={options.tables}"]
    arguments += [f"--extra-interfaces={options.extra_interfaces}"]
    arguments += ["--extra-subnets"] if options.extra_subnets else []
    arguments += ["--ipv6"] if options.ipv6 else []
    return arguments + (["--shared-vpc"] if options.shared_vpc else [])
