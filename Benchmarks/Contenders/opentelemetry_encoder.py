"""OpenTelemetry's Python encoder on the batch that bench-micro encodes. Prints one line of JSON: CPU nanoseconds per span."""
import json, statistics, time

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

BATCH, ROUNDS, SAMPLES = 512, 2, 5
CONTEXT = SpanContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, False, TraceFlags(1))


def span(index):
    attributes = {
        "http.request.method": "GET", "url.full": "https://api.example.com/v1/items/4711?expand=prices&page=3",
        "server.address": "api.example.com", "server.port": 443, "url.scheme": "https", "network.protocol.version": "1.1",
        "network.peer.address": "192.0.2.17", "network.peer.port": 443, "http.response.status_code": 200,
        "http.request.resend_count": index}
    return ReadableSpan(
        name="GET", context=CONTEXT, parent=CONTEXT, resource=Resource({"service.name": "bench"}), attributes=attributes,
        events=[Event(name, timestamp=1_790_000_000_001_000_000) for name in ("dns", "connect", "tls", "first byte")],
        kind=SpanKind.CLIENT, start_time=1_790_000_000_000_000_000, end_time=1_790_000_000_004_000_000,
        instrumentation_scope=InstrumentationScope("bench", "1"))


def sample(spans):
    start = time.process_time_ns()
    for _ in range(ROUNDS):
        encode_spans(spans).SerializeToString()
    return (time.process_time_ns() - start) / (ROUNDS * BATCH)


spans = [span(index) for index in range(BATCH)]
sample(spans)
print(json.dumps({"encode, Python SDK": statistics.median(sample(spans) for _ in range(SAMPLES))}))
