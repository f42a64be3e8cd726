"""What is this file really, whatever its name says?

Only the head is read. What it holds decides; the name is used for a sentence when the two differ.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

HEAD = 1 << 18  # bytes after decompression

Kind = Literal["ndjson", "json", "csv", "parquet", "empty"]

_FOREIGN = (
    (b"PK\x03\x04", "a zip archive (or a spreadsheet); unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"Obj\x01", "an Avro file; convert it to Parquet first"),
    (b"ORC", "an ORC file; convert it to Parquet first"),
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Cut:
    """How a delimited text is cut into rows and cells."""

    delimiter: str
    newline: str
    skip: int  # lines up to and including the header
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What one file holds. `kind` None: nothing that can be read, and `reason` says what it is."""

    path: Path
    kind: Kind | None
    gzipped: bool = False
    encoding: str = "utf-8"
    cut: Cut | None = None
    sample: tuple[dict[str, Any], ...] = ()  # rows of the head, never shown
    reason: str = ""
    note: str = ""

    @property
    def straight(self) -> bool:
        """Return whether the engine can read the file as it lies."""
        return self.encoding == "utf-8" and (self.cut is None or self.cut.newline != "\r")


def sniff(path: Path) -> Sniffed:
    """Look into one file. Never raises: what cannot be read says why."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        return Sniffed(path, None, reason=f"cannot be opened: {error.strerror}")
    if not head.startswith(b"\x1f\x8b"):
        return _named(_content(path, head))
    try:
        inside = _content(path, zlib.decompressobj(wbits=31).decompress(head, HEAD))
    except zlib.error:
        return Sniffed(path, None, reason="a damaged gzip file")
    if inside.kind == "parquet":
        return replace(inside, kind=None, reason="a Parquet file inside gzip; unpack it first")
    return _named(replace(inside, gzipped=True))


def opened(sniffed: Sniffed) -> Any:
    """Open the file for reading bytes, decompressed."""
    return gzip.open(sniffed.path, "rb") if sniffed.gzipped else sniffed.path.open("rb")


def _content(path: Path, head: bytes) -> Sniffed:
    if not head.strip():
        return Sniffed(path, "empty")
    if head.startswith(b"PAR1"):
        return Sniffed(path, "parquet")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return Sniffed(path, None, reason=what)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "")
    if not encoding and b"\x00" in head:
        what = "a DuckDB database" if head[8:12] == b"DUCK" else "binary data"
        return Sniffed(path, None, reason=what)
    encoding = encoding or _encoding(head)
    return _text(path, head.decode(encoding, "replace"), encoding, whole=len(head) < HEAD)


def _encoding(head: bytes) -> str:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not merely a letter cut in two at the end of the head
            return "latin-1"
    return "utf-8"


def _text(path: Path, text: str, encoding: str, *, whole: bool) -> Sniffed:
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return _json(path, text, encoding, whole=whole)
    if text.lstrip()[:15].lower().startswith(("<!doctype", "<html", "<?xml")):
        return Sniffed(path, None, reason="a web page or XML, perhaps an error message that was saved as a file")
    cut, rows = _delimited(text, whole=whole)
    if cut is None:
        lines = tuple(row for row in map(_object, text.splitlines()[:200]) if row)
        if lines:  # a JSON file whose first lines are damaged
            return Sniffed(path, "ndjson", encoding=encoding, sample=lines)
        return Sniffed(path, None, encoding=encoding, reason="plain text without columns")
    return Sniffed(path, "csv", encoding=encoding, cut=cut, sample=rows)


def _json(path: Path, text: str, encoding: str, *, whole: bool) -> Sniffed:
    lines = text.splitlines()
    rows = tuple(row for row in map(_object, lines if whole else lines[:-1]) if row is not None)
    if text.lstrip().startswith("[") or (not rows and lines[0].strip() == "{"):
        return Sniffed(path, "json", encoding=encoding)
    return Sniffed(path, "ndjson", encoding=encoding, sample=rows)


def _object(line: str) -> dict[str, Any] | None:
    """Return the object of one line, or None. NaN is let through, as the engine does."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _delimited(text: str, *, whole: bool) -> tuple[Cut | None, tuple[dict[str, Any], ...]]:
    newline = "\n" if "\n" in text else "\r"
    lines = text.replace("\r\n", "\n").split(newline)
    lines = lines if whole else lines[:-1]
    delimiter = max(",\t;|", key=lambda mark: sum(mark in line for line in lines[:200]))
    rows = list(csv.reader(lines[:1000], delimiter=delimiter))
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    header = next((i for i, row in enumerate(rows) if _is_header(row, width)), None)
    if header is None or (width == 1 and not _is_word(lines[0])):
        return None, ()
    names = _unique(rows[header])
    sample = tuple(dict(zip(names, row, strict=True)) for row in rows[header + 1 :] if len(row) == width)
    return Cut(delimiter, newline, header + 1, names), sample


def _is_header(row: list[str], width: int) -> bool:
    named = sum(1 for cell in row if cell.strip())
    return len(row) == width and named >= max(1, (width + 1) // 2)


def _is_word(line: str) -> bool:
    return len(line.split()) == 1 and line.replace("_", "").isalnum()


def _unique(header: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for i, cell in enumerate(header):
        name = cell.strip() or f"column{i + 1}"
        while name.lower() in (taken.lower() for taken in names):
            name += "_"
        names.append(name)
    return tuple(names)


def _named(found: Sniffed) -> Sniffed:
    """Add a sentence when the file's name promises something else."""
    suffixes = [suffix.lower() for suffix in found.path.suffixes]
    says = next((word for word in ("csv", "parquet", "json", "jsonl", "ndjson") if f".{word}" in suffixes[-2:]), "")
    really = {"ndjson": "JSON lines", "json": "JSON", "csv": "CSV", "parquet": "Parquet"}.get(found.kind or "", "")
    notes = []
    if (
        really
        and says
        and (found.kind or "") not in (says, f"nd{says}", {"jsonl": "ndjson", "ndjson": "json"}.get(says))
    ):
        notes.append(f"holds {really}, not {says}")
    if ".gz" in suffixes[-1:] and not found.gzipped and found.kind not in (None, "empty"):
        notes.append("is not compressed, whatever its name says")
    return replace(found, note=" and ".join(notes))
