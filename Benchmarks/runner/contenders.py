"""Who is compared, in what, and one run of one of them."""
import json, os, subprocess, sys

from servers import pinned

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLOOR = "C floor"
# Name, program of the build folder or script, option, and how large a share of the requests it is given: the slow ones would
# make a round last for minutes.
CONTENDERS = {
    FLOOR: ("bench-floor", None, 1.0),
    "Contrail untraced": ("bench-contrail", "untraced", 1.0),
    "Contrail hedged": ("bench-contrail", "hedged", 1.0),
    "Contrail traced": ("bench-contrail", "traced", 1.0),
    "async-http-client untraced": ("bench-async-http-client", "untraced", 0.5),
    "async-http-client traced": ("bench-async-http-client", "traced", 0.5),
    "URLSession": ("bench-urlsession", None, 0.25),
    "aiohttp untraced": ("aiohttp_client.py", "untraced", 0.25),
    "aiohttp traced": ("aiohttp_client.py", "traced", 0.25),
}
# Name: kind, server, path, requests, concurrency.
WORKLOADS = {
    "get-1": ("get", "plain", "/", 8_000, 1),
    "get-64": ("get", "plain", "/", 40_000, 64),
    "get-512": ("get", "plain", "/", 40_000, 512),
    "json-64": ("post", "plain", "/item", 16_000, 64),
    "100kB-16": ("get", "plain", "/100k", 4_000, 16),
    "10MB-4": ("get", "plain", "/10m", 60, 4),
    "tls-64": ("get", "tls", "/", 20_000, 64),
    "tls-fresh-16": ("get", "fresh", "/", 2_000, 16),
    "fanout-50": ("fanout", "plain", "/fan", 2_000, 50),
    "gather-50000": ("gather", "plain", "/", 50_000, 64),
    "flaky-64": ("flaky", "plain", "/flaky", 20_000, 64),
}
# The whole of it, whoever it is: a quarter of it would be another problem.
WHOLE = {"fanout-50", "gather-50000"}
NOTES = {
    "json-64": "The floor sends bytes made beforehand and does not read what comes; all others encode and decode 1 kB of JSON.",
    "fanout-50": "One answer of fifty takes 0.1 s longer, by chance. Times are those of a whole fan-out. Only Contrail has "
                 "hedging: of what takes longer than 20 ms a second copy is sent, and the first answer counts.",
    "gather-50000": "Contrail: fetchEach. Swift's others: a task group that starts one when one is done. aiohttp: 50,000 tasks "
                    "behind a semaphore. The floor asks for one URL all the time. No single latencies.",
    "flaky-64": "Three of ten answers are 503. At most ten tries, back-off below 1 ms doubling to 64 ms with full jitter, for all: "
                "Contrail by its settings, the others by the loop their users write, as they have none (aiohttp, URLSession) or "
                "none for statuses (async-http-client). The floor asks again at once. CPU is per call, not per try.",
    "tls-64": "TLS 1.3, one certificate explicitly trusted.",
    "tls-fresh-16": "The server closes after every answer and resumes no session: a full handshake per request, for all.",
}


# Workloads that somebody cannot do; shown as –, with the reason below the table.
ABSENT = {
    ("URLSession", "tls"): "URLSession on Linux trusts the system's authorities and no others.",
    ("URLSession", "fresh"): "URLSession on Linux trusts the system's authorities and no others.",
}


def takes_part(contender, workload):
    return contender != "Contrail hedged" or workload == "fanout-50"


def absence(contender, workload):
    """Why it is not measured; None: it is."""
    return ABSENT.get((contender, WORKLOADS[workload][1]))


def command(contender, options):
    program, option, _ = CONTENDERS[contender]
    if program.endswith(".py"):
        return [options.python, os.path.join(HERE, "Contenders", program)], option
    return [os.path.join(options.build, program)], option


def environment(contender, servers, server):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = servers.sink
    if server != "plain":
        env["BENCH_CA"] = servers.authority
    return env


def run_once(contender, workload, servers, options, core):
    kind, server, path, count, concurrency = WORKLOADS[workload]
    share = 1 if workload in WHOLE else CONTENDERS[contender][2]
    count = max(concurrency, int(count * share * options.scale))
    program, option = command(contender, options)
    line = pinned(core) + program + [kind, servers.url(server, path), str(count), str(concurrency)]
    run = subprocess.run(line + ([option] if option else []), env=environment(contender, servers, server),
                         capture_output=True, text=True, timeout=600)
    try:
        result = json.loads(run.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"{contender} on {workload} said: {run.stdout[-300:]} {run.stderr[-500:]}")
    if result["failed"]:
        print(f"  {contender} on {workload}: {result['failed']:.0f} of {count} failed", file=sys.stderr)
    return result
