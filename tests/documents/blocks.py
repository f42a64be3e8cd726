"""Which blocks of code does a document have, and what does it say of each in the comment above it?

- `<!-- not run: WHY -->` it cannot be run here.
- `<!-- run by: tests/… -->` a test of its own reads this very document.
- `<!-- file: NAME -->` it is a file of this name.
- `<!-- excerpt -->` of what the command before it printed; without it, all of that.
- `<!-- excerpt of the demo -->` of what `trackwatch demo` prints.
- `<!-- said by the checks -->` sentences of the demo's findings, or of findings in the tests of checks.
- `<!-- shape of: COMMAND -->` a JSON document, whose names are those that a command prints.
- `<!-- sql: DIALECT -->` in which SQL is parsed; that of postgresql is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
NAMES = ("not run", "run by", "file", "excerpt of the demo", "excerpt", "said by the checks", "shape of", "sql")
_MARK = re.compile(rf"<!-- (?P<name>{'|'.join(NAMES)})(?:: (?P<what>.+?))? -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: where it begins, in which language, and what is said of it."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a document that have a language."""
    found, above = [], ""
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type == "fence" and token.info and not token.info.startswith("{"):
            found.append(_block(page, token, above))
        above = above + token.content if token.type == "html_block" else ""
    return found


def _block(page: Path, fence: Token, above: str) -> Block:
    said = _MARK.finditer(above)
    marks = {each["name"]: " ".join((each["what"] or "").split()) for each in said}
    line = (fence.map or [0])[0] + 1
    return Block(str(page.relative_to(ROOT)), line, fence.info.split()[0], fence.content, marks)


def followed(shown: list[str], printed: list[str]) -> str:
    """Return the first line of an excerpt that does not occur after the one before it, or nothing.

    >>> followed(["a", "…", "c"], ["a", "b", "c"]), followed(["c", "a"], ["a", "b", "c"])
    ('', 'a')
    """
    rest = iter(line.rstrip() for line in printed)
    return next((line for line in shown if line.strip() not in {"", "…"} and line.rstrip() not in rest), "")
