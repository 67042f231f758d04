# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pacemaker agent where its node is ill: what it says to the cluster, and which addresses it takes down.

The program and `ip` are stand-ins; on real nodes, it is called in tests/integration/failover and by `make ill`.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

AGENT = Path(__file__).parents[2] / "roles/pacemaker/files/overlay-ip"
PROGRAM = "/usr/sbin/aws-overlay-ip"
SUCCESS, ERROR, INSTALLED, NOT_RUNNING = 0, 1, 5, 7
OVERLAY = "192.0.2.1/32"
# Shows the addresses of a file, those "to" something only where it is a prefix, and deletes from it.
_IP = """\
#!/bin/sh
cd "${0%/*}" || exit
[ ! -e broken ] || exit 1
case $* in
"-oneline address show scope global permanent to "*) case $8 in *[!0-9./]*) exit 1 ;; esac; cat up ;;
"address delete "*) [ ! -e "held/${3%/*}" ] || exit 1; grep -v "$3" up >left; mv left up ;;
"-oneline address show") ;;
*) exit 9 ;;
esac
"""
# Ends with the code that a file of the command's name has.
_PROGRAM = """\
#!/bin/sh
cd "${0%/*}" || exit
echo "$*" >>asked
while [ "${1#--}" != "$1" ]; do shift 2; done
name=$1
[ "$2" != --local ] || name=local
read -r code <"$name"
exit "$code"
"""


@dataclass
class Called:
    code: int
    reason: str


class Node:
    """A node on which the program's commands end as they are told to."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.agent = place / "agent"
        text = AGENT.read_text().replace(PROGRAM, str(place / "program"))
        self.agent.write_text(text.replace("/run/${PROGRAM##*/}/held/", f"{place}/held/"))
        for name, text in (("ip", _IP), ("program", _PROGRAM), ("logger", "#!/bin/sh\n")):
            (place / name).write_text(text)
            (place / name).chmod(0o755)
        self.up()
        self.ends(local=0, show=0, take=0, **{"give-up": 0})

    def ends(self, **codes: int) -> None:
        for name, code in codes.items():
            (self.place / name).write_text(f"{code}\n")

    def up(self, *addresses: str) -> None:
        lines = (f"2: eth0    inet {address} scope global eth0\n" for address in addresses)
        (self.place / "up").write_text("".join(lines))

    @property
    def addresses(self) -> list[str]:
        return [line.split()[3] for line in (self.place / "up").read_text().splitlines()]

    def breaks_ip(self) -> None:
        (self.place / "broken").touch()

    def call(self, action: str, *, destination: str = OVERLAY, probe: bool = False, **more: str) -> Called:
        environment = {
            "PATH": f"{self.place}:/usr/bin:/bin",
            "HA_RSCTMP": str(self.place),
            "OCF_RESKEY_destination": destination,
            "OCF_RESKEY_api_interval": "1",
            "OCF_RESKEY_CRM_meta_interval": "0" if probe else "10000",
            **more,
        }
        done = subprocess.run(
            ["/bin/sh", str(self.agent), action], env=environment, capture_output=True, text=True, check=False
        )
        return Called(done.returncode, done.stderr)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.mark.parametrize("code", [1, 2, 4, 127, 139])
def test_a_program_that_cannot_be_used_takes_the_address_from_nobody(node: Node, code: int) -> None:
    node.up(OVERLAY)
    node.ends(local=code)
    assert node.call("monitor").code == SUCCESS


LIST, LISTED = "pl-0123456789abcdef0", ("192.0.2.1/32", "192.0.2.2/32")


@pytest.mark.parametrize("others", ["", " 192.0.2.0/28=192.0.2.9/32"])
def test_of_a_list_the_addresses_that_setup_wrote_into_the_program_go_down(node: Node, others: str) -> None:
    node.up(*LISTED)
    carried = " ".join(f"{LIST}={address}" for address in LISTED)
    (node.place / "program").write_text(f"{_PROGRAM}carried='{carried}{others}'\n")
    node.ends(**{"give-up": 127, "local": 127})
    assert node.call("monitor", destination=LIST).code == SUCCESS
    assert node.call("stop", destination=LIST).code == SUCCESS
    assert node.addresses == []
    assert node.call("monitor", destination=LIST).code == NOT_RUNNING


def test_of_a_list_with_one_address(node: Node) -> None:
    """What needs no quotes has none."""
    node.up(*LISTED[:1])
    (node.place / "program").write_text(f"{_PROGRAM}carried={LIST}={LISTED[0]}\n")
    node.ends(**{"give-up": 127})
    assert (node.call("stop", destination=LIST).code, node.addresses) == (SUCCESS, [])


def test_of_a_list_of_which_nothing_is_known_nobody_says_that_it_is_down(node: Node) -> None:
    """A fence is right then: the address may be up."""
    node.up(*LISTED)
    node.ends(**{"give-up": 127, "local": 127})
    assert node.call("stop", destination=LIST).code == ERROR
    assert node.call("monitor", destination=LIST).code == SUCCESS, "what runs goes on"
    assert node.call("monitor", destination=LIST, probe=True).code == ERROR
    assert node.addresses == list(LISTED)


@pytest.mark.parametrize(("code", "says"), [(2, INSTALLED), (1, NOT_RUNNING), (4, NOT_RUNNING), (127, NOT_RUNNING)])
@pytest.mark.parametrize("probe", [True, False])
def test_without_it_and_the_address_nothing_runs_here(node: Node, code: int, says: int, probe: bool) -> None:
    """Not installed, OCF's 5, bans the resource from this node: right where setup has to be run."""
    node.ends(local=code)
    assert node.call("monitor", probe=probe).code == says


@pytest.mark.parametrize(("probe", "says"), [(False, SUCCESS), (True, ERROR)])
def test_where_nothing_can_be_asked_what_runs_goes_on_and_nothing_is_said_to_run(
    node: Node, probe: bool, says: int
) -> None:
    node.up(OVERLAY)
    node.ends(local=127)
    node.breaks_ip()
    assert node.call("monitor", probe=probe).code == says


@pytest.mark.parametrize("code", [2, 4, 124, 127, 137, 139])
def test_a_look_at_the_routes_that_came_to_nothing_makes_no_healthy_node_fail(node: Node, code: int) -> None:
    node.ends(show=code)
    assert node.call("monitor").code == SUCCESS


@pytest.mark.parametrize("code", [1, 3])
def test_a_route_that_is_elsewhere_is_told(node: Node, code: int) -> None:
    node.ends(show=code)
    assert node.call("monitor").code == ERROR


@pytest.mark.parametrize("code", [1, 2, 127, 137])
def test_stop_takes_the_address_down_without_the_program(node: Node, code: int) -> None:
    node.up(OVERLAY)
    node.ends(**{"give-up": code})
    assert (node.call("stop").code, node.addresses) == (SUCCESS, [])


def test_stop_does_not_say_what_it_cannot_see(node: Node) -> None:
    node.up(OVERLAY)
    node.ends(**{"give-up": 2})
    node.breaks_ip()
    called = node.call("stop")
    assert (called.code, node.addresses) == (ERROR, [OVERLAY])
    assert f"{OVERLAY} could not be taken down" in called.reason


@pytest.mark.parametrize(
    "destination", ["10.0.1.10", "10.0.0.0/8", "all", "any", "default", "0.0.0.0/0", "::/0", "x", ""]
)
def test_stop_of_what_is_no_overlay_ip_takes_nothing_else_down(node: Node, destination: str) -> None:
    """A typing error must take neither the node's own address nor another overlay IP, nor have the node fenced."""
    own = "10.0.1.10/24"
    other = [] if destination.startswith("10.") else [OVERLAY]
    node.up(own, *other)
    node.ends(**{"give-up": 2})
    assert (node.call("stop", destination=destination).code, node.addresses) == (SUCCESS, [own, *other])


@pytest.mark.parametrize(("code", "says"), [(2, INSTALLED), (4, ERROR), (127, ERROR)])
def test_a_start_is_told_why_not(node: Node, code: int, says: int) -> None:
    """Only what setup must mend bans the resource from this node; memory comes back."""
    node.ends(local=code)
    called = node.call("start")
    assert called.code == says
    assert "aws-overlay-ip" in called.reason
    assert "journal" in called.reason


def test_a_start_that_took_nothing_fails(node: Node) -> None:
    node.ends(take=1)
    assert node.call("start").code == ERROR
    node.ends(take=0)
    assert node.call("start").code == SUCCESS


def test_a_monitor_says_that_the_cluster_holds_it_here_and_a_probe_does_not(node: Node) -> None:
    """By that the guard may keep it up: also what an earlier version brought up."""
    for probe in (False, True):
        node.call("monitor", probe=probe)
    asked = [line for line in (node.place / "asked").read_text().splitlines() if "--local" in line]
    assert [line.split()[4:] for line in asked] == [
        ["show", "--local", "--kept", OVERLAY],
        ["show", "--local", OVERLAY],
    ]


def test_a_look_at_the_routes_says_so_too(node: Node) -> None:
    """By that the journal tells of a route that somebody has moved."""
    node.call("monitor")
    last = (node.place / "asked").read_text().splitlines()[-1]
    assert last.split()[4:] == ["show", "--kept", OVERLAY]


def test_what_it_takes_down_itself_the_guard_lets_go_of_first(node: Node) -> None:
    (node.place / "held").mkdir()
    (node.place / "held" / OVERLAY.partition("/")[0]).touch()
    node.up(OVERLAY)
    node.ends(**{"give-up": 2})
    assert node.call("stop").code == SUCCESS
    assert node.addresses == []


def test_a_trace_is_a_file_of_its_own_and_the_cluster_hears_the_reason_all_the_same(node: Node) -> None:
    folder = node.place / "traces"
    folder.mkdir()
    node.ends(take=1)
    called = node.call("start", OCF_RESKEY_trace_ra="1", OCF_RESKEY_trace_file=str(folder), OCF_RESOURCE_INSTANCE="ip")
    assert called.code == ERROR
    assert called.reason == f"ocf-exit-reason:{OVERLAY} could not be taken over: see the journal of aws-overlay-ip\n"
    (trace,) = folder.iterdir()
    assert trace.name.startswith("ip.start.20")
    assert f"+ timeout -k 1 22 {node.place}/program" in trace.read_text()


@pytest.mark.parametrize("value", ["0", "", "no"])
def test_without_being_asked_it_traces_nothing(node: Node, value: str) -> None:
    folder = node.place / "traces"
    folder.mkdir()
    node.call("start", OCF_RESKEY_trace_ra=value, OCF_RESKEY_trace_file=str(folder))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc/nowhere/x", "/proc/version", "nowhere"])
def test_a_trace_that_cannot_be_written_hinders_nothing(node: Node, place: str) -> None:
    node.up(OVERLAY)
    assert node.call("stop", OCF_RESKEY_trace_ra="1", OCF_RESKEY_trace_file=place).code == SUCCESS
    assert node.call("start", OCF_RESKEY_trace_ra="1", OCF_RESKEY_trace_file=place).code == SUCCESS
