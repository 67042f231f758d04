# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe: a client that asks an overlay address a thousand times a second who answers."""

from __future__ import annotations

#: Ports of the responder on every machine: numbered datagrams, and a one-shot "who answers?" over HTTP.
DATAGRAM_PORT = 7077
HTTP_PORT = 7080
