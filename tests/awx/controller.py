# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loopback stand-in for the REST endpoints of AWX that awx.awx's modules use.

It keeps objects, associations, surveys and role members, and refuses what AWX refuses: unknown tokens, objects without
their required fields, references to objects that do not exist, playbooks that the project does not have, and surveys
against the rules of `awx.survey`. A launch is noted, less what AWX would drop from it; its job is at once successful.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from awx import survey

TOKEN = "loopback"
API = "/api/v2/"
VERSION = "24.6.1"

# Kind of object: its type, and the fields that a new one must have.
KINDS = {
    "execution_environments": ("execution_environment", ("name", "image")),
    "instance_groups": ("instance_group", ("name",)),
    "inventories": ("inventory", ("name", "organization")),
    "inventory_sources": ("inventory_source", ("name", "inventory", "source")),
    "jobs": ("job", ("name",)),
    "job_templates": ("job_template", ("name", "project", "playbook")),
    "organizations": ("organization", ("name",)),
    "projects": ("project", ("name",)),
    "roles": ("role", ("name",)),
    "teams": ("team", ("name", "organization")),
    "workflow_approval_templates": ("workflow_approval_template", ("name",)),
    "workflow_job_templates": ("workflow_job_template", ("name",)),
    "workflow_job_template_nodes": ("workflow_job_template_node", ("identifier", "workflow_job_template")),
}
# Field that holds the id of another object: its kind.
REFERENCES = {
    "execution_environment": "execution_environments",
    "inventory": "inventories",
    "organization": "organizations",
    "project": "projects",
    "source_project": "projects",
    "workflow_job_template": "workflow_job_templates",
}
ASSOCIATIONS = {
    "always_nodes": "workflow_job_template_nodes",
    "credentials": "credentials",
    "failure_nodes": "workflow_job_template_nodes",
    "instance_groups": "instance_groups",
    "success_nodes": "workflow_job_template_nodes",
    "teams": "teams",
}
OBJECT_ROLES = {
    "job_templates": ("admin", "execute", "read"),
    "workflow_job_templates": ("admin", "approval", "execute", "read"),
}
PROMPTS = [f"ask_{what}_on_launch" for what in ("inventory", "job_type", "labels", "limit", "variables")]
JOB_SOURCES = ("job_templates", "projects", "workflow_job_templates", "workflow_approval_templates")

Object = dict[str, Any]
Answer = tuple[int, Any]


class BadRequest(Exception):
    """Answered with status 400."""


class Controller:
    """The objects, by kind and id; what the tests look at."""

    def __init__(self, playbooks: list[str]) -> None:
        self.playbooks = playbooks
        self.objects: dict[str, dict[int, Object]] = {kind: {} for kind in KINDS}
        self.associated: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Object] = {}
        self.writes: list[str] = []
        self.launches: list[Object] = []
        #: By the name of a template: what its jobs leave.
        self.artifacts: dict[str, Object] = {}
        self._ids = iter(range(1, 1_000_000))
        self._lock = threading.Lock()
        self.create("organizations", {"name": "Default"})

    def named(self, kind: str, name: str) -> Object:
        """The one object with this name or identifier."""
        (found,) = (o for o in self.objects[kind].values() if name in (o.get("name"), o.get("identifier")))
        return found

    def names(self, kind: str, owner: Object, association: str) -> list[str]:
        """The names of the objects that are associated with the owner."""
        ids = self.associated.get((kind, owner["id"], association), [])
        others = self.objects[ASSOCIATIONS[association]]
        return [others[number].get("name") or others[number]["identifier"] for number in ids]

    def answer(self, method: str, path: str, query: dict[str, str], body: Object) -> Answer:
        """Serve one request."""
        with self._lock:
            if method != "GET":
                self.writes.append(f"{method} {path}")
            parts = path.strip("/").split("/")
            if len(parts) == 1:
                return self._collection(method, parts[0], query, body)
            kind, number = parts[0], int(parts[1])
            if number not in self.objects[kind]:
                return 404, {"detail": "Not found."}
            if len(parts) == 2:
                return self._object(method, kind, number, body)
            return self._part(method, kind, number, parts[2], body)

    def create(self, kind: str, body: Object) -> Object:
        """Make an object, as a POST to its collection does."""
        type_name, required = KINDS[kind]
        for field in required:
            if not body.get(field):
                raise BadRequest(f"{field}: This field is required.")
        self._check(kind, body)
        number = next(self._ids)
        url = f"{API}{kind}/{number}/"
        made: Object = {"id": number, "url": url, "scm_revision": "", **body, "type": type_name, "summary_fields": {}}
        made["related"] = {"survey_spec": f"{url}survey_spec/", "launch": f"{url}launch/"}
        self.objects[kind][number] = made
        roles = {
            f"{role}_role": {"id": self.create("roles", {"name": role})["id"]} for role in OBJECT_ROLES.get(kind, ())
        }
        made["summary_fields"]["object_roles"] = roles
        if made.get("organization"):
            made["summary_fields"]["organization"] = self.objects["organizations"][made["organization"]]
        if kind == "job_templates":
            made = self.objects[kind][number] = {**dict.fromkeys(PROMPTS, False), **made}
        return made

    def _check(self, kind: str, body: Object) -> None:
        for field, other in REFERENCES.items():
            if body.get(field) and body[field] not in self.objects[other]:
                raise BadRequest(f"{field}: Invalid pk {body[field]!r} - object does not exist.")
        if kind == "job_templates" and body.get("playbook") not in (None, *self.playbooks):
            raise BadRequest("playbook: Playbook not found for project.")

    def _collection(self, method: str, kind: str, query: dict[str, str], body: Object) -> Answer:
        if method == "POST":
            return 201, self.create(kind, body)
        if kind == "config":
            return 200, {"version": VERSION}
        kinds = JOB_SOURCES if kind == "unified_job_templates" else (kind,)
        found = [o for k in kinds for o in self.objects[k].values()]
        if "id__in" in query:
            return 200, _page([o for o in found if str(o["id"]) in query["id__in"].split(",")])
        return 200, _page([o for o in found if all(str(o.get(field)) == value for field, value in query.items())])

    def _object(self, method: str, kind: str, number: int, body: Object) -> Answer:
        if method == "PATCH":
            self._check(kind, body)
            self.objects[kind][number].update(body)
        return 200, self.objects[kind][number]

    def _part(self, method: str, kind: str, number: int, part: str, body: Object) -> Answer:
        if part == "survey_spec":
            return self._survey(method, kind, number, body)
        if part == "launch":
            return self._launch(kind, number, body)
        if part == "create_approval_template":
            made = self.create("workflow_approval_templates", body)
            self.objects[kind][number]["related"]["unified_job_template"] = made["url"]
            return 201, made
        if part.endswith("_nodes") and kind != "workflow_job_template_nodes":
            return 404, {"detail": "Not found."}  # an approval's template has no successors, its node has (awx#8777)
        others = self.objects.get(ASSOCIATIONS[part], {})
        ids = self.associated.setdefault((kind, number, part), [])
        if method == "GET":
            return 200, _page([others[other] for other in ids])
        if body["id"] not in others:
            raise BadRequest(f"{part}: {body['id']} does not exist.")
        if body.get("disassociate"):
            ids.remove(body["id"])
        else:
            ids.append(body["id"])
        return 204, None

    def _launch(self, kind: str, number: int, body: Object) -> Answer:
        """Start a job; without ask_variables_on_launch, what no survey asks for is dropped, and 201 is the answer."""
        template = self.objects[kind][number]
        asked = {q["variable"] for q in self.surveys.get((kind, number), {}).get("spec", ())}
        given = body.get("extra_vars") or {}
        taken = {
            name: value for name, value in given.items() if name in asked or template.get("ask_variables_on_launch")
        }
        self.launches.append({"template": template["name"], "extra_vars": taken, "asked_for": body})
        left = self.artifacts.get(template["name"], {})
        job = self.create(
            "jobs", {"name": template["name"], "status": "successful", "created": "now", "artifacts": left}
        )
        ignored = {"extra_vars": {name: value for name, value in given.items() if name not in taken}}
        return 201, {**job, "ignored_fields": ignored}

    def _survey(self, method: str, kind: str, number: int, body: Object) -> Answer:
        if method == "POST":
            try:
                survey.check(body)
            except survey.Refused as refused:
                raise BadRequest(str(refused)) from refused
            self.surveys[kind, number] = body
        return 200, self.surveys.get((kind, number), {})


def _page(results: list[Object]) -> Object:
    return {"count": len(results), "next": None, "previous": None, "results": results}


@contextmanager
def serve(controller: Controller) -> Iterator[str]:
    """Serve on a free port of the loopback interface; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            address = urlsplit(self.path)
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._send(401, {"detail": "Authentication credentials were not provided."})
                return
            try:
                query = dict(parse_qsl(address.query))
                self._send(*controller.answer(self.command, address.path.removeprefix(API), query, body))
            except BadRequest as bad:
                self._send(400, {"error": str(bad), "__all__": [str(bad)]})

        do_GET = do_POST = do_PATCH = do_DELETE = _serve

        def _send(self, status: int, answer: Any) -> None:
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", VERSION)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the tests look at the objects."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
