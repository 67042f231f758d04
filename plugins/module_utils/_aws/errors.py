# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS or the way to AWS refuses, as one sentence each.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html

Pure: no input or output, no SDK, no Ansible. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
EXPIRED = frozenset({"RequestExpired", "ExpiredToken", "ExpiredTokenException"})
BAD_KEYS = frozenset({"AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"})
_DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
_DENIAL = re.compile(
    r"perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<arn>(?:role |policy |instance profile )?\S+?))?[,.]?(?: |$)"
)
_CALLER = re.compile(r"User: (arn:[\w-]+:\w+::(\d{12}):\S+)")

NO_REGION = (
    "No region is set: set overlay_ip_region (or the option region, or AWS_REGION) to the region of the VPC, "
    "for example eu-central-1."
)
NO_CREDENTIALS = (
    "No AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, attach an AWS "
    "credential to the job template, or run on an instance with an instance profile."
)


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
    def sentence(self) -> str:
        """The message with a full stop, so that another sentence can follow."""
        return f"{self.message.rstrip('.')}."

    @property
    def transient(self) -> bool:
        """Whether the same call may succeed a moment later."""
        return self.code in _TRANSIENT

    @property
    def denied(self) -> bool:
        """Whether the caller lacks the permission."""
        return self.code in _DENIED

    @property
    def throttled(self) -> bool:
        """Whether AWS has no token left for this API action."""
        return self.code in THROTTLED

    @property
    def busy(self) -> bool:
        """Whether AWS answered, and said no more than that it cannot just now."""
        return self.transient and self.code != UNREACHABLE


def explain_answer(error: Mapping[str, Any], operation: str) -> AwsError:
    """One sentence for the ``Code`` and ``Message`` that AWS answered: what was refused, and what to do."""
    code, text = str(error.get("Code", "Unknown")), str(error.get("Message", "")).strip()
    if code.isdigit():  # a 5xx without a body: the SDK puts the status there
        return AwsError("ServiceUnavailable", f"{operation} failed with HTTP status {code}.", operation)
    if code in _DENIED:
        return AwsError(code, _explain_denial(text, operation), operation)
    if code in EXPIRED:
        text = f"The AWS credentials have expired ({code}): log in again or renew the session, and run once more."
    elif code in BAD_KEYS:
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
