"""What does a YAML file say, and on which line does it say it?

Configuration and plan are written by people, so every value keeps its line, and what is
surely a mistake (a key given twice) is refused instead of guessed at. YAML's traps are
left out: `no`, `on` and `12:30` are text, dates stay as written, keys are always text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from yaml import events as ev

from monitor.errors import ConfigError, Problem

MAX_BYTES = 16 * 1024 * 1024  # a plan of 20,000 events; larger ones are split into a folder
MAX_DEPTH = 100
TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
MAX_REPEATED = 100_000  # values that may come out of aliases: more is a YAML bomb

_VARIABLE = re.compile(r"\$(?:\$(?=\{)|\{file:([^}]+)\}|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})\Z")  # 007 is text
_DECIMAL = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAG = "tag:yaml.org,2002:str"
_HINTS = {
    "could not find expected ':'": "every line of a block is written 'name: value'",
    "mapping values are not allowed in this context": "indent evenly, and quote text that holds ': '",
    "found unexpected end of stream": "close the quotation mark",
    "did not find expected ',' or ']'": "close the bracket",
    "did not find expected ',' or '}'": "close the brace",
    "did not find expected key": "lines of one block start in the same column",
    "did not find expected alphabetic or numeric character": "quote text that starts with * or &",
}


class EnvText(str):
    """Text that came, in whole or in part, from the environment: never shown in a message."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its values, and the line of each.

    `problems` are those that left something to look at (a key given twice, a variable that
    is not set), so that all that is wrong with a file can be told at once.
    """

    file: str
    data: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    lines: Mapping[int, Mapping[str | int, int]] = field(default_factory=dict, repr=False)  # id of a block -> lines

    def line_of(self, path: Iterable[str | int]) -> int:
        """Return the line of the deepest part of a path that exists; 1 when none of it does."""
        line, here = 1, self.data
        for step in path:
            known = self.lines.get(id(here), {})
            if step not in known:
                break
            line, here = known[step], here[step]  # type: ignore[index]
        return line

    def problem(self, path: Iterable[str | int], message: str, hint: str = "") -> Problem:
        """Return a problem at the line of a path."""
        return Problem(self.file, self.line_of(path), message, hint)

    def only(self, names: Collection[str]) -> Document:
        """Return the file as if it had nothing else on its top level."""
        data = {name: value for name, value in self.data.items() if name in names}
        return replace(self, data=data, lines={**self.lines, id(data): self.lines.get(id(self.data), {})})

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Raise ConfigError with all problems of the file, by line, if there are any.

        What follows from a problem of the text itself (same line) is left out.
        """
        taken = {problem.line for problem in self.problems}
        found = [*self.problems, *(p for p in problems if p.file != self.file or p.line not in taken)]
        if found:
            raise ConfigError(*sorted(set(found), key=lambda p: (p.file != self.file, p.file, p.line, p.message)))


def load_document(path: Path, environ: Mapping[str, str] | None = None) -> Document:
    """Read a YAML file whose top level is a block of names and values.

    With `environ`, `${NAME}`, `${NAME:-default}` and `${file:PATH}` in values are replaced (nothing
    but an empty one is no value), and `$${` stands for a literal `${`.

    Raises:
        ConfigError: the file is not there, not UTF-8, not YAML, or not such a block.
    """
    return parse_document(str(path), read_bytes(path), environ)


def parse_document(file: str, raw: bytes, environ: Mapping[str, str] | None = None) -> Document:
    """Read the contents of a YAML file like `load_document`."""
    text = decoded(file, raw)
    builder = _Builder(file, environ)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.feed(event)
    except yaml.YAMLError as error:
        raise ConfigError(*builder.problems, _syntax(file, text, error)) from None
    data = builder.root
    if data is None:
        raise ConfigError(Problem(file, 1, "the file is empty"))
    if not isinstance(data, dict):
        raise ConfigError(Problem(file, 1, "expected lines of 'name: value' at the top of the file"))
    return Document(file, data, tuple(builder.problems), builder.lines)


def read_bytes(path: Path) -> bytes:
    """Return the contents of a file that is not too large to be one that people write.

    Raises:
        ConfigError: the file is not there, too large, or cannot be read.
    """
    file = str(path)
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except FileNotFoundError:
        raise ConfigError(Problem(file, 1, "there is no such file")) from None
    except OSError as error:
        raise ConfigError(Problem(file, 1, f"cannot be read: {error.strerror}")) from None
    if size > MAX_BYTES:
        said = f"{size / 2**20:.0f} MiB in one file, more than the {MAX_BYTES // 2**20} that are read"
        raise ConfigError(Problem(file, 1, said, "split it into a folder of files"))
    return raw


def decoded(file: str, raw: bytes) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark.

    Raises:
        ConfigError: with the line of the first byte that is not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8 text"
        raise ConfigError(Problem(file, line, message, "save the file as UTF-8")) from None


def _syntax(file: str, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.encode().count(b"\n", 0, error.position) + 1
        return Problem(file, line, "a control character is not text", "delete it")
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    said = str(getattr(error, "problem", None) or error)
    if "tab" in said or ("start any token" in said and text.splitlines()[line - 1].lstrip(" ").startswith("\t")):
        return Problem(file, line, "a tab is used for indentation", "write spaces")
    if "start any token" in said:
        return Problem(file, line, "text cannot start with this character", "put it in quotes")
    if "nesting depth" in said:  # libyaml has a bound of its own, which is met before ours where brackets pile up
        return Problem(file, line, TOO_DEEP)
    return Problem(file, line, f"not valid YAML: {said}", _HINTS.get(said, ""))


@dataclass(slots=True)
class _Block:
    """A mapping or list that is being read."""

    data: dict[str, Any] | list[Any]
    line: int
    anchor: str | None
    lines: dict[str | int, int] = field(default_factory=dict)
    key: str | None = None
    merging: bool = False
    merged: list[dict[str, Any]] = field(default_factory=list)
    size: int = 1


class _Builder:
    """Turns the parser's events into values, without recursion: depth and aliases are bounded."""

    def __init__(self, file: str, environ: Mapping[str, str] | None) -> None:
        self.file = file
        self.environ = environ
        self.root: Any = None
        self.documents = 0
        self.problems: list[Problem] = []
        self.lines: dict[int, Mapping[str | int, int]] = {}
        self._open: list[_Block] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._repeated = 0

    def feed(self, event: ev.Event) -> None:
        """Take the next event; raise ConfigError where reading on makes no sense."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, ev.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, ev.AliasEvent):
            self._alias(str(event.anchor), line)
        elif isinstance(event, ev.CollectionStartEvent):
            self._start({} if isinstance(event, ev.MappingStartEvent) else [], event, line)
        elif isinstance(event, ev.CollectionEndEvent):
            self._end()
        elif isinstance(event, ev.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._stop(line, "a second document starts here", "remove the line '---'")

    def _stop(self, line: int, message: str, hint: str = "") -> ConfigError:
        return ConfigError(*self.problems, Problem(self.file, line, message, hint))

    def _start(self, data: dict[str, Any] | list[Any], event: ev.CollectionStartEvent, line: int) -> None:
        self._no_tag(event.tag, line)
        if self._wants_key():
            raise self._stop(line, "a block or list is used as a name", "quote text that starts with { or [")
        if len(self._open) >= MAX_DEPTH:
            raise self._stop(line, TOO_DEEP)
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        self._open.append(_Block(data, line, event.anchor))

    def _end(self) -> None:
        block = self._open.pop()
        if isinstance(block.data, dict):
            self._merge(block.data, block)
        self.lines[id(block.data)] = block.lines
        if block.anchor:
            self._anchors[block.anchor] = (block.data, block.size)
        self._add(block.data, block.line, block.size)

    def _merge(self, data: dict[str, Any], block: _Block) -> None:
        for other in block.merged:
            for key, value in other.items():
                if key not in data:
                    data[key] = value
                    block.lines[key] = self.lines[id(other)][key]

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self._anchors:
            if any(block.anchor == anchor for block in self._open):
                raise self._stop(line, f"*{anchor} refers to itself")
            raise self._stop(line, f"there is no &{anchor} before *{anchor}", "quote text that starts with *")
        value, size = self._anchors[anchor]
        self._repeated += size
        if self._repeated > MAX_REPEATED:
            raise self._stop(line, f"aliases repeat more than {MAX_REPEATED:,} values", "write them out")
        if self._wants_key():
            raise self._stop(line, f"*{anchor} is used as a name", "write the name out")
        self._add(value, line, size)

    def _scalar(self, event: ev.ScalarEvent, line: int) -> None:
        text_tag = event.tag in {"!", _TEXT_TAG}
        if not text_tag:
            self._no_tag(event.tag, line)
        if self._wants_key():
            self._name(event.value, line, merge=event.value == "<<" and not event.style)
            return
        value = plain_value(event.value) if not event.style and not text_tag else event.value
        if isinstance(value, str) and self.environ is not None and "$" in value:
            value = self._replace(value, self.environ, line)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, line, 1)

    def _no_tag(self, tag: str | None, line: int) -> None:
        if tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            raise self._stop(line, f"tags such as {tag} are not read", "quote text that starts with !")

    def _wants_key(self) -> bool:
        block = self._open[-1] if self._open else None
        return block is not None and isinstance(block.data, dict) and block.key is None

    def _name(self, key: str, line: int, *, merge: bool) -> None:
        block = self._open[-1]
        block.key, block.merging = key, merge
        if key in block.lines and not merge:
            message = f"{shortened(key)} is written twice, first on line {block.lines[key]}"
            self.problems.append(Problem(self.file, line, message, "keep one of them"))
        block.lines.setdefault(key, line)

    def _add(self, value: Any, line: int, size: int) -> None:
        if not self._open:
            self.root = value
            return
        block = self._open[-1]
        block.size += size
        if isinstance(block.data, list):
            block.lines[len(block.data)] = line
            block.data.append(value)
        elif block.merging:
            self._take(block, value, line)
        elif block.key is not None:
            block.data[block.key] = value
            block.key = None

    def _take(self, block: _Block, value: Any, line: int) -> None:
        wanted = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in wanted):
            raise self._stop(line, "'<<' takes blocks only", "write <<: *name of an &name above")
        block.merged.extend(wanted)
        block.lines.pop("<<", None)
        block.key, block.merging = None, False

    def _replace(self, text: str, environ: Mapping[str, str], line: int) -> str | None:
        missing: list[str] = []

        def value(match: re.Match[str]) -> str:
            path, name, default = match.groups()
            if path is not None:
                return self._secret(path, line)
            if name is None:
                return "$"
            found = environ.get(name) or default
            if found is None:
                missing.append(name)
            return found or ""

        replaced, count = _VARIABLE.subn(value, text)
        for name in missing:
            hint = f"export {name}, or write ${{{name}:-default}}"
            self.problems.append(Problem(self.file, line, f"the environment variable {name} is not set", hint))
        return (EnvText(replaced) or None) if count else text

    def _secret(self, path: str, line: int) -> str:
        """Return the text of a file that holds one secret, without the line's end."""
        try:
            return (Path(self.file).parent / path).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or "it is not UTF-8 text"
            self.problems.append(
                Problem(self.file, line, f"the file {path} cannot be read: {said}", "mount the secret")
            )
            return ""


def plain_value(text: str) -> Any:
    """Return what an unquoted scalar means: nothing, a truth value, a number or text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    return text


def shortened(text: str, limit: int = 60) -> str:
    """Return text in quotes on one line, cut to a length that a message can bear, and without secrets.

    >>> shortened("Order Completed"), shortened("x" * 300, 5)
    ("'Order Completed'", "'xxxxx…'")
    """
    if isinstance(text, EnvText):
        return "the value of an environment variable"
    cut = text if len(text) <= limit else text[:limit] + "…"
    return repr(cut)
