# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Pacemaker says, in each state."""

from __future__ import annotations

import re

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.pacemaker import view as pacemaker
from unit.cluster_states import ALL, FORMS, IP, NAMES, OURS, RECORDED, STATES, UNRECORDED, constraints, read, told
from unit.fake_host import FakeHost


@pytest.mark.parametrize("form", FORMS)
def test_at_rest(form: str) -> None:
    assert told("rest", form) == {
        "engine": "pacemaker",
        "state": "started on node1",
        "running": True,
        "holder": "node1",
        "holders": {"192.168.10.15": "node1"},
        "findings": [],
        "name": "",
        "members": {},
        "movers": [],
        "kinds": {},
        "fencing": {"enabled": True, "watchdog": False, "devices": []},
    }


@pytest.mark.parametrize(
    ("state", "form"),
    # Not in a CIB, so not to be had of 3.0.0: quorum, and a lifetime that was not over then.
    [(s, f) for s in STATES if s != "fromstopped" for f in FORMS if (s, f) not in UNRECORDED],
)
def test_each_state_in_each_form(state: str, form: str) -> None:
    name, node, hinders, sentence = STATES[state]
    assert [
        (f["id"], f["node"], f["hinders"], f"{f['message']} {f['remedy']}".replace("Not", "not"))
        for f in told(state, form)["findings"]
    ] == [(name, node, hinders, sentence)]


def test_a_cluster_that_does_not_answer() -> None:
    name, node, hinders, sentence = STATES["fromstopped"]
    for text in (read("fromstopped"), None, "", "<crm_mon", "Error: no such option"):
        view = pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")
        assert (view["state"], view["holder"]) == ("does not answer", "")
        assert [(f["id"], f["node"], f["hinders"], f"{f['message']} {f['remedy']}") for f in view["findings"]] == [
            (name, node, hinders, sentence)
        ]


@pytest.mark.parametrize(
    ("state", "shell", "command"),
    [
        ("standby2", "pcs", "`pcs node unstandby node2`."),
        ("standby2", "crm", "`crm node online node2`."),
        ("ban2", "pcs", f"`pcs resource clear {IP}`."),
        ("unmanaged", "crm", f"`crm resource manage {IP}`."),
    ],
)
def test_the_remedy_is_in_the_words_of_the_shell_that_is_there(state: str, shell: str, command: str) -> None:
    assert told(state, shell=shell)["findings"][0]["remedy"] == command


def test_every_shell_has_words_for_everything() -> None:
    assert len({frozenset(words) for words in pacemaker.COMMANDS.values()}) == 1


def test_a_constraint_of_the_operators_own_is_named_by_its_id() -> None:
    text = read("ban2").replace(f"cli-ban-{IP}-on-node2", "location-avoid")
    view = pacemaker.told(text, None, pacemaker.COMMANDS["pcs"], "node1")
    assert view["findings"][0]["message"] == f"{IP} is banned from node2 (location-avoid)."
    assert view["findings"][0]["remedy"] == "`pcs constraint delete location-avoid`."


@pytest.mark.parametrize("change", [('weight="-1000000"', 'weight="-100"'), (f'resource="{IP}"', 'resource="other"')])
def test_what_is_no_ban_of_the_overlay_ip(change: tuple[str, str]) -> None:
    assert pacemaker.told(read("ban2").replace(*change), None, pacemaker.COMMANDS[""], "node1")["findings"] == []


def test_a_ban_of_the_group_that_it_is_in() -> None:
    text = read("ban2").replace(f'resource="{IP}"', 'resource="g-db"')
    text = text.replace("<resources>", '<resources><group id="g-db">', 1).replace(
        "</resources>", "</group></resources>"
    )
    found = pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"]
    assert [(f["id"], f["node"]) for f in found] == [("resource_banned", "node2")]


def test_a_preference_with_an_end_is_the_switchovers_own() -> None:
    text = (RECORDED / "2.1.5/move1.constraints.xml").read_text()
    ends = text.replace('node="node2" score="INFINITY"/>', "><rule><date_expression end='2026'/></rule></rsc_location>")
    assert ends != text
    assert pacemaker.told(read("move1"), ends, pacemaker.COMMANDS[""], "node1")["findings"] == []


def test_several_overlay_ips_may_be_on_different_nodes() -> None:
    text = read("rest")
    first = re.search(rf' *<resource id="{IP}".*?</resource>\n', text, re.DOTALL)
    assert first
    second = first[0].replace(IP, "overlay-ip-fd00--1").replace('name="node1"', 'name="node2"')
    view = pacemaker.told(text.replace(first[0], first[0] + second), None, pacemaker.COMMANDS[""], "node1")
    assert (view["holder"], view["state"]) == ("", "started on node1, node2")
    assert view["holders"] == {"192.168.10.15": "node1", "fd00--1": "node2"}


@pytest.mark.parametrize(("word", "name"), [("failed", "resource_failed"), ("blocked", "resource_blocked")])
def test_failed_and_blocked(word: str, name: str) -> None:
    text = read("failed2").replace(f'{word}="false"', f'{word}="true"', 1)
    found = {f["id"]: f for f in pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"]}
    assert found[name]["message"] == f"{IP} is {word} (migrate_from: not installed)."
    assert found[name]["hinders"] == ALL
    assert found[name]["severity"] == "error"


@pytest.mark.parametrize(
    ("attribute", "name", "hinders"),
    [
        ("unclean", "node_unclean", ["move"]),
        ("pending", "node_pending", ["setup", "move"]),
        ("standby_onfail", "node_standby", ["move"]),
    ],
)
def test_other_states_of_a_node(attribute: str, name: str, hinders: list[str]) -> None:
    text = read("rest")
    before = text.index('<node name="node2" id="2" online')
    text = text[:before] + text[before:].replace(f'{attribute}="false"', f'{attribute}="true"', 1)
    found = pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"]
    assert [(f["id"], f["node"], f["hinders"]) for f in found] == [(name, "node2", hinders)]


@pytest.mark.parametrize(
    ("counted", "threshold", "gone"),
    [("1", "3", False), ("3", "3", True), ("INFINITY", "", True), ("999", "", False), ("", "1", False)],
)
def test_failures_count_when_there_are_as_many_as_the_cluster_stands(counted: str, threshold: str, gone: bool) -> None:
    text = read("failcount2").replace(
        'migration-threshold="1000000" fail-count="1000000"',
        f'migration-threshold="{threshold}" fail-count="{counted}"',
    )
    assert bool(pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"]) is gone


def command(form: str) -> tuple[str, ...]:
    return (*pacemaker.CRM_MON, form)


def test_an_older_crm_mon_is_asked_in_its_own_way() -> None:
    host = FakeHost(units=[pacemaker.UNIT], outputs={command("--as-xml"): read("rest", "1.1")})
    assert pacemaker.seen(host, Deployment())["holder"] == "node1"


def test_it_is_asked_for_constraints_and_knows_its_shell() -> None:
    outputs = {command("--output-as=xml"): read("move1"), pacemaker.CONFIGURATION: constraints("move1") or ""}
    host = FakeHost({"/usr/sbin/pcs": ""}, [pacemaker.UNIT], outputs)
    assert pacemaker.seen(host, Deployment())["findings"][0]["remedy"] == f"`pcs resource clear {IP}`."


@pytest.mark.parametrize(
    ("shown", "name", "hinders"),
    [("LoadState=loaded", "engine_stopped", ["move"]), ("LoadState=masked", "engine_masked", ["setup", "move"])],
)
def test_not_running(shown: str, name: str, hinders: list[str]) -> None:
    outputs: dict[tuple[str, ...], str] = {("systemctl", "show", "--property=LoadState", pacemaker.UNIT): shown}
    files = {pacemaker.CIB: OURS, "/etc/aws-overlay-ip/config.json": '{"name": "node2"}'}
    host = FakeHost(files, outputs=outputs)
    assert pacemaker.configured(host, Deployment())
    view = pacemaker.seen(host, Deployment())
    assert (view["running"], view["holder"]) == (False, "")
    assert [(f["id"], f["hinders"]) for f in view["findings"]] == [(name, hinders)]
    assert "on node2" in view["findings"][0]["message"]
    assert not pacemaker.configured(FakeHost(), Deployment())


@pytest.mark.parametrize("form", ["1.1", "2.1.5"])
def test_without_quorum_nobody_is_the_holder(form: str) -> None:
    text = read("rest", form).replace('with_quorum="true"', 'with_quorum="false"')
    view = pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")
    assert (view["state"], view["holder"], view["holders"]) == ("no quorum", "", {})


def test_what_is_not_started_is_named() -> None:
    assert (told("disabled")["state"], told("disabled")["holder"]) == (f"not started: {IP}", "")
    text = read("rest").replace(IP, "other").replace("ocf:aws_ha:", "ocf:other:")
    assert pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["state"] == "not started: no overlay IP"


@pytest.mark.parametrize("role", ["Stopping", "Starting", "Stopped"])
def test_only_what_is_started_is_held(role: str) -> None:
    text = read("rest").replace('role="Started"', f'role="{role}"', 1)
    view = pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")
    assert (view["holder"], view["holders"]) == ("", {"192.168.10.15": ""})


@pytest.mark.parametrize("role", ["Promoted", "Master"])
def test_the_promoted_one_holds_in_both_words(role: str) -> None:
    text = read("rest").replace('role="Started"', f'role="{role}"', 1)
    assert pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["holder"] == "node1"


@pytest.mark.parametrize("agent", ["ocf:heartbeat:aws-vpc-move-ip", "ocf::heartbeat:aws-vpc-move-ip"])
def test_a_cluster_of_somebody_elses_names_its_resources_as_it_likes(agent: str) -> None:
    text = read("rest").replace(IP, "rsc_vip").replace("ocf:aws_ha:overlay-ip", agent)
    assert pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["holder"] == "node1"
    # Beside one of the role's own it is not ours.
    first = re.search(r' *<resource id="rsc_vip".*?</resource>\n', text, re.DOTALL)
    assert first
    ours = first[0].replace("rsc_vip", IP).replace('name="node1"', 'name="node2"')
    both = pacemaker.told(text.replace(first[0], first[0] + ours), None, pacemaker.COMMANDS[""], "node1")
    assert (both["holder"], list(both["holders"])) == ("node2", ["192.168.10.15"])


def test_an_orphan_is_none() -> None:
    text = read("rest").replace('orphaned="false"', 'orphaned="true"', 1)
    assert pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["state"] == "not started: no overlay IP"


@pytest.mark.parametrize(("path", "word"), [("/usr/bin/crm", "crm resource"), ("/nowhere", "crm_resource")])
def test_without_pcs_the_words_are_those_of_crm_or_of_pacemaker_itself(path: str, word: str) -> None:
    outputs = {command("--output-as=xml"): read("unmanaged")}
    found = pacemaker.seen(FakeHost({path: ""}, [pacemaker.UNIT], outputs), Deployment())["findings"]
    assert found[0]["remedy"].startswith(f"`{word}")


def test_whether_it_runs() -> None:
    assert pacemaker.running(FakeHost(units=[pacemaker.UNIT]), Deployment())
    assert not pacemaker.running(FakeHost(), Deployment())


def test_a_failure_of_another_resource_or_of_a_monitor_keeps_nobody_away() -> None:
    for change in ((f'op_key="{IP}_', 'op_key="other_'), ('task="migrate_from"', 'task="monitor"')):
        text = read("failed2").replace(*change)
        assert text != read("failed2")
        assert pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"] == []


def test_the_reason_is_that_of_the_last_failure_of_this_resource_on_this_node() -> None:
    failure = next(line for line in read("failed2").splitlines() if "<failure " in line)
    others = [
        failure.replace("not installed", "an earlier one"),
        failure,
        failure.replace('node="node2"', 'node="node1"')
        .replace("not installed", "elsewhere")
        .replace('task="migrate_from"', 'task="monitor"'),
        failure.replace(IP, "other").replace("not installed", "another resource"),
    ]
    text = read("failed2").replace(failure, "\n".join(others))
    found = pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"]
    sentence = f"{IP} failed on node2 (migrate_from: not installed), and the cluster does not start it there."
    assert {f["message"] for f in found} == {sentence}


@pytest.mark.parametrize(
    ("node", "found"),
    [("node1", ["node_maintenance"]), ("node2", ["node_maintenance", "resource_unmanaged"])],
)
def test_what_a_node_in_maintenance_runs_is_not_called_unmanaged(node: str, found: list[str]) -> None:
    text = read("unmanaged")
    at = text.index(f'<node name="{node}" id="{node[-1]}" online')
    text = text[:at] + text[at:].replace('maintenance="false"', 'maintenance="true"', 1)
    assert [f["id"] for f in pacemaker.told(text, None, pacemaker.COMMANDS[""], "node1")["findings"]] == found


@pytest.mark.parametrize(
    ("dc", "state", "busy"),
    [
        ("node1\n", "Controller on node1 in state S_IDLE: ok\n", ""),
        ("Designated Controller is: node1\n", "Status of crmd@node1: S_IDLE (ok)\n", ""),
        (
            "node1\n",
            "Controller on node1 in state S_TRANSITION_ENGINE: ok\n",
            "is in a transition (S_TRANSITION_ENGINE",
        ),
        ("node1\n", "Controller on node1 in state S_ELECTION: ok\n", "is in a transition (S_ELECTION on node1)"),
        ("node1\n", "", "does not tell the state of its coordinator node1"),
        ("", "", "has no coordinator now"),
    ],
)
def test_what_the_cluster_is_doing(dc: str, state: str, busy: str) -> None:
    outputs: dict[tuple[str, ...], str] = {
        ("crmadmin", "--quiet", "--dc_lookup"): dc,
        ("crmadmin", "--status", "node1"): state,
    }
    said = pacemaker.busy(FakeHost(outputs=outputs), Deployment())
    assert said.startswith(busy)
    assert bool(said) is bool(busy)


@pytest.mark.parametrize("form", ["1.1", "2.0", "2.1.5"])
def test_a_cluster_that_was_there_before_us(form: str) -> None:
    configuration = (RECORDED / "2.1.5/existing.configuration.xml").read_text()
    view = pacemaker.told(read("existing", form), configuration, pacemaker.COMMANDS[""], "node1", NAMES[0])
    assert (view["state"], view["holder"]) == (f"started on {NAMES[0]}", NAMES[0])
    assert view["holders"] == {"192.168.10.15": NAMES[0]}
    assert (view["name"], list(view["members"])) == (NAMES[0], NAMES)
    assert [(m["name"], m["top"], m["ours"], m["through"]) for m in view["movers"]] == [
        ("rsc_ip_DB", "grp_DB", False, True)
    ]
    assert view["findings"] == []


def test_a_cluster_of_one_node_gives_nobody_a_name() -> None:
    """Debian's package brings one along, that calls every machine node1."""
    alone = '<configuration><nodes><node id="1" uname="node1"/></nodes></configuration>'
    view = pacemaker.told(read("rest"), alone, pacemaker.COMMANDS[""], "db2", "node1")
    assert (view["name"], view["members"]) == ("", {})


def test_one_that_was_migrated_keeps_its_name() -> None:
    text = read("rest").replace(IP, "rsc_ip_DB")
    view = pacemaker.told(text, OURS.replace(IP, "rsc_ip_DB"), pacemaker.COMMANDS[""], "node1")
    assert view["holders"] == {"192.168.10.15": "node1"}
    host = FakeHost({pacemaker.CIB: OURS.replace(IP, "rsc_ip_DB"), "/usr/sbin/crm": ""})
    (given,) = pacemaker.given(host, Deployment())
    assert (given["slug"], given["resource"]) == ("192.168.10.15", "rsc_ip_DB")
    assert given["command"].startswith("crm resource stop rsc_ip_DB")


def test_what_of_somebody_elses_moves_a_route_is_known_where_the_cluster_does_not_run() -> None:
    text = (RECORDED / "2.1.5/existing.configuration.xml").read_text()
    host = FakeHost({pacemaker.CIB: f"<cib>{text}</cib>"})
    assert [mover["name"] for mover in pacemaker.movers(host, Deployment())] == ["rsc_ip_DB"]
    assert not pacemaker.configured(host, Deployment())
    view = pacemaker.seen(host, Deployment())
    assert (view["running"], [mover["name"] for mover in view["movers"]]) == (False, ["rsc_ip_DB"])


SAP = Deployment("sap")
ANOTHER = (
    '<primitive id="sap-overlay-ip-192.168.10.16" class="ocf" provider="aws_ha" type="overlay-ip">'
    '<instance_attributes id="b"><nvpair id="e" name="destination" value="192.168.10.16/32"/>'
    '<nvpair id="f" name="program" value="/usr/sbin/aws-overlay-ip-sap"/></instance_attributes></primitive>'
)
BOTH = OURS.replace("</resources>", f"{ANOTHER}</resources>")


@pytest.mark.parametrize("readable", [True, False])
def test_each_deployment_is_told_of_its_own(readable: bool) -> None:
    text = read("rest")
    one = text[text.index("<resource ") : text.index("</resource>") + 11]
    monitor = text.replace(one, one + one.replace(IP, "sap-overlay-ip-192.168.10.16").replace("node1", "node2"))
    configuration = BOTH if readable else None
    for deployment, holders in ((Deployment(), {"192.168.10.15": "node1"}), (SAP, {"192.168.10.16": "node2"})):
        view = pacemaker.told(monitor, configuration, pacemaker.COMMANDS[""], "node1", deployment=deployment)
        assert view["holders"] == holders
    host = FakeHost({pacemaker.CIB: BOTH})
    assert [given["resource"] for given in pacemaker.given(host, SAP)] == ["sap-overlay-ip-192.168.10.16"]
    other = pacemaker.told(monitor, configuration, pacemaker.COMMANDS[""], "node1", deployment=Deployment("db"))
    assert (other["holders"], other["state"]) == ({}, "not started: no overlay IP")
