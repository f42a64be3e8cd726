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
    "failed": ("snowplow",),
    "table": ("events", "snowplow"),
    "sources": ("segment", "rudderstack", "files"),
    "syncs": ("segment", "rudderstack", "snowplow", "events"),
}
SYNCS = ("table", "source", "finished")
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
    if "syncs" in written:
        yield from _syncs(settings)
    if settings.url and settings.url.startswith(FILES) != (layout == "files"):
        hint = "write layout: files" if layout != "files" else "such as files:///data/*.csv.gz or s3://bucket/prefix"
        yield "url", f"url: the layout {layout} does not lie there", hint


def _syncs(settings: StoreSettings) -> Iterator[tuple[str, str, str]]:
    hint = "write syncs: {table: audit.sync, source: connector, finished: done_at}"
    if missing := [name for name in SYNCS if name not in settings.syncs]:
        yield "syncs", f"syncs: {', '.join(missing)} is missing", hint
    if unknown := [name for name in settings.syncs if name not in (*SYNCS, "status", "succeeded")]:
        yield "syncs", f"syncs: there is no {', '.join(unknown)}", hint
    if ("status" in settings.syncs) != ("succeeded" in settings.syncs):
        yield "syncs", "syncs: status and succeeded belong together", "write status: COLUMN, succeeded: VALUE"
