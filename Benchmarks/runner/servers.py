"""One nginx worker: what is fetched, and a sink that accepts whatever is exported."""
import json, os, shutil, socket, subprocess, tempfile, time

# The names of what is served, as paths: workloads and the gates use them.
ITEM = json.dumps({"id": 42, "vector": [i * 0.125 for i in range(64)], "text": "x" * 600})


def pinned(core):
    return ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []


def free_ports(count):
    """Ports that were free a moment ago: nginx cannot be asked which ones it took."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Servers:
    """Plain, TLS with connections kept, and TLS with a connection and a full handshake per request: no session is ever
    resumed, so that everybody does the same work."""

    def __init__(self, core=None):
        self.folder = tempfile.mkdtemp(prefix="contrail-bench-")
        self.port, self.tls_port, self.fresh_port = free_ports(3)
        self.authority = os.path.join(self.folder, "authority.pem")
        self._make_certificate()
        for name, size in (("100k", 100_000), ("10m", 10_000_000), ("fan", 15_000)):
            with open(os.path.join(self.folder, name), "wb") as f:
                f.write(b"x" * size)
        with open(os.path.join(self.folder, "nginx.conf"), "w") as f:
            f.write(self._configuration())
        path = shutil.which("nginx") or "/usr/sbin/nginx"
        log = os.path.join(self.folder, "error.log")
        self.process = subprocess.Popen(
            pinned(core) + [path, "-p", self.folder, "-c", f"{self.folder}/nginx.conf", "-e", log])
        self._wait(log)

    def url(self, where, path):
        return {"plain": f"http://127.0.0.1:{self.port}", "tls": f"https://localhost:{self.tls_port}",
                "fresh": f"https://localhost:{self.fresh_port}"}[where] + path

    @property
    def sink(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_certificate(self):
        """Signed by itself: who trusts it trusts this server and no other."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             os.path.join(self.folder, "key.pem"), "-out", self.authority], check=True, capture_output=True)

    def _configuration(self):
        temp = "\n".join(f"  {kind}_temp_path {self.folder}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # A body of 15 kB takes a tenth of a second more at 100 kB per second: nginx waits after every 10 kB.
        return f"""daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_requests 100000000; client_max_body_size 0; sendfile on; sendfile_max_chunk 10k;
{temp}
  split_clients $request_id $straggling {{ 2% 100k; * 0; }}
  split_clients $request_id $refused {{ 30% 1; * 0; }}
  ssl_certificate {self.folder}/authority.pem; ssl_certificate_key {self.folder}/key.pem; ssl_protocols TLSv1.3;
  ssl_session_cache off; ssl_session_tickets off;
  server {{ listen 127.0.0.1:{self.port} backlog=4096; listen 127.0.0.1:{self.tls_port} ssl backlog=4096;
    location = / {{ return 200 'hey'; }}
    location = /flaky {{ if ($refused) {{ return 503; }} return 200 'hey'; }}
    location = /fan {{ limit_rate $straggling; root {self.folder}; }}
    location = /item {{ default_type application/json; return 200 '{ITEM}'; }}
    location = /v1/traces {{ default_type application/x-protobuf; return 200 ''; }}
    location / {{ sendfile_max_chunk 2m; root {self.folder}; }} }}
  server {{ listen 127.0.0.1:{self.fresh_port} ssl backlog=4096; keepalive_timeout 0;
    location = / {{ return 200 'hey'; }} }} }}"""

    def _wait(self, log):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.1).close()
                return
            except OSError:
                time.sleep(0.02)
        text = open(log).read() if os.path.exists(log) else ""
        self.stop()
        raise SystemExit(f"nginx did not start: {text[-500:]}")
