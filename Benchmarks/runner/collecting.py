"""Something to fetch and a collector in one server, which remembers who asked and which spans came."""
import gzip, http.server, threading


def fields(message):
    """The fields of a protobuf message: number and value; bytes stay bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            yield number, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        if kind not in (1, 2, 5) or at + size > len(message):
            raise ValueError("not a protobuf message")
        yield number, message[at:at + size]
        at += size


def nested(message, path):
    """What stands at the end of a path of field numbers."""
    if not path:
        return [message]
    return [found for number, value in fields(message) if number == path[0] and isinstance(value, bytes)
            for found in nested(value, path[1:])]


def span_ids(export):
    """ExportTraceServiceRequest.resource_spans.scope_spans.spans.span_id, in hexadecimal."""
    return [one.hex() for one in nested(export, (1, 2, 2, 2))]


class Collecting(http.server.ThreadingHTTPServer):
    """`parents`: of each request its traceparent's span, "" if it had none. `spans`: ids of those exported."""

    daemon_threads = True

    def __init__(self):
        self.parents, self.spans = [], []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def forget(self):
        self.parents, self.spans = [], []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = self.headers.get("traceparent", "").split("-")
        self.server.parents.append(parts[2] if len(parts) == 4 else "")
        self._answer(b"hey")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            self.server.spans += span_ids(body)
        except (ValueError, IndexError):
            return self._answer(b"not protobuf", status=400)
        self._answer(b"", "application/x-protobuf")

    def _answer(self, body, kind="text/plain", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
