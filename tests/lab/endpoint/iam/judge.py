# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May the caller do this? Identity policies, permissions boundary, session policies, and who owns the resource.

Source: IAM user guide, "Policy evaluation logic" (one account; across accounts only AssumeRole, by trust policy).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ..answers import ApiError, LabUnsupported
from ..cloud import Cloud
from ..request import Call
from .caller import Caller
from .conditions import Context
from .documents import Document, Question, Verdict, decide, matches_action
from .resources import Resource, needs, resources

#: Always allowed, whatever the policies say (STS API reference); and AssumeRole, which sts.py judges together with the
#: role's trust policy.
_ELSEWHERE = {"sts:GetCallerIdentity", "sts:AssumeRole"}


@dataclass(frozen=True)
class Objection:
    """Why a question is answered with no: an explicit deny, or the silence of a policy that should allow."""

    explicit: bool
    reason: str


def authorise(cloud: Cloud, call: Call) -> None:
    """Raise UnauthorizedOperation (EC2) or AccessDenied (IAM, STS) unless the caller may make this call."""
    caller, action = call.by, f"{call.service}:{call.action}"
    if action in _ELSEWHERE:
        return
    for resource in _judged(cloud, call, action):
        # The administrator too: an account, however mighty, does not own another account's route table.
        if call.mutating and resource.owner not in (None, caller.account_id):
            raise refusal(call, resource.arn, "because no resource-based policy allows the {action} action")
        found = objection(cloud, call, resource)
        if found is not None:
            raise refusal(call, resource.arn, found.reason)


def objection(cloud: Cloud, call: Call, resource: Resource) -> Objection | None:
    """What the caller's own policies have against the call on ``resource``; None when they allow it."""
    if call.by.admin or not cloud.settings.strict.authorise:
        return None
    context = {**base_context(cloud, call), **resource.context}
    return _objection(call.by, Question(f"{call.service}:{call.action}", resource.arn, context))


def base_context(cloud: Cloud, call: Call) -> Context:
    """The condition keys that do not depend on the resource. The lab's HTTP stands for HTTPS."""
    caller, now = call.by, cloud.clock.now()
    moment = datetime.fromtimestamp(now, UTC)
    context: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (caller.principal_arn,),
        "aws:principalaccount": (caller.account_id,),
        "aws:userid": (caller.user_id,),
        "aws:currenttime": (moment.strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:epochtime": (str(int(now)),),
        "aws:securetransport": ("true",),
        "aws:sourceip": (call.http.peer,),
        "aws:requestedregion": (call.region,),
        "aws:useragent": (call.http.headers.get("user-agent", ""),),
        **{f"aws:principaltag/{key}".lower(): (value,) for key, value in caller.tags.items()},
    }
    if ":user/" in caller.arn:
        context["aws:username"] = (caller.name,)
        context["aws:principaltype"] = ("User",)
    elif ":assumed-role/" in caller.arn:
        context["aws:principaltype"] = ("AssumedRole",)
    if call.service == "ec2":
        context["ec2:region"] = (call.region,)
        context.update(_attributes(call))
    if caller.instance_arn:
        context["ec2:sourceinstancearn"] = (caller.instance_arn,)
    context.update(_request_parameters(call))
    return context


def refusal(call: Call, arn: str, reason: str) -> ApiError:
    """The service's own refusal, with the action and the ARN."""
    action = f"{call.service}:{call.action}"
    sentence = (
        f"User: {call.by.arn} is not authorized to perform: {action} on resource: {arn} {reason.format(action=action)}"
    )
    if call.service != "ec2":
        return ApiError("AccessDenied", sentence)
    return ApiError(
        "UnauthorizedOperation",
        f"You are not authorized to perform this operation. {sentence}. Encoded authorization failure message: lab",
    )


def _judged(cloud: Cloud, call: Call, action: str) -> Iterator[Resource]:
    """The resources of the call; one "*" for an action without resource types."""
    required = needs(action)
    if required is None:
        if call.by.admin or not cloud.settings.strict.authorise or not _could_allow(call.by, action):
            required = ()
        else:
            raise LabUnsupported(f"the resource types of {action} (see iam/resources.py)")
    named = list(resources(cloud, call, required))
    yield from named or [Resource("*", {})]


def _could_allow(caller: Caller, action: str) -> bool:
    return any(
        statement["Effect"] == "Allow" and matches_action(statement, action)
        for document in caller.identity
        for statement in document.statements
    )


def _objection(caller: Caller, question: Question) -> Objection | None:
    """Each layer may deny; each must allow."""
    layers: list[tuple[str, tuple[Document, ...]]] = [("identity-based", caller.identity)]
    if caller.boundary is not None:
        layers.append(("permissions boundary", (caller.boundary,)))
    if caller.session:
        layers.append(("session", caller.session))
    verdicts = [(name, decide(documents, question)) for name, documents in layers]
    for name, verdict in verdicts:
        if verdict is Verdict.DENY:
            return Objection(True, f"with an explicit deny in {_a(name)}")
    for name, verdict in verdicts:
        if verdict is Verdict.SILENT:
            return Objection(False, f"because no {_named(name)} allows the {{action}} action")
    return None


def _named(layer: str) -> str:
    return layer if layer == "permissions boundary" else f"{layer} policy"


def _a(layer: str) -> str:
    return f"{'an' if layer[0] in 'aeiou' else 'a'} {_named(layer)}"


def _attributes(call: Call) -> dict[str, tuple[str, ...]]:
    """``ec2:Attribute`` and ``ec2:Attribute/NAME`` of the Modify...Attribute calls."""
    if not call.action.endswith("Attribute") or not call.mutating:
        return {}
    names = {name.split(".", 1)[0]: value for name, value in call.params.items() if name.endswith(".Value")}
    if call.get("Attribute"):
        names[call.params["Attribute"]] = call.params.get("Value", "")
    context: dict[str, tuple[str, ...]] = {f"ec2:attribute/{name}".lower(): (value,) for name, value in names.items()}
    changed = list(names)
    if call.members("SecurityGroupId") or call.members("GroupId"):
        changed.append("GroupSet")
    if call.get("Attachment.AttachmentId"):
        changed.append("Attachment")
    if changed:
        context["ec2:attribute"] = tuple(changed)
    return context


def _request_parameters(call: Call) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    for parameter, key in (
        ("CreateAction", "elasticloadbalancing:createaction"),
        ("PolicyArn", "iam:policyarn"),
        ("ExternalId", "sts:externalid"),
        ("RoleSessionName", "sts:rolesessionname"),
    ):
        value = call.get(parameter)
        if value:
            context[key] = (value,)
    tags = [*call.structures("Tag"), *call.structures("Tags.member"), *call.structures("TagSpecification.1.Tag")]
    for tag in tags:
        context[f"aws:requesttag/{tag.get('Key', '')}".lower()] = (tag.get("Value", ""),)
    if tags:
        context["aws:tagkeys"] = tuple(tag.get("Key", "") for tag in tags)
    return context
