# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pacemaker: what the cluster says of the overlay IPs, and what in it hinders a move. Pure.

What it is told, and how, is in roles/pacemaker. Its words differ by version: up to 2.0 an agent is written with two
colons after `ocf`, then with one; up to 2.0.2 XML comes by `--as-xml` alone, with `crm_mon` as the root.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from ..._address.persist.tree import Host
from ..._base.deployment import Deployment, of_resource
from ..view import MOVE, ROUTE, SELF, SETUP, TEARDOWN, Trouble, name_of, not_running, text_of, unit_state, view
from . import cib, fencing, health, roaming
from .words import COMMANDS, is_of

NAME = "pacemaker"
FOLLOWS = True
UNIT = "pacemaker.service"
"""The cluster is one for all deployments."""
AGENTS = (cib.OURS, f"ocf:heartbeat:{cib.STOCK}")

CIB = health.CIB
CRM_MON = ("crm_mon", "--one-shot", "--inactive", "--neg-locations", "--failcounts")
FORMS = ("--output-as=xml", "--as-xml")
CONFIGURATION = ("cibadmin", "--query", "--scope", "configuration")
NAMED_HERE = ("crm_node", "-n")

INFINITY = 1000000
NO_QUORUM = "no quorum"
NEVER = "-never-"
"""Part of the names of the constraints by which setup keeps an overlay IP away from a member that is no candidate."""
KEPT_OFF = "resource_kept_off"
"""Wrong where the member is a node of the inventory: who knows that leaves out the others."""
_ALL = (SETUP, MOVE, TEARDOWN)
_USUAL = Deployment()
_COORDINATOR = "./summary/current_dc[@present='true']"
_QUORUM = "./summary/current_dc[@with_quorum='true']"


@dataclass(frozen=True)
class Resource:
    """An overlay IP as a resource. `parents`: the groups and clones that it is in, and itself."""

    name: str
    node: str
    attributes: Mapping[str, str]
    parents: frozenset[str]

    def says(self, attribute: str, value: str) -> bool:
        """Whether an attribute has this value."""
        return self.attributes.get(attribute, "").lower() == value


def unit(deployment: Deployment) -> str:
    """See :class:`..registry.Engine`."""
    return UNIT


def running(host: Host, deployment: Deployment) -> bool:
    """See :class:`..registry.Engine`."""
    return host.active(UNIT)


def configured(host: Host, deployment: Deployment) -> bool:
    """See :class:`..registry.Engine`."""
    return bool(_ours(host, deployment))


def given(host: Host, deployment: Deployment) -> list[dict[str, str]]:
    """See :class:`..registry.Engine`."""
    names = {cib.slug(mover["destinations"][0]): mover["name"] for mover in _ours(host, deployment)}
    words = _words(host) if names else {}
    return [{"slug": slug, "resource": name, "command": words["remove"].format(name)} for slug, name in names.items()]


def movers(host: Host, deployment: Deployment) -> list[dict[str, Any]]:
    """See :class:`..registry.Engine`."""
    return [mover for mover in cib.told(cib.parsed(text_of(host, CIB)), deployment) if mover["moves"] == ROUTE]


def seen(host: Host, deployment: Deployment) -> dict[str, Any]:
    """See :class:`..registry.Engine`."""
    state, name = unit_state(host, UNIT), name_of(host, deployment)
    if state != "running":
        known = _known(cib.parsed(text_of(host, CIB)), "", deployment)
        return view(NAME, state, running=False, troubles=[not_running(NAME, UNIT, state, name)], **known)
    texts = (host.output(*CRM_MON, form) for form in FORMS)
    monitor = next((text for text in texts if text), None)
    here = host.output(*NAMED_HERE) or ""
    return told(monitor, host.output(*CONFIGURATION), _words(host), name, here, deployment)


def busy(host: Host, deployment: Deployment) -> str:
    """See :class:`.registry.Engine`: its coordinator's state; every other than S_IDLE is work, or a trouble."""
    name = re.search(r"\S+$", (host.output("crmadmin", "--quiet", "--dc_lookup") or "").strip())
    if name is None:
        return "has no coordinator now"
    state = re.search(r"\bS_[A-Z_]+", host.output("crmadmin", "--status", name[0]) or "")
    if state is None:
        return f"does not tell the state of its coordinator {name[0]}"
    return "" if state[0] == "S_IDLE" else f"is in a transition ({state[0]} on {name[0]})"


def told(
    monitor: str | None,
    configuration: str | None,
    words: Mapping[str, str],
    name: str,
    here: str = "",
    deployment: Deployment = _USUAL,
) -> dict[str, Any]:
    """The view, from what the cluster's own tools print.

    Args:
        monitor: `crm_mon` as XML.
        configuration: the section of that name of the cluster's CIB.
        words: one of COMMANDS.
        name: the node that was asked, for sentences.
        here: what the cluster calls it.
        deployment: whose resources are told of.
    """
    root, configured_as = cib.parsed(monitor), cib.parsed(configuration)
    known = _known(configured_as, here, deployment)
    if root is None or root.find("./summary") is None:
        silent = Trouble(
            "engine_silent",
            "error",
            f"pacemaker runs on {name}, but the cluster does not answer there.",
            "`systemctl status pacemaker corosync` and their journals say why.",
            SELF,
            _ALL,
        )
        return view(NAME, "does not answer", troubles=[silent], **known)
    moved = {mover.name: mover for mover in cib.movers(configured_as) if mover.moves == ROUTE}
    resources = list(_resources(root, moved, deployment))
    troubles = [
        *_cluster(root, words, name),
        *_fencing(configured_as),
        *_nodes(root, words),
        *(trouble for resource in resources for trouble in _resource(root, resource, words)),
        *_failures(root, resources, words),
        *_bans(root, resources, words),
        *_preferences(configured_as, resources, words),
        *(_roams(resource, words) for resource in resources if roaming.roams(moved.get(resource.name), configured_as)),
    ]
    holders = {_slug(resource.name, moved, deployment): resource.node for resource in resources}
    state, holder = _state(root, resources)
    return view(NAME, state, holder=holder, holders=holders if state != NO_QUORUM else None, troubles=troubles, **known)


def _ours(host: Host, deployment: Deployment) -> list[dict[str, Any]]:
    """What setup or migration gave to the cluster, by its configuration as it is on the disk."""
    return [mover for mover in movers(host, deployment) if mover["ours"]]


def _known(configuration: Element | None, here: str, deployment: Deployment) -> dict[str, Any]:
    """The cluster's names and movers. One of a single node is none yet: a package brings it along, with any name."""
    names, instances = cib.names(configuration), fencing.instances(configuration)
    members = {name: instances.get(name, "") for name in names} if len(names) > 1 else {}
    return {
        "name": here if here in members else "",
        "members": members,
        "movers": cib.told(configuration, deployment),
        "kinds": cib.kinds(configuration),
        "fencing": fencing.told(configuration),
    }


def _slug(name: str, moved: Mapping[str, cib.Mover], deployment: Deployment) -> str:
    return cib.slug(moved[name].destinations[0]) if name in moved else name.removeprefix(deployment.resources)


def _words(host: Host) -> Mapping[str, str]:
    """The commands of the shell that the node has."""
    shells = [shell for shell in COMMANDS if shell and host.glob(f"/usr/*bin/{shell}")]
    return COMMANDS[shells[0] if shells else ""]


def _state(root: Element, resources: list[Resource]) -> tuple[str, str]:
    """For people, and the node that has all."""
    if root.find(_QUORUM) is None:
        return NO_QUORUM, ""
    stopped = [resource.name for resource in resources if not resource.node]
    nodes = sorted({resource.node for resource in resources if resource.node})
    if stopped or not nodes:
        return f"not started: {', '.join(stopped) or 'no overlay IP'}", ""
    return f"started on {', '.join(nodes)}", nodes[0] if len(nodes) == 1 else ""


def _resources(root: Element, moved: Mapping[str, cib.Mover], deployment: Deployment) -> Iterator[Resource]:
    """The deployment's own; where there is none, all that move a route and that no deployment has made."""
    found: list[Resource] = []
    for top in root.iterfind("./resources"):
        found += list(_walk(top, frozenset(), moved))
    own = [one for one in found if _made_by(one.name, moved) == deployment.name]
    yield from own or [one for one in found if not _made_by(one.name, moved)]


def _made_by(name: str, moved: Mapping[str, cib.Mover]) -> str:
    """The deployment of a resource, by its name where the configuration could not be read; empty for none."""
    if name in moved:
        return moved[name].deployment
    made = of_resource(name)
    return made.name if made else ""


def _walk(parent: Element, parents: frozenset[str], moved: Mapping[str, cib.Mover]) -> Iterator[Resource]:
    for child in parent:
        names = parents | {child.get("id", "")}
        if child.tag != "resource":
            yield from _walk(child, names, moved)
        elif (_agent(child) in AGENTS or child.get("id") in moved) and child.get("orphaned") != "true":
            node = child.find("node")
            here = node is not None and child.get("role") in ("Started", "Promoted", "Master")
            yield Resource(child.get("id", ""), _name(node) if here else "", child.attrib, names)


def _agent(resource: Element) -> str:
    """Up to 2.0 it is shown with two colons after `ocf`."""
    return resource.get("resource_agent", "").replace("::", ":")


def _cluster(root: Element, words: Mapping[str, str], name: str) -> Iterator[Trouble]:
    if root.find(_QUORUM) is None:
        message = f"The cluster has no quorum on {name}, so that it starts nothing and takes no orders."
        remedy = "see that it runs on the other nodes, and that UDP port 5405 is open between them."
        yield Trouble("no_quorum", "error", message, remedy, "", _ALL)
    options = root.find("./summary/cluster_options")
    if options is not None and options.get("maintenance-mode") == "true":
        message = "The cluster is in maintenance mode, and neither moves, starts nor stops anything."
        yield Trouble("maintenance_mode", "warning", message, f"`{words['maintenance']}`.", "", _ALL)
    if options is not None and options.get("stop-all-resources") == "true":
        message = "stop-all-resources is set, so that the cluster starts nothing."
        yield Trouble("all_stopped", "error", message, f"`{words['stop-all']}`.", "", (SETUP, MOVE))


def _fencing(configuration: Element | None) -> Iterator[Trouble]:
    """A member that nothing fences: when it is lost, the cluster waits for that for ever, and nothing is taken over."""
    bare = fencing.unfenced(configuration, cib.names(configuration))
    if bare:
        devices = ", ".join(device.name for device in fencing.devices(configuration))
        message = f"No fencing device names {' and '.join(bare)}: if that is lost, nothing fails over."
        yield Trouble("node_unfenced", "warning", message, f"add it to pcmk_host_map of {devices}.")


def _nodes(root: Element, words: Mapping[str, str]) -> Iterator[Trouble]:
    """What is wrong with single nodes; without a coordinator nobody knows."""
    for node in root.iterfind("./nodes/node") if root.find(_COORDINATOR) is not None else ():
        name, yes = _name(node), {key for key, value in node.attrib.items() if value == "true"}
        if "unclean" in yes:
            message = f"{name} is unclean, and waits to be fenced: until then nothing that it had is taken over."
            confirm = words["confirm"].format(name)
            remedy = f"see what fencing says of it; only where its instance is terminated, `{confirm}`."
            yield Trouble("node_unclean", "error", message, remedy, name, (MOVE,))
        elif "online" not in yes:
            remedy = f"`systemctl start {UNIT}` there."
            message = f"The cluster does not run on {name}."
            yield Trouble("engine_stopped", "error", message, remedy, name, (MOVE,))
        elif yes & {"standby", "standby_onfail"}:
            remedy = f"`{words['online'].format(name)}`."
            yield Trouble("node_standby", "warning", f"{name} is in standby.", remedy, name, (MOVE,))
        elif "maintenance" in yes:
            remedy = f"`{words['ready'].format(name)}`."
            message = f"{name} is in maintenance, and the cluster leaves alone what it runs."
            yield Trouble("node_maintenance", "warning", message, remedy, "", _ALL)
        elif "pending" in yes:
            message, remedy = f"{name} is joining the cluster.", "wait until it is online."
            yield Trouble("node_pending", "warning", message, remedy, name, (SETUP, MOVE))


def _resource(root: Element, resource: Resource, words: Mapping[str, str]) -> Iterator[Trouble]:
    """What is wrong with an overlay IP wherever it is."""
    name = resource.name
    maintained = root.find("./summary/cluster_options[@maintenance-mode='true']") is not None or any(
        _name(node) == resource.node for node in root.iterfind("./nodes/node[@maintenance='true']")
    )
    if resource.says("managed", "false") and not maintained:
        remedy = f"`{words['manage'].format(name)}`."
        message = f"{name} is unmanaged, so that the cluster neither moves, starts nor stops it."
        yield Trouble("resource_unmanaged", "warning", message, remedy, "", _ALL)
    if resource.says("target_role", "stopped"):
        remedy = f"`{words['enable'].format(name)}`."
        yield Trouble("resource_disabled", "error", f"{name} is disabled.", remedy, "", (SETUP, MOVE))
    for state in ("blocked", "failed"):
        if resource.says(state, "true"):
            remedy = f"mend the cause, then `{words['cleanup'].format(name)}`."
            yield Trouble(f"resource_{state}", "error", f"{name} is {state}{_why(root, name)}.", remedy, "", _ALL)
            return


def _failures(root: Element, resources: list[Resource], words: Mapping[str, str]) -> Iterator[Trouble]:
    """Where an overlay IP cannot go, because it failed there."""
    for node in root.iterfind("./node_history/node"):
        for history in node.iterfind("resource_history"):
            if history.get("id") in {resource.name for resource in resources} and _exhausted(history):
                yield _failed(root, history.get("id", ""), _name(node), words)
    for failure in root.iterfind("./failures/failure"):
        for resource in resources:
            begun = failure.get("task") in ("start", "migrate_from", "probe")
            if begun and is_of(failure.get("op_key", ""), resource.name):
                yield _failed(root, resource.name, failure.get("node", ""), words)


def _exhausted(history: Element) -> bool:
    counted, allowed = (history.get(key, "") for key in ("fail-count", "migration-threshold"))
    return _number(counted, 0) >= _number(allowed, INFINITY)


def _failed(root: Element, name: str, node: str, words: Mapping[str, str]) -> Trouble:
    remedy = f"mend the cause, then `{words['cleanup'].format(name)}`."
    message = f"{name} failed on {node}{_why(root, name, node)}, and the cluster does not start it there."
    return Trouble("resource_failed_there", "warning", message, remedy, node, (MOVE,))


def _why(root: Element, name: str, node: str = "") -> str:
    """What the cluster says of the last failure."""
    for failure in reversed(root.findall("./failures/failure")):
        if is_of(failure.get("op_key", ""), name) and node in ("", failure.get("node")):
            reason = failure.get("exitreason") or failure.get("exitstatus") or failure.get("status") or "unknown"
            return f" ({failure.get('task', 'an operation')}: {reason})"
    return ""


def _bans(root: Element, resources: list[Resource], words: Mapping[str, str]) -> Iterator[Trouble]:
    """Where an overlay IP may not go. Whose lifetime is over the cluster does not tell any more."""
    for ban in root.iterfind("./bans/ban"):
        name, node, wanted = (ban.get(key, "") for key in ("id", "node", "resource"))
        if _number(ban.get("weight", ""), 0) > -INFINITY or "true" in (
            ban.get("master_only"),
            ban.get("promoted-only"),
        ):
            continue
        if not any(wanted in resource.parents for resource in resources):
            continue
        if name in {f"{resource.name}{NEVER}{node}" for resource in resources}:
            message = (
                f"{wanted} is kept off {node} ({name}), as a member of the cluster that the inventory did not have."
            )
            yield Trouble(KEPT_OFF, "warning", message, "run setup, which lets it go there again.", node, (MOVE,))
            continue
        by_hand = name.startswith("cli-ban-")
        command = words["clear"].format(wanted) if by_hand else words["forget"].format(name)
        left = f" ({name}, left by a move or ban by hand)" if by_hand else f" ({name})"
        message = f"{wanted} is banned from {node}{left}."
        remedy = f"`{command}`."
        yield Trouble("resource_banned", "warning", message, remedy, node, (MOVE,))


def _preferences(root: Element | None, resources: list[Resource], words: Mapping[str, str]) -> Iterator[Trouble]:
    """A move by hand without an end leaves a preference: the overlay IP goes back there by itself after a failover."""
    for location in root.iter("rsc_location") if root is not None else ():
        name, wanted = location.get("id", ""), location.get("rsc", "")
        lasting = name.startswith("cli-prefer-") and location.find(".//date_expression") is None
        if lasting and any(wanted in resource.parents for resource in resources):
            node = location.get("node") or "a node"
            message = f"{wanted} is bound to {node} ({name}, left by a move by hand), and goes back there by itself."
            yield Trouble("resource_bound", "warning", message, f"`{words['clear'].format(wanted)}`.")


def _roams(resource: Resource, words: Mapping[str, str]) -> Trouble:
    """What setup adds to the cluster would be enough to move it, and the service with it."""
    name = resource.name
    message = f"{name} has no resource-stickiness: the cluster may move it whenever something is added or comes back."
    return Trouble("resource_roams", "warning", message, f"`{words['stick'].format(name)}`.", "", (SETUP,))


def _name(node: Element | None) -> str:
    return node.get("name", "") if node is not None else ""


def _number(text: str, otherwise: int) -> int:
    """A score or count: the cluster's infinity is a million."""
    value = text.replace("INFINITY", str(INFINITY))
    return int(value) if value.lstrip("+-").isdecimal() else otherwise
