# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh's way into the lab: connect in a network namespace and hand the connection to ssh.

``python -I -S pass_connection.py NAMESPACE HOST PORT``, as a ProxyCommand with ProxyUseFdpass: ssh gets the connected
socket itself, so nothing of ours sits between it and the machine. Standard library only, for a fast start.
"""

import ctypes
import os
import socket
import sys

_CLONE_NEWNET = 0x40000000


def main() -> None:
    """Enter, connect, hand over."""
    namespace, host, port = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(os.open(f"/run/netns/{namespace}", os.O_RDONLY), _CLONE_NEWNET) != 0:
        sys.exit(f"cannot enter network namespace {namespace}: {os.strerror(ctypes.get_errno())}")
    try:
        connection = socket.create_connection((host, int(port)), timeout=10)
    except OSError as error:
        sys.exit(f"cannot reach {host} port {port} in the lab: {error}")
    connection.settimeout(None)
    with socket.socket(fileno=1) as ssh:
        socket.send_fds(ssh, [b"\0"], [connection.fileno()])


if __name__ == "__main__":
    main()
