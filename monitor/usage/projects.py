"""Where does SQL lie that says what is read: in a dbt project, in a folder?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from monitor.usage.jinja import rendered
from monitor.usage.statements import Audience, Text, Unread
from monitor.usage.wishes import name_of

_READ = frozenset({"model", "snapshot", "analysis"})  # tests read columns too, for nobody
_SEEN = frozenset({"table", "incremental", "snapshot"})  # what charts are made of; a view is a step on the way

Found = tuple[list[Text], list[Unread]]


def in_folder(folder: Path) -> Found:
    """Return the SQL files of a folder."""
    return _files(folder, "**/*.sql", rendering=False)


def in_dbt(project: Path) -> Found:
    """Return the models of a dbt project: as compiled, where dbt has compiled them; else filled in without macros."""
    manifest = project / "target" / "manifest.json"
    try:
        nodes = orjson.loads(manifest.read_bytes()) if manifest.is_file() else {}
        texts = list(_compiled(nodes)) if isinstance(nodes, dict) else []
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _models(project, [Unread(str(manifest), "it is not a manifest of dbt")])
    return (texts, []) if texts else _models(project, [])


def _compiled(manifest: Mapping[str, Any]) -> Iterator[Text]:
    exposed = {name for each in manifest.get("exposures", {}).values() for name in each["depends_on"]["nodes"]}
    for key, node in manifest.get("nodes", {}).items():
        sql = node.get("compiled_code") or node.get("compiled_sql")
        if node.get("resource_type") not in _READ or not sql:
            continue
        made = node.get("config", {}).get("materialized")
        seen = key in exposed or made in _SEEN
        name = (
            ()
            if node["resource_type"] == "analysis"
            else name_of(node.get("schema"), node.get("alias") or node["name"])
        )
        yield Text(str(key), sql, name, Audience.ANYBODY if seen else Audience.LAST)


def _models(project: Path, unread: list[Unread]) -> Found:
    compiled = project / "target" / "compiled"
    texts, more = _files(compiled, "*/models/**/*.sql", rendering=False, named=True)
    if not texts:
        texts, more = _files(project / "models", "**/*.sql", rendering=True, named=True)
    return texts, [*unread, *more]


def _files(folder: Path, pattern: str, *, rendering: bool, named: bool = False) -> Found:
    texts: list[Text] = []
    unread: list[Unread] = []
    for file in sorted(folder.glob(pattern)):
        try:
            sql = file.read_text("utf-8-sig")
            makes = name_of(file.stem) if named else ()
            texts.append(Text(str(file), rendered(sql) if rendering else sql, makes))
        except (OSError, ValueError) as error:
            said = (
                "it is not UTF-8" if isinstance(error, UnicodeError) else getattr(error, "strerror", None) or str(error)
            )
            unread.append(Unread(str(file), said))
    return texts, unread
