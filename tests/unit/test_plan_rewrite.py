"""Does a plan that grows keep every character that was in it?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.plan import Change, Plan, PlannedEvent, PlannedProperty
from monitor.errors import ConfigError, UsageError
from monitor.plan.load import parse_plan, read_plan
from monitor.plan.merge import save, with_changes, with_plan
from monitor.plan.rewrite import with_items, with_members, with_value, without_member

PLAN = """\
# what we promised
version: 3   # counts up

events:
  # ── buying ──
  Order Completed:   # the important one
    properties:
      total: {type: number}   # in euros

      # ids
      order_id: string

  # ── the rest ──
  Signed Up: {description: "An 'account'"}
  Left:

# newest first
changes:
  - {version: 3, what: b}
  - {version: 2, what: a}
# the end
"""


def keeps(before: str, after: str) -> bool:
    """Say whether all characters of a text are in another one, in their order."""
    rest = iter(after)
    return all(character in rest for character in before)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param((), "note: {a: string}", id="at the top"),
        pytest.param(("events",), "    a: string", id="a block"),
        pytest.param(("events", "Order Completed", "properties"), "      note: {a: string}", id="a block in it"),
        pytest.param(
            ("events", "Signed Up"), "  Signed Up: {description: \"An 'account'\", note: {a: string}}", id="braces"
        ),
        pytest.param(("events", "Left"), "  Left: {note: {a: string}}", id="nothing yet"),
        pytest.param(("events", "Left", "properties"), "  Left: {properties: {note: {a: string}}}", id="a new block"),
    ],
)
def test_what_is_added_stands_where_it_belongs_and_nothing_else_changes(path, line):
    after = with_members(PLAN, path, {"note": {"a": "string"}})
    assert line in after.splitlines()
    assert keeps(PLAN, after)


def test_an_addition_to_a_block_stands_before_the_comment_that_follows_it():
    after = with_members(PLAN, ("events", "Order Completed", "properties"), {"coupon": "string"})
    assert "      order_id: string\n      coupon: string\n\n  # ── the rest ──\n" in after


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (True, "changes:\n  - {what: c}\n  - {version: 3, what: b}\n"),
        (False, "  - {version: 2, what: a}\n  - {what: c}\n# the end\n"),
    ],
    ids=["newest first", "newest last"],
)
def test_an_item_is_added_at_either_end_of_a_list(first, expected):
    assert expected in with_items(PLAN, ("changes",), [{"what": "c"}], first=first)


@pytest.mark.parametrize("before", ["changes: []", "changes: [{what: a}]", "changes:", "version: 1", ""])
def test_an_item_is_added_to_a_list_in_any_form(before):
    after = with_items(before, ("changes",), [{"what": "c"}], first=False)
    assert parse_plan([("p", after.encode())]).plan.changes[-1] == Change(what="c")


def test_a_plain_value_is_replaced():
    assert with_value(PLAN, ("version",), 4) == PLAN.replace("version: 3   #", "version: 4   #")


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_stay_as_they_are(end):
    text = PLAN.replace("\n", end)
    after = with_members(text, ("events",), {"E": {"description": "d", "properties": {"a": "string"}}})
    assert after.count("\n") == after.count(end)
    assert keeps(text, after)


def test_an_alias_is_not_grown_in_the_place_that_it_stands_for():
    text = "events:\n  A: &a {description: x}\n  B: *a\n"
    with pytest.raises(UsageError, match="line 3: 'B' is an alias, so what it stands for cannot grow; write it out"):
        with_members(text, ("events", "B"), {"owner": "me"})


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(str.strip).filter(bool)


@settings(deadline=None, max_examples=60)
@given(names=st.lists(words, min_size=1, unique=True), own=st.lists(words, min_size=1, unique=True))
def test_a_plan_with_another_has_all_events_of_both_and_all_that_was_written(names, own, tmp_path_factory):
    file = tmp_path_factory.getbasetemp() / "grows.yml"
    file.write_text(PLAN, "utf-8", newline="")
    events = {
        name: PlannedEvent(name=name, properties={each: PlannedProperty(name=each) for each in own})
        for name in [*names, "Order Completed", "Left"]
    }
    save(read_plan(file), with_plan(read_plan(file), Plan(events=events)))
    after = read_plan(file).plan.events
    assert set(after) == {*names, "Order Completed", "Signed Up", "Left"}
    assert all(set(own) <= set(after[name].properties) for name in events)
    assert keeps(PLAN, file.read_bytes().decode())


def test_changes_are_written_once(tmp_path: Path):
    file = tmp_path / "plan.yml"
    file.write_bytes(b"\xef\xbb\xbf" + PLAN.encode())
    change = Change(version=4, date=dt.date(2026, 3, 1), event="Left", what="new", why="they do")
    for _ in range(2):
        written = read_plan(file)
        save(written, with_changes(written, [change], 4))
    assert (read_plan(file).plan.version, read_plan(file).plan.changes[0]) == (4, change)
    assert file.read_bytes().count(b"why: they do") == 1
    assert file.read_bytes().startswith(b"\xef\xbb\xbf# what")


def test_nothing_is_written_that_is_no_plan(tmp_path: Path):
    file = tmp_path / "plan.yml"
    file.write_text(PLAN)
    with pytest.raises(ConfigError):
        save(read_plan(file), {file: "events: [a"})
    assert file.read_text() == PLAN


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        pytest.param("a: 1\nb: 2  # two\nc: 3\n", ("b",), "a: 1\nc: 3\n", id="a line"),
        pytest.param("a:\n  x: 1\n  y: 2\nb: 3\n", ("a", "y"), "a:\n  x: 1\nb: 3\n", id="the last line of a block"),
        pytest.param("a:\n  x: 1\nb: 3\n", ("a", "x"), "a:\n  {}\nb: 3\n", id="the only one"),
        pytest.param("a: {x: 1}\n", ("a", "x"), "a: {}\n", id="the only one between braces"),
        pytest.param("a: {x: 1, y: [2], z: 3}\n", ("a", "y"), "a: {x: 1, z: 3}\n", id="between braces"),
        pytest.param("a: {x: 1, y: 2}\n", ("a", "x"), "a: {y: 2}\n", id="the first between braces"),
        pytest.param("a: 1\r\nb: 2\r\n", ("a",), "b: 2\r\n", id="line ends stay"),
        pytest.param("a: 1\n", ("b", "c"), "a: 1\n", id="what is not there"),
    ],
)
def test_a_name_is_taken_out_and_nothing_else_changes(before, path, after):
    assert without_member(before, path) == after


def test_with_the_last_property_goes_the_block_that_held_it():
    text = "events:\n  A:\n    owner: me\n    properties:\n      x: string\n  B: {}\n"
    assert without_member(text, ("events", "A", "properties", "x")) == "events:\n  A:\n    owner: me\n  B: {}\n"
