"""What is different in another workspace, such as development?

`workspaces: {dev: {store: {…}}}` is laid over the rest of the file: blocks are merged name by
name, everything else is replaced. Each value keeps the line on which it is written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.document import Document, shortened
from monitor.errors import ConfigError
from monitor.values import suggest

SECTION = "workspaces"


def names(document: Document) -> tuple[str, ...]:
    """Return the workspaces that a file describes beside its own."""
    section = document.data.get(SECTION)
    return tuple(section) if isinstance(section, dict) else ()


def of_workspace(document: Document, name: str | None) -> Document:
    """Return a configuration as it is in one workspace; None: in the file's own.

    Raises:
        ConfigError: the file knows no such workspace, or says of it what is no block.
    """
    plain = document.only(document.data.keys() - {SECTION})
    own, lines = plain.data, dict(plain.lines)
    if name is None or name == own.get("workspace", "production"):
        return plain
    described = document.data.get(SECTION)
    if name not in names(document) or not isinstance(described, dict):
        message = f"{shortened(name)} is not a workspace of this configuration"
        hint = suggest(name, names(document)) if names(document) else f"write workspaces: {{{name}: {{store: …}}}}"
        raise ConfigError(document.problem((SECTION,), message, hint))
    block = described[name]
    if not isinstance(block, dict):
        message = f"{shortened(name)}: expected a block of what is different there"
        raise ConfigError(document.problem((SECTION, name), message, "such as store: {url: …}"))
    return replace(plain, data=_over(own, {**block, "workspace": name}, lines, block), lines=lines)


def _over(
    below: dict[str, Any], above: dict[str, Any], lines: dict[int, Any], written: dict[str, Any]
) -> dict[str, Any]:
    """Return one block laid over another, with the lines of both; `written` is the upper one as the file has it."""
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        merged[key] = (
            _over(under, value, lines, value) if isinstance(under, dict) and isinstance(value, dict) else value
        )
    lines[id(merged)] = {**lines.get(id(below), {}), **lines.get(id(written), {})}
    return merged
