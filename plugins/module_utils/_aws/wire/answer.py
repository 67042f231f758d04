# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML that EC2 and STS answer, as the structures that the SDK makes of it.

Pure. Of each answer what the collection reads, under the SDK's names; the rest is left out. Strict, because whoever
is in the way (a portal, a proxy) answers as well: another root, a document type, or a part that never lacks and does
is not AWS's answer. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import pyexpat
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple, Union

_DEEPEST = 32  # elements in each other: EC2 needs a dozen
_EDGE = 1024  # bytes
_LONGEST_ID = 64

Fields = Mapping[str, "Field"]
Kind = Union[Callable[[str], Any], "Fields", "list[Any]"]  # a leaf, a structure, or [structure]: a list of them


class Unreadable(ValueError):
    """Not an answer of AWS. The text says what it is instead."""


class Field(NamedTuple):
    """A part of a structure: the SDK's name, what is in it, and whether AWS never leaves it out."""

    name: str
    kind: Any
    required: bool


class Element(NamedTuple):
    """An XML element without its namespace and attributes."""

    name: str
    text: list[str]
    children: list[Any]

    def child(self, name: str) -> Element | None:
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def value(self) -> str:
        """Its text."""
        return "".join(self.text)


def moment(text: str) -> datetime:
    """A timestamp of AWS's: 2026-01-31T12:00:00Z, perhaps with fractions of a second."""
    day, _t, clock = text.strip().partition("T")  # strptime would import the locales
    year, month, date = day.split("-")
    hour, minute, second = clock.rstrip("Z").split(":")
    whole = second.partition(".")[0]
    return datetime(int(year), int(month), int(date), int(hour), int(minute), int(whole), tzinfo=timezone.utc)


def _boolean(text: str) -> bool:
    return text == "true"


_LEAVES: Mapping[str, Callable[[str], Any]] = {"": str, "bool": _boolean, "int": int, "time": moment}


def _fields(text: str = "", **nested: tuple[str, Any]) -> Fields:
    """Leaves by their names on the wire, ``name[:kind][!]`` (``!``: never left out); then structures and lists.

    The SDK's name is the same with a capital letter, for what is nested it is given; a list is never left out.
    """
    fields = {}
    for word in text.split():
        name, _colon, kind = word.rstrip("!").partition(":")
        fields[name] = Field(name[0].upper() + name[1:], _LEAVES[kind], word.endswith("!"))
    for name, (known_as, part) in nested.items():
        fields[name] = Field(known_as.rstrip("!"), part, known_as.endswith("!"))
    return fields


_ROUTE = _fields(
    "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId egressOnlyInternetGatewayId gatewayId "
    "instanceId instanceOwnerId natGatewayId transitGatewayId localGatewayId carrierGatewayId networkInterfaceId "
    "origin state vpcPeeringConnectionId coreNetworkArn ipAddress"
)
_TABLE = _fields(
    "routeTableId! vpcId! ownerId",
    associationSet=("Associations", [_fields("main:bool routeTableAssociationId routeTableId subnetId gatewayId")]),
    routeSet=("Routes", [_ROUTE]),
)
_OWN = "networkInterfaceId! vpcId subnetId sourceDestCheck:bool status privateIpAddress ownerId"
_INTERFACE = _fields(_OWN, attachment=("Attachment", _fields("attachmentId deviceIndex:int instanceId status")))
_INTERFACE_OF_INSTANCE = _fields(_OWN, attachment=("Attachment", _fields("attachmentId deviceIndex:int status")))
_INSTANCE = _fields(
    "instanceId! vpcId",
    instanceState=("State!", _fields("code:int name!")),
    iamInstanceProfile=("IamInstanceProfile", _fields("arn id")),
    networkInterfaceSet=("NetworkInterfaces", [_INTERFACE_OF_INSTANCE]),
)
_SUBNET = _fields("subnetId! vpcId cidrBlock availabilityZone availabilityZoneId")
_LIST = _fields(
    "prefixListId! addressFamily state stateMessage prefixListArn prefixListName maxEntries:int version:int ownerId"
)

ANSWERS: Mapping[str, Fields] = {
    "DescribeRouteTables": _fields("nextToken", routeTableSet=("RouteTables!", [_TABLE])),
    "DescribeNetworkInterfaces": _fields("nextToken", networkInterfaceSet=("NetworkInterfaces!", [_INTERFACE])),
    "DescribeInstances": _fields(
        "nextToken", reservationSet=("Reservations!", [_fields(instancesSet=("Instances!", [_INSTANCE]))])
    ),
    "DescribeSubnets": _fields("nextToken", subnetSet=("Subnets!", [_SUBNET])),
    "DescribeManagedPrefixLists": _fields("nextToken", prefixListSet=("PrefixLists!", [_LIST])),
    "GetManagedPrefixListEntries": _fields("nextToken", entrySet=("Entries!", [_fields("cidr! description")])),
    "ModifyManagedPrefixList": _fields(prefixList=("PrefixList!", _LIST)),
    "CreateRoute": _fields(),
    "ReplaceRoute": _fields(),
    "DeleteRoute": _fields(),
    "ModifyNetworkInterfaceAttribute": _fields(),
    "AssumeRole": _fields(
        Credentials=("Credentials!", _fields("AccessKeyId! SecretAccessKey! SessionToken! Expiration:time!"))
    ),
    "GetCallerIdentity": _fields("UserId! Account! Arn!"),
}
"""Of every operation that this client makes, what is read of its answer."""


def parse(operation: str, body: bytes) -> dict[str, Any]:
    """The answer to a call.

    Raises:
        Unreadable: it is none.
    """
    root = _document(body)
    if root.name != f"{operation}Response":
        raise Unreadable(f"<{root.name[:40]}>")
    result = root.child(f"{operation}Result")  # STS wraps what EC2 does not
    return _structure(root if result is None else result, ANSWERS[operation])


def parse_error(body: bytes) -> tuple[str, str]:
    """The code and the text of an error that AWS answered.

    Raises:
        Unreadable: it is none.
    """
    root = _document(body)
    error = None
    if root.name in ("Response", "ErrorResponse"):
        error = (root.child("Errors") or root).child("Error")
    code = error.child("Code") if error else None
    if error is None or code is None or not code.value().strip():
        raise Unreadable(f"<{root.name[:40]}>")
    message = error.child("Message")
    return code.value().strip(), message.value() if message else ""


def request_id(body: bytes) -> str:
    """The id by which CloudTrail and AWS's support know the call, or an empty text.

    EC2 calls it ``requestId``, in errors ``RequestID``, STS ``RequestId``; it stands at the beginning or at the end.
    """
    for part in (body[:_EDGE], body[-_EDGE:]):
        _before, _tag, rest = part.lower().partition(b"<requestid>")
        found = rest.partition(b"<")[0][:_LONGEST_ID].decode("ascii", "replace")
        if found and found.replace("-", "").isalnum():
            return found
    return ""


def _structure(element: Element, fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element.children:
        field = fields.get(child.name)
        if field is not None:
            found[field.name] = _value(child, field.kind)
    for name, field in fields.items():
        if field.required and field.name not in found:
            raise Unreadable(f"<{element.name}> without <{name}>")
    return found


def _value(element: Element, kind: Any) -> Any:
    if isinstance(kind, list):
        return [_structure(item, kind[0]) for item in element.children]
    if isinstance(kind, Mapping):
        return _structure(element, kind)
    try:
        return kind(element.value())
    except ValueError:
        raise Unreadable(f"<{element.name}> with {element.value()[:40]!r}") from None


def _document(body: bytes) -> Element:
    """The root element. A document type, and with it every entity of its own, is refused: AWS sends none."""
    top = Element("", [], [])
    path = [top]

    def start(name: str, _attributes: object) -> None:
        element = Element(name.rpartition(" ")[2], [], [])
        path[-1].children.append(element)
        path.append(element)
        if len(path) > _DEEPEST:
            raise Unreadable("XML that is nested too deeply")

    def end(_name: str) -> None:
        path.pop()

    def characters(text: str) -> None:
        path[-1].text.append(text)

    def doctype(name: str, *_ids: object) -> None:
        raise Unreadable("a page of HTML" if name.lower() == "html" else "XML with a document type")

    parser = pyexpat.ParserCreate(None, " ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except pyexpat.ExpatError:
        raise Unreadable(_instead(body)) from None
    root: Element = top.children[0]
    if root.name.lower() == "html":
        raise Unreadable("a page of HTML")
    return root


def _instead(body: bytes) -> str:
    """What it is that is no XML."""
    if not body.strip():
        return "nothing"
    if b"<html" in body[:2000].lower():
        return "a page of HTML"
    return "something that is no whole XML"
