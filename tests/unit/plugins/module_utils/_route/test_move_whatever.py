# Copyright (c) 2026, aws_ha.overlay_ip contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mover, whatever befalls his calls."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.aws_ha.overlay_ip.plugins.module_utils._route.plan import (
    DELETE,
)
from unit.ec2_model import FAULTS, HUNG, ModelEc2
from unit.one_mover import T1, T2, T3, A, B, Mover, codes, mover

STARTS = st.dictionaries(st.sampled_from([T1, T2, T3, "rtb-4"]), st.sampled_from([A, B, None]), min_size=1)


@settings(max_examples=400)
@given(start=STARTS, script=st.lists(st.sampled_from(["", "", *FAULTS]), max_size=30))
def test_whatever_befalls_the_calls(start: dict[str, str | None], script: list[str]) -> None:
    m = mover(start, script)
    outcome = m.move(30)
    truth, told = m.cloud.truth, codes(outcome)
    assert not [a for _name, a in m.cloud.writes if a.kind == DELETE], "a move never deletes a route"
    assert all(truth[table] in (start[table], B) for table in start), "a table never gets a third target"
    assert all(truth[table] == B for table in start if table not in told), "nothing is called moved that is not"
    if "stale" not in script:
        assert all(told[table] == "Unread" or truth[table] != B for table in told), "nothing moved is called unmoved"
        assert outcome.changed == (truth != start) or "Unread" in told.values()
    if truth != start:
        assert outcome.changed or "stale" in script
    assert m.clock.now < 30 + 3 * HUNG, "no run is longer than its deadline and the calls that hang at its end"
    assert Mover(m.cloud, m.clock, ModelEc2(m.cloud, m.clock)).move().errors == {}
    assert set(m.cloud.truth.values()) == {B}, "the next run finishes"
