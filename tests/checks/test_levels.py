from __future__ import annotations

import numpy as np
import pytest

from checks import levels
from checks.base import Calendar, Key, Table

WEEK = 168
PEERS = {"Page Viewed": 400.0, "Product Viewed": 150.0, "Product Added": 60.0, "Signed In": 30.0, "Searched": 20.0}


def ramp(hours, share, over, weeks_ago=2):
    """Return factors that fall from 1 to `share` over some days, from some weeks ago on."""
    days = np.arange(hours) / 24 - (hours / 24 - 7 * weeks_ago)
    return np.clip(1 - (1 - share) * days / over, min(share, 1.0), max(share, 1.0)) if over else np.ones(hours)


@pytest.fixture
def shop(make_profile, traffic):
    """Return a shop of five events and orders, all of which a season moves."""

    def build(orders=1.0, season=1.0, peers=5, **how):
        rows = {
            (name, "web"): np.round(traffic(mean, seed=i) * season)
            for i, (name, mean) in enumerate(list(PEERS.items())[:peers])
        }
        rows["Order Completed", "web"] = np.round(traffic(25.0, seed=9) * season * orders)
        return make_profile(rows, judged=24, **how)

    return build


def shifts(judge, profile, **params):
    return {f.event: f for f in judge("volume", profile, **params) if f.kind == "shift"}


@pytest.mark.parametrize(
    ("share", "over", "sign"),
    [
        pytest.param(0.4, 12.0, -1, id="a decay to two fifths over twelve days"),
        pytest.param(0.45, 5.0, -1, id="a loss of more than a half within days"),
        pytest.param(2.5, 10.0, 1, id="a rise to two and a half times"),
    ],
)
def test_a_level_that_moves_slowly_is_found_beside_its_peers(judge, shop, share, over, sign):
    profile = shop(orders=ramp(8 * WEEK, share, over))
    found = shifts(judge, profile)["Order Completed"]
    assert (np.sign(found.effect), found.relevant) == (sign, True)
    assert found.p_value < 1e-4
    assert not any(f.relevant for name, f in shifts(judge, profile).items() if name != "Order Completed")


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({}, id="a month as usual"),
        pytest.param({"season": ramp(8 * WEEK, 0.4, 12.0)}, id="a season that all events follow"),
        pytest.param({"season": ramp(8 * WEEK, 3.0, 12.0)}, id="a campaign that lifts all events"),
        pytest.param({"orders": ramp(8 * WEEK, 0.4, 2.0, weeks_ago=0.9)}, id="one odd week"),
        pytest.param({"orders": ramp(8 * WEEK, 0.75, 12.0)}, id="a quarter less"),
    ],
)
def test_what_is_no_lasting_change_of_the_event_itself_is_no_shift(judge, shop, how):
    assert not any(f.relevant and f.p_value < 1e-3 for f in shifts(judge, shop(**how)).values())


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"peers": 3}, id="too few other events to compare with"),
        pytest.param({"orders": 0.002}, id="too few messages for a week to have a level"),
        pytest.param({"incident": 72}, id="something is wrong with it, and told, since three days"),
    ],
)
def test_where_nothing_can_be_said_no_test_is_made(judge, shop, how):
    assert "Order Completed" not in shifts(judge, shop(**how))


def test_a_shift_settles_once_the_past_has_come_along(judge, shop):
    long_ago = ramp(8 * WEEK, 0.4, 3.0, weeks_ago=8)
    assert shifts(judge, shop(orders=long_ago))["Order Completed"].settled is True


def test_a_shift_is_told_in_one_sentence_and_shown_beside_the_level_of_before(judge, evidence_of, shop):
    profile = shop(orders=ramp(8 * WEEK, 0.3, 10.0))
    found = shifts(judge, profile)["Order Completed"]
    assert found.text.startswith("Order Completed on web: ")
    assert "with the other events of web (−" in found.text
    evidence = evidence_of("volume", profile, found)
    assert evidence.observed[-7:].sum() < 0.5 * evidence.expected[-7:].sum()


def test_p_values_are_at_least_as_large_as_they_should_be_where_levels_drift():
    draw, found = np.random.default_rng(5), []
    days = 120
    drift = np.exp(np.cumsum(draw.normal(0, 0.03, (40, days)), axis=1))
    counts = draw.poisson(np.geomspace(20, 4000, 40)[:, None] * drift).astype(float)
    for end in range(56, days, 7):
        found += [level.p_value for level in levels.levels(_table(counts), end) if level]
    assert len(found) > 300
    assert [np.mean(np.array(found) < p) <= 1.5 * p for p in (0.05, 0.01)] == [True, True]


def _table(counts):
    days = counts.shape[1]
    starts = np.datetime64("2026-01-05", "s") + np.arange(days + 1) * np.timedelta64(86400, "s")
    calendar = Calendar("day", starts, np.arange(days) % 7, np.arange(days), np.zeros(days, dtype=bool))
    keys = tuple(Key(f"Event {i}", "web") for i in range(len(counts)))
    return Table("rows", calendar, keys, counts, np.isfinite(counts), days)
