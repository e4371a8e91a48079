"""Decodes OTLP trace exports with the classes that the OpenTelemetry project publishes, not with ours.

With FILE.json beside a file: that must be the same message to the published JSON mapping (OTLP writes ids in hexadecimal,
where the mapping has base64).

For each file: one line of JSON in the form that CanonicalText.swift writes. Ends with status 1 if a field is unknown to
the published schema, or if the published classes write other bytes for the same message.
"""

import base64
import json
import os
import struct
import sys

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def unknown_fields(message):
    found = len(UnknownFieldSet(message))
    for _, value in message.ListFields():
        if isinstance(value, Message):
            found += unknown_fields(value)
        elif not isinstance(value, (str, bytes, int, float, bool)):
            found += sum(unknown_fields(item) for item in value if isinstance(item, Message))
    return found


def text(value):
    return value.encode().hex()


def value_of(value):
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return ["s", text(value.string_value)]
    if kind == "bool_value":
        return ["b", "1" if value.bool_value else "0"]
    if kind == "int_value":
        return ["i", str(value.int_value)]
    if kind == "double_value":
        return ["d", struct.pack(">d", value.double_value).hex()]
    if kind == "bytes_value":
        return ["y", value.bytes_value.hex()]
    if kind == "array_value":
        return ["a", [value_of(item) for item in value.array_value.values]]
    if kind == "kvlist_value":
        return ["m", attributes(value.kvlist_value.values)]
    return [str(kind)]


def attributes(items):
    return [[text(item.key), value_of(item.value)] for item in items]


def span(span):
    return {
        "attributes": attributes(span.attributes),
        "dropped": [
            str(span.dropped_attributes_count),
            str(span.dropped_events_count),
            str(span.dropped_links_count),
        ],
        "end": str(span.end_time_unix_nano),
        "events": [
            {
                "attributes": attributes(event.attributes),
                "dropped": str(event.dropped_attributes_count),
                "name": text(event.name),
                "time": str(event.time_unix_nano),
            }
            for event in span.events
        ],
        "flags": str(span.flags),
        "kind": str(span.kind),
        "links": [
            {
                "attributes": attributes(link.attributes),
                "dropped": str(link.dropped_attributes_count),
                "flags": str(link.flags),
                "span_id": link.span_id.hex(),
                "state": text(link.trace_state),
                "trace_id": link.trace_id.hex(),
            }
            for link in span.links
        ],
        "name": text(span.name),
        "parent": span.parent_span_id.hex(),
        "span_id": span.span_id.hex(),
        "start": str(span.start_time_unix_nano),
        "state": text(span.trace_state),
        "status": [str(span.status.code), text(span.status.message)],
        "trace_id": span.trace_id.hex(),
    }


def resource_spans(group):
    return {
        "attributes": attributes(group.resource.attributes),
        "schema_url": text(group.schema_url),
        "scopes": [
            {
                "attributes": attributes(scope.scope.attributes),
                "name": text(scope.scope.name),
                "schema_url": text(scope.schema_url),
                "spans": [span(item) for item in scope.spans],
                "version": text(scope.scope.version),
            }
            for scope in group.scope_spans
        ],
    }


IDS = {"traceId", "spanId", "parentSpanId"}


def with_base64_ids(value):
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in IDS else with_base64_ids(item)
            for key, item in value.items()
        }
    return value


def from_json(path):
    with open(path, encoding="utf-8") as file:
        return json_format.ParseDict(with_base64_ids(json.load(file)), ExportTraceServiceRequest())


def main(paths):
    status = 0
    for path in paths:
        with open(path, "rb") as file:
            body = file.read()
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        found = unknown_fields(request)
        if found:
            print(f"{path}: {found} unknown fields", file=sys.stderr)
            status = 1
        if request.SerializeToString(deterministic=True) != body:
            print(f"{path}: the published classes write other bytes", file=sys.stderr)
            status = 1
        if os.path.exists(path + ".json"):
            # By their bytes: NaN is not equal to itself.
            if from_json(path + ".json").SerializeToString(deterministic=True) != body:
                print(f"{path}.json: another message to the published mapping", file=sys.stderr)
                status = 1
        for group in request.resource_spans:
            print(json.dumps(resource_spans(group), sort_keys=True, separators=(",", ":")))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
