from __future__ import annotations

import numpy as np
import pytest

DAYS = 56


def shop(make_profile, foreign=0.0, label="development", source="web"):
    """Return a profile of two events whose messages come from another environment on the last day."""
    last = np.arange(DAYS) == DAYS - 1
    rows = {("Order Completed", source): 100.0, ("Product Viewed", source): 900.0}
    labelled = {(*place, None, "(none)"): 24 * n * (1 - foreign * last) for place, n in rows.items()}
    labelled |= {(*place, None, label): np.round(24 * n * foreign * last) for place, n in rows.items()}
    return make_profile(rows, {"rows.environment": labelled}, judged=24)


@pytest.mark.parametrize(
    ("foreign", "label", "leaks"),
    [
        pytest.param(0.0, "development", 0, id="nothing from elsewhere"),
        pytest.param(0.02, "development", 1, id="two in a hundred from a developer's machine"),
        pytest.param(0.02, "preview", 1, id="or from a preview"),
        pytest.param(0.02, "production", 0, id="production itself is meant"),
        pytest.param(0.0005, "development", 0, id="a handful is less than matters"),
    ],
)
def test_messages_of_other_environments_are_a_leak(make_profile, problems, foreign, label, leaks):
    assert len(problems("environment", shop(make_profile, foreign, label))) == leaks


def test_a_leak_is_about_a_source_and_not_about_each_of_its_events(make_profile, problems):
    (leak,) = problems("environment", shop(make_profile, 0.02))
    assert (leak.event, leak.source) == (None, "web")
    assert leak.text == "web: 480 of 24,000 messages of a day come from development (2 %)."


def test_the_chart_shows_the_share(make_profile, problems, evidence_of):
    profile = shop(make_profile, 0.02)
    (leak,) = problems("environment", profile)
    assert evidence_of("environment", profile, leak).observed[-1] == pytest.approx(2.0)


def test_a_store_that_does_not_say_where_messages_come_from_leaks_nothing(make_profile, judge):
    assert judge("environment", make_profile({("Order Completed", "web"): 9.0}, judged=24)) == []
