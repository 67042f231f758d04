# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node does with its overlay IPs by itself: take over, give up, show, check. Used by the node's own program.

Reading, planning, writing and verifying routes is `_route.job`'s, as in the module; here is the order of address and
route: an address is up before a packet can arrive, and it goes down whatever AWS says.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .._aws.http import endless
from .._aws.imds import Imds
from .._aws.options import AwsOptions, options
from .._aws.pace import Deadline
from .._aws.wire.client import Wire
from .._route import job, move, plan
from .._route.ec2 import Ec2
from .._route.plan import ACTIVE, NONE, Action, Table
from .local import ConfigError, Local, Overlay


class Node:
    """This node, with the overlays of its configuration.

    Args:
        local: its configuration, whose overlays are meant, and its addresses.
        ec2: makes the EC2 side, when it is first needed: the address comes first. By default our own client, with the
            keys of the instance.
        imds: the instance metadata.
        left: the seconds that are left for everything: no call to AWS outlives them.
        tell: hears what people should know although it went on.
    """

    def __init__(
        self,
        local: Local,
        ec2: Callable[[AwsOptions], Ec2] | None = None,
        imds: Imds | None = None,
        left: Callable[[], float] = endless,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.local = local
        self.config = local.config
        self._imds = imds or Imds(left=left)
        self._make_ec2 = ec2 or (lambda opts: Ec2(Wire(opts, left, tell, self._imds)))
        self._made: Ec2 | None = None
        self._mine = local.config.network_interface_id

    # -- commands ------------------------------------------------------------------------------------------------

    def take(self, deadline: Deadline) -> dict[str, Any]:
        """Bring the addresses up, then move every table here and verify it.

        Where that fails, the addresses that this brought up go down again, unless some table points here or may do so:
        a node that cannot take over must not look as if it had.

        Raises:
            JobError, AwsError, PlanError of `_route`: the route; AddressError, PlanError of `_address`: the address.
        """
        brought_up = self.local.up()
        try:
            result = self._move(self.mine(), deadline)
        except Exception as err:
            routes = err.result.get("routes", ()) if isinstance(err, job.JobError) else ()
            if brought_up and not self._may_point_here(routes):
                self.local.down()
            raise
        result["changed"] = result["changed"] or brought_up
        return result

    def hand_over(self, peer: str, deadline: Deadline) -> dict[str, Any]:
        """Send what points here to the peer; a route that somebody else has by now is left alone.

        Raises:
            ConfigError: no such peer. JobError, AwsError, PlanError: the route.
        """
        peers = self.config.peers
        if peer not in peers:
            raise ConfigError(f"{peer} is no peer of this node: it has {', '.join(peers) or 'none'}.")
        return self._move(peers[peer], deadline, expected_holder=self.mine())

    def show(self) -> list[dict[str, Any]]:
        """Per overlay, who holds the route in which table, and whether its addresses are up here.

        Raises:
            AwsError: the tables cannot be read.
        """
        live = self.local.live()
        return [self._shown(overlay, tables, live) for overlay, tables in self.tables()]

    def tables(self) -> list[tuple[Overlay, list[Table]]]:
        """Each overlay with its route tables, read once for all overlays that share them."""
        read: dict[tuple[tuple[str, ...], str | None], list[Table]] = {}
        for overlay in self.config.overlays:
            key = overlay.route_table_ids, overlay.vpc_id
            if key not in read:
                tables = self.ec2.tables(key[0]) if key[0] else plan.serving(self.ec2.tables(vpc_id=key[1]))
                read[key] = tables
        return [(o, read[o.route_table_ids, o.vpc_id]) for o in self.config.overlays]

    def refused(self, deadline: Deadline) -> dict[str, str]:
        """Ask by DryRun whether this node may move its routes: route table -> why not.

        Raises:
            AwsError: the tables cannot be read, or nothing can be asked.
        """
        actions = [
            Action(NONE, table.route_table_id, overlay.destination, None, self.mine())
            for overlay, tables in self.tables()
            for table in tables
        ]
        errors = move.permitted(self.ec2, actions, deadline.left)
        return {table: err.message for (table, _destination), err in errors.items()}

    def mine(self) -> str:
        """This node's network interface.

        Raises:
            ImdsError: not configured, and the instance metadata does not answer.
            ConfigError: the instance has no such interface.
        """
        if self._mine is None:
            index = self.config.device_index
            found = [i["network_interface_id"] for i in self._imds.interfaces() if i["device_number"] == index]
            if not found:
                raise ConfigError(f"This instance has no network interface with device index {index}: correct it.")
            self._mine = found[0]
        return self._mine

    @property
    def ec2(self) -> Ec2:
        """The EC2 side, made when it is first needed."""
        if self._made is None:
            self._made = self._make_ec2(options(self.config.aws))
        return self._made

    def name_of(self, network_interface_id: str | None) -> str | None:
        """The node that an interface belongs to; the interface itself where it is nobody's that we know."""
        names = {eni: name for name, eni in self.config.peers.items()}
        names[self.mine()] = self.config.name
        return names.get(network_interface_id, network_interface_id) if network_interface_id else None

    # -- parts ---------------------------------------------------------------------------------------------------

    def _move(self, eni: str, deadline: Deadline, expected_holder: str | None = None) -> dict[str, Any]:
        """One job for all overlays that share their tables; the results in one."""
        groups: dict[tuple[tuple[str, ...], str | None], list[str]] = {}
        for overlay in self.config.overlays:
            groups.setdefault((overlay.route_table_ids, overlay.vpc_id), []).append(overlay.destination)
        results = []
        for (route_table_ids, vpc_id), destinations in groups.items():
            request = job.Request(
                destinations=tuple(destinations),
                route_table_ids=route_table_ids,
                vpc_id=None if route_table_ids else vpc_id,
                network_interface_id=eni,
                expected_holder=expected_holder,
                wait_timeout=deadline.left,
            )
            results.append(job.run(self.ec2, request))
        return {
            "changed": any(result["changed"] for result in results),
            "consistent": all(result["consistent"] for result in results),
            "routes": [route for result in results for route in result["routes"]],
            "api_calls": dict(self.ec2.aws.calls),
        }

    def _may_point_here(self, routes: Iterable[Mapping[str, Any]]) -> bool:
        """Whether a table was read to point here after a failed move, or could not be read after the writes."""
        return any(
            (route["after"] or {}).get("network_interface_id") == self.mine()
            or (route["error"] or {}).get("code") == "Unread"
            for route in routes
        )

    def _shown(self, overlay: Overlay, tables: Sequence[Table], live: Mapping[str, str]) -> dict[str, Any]:
        routes = [(table.route_table_id, table.static(overlay.destination)) for table in tables]
        holders = {route.network_interface_id if route else None for _table, route in routes}
        alone = holders.pop() if len(holders) == 1 else None
        works = all(route and route.state == ACTIVE for _table, route in routes)
        return {
            "destination": overlay.destination,
            "addresses": [{"address": a, "interface": live.get(a)} for a in overlay.addresses],
            "holder": self.name_of(alone),
            "consistent": plan.consistent(tables, overlay.destination),
            "active": works,
            "mine": alone == self.mine() and works,
            "routes": [{"route_table_id": table, "route": move.shown(route)} for table, route in routes],
        }
