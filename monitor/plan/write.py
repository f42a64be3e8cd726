"""How does a plan look as a file: one property a line, quotes only where they are needed?"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from checks.plan import Plan
from monitor.document import plain_value
from monitor.errors import UsageError
from monitor.plan.spell import plan_data
from monitor.writing import write_whole

WIDTH = 120
FITS = 100  # characters of a block that stays on one line, with the name before it to come
_QUOTED = ",:#[]{}'\""
_TEXT = "tag:yaml.org,2002:str"
_BLOCKS = frozenset(
    {"", "questions", "events", "properties", "traits", "changes"}
)  # one line for each of their members


class _Dumper(yaml.CSafeDumper):
    """Writes dates without quotes: they are text to whoever reads plans."""


_Dumper.yaml_implicit_resolvers = {
    first: [each for each in known if not each[0].endswith("timestamp")]
    for first, known in yaml.CSafeDumper.yaml_implicit_resolvers.items()
}


def plan_text(plan: Plan, comments: Iterable[str] = ()) -> str:
    """Return a plan as YAML, with lines of comment at its top."""
    out = io.StringIO()
    for line in comments:
        out.write(f"# {line}".rstrip() + "\n")
    for index, (name, value) in enumerate(plan_data(plan).items()):
        node = _node({name: value}, "", 0)
        text = _serialized(node, WIDTH)
        out.write(("\n" if index and name in _BLOCKS else "") + (_spaced(text) if name == "events" else text))
    return out.getvalue()


def write_new(out: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        UsageError: it is, or it cannot be written.
    """
    if out.exists():
        raise UsageError(f"{out} is there already; choose another name, or delete it first")
    write_whole({out: text})


def block_text(name: str, value: Any, under: str) -> str:
    """Return a name and its value as lines of the block that is called `under`."""
    return _serialized(_node({name: value}, under, 0), WIDTH)


def item_text(value: Any) -> str:
    """Return one item of a block that is a list, with its dash."""
    return _serialized(_node([value], "changes", 0), WIDTH)


def flow_text(value: Any) -> str:
    """Return a value on one line."""
    return _serialized(_flow(_node(value, "flow", 0)), 10**6).strip().removesuffix("...").strip()


def _flow(node: yaml.Node) -> yaml.Node:
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        node.value = "null"
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = True
        for each in node.value:
            for inner in each if isinstance(each, tuple) else (each,):
                _flow(inner)
    return node


def _serialized(node: yaml.Node, width: int) -> str:
    text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=width)
    return text


def _spaced(text: str) -> str:
    """Set an empty line between events."""
    lines = text.splitlines(keepends=True)
    starts = {i for i, line in enumerate(lines) if i > 1 and line.startswith("  ") and line[2:3] not in {" ", "#", ":"}}
    return "".join(("\n" if i in starts else "") + line for i, line in enumerate(lines))


def _node(value: Any, under: str, depth: int) -> yaml.Node:
    if isinstance(value, dict):
        flow = (
            under not in _BLOCKS
            and under != "event"
            and not _tall(value)
            and _length(value) + 2 * depth < (WIDTH if under == "item" else FITS)
        )
        pairs = [
            (_scalar(str(name)), _node(each, _inside(str(name), under), depth + 1)) for name, each in value.items()
        ]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=flow)
    if isinstance(value, list):
        return yaml.SequenceNode(
            "tag:yaml.org,2002:seq", [_node(each, "item", depth + 1) for each in value], flow_style=under != "changes"
        )
    return _scalar(value, under_name=under == "property")


def _inside(name: str, under: str) -> str:
    """Return what a value is in: the name of its block, or what its block holds."""
    if under == "events":
        return "event"
    if under in {"properties", "traits"}:
        return "property"
    return "question" if under == "questions" else name


def _tall(value: dict[str, Any]) -> bool:
    """Say whether a block has blocks of properties in it, and so needs lines of its own."""
    items = value.get("items")
    return any(value.get(name) for name in ("properties", "traits")) or (isinstance(items, dict) and _tall(items))


def _length(value: Any) -> int:
    """Return about how long a value is on one line."""
    if isinstance(value, dict):
        return sum(len(str(name)) + 4 + _length(each) for name, each in value.items())
    if isinstance(value, list):
        return sum(_length(each) + 2 for each in value)
    return len(str(value)) + 2 * any(mark in str(value) for mark in _QUOTED)


def _spelt(value: float) -> str:
    """Return a number as YAML has it: with a point in front of an exponent."""
    said = repr(value)
    return said.replace("e", ".0e") if "e" in said and "." not in said else said


def _scalar(value: Any, *, under_name: bool = False) -> yaml.ScalarNode:
    if isinstance(value, bool):
        return yaml.ScalarNode("tag:yaml.org,2002:bool", str(value).lower())
    if isinstance(value, int | float):
        kind = "int" if isinstance(value, int) else "float"
        return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", _spelt(value))
    if value is None:
        return yaml.ScalarNode("tag:yaml.org,2002:null", "" if under_name else "null")
    odd = any(character < " " or character in "\x7f\x85\u2028\u2029\ufeff" for character in value)
    style = '"' if odd else "'" if not isinstance(plain_value(value), str) else None
    return yaml.ScalarNode(_TEXT, value, style=style)
