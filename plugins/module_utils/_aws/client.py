# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients for AWS, and SDK errors turned into one clear sentence.

The only file that makes clients. It speaks amazon.aws's dialect (option names, aliases, environment fallbacks) and
always sets timeouts, retry mode and attempts itself: the SDK's defaults let one unanswered call take 180 seconds.
It needs botocore alone and knows nothing of Ansible, so that the program on the nodes can use it as it is.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import gzip
import json
import os
import queue
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any, Callable, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from .api import paged
from .errors import NO_CREDENTIALS, NO_REGION, UNREACHABLE, AwsError, explain_answer
from .options import ATTEMPTS, CALL_SECONDS, CONNECT_TIMEOUT, OWNER_CALLS, READ_TIMEOUT, VERSION, AwsOptions, check

try:
    import botocore.config
    import botocore.exceptions
    import botocore.loaders
    import botocore.parsers
    import botocore.session
except ImportError:  # told by the module, which knows how to say it
    HAS_BOTOCORE = False
    SDK_VERSION = ""
else:
    HAS_BOTOCORE = True
    SDK_VERSION = botocore.__version__

POOL = 32  # connections kept: one per worker that moves tables

T = TypeVar("T")


class Aws:
    """Clients of one caller, the calls counted. Safe to use from several threads.

    Raises ``AwsError`` from every method.

    Attributes:
        options: where and as whom to call.
        calls: how often each operation was asked for.
        requests: operation and request id of each answer.
        call_seconds: seconds for one call with all its attempts, whatever its answer does.
    """

    def __init__(self, opts: AwsOptions) -> None:
        check(opts)
        self.call_seconds = CALL_SECONDS
        self.options = opts
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, bool], Any] = {}
        self._session = _session(opts)

    @property
    def region(self) -> str:
        """The region in force, or ``AwsError("NoRegion")``."""
        region = self.options.region or self._session.get_config_variable("region")
        if not region:
            raise AwsError("NoRegion", NO_REGION)
        return str(region)

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn``, ``aws-us-gov`` ...: never hard-coded in an ARN."""
        return str(self._session.get_partition_for_region(self.region))

    def client(self, service: str, operation: str = "") -> Any:
        """The client of a service for an operation, made once; OWNER_CALLS may have one of their own."""
        key = service, bool(self.options.assume_role_arn) and operation in OWNER_CALLS
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, **(self._assume() if key[1] else {}))
            return self._clients[key]

    def call(self, service: str, operation: str, **kwargs: Any) -> dict[str, Any]:
        """Make one API call, e.g. ``call("ec2", "ReplaceRoute", ...)``; returns the parsed answer."""
        client = self.client(service, operation)
        with self._lock:
            self.calls[operation] += 1
        try:
            answer: dict[str, Any] = _within(self.call_seconds, partial(getattr(client, _method(operation)), **kwargs))
        except _Late:
            text = (
                f"{operation} was not answered within {self.call_seconds:.0f} s by {_way(client)}: check the network."
            )
            raise AwsError(UNREACHABLE, text, operation) from None
        except botocore.exceptions.ClientError as err:
            self._note(operation, err.response)
            if "Code" not in err.response.get("Error", {}) or err.response["Error"]["Code"] == "Unknown":
                raise _not_aws(client, operation, err.response) from err
            raise explain(err, operation) from err
        except Exception as err:
            raise explain(err, operation) from err
        if not answer.get("ResponseMetadata", {}).get("RequestId") or not _whole(client, operation, answer):
            raise _not_aws(client, operation, answer)
        self._note(operation, answer)
        return answer

    def pages(self, service: str, operation: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """The answers of a paged operation, one by one."""
        return paged(self.call, service, operation, **kwargs)

    def _note(self, operation: str, answer: Mapping[str, Any]) -> None:
        request_id = answer.get("ResponseMetadata", {}).get("RequestId")
        if request_id:
            with self._lock:
                self.requests.append((operation, str(request_id)))

    def _make(self, service: str, **keys: str) -> Any:
        opts = self.options
        try:
            data = self._session.get_config_variable("data_path") or ""
            self._session.register_component("data_loader", _loader(data))
            return self._session.create_client(
                service,
                region_name=self.region,
                endpoint_url=opts.endpoint_url,
                verify=(opts.aws_ca_bundle or True) if opts.validate_certs else False,
                config=_config(opts.aws_config or {}),
                **keys,
            )
        except AwsError:
            raise
        except Exception as err:
            raise explain(err, "client for " + service) from err

    def _assume(self) -> dict[str, str]:
        """Become the role; returns its keys as a client takes them."""
        arn = self.options.assume_role_arn
        self.calls["AssumeRole"] += 1
        try:
            answer = self._make("sts").assume_role(RoleArn=arn, RoleSessionName="overlay-ip")
        except AwsError:
            raise
        except Exception as err:
            raise explain(err, "AssumeRole") from err
        keys = answer["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }


def _session(opts: AwsOptions) -> Any:
    session: Any = botocore.session.get_session()
    session.user_agent_name, session.user_agent_version = "aws_ha.overlay_ip", VERSION
    if opts.profile:
        session.set_config_variable("profile", opts.profile)
    if opts.debug_botocore_endpoint_logs:
        session.set_debug_logger("botocore.endpoint")
    if opts.access_key:
        session.set_credentials(opts.access_key, opts.secret_key, opts.session_token)
    return session


@cache
def _loader(places: str) -> Any:
    """The SDK's loader of its models: one for all clients, since it keeps what it has read."""
    loader: Any = botocore.loaders.create_loader(places or None)
    loader.file_loader = _ModelFiles()
    return loader


def warm(*services: str) -> None:
    """Read what a client of these services needs, for whoever is forked from this process. Without the SDK: nothing."""
    if not HAS_BOTOCORE:
        return
    loader = _loader("")
    with suppress(botocore.exceptions.BotoCoreError):  # an older one has other files; then clients read their own
        for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
            loader.load_data(name)
        for service in services:
            for kind in ("service-2", "endpoint-rule-set-1"):
                loader.load_service_model(service, kind, api_version=None)


class _Late(Exception):
    """The call has not come back in time."""


def _within(seconds: float, call: Callable[[], T]) -> T:
    """What the call returns, or ``_Late``. The SDK bounds each read, not the whole: an answer may drip for ever.

    The thread of a late call is left behind; nothing waits for it, nor for its answer.
    """
    done: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((True, call()))
        except BaseException as err:
            done.put((False, err))

    threading.Thread(target=work, daemon=True).start()
    try:
        good, result = done.get(timeout=seconds)
    except queue.Empty:
        raise _Late from None
    if not good:
        raise result
    return result  # type: ignore[no-any-return]


def _whole(client: Any, operation: str, answer: Mapping[str, Any]) -> bool:
    """Whether what EC2 always sends is there: the list that a Describe call is made for, be it empty."""
    if not operation.startswith("Describe"):
        return True
    shape = client.meta.service_model.operation_model(operation).output_shape
    return all(name in answer for name, member in shape.members.items() if member.type_name == "list")


def _not_aws(client: Any, operation: str, answer: Mapping[str, Any]) -> AwsError:
    """An answer without AWS's marks: a portal's page, say. Nobody knows whether the call was carried out."""
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "unknown")
    text = (
        f"{operation} was answered by something that is not AWS (HTTP status {status}), on the way to {_way(client)}:"
        " check endpoint_url, proxy and captive portals."
    )
    return AwsError(UNREACHABLE, text, operation)


def _way(client: Any) -> str:
    """Endpoint and proxy."""
    proxies = client.meta.config.proxies or getproxies()
    proxy = proxies.get(urlsplit(client.meta.endpoint_url).scheme)
    shown = urlsplit(proxy).netloc.rpartition("@")[2] if proxy else ""
    return f"{client.meta.endpoint_url}{f' by the proxy {shown}' if shown else ''}"


class _ModelFiles:
    """How the SDK's loader reads its models of the services: the same files as plain dicts, which keep their order too.

    Its own OrderedDicts cost a third of a client's time: 30 ms in every task.
    """

    _OPEN = ((".json", open), (".json.gz", gzip.open))

    def exists(self, path: str) -> bool:
        """Whether there is such a file, its name given without its ending."""
        return any(os.path.isfile(path + ending) for ending, _open in self._OPEN)

    def load_file(self, path: str) -> Any:
        """What is in it, or None where there is none."""
        for ending, opener in self._OPEN:
            if os.path.isfile(path + ending):
                with opener(path + ending, "rb") as file:
                    return json.loads(file.read())
        return None


def _config(extra: Mapping[str, Any]) -> Any:
    """Our bounds under the caller's: ``aws_config`` takes any argument of botocore.config.Config."""
    settings: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
        "max_pool_connections": POOL,
        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
    }
    settings.update(extra)
    try:
        return botocore.config.Config(**settings)
    except (TypeError, botocore.exceptions.BotoCoreError) as err:
        raise AwsError("Config", f"aws_config is not a valid botocore configuration: {err}") from err


def _method(operation: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower()


def explain(err: BaseException, operation: str) -> AwsError:
    """One sentence for whatever the SDK raised: what was refused, and what to do.

    Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    if isinstance(err, AwsError):
        return err
    if isinstance(err, botocore.exceptions.ClientError):
        return explain_answer(dict(err.response.get("Error", {})), operation)
    ex = botocore.exceptions
    if isinstance(err, ex.NoRegionError):
        return AwsError("NoRegion", NO_REGION, operation)
    if isinstance(err, ex.ProfileNotFound):
        return AwsError("NoCredentials", f"{err}: set profile to one of ~/.aws/config.", operation)
    if isinstance(err, (ex.NoCredentialsError, ex.PartialCredentialsError, ex.CredentialRetrievalError)):
        return AwsError("NoCredentials", NO_CREDENTIALS, operation)
    if isinstance(err, ex.SSLError):
        return AwsError(
            "Tls", f"{operation}: the endpoint's certificate was refused ({err}): check aws_ca_bundle.", operation
        )
    if isinstance(err, (ex.HTTPClientError, ex.EndpointConnectionError, ex.ConnectionError)):
        text = f"{operation} got no answer from AWS ({err}): check the network and the endpoint."
        return AwsError(UNREACHABLE, text, operation)
    if isinstance(err, botocore.parsers.ResponseParserError):  # a 5xx with a page of HTML
        return AwsError("InternalError", f"{operation} was answered with something unreadable.", operation)
    return AwsError(type(err).__name__, f"{operation}: {err}", operation)
