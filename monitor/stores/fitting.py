"""Which settings of a store go together?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.stores.base import StoreSettings

OF_LAYOUTS: Mapping[str, tuple[str, ...]] = {  # setting -> the layouts that read it
    "preset": ("events",),
    "times": ("events",),
    "partition": ("segment", "rudderstack", "snowplow", "events"),
    "views": ("segment", "rudderstack"),
    "table": ("events", "snowplow"),
    "sources": ("segment", "rudderstack", "files"),
}
FILES = ("files://", "s3://")


def unfitting(settings: StoreSettings, written: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield setting, sentence and hint for what does not go together in a store's block, as it was written."""
    layout = settings.layout
    if layout in ("segment", "rudderstack") and not settings.sources:
        yield "layout", f"'sources' is missing: {layout} has a schema for each source", "write sources: {web: web_prod}"
    for setting, layouts in OF_LAYOUTS.items():
        if setting in written and layout not in layouts:
            others = " or ".join(layouts)
            yield setting, f"{setting}: the layout {layout} does not read it", f"it is a setting of {others}"
    if settings.url and settings.url.startswith(FILES) != (layout == "files"):
        hint = "write layout: files" if layout != "files" else "such as files:///data/*.csv.gz or s3://bucket/prefix"
        yield "url", f"url: the layout {layout} does not lie there", hint
