# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: what the collection does, on a VPC whose packets really move, told so that it needs no Ansible."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable

from lab.daemon import process
from lab.daemon.manifest import marked
from lab.daemon.options import as_arguments
from lab.daemon.state import Directory, Lab, LabError
from lab.nodes.base import MARKER
from lab.playbook.run import Run, run_playbook
from lab.probe.report import Report
from lab.probe.session import ProbeSession
from lab.probe.text import clock
from lab.text import picture, status_lines


def main(options: argparse.Namespace) -> int:
    """Run the demo; everything is removed at the end, whatever happens. Returns the exit code."""
    say("1", "A small VPC on this machine: an AWS endpoint, a router, two nodes and a client")
    directory, lab = process.up(options.nodes, as_arguments(options))
    try:
        print("\n".join(picture(lab)))
        good = Demo(directory, lab).run()
    finally:
        say("7", "Everything is removed")
        process.down(directory)
        print(_remains(directory))
    return 0 if good else 1


class Demo:
    """The story, once the lab is up."""

    def __init__(self, directory: Directory, lab: Lab) -> None:
        self.directory = directory
        self.lab = lab
        self.home, self.target = (machine.name for machine in lab.machines[:2])

    def run(self) -> bool:
        """Tell it. Returns whether it went as it should: no packet lost, and the target answers."""
        say("2", f"Setup: the overlay IP {self.lab.overlay}, outside the VPC's addresses, for the first time")
        self._play("setup.yml")
        self._show_changes(self._last)
        say("3", "Setup again: a re-run changes nothing")
        self._play("setup.yml")
        self._show_changes(self._last)
        again = sum(self._last.changed.values())
        report = self._switch_over()
        say("6", "Status: who holds the overlay IP, in which route table, and what is wrong")
        self._play("status.yml")
        self._show_status(self._last)
        return again == 0 and report.lost == 0 and report.who == (self.home, self.target)

    def _switch_over(self) -> Report:
        say("4", f"A client asks {self.lab.overlay} a thousand times a second who answers")
        client = self.lab.machines[-1].netns
        with ProbeSession(client, self.lab.overlay, {MARKER: self.lab.lab_id}) as probe:
            probe.wait_for(self.home)
            print(f"   {self.home} answers.")
            say("5", f"Switchover to {self.target}, while the client goes on asking")
            self._play("switchover.yml", target=self.target)
            self._show_changes(self._last)
            probe.wait_for(self.target)
        print("\n".join(verdict(probe.report)))
        return probe.report

    def _play(self, playbook: str, **extra_vars: str) -> None:
        extra = "".join(f" -e {key}={value}" for key, value in extra_vars.items())
        print(f"   $ ansible-playbook {playbook}{extra}", flush=True)
        self._last = run_playbook(playbook, self.directory.inventory, extra_vars=extra_vars)
        if not self._last.ok:
            raise LabError(f"{playbook} failed:\n{self._last.output}")

    def _show_changes(self, run: Run) -> None:
        for result in run.changed_tasks:
            print(f"   {result.host:<10} {result.task.rpartition(' : ')[2]}")
        count = sum(run.changed.values())
        print(f"   {count or 'nothing'} changed, in {run.seconds:.1f} s")

    def _show_status(self, run: Run) -> None:
        print("\n".join(f"   {line}" for line in status_lines(self.directory, self.lab)))


def say(number: str, sentence: str) -> None:
    """A heading."""
    print(f"\n{number}. {sentence}", flush=True)


def verdict(report: Report) -> Iterable[str]:
    """The probe's report as the demo tells it."""
    for holder in report.holders:
        yield (
            f"   {clock(report, holder.first)} - {clock(report, holder.last)}   {holder.who} answered {holder.answers}"
            " questions"
        )
    for gap in report.gaps:
        yield f"   {clock(report, gap.since)} - {clock(report, gap.until)}   {gap.lost} questions without an answer"
    silence = f"silent for {report.gap_ms:.0f} ms" if report.lost else "silent for no moment"
    yield f"   {report.sent} questions, {report.lost} lost; the address was {silence}."


def _remains(directory: Directory) -> str:
    """What the host still has of the lab: down() has raised if there is anything, so this is the proof, not a hope."""
    left = list(marked(directory.lab_id))
    return textwrap.indent(
        f"Lab {directory.lab_id}: {len(left)} processes left, state directory "
        f"{'still there' if directory.path.exists() else 'gone'}.",
        "   ",
    )
