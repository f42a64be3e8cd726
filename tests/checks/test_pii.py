from __future__ import annotations

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty

SEARCH = ("Search Performed", "web")
DAYS, ROWS = 56, 1200.0
EMAILS = "hold an email address"


def plan(*, personal):
    query = PlannedProperty(name="query", type="string", personal=personal)
    return Plan(events={SEARCH[0]: PlannedEvent(name=SEARCH[0], properties={"query": query})})


def shop(make_profile, last=None, usual=None, nulls=200.0):
    """Return a profile whose last day has so many values of each class; `usual` are those of all days before."""
    today = np.arange(DAYS) == DAYS - 1
    last, usual = last or {}, usual or {}
    daily = {
        name: {(*SEARCH, "query"): np.where(today, last.get(name, 0.0), usual.get(name, 0.0))}
        for name in ("emails", "phones", "cards", "unchecked", "national_ids")
    }
    return make_profile({SEARCH: ROWS / 24}, daily | {"nulls": {(*SEARCH, "query"): nulls}}, judged=24)


@pytest.mark.parametrize(
    ("last", "told"),
    [
        pytest.param({"emails": 100.0}, EMAILS, id="addresses"),
        pytest.param({"phones": 100.0}, "are phone numbers", id="phone numbers"),
        pytest.param({"cards": 100.0, "unchecked": 3.0}, "are numbers of payment cards", id="cards, three mistyped"),
        pytest.param({"national_ids": 100.0, "emails": 9.0}, "are national identity numbers", id="mostly national ids"),
    ],
)
def test_personal_data_that_nobody_planned_is_a_problem(make_profile, problems, last, told):
    (found,) = problems("pii", shop(make_profile, last))
    assert (found.event, found.source, found.property) == (*SEARCH, "query")
    assert f" of 1,000 values of a day {told} (" in found.text


@pytest.mark.parametrize(
    "last",
    [
        pytest.param({}, id="nothing personal"),
        pytest.param({"emails": 1.0}, id="one address in a thousand"),
        pytest.param(
            {"cards": 30.0, "unchecked": 270.0}, id="ids of sixteen digits, of which a tenth checks by chance"
        ),
    ],
)
def test_what_is_not_personal_is_no_problem(make_profile, problems, last):
    assert problems("pii", shop(make_profile, last)) == []


@pytest.mark.parametrize(("personal", "count"), [(True, 0), (False, 1)])
def test_what_the_plan_marks_as_personal_may_be(make_profile, problems, personal, count):
    assert len(problems("pii", shop(make_profile, {"emails": 100.0}), plan(personal=personal))) == count


def test_traits_that_nobody_planned_say_who_somebody_is_and_may(make_profile, problems):
    daily = {"emails": {("identify", "web", "email"): 100.0}}
    assert problems("pii", make_profile({("identify", "web"): 50.0}, daily, judged=24)) == []


def test_it_is_a_problem_from_the_first_day_on(make_profile, problems):
    assert len(problems("pii", shop(make_profile, {"emails": 300.0}, {"emails": 300.0}))) == 1


def test_the_chart_shows_the_share(make_profile, problems, evidence_of):
    profile = shop(make_profile, {"emails": 100.0})
    (found,) = problems("pii", profile)
    assert evidence_of("pii", profile, found).observed[-1] == pytest.approx(10.0)
