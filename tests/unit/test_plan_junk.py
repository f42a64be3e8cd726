"""Does a file that is almost a plan end in a plan or in a sentence, whatever is in it?"""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import TrackwatchError
from monitor.plan.importers import import_plan
from monitor.plan.lint import lint
from monitor.plan.load import parse_plan
from monitor.plan.write import plan_text

SCHEMA = {
    "type": "object",
    "description": "d",
    "labels": {"owner": "me"},
    "required": ["a"],
    "additionalProperties": False,
    "allOf": [{"if": {"properties": {"a": {"enum": ["x"]}}, "required": ["a"]}, "then": {"required": ["b"]}}],
    "properties": {
        "a": {"type": ["string", "null"], "enum": ["x", None], "pattern": "x", "format": "email", "maxLength": 5},
        "b": {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"c": {"minimum": 1}}}},
        "d": {"anyOf": [{"type": "integer"}, {"type": "null"}], "exclusiveMaximum": 9, "multipleOf": 2},
        "e": {"$ref": "#/definitions/f"},
    },
    "definitions": {"f": {"type": "object", "properties": {"g": {"$ref": "#/definitions/f"}}}},
}
CALL = {"type": "object", "properties": {"context": {}, "traits": {}, "properties": SCHEMA}}
RULE = {"key": "E", "type": "TRACK", "version": 2, "jsonSchema": CALL, "deprecatedAt": "2026-01-01T00:00:00Z"}
OWN = {"vendor": "v", "name": "E", "format": "jsonschema", "version": "1-0-0", "metadata": {"owner": "me"}}
PIXEL = {
    "description": "d",
    "owners": ["a"],
    "triggers": ["b"],
    "suffixes": ["c", {"enum": ["d"]}],
    "expires": "2026-01-01",
}
RUDDER = {
    "kind": "tp",
    "spec": {
        "rules": [
            {
                "event": {"$ref": "#/events/x/e", "allow_unplanned": False},
                "properties": [{"$ref": "#/properties/x/p", "required": True, "properties": [{"$ref": "q"}]}],
                "variants": [{"discriminator": "p", "cases": [{"match": ["a"], "properties": [{"$ref": "p"}]}]}],
            }
        ]
    },
}
DOCUMENTS = {
    "segment.json": {"name": "n", "rules": [RULE]},
    "config.json": {"rules": {"events": [{"name": "E", "rules": CALL, "version": 1}], "identify": CALL}},
    "rudder.json": {"name": "n", "events": [{"name": "E", "eventType": "track", "rules": CALL}]},
    "iglu.json": {"self": OWN, **SCHEMA},
    "pixels.json": {"p": {**PIXEL, "parameters": ["a", {"key": "k", "type": "string"}, {"keyPattern": "x"}]}},
    "project.yaml": RUDDER,
}
JUNK = [None, True, 0, -1, 1.5, 1e308, "", "x", "#", "#/x", "any", "null", [], [1], ["a", None], [[1]], {}, {"a": 1}]
JUNK += [{"type": 5}, {"$ref": "#"}, {"type": ["any", "null"]}, [{}], {"properties": []}, {"": {}}, "[", "(?=x)"]


def paths(data: object, path: tuple = ()):
    for step, inner in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, step)
        yield from paths(inner, (*path, step))


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_document_with_anything_in_it_is_a_plan_or_a_sentence(name, data, tmp_path_factory):
    document = copy.deepcopy(DOCUMENTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(list(paths(document))))
        here = document
        for step in above:
            here = here[step]
        here[last] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
        if not list(paths(document)):
            break
    file = tmp_path_factory.getbasetemp() / name
    file.write_text(yaml.safe_dump(document) if name.endswith("yaml") else json.dumps(document), "utf-8")
    only_a_sentence_or_the_same_plan(file)


PLAN = """
name: n
version: 1
defaults: {owner: o, priority: low, sources: [web]}
workspaces: {staging: {owner: q}}
lint: {events: Object Action, properties: any, require: [owner], ignore: [collision]}
questions: {q: {ask: a, owner: o, reviewed: 2026-01-01}}
events:
  identify: {traits: {email: {format: email, personal: true}}}
  Order Done:
    call: track
    version: 1
    sources: {web: mirror}
    answers: [q]
    labels: {a: b}
    deprecated: {since: 2026-01-01, use: x}
    expires: 2026-01-01
    properties:
      a: {type: [string, null], required: {when: {b: [c]}, sources: [web]}, enum: [x], pattern: x, min_length: 1}
      e: {type: number, unit: cents, format: uuid, max: 2, constant: true, description: e}
      b: {type: object, closed: true, properties: {c: string}}
      d: {type: array, items: {type: number, min: 1, max: 2}}
changes: [{version: 1, date: 2026-01-01, event: e, what: w, why: y}]
"""


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_a_plan_with_anything_in_it_is_linted_or_a_sentence(data):
    document = yaml.safe_load(PLAN)
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(list(paths(document))))
        here = document
        for step in above:
            here = here[step]
        here[last] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
    try:
        written = parse_plan([("plan.yml", yaml.safe_dump(document).encode())])
    except TrackwatchError as error:
        assert str(error)  # noqa: PT017 either way is right, a traceback is not
    else:
        assert all(fault.line >= 1 for fault in lint(written).faults)
        assert parse_plan([("plan.yml", plan_text(written.plan).encode())]).plan.events == written.plan.events


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(
        st.lists(st.text(max_size=6) | st.sampled_from(["a.b", "a[]", "a", "yes", "1", "x|y", "="]), max_size=6)
    )
)
def test_a_sheet_with_anything_in_it_is_a_plan_or_a_sentence(rows, tmp_path_factory):
    file = tmp_path_factory.getbasetemp() / "junk.csv"
    lines = ["event,property,type,required,enum,properties", *(",".join(row) for row in rows)]
    file.write_text("\n".join(lines), "utf-8", newline="")
    only_a_sentence_or_the_same_plan(file)


def only_a_sentence_or_the_same_plan(file):
    try:
        found = import_plan([file])
    except TrackwatchError as error:
        assert str(error)  # noqa: PT017 either way is right, a traceback is not
    else:
        assert parse_plan([("plan.yml", plan_text(found.plan).encode())]).plan == found.plan
