"""How do people write a number, a share, a duration, a choice; and what is said when they do not?"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from monitor.document import EnvText, shortened

D = TypeVar("D", bound=dt.date)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\s*\Z")
_PERCENT = re.compile(r"\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*%\s*\Z")
_SECRET = re.compile(r"token|password|secret|url|api_?key|credential", re.IGNORECASE)


def wanted(what: str, hint: str = "") -> PydanticCustomError:
    """Return the error of a value that is not `what`; the sentence adds what was there instead."""
    return PydanticCustomError("wanted", "expected {what}", {"what": what, "hint": hint})


def wrong(said: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """Return an error with its own sentence, at a name inside the block."""
    return PydanticCustomError("wrong", "{said}", {"said": said, "hint": hint, "at": at})


def got(value: Any, name: str = "") -> str:
    """Return what was there, in plain words, without anything that may be a secret.

    >>> got("seven"), got(7, "port"), got("hunter2", "password"), got(None), got([1])
    ("text 'seven'", 'the number 7', 'text', 'nothing', 'a list')
    """
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a block"
    if isinstance(value, EnvText):
        return "the value of an environment variable"
    if _SECRET.search(name) or "://" in str(value):
        return "text" if isinstance(value, str) else "a number"
    return f"text {shortened(value)}" if isinstance(value, str) else f"the number {value}"


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
    raise wanted("true or false", "write true or false, without quotes")


def _words(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise wanted("text", "put it in quotes" if isinstance(value, int | float) else "")


def _duration(value: Any) -> dt.timedelta:
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found or float(found[1]) * _UNITS[found[2]] > 1e10:
        raise wanted("a duration", "write a number and s, m, h, d or w: 90m, 1h, 7d")
    return dt.timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def duration_text(length: dt.timedelta) -> str:
    """Return a duration as it is written.

    >>> duration_text(dt.timedelta(days=2)), duration_text(dt.timedelta(minutes=90))
    ('2d', '90m')
    """
    seconds = length.total_seconds()
    units = {"d": 86400, "h": 3600, "m": 60}
    unit = next((unit for unit, size in units.items() if seconds % size == 0), "s")
    return f"{seconds / units.get(unit, 1):g}{unit}"


def _positive(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise wanted("a number above 0")
    return number


def _some_time(value: Any) -> dt.timedelta:
    duration = _duration(value)
    if duration < dt.timedelta(seconds=1):
        raise wanted("a duration of a second or more")
    return duration


def _date(value: Any) -> dt.date:
    try:
        return _sane(dt.date.fromisoformat(value))
    except (TypeError, ValueError):
        raise wanted("a date", "write it as 2026-09-01") from None


def _moment(value: Any) -> dt.date | dt.datetime:
    try:
        return _sane(dt.date.fromisoformat(value) if len(value) == 10 else dt.datetime.fromisoformat(value))
    except (TypeError, ValueError):
        raise wanted("a day or a time", "write it as 2026-12-24 or 2026-12-24T18:00") from None


def _sane(when: D) -> D:
    """Refuse years that no event stream has seen: time zones cannot reckon with the first and the last."""
    if not 1900 <= when.year <= 2200:
        raise ValueError(when)
    return when


def _items(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    raise wanted("a list")


def choice(noun: str, options: Iterable[str]) -> BeforeValidator:
    """Return a validator for one word out of a few; the error suggests the nearest."""
    return BeforeValidator(partial(chosen, noun=noun, known=tuple(str(option) for option in options)))


def chosen(value: Any, noun: str, known: tuple[str, ...]) -> str:
    """Return a word that is one of the known ones, or raise what is said of one that is not."""
    if isinstance(value, str) and value in known:
        return str(value)
    hint = suggest(value, known) if isinstance(value, str) else f"known: {', '.join(known)}"
    raise PydanticCustomError("choice", "not {noun}", {"noun": noun, "hint": hint})


Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number, json_schema_input_type=float | str)]
Positive = Annotated[float, BeforeValidator(_positive, json_schema_input_type=float | str)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Words = Annotated[str, BeforeValidator(_words)]
Duration = Annotated[dt.timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
SomeTime = Annotated[dt.timedelta, BeforeValidator(_some_time, json_schema_input_type=str)]
Moment = Annotated[dt.date | dt.datetime, BeforeValidator(_moment, json_schema_input_type=str)]
Date = Annotated[dt.date, BeforeValidator(_date)]
Names = Annotated[tuple[Words, ...], BeforeValidator(_items, json_schema_input_type=list[str] | str)]
