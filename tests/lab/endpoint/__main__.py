# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an endpoint with a world in the foreground: ``PYTHONPATH=tests python -m lab.endpoint --port 4566``."""

from __future__ import annotations

import argparse
import signal

from lab.endpoint import Endpoint
from lab.endpoint.serving import loopback_socket
from lab.world import WorldSpec, build


def main() -> None:
    """Serve until interrupted; prints the world (URL, credentials, ids) as JSON first."""
    parser = argparse.ArgumentParser(prog="python -m lab.endpoint", description="An EC2, IAM and STS endpoint.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--region", default="eu-central-1", help="Region; its partition follows (default: %(default)s)")
    parser.add_argument("--tables", type=int, default=2, help="route tables (default: %(default)s)")
    parser.add_argument("--extra-interfaces", type=int, default=0, help="further interfaces of each node")
    parser.add_argument("--shared-vpc", action="store_true", help="another account owns the VPC")
    options = parser.parse_args()
    ending = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)  # before any thread starts: the wait below is to get them
    endpoint = Endpoint(region=options.region).start([loopback_socket(options.port)])
    spec = WorldSpec(tables=options.tables, extra_interfaces=options.extra_interfaces, shared_vpc=options.shared_vpc)
    print(build(endpoint, spec).to_json(), flush=True)
    signal.sigwait(ending)
    endpoint.stop()


if __name__ == "__main__":
    main()
