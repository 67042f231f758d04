# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that are fetched, kept, and fetched again before they end.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import math
import threading
import time
from typing import Callable

from ..errors import AwsError
from ..imds import Imds, ImdsError
from .answer import moment
from .sign import Keys

EARLY = 300.0  # seconds before their end in which new ones are asked for; EC2 has them by then
_AT_MOST = 60.0  # seconds between two attempts to renew, whatever the clock says of their end
_PATIENCE = 10.0  # seconds for a metadata service that does not answer, where there is no deadline
_PAUSE = 0.25


class Kept:
    """Credentials from ``fetch``. Safe to use from several threads: one of them fetches for all.

    Args:
        fetch: gets new ones; raises AwsError.
        now: AWS's time, in seconds since the epoch.
    """

    def __init__(self, fetch: Callable[[], Keys], now: Callable[[], float]) -> None:
        self._fetch, self._now = fetch, now
        self._lock = threading.Lock()
        self._keys: Keys | None = None
        self._fetched = 0.0

    def get(self) -> Keys:
        """Those that are valid now. Raises AwsError where there are none."""
        with self._lock:
            keys = self._keys
            if keys is None:
                return self._renew()
            if keys.ends is None or keys.ends - self._now() > EARLY or time.monotonic() - self._fetched < _AT_MOST:
                return keys
            try:
                return self._renew()
            except AwsError:
                if keys.ends > self._now():  # they are good for a while
                    self._fetched = time.monotonic()
                    return keys
                raise

    def instead_of(self, refused: Keys) -> Keys:
        """Others than these, which AWS refused; the same where there are no others."""
        with self._lock:
            return self._renew() if self._keys == refused or self._keys is None else self._keys

    def _renew(self) -> Keys:
        self._keys = self._fetch()
        self._fetched = time.monotonic()
        return self._keys


def of_instance(imds: Imds, left: Callable[[], float], advice: str = "") -> Keys:
    """The credentials of this instance's profile; asked for again, within what is left, while the service is silent.

    Raises:
        AwsError: there are none; speaks of metadata service and instance profile, and says ``advice`` besides.
    """
    end = time.monotonic() + (_PATIENCE if math.isinf(left()) else left())
    while True:
        try:
            return _ask(imds)
        except ImdsError as exc:
            if not exc.transient or time.monotonic() + _PAUSE >= end:
                text = f"This instance has no AWS credentials: {exc}{advice}"
                raise AwsError("NoCredentials", text) from None
        time.sleep(_PAUSE)


def _ask(imds: Imds) -> Keys:
    role = imds.role_name()
    if not role:
        raise ImdsError("it has no instance profile: attach one whose role may move the routes (docs/iam.md).")
    text = imds.get(f"meta-data/iam/security-credentials/{role}") or "{}"
    try:
        found = json.loads(text)
        if found.get("Code", "Success") != "Success":
            raise ImdsError(
                f"EC2 cannot assume the role {role} of its instance profile ({found['Code']}): "
                "does the role's trust policy name ec2.amazonaws.com?"
            )
        return Keys(
            found["AccessKeyId"], found["SecretAccessKey"], found["Token"], moment(found["Expiration"]).timestamp()
        )
    except (ValueError, KeyError, AttributeError, TypeError):
        text = f"the instance metadata service answered something else than the credentials of {role}."
        raise ImdsError(text, transient=True) from None
