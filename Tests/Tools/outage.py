#!/usr/bin/env python3
"""A collector that is killed and started again, and what the program under test knows about its spans afterwards.

    outage.py kill PROGRAM RATE BEFORE OUTAGE AFTER   seconds; PROGRAM: OutageProgram
    outage.py signal PROGRAM COUNT MS                 SIGTERM while COUNT spans are being exported, MS per answer
    outage.py hold PROGRAM RATE SECONDS               no outage: every span arrives, once

The collector is a process of its own. It writes down the span ids of a request before it answers, so that what it had
is known even after SIGKILL. It decodes with the published classes. Ends with status 1 if the sums are not right.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        ids = [s.span_id.hex() for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
        os.write(self.server.record, "".join(f"{i}\n" for i in ids).encode())
        time.sleep(self.server.pause)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        share(self.socket)
        super().server_bind()


def share(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def collect(port, path, pause):
    """The collector. Ends with its standard input: it outlives nobody."""
    server = Server(("127.0.0.1", port), Handler)
    server.record = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    server.pause = pause
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print("ready", flush=True)
    server.serve_forever()


class Collector:
    def __init__(self, folder, pause=0.0):
        # Bound and not listening: connections are refused while no collector runs, and nobody else gets the port.
        self.place = socket.socket()
        share(self.place)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.path = os.path.join(folder, "ids")
        self.pause = pause
        self.start()

    def start(self):
        command = [sys.executable, __file__, "collect", str(self.port), self.path, str(self.pause)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def ids(self):
        """What it received, in order; the last line may be half a line if it was killed."""
        try:
            with open(self.path) as file:
                return [line for line in file.read().split("\n") if len(line) == 16]
        except FileNotFoundError:
            return []


def environment(collector):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    return inherited | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}"}


def run(collector, program, *arguments):
    command = [program, *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment(collector), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def problems_of(checks):
    return [name for name, holds in checks.items() if not holds]


def kill(folder, program, rate, before, outage, after):
    collector = Collector(folder)
    process = run(collector, program, "pace", rate, before + outage + after)
    time.sleep(before)
    collector.kill()
    at_kill = len(collector.ids())
    time.sleep(outage)
    collector.start()
    output, errors = process.communicate(timeout=60)
    collector.kill()
    words = output.split()
    counts = {name: int(value) for name, value in zip(words[::2], words[1::2])}
    received = collector.ids()
    unique = len(set(received))
    dropped = counts["queue_full"] + counts["shutdown"] + counts["exporter"]
    print(output.strip(), "| received", unique, "twice", len(received) - unique, "before the kill", at_kill, errors.strip())
    return problems_of({
        "the program ends well": process.returncode == 0,
        "the rate was kept": counts["ended"] >= rate * (before + outage + after) * 0.99,
        "ended = acknowledged + dropped + unknown":
            counts["ended"] == counts["acknowledged"] + dropped + counts["unknown"] and counts["pending"] == 0,
        "what is acknowledged was received, and nothing that is counted as dropped":
            counts["acknowledged"] <= unique <= counts["acknowledged"] + counts["unknown"],
        "spans arrived before the kill and after the restart": 0 < at_kill < unique,
        "what was lost is told": (f"{counts['ended'] - counts['acknowledged']} of {counts['ended']} spans were lost"
                                  in errors) == (counts["ended"] != counts["acknowledged"]),
    } | ({"an outage that the queue can hold loses nothing": counts["ended"] == counts["acknowledged"]}
         if rate * (outage + 7) < 16_384 and outage <= 3 else {}))


def hold(folder, program, rate, seconds):
    collector = Collector(folder)
    output, errors = run(collector, program, "pace", rate, seconds).communicate(timeout=60)
    collector.kill()
    words = output.split()
    counts = {name: int(value) for name, value in zip(words[::2], words[1::2])}
    received = collector.ids()
    print(output.strip(), "| received", len(received), "different", len(set(received)), errors.strip())
    return problems_of({
        "the rate was kept": counts["ended"] >= rate * seconds * 0.99,
        "every span is acknowledged": counts["ended"] == counts["acknowledged"],
        "every span arrived, once": len(received) == counts["ended"] == len(set(received)),
        "nothing is said": errors == "",
    })


def end(folder, program, count, milliseconds):
    collector = Collector(folder, milliseconds / 1000)
    process = run(collector, program, "burst", count)
    line = process.stdout.readline()
    while not collector.ids() and process.poll() is None:
        time.sleep(0.005)
    before = len(collector.ids())
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    took = time.monotonic() - start
    collector.kill()
    received = collector.ids()
    print(line.strip(), "| at SIGTERM", before, "in the end", len(set(received)), f"| {took:.2f} s", errors.strip())
    return problems_of({
        "all were made": line == f"made {count}\n",
        "the signal came during the export": before < count,
        "the process ends by the signal": process.returncode == -signal.SIGTERM,
        "every span arrived, once": len(received) == count == len(set(received)),
        "nothing is said": errors == "",
    })


def main():
    mode, arguments = sys.argv[1], sys.argv[2:]
    if mode == "collect":
        collect(int(arguments[0]), arguments[1], float(arguments[2]))
    with tempfile.TemporaryDirectory(prefix="contrail-outage-") as folder:
        numbers = [float(a) if "." in a else int(a) for a in arguments[1:]]
        problems = {"kill": kill, "signal": end, "hold": hold}[mode](folder, arguments[0], *numbers)
    sys.exit("\n".join(f"not so: {problem}" for problem in problems) or 0)


if __name__ == "__main__":
    main()
