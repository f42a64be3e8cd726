"""What does a file of another tool hold, and on which line?

JSON, JSON with comments (JSON5), YAML and tables; whatever cannot be read is a sentence with its line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from monitor.document import Document, decoded, parse_document, read_bytes, shortened
from monitor.errors import ConfigError, Problem

Form = Literal["json", "yaml", "table"]
Step = str | int
MOST_JSON5 = 2 * 1024 * 1024  # bytes: its reader takes a second for a tenth of a megabyte
FORMS: dict[str, Form] = {
    **dict.fromkeys((".json", ".json5", ".jsonc", ".jsonschema"), "json"),
    **dict.fromkeys((".yml", ".yaml"), "yaml"),
    **dict.fromkeys((".csv", ".tsv", ".txt"), "table"),
}
_TOKEN = re.compile(
    r""" (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | (?P<skip>//[^\n]*|/\*.*?\*/) | (?P<mark>[{}\[\],:])
       | (?P<bare>[^\s{}\[\],:"'/]+) """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, and the line on which it starts."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Foreign:
    """A file of another tool: its name, its contents, and where they are."""

    path: Path
    form: Form
    data: Any = field(repr=False)  # of a table: a tuple of Row
    text: str = field(repr=False)
    document: Document | None = field(default=None, repr=False)

    def line_of(self, path: tuple[Step, ...]) -> int:
        """Return the line of the deepest part of a path that exists."""
        if self.document is not None:
            return self.document.line_of(path)
        known = self._places.lines
        return next((known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known), 1)

    def problem(self, at: tuple[Step, ...] | int, message: str, hint: str = "") -> Problem:
        """Return a problem at a path, or on a line."""
        line = at if isinstance(at, int) else self.line_of(at)
        return Problem(str(self.path), line, message, hint)

    @cached_property
    def _places(self) -> Places:
        return Places(self.text)


def read_foreign(path: Path) -> Foreign:
    """Read a file by its ending, and one without a known ending as JSON.

    Raises:
        ConfigError: the file cannot be read as what it says it is; with the line.
    """
    if path.suffix.lower() in {".xlsx", ".xls", ".ods", ".numbers"}:
        raise ConfigError(Problem(str(path), 1, f"{path.suffix} files are not read", "save the sheet as CSV"))
    file, form = str(path), FORMS.get(path.suffix.lower(), "json")
    raw = read_bytes(path)
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise ConfigError(Problem(file, 1, "the file is UTF-16, not UTF-8", "save the file as UTF-8"))
    text = decoded(file, raw)
    if form == "yaml":
        document = parse_document(file, raw)
        document.refuse([])
        return Foreign(path, form, document.data, text, document)
    if not text.strip():
        raise ConfigError(Problem(file, 1, "the file is empty"))
    return Foreign(path, form, _table(file, text) if form == "table" else _json(file, text), text)


class Places:
    """On which line each part of a JSON text is, and what is written twice."""

    def __init__(self, text: str) -> None:
        self.lines: dict[tuple[Step, ...], int] = {}
        self.twice: list[tuple[str, int]] = []
        self.bare: list[tuple[str, int]] = []
        self._path: list[Step] = []
        for word, kind, line in _tokens(text):
            self._take(word, kind, line)

    def _take(self, word: str, kind: str, line: int) -> None:
        if kind == "bare":
            self.bare.append((word, line))
        if kind != "mark":
            self._value(word, line)
        elif word in "{[":
            self._value("", line)
            self._path.append("" if word == "{" else 0)
        elif word in "}]" and self._path:
            self._path.pop()
        elif word == "," and self._path:
            self._path[-1] = self._path[-1] + 1 if isinstance(self._path[-1], int) else ""

    def _value(self, word: str, line: int) -> None:
        if not self._path:
            return
        if self._path[-1] == "":
            name = _unquoted(word)
            self._path[-1] = name
            if tuple(self._path) in self.lines:
                self.twice.append((name, line))
        self.lines.setdefault(tuple(self._path), line)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line, last = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        if match.lastgroup and match.lastgroup != "skip":
            yield match[0], match.lastgroup, line


def _unquoted(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:
        return word.strip("'\"")


def _json(file: str, text: str) -> Any:
    twice: list[str] = []

    def block(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        twice.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        return made

    def refuse(word: str) -> None:
        line = next((line for bare, line in Places(text).bare if bare == word), 1)
        raise ConfigError(Problem(file, line, f"{word} is not a number that JSON knows", "write null, or leave it out"))

    try:
        data = json.loads(text, object_pairs_hook=block, parse_constant=refuse)
    except RecursionError:
        raise ConfigError(Problem(file, 1, "nested too deeply to be a plan")) from None
    except ValueError as error:
        data = _json5(file, text, error)
    if twice:
        name, line = next(iter(Places(text).twice), (twice[0], 1))
        raise ConfigError(Problem(file, line, f"{shortened(name)} is written twice in one block", "keep one of them"))
    return data


def _json5(file: str, text: str, error: ValueError) -> Any:
    """Read JSON with comments; where that fails too, the error of plain JSON is the clearer one."""
    plain = isinstance(error, json.JSONDecodeError) and not re.search(r"//|/\*|,\s*[}\]]|'", text)
    if not plain and len(text) <= MOST_JSON5:
        import json5  # noqa: PLC0415 only for files that are no plain JSON

        try:
            return json5.loads(text, allow_duplicate_keys=False)
        except RecursionError:
            raise ConfigError(Problem(file, 1, "nested too deeply to be a plan")) from None
        except ValueError as second:
            found = re.match(r"<string>:(\d+) (.*)", str(second))
            if found:
                raise ConfigError(Problem(file, int(found[1]), f"not valid JSON: {found[2][:100]}")) from None
            raise ConfigError(Problem(file, 1, f"not valid JSON: {str(second)[:100]}")) from None
    line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
    said = error.msg[:1].lower() + error.msg[1:] if isinstance(error, json.JSONDecodeError) else str(error)
    raise ConfigError(Problem(file, line, f"not valid JSON: {said}")) from None


def _table(file: str, text: str) -> tuple[Row, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            rows.append(Row(line, tuple(cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        where = line if "end of data" in str(error) or "field larger" in str(error) else reader.line_num
        message = f"the quotation marks of the row do not match: {error}"
        raise ConfigError(Problem(file, where, message, 'write a " within quotes as ""')) from None
    return tuple(row for row in rows if any(map(str.strip, row.cells)))


def _delimiter(text: str) -> str:
    head = text[: text.find("\n") + 1 or None]
    return max(",;\t", key=head.count)
