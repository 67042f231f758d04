# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program starts: by every Python that runs it, and with a sentence where there is none that does.

That the address goes down even then is shown on real interfaces, in tests/integration/node_part.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._base.deployment import Deployment
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node import cli, install
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._node.codes import SPOKEN
from unit.pythons import SUPPORTED, TOO_OLD, installed

ADDRESS = "192.0.2.1/32"
CONFIG: dict[str, object] = {
    "name": "n1",
    "network_interface_id": "eni-1",
    "overlays": [{"destination": ADDRESS, "addresses": [ADDRESS], "route_table_ids": ["rtb-1"]}],
}

USUAL = Deployment()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The program's files, below a folder whose name a shell must not read as two."""
    place = tmp_path / "a place"
    for name, (text, _mode) in install.files(CONFIG, install.sources(install.shipped), "python", USUAL).items():
        at = place.joinpath(*Path(name).parts[5:]) if name.startswith(USUAL.home) else place / Path(name).name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    return place


def run(place: Path, python: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    program = place / "aws-overlay-ip"
    program.write_text(install.started_by(python, str(place), [ADDRESS]))
    program.chmod(0o755)
    command = [str(program), "--config", str(place / "config.json"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def python_of(version: str) -> str:
    return installed(version) or pytest.skip(f"Python {version} is not installed")


@pytest.mark.parametrize("version", SUPPORTED)
def test_it_runs_by_the_interpreter_that_it_was_given(version: str, place: Path) -> None:
    code, answer = run(place, python_of(version), "show", "--local")
    assert (code, answer["addresses_up"]) == (3, False)
    code, answer = run(place, python_of(version), "check")
    assert answer["checks"][0] == {
        "check": "python",
        "ok": True,
        "message": f"Python {version} runs the program ({python_of(version)}).",
    }


@pytest.mark.parametrize("version", TOO_OLD)
@pytest.mark.parametrize("command", ["check", "watch", "show"])
def test_one_that_is_too_old_is_told(version: str, command: str, place: Path) -> None:
    code, answer = run(place, python_of(version), command)
    assert (code, answer["command"]) == (2, command)
    assert answer["error"] == (
        f"The Python that setup found here, {python_of(version)}, is Python {version} now: the overlay IP cannot be "
        "moved to this node. Install Python 3.9 or newer, or point ansible_python_interpreter at one, and run the "
        "setup playbook."
    )


@pytest.mark.parametrize("what", ["nothing", "a folder", "a file that cannot be run"])
def test_one_that_is_gone_is_told(what: str, place: Path) -> None:
    python = place / "python3.9"
    if what == "a folder":
        python.mkdir()
    elif what != "nothing":
        python.write_text("")
    code, answer = run(place, str(python), "check")
    assert (code, answer["command"], answer["exit"]) == (2, "check", 2)
    assert f"{python}, is gone: the overlay IP cannot" in answer["error"]


def test_a_program_that_is_damaged_is_told(place: Path) -> None:
    (place / "aws_overlay_ip" / "_base" / "net.py").write_text("def")
    code, answer = run(place, sys.executable, "check")
    assert code == 2
    assert "cannot run it (SyntaxError)" in answer["error"]


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("notify", "MASTER"), "notify"),
        (("--timeout", "3", "take"), "take"),
        (("show", "--local", "192.0.2.1"), "show"),
        ((), "none"),
    ],
)
def test_the_command_is_named(arguments: tuple[str, ...], command: str, place: Path) -> None:
    assert run(place, "/nowhere/python3", *arguments)[1]["command"] == command


def called(place: Path, python: str, *command: str, up: bool) -> subprocess.CompletedProcess[str]:
    """A command where `ip` shows the address, or does not; what is asked of `ip`, and said in the journal, is kept."""
    shown = f"1: eth0 inet {ADDRESS}" if up else ""
    (place / "ip").write_text(f'#!/bin/sh\necho "$*" >>"$0.said"; [ $2 = flush ] || echo \'{shown}\'\n')
    (place / "logger").write_text('#!/bin/sh\necho "$@" >"$0.said"\n')
    program = place / "aws-overlay-ip"
    program.write_text(install.started_by(python, str(place), [ADDRESS]))
    for name in ("ip", "logger", "aws-overlay-ip"):
        (place / name).chmod(0o755)
    environment = {"PATH": f"{place}:/usr/bin:/bin"}
    return subprocess.run([str(program), *command], capture_output=True, text=True, env=environment, check=False)


def test_an_engine_is_not_told_to_take_the_address_away_where_nothing_can_judge(place: Path) -> None:
    done = called(place, "/nowhere/python3", "watch", up=True)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["exit"]) == (0, 0)
    assert answer["error"].endswith("run the setup playbook. The address is up here, and stays.")
    assert called(place, "/nowhere/python3", "watch", up=False).returncode == 2


@pytest.mark.parametrize(("named", "gone"), [("pl-01234567", [0, 1]), ("10.98.0.0/28", [2]), ("10.97.0.1", [3])])
def test_what_carries_several_addresses_lets_go_of_all_of_them_and_of_no_other(
    place: Path, named: str, gone: list[int]
) -> None:
    """Where Python is lost, the launcher alone knows which they are; the program hears it, which may lose its file."""
    addresses = ["10.99.0.5/32", "192.0.2.6/32", "10.98.0.7/32", "10.97.0.1/32"]
    overlays = [
        {"destination": "pl-01234567", "addresses": addresses[:2]},
        {"destination": "10.98.0.0/28", "addresses": addresses[2:3]},
        {"destination": "10.97.0.1/32", "addresses": addresses[3:]},
    ]
    written = install.files({"overlays": overlays}, {}, "/nowhere/python3", USUAL)[USUAL.launcher][0]
    (place / "ip").write_text('#!/bin/sh\necho "$*" >>"$0.said"\n')
    (place / "logger").write_text("#!/bin/sh\n")
    program = place / "aws-overlay-ip"
    program.write_text(written)
    for name in ("ip", "logger", "aws-overlay-ip"):
        (place / name).chmod(0o755)
    environment = {"PATH": f"{place}:/usr/bin:/bin"}
    subprocess.run([str(program), "give-up", named], capture_output=True, env=environment, check=False)
    assert (place / "ip.said").read_text().splitlines() == [f"address flush to {addresses[n]}" for n in gone]
    words = shlex.split(next(line for line in written.splitlines() if line.startswith("carried=")).partition("=")[2])
    told = [*addresses, *words[0].split()]
    arguments = argparse.Namespace(address=[named])
    assert cli._named(arguments, told) == [addresses[n] for n in gone]
    assert cli._named(argparse.Namespace(address=[]), told) == addresses


def test_another_overlay_ip_that_is_up_does_not_keep_the_one_that_is_asked_for(place: Path) -> None:
    assert called(place, "/nowhere/python3", "watch", ADDRESS.partition("/")[0], up=True).returncode == 0
    assert called(place, "/nowhere/python3", "watch", "192.0.2.99", up=True).returncode == 2


def ends(place: Path, how: str) -> str:
    """An interpreter that ends so."""
    python = place / "python3"
    python.write_text(f"#!/bin/sh\n{how}\n")
    python.chmod(0o755)
    return str(python)


ENDED = "before it could say how far it came. Perhaps this node has no memory left"


@pytest.mark.parametrize(
    ("how", "up", "code", "told"),
    [
        ("exit 0", True, 0, ""),
        (f"exit {SPOKEN}", True, 1, ""),
        ("exit 2", True, 0, "watch: could not judge (exit code 2). The address is up here, and stays."),
        ("exit 4", True, 0, "watch: could not judge (exit code 4). The address is up here, and stays."),
        ("exit 4", False, 4, ""),
        ("exit 1", True, 0, f"The program was ended (exit code 1) {ENDED}"),
        ("exit 1", False, 4, f"The program was ended (exit code 1) {ENDED}"),
        ("kill -9 $$", True, 0, f"The program was ended (exit code 137) {ENDED}"),
        ("kill -9 $$", False, 4, f"The program was ended (exit code 137) {ENDED}"),
    ],
)
def test_what_has_judged_is_believed(how: str, up: bool, code: int, told: str, place: Path) -> None:
    """With 1 ends Python itself, where it cannot even begin."""
    done = called(place, ends(place, how), "watch", up=up)
    assert done.returncode == code
    said = place / "logger.said"
    assert told in said.read_text() if told else not said.exists()


@pytest.mark.parametrize(
    ("command", "code", "flushed"),
    [
        (("take",), 1, False),
        (("notify", "MASTER"), 1, False),
        (("notify", "FAULT"), 1, True),
        (("give-up",), 1, True),
        (("show", "--local"), 4, False),
        (("check",), 1, False),
    ],
)
@pytest.mark.parametrize("how", ["exit 1", "exit 127", "kill -9 $$"])
def test_a_program_that_could_not_even_begin_is_told(
    how: str, command: tuple[str, ...], code: int, flushed: bool, place: Path
) -> None:
    done = called(place, ends(place, how), *command, up=True)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["exit"], answer["command"]) == (code, code, command[0])
    assert ENDED in answer["error"]
    said = place / "ip.said"
    assert (said.read_text() if said.exists() else "") == f"address flush to {ADDRESS}\n" * flushed


@pytest.mark.parametrize(
    "error", ["MemoryError", "SystemError('x')", "OSError(24, 'x')", "ImportError('failed to map')"]
)
def test_an_ill_node_is_not_told_to_install_another_python(error: str, place: Path) -> None:
    (place / "aws_overlay_ip" / "_node" / "cli.py").write_text(f"raise {error}\n")
    code, answer = run(place, sys.executable, "check")
    assert code == 1
    assert f"was ended (exit code 1) {ENDED}" in answer["error"]


def test_what_the_program_itself_denies_is_passed_on(place: Path) -> None:
    code, answer = run(place, sys.executable, "check")
    assert (code, answer["exit"], answer["ready"]) == (1, 1, False)


def test_what_site_brings_along_is_not_looked_at(place: Path) -> None:
    """A .pth file that fails, or takes its time, in the interpreter's own folder must not keep a node from moving."""
    made = place / "venv"
    venv.create(made, with_pip=False, symlinks=True)
    (site,) = made.glob("lib/python*/site-packages")
    (site / "slow.pth").write_text("import sys; sys.exit(9)\n")
    assert run(place, str(made / "bin" / "python"), "show", "--local")[0] == 3


def test_the_interpreter_is_the_one_that_runs_the_module() -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}\nfrom {install.__name__} import interpreter; print(interpreter())"
    done = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "/usr/bin/python3"


def test_of_a_virtual_environment_the_one_that_it_was_made_from(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    code = f"import sys; sys.path[:0] = {sys.path!r}\nfrom {install.__name__} import interpreter; print(interpreter())"
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(Path(sys.executable).resolve())


def test_shellcheck_finds_nothing(place: Path) -> None:
    program = shutil.which("shellcheck")
    if not program:
        pytest.skip("shellcheck is not installed")
    text = install.started_by("/usr/bin/python3", "/usr/lib/x/start.py", [ADDRESS])
    done = subprocess.run([program, "-"], input=text, capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("python", "named", "flushed"),
    [
        ("/nowhere/python", (), [ADDRESS]),
        ("/nowhere/python", (ADDRESS,), [ADDRESS]),
        ("/nowhere/python", ("192.0.2.1",), [ADDRESS]),
        ("/nowhere/python", ("192.0.2.10", "*"), []),
        (sys.executable, ("192.0.2.10",), []),
    ],
)
def test_it_takes_down_what_is_an_overlay_ip_and_nothing_else(
    place: Path, monkeypatch: pytest.MonkeyPatch, python: str, named: tuple[str, ...], flushed: list[str]
) -> None:
    """Where Python is gone, and where the program has refused: the node's own address, named by mistake, stays."""
    said = place / "said"
    said.touch()
    fake = place / "fake" / "ip"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\n[ "$*" = "address flush to ${{4-}}" ] && echo "$4" >> "{said}"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    code, _answer = run(place, python, "give-up", *named)
    assert code == 2
    assert said.read_text().split() == flushed


def test_the_guard_is_run_in_the_place_of_the_shell(place: Path) -> None:
    """By its exit code systemd knows whether to begin a new one."""
    loop = place / "aws_overlay_ip/_node/guard/loop.py"
    loop.write_text("import os\ndef entry():\n    print(os.getpid(), os.getppid())\n    return 3\n")
    program = place / "aws-overlay-ip"
    program.write_text(install.started_by(sys.executable, str(place), [ADDRESS]))
    program.chmod(0o755)
    with subprocess.Popen([str(program), "guard"], stdout=subprocess.PIPE, text=True) as process:
        said = process.communicate(timeout=60)[0]
    assert said.split()[0] == str(process.pid)
    assert process.returncode == 3


@pytest.mark.parametrize("version", TOO_OLD)
def test_a_guard_without_a_python_that_runs_it_says_so(version: str, place: Path) -> None:
    program = place / "aws-overlay-ip"
    program.write_text(install.started_by(python_of(version), str(place), [ADDRESS]))
    program.chmod(0o755)
    done = subprocess.run([str(program), "guard"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "The guard needs Python 3.9: run the setup playbook.\n")
