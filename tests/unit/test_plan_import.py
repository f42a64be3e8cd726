"""Is each format of another tool read as its makers mean it, and is what a plan cannot hold told with its line?"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from checks.plan import Deprecation, PlannedProperty, Priority
from monitor.errors import ConfigError, UsageError
from monitor.plan.importers import import_plan

NEVER = "0001-01-01T00:00:00.000Z"


@pytest.fixture
def imported(tmp_path: Path):
    """Return a function that writes a file and imports it."""

    def write_and_import(name: str, contents: object):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(contents if isinstance(contents, str) else json.dumps(contents, indent=1), "utf-8")
        return import_plan([file])

    return write_and_import


def rule(key: str, properties: dict, **more):
    members = {"type": "object", "properties": properties, "required": more.pop("required", [])}
    schema = {"type": "object", "properties": {"context": {}, "traits": {}, "properties": members}}
    schema |= more.pop("schema", {})
    return {"key": key, "type": "TRACK", "version": 1, "deprecatedAt": NEVER, "jsonSchema": schema, **more}


def properties(found, event: str):
    return found.plan.events[event].properties


def said(found) -> list[str]:
    return [f"{note.line}: {note.message}" for note in found.notes]


PET = rule("Pet Adopted", {"name": {"type": ["string", "null"]}}, required=["name"])


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param({"name": "Zoo", "rules": [PET]}, id="a plan"),
        pytest.param({"data": {"rules": [PET], "pagination": {"current": "x"}}}, id="a page of rules"),
        pytest.param([{"data": {"rules": [PET]}}, {"data": {"rules": []}}], id="all pages"),
        pytest.param([PET], id="a list of rules"),
        pytest.param({"data": {"trackingPlan": {"name": "Zoo", "rules": [PET]}}}, id="a plan in its envelope"),
        pytest.param(
            {"rules": [{**PET, "jsonSchema": {"type": "object", **PET["jsonSchema"]["properties"]["properties"]}}]},
            id="flattened, as Typewriter keeps it",
        ),
    ],
)
def test_segments_rules_are_read_in_each_of_their_shapes(imported, contents):
    found = imported("plan.json", contents)
    expected = PlannedProperty(name="name", type="string", nullable=True, required=True)
    assert (properties(found, "Pet Adopted"), found.notes) == ({"name": expected}, ())


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({}, {}, id="anything"),
        pytest.param({"type": ["integer"]}, {"type": "integer"}, id="a list of one type"),
        pytest.param({"type": ["string", "integer"]}, {"types": ("string", "integer")}, id="several types"),
        pytest.param({"type": "string", "format": "date-time"}, {"type": "datetime"}, id="a time"),
        pytest.param({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}, id="a format"),
        pytest.param({"type": "integer", "enum": [1, 2]}, {"type": "integer", "enum": ("1", "2")}, id="numbers"),
        pytest.param({"enum": ["a", None]}, {"enum": ("a",), "nullable": True}, id="null among allowed values"),
        pytest.param({"const": "x"}, {"enum": ("x",)}, id="one value"),
        pytest.param(
            {"type": "number", "minimum": 0, "maximum": 5}, {"type": "number", "min": 0.0, "max": 5.0}, id="r"
        ),
        pytest.param({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "min": 1.0}, id="more than 0"),
        pytest.param({"type": "string", "maxLength": 9}, {"type": "string", "max_length": 9}, id="a length"),
        pytest.param({"type": "array", "minItems": 1}, {"type": "array", "min_length": 1}, id="some items"),
        pytest.param(
            {"oneOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}, id="one of two"
        ),
        pytest.param(
            {"type": "object", "additionalProperties": False}, {"type": "object", "closed": True}, id="no others"
        ),
    ],
)
def test_a_schema_says_of_a_property(imported, schema, expected):
    found = imported("plan.json", [rule("E", {"p": schema})])
    assert (properties(found, "E")["p"], found.notes) == (PlannedProperty(name="p", **expected), ())


@pytest.mark.parametrize(
    ("schema", "note"),
    [
        pytest.param({"type": "any"}, "'any' is not a type of JSON Schema: read as any value", id="the type any"),
        pytest.param({"type": "text"}, "'text' is not a type of JSON Schema: left out", id="an invented type"),
        pytest.param({"pattern": "(?!x)"}, "pattern '(?!x)' is left out: databases do not all", id="look-ahead"),
        pytest.param({"pattern": "["}, "pattern '[' is left out: not a regular expression", id="no expression"),
        pytest.param({"multipleOf": 5}, "'multipleOf' is left out: a plan has no place for it", id="no place"),
        pytest.param({"type": "string", "format": "iri"}, "format 'iri' is left out", id="an unknown format"),
        pytest.param({"$ref": "#/definitions/gone"}, "'#/definitions/gone' is not in the file", id="a lost reference"),
        pytest.param({"type": "number", "exclusiveMinimum": 0}, "exclusiveMinimum is read as minimum", id="open"),
        pytest.param("string", "not a JSON Schema: read as any value", id="a word"),
    ],
)
def test_what_a_plan_cannot_hold_is_told(imported, schema, note):
    found = imported("plan.json", [rule("E", {"p": schema})])
    (told,) = said(found)
    assert note in told
    assert "p" in properties(found, "E")


def test_a_note_has_the_line_of_what_it_is_about(imported):
    (told,) = said(
        imported(
            "plan.json", '[{"type": "TRACK", "key": "E",\n "jsonSchema": {"properties": {\n "p":\n {"type": "any"}}}}]'
        )
    )
    assert told.startswith("4: ")


def test_a_schema_that_refers_to_itself_is_cut(imported):
    tree = {"type": "object", "properties": {"child": {"$ref": "#/definitions/tree"}}}
    found = imported(
        "plan.json", [rule("E", {"p": {"$ref": "#/definitions/tree"}}, schema={"definitions": {"tree": tree}})]
    )
    assert properties(found, "E")["p"].properties["child"].type == "any"
    assert "'#/definitions/tree' refers to itself: cut here" in said(found)[0]


def test_if_some_are_then_others_are_required(imported):
    clause = {
        "if": {"properties": {"kind": {"enum": ["card", "gift"]}}, "required": ["kind"]},
        "then": {"required": ["n"]},
    }
    members = {"properties": {"kind": {}, "n": {}}, "allOf": [clause]}
    found = imported("plan.json", [{**rule("E", {}), "jsonSchema": {"properties": {"properties": members}}}])
    assert properties(found, "E")["n"].required_when == {"kind": ("card", "gift")}


def test_what_only_some_values_allow_is_optional(imported):
    condition = {"properties": {"kind": {"not": {"enum": ["card"]}}}, "required": ["kind"]}
    clause = {"if": condition, "then": {"properties": {"n": {"type": "integer"}}, "required": []}}
    members = {"properties": {"kind": {}}, "allOf": [{"type": "object", "allOf": [clause]}]}
    found = imported("plan.json", [{**rule("E", {}), "jsonSchema": {"properties": {"properties": members}}}])
    assert (properties(found, "E")["n"], found.notes) == (PlannedProperty(name="n", type="integer"), ())


def test_labels_deprecation_and_the_newest_version_are_kept(imported):
    labels = {"labels": {"owner": "zoo", "priority": "high", "tier": 1}}
    old, new = rule("E", {"a": {}}), rule("E", {"b": {}}, version=2, deprecatedAt="2026-02-01T08:00:00Z", schema=labels)
    found = imported("plan.json", [new, old])
    event = found.plan.events["E"]
    assert (event.owner, event.priority, event.labels) == ("zoo", Priority.HIGH, {"tier": "1"})
    assert (event.version, event.deprecated, list(event.properties)) == (
        "2",
        Deprecation(since=dt.date(2026, 2, 1)),
        ["b"],
    )
    assert "version 1 of 'E' is left out" in said(found)[0]


def test_identify_and_page_rules_are_calls_and_common_rules_are_told(imported):
    traits = {"properties": {"traits": {"type": "object", "properties": {"email": {"type": "string"}}}}}
    rules = [{"type": kind, "version": 1, "jsonSchema": traits} for kind in ("IDENTIFY", "PAGE", "COMMON")]
    found = imported("plan.json", {"rules": rules})
    assert {name: (e.call, list(e.properties)) for name, e in found.plan.events.items()} == {
        "identify": ("identify", ["email"]),
        "page": ("page", []),
    }
    assert any("a rule of type 'COMMON' is left out" in note for note in said(found))


def test_the_old_config_api_is_read(imported):
    event = {"name": "Pet Fed", "description": "Food.", "version": 1, "rules": PET["jsonSchema"]}
    group = {"properties": {"traits": {"properties": {"zoo": {"type": "string"}}}}}
    found = imported(
        "plan.json", {"display_name": "Zoo", "rules": {"events": [event], "group": group, "global": {"a": 1}}}
    )
    assert (found.plan.name, found.plan.events["Pet Fed"].description) == ("Zoo", "Food.")
    assert properties(found, "group")["zoo"].type == "string"
    assert "global is left out" in said(found)[0]


def test_rudderstacks_json_names_calls_by_their_type(imported):
    schema = {"properties": {"traits": {"type": "object", "properties": {"email": {}}, "additionalProperties": False}}}
    found = imported("plan.json", {"name": "Zoo", "events": [{"name": "", "eventType": "identify", "rules": schema}]})
    event = found.plan.events["identify"]
    assert (event.call, list(event.properties), event.closed) == ("identify", ["email"], True)


RUDDER = {
    "events": """spec:
  events: [{id: fed, name: Pet Fed, event_type: track, description: Food., category: "#/c/zoo/care"}]
""",
    "properties": """spec:
  properties:
    - {id: food, name: food, type: string, propConfig: {enum: [hay, meat]}}
    - {id: grams, name: grams, type: "integer,null"}
    - {id: keeper, name: keeper, type: "#/custom-types/zoo/person"}
    - {id: tags, name: tags, type: array, config: {item_types: [string]}}
""",
    "custom-types": """spec:
  types:
    - id: person
      name: Person
      type: object
      properties: [{$ref: "#/properties/zoo/food", required: true}]
""",
    "tp": """spec:
  display_name: Zoo
  rules:
    - type: event_rule
      event: {$ref: "#/events/zoo/fed", allow_unplanned: false}
      properties:
        - {$ref: "#/properties/zoo/food", required: true}
        - {$ref: "#/properties/zoo/keeper"}
        - {$ref: "#/properties/zoo/tags"}
      variants:
        - discriminator: "#/properties/zoo/food"
          cases: [{match: [meat], properties: [{$ref: "#/properties/zoo/grams", required: true}]}]
""",
}


def test_a_rudderstack_project_is_put_together_from_its_files(tmp_path):
    for kind, spec in RUDDER.items():
        (tmp_path / f"{kind}.yaml").write_text(f"version: rudder/v0.1\nkind: {kind}\n{spec}")
    found = import_plan([tmp_path])
    event = found.plan.events["Pet Fed"]
    assert (event.labels, event.closed, found.plan.name, found.notes) == ({"category": "care"}, True, "Zoo", ())
    assert event.properties["food"] == PlannedProperty(name="food", type="string", enum=("hay", "meat"), required=True)
    assert event.properties["grams"].required_when == {"food": ("meat",)}
    assert event.properties["keeper"].properties["food"].required
    assert event.properties["tags"].items == PlannedProperty(name="tags", type="string")


def test_a_part_of_a_rudderstack_project_says_what_is_missing(imported):
    with pytest.raises(ConfigError, match="holds no event and no plan; import the project's whole folder"):
        imported("tp.yaml", "kind: tp\n" + RUDDER["tp"])


def schema_file(name: str, version: str, vendor: str = "com.zoo", **members):
    own = {"vendor": vendor, "name": name, "format": "jsonschema", "version": version}
    return json.dumps({"self": own, "type": "object", "description": "d", "properties": members})


def test_iglu_schemas_are_read_by_schemaver_and_without_ending(tmp_path):
    for version in ("1-0-9", "1-0-10"):
        file = tmp_path / "com.zoo" / "fed" / "jsonschema" / version
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(schema_file("fed", version, grams={"type": "integer"}))
    found = import_plan([tmp_path])
    event = found.plan.events["fed"]
    assert (event.version, event.labels, list(event.properties)) == ("1-0-10", {"vendor": "com.zoo"}, ["grams"])
    assert said(found) == ["1: version 1-0-9 of 'fed' is left out: a plan holds the newest"]


def test_schemas_of_two_vendors_with_one_name_keep_their_vendors(tmp_path):
    for vendor in ("com.zoo", "org.ark"):
        (tmp_path / f"{vendor}.json").write_text(schema_file("fed", "1-0", vendor))
    assert sorted(import_plan([tmp_path]).plan.events) == ["com.zoo/fed", "org.ark/fed"]


def test_reflekts_identify_is_the_call(imported):
    assert imported("Identify/1-0.json", schema_file("Identify", "1-0")).plan.events["identify"].call == "identify"


PIXELS = """// what is sent
{
  "m_fed": {"description": "Food.", "owners": ["ann", "bob"], "triggers": ["other"], "suffixes": ["daily"],
    "parameters": ["appVersion", {"key": "food", "enum": ["hay", ""]}, {"keyPattern": "^x"}], "expires": "2026-12-31"},
}
"""


def test_pixels_are_read_with_their_shared_parameters(tmp_path):
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "care.json5").write_text(PIXELS)
    (tmp_path / "params_dictionary.json").write_text('{"appVersion": {"key": "app.version", "type": "string"}}')
    found = import_plan([tmp_path])
    event = found.plan.events["m_fed"]
    assert (event.owner, event.expires, event.labels) == (
        "ann, bob",
        dt.date(2026, 12, 31),
        {"triggers": "other", "suffixes": "daily"},
    )
    assert (event.properties["app.version"].type, event.properties["food"].enum) == ("string", ("hay", ""))
    assert said(found) == ["4: the parameters '^x' are left out: a plan names each property"]


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        pytest.param("notes.json", {"hello": "world"}, id="some JSON"),
        pytest.param("notes.yaml", "hello: world", id="some YAML"),
        pytest.param("notes.csv", "a,b\n1,2\n", id="a table of something else"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_formats_that_are_known(imported, name, contents):
    with pytest.raises(UsageError, match=r"not a plan in a format that is known\. Known are: .*Segment Public API"):
        imported(name, contents)


def test_a_broken_file_in_a_folder_does_not_keep_the_others_out(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([PET]))
    (tmp_path / "b.json").write_text('{"a": NaN}')
    found = import_plan([tmp_path])
    assert list(found.plan.events) == ["Pet Adopted"]
    assert [str(problem).split(": ")[1] for problem in found.broken] == [
        "NaN is not a number that JSON knows; write null, or leave it out"
    ]


def test_a_broken_file_that_was_named_is_an_error(tmp_path):
    (tmp_path / "b.json").write_text('{"a": NaN}')
    with pytest.raises(ConfigError, match="NaN is not a number"):
        import_plan([tmp_path / "b.json"])
