# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks under ansible-rulebook: what launches which template, and how often."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from awx.checkout import AWX_COLLECTION, COLLECTIONS, PROGRAMS, environment
from awx.controller import TOKEN, Controller, serve

SECRET = "alert-token"
TEMPLATE = "Overlay IP switchover (by alert)"
FIRST, SECOND = "i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2"
PATIENCE = 120  # seconds: Java starts, then Drools
QUESTION = {"type": "text", "question_name": "?", "required": False, "default": ""}
REGION, ACCOUNT = "eu-central-1", "123456789012"

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="ansible-rulebook needs Java 17 or newer")


@pytest.fixture
def controller() -> Controller:
    """AWX with the switchover template and its survey."""
    made = Controller(["switchover.yml"])
    project = made.create("projects", {"name": "p"})
    body = {"name": TEMPLATE, "project": project["id"], "playbook": "switchover.yml", "organization": 1}
    template = made.create("job_templates", body)
    questions = [{**QUESTION, "variable": name} for name in ("target", "expected_active")]
    made.surveys["job_templates", template["id"]] = {"name": "s", "description": "", "spec": questions}
    return made


@dataclass(frozen=True)
class Running:
    """ansible-rulebook at work."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Wait until ``ready()`` is true, or fail with the log."""
        deadline = time.monotonic() + PATIENCE
        while not ready():
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, self.log.read_text(encoding="utf-8")
            time.sleep(0.1)


@contextmanager
def rulebook(
    name: str, controller: Controller, folder: Path, variables: dict[str, Any], **more: str
) -> Iterator[Running]:
    """Run a rulebook of the collection until the test is done, with more in its environment."""
    base = {"overlay_ip_eda_template": TEMPLATE, "overlay_ip_eda_organization": "Default"}
    (folder / "vars.yml").write_text(yaml.safe_dump({**base, **variables}), encoding="utf-8")
    (folder / "inventory.yml").write_text("all: {hosts: {localhost: }}\n", encoding="utf-8")
    log = folder / "log"
    with serve(controller) as url, log.open("w", encoding="utf-8") as output:
        argv = [str(PROGRAMS / "ansible-rulebook"), "--rulebook", name, "--vars", str(folder / "vars.yml")]
        argv += ["--inventory", str(folder / "inventory.yml"), "--controller-url", url, "--controller-token", TOKEN]
        paths = f"{COLLECTIONS}:{AWX_COLLECTION}"
        env = environment(folder, ANSIBLE_COLLECTIONS_PATH=paths, EDA_JOB_TEMPLATE_REFRESH_DELAY="0.2", **more)
        process = subprocess.Popen(
            [*argv, "-v"], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield Running(process, log)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(port: int, body: dict[str, Any], token: str | None) -> int:
    """Send an alert; return the HTTP status."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/endpoint", json.dumps(body), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def refuses(port: int) -> bool:
    """Whether the webhook is there, and answers 401 to who brings no token."""
    try:
        return post(port, {}, None) == 401
    except OSError:  # not listening yet
        return False


def alert(target: str, holder: str, status: str = "firing") -> dict[str, Any]:
    """What Alertmanager sends (webhook format, version 4), shortened."""
    labels = {"alertname": "OverlayHolderDown", "overlay_ip_target": target, "overlay_ip_holder": holder}
    return {
        "version": "4",
        "receiver": "eda",
        "status": status,
        "groupLabels": {"alertname": "OverlayHolderDown"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "alerts": [{"status": status, "labels": labels, "annotations": {}, "fingerprint": "0123456789abcdef"}],
    }


def launched(controller: Controller) -> list[tuple[str, dict[str, str]]]:
    return [(launch["template"], launch["extra_vars"]) for launch in controller.launches]


def test_alertmanager(controller: Controller, tmp_path: Path) -> None:
    """Three replicas say the same: one launch. Resolved, without our labels or the token, or with a template: none."""
    port = free_port()
    variables = {"overlay_ip_eda_token": SECRET, "overlay_ip_eda_port": port, "overlay_ip_eda_host": "127.0.0.1"}
    with rulebook("aws_ha.overlay_ip.alertmanager", controller, tmp_path, variables) as running:
        running.wait_for(lambda: refuses(port))
        assert post(port, alert("node2", "node1"), "guessed") == 401
        assert post(port, alert("node2", "node1", status="resolved"), SECRET) == 200
        assert post(port, {"status": "firing", "commonLabels": {"alertname": "DiskFull"}}, SECRET) == 200
        for template in ("{{ 1 }}", "{% raw %}", "{#", "#jinja2: x"):
            assert post(port, alert(template, "node1"), SECRET) == 200
            assert post(port, alert("node3", f"x{template}"), SECRET) == 200
        for _replica in range(3):
            assert post(port, alert("node2", "node1"), SECRET) == 200
        # Events are served in order: once this one is launched, everything before it has been decided.
        assert post(port, alert("node1", "node2"), SECRET) == 200
        running.wait_for(lambda: len(controller.launches) >= 2)
    assert launched(controller) == [
        (TEMPLATE, {"target": "node2", "expected_active": "node1"}),
        (TEMPLATE, {"target": "node1", "expected_active": "node2"}),
    ]
    assert SECRET not in running.log.read_text(encoding="utf-8")


def test_respond_awx(controller: Controller, tmp_path: Path) -> None:
    """What an alert says reaches the deciding template as one word; what that allows is launched, and nothing else.

    The templates are as playbooks/controller.yml makes them: none prompts for variables.
    """
    (project,) = controller.objects["projects"]
    for name in ("response", "setup"):
        about = {"name": name, "project": project, "playbook": "switchover.yml", "organization": 1}
        made = controller.create("job_templates", about)
        asks = [{**QUESTION, "variable": "overlay_ip_alerts"}] if name == "response" else []
        controller.surveys["job_templates", made["id"]] = {"name": "s", "description": "", "spec": asks}
    questions = [{**QUESTION, "variable": name} for name in ("target", "expected_active", "overlay")]
    number = min(n for kind, n in controller.surveys if kind == "job_templates")
    controller.surveys["job_templates", number]["spec"] = questions
    request = {"target": "node2", "expected_active": "node1", "overlay": "192.168.10.15/32"}
    port = free_port()
    variables = {"overlay_ip_eda_token": SECRET, "overlay_ip_eda_port": port, "overlay_ip_eda_host": "127.0.0.1"}
    variables |= {"overlay_ip_eda_response": "response", "overlay_ip_eda_setup": "setup"}
    hostile = "{{ lookup('pipe', 'id') }}"

    def said(do: str) -> None:
        controller.artifacts["response"] = {"overlay_ip_response": {"do": do, "request": request if do else {}}}

    def alerts(action: str, status: str = "firing") -> dict[str, Any]:
        labels = {"alertname": hostile, "overlay_ip_action": action, "job": hostile}
        return {"alerts": [{"status": status, "labels": labels, "annotations": {"summary": hostile}}]}

    def at_least(launches: int) -> bool:
        return len(controller.launches) >= launches

    with rulebook("aws_ha.overlay_ip.respond_awx", controller, tmp_path, variables) as running:
        running.wait_for(lambda: refuses(port))
        nothing: list[dict[str, Any]] = [alerts("setup", "resolved"), alerts(""), {"alerts": "x"}, {}]
        assert [post(port, body, SECRET) for body in nothing] == [200] * 4
        for do, launches in (("", 1), ("setup", 3), ("switchover", 5)):
            said(do)
            assert post(port, alerts(do or "status"), SECRET) == 200
            running.wait_for(partial(at_least, launches))
            assert len(controller.launches) == launches
    found = launched(controller)
    assert [name for name, _vars in found] == ["response", "response", "setup", "response", TEMPLATE]
    assert found[2][1] == {}  # overlay_ip_by_alert stands in the template: AWX drops what nobody asks for
    assert found[4][1] == request
    for name, given in found:
        if name == "response":
            assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", given["overlay_ip_alerts"])
            assert list(given) == ["overlay_ip_alerts"]


class Queue:
    """The queue that EventBridge writes to, in moto's SQS on the loopback interface."""

    def __init__(self, endpoint: str) -> None:
        # A new name each time: moto's queues outlive its server, and so may somebody's long poll.
        self.name = f"overlay-ip-{uuid.uuid4().hex}"
        self._sqs = boto3.client(
            "sqs",
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id="loopback",
            aws_secret_access_key="loopback",
        )
        self._url = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]

    def notify(self, instance_id: str, state: str) -> None:
        """Put in a notification as EventBridge does."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "account": ACCOUNT,
            "time": "2026-01-31T03:00:00Z",
            "region": REGION,
            "resources": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance_id}"],
            "detail": {"instance-id": instance_id, "state": state},
        }
        self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(event))

    def left(self) -> int:
        """How many messages are in it, unread or read and not deleted."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return sum(int(counts[name]) for name in names)


@pytest.fixture
def sqs() -> Iterator[str]:
    """The URL of an SQS endpoint."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("once", "then"), [pytest.param(FIRST, SECOND, id="first node"), pytest.param(SECOND, FIRST, id="second node")]
)
def test_instance_state(controller: Controller, sqs: str, tmp_path: Path, once: str, then: str) -> None:
    """One node stops, told four times: one launch, towards the other. What starts, or is not ours: none."""
    names = {FIRST: "node1", SECOND: "node2"}
    queue = Queue(sqs)
    for instance_id, state in [
        ("i-0bbbbbbbbbbbbbbb9", "terminated"),
        (then, "pending"),  # a launch for one of these two would be the first
        (then, "running"),
        (once, "stopping"),
        (once, "stopping"),  # SQS may deliver twice
        (once, "stopped"),
        (once, "terminated"),
        (then, "shutting-down"),  # events are served in order: the launch for this one says that all is decided
    ]:
        queue.notify(instance_id, state)
    variables = {
        "overlay_ip_eda_region": REGION,
        "overlay_ip_eda_queue": queue.name,
        "overlay_ip_eda_first": {"name": "node1", "instance_id": FIRST},
        "overlay_ip_eda_second": {"name": "node2", "instance_id": SECOND},
    }
    # The source's own aiobotocore and botocore, for this process alone (requirements/eda.txt).
    more = {"PYTHONPATH": str(AWX_COLLECTION / "python"), "AWS_ENDPOINT_URL_SQS": sqs}
    more |= {"AWS_ACCESS_KEY_ID": "loopback", "AWS_SECRET_ACCESS_KEY": "loopback"}
    with rulebook("aws_ha.overlay_ip.instance_state", controller, tmp_path, variables, **more) as running:
        running.wait_for(lambda: len(controller.launches) >= 2 and queue.left() == 0)
    assert launched(controller) == [
        (TEMPLATE, {"target": names[then], "expected_active": names[once]}),
        (TEMPLATE, {"target": names[once], "expected_active": names[then]}),
    ]
