"""Which names do the well-known pipes and products give to the fields of a message?

Sources: the export pages of Amplitude (amplitude/amplitude-docs), Mixpanel (mixpanel/docs, and
fivetran/dbt_mixpanel for its tables), PostHog's batch exports, the warehouse pages of Segment and
RudderStack, Snowplow's canonical event. Names are tried in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Preset:
    """The names that one pipe uses. A dot goes into an object: `context.app.version`."""

    name: str
    signs: tuple[frozenset[str], ...]  # it is this pipe when all names of one of these sets are there
    fields: Mapping[str, tuple[str, ...]]
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, columns: Sequence[str]) -> bool:
        """Return whether the columns look like this pipe's."""
        there = set(columns) | {name.lower() for name in columns}
        return any(sign <= there for sign in self.signs)


_MESSAGE = {
    "id": ("messageId",),
    "event": ("event",),
    "source": ("source", "sourceId", "projectId", "channel"),
    "occurred_at": ("timestamp", "originalTimestamp"),
    "sent_at": ("sentAt",),
    "received_at": ("receivedAt",),
    "user_id": ("userId",),
    "anonymous_id": ("anonymousId",),
    "app_version": ("context.app.version",),
    "properties": ("properties", "traits"),
}
_WAREHOUSE = {
    "id": ("id",),
    "event": ("event_text", "event"),
    "source": ("source", "source_name", "source_id", "channel"),
    "occurred_at": ("timestamp", "original_timestamp"),
    "sent_at": ("sent_at",),
    "received_at": ("received_at",),
    "loaded_at": ("uuid_ts", "loaded_at"),
    "user_id": ("user_id",),
    "anonymous_id": ("anonymous_id",),
    "app_version": ("context_app_version",),
    "properties": ("properties",),
}
SNOWPLOW = {  # in a file and in a database alike
    "id": ("event_id",),
    "source": ("app_id",),
    "occurred_at": ("derived_tstamp", "dvce_created_tstamp"),
    "sent_at": ("dvce_sent_tstamp",),
    "received_at": ("collector_tstamp",),
    "loaded_at": ("load_tstamp", "etl_tstamp"),
    "user_id": ("user_id",),
    "anonymous_id": ("domain_userid", "network_userid"),
}
PRESETS = (
    Preset(
        "snowplow",
        (frozenset({"collector_tstamp", "event_id"}),),
        {"event": ("event_name", "event"), **SNOWPLOW},
    ),
    Preset("rudderstack-messages", (frozenset({"messageId", "rudderId"}),), _MESSAGE),
    Preset("segment-archive", (frozenset({"messageId"}), frozenset({"anonymousId", "type"})), _MESSAGE),
    Preset(
        "amplitude",
        (frozenset({"event_type", "event_time"}), frozenset({"event_type", "event_properties"})),
        {
            "id": ("$insert_id", "insert_id", "uuid"),
            "event": ("event_type",),
            "source": ("platform",),
            "occurred_at": ("event_time", "client_event_time"),
            "sent_at": ("client_upload_time",),
            "received_at": ("server_received_time", "server_upload_time"),
            "loaded_at": ("processed_time",),
            "user_id": ("user_id",),
            "anonymous_id": ("device_id",),
            "app_version": ("version_name",),
            "properties": ("event_properties",),
        },
        {
            "platform": ("platform",),
            "os": ("os_name",),
            "os_version": ("os_version",),
            "device": ("device_family", "device_type"),
            "country": ("country",),
            "region": ("region",),
            "app_version": ("version_name",),
            "library": ("library",),
            "locale": ("language",),
        },
    ),
    Preset(
        "posthog",
        (frozenset({"uuid", "event", "distinct_id"}),),
        {
            "id": ("uuid",),
            "event": ("event",),
            "occurred_at": ("timestamp",),
            "received_at": ("created_at",),
            "loaded_at": ("bq_ingested_timestamp", "_inserted_at"),
            "user_id": ("distinct_id",),
            "app_version": ("properties.$app_version",),
            "properties": ("properties",),
        },
    ),
    Preset(
        "mixpanel",
        (
            frozenset({"distinct_id", "insert_id"}),
            frozenset({"properties.distinct_id"}),
            frozenset({"distinct_id", "time"}),
        ),
        {
            "id": ("insert_id", "$insert_id", "properties.$insert_id"),
            "event": ("event_name", "name", "event"),
            "occurred_at": ("time", "properties.time"),
            "received_at": ("mp_processing_time_ms", "properties.mp_processing_time_ms"),
            "user_id": ("user_id", "distinct_id", "properties.distinct_id"),
            "anonymous_id": ("device_id", "properties.$device_id"),
            "app_version": ("app_version_string", "properties.$app_version_string"),
            "properties": ("properties",),
        },
        {
            "platform": ("os",),
            "os": ("os",),
            "os_version": ("os_version",),
            "browser": ("browser",),
            "device": ("model", "device"),
            "country": ("country_code", "mp_country_code", "country"),
            "region": ("region",),
            "app_version": ("app_version_string",),
            "library": ("mp_lib",),
            "library_version": ("lib_version",),
        },
    ),
    Preset(
        "rudderstack",
        (frozenset({"id", "received_at", "context_rudder_id"}), frozenset({"id", "received_at", "rudder_id"})),
        _WAREHOUSE,
    ),
    Preset(
        "segment",
        (
            frozenset({"id", "received_at", "uuid_ts"}),
            frozenset({"id", "received_at", "event_text"}),
            frozenset({"id", "received_at", "anonymous_id"}),
        ),
        _WAREHOUSE,
    ),
)
GENERIC = Preset(
    "generic",
    (),
    {
        "id": ("messageid", "eventid", "eventuuid", "insertid", "uuid", "guid", "rowid", "id"),
        "event": ("eventname", "event", "eventtype", "eventtext", "action", "activity", "name", "type"),
        "source": ("source", "sourcename", "sourceid", "platform", "appid", "channel"),
        "occurred_at": (
            "occurredat", "timestamp", "eventtime", "eventtimestamp", "eventdate", "time", "datetime", "ts",
            "createdat", "date", "created", "at",
        ),
        "sent_at": ("sentat",),
        "received_at": ("receivedat", "receivedtime", "serverreceivedtime", "ingestedat"),
        "loaded_at": ("loadedat", "uuidts", "insertedat"),
        "user_id": ("userid", "customerid", "distinctid", "personid", "memberid", "accountid", "clientid", "user"),
        "anonymous_id": ("anonymousid", "visitorid", "deviceid", "sessionid", "cookieid"),
        "app_version": ("appversion", "contextappversion"),
        "properties": ("properties", "eventproperties", "props", "payload", "attributes"),
    },
)  # fmt: skip
