# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived says of itself on a node, and what is wrong with it. What it does there is in `mastership.py`. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..._address.persist.tree import Host
from ..._base import net
from ..._base.deployment import Deployment
from ..view import ADDRESS, CHECK_FAILED, MOVE, SELF, Trouble, name_of, not_running, parsed, text_of, unit_state, view
from .names import MARK, NAME, conf, standing, tracked, tracking, unit

SUM = "# The lines below as setup wrote them, by SHA-256: "

FOLLOWS = False
_USUAL = Deployment()
_APPLICATION, _ROUTE = "overlay_ip_application", "overlay_ip_route"
_SCRIPTS = {
    _APPLICATION: (
        "the check command",
        "see to the application there, or to overlay_ip_check_command.",
    ),
    "overlay_ip_link": ("the look at the network interface", "`ip link` there says whether it is down."),
    "overlay_ip_source": ("the look for the node's own address", "`ip address` there says whether it has gone."),
    _ROUTE: ("`{program} watch`", "`{program} check` there says what is wrong."),
}
_GOOD = re.compile(r"\bsucce")
_RELOADED = "considered unsuccessful on reload"
_RESULT = re.compile(r"VRRP_Script\(([\w.-]+)\) (.+)")
_TRACKS = re.compile(r"(?m)^# overlay_ip_check_unit: (\S+)$")


def running(host: Host, deployment: Deployment) -> bool:
    """See :class:`..registry.Engine`."""
    return host.active(unit(deployment))


def configured(host: Host, deployment: Deployment) -> bool:
    """See :class:`..registry.Engine`."""
    # Without the configuration, which somebody may have removed, the application's unit still has our drop-in.
    return any(MARK in (text_of(host, path) or "") for path in (conf(deployment), tracking(deployment)))


def given(host: Host, deployment: Deployment) -> list[dict[str, str]]:
    """See :class:`.registry.Engine`: it moves whatever the program's configuration has."""
    return []


def movers(host: Host, deployment: Deployment) -> list[dict[str, Any]]:
    """See :class:`..registry.Engine`: of a configuration of somebody else's the instances, with their addresses.

    Somebody else's is where the usual deployment's would be, whatever the name of this one.
    """
    there, text = unit(_USUAL), text_of(host, conf(_USUAL)) or ""
    if MARK in text or not (host.active(there) or host.enabled(there)):
        return []
    return [
        {
            "name": name,
            "agent": "vrrp_instance",
            "moves": ADDRESS,
            "destinations": found,
            "tables": [],
            "interface": "",
            "top": name,
            "follows": "",
            "role": "",
            "bond": "",
            "deployment": "",
            "ours": False,
            "through": False,
        }
        for name, found in instances(text).items()
    ]


def instances(text: str) -> dict[str, list[str]]:
    """The addresses of each VRRP instance as destinations: keepalived.conf(5), `virtual_ipaddress`."""
    lines = "\n".join(re.sub(r"[#!].*", "", line) for line in text.splitlines())
    found: dict[str, list[str]] = {}
    for name, body in re.findall(r"\bvrrp_instance\s+(\S+)\s*\{(.*?)(?=\bvrrp_instance\s|\Z)", lines, re.DOTALL):
        for block in re.findall(r"\bvirtual_ipaddress(?:_excluded)?\s*\{([^}]*)\}", body):
            for word in re.findall(r"(?m)^\s*([0-9A-Fa-f.:]+)(?:/\d+)?(?=\s|$)", block):
                try:
                    found.setdefault(name, []).append(net.destination(word))
                except net.AddressError:
                    continue
    return found


def seen(host: Host, deployment: Deployment) -> dict[str, Any]:
    """See :class:`..registry.Engine`; where the application's unit is tracked, also its name, under `tracks`."""
    of = tracks(host, deployment)
    return {**_seen(host, deployment), **({"tracks": of} if of else {})}


def _seen(host: Host, deployment: Deployment) -> dict[str, Any]:
    foreign = movers(host, deployment)
    of = _USUAL if foreign and not configured(host, deployment) else deployment
    name, state = name_of(host, deployment), unit_state(host, unit(of))
    if state != "running":
        # What it said last is of another life.
        troubles = [not_running(NAME, unit(of), state, name), *_edited(host, name, conf(of))]
        return view(NAME, state, running=False, troubles=troubles, movers=foreign)
    apart = parts(text_of(host, deployment.config))
    said = {part: _said(host, deployment, part) for part in apart or ("",)}
    faults = [_at_fault(host, one, name, deployment, part, apart.get(part, "")) for part, one in said.items()]
    troubles = [*(trouble for found in faults for trouble in found), *_edited(host, name, conf(of))]
    if not apart:
        return view(NAME, said[""], holder=SELF if said[""] == "MASTER" else "", troubles=troubles, movers=foreign)
    told = {one: [apart[part] for part in apart if said[part] == one] for one in sorted(set(said.values()))}
    return view(
        NAME,
        ", ".join(told)
        if len(told) == 1
        else ", ".join(f"{one} of {' and '.join(them)}" for one, them in told.items()),
        holders={part: SELF if one == "MASTER" else "" for part, one in said.items()},
        states=said,
        troubles=troubles,
        movers=foreign,
    )


def parts(text: str | None) -> dict[str, str]:
    """The overlay IPs that move by themselves, by the word of each, of the program's configuration; none together."""
    config = parsed(text)
    overlays = config.get("overlays") if config.get("apart") is True else ()
    found = [str(one["destination"]) for one in overlays or () if isinstance(one, Mapping) and "destination" in one]
    return {net.slug(net.bare(destination)): net.bare(destination) for destination in found}


def _said(host: Host, deployment: Deployment, part: str) -> str:
    return str(parsed(text_of(host, f"{deployment.memory[0]}/{standing(part)}")).get("state") or "UNKNOWN")


def busy(host: Host, deployment: Deployment) -> str:
    """See :class:`..registry.Engine`: a takeover is the program's, which has a lock."""
    return ""


def edited(text: str) -> bool:
    """Whether a configuration that setup wrote was changed since. One from before there was a sum cannot tell."""
    mark, line, body = (*text.split("\n", 2), "", "")[:3]
    if MARK not in mark or not line.startswith(SUM):
        return False
    return hashlib.sha256(body.encode()).hexdigest() != line[len(SUM) :].strip()


def failing(journal: str, part: str = "") -> dict[str, str]:
    """Which scripts failed when they were last told of, and how, from keepalived's own words.

    Of a part its own, under the name that it has where there are no parts, and those that count for all.
    """
    last = dict(_RESULT.findall(journal))
    if part:
        own = f"{_ROUTE}_{part}"
        last = {_ROUTE if s == own else s: how for s, how in last.items() if s == own or not s.startswith(_ROUTE)}
    bad = {script: how for script, how in last.items() if not _GOOD.search(how)}
    return {script: how.replace(_RELOADED, "failed when keepalived was reloaded") for script, how in bad.items()}


def tracks(host: Host, deployment: Deployment) -> str:
    """The application's unit, where it is tracked; else empty."""
    found = _TRACKS.search(text_of(host, tracking(deployment)) or "")
    return found[1] if found else ""


def _at_fault(host: Host, said: str, name: str, deployment: Deployment, part: str, address: str) -> Iterator[Trouble]:
    """What is wrong with a part, that of `address`, or with all overlay IPs where that is empty."""
    if said in ("MASTER", "BACKUP"):
        return
    journal = host.output("journalctl", "--unit", unit(deployment), "--output=cat", "--lines=300", "--no-pager") or ""
    found = failing(journal, part) if said == "FAULT" else {}
    reasons = [f"{_SCRIPTS[s][0] if s in _SCRIPTS else s} {how}" for s, how in sorted(found.items())]
    remedies = [_SCRIPTS[s][1] for s in sorted(found) if s in _SCRIPTS]
    application = tracks(host, deployment) if said == "FAULT" else ""
    if application and (text_of(host, tracked(deployment)) or "0").strip() != "0":
        reasons.append(f"{application} does not run")
        remedies.append(f"`systemctl status {application}` there says why.")
    why = f": {'; '.join(reasons)}" if reasons else ", so that it cannot be the master"
    what = f"is in {said}" if said != "UNKNOWN" else "has not said what it is"
    remedy = " ".join(remedies) or "`{program} check` and the check command there say what is wrong."
    kind = CHECK_FAILED if reasons and set(found) <= {_APPLICATION} else "engine_fault"
    of = f" for {address}" if address else ""
    message = f"keepalived {what} on {name}{of}{why}."
    message, remedy = (text.replace("{program}", deployment.program) for text in (message, remedy))
    yield Trouble(kind, "error", message, remedy, SELF, (MOVE,))


def _edited(host: Host, name: str, file: str) -> Iterator[Trouble]:
    if edited(text_of(host, file) or ""):
        yield Trouble(
            "engine_edited",
            "warning",
            f"{file} of {name} was edited by hand since setup wrote it.",
            "set the inventory's variables instead; setup replaces it where overlay_ip_keepalived_replace is true, and"
            " keeps a copy.",
            SELF,
        )
