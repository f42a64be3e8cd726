from __future__ import annotations

import numpy as np
import pytest

PLACES = (("Order Completed", "web"), ("Product Viewed", "web"))
DAYS, ROWS = 56, 2400.0
USUAL = {"uuid": 0.6, "anonymous": 0.39, "nobody": 0.01}


def shop(make_profile, last=USUAL, usual=USUAL):
    """Return a profile of two events whose ids are of other classes on the last day."""
    labels = dict.fromkeys([*usual, *last])
    today = np.arange(DAYS) == DAYS - 1
    daily = {
        (*place, None, label): np.round(ROWS * np.where(today, last.get(label, 0.0), usual.get(label, 0.0)))
        for place in PLACES
        for label in labels
    }
    return make_profile(dict.fromkeys(PLACES, ROWS / 24), {"rows.identity": daily}, judged=24)


@pytest.mark.parametrize(
    ("last", "kinds"),
    [
        pytest.param(USUAL, set(), id="a day as usual"),
        pytest.param({"uuid": 0.4, "anonymous": 0.3, "nobody": 0.3}, {"missing_id"}, id="three in ten are nobody's"),
        pytest.param({"uuid": 0.9, "placeholder": 0.1}, {"placeholder"}, id="a tenth are called undefined"),
        pytest.param({"uuid": 0.5, "email": 0.5}, {"email_as_id"}, id="half are addresses"),
        pytest.param({"uuid": 0.5, "number": 0.5}, {"mixed_format"}, id="half are numbers, where all were UUIDs"),
        pytest.param({"uuid": 0.2, "anonymous": 0.79, "nobody": 0.01}, set(), id="more strangers than usual"),
    ],
)
def test_what_becomes_of_ids_is_a_problem_or_none(make_profile, problems, last, kinds):
    assert {f.kind for f in problems("identity", shop(make_profile, last))} == kinds


def test_two_formats_that_were_always_there_are_no_news(make_profile, problems):
    both = {"uuid": 0.6, "number": 0.4}
    assert problems("identity", shop(make_profile, both, both)) == []


def test_a_placeholder_is_one_from_the_first_day_on(make_profile, problems):
    always = {"uuid": 0.9, "placeholder": 0.1}
    (found,) = problems("identity", shop(make_profile, always, always))
    assert found.text == "web: 480 of 4,800 user ids of a day are no ids: empty words such as null or undefined (10 %)."


def test_missing_ids_are_about_an_event_and_formats_about_a_source(make_profile, problems):
    missing = problems("identity", shop(make_profile, {"uuid": 0.4, "anonymous": 0.3, "nobody": 0.3}))
    mixed = problems("identity", shop(make_profile, {"uuid": 0.5, "number": 0.5}))
    assert {f.event for f in missing} == {"Order Completed", "Product Viewed"}
    assert [(f.event, f.source) for f in mixed] == [(None, "web")]
    assert "are not of the usual format, uuid" in mixed[0].text


def test_the_chart_shows_the_share(make_profile, problems, evidence_of):
    profile = shop(make_profile, {"uuid": 0.5, "email": 0.5})
    (found,) = problems("identity", profile)
    assert evidence_of("identity", profile, found).observed[-1] == pytest.approx(50.0)


def test_a_store_without_ids_says_nothing(make_profile, judge):
    assert judge("identity", make_profile({PLACES[0]: 9.0}, judged=24)) == []
