"""How is a tracking plan written in YAML?

Everything but the name of an event is optional, because real plans are loose. Short forms
are read where they are natural: `total: integer` is a property, `sources: [web, ios]` are
sources without a role.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from checks.plan import CALLS, Call, Change, PlannedEvent, PlannedProperty, Priority, PropertyType, Question
from monitor.blocks import Block
from monitor.document import shortened
from monitor.plan.readers import (
    FORMATS,
    Deprecated,
    Enum,
    Labels,
    Name,
    Pattern,
    Required,
    RequiredBlock,
    Roles,
    Types,
    Version,
    body,
)
from monitor.plan.relations import Afters, Ratios
from monitor.plan.styles import STYLES, style_of
from monitor.values import Date, Flag, Names, Number, Whole, Words, choice, wanted, wrong

REQUIRABLE = ("description", "owner", "answers", "action")
_AS_IT_IS = (
    *("description", "nullable", "key", "enum", "pattern", "format", "min", "max", "min_length", "max_length", "unit"),
    *("constant", "personal", "closed"),
)
_RANGES = (("min", "max"), ("min_length", "max_length"))
_OPTIONAL = RequiredBlock.model_validate({})
_SUITS = {
    "min": {"integer", "number"},
    "max": {"integer", "number"},
    "min_length": {"string", "array"},
    "max_length": {"string", "array"},
    "pattern": {"string", "datetime"},
    "format": {"string"},
    "properties": {"object"},
    "closed": {"object"},
    "items": {"array"},
}
_OF = {
    "min": ("min is for numbers", "write type: number"),
    "max": ("max is for numbers", "write type: number"),
    "min_length": ("min_length is for text and arrays", "write type: string"),
    "max_length": ("max_length is for text and arrays", "write type: string"),
    "pattern": ("pattern is for text", "write type: string"),
    "format": ("format is for text", "write type: string"),
    "properties": ("properties are of objects", "write type: object"),
    "closed": ("closed is for objects", "write type: object"),
    "items": ("items are of arrays", "write type: array"),
}


def _property(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else body(value)


class PropertyBlock(Block):
    """One field that an event promises to carry."""

    noun: ClassVar[str] = "property"

    description: Words = Field(default="", description="what it says, for people")
    type: Types = Field(default=("any",), description="its type, or a list of them; `total: integer` is short for it")
    required: Required = Field(
        default_factory=lambda: _OPTIONAL,  # a default that holds a dict is copied for each property
        description="never absent or null: true, or from which sources, or when",
    )
    nullable: Flag = Field(False, description="may be null where it is sent")
    sources: Names = Field((), description="the sources that send it, if not all that send the event")
    key: Flag = Field(False, description="identifies one occurrence, as an order id does")
    enum: Enum = Field((), description="the allowed values")
    pattern: Pattern | None = Field(None, description="a regular expression that every value matches")
    format: Annotated[Literal[FORMATS], choice("a format", FORMATS)] | None = Field(  # type: ignore[valid-type]
        None, description="what its texts are"
    )
    min: Number | None = Field(default=None, description="the smallest number")
    max: Number | None = Field(default=None, description="the largest number")
    min_length: Whole | None = Field(None, description="characters of a text, items of an array")
    max_length: Whole | None = Field(None, description="characters of a text, items of an array")
    unit: Words | None = Field(None, description="what a number counts: cents, seconds")
    constant: Flag = Field(False, description="has one value only, and is not reported as unused for it")
    personal: Flag = Field(False, description="may hold personal data, and is not reported for it")
    deprecated: Deprecated = Field(None, description="on its way out: true, since when, and what to use")
    closed: Flag = Field(False, description="an object that has no other members")
    properties: Annotated[dict[Name, _SHORT], BeforeValidator(body)] = Field(
        default_factory=dict, description="the members of an object"
    )
    items: _SHORT | None = Field(None, description="what an array holds")

    @model_validator(mode="after")
    def _consistent(self) -> PropertyBlock:
        given = self.model_fields_set
        for low, high in _RANGES:
            if low in given and high in given:
                least, most = getattr(self, low), getattr(self, high)
                if least is not None and most is not None and least > most:
                    raise wrong(f"{low} {least:g} is more than {high} {most:g}", "swap them", at=low)
        for name in (each for each in _SUITS if each in given):
            if getattr(self, name) not in (None, False, {}) and not (_SUITS[name] | {"any"}) & {*self.type}:
                said, hint = _OF[name]
                raise wrong(f"{said}, but the type is {' or '.join(self.type)}", hint, at=name)
        return self

    def planned(self, name: str) -> PlannedProperty:
        """Return the property as checks see it."""
        types = tuple(dict.fromkeys(each for each in self.type if each != "null")) or ("any",)
        types = ("any",) if "any" in types else types
        return PlannedProperty(
            name=name,
            type=types[0] if len(types) == 1 else "any",  # type: ignore[arg-type]
            types=types if len(types) > 1 else (),  # type: ignore[arg-type]
            required=self.required.always,
            required_from=self.required.sources,
            required_when=self.required.when,
            sources=self.sources,
            deprecated=self.deprecated.planned() if self.deprecated else None,
            properties={key: block.planned(key) for key, block in self.properties.items()},
            items=self.items.planned(name) if self.items else None,
            **{field: getattr(self, field) for field in _AS_IT_IS if field not in {"nullable", "unit"}},
            unit=self.unit or None,
            nullable=self.nullable or "null" in self.type,
        )


_SHORT = Annotated[
    PropertyBlock, BeforeValidator(_property, json_schema_input_type=PropertyBlock | PropertyType | None)
]
PropertyBlock.model_rebuild()


class EventBlock(Block):
    """One event that the plan promises, with the decision that hangs on it."""

    noun: ClassVar[str] = "event"

    call: Annotated[Call, choice("a call", CALLS)] | None = Field(
        None, description="what sends it; an event named identify, group, page or screen is that call, others are track"
    )
    version: Version = Field("", description="of this event's own, as 2 or 1-0-2")
    description: Words = Field(default="", description="what happened, and when it is sent")
    owner: Words | None = Field(None, description="who answers: an email address, a Slack user, group or channel")
    priority: Annotated[Priority, choice("a priority", list(Priority))] = Field(
        default=Priority.NORMAL, description="how much it matters: its share of the budget, its severity"
    )
    sources: Roles = Field(default_factory=dict, description="where it is sent from, and each source's role")
    answers: Names = Field((), description="the questions that it helps to answer")
    action: Words = Field("", description="what happens because of it")
    labels: Labels = Field(default_factory=dict, description="what else is to be known of it, as name: value")
    deprecated: Deprecated = Field(None, description="on its way out: true, since when, and what to use")
    expires: Date | None = Field(None, description="when it is to be removed")
    closed: Flag = Field(False, description="sends nothing that is not planned")
    after: Afters = Field((), description="the events that come before it, for the same person")
    ratio: Ratios = Field((), description="how often it comes for each time that another event does")
    properties: Annotated[dict[Name, _SHORT], BeforeValidator(body)] = Field(
        default_factory=dict, description="what it carries"
    )
    traits: Annotated[dict[Name, _SHORT], BeforeValidator(body)] = Field(
        default_factory=dict, description="the properties of an identify or group call"
    )

    @model_validator(mode="after")
    def _consistent(self) -> EventBlock:
        if self.traits and self.call not in {None, "identify", "group"}:
            raise wrong(f"traits are of identify and group, but the call is {self.call}", "write properties:", "traits")
        if twice := self.traits.keys() & self.properties.keys():
            raise wrong(f"{min(twice)!r} is both a trait and a property", "keep one of them", at="traits")
        return self

    def planned(self, name: str, defaults: dict[str, Any]) -> PlannedEvent:
        """Return the event as checks see it; `defaults` fill what the event does not say itself."""
        same = ("version", "description", "owner", "priority", "sources", "answers", "action", "labels")
        own = {field: getattr(self, field) for field in (*same, "expires", "closed")}
        own |= {field: value for field, value in defaults.items() if field not in self.model_fields_set}
        own["owner"] = own["owner"] or None  # an empty owner is nobody
        properties = {key: block.planned(key) for key, block in {**self.properties, **self.traits}.items()}
        return PlannedEvent(
            name=name,
            call=self.call or (name if name in CALLS else "track"),  # type: ignore[arg-type]
            deprecated=self.deprecated.planned() if self.deprecated else None,
            after=tuple(each.planned() for each in self.after),
            ratio=tuple(each.planned(name) for each in self.ratio),
            properties=properties,
            **own,
        )


class DefaultsBlock(Block):
    """What holds for every event that does not say it itself."""

    noun: ClassVar[str] = "the defaults"

    owner: Words | None = Field(default=None, description="who answers")
    priority: Annotated[Priority, choice("a priority", list(Priority))] = Field(
        default=Priority.NORMAL, description="how much events matter"
    )
    sources: Roles = Field(default_factory=dict, description="where they are sent from")
    answers: Names = Field(default=(), description="the questions that they help to answer")
    labels: Labels = Field(default_factory=dict, description="what else is to be known")
    closed: Flag = Field(default=False, description="they send nothing that is not planned")

    def given(self) -> dict[str, Any]:
        """Return what was written, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _require(value: Any) -> Any:
    if not isinstance(value, list) or not set(map(str, value)) <= set(REQUIRABLE):
        raise wanted(f"a list out of {', '.join(REQUIRABLE)}", "write require: [description, owner]")
    return value


def _style(value: Any) -> str:
    if isinstance(value, str) and style_of(value):
        return value
    names = ", ".join(STYLES)
    if isinstance(value, str):
        raise wrong(f"{shortened(value)} is not a style of names", f"known: {names}, or a regular expression from ^ on")
    raise wanted("a style of names", f"known: {names}")


Styled = Annotated[str, BeforeValidator(_style, json_schema_input_type=str)]


class LintBlock(Block):
    """What the team agreed on, and `plan lint` holds the plan to."""

    noun: ClassVar[str] = "the lint rules"

    events: Styled = Field(
        default="Object Action", description="how events are named: Object Action, snake_case, …, any, ^…$"
    )
    properties: Styled = Field(
        default="any", description="how properties are named: snake_case, camelCase, …, any, ^…$"
    )
    require: Annotated[tuple[str, ...], BeforeValidator(_require)] = Field(
        default=REQUIRABLE, description="what every event must say"
    )
    ignore: Names = Field(default=(), description="rules that are not wanted")


class QuestionBlock(Block):
    """A business question that events help to answer."""

    noun: ClassVar[str] = "question"

    ask: Words = Field(description="the question, as people ask it")
    owner: Words | None = Field(default=None, description="who asks")
    reviewed: Date | None = Field(None, description="when somebody last confirmed that it is still asked")

    def planned(self, name: str) -> Question:
        """Return the question as checks see it."""
        return Question(name=name, ask=self.ask, owner=self.owner or None, reviewed=self.reviewed)


class ChangeBlock(Block):
    """One line of the plan's history."""

    noun: ClassVar[str] = "change"

    version: Whole | None = Field(default=None, description="of the plan, from which on it holds")
    date: Date | None = Field(default=None, description="when it was decided")
    event: Words | None = Field(default=None, description="which event")
    property: Words | None = Field(default=None, description="which property of it")
    what: Words = Field(description="what is different")
    why: Words = Field(default="", description="why")

    def planned(self) -> Change:
        """Return the change as checks see it."""
        return Change(**{name: getattr(self, name) for name in type(self).model_fields})


_BODY = Annotated[EventBlock, BeforeValidator(body, json_schema_input_type=EventBlock | None)]


class PlanBlock(Block):
    """A tracking plan, or one file of it."""

    noun: ClassVar[str] = "the plan"

    name: Words = Field(default="", description="what the plan is called")
    description: Words = Field(default="", description="what it is for")
    version: Whole = Field(default=1, description="raised with each change")
    defaults: DefaultsBlock | None = Field(None, description="what holds for every event that does not say it itself")
    workspaces: Annotated[dict[Name, DefaultsBlock], BeforeValidator(body)] = Field(
        default_factory=dict, description="defaults of one workspace: production, staging, …"
    )
    lint: LintBlock | None = Field(None, description="what `plan lint` holds the plan to")
    questions: Annotated[dict[Name, QuestionBlock], BeforeValidator(body)] = Field(
        default_factory=dict, description="the business questions that events help to answer, each under a name"
    )
    events: Annotated[dict[Name, _BODY], BeforeValidator(body)] = Field(
        default_factory=dict, description="the events, by name"
    )
    changes: Annotated[tuple[ChangeBlock, ...], BeforeValidator(lambda value: value or ())] = Field(
        default=(), description="what was changed, when and why"
    )
