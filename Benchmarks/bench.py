#!/usr/bin/env python3
"""Runs all contenders interleaved against one nginx and prints their figures as ratios. See scripts/bench."""
import argparse, json, os, shutil, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
# Name, command below the build folder or a script, option, and how large a share of the requests it is given: the slow
# ones would make a round last for minutes.
CONTENDERS = {
    "C floor": (["bench-floor"], None, 1.0),
    "Contrail untraced": (["bench-contrail"], "untraced", 1.0),
    "Contrail traced": (["bench-contrail"], "traced", 1.0),
    "async-http-client untraced": (["bench-async-http-client"], "untraced", 0.5),
    "async-http-client traced": (["bench-async-http-client"], "traced", 0.5),
    "URLSession": (["bench-urlsession"], None, 0.25),
    "aiohttp untraced": (["aiohttp_client.py"], "untraced", 0.25),
    "aiohttp traced": (["aiohttp_client.py"], "traced", 0.25),
}
# Name: kind, path, requests, concurrency.
WORKLOADS = {
    "get-1": ("get", "/", 8_000, 1),
    "get-64": ("get", "/", 40_000, 64),
    "get-512": ("get", "/", 40_000, 512),
    "json-64": ("post", "/item", 16_000, 64),
    "100kB-16": ("get", "/100k", 4_000, 16),
    "10MB-4": ("get", "/10m", 60, 4),
}
FIGURES = ["cpu_us", "per_second", "p50_us", "p99_us", "p999_us", "peak_kb"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def item():
    return json.dumps({"id": 42, "vector": [i * 0.125 for i in range(64)], "text": "x" * 600})


class Servers:
    """One nginx worker: what is fetched, and a sink that accepts whatever is exported."""

    def __init__(self, core):
        self.folder = tempfile.mkdtemp(prefix="contrail-bench-")
        self.port = free_port()
        for name, size in (("100k", 100_000), ("10m", 10_000_000)):
            with open(os.path.join(self.folder, name), "wb") as f:
                f.write(b"x" * size)
        temp = "\n".join(
            f"  {kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(os.path.join(self.folder, "nginx.conf"), "w") as f:
            f.write(f"""daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; client_max_body_size 0; sendfile on;
{temp}
  server {{ listen 127.0.0.1:{self.port} backlog=4096;
    location = / {{ return 200 'hey'; }}
    location = /item {{ default_type application/json; return 200 '{item()}'; }}
    location = /v1/traces {{ default_type application/x-protobuf; return 200 ''; }}
    location / {{ root {self.folder}; }} }} }}""")
        path = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            pinned(core) + [path, "-p", self.folder, "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/error.log"])
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise SystemExit("nginx did not start")

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def pinned(core):
    return ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []


def command(contender, build, python):
    program, option, _ = CONTENDERS[contender]
    if program[0].endswith(".py"):
        return [python, os.path.join(HERE, "Contenders", program[0])], option
    return [os.path.join(build, program[0])], option


def run_once(contender, workload, port, options, core):
    kind, path, count, concurrency = WORKLOADS[workload]
    count = max(concurrency, int(count * CONTENDERS[contender][2] * options.scale))
    program, option = command(contender, options.build, options.python)
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
    line = pinned(core) + program + [kind, f"http://127.0.0.1:{port}{path}", str(count), str(concurrency)]
    run = subprocess.run(line + ([option] if option else []), env=env, capture_output=True, text=True, timeout=300)
    try:
        result = json.loads(run.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"{contender} on {workload} said: {run.stdout[-300:]} {run.stderr[-500:]}")
    if result["failed"]:
        print(f"  {contender} on {workload}: {result['failed']} of {count} failed", file=sys.stderr)
    return result


def table(workload, rounds, floor):
    kind, path, count, concurrency = WORKLOADS[workload]
    print(f"\n{workload}: {kind.upper()} {path}, {concurrency} at a time; medians of {len(next(iter(rounds.values())))}"
          f" interleaved rounds; × is the median of the rounds' ratios to the C floor, with the spread")
    print(f"{'':28}{'CPU µs':>9}{'×':>7}{'(min–max)':>14}{'req/s':>10}{'×':>7}{'p50 µs':>9}{'p99 µs':>9}{'p99.9':>9}{'MB':>6}")
    for contender, runs in rounds.items():
        def median(figure):
            return statistics.median(run[figure] for run in runs)
        ratios = [run["cpu_us"] / base["cpu_us"] for run, base in zip(runs, rounds[floor])]
        speed = [run["per_second"] / base["per_second"] for run, base in zip(runs, rounds[floor])]
        spread = f"({min(ratios):.2f}–{max(ratios):.2f})"
        print(f"{contender:28}{median('cpu_us'):9.1f}{statistics.median(ratios):7.2f}{spread:>14}{median('per_second'):10.0f}"
              f"{statistics.median(speed):7.2f}{median('p50_us'):9.0f}{median('p99_us'):9.0f}{median('p999_us'):9.0f}"
              f"{median('peak_kb') / 1024:6.0f}  {runs[-1].get('note', '')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder of the release build")
    parser.add_argument("--python", default=sys.executable, help="a Python with aiohttp and OpenTelemetry")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of requests")
    parser.add_argument("--workload", action="append", choices=list(WORKLOADS))
    parser.add_argument("--contender", action="append", choices=list(CONTENDERS))
    parser.add_argument("--json", help="file for the raw figures")
    options = parser.parse_args()
    contenders = options.contender or list(CONTENDERS)
    if "C floor" not in contenders:
        contenders.insert(0, "C floor")
    cores = sorted(os.sched_getaffinity(0))
    client, server = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    servers = Servers(server)
    raw = {}
    try:
        for workload in options.workload or list(WORKLOADS):
            rounds = raw[workload] = {contender: [] for contender in contenders}
            for _ in range(options.rounds):
                for contender in contenders:
                    rounds[contender].append(run_once(contender, workload, servers.port, options, client))
            table(workload, rounds, "C floor")
            sys.stdout.flush()
    finally:
        servers.stop()
        if options.json:
            with open(options.json, "w") as f:
                json.dump(raw, f, indent=1)


main()
