# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the nodes' interfaces remember an idle connection: what a load balancer needs, and what is given back.

What was before is kept in tags of the load balancer, one for each interface: they live as long as it does.

Pure. Rules: EC2 user guide, "Connection tracking timeouts".

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 432_000
"""Five days: the most that TcpEstablishedTimeout takes, and what older instance types have by themselves."""
_KEY = "aws_ha.overlay_ip/"
_VALUE = re.compile(r"was=(\d{1,6}) needs=(\d{1,6})(?: set=(\d{1,6}(?:/\d{1,6})*))?")
_MOST = 20  # values that one tag keeps: it holds 256 characters


@dataclass(frozen=True)
class Record:
    """Seconds of one interface: what was in effect before (0 where nobody knew), and what the load balancer needs.

    ``made`` is all that was ever set for it, ascending: an interface keeps the most of it where less is needed later,
    and an earlier one where the call failed.
    """

    was: int
    needs: int
    made: tuple[int, ...] = ()

    def __str__(self) -> str:
        more = f" set={'/'.join(map(str, self.made))}" if self.made not in ((), (self.needs,)) else ""
        return f"was={self.was} needs={self.needs}{more}"

    def now_needs(self, seconds: int) -> Record:
        """The same once the load balancer needs so many seconds."""
        return Record(self.was, seconds, tuple(sorted({*self.ours, seconds})[-_MOST:]))

    @property
    def ours(self) -> tuple[int, ...]:
        """All that may have been set for this load balancer."""
        return self.made or (self.needs,)


def records(tags: Mapping[str, str]) -> dict[str, Record]:
    """By interface, what the tags of a load balancer say."""
    found = {key.removeprefix(_KEY): _VALUE.fullmatch(value) for key, value in tags.items() if key.startswith(_KEY)}
    return {
        interface: Record(int(one[1]), int(one[2]), tuple(map(int, one[3].split("/"))) if one[3] else ())
        for interface, one in found.items()
        if one
    }


def kept(needed: int, now: Mapping[str, int | None], tags: Mapping[str, str]) -> dict[str, str]:
    """The tags to set: of each interface that is made to remember longer, or that somebody has set before.

    Args:
        needed: seconds that the load balancer needs; 0 where it is content with any interface.
        now: by interface, the seconds in effect, None where they are not known.
        tags: those that the load balancer has.
    """
    known, wanted = records(tags), {}
    for interface, seconds in now.items():
        if needed and interface in known:
            wanted[f"{_KEY}{interface}"] = str(known[interface].now_needs(needed))
        elif needed and seconds and seconds < LONGEST:
            wanted[f"{_KEY}{interface}"] = str(Record(seconds, needed))
    return wanted


def needs(tags: Mapping[str, str], others: Mapping[str, int]) -> dict[str, int]:
    """By interface, the most that any load balancer needs: of ``others``, and of one with these tags."""
    found = dict(others)
    for interface, record in records(tags).items():
        found[interface] = max(record.needs, found.get(interface, 0))
    return found


def given_back(tags: Mapping[str, str], now: Mapping[str, int | None], others: Mapping[str, int]) -> dict[str, int]:
    """By interface, the seconds that it gets back when the load balancer goes.

    Only where it still has what was set for this load balancer, and never less than another one needs.
    """
    answer = {}
    for interface, record in records(tags).items():
        back, has = max(record.was, others.get(interface, 0)), now.get(interface)
        if record.was and has in record.ours and back < has:
            answer[interface] = back
    return answer
