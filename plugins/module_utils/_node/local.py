# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's configuration file, and its overlay addresses: what needs nothing of AWS.

Imports no SDK, so that looking at an address and taking it down are a matter of milliseconds, and work where the SDK
is broken. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .._address.iproute import Addresses
from .._address.plan import AUTO
from .._base import net

_AWS_OPTIONS = ("region", "endpoint_url", "aws_ca_bundle", "validate_certs", "aws_config", "assume_role_arn")

CONFIG = Path("/etc/aws-overlay-ip/config.json")


class ConfigError(ValueError):
    """The configuration cannot be used. The text is a whole sentence with the remedy."""


@dataclass(frozen=True)
class Overlay:
    """One overlay IP: its destination, the host addresses that go with it, and the tables that hold its route."""

    destination: str
    addresses: tuple[str, ...]
    interface: str = AUTO
    label: str = AUTO
    route_table_ids: tuple[str, ...] = ()
    vpc_id: str | None = None


@dataclass(frozen=True)
class Config:
    """The node's configuration file, checked.

    Attributes:
        name: this node's name.
        network_interface_id: where its routes point; None is asked of the instance metadata by `device_index`.
        peers: the other nodes' names and network interfaces.
        aws: options of the modules of the collection, by name: region, endpoint_url ...
        timeout: seconds for one command, all in all.
        advert: seconds between two adverts of keepalived.
    """

    name: str
    overlays: tuple[Overlay, ...]
    aws: Mapping[str, Any] = field(default_factory=dict)
    network_interface_id: str | None = None
    device_index: int = 0
    peers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 20.0
    advert: float = 1.0


def load(path: Path = CONFIG) -> Config:
    """Read and check the configuration file.

    Raises:
        ConfigError: not there, not readable, or not what it must be.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        overlays = tuple(_overlay(item) for item in raw["overlays"])
        return Config(
            name=str(raw["name"]),
            overlays=overlays,
            aws=dict(raw.get("aws", {})),
            network_interface_id=raw.get("network_interface_id") or None,
            device_index=int(raw.get("device_index", 0)),
            peers={str(name): str(eni) for name, eni in raw.get("peers", {}).items()},
            timeout=float(raw.get("timeout", Config.timeout)),
            advert=float(raw.get("advert", Config.advert)),
        )
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read ({exc.strerror}): run the setup playbook to write it.") from exc
    except (KeyError, TypeError, ValueError) as exc:
        raise ConfigError(f"{path} is not a valid configuration ({exc!r}): run the setup playbook again.") from exc


def _overlay(raw: Mapping[str, Any]) -> Overlay:
    if not raw.get("route_table_ids") and not raw.get("vpc_id"):
        raise ValueError(f"{raw['destination']} has neither route_table_ids nor vpc_id")
    return Overlay(
        destination=net.destination(raw["destination"]),
        addresses=tuple(net.host(address) for address in raw["addresses"]),
        interface=raw.get("interface") or AUTO,
        label=raw.get("label", AUTO),
        route_table_ids=tuple(raw.get("route_table_ids", ())),
        vpc_id=raw.get("vpc_id") or None,
    )


def content(
    model: Mapping[str, Any], name: str, nics: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What the configuration file of a node holds: the reverse of `load`.

    Args:
        model: the inventory's, as `overlay_inventory` returns it.
        name: the node.
        nics: of every node the network interface that receives the overlay IPs, as `overlay_node_info` tells it.
        settings: `aws`, `timeout` and `advert` of Config. Keys and profiles are left out: a node acts by the role
            of its instance, and there is nothing secret in its file.
    """
    aws = {key: value for key, value in settings["aws"].items() if key in _AWS_OPTIONS}
    return {
        "name": name,
        "network_interface_id": _nic_id(model, name, nics),
        "peers": {peer: _nic_id(model, peer, nics) for peer in model["nodes"] if peer != name},
        "overlays": [
            {
                "destination": overlay["destination"],
                "addresses": overlay["node_addresses"],
                "interface": nics[name]["name"] if overlay["interface"] == AUTO else overlay["interface"],
                "label": overlay["label"],
                "route_table_ids": overlay["route_table_ids"],
                "vpc_id": overlay["vpc_id"] or nics[name]["vpc_id"],
            }
            for overlay in model["overlays"]
        ],
        **settings,
        "aws": aws,
    }


def _nic_id(model: Mapping[str, Any], name: str, nics: Mapping[str, Mapping[str, Any]]) -> str:
    return str(model["nodes"][name]["network_interface_id"] or nics[name]["network_interface_id"])


def chosen(config: Config, wanted: Sequence[str]) -> Config:
    """The configuration with the overlays named in `wanted` alone; all of them where it is empty.

    Raises:
        ConfigError: an address that is not in the configuration.
    """
    known = {overlay.destination: overlay for overlay in config.overlays}
    try:
        names = [net.destination(text) for text in wanted]
    except net.AddressError as exc:
        raise ConfigError(str(exc)) from exc
    for name in names:
        if name not in known:
            raise ConfigError(f"{name} is not an overlay IP of this node: it has {', '.join(known)}.")
    return replace(config, overlays=tuple(known[name] for name in names)) if names else config


class Local:
    """The overlay addresses on this node."""

    def __init__(self, config: Config, addresses: Addresses | None = None) -> None:
        self.config = config
        self._addresses = addresses or Addresses()

    @property
    def peers(self) -> Mapping[str, str]:
        """The other nodes' names and network interfaces."""
        return self.config.peers

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

    def down(self) -> bool:
        """Take the addresses down, wherever they are; whether that changed anything. Raises AddressError."""
        return self._addresses.down(self._wanted())

    def live(self) -> dict[str, str]:
        """The addresses that are up, and on which interface. Raises AddressError."""
        return {held.cidr: held.interface for held in self._addresses.held(self._wanted())}

    def complete(self) -> bool:
        """Whether all addresses are up. Raises AddressError."""
        return self.live().keys() >= set(self._wanted())

    def _wanted(self) -> list[str]:
        return [address for overlay in self.config.overlays for address in overlay.addresses]
