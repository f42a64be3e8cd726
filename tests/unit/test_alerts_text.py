from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.message import Bullets, Chart, Facts, Link, Reason, Severity, Text
from monitor.alerts.text import as_text, headline
from monitor.alerts.tidy import MOST_BULLETS, one_line, tidy
from monitor.testing import example, resolved

EVERYTHING = """\
🔴 Order Completed stopped on ios
New problem, critical · Mon 2 Mar 2026, 20:00 UTC

No Order Completed from ios since Mon 14:00; 410 to 552 an hour were expected.

Since     Mon 2 Mar, 14:00
Observed  0
Expected  2,610 to 3,170

Endangers: What drives conversion from product view to purchase?

What to do next
- Compare app 5.2.1 with 5.2.0.
- Look whether orders reach the server.

Open the incident: https://trackwatch.example/incidents/inc_1
"""


def test_an_alert_reads_as_plain_text():
    assert as_text(example()) == EVERYTHING


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        pytest.param({"severity": Severity.WARNING, "reason": Reason.WORSE}, "🟠", id="a warning is orange"),
        pytest.param({"severity": Severity.INFO, "reason": Reason.TEST}, "🔵", id="information is blue"),
        pytest.param({"reason": Reason.RESOLVED}, "🟢", id="what is over is green, however bad it was"),
    ],
)
def test_the_mark_shows_how_much_it_matters(changes, start):
    assert as_text(example(**changes)).startswith(start)


@pytest.mark.parametrize(
    ("reason", "title", "told"),
    [
        pytest.param(Reason.OPENED, "x stopped", "x stopped", id="news is the title"),
        pytest.param(Reason.WORSE, "x stopped", "Got worse: x stopped", id="worse is said"),
        pytest.param(Reason.RESOLVED, "x stopped", "Resolved: x stopped", id="recovery is said"),
        pytest.param(Reason.RESOLVED, "Resolved after 3 h: x", "Resolved after 3 h: x", id="but not twice"),
    ],
)
def test_the_headline_says_what_changed(reason, title, told):
    assert headline(example(reason=reason, title=title)) == told


def test_what_is_over_is_no_longer_called_critical():
    assert "\nResolved · " in as_text(resolved())


def test_lines_are_wrapped_but_links_are_not():
    url = "https://trackwatch.example/" + "x" * 100
    lines = as_text(example(blocks=(Text("word " * 60), Link("See", url))), width=60).splitlines()
    assert max(len(line) for line in lines if url not in line) <= 60
    assert f"See: {url}" in lines


def test_a_chart_becomes_its_sparkline_and_its_sentence():
    text = as_text(example(blocks=(), chart=Chart(b"", "0 since Monday.", "▇▇▁▁")))
    assert text.endswith("\n\n▇▇▁▁\n0 since Monday.\n")


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        pytest.param("a\x1b[2Jb", "a\ufffd[2Jb", id="a terminal escape"),
        pytest.param("a\r\nBcc: b", "a Bcc: b", id="a header on a new line"),
        pytest.param("a\u202etxt.exe", "a\ufffdtxt.exe", id="a reversed writing direction"),
        pytest.param("a\ud800b", "a\ufffdb", id="half a surrogate pair"),
        pytest.param("a\x00b", "a\ufffdb", id="a null"),
        pytest.param("👩‍💻 注文", "👩‍💻 注文", id="an emoji of several parts and Japanese stay"),
    ],
)
def test_names_from_events_are_made_harmless(hostile, harmless):
    assert one_line(hostile) == harmless


def test_a_link_that_leads_off_the_web_becomes_text():
    assert tidy(example(blocks=(Link("See", "javascript:alert(1)"),))).blocks == (Text("See: javascript:alert(1)"),)


def test_what_is_left_out_is_counted():
    [bullets] = tidy(example(blocks=(Bullets(("x",) * 10_000),))).blocks
    assert len(bullets.lines) == MOST_BULLETS
    assert bullets.shown()[-1] == "… and 9,960 more"


@given(st.text(), st.text(max_size=300), st.lists(st.text(), max_size=60))
def test_tidying_twice_changes_nothing(title, fact, lines):
    once = tidy(
        example(title=title, blocks=(Text(fact), Facts(((fact, title),)), Bullets(tuple(lines)), Link(fact, fact)))
    )
    assert tidy(once) == once


@given(st.text(), st.text())
def test_any_text_can_be_written_as_utf8(title, fact):
    as_text(example(title=title, summary=fact, blocks=(Text(fact), Facts(((title, fact),))))).encode()
