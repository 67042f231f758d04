# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of full nodes: where control groups are, what each stack writes, how trees are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.nodes.full_cgroup import ControlGroup
from lab.nodes.full_rootfs import VARIANTS, Variant
from lab.nodes.full_stacks import STACKS, unit_links

UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = (
    "35 32 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "43 32 0:39 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
    "44 32 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
)
LEGACY = "43 32 0:39 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"


@pytest.mark.parametrize(
    ("mounts", "directories"),
    [(UNIFIED, ["/sys/fs/cgroup/n"]), (HYBRID, ["/sys/fs/cgroup/systemd/n", "/sys/fs/cgroup/unified/n"])],
)
def test_a_group_is_made_in_every_tree_that_systemd_uses(mounts: str, directories: list[str]) -> None:
    assert ControlGroup("n", mounts).directories == [Path(directory) for directory in directories]


def test_a_host_without_cgroup2_is_refused_in_a_sentence() -> None:
    with pytest.raises(OSError, match="full nodes need a mounted cgroup2 file system"):
        ControlGroup("n", LEGACY)


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_a_stack_configures_every_interface_by_dhcp_and_prefers_the_first(stack: str) -> None:
    files = STACKS[stack].files(["eth0", "eth1"])
    text = "\n".join(f"{path}\n{file.text}" for path, file in sorted(files.items()))
    assert text.index("eth0") < text.index("eth1")
    assert text.index("100") < text.index("200")


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_a_stack_masks_the_others_and_never_itself(stack: str) -> None:
    links = unit_links(STACKS[stack])
    masked = {path.rpartition("/")[2] for path, target in links.items() if target == "/dev/null"}
    own = {"networkmanager": "NetworkManager.service", "ifupdown": "networking.service"}
    managers = {"NetworkManager.service", "networking.service", "systemd-networkd.service"}
    assert managers - masked == {own.get(stack, "systemd-networkd.service")}


def test_a_changed_recipe_names_another_tree() -> None:
    assert Variant("a", "bookworm", "curl").directory != Variant("a", "bookworm", "curl jq").directory
    assert len({variant.directory for variant in VARIANTS.values()}) == len(VARIANTS)
