"""Is a file taken for what it holds, not for what it is called?"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from monitor.stores.files.sniff import sniff

LINE = b'{"event": "a"}\n'
ROWS = b"event,total\na,1\nb,2\n"


def sniffed(tmp_path: Path, name: str, content: bytes):
    path = tmp_path / name
    path.write_bytes(content)
    return sniff(path)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        pytest.param("a.json", LINE * 3, "ndjson", id="JSON lines"),
        pytest.param("a.json", b'[{"event": "a"}]', "json", id="a JSON list"),
        pytest.param("a.json", b'{\n "event": "a"\n}', "json", id="a JSON document over several lines"),
        pytest.param("a.csv", ROWS, "csv", id="CSV"),
        pytest.param("a.csv", LINE, "ndjson", id="JSON that is called CSV"),
        pytest.param("a.json", ROWS, "csv", id="CSV that is called JSON"),
        pytest.param("a.json.gz", LINE, "ndjson", id="plain text that is called gzip"),
        pytest.param("a.json", gzip.compress(LINE), "ndjson", id="gzip that is not called so"),
        pytest.param("a.csv", b"", "empty", id="nothing"),
        pytest.param("a.gz", gzip.compress(b""), "empty", id="nothing, compressed"),
        pytest.param("a.json", b'{"event":\n{"event": "a"}\n', "ndjson", id="JSON lines that begin with a damaged one"),
    ],
)
def test_content_decides(tmp_path: Path, name: str, content: bytes, kind: str):
    assert sniffed(tmp_path, name, content).kind == kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"PK\x03\x04....", "zip", id="a zip archive"),
        pytest.param(b"SQLite format 3\x00....", "SQLite", id="a database"),
        pytest.param(b"<!DOCTYPE html><html>", "web page", id="a login page"),
        pytest.param(bytes(range(256)), "binary", id="binary data"),
        pytest.param(b"hello world, how are you\nfine\n\nthanks", "plain text", id="prose"),
        pytest.param(b"\x1f\x8bnot gzip at all", "gzip", id="a damaged gzip file"),
    ],
)
def test_what_holds_no_events_is_called_by_its_name(tmp_path: Path, content: bytes, said: str):
    found = sniffed(tmp_path, "events.csv", content)
    assert found.kind is None
    assert said in found.reason


def test_a_name_that_promises_something_else_is_told(tmp_path: Path):
    assert sniffed(tmp_path, "a.csv", LINE).note == "holds JSON lines, not csv"


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a.json.gz", "a.gz", "archive-part"])
def test_a_name_that_is_right_is_not_told(tmp_path: Path, name: str):
    content = gzip.compress(LINE) if name.endswith("gz") else LINE
    assert sniffed(tmp_path, name, content).note == ""


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(b"\xef\xbb\xbf" + ROWS, "utf-8-sig", id="a byte order mark"),
        pytest.param(ROWS.decode().encode("utf-16"), "utf-16", id="UTF-16"),
        pytest.param(ROWS + "café,3\n".encode("latin-1") + ROWS, "latin-1", id="Latin-1"),
        pytest.param(ROWS + "café,3\n".encode(), "utf-8", id="UTF-8"),
    ],
)
def test_the_encoding_is_seen(tmp_path: Path, content: bytes, encoding: str):
    assert sniffed(tmp_path, "a.csv", content).encoding == encoding


def test_titles_above_the_header_are_skipped(tmp_path: Path):
    cut = sniffed(tmp_path, "a.csv", b",,\rReport,,\r,,\r,Base,Date\r,B1,01/01/2015\r,B2,01/01/2015\r").cut
    assert cut is not None
    assert (cut.newline, cut.skip, cut.names) == ("\r", 4, ("column1", "Base", "Date"))


def test_names_of_columns_are_made_unique(tmp_path: Path):
    cut = sniffed(tmp_path, "a.csv", b"a,A,,a\n1,2,3,4\n").cut
    assert cut is not None
    assert cut.names == ("a", "A_", "column3", "a__")
