"""Does `plan diff` say what has changed, what is only renamed, and what of it breaks something?"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.plan.diff import differences
from monitor.plan.diff_text import as_data, as_markdown, as_text, summary_line
from monitor.plan.load import parse_plan
from monitor.plan.revisions import open_plan


def plan(text: str):
    return parse_plan([("plan.yml", text.encode())]).plan


def event(body: str) -> str:
    return f"events:\n  E: {body}\n"


def prop(body: str) -> str:
    return event(f"{{properties: {{p: {body}}}}}")


def told(old: str, new: str) -> list[str]:
    found = differences(plan(old), plan(new))
    return [f"{'!' if each.breaking else ''}{each.kind} {each.event}.{each.property}: {each.what}" for each in found]


@pytest.mark.parametrize("text", ["events: {}", prop("string"), event("{labels: {a: b}, deprecated: true}")])
def test_a_plan_does_not_differ_from_itself(text):
    assert told(text, text) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("any", "string", "!changed E.p: is string, was any", id="a narrower type"),
        pytest.param("string", "any", "changed E.p: is any, was string", id="a wider type"),
        pytest.param("integer", "number", "changed E.p: is number, was integer", id="whole numbers are numbers"),
        pytest.param("{type: [string, null]}", "string", "!changed E.p: is string, was string or null", id="no null"),
        pytest.param("{}", "{required: true}", "!changed E.p: is required, was optional", id="required now"),
        pytest.param("{required: true}", "{}", "changed E.p: is optional, was required", id="optional now"),
        pytest.param(
            "{required: true}",
            "{required: {when: {q: 1}}}",
            "changed E.p: is required if q is 1, was required",
            id="required under a condition",
        ),
        pytest.param(
            "{}", "{required: {sources: [ios]}}", "!changed E.p: is required from ios, was optional", id="from a source"
        ),
        pytest.param("{enum: [a, b]}", "{enum: [a]}", "!changed E.p: may no longer be b", id="fewer values"),
        pytest.param("{enum: [a]}", "{enum: [a, b]}", "changed E.p: may be b", id="more values"),
        pytest.param("{enum: [a]}", "{}", "changed E.p: may be any value, not only the planned ones", id="any value"),
        pytest.param("{}", "{enum: [a]}", "!changed E.p: may only be a", id="some values only"),
        pytest.param("{min: 0}", "{min: 1}", "!changed E.p: may be at least 1, was at least 0", id="a tighter range"),
        pytest.param("{max: 5}", "{max: 9}", "changed E.p: may be at most 9, was at most 5", id="a wider range"),
        pytest.param(
            "{max_length: 5}", "{max_length: 2}", "!changed E.p: length may be at most 2, was at most 5", id="length"
        ),
        pytest.param("{unit: cents}", "{unit: euros}", "!changed E.p: unit: euros, was cents", id="another unit"),
        pytest.param("{pattern: a}", "{}", "changed E.p: pattern: nothing, was a", id="no pattern"),
        pytest.param("{}", "{pattern: a}", "!changed E.p: pattern: a, was nothing", id="a pattern"),
        pytest.param("{}", "{description: d}", "changed E.p: description: d, was nothing", id="a description"),
        pytest.param(
            "{}", "{deprecated: {use: q}}", "changed E.p: deprecated: yes use q, was nothing", id="deprecated"
        ),
        pytest.param(
            "{type: object, properties: {q: string}}",
            "{type: object, properties: {q: integer}}",
            "!changed E.p.q: is integer, was string",
            id="a member",
        ),
        pytest.param(
            "{type: array, items: string}",
            "{type: array, items: integer}",
            "!changed E.p[]: is integer, was string",
            id="items",
        ),
    ],
)
def test_a_change_of_a_property_is_told(old, new, said):
    assert told(prop(old), prop(new)) == [said]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("{}", "{owner: me}", "changed E.None: owner: me, was nothing", id="owner"),
        pytest.param("{}", "{priority: high}", "changed E.None: priority: high, was normal", id="priority"),
        pytest.param("{}", "{sources: [web]}", "changed E.None: is sent by web", id="its first source"),
        pytest.param("{sources: [web]}", "{sources: [web, ios]}", "changed E.None: is sent by ios too", id="one more"),
        pytest.param(
            "{sources: [web, ios]}", "{sources: [web]}", "!changed E.None: is no longer sent by ios", id="one less"
        ),
        pytest.param("{}", "{closed: true}", "!changed E.None: takes no unplanned properties now", id="closed"),
        pytest.param("{}", "{call: page}", "!changed E.None: is a page call, was track", id="call"),
    ],
)
def test_a_change_of_an_event_is_told(old, new, said):
    assert told(event(old), event(new)) == [said]


def test_what_is_new_and_what_is_gone_is_told():
    old = "events:\n  Old Thing Done: {properties: {a: string}}\n  E: {properties: {total: number}}\n"
    new = "events:\n  E: {properties: {city: string, zip: {required: true}}}\n  Newsletter Sent:\n"
    assert told(old, new) == [
        "added E.city: new, string",
        "!added E.zip: new, required",
        "!removed E.total: is no longer planned",
        "added Newsletter Sent.None: new",
        "!removed Old Thing Done.None: is no longer planned",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Order Completed: {}", "order_completed: {}", id="spelling"),
        pytest.param("Order Completed: {}", "Order Complete: {}", id="a letter"),
        pytest.param(
            "Checkout Done: {properties: {a: string, b: string, c: string}}",
            "Checkout Finished: {properties: {a: string, b: string, c: string}}",
            id="the same properties",
        ),
        pytest.param("Bought: {deprecated: {use: Order Paid}}", "Order Paid: {}", id="what was to be used"),
    ],
)
def test_an_event_that_comes_back_under_another_name_is_renamed(old, new):
    found = differences(plan(f"events: {{{old}}}"), plan(f"events: {{{new}}}"))
    assert (found[0].kind, found[0].breaking) == ("renamed", True)
    assert "removed" not in {each.kind for each in found}


def test_a_property_that_comes_back_under_another_name_is_renamed():
    assert told(event("{properties: {order_id: string}}"), event("{properties: {orderId: string}}")) == [
        "!renamed E.orderId: renamed from 'order_id'"
    ]


def test_events_that_have_nothing_in_common_are_not_renamed():
    assert {each.split()[0] for each in told("events: {Pet Fed: }", "events: {Bill Paid: }")} == {"added", "!removed"}


def test_questions_are_compared():
    old, new = "questions: {a: {ask: A?}, b: {ask: B?}}", "questions: {a: {ask: A!}, c: {ask: C?}}"
    assert [each.what for each in differences(plan(old), plan(new))] == [
        "the question 'a' is now: A!",
        "the question 'c': C?",
        "the question 'b'",
    ]


FOUND = differences(plan(prop("integer")), plan(prop("string") + "  New | One: {}\n"))


def test_the_text_marks_what_breaks():
    assert as_text(FOUND, "a", "b").splitlines() == [
        "a → b: 1 added, 1 changed; 1 breaking",
        "",
        "~!E",
        "   ~! p: is string, was integer",
        "",
        "+ New | One: new",
        "",
        "! breaks messages that kept the old plan, or queries that read the old names",
    ]


def test_markdown_is_a_table_that_survives_odd_names():
    rows = as_markdown(FOUND, "a", "b").splitlines()
    assert rows[-2:] == [
        "| **changed, breaking** | E | `p` | is string, was integer |",
        "| added | New \\| One |  | new |",
    ]


def test_json_has_counts_and_all_changes():
    data = as_data(FOUND, "a", "b")
    assert data["summary"] == {"added": 1, "removed": 0, "renamed": 0, "changed": 1, "breaking": 1}
    assert data["changes"][0]["before"] == "integer"


def test_no_difference_is_said_so():
    assert (as_text((), "a", "b"), summary_line(())) == ("a → b: no difference", "no difference")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch):
    """Return a folder under Git with a plan, a folder of a plan, and a later change of both."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans").mkdir()
    for name in ("plan.yml", "plans/a.yml"):
        (tmp_path / name).write_text(prop("integer"))
    identity = ("-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *command], check=True)
    for name in ("plan.yml", "plans/a.yml"):
        (tmp_path / name).write_text(prop("string"))
    return tmp_path


@pytest.mark.parametrize(
    ("said", "path"),
    [("HEAD:plan.yml", None), ("HEAD", Path("plan.yml")), ("HEAD:plans", None), ("HEAD", Path("plans"))],
)
def test_a_plan_of_another_revision_is_read_from_git(repository, said, path):
    _, written = open_plan(said, path)
    assert written.plan.events["E"].properties["p"].type == "integer"


@pytest.mark.parametrize(
    ("said", "path", "message"),
    [
        pytest.param("HEAD~9", Path("plan.yml"), "HEAD~9 is neither a file nor a Git revision", id="no such revision"),
        pytest.param("HEAD:gone.yml", None, "gone.yml is not in revision HEAD", id="no such file in it"),
        pytest.param("gone.yml", None, "there is no file or folder gone.yml", id="no such file"),
        pytest.param("--output=x", Path("plan.yml"), "there is no file or folder --output=x", id="an option of git"),
        pytest.param("HEAD:/plan.yml", None, "not a git repository", id="outside"),
    ],
)
def test_what_is_no_plan_is_a_sentence(repository, said, path, message):
    with pytest.raises(UsageError, match=message):
        open_plan(said, path)


def test_outside_of_a_repository_a_revision_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="not a git repository"):
        open_plan("HEAD:plan.yml")
