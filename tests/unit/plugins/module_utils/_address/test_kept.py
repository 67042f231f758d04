# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down of the addresses that are held here, and by whom, in which order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import addresses as node_addresses
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address import hold
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.kept import Kept
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.live import NodeError
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.place import Place
from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._address.plan import Held, Overlay, Step
from unit.fake_host import FakeHost, FakeLive

V4 = Overlay("192.168.10.15", 32, "eth0", "eth0:1")
V6 = Overlay("2001:db8::15", 128, "eth0")
PLACE = Place("192.168.10.15/32", "eth0", "eth0:1")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(str(tmp_path / "run"))


def test_what_is_kept_is_read_back(kept: Kept, tmp_path: Path) -> None:
    assert kept.keep([V4, V6]) == ["192.168.10.15", "2001:db8::15"]
    assert kept.places() == [PLACE, Place("2001:db8::15/128", "eth0")]
    assert (tmp_path / "run/held/192.168.10.15").read_text() == "192.168.10.15/32 eth0 eth0:1\n"
    assert kept.keep([V4]) == []
    kept.release(["192.168.10.15/32", "2001:db8::15", "192.168.10.99"])
    assert kept.places() == []


def test_nobody_else_can_write_there_whatever_the_umask(kept: Kept, tmp_path: Path) -> None:
    """Keepalived starts programs with one that takes even the owner's right to search a folder."""
    before = os.umask(0o177)
    try:
        kept.keep([V4])
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("run", "run/held")] == [0o700, 0o700]


def test_a_place_that_changes_is_written_anew_and_what_is_not_kept_is_not(kept: Kept) -> None:
    kept.keep([V4])
    kept.follow([Overlay("192.168.10.15", 32, "eth1", "eth1:1"), V6])
    assert kept.places() == [Place("192.168.10.15/32", "eth1", "eth1:1")]


@pytest.mark.parametrize(
    "text", ["", "192.168.10.15/32 eth0 eth0:1", "192.168.10.15/32\n", "192.168.10.15 eth0\n", "\0"]
)
def test_half_a_file_is_none(kept: Kept, tmp_path: Path, text: str) -> None:
    kept.keep([V4])
    (tmp_path / "run/held/192.168.10.15").write_text(text)
    assert kept.places() == []


def test_a_file_that_cannot_be_written_anew_is_gone(kept: Kept, tmp_path: Path) -> None:
    """An old text would put the address where it is not wanted any more."""
    kept.keep([V4])
    (tmp_path / f"run/held/192.168.10.15.{os.getpid()}.new").mkdir()
    kept.keep([Overlay("192.168.10.15", 32, "eth1")])
    assert kept.place("192.168.10.15") is None


class Ip:
    """An `ip` by which it is seen what was written down when it was asked to change something."""

    def __init__(self, kept: Kept, up: bool = False, refuses: bool = False) -> None:
        self.kept, self.up, self.refuses = kept, up, refuses
        self.seen: list[tuple[str, list[Place]]] = []

    def __call__(self, arguments: Sequence[str], lines: str = "") -> str:
        if arguments == ["-batch", "-"]:
            self.seen.append((lines.strip(), self.kept.places()))
            if self.refuses:
                raise NodeError("refused")
            return ""
        shown = '{"local":"192.168.10.15","prefixlen":32,"label":"eth0:1","valid_life_time":4294967295}' * self.up
        return f'[{{"ifindex":2,"ifname":"eth0","addr_info":[{shown}]}}]'


def test_it_is_written_before_the_address_goes_up_and_gone_before_it_goes_down(kept: Kept) -> None:
    ip = Ip(kept)
    addresses = node_addresses.Addresses(ip, kept)
    assert addresses.up(["192.168.10.15/32"], "eth0", dry_run=True)
    assert kept.places() == []
    assert addresses.up(["192.168.10.15/32"], "eth0")
    ip.up = True
    assert addresses.down(["192.168.10.15/32"])
    assert ip.seen == [
        ("address replace 192.168.10.15/32 dev eth0 label eth0:1", [PLACE]),
        ("address delete 192.168.10.15/32 dev eth0", []),
    ]


def test_what_was_up_before_is_written_down_too(kept: Kept) -> None:
    """A pair of an earlier version, whose engine looks after it."""
    for say in ("up", "keep"):
        kept.release(["192.168.10.15"])
        addresses = node_addresses.Addresses(Ip(kept, up=True), kept)
        getattr(addresses, say)(["192.168.10.15/32"], *(["eth0"] if say == "up" else []))
        assert kept.places() == [PLACE]


def test_what_could_not_be_brought_up_is_not_held(kept: Kept) -> None:
    with pytest.raises(NodeError, match="refused"):
        node_addresses.Addresses(Ip(kept, refuses=True), kept).up(["192.168.10.15/32"], "eth0")
    assert kept.places() == []


class Watched(FakeLive):
    """A kernel that looks at what is written down when it is told to change something."""

    def __init__(self, kept: Kept, *held: Held) -> None:
        super().__init__(addresses=list(held))
        self.kept = kept
        self.found: list[list[Place]] = []

    def apply(self, steps: Sequence[Step]) -> None:
        self.found.append(self.kept.places())
        super().apply(steps)


def module(kept: Kept, live: Watched, check: bool = False, **options: object) -> None:
    params = {"addresses": ["192.168.10.15"], "interface": "eth0", "label": "auto", "state": "present",
              "persistent": False, "persistence": "auto", "deployment": "overlay-ip", **options}  # fmt: skip
    hold.run(params, live, FakeHost(), check=check, engine=kept)


def test_the_module_takes_it_down_unguarded(kept: Kept) -> None:
    kept.keep([V4])
    live = Watched(kept, Held("192.168.10.15", 32, "eth0", "eth0:1"))
    module(kept, live, check=True, state="absent")
    assert kept.places() == [PLACE]
    module(kept, live, state="absent")
    assert live.found == [[]]
    assert live.addresses == []


def test_the_module_holds_nothing_but_moves_what_is_held(kept: Kept) -> None:
    live = Watched(kept)
    module(kept, live)
    assert kept.places() == []
    kept.keep([V4])
    module(kept, live, interface="eth1", label="eth1:7")
    assert live.found == [[], [Place("192.168.10.15/32", "eth1", "eth1:7")]]
