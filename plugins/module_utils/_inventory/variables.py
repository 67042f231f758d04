# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one list of all variables: name, kind, bounds, default, who reads it. A new variable is an entry here.

What is judged by it: kinds and bounds before anything is changed, names that nobody knows (`values.py`), the roles'
argument specs and docs/variables.md (test_variables.py; tools/variables.py writes the page).

Pure. This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._aws.options import ARGUMENT_SPEC
from .._base.deployment import PATTERN, SHAPE, USUAL

TEXT, LIST, DICT, WHOLE, NUMBER, FLAG = "text", "list", "dictionary", "whole number", "number", "true or false"
PLAY, HOST, REQUEST = "inventory", "per host", "extra variable"

PREFIX = "overlay_ip"


def number(bound: float | None) -> str:
    """A bound, for people."""
    return "any" if bound is None else f"{bound:g}"


@dataclass(frozen=True)
class Variable:
    """One variable.

    Attributes:
        name: as users write it.
        kind: one of TEXT, LIST, DICT, WHOLE, NUMBER, FLAG.
        readers: the roles, or playbooks (`controller.yml`), that read it.
        default: what an empty or absent value means.
        unit: of a number: seconds, milliseconds.
        low, high: the bounds of a number, both included.
        choices: the values of a text.
        pattern: what a text, or each key of a dictionary, must match as a whole, with its name for people in `shape`.
        keys: those that a dictionary may have; empty for any.
        shape: what a value that fits `pattern` is called.
        source: where the bound comes from.
        scope: PLAY, HOST or REQUEST.
    """

    name: str
    kind: str
    readers: tuple[str, ...]
    default: Any = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    keys: tuple[str, ...] = ()
    shape: str = ""
    source: str = ""
    scope: str = PLAY

    @property
    def bounds(self) -> str:
        """What it may be, for people."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is None and self.high is None:
            return self.shape
        return f"{number(self.low)} to {number(self.high)}" + (f" {self.unit}" if self.unit else "")


_SECONDS = "seconds"
_RFC = "RFC 9568, 5.2"
_KEEPALIVED = "keepalived.conf(5)"
_USER = r"[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?"
_SERVICE = r"(?!-)(?!.*@(\.service)?$)[A-Za-z0-9:_.\\@-]{1,240}"
_AWS = tuple(name for option, spec in ARGUMENT_SPEC.items() for name in (option, *spec.get("aliases", ())))
_RESOURCE = r"[A-Za-z_][A-Za-z0-9._-]*"  # NCName: pacemaker-*.rng, type ID
_IAM_NAME = r"[\w+=,.@-]{1,128}"

VARIABLES: tuple[Variable, ...] = (
    # What there is
    Variable("overlay_ips", LIST, ("overlay_ip",)),
    Variable("overlay_ip_name", TEXT, ("overlay_ip",), USUAL, pattern=PATTERN, shape=SHAPE),
    Variable("overlay_ip_group", TEXT, ("overlay_ip",), "overlay_nodes"),
    Variable("overlay_ip_region", TEXT, ("overlay_ip",)),
    Variable("overlay_ip_instance_id", TEXT, ("overlay_ip",), scope=HOST),
    Variable("overlay_ip_network_interface_id", TEXT, ("overlay_ip",), scope=HOST),
    Variable("overlay_ip_device_index", WHOLE, ("overlay_ip",), 0, low=0, high=63, source="EC2 API", scope=HOST),
    Variable("overlay_ip_iam_role", TEXT, ("overlay_ip",), pattern=_IAM_NAME, shape="a role's name", scope=HOST),
    Variable("overlay_ip_cluster_name", TEXT, ("overlay_ip",), scope=HOST),
    Variable("overlay_ip_exclusive", FLAG, ("overlay_ip",), False),
    Variable("overlay_ip_failover", TEXT, ("overlay_ip",), "none"),
    # How AWS is called
    Variable("overlay_ip_api_from", TEXT, ("overlay_ip",), "controller", choices=("controller", "node")),
    Variable("overlay_ip_aws", DICT, ("overlay_ip",), {}, keys=_AWS),
    Variable("overlay_ip_node_aws", DICT, ("overlay_ip",), {}, keys=_AWS),
    Variable("overlay_ip_in_process", FLAG, ("overlay_ip",), True),
    Variable("overlay_ip_wait_timeout", WHOLE, ("overlay_ip",), 60, _SECONDS, 1, 3600),
    # Setup
    Variable("overlay_ip_install_packages", FLAG, ("packages", "node_ready", "overlay_interface")),
    Variable(
        "overlay_ip_persistence",
        TEXT,
        ("overlay_interface",),
        "auto",
        choices=(
            *("auto", "networkd", "networkmanager", "networkmanager_profile"),
            *("ifupdown", "wicked", "ifcfg", "systemd_unit"),
        ),
    ),
    Variable(
        "overlay_ip_tame_agents",
        LIST,
        ("overlay_interface",),
        [],
        choices=("nm_cloud_setup", "cloud_netconfig", "amazon_ec2_net_utils"),
    ),
    Variable("overlay_ip_iam", TEXT, ("overlay_iam_policy",), "apply", choices=("apply", "render")),
    Variable(
        "overlay_ip_iam_policy_name",
        TEXT,
        ("overlay_iam_policy",),
        pattern=_IAM_NAME,
        shape="1 to 128 letters, digits and +=,.@_-",
        source="IAM API, PutRolePolicy",
    ),
    Variable("overlay_ip_iam_managed", FLAG, ("overlay_iam_policy",), False),
    Variable("overlay_ip_iam_scope", TEXT, ("overlay_ip",), "tables", choices=("tables", "vpc")),
    Variable("overlay_ip_iam_see_interfaces", FLAG, ("overlay_ip",), False),
    Variable("overlay_ip_takeover_foreign", FLAG, ("overlay_ip",), False),
    Variable("overlay_ip_break_lease", FLAG, ("overlay_ip",), False),
    Variable("overlay_ip_orphans", TEXT, ("orphans",), "report", choices=("report", "remove")),
    # Switchover
    Variable("overlay_ip_probe", DICT, ("overlay_ip", "switchover"), keys=("host", "port")),
    Variable("overlay_ip_probe_timeout", WHOLE, ("switchover",), 10, _SECONDS, 1, 600),
    Variable("overlay_ip_rollback", FLAG, ("overlay_ip",), True),
    Variable("overlay_ip_pre_tasks", TEXT, ("overlay_ip",)),
    Variable("overlay_ip_post_tasks", TEXT, ("overlay_ip",)),
    Variable("overlay_ip_switchover", FLAG, ("overlay_ip",), False),
    Variable("target", TEXT, ("overlay_ip",), scope=REQUEST),
    Variable("overlay", TEXT, ("overlay_ip",), scope=REQUEST),
    Variable("expected_active", TEXT, ("overlay_ip",), scope=REQUEST),
    Variable("overlay_ip_move_role", FLAG, ("overlay_ip",), False, scope=REQUEST),
    # Metrics
    Variable("overlay_ip_metrics", FLAG, ("overlay_ip", "metrics"), False),
    Variable(
        "overlay_ip_metrics_directory",
        TEXT,
        ("metrics",),
        "/var/lib/prometheus/node-exporter",
        pattern=r"/[A-Za-z0-9_./-]*[A-Za-z0-9_.-]",
        shape="the path of a folder, without blanks",
        source="the default of Debian's package prometheus-node-exporter",
    ),
    Variable(
        "overlay_ip_metrics_interval",
        WHOLE,
        ("metrics",),
        60,
        _SECONDS,
        10,
        120,
        source="the alerts, for which what is older than 300 s proves nothing",
    ),
    # Status, history and drill
    Variable("overlay_ip_metrics_file", TEXT, ("status", "fleet", "teardown")),
    Variable("overlay_ip_status_strict", FLAG, ("status", "fleet"), False),
    Variable("overlay_ip_page", TEXT, ("status", "fleet")),
    Variable(
        "since",
        TEXT,
        ("history",),
        pattern=r"\d{1,6}[smhdw]|\d{4}-\d{2}-\d{2}"
        r"|(\d{4}-\d{2}-\d{2}[T ]\d{2}|\d{1,2}):\d{2}(:\d{2}(\.\d{1,6})?)?([zZ]|[+-]\d{2}:\d{2})?",
        shape="a time such as 2026-01-31T03:00 or 03:00 (UTC, or with +02:00 after it; in YAML in quotes, else it is a"
        " number), or a while such as 90m, 24h or 7d",
        scope=REQUEST,
    ),
    # Response to alerts
    Variable("overlay_ip_alerts", TEXT, ("respond",), scope=REQUEST),
    Variable(
        "overlay_ip_response_actions",
        LIST,
        ("respond",),
        ["status", "setup"],
        choices=("status", "setup", "switchover"),
    ),
    Variable("overlay_ip_response_dry_run", FLAG, ("respond",), True),
    Variable("overlay_ip_by_alert", FLAG, ("overlay_ip",), False, scope=REQUEST),
    Variable("overlay_ip_response_pause", WHOLE, ("respond",), 600, _SECONDS, 600, 86400),
    Variable("back", FLAG, ("migration",), False, scope=REQUEST),
    Variable("overlay_ip_migration_name", TEXT, ("migration",), pattern=_RESOURCE, shape="a resource's name"),
    Variable("drill", TEXT, ("drill",), choices=("readiness", "switchover"), scope=REQUEST),
    Variable("overlay_ip_drill_report", TEXT, ("drill",), "overlay-ip-drill.json"),
    Variable("overlay_ip_drill_seconds", WHOLE, ("drill",), 300, _SECONDS, 1, 86400),
    # Reach
    Variable("overlay_ip_reach", LIST, ("overlay_ip",), []),
    Variable("from", TEXT, ("path", "evacuate"), scope=REQUEST),
    Variable("zone", TEXT, ("evacuate",), scope=REQUEST),
    Variable(
        "overlay_ip_path_attachment",
        TEXT,
        ("path",),
        pattern=r"tgw-attach-[0-9a-f]{8,17}",
        shape="the id of a transit gateway attachment",
    ),
    Variable("overlay_ip_path_port", WHOLE, ("path",), low=1, high=65535),
    # Failover, both engines
    Variable(
        "overlay_ip_timeout", WHOLE, ("node_program", "keepalived", "pacemaker", "migration"), 20, _SECONDS, 2, 600
    ),
    Variable("overlay_ip_fleet", WHOLE, ("node_program",), 0, "routes", 0, 2600, source="docs/scale.md"),
    Variable(
        "overlay_ip_advert_interval",
        NUMBER,
        ("node_program", "keepalived"),
        1,
        _SECONDS,
        0.2,
        40.95,
        source=f"{_RFC}.7; below 0.2 a node that boots may take mastership (docs/drill.md)",
    ),
    # keepalived
    Variable("overlay_ip_vrrp_id", WHOLE, ("keepalived",), low=1, high=255, source=f"{_RFC}.3"),
    Variable("overlay_ip_keepalived_together", FLAG, ("keepalived",), True),
    Variable("overlay_ip_check_command", TEXT, ("keepalived",), ""),
    Variable(
        "overlay_ip_check_unit",
        TEXT,
        ("keepalived",),
        "",
        pattern=_SERVICE,
        shape="the name of a systemd service, such as postgresql.service",
        source="systemd.unit(5)",
    ),
    Variable("overlay_ip_check_interval", WHOLE, ("keepalived",), 2, _SECONDS, 1, 3600, source=_KEEPALIVED),
    Variable("overlay_ip_check_timeout", WHOLE, ("keepalived",), 2, _SECONDS, 1, 3600, source=_KEEPALIVED),
    Variable("overlay_ip_check_rise", WHOLE, ("keepalived",), 2, low=1, high=100, source=_KEEPALIVED),
    Variable("overlay_ip_check_fall", WHOLE, ("keepalived",), 2, low=1, high=100, source=_KEEPALIVED),
    Variable(
        "overlay_ip_check_user",
        TEXT,
        ("keepalived",),
        "root",
        pattern=_USER,
        shape="a user's name",
        source="useradd(8)",
    ),
    Variable("overlay_ip_check_now", FLAG, ("keepalived",), True),
    Variable("overlay_ip_route_interval", WHOLE, ("keepalived",), 10, _SECONDS, 1, 3600, source=_KEEPALIVED),
    Variable("overlay_ip_keepalived_replace", FLAG, ("keepalived",), False),
    # Pacemaker
    Variable("overlay_ip_cluster_commands", FLAG, ("overlay_ip",), False),
    Variable("overlay_ip_fencing", TEXT, ("pacemaker",), "fence_aws"),
    Variable("overlay_ip_fencing_delay", WHOLE, ("pacemaker",), 5, _SECONDS, 0, 300),
    Variable(
        "overlay_ip_corosync_token",
        WHOLE,
        ("pacemaker",),
        10000,
        "milliseconds",
        400,
        300000,
        source="corosync.conf(5); knet pings every quarter of it, and less than 400 was never drilled",
    ),
    Variable(
        "overlay_ip_resource_agent", TEXT, ("pacemaker",), "overlay-ip", choices=("overlay-ip", "aws-vpc-move-ip")
    ),
    Variable("overlay_ip_resource_api_interval", WHOLE, ("pacemaker", "migration"), 60, _SECONDS, 0, 86400),
    Variable(
        "overlay_ip_vpc_move_ip_options",
        DICT,
        ("pacemaker",),
        {},
        pattern="[A-Za-z_][A-Za-z0-9_-]*",
        shape="the name of a parameter of the agent",
        source="ocf:heartbeat:aws-vpc-move-ip, meta-data",
    ),
)

OTHERS = ("overlay_ip_awx_", "overlay_ip_eda_")
"""Beginnings of the variables of playbooks/controller.yml and of the rulebooks, which check their own."""
INTERNAL = frozenset(
    PREFIX + "_" + word
    for word in [
        "model",
        "inventory",
        "routes",
        "seen",
        "identities",
        "checked",
        "asked",
        "told",
        "goes_on",
        "asked_nodes",
        "answers",
        "nodes",
        "whole",
        "begun_later",
        "api_host",
        "aws_options",
        "interface_calls",
        "lease",
        "lease_at",
        "lease_ended",
        "lease_kept",
        "on_record",
        "leased",
        "is_last",
        "records",
        "recorded",
        "result",
    ]
)
"""What our own roles register; a user sets none of them."""

BY_NAME = {variable.name: variable for variable in VARIABLES}
REQUESTS = tuple(variable.name for variable in VARIABLES if variable.scope == REQUEST)
