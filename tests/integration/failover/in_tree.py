# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a Debian tree by its own Python: a cluster of one node, asked and changed by the collection's code.

What it sees is printed as JSON. Both agents are stand-ins that remember what they run, under the names that count;
there is no AWS and no systemd. Python 3.9, and what travels to nodes, suffice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, "/parcel/collections")
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import (
    cib,
    configuration,
    migration,
    replace,
    steps,
    view,
)

IP, OURS = "rsc_ip", "ocf:aws_ha:overlay-ip"
RESOURCES = Path("/usr/lib/ocf/resource.d")
COROSYNC = """\
totem {
  version: 2
  cluster_name: one
  transport: knet
}
quorum {
  provider: corosync_votequorum
  expected_votes: 1
}
nodelist {
  node {
    name: node1
    nodeid: 1
    ring0_addr: 127.0.0.1
  }
}
logging {
  to_syslog: no
  to_stderr: no
}
"""
CIB = """\
<configuration><crm_config><cluster_property_set id="cib-bootstrap-options">
<nvpair id="p-stonith" name="stonith-enabled" value="false"/></cluster_property_set></crm_config><resources>
<group id="grp"><primitive id="rsc_before" class="ocf" provider="pacemaker" type="Dummy"/>
<primitive id="rsc_ip" class="ocf" provider="heartbeat" type="aws-vpc-move-ip">
<instance_attributes id="rsc_ip-a"><nvpair id="rsc_ip-ip" name="ip" value="192.168.10.15"/></instance_attributes>
<operations><op id="rsc_ip-m" name="monitor" interval="60s" timeout="60s"/></operations></primitive>
<primitive id="rsc_after" class="ocf" provider="pacemaker" type="Dummy"/></group>
<PROMOTABLE id="msl"><meta_attributes id="msl-m"><nvpair id="msl-p" name="promotable" value="true"/></meta_attributes>
<primitive id="rsc_DB" class="ocf" provider="pacemaker" type="Stateful"><operations>
<op id="rsc_DB-m" name="monitor" interval="10s" role="Master" timeout="20s"/>
<op id="rsc_DB-s" name="monitor" interval="11s" role="Slave" timeout="20s"/></operations></primitive></PROMOTABLE>
</resources><constraints><rsc_location id="loc" rsc="rsc_ip" node="node1" score="5"/></constraints></configuration>
""".replace("PROMOTABLE", "clone")
PART = """\
<configuration><resources><primitive id="overlay-ip-192.168.10.16" class="ocf" provider="aws_ha" type="overlay-ip">
<instance_attributes id="o-a"><nvpair id="o-d" name="destination" value="192.168.10.16/32"/></instance_attributes>
<operations><op id="o-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive></resources><constraints>
<rsc_colocation id="overlay-ip-192.168.10.16-follows-promoted" rsc="overlay-ip-192.168.10.16" with-rsc="msl"
 with-rsc-role="{role}" score="INFINITY"/></constraints></configuration>
"""
SET = "crm_attribute --type crm_config --name"
META = f"crm_resource --resource {IP} --meta"
#: Of each state how it begins and ends.
STATES = {
    "rest": ("true", "true"),
    "maintenance": (f"{SET} maintenance-mode --update true", f"{SET} maintenance-mode --delete"),
    "unmanaged": (
        f"{META} --set-parameter is-managed --parameter-value false",
        f"{META} --delete-parameter is-managed",
    ),
    "disabled": (
        f"{META} --set-parameter target-role --parameter-value Stopped",
        f"{META} --delete-parameter target-role",
    ),
    "banned": (f"crm_resource --ban --resource {IP} --node node1", f"crm_resource --clear --resource {IP}"),
    "standby": ("crm_standby --node node1 --update on", "crm_standby --node node1 --delete"),
    "all stopped": (f"{SET} stop-all-resources --update true", f"{SET} stop-all-resources --delete"),
}


def sh(line: str, seconds: float = 90.0) -> str:
    """Its output. Ends this program where it fails."""
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        sys.exit(f"{line}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout.strip()


class Host:
    """What view.busy wants of a node."""

    def output(self, *argv: str) -> str | None:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout if done.returncode == 0 else None


def begin() -> None:
    """The cluster, up and at rest."""
    sh("ip link set lo up; hostname node1")
    for name in ("heartbeat/aws-vpc-move-ip", "aws_ha/overlay-ip"):
        path = RESOURCES / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('#!/bin/sh\nexec "$OCF_ROOT/resource.d/pacemaker/Dummy" "$@"\n')
        path.chmod(0o755)
    Path("/etc/corosync/corosync.conf").write_text(COROSYNC)
    sh("mkdir -p /run/resource-agents /var/log/cluster /var/lib/corosync; rm -f /var/lib/pacemaker/cib/*; corosync")
    with Path("/parcel/pacemaker.log").open("w") as log:
        subprocess.Popen(["pacemakerd"], stdout=log, stderr=log)
    deadline = time.monotonic() + 90.0
    while 'online="true"' not in (monitor() or "") or "S_IDLE" not in (Host().output(*_coordinator()) or ""):
        if time.monotonic() > deadline:
            sys.exit("The cluster did not come up within 90 s: " + Path("/parcel/pacemaker.log").read_text()[-2000:])
        time.sleep(0.5)
    subprocess.run(
        ["cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-pipe"],
        input=CIB,
        text=True,
        check=True,
    )
    rest()


def _coordinator() -> tuple[str, ...]:
    return ("crmadmin", "--status", "node1")


def rest() -> None:
    sh("crm_resource --wait --timeout=60s")


def monitor() -> str | None:
    answers = (Host().output(*view.CRM_MON, form) for form in view.FORMS)
    return next((text for text in answers if text), None)


def seen() -> dict[str, Any]:
    """As a node tells it."""
    whole = Host().output(*view.CONFIGURATION)
    return view.told(monitor(), whole, view.COMMANDS[""], "node1", "node1")


def exchanged(back: str = "") -> migration.Exchange:
    """The resource's agent for the other one."""
    root = migration.read(migration.shell)
    old = replace.found(root, IP)
    operations: Sequence[tuple[str, int, int]] = [("start", 0, 30), ("stop", 0, 20), ("monitor", 10, 20)]
    new = replace.read(back) if back else replace.made(old, OURS, {"destination": "192.168.10.15/32"}, operations, IP)
    after = replace.placed(root, IP, new)
    return migration.Exchange(root, after, IP, IP, replace.agent(root, IP), replace.agent(after, IP))


def text() -> str:
    """The configuration, without what the cluster notes in it by itself."""
    return "\n".join(
        line.strip()
        for line in configuration.shown(migration.read(migration.shell)).splitlines()
        if "last-lrm-refresh" not in line
    )


def ran() -> str:
    """When the middle of the group was last started: it is not stopped by a migration."""
    return sh("ls -i --time-style=full-iso -l /run/Dummy-rsc_* /run/*/Dummy-rsc_* 2>/dev/null || true")


def main() -> None:
    """Everything, in order."""
    begin()
    said: dict[str, Any] = {"version": sh("crm_resource --version 2>&1 || true").split("\n")[0].split()[1]}
    said["states"] = {}
    for name, (start, end) in STATES.items():
        sh(start)
        rest()
        told = seen()
        said["states"][name] = [told["holder"], *(finding["id"] for finding in told["findings"])]
        sh(end)
        rest()
    said["kinds"] = seen()["kinds"]
    said["movers"] = [[mover["name"], mover["agent"], mover["ours"]] for mover in seen()["movers"]]
    said["busy"] = view.busy(Host(), view._USUAL)  # type: ignore[arg-type]

    before, since = text(), ran()
    planned = exchanged()
    said["forward"] = migration.carry_out(planned, migration.shell)
    said["unmoved"] = ran() == since and bool(since)
    said["agent"] = replace.agent(migration.read(migration.shell), IP)
    said["group"] = [one.get("id") for one in next(migration.read(migration.shell).iter("group"))]
    said["healthy"] = [finding["id"] for finding in seen()["findings"]]
    said["back"] = migration.carry_out(exchanged(replace.shown(replace.found(planned.before, IP))), migration.shell)
    said["as before"] = text() == before

    planned = exchanged()
    primitives = replace.found(planned.before, IP), replace.found(planned.after, IP)
    typed = steps.steps(*primitives, migration.patch(planned, migration.shell), "node1", "")
    lines = [line.replace("pcs property set", SET).replace("mode=", "mode --update ") for line in typed["pcs"]]
    for line in lines:
        sh(f"cd /parcel; {line}")
    said["by hand"] = replace.agent(migration.read(migration.shell), IP)
    # What the line that looks for the holder says to do if it is elsewhere.
    put_back = next(line for line in lines if "--locate" in line).partition("If not: ")[2].partition(", and")[0]
    for line in lines[1:]:
        sh(f"cd /parcel; {put_back if '--patch' in line else line}")
    said["and back"] = text() == before

    # The schema that this version writes by itself decides what the roles are called.
    schema = migration.read(migration.shell).get("validate-with", "").rpartition("-")[2]
    part = PART.format(role="Promoted" if float(schema) >= 3.7 else "Master")
    change = configuration.planned(migration.shell, [part], [])
    configuration.carry_out(migration.shell, [part], [], change)
    rest()
    said["merged"] = [not change.empty, configuration.planned(migration.shell, [part], []).empty]
    said["schema"] = schema
    said["follows"] = [[mover.name, mover.follows, mover.role] for mover in cib.movers(migration.read(migration.shell))]
    said["promoted"] = sh("crm_resource --locate --resource msl")
    option = "--promoted" if not said["version"].startswith("2.0") else "--master"
    sh(f"crm_resource --ban {option} --resource msl --node node1 && crm_resource --clear --resource msl")
    rest()
    said["at the end"] = seen()["holders"]
    print(json.dumps(said))


if __name__ == "__main__":
    main()
