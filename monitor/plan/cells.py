"""How is a list, or a block of names and values, kept in one cell of a sheet?

As people do, with `|` between; a backslash in front of a character that would otherwise separate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SEPARATORS = "|,;\n"
_TOKEN = re.compile(r"\\.|.", re.DOTALL)
_SPECIAL = re.compile(r"[\\|,;\n=]")


def split_cell(cell: str, by: str = SEPARATORS) -> list[str]:
    r"""Return the parts of a cell: at the first of the separators that it holds.

    >>> split_cell("paid | refunded"), split_cell(r"a\|b|c"), split_cell(""), split_cell('a|""')
    (['paid', 'refunded'], ['a|b', 'c'], [], ['a', ''])
    """
    tokens = _TOKEN.findall(cell)
    separator = next((mark for mark in by if mark in tokens), None)
    parts: list[list[str]] = [[]]
    for each in tokens:
        if each == separator:
            parts.append([])
        else:
            parts[-1].append(each)
    trimmed = (_trimmed(part) for part in parts)
    return [_plain(part) for part in trimmed if part]


def join_cell(values: Iterable[str]) -> str:
    r"""Return a list as one cell.

    >>> join_cell(["a|b", "c", ""])
    'a\\|b|c|""'
    """
    return "|".join(map(_escaped, values))


def split_pairs(cell: str) -> dict[str, tuple[str, ...]]:
    """Return a block of names, each with its values.

    >>> split_pairs("kind=gift|kind=staff|tier=1")
    {'kind': ('gift', 'staff'), 'tier': ('1',)}
    """
    tokens = _TOKEN.findall(cell)
    found: dict[str, tuple[str, ...]] = {}
    part: list[str] = []
    for each in [*tokens, "|"]:
        if each != "|":
            part.append(each)
            continue
        if "=" in part:
            at = part.index("=")
            name = _plain(_trimmed(part[:at]))
            found[name] = (*found.get(name, ()), _plain(_trimmed(part[at + 1 :])))
        part = []
    return found


def join_pairs(block: Mapping[str, Iterable[str]]) -> str:
    """Return a block of names and values as one cell."""
    return "|".join(f"{_escaped(name)}={_escaped(value)}" for name, values in block.items() for value in values)


def _trimmed(tokens: list[str]) -> list[str]:
    while tokens and tokens[0].isspace():
        tokens = tokens[1:]
    while tokens and tokens[-1].isspace():
        tokens = tokens[:-1]
    return tokens


def _plain(tokens: list[str]) -> str:
    if tokens == ['"', '"']:
        return ""
    return "".join(each[1] if len(each) == 2 else each for each in tokens)


def _escaped(value: str) -> str:
    if value in {"", '""'}:
        return '""' if not value else '\\""'
    said = _SPECIAL.sub(lambda match: f"\\{match[0]}", value)
    start = said[0].isspace() and not said.startswith("\\")
    end = len(value) > 1 and value[-1].isspace() and value[-1] != "\n"
    return f"{chr(92) if start else ''}{said[:-1] + chr(92) + said[-1] if end else said}"
