# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's metrics with every family in them."""

from __future__ import annotations

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.exposition import Sample, text
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.health import Health
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.model import Config, Overlay
from unit.move_records import NOON, record


def page(deployment: str, destination: str, *, node: str = "n1", vpc_id: str = "vpc-1", fleet: bool = False) -> str:
    """What a node writes of an overlay IP; with `fleet` also what only the status playbook knows."""
    overlay = Overlay(destination, (destination,), route_table_ids=("a", "b"), vpc_id=vpc_id)
    config = Config(node, (overlay,), network_interface_id="eni-1", peers={"n2": "eni-2"}, deployment=deployment)
    route = {"route": {"network_interface_id": "eni-1", "state": "active"}}
    told = [{"destination": destination, "held": 2, "routes": [route, route]}]
    seen = metrics.Seen(
        config, NOON, told, [destination], NOON - 1, [{"check": "address", "ok": True}], NOON - 60,
        {"pacemaker": Health(able=True, heard=True)},
        {"calls": {"DescribeRouteTables": 9}, "errors": {"Unreachable": 1}, "takeovers": {"keepalived": 2}},
        record(NOON - 900), NOON - 7000, "1.1.0",
    )  # fmt: skip
    samples = metrics.samples(seen)
    if fleet:
        labels = metrics.whose(deployment, node, [vpc_id])
        samples += [Sample(metrics.REACHABLE, labels, 1.0)]
        samples += [Sample(metrics.NODE_FINDINGS, {**labels, "severity": "error"}, 0.0)]
        of_overlay = {"deployment": deployment, "vpc_id": vpc_id, "destination": destination}
        samples += [Sample(metrics.FINDINGS, {**of_overlay, "severity": "error"}, 0.0)]
        samples += [Sample(metrics.CLOCK, labels, -0.5)]
    return text(samples, metrics.FAMILIES)
