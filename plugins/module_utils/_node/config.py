# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's configuration file: read, checked whole, and what setup writes there.

Imports no SDK and asks nobody, so that taking an address down is a matter of milliseconds.
This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from .._address.plan import AUTO
from .._base import net
from .._base.deployment import USUAL, Deployment
from .model import SCOPES, TABLES, Config, Overlay

_AWS_OPTIONS = ("region", "endpoint_url", "aws_ca_bundle", "validate_certs", "aws_config", "assume_role_arn")

CONFIG = Path(Deployment().config)
LONGEST = 86400.0  # seconds: what is longer is no deadline
MOST_ROUTES = 100000  # of one account and Region: more are no fleet
LARGEST = 4 << 20  # bytes: a thousand overlay IPs in a thousand tables are less
T = TypeVar("T")


class ConfigError(ValueError):
    """The configuration cannot be used. The text is a whole sentence with the remedy."""


class CommandError(ConfigError):
    """What the command names is not in the configuration, or not allowed: nothing is done, not even by name."""


def load(path: Path = CONFIG) -> Config:
    """Read and check the configuration file.

    Raises:
        ConfigError: not there, not readable, not root's alone to write, or not what it must be.
    """
    raw = _read(path)
    try:
        _is(raw, dict, "it")
        overlays = _is(raw.get("overlays"), list, "overlays")
        if not overlays:
            raise ValueError("overlays is empty")
        config = Config(
            name=_is(raw.get("name"), str, "name"),
            overlays=tuple(_overlay(item, f"overlays[{number}]") for number, item in enumerate(overlays)),
            aws=_aws(_is(raw.get("aws") or {}, dict, "aws")),
            network_interface_id=_is(raw.get("network_interface_id") or "", str, "network_interface_id") or None,
            device_index=int(_number(raw.get("device_index", 0), "device_index", 0, 1000)),
            peers=_texts(_is(raw.get("peers") or {}, dict, "peers"), "peers"),
            timeout=_number(raw.get("timeout", Config.timeout), "timeout", 0.1, LONGEST),
            advert=_number(raw.get("advert", Config.advert), "advert", 0.01, LONGEST),
            iam_scope=_is(raw.get("iam_scope", TABLES), str, "iam_scope"),
            deployment=Deployment(_is(raw.get("deployment", USUAL), str, "deployment")).name,
            sees_interfaces=_is(raw.get("sees_interfaces", False), bool, "sees_interfaces"),
            former=tuple(_strings(raw.get("former") or [], "former")),
            fleet=int(_number(raw.get("fleet", 0), "fleet", 0, MOST_ROUTES)),
            apart=_is(raw.get("apart", False), bool, "apart"),
            left=tuple(_overlay(item, "left") for item in _is(raw.get("left") or [], list, "left")),
        )
        if config.iam_scope not in SCOPES:
            raise ValueError(f"iam_scope is {config.iam_scope!r}, not one of {', '.join(SCOPES)}")
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{path} is not a valid configuration ({exc}): run the setup playbook again.") from exc
    return config


def _read(path: Path) -> Any:
    """The file as JSON. A named pipe would never end, and what others may write is not root's word."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise ConfigError(f"{path} is not a file: remove it, then run the setup playbook again.")
            if about.st_uid not in (0, os.geteuid()) or about.st_mode & 0o022:
                raise ConfigError(
                    f"{path} can be written by others than root (owner {about.st_uid},"
                    f" mode {about.st_mode & 0o7777:o}): look who did that, then run the setup playbook again."
                )
            if about.st_size > LARGEST:
                raise ConfigError(f"{path} has {about.st_size} bytes: run the setup playbook to write it anew.")
            return json.loads(file.read().decode("utf-8"))
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read ({exc.strerror}): run the setup playbook to write it.") from exc
    except (ValueError, RecursionError) as exc:
        if isinstance(exc, ConfigError):
            raise
        raise ConfigError(f"{path} is not a valid configuration ({exc}): run the setup playbook again.") from exc


def _overlay(raw: Any, where: str) -> Overlay:
    _is(raw, dict, where)
    tables = tuple(_strings(raw.get("route_table_ids") or [], f"{where}.route_table_ids"))
    vpc_id = _is(raw.get("vpc_id") or "", str, f"{where}.vpc_id") or None
    if not tables and not vpc_id:
        raise ValueError(f"{where} has neither route_table_ids nor vpc_id")
    return Overlay(
        destination=net.routed(_is(raw.get("destination"), str, f"{where}.destination")),
        addresses=tuple(net.host(a) for a in _strings(raw.get("addresses"), f"{where}.addresses")),
        interface=_is(raw.get("interface") or AUTO, str, f"{where}.interface"),
        label=_is(raw.get("label", AUTO), str, f"{where}.label"),
        route_table_ids=tables,
        vpc_id=vpc_id,
        every=_is(raw.get("every", not tables), bool, f"{where}.every"),
    )


def _is(value: Any, kind: type[T], what: str) -> T:
    """The value, if it is of that kind. Raises ValueError."""
    if not isinstance(value, kind):
        name = {dict: "a dictionary", list: "a list", str: "a text", bool: "true or false"}[kind]
        raise ValueError(f"{what} is {'missing' if value is None else repr(value)[:40]}, not {name}")
    return value


def _strings(value: Any, what: str) -> list[str]:
    return [_is(item, str, f"{what}[{number}]") for number, item in enumerate(_is(value, list, what))]


def _texts(value: Mapping[Any, Any], what: str) -> dict[str, str]:
    return {str(name): _is(item, str, f"{what}.{name}") for name, item in value.items()}


def _aws(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Options of the modules; what they mean is the client's to judge."""
    kinds: dict[str, type[Any]] = {"validate_certs": bool, "aws_config": dict}
    for name, value in raw.items():
        if value not in (None, ""):
            kind = kinds.get(name, str)
            _is(value, kind, f"aws.{name}")
            if kind is str and not value.isprintable():
                raise ValueError(f"aws.{name} is {value[:40]!r}, which has characters that it cannot have")
    return raw


def _number(value: Any, what: str, low: float, high: float) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not low <= value <= high:  # NaN is neither
        raise ValueError(f"{what} is {value!r}, not a number from {low:g} to {high:g}")
    return float(value)


def content(
    model: Mapping[str, Any],
    name: str,
    nics: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
    tables: Mapping[str, Sequence[str]] | None = None,
    left: Sequence[Mapping[str, Any]] = (),
    former: Sequence[str] = (),
    removed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the configuration file of a node holds: the reverse of `load`.

    Args:
        model: the inventory's, as `overlay_inventory` returns it.
        name: the node.
        nics: of every node the network interface that receives the overlay IPs, as `overlay_node_info` tells it.
        settings: `aws`, `timeout`, `advert` and, where it was told, `fleet` of Config. Keys and profiles are left out:
            a node acts by the role of its instance, and there is nothing secret in its file.
        tables: of every overlay, by destination, the tables that were seen to serve the VPC; they are written where
            the user named none.
        left: the entries of overlay IPs that the inventory has no more, as `_report.orphans` finds them.
        former: the interfaces of this node to which routes lead that shall lead to another one of its.
        removed: nodes that the inventory has no more, with their interfaces; nothing but setup and status reads them.
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
                "route_table_ids": overlay["route_table_ids"] or list((tables or {}).get(overlay["destination"], ())),
                "every": not overlay["route_table_ids"],
                "vpc_id": overlay["vpc_id"] or nics[name]["vpc_id"],
            }
            for overlay in model["overlays"]
        ],
        "iam_scope": model.get("iam_scope", TABLES),
        **({"deployment": model["deployment"]} if model.get("deployment", USUAL) != USUAL else {}),
        **({"sees_interfaces": True} if model.get("iam_see_interfaces") else {}),
        **({"apart": True} if model.get("keepalived", {}).get("apart") else {}),
        **({"left": [dict(overlay) for overlay in left]} if left else {}),
        **({"former": list(former)} if former else {}),
        **({"removed": dict(removed)} if removed else {}),
        **settings,
        "aws": aws,
    }


def _nic_id(model: Mapping[str, Any], name: str, nics: Mapping[str, Mapping[str, Any]]) -> str:
    return str(model["nodes"][name]["network_interface_id"] or nics[name]["network_interface_id"])


def chosen(config: Config, wanted: Sequence[str], *, left: bool = True) -> Config:
    """The configuration with the overlays named in `wanted` alone; all of them where it is empty.

    Args:
        config: the whole.
        wanted: addresses.
        left: those that the inventory has no more may be named; else they are passed over, so that none may be left.

    Raises:
        CommandError: an address that is not in the configuration.
    """
    known = {overlay.destination: overlay for overlay in (*config.left, *config.overlays)}
    try:
        names = [net.routed(text) for text in wanted]
    except net.AddressError as exc:
        raise CommandError(str(exc)) from exc
    asked = frozenset(names)
    for place, name in enumerate(names):
        carrying = next((o for o in config.overlays if name not in known and name in o.addresses), None)
        if carrying:
            _refuse_part(carrying, name, asked)
            names[place] = carrying.destination
        elif name not in known:
            raise CommandError(f"{name} is not an overlay IP of this node: it has {', '.join(known)}.")
    if not left:
        names = [name for name in names if known[name] in config.overlays]
    return replace(config, overlays=tuple(known[name] for name in dict.fromkeys(names))) if wanted else config


def _refuse_part(overlay: Overlay, name: str, asked: Collection[str]) -> None:
    """Addresses that one route carries are moved together, or not at all."""
    others = [net.bare(address) for address in overlay.addresses if address not in asked]
    if others:
        raise CommandError(
            f"{net.bare(name)} shares the route {overlay.destination} with {', '.join(others)}: they move together;"
            f" name {overlay.destination}."
        )


def parts(config: Config) -> dict[str, Config]:
    """The overlay IPs that move together, by a word for each part; one part, without a word, where all do."""
    if not config.apart:
        return {"": config}
    return {net.slug(net.bare(o.destination)): replace(config, overlays=(o,)) for o in config.overlays}
