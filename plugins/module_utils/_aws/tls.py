# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: whom we trust, in as little time as can be.

Reading the system's bundle of 140 authorities takes longer than a call to EC2. Most systems also have them in a
directory by their hash, of which OpenSSL reads the one that is asked for; the bundle is read where that is not enough.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_DATES = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


class BadCertificate(Exception):
    """The other side's certificate was refused. The text is a clause that says why."""


class Trust:
    """What verifies the other side. Safe to use from several threads.

    Args:
        bundle: a file or directory of authorities in place of the system's.
        verify: False: trust anybody.
    """

    def __init__(self, bundle: str | None = None, verify: bool = True) -> None:
        self._bundle, self._verify = bundle, verify
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._whole = bool(bundle) or not verify

    def widen(self) -> bool:
        """From now on trust the system's whole bundle; False where there is no more than what was tried."""
        with self._lock:
            more, self._whole = not self._whole, True
            if more:
                self._context = None
            return more

    def wrap(self, sock: socket.socket, host: str) -> ssl.SSLSocket:
        """Shake hands within the socket's timeout.

        Raises:
            BadCertificate: refused, or the authorities cannot be read.
            OSError: no handshake.
        """
        import ssl  # not at the top: the metadata service is asked without

        context = self._ready()
        try:
            return context.wrap_socket(sock, server_hostname=host)
        except ssl.SSLCertVerificationError as exc:
            reason = exc.verify_message
            if exc.verify_code in _DATES:
                now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
                reason += f"; the clock of this machine says {now} UTC"
            raise BadCertificate(reason) from None

    def _ready(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = self._make()
            return self._context

    def _make(self) -> ssl.SSLContext:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        if self._bundle:
            there = {"capath": self._bundle} if os.path.isdir(self._bundle) else {"cafile": self._bundle}
            try:
                context.load_verify_locations(**there)
            except OSError as exc:  # also when there is no certificate in it
                raise BadCertificate(f"{self._bundle} cannot be read ({exc.strerror or exc})") from None
            return context
        hashed = ssl.get_default_verify_paths().capath
        if not self._whole and hashed and any(name.endswith(".0") for name in os.listdir(hashed)):
            context.load_verify_locations(capath=hashed)
        else:
            self._whole = True
            context.load_default_certs()
        return context
