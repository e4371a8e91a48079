"""The server that Tests/Tools/shim_driver.c talks to. Prints its port, and runs until it is killed.

usage: shim_peer.py
"""

import socketserver

BIG = b"x" * (512 * 1024)


def answer(body, headers=b"", length=None):
    size = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (headers, size, body)


class Peer(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while self.exchange():
                pass
        except ConnectionError:
            pass

    def read_request(self):
        line = self.rfile.readline()
        length = 0
        while (field := self.rfile.readline()) not in (b"\r\n", b""):
            if field.lower().startswith(b"content-length:"):
                length = int(field.split(b":")[1])
        return line.split(b" ")[1] if line else None, self.rfile.read(length)

    def exchange(self):
        path, body = self.read_request()
        answers = {
            b"/": answer(b"hello"),
            b"/echo": answer(body),
            b"/big": answer(BIG),
            b"/half": answer(b"half", length=8),
            b"/short": answer(b"half", length=8),
            b"/long-head": answer(b"", headers=b"x-long: %s\r\n" % (b"y" * 8000)),
            b"/nul-in-head": answer(b"", headers=b"x-nul: a\0b\r\n"),
        }
        if path is None or path == b"/close":
            return False
        self.wfile.write(answers.get(path, b""))
        if path in (b"/half", b"/silent"):
            self.rfile.read(1)  # nothing more until the other side has closed
            return False
        return path != b"/short"


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Peer) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
