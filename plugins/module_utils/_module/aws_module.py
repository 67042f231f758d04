# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the collection's code meets Ansible: the module object, its exit and its errors.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any, Callable, NoReturn

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from .._aws import client
from .._aws.api import Api
from .._aws.errors import AwsError
from .._aws.options import ARGUMENT_SPEC, CALL_SECONDS, IDENTITY, PROFILE_VARIABLES, identity, options
from .._base.net import AddressError

_ELSEWHERE = (
    " Elsewhere than on an instance, give access_key and secret_key, or install botocore (pip install boto3), which"
    " knows all other sources of credentials."
)


class Refusal(Exception):
    """The module refuses, in one sentence; ``result`` is what it returns besides."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


def aws_module(argument_spec: Mapping[str, Any], sdk: str = "", since: str = "", **kwargs: Any) -> AnsibleModule:
    """An AnsibleModule with the AWS options.

    Args:
        argument_spec: the module's own.
        sdk: why it cannot do without botocore, if it cannot; fails with the remedy where that is missing.
        since: the oldest botocore that knows the calls; fails with the remedy where it is older.
        kwargs: AnsibleModule's.
    """
    module = AnsibleModule(argument_spec={**_aws_spec(), **argument_spec}, supports_check_mode=True, **kwargs)
    if sdk and not client.HAS_BOTOCORE:
        module.fail_json(msg=missing_required_lib("botocore", reason=f"{sdk} (pip install boto3)"))
    if sdk and since and _numbers(client.SDK_VERSION) < _numbers(since):
        module.fail_json(
            msg=f"botocore {client.SDK_VERSION} is too old {sdk}, which needs {since} or newer: update it"
            f" (pip install -U boto3) for {sys.executable}. Nothing was changed."
        )
    try:
        caller = identity(module.params, os.environ)
    except AwsError as err:
        module.fail_json(msg=err.message, error={"code": err.code, "operation": err.operation})
    module.no_log_values.update(value for name, value in caller.items() if value and ARGUMENT_SPEC[name].get("no_log"))
    module.params.update(caller)
    return module


def caller(module: AnsibleModule, seconds: float = CALL_SECONDS, role: str | None = None) -> Api:
    """AWS as the module's options say: by the SDK, or by our own client where this interpreter has none.

    Args:
        module: of `aws_module`.
        seconds: for one call with all its attempts.
        role: in place of `assume_role_arn`, where a module has to do with two owners.

    Raises:
        AwsError: options that cannot be; without the SDK also a profile, and settings that only it follows.
    """
    opts = options(module.params if role is None else {**module.params, "assume_role_arn": role})
    aws: Api
    if client.HAS_BOTOCORE:
        aws = client.Aws(opts)
    elif opts.profile or (not opts.access_key and any(os.environ.get(name) for name in PROFILE_VARIABLES)):
        module.fail_json(msg=missing_required_lib("botocore", reason="to use a profile (pip install boto3)"))
    else:
        from .._aws.wire.client import Wire  # here alone, since it costs time

        aws = Wire(opts, tell=module.warn, advice=_ELSEWHERE)
    aws.call_seconds = min(seconds, CALL_SECONDS)
    return aws


def run(module: AnsibleModule, main: Callable[[], dict[str, Any]]) -> NoReturn:
    """Exit with what ``main`` returns; every error that we know ends in its sentence, without a traceback."""
    try:
        result = main()
    except Refusal as err:
        module.fail_json(msg=str(err), **err.result)
    except AwsError as err:
        module.fail_json(msg=err.message, error={"code": err.code, "operation": err.operation})
    except AddressError as err:
        module.fail_json(msg=str(err))
    except Exception as err:  # a bug of ours: say so and keep the traceback for the report
        module.fail_json(msg=f"{err} (this is a bug in aws_ha.overlay_ip)", exception=traceback.format_exc())
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)


def _numbers(version: str) -> tuple[int, ...]:
    """A version for comparison; what follows its numbers does not count."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _aws_spec() -> dict[str, dict[str, Any]]:
    spec = {}
    for name, option in ARGUMENT_SPEC.items():
        entry = {"type": "str", **{key: value for key, value in option.items() if key != "env"}}
        if "env" in option and name not in IDENTITY:
            entry["fallback"] = (env_fallback, option["env"])
        spec[name] = entry
    return spec
