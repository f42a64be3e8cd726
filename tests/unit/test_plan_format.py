"""What can a plan say beyond names and types: nesting, traits, conditions, sources, deprecation, defaults?"""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from checks.plan import Change, Deprecation, PlannedProperty, Priority
from monitor.errors import ConfigError
from monitor.plan.load import load_plan, parse_plan, plan_schema

RICH = """\
name: Shop
version: 3
defaults: {owner: data@acme.example, sources: [web]}
workspaces:
  staging: {priority: low, owner: qa@acme.example}
events:
  identify:
    traits:
      email: {type: string, format: email, personal: true}
  Home:
    call: page
  Order Completed:
    owner: checkout
    version: 2
    closed: true
    labels: {team: growth, tier: 1}
    deprecated: {since: 2026-01-01, use: Order Paid}
    expires: 2026-12-31
    properties:
      coupon: {type: [string, null], required: {when: {has_coupon: true, kind: [gift, staff]}}}
      build: {type: string, required: {sources: [ios]}, sources: [ios, android], deprecated: 2026-02-01}
      ref: {type: [string, integer], min_length: 1}
      products:
        type: array
        min_length: 1
        items:
          type: object
          properties:
            sku: {type: string, required: true}
            price: number
changes:
  - {version: 3, date: 2026-02-09, event: Order Completed, property: ref, what: new, why: two shops}
"""


@pytest.fixture
def plan(tmp_path: Path):
    return read(tmp_path, RICH)


def read(folder: Path, text: str, workspace: str | None = None):
    file = folder / "plan.yml"
    file.write_text(text, "utf-8")
    return load_plan(file, workspace)


def fault(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_plan([("plan.yml", text.encode())])
    (problem,) = caught.value.problems
    return f"{problem.line}: {problem.message}; {problem.hint}"


def test_traits_are_the_properties_of_an_identify_call(plan):
    event = plan.events["identify"]
    assert (event.call, event.properties["email"].format, event.properties["email"].personal) == (
        "identify",
        "email",
        True,
    )


@pytest.mark.parametrize(("name", "call"), [("Home", "page"), ("identify", "identify"), ("Order Completed", "track")])
def test_an_event_knows_its_call(plan, name, call):
    assert plan.events[name].call == call


def test_members_of_objects_and_items_of_arrays_have_paths(plan):
    paths = [path for path, _ in plan.events["Order Completed"].everything()]
    assert paths == ["coupon", "build", "ref", "products", "products[]", "products[].sku", "products[].price"]


def test_a_type_may_be_one_of_several_and_null(plan):
    properties = plan.events["Order Completed"].properties
    coupon, ref = properties["coupon"], properties["ref"]
    assert (coupon.type, coupon.nullable, ref.type, ref.types) == ("string", True, "any", ("string", "integer"))


def test_a_condition_compares_text(plan):
    wanted = plan.events["Order Completed"].properties["coupon"].required_when
    assert wanted == {"has_coupon": ("true",), "kind": ("gift", "staff")}


@pytest.mark.parametrize(
    ("prop", "source", "promised"),
    [
        pytest.param({"required": True}, "web", True, id="required of all"),
        pytest.param({"required": True, "nullable": True}, "web", False, id="sent, but may be null"),
        pytest.param({"required": True, "sources": ("ios",)}, "web", False, id="another source sends it"),
        pytest.param({"required_from": ("ios",)}, "ios", True, id="required of this source"),
        pytest.param({"required_from": ("ios",)}, "web", False, id="required of another source"),
        pytest.param({"required_when": {"a": ("b",)}}, "web", False, id="only under a condition"),
    ],
)
def test_a_property_is_promised_by_source(prop, source, promised):
    assert PlannedProperty(name="p", **prop).promised(source) is promised


def test_deprecation_says_since_when_and_what_to_use(plan):
    event = plan.events["Order Completed"]
    assert event.deprecated == Deprecation(since=dt.date(2026, 1, 1), use="Order Paid")
    assert event.properties["build"].deprecated == Deprecation(since=dt.date(2026, 2, 1))
    assert event.expires == dt.date(2026, 12, 31)


def test_changes_are_kept(plan):
    assert plan.changes == (
        Change(
            version=3,
            date=dt.date(2026, 2, 9),
            event="Order Completed",
            property="ref",
            what="new",
            why="two shops",
        ),
    )


def test_defaults_fill_what_an_event_does_not_say(plan):
    owners = {name: event.owner for name, event in plan.events.items()}
    assert owners == {"identify": "data@acme.example", "Home": "data@acme.example", "Order Completed": "checkout"}


def test_an_empty_owner_is_nobody():
    text = b"version: 1\ndefaults: {owner: ''}\nquestions: {q: {ask: 'x?', owner: ''}}\nevents: {A: {}}\n"
    plan = parse_plan([("plan.yml", text)]).plan
    assert (plan.events["A"].owner, plan.questions["q"].owner) == (None, None)


def test_a_workspace_has_defaults_of_its_own(tmp_path):
    home = read(tmp_path, RICH, "staging").events["Home"]
    assert (home.owner, home.priority, list(home.sources)) == ("qa@acme.example", Priority.LOW, ["web"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("{minimum: 1}", "here it is written 'min'", id="a word of JSON Schema"),
        pytest.param("{additionalProperties: false}", "here it is written 'closed'", id="another one"),
        pytest.param("{type: [string, txt]}", "type: 'txt' is not a property type", id="one type of several"),
        pytest.param("{type: []}", "type: the list is empty", id="no type"),
        pytest.param("{required: maybe}", "required: expected true or false, got text 'maybe'", id="required maybe"),
        pytest.param("{required: {if: x}}", "'if' is not a setting of required", id="a condition by another name"),
        pytest.param("{required: {when: card}}", "when: expected a block of 'property: value' lines", id="when card"),
        pytest.param("{format: mail}", "format: 'mail' is not a format; did you mean 'email'?", id="format"),
        pytest.param("{deprecated: soon}", "since: expected a date", id="deprecated soon"),
        pytest.param("{type: string, items: string}", "items are of arrays, but the type is string", id="items"),
        pytest.param(
            "{type: integer, properties: {a: string}}", "properties are of objects, but the type is", id="members"
        ),
        pytest.param("{min_length: 3, max_length: 1}", "min_length 3 is more than max_length 1; swap", id="length"),
        pytest.param(
            "{type: object, properties: {a: {requird: true}}}", "'requird' is not a setting of property 'a'", id="deep"
        ),
        pytest.param("{type: array, items: {typ: x}}", "'typ' is not a setting of", id="in items"),
    ],
)
def test_a_fault_is_told_in_plain_words(body, said):
    told = fault(f"events:\n  E:\n    properties:\n      p: {body}\n")
    assert told.startswith("4: ")
    assert said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("events:\n  E: {call: trak}", "call: 'trak' is not a call; did you mean 'track'?", id="call"),
        pytest.param("events:\n  E: {traits: {a: string}}", "'E' is a track call", id="traits of a track call"),
        pytest.param(
            "events:\n  identify: {traits: {a: string}, properties: {a: string}}", "both a trait and a", id="twice"
        ),
        pytest.param("lint: {require: [owners]}", "require: expected a list out of description", id="lint"),
        pytest.param("defaults: {ownr: me}", "'ownr' is not a setting of the defaults", id="defaults"),
        pytest.param("events: &a\n  E: *a", "*a refers to itself", id="a plan that holds itself"),
        pytest.param("events:\n  E: {properties: {p: {min: .nan}}}", "min: expected a number", id="not a number"),
    ],
)
def test_a_fault_of_the_plan_is_told_in_plain_words(text, said):
    assert said in fault(text)


def test_two_files_may_not_both_say_the_defaults(tmp_path):
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("defaults: {owner: me}\n")
    with pytest.raises(ConfigError, match=r"b\.yml:1: 'defaults' is already written in .*a\.yml:1"):
        load_plan(tmp_path)


def test_a_plan_that_is_too_large_is_refused_without_being_read(tmp_path):
    file = tmp_path / "plan.yml"
    with file.open("wb") as out:
        out.truncate(50 * 2**20)
    with pytest.raises(ConfigError, match="50 MiB in one file, more than the 16 that are read; split it"):
        load_plan(file)


def test_the_schema_that_is_shipped_is_that_of_the_format():
    shipped = json.loads((files("monitor.plan") / "plan.schema.json").read_text("utf-8"))
    assert shipped == plan_schema(), "write it anew: make schema"


def test_what_the_reader_takes_the_schema_takes():
    loader = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": _without_dates()})
    jsonschema.validate(yaml.load(RICH, loader), plan_schema())


def _without_dates():
    known = yaml.SafeLoader.yaml_implicit_resolvers.items()
    return {key: [each for each in pairs if "timestamp" not in each[0]] for key, pairs in known}
