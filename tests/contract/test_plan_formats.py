"""Does each format give back all of a plan that it can hold, and name the rest?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.plan import (
    CALLS,
    After,
    Change,
    Deprecation,
    Plan,
    PlannedEvent,
    PlannedProperty,
    Priority,
    Question,
    Ratio,
)
from monitor.plan.exporters import exporters
from monitor.plan.foreign import read_foreign
from monitor.plan.holding import held, losses
from monitor.plan.importers import import_plan, importers
from monitor.plan.lint import RULES
from monitor.plan.load import parse_plan
from monitor.plan.readers import FORMATS
from monitor.plan.write import plan_text

DOCUMENT = (Path(__file__).parents[2] / "docs" / "plan.md").read_text("utf-8")
READ_BACK = ["csv", "segment"]
TYPES = ["string", "integer", "number", "boolean", "datetime", "object", "array"]
PATTERNS = ["^[A-Z]{3}-[0-9]+$", "a|b", "'quoted' \"twice\"", r"\d\\", "no"]
characters = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(list("|,;=\\.[]'\"#:{}&*- no12"))
words = st.text(characters, min_size=1, max_size=12).map(str.strip).filter(bool)
texts = st.one_of(st.just(""), words, st.text(characters | st.just("\n"), max_size=20))
dates = st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31))
names = st.lists(words, max_size=3, unique=True).map(tuple)
deprecations = st.none() | st.builds(Deprecation, since=st.none() | dates, use=st.none() | words)
numbers = st.none() | st.integers(-(10**12), 10**12).map(float) | st.floats(-1e9, 1e9)
lengths = st.none() | st.integers(0, 10**6)
labels = st.dictionaries(words, texts.map(str.strip), max_size=3)


def ordered(low, high):
    return (high, low) if low is not None and high is not None and low > high else (low, high)


@st.composite
def properties(draw, name, depth=2):
    """A property with everything that suits its type."""
    several = tuple(draw(st.lists(st.sampled_from(TYPES), max_size=3, unique=True)))
    types = several if len(several) > 1 else ()
    kind = "any" if len(several) != 1 else several[0]
    kinds = set(types) or {kind}

    def suits(*wanted):
        return bool(kinds & {*wanted, "any"})

    low, high = ordered(draw(numbers), draw(numbers)) if suits("integer", "number") else (None, None)
    short, long = ordered(draw(lengths), draw(lengths)) if suits("string", "array") else (None, None)
    inner = st.none() if not depth or not suits("array") else st.none() | properties(name, depth - 1)
    members = suits("object") and depth > 0
    return PlannedProperty(
        name=name,
        description=draw(texts),
        type=kind,
        types=types,
        nullable=draw(st.booleans()),
        required=draw(st.booleans()),
        required_from=draw(names),
        required_when=draw(
            st.dictionaries(words, st.lists(words, min_size=1, max_size=2, unique=True).map(tuple), max_size=2)
        ),
        sources=draw(names),
        key=draw(st.booleans()),
        enum=tuple(
            draw(
                st.lists(
                    st.text(characters, max_size=8) | st.sampled_from(["1", "1.5", "true"]), max_size=3, unique=True
                )
            )
        ),
        pattern=draw(st.none() | st.sampled_from(PATTERNS)) if suits("string", "datetime") else None,
        format=draw(st.none() | st.sampled_from(FORMATS)) if suits("string") else None,
        min=low,
        max=high,
        min_length=short,
        max_length=long,
        unit=draw(st.none() | words),
        constant=draw(st.booleans()),
        personal=draw(st.booleans()),
        deprecated=draw(deprecations),
        closed=draw(st.booleans()) if members else False,
        properties=draw(members_of(depth - 1)) if members else {},
        items=draw(inner),
    )


@st.composite
def members_of(draw, depth):
    return {name: draw(properties(name, depth)) for name in draw(st.lists(words, max_size=3, unique=True))}


def afters(named):
    times = st.integers(1, 24 * 31).map(lambda hours: dt.timedelta(hours=hours))
    shares = st.none() | st.integers(1, 100).map(lambda percent: percent / 100)
    return st.builds(After, event=st.sampled_from(named), within=times, at_least=shares)


def ratios(named):
    low, high = (st.none() | st.integers(*ends).map(lambda tenths: tenths / 10) for ends in ((1, 10), (10, 99)))
    return st.builds(Ratio, of=st.sampled_from(named), to=st.sampled_from(named), min=low, max=high)


@st.composite
def events(draw, name, asked, named):
    roles = draw(st.dictionaries(words, st.just("") | words, max_size=3))
    return PlannedEvent(
        name=name,
        call=draw(st.sampled_from(CALLS)),
        version=draw(st.sampled_from(["", "1", "2", "1-0-2", "007"])),
        description=draw(texts),
        owner=draw(st.none() | words),
        priority=draw(st.sampled_from(list(Priority))),
        sources=roles,
        answers=tuple(draw(st.lists(st.sampled_from(asked), unique=True))) if asked else (),
        action=draw(texts),
        labels=draw(labels),
        deprecated=draw(deprecations),
        expires=draw(st.none() | dates),
        closed=draw(st.booleans()),
        after=tuple(draw(st.lists(afters(named), max_size=2))),
        ratio=tuple(draw(st.lists(ratios(named), max_size=2))),
        properties=draw(members_of(2)),
    )


@st.composite
def plans(draw):
    asked = draw(st.lists(words, max_size=2, unique=True))
    named = draw(st.lists(words | st.sampled_from(CALLS), min_size=1, max_size=3, unique=True))
    question = st.builds(Question, name=st.just(""), ask=words, owner=st.none() | words, reviewed=st.none() | dates)
    change = st.builds(
        Change, what=words, why=texts, version=st.none() | st.integers(0, 99), date=st.none() | dates,
        event=st.none() | words, property=st.none() | words,
    )  # fmt: skip
    return Plan(
        name=draw(texts),
        description=draw(texts),
        version=draw(st.integers(0, 999)),
        questions={name: replace(draw(question), name=name) for name in asked},
        events={name: draw(events(name, asked, named)) for name in named},
        changes=tuple(draw(st.lists(change, max_size=2))),
    )


def read_back(text: str, suffix: str, folder) -> Plan:
    file = folder / f"plan.{suffix}"
    file.write_text(text, "utf-8", newline="")
    return import_plan([file]).plan


@settings(deadline=None, max_examples=40)
@given(plan=plans())
def test_a_plan_that_is_written_and_read_is_the_same_plan(plan):
    assert parse_plan([("plan.yml", plan_text(plan).encode())]).plan == plan


@pytest.mark.parametrize("name", READ_BACK)
@settings(deadline=None, max_examples=40)
@given(plan=plans())
def test_export_then_import_loses_only_what_the_format_has_no_place_for(name, plan, tmp_path_factory):
    exporter = exporters()[name]
    back = read_back(exporter.text(plan), exporter.SUFFIX, tmp_path_factory.getbasetemp())
    kept = held(plan, exporter.HOLDS)
    assert back == kept


@pytest.mark.parametrize("name", sorted(exporters()))
@settings(deadline=None, max_examples=15)
@given(plan=plans())
def test_what_is_lost_is_named_and_nothing_else(name, plan):
    holds = exporters()[name].HOLDS
    assert bool(list(losses(plan, holds))) == (held(plan, holds) != plan)


@pytest.mark.parametrize("name", sorted(exporters()))
@settings(deadline=None, max_examples=10)
@given(plan=plans())
def test_every_event_is_in_the_text(name, plan):
    written = exporters()[name].text(plan)
    assert all(event.name[:1] in written for event in plan.events.values())


@pytest.mark.parametrize("name", [*importers(), *RULES])
def test_an_importer_and_a_rule_of_lint_have_a_row_in_the_documents(name):
    assert f"\n| `{name}` | " in DOCUMENT


@pytest.mark.parametrize("name", exporters())
def test_an_exporter_is_in_the_documents(name):
    assert f"--to {name}`" in DOCUMENT


@pytest.mark.parametrize("name", importers())
def test_an_importer_leaves_what_is_not_its_own(name, tmp_path):
    file = tmp_path / "notes.json"
    file.write_text('{"hello": ["world"]}')
    assert importers()[name].TITLE
    assert importers()[name].claims(read_foreign(file)) is False
