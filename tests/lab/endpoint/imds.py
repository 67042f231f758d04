# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance metadata service, version 2 only: a token for everything, and credentials that work and expire.

Source: EC2 user guide, "Instance metadata and user data" and "Instance identity documents". The application serves any
number of instances; ``identify`` says which one a peer address is.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .cloud import Cloud
from .iam.conditions import as_list
from .iam.documents import matches_action, parse
from .iam.sessions import Session
from .iam.sts import iso
from .request import HttpRequest, from_environ
from .service import Endpoint

#: A token lives 1 second to 6 hours.
_LONGEST = 21_600
#: Credentials are renewed this long before they expire (or half-way, if they live shorter). EC2: at least 5 minutes.
_RENEW_BEFORE = 300.0

#: A directory is a dict; a leaf is text. Directories are listed, one name per line, with a slash after directories.
Tree = Mapping[str, Any]


@dataclass(frozen=True)
class _Token:
    instance_id: str
    expires: float


class ImdsApp:
    """The WSGI application at 169.254.169.254:80."""

    def __init__(self, endpoint: Endpoint, identify: Callable[[str], str | None]) -> None:
        self._cloud = endpoint.cloud
        self._identify = identify
        self._tokens: dict[str, _Token] = {}
        self._sessions: dict[str, Session] = {}

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        status, body, headers = self._answer(from_environ(environ))
        data = body.encode()
        headers = {"Content-Type": "text/plain", "Server": "EC2ws", **headers, "Content-Length": str(len(data))}
        start_response(f"{status.value} {status.phrase}", list(headers.items()))
        return [data]

    def _answer(self, http: HttpRequest) -> tuple[HTTPStatus, str, dict[str, str]]:
        instance_id = self._identify(http.peer)
        with self._cloud.lock:
            instance = _instance(self._cloud, instance_id) if instance_id else None
            if instance is None:
                return HTTPStatus.NOT_FOUND, "", {}
            if instance.metadata_options.http_endpoint == "disabled":
                return HTTPStatus.FORBIDDEN, "", {}
            if http.path == "/latest/api/token":
                return self._token(http, instance.id)
            if http.method != "GET":
                return HTTPStatus.METHOD_NOT_ALLOWED, "", {}
            token = self._tokens.get(http.headers.get("x-aws-ec2-metadata-token", ""))
            if token is None or token.instance_id != instance.id or token.expires <= self._cloud.clock.now():
                return HTTPStatus.UNAUTHORIZED, "", {}
            found = _walk({"latest": self._tree(instance)}, http.path)
        return (HTTPStatus.NOT_FOUND, "", {}) if found is None else (HTTPStatus.OK, found, {})

    def _token(self, http: HttpRequest, instance_id: str) -> tuple[HTTPStatus, str, dict[str, str]]:
        if http.method != "PUT":
            return HTTPStatus.METHOD_NOT_ALLOWED, "", {"Allow": "OPTIONS, PUT"}
        if "x-forwarded-for" in http.headers:
            return HTTPStatus.FORBIDDEN, "", {}
        seconds = http.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not seconds.isdigit() or not 1 <= int(seconds) <= _LONGEST:
            return HTTPStatus.BAD_REQUEST, "", {}
        now = self._cloud.clock.now()
        self._tokens = {text: token for text, token in self._tokens.items() if token.expires > now}
        text = secrets.token_urlsafe(40)
        self._tokens[text] = _Token(instance_id, now + int(seconds))
        return HTTPStatus.OK, text, {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": seconds}

    def _tree(self, instance: Any) -> Tree:
        region = instance.ec2_backend.region_name
        primary = instance.nics[0]
        tree: dict[str, Any] = {
            "ami-id": instance.image_id,
            "hostname": instance.private_dns_name,
            "instance-id": instance.id,
            "instance-type": instance.instance_type,
            "local-hostname": instance.private_dns_name,
            "local-ipv4": primary.private_ip_address,
            "mac": primary.mac_address,
            "network": {"interfaces": {"macs": {eni.mac_address: _mac(eni) for eni in instance.nics.values()}}},
            "placement": {"availability-zone": instance.availability_zone, "region": region},
            "services": {"partition": instance.ec2_backend.partition},
        }
        profile = _profile(self._cloud, instance)
        if profile is not None:
            tree["iam"] = self._iam(instance, profile)
        document = {
            "accountId": instance.owner_id,
            "architecture": instance.architecture,
            "availabilityZone": instance.availability_zone,
            "imageId": instance.image_id,
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "pendingTime": instance.launch_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "privateIp": primary.private_ip_address,
            "region": region,
            "version": "2017-09-30",
        }
        return {
            "meta-data": tree,
            "dynamic": {"instance-identity": {"document": json.dumps(document, indent=2)}},
        }

    def _iam(self, instance: Any, profile: Any) -> Tree:
        now = iso(self._cloud.clock.now())
        info = {
            "Code": "Success",
            "LastUpdated": now,
            "InstanceProfileArn": profile.arn,
            "InstanceProfileId": profile.id,
        }
        tree: dict[str, Any] = {"info": json.dumps(info, indent=2), "security-credentials": {}}
        if profile.roles:
            role = profile.roles[0]
            tree["security-credentials"][role.name] = json.dumps(self._credentials(instance, role), indent=2)
        return tree

    def _credentials(self, instance: Any, role: Any) -> dict[str, str]:
        now = self._cloud.clock.now()
        if not _trusts_ec2(role):
            return {
                "Code": "AssumeRoleUnauthorizedAccess",
                "Message": "EC2 cannot assume the role. Verify the role's trust policy.",
                "LastUpdated": iso(now),
            }
        session = self._sessions.get(instance.id)
        if session is None or session.role_name != role.name or _due(session, now):
            region, seconds = instance.ec2_backend.region_name, self._cloud.settings.timing.credentials
            arn = f"arn:{instance.ec2_backend.partition}:ec2:{region}:{instance.owner_id}:instance/{instance.id}"
            session = self._cloud.sessions.issue(
                instance.owner_id, role.name, instance.id, seconds, region, instance_arn=arn
            )
            self._sessions[instance.id] = session
        return {
            "Code": "Success",
            "LastUpdated": iso(session.issued),
            "Type": "AWS-HMAC",
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret_key,
            "Token": session.token,
            "Expiration": iso(session.expires),
        }


def _due(session: Session, now: float) -> bool:
    lead = min(_RENEW_BEFORE, (session.expires - session.issued) / 2)
    return now >= session.expires - lead


def _instance(cloud: Cloud, instance_id: str) -> Any | None:
    for dummy, ec2 in cloud.backing.all_ec2():
        for instance in ec2.all_instances():
            if instance.id == instance_id:
                return instance
    return None


def _profile(cloud: Cloud, instance: Any) -> Any | None:
    attached = instance.iam_instance_profile
    if not attached:
        return None
    profiles = cloud.backing.iam(instance.owner_id, instance.ec2_backend.region_name).instance_profiles.values()
    return next((p for p in profiles if p.arn == attached["Arn"]), None)


def _trusts_ec2(role: Any) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and matches_action(statement, "sts:AssumeRole")
        and any(name.startswith("ec2.amazonaws.com") for name in as_list(statement["Principal"].get("Service", [])))
        for statement in parse(role.assume_role_policy_document).statements
    )


def _mac(eni: Any) -> Tree:
    vpc = eni.subnet.ec2_backend.vpcs[eni.subnet.vpc_id]
    ipv4, ipv6 = (
        [association["cidr_block"] for association in vpc.get_cidr_block_association_set(ipv6=v6)]
        for v6 in (False, True)
    )
    tree = {
        "device-number": str(eni.device_index),
        "interface-id": eni.id,
        "local-ipv4s": "\n".join(str(a["PrivateIpAddress"]) for a in eni.private_ip_addresses),
        "mac": eni.mac_address,
        "owner-id": eni.owner_id,
        "subnet-id": eni.subnet.id,
        "subnet-ipv4-cidr-block": eni.subnet.cidr_block,
        "vpc-id": eni.subnet.vpc_id,
        "vpc-ipv4-cidr-block": ipv4[0],
        "vpc-ipv4-cidr-blocks": "\n".join(ipv4),
    }
    if eni.ipv6_addresses:
        blocks = [a["ipv6CidrBlock"] for a in eni.subnet.ipv6_cidr_block_associations.values()]
        tree |= {
            "ipv6s": "\n".join(map(str, eni.ipv6_addresses)),
            "subnet-ipv6-cidr-blocks": "\n".join(blocks),
            "vpc-ipv6-cidr-blocks": "\n".join(ipv6),
        }
    return tree


def _walk(tree: Tree, path: str) -> str | None:
    """The leaf's text, or the listing of the directory at ``path``; None where there is nothing."""
    node: Any = tree
    for name in filter(None, path.split("/")):
        node = node.get(name) if isinstance(node, Mapping) else None
        if node is None:
            return None
    if isinstance(node, Mapping):
        return "\n".join(f"{name}/" if isinstance(child, Mapping) else name for name, child in node.items())
    return str(node)
