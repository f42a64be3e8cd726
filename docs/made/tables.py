"""How is a setting shown: its name, what it takes, its default, what it means?

What a setting takes is what its reader says when it is given something else: the reference
and the error messages are the same words.
"""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from checks.settings import meaning
from monitor.blocks import Block, settings_of
from monitor.plan.relations import duration_text

_SHAPES = {"dict_type": "a block", "model_type": "a block", "tuple_type": "a list", "bool_type": "true or false"}
_NOTHING_IT_TAKES = object()


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, for people."""

    name: str
    takes: str
    default: str
    means: str


def table(rows: Iterable[Row]) -> str:
    """Return rows as a table in Markdown."""
    lines = [f"| `{row.name}` | {row.takes} | {row.default} | {row.means} |" for row in rows]
    return "\n".join(("| setting | takes | default | meaning |", "|---|---|---|---|", *lines))


def rows_of_block(block: type[Block], places: Mapping[type[Block], str] | None = None) -> Iterator[Row]:
    """Yield the settings of a block; `places` says under which heading each block below it is described."""
    for name, info in block.model_fields.items():
        yield Row(info.alias or name, _taken(info, places or {}), _default_of(info), info.description or "")


def rows_of_dataclass(cls: type[Any]) -> Iterator[Row]:
    """Yield the settings of a dataclass that a file may set."""
    readers = settings_of(cls)
    for each in fields(cls):
        if each.name in readers:
            made = each.default if each.default_factory is MISSING else each.default_factory()
            yield Row(each.name, _wanted(readers[each.name]), shown(made), meaning(each))


def inner_block(annotation: Any) -> type[Block] | None:
    """Return the block that a setting holds, alone or in a list or under names."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next((found for arg in typing.get_args(annotation) if (found := inner_block(arg))), None)


def blocks_below(block: type[Block]) -> dict[type[Block], str]:
    """Return the blocks that a block holds, and theirs, each with where it first stands in the file."""
    places = {block: ""}
    waiting = [block]
    for above in waiting:
        for name, info in above.model_fields.items():
            inside = inner_block(info.annotation)
            if inside and inside not in places:
                places[inside] = f"{places[above]}.{info.alias or name}".lstrip(".")
                waiting.append(inside)
    return {each: place for each, place in places.items() if place}


def section(block: type[Block], places: Mapping[type[Block], str]) -> str:
    """Return a block with its settings, under where it stands in the file."""
    return f"## `{places[block]}`\n\n{first_line(block)}\n\n{table(rows_of_block(block, places))}"


def first_line(documented: object) -> str:
    """Return the first line of what is said of a class."""
    return (documented.__doc__ or "").partition("\n")[0]


def anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def shown(default: Any) -> str:
    """Return a default as one would write it; empty where there is none."""
    if default is MISSING:
        return "must be set"
    return "" if default is None or default in ((), {}, "") else f"`{_written(default)}`"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.timedelta):
        return duration_text(value) if value else "0s"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _default_of(info: FieldInfo) -> str:
    if info.is_required():
        return "must be set"
    default = info.get_default(call_default_factory=True)
    return "" if isinstance(default, Block | dt.time) else shown(default)


def _taken(info: FieldInfo, places: Mapping[type[Block], str]) -> str:
    inside = inner_block(info.annotation)
    if inside is None:
        read: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        return _wanted(TypeAdapter(read))
    shapes: dict[Any, str] = {dict: "names, each with a block", tuple: "a list of blocks"}
    shape = shapes.get(typing.get_origin(info.annotation), "a block")
    return f"[{shape}](#{anchor(places[inside])})"


def _wanted(reader: TypeAdapter[Any]) -> str:
    """Return what a reader says that it wants."""
    try:
        reader.validate_python(_NOTHING_IT_TAKES)
    except ValidationError as error:
        said = [_said(item["type"], item.get("ctx", {})) for item in error.errors(include_url=False)]
        return next(filter(None, said), "")
    return "anything"


def _said(kind: str, context: dict[str, Any]) -> str:
    if kind == "choice":
        options = str(context["hint"]).removeprefix("known: ").split(", ")
        return ", ".join(f"`{option}`" for option in options)
    hint = str(context.get("hint", "")).removeprefix("write ")
    return str(context.get("what") or hint or _SHAPES.get(kind, ""))
