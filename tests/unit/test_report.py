"""Can a week be trusted, and does the report say why not?"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from checks import load
from checks.base import Finding
from checks.plan import Plan, PlannedEvent, Priority, Question
from monitor.alerts.message import Severity
from monitor.compose import Composer
from monitor.config import Budget
from monitor.detectability import Detectability, Visible, Why
from monitor.errors import UsageError
from monitor.incidents import Incident, State, Subject
from monitor.judge import kind_of
from monitor.report.content import Monitor, Report, Trust
from monitor.report.document import document
from monitor.report.html import as_html
from monitor.report.making import Facts, report
from monitor.report.text import as_text
from monitor.report.week import Week
from monitor.stores.base import COLUMNS

load()

ZONE, WEEK = ZoneInfo("Europe/Berlin"), Week(2026, 9)
ORDER, VIEW = "Order Completed", "Product Viewed"
PLAN = Plan(
    questions={
        "sales": Question(name="sales", ask="How much do we sell?", owner="finance"),
        "taste": Question(name="taste", ask="What do people look at?", owner="growth"),
    },
    events={
        ORDER: PlannedEvent(name=ORDER, owner="checkout", priority=Priority.CRITICAL, answers=("sales",)),
        VIEW: PlannedEvent(name=VIEW, owner="growth", answers=("taste",)),
        "Never Sent": PlannedEvent(name="Never Sent"),
    },
)
COMPOSER = Composer(PLAN, kind_of, ZONE, Budget(false_alerts_per_week=1.0))
MADE = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def midnight(day: int) -> dt.datetime:
    """Return local midnight of a day of the week: 0 is its Monday."""
    date = WEEK.monday + dt.timedelta(days=day)
    return dt.datetime.combine(date, dt.time(), ZONE).astimezone(dt.UTC)


def points(*rows):
    """Return daily points of (event, measure, property, {day: value}); 100 messages a day of both events besides."""
    usual = {(event, "rows", ""): dict.fromkeys(range(-77, 7), 100.0) for event in (ORDER, VIEW)}
    for event, measure, prop, days in rows:
        usual.setdefault((event, measure, prop), {}).update(days)
    told = [
        ("web", event, prop, "", measure, "day", int(midnight(day).timestamp()), value)
        for (event, measure, prop), days in usual.items()
        for day, value in days.items()
    ]
    return pd.DataFrame(told, columns=list(COLUMNS))


def incident(check="missing", kind="stopped", event=ORDER, *, days=(3, 7), over=False, prop=None, rows=400.0):
    finding = Finding(
        check=check, kind=kind, event=event, property=prop, source="web", rows=rows, text=f"{event}: gone."
    )
    start, end = map(midnight, days)
    return Incident(
        id=f"inc_{kind}",
        subject=Subject("loss", event, prop),
        state=State.RESOLVED if over else State.OPEN,
        severity=Severity.CRITICAL,
        started=start,
        last_seen=end,
        resolved=end if over else None,
        slice={"source": "web"},
        findings=(finding,),
    )


def made(frame=None, *incidents, facts=None, **changes) -> Report:
    known = Facts(
        week=WEEK,
        zone=ZONE,
        points=points() if frame is None else frame,
        incidents=incidents,
        workspace="production",
        base_url=None,
        monitor=Monitor(budget=1.0, alerts=0),
        seen=Detectability(
            until=midnight(7),
            visible=(Visible(event=ORDER, drop={"hour": None, "day": 0.4, "week": 0.2}, spike={}),),
            unwatched={"Never Sent": Why.NEVER_SEEN},
        ),
    )
    return report(replace(known, **facts or {}), PLAN, COMPOSER, MADE, **changes)


class Tags(HTMLParser):
    """What a browser makes of a page: the names of elements and attributes, and its texts."""

    def __init__(self):
        super().__init__()
        self.seen, self.texts = set(), []

    def handle_starttag(self, tag, attrs):
        self.seen |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data):
        self.texts.append(data.strip())


STOPPED = points((ORDER, "rows", "", dict.fromkeys(range(3, 7), 0.0)))


def test_a_week_as_usual_can_be_trusted():
    week = made()
    assert [verdict.trust for verdict in week.verdicts] == [Trust.YES, Trust.YES]
    assert (week.score.value, week.todo, week.before) == (100.0, (), (100.0,) * 7)
    assert week.sentence == "All 2 questions can be answered with this week's data."


def test_a_stop_makes_the_answer_that_needs_the_event_worthless():
    week = made(STOPPED, incident())
    assert {v.ask: v.trust for v in week.verdicts} == {
        "How much do we sell?": Trust.NO,
        "What do people look at?": Trust.YES,
    }
    (order,) = [row for row in week.rows if row.event == ORDER]
    assert order.lost == pytest.approx(4 / 7)
    assert week.score.value == pytest.approx(100 - 100 * 0.8 * 4 / 7)


@pytest.mark.parametrize(
    ("measure", "fields", "lost"),
    [
        pytest.param(
            "nulls", {"check": "schema", "kind": "required_missing", "prop": "total"}, 20, id="missing values"
        ),
        pytest.param("surplus", {"check": "duplicates", "kind": "exact"}, 20, id="copies"),
        pytest.param(
            "outside.range", {"check": "schema", "kind": "range", "prop": "total"}, 20, id="values out of range"
        ),
        pytest.param("rows", {"check": "volume", "kind": "spike"}, 0, id="a spike takes nothing"),
    ],
)
def test_only_what_an_incident_names_is_lost_and_only_on_its_days(measure, fields, lost):
    days = dict.fromkeys(range(7), 100.0 if measure == "rows" else 10.0)
    week = made(points((ORDER, measure, fields.get("prop", ""), days)), incident(**fields, days=(5, 7)))
    (order,) = [row for row in week.rows if row.event == ORDER]
    assert order.lost * 700 == pytest.approx(lost)


def test_what_came_can_be_wrong_only_once():
    frame = points((ORDER, "nulls", "a", {6: 100.0}), (ORDER, "nulls", "b", {6: 100.0}))
    both = [incident("schema", "required_missing", prop=name, days=(6, 7)) for name in ("a", "b")]
    (order, *_) = made(frame, *both).rows
    assert order.lost <= 1


def test_incidents_of_another_week_take_nothing():
    week = made(None, incident(days=(-20, -10), over=True))
    assert (week.score.value, week.opened, week.repaired) == (100.0, (), ())


def test_what_ended_in_the_week_was_repaired():
    week = made(STOPPED, incident(days=(3, 5), over=True))
    assert [told.title for told in week.repaired] == ["Order Completed stopped on web"]
    assert week.todo == ()


def test_an_owner_sees_only_what_is_theirs():
    week = made(STOPPED, incident(), owner="growth")
    assert [row.event for row in week.rows] == [VIEW]
    assert [verdict.ask for verdict in week.verdicts] == ["What do people look at?"]
    assert week.opened == ()


def test_what_is_planned_and_never_came_is_named():
    assert "Never Sent: it has never come" in as_text(made())


def test_a_week_without_history_says_so():
    empty = pd.DataFrame(columns=list(COLUMNS))
    assert "no messages were due" in as_text(made(empty))


@pytest.mark.parametrize("form", [as_text, as_html], ids=["text", "page"])
def test_every_form_says_what_to_do(form):
    said = form(made(STOPPED, incident()))
    assert "Order Completed stopped on web" in said
    assert "Look at what was released" in said


def test_the_page_needs_no_network_and_no_script():
    page = as_html(made(STOPPED, incident()))
    assert not any(word in page for word in ("<script", "src=", "http://", "https://", "@import"))


def test_hostile_names_are_text_on_the_page():
    nasty = '<script>alert(1)</script>\'; DROP TABLE x;--"onload="'
    frame = points((nasty, "rows", "", dict.fromkeys(range(7), 5.0)))
    page = Tags()
    page.feed(as_html(made(frame, incident(event=nasty))))
    assert page.seen.isdisjoint({"script", "onload"})
    assert nasty in page.texts


def test_json_has_the_same_numbers():
    told = json.loads(json.dumps(document(made(STOPPED, incident()))))
    assert told["week"] == "2026-W09"
    assert told["questions"][0] | {"score": None} == {
        "ask": "How much do we sell?",
        "owner": "finance",
        "trust": "no",
        "score": None,
        "incidents": ["inc_stopped"],
    }
    assert told["score"]["taken"]["inc_stopped"] == pytest.approx(100 - told["score"]["value"])


@pytest.mark.parametrize("text", ["2026-9", "2026-W60", "last", "", "2026-W00"])
def test_what_is_no_week_is_told_how_to_write_one(text):
    with pytest.raises(UsageError, match="write it as 2026-W09"):
        Week.parse(text)


def test_a_week_of_a_change_of_clocks_has_167_hours():
    span = Week.parse("2026-W13").span(ZONE)
    assert span.end - span.start == dt.timedelta(hours=167)


# ── the score by source ────────────────────────────────────────────────────────────────────────────────────────────


def on_sources(web, ios, *more):
    """Return daily points of one event from two sources: {day: messages} where not a hundred."""
    frames = []
    for source, days in (("web", web), ("ios", ios)):
        frame = points((ORDER, "rows", "", days), *more)
        frames.append(frame[frame["event"] == ORDER].assign(source=source))
    return pd.concat(frames)


def part(week, name):
    return next(each for each in week.sources if each.name == name)


def test_a_loss_on_one_source_is_taken_from_that_source_alone():
    week = made(on_sources(dict.fromkeys(range(3, 7), 0.0), {}), incident())
    assert part(week, "web").score.value == pytest.approx(100 - 100 * 4 / 7)
    assert part(week, "ios").score.value == 100
    assert week.lift(part(week, "web").score) == "57.1 points: Order Completed stopped on web"


def test_what_is_seen_on_all_sources_together_is_shared_by_what_each_lost():
    everywhere = replace(incident(), slice={}, subject=Subject("loss", ORDER))
    week = made(on_sources({6: 0.0}, {6: 70.0}), everywhere)
    lost = {name: 100 - part(week, name).score.value for name in ("web", "ios")}
    assert lost == pytest.approx({"web": 100 / 7, "ios": 30 / 7})


# ── how fast, who, what is watched ─────────────────────────────────────────────────────────────────────────────────


def test_how_long_it_took_to_find_and_to_repair_is_said():
    quick = replace(incident(days=(1, 2), over=True), found=midnight(1) + dt.timedelta(hours=6))
    slow = replace(incident(kind="drop", check="volume", days=(2, 6)), found=midnight(4))
    week = made(None, quick, slow)
    assert (week.detected.count, week.detected.longest) == (2, dt.timedelta(days=2))
    assert "Repaired 24 hours after it began." in as_text(week)


def test_who_has_something_open_comes_first():
    week = made(STOPPED, incident())
    assert [(each.name, each.open) for each in week.owners] == [("checkout", ("inc_stopped",)), ("growth", ())]


def test_the_smallest_loss_of_a_critical_event_that_is_seen_is_said():
    assert "Order Completed: within a day 40 %, a week 20 %" in as_text(made())


def test_what_is_seen_is_not_made_up_before_a_run_has_worked_it_out():
    said = as_text(made(facts={"seen": None}))
    assert "3 events are planned; 1 without an owner. Which are watched is not computed yet" in " ".join(said.split())


def test_an_event_whose_table_cannot_be_read_is_not_watched():
    broken = incident(check="operations", kind="table_unreadable")
    assert made(None, broken).coverage.unwatched[0].why == "its table cannot be read"


def test_a_week_is_kept_as_it_was_made():
    week = made(STOPPED, incident(), incident(days=(1, 2), over=True))
    assert Report.from_json(json.loads(json.dumps(week.to_json()))) == week
