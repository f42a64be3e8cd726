"""Is a YAML file read as people mean it, and refused where they cannot have meant it?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.document import Document, EnvText, load_document
from monitor.errors import ConfigError

Read = Callable[..., Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str | bytes, environ: dict[str, str] | None = None) -> Document:
        file = tmp_path / "some.yml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_document(file, environ)

    return read


def refusal(read: Read, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value).partition("some.yml:")[2]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("no", "no", id="no is text, also where it means Norway"),
        pytest.param("on", "on", id="on is text"),
        pytest.param("false", False, id="false is a truth value"),
        pytest.param("~", None, id="a tilde is nothing"),
        pytest.param("12:30", "12:30", id="a time of day is text, not a number to base 60"),
        pytest.param("2026-09-01", "2026-09-01", id="a date stays as written"),
        pytest.param("007", "007", id="leading zeros are kept"),
        pytest.param("-42", -42, id="a whole number"),
        pytest.param("1.5e3", 1500.0, id="a decimal number"),
        pytest.param("'42'", "42", id="a number in quotes is text"),
        pytest.param("!!str 42", "42", id="a number tagged as text is text"),
    ],
)
def test_a_scalar_means_what_it_looks_like(read: Read, text: str, value: object):
    assert read(f"a: {text}").data == {"a": value}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "1: the file is empty", id="empty"),
        pytest.param("# nothing\n", "1: the file is empty", id="only comments"),
        pytest.param("- a\n- b\n", "1: expected lines of 'name: value'", id="a list at the top"),
        pytest.param("a:\n\tb: 1", "2: a tab is used for indentation; write spaces", id="tab"),
        pytest.param(b"a: 1\nb: caf\xe9\n", "2: byte 0xe9 is not UTF-8 text; save the file", id="Latin-1"),
        pytest.param("a: é\nb: \x07", "2: a control character is not text", id="control character"),
        pytest.param("a: 'x\n", "2: not valid YAML: found unexpected end", id="open quote"),
        pytest.param("a: b: c", "1: not valid YAML: mapping values are not allowed", id="two colons"),
        pytest.param("a: 1\nb: @x", "2: text cannot start with this character; put it in quotes", id="at sign"),
        pytest.param("a: 1\n---\nb: 2", "2: a second document starts here", id="two documents"),
        pytest.param("a: !!python/object:os.system x", "1: tags such as ", id="tag that would make an object"),
        pytest.param("? [a]\n: 1", "1: a block or list is used as a name", id="list as a name"),
        pytest.param("a: &a [*a]", "1: *a refers to itself", id="recursion"),
        pytest.param("a: *b", "1: there is no &b before *b", id="alias to nothing"),
        pytest.param("a: &a 1\n*a : 2", "2: *a is used as a name", id="alias as a name"),
        pytest.param("a: &a 1\nb: {<<: *a}", "2: '<<' takes blocks only", id="merge of a number"),
        pytest.param("a: " + "[" * 100_000, "1: nested more than 100 levels", id="so deep that a parser would crash"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(read: Read, text: str | bytes, said: str):
    assert refusal(read, text).startswith(said)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load_document(tmp_path / "nothing.yml")


def test_a_folder_is_not_a_file(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_document(tmp_path)


def test_a_huge_file_is_refused_before_it_is_parsed(read: Read):
    assert refusal(read, "a: " + "x" * (50 * 2**20)).startswith("1: 50 MiB in one file")


def test_aliases_that_multiply_are_refused_quickly(read: Read):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "aliases repeat more than 100,000 values" in refusal(read, "\n".join(lines))


def test_a_byte_order_mark_is_no_part_of_the_first_name(read: Read):
    assert read(b"\xef\xbb\xbfa: 1").data == {"a": 1}


def test_anchors_and_merges_are_followed(read: Read):
    text = "base: &base {type: string, required: true}\nnew: {<<: *base, required: false}"
    assert read(text).data["new"] == {"type": "string", "required": False}


def test_a_list_of_merges_is_followed_first_one_first(read: Read):
    text = "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}"
    assert read(text).data["c"] == {"x": 1, "y": 2}


def test_a_name_given_twice_is_a_problem_that_names_both_lines(read: Read):
    (problem,) = read("a: 1\nb: 2\na: 3").problems
    assert (problem.line, problem.message) == (3, "'a' is written twice, first on line 1")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(("a",), 1, id="a name"),
        pytest.param(("a", "list", 1), 4, id="an item of a list"),
        pytest.param(("a", "list", 1, "x"), 5, id="a name in a list"),
        pytest.param(("a", "gone", "x"), 1, id="what does not exist is where it should be"),
        pytest.param(("c", "x"), 7, id="what was merged is where it was written"),
        pytest.param((), 1, id="the file"),
    ],
)
def test_every_value_knows_its_line(read: Read, path: tuple[str | int, ...], line: int):
    text = "a:\n  list:\n    - 1\n    - y: 2\n      x: 3\nb: &b\n  x: 1\nc:\n  <<: *b\n"
    assert read(text).line_of(path) == line


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("${HOST}", "db", id="a variable"),
        pytest.param("x://u:${PASSWORD}@${HOST}/n", "x://u:p#:@db/n", id="variables inside text"),
        pytest.param("${PORT:-5432}", "5432", id="the default of a missing variable"),
        pytest.param("${EMPTY:-full}", "full", id="the default of an empty variable"),
        pytest.param("${PORT:-}", None, id="an empty default is no value"),
        pytest.param("$${HOST}", "${HOST}", id="two dollars are one"),
        pytest.param("$HOST costs $5", "$HOST costs $5", id="a bare dollar is a dollar"),
    ],
)
def test_variables_of_the_environment_are_put_in(read: Read, text: str, value: str):
    assert read(f"a: {text}", {"HOST": "db", "PASSWORD": "p#:", "EMPTY": ""}).data["a"] == value


def test_a_variable_that_is_not_set_is_a_problem_with_its_line(read: Read):
    (problem,) = read("a: 1\nb: ${NOPE}", {}).problems
    assert (problem.line, problem.message) == (2, "the environment variable NOPE is not set")


def test_a_value_of_the_environment_cannot_become_more_than_text(read: Read):
    value = read("a: ${X}", {"X": "{b: 1}\nc: *d"}).data["a"]
    assert isinstance(value, EnvText)
    assert value == "{b: 1}\nc: *d"


def test_without_an_environment_nothing_is_replaced(read: Read):
    assert read("a: ${HOME}").data == {"a": "${HOME}"}


@given(st.binary(max_size=200) | st.text("ab:-[]{}&*!|>'\"%@`#,?<\n\t ", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes):
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(raw)
    try:
        lines = [load_document(file, {}).line_of(["x"])]
    except ConfigError as error:
        lines = [problem.line for problem in error.problems]
    assert min(lines) >= 1
