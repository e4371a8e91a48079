"""aiohttp. Option: untraced | traced (OpenTelemetry's instrumentation and SDK, exported over OTLP/HTTP).

    aiohttp_client.py get|post URL COUNT CONCURRENCY untraced|traced      prints one line of JSON, as every contender does
"""
import asyncio, json, resource, sys, time

import aiohttp

ITEM = {"id": 42, "vector": [i * 0.125 for i in range(64)], "text": "x" * 600}


def trace():
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    AioHttpClientInstrumentor().instrument()
    return provider


async def work(session, kind, url, count, concurrency):
    latencies, failed, total = [], 0, 0

    async def worker(share):
        nonlocal failed, total
        for _ in range(share):
            start = time.perf_counter()
            if kind == "get":
                async with session.get(url) as response:
                    body = await response.read()
            else:
                data = json.dumps(ITEM).encode()
                async with session.post(url, data=data, headers={"Content-Type": "application/json"}) as response:
                    body = await response.read()
                    json.loads(body)
            failed += response.status != 200
            total += len(body)
            latencies.append((time.perf_counter() - start) * 1e6)

    shares = [count // concurrency + (i < count % concurrency) for i in range(concurrency)]
    await asyncio.gather(*(worker(share) for share in shares))
    return latencies, failed, total


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


async def main():
    kind, url, count, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    provider = trace() if sys.argv[5:6] == ["traced"] else None
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
        await work(session, kind, url, concurrency * 20, concurrency)
        spent, start = cpu(), time.perf_counter()
        latencies, failed, total = await work(session, kind, url, count, concurrency)
        wall = time.perf_counter() - start
        if provider:
            provider.force_flush(60_000)
        spent = cpu() - spent
    latencies.sort()

    def quantile(part):
        return round(latencies[min(len(latencies) - 1, int(len(latencies) * part))], 1)

    print(json.dumps({
        "cpu_us": spent / count, "per_second": count / wall, "p50_us": quantile(0.5), "p99_us": quantile(0.99),
        "p999_us": quantile(0.999), "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "failed": failed,
        "bytes": total}))
    if provider:
        provider.shutdown()


asyncio.run(main())
