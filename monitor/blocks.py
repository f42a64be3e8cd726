"""How does a block of a document become an object, and each mistake in it a sentence?

Used for both files that people write: the plan (pydantic models) and the configuration
(models, and the frozen dataclasses in which checks, stores and channels keep theirs).
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import difflib
import math
import re
import types
import typing
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path as FilePath
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from monitor.document import Document, EnvText, shortened
from monitor.errors import Problem

T = TypeVar("T")
M = TypeVar("M", bound="Block")
Path = tuple[str | int, ...]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\s*\Z")
_PERCENT = re.compile(r"\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*%\s*\Z")
_SECRET = re.compile(r"token|password|secret|url|api_?key|credential", re.IGNORECASE)
_SHAPES = {"dict_type": "a block of 'name: value' lines", "model_type": "a block of 'name: value' lines"}


class Block(BaseModel):
    """A block of a file with a fixed set of names."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    noun: ClassVar[str] = "the file"


def wanted(what: str, hint: str = "") -> PydanticCustomError:
    """Return the error of a value that is not `what`; the sentence adds what was there instead."""
    return PydanticCustomError("wanted", "expected {what}", {"what": what, "hint": hint})


def wrong(said: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """Return an error with its own sentence, at a name inside the block."""
    return PydanticCustomError("wrong", "{said}", {"said": said, "hint": hint, "at": at})


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the hint for a name that nobody knows.

    >>> suggest("requird", ["required", "type"])
    "did you mean 'required'?"
    >>> suggest("x", ["required", "type"])
    'known: required, type'
    """
    names = list(known)
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {shortened(folded[close[0]])}?"
    listed = ", ".join(shortened(name)[1:-1] for name in names[:12])
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"known: {listed}{more}" if names else ""


def _whole(value: Any) -> int:
    if isinstance(value, EnvText) and re.fullmatch(r"[-+]?[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise wanted("a whole number")


def _number(value: Any) -> float:
    if isinstance(value, str):
        value = _numeric(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise wanted("a number")


def _numeric(text: str) -> float | str:
    percent = _PERCENT.match(text)
    if percent:
        return float(percent[1]) / 100
    if isinstance(text, EnvText) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", text):
        return float(text)
    return text


def _flag(value: Any) -> bool:
    if isinstance(value, EnvText) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise wanted("true or false")


def _words(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise wanted("text", "put it in quotes" if isinstance(value, int | float) else "")


def _duration(value: Any) -> dt.timedelta:
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found or float(found[1]) * _UNITS[found[2]] > 1e10:
        raise wanted("a duration", "write a number and s, m, h, d or w: 90m, 1h, 7d")
    return dt.timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _positive(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise wanted("a number above 0")
    return number


def _date(value: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise wanted("a date", "write it as 2026-09-01") from None


def _items(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    raise wanted("a list")


def choice(noun: str, options: Iterable[str]) -> BeforeValidator:
    """Return a validator for one word out of a few; the error suggests the nearest."""
    known = tuple(str(option) for option in options)

    def check(value: Any) -> str:
        if isinstance(value, str) and value in known:
            return str(value)
        hint = suggest(value, known) if isinstance(value, str) else f"known: {', '.join(known)}"
        raise PydanticCustomError("choice", "not {noun}", {"noun": noun, "hint": hint})

    return BeforeValidator(check)


Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number, json_schema_input_type=float | str)]
Positive = Annotated[float, BeforeValidator(_positive, json_schema_input_type=float | str)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Words = Annotated[str, BeforeValidator(_words)]
Duration = Annotated[dt.timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
Date = Annotated[dt.date, BeforeValidator(_date)]
Names = Annotated[tuple[Words, ...], BeforeValidator(_items, json_schema_input_type=list[str] | str)]

_PLAIN: dict[Any, Any] = {int: Whole, float: Number, bool: Flag, str: Words, dt.timedelta: Duration, dt.date: Date}
_PLAIN[tuple[str, ...]] = Names


def read_model(document: Document, model: type[M], data: Any, path: Path = ()) -> tuple[M | None, list[Problem]]:
    """Validate a part of a document against a model; return it, or everything that is wrong with it."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [_problem(document, path, model, item) for item in error.errors(include_url=False)]


def read_dataclass(
    document: Document, cls: type[T], data: dict[str, Any], path: Path, noun: str, also: Iterable[str] = ()
) -> tuple[T | None, list[Problem]]:
    """Build a dataclass from the block at a path; return it, or everything that is wrong with it.

    `noun` says what an unknown name is not: "a parameter of volume"; `also` are names of the
    block that are read elsewhere. A ValueError of the dataclass itself is a problem of the block.
    """
    known = settings_of(cls)
    values: dict[str, Any] = {}
    problems = [
        document.problem((*path, name), f"{shortened(name)} is not {noun}", suggest(name, [*known, *also]))
        for name in data
        if name not in known
    ]
    for name in known.keys() & data.keys():
        try:
            values[name] = known[name].validate_python(data[name])
        except ValidationError as error:
            problems += [_problem(document, (*path, name), None, item) for item in error.errors(include_url=False)]
    for name in required_of(cls) - data.keys():
        problems.append(document.problem(path, f"{name!r} is missing", f"write {name}: …"))
    if problems:
        return None, problems
    try:
        return cls(**values), []
    except ValueError as error:
        return None, [document.problem(path, str(error))]


def settings_of(cls: type[Any]) -> dict[str, TypeAdapter[Any]]:
    """Return the fields of a dataclass that a file may set, with what reads each."""
    hints = typing.get_type_hints(cls)
    return {f.name: TypeAdapter(_readable(hints[f.name])) for f in _settable(cls, hints)}


def required_of(cls: type[Any]) -> frozenset[str]:
    """Return the fields of a dataclass that a file must set."""
    hints = typing.get_type_hints(cls)
    bare = (f for f in _settable(cls, hints) if f.default is MISSING and f.default_factory is MISSING)
    return frozenset(f.name for f in bare)


def _settable(cls: type[Any], hints: dict[str, Any]) -> list[Field[Any]]:
    """Leave out a dataclass's seams: a stream or a function is for tests, not for files."""
    return [f for f in fields(cls) if f.init and _plain(hints[f.name])]


def _plain(hint: Any) -> bool:
    args = typing.get_args(hint)
    if typing.get_origin(hint) is Literal or hint in {Any, None, types.NoneType, Ellipsis}:
        return True
    if args:
        return typing.get_origin(hint) is not collections.abc.Callable and all(map(_plain, args))
    return hint in _PLAIN or (isinstance(hint, type) and issubclass(hint, StrEnum | FilePath))


def _readable(hint: Any) -> Any:
    """Return a dataclass field's type with our readers in place of pydantic's guesses."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    options = list(hint) if isinstance(hint, type) and issubclass(hint, StrEnum) else args if origin is Literal else ()
    if options:
        return Annotated[hint, choice("one of its choices", options)]
    if origin in {typing.Union, types.UnionType}:
        return typing.Union[tuple(_readable(arg) for arg in args)]  # noqa: UP007 built from a tuple
    if origin is None or hint in _PLAIN:
        return _PLAIN.get(hint, hint)
    return origin[tuple(arg if arg is Ellipsis else _readable(arg) for arg in args)]


def _problem(document: Document, path: Path, model: type[Block] | None, error: ErrorDetails) -> Problem:
    context = error.get("ctx", {})
    loc = tuple(step for step in error["loc"] if step != "[key]")
    full = (*path, *loc, *([context["at"]] if context.get("at") else []))
    message, hint = _sentence(full, loc, model, error)
    return document.problem(full, message, hint)


def _sentence(full: Path, loc: Path, model: type[Block] | None, error: ErrorDetails) -> tuple[str, str]:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    name = next((step for step in reversed(full) if isinstance(step, str)), "")
    if kind == "wrong":
        return context["said"], context["hint"]
    if kind in {"extra_forbidden", "missing"} and model is not None:
        return _name_error(model, loc, missing=kind == "missing")
    if kind == "choice":
        hidden = isinstance(value, EnvText) or not isinstance(value, str)
        return (f"{name}: got {got(value)}" if hidden else f"{shortened(value)} is not {context['noun']}"), context[
            "hint"
        ]
    what = context.get("what") or _SHAPES.get(kind) or ("a list" if "_type" in kind else "")
    if not what:
        return f"{shortened(name)[1:-1]}: {error['msg'][:1].lower()}{error['msg'][1:]}", ""
    return f"{shortened(name)[1:-1]}: expected {what}, got {got(value, name)}", context.get("hint", "")


def got(value: Any, name: str = "") -> str:
    """Return what was there, in plain words, without anything that may be a secret.

    >>> got("seven"), got(7, "port"), got("hunter2", "password"), got(None), got([1])
    ("text 'seven'", 'the number 7', 'text', 'nothing', 'a list')
    """
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a block"
    what = "text" if isinstance(value, str) else "the number"
    if isinstance(value, EnvText):
        return "the value of an environment variable"
    if _SECRET.search(name) or "://" in str(value):
        return what.removeprefix("the ") if what == "text" else "a number"
    return f"{what} {shortened(value) if isinstance(value, str) else value}"


def _name_error(model: type[Block], loc: Path, *, missing: bool) -> tuple[str, str]:
    owner, title = _owner(model, loc[:-1])
    of = f"{owner.noun} {shortened(title)}" if title else owner.noun
    if missing:
        return f"{loc[-1]!r} is missing in {of}", f"write {loc[-1]}: …"
    known = [info.alias or name for name, info in owner.model_fields.items()]
    return f"{shortened(str(loc[-1]))} is not a setting of {of}", suggest(str(loc[-1]), known)


def _owner(model: type[Block], loc: Path) -> tuple[type[Block], str]:
    """Return the block that a location leads to, and its name where it has one."""
    title, inside = "", None
    for step in loc:
        if inside is not None:
            model, title, inside = inside, str(step) if isinstance(step, str) else "", None
            continue
        known = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
        annotation = known.get(str(step))
        inner = _inner(annotation)
        if inner is not None and typing.get_origin(annotation) in {dict, list, tuple}:
            inside = inner
        elif inner is not None:
            model, title = inner, ""
    return model, title


def _inner(annotation: Any) -> type[Block] | None:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next((found for arg in typing.get_args(annotation) if (found := _inner(arg))), None)
