#!/usr/bin/env python3
"""Spans in receivers that are not ours: the demo through rotel into the test-agent, and into Phoenix; a burst into a
Phoenix whose queue is too short for it.

    backends.py [all | rotel | phoenix | burst]

The tools are installed from PyPI, each into an environment of its own under .build/backends; what cannot be installed is
skipped, and said. A second collector, here, has the same spans straight from the demo, decoded with the published classes:
what the others have must be the same. Everything listens on 127.0.0.1 and ends with this script.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".build/backends"
KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
STATES = ["unset", "ok", "error"]


class Skipped(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment_of(package):
    """A Python environment with this package and nothing else of ours."""
    folder = PLACE / package.replace("==", "-")
    if not (folder / "installed").exists():
        print(f"installing {package}", flush=True)
        for command in ([sys.executable, "-m", "venv", folder],
                        [folder / "bin/pip", "--quiet", "--disable-pip-version-check", "install", package]):
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode != 0:
                raise Skipped(f"{package} cannot be installed: {result.stderr.strip().splitlines()[-1]}")
        (folder / "installed").touch()
    return folder


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return json.load(answer)


@contextlib.contextmanager
def running(command, is_ready, seconds, log, **environment):
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=os.environ | environment, start_new_session=True)
    try:
        end = time.monotonic() + seconds
        while not is_ready():
            if process.poll() is not None or time.monotonic() > end:
                raise Skipped(f"{Path(command[0]).name} did not start: {Path(log).read_text()[-500:]}")
            time.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(port, path):
    def ask():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
    return ask


def listens(port):
    def ask():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    return ask


class Reference(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        for group in request.resource_spans:
            names = [a.value.string_value for a in group.resource.attributes if a.key == "service.name"]
            for scope in group.scope_spans:
                for span in scope.spans:
                    self.server.spans.append({
                        "id": span.span_id.hex(), "trace": span.trace_id.hex(), "parent": span.parent_span_id.hex(),
                        "name": span.name, "kind": KINDS[span.kind], "status": STATES[span.status.code],
                        "service": names[0], "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
                        "attributes": len(span.attributes), "events": len(span.events)})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def reference():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Reference)
    server.daemon_threads, server.spans = True, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def demo(*receivers):
    """Runs the demo, which checks itself; returns what the reference got."""
    own = reference()
    urls = [f"http://127.0.0.1:{port}" for port in (own.server_address[1], *receivers)]
    run = subprocess.run(
        [ROOT / "scripts/demo", "--also", ",".join(urls)], capture_output=True, text=True, timeout=180)
    own.shutdown()
    if run.returncode != 0:
        raise SystemExit(f"the demo failed:\n{run.stdout[-3000:]}{run.stderr[-1000:]}")
    if len({span["id"] for span in own.spans}) != len(own.spans) or len(own.spans) < 30:
        raise SystemExit(f"the reference has {len(own.spans)} spans, not one of each")
    return own.spans


def text_of(value):
    return value if isinstance(value, str) else ""


def spans_of_agent(requests):
    """Spans of the test-agent's JSON: enumerators by name or number, ids in hexadecimal or base64."""
    import base64

    def identifier(text, length):
        return text.lower() if re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", text) else base64.b64decode(text).hex()

    def pick(holder, camel, snake):
        return holder.get(camel, holder.get(snake))

    for request in requests:
        for group in pick(request, "resourceSpans", "resource_spans") or []:
            attributes = {a["key"]: a["value"] for a in group["resource"]["attributes"]}
            service = pick(attributes["service.name"], "stringValue", "string_value")
            for scope in pick(group, "scopeSpans", "scope_spans"):
                for span in scope["spans"]:
                    kind, status = span.get("kind", 0), (span.get("status") or {}).get("code", 0)
                    if isinstance(kind, str):
                        kind = ["SPAN_KIND_" + k.upper() for k in KINDS].index(kind)
                    if isinstance(status, str):
                        status = ["STATUS_CODE_" + s.upper() for s in STATES].index(status)
                    yield {
                        "id": identifier(pick(span, "spanId", "span_id"), 16),
                        "trace": identifier(pick(span, "traceId", "trace_id"), 32),
                        "parent": identifier(pick(span, "parentSpanId", "parent_span_id") or "", 16)
                        if pick(span, "parentSpanId", "parent_span_id") else "",
                        "name": span["name"], "kind": KINDS[kind], "status": STATES[status], "service": service,
                        "start": int(pick(span, "startTimeUnixNano", "start_time_unix_nano")),
                        "end": int(pick(span, "endTimeUnixNano", "end_time_unix_nano")),
                        "attributes": len(span.get("attributes", [])), "events": len(span.get("events", []))}


def compare(expected, got, keys, where):
    """Every span once, and the same in all of `keys`."""
    ids = [span["id"] for span in got]
    if len(ids) != len(set(ids)):
        raise SystemExit(f"{where} has spans twice")
    by_id = {span["id"]: span for span in got}
    missing = [span for span in expected if span["id"] not in by_id]
    if missing or len(by_id) != len(expected):
        raise SystemExit(f"{where} has {len(by_id)} of {len(expected)} spans; missing: {missing[:3]}")
    for span in expected:
        other = by_id[span["id"]]
        for key in keys:
            if span[key] != other[key]:
                raise SystemExit(f"{where}: {key} of {span['id']} is {other[key]!r}, not {span[key]!r}")
    kinds = {kind: sum(s["kind"] == kind for s in expected) for kind in KINDS if any(s["kind"] == kind for s in expected)}
    errors = sum(s["status"] == "error" for s in expected)
    print(f"{where}: all {len(expected)} spans once, the same in {', '.join(keys)}; {kinds}, {errors} errors", flush=True)


def wait_for(count, look, seconds):
    end = time.monotonic() + seconds
    while True:
        found = look()
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(0.5)


def rotel(folder):
    agent, collector = environment_of("ddapm-test-agent==1.69.1"), environment_of("rotel==0.0.1a15")
    ports = {name: free_port() for name in ("agent", "otlp", "grpc", "web", "in", "in_grpc")}
    binary = next(collector.glob("lib/python3*/site-packages/rotel/rotel-agent"))
    agent_command = [
        agent / "bin/ddapm-test-agent", "--host", "127.0.0.1", "--port", ports["agent"],
        "--otlp-http-port", ports["otlp"], "--otlp-grpc-port", ports["grpc"], "--web-ui-port", ports["web"],
        "--disable-llmobs-data-forwarding", "--snapshot-dir", folder]
    rotel_command = [
        binary, "start", "--otlp-http-endpoint", f"127.0.0.1:{ports['in']}", "--otlp-grpc-endpoint",
        f"127.0.0.1:{ports['in_grpc']}", "--exporter", "otlp", "--otlp-exporter-endpoint",
        f"http://127.0.0.1:{ports['otlp']}", "--otlp-exporter-protocol", "http", "--pid-file", f"{folder}/pid",
        "--log-file", f"{folder}/rotel.log"]
    with running(agent_command, answers(ports["agent"], "/info"), 30, f"{folder}/agent.out"), \
            running(rotel_command, listens(ports["in"]), 15, f"{folder}/rotel.out"):
        expected = demo(ports["in"])
        got = wait_for(
            len(expected), lambda: list(spans_of_agent(get(ports["otlp"], "/test/session/traces"))), 30)
        compare(
            expected, got, ["trace", "parent", "name", "kind", "status", "service", "start", "end", "attributes", "events"],
            "demo → rotel → test-agent")


@contextlib.contextmanager
def phoenix_server(folder, **more):
    venv = environment_of("arize-phoenix==20.26.1")
    # Its gRPC port would listen on all interfaces.
    server = next(venv.glob("lib/python3*/site-packages/phoenix/server/grpc_server.py"))
    server.write_text(server.read_text().replace("[::]:{self._port}", "127.0.0.1:{self._port}"))
    port, grpc = free_port(), free_port()
    settings = {
        "PHOENIX_WORKING_DIR": folder, "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc), "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
        "PHOENIX_ENABLE_MCP_SERVER": "false", "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
        "PHOENIX_AGENTS_DISABLE_WEB_ACCESS": "true", "PHOENIX_AGENTS_DISABLE_BASH": "true",
        "PHOENIX_AGENTS_DISABLE_GITHUB": "true"} | more
    with running([venv / "bin/phoenix", "serve"], answers(port, "/healthz"), 120, f"{folder}/phoenix.out", **settings):
        yield port


def spans_of_phoenix(port):
    spans, cursor = [], ""
    while cursor is not None:
        page = get(port, f"/v1/projects/default/spans?limit=1000{f'&cursor={cursor}' if cursor else ''}")
        spans += [
            {"id": s["context"]["span_id"], "trace": s["context"]["trace_id"], "parent": s.get("parent_id") or "",
             "name": s["name"], "status": s["status_code"].lower(), "events": len(s.get("events") or [])}
            for s in page["data"]]
        cursor = page.get("next_cursor")
    return spans


def phoenix(folder):
    with phoenix_server(folder) as port:
        expected = demo(port)
        got = wait_for(len(expected), lambda: spans_of_phoenix(port), 60)
        compare(expected, got, ["trace", "parent", "name", "status", "events"], "demo → Phoenix")
        traces = {span["trace"] for span in expected}
        page = f"http://127.0.0.1:{port}/projects/UHJvamVjdDox/traces/{next(iter(traces))}"
        with urllib.request.urlopen(page, timeout=20) as answer:
            print(f"{len(traces)} trace; its page answers {answer.status}", flush=True)
        if os.environ.get("BACKENDS_SCREENSHOT"):
            screenshot(page, folder, os.environ["BACKENDS_SCREENSHOT"])


def screenshot(page, folder, file):
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/browser",
         "--virtual-time-budget=60000", f"--screenshot={file}", "--window-size=1400,900", page],
        # It complains of what a machine without a desktop does not have.
        stderr=subprocess.DEVNULL, check=True, timeout=120)


def burst(folder, count=3000):
    """More spans at once than its queue takes: some requests are answered with 503 and have to be sent again."""
    with phoenix_server(folder, PHOENIX_MAX_SPANS_QUEUE_SIZE="600") as port:
        proxy = counting_proxy(port)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")} | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{proxy.server_address[1]}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "60000", "OTEL_BSP_EXPORT_TIMEOUT": "60000", "OUTAGE_GRACE": "120"}
        run = subprocess.run(
            [ROOT / ".build/debug/OutageProgram", "pace", str(count), "1"], env=environment, capture_output=True,
            text=True, timeout=200)
        words = run.stdout.split()
        counts = {name: int(value) for name, value in zip(words[::2], words[1::2])}
        statuses = {status: proxy.statuses.count(status) for status in sorted(set(proxy.statuses))}
        got = wait_for(counts["acknowledged"], lambda: spans_of_phoenix(port), 90)
        ids = {span["id"] for span in got}
        print(f"burst → Phoenix: {run.stdout.strip()}; answers {statuses}; {len(got)} spans there, {len(ids)} different "
              f"{run.stderr.strip()}", flush=True)
        if not (counts["ended"] == counts["acknowledged"] == len(got) == len(ids) and statuses.get(503, 0) > 0):
            raise SystemExit("burst: not every span once, or no 503")


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=60)
        connection.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
        answer = connection.getresponse()
        text = answer.read()
        self.server.statuses.append(answer.status)
        self.send_response(answer.status)
        for name in ("Content-Type", "Retry-After"):
            if answer.getheader(name):
                self.send_header(name, answer.getheader(name))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def counting_proxy(target):
    """Passes requests on, and keeps the statuses."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads, server.target, server.statuses = True, target, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    parts = {"rotel": rotel, "phoenix": phoenix, "burst": burst}
    wanted = sys.argv[1] if len(sys.argv) > 1 else "all"
    results = []
    for name, part in parts.items():
        if wanted not in ("all", name):
            continue
        with tempfile.TemporaryDirectory(prefix="contrail-backends-") as folder:
            try:
                part(folder)
                results.append(f"{name} passed")
            except Skipped as reason:
                print(f"{name} SKIPPED: {reason}", flush=True)
                results.append(f"{name} SKIPPED")
    print("; ".join(results))


if __name__ == "__main__":
    main()
