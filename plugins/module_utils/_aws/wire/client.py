# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client: signs, sends, reads, and asks again within one deadline. An `Api`, as the SDK's side is.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any, Callable

from ..api import paged
from ..errors import BAD_KEYS, EXPIRED, NO_REGION, UNREACHABLE, AwsError, explain_answer
from ..http import Answer, Limits, NoAnswer, Place, endless
from ..imds import Imds
from ..options import OWNER_CALLS, VERSION, AwsOptions, check
from ..pace import chance
from ..tls import BadCertificate, Trust
from . import answer, endpoints, query, sign
from .keys import Kept, of_instance
from .settings import origin, settings
from .sign import Keys

SKEW = 300.0
"""Seconds by which a clock may be wrong: AWS refuses what was signed further off."""

_PAUSE = 0.5  # seconds: before the second attempt at most this, before each further one at most twice as long
_CLOCK = BAD_KEYS | EXPIRED | {"RequestTimeTooSkewed", "InvalidSignatureException"}
_PASSING = frozenset({500, 502, 503, 504})
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


class Wire:
    """EC2 and STS for one caller: with the keys of the options, else with the role of this instance.

    Args:
        opts: where and as whom. A profile is refused: nodes have none.
        left: the seconds that are left for everything: no call outlives them, whatever answers or does not.
        tell: hears, in a sentence, what people should know although the call went on: a clock that is wrong.
        imds: the metadata service.
        advice: what to say besides where this is no instance with credentials.

    Attributes:
        call_seconds: seconds for one call with all its attempts; endless where ``left`` rules alone.
        requests: operation and request id of each answer, retries counted.
        errors: how often each error code was met, retries counted.
    """

    def __init__(
        self,
        opts: AwsOptions,
        left: Callable[[], float] = endless,
        tell: Callable[[str], None] = lambda text: None,
        imds: Imds | None = None,
        advice: str = "",
    ) -> None:
        check(opts)
        if opts.profile:
            raise AwsError(
                "Config", f"profile is {opts.profile!r}, but a node has none: it acts as its instance's role."
            )
        self.options = opts
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.requests: list[tuple[str, str]] = []
        self.call_seconds = math.inf
        self._left, self._tell = left, tell
        self._settings = settings(opts.aws_config or {})
        self._trust = Trust(opts.aws_ca_bundle, opts.validate_certs)
        self._lock = threading.Lock()
        self._places: dict[str, tuple[Place, str]] = {}
        self._offset = 0.0
        if opts.access_key and opts.secret_key:
            own = Keys(opts.access_key, opts.secret_key, opts.session_token)
            self._own = Kept(lambda: own, self._now)
        else:
            self._own = Kept(partial(of_instance, imds or Imds(left=left), left, advice), self._now)
        self._role = Kept(self._assume, self._now)

    @property
    def region(self) -> str:
        """The region in force, or ``AwsError("NoRegion")``."""
        if not self.options.region:
            raise AwsError("NoRegion", NO_REGION)
        return self.options.region

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn``, ``aws-us-gov`` ...: never hard-coded in an ARN."""
        return endpoints.partition(self.region).name

    def call(self, service: str, operation: str, **kwargs: Any) -> dict[str, Any]:
        """Make one API call, e.g. ``call("ec2", "ReplaceRoute", ...)``; returns the parsed answer.

        Raises:
            AwsError: `UNREACHABLE` where nobody knows whether it was carried out.
        """
        owner = self.options.assume_role_arn and operation in OWNER_CALLS
        return self._call(self._role if owner else self._own, service, operation, kwargs)

    def pages(self, service: str, operation: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """The answers of a paged operation, one by one."""
        return paged(self.call, service, operation, **kwargs)

    def _call(self, kept: Kept, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Ask until there is an answer, or no more sense or time in asking. Two things are mended on the way, once."""
        if operation not in answer.ANSWERS:
            raise AwsError("Config", f"{operation} is not among the calls that a node makes.", operation)
        self._place(service)  # what is wrong with the options is told before anything is asked
        body = query.form(service, operation, params)
        keys = self._keys(kept)
        with self._lock:
            self.calls[operation] += 1
        end = time.monotonic() + self.call_seconds

        def left() -> float:
            return min(self._left(), end - time.monotonic())

        attempt, corrected, renewed = 1, False, False
        before: list[AwsError] = []
        while True:
            try:
                return self._attempt(keys, service, operation, body, left)
            except AwsError as err:
                failed = err
            with self._lock:
                self.errors[failed.code] += 1
            if before and failed.code == UNREACHABLE and not self._left():
                raise before[-1]  # it had no time left to be answered; what AWS said before is the reason
            before.append(failed)
            if isinstance(failed, _Refused) and failed.code in _CLOCK:
                if abs(failed.aws_time - failed.signed_at) > SKEW:
                    sentence = self._correct(failed.aws_time)
                    if corrected:
                        raise AwsError(failed.code, f"{operation} was refused. {sentence}", operation)
                    corrected = True
                    continue
                if not renewed:
                    renewed, refused, keys = True, keys, kept.instead_of(keys)
                    if keys != refused:
                        continue
            if failed.throttled and operation in OWNER_CALLS:
                raise failed  # who moves routes waits for its turn, and looks again before it writes
            pause = chance() * _PAUSE * 2 ** (attempt - 1)  # full jitter
            if not _passing(failed) or attempt >= self._settings.attempts or pause >= left():
                raise failed
            time.sleep(pause)
            attempt += 1

    def _attempt(
        self, keys: Keys, service: str, operation: str, body: bytes, left: Callable[[], float]
    ) -> dict[str, Any]:
        """Send the request once, and read what comes back."""
        place, path = self._place(service)
        signed_at = self._now()
        signed = {
            "Host": place.origin.authority,
            "Content-Type": query.CONTENT_TYPE,
            "X-Amz-Date": sign.stamp(signed_at),
            **({"X-Amz-Security-Token": keys.session_token} if keys.session_token else {}),
        }
        headers = {
            **signed,
            "Authorization": sign.authorization(keys, service, self.region, "POST", path, signed, body),
            "User-Agent": f"aws_ha.overlay_ip/{VERSION}",
            "Content-Length": str(len(body)),
        }
        limits = Limits(self._settings.connect, self._settings.read, left)
        try:
            got = place.ask("POST", path, headers, body, limits)
        except NoAnswer as exc:
            text = f"{operation} got no answer from AWS ({exc}; {_where(place)}): check the network and the endpoint."
            raise AwsError(UNREACHABLE, text, operation) from None
        except BadCertificate as exc:
            text = f"{operation}: the endpoint's certificate was refused ({exc}; {_where(place)}): check aws_ca_bundle."
            raise AwsError("Tls", text, operation) from None
        request_id = answer.request_id(got.body)
        if request_id:
            with self._lock:
                self.requests.append((operation, request_id))
        try:
            if got.status == 200:
                return answer.parse(operation, got.body)
            code, text = answer.parse_error(got.body)
        except answer.Unreadable as exc:
            raise _unreadable(got, str(exc), operation, _where(place)) from None
        told = explain_answer({"Code": code, "Message": text}, operation)
        raise _Refused(told, got.status, signed_at, _date(got, signed_at))

    def _place(self, service: str) -> tuple[Place, str]:
        with self._lock:
            if service not in self._places:
                there, path = origin(self.options, service, self.region, self._settings)
                self._places[service] = Place(there, self._trust, self._settings.proxy(there)), path
            return self._places[service]

    def _now(self) -> float:
        """The time as AWS has it, as far as is known."""
        return time.time() + self._offset

    def _correct(self, aws_time: float) -> str:
        """Sign with AWS's time from now on; the sentence that says so."""
        mine = time.time()
        with self._lock:
            known, self._offset = abs(aws_time - self._now()) <= SKEW, aws_time - mine
        sentence = _clock_sentence(mine, aws_time)
        if not known:  # another thread's call may have found it just before
            self._tell(sentence)
        return sentence

    def _keys(self, kept: Kept) -> Keys:
        """Those to sign with. That this instance has none is counted as an answer of AWS is."""
        try:
            return kept.get()
        except AwsError as err:
            if kept is self._own:  # a role's are asked for by a call, which counts
                with self._lock:
                    self.errors[err.code] += 1
            raise

    def _assume(self) -> Keys:
        """Become the owner's role."""
        params = {"RoleArn": self.options.assume_role_arn, "RoleSessionName": "overlay-ip"}
        got = self._call(self._own, "sts", "AssumeRole", params)["Credentials"]
        ends = got["Expiration"].timestamp()
        return Keys(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], ends)


class _Refused(AwsError):
    """What AWS itself answered: when the request said that it was signed, and what AWS's clock said."""

    def __init__(self, told: AwsError, status: int, signed_at: float, aws_time: float) -> None:
        super().__init__(told.code, told.message, told.operation)
        self.status, self.signed_at, self.aws_time = status, signed_at, aws_time


def _passing(failed: AwsError) -> bool:
    """Whether another attempt may do better."""
    return failed.transient or (isinstance(failed, _Refused) and failed.status in _PASSING)


def _where(place: Place) -> str:
    return f"{place.origin} by the proxy {place.proxy}" if place.proxy else str(place.origin)


def _unreadable(got: Answer, what: str, operation: str, where: str) -> AwsError:
    """What somebody else answered: of a 5xx that AWS cannot just now, of all others that nobody knows."""
    if got.status >= 500:
        text = f"{operation} failed with HTTP status {got.status} ({where} sent {what})."
        return AwsError("ServiceUnavailable", text, operation)
    if 300 <= got.status < 400:
        what = f"a redirection to {got.headers.get('location', 'nowhere')[:100]}"
    text = (
        f"{operation} cannot be read: {where} answered with {what} (status {got.status}), which is not AWS's answer. "
        "A portal or a proxy is in the way, or endpoint_url is wrong."
    )
    return AwsError(UNREACHABLE, text, operation)


def _clock_sentence(mine: float, aws: float) -> str:
    minutes, way = abs(aws - mine) / 60, "behind" if aws > mine else "ahead of"
    far = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
    here, there = (time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) for at in (mine, aws))
    return (
        f"The clock of this machine is {far} {way} AWS's (it says {here} UTC, AWS {there}): set it, and see that "
        "chrony or systemd-timesyncd keeps it."
    )


def _date(got: Answer, default: float) -> float:
    """The moment that an answer's Date header names, in seconds since the epoch (RFC 9110, IMF-fixdate)."""
    try:
        _day, date, month, year, clock, _zone = got.headers["date"].split()
        hour, minute, second = (int(part) for part in clock.split(":"))
        number = _MONTHS.index(month) // 3 + 1
        return datetime(int(year), number, int(date), hour, minute, second, tzinfo=timezone.utc).timestamp()
    except (KeyError, ValueError):
        return default
