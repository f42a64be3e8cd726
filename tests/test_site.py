"""Is the site whole: does it build without a warning, work without a network, and keep nobody out?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import made
import pytest
from chromium import PHONE, WIDE, Browser, needs_chromium
from made.tables import Row, blocks_below, rows_of_block, rows_of_dataclass
from selenium.webdriver.common.by import By

import checks
from checks.base import CHECKS
from monitor.alerts.channels import KINDS, channel_class
from monitor.config_format import CheckBlock, ConfigBlock, StoreBlock
from monitor.plan.format import PlanBlock
from monitor.stores.base import StoreSettings

DOCS = Path(__file__).parents[1] / "docs"
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
LOOKED_AT = ("index.html", "custom.html", "statistics.html")


class Assets(HTMLParser):
    """What a page loads by itself, in contrast to what it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if LOADS.get(tag) == name]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Return the built site; a warning, such as a link to nowhere or a page in no menu, ends the build."""
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-n",
        "-q",
        "-d",
        folder / "trees",
        DOCS,
        folder / "html",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_no_page_loads_anything_from_elsewhere(site):
    loaded = {}
    for page in site.rglob("*.html"):
        assets = Assets()
        assets.feed(page.read_text("utf-8"))
        loaded[page.name] = [each for each in assets.loaded if re.match(r"(https?:)?//", each)]
    styles = [
        path.name for path in site.rglob("*.css") if re.search(r"url\(['\"]?(https?:)?//", path.read_text("utf-8"))
    ]
    assert {name: found for name, found in loaded.items() if found} == {}
    assert styles == []


def settings() -> Iterator[tuple[str, Row]]:
    """Yield every setting of every file that people write, with where it stands."""
    checks.load()
    blocks = {CheckBlock: "checks", StoreBlock: "store", ConfigBlock: "", PlanBlock: "plan"}
    for block, place in (blocks | blocks_below(ConfigBlock) | blocks_below(PlanBlock)).items():
        yield from ((place, row) for row in rows_of_block(block, blocks_below(ConfigBlock) | blocks_below(PlanBlock)))
    classes = [(name, check.params) for name, check in CHECKS.items() if name != "custom"]
    classes += [(kind, channel_class(kind)) for kind in KINDS]
    for place, cls in [*classes, ("store", StoreSettings)]:
        yield from ((place, row) for row in rows_of_dataclass(cls))


def test_every_setting_says_what_it_takes_and_what_it_means():
    shared = {row.name for row in rows_of_block(StoreBlock)}  # of the store, said there
    silent = [f"{place}.{row.name}" for place, row in settings() if not (row.takes and row.means)]
    assert [name for name in silent if name.removeprefix("store.") not in shared] == []


@pytest.mark.parametrize("part", sorted(made.PARTS))
def test_what_is_made_from_the_code_stands_on_a_page(part):
    assert any(f"<!-- made from the code: {part} -->" in page.read_text("utf-8") for page in DOCS.rglob("*.md"))


@pytest.fixture
def browse(chromium, site) -> Callable[..., Browser]:
    """Return `browse(page, size, theme)`: a browser at a page of the site, read from its file."""
    chromium.get_log("browser")
    return lambda page, *how: Browser(chromium, site.as_uri() + "/").at(page, *how)


@needs_chromium
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", LOOKED_AT)
def test_a_page_keeps_nobody_out(browse, page, theme):
    assert browse(page, WIDE, theme).barriers() == []


@needs_chromium
@pytest.mark.parametrize("page", LOOKED_AT)
def test_a_page_fits_on_a_phone(browse, page):
    browser = browse(page, PHONE)
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]


@needs_chromium
def test_the_site_is_searched_from_a_folder(browse):
    browser = browse("search.html?q=false_alerts_per_week")
    assert browser.says("Search finished")
    found = [link.text for link in browser.driver.find_elements(By.CSS_SELECTOR, "#search-results li > a")]
    assert "Configuration" in found
    assert browser.complaints() == []
