# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads the metrics takes them: node_exporter the files of two deployments on a node, and OpenMetrics' rules."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import metrics
from unit.metrics_worlds import page
from unit.promtool import program

LOG = "exporter.log"
REFUSED = "was collected before with the same name and label values"
ONE, OTHER = "192.168.10.15/32", "192.168.10.16/32"


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[int]:
    """node_exporter with its textfile collector alone, on a folder; its port."""
    binary = program("prometheus-node-exporter")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    argv = [binary, "--collector.disable-defaults", "--collector.textfile", "--web.disable-exporter-metrics"]
    argv += [f"--collector.textfile.directory={tmp_path}", f"--web.listen-address=127.0.0.1:{port}"]
    with (tmp_path / LOG).open("wb") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def scraped(port: int) -> str:
    """What Prometheus would be answered, as soon as somebody listens."""
    deadline = time.monotonic() + 20
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        finally:
            connection.close()


def series(text: str) -> set[str]:
    """The series of ours, each with its labels in one order."""
    found = (line.rpartition(" ")[0].partition("{") for line in text.splitlines() if line.startswith("overlay_ip"))
    return {name + ",".join(sorted(re.findall(r'\w+="[^"]*"', labels))) for name, _brace, labels in found}


def test_two_deployments_on_a_node_and_two_fleets_at_a_controller_are_all_told(tmp_path: Path, exporter: int) -> None:
    """Nodes of the same name in two VPCs, and two names in one: no series is in two files."""
    files = {
        "overlay_ip": page("overlay-ip", ONE),
        "overlay_ip-database": page("database", OTHER),
        "other-vpc": page("overlay-ip", ONE, vpc_id="vpc-2", fleet=True),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.prom").write_text(text)
    told = scraped(exporter)
    assert REFUSED not in (tmp_path / LOG).read_text()
    assert "node_textfile_scrape_error 0" in told
    assert series(told) == set().union(*map(series, files.values()))
    assert len(series(told)) == sum(len(series(text)) for text in files.values())


def test_what_is_in_two_files_is_refused(tmp_path: Path, exporter: int) -> None:
    """So that it is known that the test above can fail."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.prom").write_text(page("overlay-ip", ONE))
    scraped(exporter)
    assert REFUSED in (tmp_path / LOG).read_text()


def openmetrics(text: str) -> str:
    """The same in OpenMetrics: there a counter's family has no _total in its name, and the end is marked.

    node_exporter reads Prometheus's text format 0.0.4 alone, so that this is not what is written.
    """
    return re.sub(r"^(# (?:HELP|TYPE) \w+)_total ", r"\1 ", text, flags=re.MULTILINE) + "# EOF\n"


def test_it_is_openmetrics_but_for_what_the_older_format_wants() -> None:
    reader = pytest.importorskip("prometheus_client.openmetrics.parser", reason="requirements/test.txt has it")
    text = page("overlay-ip", ONE, fleet=True)
    found = list(reader.text_string_to_metric_families(openmetrics(text)))
    told = [family for family in metrics.FAMILIES if family is not metrics.ENDED]  # that is told alone
    assert {family.name for family in found} == {family.name.removesuffix("_total") for family in told}
    assert sum(len(family.samples) for family in found) == len(series(text))
    for wrong in ("overlay_ip_takeovers_total", "# TYPE overlay_ip_holder gauge\n"):
        with pytest.raises(ValueError, match=r".+"):
            list(reader.text_string_to_metric_families(text.replace(wrong, wrong[:-3], 1) + "# EOF\n"))
