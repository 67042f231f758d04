# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the collection's code meets Ansible: the module object, its exit and its errors.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from typing import Any, Callable, NoReturn

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from .._aws import client
from .._aws.errors import AwsError
from .._aws.options import ARGUMENT_SPEC, IDENTITY, identity
from .._base.net import AddressError


class Refusal(Exception):
    """The module refuses, in one sentence; ``result`` is what it returns besides."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


def aws_module(argument_spec: Mapping[str, Any], **kwargs: Any) -> AnsibleModule:
    """An AnsibleModule with the AWS options; fails with the remedy where botocore is missing."""
    module = AnsibleModule(argument_spec={**_aws_spec(), **argument_spec}, supports_check_mode=True, **kwargs)
    if not client.HAS_BOTOCORE:
        module.fail_json(msg=missing_required_lib("botocore", reason="to call AWS (pip install boto3)"))
    try:
        caller = identity(module.params, os.environ)
    except AwsError as err:
        module.fail_json(msg=err.message, error={"code": err.code, "operation": err.operation})
    module.no_log_values.update(value for name, value in caller.items() if value and ARGUMENT_SPEC[name].get("no_log"))
    module.params.update(caller)
    return module


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


def _aws_spec() -> dict[str, dict[str, Any]]:
    spec = {}
    for name, option in ARGUMENT_SPEC.items():
        entry = {"type": "str", **{key: value for key, value in option.items() if key != "env"}}
        if "env" in option and name not in IDENTITY:
            entry["fallback"] = (env_fallback, option["env"])
        spec[name] = entry
    return spec
