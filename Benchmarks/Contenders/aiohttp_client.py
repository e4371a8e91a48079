"""aiohttp. Option: untraced | traced (OpenTelemetry's instrumentation and SDK, exported over OTLP/HTTP).

    aiohttp_client.py get|post|fanout|gather|flaky URL COUNT CONCURRENCY untraced|traced

Prints one line of JSON, as every contender does. BENCH_CA: whom to trust."""
import asyncio, json, os, random, resource, ssl, sys, time

import aiohttp

ITEM = {"id": 42, "vector": [i * 0.125 for i in range(64)], "text": "x" * 600}
# As BenchKit's Patience.
ATTEMPTS, BASE, CAP = 10, 0.001, 0.064


class Telemetry:
    """OpenTelemetry as its users set it up, and counts of what ended and of what the receiver has."""

    def __init__(self):
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

        telemetry = self
        self.ended = self.acknowledged = 0

        class Exporter(OTLPSpanExporter):
            def export(self, spans):
                result = super().export(spans)
                telemetry.acknowledged += len(spans) if result is SpanExportResult.SUCCESS else 0
                return result

        class Counter(SpanProcessor):
            def on_end(self, span):
                telemetry.ended += 1

        self.provider = TracerProvider()
        self.provider.add_span_processor(Counter())
        self.provider.add_span_processor(BatchSpanProcessor(Exporter()))
        trace.set_tracer_provider(self.provider)
        AioHttpClientInstrumentor().instrument()

    def flush(self):
        self.provider.force_flush(60_000)
        return self.ended, self.acknowledged


class Load:
    def __init__(self, session, url, concurrency):
        self.session, self.url, self.concurrency = session, url, concurrency
        self.latencies, self.failed, self.total = [], 0, 0

    async def get(self, url=None):
        async with self.session.get(url or self.url) as response:
            self.total += len(await response.read())
            return response.status

    async def post(self):
        data = json.dumps(ITEM).encode()
        async with self.session.post(self.url, data=data, headers={"Content-Type": "application/json"}) as response:
            body = await response.read()
            json.loads(body)
            self.total += len(body)
            return response.status

    async def flaky(self):
        for retry in range(ATTEMPTS):
            status = await self.get()
            if status != 503:
                break
            await asyncio.sleep(min(BASE * 2**retry, CAP) * random.random())
        return status

    async def closed_loop(self, count, request):
        async def worker(share):
            for _ in range(share):
                start = time.perf_counter()
                self.failed += await request() != 200
                self.latencies.append((time.perf_counter() - start) * 1e6)

        n = self.concurrency
        await asyncio.gather(*(worker(count // n + (i < count % n)) for i in range(n)))

    async def fan_outs(self, count):
        for _ in range(max(1, count // self.concurrency)):
            start = time.perf_counter()
            statuses = await asyncio.gather(*(self.get() for _ in range(self.concurrency)))
            self.failed += sum(status != 200 for status in statuses)
            self.latencies.append((time.perf_counter() - start) * 1e6)

    async def gather(self, count):
        """A task per URL behind a semaphore, as it is usually written."""
        places = asyncio.Semaphore(self.concurrency)

        async def one(url):
            async with places:
                return await self.get(url)

        statuses = await asyncio.gather(*(one(f"{self.url}?n={i}") for i in range(count)))
        self.failed += sum(status != 200 for status in statuses)

    async def run(self, kind, count):
        if kind == "fanout":
            await self.fan_outs(count)
        elif kind == "gather":
            await self.gather(count)
        else:
            await self.closed_loop(count, {"get": self.get, "post": self.post, "flaky": self.flaky}[kind])


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


async def main():
    kind, url, count, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    telemetry = Telemetry() if sys.argv[5:6] == ["traced"] else None
    authority = os.environ.get("BENCH_CA")
    connector = aiohttp.TCPConnector(
        limit=concurrency, ssl=ssl.create_default_context(cafile=authority) if authority else True)
    async with aiohttp.ClientSession(connector=connector, skip_auto_headers=["Accept-Encoding"]) as session:
        warm_up = min(concurrency * 20, max(concurrency, count // 4))
        warm = Load(session, url, concurrency)
        await warm.closed_loop(warm_up, warm.post if kind == "post" else warm.get)
        before = telemetry.flush() if telemetry else None
        load = Load(session, url, concurrency)
        spent, start = cpu(), time.perf_counter()
        await load.run(kind, count)
        wall = time.perf_counter() - start
        after = telemetry.flush() if telemetry else None
        spent = cpu() - spent
    load.latencies.sort()

    def quantile(part):
        latencies = load.latencies
        return round(latencies[min(len(latencies) - 1, int(len(latencies) * part))], 1) if latencies else 0

    result = {
        "cpu_us": spent / count, "per_second": count / wall, "p50_us": quantile(0.5), "p99_us": quantile(0.99),
        "p999_us": quantile(0.999), "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "failed": load.failed, "bytes": load.total}
    if telemetry:
        result |= {"spans": after[0] - before[0], "acknowledged": after[1] - before[1]}
    print(json.dumps(result))
    if telemetry:
        telemetry.provider.shutdown()


asyncio.run(main())
