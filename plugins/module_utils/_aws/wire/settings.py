# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the option ``aws_config`` (the SDK's settings) means something to this client, checked.

Pure: the environment is not looked at. keepalived and Pacemaker start the program with another one than people do, and
a proxy in it must not decide whether a node can take over. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import base64
import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import AwsError
from ..options import ATTEMPTS, CONNECT_TIMEOUT, READ_TIMEOUT, AwsOptions
from ..origin import Origin, Proxy
from . import endpoints

_MEANINGLESS = frozenset(
    {
        "account_id_endpoint_mode",
        "client_context_params",
        "defaults_mode",
        "disable_request_compression",
        "ignore_configured_endpoint_urls",
        "inject_host_prefix",
        "max_pool_connections",
        "parameter_validation",
        "request_checksum_calculation",
        "request_min_compression_size_bytes",
        "response_checksum_validation",
        "s3",
        "tcp_keepalive",
        "user_agent",
        "user_agent_appid",
        "user_agent_extra",
    }
)
"""Settings of the SDK that change nothing here: a takeover must not fail for them."""


@dataclass(frozen=True)
class Settings:
    """Bounds in seconds and attempts, kind of endpoint, proxies by scheme (``no``: hosts that need none)."""

    connect: float = CONNECT_TIMEOUT
    read: float = READ_TIMEOUT
    attempts: int = ATTEMPTS
    dual_stack: bool = False
    fips: bool = False
    proxies: Mapping[str, str] | None = None

    def proxy(self, origin: Origin) -> Proxy | None:
        """The proxy on the way there, or None."""
        proxies = self.proxies or {}
        url = proxies.get("https" if origin.tls else "http")
        if not url or _direct(origin, proxies.get("no", "")):
            return None
        return _proxy(url)


def settings(aws_config: Mapping[str, Any]) -> Settings:
    """Read ``aws_config``. Raises AwsError ("Config") that names the setting."""
    left = {name: value for name, value in aws_config.items() if name not in _MEANINGLESS and value is not None}
    found = Settings(
        connect=_seconds("connect_timeout", left.pop("connect_timeout", CONNECT_TIMEOUT)),
        read=_seconds("read_timeout", left.pop("read_timeout", READ_TIMEOUT)),
        attempts=_attempts(left.pop("retries", {})),
        dual_stack=bool(left.pop("use_dualstack_endpoint", False)),
        fips=bool(left.pop("use_fips_endpoint", False)),
        proxies=left.pop("proxies", None),
    )
    if found.proxies is not None and not isinstance(found.proxies, Mapping):
        raise _wrong("proxies", found.proxies, "give a dictionary, for example {https: http://proxy.example:3128}")
    for scheme, url in (found.proxies or {}).items():
        if scheme != "no":
            _proxy(url)
    for name, value in left.items():
        raise _wrong(name, value, "a node cannot do it, leave it out")
    return found


def origin(opts: AwsOptions, service: str, region: str, found: Settings) -> tuple[Origin, str]:
    """Where a service answers, and the path there."""
    url = opts.endpoint_url or endpoints.url(service, region, dual_stack=found.dual_stack, fips=found.fips)
    try:
        parts = urlsplit(url)
        tls = {"https": True, "http": False}[parts.scheme]
        if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError(url)
        return Origin(tls, parts.hostname, parts.port or (443 if tls else 80)), parts.path or "/"
    except (KeyError, ValueError):
        text = f"endpoint_url is {url!r}: give a URL, for example https://ec2.eu-central-1.amazonaws.com."
        raise AwsError("Config", text) from None


def _attempts(retries: Any) -> int:
    if not isinstance(retries, Mapping):
        raise _wrong("retries", retries, "give a dictionary")
    try:
        if "total_max_attempts" in retries:
            return max(1, int(retries["total_max_attempts"]))
        return max(0, int(retries.get("max_attempts", ATTEMPTS - 1))) + 1
    except (TypeError, ValueError):
        raise _wrong("retries", dict(retries), "give whole numbers") from None


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise _wrong(name, value, "give seconds, more than 0")
    return seconds


def _proxy(url: Any) -> Proxy:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or 80
    except (TypeError, ValueError):
        raise _wrong("proxies", "(not a URL)", "give http://HOST:PORT") from None
    if parts.scheme != "http" or not parts.hostname:
        raise _wrong("proxies", f"{parts.scheme}://{parts.hostname}", "give http://HOST:PORT")
    authorization = ""
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(secret.encode()).decode()
    return Proxy(parts.hostname, port, authorization)


def _direct(there: Origin, exceptions: str) -> bool:
    """Whether the exceptions (as in NO_PROXY: names with all below them, networks, ``*``) hold the place."""
    for word in exceptions.replace(",", " ").split():
        name, _colon, port = word.rpartition(":") if word.count(":") == 1 else (word, "", "")
        if port and port != str(there.port):
            continue
        name = name.lower().lstrip(".").strip("[]")
        if name == "*" or there.host == name or there.host.endswith(f".{name}"):
            return True
        if _within(there.host, name):
            return True
    return False


def _within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _wrong(name: str, value: object, remedy: str) -> AwsError:
    return AwsError("Config", f"aws_config.{name} is {value!r}: {remedy}.")
