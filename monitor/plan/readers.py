"""How do people write the parts of a planned property: its type, its allowed values, when it is required?"""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BeforeValidator, Field

from checks.plan import Deprecation, PropertyType
from monitor.blocks import Block
from monitor.document import shortened
from monitor.values import Date, Flag, Names, Words, chosen, suggest, wanted, wrong

# what Python's expressions have and DuckDB's or PostgreSQL's do not, behind an even number of backslashes
_BEYOND_SQL = re.compile(r"(?<!\\)(?:\\\\)*(?P<what>\(\?(?!:|[ims]+\))[^\w\s]?\w?|\\[1-9Z])")
TYPES: tuple[str, ...] = get_args(PropertyType)
FORMATS = ("date", "time", "email", "uuid", "uri", "hostname", "ipv4", "ipv6")


def body(value: Any) -> Any:
    """Return an empty block for nothing at all."""
    return {} if value is None else value


def _name(value: Any) -> str:
    if not str(value).strip():
        raise wrong("a name is empty", "write the name in front of the colon")
    return str(value)


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
    if isinstance(value, list | dict):
        raise wanted("plain values in the list")
    return spelt(value)


def spelt(value: str | float | bool) -> str:
    """Return a plain value as the plan compares it: as text.

    >>> spelt(True), spelt(5), spelt("x")
    ('true', '5', 'x')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def unportable(pattern: str) -> str:
    """Return why a regular expression cannot be a pattern of the plan, or nothing.

    >>> unportable("^a+$"), unportable("(?=a)b")
    ('', "databases do not all understand '(?=a'")
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # a pattern that future Pythons may read otherwise
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    beyond = _BEYOND_SQL.search(pattern)
    return f"databases do not all understand {beyond.group('what')!r}" if beyond else ""


def _pattern(value: Any) -> str:
    if not isinstance(value, str):
        raise wanted("a regular expression", "put it in quotes")
    if not value:
        raise wrong("pattern: is empty, and every text matches that", "write one, or leave it out")
    if said := unportable(value):
        hint = (
            "in YAML, write it in single quotes"
            if said.startswith("not")
            else "do without look-around, named groups and back references"
        )
        raise wrong(f"pattern: {said}", hint)
    return value


def _types(value: Any) -> tuple[str, ...]:
    """Read `string` and `[string, null]`."""
    if not isinstance(value, list):
        return (chosen(value, "a property type", TYPES),)
    if not value:
        raise wrong("type: the list is empty", "write type: any, or leave it out")
    types = tuple("null" if each is None else str(each) for each in value)
    if odd := next((each for each in types if each not in {*TYPES, "null"}), None):
        raise wrong(f"type: {shortened(odd)} is not a property type", suggest(odd, [*TYPES, "null"]))
    return types


def _conditions(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise wanted("a block of 'property: value' lines", "write when: {payment_method: card}")
    return {name: tuple(_members(each if isinstance(each, list) else [each])) for name, each in value.items()}


class RequiredBlock(Block):
    """When a property must be there: always, from some sources, or where other properties have certain values."""

    noun: ClassVar[str] = "required"

    always: Flag = Field(default=False, description="in every message; `required: true` says the same")
    sources: Names = Field(default=(), description="required in messages of these sources only")
    when: Annotated[
        dict[str, tuple[str, ...]],
        BeforeValidator(
            _conditions, json_schema_input_type=dict[str, str | int | float | bool | list[str | int | float | bool]]
        ),
    ] = Field(default_factory=dict, description="other properties, and the values of theirs that require this one")


def _required(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    return {"always": value} if isinstance(value, bool) else _no_flag(value)


def _no_flag(value: Any) -> Any:
    raise wanted("true or false", "write true or false, without quotes")


class DeprecatedBlock(Block):
    """That something is on its way out."""

    noun: ClassVar[str] = "deprecated"

    since: Date | None = Field(default=None, description="from when on it should not be sent")
    use: Words | None = Field(None, description="the name of what takes its place")

    def planned(self) -> Deprecation:
        """Return it as checks see it."""
        return Deprecation(since=self.since, use=self.use or None)


def _deprecated(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return {} if value else None
    return {"since": value} if isinstance(value, str) else value


def _roles(value: Any) -> Any:
    if isinstance(value, list):
        return dict.fromkeys(map(str, value), "")
    return {name: role or "" for name, role in value.items()} if isinstance(value, dict) else value


def _labels(value: Any) -> Any:
    if not isinstance(value, dict):
        raise wanted("a block of 'name: value' lines", "write labels: {team: growth}")
    return {name: "" if each is None else _member(each) for name, each in value.items()}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, BeforeValidator(_name)]
Scalar = str | int | float | bool
Types = Annotated[
    tuple[str, ...], BeforeValidator(_types, json_schema_input_type=PropertyType | list[PropertyType | None])
]
Enum = Annotated[tuple[str, ...], BeforeValidator(_members, json_schema_input_type=list[Scalar])]
Pattern = Annotated[str, BeforeValidator(_pattern, json_schema_input_type=str)]
Required = Annotated[RequiredBlock, BeforeValidator(_required, json_schema_input_type=bool | RequiredBlock)]
Deprecated = Annotated[
    DeprecatedBlock | None, BeforeValidator(_deprecated, json_schema_input_type=bool | str | DeprecatedBlock | None)
]
Roles = Annotated[dict[str, Words], BeforeValidator(_roles, json_schema_input_type=dict[str, str | None] | list[str])]
Labels = Annotated[dict[str, str], BeforeValidator(_labels, json_schema_input_type=dict[str, Scalar | None])]
Version = Annotated[Words, BeforeValidator(_text, json_schema_input_type=str | int)]
