"""How does a block of a document become an object, and each mistake in it a sentence?

Used for both files that people write: the plan (pydantic models) and the configuration
(models, and the frozen dataclasses in which checks, stores and channels keep theirs).
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import types
import typing
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path as FilePath
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from checks.settings import is_part
from monitor.document import Document, shortened
from monitor.errors import Problem, UsageError
from monitor.values import Date, Duration, Flag, Names, Number, Whole, Words, choice, got, suggest

T = TypeVar("T")
M = TypeVar("M", bound="Block")
Path = tuple[str | int, ...]

_SHAPES = {"dict_type": "a block of 'name: value' lines", "model_type": "a block of 'name: value' lines"}


class Block(BaseModel):
    """A block of a file with a fixed set of names."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    noun: ClassVar[str] = "the file"


_PLAIN: dict[Any, Any] = {int: Whole, float: Number, bool: Flag, str: Words, dt.timedelta: Duration, dt.date: Date}
_PLAIN[tuple[str, ...]] = Names


def read_model(document: Document, model: type[M], data: Any, path: Path = ()) -> tuple[M | None, list[Problem]]:
    """Validate a part of a document against a model; return it, or everything that is wrong with it."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = [(item, _problem(document, path, model, item)) for item in error.errors(include_url=False)]
    misspelt = {(item["loc"][:-1], problem.hint) for item, problem in found if item["type"] == "extra_forbidden"}
    return None, [
        problem
        for item, problem in found
        if item["type"] != "missing" or (item["loc"][:-1], f"did you mean {item['loc'][-1]!r}?") not in misspelt
    ]


def read_dataclass(
    document: Document, cls: type[T], data: dict[str, Any], path: Path, noun: str, also: Iterable[str] = ()
) -> tuple[T | None, list[Problem]]:
    """Build a dataclass from the block at a path; return it, or everything that is wrong with it.

    `noun` says what an unknown name is not: "a parameter of volume"; `also` are names of the
    block that are read elsewhere. What the dataclass itself refuses is a problem of the block.
    """
    known = settings_of(cls)
    values: dict[str, Any] = {}
    problems = [
        document.problem((*path, name), f"{shortened(name)} is not {noun}", suggest(name, [*known, *also]))
        for name in data
        if name not in known
    ]
    parts = {each.name for each in _settable(cls, typing.get_type_hints(cls)) if is_part(each)}
    for name in known.keys() & data.keys():
        try:
            values[name] = known[name].validate_python(data[name])
        except ValidationError as error:
            problems += [_problem(document, (*path, name), None, item) for item in error.errors(include_url=False)]
        if name in parts and values.get(name, 0) > 1:
            said = f"{name}: {values[name]:,.0%} is more than all there is, so that nothing would ever be found"
            problems.append(document.problem((*path, name), said, f"write {values[name]:g}%, if that is meant"))
    hints = {problem.hint for problem in problems}
    for name in required_of(cls) - data.keys():
        if f"did you mean {name!r}?" not in hints:
            problems.append(document.problem(path, f"{name!r} is missing", f"write {name}: …"))
    if problems:
        return None, problems
    try:
        return cls(**values), []
    except (ValueError, UsageError) as error:
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
    name = next((shortened(step)[1:-1] for step in reversed(full) if isinstance(step, str)), "")
    hint = str(context.get("hint", ""))
    if kind == "wrong":
        return context["said"], hint
    if kind in {"extra_forbidden", "missing"} and model is not None:
        return _name_error(model, loc, missing=kind == "missing")
    if kind == "choice":
        return f"{name}: {got(value, name).removeprefix('text ')} is not {context['noun']}", hint
    what = context.get("what") or _SHAPES.get(kind) or ("a list" if "_type" in kind else "")
    if not what:
        return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}", hint
    return f"{name}: expected {what}, got {got(value, name)}", hint


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
