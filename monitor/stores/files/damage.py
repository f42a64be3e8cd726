"""Which lines of a file are damaged, and what is left of it?

The slow way, line by line; only for files in which the engine found something wrong,
or that it cannot read as they lie (another encoding, a byte order mark).
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.stores.files.sniff import Sniffed, opened

LONGEST = 16 << 20  # characters of one line


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no event."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        """Return `file:line: reason`."""
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a file: the first bad lines, and a sentence about the file itself."""

    lines: tuple[BadLine, ...] = ()
    note: str = ""


class CutOffError(Exception):
    """A compressed file that ends too early."""


def look(sniffed: Sniffed, limit: int) -> Damage:
    """Find the first damaged lines of a file of JSON lines, and whether it ends as it should."""
    found: list[BadLine] = []
    try:
        for number, line in enumerate(_lines(sniffed), 1):
            if len(found) < limit and (reason := _reason(line)):
                found.append(BadLine(sniffed.path, number, reason))
    except CutOffError as error:
        return Damage(tuple(found), str(error))
    return Damage(tuple(found))


def plain_copy(sniffed: Sniffed, into: Path) -> str:
    """Copy a file's text as UTF-8, as far as it can be read; return what was wrong with the file."""
    with into.open("w", encoding="utf-8", newline="") as copy:
        try:
            copy.writelines(line if len(line) <= LONGEST else "too long\n" for line in _lines(sniffed))
        except CutOffError as error:
            return str(error)
    return ""


def _lines(sniffed: Sniffed) -> Iterator[str]:
    number = 0
    with opened(sniffed) as file, io.TextIOWrapper(file, sniffed.encoding, "surrogateescape", newline="") as text:
        try:
            for number, line in enumerate(text, 1):  # noqa: B007 told when the file ends too early
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CutOffError(f"the compressed file ends too early, after line {number:,}") from error


def _reason(line: str) -> str:
    if not line.strip():
        return ""
    if len(line) > LONGEST:
        return f"longer than {LONGEST >> 20} MiB"
    if not line.isascii() and any("\udc80" <= letter <= "\udcff" for letter in line):
        return "not UTF-8"
    try:
        found = json.loads(line)
    except ValueError as error:
        return f"not JSON: {str(error).partition(': line')[0]}"
    return "" if isinstance(found, dict) and found else "no event: not an object with fields"
