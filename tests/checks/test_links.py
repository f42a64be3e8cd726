from __future__ import annotations

import numpy as np
import pytest

LOGIN = ("Signed In", "web")
DAYS, ROWS = 56, 1200.0


def logins(make_profile, measure, last, usual):
    """Return a profile of logins of which the last day has other shares of labels."""
    today = np.arange(DAYS) == DAYS - 1
    daily = {
        (*LOGIN, None, label): np.round(ROWS * np.where(today, last.get(label, 0.0), usual.get(label, 0.0)))
        for label in {**usual, **last}
    }
    return make_profile({LOGIN: ROWS / 24}, {measure: daily}, judged=24)


@pytest.mark.parametrize(
    ("last", "count"),
    [
        pytest.param({"both": 0.95, "anonymous": 0.05}, 0, id="as many as ever"),
        pytest.param({"both": 0.4, "anonymous": 0.6}, 1, id="six in ten stay strangers"),
        pytest.param({"both": 0.4, "user": 0.6}, 1, id="six in ten do not say which stranger they were"),
        pytest.param({"both": 1.0}, 0, id="all are linked"),
    ],
)
def test_logins_that_link_nobody_are_held_against_how_many_usually_do(make_profile, problems, last, count):
    found = problems("identity", logins(make_profile, "rows.links", last, {"both": 0.95, "anonymous": 0.05}))
    assert [(f.kind, f.event, f.source) for f in found] == [("stitching", *LOGIN)] * count
    assert all(f.text.startswith("Signed In on web: 720 of 1,200 messages of a day lack") for f in found)


def test_a_server_that_never_knew_the_device_is_no_news(make_profile, problems):
    assert problems("identity", logins(make_profile, "rows.links", {"user": 1.0}, {"user": 1.0})) == []


@pytest.mark.parametrize(
    ("measure", "told"), [("crowds", "100 or more users of one device"), ("spreads", "100 or more devices of one user")]
)
@pytest.mark.parametrize(("label", "count"), [("30", 0), ("100", 1), ("1000", 1)])
def test_an_id_that_a_hundred_share_is_a_problem_from_the_first_day_on(
    make_profile, problems, measure, told, label, count
):
    always = {"1": 0.7, label: 0.3}
    found = problems("identity", logins(make_profile, measure, always, always))
    assert [f.kind for f in found] == ["shared_id"] * count
    assert all(told in f.text for f in found)


@pytest.mark.parametrize(
    ("measure", "wrong", "kind"),
    [("rows.links", "anonymous", "stitching"), ("crowds", "300", "shared_id"), ("spreads", "300", "shared_id")],
)
def test_the_chart_shows_the_share(make_profile, problems, evidence_of, measure, wrong, kind):
    right = "both" if measure == "rows.links" else "1"
    profile = logins(make_profile, measure, {right: 0.5, wrong: 0.5}, {right: 1.0})
    (found,) = problems("identity", profile)
    assert found.kind == kind
    assert evidence_of("identity", profile, found).observed[-1] == pytest.approx(50.0)
