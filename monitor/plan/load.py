"""Which tracking plan do these files write down?

All that is wrong is told at once: every file is read and validated before anything is
refused, so that one round of corrections is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from checks.plan import Plan
from monitor.blocks import read_model
from monitor.document import Document, load_document, shortened
from monitor.errors import ConfigError, Problem
from monitor.plan.format import PlanBlock
from monitor.values import suggest

Section = Literal["questions", "events"]


def load_plan(path: Path) -> Plan:
    """Read a tracking plan from a YAML file, or from all YAML files of a folder and below.

    Raises:
        ConfigError: with every problem of every file, each with its line.
    """
    documents, problems = _documents(path)
    blocks: list[PlanBlock] = []
    asked = {name for document in documents for name in _names(document, "questions")}
    for document in documents:
        block, wrong = read_model(document, PlanBlock, document.data)
        problems += _refused(document, [*wrong, *_unasked(document, asked)])
        blocks += [block] if block else []
    problems += [*_twice(documents, "events"), *_twice(documents, "questions")]
    if problems:
        raise ConfigError(*sorted(set(problems), key=lambda p: (p.file, p.line, p.message)))
    return _merged(blocks)


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file, for editors to complete and check it."""
    schema = PlanBlock.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Tracking plan"}


def _documents(path: Path) -> tuple[list[Document], list[Problem]]:
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"} and file.is_file())
        if not files:
            raise ConfigError(Problem(str(path), 1, "no .yml or .yaml file in this folder"))
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            documents.append(load_document(file))
        except ConfigError as error:
            problems += error.problems
    return documents, problems


def _refused(document: Document, problems: list[Problem]) -> tuple[Problem, ...]:
    try:
        document.refuse(problems)
    except ConfigError as error:
        return error.problems
    return ()


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


def _twice(documents: list[Document], section: Section) -> Iterator[Problem]:
    first: dict[str, Document] = {}
    for document in documents:
        for name in _names(document, section):
            other = first.setdefault(name, document)
            if other is not document:
                place = f"{other.file}:{other.line_of((section, name))}"
                message = f"{section[:-1]} {shortened(name)} is already written in {place}"
                yield document.problem((section, name), message, "keep one of them")


def _merged(blocks: list[PlanBlock]) -> Plan:
    return Plan(
        version=max(block.version for block in blocks),
        questions={name: each.planned(name) for block in blocks for name, each in block.questions.items()},
        events={name: each.planned(name) for block in blocks for name, each in block.events.items()},
    )
