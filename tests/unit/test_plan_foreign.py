"""Is a file of another tool that cannot be read refused in one sentence, with its line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.plan.foreign import Places, read_foreign


def refusal(folder: Path, name: str, raw: bytes) -> str:
    file = folder / name
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        read_foreign(file)
    (problem,) = caught.value.problems
    return f"{problem.line}: {problem.message}; {problem.hint}"


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        pytest.param("p.json", b'{\n"min": NaN}', "2: NaN is not a number that JSON knows", id="NaN"),
        pytest.param("p.json", b'{"a":\n\n-Infinity}', "3: -Infinity is not a number", id="infinity"),
        pytest.param("p.json", b'{"a": 1,\n"b": 2,\n"a": 3}', "3: 'a' is written twice in one block", id="twice"),
        pytest.param("p.json", b'{"a": [1,\n2}', "2: not valid JSON: expecting ',' delimiter", id="a bracket is open"),
        pytest.param("p.json", b"[" * 100_000, "1: nested too deeply to be a plan", id="100,000 brackets"),
        pytest.param("p.json", b"  \n", "1: the file is empty", id="nothing in it"),
        pytest.param("p.json", b'{"a": "caf\xe9"}', "1: byte 0xe9 is not UTF-8 text; save", id="Latin-1"),
        pytest.param("p.csv", "event\nBought\n".encode("utf-16"), "1: the file is UTF-16, not UTF-8", id="UTF-16"),
        pytest.param("p.json5", b"{a: 1, // x\n b: }", "2: not valid JSON: Unexpected", id="JSON5 without a value"),
        pytest.param("p.json5", b"// x\n{a: 1, a: 2}", "not valid JSON: ", id="JSON5 with a name twice"),
        pytest.param("p.csv", b'event,description\nA,"x\nB,y\n', "2: the quotation marks of the row do not", id="open"),
        pytest.param("p.csv", b'event,description\nA,x\nB,"y"z\n', "3: the quotation marks of the row do", id="after"),
        pytest.param("p.csv", b'event\n"' + b"x" * 200_000, "2: the quotation marks of the row", id="a huge field"),
        pytest.param("p.xlsx", b"PK", "1: .xlsx files are not read; save the sheet as CSV", id="a workbook"),
        pytest.param("p.yaml", b"kind: tp\n\tspec: x", "2: a tab is used for indentation; write spaces", id="a tab"),
        pytest.param("p.yaml", b"kind: tp\nkind: tp", "2: 'kind' is written twice", id="YAML with a name twice"),
        pytest.param("p.yaml", b"a: &a [*a]", "1: *a refers to itself", id="YAML that holds itself"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path, name, raw, said):
    assert said in refusal(tmp_path, name, raw)


def test_a_yaml_bomb_is_refused(tmp_path):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "aliases repeat more than 100,000 values" in refusal(tmp_path, "p.yaml", "\n".join(levels).encode())


def test_50_megabytes_are_refused_without_being_read(tmp_path):
    file = tmp_path / "plan.json"
    with file.open("wb") as out:
        out.truncate(50 * 2**20)
    with pytest.raises(ConfigError, match="50 MiB in one file, more than the 16"):
        read_foreign(file)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        pytest.param("plan.json", b'\xef\xbb\xbf{"a": 1}', id="a byte order mark"),
        pytest.param("plan.json", b'// why\n{"a": 1,}', id="comments in a .json"),
        pytest.param("1-0-0", b'{"a": 1}', id="no ending"),
    ],
)
def test_what_people_keep_is_read(tmp_path, name, raw):
    (tmp_path / name).write_bytes(raw)
    assert read_foreign(tmp_path / name).data == {"a": 1}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_may_use_any_usual_delimiter(tmp_path, delimiter):
    (tmp_path / "plan.csv").write_text(delimiter.join(("event", "description")) + f"\nA{delimiter}b\n", "utf-8")
    assert [row.cells for row in read_foreign(tmp_path / "plan.csv").data] == [("event", "description"), ("A", "b")]


def test_each_part_of_a_json_text_has_its_line():
    text = '{\n "rules": [\n  {"key": "A"},\n  // the second\n  {"key":\n   "B"}\n ]\n}'
    lines = Places(text).lines
    assert [lines["rules", 0, "key"], lines["rules", 1], lines["rules", 1, "key"]] == [3, 5, 5]
