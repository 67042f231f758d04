# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived says of itself."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.persist.tree import PersistError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import names
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import view as keepalived_view
from unit.fake_host import FakeHost

USUAL = Deployment()
CONF, UNIT = names.conf(USUAL), names.unit(USUAL)
STANDING = f"{USUAL.memory[0]}/{names.STANDING}"
NAMED = {"/etc/aws-overlay-ip/config.json": '{"name": "node2"}'}
JOURNAL = ("journalctl", "--unit", UNIT, "--output=cat", "--lines=300", "--no-pager")
MASKED = {("systemctl", "show", "--property=LoadState", UNIT): "LoadState=masked"}
BODY = "global_defs {\n}\n"


def conf(body: str = BODY, of: str = BODY) -> str:
    """A configuration with the sum of `of`."""
    total = hashlib.sha256(of.encode()).hexdigest()
    return f"# Written by {names.MARK}: ...\n{keepalived_view.SUM}{total}\n{body}"


def seen(files: dict[str, str], running: bool = True, outputs: dict[tuple[str, ...], str] | None = None) -> Any:
    return keepalived_view.seen(FakeHost({**NAMED, **files}, [UNIT] if running else [], outputs), USUAL)


@pytest.mark.parametrize(("state", "holder"), [("MASTER", "self"), ("BACKUP", "")])
def test_at_rest(state: str, holder: str) -> None:
    view = seen({STANDING: f'{{"state": "{state}", "held": true}}', CONF: conf()})
    assert (view["state"], view["holder"], view["running"], view["findings"]) == (state, holder, True, [])


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"state": null}', "{}"])
def test_what_cannot_be_read_is_not_known(text: str | None) -> None:
    view = seen({STANDING: text} if text is not None else {})
    assert (view["state"], view["holder"]) == ("UNKNOWN", "")
    assert [(f["id"], f["message"]) for f in view["findings"]] == [
        ("engine_fault", "keepalived has not said what it is on node2, so that it cannot be the master.")
    ]


@pytest.mark.parametrize(
    ("journal", "message", "remedy", "kind"),
    [
        (
            "VRRP_Script(overlay_ip_route) considered successful on reload\n"
            "VRRP_Script(overlay_ip_application) failed (exited with status 1)",
            "keepalived is in FAULT on node2: the check command failed (exited with status 1).",
            "see to the application there, or to overlay_ip_check_command.",
            "engine_check_failed",
        ),
        (
            "VRRP_Script(overlay_ip_application) failed (exited with status 1)\n"
            "VRRP_Script(overlay_ip_application) considered unsuccessful on reload",
            "keepalived is in FAULT on node2: the check command failed when keepalived was reloaded.",
            "see to the application there, or to overlay_ip_check_command.",
            "engine_check_failed",
        ),
        (
            "VRRP_Script(overlay_ip_route) succeeded\nVRRP_Script(overlay_ip_route) timed_out",
            "keepalived is in FAULT on node2: `aws-overlay-ip watch` timed_out.",
            "`aws-overlay-ip check` there says what is wrong.",
            "engine_fault",
        ),
        (
            "VRRP_Script(overlay_ip_link) failed (exited with status 2)",
            "keepalived is in FAULT on node2: the look at the network interface failed (exited with status 2).",
            "`ip link` there says whether it is down.",
            "engine_fault",
        ),
        (
            "VRRP_Script(overlay_ip_source) failed (exited with status 1)",
            "keepalived is in FAULT on node2: the look for the node's own address failed (exited with status 1).",
            "`ip address` there says whether it has gone.",
            "engine_fault",
        ),
        (
            "VRRP_Script(overlay_ip_application) failed (exited with status 1)\n"
            "VRRP_Script(overlay_ip_application) succeeded",
            "keepalived is in FAULT on node2, so that it cannot be the master.",
            "`aws-overlay-ip check` and the check command there say what is wrong.",
            "engine_fault",
        ),
        (
            "VRRP_Script(mine) failed (exited with status 3)",
            "keepalived is in FAULT on node2: mine failed (exited with status 3).",
            "`aws-overlay-ip check` and the check command there say what is wrong.",
            "engine_fault",
        ),
    ],
)
def test_a_fault_is_told_with_the_check_that_fails(journal: str, message: str, remedy: str, kind: str) -> None:
    view = seen({STANDING: '{"state": "FAULT"}'}, outputs={JOURNAL: journal})
    assert [(f["id"], f["message"], f["remedy"], f["node"], f["hinders"]) for f in view["findings"]] == [
        (kind, message, remedy, "self", ["move"])
    ]


def tracked(says: str | None, unit: str = "app.service") -> dict[str, str]:
    """The files of a unit that is tracked, and what it says of itself."""
    files = {names.tracking(USUAL): f"# Written by {names.MARK}: ...\n# overlay_ip_check_unit: {unit}\nf /run/x\n"}
    return files if says is None else {**files, names.tracked(USUAL): says}


ENDED = ("engine_check_failed", "app.service does not run", "`systemctl status app.service` there says why.")
FAILED = "the check command failed (exited with status 1)"


@pytest.mark.parametrize(
    ("says", "state", "journal", "kind", "message", "remedy"),
    [
        ("1\n", "FAULT", "", ENDED[0], ENDED[1], ENDED[2]),
        ("1", "FAULT", "", *ENDED),
        ("-1\n", "FAULT", "", *ENDED),
        (
            "1\n",
            "FAULT",
            "VRRP_Script(overlay_ip_application) failed (exited with status 1)",
            ENDED[0],
            f"{FAILED}; {ENDED[1]}",
            f"see to the application there, or to overlay_ip_check_command. {ENDED[2]}",
        ),
        (
            "1\n",
            "FAULT",
            "VRRP_Script(overlay_ip_link) failed (exited with status 2)",
            "engine_fault",
            f"the look at the network interface failed (exited with status 2); {ENDED[1]}",
            f"`ip link` there says whether it is down. {ENDED[2]}",
        ),
    ],
)
def test_a_unit_that_has_ended_is_told(
    says: str, state: str, journal: str, kind: str, message: str, remedy: str
) -> None:
    view = seen({STANDING: f'{{"state": "{state}"}}', **tracked(says)}, outputs={JOURNAL: journal})
    assert view["tracks"] == "app.service"
    assert [(f["id"], f["message"], f["remedy"]) for f in view["findings"]] == [
        (kind, f"keepalived is in FAULT on node2: {message}.", remedy)
    ]


@pytest.mark.parametrize(("says", "state"), [("0\n", "MASTER"), ("1\n", "BACKUP"), (None, "MASTER"), ("", "BACKUP")])
def test_what_a_unit_says_is_no_finding_where_keepalived_is_well(says: str | None, state: str) -> None:
    assert seen({STANDING: f'{{"state": "{state}"}}', **tracked(says)})["findings"] == []


@pytest.mark.parametrize("says", ["0\n", "0", "", None])
def test_a_fault_is_not_laid_at_the_door_of_a_unit_that_runs(says: str | None) -> None:
    (found,) = seen({STANDING: '{"state": "FAULT"}', **tracked(says)})["findings"]
    assert (found["id"], "app.service" in found["message"]) == ("engine_fault", False)


def test_where_no_unit_is_tracked_nothing_is_said_of_one() -> None:
    assert "tracks" not in seen({STANDING: '{"state": "MASTER"}', CONF: conf()})


def test_a_drop_in_that_is_left_alone_counts_as_configured() -> None:
    """Somebody removed the configuration by hand: setup with another engine removes the rest."""
    assert keepalived_view.configured(FakeHost(tracked("0\n")), USUAL)
    assert not keepalived_view.configured(FakeHost(tracked("0\n")), Deployment("sap"))


@pytest.mark.parametrize(
    ("outputs", "state", "name", "hinders"),
    [({}, "stopped", "engine_stopped", ["move"]), (MASKED, "masked", "engine_masked", ["setup", "move"])],
)
def test_not_running_whatever_it_said_last(
    outputs: dict[tuple[str, ...], str], state: str, name: str, hinders: list[str]
) -> None:
    view = seen({STANDING: '{"state": "MASTER"}', CONF: conf()}, running=False, outputs=outputs)
    assert (view["state"], view["running"], view["holder"]) == (state, False, "")
    assert [(f["id"], f["severity"], f["hinders"]) for f in view["findings"]] == [(name, "error", hinders)]


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (conf(), False),
        (conf(body=BODY + "# mine\n"), True),
        (conf(body=""), True),
        (f"# Written by {names.MARK}\n{BODY}", False),  # setup of 1.0.0 wrote no sum
        (conf(body="x").replace(names.MARK, "somebody"), False),
        ("", False),
        ("\n", False),
    ],
)
def test_what_was_edited_by_hand(text: str, edited: bool) -> None:
    assert keepalived_view.edited(text) is edited
    found = seen({STANDING: '{"state": "BACKUP"}', CONF: text})["findings"]
    assert [(f["id"], f["severity"], f["hinders"]) for f in found] == [("engine_edited", "warning", [])] * edited


class Closed(FakeHost):
    """A node that is asked by somebody who is not root."""

    def read(self, path: str) -> str | None:
        if path == CONF:
            raise PersistError(f"cannot read {path}: Permission denied.")
        return super().read(path)


def test_without_root_the_configuration_is_not_known() -> None:
    host = Closed({STANDING: '{"state": "BACKUP"}'}, [UNIT])
    assert not keepalived_view.configured(host, USUAL)
    view = keepalived_view.seen(host, USUAL)
    assert (view["state"], view["findings"]) == ("BACKUP", [])


def test_whether_it_runs_and_is_ours() -> None:
    assert keepalived_view.running(FakeHost(units=[UNIT]), USUAL)
    assert not keepalived_view.running(FakeHost(), USUAL)
    assert keepalived_view.configured(FakeHost({CONF: conf()}), USUAL)
    assert not keepalived_view.configured(FakeHost({CONF: "vrrp_instance X {}"}), USUAL)


def test_an_old_failure_is_no_reason_where_it_is_not_in_fault() -> None:
    failed = "VRRP_Script(overlay_ip_application) failed (exited with status 1)"
    (finding,) = seen({STANDING: '{"state": "STOP"}'}, outputs={JOURNAL: failed})["findings"]
    assert finding["message"] == "keepalived is in STOP on node2, so that it cannot be the master."


def test_no_overlay_ip_is_a_thing_of_its_own_to_it() -> None:
    assert keepalived_view.given(FakeHost({CONF: conf()}), USUAL) == []


FOREIGN = """
global_defs { router_id x }
vrrp_instance VI_1 {
  interface eth0
  virtual_ipaddress {
    192.168.10.15/32 dev eth0 label eth0:1 # the database
    # 192.0.2.1
  }
  virtual_ipaddress_excluded {
    fd00::1
  }
}
vrrp_instance VI_2 {
  virtual_ipaddress { 192.0.2.9 }
}
"""


def test_a_configuration_of_somebody_elses_says_whom_it_moves() -> None:
    assert keepalived_view.instances(FOREIGN) == {"VI_1": ["192.168.10.15/32", "fd00::1/128"], "VI_2": ["192.0.2.9/32"]}
    running = FakeHost({CONF: FOREIGN}, [UNIT])
    assert [(m["name"], m["moves"], m["through"], m["ours"]) for m in keepalived_view.movers(running, USUAL)] == [
        ("VI_1", "address", False, False),
        ("VI_2", "address", False, False),
    ]
    assert keepalived_view.seen(running, USUAL)["movers"] == keepalived_view.movers(running, USUAL)


def test_of_one_that_never_runs_or_is_ours_nothing_is_said() -> None:
    assert keepalived_view.movers(FakeHost({CONF: FOREIGN}), USUAL) == []
    assert keepalived_view.movers(FakeHost({CONF: FOREIGN}, enabled=[UNIT]), USUAL) != []
    assert keepalived_view.movers(FakeHost({CONF: f"# {keepalived_view.MARK}{FOREIGN}"}, [UNIT]), USUAL) == []


def test_somebody_elses_is_seen_by_another_deployment_too_and_by_its_own_unit() -> None:
    sap = Deployment("sap")
    host = FakeHost({CONF: FOREIGN}, enabled=[UNIT])
    assert keepalived_view.movers(host, sap) == keepalived_view.movers(host, USUAL)
    assert "`systemctl start keepalived.service`" in keepalived_view.seen(host, sap)["findings"][0]["remedy"]
