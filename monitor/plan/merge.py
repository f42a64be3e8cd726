"""How does a plan grow: by events and properties that another one has, and by lines of its own memory?

Files are added to, never written anew: comments, order and everything else in them stay as they are.
"""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from checks.plan import Change, Plan, PlannedEvent
from monitor.document import Document
from monitor.errors import UsageError
from monitor.plan.diff import Difference
from monitor.plan.load import WrittenPlan, parse_plan
from monitor.plan.rewrite import with_items, with_members, with_value
from monitor.plan.spell import change_data, event_data, property_data


def with_plan(written: WrittenPlan, other: Plan) -> dict[Path, str]:
    """Return the files of a plan with the events and properties that only another plan has."""
    texts = _Texts(written)
    new = {name: event_data(event) for name, event in other.events.items() if name not in written.plan.events}
    texts.edit(texts.home("events"), lambda text: with_members(text, ("events",), new))
    for name, event in other.events.items():
        known = written.plan.events.get(name)
        more = {} if known is None else _more(known, event)
        if more:
            document = next(each for each in written.documents if name in (each.data.get("events") or {}))
            path = ("events", name, _members(document, name))
            texts.edit(document, partial(with_members, path=path, members=more))
    return texts.changed


def with_changes(written: WrittenPlan, changes: Sequence[Change], version: int) -> dict[Path, str]:
    """Return the files of a plan with new lines of its memory, and its new version."""
    texts = _Texts(written)
    known = written.plan.changes
    new = [change_data(change) for change in changes if not any(_same(change, each) for each in known)]
    versions = [change.version for change in known if change.version is not None]
    newest_first = len(versions) > 1 and versions[0] > versions[-1]
    texts.edit(texts.home("changes"), lambda text: with_items(text, ("changes",), new, first=newest_first))
    if version != written.plan.version:
        texts.edit(texts.home("version"), lambda text: with_value(text, ("version",), version))
    return texts.changed


def as_changes(found: Sequence[Difference], version: int, date: dt.date, why: str) -> Iterator[Change]:
    """Yield differences as lines of the plan's memory."""
    for each in found:
        if each.event is not None:
            what = f"removed: {each.what}" if each.kind == "removed" else each.what
            said = f"{what} (breaking)" if each.breaking else what
            yield Change(version=version, date=date, event=each.event, property=each.property, what=said, why=why)


def _same(one: Change, other: Change) -> bool:
    return (one.version, one.event, one.property, one.what) == (other.version, other.event, other.property, other.what)


def _more(known: PlannedEvent, event: PlannedEvent) -> dict[str, object]:
    return {name: property_data(prop) for name, prop in event.properties.items() if name not in known.properties}


def _members(document: Document, event: str) -> str:
    body = document.data["events"][event]
    has_traits = isinstance(body, dict) and "traits" in body
    return "traits" if has_traits else "properties"


class _Texts:
    """The texts of a plan's files, and which of them have changed."""

    def __init__(self, written: WrittenPlan) -> None:
        self.documents = written.documents
        self.changed: dict[Path, str] = {}

    def home(self, section: str) -> Document:
        """Return the file in which a section is; else the first."""
        return next((each for each in self.documents if section in each.data), self.documents[0])

    def edit(self, document: Document, change: Callable[[str], str]) -> None:
        """Change the text of a file."""
        path = Path(document.file)
        text = self.changed.get(path) or path.read_bytes().decode("utf-8-sig")
        after = change(text)
        if after != text:
            self.changed[path] = after


def save(written: WrittenPlan, changed: Mapping[Path, str]) -> None:
    """Write the changed files of a plan, once all of them together are seen to be a plan.

    Raises:
        ConfigError: they are not, and nothing was written.
        UsageError: a file cannot be written.
    """
    files = [Path(document.file) for document in written.documents]
    parse_plan((str(path), changed[path].encode() if path in changed else path.read_bytes()) for path in files)
    for path, text in changed.items():
        mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
        try:
            path.write_bytes(mark + text.encode())
        except OSError as error:
            raise UsageError(f"{path} cannot be written to: {error.strerror}") from None
