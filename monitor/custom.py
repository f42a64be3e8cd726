"""Which checks has a team written itself: queries in the configuration or in files, and modules of Python?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from checks.custom import Query
from monitor.blocks import read_model
from monitor.custom_format import CustomBlock, InlineBlock, QueryBlock
from monitor.document import Document, decoded, parse_document, read_bytes
from monitor.errors import ConfigError, Problem
from monitor.known_checks import OwnCheck, load_folder
from monitor.stores.own import OwnQuery, faults

_SETTING = re.compile(r"--\s*([a-z_]+)\s*:\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Own:
    """The queries as the store asks them, and as the check `custom` judges what they return; the checks in Python."""

    asked: tuple[OwnQuery, ...] = ()
    judged: tuple[Query, ...] = ()
    checks: Mapping[str, OwnCheck] = field(default_factory=dict)
    folders: tuple[Path, ...] = ()  # in which they are written
    problems: tuple[Problem, ...] = ()


def read_own(document: Document, block: CustomBlock | None, folder: Path) -> Own:
    """Return the queries of a configuration, and what the folders that it names hold: more queries, checks in Python.

    Args:
        document: the configuration, for its lines.
        block: its block `custom`, if it has one.
        folder: of the configuration.
    """
    if block is None:
        return Own()
    own = _queries(document, block, folder)
    own = replace(own, folders=tuple(folder / said for said in (block.sql, block.python) if said is not None))
    if block.python is None:
        return own
    if not (below := folder / block.python).is_dir():
        return replace(own, problems=(*own.problems, _absent(document, "python", below)))
    found, problems = load_folder(below)
    return replace(own, checks=found, problems=(*own.problems, *problems))


def _absent(document: Document, setting: str, folder: Path) -> Problem:
    hint = "the path is relative to this file"
    return document.problem(("custom", setting), f"{setting}: there is no folder {folder}", hint)


def _queries(document: Document, block: CustomBlock, folder: Path) -> Own:
    found = [_inline(document, name, each) for name, each in block.queries.items()]
    problems: list[Problem] = []
    if block.sql is not None:
        below = folder / block.sql
        if not below.is_dir():
            problems.append(_absent(document, "sql", below))
        for file in sorted(below.glob("**/*.sql")):
            try:
                found.append(_from_file(file))
            except ConfigError as error:
                problems += error.problems
    taken: dict[str, str] = {}
    for asked, _ in found:
        problems += faults(asked)
        if (other := taken.setdefault(asked.name, asked.place)) != asked.place:
            where, _, line = asked.place.rpartition(":")
            problems.append(
                Problem(where, int(line), f"the custom check {asked.name!r} is there twice", f"see {other}")
            )
    return Own(tuple(asked for asked, _ in found), tuple(judged for _, judged in found), problems=tuple(problems))


def _inline(document: Document, name: str, block: InlineBlock) -> tuple[OwnQuery, Query]:
    line = document.line_of(("custom", "queries", name, "sql"))
    return _made(name, block.sql, f"{document.file}:{line}", block)


def _from_file(file: Path) -> tuple[OwnQuery, Query]:
    """Return the query of a file; its settings are comments before it, such as `-- alert: high`."""
    text = decoded(str(file), read_bytes(file))
    settings: list[str] = []
    first = 0
    for line in text.splitlines():
        if line.strip() and not line.startswith("--"):
            break
        first += 1
        said = _SETTING.match(line)
        settings.append(f"{said[1]}: {said[2]}" if said else "")
    block: QueryBlock | None = QueryBlock.model_validate({})
    if any(settings):
        document = parse_document(str(file), "\n".join(settings).encode())
        block, wrong = read_model(document, QueryBlock, document.data)
        document.refuse(wrong)
    assert block is not None  # noqa: S101 for the type checker: else it was refused
    return _made(file.stem, text, f"{file}:{first + 1}", block)


def _made(name: str, sql: str, place: str, block: QueryBlock) -> tuple[OwnQuery, Query]:
    sql = sql.strip().rstrip(";")
    judged = {field: getattr(block, field) for field in ("grain", "value", "alert", "min", "max", "min_change")}
    return OwnQuery(name=name, sql=sql, place=place, grain=block.grain, event=block.event), Query(name=name, **judged)
