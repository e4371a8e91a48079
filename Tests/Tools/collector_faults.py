#!/usr/bin/env python3
"""What a broken collector costs a program: the same requests with telemetry off and with a collector that is well, down,
hanging or failing, interleaved in one run. Prints medians and ratios; asserts nothing about time. "off again" is the
noise: it differs from "off" in nothing.

    collector_faults.py PROGRAM [ROUNDS [REQUESTS [PAUSE]]]     PROGRAM: a release build of LifecycleProgram; needs nginx
    PAUSE: ms between the requests of each of the 16 workers; without one the machine is saturated
"""
import http.server, os, re, shutil, socket, statistics, subprocess, sys, tempfile, threading, time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.mode == "hanging":
            self.server.release.wait(30)
            return
        self.send_response(500 if self.server.mode == "answering 500" else 200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def collector(mode):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.daemon_threads = True
    server.mode, server.release = mode, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def nginx(folder, location="location / { return 200 'hey'; }"):
    port = free_port()
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w") as f:
        f.write(f"""daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; {location} }} }}""")
    path = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([path, "-p", folder, "-c", conf, "-e", f"{folder}/error.log"])
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            return process, port
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise SystemExit("nginx did not start")


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    requests = int(sys.argv[3]) if len(sys.argv) > 3 else 4000
    pause = sys.argv[4] if len(sys.argv) > 4 else "0"
    modes = ["off", "off again", "well", "down", "hanging", "answering 500"]
    servers = {mode: collector(mode) for mode in modes if mode not in ("off", "off again", "down")}
    results = {mode: [] for mode in modes}
    folder = tempfile.mkdtemp(prefix="contrail-faults-")
    web, port = nginx(folder)
    try:
        for _ in range(rounds):
            for mode in modes:
                env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
                if mode.startswith("off"):
                    env["OTEL_SDK_DISABLED"] = "true"
                target = servers[mode].server_address[1] if mode in servers else 1
                env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{target}"
                start = time.monotonic()
                run = subprocess.run(
                    [program, f"http://127.0.0.1:{port}/", str(requests), "return", pause], env=env, capture_output=True,
                    text=True, timeout=60)
                wall = time.monotonic() - start
                p50, p99 = map(int, re.search(r"p50_us (\d+) p99_us (\d+)", run.stdout).groups())
                ok = f"statuses 200:{requests}\n" in run.stdout
                results[mode].append((p50, p99, wall, ok, run.stderr.strip()))
    finally:
        web.kill()
        web.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for server in servers.values():
            server.release.set()
            server.shutdown()
    base = [r[1] for r in results["off"]]
    print(f"{rounds} interleaved rounds of {requests} requests, 16 at a time, pause {pause} ms")
    print(f"{'collector':14} {'p50 µs':>8} {'p99 µs':>8} {'p99 ratio':>10} {'wall s':>8}  all 200  what it said last")
    for mode in modes:
        rows = results[mode]
        ratio = statistics.median(r[1] / b for r, b in zip(rows, base))
        print(
            f"{mode:14} {statistics.median(r[0] for r in rows):8.0f} {statistics.median(r[1] for r in rows):8.0f}"
            f" {ratio:10.2f} {statistics.median(r[2] for r in rows):8.2f}  {all(r[3] for r in rows)!s:7}  {rows[-1][4]}")


if __name__ == "__main__":
    main()
