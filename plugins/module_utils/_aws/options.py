# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where and as whom AWS is called: the options of every module, in amazon.aws's dialect, and the same for the nodes.

Pure: no input or output, no SDK, no Ansible. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import AwsError

VERSION = "1.1.0"
CONNECT_TIMEOUT = 2.0  # seconds
READ_TIMEOUT = 5.0  # seconds; EC2 answers a route call in well under one
ATTEMPTS = 3
CALL_SECONDS = 3 * (CONNECT_TIMEOUT + READ_TIMEOUT) + 4.0
"""Seconds for one call with all its attempts and the waits between them, whatever its answer does."""

PROFILE_VARIABLES = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]
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
    "profile": {"aliases": ["aws_profile"], "env": PROFILE_VARIABLES},
    "region": {"aliases": ["aws_region", "ec2_region"], "env": ["AWS_REGION", "AWS_DEFAULT_REGION", "EC2_REGION"]},
    "endpoint_url": {"aliases": ["aws_endpoint_url", "ec2_url", "s3_url"], "env": ["AWS_URL", "EC2_URL"]},
    "aws_ca_bundle": {"type": "path", "env": ["AWS_CA_BUNDLE"]},
    "validate_certs": {"type": "bool", "default": True},
    "aws_config": {"type": "dict"},
    "debug_botocore_endpoint_logs": {"type": "bool", "default": False, "env": ["ANSIBLE_DEBUG_BOTOCORE_LOGS"]},
    "assume_role_arn": {},
}
"""The shared module options. ``env`` is turned into Ansible's ``env_fallback`` by ``_module/aws_module.py``; who
calls is `identity`'s business."""

OWNER_CALLS = frozenset(
    {
        *("DescribeRouteTables", "CreateRoute", "ReplaceRoute", "DeleteRoute"),
        *("SearchTransitGatewayRoutes", "DescribeTransitGatewayRouteTables", "DescribeTransitGatewayVpcAttachments"),
        "DescribeTransitGatewayAttachments",
        *("CreateTransitGatewayRoute", "ReplaceTransitGatewayRoute", "DeleteTransitGatewayRoute"),
        "GetTransitGatewayPrefixListReferences",
        *(f"{verb}TransitGatewayPrefixListReference" for verb in ("Create", "Modify", "Delete")),
    }
)
"""Made as the role ``assume_role_arn``: the route tables of a shared VPC, and a transit gateway, are another account's.

Who calls both has a role for each.
"""


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


IDENTITY = ("access_key", "secret_key", "session_token", "profile")
"""Who calls: taken as a whole from the options, or as a whole from the environment."""


def identity(given: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str | None]:
    """Who calls: what was set explicitly wins, whole; else the environment's, as boto3 reads it.

    Explicit keys come without a session token of the environment, an explicit profile without its keys. In the
    environment keys come before AWS_PROFILE, as in boto3, which reads that itself.

    Raises:
        AwsError: explicit keys and an explicit profile, one half of a pair of keys, or an explicit session token
            without explicit keys.
    """
    told = {name: str(given[name]) for name in IDENTITY if given.get(name) not in (None, "")}
    if "profile" in told and told.keys() & {"access_key", "secret_key"}:
        raise AwsError(
            "Config",
            "profile and access_key are both set in the options (overlay_ip_aws, module_defaults or the task): keep one"
            " of them.",
        )
    if "session_token" in told and not told.keys() & {"access_key", "secret_key"}:
        raise AwsError(
            "Config",
            "session_token is set in the options (overlay_ip_aws, module_defaults or the task) without access_key and"
            " secret_key: it belongs to the keys that it was issued with, set all three or none.",
        )
    if not told:
        found = {name: _first(environment, ARGUMENT_SPEC[name]["env"]) for name in IDENTITY if name != "profile"}
        if found["access_key"] and found["secret_key"]:
            told = {name: value for name, value in found.items() if value}
    if ("access_key" in told) != ("secret_key" in told):
        have, lacks = ("access_key", "secret_key") if "access_key" in told else ("secret_key", "access_key")
        raise AwsError("Config", f"{have} is set without {lacks}: keys belong together, set both or neither.")
    return {name: told.get(name) for name in IDENTITY}


def _first(environment: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def options(params: Mapping[str, Any]) -> AwsOptions:
    """Pick the AWS options out of a module's parameters; empty strings (AWX sends them) count as absent."""
    names = [f.name for f in fields(AwsOptions)]
    return AwsOptions(**{name: params[name] for name in names if params.get(name) not in (None, "")})


def check(opts: AwsOptions) -> None:
    """Refuse options that contradict each other: ``AwsError("Config")``."""
    if bool(opts.access_key) != bool(opts.secret_key):
        raise AwsError("Config", "access_key and secret_key belong together: set both, or neither.")
    if opts.access_key and opts.profile:
        raise AwsError("Config", "profile and access_key exclude each other: set only one of them.")
