"""How is a tracking plan written in YAML?

Everything but the name of an event is optional, because real plans are loose. Short forms
are read where they are natural: `total: integer` is a property, `sources: [web, ios]` are
sources without a role.
"""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BeforeValidator, Field, model_validator

from checks.plan import PlannedEvent, PlannedProperty, Priority, PropertyType, Question
from monitor.blocks import Block
from monitor.values import Date, Flag, Names, Number, Whole, Words, choice, wanted, wrong

# what Python's expressions have and DuckDB's or PostgreSQL's do not, behind an even number of backslashes
_BEYOND_SQL = re.compile(r"(?<!\\)(?:\\\\)*(?P<what>\(\?(?!:|[ims]+\))[^\w\s]?\w?|\\[1-9Z])")
TYPES: tuple[str, ...] = get_args(PropertyType)


def _body(value: Any) -> Any:
    return {} if value is None else value


def _name(value: Any) -> str:
    if not str(value).strip():
        raise wrong("a name is empty", "write the name in front of the colon")
    return str(value)


def _property(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else _body(value)


def _members(value: Any) -> Any:
    if not isinstance(value, list):
        raise wanted("a list", "write the allowed values as [a, b, c]")
    if not value:
        raise wrong("enum: the list is empty, so no value would be allowed", "name the allowed values, or leave it out")
    return [_member(member) for member in value]


def _member(value: Any) -> str:
    if value is None:
        raise wrong(
            "enum: an empty value needs no place in the list", "leave it out: 'required' says if it may be empty"
        )
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        raise wanted("plain values in the list")
    return str(value)


def _roles(value: Any) -> Any:
    if isinstance(value, list):
        return dict.fromkeys(map(str, value), "")
    return {name: role or "" for name, role in value.items()} if isinstance(value, dict) else value


def _pattern(value: Any) -> str:
    if not isinstance(value, str):
        raise wanted("a regular expression", "put it in quotes")
    try:
        with warnings.catch_warnings(action="ignore"):  # a pattern that future Pythons may read otherwise
            re.compile(value)
    except re.error as error:
        raise wrong(f"pattern: not a regular expression: {error}", "in YAML, write it in single quotes") from None
    if beyond := _BEYOND_SQL.search(value):
        said = f"pattern: databases do not all understand {beyond.group('what')!r}"
        raise wrong(said, "do without look-around, named groups and back references")
    return value


Name = Annotated[str, BeforeValidator(_name)]
Scalar = str | int | float | bool
Enum = Annotated[tuple[str, ...], BeforeValidator(_members, json_schema_input_type=list[Scalar])]
Pattern = Annotated[str, BeforeValidator(_pattern, json_schema_input_type=str)]
Roles = Annotated[dict[str, Words], BeforeValidator(_roles, json_schema_input_type=dict[str, str | None] | list[str])]


class PropertyBlock(Block):
    """One field that an event promises to carry."""

    noun: ClassVar[str] = "property"

    description: Words = ""
    type: Annotated[PropertyType, choice("a property type", TYPES)] = "any"
    required: Flag = Field(False, description="never absent or null")
    key: Flag = Field(False, description="identifies one occurrence, as an order id does")
    enum: Enum = Field((), description="the allowed values")
    pattern: Pattern | None = Field(None, description="a regular expression that every value matches")
    min: Number | None = None
    max: Number | None = None
    unit: Words | None = Field(None, description="what a number counts: cents, seconds")
    constant: Flag = Field(False, description="has one value only, and is not reported as unused for it")

    @model_validator(mode="after")
    def _consistent(self) -> PropertyBlock:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise wrong(f"min {self.min:g} is more than max {self.max:g}", "swap them", at="min")
        for limit in ("min", "max"):
            if getattr(self, limit) is not None and self.type not in {"integer", "number", "any"}:
                raise wrong(f"{limit} is for numbers, but the type is {self.type}", "write type: number", at=limit)
        if self.pattern is not None and self.type not in {"string", "any", "datetime"}:
            raise wrong(f"pattern is for text, but the type is {self.type}", "write type: string", at="pattern")
        return self

    def planned(self, name: str) -> PlannedProperty:
        """Return the property as checks see it."""
        return PlannedProperty(name=name, **{field: getattr(self, field) for field in type(self).model_fields})


_SHORT = Annotated[
    PropertyBlock, BeforeValidator(_property, json_schema_input_type=PropertyBlock | PropertyType | None)
]


class EventBlock(Block):
    """One event that the plan promises, with the decision that hangs on it."""

    noun: ClassVar[str] = "event"

    description: Words = ""
    owner: Words | None = Field(None, description="who answers: an email address, a Slack user, group or channel")
    priority: Annotated[Priority, choice("a priority", list(Priority))] = Priority.NORMAL
    sources: Roles = Field(default_factory=dict, description="where it is sent from, and each source's role")
    answers: Names = Field((), description="the questions that it helps to answer")
    action: Words = Field("", description="what happens because of it")
    properties: Annotated[dict[Name, _SHORT], BeforeValidator(_body)] = Field(default_factory=dict)

    def planned(self, name: str) -> PlannedEvent:
        """Return the event as checks see it."""
        own = {field: getattr(self, field) for field in type(self).model_fields if field != "properties"}
        properties = {key: block.planned(key) for key, block in self.properties.items()}
        return PlannedEvent(name=name, properties=properties, **own)


class QuestionBlock(Block):
    """A business question that events help to answer."""

    noun: ClassVar[str] = "question"

    ask: Words
    owner: Words | None = None
    reviewed: Date | None = Field(None, description="when somebody last confirmed that it is still asked")

    def planned(self, name: str) -> Question:
        """Return the question as checks see it."""
        return Question(name=name, ask=self.ask, owner=self.owner, reviewed=self.reviewed)


class ChangeBlock(Block):
    """One line of the plan's history."""

    noun: ClassVar[str] = "change"

    version: Whole | None = None
    date: Date | None = None
    event: Words | None = None
    property: Words | None = None
    what: Words
    why: Words = ""


_BODY = Annotated[EventBlock, BeforeValidator(_body, json_schema_input_type=EventBlock | None)]


class PlanBlock(Block):
    """A tracking plan, or one file of it."""

    noun: ClassVar[str] = "the plan"

    version: Whole = 1
    questions: Annotated[dict[Name, QuestionBlock], BeforeValidator(_body)] = Field(default_factory=dict)
    events: Annotated[dict[Name, _BODY], BeforeValidator(_body)] = Field(default_factory=dict)
    changes: Annotated[tuple[ChangeBlock, ...], BeforeValidator(lambda value: value or ())] = ()
