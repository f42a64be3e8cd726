from __future__ import annotations

import numpy as np
import pytest

ORDER = ("Order Completed", "ios")
DAYS = 56
BINS = {"-3600": 0.001, "1": 0.6, "60": 0.35, "3600": 0.04, "86400": 0.009}  # lower bound [s] -> usual share


def delays(make_profile, last=BINS, rows=2000, measure="delays"):
    """Return a profile whose last day has other shares of delays than the days before."""
    rng = np.random.default_rng(7)
    usual = rng.multinomial(rows, np.array([*BINS.values()]) / sum(BINS.values()), DAYS).astype(float).T
    daily = dict(zip(BINS, usual, strict=True))
    for label, values in daily.items():
        values[-1] = round(rows * last.get(label, 0.0))
    return make_profile({ORDER: rows / 24}, {measure: {(*ORDER, None, b): v for b, v in daily.items()}}, judged=24)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        pytest.param(BINS, set(), id="a day as usual"),
        pytest.param({"1": 0.4, "60": 0.2, "3600": 0.4}, {"delay"}, id="four in ten took an hour"),
        pytest.param({"1": 0.6, "60": 0.2, "3600": 0.04, "86400": 0.16}, {"delay"}, id="some came a day late"),
        pytest.param({"-3600": 0.2, "1": 0.8}, {"future"}, id="a fifth come from the future"),
        pytest.param({"1": 0.9, "60": 0.1}, set(), id="faster than usual is no problem"),
    ],
)
def test_what_arrives_late_or_early_is_a_problem(make_profile, problems, last, kind):
    assert {f.kind for f in problems("lateness", delays(make_profile, last))} == kind


def test_late_is_what_at_most_one_in_ten_usually_is(make_profile, problems):
    (late,) = problems("lateness", delays(make_profile, {"60": 0.5, "3600": 0.5}))
    assert "took 2 minutes or longer to arrive (50 %, usually 5" in late.text


def test_the_chart_shows_the_share(make_profile, problems, evidence_of):
    profile = delays(make_profile, {"-3600": 0.2, "1": 0.8})
    (ahead,) = problems("lateness", profile)
    assert evidence_of("lateness", profile, ahead).observed[-1] == pytest.approx(20, abs=0.1)


def test_where_no_times_are_known_nothing_is_said(make_profile, judge):
    assert judge("lateness", make_profile({ORDER: 9.0}, judged=24)) == []


@pytest.mark.parametrize(
    ("last", "kinds"),
    [
        pytest.param(BINS, [], id="clocks as ever"),
        pytest.param({"-3600": 0.3, "1": 0.7}, ["skew"], id="three in ten are ahead by hours"),
        pytest.param({"1": 0.7, "3600": 0.3}, ["skew"], id="three in ten are an hour behind"),
        pytest.param({"-60": 0.5, "1": 0.2, "60": 0.3}, [], id="within a minute or five"),
    ],
)
def test_clocks_that_are_wrong_are_held_against_how_many_usually_are(make_profile, problems, last, kinds):
    found = problems("lateness", delays(make_profile, last, measure="skews"))
    assert [f.kind for f in found] == kinds
    assert all(
        "were sent by a clock that is ahead, or 5 minutes or more behind (30 %, usually " in f.text for f in found
    )


def test_the_chart_of_clocks_shows_the_share(make_profile, problems, evidence_of):
    profile = delays(make_profile, {"-3600": 0.3, "1": 0.7}, measure="skews")
    (found,) = problems("lateness", profile)
    assert evidence_of("lateness", profile, found).observed[-1] == pytest.approx(30, abs=0.1)
