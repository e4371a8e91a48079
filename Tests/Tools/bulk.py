#!/usr/bin/env python3
"""A large body down and up, against the curl command, interleaved in one run: medians, ratios, and by how much memory grew.
Then a consumer ten times slower than the server. Asserts nothing about time; exits 1 if a byte is missing or memory grew
by more than 8 MB.

    bulk.py PROGRAM [ROUNDS [MEGABYTES]]        PROGRAM: a release build of BulkProgram; needs nginx and curl
"""
import os, socket, statistics, subprocess, sys, tempfile, threading, time
sys.path.insert(0, os.path.dirname(__file__))
from collector_faults import nginx

MOST_GROWTH_KB = 8 * 1024


def take_body(connection):
    """Reads one request, answers it with the number of its body's bytes. False at the end of the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        if not more:
            return False
        head += more
    head, rest = head.split(b"\r\n\r\n", 1)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    length, got, buffer = int(fields.get(b"content-length", 0)), len(rest), bytearray(1 << 20)
    if fields.get(b"expect"):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while got < length:
        count = connection.recv_into(buffer)
        if not count:
            return False
        got += count
    text = str(got).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
    return True


def sink():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with connection:
            while take_body(connection):
                pass

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def ours(*arguments):
    words = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=300).stdout.split()
    return int(words[1]), float(words[3]), int(words[5])


def curl(*arguments):
    form = "%{size_download} %{size_upload} %{time_total}"
    out = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", form, *arguments], check=True, capture_output=True,
                         text=True, timeout=300).stdout.split()
    return max(int(out[0]), int(out[1])), float(out[2])


def compare(name, rounds, size, one, other):
    times, least, growth = ([], []), True, []
    for _ in range(rounds):
        bytes_, seconds, grown = one()
        times[0].append(size / seconds / 1e6)
        growth.append(grown)
        least = least and bytes_ == size
        bytes_, seconds = other()
        times[1].append(size / seconds / 1e6)
        least = least and bytes_ >= size
    ratios = sorted(a / b for a, b in zip(*times))
    print(f"{name}: {statistics.median(times[0]):.0f} MB/s against curl's {statistics.median(times[1]):.0f}; ratio median "
          f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}); memory grew by at most {max(growth)} kB")
    return least and max(growth) <= MOST_GROWTH_KB


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    size = (int(sys.argv[3]) if len(sys.argv) > 3 else 1024) << 20
    with tempfile.TemporaryDirectory(prefix="contrail-bulk-") as folder:
        path = os.path.join(folder, "body")
        with open(path, "wb") as f:
            for _ in range(size >> 20):
                f.write(os.urandom(1 << 20))
        web, port = nginx(folder, f"location /body {{ root {folder}; }}")
        up = f"http://127.0.0.1:{sink()}/"
        down = f"http://127.0.0.1:{port}/body"
        try:
            isWell = compare("down", rounds, size, lambda: ours(program, "down", down), lambda: curl(down))
            isWell &= compare("up", rounds, size, lambda: ours(program, "up", up, path),
                              lambda: curl("-H", "Expect:", "-T", path, up))
            whole, seconds, _ = ours(program, "down", down)
            pace = int(whole / seconds / 1000 / 10)
            bytes_, slow, grown = ours(program, "slow", down, str(pace))
            print(f"ten times slower: {slow / seconds:.1f} times as long; memory grew by {grown} kB")
            isWell &= bytes_ == size and grown <= MOST_GROWTH_KB
        finally:
            web.kill()
    return 0 if isWell else 1


if __name__ == "__main__":
    sys.exit(main())
