# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh from the host to the machines of a lab, which are on no network of the host."""

from __future__ import annotations

import shlex
import subprocess
import sys

from lab.daemon import pass_connection
from lab.daemon.state import Directory


def ssh_options(directory: Directory) -> list[str]:
    """How ssh gets from the host into the lab: through the router's namespace, with the lab's own keys only."""
    proxy = [sys.executable, "-I", "-S", pass_connection.__file__, f"overlay-{directory.lab_id}-router"]
    options = {
        "ProxyCommand": f"{shlex.join(proxy)} %h %p",
        "ProxyUseFdpass": "yes",
        "UserKnownHostsFile": str(directory.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "accept-new",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        # A machine that crashed says nothing any more: give up after ten seconds, not after TCP's quarter of an hour.
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "2",
    }
    return ["-F", "/dev/null", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def end_masters(directory: Directory) -> None:
    """Close Ansible's shared connections, which outlive a playbook by a minute: new machines must not meet them."""
    for master in directory.masters.glob("*"):
        subprocess.run(
            ["ssh", "-F", "/dev/null", "-o", f"ControlPath={master}", "-O", "exit", "lab"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
