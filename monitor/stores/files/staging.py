"""How does a bundle of files of one shape become a table of events?

Each file is read once. Messages with a property object go straight into their final form;
other JSON and wide rows are staged as they are, because their columns are known only afterwards.
"""

# ruff: noqa: S608 names and values go through `text.quoted` and `text.literal`

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from duckdb import DuckDBPyConnection

from monitor.stores.files import text
from monitor.stores.files.damage import LONGEST
from monitor.stores.files.mapping import TIMES, Guess
from monitor.stores.files.sample import Sample
from monitor.stores.files.sniff import Cut
from monitor.stores.files.text import listed, literal, quoted
from monitor.stores.files.types import Mixed, types

OWN = "_tw_"  # before the neutral columns, so that they never meet a column of the file
BAD = OWN + "bad"
FILE = OWN + "file"
NO_NAME = "(no event name)"
_BAGS = ("properties", "traits", "event_properties")


@dataclass(frozen=True, slots=True)
class Source:
    """Files that are read alike, as the engine gets them, and the event each stands for if it names none."""

    paths: tuple[str, ...]
    events: Mapping[str, str]  # path -> event
    gzipped: bool
    cut: Cut | None = None
    sources: Mapping[str, str] = field(default_factory=dict)  # path -> source that its folder stands for


@dataclass(frozen=True, slots=True)
class Made:
    """The SELECT that turns a staged table into neutral columns and either properties or wide columns."""

    fields: Mapping[str, str]  # neutral field -> expression
    bag: str | None  # expression of the property object
    wide: Mapping[str, str]  # column -> expression
    origin: str  # what to select from
    mixed: tuple[Mixed, ...] = ()

    def select(self, *, as_json: bool) -> str:
        """Return the SELECT; wide columns go into a property object when other files have one."""
        columns = {OWN + name: expression for name, expression in self.fields.items()}
        if as_json:
            columns[OWN + "properties"] = self._packed()
        else:
            columns |= self.wide
        listed_ = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in columns.items())
        return f"SELECT {listed_} FROM {self.origin}"

    def _packed(self) -> str:
        if not self.wide:
            return self.bag or "NULL"
        members = ", ".join(f"{quoted(name)} := {expression}" for name, expression in self.wide.items())
        rest = f"TO_JSON(STRUCT_PACK({members}))"
        return f"JSON_MERGE_PATCH({rest}, COALESCE({self.bag}, '{{}}'))" if self.bag else rest


def is_message(sample: Sample) -> bool:
    """Return whether rows carry their properties in an object of their own."""
    return any(isinstance(row.get(bag), dict) for row in sample.rows for bag in _BAGS)


def messages(source: Source, guess: Guess, sample: Sample) -> str:
    """Return the SELECT that reads JSON messages with a property object in one pass.

    A damaged line is a row of nulls, with the file's name in the column `BAD`.
    """
    bags = [bag for bag in _BAGS if bag in (guess.columns.get("properties", ""), "traits")]
    paths = [column for column in guess.columns.values() if not column.startswith("=")]
    spec = _spec([*paths, "type"], bags)
    fields = {name: _message_field(name, column, bags, sample) for name, column in guess.columns.items()}
    fields.pop("properties", None)
    fields["event"] = _event_of_message(fields.get("event"), source.events, guess.calls)
    if source.sources:
        fields["source"] = _by_file(source.sources)
    whole = " AND ".join(f"{quoted(name)} IS NULL" for name in spec)
    objects = [f"CASE WHEN STARTS_WITH({quoted(bag)}::VARCHAR, '{{') THEN {quoted(bag)} END" for bag in bags]
    columns = [f"{expression} AS {quoted(OWN + name)}" for name, expression in _received(fields).items()]
    columns.append(f"{_first(objects)} AS {quoted(OWN + 'properties')}")
    columns.append(f"CASE WHEN {whole} THEN {FILE} END AS {BAD}")
    types_ = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in spec.items())
    options = f"columns={{{types_}}}, format='newline_delimited', {_json_options(source)}"
    return f"SELECT {', '.join(columns)} FROM READ_JSON({listed(source.paths)}, {options})"


def objects(source: Source, *, lines: bool) -> str:
    """Return the SELECT that reads JSON objects as they are, with the file's name."""
    if lines:
        return (
            f"SELECT json, {FILE}, CASE WHEN JSON_TYPE(json) IS DISTINCT FROM 'OBJECT' THEN {FILE} END AS {BAD} "
            f"FROM READ_NDJSON_OBJECTS({listed(source.paths)}, {_json_options(source)})"
        )
    options = f"filename='{FILE}', maximum_object_size={2 * LONGEST}, compression={_compression(source)}"
    return (
        f"SELECT json, {FILE}, CASE WHEN JSON_TYPE(json) IS DISTINCT FROM 'OBJECT' THEN {FILE} END AS {BAD} "
        f"FROM READ_JSON_OBJECTS({listed(source.paths)}, {options})"
    )


def rows(source: Source, cut: Cut) -> str:
    """Return the SELECT that reads delimited text, every cell as text; damaged rows go to `reject_errors`."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in cut.names)
    options = [
        "auto_detect=false", "header=false", "store_rejects=true", f"filename='{FILE}'", "quote='\"'", "escape='\"'",
        f"columns={{{columns}}}", f"skip={cut.skip}", f"delim={literal(cut.delimiter)}",
        f"compression={_compression(source)}",
    ]  # fmt: skip
    if cut.newline == "\r":
        options.append("new_line='\\r'")
    return f"SELECT *, NULL::VARCHAR AS {BAD} FROM READ_CSV({listed(source.paths)}, {', '.join(options)})"


def parquet(source: Source) -> str:
    """Return the SELECT that reads Parquet files with their own types."""
    return (
        f"SELECT *, NULL::VARCHAR AS {BAD} "
        f"FROM READ_PARQUET({listed(source.paths)}, union_by_name=true, filename='{FILE}')"
    )


def made_from_objects(
    stage: str, guess: Guess, sample: Sample, names: Sequence[str], events: Mapping[str, str]
) -> Made:
    """Turn staged JSON objects into neutral fields and a property object."""
    fields = {}
    for name, column in guess.columns.items():
        value = literal(column[1:]) if column.startswith("=") else f"JSON_EXTRACT_STRING(json, {_path(column, names)})"
        fields[name] = text.time(value, sample, column) if name in TIMES and not column.startswith("=") else value
    inner = fields.pop("properties", None)
    fields["event"] = _event(fields.get("event"), events)
    used = ", ".join(f"{_json_name(c)}: null" for c in guess.columns.values() if "." not in c and not c.startswith("="))
    rest = f"JSON_MERGE_PATCH(json, {literal('{' + used + '}')})"
    bag = f"JSON_EXTRACT(json, {_path(guess.columns['properties'], names)})" if inner else rest
    return Made(_received(fields), bag, {}, quoted(stage))


def made_from_rows(
    con: DuckDBPyConnection,
    stage: str,
    known: tuple[Guess, Sample],
    there: Mapping[str, str],
    events: Mapping[str, str],
) -> Made:
    """Turn a staged wide table into neutral fields and typed columns.

    Args:
        con: connection to find types through
        stage: the staged table
        known: the mapping, and the first rows
        there: column -> type of the staged table
        events: file -> event that it stands for if it names none
    """
    found, sample = known
    fields = {name: _wide_field(name, column, there, sample) for name, column in found.columns.items()}
    bag = fields.pop("properties", None)
    fields["event"] = _event(fields.get("event"), events)
    rest = [name for name in there if name in found.kept or name not in found.columns.values()]
    typed = types(con, stage, [name for name in rest if there[name] == "VARCHAR"])
    wide = {name: _typed(name, typed.types.get(name, there[name]), there[name]) for name in rest}
    return Made(_received(fields), f"TRY_CAST({bag} AS JSON)" if bag else None, wide, quoted(stage), typed.mixed)


def _received(fields: Mapping[str, str]) -> dict[str, str]:
    """Let rows without a time of receipt count at the time at which they occurred."""
    fields = dict(fields)
    if "received_at" in fields and "occurred_at" in fields:
        fields["received_at"] = f"COALESCE({fields['received_at']}, {fields['occurred_at']})"
    elif "occurred_at" in fields:
        fields["received_at"] = fields.pop("occurred_at")
    return fields


def _message_field(name: str, column: str, bags: Sequence[str], sample: Sample) -> str:
    if column.startswith("="):
        return literal(column[1:])
    first, _, rest = column.partition(".")
    if first in bags and rest:
        value = f"JSON_EXTRACT_STRING({quoted(first)}, {literal('$.' + _json_name(rest))})"
    else:
        value = ".".join(map(quoted, column.split(".")))
    return text.time(value, sample, column) if name in TIMES else value


def _event_of_message(named: str | None, events: Mapping[str, str], calls: Mapping[str, str]) -> str:
    whens = " ".join(f"WHEN {literal(call)} THEN {literal(event)}" for call, event in calls.items())
    call = f"CASE type {whens} END"
    return _first([named, call, literal(NO_NAME)] if named else [call, _by_file(events)])


def _event(named: str | None, events: Mapping[str, str]) -> str:
    return f"COALESCE(CAST({named} AS VARCHAR), {literal(NO_NAME)})" if named else _by_file(events)


def _by_file(events: Mapping[str, str]) -> str:
    names = set(events.values())
    if len(names) == 1:
        return literal(names.pop())
    return f"MAP({listed(events)}, {listed(events.values())})[{FILE}]"


def _wide_field(name: str, column: str, there: Mapping[str, str], sample: Sample) -> str:
    if column.startswith("="):
        return literal(column[1:])
    type_, own = there[column], quoted(column)
    if name == "properties":
        return own if type_ in ("VARCHAR", "JSON") else f"TO_JSON({own})"
    if name not in TIMES:
        return own if type_ == "VARCHAR" else f"CAST({own} AS VARCHAR)"
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return text.between(f"{own} AT TIME ZONE 'UTC'")
    if type_.startswith(("TIMESTAMP", "DATE")):
        return text.between(text.utc(f"CAST({own} AS TIMESTAMP)"))
    return text.time(own if type_ == "VARCHAR" else f"CAST({own} AS VARCHAR)", sample, column)


def _typed(name: str, type_: str, was: str) -> str:
    if was == "TIMESTAMP WITH TIME ZONE":
        return f"{quoted(name)} AT TIME ZONE 'UTC'"
    if was.startswith(("STRUCT", "MAP", "UNION")) or was.endswith("]"):
        return f"TO_JSON({quoted(name)})"
    return quoted(name) if type_ == was else f"CAST({quoted(name)} AS {type_})"


def _spec(paths: Iterable[str], bags: Sequence[str]) -> dict[str, str]:
    """Return the engine's type of each top-level name, so that nothing else of a message is kept."""
    tree: dict[str, dict[str, None]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        tree.setdefault(first, {}).update({rest: None} if rest else {})
    return {name: "JSON" if name in bags else _struct(list(inner)) for name, inner in tree.items()} | dict.fromkeys(
        bags, "JSON"
    )


def _struct(paths: Sequence[str]) -> str:
    if not paths:
        return "VARCHAR"
    members = _spec(paths, ())
    return f"STRUCT({', '.join(f'{quoted(name)} {type_}' for name, type_ in members.items())})"


def _first(expressions: Sequence[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"COALESCE({', '.join(expressions)})"


def _path(column: str, names: Sequence[str]) -> str:
    return literal(text.json_path(column, names))


def _json_name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json_options(source: Source) -> str:
    return (
        f"ignore_errors=true, filename='{FILE}', maximum_object_size={2 * LONGEST}, compression={_compression(source)}"
    )


def _compression(source: Source) -> str:
    return "'gzip'" if source.gzipped else "'none'" if source.cut else "'uncompressed'"
