"""How is the site made of these pages? `make docs`; the pages are listed in `_toc.yml`."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))  # for `made`, which lies beside this file

project = "trackwatch"
author = "trackwatch"
project_copyright = "trackwatch, Apache-2.0"
version = release = installed("trackwatch")

extensions = ["myst_parser", "sphinx_external_toc", "sphinx_click", "sphinx_copybutton", "made"]
external_toc_path = "_toc.yml"
exclude_patterns = ["images"]

nitpicky = True
myst_enable_extensions = ["attrs_block"]
myst_heading_anchors = 4  # as GitHub makes them, so that a link works in both places

html_theme = "furo"
html_title = "trackwatch"
html_static_path = ["static"]
html_css_files = ["trackwatch.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which browsers refuse where the site is a folder
html_theme_options = {"navigation_with_keys": True}
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = "$ "


def setup(app: Sphinx) -> None:
    """Add what people without a pointer need: Sphinx leaves it out."""
    app.connect("html-page-context", _reachable, priority=900)


def _reachable(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Give the menu's captions their level, and let the keyboard reach blocks of code."""
    menu = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = menu.replace('role="heading"', 'role="heading" aria-level="2"')
    context["body"] = context.get("body", "").replace("<pre>", '<pre tabindex="0">')  # wide ones are scrolled by keys
