"""Is it told which checks can never find anything, and of no other?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.blindness import Known, blind
from monitor.config import load_config
from monitor.detectability import Detectability, Visible, Why
from monitor.errors import ConfigError
from monitor.inventory import HeldEvent, Inventory

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
PLAN = "events: {Order: {properties: {total: {type: integer}}}, Signup: {}}\n"
STORED = Inventory(
    since=NOW - dt.timedelta(days=56),
    until=NOW,
    events={"Order": HeldEvent(sources={"web": 4000}), "Signup": HeldEvent()},
)
RARE = Detectability(
    until=NOW,
    budget=1.0,
    visible=(Visible(event="Order", drop={"week": None}, spike={"week": None}),),
    unwatched={"Order": Why.RARE, "Signup": Why.NEVER_SEEN},
)
SEEN = Detectability(until=NOW, budget=1.0, visible=(Visible(event="Order", drop={"week": 0.4}, spike={}),))


@pytest.fixture
def told(tmp_path: Path):
    """Return `told(checks, more, plan, **known)`: what can never find anything, and why."""

    def run(checks: str = "{}", more: str = "", plan: str = PLAN, **known) -> dict[str, str]:
        (tmp_path / "plan.yml").write_text(plan)
        store = "" if "store" in more else "store: {url: 'duckdb:///x.duckdb'}\n"
        (tmp_path / "trackwatch.yml").write_text(f"{store}plan: plan.yml\nchecks: {checks}\n{more}\n")
        return dict(blind(load_config(tmp_path / "trackwatch.yml", {}), Known(**{"stored": STORED, **known})))

    return run


def lacking(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("given", "who", "why"),
    [
        pytest.param(
            {"more": "store: {url: 'duckdb:///x.duckdb', history: 2d}"},
            "volume",
            "store.history is 2d, and nothing is judged before 3 days of it",
            id="too little is learned from",
        ),
        pytest.param(
            {"checks": "{volume: {only: [Order], ignore: [Order]}}"},
            "volume",
            "'ignore' takes away every event of 'only'",
            id="what it is for is left out",
        ),
        pytest.param(
            {"checks": "{pii: {ignore: [Order, Signup]}}"},
            "pii",
            "'ignore' takes away every event of the store and of the plan",
            id="everything is left out",
        ),
        pytest.param(
            {"checks": "{volume: {only: [Gone]}}", "plan": "{}"},
            "volume",
            "none of the events of 'only' is in the store or in the plan",
            id="an event that does not exist",
        ),
        pytest.param({"checks": "{pii: {tolerance: 100%}}"}, "pii", "allows everything", id="all is tolerated"),
        pytest.param(
            {"checks": "{order: {min_messages: 5}}"}, "order", "says in the plan what it comes 'after'", id="no order"
        ),
        pytest.param(
            {"checks": "{unplanned: {min_rows: 5}}", "plan": "{}"}, "unplanned", "nothing is planned", id="no plan"
        ),
        pytest.param({"checks": "{custom: {only: [Order]}}"}, "custom", "there are no queries", id="no query"),
        pytest.param(
            {"checks": "{environment: {min_rows: 5}}", "lacking": lacking("rows.environment")},
            "environment",
            "does not say from which environment",
            id="a store without environments",
        ),
        pytest.param(
            {"checks": "{parity: {min_rows: 5}}", "lacking": lacking("keys", "there")},
            "parity",
            "nothing is compared",
            id="nothing to compare",
        ),
        pytest.param(
            {"checks": "{slices: {dimensions: [shop]}}", "lacking": lacking("rows.shop")},
            "slices",
            "the store has none of shop",
            id="no such dimension",
        ),
        pytest.param(
            {"checks": "{slices: {dimensions: [platform, shop]}}", "lacking": lacking("rows.shop")},
            "slices.dimensions",
            "the store has no shop",
            id="one dimension of two is not there",
        ),
        pytest.param(
            {"seen": RARE}, "volume", "not even a full stop opens an incident within a week", id="a budget too small"
        ),
        pytest.param(
            {"checks": "{volume: {min_events: 5000}}"},
            "volume.drop",
            "volume.min_events is 5,000 messages, and of no event came more than 4,000 in the 56 days before",
            id="a drop larger than all messages",
        ),
        pytest.param(
            {"more": "budget: {min_messages: 9000}"}, "volume.drop", "budget.min_messages is 9,000", id="of the budget"
        ),
        pytest.param(
            {"checks": "{identity: {logins: [Log In]}}"}, "identity.logins", "none of Log In is in", id="no login"
        ),
        pytest.param(
            {"checks": "{drift: {values: [Order.totl]}}"}, "drift.values", "the plan has no Order.totl", id="a typo"
        ),
    ],
)
def test_what_can_never_find_anything_is_told_with_the_reason(told, given: dict[str, str], who: str, why: str):
    assert why in told(**given)[who]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="the defaults"),
        pytest.param(
            {"plan": "{}", "stored": None}, id="the defaults without a plan, on a store that nobody knows yet"
        ),
        pytest.param(
            {"lacking": lacking("rows.environment", "keys", "there")}, id="what the configuration does not name"
        ),
        pytest.param({"checks": "{volume: {min_drop: 100%}}"}, id="a full stop is as much as can be lost"),
        pytest.param({"checks": "{volume: {min_events: 4000}}"}, id="a drop as large as all messages"),
        pytest.param({"checks": "{order: {min_messages: 5}}", "plan": "events: {A: {after: B}, B: {}}"}, id="an order"),
        pytest.param({"checks": "{drift: {values: [Order.total]}}"}, id="a property of the plan"),
        pytest.param({"checks": "{identity: {logins: [Signup]}}"}, id="a login of the plan"),
        pytest.param({"seen": SEEN}, id="a budget at which something is told"),
        pytest.param({"seen": RARE, "more": "budget: {false_alerts_per_week: 5}"}, id="a budget that is another since"),
    ],
)
def test_of_what_may_find_something_nothing_is_said(told, given: dict[str, str]):
    assert told(**given) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"checks": "{volume: {min_drop: 20}}"},
            "min_drop: 2,000% is more than all there is, so that nothing would ever be found; write 20%",
            id="a share without its sign",
        ),
        pytest.param(
            {"more": "exclude_weekly: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '06:00', to: '06:00'}]"},
            "every hour of the week is left out, so nothing is ever judged",
            id="exclusions without a gap",
        ),
    ],
)
def test_what_no_store_could_make_right_is_refused_where_it_is_written(told, given: dict[str, str], said: str):
    with pytest.raises(ConfigError) as refused:
        told(**given)
    assert said in str(refused.value)


def test_hours_that_are_left_out_with_a_gap_are_right(told):
    assert told(more="exclude_weekly: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '06:00', to: '05:00'}]") == {}
