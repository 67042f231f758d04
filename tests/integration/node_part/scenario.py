# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node part against a real kernel, in its network namespace: `scenario.py MODULE_UTILS_PARENT TOOL`.

Runs under every Python that a managed node may have, by every pyroute2 that it may have and by `ip`, and so imports
nothing but these. The collection's files are imported as a plain package, as the program on the nodes has them. Prints
one JSON object: what was seen at each step.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile

PARAMS = {
    "addresses": ["192.168.10.15", "2001:db8:10::15"],
    "interface": "auto",
    "label": "auto",
    "state": "present",
    "persistent": True,
    "persistence": "auto",
}


def main(parent: str, tool: str) -> dict[str, object]:
    """Go through the life of two overlays."""
    sys.path.insert(0, parent)
    utils = {name: importlib.import_module(f"module_utils._address.{name}") for name in ("hold", "plan", "live", tool)}
    host = importlib.import_module("module_utils._address.persist.host").LocalHost(tempfile.mkdtemp())
    overlay, step_of = utils["plan"].Overlay, utils["plan"].Step
    made = utils[tool].Netlink if tool == "netlink" else utils[tool].IpRoute
    seen: dict[str, object] = {}
    with made() as net:

        def run(**options: object) -> bool:
            foretold = utils["hold"].run({**PARAMS, **options}, net, host, check=True)
            result = utils["hold"].run({**PARAMS, **options}, net, host, check=False)
            assert foretold == result, (foretold, result)
            return bool(result["changed"])

        def held() -> list[str]:
            ours = [h for h in net.held() if h.address in ("192.168.10.15", "192.168.10.16", "2001:db8:10::15")]
            return sorted(f"{h.cidr} {h.interface} {h.label or '-'}{' deprecated' * h.deprecated}" for h in ours)

        def step(name: str, **options: object) -> None:
            seen[name] = [run(**options), held()]

        def steered() -> list[list[object]]:
            rules = [[r.source, r.table, r.priority] for r in net.rules()]
            return rules + [[r.family, r.interface, r.gateway, r.table] for r in net.routes() if r.table != 254]

        def do(action: str, *what: object) -> None:
            net.apply([step_of(action, overlay(*what))])

        seen["default"] = {str(f): name for f, name in utils["plan"].Node((), (), net.routes()).default.items()}
        seen["routes"] = [[r.family, r.interface, r.metric, r.gateway, r.source] for r in net.routes()]
        seen["own"] = [[h.cidr, h.permanent] for h in net.held() if h.address == "10.0.1.10"]
        step("present")
        step("present again")
        step("label", addresses=["192.168.10.15"], label="eth0:sap")
        step("second overlay", addresses=["192.168.10.16"])
        step("lo", interface="lo", addresses=["192.168.10.15"])
        do("delete", "2001:db8:10::15", 128, "eth0")
        do("add", "192.168.10.15", 24, "eth0", "eth0:x")
        do("add", "192.168.10.15", 24, "eth0", "eth0:x")  # there already: no error
        step("other prefix, two interfaces")
        step("absent", state="absent", addresses=["192.168.10.15", "192.168.10.16", "2001:db8:10::15"])
        step("absent again", state="absent")
        do("delete", "192.168.10.15", 32, "eth0")  # gone already: no error
        for words in (
            "address add 10.0.2.10/24 dev peer0",
            "-6 route add default via fe80::1 dev eth0 metric 100",
            "-6 route add default via fe80::2 dev peer0 metric 300",
        ):
            subprocess.run(["ip", *words.split()], check=True)
        step("second interface", interface="peer0")
        seen["steered"] = steered()
        step("second interface again", interface="peer0")
        step("back", interface="eth0")
        seen["steered back"] = steered()
        step("second interface, one", interface="peer0", addresses=["2001:db8:10::15"])
        step("gone from it", state="absent")
        seen["steered no more"] = steered()
        step("link down", interface="down0", addresses=["192.168.10.15"])
        step("before a rename", addresses=["192.168.10.15"])
        for words in ("eth0 down", "eth0 name ens5", "ens5 up"):
            subprocess.run(["ip", "link", "set", *words.split()], check=True)
        step("renamed", addresses=["192.168.10.15"], interface="ens5")
        seen["renamed files"] = [host.read(path).splitlines()[0] for path in host.glob("/etc/systemd/system/*.service")]
        for name, bad in (
            ("ipv6 off", overlay("2001:db8:10::15", 128, "nov6")),
            ("gone", overlay("1.2.3.4", 32, "x0")),
        ):
            # One that is gone already, one that is done, the refused one, and one that is not reached.
            steps = [step_of("delete", overlay("192.168.10.17", 32, "lo")), step_of("add", bad)]
            steps[1:1] = [step_of("add", overlay("192.168.10.18", 32, "lo"))]
            steps += [step_of("add", overlay("192.168.10.19", 32, "lo"))]
            try:
                net.apply(steps)
            except utils["live"].NodeError as exc:
                seen[name] = [str(exc), [h.address for h in net.held() if h.interface == "lo" and h.prefixlen == 32]]
    seen["versions"] = [sys.version.split()[0], utils[tool].VERSION if tool == "netlink" else "ip"]
    return seen


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
