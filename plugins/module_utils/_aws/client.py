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
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

try:
    import botocore.config
    import botocore.exceptions
    import botocore.parsers
    import botocore.session
except ImportError:  # told by the module, which knows how to say it
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

VERSION = "1.0.0"
CONNECT_TIMEOUT = 2.0  # seconds
READ_TIMEOUT = 5.0  # seconds; EC2 answers a route call in well under one
ATTEMPTS = 3
POOL = 32  # connections kept: one per worker that moves tables

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "access_key": {
        "aliases": ["aws_access_key_id", "aws_access_key", "ec2_access_key"],
        "env": ["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "EC2_ACCESS_KEY"],
        "no_log": False,
    },
    "secret_key": {
        "aliases": ["aws_secret_access_key", "aws_secret_key", "ec2_secret_key"],
        "env": ["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "EC2_SECRET_KEY"],
        "no_log": True,
    },
    "session_token": {
        "aliases": ["aws_session_token", "security_token", "aws_security_token", "access_token"],
        "env": ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "EC2_SECURITY_TOKEN"],
        "no_log": True,
    },
    "profile": {"aliases": ["aws_profile"], "env": ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]},
    "region": {"aliases": ["aws_region", "ec2_region"], "env": ["AWS_REGION", "AWS_DEFAULT_REGION", "EC2_REGION"]},
    "endpoint_url": {"aliases": ["aws_endpoint_url", "ec2_url", "s3_url"], "env": ["AWS_URL", "EC2_URL"]},
    "aws_ca_bundle": {"type": "path", "env": ["AWS_CA_BUNDLE"]},
    "validate_certs": {"type": "bool", "default": True},
    "aws_config": {"type": "dict"},
    "debug_botocore_endpoint_logs": {"type": "bool", "default": False, "env": ["ANSIBLE_DEBUG_BOTOCORE_LOGS"]},
    "assume_role_arn": {},
}
"""The shared module options. ``env`` is turned into Ansible's ``env_fallback`` by ``_module/aws_module.py``."""

OWNER_CALLS = frozenset({"DescribeRouteTables", "CreateRoute", "ReplaceRoute", "DeleteRoute"})
"""Made as the role ``assume_role_arn``: in a shared VPC the route tables, and they alone, are another account's."""

UNREACHABLE = "Unreachable"
"""Our code for a call that got no answer: nobody knows whether it was carried out."""

THROTTLED = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException"})
_TRANSIENT = THROTTLED | {
    "InternalError",
    "InternalFailure",
    "ServiceFailure",
    "ServiceUnavailable",
    "Unavailable",
    "RequestTimeout",
    UNREACHABLE,
}
_EXPIRED = frozenset({"RequestExpired", "ExpiredToken", "ExpiredTokenException"})
_BAD_KEYS = frozenset({"AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"})
_DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
_DENIAL = re.compile(
    r"perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<arn>(?:role |policy |instance profile )?\S+?))?[,.]?(?: |$)"
)
_CALLER = re.compile(r"User: (arn:[\w-]+:\w+::(\d{12}):\S+)")


class AwsError(Exception):
    """A call that AWS or the way to AWS refused.

    ``code`` is AWS's error code, or ``Unreachable``, ``NoCredentials``, ``NoRegion``, ``Config`` for errors that never
    left this machine; ``message`` is one sentence with the remedy; ``operation`` is the API operation.
    """

    def __init__(self, code: str, message: str, operation: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.operation = operation

    @property
    def transient(self) -> bool:
        """Whether the same call may succeed a moment later."""
        return self.code in _TRANSIENT

    @property
    def denied(self) -> bool:
        """Whether the caller lacks the permission."""
        return self.code in _DENIED

    @property
    def busy(self) -> bool:
        """Whether AWS answered, and said no more than that it cannot just now."""
        return self.transient and self.code != UNREACHABLE


@dataclass(frozen=True)
class AwsOptions:
    """Where and as whom to call. Field names are the module options' names."""

    region: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    endpoint_url: str | None = None
    aws_ca_bundle: str | None = None
    validate_certs: bool = True
    aws_config: Mapping[str, Any] | None = None
    debug_botocore_endpoint_logs: bool = False
    assume_role_arn: str | None = None


def options(params: Mapping[str, Any]) -> AwsOptions:
    """Pick the AWS options out of a module's parameters; empty strings (AWX sends them) count as absent."""
    names = [f.name for f in fields(AwsOptions)]
    return AwsOptions(**{name: params[name] for name in names if params.get(name) not in (None, "")})


class Aws:
    """Clients of one caller, the calls counted. Safe to use from several threads.

    Raises ``AwsError`` from every method.
    """

    def __init__(self, opts: AwsOptions) -> None:
        if bool(opts.access_key) != bool(opts.secret_key):
            raise AwsError("Config", "access_key and secret_key belong together: set both, or neither.")
        if opts.access_key and opts.profile:
            raise AwsError("Config", "profile and access_key exclude each other: set only one of them.")
        self.options = opts
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, bool], Any] = {}
        self._session = _session(opts)

    @property
    def region(self) -> str:
        """The region in force, or ``AwsError("NoRegion")``."""
        region = self.options.region or self._session.get_config_variable("region")
        if not region:
            raise AwsError("NoRegion", _NO_REGION)
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
            answer: dict[str, Any] = getattr(client, _method(operation))(**kwargs)
        except Exception as err:
            raise explain(err, operation) from err
        return answer

    def pages(self, service: str, operation: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """The answers of a paged operation, one by one."""
        token: dict[str, str] = {}
        while True:
            answer = self.call(service, operation, **kwargs, **token)
            yield answer
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _make(self, service: str, **keys: str) -> Any:
        opts = self.options
        try:
            self._session.get_component("data_loader").file_loader = _ModelFiles()
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


_NO_REGION = (
    "No region is set: set overlay_ip_region (or the option region, or AWS_REGION) to the region of the VPC, "
    "for example eu-central-1."
)
_NO_CREDENTIALS = (
    "No AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, attach an AWS "
    "credential to the job template, or run on an instance with an instance profile."
)


def explain(err: BaseException, operation: str) -> AwsError:
    """One sentence for whatever the SDK raised: what was refused, and what to do.

    Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    if isinstance(err, AwsError):
        return err
    if isinstance(err, botocore.exceptions.ClientError):
        return _explain_answer(dict(err.response.get("Error", {})), operation)
    ex = botocore.exceptions
    if isinstance(err, ex.NoRegionError):
        return AwsError("NoRegion", _NO_REGION, operation)
    if isinstance(err, ex.ProfileNotFound):
        return AwsError("NoCredentials", f"{err}: set profile to one of ~/.aws/config.", operation)
    if isinstance(err, (ex.NoCredentialsError, ex.PartialCredentialsError, ex.CredentialRetrievalError)):
        return AwsError("NoCredentials", _NO_CREDENTIALS, operation)
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


def _explain_answer(error: Mapping[str, Any], operation: str) -> AwsError:
    code, text = str(error.get("Code", "Unknown")), str(error.get("Message", "")).strip()
    if code.isdigit():  # a 5xx without a body: the SDK puts the status there
        return AwsError("ServiceUnavailable", f"{operation} failed with HTTP status {code}.", operation)
    if code in _DENIED:
        return AwsError(code, _explain_denial(text, operation), operation)
    if code in _EXPIRED:
        text = f"The AWS credentials have expired ({code}): log in again or renew the session, and run once more."
    elif code in _BAD_KEYS:
        text = f"AWS does not accept the credentials ({code}): check the access key, its secret and the clock."
    elif code in THROTTLED:
        text = f"{operation} was throttled by AWS ({code}): other tools use up the account's request rate."
    elif code == "OptInRequired":
        text = f"{operation}: the account is not subscribed to EC2 in this region."
    else:
        text = "{}: {} ({})".format(operation, text.rstrip(".") or "refused", code)
    return AwsError(code, text, operation)


def _explain_denial(text: str, operation: str) -> str:
    denial, caller = _DENIAL.search(text), _CALLER.search(text)
    if not denial:
        return f"{operation} is not permitted for these credentials: {text}"
    action, arn = denial.group("action"), denial.group("arn") or "*"
    who = " for " + caller.group(1) if caller else ""
    told = f"{action} on {arn} is not permitted{who}"
    if "explicit deny" in text:
        return f"{told}: a policy denies it explicitly, which no other policy can outweigh: ask those who wrote it."
    if action == "sts:AssumeRole":
        return f"{told}: allow it to the caller, and name the caller in the role's trust policy (docs/iam.md)."
    owner = arn.split(":")[4] if arn.startswith("arn:") and action.startswith("ec2:") else ""
    if caller and owner and owner != caller.group(2):
        return f"{told}: it belongs to account {owner} (a shared VPC): set assume_role_arn to a role of that account."
    return f"{told}: allow this action on this ARN (overlay_iam_policy with state=rendered prints the policy)."
