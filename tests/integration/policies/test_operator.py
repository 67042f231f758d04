# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With just the operator's policy everything runs; with anything taken out of it, something named fails."""

from __future__ import annotations

import pytest
from integration.policies.stage import Denied, Stage, Steps, play, without_one


@pytest.mark.parametrize("managed", [False, True], ids=["inline", "managed"])
def test_operator_policy_is_enough_and_minimal(stage: Stage, managed: bool) -> None:
    document = stage.rendered(
        purpose="operator",
        route_table_ids=stage.tables,
        network_interface_ids=stage.interfaces,
        node_roles=stage.profiles,
        node_instance_profiles=stage.profiles[1:],
        node_policies=("overlay-ip",) if managed else (),
    )
    steps, judged, admin = Steps(stage, managed), stage.judged(), stage.ec2(stage.world.admin)
    run = (steps.setup, steps.switchover, steps.status, steps.teardown)
    stage.grant(document)
    play(judged, *run)

    refused = {}
    for taken, rest in without_one(document):
        stage.grant(rest)
        try:
            play(judged, *run)
        except Denied as err:
            refused[taken] = f"{taken} " in str(err)
        else:
            refused[taken] = False
        play(admin, steps.teardown)
    assert len(refused) > 15
    assert [taken for taken, told in refused.items() if not told] == []
