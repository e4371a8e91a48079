"""What waiting costs: memory of calls in the queue, beyond the tasks that make them; and system calls of an idle client."""
import json, os, re, socket, subprocess, sys, tempfile, threading

REQUESTS = 100_000
# Five seconds after the last work the threads of libdispatch end: both runs have that behind them.
IDLE = (8, 18)


def run(options, servers):
    program = os.path.join(options.build, "bench-waiting")
    queue(program)
    for mode in ("untraced", "traced"):
        idle(program, servers, mode)


def queue(program):
    tasks = memory([program, "tasks", str(REQUESTS)])
    listener = socket.create_server(("127.0.0.1", 0))  # it takes connections and never answers
    queued = memory([program, "queued", str(REQUESTS), f"http://127.0.0.1:{listener.getsockname()[1]}/"])
    listener.close()
    print(f"\n{REQUESTS:,} waiting; bytes each{'':10}{'resident':>12}{'allocated':>12}")
    for name, values in (("a task that waits", tasks), ("a task whose call is queued", queued)):
        print(f"{name:36}{values['resident_bytes']:12,}{values['allocated_bytes']:12,}")
    print(f"{'the call':36}" + "".join(f"{queued[k] - tasks[k]:12,}" for k in ("resident_bytes", "allocated_bytes")))
    sys.stdout.flush()


def memory(line):
    run = subprocess.run(line, capture_output=True, text=True, timeout=300)
    if not run.stdout.strip():
        raise SystemExit(f"{line}: {run.stderr[-500:]}")
    return json.loads(run.stdout.strip().splitlines()[0])


def idle(program, servers, mode):
    env = dict(os.environ, OTEL_EXPORTER_OTLP_ENDPOINT=servers.sink)
    calls = {}
    threads = [threading.Thread(target=lambda s=seconds: calls.__setitem__(
        s, system_calls([program, "idle", str(s), servers.url("plain", "/"), mode], env))) for seconds in IDLE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    short, long = (calls[seconds] for seconds in IDLE)
    more = {name: long.get(name, 0) - short.get(name, 0) for name in long | short}
    different = ", ".join(f"{name} {count:+}" for name, count in sorted(more.items()) if count) or "none"
    print(f"idle client, {mode}: system calls in {IDLE[1] - IDLE[0]} s more of idleness: {different}")


def system_calls(line, env):
    with tempfile.NamedTemporaryFile(mode="r") as report:
        subprocess.run(["strace", "-f", "-c", "-o", report.name] + line, env=env, check=True, capture_output=True, timeout=120)
        rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", report.read(), re.M)
    return {name: int(count) for count, name in rows if name != "total"}
