"""Which column of a file is which field of a message?

Names are guessed from what the well-known pipes write, then from names that people give.
The guess is always shown, and `--map FIELD=COLUMN` overrides it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.errors import UsageError
from monitor.stores.files.sample import Sample
from monitor.stores.presets import GENERIC, PRESETS, Preset

FIELDS = (
    "id", "event", "source", "occurred_at", "sent_at", "received_at", "loaded_at",
    "user_id", "anonymous_id", "app_version", "properties",
)  # fmt: skip
TIMES = ("received_at", "occurred_at", "sent_at", "loaded_at")


CALLS = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identify", "group": "Group", "alias": "Alias"}
LAYOUTS = tuple(preset.name for preset in (*PRESETS, GENERIC))


@dataclass(frozen=True, slots=True)
class Guess:
    """The fields that were found, by column; a column `=text` is a constant."""

    layout: str
    columns: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()  # columns that are a field and stay a property too
    calls: Mapping[str, str] = field(default_factory=lambda: CALLS)  # call that is no track call -> event


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said about files."""

    layout: str | None = None  # instead of the one that fits
    columns: Mapping[str, str] = field(default_factory=dict)  # field -> column, not to be guessed
    zone: str = "UTC"  # IANA name: what times without a zone mean
    kept: frozenset[str] = frozenset()  # columns that the plan promises: a property, though they are a field
    sources: Mapping[str, str] = field(default_factory=dict)  # folder of a source -> what it is called
    calls: Mapping[str, str] = field(default_factory=lambda: CALLS)  # call that is no track call -> event


def guess(columns: Sequence[str], sample: Sample, wishes: Wishes) -> Guess:
    """Map the fields of a message to columns.

    Args:
        columns: names as the file has them; a name inside an object with a dot before it
        sample: the first rows: a `time` of 3.2 seconds is no time, a `name` of a person no event
        wishes: what the user said

    Raises:
        UsageError: an unknown layout, or a given column that is not there
    """
    preset = _preset(columns, wishes.layout)
    found = {name: _find(preset, name, columns, sample) for name in FIELDS}
    if preset is GENERIC and not (found["occurred_at"] or found["received_at"]):
        found["occurred_at"] = next((c for c in columns if _ends_like_time(c) and sample.is_time(c)), None)
    said = {name: _checked(name, column, columns) for name, column in wishes.columns.items()}
    columns_ = {name: column for name in FIELDS if (column := said.get(name) or found[name])}
    return Guess(preset.name, columns_, wishes.kept, wishes.calls)


def parse_map(options: Sequence[str]) -> dict[str, str]:
    """Read `--map` options.

    >>> parse_map(["user_id=CustomerID", "event==Order Line Added"])
    {'user_id': 'CustomerID', 'event': '=Order Line Added'}

    Raises:
        UsageError: no FIELD=COLUMN, or no such field
    """
    given = {}
    for option in options:
        name, equals, column = option.partition("=")
        if not equals or not column:
            raise UsageError(f"--map {option}: write FIELD=COLUMN, such as user_id=CustomerID")
        if name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {close[0]}?" if close else f"fields are {', '.join(FIELDS)}"
            raise UsageError(f"--map {option}: {name!r} is not a field of a message; {hint}")
        given[name] = column
    return given


def _preset(columns: Sequence[str], layout: str | None) -> Preset:
    if layout is None:
        return next((preset for preset in PRESETS if preset.fits(columns)), GENERIC)
    for preset in (*PRESETS, GENERIC):
        if preset.name == layout:
            return preset
    raise UsageError(f"--layout {layout}: layouts of files are {', '.join(LAYOUTS)}")


def _find(preset: Preset, name: str, columns: Sequence[str], sample: Sample) -> str | None:
    simple = _squeeze if preset is GENERIC else str.lower
    by_name: dict[str, str] = {}
    for known in columns:
        by_name.setdefault(simple(known), known)
    for candidate in preset.fields.get(name, ()):
        column = by_name.get(candidate if preset is GENERIC else candidate.lower())
        if column and _plausible(name, column, sample, trust=preset is not GENERIC):
            return column
    return None


def _plausible(name: str, column: str, sample: Sample, *, trust: bool) -> bool:
    if trust and not sample.texts(column):  # may come later in the file
        return name not in TIMES
    if name in TIMES:
        return sample.is_time(column)
    return name not in ("event", "source") or (trust and name == "event") or sample.is_label(column)


def _checked(name: str, column: str, columns: Sequence[str]) -> str:
    if column.startswith("=") or column in columns:
        return column
    close = difflib.get_close_matches(column, columns, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(columns[:12])}"
    raise UsageError(f"--map {name}={column}: no such column; {hint}")


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _ends_like_time(name: str) -> bool:
    return _squeeze(name).endswith(("date", "time", "timestamp", "tstamp"))
