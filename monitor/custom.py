"""Which checks has a team written itself: queries in the configuration or in files, and modules of Python?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from checks.custom import Query
from monitor.blocks import read_model
from monitor.custom_format import CustomBlock, InlineBlock, QueryBlock
from monitor.document import Document, decoded, parse_document, read_bytes
from monitor.errors import ConfigError, Problem
from monitor.stores.own import OwnQuery, faults

_SETTING = re.compile(r"--\s*([a-z_]+)\s*:\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Own:
    """The queries as the store asks them, and as the check `custom` judges what they return."""

    asked: tuple[OwnQuery, ...] = ()
    judged: tuple[Query, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_own(document: Document, block: CustomBlock | None, folder: Path) -> Own:
    """Return the queries of a configuration and of the folder that it names, and load its checks in Python.

    Args:
        document: the configuration, for its lines.
        block: its block `custom`, if it has one.
        folder: of the configuration.
    """
    if block is None:
        return Own()
    own = _queries(document, block, folder)
    return replace(own, problems=(*own.problems, *_python(document, block, folder)))


def _python(document: Document, block: CustomBlock, folder: Path) -> Iterator[Problem]:
    if block.python is not None:
        below = folder / block.python
        if not below.is_dir():
            yield _absent(document, "python", below)
        yield from load_python(below)


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
    return Own(tuple(asked for asked, _ in found), tuple(judged for _, judged in found), tuple(problems))


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


def load_python(folder: Path) -> Iterator[Problem]:
    """Import each module of a folder, which registers its checks; yield those that cannot be."""
    for file in sorted(folder.glob("*.py")):
        name = f"trackwatch_own_{file.stem}"
        spec = spec_from_file_location(name, file)
        if spec is None or spec.loader is None or name in sys.modules:
            continue
        module = module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # noqa: BLE001 whatever a user's file may raise
            del sys.modules[name]
            yield Problem(
                str(file), _line(error, file), f"the check cannot be loaded: {_said(error)}", "repair the file"
            )


def _line(error: Exception, file: Path) -> int:
    """Return the line of a user's file in which an error came up."""
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = []
    trace: Any = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return lines[-1] if lines else 1


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
