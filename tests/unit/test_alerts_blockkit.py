from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.blockkit import MOST_BLOCKS, MOST_CHARACTERS, as_blocks, as_line, cut_markup, escape
from monitor.alerts.message import Bullets, Facts, Link, Text
from monitor.testing import example
from monitor.testing.slack import check_blocks

LONG = "<!channel> & " + "Order Completed " * 300
FLOOD = example(
    title=LONG,
    summary=LONG,
    blocks=(
        Facts(((LONG, LONG),) * 60),
        Text(LONG * 20),
        Bullets((LONG,) * 10_000),
        Link(LONG, "https://x.example/" + "y" * 4000),
    )
    * 30,
)

words = st.text(max_size=60)
blocks = st.one_of(
    st.builds(Text, st.text(max_size=4000)),
    st.builds(Facts, st.lists(st.tuples(words, words), max_size=25).map(tuple)),
    st.builds(Bullets, st.lists(words, max_size=60).map(tuple)),
    st.builds(Link, words, words),
)


def characters(kit):
    return sum(len(part["text"]) for part in texts(kit))


def texts(kit):
    for block in kit:
        yield from [block["text"]] if "text" in block else []
        yield from [*block.get("fields", ()), *block.get("elements", ())]


def test_everything_failing_at_once_stays_inside_the_limits():
    kit = as_blocks(FLOOD, "<@U0CHECKOUT>")
    assert check_blocks(kit) is None
    assert len(kit) <= MOST_BLOCKS
    assert characters(kit) <= MOST_CHARACTERS


def test_what_was_cut_is_said():
    assert "was shortened" in json.dumps(as_blocks(FLOOD))
    assert "was shortened" not in json.dumps(as_blocks(example()))


def test_ten_thousand_findings_are_counted():
    assert "… and 9,9" in json.dumps(as_blocks(example(blocks=(Bullets((LONG,) * 10_000),))), ensure_ascii=False)


@settings(max_examples=60, deadline=None)
@given(words, words, st.lists(blocks, max_size=60).map(tuple))
def test_no_message_is_refused(title, summary, some):
    assert check_blocks(as_blocks(example(title=title, summary=summary, blocks=some))) is None


@pytest.mark.parametrize(
    "name", ["<!channel>", "<@U012345>", "<https://evil.example|click>", "<!subteam^S01>", "&lt;!here>"]
)
def test_a_name_calls_nobody(name):
    hostile = example(title=name, summary=name, blocks=(Text(f"**{name}**"), Facts(((name, name),)), Bullets((name,))))
    markup = [part["text"] for part in texts(as_blocks(hostile)) if part["type"] == "mrkdwn"]
    assert not any("<" in text for text in [*markup, as_line(hostile)])


def test_names_are_not_turned_into_links_or_emoji():
    assert all(part.get("verbatim") or part.get("emoji") is False for part in texts(as_blocks(example())))


def test_the_bullets_share_a_section_with_their_heading():
    assert "*What to do next*\\n• Compare app" in json.dumps(as_blocks(example()), ensure_ascii=False)


@given(st.text(alphabet="a<>&", max_size=30).map(escape), st.integers(1, 40))
def test_markup_is_never_cut_inside_an_entity(markup, most):
    kept = cut_markup(markup, most)
    assert len(kept) <= most
    assert kept.count("&") == kept.count(";")
