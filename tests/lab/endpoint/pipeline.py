# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a request, in order: signature, faults, buckets, permission, DryRun, ids, the action, faults, log."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import unescape

from . import request
from .admin import AdminPages
from .answers import Answer, ApiError, LabUnsupported, error_answer
from .backing import forward
from .buckets import Buckets
from .calls import CallLog
from .cloud import Cloud
from .ec2 import (
    associations,
    attachments,
    client_vpn,
    identifiers,
    interfaces,
    life,
    lists,
    prefixes,
    routes,
    tables,
    transit,
)
from .elb import balancers, groups, listeners
from .faults import ConnectionCut, Faults, Rule, cut
from .iam import quotas, sts
from .iam.caller import Admin, authenticate
from .iam.judge import authorise
from .iam.signature import unknown_key
from .request import Call
from .serving import CONNECTION

Handler = Callable[[Cloud, Call], Answer]

#: The actions that the lab answers itself; everything else of these services is moto's.
_HANDLERS: dict[str, Mapping[str, Handler]] = {
    "ec2": {
        **routes.HANDLERS,
        **tables.HANDLERS,
        **associations.HANDLERS,
        **interfaces.HANDLERS,
        **life.HANDLERS,
        **transit.HANDLERS,
        **lists.HANDLERS,
        **prefixes.HANDLERS,
        **attachments.HANDLERS,
        **client_vpn.HANDLERS,
    },
    "elasticloadbalancing": {**groups.HANDLERS, **balancers.HANDLERS, **listeners.HANDLERS},
    "sts": sts.HANDLERS,
    "iam": quotas.HANDLERS,
}


class Application:
    """The endpoint as a WSGI application."""

    def __init__(self, cloud: Cloud, admins: Mapping[str, Admin], faults: Faults, log: CallLog) -> None:
        self._cloud = cloud
        self._admins = admins
        self._faults = faults
        self._log = log
        self._buckets = Buckets(cloud.clock.now)
        self._pages = AdminPages(cloud, faults, log)

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        http = request.from_environ(environ)
        if http.path.startswith("/_lab"):
            answer = self._pages.answer(http)
        else:
            call = request.parse(http)
            if call is None or call.service not in _HANDLERS:
                answer = error_answer("ec2", unknown_key("ec2"))
            else:
                connection = environ.get(CONNECTION)
                try:
                    answer = self._logged(call, connection)
                except ConnectionCut:
                    cut(connection)
                    raise
        status = HTTPStatus(answer.status)
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        start_response(f"{status.value} {status.phrase}", list(headers.items()))
        return [answer.body]

    def _logged(self, call: Call, connection: Any) -> Answer:
        started, clock = time.time(), time.perf_counter()
        outcome = _Outcome(call)
        self._log.begin()
        try:
            return self._answer(outcome, connection)
        except ApiError as error:
            outcome.answer = error_answer(call.service, error)
            return outcome.answer
        finally:
            seen, answer = outcome.call, outcome.answer
            self._log.add(
                time=started,
                seconds=round(time.perf_counter() - clock, 6),
                service=call.service,
                action=call.action,
                region=call.region,
                caller=seen.caller.arn if seen.caller else "",
                access_key=call.http_key,
                attempt=call.attempt,
                user_agent=call.http.headers.get("user-agent", ""),
                params=dict(call.params),
                faults=tuple(rule.do for rule in outcome.rules),
                status=answer.status if answer else 0,
                code=answer.code if answer else "",
                applied=outcome.applied,
            )

    def _answer(self, outcome: _Outcome, connection: Any) -> Answer:
        failure: ApiError | None = None
        try:
            outcome.call = self._authenticated(outcome.call)
        except ApiError as error:
            failure = error
        rules = outcome.rules = self._faults.draw(outcome.call)
        self._faults.before(rules, outcome.call, connection)
        if failure is not None:
            raise failure
        stale = max((rule.seconds for rule in rules if rule.do == "stale"), default=0.0)
        try:
            answer = self._permitted(replace(outcome.call, stale=stale))
            outcome.applied = True
        except ApiError as error:
            answer = error_answer(outcome.call.service, error)
        self._faults.after(rules)
        outcome.answer = answer
        return answer

    def _authenticated(self, call: Call) -> Call:
        scope = call.http.scope()
        assert scope is not None, "the parser makes calls only of signed requests"
        with self._guarded(call), self._cloud.lock:
            return replace(call, caller=authenticate(self._cloud, self._admins, call.http, scope))

    def _permitted(self, call: Call) -> Answer:
        """Judge the call and do it, a mutation exclusively and with everyone told."""
        cloud = self._cloud
        with self._guarded(call), cloud.change(call.action in routes.HANDLERS) if call.mutating else cloud.lock:
            return self._checked(call)

    @contextmanager
    def _guarded(self, call: Call) -> Iterator[None]:
        """A failure of moto's or of ours is a problem, and a problem fails the test that met it."""
        action = f"{call.service}:{call.action}"
        try:
            yield
        except ApiError as error:
            if isinstance(error, LabUnsupported):
                self._cloud.problem(action, error.message)
            raise
        except Exception:
            self._cloud.problem(action, traceback.format_exc())
            raise ApiError("InternalError", f"The lab failed at {action}; see /_lab/problems") from None

    def _checked(self, call: Call) -> Answer:
        if self._cloud.settings.strict.throttle and call.service == "ec2":
            self._buckets.take(call)
        authorise(self._cloud, call)
        if call.service == "ec2":
            # Decided after the permission and before the destination, the target or the table is looked at.
            if call.flag("DryRun"):
                raise ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            identifiers.check(call)
        handler = _HANDLERS[call.service].get(call.action)
        if handler is None and call.service == "elasticloadbalancing":
            raise LabUnsupported(f"{call.action} of load balancers")
        answer = handler(self._cloud, call) if handler else forward(call, call.by.account_id)
        if answer.status >= 500:
            raise RuntimeError(f"moto answered HTTP {answer.status}: {answer.body[:2000]!r}")
        if answer.status >= 400:
            raise _MotoRefusal(answer)
        return answer


class _MotoRefusal(ApiError):
    """moto's own error answer, taken apart so that it is logged like ours and sent in our shape."""

    def __init__(self, answer: Answer) -> None:
        body = answer.body.decode("utf-8", "replace")
        super().__init__(_between(body, "Code") or "Unknown", _between(body, "Message"), answer.status)


def _between(body: str, tag: str) -> str:
    return unescape(body.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0], {"&quot;": '"', "&#39;": "'"})


class _Outcome:
    """What is known of a call so far, for the log."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.rules: list[Rule] = []
        self.answer: Answer | None = None
        self.applied = False
