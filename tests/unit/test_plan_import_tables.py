"""Are tables of plans read as people keep them: Amplitude's taxonomy, Segment's schema, any sheet?"""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.plan import PlannedProperty
from monitor.plan.importers import import_plan


@pytest.fixture
def imported(tmp_path: Path):
    """Return a function that writes a file and imports it."""

    def write_and_import(name: str, contents: str):
        (tmp_path / name).write_text(contents, "utf-8")
        return import_plan([tmp_path / name])

    return write_and_import


def properties(found, event: str):
    return found.plan.events[event].properties


def said(found) -> list[str]:
    return [f"{note.line}: {note.message}" for note in found.notes]


AMPLITUDE = """\
Object type,Object name,Object owner,Object description,Event category,Event source,Event property name,\
Property description,Property value type,Property required,Property is array,Enum values,Property regex,\
Number is integer,Number property value min
Event,Pet Fed,zoo@ark.example,Food.,Care,"web, ios",,,,,,,,,
,,,,,,food,What.,enum,true,,"hay, meat",,,
,,,,,,grams,,number,false,,,,true,1
,,,,,,tags,,string,,true,,,,
Event,Pet Sold,,,,,price,,number,,,,,,
Property Group,Common,,,,,,,,,,,,,
"""


def test_an_amplitude_taxonomy_is_read(imported):
    found = imported("taxonomy.csv", AMPLITUDE)
    event = found.plan.events["Pet Fed"]
    assert (event.owner, list(event.sources), event.labels) == ("zoo@ark.example", ["web", "ios"], {"category": "Care"})
    assert event.properties["food"].enum == ("hay", "meat")
    assert event.properties["grams"] == PlannedProperty(name="grams", type="integer", min=1.0)
    assert event.properties["tags"].items == PlannedProperty(name="tags", type="string")
    assert list(properties(found, "Pet Sold")) == ["price"]
    assert said(found) == ["7: the property group 'Common' is left out"]


def test_a_source_schema_is_read_and_what_was_not_planned_is_counted(imported):
    rows = "Event Name,Last Seen At (UTC),Property Name,Allowed,Blocked,Total,Planned,team\n"
    rows += "Pet Fed,2026-01-01,food,5,0,5,planned,a\nPet Fed,more than 7 days ago,grams,5,0,5,unplanned,a\n"
    found = imported("zoo-web-track--2026-01-01.csv", rows)
    assert list(properties(found, "Pet Fed")) == ["food", "grams"]
    assert said(found) == [
        "1: 1 rows were not planned so far, and are now",
        "1: the columns team are left out: a plan has no place for them",
    ]


SHEETS = {
    "a list in one cell": "Event,Description,Properties\n"
    'Pet Fed,Food.,"food (string, required), grams: integer, tags"\n',
    "lines in one cell": 'Event name,What,properties\nPet Fed,,"- food* (text)\n- grams : int\n- tags"\n',
    "a title above": "Our plan,,\n,,\nEVENT_NAME,description,Parameters\n"
    'Pet Fed,Food.,"food (str, mandatory); grams (int); tags"\n',
    "a row for each property": "Event Name,Property Name,Data Type,Required\n"
    "Pet Fed,food,Text,Y\n,grams,integer,no\n,tags,,\n",
    "an event row above": "name;property;type;status\nPet Fed;;;\n"
    ";food;string;required\n;grams;int;optional\n;tags;any;\n",
}


@pytest.mark.parametrize("name", SHEETS)
def test_the_sheet_that_teams_start_from_is_read(imported, name):
    found = properties(imported("plan.csv", SHEETS[name]), "Pet Fed")
    assert {key: (prop.type, prop.required) for key, prop in found.items()} == {
        "food": ("string", True),
        "grams": ("integer", False),
        "tags": ("any", False),
    }


def test_a_sheet_nests_what_is_listed_below_its_parent(imported):
    rows = "event,property,type\nE,cart,object\nE,cart.id,string\nE,items,array\nE,items[],object\n"
    rows += "E,items[].sku,string\nE,a.b,string\n"
    found = properties(imported("plan.csv", rows), "E")
    assert list(found) == ["cart", "items", "a.b"]
    assert (list(found["cart"].properties), list(found["items"].items.properties)) == (["id"], ["sku"])


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        pytest.param("E,p,sometext,,", "the type 'sometext' is not known: read as any value", id="type"),
        pytest.param("E,p,,if paid,", "required: 'if paid' is neither yes nor no", id="required"),
        pytest.param("E,p,,,some", "min: 'some' is no number: left out", id="min"),
        pytest.param(",p,,,", "a row without an event is left out", id="no event"),
    ],
)
def test_what_is_odd_in_a_sheet_is_told_with_its_line(imported, cell, note):
    found = imported("plan.csv", f"event,property,type,required,min\n{cell}\nF,,,,\n")
    assert said(found)[0].startswith(f"2: {note}")
