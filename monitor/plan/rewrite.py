"""How is something added to a file that people write, so that nothing else in it changes, not even a space?

The parser says where each part of the file begins and ends; new text is put in there. Comments, order, quotes and
line ends stay because they are never read and written again.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from monitor.document import shortened
from monitor.errors import UsageError
from monitor.plan.write import block_text, flow_text, item_text

Path = tuple[str, ...]
_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]*(?:\r\n|[\r\n\x85\u2028\u2029])?")  # what YAML takes for a line


def with_members(text: str, path: Path, members: Mapping[str, Any]) -> str:
    """Return a file's text with names added at the end of the block at a path; the block is made if it is not there."""
    if not members:
        return text
    key, node = _found(text, path)
    if key is None and node is None and path:
        return with_members(text, path[:-1], {path[-1]: dict(members)})
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        lines = "".join(block_text(name, value, _under(path)) for name, value in members.items())
        return _inserted(text, _last_line(node) + 1, lines, node.value[0][0].start_mark.column)
    if isinstance(node, yaml.MappingNode):
        inner = flow_text(dict(members))[1:-1]
        return _spliced(text, node.end_mark, (", " if node.value else "") + inner, before=1)
    return _filled(text, key, node, dict(members), path)


def with_items(text: str, path: Path, items: Iterable[Any], *, first: bool) -> str:
    """Return a file's text with items added to the list at a path, at its beginning or its end."""
    new = list(items)
    key, node = _found(text, path)
    if not new:
        return text
    if key is None and node is None:
        return with_members(text, path[:-1], {path[-1]: new})
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        line = node.start_mark.line if first else _last_line(node) + 1
        return _inserted(text, line, "".join(map(item_text, new)), node.start_mark.column)
    if isinstance(node, yaml.SequenceNode):
        inner = flow_text(new)[1:-1]
        return _spliced(text, node.end_mark, (", " if node.value else "") + inner, before=1)
    return _filled(text, key, node, new, path)


def with_value(text: str, path: Path, value: Any) -> str:
    """Return a file's text with another value at the path of a plain one."""
    key, node = _found(text, path)
    if key is None or node is None:
        return with_members(text, path[:-1], {path[-1]: value})
    lines = _lines(text)
    start, end = _offset(lines, node.start_mark), _offset(lines, node.end_mark)
    return text[:start] + flow_text(value) + text[end:]


def with_comments(text: str, comments: Mapping[Path, Iterable[str]]) -> str:
    """Return a file's text with lines of comment above the names at some paths, where these begin a line."""
    lines = _lines(text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    places = sorted((mark, said) for path, said in comments.items() if (mark := _mark(root, path)) is not None)
    for (line, column), said in reversed(places):
        if not lines[line][:column].strip():
            lines[line:line] = [f"{' ' * column}# {each}{end}" for each in said]
    return "".join(lines)


def _mark(root: yaml.Node | None, path: Path) -> tuple[int, int] | None:
    """Return line and column of a name."""
    node, key = root, None
    for step in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        key, node = next(((name, value) for name, value in pairs if name.value == step), (None, None))
    return None if key is None else (key.start_mark.line, key.start_mark.column)


def _found(text: str, path: Path) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Return the name and the value at a path; nothing where it does not exist."""
    key: yaml.Node | None = None
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    for step in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        key, node = next(((name, value) for name, value in pairs if name.value == step), (None, None))
        if key is None or node is None:
            return None, None
        if node.start_mark.line < key.start_mark.line:
            said = f"line {key.start_mark.line + 1}: {shortened(step)} is an alias, so what it stands for cannot grow"
            raise UsageError(f"{said}; write it out")
    return key, node


def _under(path: Path) -> str:
    """Return what a block's members are written like."""
    if not path:
        return ""
    return "event" if len(path) == 2 and path[0] == "events" else path[-1]


def _last_line(node: yaml.Node) -> int:
    """Return the line on which a part's contents end: before the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(map(_last_line, last)) if isinstance(last, tuple) else _last_line(last)
    mark = node.end_mark
    on_own_line = mark.column == 0 and mark.line > node.start_mark.line
    return int(mark.line - 1 if on_own_line else mark.line)


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _inserted(text: str, line: int, new: str, column: int) -> str:
    lines = _lines(text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    before, after = "".join(lines[:line]), "".join(lines[line:])
    if before and not before.endswith(("\n", "\r")):
        before += end
    return before + textwrap.indent(new, " " * column).replace("\n", end) + after


def _spliced(text: str, mark: yaml.Mark, new: str, before: int) -> str:
    at = _offset(_lines(text), mark) - before
    return text[:at] + new + text[at:]


def _offset(lines: list[str], mark: yaml.Mark) -> int:
    return sum(map(len, lines[: mark.line])) + int(mark.column)


def _filled(text: str, key: yaml.Node | None, node: yaml.Node | None, value: Any, path: Path) -> str:
    """Put a value where a name has none."""
    if node is not None and (not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:null"):
        raise UsageError(f"{'.'.join(path) or 'the top'}: nothing can be added to a plain value")
    if key is None or node is None:
        lines = "".join(block_text(name, each, "") for name, each in value.items())
        return text + ("" if text.endswith("\n") or not text else "\n") + lines
    lines_ = _lines(text)
    start, end = _offset(lines_, node.start_mark), _offset(lines_, node.end_mark)
    gap = "" if text[start - 1 : start].isspace() else " "
    return text[:start] + gap + flow_text(value) + text[end:]


def without_member(text: str, path: Path) -> str:
    """Return a file's text without the name at a path; with it goes a block that would be left empty."""
    key, node = _found(text, path)
    if key is None or node is None:
        return text
    _, parent = _found(text, path[:-1])
    if not isinstance(parent, yaml.MappingNode):
        return text
    alone = len(parent.value) == 1
    if alone and len(path) > 2:
        return without_member(text, path[:-1])
    lines = _lines(text)
    if not parent.flow_style:
        left = [" " * int(key.start_mark.column), "{}\n"] if alone else []
        return "".join([*lines[: key.start_mark.line], *left, *lines[_last_line(node) + 1 :]])
    at = [name.value for name, _ in parent.value].index(path[-1])
    start, end = key.start_mark, node.end_mark
    if at:  # from the end of the one before it, so that its comma goes too
        start = parent.value[at - 1][1].end_mark
    elif not alone:
        end = parent.value[1][0].start_mark
    return text[: _offset(lines, start)] + text[_offset(lines, end) :]
