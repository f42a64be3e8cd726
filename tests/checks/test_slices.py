from __future__ import annotations

import numpy as np
import pytest

SHOP = ("Order Completed", "web")
DAYS = 56


def daily(mean: float, seed: int):
    return np.random.default_rng(seed).poisson(mean * np.where(np.arange(DAYS) % 7 >= 5, 0.7, 1.12)).astype(float)


def shop(make_profile, *, safari: float = 1.0, chrome: float = 1.0, days: int = 2):
    """Return a profile in which each browser keeps that share of its orders in the last days."""
    browsers = {"Safari": daily(60, 1), "Chrome": daily(900, 2), "Edge": daily(240, 3)}
    for name, kept in (("Safari", safari), ("Chrome", chrome), ("Edge", chrome)):
        browsers[name][-days:] = np.round(browsers[name][-days:] * kept)
    total = sum(browsers.values())
    labelled = {(*SHOP, None, name): values for name, values in browsers.items()}
    return make_profile({SHOP: np.repeat(total / 24, 24)}, {"rows.browser": labelled}, judged=48)


def test_a_slice_that_is_gone_is_a_problem_while_the_whole_looks_fine(make_profile, problems):
    found = problems("slices", shop(make_profile, safari=0.0))
    assert {(f.kind, f.source, f.slice) for f in found} == {("lost", "web", (("browser", "Safari"),))}
    assert problems("volume", shop(make_profile, safari=0.0)) == []


@pytest.mark.parametrize(
    ("kept", "what"),
    [
        pytest.param({}, "nothing", id="a week as usual is no problem"),
        pytest.param({"safari": 0.1, "chrome": 0.1}, "all", id="what all slices lose alike is not about one of them"),
        pytest.param({"safari": 0.8}, "little", id="a fifth of a slice is less than matters"),
    ],
)
def test_nothing_is_said_of_a_slice_that_goes_with_the_rest(make_profile, problems, kept, what):
    assert problems("slices", shop(make_profile, **kept)) == []


def test_every_watched_slice_is_tested_each_day(make_profile, judge):
    found = judge("slices", shop(make_profile))
    assert len(found) == 2 * 3
    assert all(0 < f.p_value <= 1 for f in found)


def test_a_slice_that_holds_next_to_nothing_is_not_watched(make_profile, judge):
    found = judge("slices", shop(make_profile), min_share=0.1)
    assert {f.slice[0][1] for f in found} == {"Chrome", "Edge"}


def test_the_message_names_the_slice_and_its_loss(make_profile, problems):
    text = problems("slices", shop(make_profile, safari=0.0))[-1].text
    assert text.startswith("Order Completed on web, browser Safari: ")
    assert "−100 % against the rest of the event" in text


def test_the_chart_shows_the_slice(make_profile, problems, evidence_of):
    profile = shop(make_profile, safari=0.0)
    shown = evidence_of("slices", profile, problems("slices", profile)[-1])
    assert shown.observed[-1] == 0
    assert 20 < shown.expected[-1] < 120


def test_a_slice_that_is_back_is_well_again(make_profile, judge):
    assert all(f.settled for f in judge("slices", shop(make_profile), min_share=0.1))
    assert not any(f.settled for f in judge("slices", shop(make_profile, safari=0.0)) if f.slice[0][1] == "Safari")
