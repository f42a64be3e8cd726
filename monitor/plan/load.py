"""Which tracking plan do these files write down?

All that is wrong is told at once: every file is read and validated before anything is
refused, so that one round of corrections is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from checks.plan import Plan
from monitor.blocks import read_model
from monitor.document import Document, parse_document, read_bytes, shortened
from monitor.errors import ConfigError, Problem
from monitor.plan.format import LintBlock, PlanBlock
from monitor.values import suggest

Section = Literal["questions", "events"]
NO_DRAFTS: Mapping[Path, str] = {}
ONCE = ("defaults", "workspaces", "lint")  # of a folder, only one file says it
_OF_JSON_SCHEMA = {
    "minimum": "min",
    "maximum": "max",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "additionalProperties": "closed",
    "const": "enum",
    "title": "description",
    "oneOf": "type: [string, integer]",
    "anyOf": "type: [string, integer]",
}


@dataclass(frozen=True, slots=True)
class WrittenPlan:
    """A plan beside the files that write it down."""

    plan: Plan
    documents: tuple[Document, ...]
    lint: LintBlock

    def place(self, *path: str | int) -> tuple[str, int]:
        """Return file and line of a path such as `events`, `Order Completed`; the top when nobody writes it."""
        section, name = path[0], path[1] if len(path) > 1 else None
        for document in self.documents:
            block = document.data.get(str(section))
            if isinstance(block, dict) and (name is None or name in block):
                return document.file, document.line_of(path)
        return self.documents[0].file, 1


def load_plan(path: Path, workspace: str | None = None, drafts: Mapping[Path, str] = NO_DRAFTS) -> Plan:
    """Read a tracking plan from a YAML file, or from all YAML files of a folder and below.

    Args:
        path: the file or folder.
        workspace: whose defaults to use where an event does not say something itself.
        drafts: contents of files that are to be read instead of what they hold now.

    Raises:
        ConfigError: with every problem of every file, each with its line.
    """
    return read_plan(path, workspace, drafts).plan


def read_plan(path: Path, workspace: str | None = None, drafts: Mapping[Path, str] = NO_DRAFTS) -> WrittenPlan:
    """Read a tracking plan like `load_plan`, and keep where everything is written."""
    return parse_plan(_texts(path, drafts), workspace)


def parse_plan(texts: Iterable[tuple[str, bytes | ConfigError]], workspace: str | None = None) -> WrittenPlan:
    """Read a plan from the contents of its files, each with its name, or with why it could not be read.

    Raises:
        ConfigError: with every problem of every file, each with its line.
    """
    documents, problems = _documents(texts)
    blocks: list[PlanBlock] = []
    asked = {name for document in documents for name in _names(document, "questions")}
    events = {name for document in documents for name in _names(document, "events")}
    for document in documents:
        block, wrong = read_model(document, PlanBlock, document.data)
        more = [*_unasked(document, asked), *_unrelated(document, events), *_misplaced(document)]
        problems += _refused(document, [*map(_translated, wrong), *more])
        blocks += [block] if block else []
    problems += [*_twice(documents, "events"), *_twice(documents, "questions"), *_again(documents)]
    if problems:
        raise ConfigError(*sorted(set(problems), key=lambda p: (p.file, p.line, p.message)))
    lint = next((block.lint for block in blocks if block.lint), LintBlock())
    return WrittenPlan(_merged(blocks, workspace), tuple(documents), lint)


def plan_files(path: Path) -> list[Path]:
    """Return the files of a plan: itself, or all YAML files of a folder and below."""
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"} and file.is_file())
    if not files:
        raise ConfigError(Problem(str(path), 1, "no .yml or .yaml file in this folder"))
    return files


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file, for editors to complete and check it."""
    schema = PlanBlock.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Tracking plan"}


def _texts(path: Path, drafts: Mapping[Path, str]) -> Iterator[tuple[str, bytes | ConfigError]]:
    for file in plan_files(path):
        try:
            yield str(file), drafts[file].encode() if file in drafts else read_bytes(file)
        except ConfigError as error:
            yield str(file), error


def _documents(texts: Iterable[tuple[str, bytes | ConfigError]]) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for file, raw in texts:
        try:
            if isinstance(raw, ConfigError):
                raise raw
            documents.append(parse_document(file, raw))
        except ConfigError as error:
            problems += error.problems
    return documents, problems


def _refused(document: Document, problems: list[Problem]) -> tuple[Problem, ...]:
    try:
        document.refuse(problems)
    except ConfigError as error:
        return error.problems
    return ()


def _translated(problem: Problem) -> Problem:
    """Say what a word of JSON Schema is called here."""
    word = problem.message.partition("'")[2].partition("'")[0]
    if word in _OF_JSON_SCHEMA and "is not a setting of" in problem.message:
        return Problem(problem.file, problem.line, problem.message, f"here it is written {_OF_JSON_SCHEMA[word]!r}")
    return problem


def _names(document: Document, section: Section) -> Mapping[str, Any]:
    block = document.data.get(section)
    return block if isinstance(block, dict) else {}


def _unasked(document: Document, asked: set[str]) -> Iterator[Problem]:
    """Yield the answers to questions that nobody asks, also while the plan has other faults."""
    for name, event in _names(document, "events").items():
        answers = event.get("answers") if isinstance(event, dict) else None
        for index, answer in enumerate(answers if isinstance(answers, list) else [answers]):
            if isinstance(answer, str) and answer not in asked:
                hint = suggest(answer, sorted(asked)) or "write it under 'questions'"
                at = ("events", name, "answers", index)
                yield document.problem(at, f"{shortened(answer)} is not a question of the plan", hint)


def _unrelated(document: Document, events: set[str]) -> Iterator[Problem]:
    """Yield what `after` and `ratio` say of events that nobody plans."""
    for name, event in _names(document, "events").items():
        for rule in ("after", "ratio") if isinstance(event, dict) else ():
            said = event.get(rule)
            for index, each in enumerate(said if isinstance(said, list) else [said]):
                at = ("events", name, rule, *([index] if isinstance(said, list) else []))
                for field in ("event", "of", "to"):
                    other = each.get(field) if isinstance(each, dict) else each if field == "event" else None
                    if isinstance(other, str) and other not in events:
                        message = f"{rule}: {shortened(other)} is not an event of the plan"
                        yield document.problem(at, message, suggest(other, sorted(events)))


def _misplaced(document: Document) -> Iterator[Problem]:
    """Yield the traits of events that are neither identify nor group."""
    for name, event in _names(document, "events").items():
        if isinstance(event, dict) and event.get("traits") and not event.get("call") and name not in _WITH_TRAITS:
            message = f"traits are of identify and group, but {shortened(name)} is a track call"
            yield document.problem(("events", name, "traits"), message, "write properties:, or call: identify")


_WITH_TRAITS = frozenset({"identify", "group"})


def _twice(documents: list[Document], section: Section) -> Iterator[Problem]:
    first: dict[str, Document] = {}
    for document in documents:
        for name in _names(document, section):
            other = first.setdefault(name, document)
            if other is not document:
                place = f"{other.file}:{other.line_of((section, name))}"
                message = f"{section[:-1]} {shortened(name)} is already written in {place}"
                yield document.problem((section, name), message, "keep one of them")


def _again(documents: list[Document]) -> Iterator[Problem]:
    for section in ONCE:
        saying = [document for document in documents if section in document.data]
        for document in saying[1:]:
            place = f"{saying[0].file}:{saying[0].line_of((section,))}"
            yield document.problem((section,), f"{section!r} is already written in {place}", "keep one of them")


def _merged(blocks: list[PlanBlock], workspace: str | None) -> Plan:
    given: dict[str, Any] = {}
    for block in blocks:
        given |= block.defaults.given() if block.defaults else {}
    for block in blocks:
        own = block.workspaces.get(workspace or "")
        given |= own.given() if own else {}
    return Plan(
        name=next((block.name for block in blocks if block.name), ""),
        description=next((block.description for block in blocks if block.description), ""),
        version=max(block.version for block in blocks),
        questions={name: each.planned(name) for block in blocks for name, each in block.questions.items()},
        events={name: each.planned(name, given) for block in blocks for name, each in block.events.items()},
        changes=tuple(change.planned() for block in blocks for change in block.changes),
    )
