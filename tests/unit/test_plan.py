"""Is a tracking plan read as written, and are all its faults told at once, each with its line?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from checks.plan import PlannedProperty, Priority
from monitor.errors import ConfigError
from monitor.plan.load import load_plan, plan_schema

FULL = """\
version: 7
questions:
  conversion: {ask: "What drives conversion?", owner: growth, reviewed: 2026-09-01}
events:
  Order Completed:
    description: A customer paid.
    owner: checkout@acme.example
    priority: critical
    sources: {server: authoritative, web: mirror}
    answers: [conversion]
    action: Starts the onboarding mail.
    properties:
      order_id: {type: string, required: true, key: true}
      total: {type: integer, unit: cents, min: 0}
      currency: {type: string, enum: [USD, NO, 1, 1.5, true]}
      coupon: string
      note:
  Signed Up:
changes:
  - {version: 7, date: 2026-11-02, event: Order Completed, what: "total is in cents now", why: rounding}
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return tmp_path / "plan.yml"


def refusal(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_plan(path)
    return [f"{problem.line}: {problem.message}; {problem.hint}" for problem in caught.value.problems]


def faults_of_property(plan_file: Path, body: str) -> list[str]:
    plan_file.write_text(f"events:\n  E:\n    properties:\n      p: {body}\n")
    return refusal(plan_file)


def test_everything_that_a_plan_says_is_kept(plan_file: Path):
    plan_file.write_text(FULL)
    plan = load_plan(plan_file)
    event = plan.events["Order Completed"]
    assert (plan.version, event.priority, event.keys) == (7, Priority.CRITICAL, ("order_id",))
    assert event.sources == {"server": "authoritative", "web": "mirror"}
    assert event.properties["total"] == PlannedProperty(name="total", type="integer", unit="cents", min=0.0)
    assert plan.asks("Order Completed")[0].reviewed == dt.date(2026, 9, 1)


def test_allowed_values_are_text_whatever_they_were(plan_file: Path):
    plan_file.write_text(FULL)
    allowed = load_plan(plan_file).events["Order Completed"].properties["currency"].enum
    assert allowed == ("USD", "NO", "1", "1.5", "true")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        pytest.param("coupon: string", "coupon: {type: string}", id="only the type"),
        pytest.param("coupon:", "coupon: {type: any}", id="only the name"),
    ],
)
def test_short_forms_of_a_property_mean_the_long_one(tmp_path: Path, short: str, long: str):
    plans = []
    for number, form in enumerate((short, long)):
        file = tmp_path / f"{number}.yml"
        file.write_text(f"events:\n  E:\n    properties:\n      {form}\n")
        plans.append(load_plan(file))
    assert plans[0] == plans[1]


def test_a_pattern_may_hold_a_set_in_a_set(plan_file: Path):
    plan_file.write_text("events:\n  E: {properties: {p: {pattern: '[[a-z]'}}}\n")
    assert load_plan(plan_file).events["E"].properties["p"].pattern == "[[a-z]"


def test_sources_without_roles_may_be_a_list(plan_file: Path):
    plan_file.write_text("events:\n  E: {sources: [web, ios]}\n")
    assert list(load_plan(plan_file).events["E"].sources) == ["web", "ios"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("'; DROP TABLE users; --", id="quotes and semicolons"),
        pytest.param('say "hi"', id="double quotes"),
        pytest.param("🛒 bought ☃", id="emoji"),
        pytest.param("e" * 300, id="300 characters"),
        pytest.param("no", id="a word that YAML 1.1 takes for false"),
        pytest.param("404", id="a number"),
    ],
)
def test_an_event_may_have_any_name(plan_file: Path, name: str):
    quoted = name.replace("'", "''")
    plan_file.write_text(f"events:\n  '{quoted}': {{description: odd}}\n", "utf-8")
    assert load_plan(plan_file).events[name].description == "odd"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            "{requird: true}", "'requird' is not a setting of property 'p'; did you mean 'required'?", id="typo"
        ),
        pytest.param(
            "{colour: red}", "'colour' is not a setting of property 'p'; known: description, type", id="unknown"
        ),
        pytest.param("{type: strin}", "type: 'strin' is not a property type; did you mean 'string'?", id="type"),
        pytest.param("intger", "type: 'intger' is not a property type; did you mean 'integer'?", id="type, short form"),
        pytest.param("{required: yes}", "required: expected true or false, got text 'yes'", id="yes is not true"),
        pytest.param("{min: seven}", "min: expected a number, got text 'seven'", id="a number in words"),
        pytest.param("{description: 5}", "description: expected text, got the number 5", id="a number for text"),
        pytest.param("{enum: USD}", "enum: expected a list, got text 'USD'; write the allowed", id="enum is no list"),
        pytest.param("{enum: []}", "enum: the list is empty", id="enum is empty"),
        pytest.param("{enum: [a, ~]}", "enum: an empty value needs no place", id="enum with nothing in it"),
        pytest.param("{enum: [[a]]}", "enum: expected plain values in the list, got a list", id="enum of lists"),
        pytest.param("{min: 5, max: 1}", "min 5 is more than max 1; swap them", id="range upside down"),
        pytest.param("{type: string, max: 1}", "max is for numbers, but the type is string", id="range of text"),
        pytest.param(
            "{type: number, pattern: a}", "pattern is for text, but the type is number", id="pattern of numbers"
        ),
        pytest.param("{pattern: '^(?=U)[A-Z]+$'}", "pattern: databases do not all understand '(?=U'", id="look-ahead"),
        pytest.param("{pattern: '(?P<a>b)'}", "pattern: databases do not all understand '(?P", id="a named group"),
        pytest.param(r"{pattern: '(a)\1'}", "pattern: databases do not all understand", id="a back reference"),
        pytest.param("{pattern: '[a'}", "pattern: not a regular expression: unterminated", id="pattern"),
        pytest.param("{pattern: ''}", "pattern: is empty, and every text matches that", id="empty pattern"),
        pytest.param(
            "{pattern: 5}", "pattern: expected a regular expression, got the number 5", id="pattern is a number"
        ),
        pytest.param("5", "p: expected a block of 'name: value' lines, got the number 5", id="a number for a property"),
        pytest.param("[string]", "p: expected a block of 'name: value' lines, got a list", id="a list for a property"),
    ],
)
def test_a_fault_of_a_property_is_told_in_plain_words(plan_file: Path, body: str, said: str):
    (fault,) = faults_of_property(plan_file, body)
    assert fault.startswith(f"4: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("version: seven", "1: version: expected a whole number, got text 'seven'", id="version in words"),
        pytest.param(
            "evnts: {}", "1: 'evnts' is not a setting of the plan; did you mean 'events'?", id="typo at the top"
        ),
        pytest.param(
            "events: [A, B]", "1: events: expected a block of 'name: value' lines, got a list", id="events as a list"
        ),
        pytest.param("events:\n  '': {}", "2: a name is empty", id="an event without a name"),
        pytest.param(
            "events:\n  A:\n    priority: hihg",
            "3: priority: 'hihg' is not a priority; did you mean 'high'?",
            id="priority",
        ),
        pytest.param("events:\n  A:\n    answers: [5]", "3: answers: expected text, got the number 5", id="answers"),
        pytest.param(
            "questions:\n  q: {aks: x}", "2: 'aks' is not a setting of question 'q'; did you mean 'ask'?", id="question"
        ),
        pytest.param(
            "questions:\n  q: {owner: x}", "2: 'ask' is missing in question 'q'; write ask: …", id="nothing asked"
        ),
        pytest.param(
            "questions:\n  q: {ask: x, reviewed: soon}", "2: reviewed: expected a date, got text 'soon'", id="date"
        ),
        pytest.param(
            "changes:\n  - {waht: x}", "2: 'waht' is not a setting of change; did you mean 'what'?", id="change"
        ),
        pytest.param("events:\n  A:\n  A:", "3: 'A' is written twice, first on line 2", id="an event twice in a file"),
    ],
)
def test_a_fault_of_the_plan_is_told_with_its_line(plan_file: Path, text: str, said: str):
    plan_file.write_text(text)
    (fault,) = refusal(plan_file)
    assert fault.startswith(said)


def test_a_question_that_nobody_asks_is_found_although_the_event_has_other_faults(plan_file: Path):
    plan_file.write_text(FULL.replace("[conversion]", "[conversoin]").replace("priority", "prority"))
    assert refusal(plan_file) == [
        "8: 'prority' is not a setting of event 'Order Completed'; did you mean 'priority'?",
        "10: 'conversoin' is not a question of the plan; did you mean 'conversion'?",
    ]


def test_all_faults_are_told_at_once_in_order_of_their_lines(plan_file: Path):
    plan_file.write_text(
        "version: x\nevents:\n  A: 5\n  B: {ownr: me}\n  B: {}\n  C: {properties: {p: {min: 2, max: 1}}}\n"
    )
    assert [fault.partition(":")[0] for fault in refusal(plan_file)] == ["1", "3", "5", "6"]


def test_a_folder_of_files_is_one_plan(tmp_path: Path):
    (tmp_path / "deeper").mkdir()
    (tmp_path / "questions.yml").write_text("version: 3\nquestions: {q: {ask: Why?}}")
    (tmp_path / "deeper" / "shop.yaml").write_text("version: 2\nevents: {A: {answers: q}}")
    (tmp_path / "notes.txt").write_text("not: [yaml")
    plan = load_plan(tmp_path)
    assert (plan.version, plan.asks("A")[0].ask) == (3, "Why?")


def test_an_event_in_two_files_is_a_problem_that_names_both_places(tmp_path: Path):
    (tmp_path / "a.yml").write_text("events:\n  A: {}\n")
    (tmp_path / "b.yml").write_text("events:\n  B: {}\n  A: {}\n")
    assert refusal(tmp_path) == [f"3: event 'A' is already written in {tmp_path / 'a.yml'}:2; keep one of them"]


def test_a_broken_file_does_not_hide_the_faults_of_another(tmp_path: Path):
    (tmp_path / "a.yml").write_text("events:\n\tA: {}\n")
    (tmp_path / "b.yml").write_text("version: x\n")
    assert len(refusal(tmp_path)) == 2


def test_a_folder_without_files_is_refused(tmp_path: Path):
    assert refusal(tmp_path) == ["1: no .yml or .yaml file in this folder; "]


def test_a_hostile_name_is_cut_in_messages(plan_file: Path):
    plan_file.write_text(f"events:\n  {'x' * 5000}: {{ownr: me}}\n")
    assert len(refusal(plan_file)[0]) < 200


def test_the_schema_has_a_place_for_every_name_of_the_format():
    schema = plan_schema()
    assert set(schema["properties"]) >= {"version", "questions", "events", "changes", "defaults", "workspaces", "lint"}
    assert set(schema["$defs"]["PropertyBlock"]["properties"]) >= {"type", "required", "key", "enum", "pattern"}


def test_the_schema_knows_the_short_form_of_a_property():
    forms = plan_schema()["$defs"]["EventBlock"]["properties"]["properties"]["additionalProperties"]["anyOf"]
    assert [form.get("type", "block") for form in forms] == ["block", "string", "null"]


def test_the_schema_refuses_unknown_names_as_the_reader_does():
    blocks = plan_schema()["$defs"].values()
    assert all(block["additionalProperties"] is False for block in blocks if block["type"] == "object")
