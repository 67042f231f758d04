# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's endpoint and stock moto, side by side in one process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from lab.endpoint import Credentials, Endpoint
from lab.endpoint.control import Control
from lab.endpoint.serving import Server, loopback_socket
from lab.fixtures import control, endpoint, world

from .bench import Bench

__all__ = ["bench", "control", "endpoint", "stock", "world"]


@pytest.fixture
def bench(endpoint: Endpoint) -> Bench:
    """A bench on the lab's endpoint."""
    return Bench(endpoint.url, endpoint.admin, Control(endpoint.url))


@pytest.fixture(scope="session")
def stock_url() -> Iterator[str]:
    """Stock moto, as ``moto_server`` runs it. The lab's accounts are others, so the two do not meet."""
    listener = loopback_socket()
    server = Server(DomainDispatcherApplication(create_backend_app), [listener])
    server.start()
    yield "http://{}:{}".format(*listener.getsockname())
    server.stop()


@pytest.fixture
def stock(stock_url: str) -> Bench:
    """A bench on stock moto."""
    return Bench(stock_url, Credentials("AKIASTOCKSTOCKSTOCK1", "stock"), None)
