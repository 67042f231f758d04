# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlay addresses of the node, by `ip`: what needs nothing of AWS.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .._address.addresses import Addresses
from .._address.iproute import AddressError
from .._address.kept import Kept
from .._base import net
from .._base.deployment import Deployment
from .model import Config


class Local:
    """The overlay addresses on this node."""

    def __init__(self, config: Config, addresses: Addresses | None = None) -> None:
        self.config = config
        self._addresses = addresses or Addresses(kept=_kept(Deployment(config.deployment)))

    @property
    def peers(self) -> Mapping[str, str]:
        """The other nodes' names and network interfaces."""
        return self.config.peers

    @property
    def troubles(self) -> list[str]:
        """Why replies may leave by the wrong interface, of what was done so far."""
        return self._addresses.troubles

    def up(self) -> bool:
        """Bring the addresses up; whether that changed anything.

        Raises:
            AddressError, PlanError of `_address.plan`: refused.
        """
        done = [self._addresses.up(o.addresses, o.interface, o.label) for o in self.config.overlays if o.addresses]
        return any(done)

    def foresee(self) -> None:
        """Plan to bring the addresses up and change nothing. Raises as `up` does."""
        for overlay in self.config.overlays:
            if overlay.addresses:
                self._addresses.up(overlay.addresses, overlay.interface, overlay.label, dry_run=True)

    def down(self, destinations: Collection[str] | None = None) -> bool:
        """Take the addresses down, wherever they are; whether that changed anything. Raises AddressError.

        Args:
            destinations: of these overlays alone; None for all.
        """
        wanted = [o for o in self.config.overlays if destinations is None or o.destination in destinations]
        return self._addresses.down([address for overlay in wanted for address in overlay.addresses])

    def keep(self) -> None:
        """Write down that what is up is held here, for the guard: its engine says so. `up` and `down` do it themselves.

        Raises AddressError.
        """
        self._addresses.keep(self._wanted())

    def live(self) -> dict[str, str]:
        """The addresses that are up, and on which interface. Raises AddressError."""
        return {held.cidr: held.interface for held in self._addresses.held(self._wanted())}

    def complete(self) -> bool:
        """Whether all addresses are up. Raises AddressError."""
        return self.live().keys() >= set(self._wanted())

    def _wanted(self) -> list[str]:
        return [address for overlay in self.config.overlays for address in overlay.addresses]


def let_go(addresses: Collection[str], deployment: Deployment) -> bool:
    """Take addresses down by their names alone; whether any was up. For a node whose configuration is lost."""
    try:
        ours = Addresses(kept=_kept(deployment))
        return ours.down([net.host(address) for address in addresses]) if addresses else False
    except (AddressError, net.AddressError):
        return False


def _kept(deployment: Deployment) -> Kept:
    return Kept(deployment.memory[0])
