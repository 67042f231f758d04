# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trials of `timing` as docs/timing.md, with what follows from them by arithmetic. Pure."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from drill.timing import FAULT_KINDS, LOSS_PERCENT, LOSS_SECONDS, QUIET_KINDS, SETTINGS, Trial

SKEWS = (2 / 256, 16 / 256)
"""Of an advert, by the priorities that the role writes, 254 and 240: RFC 9568, 6.1, Skew_Time."""
DOWN_ADVERTS = 3

_HEAD = """\
<!-- Written by `python -m drill --timing`; docs/timing.json has every trial. -->

# How fast, and how safe

How soon the other node serves, with keepalived's adverts from 0.2 s to 1 s and Pacemaker's token from 1 s to 10 s,
and what it takes for a takeover that nobody needed. Real packages on two full Debian 12 nodes of the lab, two route
tables, a client that asks 250 times a second. The API answers at once, and a changed route has effect at once: AWS's
part comes on top. Last played {when}, {commit}, on a machine with {cores} cores, whose load was {load} after a trial.

*Silence*: what the client sees, from the fault to the other node's first answer. Medians, and in brackets the least
and the most.
"""
_KEEPALIVED = """\
## keepalived

`overlay_ip_advert_interval`, with `overlay_ip_check_unit` for the application, and no check command.
"""
_QUIET = """\
What is no failure: takeovers / trials. {stays}
"""
_CLOCK = """\
A machine that stands still is what a guest sees of a hypervisor that pauses it, and of a clock source that stops: all
its processes were frozen for that time. A stopped NTP, and a clock that is stepped, were not played: a container has
its host's clock, and may not set it. keepalived counts by the monotonic clock (CLOCK_MONOTONIC, in its lib/timer.c),
which no step changes, and so does the program in what it remembers.
"""
_PACEMAKER = """\
## Pacemaker

`overlay_ip_corosync_token`, `fence_aws` from a node whose instance is stopped at once, and the application as a
resource with a monitor every token. A lost node is shot before anything is taken over, and that is most of it: see
[drill.md](drill.md). A node of the lab that was shot is back in a second, so that it may be itself that serves again.
"""


def page(trials: Sequence[Trial], last: Mapping[str, Any]) -> str:
    """The whole page."""
    loads = [trial.load for trial in trials]
    load = f"{min(loads):g} to {max(loads):g}" if loads else "not asked"
    lines = [_HEAD.format(**last, load=load), *_safe(trials), _KEEPALIVED, *_faults(trials, "keepalived"), ""]
    lines += [_QUIET.format(stays="Each must be 0."), *_false_alarms(trials), "", _CLOCK]
    lines += [_arithmetic(), _PACEMAKER, *_faults(trials, "pacemaker")]
    return "\n\n".join(map(_wrapped, "\n".join(lines).rstrip().split("\n\n"))) + "\n"


def _wrapped(paragraph: str) -> str:
    """Text in lines of one length; headings and tables as they are."""
    if paragraph.lstrip("\n").startswith(("|", "#", "<")):
        return paragraph.strip("\n")
    return textwrap.fill(paragraph, 118, break_on_hyphens=False, break_long_words=False)


def _faults(trials: Sequence[Trial], engine: str) -> Iterator[str]:
    yield f"| | {' | '.join(FAULT_KINDS)} | not as it should be |"
    yield f"|---|{'---|' * (len(FAULT_KINDS) + 1)}"
    for setting in SETTINGS[engine]:
        mine = [t for t in trials if (t.engine, t.setting) == (engine, setting)]
        cells = [spread([t.silence for t in mine if t.what == what and not t.verdict]) for what in FAULT_KINDS]
        bad = sum(1 for t in mine if t.verdict and t.what in FAULT_KINDS)
        yield f"| {setting:g} s | {' | '.join(cells)} | {bad or '-'} |"


def _false_alarms(trials: Sequence[Trial]) -> Iterator[str]:
    settings = SETTINGS["keepalived"]
    yield f"| | {' | '.join(f'{setting:g} s' for setting in settings)} |"
    yield f"|---|{'---|' * len(settings)}"
    for what in QUIET_KINDS:
        yield f"| {what} | {' | '.join(alarms(trials, setting, what) for setting in settings)} |"


def alarms(trials: Iterable[Trial], setting: float, what: str) -> str:
    """Takeovers that nobody needed, of how many trials; what the client missed by them at most."""
    mine = [t for t in trials if (t.engine, t.setting, t.what) == ("keepalived", setting, what)]
    false = [t for t in mine if t.moved]
    missed = f", {max(t.silence for t in false):.2f} s missed" if false else ""
    return f"{len(false)} / {len(mine)}{missed}" if mine else "not played"


def spread(values: Sequence[float]) -> str:
    """Median, least and most, and how many."""
    if not values:
        return "not played"
    return f"**{statistics.median(values):.2f} s** ({min(values):.2f} to {max(values):.2f}, {len(values)} times)"


def down(advert: float) -> tuple[float, float]:
    """Seconds after which a standby that hears nobody takes over, by either priority (Master_Down_Interval)."""
    least, most = (DOWN_ADVERTS * advert + skew * advert for skew in SKEWS)
    return least, most


def harmless(advert: float) -> float:
    """Seconds for which a holder may stand still at any moment: one that was about to send has used up one advert."""
    return down(advert)[0] - advert


def chance(advert: float, percent: float = LOSS_PERCENT, seconds: float = LOSS_SECONDS) -> float:
    """How probable it is that of the adverts in that time three in a row are lost: by all ways to lose them."""
    count, lost = round(seconds / advert), percent / 100
    runs = [1.0, *[0.0] * (DOWN_ADVERTS - 1)]  # by the length of the run that is under way
    gone = 0.0
    for _advert in range(count):
        gone += runs[-1] * lost
        runs = [sum(runs) * (1 - lost), *(run * lost for run in runs[:-1])]
    return gone


def _safe(trials: Sequence[Trial]) -> Iterator[str]:
    """Which interval is safe, by what was played, and why."""
    played = [s for s in SETTINGS["keepalived"] if all(alarms(trials, s, w) != "not played" for w in QUIET_KINDS)]
    quiet = {s for s in played if not any(t.moved for t in trials if t.setting == s and t.what in QUIET_KINDS)}
    yield "## Which interval is safe"
    yield ""
    if not played:
        yield "Not all of it was played so far."
    elif quiet:
        best = min(quiet)
        yield (
            f"**{best:g} s**: the shortest with which nothing moved in any trial below. A holder may stand still for"
            f" {harmless(best):.2f} s at any moment, and {LOSS_SECONDS:g} s of {LOSS_PERCENT} % loss costs no takeover"
            f" {_odds(chance(best))}."
        )
    else:
        yield "None that was played: with each something moved that should have stayed."
    for setting in sorted(set(played) - quiet):
        yield ""
        yield (
            f"With {setting:g} s a holder that stands still for more than {harmless(setting):.2f} s may be replaced,"
            f" and one that does for {down(setting)[1]:.2f} s is; {LOSS_SECONDS:g} s of {LOSS_PERCENT} % loss is a"
            f" takeover {_odds_of(chance(setting))}. Choose it where that is cheaper than to wait."
        )
    yield ""


def _odds(value: float) -> str:
    return "at all" if value == 0 else f"but once in {1 / value:.0f} times"


def _odds_of(value: float) -> str:
    return "never" if value == 0 else f"once in {1 / value:.0f} times"


def _arithmetic() -> str:
    rows = [
        f"| {a:g} s | {down(a)[0]:.2f} to {down(a)[1]:.2f} s | {harmless(a):.2f} s | {100 * chance(a):.1f} % |"
        for a in SETTINGS["keepalived"]
    ]
    return "\n".join(
        [
            "What follows from the protocol (RFC 9568, 6.1): a standby that hears nobody takes over after three",
            "adverts and a skew, which the role keeps small. A holder that stands still just before it would have sent",
            "has one advert less.",
            "",
            "| adverts | takes over after | a pause is harmless up to | a second of 20 % loss is a takeover |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
