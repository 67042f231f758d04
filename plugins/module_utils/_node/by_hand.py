# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure the node's program without Ansible: what `tools/build-agent` packs, `aws-overlay-ip-configure`, runs this.

The same files come of it as of setup. What Ansible would know of the node is asked of the instance metadata service.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._address import iproute
from .._address.live import NodeError
from .._address.persist import store
from .._address.persist.host import LocalHost
from .._address.persist.store import PersistError, Tree
from .._aws.imds import Imds, ImdsError
from .._base import net
from .._base.deployment import USUAL, Deployment
from . import install

PROGRAM = "aws-overlay-ip-configure"
_EXAMPLE = """\
example, on the first of two nodes (the policy of its role: docs/iam.md of the collection):
  aws-overlay-ip-configure 192.168.10.15 --table rtb-0a --table rtb-0b --peer node2=eni-0b
  aws-overlay-ip check
The resource is ocf:aws_ha:overlay-ip with destination=192.168.10.15/32.
"""


class ByHandError(RuntimeError):
    """It cannot be configured. The text is a whole sentence with the remedy."""


def main(argv: Sequence[str], packed: Path, imds: Imds | None = None, root: str = "/") -> int:
    """Configure; returns the exit code.

    Args:
        argv: without the program's name.
        packed: the folder in which the package `aws_overlay_ip` is.
        imds: the metadata service (tests).
        root: of the node's files (tests).
    """
    arguments = _parser().parse_args(argv)
    try:
        deployment = Deployment(arguments.deployment)
        config = _config(arguments, _nic(imds or Imds(), arguments.device_index), deployment)
        done = _write(config, packed, deployment, root)
    except (ByHandError, ValueError) as exc:
        sys.stderr.write(f"{PROGRAM}: {exc}\n")
        return 1
    except PersistError as exc:
        sys.stderr.write(f"{PROGRAM}: {exc} {'Some files were written.' if exc.changed else 'Nothing was changed.'}\n")
        return 1
    written = f"{len(done)} files were written." if done else "Nothing was to be done."
    sys.stdout.write(f"{written}\nNext: `{deployment.program} check` says whether this node could take over.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Write the configuration of aws-overlay-ip on this node, as setup of the collection does.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("address", nargs="+", help="an overlay IP, all of this node's at once")
    parser.add_argument("--table", action="append", required=True, metavar="RTB", help="a route table; repeat it")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=ENI", help="another node and its network interface"
    )
    parser.add_argument("--name", default=platform.node(), help="this node's name (default: %(default)s)")
    parser.add_argument("--region", help="default: that of the instance")
    parser.add_argument("--interface", help="default: that of the network interface at --device-index")
    parser.add_argument("--device-index", type=int, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument("--timeout", type=float, default=20.0, metavar="SECONDS", help="of a command (%(default)s)")
    parser.add_argument("--deployment", default=USUAL, metavar="NAME", help="as overlay_ip_name (default: %(default)s)")
    parser.add_argument("--endpoint-url", metavar="URL", help="of EC2, where it is not AWS's public one")
    return parser


def _nic(imds: Imds, index: int) -> Mapping[str, Any]:
    """What the instance says of the interface that is to receive the overlay IPs, with its name here."""
    try:
        found = [one for one in imds.interfaces() if one["device_number"] == index]
        region = imds.region()
    except ImdsError as exc:
        raise ByHandError(f"The node must know its own network interface, but {exc}") from exc
    if not found:
        raise ByHandError(f"The instance has no network interface with the device index {index}: give --device-index.")
    try:
        names = {link.mac.lower(): link.name for link in iproute.IpRoute().links()}
    except NodeError as exc:
        raise ByHandError(f"{exc} Install iproute2.") from exc
    return {**found[0], "name": names.get(found[0]["mac"], ""), "region": region}


def _config(arguments: argparse.Namespace, nic: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """What :func:`.config.content` makes of an inventory."""
    interface = arguments.interface or nic["name"]
    if not interface:
        raise ByHandError(
            f"No interface here has the address {nic['mac']} of {nic['network_interface_id']}: give --interface."
        )
    peers = dict(pair.partition("=")[::2] for pair in arguments.peer)
    wrong = [name for name, eni in peers.items() if not name or not eni.startswith("eni-")]
    if wrong:
        raise ByHandError(f"--peer is '{wrong[0]}={peers[wrong[0]]}': write NAME=eni-0123456789abcdef0.")
    tables = list(arguments.table)
    odd = [table for table in tables if not table.startswith("rtb-")]
    if odd:
        raise ByHandError(f"--table is '{odd[0]}', which is no route table: write rtb-0123456789abcdef0.")
    destinations = [net.destination(text) for text in arguments.address]
    return {
        "name": arguments.name,
        "network_interface_id": nic["network_interface_id"],
        "peers": peers,
        "overlays": [
            {
                "destination": destination,
                "addresses": [destination],
                "interface": interface,
                "label": "auto",
                "route_table_ids": tables,
                "every": False,
                "vpc_id": nic["vpc_id"],
            }
            for destination in destinations
        ],
        "aws": {
            "region": arguments.region or nic["region"],
            **({"endpoint_url": arguments.endpoint_url} if arguments.endpoint_url else {}),
        },
        "timeout": arguments.timeout,
        **({"deployment": deployment.name} if not deployment.usual else {}),
    }


def _write(config: Mapping[str, Any], packed: Path, deployment: Deployment, root: str) -> list[str]:
    """The paths that were written or removed."""

    def text(name: str) -> str | None:
        path = packed.joinpath(install.NAME, *name.split(".")).with_suffix(".py")
        return path.read_text(encoding="utf-8") if path.is_file() else None

    host = LocalHost(root)
    tree = Tree(host)
    wanted = install.files(config, install.sources(text), os.path.realpath(sys.executable), deployment)
    install.install(tree, wanted, deployment)
    store.keep_unknown(tree, [overlay["interface"] for overlay in config["overlays"]])
    changes = install.ordered(tree.changes(), deployment)
    host.apply(changes)
    return [change.path for change in changes]
