"""Which formats of other tools can be imported? Each file of this folder is one.

A module says what it is (`TITLE`), which files are its own (`claims`), and reads them into a draft (`read`).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from monitor.errors import ConfigError, Problem, UsageError
from monitor.plan.draft import Draft, Imported
from monitor.plan.foreign import FORMS, Foreign, read_foreign


class Importer(Protocol):
    """What a module of this folder has."""

    TITLE: str

    def claims(self, file: Foreign) -> bool:
        """Say whether a file is of this format."""

    def read(self, files: Sequence[Foreign], draft: Draft) -> None:
        """Read files of this format into a draft."""


@cache
def importers() -> Mapping[str, Importer]:
    """Return the importers by name, in the order in which they are asked."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = {name: cast("Importer", import_module(f"{__name__}.{name}")) for name in names}
    return dict(sorted(found.items(), key=lambda item: item[0] in {"json_schema", "sheet"}))  # the least choosy last


def import_plan(paths: Sequence[Path], name: str | None = None) -> Imported:
    """Read the plans in files and folders.

    Args:
        paths: files, or folders with all below them.
        name: the importer to use; by default each file is tried with all.

    Raises:
        ConfigError: with each file that cannot be read; those found in a folder are left out, and noted.
        UsageError: nothing in the files is a plan.
    """
    draft = Draft()
    files, problems = _read(paths, draft)
    claimed: dict[str, list[Foreign]] = {}
    for file in files:
        asked = {name: importers()[name]} if name else importers()
        owner = next((key for key, each in asked.items() if each.claims(file)), None)
        if owner is None:
            draft.note(file, 1, "not a plan in a format that is known: left out")
        else:
            claimed.setdefault(owner, []).append(file)
    if problems or not claimed:
        raise ConfigError(*problems) if problems else _nothing(files, name)
    for key, own in claimed.items():
        importers()[key].read(own, draft)
    if not draft.events:
        raise ConfigError(*draft.notes or [Problem(str(files[0].path), 1, "there is no event in it")])
    return draft.finished()


def _read(paths: Sequence[Path], draft: Draft) -> tuple[list[Foreign], list[Problem]]:
    """Return the files that can be read, and what is wrong with those that were named and cannot be read."""
    files: list[Foreign] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(file for each in paths for file in _files(each)):
        try:
            files.append(read_foreign(path))
        except ConfigError as error:
            (problems if path in paths else draft.broken).extend(error.problems)
    return files, problems if files else [*problems, *draft.broken]


def _files(path: Path) -> list[Path]:
    """Return a file, or what in a folder may be a plan: known endings, and none at all, as Iglu has it."""
    if not path.is_dir():
        return [path]
    found = (file for file in path.rglob("*") if file.is_file() and file.name not in {"README", "LICENSE", "Makefile"})
    known = sorted(file for file in found if file.suffix.lower() in FORMS or _is_version(file))
    if not known:
        raise ConfigError(Problem(str(path), 1, f"no file in this folder ends in {', '.join(FORMS)}"))
    return known


def _is_version(file: Path) -> bool:
    return file.name.replace("-", "").isdigit()


def _nothing(files: Sequence[Foreign], name: str | None) -> UsageError:
    if name is not None:
        return UsageError(f"{files[0].path} is not of the format {name}: {importers()[name].TITLE}")
    known = "; ".join(each.TITLE for each in importers().values())
    many = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return UsageError(f"{files[0].path}{many}: not a plan in a format that is known. Known are: {known}")
