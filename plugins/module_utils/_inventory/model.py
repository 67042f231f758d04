# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's variables, checked, as the one model that every role reads.

Pure. Each mistake ends in one sentence: the variable, its value, the remedy. Optional answers that AWX leaves empty
arrive as an empty string, null or not at all, and mean the same: not given.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._base import command, net
from .._base.deployment import Deployment
from .._engine.keepalived.instances import chosen_apart, collisions, instances
from . import clusters, shared
from .overlays import overlays as read_overlays
from .reach import reach as read_reach
from .reach import reached
from .reading import Heard, address, is_id, text
from .values import InventoryError, Variables, absent, disagreements, mistakes, slips, value
from .values import unknown as unknown_names
from .variables import BY_NAME, VARIABLES

ALL, ANY = "all", "any"  # what a survey offers for "not given" as overlay and expected_active


@dataclass(frozen=True)
class Given:
    """What there is to read.

    Attributes:
        variables: those of the play's host. What it (localhost, say) does not know is looked up at the nodes, the
            first that knows it.
        hosts: those of every host.
        groups: the names of their hosts.
        engines: the values that `overlay_ip_failover` may have.
        region: what the environment says.
        extra: the names of the extra variables.
        names: those of all variables that the play's host and the nodes have.
        told: what the nodes' engines said, by node; empty where nobody was asked.
        followers: the engines by which an overlay IP can follow an application.
    """

    variables: Variables
    hosts: Mapping[str, Variables]
    groups: Mapping[str, Sequence[str]]
    engines: Sequence[str]
    region: str | None = None
    extra: Collection[str] = ()
    names: Collection[str] = ()
    told: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    followers: Sequence[str] = ()


def judged(given: Given, *, switchover: bool = False) -> dict[str, Any]:
    """The model, or every mistake at once.

    With `switchover`, `target` is required, and `overlay` and `expected_active` are read too.

    Raises:
        InventoryError: one sentence for each mistake.
    """
    members = given.groups.get(_group(given.variables), ())
    nodes = {str(name): given.hosts[name] for name in members}
    found = [*unknown_names({*given.names, *given.extra}), *slips(given.extra), *mistakes(given.variables, nodes)]
    shared = _Shared([given.variables, *nodes.values()])
    if not found:
        set_there = {v.name for v in VARIABLES if not absent(shared.get(v.name))}
        found += disagreements({variable.name: value(shared, variable.name) for variable in VARIABLES}, set_there)
    try:
        read = model(given, switchover=switchover)
    except InventoryError as err:
        # What is of the wrong kind has been said, and the reader would say it again.
        said = {sentence.split(" ", 1)[0] for sentence in found}
        found += [sentence for sentence in err.sentences if sentence.split(" ", 1)[0] not in said]
        read = {}
    if found:
        raise InventoryError(*found)
    return read


def model(given: Given, *, switchover: bool = False) -> dict[str, Any]:
    """Read everything once, as :func:`judged` does, without asking for names and numbers that nobody reads here."""
    group = _group(given.variables)
    names = _members(group, given.groups)
    heard = Heard()
    nodes = {name: heard({}, _node, name, given.hosts[name]) for name in names}
    variables = _Shared([given.variables, *(given.hosts[name] for name in names)])
    overlays = heard([], _overlays, variables, names)

    def plain(name: str) -> Any:
        return heard(BY_NAME[name].default, value, variables, name)

    deployment = Deployment(plain("overlay_ip_name"))
    read: dict[str, Any] = {
        "group": group,
        "deployment": deployment.name,
        "program": deployment.program,
        "region": heard("", _region, variables, given.region),
        "api_from": plain("overlay_ip_api_from"),
        "failover": heard("none", _engine, variables, given.engines),
        "iam": plain("overlay_ip_iam"),
        "iam_scope": plain("overlay_ip_iam_scope"),
        "move_role": plain("overlay_ip_move_role"),
        "iam_see_interfaces": plain("overlay_ip_iam_see_interfaces"),
        "metrics": plain("overlay_ip_metrics"),
        "takeover_foreign": plain("overlay_ip_takeover_foreign"),
        "break_lease": plain("overlay_ip_break_lease"),
        "cluster_commands": plain("overlay_ip_cluster_commands"),
        "exclusive": plain("overlay_ip_exclusive"),
        "rollback": plain("overlay_ip_rollback"),
        "wait_timeout": plain("overlay_ip_wait_timeout"),
        "probe": heard(None, _probe, variables),
        "pre_tasks": text(variables, "overlay_ip_pre_tasks"),
        "post_tasks": text(variables, "overlay_ip_post_tasks"),
        "response": {
            "allowed": plain("overlay_ip_response_actions"),
            "dry_run": plain("overlay_ip_response_dry_run"),
            "pause": plain("overlay_ip_response_pause"),
        },
        "caller": _caller(variables),
        "nodes": nodes,
        "overlays": overlays,
        "reach": heard([], _reach, variables, overlays),
    }
    read["reached"] = reached(read["reach"])
    read["keepalived"] = heard({}, _keepalived, variables, deployment, overlays, read["failover"])
    if read["failover"] != "none":
        for name in names:
            heard(None, _writable, name)
    heard(None, _followed, overlays, read["failover"], given.followers)
    clusters.heed(read, given.told)
    if switchover:
        read.update(heard({}, _request, variables, nodes, overlays))
    heard.tell()
    # A failover engine keeps the address on the holder only, and no file does.
    read["persistent"] = read["failover"] == "none"
    read["exclusive"] = read["exclusive"] or not read["persistent"]
    read["aws"] = {"region": read["region"], "aws_config": {"user_agent_extra": read["caller"]}}
    if not read["caller"]:
        del read["aws"]["aws_config"]
    return read


def stranger(given: Given) -> dict[str, Any] | None:
    """The model without a request, where that names a node that only its cluster may know; None where nobody need ask.

    Every other mistake is left to :func:`judged`.
    """
    try:
        judged(given, switchover=True)
    except InventoryError:
        pass
    else:
        return None
    try:
        read = judged(given)
    except InventoryError:
        return None
    variables = _Shared([given.variables, *(given.hosts[name] for name in read["nodes"])])
    asked = (text(variables, "target"), text(variables, "expected_active"))
    return read if any(one and one != ANY and not clusters.called(read["nodes"], one) for one in asked) else None


def unknown(model: Mapping[str, Any]) -> list[str]:
    """The nodes that must be asked who they are.

    From the controller a node's instance is enough. A node that moves the route itself may not describe instances:
    there the target must tell its interface and VPC.
    """
    nodes = model["nodes"]
    if model["api_from"] == "node" and "target" in model:
        return [
            name for name in (model["target"],) if not (nodes[name]["network_interface_id"] and nodes[name]["vpc_id"])
        ]
    return [name for name, node in nodes.items() if not node["instance_id"]]


def identify(model: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Fill in what the nodes said of themselves, where the inventory says nothing."""
    for name, answer in answers.items():
        node, identity = model["nodes"][name], answer.get("identity") or {}
        if not identity.get("instance_id"):
            why = (
                "cannot be reached" if answer.get("unreachable") else "got no answer from the instance metadata service"
            )
            raise InventoryError(
                f"overlay_ip_instance_id of {name} is not set, and {name} {why}: set it, or see to the node."
            )
        interfaces = {i["device_number"]: i for i in identity.get("interfaces", ())}
        interface = interfaces.get(node["device_index"], {})
        node["instance_id"] = node["instance_id"] or identity["instance_id"]
        node["network_interface_id"] = node["network_interface_id"] or interface.get("network_interface_id")
        node["vpc_id"] = node["vpc_id"] or interface.get("vpc_id")


def _group(variables: Variables) -> str:
    return str(value(variables, "overlay_ip_group"))


def _members(group: str, groups: Mapping[str, Sequence[str]]) -> list[str]:
    names = [str(name) for name in groups.get(group, ())]
    if not names:
        raise InventoryError(
            f"The inventory has no host in the group '{group}': put the nodes there, "
            "or name their group in overlay_ip_group."
        )
    return names


class _Shared:
    """A variable's value from the first source that has one."""

    def __init__(self, sources: Sequence[Variables]) -> None:
        self._sources = sources

    def get(self, name: str, /) -> Any:
        """The value, or None."""
        values = (source.get(name) for source in self._sources)
        return next((value for value in values if value is not None), None)


def _node(name: str, variables: Variables) -> dict[str, Any]:
    heard = Heard()
    instance = text(variables, "overlay_ip_instance_id") or text(variables, "instance_id")
    interface = text(variables, "overlay_ip_network_interface_id")
    heard(None, is_id, "i", instance, f"overlay_ip_instance_id of {name}")
    heard(None, is_id, "eni", interface, f"overlay_ip_network_interface_id of {name}")
    index = heard(0, value, variables, "overlay_ip_device_index")
    role = heard(None, value, variables, "overlay_ip_iam_role")
    heard.tell()
    return {
        "instance_id": instance,
        "network_interface_id": interface,
        "vpc_id": None,
        "device_index": index,
        "iam_role": role,
        "cluster_name": text(variables, "overlay_ip_cluster_name"),
    }


def _overlays(variables: Variables, names: Sequence[str]) -> list[dict[str, Any]]:
    return read_overlays(value(variables, "overlay_ips"), names)


def _keepalived(
    variables: Variables, deployment: Deployment, overlays: Sequence[Mapping[str, Any]], failover: str
) -> dict[str, Any]:
    """Its VRRP instances, and whether each overlay IP has its own."""
    apart = chosen_apart(failover, together=value(variables, "overlay_ip_keepalived_together"))
    given = value(variables, "overlay_ip_vrrp_id")
    if not all(overlays) or not overlays:  # what is wrong with them has been said
        return {}
    if apart and given:
        raise InventoryError(
            f"overlay_ip_vrrp_id is {given} and overlay_ip_keepalived_together false: each overlay IP has a VRRP number"
            " of its own then; give it as vrrp_id in its entry of overlay_ips, or leave it out."
        )
    found = instances(deployment, overlays, apart=apart, given=given)
    for first, second in collisions(found):
        raise InventoryError(
            f"{shared.where(overlays[second])} ({found[second]['address']}) has the VRRP number"
            f" {found[second]['number']}, as has {shared.where(overlays[first])} ({found[first]['address']}): give one"
            " of them another vrrp_id, from 1 to 255."
        )
    return {"apart": apart, "instances": found}


def _reach(variables: Variables, overlays: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return read_reach(value(variables, "overlay_ip_reach"), [o for o in overlays if o])


def _request(
    variables: Variables, nodes: Mapping[str, Mapping[str, Any]], overlays: list[dict[str, Any]]
) -> dict[str, Any]:
    """What a switchover asks for. Nodes may be named as the cluster does, or by their instances."""
    heard, names = Heard(), list(nodes)
    target, active = text(variables, "target"), text(variables, "expected_active")
    if not target:
        example = command.argument("target", names[-1])
        example = f", for example {example}" if example else ""
        heard(None, _refuse, f"target is not set: say where to move to{example}.")
    if active == ANY and ANY not in names:
        active = None
    target, active = (node and (clusters.called(nodes, node) or node) for node in (target, active))
    for name, node in (("target", target), ("expected_active", active)):
        if node and node not in names:
            heard(None, _refuse, f"{name} is '{node}', which is no node: choose one of {', '.join(names)}.")
    chosen = heard(overlays, _chosen, text(variables, "overlay"), overlays)
    heard.tell()
    return {"target": target, "expected_active": active, "overlays": chosen}


def _chosen(overlay: str | None, overlays: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The overlays that a request names."""
    if not overlay or overlay == ALL:
        return overlays
    if by_name := shared.found(overlay, overlays):
        return by_name
    wanted = address("overlay", net.routed, overlay)
    if by_name := shared.found(net.bare(wanted), overlays):
        return by_name
    chosen = [o for o in overlays if o.get("destination") == wanted]
    if not chosen and overlays:
        have = ", ".join(o["address"] for o in overlays if o)
        raise InventoryError(f"overlay is '{overlay}', which is not in overlay_ips: choose one of {have}.")
    return chosen


def _refuse(sentence: str) -> None:
    raise InventoryError(sentence)


def _followed(overlays: Sequence[Mapping[str, Any]], engine: str, able: Sequence[str]) -> None:
    """Refuse to follow an application, or to be apart from another one, by an engine that knows of no such thing."""
    for key, what in (("follows", "follows an application"), ("apart_from", "leaves another one's node")):
        wrong = [overlay for overlay in overlays if overlay and overlay[key] and engine not in able]
        if wrong:
            raise InventoryError(
                f"{shared.where(wrong[0])} has {key}, and overlay_ip_failover is {engine}: an overlay IP {what}"
                f" by {' or '.join(able)} alone; set overlay_ip_failover to that, or leave {key} out."
            )


def _region(variables: Variables, environment: str | None) -> str:
    options = variables.get("overlay_ip_aws") or {}
    region = text(variables, "overlay_ip_region") or text(options, "region") or environment
    if not region:
        raise InventoryError(
            "overlay_ip_region is not set, nor is AWS_REGION: name the region of the VPC, for example eu-central-1."
        )
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d+", region):
        raise InventoryError(f"overlay_ip_region is '{region}', which is no region: write one such as eu-central-1.")
    return region


def _probe(variables: Variables) -> dict[str, Any] | None:
    probe = variables.get("overlay_ip_probe")
    if not probe:
        return None
    if not isinstance(probe, Mapping) or not text(probe, "host") or not probe.get("port"):
        raise InventoryError(
            f"overlay_ip_probe is {probe!r}: give the host to ask from and the port of the service, "
            "for example {host: client1, port: 5432}."
        )
    port = str(probe["port"])
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise InventoryError(f"overlay_ip_probe.port is '{port}': give a TCP port from 1 to 65535.")
    return {"host": text(probe, "host"), "port": int(port)}


def _caller(variables: Variables) -> str:
    """Who launched the job, for the output and the request's user agent (so that CloudTrail shows it)."""
    words = []
    for word, names in (
        ("awx-job", ("awx_job_id", "tower_job_id")),
        ("awx-user", ("awx_user_name", "tower_user_name")),
    ):
        value = next((v for n in names if (v := text(variables, n))), None)
        if value:
            words.append(f"{word}/{re.sub(r'[^A-Za-z0-9._@-]', '_', value)[:64]}")
    return " ".join(words)


def _writable(name: str) -> None:
    """Refuse a node's name that cannot be written into every engine's configuration (keepalived's, Corosync's, XML)."""
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?", name):
        raise InventoryError(
            f"The node {name!r} has a name that failover engines cannot be told: call it by letters, digits and _.- in"
            " the inventory, and write its address into ansible_host."
        )


def _engine(variables: Variables, engines: Sequence[str]) -> str:
    name: str = value(variables, "overlay_ip_failover")
    if name not in engines:
        raise InventoryError(f"overlay_ip_failover is '{name}': choose one of {', '.join(engines)}.")
    return name
