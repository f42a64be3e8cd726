from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.html import as_html
from monitor.alerts.message import Bullets, Chart, Facts, Link, Text
from monitor.testing import example, resolved

HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(1)> '; DROP TABLE tracks;--"


class Elements(HTMLParser):
    """Collects the elements of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


def everywhere(text):
    blocks = (
        Text(f"**Name** {text}"),
        Facts(((text, text),)),
        Bullets((text,)),
        Link(text, "https://trackwatch.example/x"),
    )
    return example(title=text, summary=text, incident=text, blocks=blocks, chart=Chart(b"x", text))


def tags(page):
    return [tag for tag, _ in Elements(page).found]


def test_a_name_cannot_add_an_element():
    assert tags(as_html(everywhere(HOSTILE))) == tags(as_html(everywhere("x")))


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_characters="*"), max_size=40))
def test_no_text_can_add_an_element(text):
    assert tags(as_html(everywhere(f"x{text}"))) == tags(as_html(everywhere("x")))


def test_a_name_is_shown_as_it_is():
    assert HOSTILE in Elements(as_html(everywhere(HOSTILE))).text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://x.example/\"onclick='x"])
def test_only_links_to_the_web_can_be_followed(url):
    assert not Elements(as_html(example(blocks=(Link("See", url),)))).named("a")


def test_nothing_is_loaded_from_elsewhere():
    page = Elements(as_html(example(chart=Chart(b"x", "0 since Monday"))))
    assert [image["src"] for image in page.named("img")] == ["cid:chart"]
    assert not page.named("link") + page.named("script")


def test_the_chart_says_in_words_what_it_shows():
    [image] = Elements(as_html(example(chart=Chart(b"x", "0 since Monday")))).named("img")
    assert image["alt"] == "0 since Monday"


def test_rules_are_written_into_elements_and_dark_mode_stays_a_rule():
    page = as_html(example())
    assert "prefers-color-scheme: dark" in page
    assert all("style" in cell for cell in Elements(page).named("td") if cell.get("class"))


def test_the_first_words_of_the_body_are_the_preview():
    page = as_html(example())
    assert page.index("New problem, critical: No Order Completed") < page.index("<table")


def test_what_is_over_is_green():
    assert "#15803d" in as_html(resolved())
    assert "#c81e1e" not in as_html(resolved())


def test_the_same_message_is_the_same_page():
    assert as_html(example()) == as_html(example())
