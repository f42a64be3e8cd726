"""Does every block of code in a document do what the document says?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from documents.blocks import PAGES, ROOT, blocks
from documents.desk import Desk, reasons
from documents.worlds import WORLDS

FOUND = {str(page.relative_to(ROOT)): blocks(page) for page in PAGES}
WITH_POSTGRES = {page for page, found in FOUND.items() if any(each.marks.get("sql") == "postgresql" for each in found)}
CHECKED = {page for page, found in FOUND.items() if any("said by the checks" in each.marks for each in found)}


@pytest.fixture
def desk(request: pytest.FixtureRequest, demo: Path, tmp_path: Path) -> Desk:
    """Return a desk for the document of this test: the demo lies on it, under its own name and as the folder itself."""
    page = request.node.callspec.params["page"]
    for name in ("trackwatch.yml", "plan.yml", "trackwatch.db", "findings.json"):
        shutil.copy(demo / "trackwatch-demo" / name, tmp_path / name)
    configuration = tmp_path / "trackwatch.yml"
    configuration.write_text(_moved(configuration.read_text("utf-8"), demo / "trackwatch-demo", tmp_path), "utf-8")
    (tmp_path / "trackwatch-demo").symlink_to(".")
    if page in WORLDS:
        WORLDS[page](tmp_path, request)
    said = request.getfixturevalue("said") if page in CHECKED else frozenset()
    postgres = request.getfixturevalue("postgres_database") if page in WITH_POSTGRES else None
    return Desk(tmp_path, (demo / "out.txt").read_text("utf-8"), said, postgres)


def _moved(text: str, demo: Path, folder: Path) -> str:
    """Return the demo's configuration with its memory in another folder; its shop stays, and is only read."""
    return text.replace(f"{demo}/trackwatch.db", f"{folder}/trackwatch.db")


@pytest.mark.parametrize("page", [page for page, found in FOUND.items() if found])
def test_a_document_can_be_followed(page, desk):
    wrong = []
    desk.unpack(FOUND[page])
    for block in FOUND[page]:
        try:
            desk.follow(block)
        except Exception as error:  # noqa: BLE001 all that is wrong with a document is told at once
            wrong.append(f"{block}: {error}")
    assert not wrong, "\n".join(wrong)


def test_what_is_not_run_says_why(capsys):
    told = reasons(block for found in FOUND.values() for block in found)
    with capsys.disabled():
        print(  # noqa: T201 how many they are is for people to see
            f"\n{len(told)} of {sum(map(len, FOUND.values()))} blocks are not run:", *told, sep="\n  "
        )
    assert [line for line in told if len(line.partition("): ")[2].split()) < 3] == []
