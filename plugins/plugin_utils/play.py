# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action plugin knows of the play that it is run in: its variables, the environment, what was left out."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..module_utils._inventory.values import InventoryError

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION", "EC2_REGION")


def region() -> str | None:
    """The region that the controller's environment names."""
    return next((os.environ[name] for name in REGION_VARIABLES if os.environ.get(name)), None)


def refuse_parts(run_tags: Iterable[str], skip_tags: Iterable[str]) -> None:
    """Refuse a run of a playbook that leaves tasks out: none of ours has tags, and each needs those before it."""
    chosen = [f"--tags {tag}" for tag in run_tags if tag != "all"] + [f"--skip-tags {tag}" for tag in skip_tags]
    if chosen:
        raise InventoryError(
            f"{' '.join(chosen)} leaves out tasks that later ones need: run the playbook whole, or compose the roles in"
            " a playbook of your own."
        )


def refuse_limit(nodes: Iterable[str], group: str, present: Collection[str]) -> None:
    """Refuse a run without some of the nodes, or without any, which would do nothing and look well."""
    if left_out := [name for name in nodes if name not in present]:
        raise InventoryError(
            f"--limit leaves out {', '.join(left_out)}: the overlay IPs are moved between all nodes of"
            f" {group}, and each must know the others. Run it without --limit."
        )


class Templated:
    """The play's variables, each resolved when it is read: an action plugin gets them raw."""

    def __init__(self, raw: Mapping[str, Any], templar: Any) -> None:
        self._raw, self._templar = raw, templar

    def get(self, name: str, /) -> Any:
        """The value, or None."""
        return self._templar.template(self._raw[name]) if name in self._raw else None


def below(hostvars: Any) -> dict[str, list[str]]:
    """Of each group of the inventory, the names of those directly below it.

    No variable tells it: it is asked of the inventory that `hostvars` reads from. Where a later Ansible keeps that
    elsewhere, there is none below any, and groups of pairs have to be named.
    """
    groups = getattr(getattr(hostvars, "_inventory", None), "groups", {})
    return {name: [child.name for child in group.child_groups] for name, group in groups.items()}
