# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance metadata service, version 2 only; never by a proxy.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import time
from typing import Callable, TypedDict
from urllib.parse import urlsplit

from . import http
from .origin import Origin

BASE = "http://169.254.169.254"
BASE_IPV6 = "http://[fd00:ec2::254]"
TIMEOUT = 2.0
"""Seconds for one request. The service answers in milliseconds, or (off EC2, or switched off) not at all."""
_TOKEN_TTL = 300
HTTP_UNAUTHORIZED = 401
_PASSING = frozenset({429, 500, 502, 503, 504})


class ImdsError(RuntimeError):
    """The service did not answer as it should. The text is a whole sentence with the remedy.

    ``transient``: it may do so a moment later.
    """

    def __init__(self, text: str, *, transient: bool = False) -> None:
        super().__init__(text)
        self.transient = transient


class NetworkInterface(TypedDict):
    """A network interface as the instance sees it."""

    mac: str
    network_interface_id: str
    device_number: int
    subnet_id: str
    vpc_id: str
    ipv4: list[str]
    ipv6: list[str]
    vpc_cidrs: list[str]


class Imds:
    """A client. Honours AWS_EC2_METADATA_SERVICE_ENDPOINT, ..._ENDPOINT_MODE and AWS_EC2_METADATA_DISABLED as SDKs do.

    Args:
        base: the service's URL; where it is None the environment's, else AWS's by IPv4, or by IPv6 if that is silent.
        timeout: seconds for one request.
        clock: a monotonic clock in seconds (tests).
        left: the seconds that are left for everything.
    """

    def __init__(
        self,
        base: str | None = None,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        left: Callable[[], float] = http.endless,
    ) -> None:
        given = base or os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        self._off = not given and os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
        by_ipv6 = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "").lower() == "ipv6"
        self._bases = [given] if given else [BASE_IPV6] if by_ipv6 else [BASE, BASE_IPV6]
        self._places: dict[str, http.Place] = {}
        self._limits = http.Limits(timeout, timeout, left)
        self._clock = clock
        self._token = ""
        self._token_ends = 0.0

    def get(self, path: str) -> str | None:
        """Return the text at ``/latest/PATH``, or None where the service has none.

        Raises:
            ImdsError: no answer, version 2 refused, or another HTTP error.
        """
        status, text = self._get(path)
        if status == HTTP_UNAUTHORIZED:  # the token is none any more: the service was restarted
            self._token_ends = 0.0
            status, text = self._get(path)
        if status not in (200, 404):
            raise ImdsError(
                f"the instance metadata service answered {status} for {path}.", transient=status in _PASSING
            )
        return text if status == 200 else None

    def instance_id(self) -> str:
        """This instance's id."""
        return self._meta("instance-id")

    def region(self) -> str:
        """This instance's region."""
        return self._meta("placement/region")

    def interfaces(self) -> list[NetworkInterface]:
        """This instance's network interfaces by device number."""
        macs = self._lines("network/interfaces/macs/")
        return sorted((self._interface(mac.rstrip("/")) for mac in macs), key=lambda i: i["device_number"])

    def role_name(self) -> str | None:
        """The role of the instance profile, or None where there is none."""
        names = self._lines("iam/security-credentials/")
        return names[0] if names else None

    def _interface(self, mac: str) -> NetworkInterface:
        at = f"network/interfaces/macs/{mac}"
        return {
            "mac": mac.lower(),
            "network_interface_id": self._meta(f"{at}/interface-id"),
            "device_number": int(self._meta(f"{at}/device-number")),
            "subnet_id": self._meta(f"{at}/subnet-id"),
            "vpc_id": self._meta(f"{at}/vpc-id"),
            "ipv4": self._lines(f"{at}/local-ipv4s"),
            "ipv6": self._lines(f"{at}/ipv6s"),
            "vpc_cidrs": self._lines(f"{at}/vpc-ipv4-cidr-blocks") + self._lines(f"{at}/vpc-ipv6-cidr-blocks"),
        }

    def _meta(self, path: str) -> str:
        text = self.get(f"meta-data/{path}")
        if not text or not text.strip():
            raise ImdsError(f"the instance metadata service has no {path}: is this an EC2 instance?")
        return text.strip()

    def _lines(self, path: str) -> list[str]:
        return (self.get(f"meta-data/{path}") or "").split()

    def _get(self, path: str) -> tuple[int, str]:
        return self._request("GET", f"latest/{path}", {"X-aws-ec2-metadata-token": self._valid_token()})

    def _valid_token(self) -> str:
        if self._clock() >= self._token_ends:
            headers = {"X-aws-ec2-metadata-token-ttl-seconds": str(_TOKEN_TTL), "Content-Length": "0"}
            status, token = self._request("PUT", "latest/api/token", headers)
            if status != 200:
                raise ImdsError(
                    f"the instance metadata service refused a version 2 token ({status}):"
                    " switch the service on for this instance (modify-instance-metadata-options).",
                    transient=status in _PASSING,
                )
            self._token, self._token_ends = token, self._clock() + _TOKEN_TTL / 2
        return self._token

    def _request(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """The status and the text of an answer; whoever answers first is asked from then on."""
        if self._off:
            raise ImdsError("the instance metadata service is not asked: AWS_EC2_METADATA_DISABLED is set.")
        failures: list[ImdsError] = []
        for base in self._bases:
            try:
                answer = self._ask(base, method, path, headers)
            except ImdsError as exc:
                failures.append(exc)
                continue
            self._bases = [base]
            return answer
        raise failures[0]

    def _ask(self, base: str, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        try:
            at = urlsplit(base.rstrip("/"))
            if base not in self._places:
                self._places[base] = http.Place(Origin(False, at.hostname or "", at.port or 80))
            place = self._places[base]
            told = {"Host": place.origin.authority, **headers}
            answer = place.ask(method, f"{at.path}/{path}", told, b"", self._limits)
            return answer.status, answer.body.decode()
        except (http.NoAnswer, ValueError) as exc:
            raise ImdsError(
                f"the instance metadata service at {base} does not answer ({exc}): this is no EC2 instance, the "
                "service is off, or a firewall or its hop limit is in the way.",
                transient=True,
            ) from None
