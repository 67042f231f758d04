# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: what the collection does, on a VPC whose packets really move, told so that it needs no Ansible."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from lab.daemon import process
from lab.daemon.options import as_arguments
from lab.daemon.state import Directory, Lab, LabError, Machine
from lab.endpoint.control import Control
from lab.nodes.base import MARKER
from lab.playbook.run import CHECKOUT, Run, run_playbook
from lab.probe.report import Report
from lab.probe.session import ProbeError, ProbeSession, who_answers
from lab.story import changes, in_short, verdict
from lab.text import picture

#: Where the demo leaves the status page.
PAGE = CHECKOUT / "tests" / "output" / "demo.html"


def main(options: argparse.Namespace) -> int:
    """Tell the story. Whatever happens, everything is removed. Returns 1 if something did not go as it should."""
    say("A VPC on this machine: an AWS endpoint, a router, two nodes in two Availability Zones, a client")
    directory, lab = process.up(options.nodes, as_arguments(options))
    demo = Demo(directory, lab)
    try:
        write(picture(lab))
        demo.run()
    except (LabError, ProbeError) as error:
        demo.wrong.append(str(error))
    finally:
        say("The lab is removed")
        process.down(directory)
        write([f"no process, namespace, mount or file of lab {lab.lab_id} is left"])
    say("The demo did not go as it should" if demo.wrong else "In short")
    write(demo.wrong or [demo.summary, f"the status as a page, for a browser: {PAGE.as_uri()}"])
    return 1 if demo.wrong else 0


class Demo:
    """The story, once the lab is up. ``wrong`` collects what did not go as it should."""

    def __init__(self, directory: Directory, lab: Lab) -> None:
        self.directory = directory
        self.lab = lab
        self.home, self.target = (machine.name for machine in lab.machines[:2])
        self.wrong: list[str] = []
        self.summary = ""
        world = lab.world
        self.names = {i: m.name for m in world.machines for i in (m.instance_id, *m.network_interface_ids)}

    def run(self) -> None:
        """From nothing to setup, switchover, status, teardown."""
        overlay = self.lab.overlay
        say(f"Setup: {overlay} becomes an address of {self.home} that can move, though it is no address of the VPC")
        self.play("setup.yml")
        self.expect(self.who() == self.home, f"{self.home} should answer at {overlay} after setup")

        say("Setup again: a re-run is safe")
        again = self.play("setup.yml")
        self.expect(not any(again.changed.values()), f"the second setup changed something: {again.changed}")

        say(f"Switchover to {self.target}, while {self.client.name} asks who is there, a thousand times a second")
        report = self.switch_over()
        self.expect(report.who == (self.home, self.target), f"the answers came from {', '.join(report.who)}")
        self.expect(report.lost == 0, f"{report.lost} packets were lost")
        self.summary = in_short(report)

        say("Status: who holds the address in which route table, and what is wrong")
        PAGE.parent.mkdir(exist_ok=True)
        self.show_messages(self.play("status.yml", overlay_ip_page=str(PAGE)))
        self.expect(PAGE.exists(), f"{PAGE} should be there")

        say("Teardown: what setup made is taken back, and nothing else")
        self.play("teardown.yml")
        self.expect(self.who() is None, f"nobody should answer at {overlay} after teardown")
        self.expect(not self.problems(), f"the lab's endpoint failed: {self.problems()}")

    @property
    def client(self) -> Machine:
        """The machine that asks."""
        return self.lab.machines[-1]

    def who(self) -> str | None:
        """Ask once, and say who answered."""
        who = who_answers(self.client.netns, self.lab.overlay)
        write([f"{self.client.name} asks {self.lab.overlay}: {f'{who} answers' if who else 'nobody answers'}"])
        return who

    def switch_over(self) -> Report:
        """Move the address while the probe runs."""
        with ProbeSession(self.client.netns, self.lab.overlay, {MARKER: self.lab.lab_id}) as probe:
            probe.wait_for(self.home)
            self.play("switchover.yml", target=self.target)
            probe.wait_for(self.target)
        write(verdict(probe.report))
        return probe.report

    def play(self, playbook: str, **extra_vars: str) -> Run:
        """Run a playbook as a user would and tell what it changed."""
        extra = "".join(f" -e {key}={value}" for key, value in extra_vars.items())
        write([f"$ ansible-playbook -i {self.directory.inventory} {playbook}{extra}"])
        run = run_playbook(playbook, self.directory.inventory, extra_vars=extra_vars)
        if not run.ok:
            raise LabError(f"{playbook} failed:\n{run.output}")
        write(changes(run, self.names) or ["changed nothing"])
        return run

    def show_messages(self, run: Run) -> None:
        """What the playbook itself says at its end."""
        for result in run.of("debug"):
            if result.status == "ok":
                message = result.result.get("msg")
                write(message if isinstance(message, list) else [str(message)])

    def problems(self) -> list[dict[str, str]]:
        """What the endpoint itself got wrong."""
        return Control(self.lab.world.endpoint_url).problems()

    def expect(self, good: bool, otherwise: str) -> None:
        """Remember ``otherwise`` unless ``good``."""
        if not good:
            self.wrong.append(otherwise)


def say(sentence: str) -> None:
    """A heading."""
    print(f"\n{sentence}\n", flush=True)


def write(lines: Iterable[str]) -> None:
    """Lines under a heading."""
    for line in lines:
        print(f"    {line}", flush=True)
