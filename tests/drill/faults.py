# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What befalls the lab in a drill: each fault with its end, and what must have come of it.

`holder` is the node that serves when the fault comes, `standby` the other; every fault is played with node1 and with
node2 as the holder.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from drill.bed import Bed

STAYS, MOVES, EITHER = "stays", "moves", "either"


def _nothing(bed: Bed, holder: str, standby: str) -> None:
    """Nothing is left to be mended."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: for the tables.
        strike: brings it about.
        mend: ends it, once it has been seen what comes of it.
        outcome: whether the service moves to the standby, stays, or may do either.
        seconds: how long the fault lasts at least, so that what must not happen has time to happen.
        returns: the old holder may take the service back once the fault is mended: it never knew that it lost it.
    """

    name: str
    strike: Callable[[Bed, str, str], None]
    mend: Callable[[Bed, str, str], None] = _nothing
    outcome: str = MOVES
    seconds: float = 0.0
    returns: bool = False


def _kill(bed: Bed, holder: str, standby: str) -> None:
    bed.kill_application(holder)


def _revive(bed: Bed, holder: str, standby: str) -> None:
    bed.start_application(holder)


def _crash(bed: Bed, holder: str, standby: str) -> None:
    bed.crash(holder)


def _boot(bed: Bed, holder: str, standby: str) -> None:
    bed.boot(holder)


def _freeze(bed: Bed, holder: str, standby: str) -> None:
    bed.freeze(holder)


def _thaw(bed: Bed, holder: str, standby: str) -> None:
    bed.thaw(holder)


def _partition(bed: Bed, holder: str, standby: str) -> None:
    bed.partition()


def _heal(bed: Bed, holder: str, standby: str) -> None:
    bed.heal()


def _cut_off(bed: Bed, holder: str, standby: str) -> None:
    """Only AWS is out of reach of the holder: its packets there vanish."""
    bed.control.fault("hang", match={"caller": bed.roles[holder]}, seconds=60.0)


def _throttle(bed: Bed, holder: str, standby: str) -> None:
    """Three of four calls of the takeover are refused, reads and writes alike, and the holder dies."""
    for skip in (0, 1, 2):
        bed.control.fault("throttle", match={"action": "ReplaceRoute"}, skip=2 * skip, times=1)
    bed.control.fault("throttle", match={"action": "DescribeRouteTables", "caller": bed.roles[standby]}, times=2)
    bed.crash(holder)


def _api_down(bed: Bed, holder: str, standby: str) -> None:
    """AWS answers nobody, and the holder dies meanwhile."""
    bed.control.fault("error", code="Unavailable", status=503, match={"service": "ec2"})
    bed.crash(holder)


def _api_back(bed: Bed, holder: str, standby: str) -> None:
    """AWS answers again, and the standby takes over before the other node is back."""
    bed.heal()
    bed.wait(lambda view: view.holder == standby, 60.0, f"the takeover by {standby}")
    bed.boot(holder)


def _both_reboot(bed: Bed, holder: str, standby: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(bed.reboot, bed.nodes))


def _standby_reboots(bed: Bed, holder: str, standby: str) -> None:
    bed.reboot(standby)


def _by_hand(bed: Bed, holder: str, standby: str) -> None:
    """The holder dies, and somebody moves the route by hand before the engine has noticed."""
    bed.crash(holder)
    target = next(machine for machine in bed.lab.world.nodes if machine.name == standby)
    for table in bed.lab.world.route_table_ids:
        bed.ec2.replace_route(
            RouteTableId=table,
            DestinationCidrBlock=f"{bed.lab.overlay}/32",
            NetworkInterfaceId=target.network_interface_ids[0],
        )


FAULTS = (
    Fault("application killed (kill -9)", _kill, _revive),
    Fault("power lost", _crash, _boot),
    Fault("machine frozen", _freeze, _thaw, returns=True),
    Fault("nodes cannot hear each other", _partition, _heal, EITHER, seconds=20.0, returns=True),
    Fault("holder cannot reach AWS", _cut_off, _heal, STAYS, seconds=25.0),
    Fault("AWS throttles during the takeover", _throttle, _boot),
    Fault("AWS is down when the holder dies", _api_down, _api_back, EITHER, seconds=10.0),
    Fault("both nodes rebooted at once", _both_reboot, outcome=EITHER),
    Fault("standby rebooted", _standby_reboots, outcome=STAYS),
    Fault("route moved by hand during the failover", _by_hand, _boot),
)
