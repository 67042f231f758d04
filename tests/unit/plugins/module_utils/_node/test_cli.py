# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's command line: who may run what, and letting go without a configuration."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.iproute import AddressError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.keepalived import (
    commands as keepalived_commands,
)
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._engine.node import Call
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import cli, commands, limit

ADDRESS = "192.0.2.1/32"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, addresses: tuple[str, ...] = ()) -> tuple[int, Any]:
    code = cli.main(arguments, addresses)
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were taken down by their names."""
    gone: list[str] = []

    def let_go(addresses: Sequence[str], _deployment: object) -> bool:
        gone.extend(addresses)
        return True

    monkeypatch.setattr(cli, "let_go", let_go)
    return gone


@pytest.mark.parametrize("command", [["take"], ["give-up", "--to", "n2"], ["notify", "MASTER"], ["watch"]])
def test_an_ordinary_user_moves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str], down: list[str]
) -> None:
    """The role's keys are anybody's on the node (docs/iam.md); the program says no before it asks AWS."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, answer = run(capsys, "--config", "/nowhere", *command)
    assert (code, answer["error"]) == (cli.USAGE, f"{command[0]} needs root: run it as root.")
    assert down == []


@pytest.mark.parametrize("command", [["give-up"], *(["notify", state] for state in cli.LETTING_GO)])
def test_without_a_configuration_the_address_goes_down_all_the_same(
    capsys: pytest.CaptureFixture[str], command: list[str], down: list[str], tmp_path: Path
) -> None:
    config = str(tmp_path / "config.json")
    code, answer = run(capsys, "--config", config, *command, addresses=(ADDRESS,))
    assert (code, answer["changed"]) == (cli.USAGE, True)
    assert "run the setup playbook" in answer["error"]
    assert down == [ADDRESS]


@pytest.mark.parametrize("command", [["take"], ["notify", "MASTER"], ["show"]])
def test_without_a_configuration_nothing_is_taken(
    capsys: pytest.CaptureFixture[str], command: list[str], down: list[str], tmp_path: Path
) -> None:
    code, _answer = run(capsys, "--config", str(tmp_path / "none"), *command, addresses=(ADDRESS,))
    assert (code, down) == (cli.USAGE, [])


@pytest.mark.parametrize("seconds", ["nan", "-5", "0", "inf", "x"])
def test_a_deadline_that_is_none_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([f"--timeout={seconds}", "show"])
    assert ended.value.code == cli.USAGE
    capsys.readouterr()


OWN = {"destination": "192.0.2.1/32", "addresses": [ADDRESS], "vpc_id": "vpc-1"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"name": "n1", "overlays": [OWN], "peers": {"n2": "eni-2"}}))
    return path


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the node's addresses."""
    deeds: list[str] = []

    def down(_self: cli.Local, _destinations: object = None) -> bool:
        deeds.append("down")
        return True

    monkeypatch.setattr(cli.Local, "down", down)
    monkeypatch.setattr(cli.Local, "live", lambda self: {} if deeds else {ADDRESS: "eth0"})
    return deeds


@pytest.mark.parametrize("named", ["10.0.1.10", "192.0.2.9", "0.0.0.0/33", "nonsense", "\udcff"])
@pytest.mark.parametrize("broken", [False, True])
def test_giving_up_takes_down_what_is_the_overlays_alone(
    config: Path, named: str, broken: bool, down: list[str], taken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing error must not take the node's own address."""
    if broken:
        config.write_text("{")
    code, _answer = run(capsys, "--config", str(config), "give-up", named, addresses=(ADDRESS,))
    assert (code, down, taken) == (cli.USAGE, [], [])


@pytest.mark.parametrize("named", ["192.0.2.1", "192.0.2.1/32", "192.0.2.0/24"])
def test_giving_up_by_name_needs_no_configuration(
    config: Path, named: str, down: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("{")
    code, answer = run(capsys, "--config", str(config), "give-up", named, addresses=(ADDRESS, "192.0.3.1/32"))
    assert (code, down) == (cli.USAGE, [ADDRESS])
    assert answer["error"].endswith("The address was taken down all the same.")


def test_giving_up_to_a_stranger_changes_nothing(
    config: Path, taken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = run(capsys, "--config", str(config), "give-up", "--to", "n9", addresses=(ADDRESS,))
    assert (code, taken) == (cli.USAGE, [])
    assert answer["error"] == "n9 is no peer of this node: it has n2. Nothing was changed."


def test_a_takeover_that_fails_says_how_things_are_and_what_to_do(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "_aws", lambda *_a, **_k: (cli.FAILED, {"error": "It was not taken."}))
    monkeypatch.setattr(cli.Local, "live", lambda self: {})
    said: list[str] = []
    monkeypatch.setattr(cli, "say", lambda text, error: said.append(text))
    code, answer = run(capsys, "--config", str(config), "take")
    assert code == cli.FAILED
    assert answer["error"] == (
        "It was not taken. 192.0.2.1/32 is not up here. `aws-overlay-ip show` tells where the routes point;"
        " see to the cause, then `take` again."
    )
    assert said[0].startswith("take: It was not taken. 192.0.2.1/32 is not up here.")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["take"], "192.0.2.1/32 is up here. `aws-overlay-ip show` tells where"),
        (["notify", "MASTER"], "192.0.2.1/32 is up here. Keepalived's next check tries again"),
        (["notify", "FAULT"], "192.0.2.1/32 is not up here. Routes that point here stay until"),
        (["give-up"], "192.0.2.1/32 is not up here. Routes that point here stay: `take` on another node"),
    ],
)
def test_what_is_past_its_deadline_says_how_things_are(
    config: Path, command: list[str], told: str, taken: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def late(*_arguments: object) -> cli.Answer:
        raise limit.Expired

    for name in ("take", "engine", "give_up"):
        monkeypatch.setattr(commands, name, late)
    code, answer = run(capsys, "--config", str(config), "--timeout", "3", *command)
    assert code == cli.FAILED
    assert answer["error"].startswith(f"Not done in time: the deadline of 3 s has passed. {told}")


@pytest.mark.parametrize(
    ("command", "code", "gone"),
    [("show", cli.UNREADABLE, []), ("watch", cli.UNREADABLE, []), ("give-up", cli.FAILED, ["down"])],
)
def test_what_nobody_foresaw_is_no_traceback(
    config: Path, command: str, code: int, gone: list[str], taken: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def bug(*_arguments: object) -> cli.Answer:
        raise KeyError("x")

    for name in ("show", "engine", "give_up"):
        monkeypatch.setattr(commands, name, bug)
    found, answer = run(capsys, "--config", str(config), command)
    assert (found, taken) == (code, gone)
    assert answer["error"].startswith("This is a bug, please report it: KeyError: 'x' (")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["show"], cli.UNREADABLE),
        (["watch"], cli.UNREADABLE),
        (["take"], cli.FAILED),
        (["notify", "FAULT"], cli.FAILED),
    ],
)
def test_without_memory_not_even_for_what_comes_after_it_there_is_a_sentence(
    config: Path, command: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(*_arguments: object) -> Any:
        raise MemoryError

    for name in ("live", "up", "down"):
        monkeypatch.setattr(cli.Local, name, none)
    for name in ("show", "engine", "take"):
        monkeypatch.setattr(commands, name, none)
    found, answer = run(capsys, "--config", str(config), *command)
    assert found == code
    assert answer["error"].startswith("Not done: this node has no memory left for it.")


@pytest.mark.parametrize("error", [limit.Expired(), AddressError("`ip` cannot be run")])
@pytest.mark.parametrize(
    ("command", "code"), [("watch", cli.UNREADABLE), ("show", cli.UNREADABLE), ("take", cli.FAILED)]
)
def test_who_could_not_look_has_not_judged(
    config: Path, command: str, code: int, error: BaseException, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A file system or an `ip` that hangs, or has no file descriptor left, makes no healthy node fail."""

    def fail(*_arguments: object) -> Any:
        raise error

    for name in ("show", "engine", "take"):
        monkeypatch.setattr(commands, name, fail)
    monkeypatch.setattr(cli.Local, "live", lambda self: {})
    assert run(capsys, "--config", str(config), command)[0] == code


def test_what_there_is_no_memory_to_say_is_said_shortly(
    config: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def none(*_arguments: object, **_options: object) -> Any:
        raise MemoryError

    monkeypatch.setattr(cli.Local, "complete", lambda self: True)
    for module in (cli, commands):
        monkeypatch.setattr(module, "say", lambda text, error: None)
    monkeypatch.setattr(json, "dumps", none)
    assert cli.main(["--config", str(config), "show", "--local"]) == cli.OK
    assert json.loads(capfd.readouterr().out)["error"].startswith("This node has no memory left to say")


def test_without_anybody_who_reads_it_the_exit_code_is_right(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(cli.Local, "complete", lambda self: True)
    assert cli.main(["--config", str(config), "show", "--local"]) == cli.OK


@pytest.mark.parametrize("why", ["Another node has it.", ""])
def test_what_the_engine_said_is_in_the_journal_once(
    config: Path, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Engine:
        def __init__(self, call: Call) -> None:
            self.call = call

        def notify(self, *_arguments: object) -> bool:
            if why:
                self.call.log(why)
            return False

    monkeypatch.setattr(keepalived_commands, "_keepalived", Engine)
    monkeypatch.setattr(cli.Local, "live", lambda self: {})
    said: list[str] = []
    for module in (cli, commands):
        monkeypatch.setattr(module, "say", lambda text, error=False: said.append(text))
    code, answer = run(capsys, "--config", str(config), "notify", "MASTER")
    rest = "192.0.2.1/32 is not up here. Keepalived's next check tries again, or lets another node be the master"
    assert (code, answer["state"]) == (cli.FAILED, "MASTER")
    assert answer["error"] == f"{why} {rest}.".strip()
    assert said[:-1] == [why] * bool(why)
    assert said[-1].startswith(f"notify MASTER: {'failed, as said above. ' if why else ''}{rest} (")


@pytest.mark.parametrize("fine", [True, False])
def test_a_check_is_in_the_journal_only_where_it_fails(
    config: Path, fine: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Engine:
        def watch(self, _deadline: object) -> bool:
            return fine

    monkeypatch.setattr(keepalived_commands, "_keepalived", lambda _call: Engine())
    said: list[str] = []
    for module in (cli, commands):
        monkeypatch.setattr(module, "say", lambda text, error=False: said.append(text))
    code, answer = run(capsys, "--config", str(config), "watch")
    assert (code, "error" in answer) == ((cli.OK, False) if fine else (cli.FAILED, True))
    assert [text.partition(" (")[0] for text in said] == [] if fine else ["watch: This node may not be the master"]


@pytest.mark.parametrize(
    ("apart", "arguments", "meant", "others"),
    [
        # A daemon that does not know yet that they move apart names none: nothing new is asked of it.
        (True, ("BACKUP",), [("192.0.2.1/32",), ("192.0.2.2/32",)], False),
        (True, ("BACKUP", "192.0.2.2"), [("192.0.2.2/32",)], True),
        (True, ("ADOPT",), [("192.0.2.1/32",), ("192.0.2.2/32",)], True),
        (False, ("BACKUP",), [("192.0.2.1/32", "192.0.2.2/32")], False),
        (False, ("ADOPT", "192.0.2.1", "192.0.2.2"), [("192.0.2.1/32", "192.0.2.2/32")], True),
    ],
)
def test_each_part_that_moves_by_itself_is_told(
    tmp_path: Path,
    apart: bool,
    arguments: tuple[str, ...],
    meant: list[tuple[str, ...]],
    others: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What one of them meets keeps no other from its turn."""
    path = tmp_path / "config.json"
    overlays = [{**OWN, "destination": f"192.0.2.{n}/32", "addresses": [f"192.0.2.{n}/32"]} for n in (1, 2)]
    path.write_text(json.dumps({"name": "n1", "overlays": overlays, "apart": apart}))
    told: list[tuple[str, ...]] = []
    locks: list[str] = []

    class Engine:
        def __init__(self, call: Call) -> None:
            local: Any = call.local
            told.append(tuple(overlay.destination for overlay in local.config.overlays))
            locks.append(call.memory.own("lock"))
            assert call.others is others

        def notify(self, *_arguments: object) -> bool:
            raise AddressError("This address cannot be set.")

    monkeypatch.setattr(keepalived_commands, "_keepalived", Engine)
    code, answer = run(capsys, "--config", str(path), "notify", *arguments)
    assert (code, told) == (cli.FAILED, meant)
    assert answer["error"].startswith("This address cannot be set.")
    assert locks == ([f"lock-{one[0][:-3]}" for one in meant] if apart else ["lock"])


@pytest.mark.parametrize("arguments", [["watch"], *(["notify", state] for state in ("MASTER", *cli.LETTING_GO))])
def test_what_the_inventory_has_no_more_is_not_moved_by_an_engine_that_still_names_it(
    arguments: list[str],
    tmp_path: Path,
    taken: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A keepalived that was not reloaded yet, or is just being so, hears or says a farewell of it."""
    path, here = tmp_path / "config.json", {**OWN, "destination": "192.0.2.2/32", "addresses": ["192.0.2.2/32"]}
    path.write_text(json.dumps({"name": "n1", "overlays": [here], "left": [OWN], "apart": True}))
    told: list[str] = []

    class Engine:
        def __init__(self, call: Call) -> None:
            local: Any = call.local
            told.extend(overlay.destination for overlay in local.config.overlays)

        def notify(self, *_arguments: object) -> bool:
            return True

        watch = notify

    monkeypatch.setattr(keepalived_commands, "_keepalived", Engine)
    code, answer = run(capsys, "--config", str(path), *arguments, "192.0.2.1")
    assert (code, answer["left"], told, taken) == (cli.OK, ["192.0.2.1"], [], [])
    code, answer = run(capsys, "--config", str(path), *arguments, "192.0.2.1", "192.0.2.2")
    assert (code, "left" in answer, told) == (cli.OK, False, ["192.0.2.2/32"])
    code, answer = run(capsys, "--config", str(path), "give-up", "192.0.2.1")
    assert (code, taken) == (cli.OK, ["down"])
