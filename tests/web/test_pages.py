"""Do the pages say what is so, to everybody, whatever events are called?"""

from __future__ import annotations

import datetime as dt
import html
import re
from urllib.parse import quote, unquote

import html5lib
import pytest

from checks.base import Altered
from monitor import changes
from monitor.actions import Verb
from monitor.history.memory import Memory
from monitor.incidents import State
from monitor.report import current
from monitor.web.app import create_app, prepare

NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)
HOSTILE = "<script>document.title='owned'</script>'; DROP TABLE incident;--"
AWKWARD = "a//b/../c?d=e#f%2F"


def token(page: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def crawled(client) -> dict[str, str]:
    """Return every page that can be reached from the first one, by its address."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        with client.get(path) as answer:
            assert answer.status_code == 200, path
            found[path] = answer.text if answer.mimetype == "text/html" else ""
        links = {html.unescape(link) for link in re.findall(r'href="(/[^"]*)"', found[path])}
        waiting += sorted(links - found.keys() - set(waiting))
    return found


@pytest.fixture
def press(pages):
    """Return `press(made, verb, **fields)`: the page after a button of the incident of orders was pressed."""

    def do(made, verb, **fields):
        client, path = made.client, f"/incidents/{made.incident('Order Completed')}"
        form = {"verb": verb, "csrf_token": token(client.get(path).text), **fields}
        return client.post(path, data=form, follow_redirects=True).text

    return do


def test_every_link_leads_to_a_page_of_valid_html(pages):
    found = crawled(pages().client)
    assert {"/", "/incidents", "/plan", "/reports", "/runs", "/deliveries"} <= found.keys()
    assert HOSTILE in {unquote(path).removeprefix("/events/") for path in found}
    for path, page in found.items():
        if page:
            html5lib.HTMLParser(strict=True).parse(page)
            ids = re.findall(r'\sid="([^"]+)"', page)
            assert len(ids) == len(set(ids)), path


def test_names_are_text_on_every_page(pages):
    for path, page in crawled(pages().client).items():
        elements = list(html5lib.parse(page, namespaceHTMLElements=False).iter())
        assert not [each.attrib for each in elements if each.tag == "img"], path
        made = {each.text for each in elements if each.tag in {"script", "b", "i"}}
        assert not made & {"document.title='owned'", "reach", "Whom", "gross"}, path


def test_the_overview_says_which_questions_can_be_answered_and_why_not(pages):
    page = pages().client.get("/").text
    assert "How much do we sell?" in page
    assert "Order Completed stopped on ios" in page


def test_an_incident_shows_what_was_seen_and_what_was_expected(pages):
    made = pages()
    page = made.client.get(f"/incidents/{made.incident('Order Completed')}").text
    assert "Order Completed stopped on ios" in page
    assert 'data-chart="{' in page
    assert page.count("<td>wrong</td>") == 29, "each silent hour that is judged is a row of the table"
    assert "How it was decided" in page


@pytest.mark.parametrize(
    ("verb", "fields", "state"),
    [
        pytest.param("acknowledge", {}, State.ACKNOWLEDGED, id="acknowledge"),
        pytest.param("snooze 1d", {}, State.SNOOZED, id="snooze for a day"),
        pytest.param("snooze until", {"until": "2026-04-01T09:00"}, State.SNOOZED, id="snooze until a time"),
        pytest.param("resolve", {}, State.RESOLVED, id="resolve"),
        pytest.param("noise", {"note": "a <b>sale</b>"}, State.ACKNOWLEDGED, id="noise"),
        pytest.param("useful", {}, State.OPEN, id="useful"),
        pytest.param("note", {"note": "a <b>sale</b>"}, State.OPEN, id="note"),
    ],
)
def test_a_button_does_what_it_says_and_the_timeline_shows_it(pages, press, verb, fields, state):
    made = pages()
    name = made.incident("Order Completed")
    page = press(made, verb, **fields)
    (action,) = made.memory.actions(name)
    assert (action.verb, action.note) == (Verb(verb.split()[0]), fields.get("note", ""))
    assert made.memory.incident(name).state is state
    assert "somebody at this machine" in page
    assert html.escape(fields.get("note", "")) in page


def test_what_somebody_resolved_is_not_open_any_more(pages, press):
    made = pages()
    link = f'href="/incidents/{made.incident("Order Completed")}"'
    before = made.client.get("/").text.count(link)
    press(made, "resolve")
    assert (made.client.get("/").text.count(link), made.client.get("/incidents").text.count(link)) == (before - 1, 0)


@pytest.mark.parametrize(
    ("verb", "fields", "said"),
    [
        pytest.param("snooze until", {"until": "2020-01-01T09:00"}, "needs a time to come", id="a time that is over"),
        pytest.param("snooze until", {"until": "soon"}, "needs a time to come", id="no time"),
        pytest.param("note", {"note": " "}, "needs words", id="a note without words"),
        pytest.param("delete", {}, "not something that can be done", id="an invented verb"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_done(pages, press, verb, fields, said):
    made = pages()
    assert said in press(made, verb, **fields)
    assert made.memory.actions() == ()


def test_the_event_page_has_what_was_promised_and_what_happened(pages):
    page = pages().client.get("/events/Order Completed").text
    for said in ("A customer paid.", "checkout@acme.example", "How much do we sell?", "With tax.", "number, required"):
        assert said in page
    assert html.escape("total is <i>gross</i>") in page
    assert 'data-chart="{' in page


def test_the_event_page_has_what_changed_in_the_store(pages):
    made = pages()
    what = Altered("Order Completed", "web", "Order Completed on web: lost <b>tax</b>", NOW, NOW)
    made.memory.put_snapshot(changes.NAME, NOW, changes.Changes((what,)).to_json())
    page = made.client.get("/events/Order Completed").text
    assert "Mon 2 Mar 2026: Order Completed on web: lost &lt;b&gt;tax&lt;/b&gt;" in page


@pytest.mark.parametrize("path", [f"/events?name={quote(AWKWARD, safe='')}", f"/events/{quote(AWKWARD, safe='')}"])
def test_an_event_has_a_page_whatever_it_is_called(pages, path):
    page = pages().client.get(path)
    assert page.status_code == 200
    assert "Nobody planned this event" in page.text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("paid", True),
        ("CHECKOUT@acme", True),
        ("with tax", True),
        ("how much sell", True),
        ("order refund", False),
    ],
)
def test_the_plan_is_found_by_any_of_its_words(pages, words, found):
    page = pages().client.get("/plan", query_string={"q": words}).text
    assert ('href="/events/Order%20Completed"' in page) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True),
        ({"state": "resolved"}, False),
        ({"state": "all", "q": "checkout@acme stopped"}, True),
        ({"q": "refund"}, False),
        ({"from": "-5"}, True),
        ({"from": "many"}, True),
    ],
)
def test_incidents_are_filtered_by_the_address(pages, query, found):
    page = pages().client.get("/incidents", query_string=query).text
    assert ("Order Completed stopped on ios" in page) is found


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/inc_nothing",
        "/events/Nothing",
        "/events?name=",
        "/questions/none",
        "/reports/2026-W99",
        "/reports/2019-W01",
    ],
)
def test_what_is_not_there_is_said(pages, path):
    answer = pages().client.get(path)
    assert answer.status_code == 404
    assert "<h1>Not Found</h1>" in answer.text


def test_a_report_is_there_as_a_page_and_as_it_is_mailed(pages):
    client = pages().client
    assert "Order Completed stopped on ios" in client.get("/reports/2026-W09").text
    mailed = client.get("/reports/2026-W09/mail")
    assert "Data quality of production" in mailed.text
    assert "script-src" not in mailed.headers["Content-Security-Policy"]


def test_after_a_run_the_first_page_is_ready(pages, monkeypatch):
    made = pages()
    prepare(made.app)
    monkeypatch.setattr(current, "report_of", None)  # what is ready is not gathered again
    assert "Order Completed stopped on ios" in made.client.get("/").text


def test_before_the_first_run_the_pages_say_so(pages, tmp_path):
    made = pages()
    empty = Memory(f"sqlite:///{tmp_path}/empty.db", "production")
    app = create_app(made.config, empty, lambda: NOW)
    prepare(app)
    found = crawled(app.test_client())
    assert "Nothing has been judged yet" in found["/"]
