"""Are reports kept as they were sent, each at an address of its own, and by nobody else than who may see them?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import html5lib
import pytest

from monitor.history.memory import Memory
from monitor.report import current
from monitor.report.sending import send, send_to_owner
from monitor.report.week import Week
from monitor.reporting import Reporting
from monitor.timetable import Timetable
from monitor.web.app import create_app

NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)
HOSTILE = "<script>document.title='owned'</script>'; DROP TABLE incident;--"
WEEK, OWNER = Week.parse("2026-W09"), "checkout@acme.example"


@pytest.fixture
def sent(pages):
    """Return the pages of an installation that has sent its report of a week, and one owner's."""
    made = pages()
    config = replace(made.config, reporting=Reporting(Timetable(), ("team",)))
    send(made.memory, config, WEEK, NOW)
    send_to_owner(made.memory, config, WEEK, NOW, OWNER, again=False)
    return made


def test_the_archive_lists_what_was_sent_to_whom_with_its_verdict(sent):
    page = sent.client.get("/reports").text
    assert "<p>Of 2 questions, " in page
    assert "sent Mon 2 Mar, 13:20" in page
    assert "/reports/2026-W09?owner=checkout@acme.example" in page
    assert "not kept: made of what is remembered now" in page


def test_a_report_stays_as_it_was_sent_whatever_happens_later(sent, monkeypatch):
    monkeypatch.setattr("monitor.web.weeks.report_of", None)
    for address in ("/reports/2026-W09", "/reports/2026-W09/mail", f"/reports/2026-W09?owner={OWNER}"):
        assert "Order Completed stopped on ios" in sent.client.get(address).text
    assert "As it was sent, Mon 2 Mar, 13:20" in sent.client.get("/reports/2026-W09").text


def test_an_owner_sees_only_what_is_theirs(sent):
    page = sent.client.get(f"/reports/2026-W09?owner={OWNER}").text
    assert "Order Completed" in page
    assert "DROP TABLE" not in page


@pytest.mark.parametrize(
    "address",
    ["/reports/2026-W09?owner=stranger", "/reports/1999-W01", "/reports/last", "/reports/2026-W09/mail?owner=stranger"],
)
def test_what_was_never_made_is_not_found(sent, address):
    assert sent.client.get(address).status_code == 404


def test_every_section_is_valid_html_and_hostile_names_are_text_in_it(sent):
    for address in ("/reports", "/reports/2026-W09", "/reports/2026-W09/mail", "/reports/2026-W09?owner=nobody"):
        page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(sent.client.get(address).text)
        assert all(each.get("src") for each in page.iter("script"))
    assert HOSTILE in " ".join(page.itertext())


def test_what_one_process_made_another_need_not_make(pages, monkeypatch):
    made = pages()
    made.client.get("/")
    monkeypatch.setattr(current, "report_of", None)
    other = create_app(made.config, Memory(made.config.state_url, "production"), lambda: NOW)
    assert "Order Completed stopped on ios" in other.test_client().get("/").text
